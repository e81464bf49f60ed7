#include "engine/key_set.h"

#include <algorithm>
#include <numeric>

#include "common/bytes.h"

namespace phantom::engine {

namespace {

constexpr size_t kBlockBytes = 32 * 1024;
constexpr size_t kRunsMax = 8;

uint64_t HashOf(std::string_view record) { return LoadLE<uint64_t>(record.data()); }

}  // namespace

void KeySet::Clear() {
  table_.Clear();
  memory_.Reset();
  runs_.clear();
}

Status KeySet::Add(const RowKeys& keys, size_t count, std::vector<uint8_t>& added) {
  RETURN_IF_ERROR(FindInRuns(keys, count, added));
  for (size_t i = 0; i < count; ++i) {
    const bool on_disk = added[i] != 0;
    bool is_new = false;
    if (!on_disk && !keys.has_null(i)) table_.FindOrAdd(keys.key(i), keys.hash(i), is_new);
    added[i] = is_new;
  }
  if (memory_.Resize(table_.memory_bytes())) return Status::Ok();
  if (context_.env != nullptr) return Spill();
  memory_.Force(table_.memory_bytes());
  return Status::Ok();
}

Status KeySet::Find(const RowKeys& keys, size_t count, std::vector<uint8_t>& found) {
  RETURN_IF_ERROR(FindInRuns(keys, count, found));
  for (size_t i = 0; i < count; ++i) {
    if (found[i] == 0) found[i] = table_.Find(keys.key(i), keys.hash(i)) != KeyTable::kNone;
  }
  return Status::Ok();
}

Status KeySet::Append(Run& run, uint64_t hash, std::string_view key) {
  if (run.blocks.empty() || run.log.end() - run.blocks.back().position >= kBlockBytes) {
    run.blocks.push_back({hash, run.log.end()});
  }
  record_.resize(8);
  StoreLE<uint64_t>(record_.data(), hash);
  record_.append(key);
  return run.log.Append(record_, context_);
}

Status KeySet::Spill() {
  if (runs_.size() == kRunsMax) RETURN_IF_ERROR(MergeRuns());
  std::vector<uint32_t> order(table_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [this](uint32_t a, uint32_t b) { return table_.hash(a) < table_.hash(b); });
  auto run = std::make_unique<Run>();
  for (uint32_t number : order) RETURN_IF_ERROR(Append(*run, table_.hash(number), table_.key(number)));
  runs_.push_back(std::move(run));
  table_.Clear();
  memory_.Reset();
  return Status::Ok();
}

uint64_t KeySet::BlockEnd(const Run& run, size_t block) {
  return block + 1 < run.blocks.size() ? run.blocks[block + 1].position : run.log.end();
}

// Makes one run of all.
Status KeySet::MergeRuns() {
  struct Source {
    const Run* run;
    size_t next_block = 0;
    std::string bytes;
    std::string_view rest, record;

    Status Advance() {
      record = {};
      if (rest.empty() && next_block < run->blocks.size()) {
        const uint64_t begin = run->blocks[next_block].position;
        uint64_t next = 0;
        RETURN_IF_ERROR(run->log.Read(begin, BlockEnd(*run, next_block++) - begin, bytes, next));
        rest = bytes;
      }
      if (!rest.empty()) record = EventLog::NextRecord(rest);
      return Status::Ok();
    }
  };
  std::vector<Source> sources(runs_.size());
  for (size_t i = 0; i < runs_.size(); ++i) {
    sources[i].run = runs_[i].get();
    RETURN_IF_ERROR(sources[i].Advance());
  }
  auto merged = std::make_unique<Run>();
  for (uint64_t done = 0;; ++done) {
    if (done % types::kVectorSize == 0) RETURN_IF_ERROR(context_.CheckCancelled());
    Source* least = nullptr;
    for (Source& source : sources) {
      if (source.record.empty()) continue;
      if (least == nullptr || HashOf(source.record) < HashOf(least->record)) least = &source;
    }
    if (least == nullptr) break;
    RETURN_IF_ERROR(Append(*merged, HashOf(least->record), least->record.substr(8)));
    RETURN_IF_ERROR(least->Advance());
  }
  runs_.clear();
  runs_.push_back(std::move(merged));
  return Status::Ok();
}

Status KeySet::FindInRuns(const RowKeys& keys, size_t count, std::vector<uint8_t>& found) {
  found.assign(count, 0);
  if (runs_.empty()) return Status::Ok();
  order_.resize(count);
  std::iota(order_.begin(), order_.end(), 0u);
  std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) { return keys.hash(a) < keys.hash(b); });
  for (const std::unique_ptr<Run>& run : runs_) RETURN_IF_ERROR(FindInRun(*run, keys, found));
  return Status::Ok();
}

Status KeySet::FindInRun(const Run& run, const RowKeys& keys, std::vector<uint8_t>& found) {
  size_t loaded = SIZE_MAX;
  std::string_view rest;  // of the loaded block: what is below the hashes looked for is left out
  for (const uint32_t i : order_) {
    if (found[i] != 0) continue;
    const uint64_t hash = keys.hash(i);
    // Keys of this hash may begin at the end of the block before the first that begins with it.
    const auto after = std::lower_bound(run.blocks.begin(), run.blocks.end(), hash,
                                        [](const Block& block, uint64_t wanted) { return block.hash < wanted; });
    size_t block = static_cast<size_t>(after - run.blocks.begin());
    if (block > 0) --block;
    for (; block < run.blocks.size() && run.blocks[block].hash <= hash && found[i] == 0; ++block) {
      if (loaded != block) {
        const uint64_t begin = run.blocks[block].position;
        uint64_t next = 0;
        RETURN_IF_ERROR(run.log.Read(begin, BlockEnd(run, block) - begin, bytes_, next));
        rest = bytes_;
        loaded = block;
      }
      for (std::string_view look = rest; !look.empty();) {
        const std::string_view record = EventLog::NextRecord(look);
        if (HashOf(record) > hash) break;
        if (HashOf(record) < hash) {
          rest = look;
        } else if (record.substr(8) == keys.key(i)) {
          found[i] = 1;
          break;
        }
      }
    }
  }
  return Status::Ok();
}

}  // namespace phantom::engine
