// planner/logical_plan.h
//
// Relational algebra between binding and physical planning. Operators name columns by ColumnId: an operator that makes new
// columns (Project, Aggregate, Window, SetOp, ...) has a RelId of its own, scans use their range entry's. A column of an
// outer query is simply one that no operator below produces; an Apply (Join with lateral) or an expression's
// subquery supplies it.
//
// Rules (rules/*.h) rewrite the tree in place; nodes live in the statement's NodeArena.
#pragma once
#include <compare>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "planner/expr.h"
#include "planner/physical_plan.h"
#include "planner/query.h"

namespace phantom::planner {

struct ColumnId {
  RelId rel = 0;
  int column = 0;
  auto operator<=>(const ColumnId&) const = default;
};

enum class LogicalKind : uint8_t {
  kScan,
  kValues,
  kFunctionScan,
  kCteScan,
  kWorkTableScan,
  kFilter,
  kProject,
  kProjectSet,
  kJoin,
  kAggregate,
  kWindow,
  kSort,
  kLimit,
  kDistinctOn,
  kSetOp,
  kRecursiveUnion,
  kWith,
  kLockRows,
  kModify,
};

struct LogicalNode {
  LogicalKind kind;
  std::vector<LogicalNode*> children;

 protected:
  explicit LogicalNode(LogicalKind k) : kind(k) {}
};

template <LogicalKind K>
struct LogicalOf : LogicalNode {
  static constexpr LogicalKind kKind = K;
  LogicalOf() : LogicalNode(K) {}
};

template <typename T>
T* As(LogicalNode* node) {
  PHANTOM_DCHECK(node->kind == T::kKind);
  return static_cast<T*>(node);
}
template <typename T>
const T* As(const LogicalNode* node) {
  PHANTOM_DCHECK(node->kind == T::kKind);
  return static_cast<const T*>(node);
}
template <typename T>
T* DynAs(LogicalNode* node) {
  return node != nullptr && node->kind == T::kKind ? static_cast<T*>(node) : nullptr;
}

// A base table with the conditions pushed to it. Produces the entry's columns, system columns included.
struct LogicalScan : LogicalOf<LogicalKind::kScan> {
  RangeEntry* entry = nullptr;
  std::vector<Expr*> filters;
};

// Constant rows; produces (rel, 0..n-1). No rel and one empty row: "Result".
struct LogicalValues : LogicalOf<LogicalKind::kValues> {
  RelId rel = 0;
  std::string alias;
  std::vector<types::Type> types;
  std::vector<std::vector<Expr*>> rows;
};

struct LogicalFunctionScan : LogicalOf<LogicalKind::kFunctionScan> {
  RangeEntry* entry = nullptr;
  std::vector<Expr*> filters;
};

struct LogicalCteScan : LogicalOf<LogicalKind::kCteScan> {
  RangeEntry* entry = nullptr;
  CommonTable* cte = nullptr;
  std::vector<Expr*> filters;
};

struct LogicalWorkTableScan : LogicalOf<LogicalKind::kWorkTableScan> {
  RangeEntry* entry = nullptr;
  CommonTable* cte = nullptr;
  std::vector<Expr*> filters;
};

struct LogicalFilter : LogicalOf<LogicalKind::kFilter> {
  std::vector<Expr*> conditions;  // conjuncts
};

// Produces (rel, i) = exprs[i] and nothing of the child's columns.
struct LogicalProject : LogicalOf<LogicalKind::kProject> {
  RelId rel = 0;
  std::vector<Expr*> exprs;
  std::vector<std::string> names;
  bool subquery_boundary = false;  // a FROM subquery's target list: shown as Subquery Scan's alias
};

struct LogicalProjectSet : LogicalOf<LogicalKind::kProjectSet> {
  RelId rel = 0;
  std::vector<Expr*> exprs;
};

// Children: left, right. kSemi and kAnti produce the left's columns; kMark those and (mark_rel, 0).
// lateral: the right refers to the left's columns (a dependent join).
struct LogicalJoin : LogicalOf<LogicalKind::kJoin> {
  JoinType type = JoinType::kInner;
  std::vector<Expr*> conditions;  // conjuncts
  bool lateral = false;
  bool null_aware = false;        // kAnti: NOT IN; the one condition is left = right
  bool at_most_one = false;       // right gives at most one row for each left row (scalar subquery): 21000 otherwise
  RelId mark_rel = 0;
};

// Produces (rel, i) for groups then aggregates then GROUPING calls.
struct LogicalAggregate : LogicalOf<LogicalKind::kAggregate> {
  RelId rel = 0;
  std::vector<Expr*> groups;
  std::vector<AggregateCall*> aggregates;
  std::vector<std::vector<int>> sets;
  std::vector<std::vector<int>> grouping_calls;
};

// Produces the child's columns and (rel, i) for the calls.
struct LogicalWindow : LogicalOf<LogicalKind::kWindow> {
  RelId rel = 0;
  std::vector<Expr*> partition;
  std::vector<SortKey> order;
  WindowFrame frame;
  std::vector<WindowCall*> calls;
};

struct LogicalSort : LogicalOf<LogicalKind::kSort> {
  std::vector<SortKey> keys;
};

struct LogicalLimit : LogicalOf<LogicalKind::kLimit> {
  Expr* limit = nullptr;
  Expr* offset = nullptr;
  bool with_ties = false;
  std::vector<SortKey> ties_keys;
};

// First row of each group of equal keys, in the child's order.
struct LogicalDistinctOn : LogicalOf<LogicalKind::kDistinctOn> {
  std::vector<SortKey> keys;
};

// UNION/INTERSECT/EXCEPT. inputs[k][i]: which column of child k is the node's (rel, i).
struct LogicalSetOp : LogicalOf<LogicalKind::kSetOp> {
  RelId rel = 0;
  SetOpKind op = SetOpKind::kUnion;
  bool all = false;
  std::vector<types::Type> types;
  std::vector<std::vector<ColumnId>> inputs;
};

struct LogicalRecursiveUnion : LogicalOf<LogicalKind::kRecursiveUnion> {
  RelId rel = 0;
  int table = 0;
  bool distinct = false;
  std::vector<types::Type> types;
  std::vector<std::vector<ColumnId>> inputs;
};

// Children: definition, body. `outputs`: the definition's columns in order.
struct LogicalWith : LogicalOf<LogicalKind::kWith> {
  CommonTable* cte = nullptr;
  std::vector<ColumnId> outputs;
};

struct LogicalLockRows : LogicalOf<LogicalKind::kLockRows> {
  // An outer join that is made again: when not all of `on` hold, there are no rows of the relations `nullable`.
  struct OuterJoin {
    std::vector<Expr*> on;
    std::set<RelId> nullable;
  };
  std::vector<RowMark> marks;
  std::vector<Expr*> rechecks;           // conditions to test again on rows that changed meanwhile
  std::vector<OuterJoin> outer_joins;    // before that, in this order
};

// INSERT, UPDATE, DELETE, MERGE of query->target. Child: the source (INSERT) or the rows joined. Produces (rel, i) = RETURNING.
struct LogicalModify : LogicalOf<LogicalKind::kModify> {
  RelId rel = 0;
  Query* query = nullptr;
  std::vector<ColumnId> inputs;   // INSERT: child columns for query->insert_columns
  std::vector<Expr*> rechecks;    // UPDATE, DELETE: all conditions on the rows; MERGE: those of its join; for READ COMMITTED
};

}  // namespace phantom::planner
