// session/plan_cache.h
//
// Plans that sessions share: what one has made of a text serves all for which the text means the same
// (docs/decisions/0028-shared-plans.md).
//
// Thread safety: PlanCache's methods may be called from any thread; all else is immutable once made.
// Lock order: a shard's mutex has rank kPlanCache; nothing is called while it is held.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/ids.h"
#include "common/mutex.h"
#include "engine/executor.h"
#include "parser/fingerprint.h"
#include "session/result_sink.h"
#include "session/statement.h"

namespace phantom::session {

// What decides, besides the catalogs, what a text means and how it is best run. Sessions with equal ones may share.
struct PlanEnvironment {
  PlanEnvironment(Oid database, Oid role, std::string settings);
  bool operator==(const PlanEnvironment&) const = default;

  Oid database;
  Oid role;
  std::string settings;  // all but those that only name the session: Settings::Differences()
  uint64_t hash;         // of all that
};

using PlanEnvironmentRef = std::shared_ptr<const PlanEnvironment>;
inline bool IsSame(const PlanEnvironmentRef& a, const PlanEnvironmentRef& b) { return a == b || *a == *b; }

// A text of one statement with what was made of it.
struct SharedStatement {
  PlanEnvironmentRef environment;
  std::shared_ptr<const QueryText> source;
  std::vector<Oid> given_types;
  uint64_t catalog_version = 0;  // Catalog::common_version()
  std::vector<Oid> param_types;
  std::vector<ColumnDescription> columns;
  bool returns_rows = false;
  std::shared_ptr<const planner::PhysicalPlan> plan;  // null: only the tree is kept
  std::vector<double> table_rows;                     // as a Statement's
  // Of a simple query (simple_cache.h): where the text has literals, and what the plan takes in their places.
  std::vector<parser::FingerprintLiteral> literals;
  engine::LiteralBindings bindings;

  // Is this what the text means now?
  bool Serves(std::string_view text, std::span<const Oid> types, const PlanEnvironmentRef& now, uint64_t version) const;
  // Of memory, about.
  size_t bytes() const;
};
using SharedStatementRef = std::shared_ptr<const SharedStatement>;

// The plan alone, which keeps the text it points into.
std::shared_ptr<const planner::PhysicalPlan> PlanOf(const SharedStatementRef& statement);

class PlanCache {
 public:
  static constexpr size_t kEntriesMax = 2048;
  static constexpr size_t kBytesMax = size_t{32} << 20;

  // Keys of a text with the types given for its parameters, and of a simple query's fingerprint.
  static uint64_t KeyOf(std::string_view text, std::span<const Oid> types, const PlanEnvironment& environment);
  static uint64_t KeyOf(const parser::Fingerprint& fingerprint, const PlanEnvironment& environment);

  // What was last kept under the key, or null. Whether it serves is for the caller to see: keys are hashes.
  SharedStatementRef Find(uint64_t key);
  // In place of what was there under the key. When that is too much, what has not been found for the longest time goes; what
  // takes too large a part of the room is not kept.
  void Keep(uint64_t key, SharedStatementRef statement);
  void Clear();

  struct Usage {
    size_t entries = 0;
    size_t bytes = 0;
    uint64_t found = 0;  // by all Find() so far
  };
  Usage usage();

 private:
  static constexpr size_t kShards = 16;
  static constexpr size_t kShardEntriesMax = kEntriesMax / kShards;
  static constexpr size_t kShardBytesMax = kBytesMax / kShards;
  static constexpr size_t kEntryBytesMax = kShardBytesMax / 4;

  struct Entry {
    uint64_t key;
    SharedStatementRef statement;
    size_t bytes;
  };
  using Entries = std::list<Entry>;
  struct Shard {
    Mutex mutex{LockRank::kPlanCache};
    Entries entries;  // found last first
    std::unordered_map<uint64_t, Entries::iterator> by_key;
    size_t bytes = 0;
    uint64_t found = 0;

    // Moves an entry to `gone`, to be destroyed when the mutex is free.
    void Remove(Entries::iterator entry, Entries& gone);
  };
  // by_key takes a key's low bits.
  Shard& ShardOf(uint64_t key) { return shards_[key >> 60]; }
  static_assert(kShards == 16);

  std::array<Shard, kShards> shards_;
};

}  // namespace phantom::session
