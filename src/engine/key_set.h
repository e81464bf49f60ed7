// engine/key_set.h
//
// A set of row keys that outgrows memory: the newest keys in a hash table, older ones in files ordered by hash, of which a
// batch of look-ups reads each block at most once.
//
// Thread safety: one thread.
#pragma once
#include <memory>
#include <vector>

#include "engine/event_log.h"
#include "engine/memory_broker.h"
#include "engine/row_keys.h"

namespace phantom::engine {

class KeySet {
 public:
  explicit KeySet(Runtime& runtime) : context_(runtime.context), memory_(runtime.context.memory) {}

  void Clear();
  // Adds the first `count` keys but those whose NULLs equal nothing; added[i]: it was not there.
  Status Add(const RowKeys& keys, size_t count, std::vector<uint8_t>& added);
  // found[i]: key i is there.
  Status Find(const RowKeys& keys, size_t count, std::vector<uint8_t>& found);

 private:
  struct Block {
    uint64_t hash;  // of its first record
    uint64_t position;
  };
  // Records of hash and key, ascending by hash.
  struct Run {
    EventLog log;
    std::vector<Block> blocks;
  };

  Status Append(Run& run, uint64_t hash, std::string_view key);
  Status Spill();
  Status MergeRuns();
  Status FindInRuns(const RowKeys& keys, size_t count, std::vector<uint8_t>& found);
  Status FindInRun(const Run& run, const RowKeys& keys, std::vector<uint8_t>& found);
  static uint64_t BlockEnd(const Run& run, size_t block);

  const ExecutionContext& context_;
  KeyTable table_;
  MemoryReservation memory_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<uint32_t> order_;  // of the keys looked for, by hash
  std::string record_, bytes_;
};

}  // namespace phantom::engine
