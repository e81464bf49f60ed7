// engine/index_probe.h
//
// Reads rows through an index: turns an IndexAccess with evaluated values into key ranges, follows the entries and gives
// the rows the snapshot sees, each once, checking again where an entry may be out of date.
//
// Thread safety: one thread.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine/row_index_key.h"
#include "engine/table_reader.h"
#include "planner/physical_plan.h"
#include "txn/index.h"
#include "types/key_position.h"

namespace phantom::engine {

class IndexProbe {
 public:
  // The values are over `input` columns of a batch (none: scans).
  static Result<std::unique_ptr<IndexProbe>> Make(const catalog::Table& table, const planner::IndexAccess& access,
                                                  Runtime& runtime);

  ~IndexProbe();

  // Evaluates the values for a batch; then Start() with one of its rows.
  Status Prepare(const Batch& batch);
  Status Start(uint32_t row);
  // The next row as RowTable::Locate() leaves it; false at the end. `fetched` keeps its memory.
  Result<bool> Next(txn::FetchedRow& fetched, RowId& id);
  // Nothing more is wanted until the next Start(): what is held of the index goes.
  void Stop();

  const txn::RowTable& rows() const { return *rows_; }

 private:
  IndexProbe(const catalog::Table& table, const planner::IndexAccess& access, Runtime& runtime);
  // Whether the row version has the entry's key.
  Result<bool> HasKey(const txn::FetchedRow& row, std::string_view key);
  void AddRange(const std::string& prefix, uint32_t row, size_t first_bound);
  // A value as a key of the column, as far as there is one: `position` says where the value lies, and holds the key if it is not
  // the value itself.
  const void* KeyOf(uint32_t column, Oid type, const void* value, types::KeyBound bound, types::KeyPosition& position) const;

  const catalog::Table& table_;
  const planner::IndexAccess& access_;
  Runtime& runtime_;
  types::KeyCodec codec_;
  std::unique_ptr<txn::RowTable> rows_;
  std::unique_ptr<txn::Index> index_;
  std::unique_ptr<txn::IndexScan> scan_;
  std::vector<EvaluatorPtr> exprs_;  // by condition; null for IS [NOT] NULL
  std::vector<Oid> value_types_;     // by condition; 0 for IS [NOT] NULL
  std::vector<const types::Vector*> values_;
  std::vector<std::string> prefixes_;  // of the keys, by the conditions on leading columns
  std::vector<txn::KeyRange> ranges_;  // in the order of the scan
  size_t range_ = 0;
  bool scanning_ = false;
  std::unique_ptr<RowIndexKey> recheck_;
};

}  // namespace phantom::engine
