// engine/row_sorter.h
//
// Sorts rows by normalised keys, keeping the input's order among peers. What outgrows its memory is written as sorted runs
// that are merged when the rows are read.
//
// Thread safety: one owner.
#pragma once
#include <vector>

#include "common/arena.h"
#include "engine/memory_broker.h"
#include "engine/row_buffer.h"
#include "engine/sort_keys.h"
#include "engine/sorted_runs.h"

namespace phantom::engine {

class RowSorter {
 public:
  // plan_node: whose metrics count the bytes spilled. `keys` outlives the sorter.
  RowSorter(Runtime& runtime, int plan_node, std::span<const types::Type> types, std::span<const planner::SortKey> keys,
            SortKeys encoder);

  void Clear();
  // Encodes the keys of a batch. Then AddEncoded takes in its rows.
  Status Encode(const Batch& batch) { return keys_.Encode(batch); }
  std::string_view key(size_t i) const { return keys_.key(i); }
  Status AddEncoded(const Batch& batch);
  Status Add(const Batch& batch) {
    RETURN_IF_ERROR(Encode(batch));
    return AddEncoded(batch);
  }
  // After the last row.
  Status Finish();
  // The next rows in order; none at the end.
  Status Next(Batch& out);

 private:
  struct KeyedRow {
    uint64_t prefix;  // the key's first bytes, so that most comparisons follow no pointer
    const char* key;
    uint32_t size;
    uint64_t row;

    bool operator<(const KeyedRow& other) const;
  };

  Status SpillRun();
  void GatherRows(size_t begin, size_t count);

  Runtime& runtime_;
  const int plan_node_;
  SortKeys keys_;
  RowBuffer rows_;
  OutputColumns out_;
  MemoryReservation memory_;
  Arena key_bytes_;
  std::vector<KeyedRow> order_;
  std::vector<uint64_t> numbers_;
  SortedRuns runs_;
  size_t at_ = 0;
};

}  // namespace phantom::engine
