// planner/physical_plan.h
//
// What the engine executes: a tree of operators whose expressions name columns by position (InputRef).
// Every node states its output's types; children come first. "Row of a join" is left's columns then right's.
//
// Re-running: NestedLoop with params, SubPlan expressions and nothing else re-run a subtree. A subtree to re-run reads the
// outer values through ExecParam slots of the running statement; an operator in it must reset its state on re-run.
//
// Thread safety: a plan is immutable and may be executed by several sessions at once; all state is the engine's.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "planner/expr.h"

namespace phantom::catalog {
struct Table;
struct Index;
}  // namespace phantom::catalog

namespace phantom::planner {

enum class PhysicalKind : uint8_t {
  kValues,
  kSeqScan,
  kIndexScan,
  kFunctionScan,
  kCteScan,
  kWorkTableScan,
  kFilter,
  kProject,
  kProjectSet,
  kHashJoin,
  kNestedLoop,
  kIndexLookupJoin,
  kAggregate,
  kWindow,
  kSort,
  kTopN,
  kLimit,
  kUnique,
  kSetOp,
  kAppend,
  kRecursiveUnion,
  kWith,
  kMaterialize,
  kMemoize,
  kLockRows,
  kInsert,
  kUpdate,
  kDelete,
  kMerge,
  kPointSelect,
};

struct PlanCost {
  double startup = 0;
  double total = 0;
  double rows = 1;
  int width = 0;
};

struct PhysicalNode {
  PhysicalKind kind;
  int id = 0;                        // unique in the plan; the engine's key for state and EXPLAIN ANALYZE counters
  std::vector<types::Type> types;    // output columns
  std::vector<PhysicalNode*> children;
  PlanCost cost;
  std::vector<std::string> column_names;  // for EXPLAIN: what each output column is called, may be qualified

 protected:
  explicit PhysicalNode(PhysicalKind k) : kind(k) {}
};

template <PhysicalKind K>
struct PhysicalOf : PhysicalNode {
  static constexpr PhysicalKind kKind = K;
  PhysicalOf() : PhysicalNode(K) {}
};

template <typename T>
const T* As(const PhysicalNode* node) {
  PHANTOM_DCHECK(node->kind == T::kKind);
  return static_cast<const T*>(node);
}
template <typename T>
T* As(PhysicalNode* node) {
  PHANTOM_DCHECK(node->kind == T::kKind);
  return static_cast<T*>(node);
}

// A relation as the plan names it.
struct TableUse {
  std::shared_ptr<const catalog::Table> table;
  std::string alias;  // as EXPLAIN shows it
};

// Constant rows: no input, expressions without InputRefs. One row without columns is "Result".
struct PhysicalValues : PhysicalOf<PhysicalKind::kValues> {
  std::vector<std::vector<Expr*>> rows;
};

// All rows of a table (or system table, which the engine produces through the catalog). Output column i is table column
// columns[i] (attnum - 1) or a system column (negative, expr.h). `filter` is over the output columns.
// With `ctid` (free of InputRefs; a tid or an array of them) only the rows of these places.
struct PhysicalSeqScan : PhysicalOf<PhysicalKind::kSeqScan> {
  TableUse use;
  std::vector<int> columns;
  Expr* filter = nullptr;
  Expr* ctid = nullptr;
};

// One condition on an index key column; values are free of InputRefs and have the key column's type (kIn: an array of it).
// A null value matches nothing.
struct IndexCondition {
  enum class Op : uint8_t { kEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kIsNull, kIsNotNull };
  int key_column = 0;  // 0-based position among the index's key columns
  Op op = Op::kEqual;
  Expr* value = nullptr;
};

// What an index scan asks of an index: kEqual (or kIsNull, or at most one kIn) on a prefix of the key columns, then at most
// one lower and one upper bound (or kIsNotNull) on the next. With kIn the values are visited in index order, each once.
struct IndexAccess {
  std::shared_ptr<const catalog::Index> index;
  std::vector<IndexCondition> conditions;
  bool backward = false;
  bool unique = false;  // at most one row matches
};

// Rows through an index, in index order (reversed when backward). Columns and filter as in SeqScan. index_only: all output
// columns are key columns of the index, so the row needs fetching only for visibility.
struct PhysicalIndexScan : PhysicalOf<PhysicalKind::kIndexScan> {
  TableUse use;
  IndexAccess access;
  std::vector<int> columns;
  Expr* filter = nullptr;
  bool index_only = false;
};

// FROM f(...), ROWS FROM (f(...), g(...)) [WITH ORDINALITY]. Output: each function's columns in turn (shorter ones padded with
// nulls), then the ordinality as int8. Expressions have no InputRefs. A function that returns no set gives one row.
struct TableFunction {
  Expr* call = nullptr;              // usually FunctionCall
  std::vector<types::Type> columns;  // expanded: a composite result's fields, or the one value
  std::vector<std::string> names;
  bool composite = false;            // the result is a row to expand into `columns`
};
struct PhysicalFunctionScan : PhysicalOf<PhysicalKind::kFunctionScan> {
  std::vector<TableFunction> functions;
  bool ordinality = false;
  std::string alias;
  Expr* filter = nullptr;  // over the output columns
};

// Reads the result of the With node that defines `cte` (an enclosing node). Output = the definition's columns.
struct PhysicalCteScan : PhysicalOf<PhysicalKind::kCteScan> {
  int cte = 0;
  std::string name;
  std::string alias;
  Expr* filter = nullptr;
};

// Reads the rows the enclosing RecursiveUnion `table` found in its last round.
struct PhysicalWorkTableScan : PhysicalOf<PhysicalKind::kWorkTableScan> {
  int table = 0;
  std::string name;
  std::string alias;
  Expr* filter = nullptr;
};

// Rows for which the condition is true.
struct PhysicalFilter : PhysicalOf<PhysicalKind::kFilter> {
  Expr* condition = nullptr;
  bool one_time = false;  // condition has no InputRefs: evaluate once, and do not run the child when not true
};

struct PhysicalProject : PhysicalOf<PhysicalKind::kProject> {
  std::vector<Expr*> exprs;
};

// Like Project, where some expressions are FunctionCalls that return sets (their arguments do not): per input row as many
// rows as the longest set has, shorter ones padded with nulls, others repeated; none if all sets are empty.
struct PhysicalProjectSet : PhysicalOf<PhysicalKind::kProjectSet> {
  std::vector<Expr*> exprs;
};

enum class JoinType : uint8_t {
  kInner,
  kLeft,
  kRight,
  kFull,
  kSemi,   // left rows with a match; output: left's columns
  kAnti,   // left rows without a match; output: left's columns
  kMark,   // left's columns, then bool: true if matched; false if not; null if not but some comparison was null
};

// Children: left (probe), right (build). Matches when all keys are equal (strict =, nulls never match) and `residual` is true.
// left_keys are over the left child's row, right_keys over the right's, residual over the joined row.
// null_aware (kAnti with one key and no residual): NOT IN: no row if the right has a null key; left rows with a null key
// only if the right is empty.
struct PhysicalHashJoin : PhysicalOf<PhysicalKind::kHashJoin> {
  JoinType join = JoinType::kInner;
  std::vector<Expr*> left_keys;
  std::vector<Expr*> right_keys;
  std::vector<const catalog::FunctionRow*> equal;  // per key: the = function (left type, right type)
  Expr* residual = nullptr;
  bool null_aware = false;
};

// Children: left (outer), right (inner). Without params the right side is computed once and kept. With params (LATERAL,
// correlated) slot params[i].slot is set from the left row's expression before the right side is run anew for each left row
// (kInner, kLeft, kSemi, kAnti, kMark only). condition (may be null: true) is over the joined row.
struct ParamBinding {
  int slot = 0;
  Expr* value = nullptr;  // over the left row
};
struct PhysicalNestedLoop : PhysicalOf<PhysicalKind::kNestedLoop> {
  JoinType join = JoinType::kInner;
  Expr* condition = nullptr;
  std::vector<ParamBinding> params;
};

// Child: left. For each left row, the rows of a table through an index whose condition values are over the *left row*
// (InputRefs) here. `filter` is over the fetched columns alone, `residual` over left's columns ++ fetched columns.
// kInner, kLeft, kSemi, kAnti.
struct PhysicalIndexLookupJoin : PhysicalOf<PhysicalKind::kIndexLookupJoin> {
  JoinType join = JoinType::kInner;
  TableUse use;
  IndexAccess access;
  std::vector<int> columns;
  Expr* filter = nullptr;
  Expr* residual = nullptr;
};

enum class AggregateStrategy : uint8_t { kPlain, kHash, kSorted };  // kSorted: input is ordered by the groups

// Output: the group values, then one column per aggregate. Plain (no groups): exactly one row. With grouping sets: groups not in
// the row's set are null, and each groups_of bitmap (see grouping_calls) is an int4 column after the aggregates.
// Aggregate arguments, filters and order keys are over the child's row.
struct PhysicalAggregate : PhysicalOf<PhysicalKind::kAggregate> {
  AggregateStrategy strategy = AggregateStrategy::kHash;
  std::vector<Expr*> groups;
  std::vector<AggregateCall*> aggregates;
  std::vector<std::vector<int>> sets;            // empty: one set of all groups; an empty set gives one row even for no input
  std::vector<std::vector<int>> grouping_calls;  // GROUPING(...): group indexes, first is the highest bit; 1 = not grouped
};

// Input is ordered by partition then order keys. Output: child's columns, then one column per call.
struct PhysicalWindow : PhysicalOf<PhysicalKind::kWindow> {
  std::vector<Expr*> partition;
  std::vector<SortKey> order;  // after the partition columns
  WindowFrame frame;
  std::vector<WindowCall*> calls;
};

struct PhysicalSort : PhysicalOf<PhysicalKind::kSort> {
  std::vector<SortKey> keys;  // over the child's row
};

// The rows from offset to offset + limit of the sorted input. Null-valued limit: all rows; null-valued offset: 0.
// Negative values are errors 2201W / 2201X. Both are int8, without InputRefs; either may be a null pointer.
struct PhysicalTopN : PhysicalOf<PhysicalKind::kTopN> {
  std::vector<SortKey> keys;
  Expr* limit = nullptr;
  Expr* offset = nullptr;
};

// with_ties: also rows equal to the last one in ties_keys (input is ordered by them).
struct PhysicalLimit : PhysicalOf<PhysicalKind::kLimit> {
  Expr* limit = nullptr;
  Expr* offset = nullptr;
  bool with_ties = false;
  std::vector<SortKey> ties_keys;
};

// DISTINCT ON: the first row of each run of rows equal (not distinct) in keys; input is ordered by them.
struct PhysicalUnique : PhysicalOf<PhysicalKind::kUnique> {
  std::vector<SortKey> keys;
};

// INTERSECT / EXCEPT [ALL] of two children with equal types, by hashing; rows compare as NOT DISTINCT.
struct PhysicalSetOp : PhysicalOf<PhysicalKind::kSetOp> {
  bool except = false;  // else intersect
  bool all = false;
};

// UNION ALL of all children, in order.
struct PhysicalAppend : PhysicalOf<PhysicalKind::kAppend> {};

// Children: the starting query, the recursive one (which scans work table `table`, and is re-run until it gives nothing).
struct PhysicalRecursiveUnion : PhysicalOf<PhysicalKind::kRecursiveUnion> {
  int table = 0;
  bool distinct = false;  // UNION: a row found before is dropped
};

// Children: the definition of CTE `cte`, the query that may scan it. The definition is evaluated at most once per run of this
// node, as far as its scans need. With `modifies` it is run to completion even if nobody reads it, before the node ends.
struct PhysicalWith : PhysicalOf<PhysicalKind::kWith> {
  int cte = 0;
  std::string name;
  bool modifies = false;
};

// Keeps the child's rows so that re-running (with unchanged params) replays them.
struct PhysicalMaterialize : PhysicalOf<PhysicalKind::kMaterialize> {};

// Keeps the child's rows by the values of the ExecParams `slots`, all of those that it reads, and gives them again for the same
// values.
struct PhysicalMemoize : PhysicalOf<PhysicalKind::kMemoize> {
  std::vector<int> slots;
  std::string key;  // for EXPLAIN: where the values come from
};

enum class LockStrength : uint8_t { kKeyShare, kShare, kNoKeyUpdate, kUpdate };
enum class LockWait : uint8_t { kBlock, kSkip, kError };

// Locks the rows named by row ids in the input and passes rows through. When a row was changed by a transaction waited for,
// its newest version's columns replace the old ones (`columns`: table column of each input position, -1 none), outer joins are made
// again, and `recheck` (over the input row, may be null) decides whether the row stays.
struct RowLock {
  TableUse use;
  int row_id_index = 0;
  std::vector<int> columns;  // per input position: this table's column, or kRowIdColumn, or kNoColumn
  LockStrength strength = LockStrength::kUpdate;
  LockWait wait = LockWait::kBlock;
};
// When a row was changed and `on` (over the input row, may be null) is no longer true, the columns `nullable` become null.
struct OuterJoinRecheck {
  Expr* on = nullptr;
  std::vector<int> nullable;
};
inline constexpr int kNoColumn = -1000;
struct PhysicalLockRows : PhysicalOf<PhysicalKind::kLockRows> {
  std::vector<RowLock> locks;
  std::vector<OuterJoinRecheck> outer_joins;
  Expr* recheck = nullptr;
};

// What holds for the rows of a table, bound over a full row: InputRef i is table column i (attnum - 1).
struct TableRules {
  struct Check {
    std::string name;
    Expr* condition;
  };
  struct Generated {
    int column;
    Expr* value;
  };
  struct IndexKeys {
    std::shared_ptr<const catalog::Index> index;
    std::vector<Expr*> keys;    // key columns and expressions
    Expr* predicate = nullptr;  // partial index: only rows for which it is true
  };
  std::vector<Check> checks;
  std::vector<Generated> generated;  // stored generated columns, computed before the checks
  std::vector<IndexKeys> indexes;
};

// WITH CHECK OPTION of updatable views: error 44000 unless true for the new row.
struct ViewCheck {
  std::string view;
  Expr* condition = nullptr;  // over the full new row
};

enum class ConflictAction : uint8_t { kNone, kNothing, kUpdate };

// Assigns a table column.
struct ColumnAssignment {
  int column = 0;
  Expr* value = nullptr;
};

// Child gives rows to insert: child column i goes to table column columns[i]; columns not named become null (defaults are
// already in the child). With ON CONFLICT: arbiters are unique indexes (empty: any). kUpdate: for an existing row, when
// `conflict_where` is not null and not true, nothing happens; assignments, where are over existing full row ++ excluded full row.
// Returning: rows of `returning` over the full new row (table column i at position i); kTableOid etc. are not available there,
// row id, ctid, xmin and xmax come behind the table's columns. No returning: no output columns, the engine counts rows.
struct PhysicalInsert : PhysicalOf<PhysicalKind::kInsert> {
  TableUse use;
  TableRules rules;
  std::vector<int> columns;
  ConflictAction conflict = ConflictAction::kNone;
  std::vector<std::shared_ptr<const catalog::Index>> arbiters;
  std::vector<ColumnAssignment> assignments;
  Expr* conflict_where = nullptr;
  std::vector<ViewCheck> view_checks;
  bool has_returning = false;
  std::vector<Expr*> returning;
};

// Child gives target rows: row id at row_id_index, old column values at positions with target_columns[i] >= 0 (the table's
// column; all live columns are there), other relations' columns elsewhere. A row met twice is updated once. When the row was changed
// by a transaction waited for (READ COMMITTED), its newest version replaces the old values and `recheck` (over the child's row,
// may be null: always) decides whether it is still updated. assignments are over the child's row. returning is over the full new
// row (table column i at i, row id at table column count) ++ the child's row.
struct PhysicalUpdate : PhysicalOf<PhysicalKind::kUpdate> {
  TableUse use;
  TableRules rules;
  int row_id_index = 0;
  std::vector<int> target_columns;
  std::vector<ColumnAssignment> assignments;
  Expr* recheck = nullptr;
  std::vector<ViewCheck> view_checks;
  bool has_returning = false;
  std::vector<Expr*> returning;
};

// As Update; returning is over the full old row ++ the child's row.
struct PhysicalDelete : PhysicalOf<PhysicalKind::kDelete> {
  TableUse use;
  TableRules rules;
  int row_id_index = 0;
  std::vector<int> target_columns;
  Expr* recheck = nullptr;
  bool has_returning = false;
  std::vector<Expr*> returning;
};

// MERGE. Child's row: as for Update, with a null row id when no target row matched. The first action whose condition (over the
// child's row, null: true) holds and whose `matched` fits is done; a target row changed twice is error 21000. A target row that was changed by
// a transaction waited for (READ COMMITTED) is looked at again in its newest version; it has gone, or `recheck` (over the child's row, may be
// null) is not true: the source row is not matched.
struct PhysicalMerge : PhysicalOf<PhysicalKind::kMerge> {
  enum class Action : uint8_t { kNothing, kInsert, kUpdate, kDelete };
  struct When {
    bool matched = true;
    Action action = Action::kNothing;
    Expr* condition = nullptr;
    std::vector<ColumnAssignment> assignments;  // over the child's row; kInsert: all columns that get a value
  };
  TableUse use;
  TableRules rules;
  int row_id_index = 0;
  std::vector<int> target_columns;
  Expr* recheck = nullptr;
  std::vector<When> actions;
};

// The direct path: at most one row of a table by all key columns of a unique index. Output: `exprs` over the fetched columns.
// Conditions are kEqual with Const, Param or other InputRef-free values. The same row source serves point UPDATE and DELETE:
// their nodes then have a PhysicalPointSelect as child, without exprs (output = the fetched columns).
struct PhysicalPointSelect : PhysicalOf<PhysicalKind::kPointSelect> {
  TableUse use;
  IndexAccess access;
  std::vector<int> columns;
  Expr* filter = nullptr;
  bool project = false;
  std::vector<Expr*> exprs;
};

// One column of a result, as RowDescription wants it.
struct ResultColumn {
  std::string name;
  types::Type type;
  Oid origin_table = 0;
  int16_t origin_column = 0;  // attnum
};

enum class CommandKind : uint8_t { kSelect, kInsert, kUpdate, kDelete, kMerge };

// Privileges, as bits of UsedTable::privileges.
inline constexpr uint32_t kPrivilegeInsert = 1;
inline constexpr uint32_t kPrivilegeSelect = 2;
inline constexpr uint32_t kPrivilegeUpdate = 4;
inline constexpr uint32_t kPrivilegeDelete = 8;

// A table the statement uses: to be locked (and its privileges checked) before execution.
struct UsedTable {
  std::shared_ptr<const catalog::Table> table;
  bool written = false;     // target of INSERT, UPDATE, DELETE or MERGE
  bool row_locked = false;  // FOR UPDATE / SHARE
  uint32_t privileges = 0;  // the checking role needs them on the table...
  Oid check_as = 0;         // ...0: the current user, else a view's owner
};

// A table whose rows a cursor walks through, for WHERE CURRENT OF: each result row ends with their ctids.
struct CursorTable {
  Oid table = 0;
  bool row_locked = false;  // FOR UPDATE or SHARE
};

// A whole planned statement. Shared by the sessions that run it; `nodes` owns everything.
struct PhysicalPlan {
  NodeArena nodes;
  CommandKind command = CommandKind::kSelect;
  PhysicalNode* root = nullptr;
  std::vector<ResultColumn> columns;      // visible result columns; root's output has no more, but for a cursor's tables
  std::vector<CursorTable> cursor_tables; // columns of root's output behind the visible ones
  std::vector<types::Type> param_types;   // $1...
  std::vector<UsedTable> tables;
  std::vector<std::string> subplan_names; // by SubPlanExpr::id, for EXPLAIN
  int node_count = 0;
  int exec_param_count = 0;
  int case_slot_count = 0;
  bool modifies = false;                  // anywhere in it
  bool has_row_marks = false;
  bool point = false;                     // root is a point plan (PointSelect; Update/Delete over it; Insert of one Values row)
  std::vector<std::shared_ptr<const void>> pinned;  // catalog objects the nodes point at
};

}  // namespace phantom::planner
