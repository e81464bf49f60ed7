// UPDATE and DELETE: a child finds the rows; each is written by itself. A row that a concurrent transaction changed first is
// looked at again in its newest version (READ COMMITTED, PostgreSQL 15 chapter 13.2.1) and written if it still qualifies.
#include "engine/foreign_keys.h"
#include "engine/operator_internal.h"
#include "engine/row_buffer.h"
#include "engine/system_columns.h"
#include "engine/table_writer.h"

namespace phantom::engine::internal {

namespace {

// What an Update and a Delete node have in common.
struct Target {
  const catalog::Table* table = nullptr;
  const planner::TableRules* rules = nullptr;
  int row_id_index = 0;
  const std::vector<int>* target_columns = nullptr;
  const std::vector<planner::ColumnAssignment>* assignments = nullptr;  // null: DELETE
  const std::vector<planner::ViewCheck>* view_checks = nullptr;
  const planner::Expr* recheck = nullptr;
  const std::vector<planner::Expr*>* returning = nullptr;  // null: none
  std::span<const types::Type> child_types;
  std::span<const types::Type> types;
};

// Prepares and writes batches of target rows; there is one for the child's batches and one for rows looked at again.
class Writer {
 public:
  Writer(const Target& target, Runtime& runtime) : target_(target), runtime_(runtime) {}

  Status Make(ForeignKeys* foreign_keys) {
    foreign_keys_ = foreign_keys;
    static const std::vector<planner::ViewCheck> kNoViews;
    ASSIGN_OR_RETURN(rows_, TableWriter::Make(*target_.table, *target_.rules,
                                              target_.view_checks != nullptr ? *target_.view_checks : kNoViews, runtime_));
    for (const catalog::Column& column : target_.table->columns) {
      nulls_.push_back(runtime_.MakeVector(column.type, 1));
      nulls_.back().SetConstantNull();
    }
    position_of_.assign(target_.table->columns.size(), -1);
    for (size_t i = 0; i < target_.target_columns->size(); ++i) {
      const int column = (*target_.target_columns)[i];
      if (column >= 0 && position_of_[column] < 0) position_of_[column] = static_cast<int>(i);
    }
    if (target_.assignments != nullptr) {
      for (const planner::ColumnAssignment& assignment : *target_.assignments) {
        ASSIGN_OR_RETURN(EvaluatorPtr value, Compile(*assignment.value, runtime_));
        assignments_.push_back(std::move(value));
      }
    }
    if (target_.returning != nullptr) {
      ASSIGN_OR_RETURN(returning_, CompileAll(*target_.returning, runtime_));
      returned_.resize(returning_.size());
    }
    return Status::Ok();
  }

  TableWriter& rows() { return *rows_; }
  int position_of(size_t column) const { return position_of_[column]; }

  Status Prepare(const Batch& in) {
    in_ = in;
    old_.clear();
    for (size_t c = 0; c < position_of_.size(); ++c) {
      old_.push_back(position_of_[c] >= 0 ? in.columns[position_of_[c]] : &nulls_[c]);
    }
    fresh_ = old_;
    RETURN_IF_ERROR(rows_->PrepareOld(old_, in.rows));
    if (target_.assignments == nullptr) return Status::Ok();
    for (size_t a = 0; a < assignments_.size(); ++a) {
      RETURN_IF_ERROR(assignments_[a]->Evaluate(in, fresh_[(*target_.assignments)[a].column]));
    }
    return rows_->PrepareNew(fresh_, in.rows);
  }

  Result<txn::WriteOutcome> Write(size_t i, RowId id, txn::WriteBase base) {
    const uint32_t row = static_cast<uint32_t>(in_.rows[i]);
    if (target_.assignments == nullptr) {
      ASSIGN_OR_RETURN(const txn::WriteOutcome outcome, rows_->Delete(i, id, base));
      if (outcome == txn::WriteOutcome::kOk && foreign_keys_ != nullptr) {
        RETURN_IF_ERROR(foreign_keys_->Deleted(old_, row));
      }
      return outcome;
    }
    RETURN_IF_ERROR(rows_->Check(i));
    ASSIGN_OR_RETURN(const txn::WriteOutcome outcome, rows_->Update(i, id, base));
    if (outcome != txn::WriteOutcome::kOk) return outcome;
    RETURN_IF_ERROR(rows_->CheckViews(i));
    if (foreign_keys_ != nullptr) RETURN_IF_ERROR(foreign_keys_->Updated(id, old_, fresh_, row));
    return outcome;
  }

  // RETURNING for rows of the prepared batch: over the full row, a new row's system columns, and the child's row.
  Status Return(const Rows& rows, const types::Vector& row_ids, Batch& out) {
    std::vector<const types::Vector*>& full = returned_input_;
    full = target_.assignments == nullptr ? old_ : fresh_;
    if (target_.assignments != nullptr) {
      if (system_ == nullptr) system_ = std::make_unique<NewRowColumns>(types::kVectorSize);
      for (size_t i = 0; i < rows.count; ++i) {
        const auto row = static_cast<uint32_t>(rows[i]);
        const RowId id(static_cast<uint64_t>(row_ids.Get<int64_t>(row)));
        system_->Set(row, id, runtime_.context.transaction->id(), false);
      }
      system_->AppendTo(full);
    }
    full.insert(full.end(), in_.columns.begin(), in_.columns.end());
    for (size_t i = 0; i < returning_.size(); ++i) RETURN_IF_ERROR(returning_[i]->Evaluate({full, rows}, returned_[i]));
    out = {returned_, rows};
    return Status::Ok();
  }

 private:
  const Target& target_;
  Runtime& runtime_;
  ForeignKeys* foreign_keys_ = nullptr;
  std::unique_ptr<TableWriter> rows_;
  std::vector<types::Vector> nulls_;
  std::vector<int> position_of_;  // by table column: position in the child's row
  std::vector<EvaluatorPtr> assignments_, returning_;
  std::vector<const types::Vector*> old_, fresh_, returned_input_, returned_;
  std::unique_ptr<NewRowColumns> system_;
  Batch in_;
};

class ModifyOperator final : public Operator {
 public:
  ModifyOperator(Target target, OperatorPtr child, Runtime& runtime)
      : Operator(runtime),
        target_(std::move(target)),
        child_(std::move(child)),
        writer_(target_, runtime),
        late_(runtime, target_.types) {}

  Status Make() {
    foreign_keys_ = ForeignKeys::Make(*target_.table, runtime_);
    return writer_.Make(foreign_keys_.get());
  }

  Status Open() override {
    late_.Clear();
    late_at_ = 0;
    count_ = 0;
    ended_ = false;
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
        return child_->Finish();
      }
      RETURN_IF_ERROR(Modify(in));
      if (target_.returning == nullptr || done_count_ == 0) continue;
      return writer_.Return(done_.rows(done_count_), *in.columns[target_.row_id_index], out);
    }
  }

  Status Finish() override {
    Batch rest;
    while (!ended_) RETURN_IF_ERROR(Next(rest));
    return Status::Ok();
  }

  uint64_t rows_affected() const override { return count_; }

 private:
  Status Modify(const Batch& in) {
    RETURN_IF_ERROR(writer_.Prepare(in));
    const types::Vector& ids = *in.columns[target_.row_id_index];
    done_count_ = 0;
    for (size_t i = 0; i < in.rows.count; ++i) {
      const types::SelIndex row = static_cast<types::SelIndex>(in.rows[i]);
      if (ids.IsNull(row)) continue;
      const RowId id(static_cast<uint64_t>(ids.Get<int64_t>(row)));
      ASSIGN_OR_RETURN(const txn::WriteOutcome outcome, writer_.Write(i, id, txn::WriteBase::kSnapshot));
      if (outcome == txn::WriteOutcome::kOk) {
        done_.data()[done_count_++] = row;
        ++count_;
      } else if (outcome == txn::WriteOutcome::kUpdated) {
        RETURN_IF_ERROR(WriteNewest(in, row, id));
      }
    }
    return Status::Ok();
  }

  // The row was changed by somebody who committed since: decides again with its newest version.
  Status WriteNewest(const Batch& in, uint32_t row, RowId id) {
    if (again_ == nullptr) {
      again_ = std::make_unique<Writer>(target_, runtime_);
      RETURN_IF_ERROR(again_->Make(foreign_keys_.get()));
      ASSIGN_OR_RETURN(recheck_, Predicate::Make(target_.recheck, runtime_));
      for (types::Type type : target_.child_types) again_row_.push_back(runtime_.MakeVector(type, 1));
      for (const catalog::Column& column : target_.table->columns) {
        newest_.push_back(runtime_.MakeVector(column.type, 1));
        newest_columns_.push_back(static_cast<uint32_t>(newest_columns_.size()));
      }
    }
    txn::RowTable& table = again_->rows().rows();
    const txn::RowLockMode mode =
        target_.assignments == nullptr ? txn::RowLockMode::kUpdate : txn::RowLockMode::kNoKeyUpdate;
    ASSIGN_OR_RETURN(const txn::LockedRow locked,
                     table.Lock(*runtime_.context.transaction, *runtime_.context.snapshot, id, mode));
    if (locked.outcome != txn::WriteOutcome::kOk && locked.outcome != txn::WriteOutcome::kUpdated) return Status::Ok();
    for (types::Vector& vector : newest_) vector.Reset();
    RETURN_IF_ERROR(table.Decode(locked.newest, newest_columns_, newest_, 0));
    std::vector<const types::Vector*> columns;
    for (size_t c = 0; c < again_row_.size(); ++c) {
      again_row_[c].Reset();
      const int column = c < target_.target_columns->size() ? (*target_.target_columns)[c] : -1;
      if (column >= 0) {
        CopyValue(newest_[column], 0, again_row_[c], 0);
      } else if (column == planner::kXminColumn) {
        again_row_[c].data<int32_t>()[0] = XidOf(locked.newest.writer);
      } else {
        CopyValue(*in.columns[c], row, again_row_[c], 0);
      }
      columns.push_back(&again_row_[c]);
    }
    Batch one{columns, {nullptr, 1}};
    RETURN_IF_ERROR(recheck_.Filter(one));
    if (one.empty()) return Status::Ok();
    RETURN_IF_ERROR(again_->Prepare(one));
    ASSIGN_OR_RETURN(const txn::WriteOutcome outcome, again_->Write(0, id, txn::WriteBase::kLocked));
    if (outcome != txn::WriteOutcome::kOk) return Status::Ok();
    ++count_;
    if (target_.returning == nullptr) return Status::Ok();
    Batch returned;
    RETURN_IF_ERROR(again_->Return(one.rows, again_row_[target_.row_id_index], returned));
    late_.Append(returned);
    return Status::Ok();
  }

  const Target target_;
  OperatorPtr child_;
  std::unique_ptr<ForeignKeys> foreign_keys_;
  Writer writer_;
  std::unique_ptr<Writer> again_;
  Predicate recheck_;
  std::vector<types::Vector> again_row_, newest_;
  std::vector<uint32_t> newest_columns_;
  RowBuffer late_;  // RETURNING of rows that were looked at again
  size_t late_at_ = 0;
  RowList done_;
  size_t done_count_ = 0;
  uint64_t count_ = 0;
  bool ended_ = false;
};

template <typename Node>
Result<OperatorPtr> Make(const Node& node, Target target, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  target.table = node.use.table.get();
  target.rules = &node.rules;
  target.row_id_index = node.row_id_index;
  target.target_columns = &node.target_columns;
  target.recheck = node.recheck;
  if (node.has_returning) target.returning = &node.returning;
  target.child_types = node.children[0]->types;
  target.types = node.types;
  auto modify = std::make_unique<ModifyOperator>(std::move(target), std::move(child), runtime);
  RETURN_IF_ERROR(modify->Make());
  return OperatorPtr(std::move(modify));
}

}  // namespace

Result<OperatorPtr> MakeUpdate(const planner::PhysicalUpdate& node, Runtime& runtime) {
  Target target;
  target.assignments = &node.assignments;
  target.view_checks = &node.view_checks;
  return Make(node, std::move(target), runtime);
}

Result<OperatorPtr> MakeDelete(const planner::PhysicalDelete& node, Runtime& runtime) {
  return Make(node, Target(), runtime);
}

}  // namespace phantom::engine::internal
