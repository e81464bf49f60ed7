// engine/key_lookup.h
//
// Rows of a table by the values of some columns, for foreign keys: through an index that starts with those columns when
// there is one, else by a scan. Sees what is committed now and what the transaction itself has written.
//
// Thread safety: one thread.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "catalog/table.h"
#include "engine/index_probe.h"
#include "engine/row_buffer.h"
#include "txn/snapshot.h"

namespace phantom::engine {

// A runtime of its own with a fresh snapshot, for work done on behalf of another. kLatest sees what is committed now even
// in a transaction that keeps one snapshot.
class FreshScope {
 public:
  enum class View : uint8_t { kStatement, kLatest };
  explicit FreshScope(Runtime& parent, View view = View::kStatement);
  Runtime& runtime() { return *runtime_; }
  const txn::Snapshot& snapshot() const { return snapshot_; }

 private:
  txn::Snapshot snapshot_;
  ExecutionContext context_;
  std::unique_ptr<Runtime> runtime_;
};

// A key value as the type of another column; false when that type has no such value.
bool CoerceKey(const types::Value& value, types::Type target, const Runtime& runtime, types::Value& out);

class KeyLookup {
 public:
  // columns: attribute numbers. `preferred`: an index known to fit (0: look for one).
  static Result<std::unique_ptr<KeyLookup>> Make(catalog::TableRef table, std::vector<int16_t> columns, Oid preferred,
                                                 Runtime& runtime);

  // Calls `found` with each row that has the values, until it answers false. row: all columns, at position 0.
  using Found = std::function<Result<bool>(RowId id, std::span<const types::Vector* const> row)>;
  Status ForEach(std::span<const types::Value> key, const Found& found);

  // The same for many keys, in one scan when there is no index: `found` is told which key the row has, and answers
  // whether more rows of that key are wanted.
  using FoundAny = std::function<Result<bool>(size_t key, RowId id, std::span<const types::Vector* const> row)>;
  Status ForEachOf(std::span<const std::vector<types::Value>* const> keys, const FoundAny& found);

  txn::RowTable& rows() { return *rows_; }

 private:
  KeyLookup(catalog::TableRef table, std::vector<int16_t> columns, Runtime& runtime)
      : table_(std::move(table)), columns_(std::move(columns)), runtime_(runtime) {}
  // False: no row can have the key.
  bool Coerce(std::span<const types::Value> key, std::vector<types::Value>& out) const;
  Status Probe(std::span<const types::Value> key, const Found& found);
  Status Scan(std::span<const std::vector<types::Value>> keys, const FoundAny& found);

  const catalog::TableRef table_;
  const std::vector<int16_t> columns_;
  Runtime& runtime_;
  std::unique_ptr<txn::RowTable> rows_;
  planner::NodeArena nodes_;
  planner::IndexAccess access_;
  std::unique_ptr<IndexProbe> probe_;   // null: scan
  std::vector<size_t> key_order_;       // by index key: position in the key
  std::vector<types::Vector> values_;   // by position in the key, one slot
  std::vector<types::Vector> row_;
  std::vector<const types::Vector*> row_pointers_, value_pointers_;
  std::vector<uint32_t> all_columns_;
};

}  // namespace phantom::engine
