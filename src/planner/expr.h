// planner/expr.h
//
// Bound expressions: names are objects, every node has its type, every conversion is spelled out.
// The same nodes serve the query tree (columns named by ColumnRef) and the physical plan (columns are
// InputRef positions of the operator's input row). Nodes live in a NodeArena and are immutable once bound.
//
// What only occurs where:
//   ColumnRef, WholeRowRef, Subquery, GroupingCall, DefaultExpr, AggregateCall and WindowCall occur in the
//   query tree and logical plan, never in an expression the engine evaluates (aggregates and window calls are
//   lists of their operators). InputRef, ExecParam and SubPlan occur only in physical plans.
//   A FunctionCall whose function returns a set occurs only at the top of a ProjectSet or FunctionScan entry.
//
// NULL and error semantics are PostgreSQL's; And/Or/Case/Coalesce evaluate left to right and must not evaluate
// an argument for a row that an earlier argument has decided.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "planner/node_arena.h"
#include "types/type.h"
#include "types/value.h"

namespace phantom::catalog {
struct FunctionRow;
struct OperatorRow;
}  // namespace phantom::catalog

namespace phantom::planner {

struct Query;
struct PhysicalNode;

// A relation (range-table entry or operator that makes columns), unique within the statement, views and
// subqueries included. So a reference to an outer query's column needs no level count. 0 is "none".
using RelId = int32_t;

// System columns by PostgreSQL's attribute numbers; ordinary columns are attnum - 1 (dropped ones keep their place).
inline constexpr int kCtidColumn = -1;
inline constexpr int kXminColumn = -2;
inline constexpr int kCminColumn = -3;
inline constexpr int kXmaxColumn = -4;
inline constexpr int kCmaxColumn = -5;
inline constexpr int kTableOidColumn = -6;
inline constexpr int kRowIdColumn = -100;  // the store's row id as an int8; never visible to users

enum class ExprKind : uint8_t {
  kConst,
  kColumnRef,
  kWholeRow,
  kInputRef,
  kParam,
  kExecParam,
  kFunction,
  kAggregate,
  kWindow,
  kBool,
  kCase,
  kCaseTest,
  kCoalesce,
  kMinMax,
  kNullIf,
  kNullTest,
  kBooleanTest,
  kDistinct,
  kScalarArray,
  kArray,
  kRow,
  kRowCompare,
  kSubscript,
  kFieldSelect,
  kFieldStore,
  kCast,
  kSubquery,
  kSubPlan,
  kSqlValue,
  kGrouping,
  kCurrentOf,
  kDefault,
};

struct Expr {
  ExprKind kind;
  types::Type type;           // result type and typmod
  Oid collation = 0;          // 0: not collatable
  int32_t location = -1;      // byte offset in the query text; -1: made by the planner

 protected:
  explicit Expr(ExprKind k) : kind(k) {}
};

template <ExprKind K>
struct ExprOf : Expr {
  static constexpr ExprKind kKind = K;
  ExprOf() : Expr(K) {}
};

template <typename T>
const T* As(const Expr* expr) {
  PHANTOM_DCHECK(expr->kind == T::kKind);
  return static_cast<const T*>(expr);
}
template <typename T>
T* As(Expr* expr) {
  PHANTOM_DCHECK(expr->kind == T::kKind);
  return static_cast<T*>(expr);
}
// Null unless the expression is of that kind (or is null).
template <typename T>
const T* DynAs(const Expr* expr) {
  return expr != nullptr && expr->kind == T::kKind ? static_cast<const T*>(expr) : nullptr;
}
template <typename T>
T* DynAs(Expr* expr) {
  return expr != nullptr && expr->kind == T::kKind ? static_cast<T*>(expr) : nullptr;
}

struct ConstExpr : ExprOf<ExprKind::kConst> {
  types::Value value;  // of `type`; may be null
};

struct ColumnRef : ExprOf<ExprKind::kColumnRef> {
  RelId rel = 0;
  int column = 0;         // >= 0: column of the relation; < 0: system column
};

// The row of a relation as a composite value (or record for subqueries).
struct WholeRowRef : ExprOf<ExprKind::kWholeRow> {
  RelId rel = 0;
};

// Column `index` of the operator's input. An operator with two inputs sees the left one's columns, then the right's.
struct InputRef : ExprOf<ExprKind::kInputRef> {
  int index = 0;
};

// $n of the client, n >= 1.
struct ParamExpr : ExprOf<ExprKind::kParam> {
  int number = 0;
};

// A slot of the running statement that an enclosing Apply, SubPlan or index lookup sets before it (re)runs a subplan.
struct ExecParam : ExprOf<ExprKind::kExecParam> {
  int slot = 0;
};

// How a call was written: EXPLAIN and view definitions print it so.
enum class CallForm : uint8_t { kCall, kOperator, kExplicitCast, kImplicitCast, kSqlSyntax };

// In FunctionCall::written: an argument left to its default.
inline constexpr std::string_view kArgumentDefault = "=";

// Any function or operator call, and casts done by a function (the function's length-coercion arguments are
// ordinary trailing arguments). Strictness is the function's: a null argument makes a strict call null unevaluated.
struct FunctionCall : ExprOf<ExprKind::kFunction> {
  const catalog::FunctionRow* function = nullptr;
  const catalog::OperatorRow* op = nullptr;  // set when form is kOperator
  std::vector<Expr*> args;                   // one argument: prefix operator
  CallForm form = CallForm::kCall;
  bool variadic = false;     // the last argument was written VARIADIC array
  bool returns_set = false;
  std::vector<std::string> written;  // empty when all are positional; per argument "", its name, or kArgumentDefault
};

struct SortKey {
  Expr* expr = nullptr;
  const catalog::OperatorRow* less = nullptr;  // the < (or given USING) operator's row; comparison order of the type
  bool descending = false;
  bool nulls_first = false;
};

struct AggregateCall : ExprOf<ExprKind::kAggregate> {
  const catalog::FunctionRow* function = nullptr;
  std::vector<Expr*> args;         // for ordered-set aggregates: direct arguments
  std::vector<SortKey> order_by;   // ORDER BY inside the call, or WITHIN GROUP's keys
  Expr* filter = nullptr;
  bool distinct = false;
  bool star = false;               // count(*)
  bool variadic = false;
  bool within_group = false;       // ordered-set: order_by expressions are the aggregated arguments
  std::vector<types::Type> arg_types;  // resolved (polymorphic) types of what is aggregated
  const Query* query = nullptr;        // the query whose rows it aggregates (perhaps an outer one)
};

enum class FrameMode : uint8_t { kRows, kRange, kGroups };
enum class FrameBound : uint8_t { kUnboundedPreceding, kPreceding, kCurrentRow, kFollowing, kUnboundedFollowing };
enum class FrameExclusion : uint8_t { kNone, kCurrentRow, kGroup, kTies };

struct WindowFrame {
  FrameMode mode = FrameMode::kRange;
  FrameBound start = FrameBound::kUnboundedPreceding;
  FrameBound end = FrameBound::kCurrentRow;
  FrameExclusion exclusion = FrameExclusion::kNone;
  Expr* start_offset = nullptr;  // constant over the query; int8 for ROWS/GROUPS
  Expr* end_offset = nullptr;
  const catalog::FunctionRow* start_in_range = nullptr;  // RANGE with offset: in_range(val, base, offset, sub, less)
  const catalog::FunctionRow* end_in_range = nullptr;
  bool written = false;          // the user gave a frame clause
  bool between = false;          // ... with BETWEEN
};

struct WindowCall : ExprOf<ExprKind::kWindow> {
  const catalog::FunctionRow* function = nullptr;
  std::vector<Expr*> args;
  Expr* filter = nullptr;
  bool star = false;
  bool aggregate = false;  // an aggregate used as a window function
  bool variadic = false;
  int window = 0;          // index into Query::windows
};

enum class BoolOp : uint8_t { kAnd, kOr, kNot };
struct BoolExpr : ExprOf<ExprKind::kBool> {
  BoolOp op = BoolOp::kAnd;
  std::vector<Expr*> args;
};

// CASE [arg] WHEN ... With an arg, it is evaluated once and each condition reads it through CaseTest of the same slot.
struct CaseExpr : ExprOf<ExprKind::kCase> {
  struct When {
    Expr* condition;
    Expr* result;
  };
  Expr* arg = nullptr;
  int slot = -1;
  std::vector<When> whens;
  Expr* otherwise = nullptr;  // null pointer: NULL
};

// A value an enclosing node supplies: CASE's argument, an array cast's element, a domain's value. Slots are
// unique within the statement.
struct CaseTest : ExprOf<ExprKind::kCaseTest> {
  int slot = 0;
};

struct CoalesceExpr : ExprOf<ExprKind::kCoalesce> {
  std::vector<Expr*> args;
};

struct MinMaxExpr : ExprOf<ExprKind::kMinMax> {
  bool greatest = false;
  const catalog::FunctionRow* less = nullptr;  // boolean (type, type)
  std::vector<Expr*> args;                     // all of `type`
};

struct NullIfExpr : ExprOf<ExprKind::kNullIf> {
  const catalog::FunctionRow* equal = nullptr;
  const catalog::OperatorRow* op = nullptr;
  Expr* left = nullptr;        // the result (before any cast)
  Expr* right = nullptr;
  Expr* left_compared = nullptr;  // `left` as the operator takes it
};

struct NullTest : ExprOf<ExprKind::kNullTest> {
  Expr* arg = nullptr;
  bool is_null = true;
  bool row = false;  // composite argument: IS NULL means all fields null, IS NOT NULL none
};

enum class TruthTest : uint8_t { kTrue, kNotTrue, kFalse, kNotFalse, kUnknown, kNotUnknown };
struct BooleanTest : ExprOf<ExprKind::kBooleanTest> {
  Expr* arg = nullptr;
  TruthTest test = TruthTest::kTrue;
};

// left IS [NOT] DISTINCT FROM right.
struct DistinctExpr : ExprOf<ExprKind::kDistinct> {
  const catalog::FunctionRow* equal = nullptr;
  const catalog::OperatorRow* op = nullptr;
  Expr* left = nullptr;
  Expr* right = nullptr;
  bool negated = false;  // IS NOT DISTINCT FROM
};

// scalar op ANY/ALL (array); IN (a, b, c) is ANY over a constant array or ArrayExpr.
struct ScalarArrayExpr : ExprOf<ExprKind::kScalarArray> {
  const catalog::FunctionRow* function = nullptr;  // boolean (scalar, element)
  const catalog::OperatorRow* op = nullptr;
  bool any = true;
  Expr* scalar = nullptr;
  Expr* array = nullptr;
};

struct ArrayExpr : ExprOf<ExprKind::kArray> {
  types::Type element;
  std::vector<Expr*> elements;
  bool multidimensional = false;  // elements are arrays of `type` to be stacked
};

struct RowExpr : ExprOf<ExprKind::kRow> {
  std::vector<Expr*> fields;
  std::vector<std::string> names;  // f1, f2, ... or a relation's column names
  bool implicit = false;           // (a, b) without ROW
};

enum class RowCompareOp : uint8_t { kLess, kLessEqual, kGreaterEqual, kGreater };
// (a, b) < (c, d): decided by the first unequal pair. Equality and inequality are And/Or of operators instead.
struct RowCompareExpr : ExprOf<ExprKind::kRowCompare> {
  RowCompareOp op = RowCompareOp::kLess;
  std::vector<const catalog::OperatorRow*> operators;
  std::vector<const catalog::FunctionRow*> compare;  // per pair: strict <, or > of the pair's types
  std::vector<const catalog::FunctionRow*> equal;    // per pair: = of the pair's types
  std::vector<Expr*> left;
  std::vector<Expr*> right;
};

// container[i] or container[l:u], and with `assigned`, the container with that element or slice replaced.
struct SubscriptExpr : ExprOf<ExprKind::kSubscript> {
  struct Index {
    Expr* lower = nullptr;  // slices only; null: from the lower bound
    Expr* upper = nullptr;  // the index itself; null in a slice: to the upper bound
  };
  Expr* container = nullptr;
  std::vector<Index> indexes;
  bool slice = false;
  types::Type element;
  Expr* assigned = nullptr;
  bool jsonb = false;  // indexes are text or int4, element jsonb
};

struct FieldSelect : ExprOf<ExprKind::kFieldSelect> {
  Expr* arg = nullptr;
  int field = 0;  // 0-based
  std::string name;
};

// The composite `arg` (may be null) with fields replaced: UPDATE t SET c.f = ...
struct FieldStore : ExprOf<ExprKind::kFieldStore> {
  Expr* arg = nullptr;
  std::vector<int> fields;
  std::vector<Expr*> values;
};

enum class CastMethod : uint8_t {
  kRelabel,    // same bytes: only the type (or typmod) changes
  kViaIo,      // output function of the source, input function of the target
  kArray,      // each element through `element`, which reads CaseTest `slot`
  kRow,        // row to composite: field by field through `fields`, each reading its CaseTest
  kDomain,     // checks a domain's constraints; the value passes unchanged
  kCollate,    // COLLATE clause; the value passes unchanged
};

// A conversion not done by a function; those that are, are FunctionCall with a cast form.
struct CastExpr : ExprOf<ExprKind::kCast> {
  CastMethod method = CastMethod::kRelabel;
  Expr* arg = nullptr;
  CallForm form = CallForm::kImplicitCast;
  int slot = -1;
  Expr* element = nullptr;  // kArray
  struct Check {
    std::string name;      // empty: NOT NULL of the domain
    Expr* condition = nullptr;  // reads CaseTest `slot`
  };
  std::vector<Check> checks;  // kDomain
  std::string domain_name;
};

enum class SubqueryKind : uint8_t { kExists, kScalar, kAny, kAll, kArray, kRowCompare, kMultiAssign };

// A subquery in an expression, before planning. kAny/kAll: `test` compares the left side with the subquery's columns,
// which it names as ColumnRef(output_rel, i); IN is kAny, NOT IN is Not(kAny).
struct SubqueryExpr : ExprOf<ExprKind::kSubquery> {
  SubqueryKind subquery = SubqueryKind::kScalar;
  Query* query = nullptr;
  RelId output_rel = 0;
  Expr* test = nullptr;
  std::vector<Expr*> left;                               // kAny/kAll/kRowCompare: left side, for printing
  std::vector<const catalog::OperatorRow*> operators;
  bool written_in = false;                               // IN rather than = ANY
  int column = 0;                                        // kMultiAssign: which output column
};

// A planned subquery evaluated inside an expression, once per row that needs it (lazily, so CASE protects it).
// Before each run the engine sets slots[i] from args[i]. With no slots the result is computed once per statement
// execution (per rescan of the enclosing SubPlan or Apply when `depends_on_outer_params`) and kept.
//   kExists  true iff the plan gives a row.
//   kScalar  column `column` of the only row; NULL if none; 21000 "more than one row returned by a subquery used as an
//            expression" if several.
//   kArray   the first column's values as an array of `type`.
//   kRowCompare `test` for the only row; NULL if none; 21000 if several.
//   kAny/kAll `test` for each row, reading the plan's columns through CaseTest slots `test_slots`; three-valued.
//            `hashed`: test is a conjunction of equalities without outer references: hash_left[i] = plan column i by
//            hash_equal[i], and the engine may build a hash table once.
struct SubPlanExpr : ExprOf<ExprKind::kSubPlan> {
  SubqueryKind subquery = SubqueryKind::kScalar;
  PhysicalNode* plan = nullptr;
  int id = 0;                     // "SubPlan n" in EXPLAIN; the engine's key for kept results
  std::vector<int> slots;
  std::vector<Expr*> args;
  Expr* test = nullptr;
  std::vector<int> test_slots;
  bool hashed = false;
  std::vector<Expr*> hash_left;
  std::vector<const catalog::FunctionRow*> hash_equal;
  bool depends_on_outer_params = false;  // reads ExecParams of plans further out
  bool is_volatile = false;              // the same parameters may give another result
  int column = 0;
};

enum class SqlValueOp : uint8_t {
  kCurrentDate,
  kCurrentTime,
  kCurrentTimestamp,
  kLocalTime,
  kLocalTimestamp,
  kCurrentRole,
  kCurrentUser,
  kUser,
  kSessionUser,
  kCurrentCatalog,
  kCurrentSchema,
};
struct SqlValueExpr : ExprOf<ExprKind::kSqlValue> {
  SqlValueOp op = SqlValueOp::kCurrentTimestamp;  // precision, if any, is the type's typmod
};

struct GroupingCall : ExprOf<ExprKind::kGrouping> {
  std::vector<Expr*> args;
  std::vector<int> groups;  // per argument, index into the query's group expressions
  const Query* query = nullptr;
};

// WHERE CURRENT OF cursor: the ctid of the table's row that the named cursor stands on.
struct CurrentOfExpr : ExprOf<ExprKind::kCurrentOf> {
  std::string cursor;
  Oid table = 0;
};

// DEFAULT in VALUES or SET; replaced by the column's default before planning.
struct DefaultExpr : ExprOf<ExprKind::kDefault> {};

}  // namespace phantom::planner
