// engine/table_writer.h
//
// Changes to the rows of one table with everything that hangs on them: generated columns, NOT NULL, CHECK, view checks,
// index entries, unique and foreign key constraints. INSERT, UPDATE, DELETE, MERGE, COPY and the actions of foreign keys
// all write through it.
//
// A batch of rows is prepared at once (vectorised); then each row is written by itself, so that the first bad row is the
// one reported. Full rows are batches whose column i is table column i (attnum - 1).
//
// Thread safety: one thread.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/table.h"
#include "engine/constraint_events.h"
#include "engine/evaluator.h"
#include "engine/index_keys.h"
#include "planner/physical_plan.h"
#include "txn/row_table.h"

namespace phantom::engine {

class TableWriter {
 public:
  // Table and rules outlive the writer.
  static Result<std::unique_ptr<TableWriter>> Make(const catalog::Table& table, const planner::TableRules& rules,
                                                   std::span<const planner::ViewCheck> view_checks, Runtime& runtime);

  ~TableWriter();

  const catalog::Table& table() const { return table_; }
  txn::RowTable& rows() { return *rows_; }
  size_t index_count() const { return indexes_.size(); }
  // The position of an index among the table's; -1 when it is not one of them.
  int FindIndex(Oid index) const;

  // Prepares new versions of rows: fills generated columns in (replacing pointers in `full`), computes checks and keys.
  Status PrepareNew(std::vector<const types::Vector*>& full, const Rows& rows);
  // Prepares the versions that go away: their keys.
  Status PrepareOld(std::span<const types::Vector* const> full, const Rows& rows);

  // The following write row i of what was prepared. Errors: 23502, 23514, 44000, 23505, and the store's.

  // NOT NULL and CHECK of new row i.
  Status Check(size_t i);
  // The row's view checks (after it was written, as PostgreSQL does).
  Status CheckViews(size_t i);
  // Inserts the row and its index entries.
  Result<RowId> Insert(size_t i);
  // Statements that write by Insert() only and need nothing of the rows before their end may say so once. When such a statement has
  // inserted many, it is asked to load the others.
  void AllowLoad();
  // Another statement, in a transaction of its own, is to write by the same writer.
  void StartStatement();
  bool loads() const { return load_allowed_ && inserted_ >= kInsertedBeforeLoad; }
  // Writes the first `count` of the new rows, which have passed Check(), and gives their ids. Rows and index entries are in place after
  // FinishLoad(), which is to be called at the end of the statement, and before any row's error is raised: a key that is taken
  // comes to light there, and failed_row() tells whose, counted from the first row loaded.
  Status Load(size_t count, RowId* ids);
  Status FinishLoad();
  std::optional<uint64_t> failed_row() const { return failed_; }

  // INSERT ... ON CONFLICT: a live row that has the same key in one of the given indexes (positions; empty: all).
  Result<std::optional<RowId>> FindConflict(size_t i, std::span<const int> arbiters);
  // Inserts unless a concurrent transaction has taken a key: then nothing is changed and that row is returned.
  Result<std::optional<RowId>> InsertUnlessConflict(size_t i, std::span<const int> arbiters, RowId& inserted);
  // Updates the row from old i to new i. Anything but kOk changed nothing.
  Result<txn::WriteOutcome> Update(size_t i, RowId id, txn::WriteBase base);
  Result<txn::WriteOutcome> Delete(size_t i, RowId id, txn::WriteBase base);

  // "(1, null, ...)" for DETAIL.
  Result<std::string> DescribeRow(std::span<const types::Vector* const> full, uint32_t row) const;

 private:
  struct IndexState {
    std::unique_ptr<IndexKeys> keys;
    std::unique_ptr<txn::Index> index;
    KeyBatch fresh, old;
    bool unique = false;
    bool referable = false;  // a foreign key may refer to it: who changes its columns changes the row's key
    bool nulls_conflict = false;
    bool filling = false;  // being built, or left unfinished: entries may be missing
    const catalog::Constraint* deferrable = nullptr;  // decided at the end of the statement or of the transaction
  };
  struct CheckRule {
    std::string name;
    EvaluatorPtr condition;
    const types::Vector* truth = nullptr;
  };

  // Inserted one by one before a statement loads.
  static constexpr uint64_t kInsertedBeforeLoad = 1 << 15;
  struct LoadState;

  TableWriter(const catalog::Table& table, Runtime& runtime);
  std::string_view Encode(size_t i);
  // A check whose condition cannot be had for the batch at once.
  Status EvaluateAt(CheckRule& check, uint32_t row);
  // Notes that new row i may have another's key.
  Status NoteDuplicate(IndexState& index, size_t i, RowId id);
  Status UniqueViolation(const IndexState& index, size_t i);
  Status UniqueViolation(const catalog::Index& index, const std::string& key) const;
  Status PutLoaded();
  // Adds the entry of new row i; a conflict is returned, or raised when not wanted.
  Result<std::optional<RowId>> AddEntry(IndexState& index, size_t i, RowId id, bool report);
  bool IsUniqueKey(const IndexState& index, size_t i) const {
    return index.unique && (!index.fresh.has_null(i) || index.nulls_conflict);
  }

  const catalog::Table& table_;
  Runtime& runtime_;
  std::unique_ptr<txn::RowTable> rows_;
  types::RowEncoder encoder_;
  std::vector<IndexState> indexes_;
  std::vector<CheckRule> checks_;
  std::vector<CheckRule> views_;
  std::vector<std::pair<int, EvaluatorPtr>> generated_;
  std::vector<const types::Vector*> full_;
  Batch fresh_;
  bool checks_fail_ = false, views_fail_ = false;
  EventRecord record_;
  bool load_allowed_ = false;
  uint64_t inserted_ = 0;  // one by one
  std::unique_ptr<LoadState> load_;
  std::optional<uint64_t> failed_;
};

}  // namespace phantom::engine
