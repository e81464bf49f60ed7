#include <chrono>

#include "engine/operator_internal.h"

namespace phantom::engine {

using planner::As;
using planner::PhysicalKind;

namespace {

// Counts rows, loops and time of the operator it wraps: EXPLAIN ANALYZE.
class MeasuredOperator final : public Operator {
 public:
  MeasuredOperator(OperatorPtr inner, int id, Runtime& runtime) : Operator(runtime), inner_(std::move(inner)), id_(id) {}

  Status Open() override {
    const auto start = Clock::now();
    OperatorMetrics& metrics = runtime_.metrics[id_];
    ++metrics.loops;
    first_ = true;
    loop_ms_ = 0;
    Status status = inner_->Open();
    Add(start);
    return status;
  }

  Status Next(Batch& out) override {
    const auto start = Clock::now();
    Status status = inner_->Next(out);
    Add(start);
    OperatorMetrics& metrics = runtime_.metrics[id_];
    if (first_) metrics.first_row_ms += loop_ms_;
    first_ = false;
    if (status.ok()) metrics.rows += out.rows.count;
    return status;
  }

  void SetBatchMax(uint64_t rows) override { inner_->SetBatchMax(rows); }
  Status Finish() override { return inner_->Finish(); }
  uint64_t rows_affected() const override { return inner_->rows_affected(); }

 private:
  using Clock = std::chrono::steady_clock;
  void Add(Clock::time_point start) {
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    runtime_.metrics[id_].total_ms += ms;
    loop_ms_ += ms;
  }

  OperatorPtr inner_;
  const int id_;
  bool first_ = true;
  double loop_ms_ = 0;
};

Result<OperatorPtr> BuildBare(const planner::PhysicalNode& node, Runtime& runtime) {
  using namespace internal;
  switch (node.kind) {
    case PhysicalKind::kValues:
      return MakeValues(*As<planner::PhysicalValues>(&node), runtime);
    case PhysicalKind::kSeqScan:
      return MakeSeqScan(*As<planner::PhysicalSeqScan>(&node), runtime);
    case PhysicalKind::kIndexScan:
      return MakeIndexScan(*As<planner::PhysicalIndexScan>(&node), runtime);
    case PhysicalKind::kFunctionScan:
      return MakeFunctionScan(*As<planner::PhysicalFunctionScan>(&node), runtime);
    case PhysicalKind::kCteScan:
      return MakeCteScan(*As<planner::PhysicalCteScan>(&node), runtime);
    case PhysicalKind::kWorkTableScan:
      return MakeWorkTableScan(*As<planner::PhysicalWorkTableScan>(&node), runtime);
    case PhysicalKind::kFilter:
      return MakeFilter(*As<planner::PhysicalFilter>(&node), runtime);
    case PhysicalKind::kProject:
      return MakeProject(*As<planner::PhysicalProject>(&node), runtime);
    case PhysicalKind::kProjectSet:
      return MakeProjectSet(*As<planner::PhysicalProjectSet>(&node), runtime);
    case PhysicalKind::kHashJoin:
      return MakeHashJoin(*As<planner::PhysicalHashJoin>(&node), runtime);
    case PhysicalKind::kNestedLoop:
      return MakeNestedLoop(*As<planner::PhysicalNestedLoop>(&node), runtime);
    case PhysicalKind::kIndexLookupJoin:
      return MakeIndexLookupJoin(*As<planner::PhysicalIndexLookupJoin>(&node), runtime);
    case PhysicalKind::kAggregate:
      return MakeAggregate(*As<planner::PhysicalAggregate>(&node), runtime);
    case PhysicalKind::kWindow:
      return MakeWindow(*As<planner::PhysicalWindow>(&node), runtime);
    case PhysicalKind::kSort:
      return MakeSort(*As<planner::PhysicalSort>(&node), runtime);
    case PhysicalKind::kTopN:
      return MakeTopN(*As<planner::PhysicalTopN>(&node), runtime);
    case PhysicalKind::kLimit:
      return MakeLimit(*As<planner::PhysicalLimit>(&node), runtime);
    case PhysicalKind::kUnique:
      return MakeUnique(*As<planner::PhysicalUnique>(&node), runtime);
    case PhysicalKind::kSetOp:
      return MakeSetOp(*As<planner::PhysicalSetOp>(&node), runtime);
    case PhysicalKind::kAppend:
      return MakeAppend(*As<planner::PhysicalAppend>(&node), runtime);
    case PhysicalKind::kRecursiveUnion:
      return MakeRecursiveUnion(*As<planner::PhysicalRecursiveUnion>(&node), runtime);
    case PhysicalKind::kWith:
      return MakeWith(*As<planner::PhysicalWith>(&node), runtime);
    case PhysicalKind::kMaterialize:
      return MakeMaterialize(*As<planner::PhysicalMaterialize>(&node), runtime);
    case PhysicalKind::kMemoize:
      return MakeMemoize(*As<planner::PhysicalMemoize>(&node), runtime);
    case PhysicalKind::kLockRows:
      return MakeLockRows(*As<planner::PhysicalLockRows>(&node), runtime);
    case PhysicalKind::kInsert:
      return MakeInsert(*As<planner::PhysicalInsert>(&node), runtime);
    case PhysicalKind::kUpdate:
      return MakeUpdate(*As<planner::PhysicalUpdate>(&node), runtime);
    case PhysicalKind::kDelete:
      return MakeDelete(*As<planner::PhysicalDelete>(&node), runtime);
    case PhysicalKind::kMerge:
      return MakeMerge(*As<planner::PhysicalMerge>(&node), runtime);
    case PhysicalKind::kPointSelect:
      return MakePointSelect(*As<planner::PhysicalPointSelect>(&node), runtime);
  }
  return Errorf(sqlstate::kInternalError, "unrecognized plan node kind %d", static_cast<int>(node.kind));
}

}  // namespace

Result<OperatorPtr> BuildOperator(const planner::PhysicalNode& node, Runtime& runtime) {
  Result<OperatorPtr> built = BuildBare(node, runtime);
  if (!built.ok() || !runtime.context.instrument) return built;
  if (static_cast<size_t>(node.id) >= runtime.metrics.size()) runtime.metrics.resize(node.id + 1);
  return OperatorPtr(std::make_unique<MeasuredOperator>(std::move(*built), node.id, runtime));
}

}  // namespace phantom::engine
