// planner/query.h
//
// A statement after binding (parse analysis): what PostgreSQL calls a Query. Names are resolved, types known, stars and
// USING expanded, defaults filled in; the shape is still the statement's, so it can be printed back (deparse.h).
// A reference to a column is ColumnRef(rel, column) with rel unique in the whole statement, so nested queries refer
// outward without counting levels.
//
// Lives in a NodeArena; immutable once bound, except that planning a query consumes it (bind again to plan again).
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "planner/expr.h"
#include "planner/physical_plan.h"

namespace phantom::parser {
struct CteCycleClause;
struct CteSearchClause;
}  // namespace phantom::parser

namespace phantom::planner {

struct RangeColumn {
  std::string name;
  types::Type type;
  Oid collation = 0;
  bool dropped = false;
  bool not_in_star = false;  // seen by name only
};

enum class RangeKind : uint8_t { kTable, kSubquery, kFunction, kValues, kCte, kWorkTable, kJoin, kResult };

struct CommonTable;
struct ViewBase;

// One relation of a FROM clause (or the target of INSERT/UPDATE/DELETE).
struct RangeEntry {
  RelId rel = 0;
  RangeKind kind = RangeKind::kTable;
  std::string name;                  // the alias, else the relation's or function's name
  bool aliased = false;              // an alias was written
  std::vector<std::string> column_aliases;  // as written
  std::vector<RangeColumn> columns;
  bool lateral = false;
  bool only = false;
  std::shared_ptr<const catalog::Table> table;  // kTable; also a view that `subquery` expands
  Query* subquery = nullptr;         // kSubquery
  std::vector<TableFunction> functions;  // kFunction
  bool ordinality = false;
  std::vector<std::vector<Expr*>> values;  // kValues
  CommonTable* cte = nullptr;        // kCte, kWorkTable
  std::vector<Expr*> join_columns;   // kJoin: what each column stands for
  ViewBase* view_base = nullptr;     // a view as target: what it stands for
  int32_t location = -1;
};

// FROM's tree: a relation, or a join of two.
struct FromNode {
  RangeEntry* entry = nullptr;  // a relation; for a join with an alias, the alias's entry
  bool join = false;
  JoinType type = JoinType::kInner;  // kInner, kLeft, kRight, kFull
  FromNode* left = nullptr;
  FromNode* right = nullptr;
  Expr* on = nullptr;           // null: cross join
  std::vector<std::string> using_names;
  RangeEntry* using_alias = nullptr;  // USING (...) AS alias
  bool comma = false;           // two items of a FROM list
};

// A view as the target of a change: the relation it takes rows from, and the column of that behind each of its own.
struct ViewBase {
  Query* query = nullptr;
  RangeEntry* entry = nullptr;        // the relation; null with a refusal
  const char* refusal = nullptr;      // why the view cannot be changed: PostgreSQL's detail
  std::vector<int> columns;           // from 0; -1: none
  std::vector<const char*> reasons;   // why a column cannot be changed; null: it can
  bool any_column = false;
};

enum class Materialize : uint8_t { kDefault, kAlways, kNever };

struct CommonTable {
  int id = 0;  // unique in the statement
  std::string name;
  std::vector<std::string> column_aliases;
  std::vector<RangeColumn> columns;
  Query* query = nullptr;
  Materialize materialize = Materialize::kDefault;
  bool recursive = false;     // refers to itself
  int references = 0;
  bool modifies = false;
  bool planned = false;
  const parser::CteSearchClause* search = nullptr;  // as written; `query` has it worked in, except in queries to be printed
  const parser::CteCycleClause* cycle = nullptr;
  Expr* mark_value = nullptr;  // CYCLE ... SET column TO this
  Expr* mark_default = nullptr;
};

struct Target {
  Expr* expr = nullptr;
  std::string name;
  bool junk = false;       // only for ORDER BY / DISTINCT ON / GROUP BY
  Oid origin_table = 0;
  int16_t origin_column = 0;
};

// ORDER BY / DISTINCT entry: a target and how to sort it.
struct SortTarget {
  int target = 0;
  const catalog::OperatorRow* less = nullptr;
  bool descending = false;
  bool nulls_first = false;
};

// GROUP BY's items as they were written, for printing.
struct GroupingItem {
  enum class Kind : uint8_t { kEmpty, kSimple, kRollup, kCube, kSets } kind = Kind::kSimple;
  std::vector<int> groups;  // kSimple: indexes into Query::groups
  std::vector<GroupingItem> items;
};

struct WindowDef {
  std::string name;
  std::string copied_name;  // OVER (name ...) or WINDOW w AS (name ...)
  std::vector<Expr*> partition;
  std::vector<SortKey> order;
  WindowFrame frame;
};

enum class SetOpKind : uint8_t { kNone, kUnion, kIntersect, kExcept };

// A tree of set operations over queries.
struct SetOpNode {
  SetOpKind op = SetOpKind::kNone;  // kNone: leaf
  bool all = false;
  SetOpNode* left = nullptr;
  SetOpNode* right = nullptr;
  Query* query = nullptr;           // leaf; its targets already have the common types unless `casts`
  std::vector<RangeColumn> columns; // the node's output
  RelId rel = 0;                    // names the node's output columns
};

struct RowMark {
  RangeEntry* entry = nullptr;
  LockStrength strength = LockStrength::kUpdate;
  LockWait wait = LockWait::kBlock;
  bool pushed = false;  // comes from a row mark of an outer query
};

struct OnConflict {
  ConflictAction action = ConflictAction::kNothing;
  std::vector<std::shared_ptr<const catalog::Index>> arbiters;
  std::string constraint;                 // ON CONSTRAINT name
  std::vector<Expr*> inferred;            // (columns and expressions), for printing
  Expr* inferred_where = nullptr;
  RangeEntry* excluded = nullptr;
  std::vector<ColumnAssignment> assignments;  // over target's and excluded's columns
  Expr* where = nullptr;
};

struct MergeWhen {
  bool matched = true;
  PhysicalMerge::Action action = PhysicalMerge::Action::kNothing;
  Expr* condition = nullptr;
  std::vector<ColumnAssignment> assignments;
};

struct Query {
  CommandKind command = CommandKind::kSelect;
  std::vector<CommonTable*> ctes;
  bool recursive = false;             // WITH RECURSIVE was written
  std::vector<RangeEntry*> entries;   // all relations of this level
  FromNode* from = nullptr;           // null: no FROM
  Expr* where = nullptr;
  std::vector<Target> targets;        // visible ones first
  bool grouped = false;               // GROUP BY, HAVING or aggregates
  std::vector<Expr*> groups;
  std::vector<std::vector<int>> grouping_sets;  // empty: one set of all groups
  bool has_grouping_sets = false;
  std::vector<GroupingItem> grouping_items;  // with grouping sets: what made them
  bool group_distinct = false;
  Expr* having = nullptr;
  std::vector<WindowDef> windows;
  bool has_aggregates = false;
  bool has_windows = false;
  bool has_set_functions = false;     // in the targets
  bool has_subqueries = false;
  bool distinct = false;
  std::vector<SortTarget> distinct_on;
  bool has_distinct_on = false;
  std::vector<SortTarget> order_by;
  Expr* limit = nullptr;
  Expr* offset = nullptr;
  bool with_ties = false;
  SetOpNode* set_operation = nullptr; // then targets are ColumnRefs to its rel, and from/where/groups are empty
  std::vector<RowMark> row_marks;
  bool values_only = false;           // VALUES (...), ...: from is its kValues entry

  // Data modification.
  RangeEntry* target = nullptr;
  std::vector<int> insert_columns;    // INSERT: table columns of the source's targets, in order
  std::vector<ColumnAssignment> assignments;  // UPDATE
  OnConflict* on_conflict = nullptr;
  std::vector<MergeWhen> merge_actions;
  bool has_returning = false;
  std::vector<Target> returning;
  std::vector<ViewCheck> view_checks;
};

}  // namespace phantom::planner
