#include "session/plan_cache.h"

#include <algorithm>

#include "common/checksum.h"
#include "planner/physical_plan.h"

namespace phantom::session {

namespace {

uint64_t Hash(std::string_view text, uint64_t seed) { return Checksum(std::as_bytes(std::span(text)), seed); }

}  // namespace

PlanEnvironment::PlanEnvironment(Oid database_, Oid role_, std::string settings_)
    : database(database_),
      role(role_),
      settings(std::move(settings_)),
      hash(Hash(settings, (uint64_t{database} << 32) | role)) {}

bool SharedStatement::Serves(std::string_view text, std::span<const Oid> types, const PlanEnvironmentRef& now,
                             uint64_t version) const {
  return catalog_version == version && source->text == text && std::ranges::equal(given_types, types) &&
         IsSame(environment, now);
}

size_t SharedStatement::bytes() const {
  // Nodes own vectors and strings outside of their arena: about as much again.
  const size_t plan_bytes = plan == nullptr ? 0 : 2 * plan->nodes.allocated_bytes();
  return sizeof(*this) + source->text.size() + source->parsed.arena.allocated_bytes() + plan_bytes;
}

std::shared_ptr<const planner::PhysicalPlan> PlanOf(const SharedStatementRef& statement) {
  return std::shared_ptr<const planner::PhysicalPlan>(statement, statement->plan.get());
}

uint64_t PlanCache::KeyOf(std::string_view text, std::span<const Oid> types, const PlanEnvironment& environment) {
  return Hash(text, Checksum(std::as_bytes(types), environment.hash));
}

uint64_t PlanCache::KeyOf(const parser::Fingerprint& fingerprint, const PlanEnvironment& environment) {
  return Checksum(std::as_bytes(std::span(&fingerprint.hash, 1)), environment.hash);
}

void PlanCache::Shard::Remove(Entries::iterator entry, Entries& gone) {
  bytes -= entry->bytes;
  by_key.erase(entry->key);
  gone.splice(gone.end(), entries, entry);
}

SharedStatementRef PlanCache::Find(uint64_t key) {
  Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  const auto known = shard.by_key.find(key);
  if (known == shard.by_key.end()) return nullptr;
  ++shard.found;
  shard.entries.splice(shard.entries.begin(), shard.entries, known->second);
  return known->second->statement;
}

void PlanCache::Keep(uint64_t key, SharedStatementRef statement) {
  const size_t bytes = statement->bytes();
  Entries fresh, gone;
  fresh.push_back({key, std::move(statement), bytes});
  Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  if (const auto known = shard.by_key.find(key); known != shard.by_key.end()) shard.Remove(known->second, gone);
  if (bytes > kEntryBytesMax) return;
  shard.entries.splice(shard.entries.begin(), fresh);
  shard.by_key[key] = shard.entries.begin();
  shard.bytes += bytes;
  while (shard.entries.size() > kShardEntriesMax || shard.bytes > kShardBytesMax) {
    shard.Remove(std::prev(shard.entries.end()), gone);
  }
}

void PlanCache::Clear() {
  for (Shard& shard : shards_) {
    Entries gone;
    const MutexLock lock(shard.mutex);
    while (!shard.entries.empty()) shard.Remove(shard.entries.begin(), gone);
  }
}

PlanCache::Usage PlanCache::usage() {
  Usage usage;
  for (Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    usage.entries += shard.entries.size();
    usage.bytes += shard.bytes;
    usage.found += shard.found;
  }
  return usage;
}

}  // namespace phantom::session
