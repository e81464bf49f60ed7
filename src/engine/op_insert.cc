// INSERT, with ON CONFLICT and RETURNING.
#include <unordered_set>

#include "engine/foreign_keys.h"
#include "engine/operator_internal.h"
#include "engine/row_buffer.h"
#include "engine/system_columns.h"
#include "engine/table_writer.h"

namespace phantom::engine::internal {

namespace {

class InsertOperator final : public Operator {
 public:
  InsertOperator(const planner::PhysicalInsert& node, OperatorPtr child, Runtime& runtime)
      : Operator(runtime), node_(node), table_(*node.use.table), child_(std::move(child)),
        system_(node.has_returning ? types::kVectorSize : 1),
        late_(runtime, node.types) {}

  Status Make() {
    ASSIGN_OR_RETURN(writer_, TableWriter::Make(table_, node_.rules, node_.view_checks, runtime_));
    if (node_.conflict == planner::ConflictAction::kNone && !node_.has_returning) writer_->AllowLoad();
    foreign_keys_ = ForeignKeys::Make(table_, runtime_);
    for (const catalog::Column& column : table_.columns) {
      nulls_.push_back(runtime_.MakeVector(column.type, 1));
      nulls_.back().SetConstantNull();
    }
    child_column_.assign(table_.columns.size(), -1);
    for (size_t i = 0; i < node_.columns.size(); ++i) child_column_[node_.columns[i]] = static_cast<int>(i);
    for (const std::shared_ptr<const catalog::Index>& arbiter : node_.arbiters) {
      arbiters_.push_back(writer_->FindIndex(arbiter->oid));
    }
    ASSIGN_OR_RETURN(returning_, CompileAll(node_.returning, runtime_));
    returned_.resize(returning_.size());
    if (node_.conflict == planner::ConflictAction::kUpdate) {
      ASSIGN_OR_RETURN(update_writer_, TableWriter::Make(table_, node_.rules, node_.view_checks, runtime_));
      for (const planner::ColumnAssignment& assignment : node_.assignments) {
        ASSIGN_OR_RETURN(EvaluatorPtr value, Compile(*assignment.value, runtime_));
        assignments_.push_back(std::move(value));
      }
      ASSIGN_OR_RETURN(conflict_where_, Predicate::Make(node_.conflict_where, runtime_));
      for (int side = 0; side < 2; ++side) {
        for (const catalog::Column& column : table_.columns) conflict_row_.push_back(runtime_.MakeVector(column.type, 1));
      }
      for (size_t c = 0; c < table_.columns.size(); ++c) all_columns_.push_back(static_cast<uint32_t>(c));
    }
    return Status::Ok();
  }

  Status Open() override {
    late_.Clear();
    late_at_ = 0;
    count_ = 0;
    touched_.clear();
    ended_ = false;
    writer_->StartStatement();
    return child_->Open();
  }

  Status Next(Batch& out) override {
    while (true) {
      out = {};
      if (late_at_ < late_.chunk_count()) {
        out = late_.ReadChunk(late_at_++);
        return Status::Ok();
      }
      if (ended_) return Status::Ok();
      late_.Clear();
      late_at_ = 0;
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      Batch in;
      RETURN_IF_ERROR(child_->Next(in));
      if (in.empty()) {
        ended_ = true;
        RETURN_IF_ERROR(writer_->FinishLoad());
        return child_->Finish();
      }
      RETURN_IF_ERROR(Insert(in));
      if (!node_.has_returning || done_count_ == 0) continue;
      const Batch written{full_, done_.rows(done_count_)};
      for (size_t i = 0; i < returning_.size(); ++i) RETURN_IF_ERROR(returning_[i]->Evaluate(written, returned_[i]));
      out = {returned_, written.rows};
      return Status::Ok();
    }
  }

  Status Finish() override {
    Batch rest;
    while (!ended_) RETURN_IF_ERROR(Next(rest));
    return Status::Ok();
  }

  uint64_t rows_affected() const override { return count_; }

 private:
  Status Insert(const Batch& in) {
    full_.clear();
    for (size_t c = 0; c < table_.columns.size(); ++c) {
      full_.push_back(child_column_[c] >= 0 ? in.columns[child_column_[c]] : &nulls_[c]);
    }
    RETURN_IF_ERROR(writer_->PrepareNew(full_, in.rows));
    if (writer_->loads()) return Load(in.rows);
    system_.AppendTo(full_);
    done_count_ = 0;
    for (size_t i = 0; i < in.rows.count; ++i) {
      const types::SelIndex row = static_cast<types::SelIndex>(in.rows[i]);
      RETURN_IF_ERROR(writer_->Check(i));
      RowId id;
      if (node_.conflict == planner::ConflictAction::kNone) {
        ASSIGN_OR_RETURN(id, writer_->Insert(i));
      } else {
        ASSIGN_OR_RETURN(const bool inserted, InsertOrResolve(i, row, id));
        if (!inserted) continue;
        touched_.insert(id.value);
      }
      RETURN_IF_ERROR(writer_->CheckViews(i));
      if (foreign_keys_ != nullptr) RETURN_IF_ERROR(foreign_keys_->Inserted(id, full_, row));
      if (node_.has_returning) system_.Set(row, id, runtime_.context.transaction->id(), false);
      ++count_;
      if (node_.has_returning && node_.conflict == planner::ConflictAction::kUpdate) {
        // One by one, so that the rows come out in the order they went in.
        RETURN_IF_ERROR(ReturnLate({full_, {&row, 1}}));
      } else {
        done_.data()[done_count_++] = row;
      }
    }
    return Status::Ok();
  }

  Status Load(const Rows& rows) {
    for (size_t i = 0; i < rows.count; ++i) {
      Status checked = writer_->Check(i);
      if (checked.ok()) continue;
      // A row before may have a key that somebody has.
      RETURN_IF_ERROR(writer_->Load(i, ids_));
      RETURN_IF_ERROR(writer_->FinishLoad());
      return checked;
    }
    RETURN_IF_ERROR(writer_->Load(rows.count, ids_));
    for (size_t i = 0; i < rows.count && foreign_keys_ != nullptr; ++i) {
      RETURN_IF_ERROR(foreign_keys_->Inserted(ids_[i], full_, static_cast<uint32_t>(rows[i])));
    }
    count_ += rows.count;
    done_count_ = 0;
    return Status::Ok();
  }

  // True: the row was inserted. False: the conflict was dealt with.
  Result<bool> InsertOrResolve(size_t i, uint32_t row, RowId& id) {
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      ASSIGN_OR_RETURN(std::optional<RowId> conflict, writer_->FindConflict(i, arbiters_));
      if (!conflict.has_value()) {
        ASSIGN_OR_RETURN(conflict, writer_->InsertUnlessConflict(i, arbiters_, id));
        if (!conflict.has_value()) return true;
        continue;
      }
      if (node_.conflict == planner::ConflictAction::kNothing) {
        RETURN_IF_ERROR(CheckVisible(*conflict));
        return false;
      }
      ASSIGN_OR_RETURN(const bool resolved, UpdateExisting(*conflict, row));
      if (resolved) return false;
    }
  }

  static Status SerializationFailure() {
    return Error(sqlstate::kTRSerializationFailure, "could not serialize access due to concurrent update");
  }

  // Under one snapshot a transaction may not act on a row it cannot see.
  Status CheckVisible(RowId id) {
    if (!runtime_.context.transaction->keeps_snapshot() || touched_.contains(id.value)) return Status::Ok();
    ASSIGN_OR_RETURN(const txn::FetchedRow seen, writer_->rows().Fetch(*runtime_.context.snapshot, id));
    return seen.found ? Status::Ok() : SerializationFailure();
  }

  // False: the row has gone, look again.
  Result<bool> UpdateExisting(RowId id, uint32_t row) {
    const auto second_time = [] {
      return Error(sqlstate::kCardinalityViolation,
                   "ON CONFLICT DO UPDATE command cannot affect row a second time")
          .Hint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.");
    };
    if (touched_.contains(id.value)) return second_time();
    txn::Transaction& transaction = *runtime_.context.transaction;
    txn::RowTable& rows = writer_->rows();
    ASSIGN_OR_RETURN(txn::LockedRow locked,
                     rows.Lock(transaction, *runtime_.context.snapshot, id, txn::RowLockMode::kNoKeyUpdate));
    if (locked.outcome == txn::WriteOutcome::kInvisible) {
      if (transaction.keeps_snapshot()) return SerializationFailure();
      const txn::Snapshot fresh = transaction.TakeSnapshot();
      ASSIGN_OR_RETURN(locked, rows.Lock(transaction, fresh, id, txn::RowLockMode::kNoKeyUpdate));
    }
    if (locked.outcome == txn::WriteOutcome::kSelfModified) return second_time();
    if (locked.outcome != txn::WriteOutcome::kOk && locked.outcome != txn::WriteOutcome::kUpdated) return false;
    const size_t columns = table_.columns.size();
    for (types::Vector& vector : conflict_row_) vector.Reset();
    RETURN_IF_ERROR(rows.Decode(locked.newest, all_columns_, std::span(conflict_row_).first(columns), 0));
    std::vector<const types::Vector*> both;
    for (size_t c = 0; c < columns; ++c) {
      CopyValue(*full_[c], row, conflict_row_[columns + c], 0);
    }
    for (const types::Vector& vector : conflict_row_) both.push_back(&vector);
    Batch pair{both, {nullptr, 1}};
    RETURN_IF_ERROR(conflict_where_.Filter(pair));
    if (pair.empty()) return true;
    std::vector<const types::Vector*> fresh(both.begin(), both.begin() + static_cast<ptrdiff_t>(columns));
    RETURN_IF_ERROR(update_writer_->PrepareOld(fresh, pair.rows));
    const std::vector<const types::Vector*> old = fresh;
    for (size_t a = 0; a < assignments_.size(); ++a) {
      RETURN_IF_ERROR(assignments_[a]->Evaluate(pair, fresh[node_.assignments[a].column]));
    }
    RETURN_IF_ERROR(update_writer_->PrepareNew(fresh, pair.rows));
    RETURN_IF_ERROR(update_writer_->Check(0));
    ASSIGN_OR_RETURN(const txn::WriteOutcome outcome, update_writer_->Update(0, id, txn::WriteBase::kLocked));
    // A WITH query that the new values read has changed the row meanwhile: it stays as that left it.
    if (outcome == txn::WriteOutcome::kSelfModified) return true;
    if (outcome != txn::WriteOutcome::kOk) return false;
    RETURN_IF_ERROR(update_writer_->CheckViews(0));
    touched_.insert(id.value);
    if (foreign_keys_ != nullptr) RETURN_IF_ERROR(foreign_keys_->Updated(id, old, fresh, 0));
    ++count_;
    if (node_.has_returning) {
      NewRowColumns system(1);
      system.Set(0, id, transaction.id(), true);
      system.AppendTo(fresh);
      RETURN_IF_ERROR(ReturnLate({fresh, {nullptr, 1}}));
    }
    return true;
  }

  Status ReturnLate(const Batch& row) {
    for (size_t i = 0; i < returning_.size(); ++i) RETURN_IF_ERROR(returning_[i]->Evaluate(row, returned_[i]));
    late_.Append({returned_, row.rows});
    return Status::Ok();
  }

  const planner::PhysicalInsert& node_;
  const catalog::Table& table_;
  OperatorPtr child_;
  std::unique_ptr<TableWriter> writer_, update_writer_;
  std::unique_ptr<ForeignKeys> foreign_keys_;
  std::vector<types::Vector> nulls_;
  std::vector<int> child_column_;  // by table column; -1: null
  std::vector<int> arbiters_;
  std::vector<EvaluatorPtr> returning_, assignments_;
  Predicate conflict_where_;
  std::vector<const types::Vector*> full_, returned_;
  std::vector<types::Vector> conflict_row_;  // existing ++ excluded
  std::vector<uint32_t> all_columns_;
  NewRowColumns system_;
  RowBuffer late_;  // RETURNING rows that are not part of a batch
  size_t late_at_ = 0;
  std::unordered_set<uint64_t> touched_;
  RowList done_;
  RowId ids_[types::kVectorSize];  // of rows loaded
  size_t done_count_ = 0;
  uint64_t count_ = 0;
  bool ended_ = false;
};

}  // namespace

Result<OperatorPtr> MakeInsert(const planner::PhysicalInsert& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  auto insert = std::make_unique<InsertOperator>(node, std::move(child), runtime);
  RETURN_IF_ERROR(insert->Make());
  return OperatorPtr(std::move(insert));
}

}  // namespace phantom::engine::internal
