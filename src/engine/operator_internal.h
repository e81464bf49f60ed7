// engine/operator_internal.h
//
// The makers of operators, by plan node; build.cc dispatches to them.
#pragma once
#include "engine/operator.h"

namespace phantom::engine::internal {

// LIMIT and OFFSET: count is UINT64_MAX for all rows. 2201W, 2201X for negative values.
Status EvaluateLimits(const planner::Expr* limit, const planner::Expr* offset, Runtime& runtime, uint64_t& count,
                      uint64_t& skip);

Result<OperatorPtr> MakeValues(const planner::PhysicalValues& node, Runtime& runtime);
Result<OperatorPtr> MakeFilter(const planner::PhysicalFilter& node, Runtime& runtime);
Result<OperatorPtr> MakeProject(const planner::PhysicalProject& node, Runtime& runtime);
Result<OperatorPtr> MakeProjectSet(const planner::PhysicalProjectSet& node, Runtime& runtime);
Result<OperatorPtr> MakeFunctionScan(const planner::PhysicalFunctionScan& node, Runtime& runtime);
Result<OperatorPtr> MakeLimit(const planner::PhysicalLimit& node, Runtime& runtime);
Result<OperatorPtr> MakeUnique(const planner::PhysicalUnique& node, Runtime& runtime);
Result<OperatorPtr> MakeAppend(const planner::PhysicalAppend& node, Runtime& runtime);
Result<OperatorPtr> MakeMaterialize(const planner::PhysicalMaterialize& node, Runtime& runtime);
Result<OperatorPtr> MakeMemoize(const planner::PhysicalMemoize& node, Runtime& runtime);
Result<OperatorPtr> MakeWith(const planner::PhysicalWith& node, Runtime& runtime);
Result<OperatorPtr> MakeCteScan(const planner::PhysicalCteScan& node, Runtime& runtime);
Result<OperatorPtr> MakeRecursiveUnion(const planner::PhysicalRecursiveUnion& node, Runtime& runtime);
Result<OperatorPtr> MakeWorkTableScan(const planner::PhysicalWorkTableScan& node, Runtime& runtime);
Result<OperatorPtr> MakeSetOp(const planner::PhysicalSetOp& node, Runtime& runtime);
Result<OperatorPtr> MakeHashJoin(const planner::PhysicalHashJoin& node, Runtime& runtime);
Result<OperatorPtr> MakeNestedLoop(const planner::PhysicalNestedLoop& node, Runtime& runtime);
Result<OperatorPtr> MakeIndexLookupJoin(const planner::PhysicalIndexLookupJoin& node, Runtime& runtime);
Result<OperatorPtr> MakeAggregate(const planner::PhysicalAggregate& node, Runtime& runtime);
Result<OperatorPtr> MakeGroupAggregate(const planner::PhysicalAggregate& node, Runtime& runtime);
Result<OperatorPtr> MakeWindow(const planner::PhysicalWindow& node, Runtime& runtime);
Result<OperatorPtr> MakeSort(const planner::PhysicalSort& node, Runtime& runtime);
Result<OperatorPtr> MakeTopN(const planner::PhysicalTopN& node, Runtime& runtime);
Result<OperatorPtr> MakeSeqScan(const planner::PhysicalSeqScan& node, Runtime& runtime);
Result<OperatorPtr> MakeIndexScan(const planner::PhysicalIndexScan& node, Runtime& runtime);
Result<OperatorPtr> MakePointSelect(const planner::PhysicalPointSelect& node, Runtime& runtime);
Result<OperatorPtr> MakeLockRows(const planner::PhysicalLockRows& node, Runtime& runtime);
Result<OperatorPtr> MakeInsert(const planner::PhysicalInsert& node, Runtime& runtime);
Result<OperatorPtr> MakeUpdate(const planner::PhysicalUpdate& node, Runtime& runtime);
Result<OperatorPtr> MakeDelete(const planner::PhysicalDelete& node, Runtime& runtime);
Result<OperatorPtr> MakeMerge(const planner::PhysicalMerge& node, Runtime& runtime);

}  // namespace phantom::engine::internal
