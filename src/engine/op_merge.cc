// MERGE: each row of the join does the first action that fits it.
#include <unordered_set>

#include "engine/foreign_keys.h"
#include "engine/operator_internal.h"
#include "engine/table_writer.h"

namespace phantom::engine::internal {

namespace {

using Action = planner::PhysicalMerge::Action;

class MergeOperator final : public Operator {
 public:
  MergeOperator(const planner::PhysicalMerge& node, OperatorPtr child, Runtime& runtime)
      : Operator(runtime), node_(node), table_(*node.use.table), child_(std::move(child)) {}

  Status Make() {
    ASSIGN_OR_RETURN(writer_, TableWriter::Make(table_, node_.rules, {}, runtime_));
    ASSIGN_OR_RETURN(recheck_, Predicate::Make(node_.recheck, runtime_));
    foreign_keys_ = ForeignKeys::Make(table_, runtime_);
    for (const planner::PhysicalMerge::When& when : node_.actions) {
      When& made = whens_.emplace_back();
      ASSIGN_OR_RETURN(made.condition, Predicate::Make(when.condition, runtime_));
      for (const planner::ColumnAssignment& assignment : when.assignments) {
        ASSIGN_OR_RETURN(EvaluatorPtr value, Compile(*assignment.value, runtime_));
        made.values.push_back(std::move(value));
      }
    }
    for (const catalog::Column& column : table_.columns) {
      nulls_.push_back(runtime_.MakeVector(column.type, 1));
      nulls_.back().SetConstantNull();
      newest_.push_back(runtime_.MakeVector(column.type, 1));
      newest_columns_.push_back(static_cast<uint32_t>(newest_columns_.size()));
    }
    position_of_.assign(table_.columns.size(), -1);
    for (size_t i = 0; i < node_.target_columns.size(); ++i) {
      if (node_.target_columns[i] >= 0) position_of_[node_.target_columns[i]] = static_cast<int>(i);
    }
    for (types::Type type : node_.children[0]->types) row_.push_back(runtime_.MakeVector(type, 1));
    for (const types::Vector& vector : row_) row_pointers_.push_back(&vector);
    return Status::Ok();
  }

  Status Open() override {
    count_ = 0;
    touched_.clear();
    return child_->Open();
  }

  Status Next(Batch& out) override {
    out = {};
    Batch in;
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(child_->Next(in));
      if (in.empty()) return Status::Ok();
      for (size_t i = 0; i < in.rows.count; ++i) {
        for (size_t c = 0; c < row_.size(); ++c) {
          row_[c].Reset();
          CopyValue(*in.columns[c], static_cast<uint32_t>(in.rows[i]), row_[c], 0);
        }
        RETURN_IF_ERROR(MergeRow());
      }
    }
  }

  uint64_t rows_affected() const override { return count_; }

 private:
  struct When {
    Predicate condition;
    std::vector<EvaluatorPtr> values;
  };

  Status MergeRow() {
    const types::Vector& ids = row_[node_.row_id_index];
    bool matched = !ids.IsNull(0);
    const RowId id(matched ? static_cast<uint64_t>(ids.Get<int64_t>(0)) : 0);
    txn::WriteBase base = txn::WriteBase::kSnapshot;
    while (true) {
      const Batch row{row_pointers_, {nullptr, 1}};
      txn::WriteOutcome outcome = txn::WriteOutcome::kOk;
      for (size_t w = 0; w < whens_.size(); ++w) {
        if (node_.actions[w].matched != matched) continue;
        Batch candidate = row;
        RETURN_IF_ERROR(whens_[w].condition.Filter(candidate));
        if (candidate.empty()) continue;
        if (node_.actions[w].action == Action::kNothing) return Status::Ok();
        ASSIGN_OR_RETURN(outcome, Do(w, row, id, base));
        break;
      }
      if (outcome == txn::WriteOutcome::kSelfModified) return SecondTime();
      if (outcome == txn::WriteOutcome::kUpdated) {
        ASSIGN_OR_RETURN(matched, TakeNewest(id));
        base = txn::WriteBase::kLocked;
      } else if (outcome == txn::WriteOutcome::kDeleted) {
        matched = false;
      } else {
        return Status::Ok();
      }
    }
  }

  static Status SecondTime() {
    return Error(sqlstate::kCardinalityViolation, "MERGE command cannot affect row a second time")
        .Hint("Ensure that not more than one source row matches any one target row.");
  }

  Result<txn::WriteOutcome> Do(size_t w, const Batch& row, RowId id, txn::WriteBase base) {
    const planner::PhysicalMerge::When& when = node_.actions[w];
    std::vector<const types::Vector*> old;
    for (size_t c = 0; c < nulls_.size(); ++c) {
      const bool present = when.action != Action::kInsert && position_of_[c] >= 0;
      old.push_back(present ? &row_[position_of_[c]] : &nulls_[c]);
    }
    std::vector<const types::Vector*> fresh = old;
    for (size_t a = 0; a < when.assignments.size(); ++a) {
      RETURN_IF_ERROR(whens_[w].values[a]->Evaluate(row, fresh[when.assignments[a].column]));
    }
    if (when.action == Action::kInsert) {
      RETURN_IF_ERROR(writer_->PrepareNew(fresh, row.rows));
      RETURN_IF_ERROR(writer_->Check(0));
      ASSIGN_OR_RETURN(const RowId inserted, writer_->Insert(0));
      touched_.insert(inserted.value);
      if (foreign_keys_ != nullptr) RETURN_IF_ERROR(foreign_keys_->Inserted(inserted, fresh, 0));
      ++count_;
      return txn::WriteOutcome::kOk;
    }
    if (touched_.contains(id.value)) return SecondTime();
    txn::WriteOutcome outcome;
    RETURN_IF_ERROR(writer_->PrepareOld(old, row.rows));
    if (when.action == Action::kDelete) {
      ASSIGN_OR_RETURN(outcome, writer_->Delete(0, id, base));
      if (outcome == txn::WriteOutcome::kOk && foreign_keys_ != nullptr) {
        RETURN_IF_ERROR(foreign_keys_->Deleted(old, 0));
      }
    } else {
      RETURN_IF_ERROR(writer_->PrepareNew(fresh, row.rows));
      RETURN_IF_ERROR(writer_->Check(0));
      ASSIGN_OR_RETURN(outcome, writer_->Update(0, id, base));
      if (outcome == txn::WriteOutcome::kOk && foreign_keys_ != nullptr) {
        RETURN_IF_ERROR(foreign_keys_->Updated(id, old, fresh, 0));
      }
    }
    if (outcome == txn::WriteOutcome::kOk) {
      touched_.insert(id.value);
      ++count_;
    }
    return outcome;
  }

  // Puts the newest version of the target row in place of what was read. False: it has gone, or no longer joins.
  Result<bool> TakeNewest(RowId id) {
    txn::RowTable& rows = writer_->rows();
    ASSIGN_OR_RETURN(const txn::LockedRow locked, rows.Lock(*runtime_.context.transaction, *runtime_.context.snapshot,
                                                            id, txn::RowLockMode::kNoKeyUpdate));
    if (locked.outcome == txn::WriteOutcome::kSelfModified) return SecondTime();
    if (locked.outcome != txn::WriteOutcome::kOk && locked.outcome != txn::WriteOutcome::kUpdated) return false;
    for (types::Vector& vector : newest_) vector.Reset();
    RETURN_IF_ERROR(rows.Decode(locked.newest, newest_columns_, newest_, 0));
    for (size_t c = 0; c < newest_.size(); ++c) {
      if (position_of_[c] < 0) continue;
      row_[position_of_[c]].Reset();
      CopyValue(newest_[c], 0, row_[position_of_[c]], 0);
    }
    Batch joined{row_pointers_, {nullptr, 1}};
    RETURN_IF_ERROR(recheck_.Filter(joined));
    return !joined.empty();
  }

  const planner::PhysicalMerge& node_;
  const catalog::Table& table_;
  OperatorPtr child_;
  std::unique_ptr<TableWriter> writer_;
  std::unique_ptr<ForeignKeys> foreign_keys_;
  std::vector<When> whens_;
  Predicate recheck_;  // whether a target row still joins
  std::vector<types::Vector> nulls_, newest_, row_;
  std::vector<uint32_t> newest_columns_;
  std::vector<const types::Vector*> row_pointers_;
  std::vector<int> position_of_;  // by table column: position in the child's row
  std::unordered_set<uint64_t> touched_;
  uint64_t count_ = 0;
};

}  // namespace

Result<OperatorPtr> MakeMerge(const planner::PhysicalMerge& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  auto merge = std::make_unique<MergeOperator>(node, std::move(child), runtime);
  RETURN_IF_ERROR(merge->Make());
  return OperatorPtr(std::move(merge));
}

}  // namespace phantom::engine::internal
