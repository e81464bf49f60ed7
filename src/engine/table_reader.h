// engine/table_reader.h
//
// Rows of a table turned into vectors: the wanted columns, system columns included, by output position.
//
// Thread safety: one thread.
#pragma once
#include <memory>
#include <vector>

#include "catalog/table.h"
#include "engine/operator.h"
#include "engine/system_columns.h"
#include "txn/row_table.h"

namespace phantom::engine {

// The rows of a table, or those of a system table that are stored; null: all of its rows are built in.
Result<std::unique_ptr<txn::RowTable>> OpenStored(const catalog::Table& table, const Runtime& runtime);

class TableReader {
 public:
  // columns: table columns (attnum - 1) or system columns (planner/expr.h).
  static Result<TableReader> Make(const catalog::Table& table, std::span<const int> columns, Runtime& runtime);

  const std::vector<uint32_t>& stored_columns() const { return stored_; }
  std::span<const types::Vector* const> pointers() const { return pointers_; }
  Batch batch(size_t count) const { return {pointers_, {nullptr, count}}; }

  void Reset();
  // Decodes a row to position `at` of all columns.
  Status Add(const txn::RowTable& table, const txn::FetchedRow& row, RowId id, uint32_t at);
  // Columns that lie in a chunk of the stored ones already: fills the system columns in and points at them.
  // table: where the rows are stored; null: nowhere.
  Status Use(types::Chunk& chunk, const RowId* ids, uint32_t count, const txn::RowTable* table);
  types::Chunk MakeChunk() const;

 private:
  Status AddSystem(RowId id, uint32_t at, const txn::RowTable* table);

  const catalog::Table* table_ = nullptr;
  const Runtime* runtime_ = nullptr;
  txn::FetchedRow fetched_;
  std::vector<uint32_t> stored_;           // table columns, in order of output
  std::vector<types::Vector> vectors_;     // of them
  std::vector<std::pair<int, types::Vector>> system_;
  std::vector<int> source_;                // by output: index in vectors_, or -1 - index in system_
  std::vector<const types::Vector*> pointers_;
};

}  // namespace phantom::engine
