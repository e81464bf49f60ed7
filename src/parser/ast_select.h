// parser/ast_select.h
//
// SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE and their clauses.
// The names in parentheses are PostgreSQL's where ours differ. See ast.h for what holds for all nodes.
#pragma once
#include "parser/ast_expr.h"

namespace phantom::parser {

struct ColumnDef;
struct CommonTableExpr;
struct CteCycleClause;
struct CteSearchClause;
struct IndexElem;
struct InferClause;
struct IntoClause;
struct LockingClause;
struct MergeWhenClause;
struct OnConflictClause;
struct RangeTableFuncCol;
struct ResTarget;
struct SelectStmt;
struct SortBy;
struct WindowDef;
struct WithClause;

// Bits of WindowDef::frame_options.
namespace frame_option {
inline constexpr int32_t kNonDefault = 0x1;  // a frame clause was written
inline constexpr int32_t kRange = 0x2;
inline constexpr int32_t kRows = 0x4;
inline constexpr int32_t kGroups = 0x8;
inline constexpr int32_t kBetween = 0x10;
inline constexpr int32_t kStartUnboundedPreceding = 0x20;
inline constexpr int32_t kEndUnboundedPreceding = 0x40;    // the grammar refuses it
inline constexpr int32_t kStartUnboundedFollowing = 0x80;  // the grammar refuses it
inline constexpr int32_t kEndUnboundedFollowing = 0x100;
inline constexpr int32_t kStartCurrentRow = 0x200;
inline constexpr int32_t kEndCurrentRow = 0x400;
inline constexpr int32_t kStartOffsetPreceding = 0x800;
inline constexpr int32_t kEndOffsetPreceding = 0x1000;
inline constexpr int32_t kStartOffsetFollowing = 0x2000;
inline constexpr int32_t kEndOffsetFollowing = 0x4000;
inline constexpr int32_t kExcludeCurrentRow = 0x8000;
inline constexpr int32_t kExcludeGroup = 0x10000;
inline constexpr int32_t kExcludeTies = 0x20000;
}  // namespace frame_option

// One function of FROM: f(...) [AS (name type, ...)]; ROWS FROM has several.
struct RangeFunctionItem {
  const Node* function = nullptr;
  ListOf<ColumnDef> columns;
};

enum class LimitOption : uint8_t { kDefault, kCount, kWithTies };

enum class SetOperation : uint8_t { kNone, kUnion, kIntersect, kExcept };

enum class OverridingKind : uint8_t { kNotSet, kUserValue, kSystemValue };

enum class CommandType : uint8_t { kUnknown, kSelect, kUpdate, kInsert, kDelete, kMerge, kUtility, kNothing };

enum class SortByDir : uint8_t { kDefault, kAsc, kDesc, kUsing };

enum class SortByNulls : uint8_t { kDefault, kFirst, kLast };

enum class CteMaterialize : uint8_t { kDefault, kAlways, kNever };

enum class OnConflictAction : uint8_t { kNone, kNothing, kUpdate };

enum class JoinType : uint8_t { kInner, kLeft, kFull, kRight };

enum class LockStrength : uint8_t { kNone, kKeyShare, kShare, kNoKeyUpdate, kUpdate };

enum class LockWaitPolicy : uint8_t { kBlock, kSkip, kError };

enum class GroupingSetKind : uint8_t { kEmpty, kSimple, kRollup, kCube, kSets };

enum class OnCommitAction : uint8_t { kNoop, kPreserveRows, kDeleteRows, kDrop };

// A simple SELECT, a VALUES list, or a set operation over two of them.
struct SelectStmt : NodeOf<NodeKind::kSelectStmt> {
  bool distinct = false;
  NodeList distinct_on;
  const IntoClause* into = nullptr;  // SELECT INTO; only the leftmost leaf of a set operation may have it
  ListOf<ResTarget> targets;
  NodeList from;
  const Node* where = nullptr;
  NodeList group_by;  // expressions and GroupingSets
  bool group_distinct = false;
  const Node* having = nullptr;
  ListOf<WindowDef> windows;
  std::span<const NodeList> values;  // VALUES: one list of expressions a row
  ListOf<SortBy> order_by;           // this and the following apply to set operations too
  const Node* offset = nullptr;
  const Node* limit = nullptr;  // a null Constant for LIMIT ALL
  LimitOption limit_option{};
  ListOf<LockingClause> locking;
  const WithClause* with = nullptr;
  SetOperation op{};
  bool all = false;
  const SelectStmt* left = nullptr;
  const SelectStmt* right = nullptr;
};

// INSERT
struct InsertStmt : NodeOf<NodeKind::kInsertStmt> {
  const RangeVar* relation = nullptr;
  ListOf<ResTarget> columns;
  const Node* select = nullptr;  // SelectStmt; null for DEFAULT VALUES
  const OnConflictClause* on_conflict = nullptr;
  ListOf<ResTarget> returning;
  const WithClause* with = nullptr;
  OverridingKind overriding{};
};

// DELETE
struct DeleteStmt : NodeOf<NodeKind::kDeleteStmt> {
  const RangeVar* relation = nullptr;
  NodeList using_clause;
  const Node* where = nullptr;
  ListOf<ResTarget> returning;
  const WithClause* with = nullptr;
};

// UPDATE
struct UpdateStmt : NodeOf<NodeKind::kUpdateStmt> {
  const RangeVar* relation = nullptr;
  ListOf<ResTarget> targets;
  const Node* where = nullptr;
  NodeList from;
  ListOf<ResTarget> returning;
  const WithClause* with = nullptr;
};

// MERGE
struct MergeStmt : NodeOf<NodeKind::kMergeStmt> {
  const RangeVar* relation = nullptr;
  const Node* source = nullptr;
  const Node* join_condition = nullptr;
  ListOf<MergeWhenClause> when_clauses;
  const WithClause* with = nullptr;
};

// WHEN [NOT] MATCHED [AND condition] THEN ...
struct MergeWhenClause : NodeOf<NodeKind::kMergeWhenClause> {
  bool matched = false;
  CommandType command{};  // kInsert, kUpdate, kDelete or kNothing
  OverridingKind overriding{};
  const Node* condition = nullptr;
  ListOf<ResTarget> targets;
  NodeList values;  // of INSERT; empty for DEFAULT VALUES
};

// An output column, a column to insert into, or an assignment.
struct ResTarget : NodeOf<NodeKind::kResTarget> {
  std::string_view name;                         // SELECT: AS name; else the column
  std::span<const IndirectionStep> indirection;  // below the column, when assigning
  const Node* value = nullptr;
};

// ORDER BY node [ASC | DESC | USING op] [NULLS ...]
struct SortBy : NodeOf<NodeKind::kSortBy> {
  const Node* node = nullptr;
  SortByDir direction{};
  SortByNulls nulls{};
  NameList using_op;
};

// A window, in the WINDOW clause or after OVER.
struct WindowDef : NodeOf<NodeKind::kWindowDef> {
  std::string_view name;       // WINDOW name AS ..., or OVER name
  std::string_view base_name;  // the window it copies: OVER (base_name ...)
  NodeList partition_by;
  ListOf<SortBy> order_by;
  int32_t frame_options = 0;  // bits of frame_option
  const Node* start_offset = nullptr;
  const Node* end_offset = nullptr;
};

// WITH [RECURSIVE] ctes
struct WithClause : NodeOf<NodeKind::kWithClause> {
  ListOf<CommonTableExpr> ctes;
  bool recursive = false;
};

// One query of WITH.
struct CommonTableExpr : NodeOf<NodeKind::kCommonTableExpr> {
  std::string_view name;
  NameList columns;
  CteMaterialize materialized{};
  const Node* query = nullptr;
  const CteSearchClause* search = nullptr;
  const CteCycleClause* cycle = nullptr;
};

// SEARCH { BREADTH | DEPTH } FIRST BY columns SET sequence_column
struct CteSearchClause : NodeOf<NodeKind::kCteSearchClause> {
  NameList columns;
  bool breadth_first = false;
  std::string_view sequence_column;
};

// CYCLE columns SET mark_column TO mark_value DEFAULT mark_default USING path_column
struct CteCycleClause : NodeOf<NodeKind::kCteCycleClause> {
  NameList columns;
  std::string_view mark_column;
  const Node* mark_value = nullptr;
  const Node* mark_default = nullptr;
  std::string_view path_column;
};

// ON CONFLICT [infer] DO action
struct OnConflictClause : NodeOf<NodeKind::kOnConflictClause> {
  OnConflictAction action{};
  const InferClause* infer = nullptr;
  ListOf<ResTarget> targets;
  const Node* where = nullptr;
};

// The unique index that ON CONFLICT means.
struct InferClause : NodeOf<NodeKind::kInferClause> {
  ListOf<IndexElem> elements;
  const Node* where = nullptr;
  std::string_view constraint;
};

// A subquery in FROM.
struct RangeSubselect : NodeOf<NodeKind::kRangeSubselect> {
  bool lateral = false;
  const Node* subquery = nullptr;
  const Alias* alias = nullptr;
};

// Functions in FROM.
struct RangeFunction : NodeOf<NodeKind::kRangeFunction> {
  bool lateral = false;
  bool ordinality = false;
  bool rows_from = false;
  std::span<const RangeFunctionItem> functions;
  const Alias* alias = nullptr;
  ListOf<ColumnDef> columns;  // f() AS (name type, ...)
};

// XMLTABLE
struct RangeTableFunc : NodeOf<NodeKind::kRangeTableFunc> {
  bool lateral = false;
  const Node* document = nullptr;
  const Node* row = nullptr;
  ListOf<ResTarget> namespaces;
  ListOf<RangeTableFuncCol> columns;
  const Alias* alias = nullptr;
};

// A column of XMLTABLE.
struct RangeTableFuncCol : NodeOf<NodeKind::kRangeTableFuncCol> {
  std::string_view name;
  const TypeName* type = nullptr;
  bool for_ordinality = false;
  bool not_null = false;
  const Node* path = nullptr;
  const Node* default_value = nullptr;
};

// relation TABLESAMPLE method (args) REPEATABLE (repeatable)
struct RangeTableSample : NodeOf<NodeKind::kRangeTableSample> {
  const Node* relation = nullptr;
  NameList method;
  NodeList args;
  const Node* repeatable = nullptr;
};

// A join in FROM.
struct JoinExpr : NodeOf<NodeKind::kJoinExpr> {
  JoinType type{};
  bool natural = false;
  const Node* left = nullptr;
  const Node* right = nullptr;
  NameList using_columns;
  const Alias* using_alias = nullptr;
  const Node* on = nullptr;
  const Alias* alias = nullptr;
};

// FOR UPDATE and its like.
struct LockingClause : NodeOf<NodeKind::kLockingClause> {
  ListOf<RangeVar> relations;  // empty: all
  LockStrength strength{};
  LockWaitPolicy wait{};
};

// An element of GROUP BY that is not an expression.
struct GroupingSet : NodeOf<NodeKind::kGroupingSet> {
  GroupingSetKind type{};
  NodeList content;  // expressions, RowExprs for sublists, nested GroupingSets
};

// The table that SELECT INTO and CREATE TABLE AS make.
struct IntoClause : NodeOf<NodeKind::kIntoClause> {
  const RangeVar* relation = nullptr;
  NameList columns;
  std::string_view access_method;
  ListOf<DefElem> options;
  OnCommitAction on_commit{};
  std::string_view tablespace;
  bool skip_data = false;
};

}  // namespace phantom::parser
