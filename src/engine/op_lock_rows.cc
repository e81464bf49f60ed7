// SELECT ... FOR UPDATE and its weaker kin.
#include <algorithm>

#include "catalog/catalog.h"
#include "catalog/system_table_scan.h"
#include "catalog/table.h"
#include "engine/evaluator.h"
#include "engine/operator_internal.h"
#include "engine/table_reader.h"
#include "txn/row_table.h"

namespace phantom::engine::internal {

namespace {

class LockRowsOperator final : public Operator {
 public:
  struct Lock {
    const planner::RowLock* rule;
    std::unique_ptr<txn::RowTable> rows;  // null: of a system table without stored rows, of which none is locked
    std::vector<types::Vector> newest;    // of the columns wanted
    std::vector<uint32_t> table_columns;
    std::vector<size_t> positions;        // where they are in the row
  };

  struct OuterJoin {
    Predicate on;
    const std::vector<int>* nullable;
  };

  LockRowsOperator(const planner::PhysicalLockRows& node, OperatorPtr child, std::vector<Lock> locks,
                   std::vector<OuterJoin> outer_joins, Predicate recheck, Runtime& runtime)
      : Operator(runtime),
        child_(std::move(child)),
        locks_(std::move(locks)),
        outer_joins_(std::move(outer_joins)),
        recheck_(std::move(recheck)),
        out_(runtime, node.types) {}

  Status Open() override {
    in_ = {};
    at_ = 0;
    return child_->Open();
  }

  // Rows that nobody asks for are not locked, nor looked for.
  void SetBatchMax(uint64_t rows) override {
    max_ = std::max<uint64_t>(rows, 1);
    child_->SetBatchMax(max_);
  }

  Status Next(Batch& out) override {
    out = {};
    out_.Reset();
    uint32_t count = 0;
    while (count == 0) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      if (at_ == in_.rows.count) {
        at_ = 0;
        RETURN_IF_ERROR(child_->Next(in_));
        if (in_.empty()) return Status::Ok();
      }
      while (at_ < in_.rows.count && count < max_) {
        const uint32_t row = static_cast<uint32_t>(in_.rows[at_++]);
        for (size_t c = 0; c < out_.size(); ++c) CopyValue(*in_.columns[c], row, out_[c], count);
        ASSIGN_OR_RETURN(const bool kept, LockRow(count));
        if (kept) ++count;
      }
    }
    out = out_.batch(count);
    return Status::Ok();
  }

  Status Finish() override { return child_->Finish(); }

 private:
  // Locks what the row at `at` is made of; false: it is not part of the result.
  Result<bool> LockRow(uint32_t at) {
    bool changed = false;
    for (Lock& lock : locks_) {
      const types::Vector& ids = out_[lock.rule->row_id_index];
      if (lock.rows == nullptr || ids.IsNull(at)) continue;
      const RowId id(static_cast<uint64_t>(ids.Get<int64_t>(at)));
      constexpr txn::WaitPolicy kPolicies[] = {txn::WaitPolicy::kWait, txn::WaitPolicy::kSkip, txn::WaitPolicy::kNoWait};
      ASSIGN_OR_RETURN(const txn::LockedRow locked,
                       lock.rows->Lock(*runtime_.context.transaction, *runtime_.context.snapshot, id,
                                       static_cast<txn::RowLockMode>(lock.rule->strength),
                                       kPolicies[static_cast<int>(lock.rule->wait)], lock.rule->use.table->name));
      if (locked.outcome == txn::WriteOutcome::kOk) continue;
      if (locked.outcome != txn::WriteOutcome::kUpdated) return false;
      for (types::Vector& vector : lock.newest) vector.Reset();
      RETURN_IF_ERROR(lock.rows->Decode(locked.newest, lock.table_columns, lock.newest, 0));
      const catalog::Table& table = *lock.rule->use.table;
      if (table.is_system()) {
        RETURN_IF_ERROR(catalog::ShowAcls(*runtime_.context.catalog, table, lock.table_columns, lock.newest, 1));
      }
      for (size_t c = 0; c < lock.newest.size(); ++c) CopyValue(lock.newest[c], 0, out_[lock.positions[c]], at);
      changed = true;
    }
    if (!changed) return true;
    const types::SelIndex row = at;
    const Batch one{out_.pointers(), {&row, 1}};
    for (OuterJoin& join : outer_joins_) {
      Batch joined = one;
      RETURN_IF_ERROR(join.on.Filter(joined));
      if (!joined.empty()) continue;
      for (const int column : *join.nullable) out_[static_cast<size_t>(column)].SetNull(at);
    }
    Batch kept = one;
    RETURN_IF_ERROR(recheck_.Filter(kept));
    return !kept.empty();
  }

  OperatorPtr child_;
  std::vector<Lock> locks_;
  std::vector<OuterJoin> outer_joins_;
  Predicate recheck_;
  OutputColumns out_;
  Batch in_;
  size_t at_ = 0;  // of the input's rows, the next one
  uint64_t max_ = UINT64_MAX;
};

static_assert(static_cast<int>(planner::LockStrength::kUpdate) == static_cast<int>(txn::RowLockMode::kUpdate));

}  // namespace

Result<OperatorPtr> MakeLockRows(const planner::PhysicalLockRows& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  std::vector<LockRowsOperator::Lock> locks;
  for (const planner::RowLock& rule : node.locks) {
    LockRowsOperator::Lock& lock = locks.emplace_back();
    lock.rule = &rule;
    ASSIGN_OR_RETURN(lock.rows, OpenStored(*rule.use.table, runtime));
    for (size_t i = 0; i < rule.columns.size(); ++i) {
      if (rule.columns[i] < 0) continue;
      lock.positions.push_back(i);
      lock.table_columns.push_back(static_cast<uint32_t>(rule.columns[i]));
      lock.newest.push_back(runtime.MakeVector(node.types[i], 1));
    }
  }
  std::vector<LockRowsOperator::OuterJoin> outer_joins;
  for (const planner::OuterJoinRecheck& join : node.outer_joins) {
    ASSIGN_OR_RETURN(Predicate on, Predicate::Make(join.on, runtime));
    outer_joins.push_back({std::move(on), &join.nullable});
  }
  ASSIGN_OR_RETURN(Predicate recheck, Predicate::Make(node.recheck, runtime));
  return OperatorPtr(std::make_unique<LockRowsOperator>(node, std::move(child), std::move(locks), std::move(outer_joins),
                                                        std::move(recheck), runtime));
}

}  // namespace phantom::engine::internal
