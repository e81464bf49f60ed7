// parser/ast_expr.h
//
// Expressions.
// The names in parentheses are PostgreSQL's where ours differ. See ast.h for what holds for all nodes.
#pragma once
#include "parser/ast.h"

namespace phantom::parser {

struct CaseWhen;
struct ResTarget;
struct SortBy;
struct WindowDef;

// One step of an indirection: .field, [subscript], [lower:upper] or .*
struct IndirectionStep {
  enum class Kind : uint8_t { kField, kSubscript, kSlice, kStar };
  Kind kind = Kind::kStar;
  std::string_view field;
  const Node* lower = nullptr;  // of a slice; null where omitted
  const Node* upper = nullptr;  // the subscript, or the slice's upper bound
};

enum class OperatorExprKind : uint8_t {
  kOp,
  kOpAny,
  kOpAll,
  kDistinct,
  kNotDistinct,
  kNullIf,
  kIn,
  kLike,
  kILike,
  kSimilar,
  kBetween,
  kNotBetween,
  kBetweenSymmetric,
  kNotBetweenSymmetric,
};

enum class CoercionForm : uint8_t { kExplicitCall, kExplicitCast, kImplicitCast, kSqlSyntax };

enum class BoolExprType : uint8_t { kAnd, kOr, kNot };

enum class SubLinkType : uint8_t { kExists, kAll, kAny, kRowCompare, kExpr, kMultiExpr, kArray, kCte };

enum class MinMaxOp : uint8_t { kGreatest, kLeast };

enum class SqlValueFunctionOp : uint8_t {
  kCurrentDate,
  kCurrentTime,
  kCurrentTimeN,
  kCurrentTimestamp,
  kCurrentTimestampN,
  kLocalTime,
  kLocalTimeN,
  kLocalTimestamp,
  kLocalTimestampN,
  kCurrentRole,
  kCurrentUser,
  kUser,
  kSessionUser,
  kCurrentCatalog,
  kCurrentSchema,
};

enum class XmlExprOp : uint8_t { kConcat, kElement, kForest, kParse, kPi, kRoot, kSerialize, kDocument };

enum class XmlOption : uint8_t { kDocument, kContent };

enum class NullTestType : uint8_t { kIsNull, kIsNotNull };

enum class BoolTestType : uint8_t { kIsTrue, kIsNotTrue, kIsFalse, kIsNotFalse, kIsUnknown, kIsNotUnknown };

// a, t.a, s.t.a, t.*: names from left to right, then perhaps a star.
struct ColumnRef : NodeOf<NodeKind::kColumnRef> {
  NameList names;
  bool star = false;
};

// $number
struct ParamRef : NodeOf<NodeKind::kParamRef> {
  int32_t number = 0;
};

// An operator application, and the constructs that behave like one (A_Expr).
struct OperatorExpr : NodeOf<NodeKind::kOperatorExpr> {
  OperatorExprKind op{};
  NameList name;                // the operator, perhaps qualified; its spelling for kBetween.. is "BETWEEN" and so on
  const Node* left = nullptr;   // null for a prefix operator
  const Node* right = nullptr;  // a ListNode for kIn with a list, and for kBetween..
};

// CAST(arg AS type), arg::type, type 'literal'
struct TypeCast : NodeOf<NodeKind::kTypeCast> {
  const Node* arg = nullptr;
  const TypeName* type = nullptr;
};

// A call of a function, aggregate or window function.
struct FuncCall : NodeOf<NodeKind::kFuncCall> {
  NameList name;
  NodeList args;
  ListOf<SortBy> order_by;  // ORDER BY among the arguments, or WITHIN GROUP's
  const Node* filter = nullptr;
  const WindowDef* over = nullptr;
  bool within_group = false;
  bool star = false;  // f(*)
  bool distinct = false;
  bool variadic = false;  // the last argument is marked VARIADIC
  CoercionForm form{};    // kSqlSyntax for EXTRACT(...), POSITION(...) and their like
};

// Selection of fields and elements from an expression (A_Indirection).
struct Indirection : NodeOf<NodeKind::kIndirection> {
  const Node* arg = nullptr;
  std::span<const IndirectionStep> steps;
};

// ARRAY[...] (A_ArrayExpr)
struct ArrayExpr : NodeOf<NodeKind::kArrayExpr> {
  NodeList elements;
};

// One column's share of UPDATE ... SET (a, b) = source.
struct MultiAssignRef : NodeOf<NodeKind::kMultiAssignRef> {
  const Node* source = nullptr;
  int32_t column = 0;  // from 1
  int32_t column_count = 0;
};

// GROUPING(args)
struct GroupingFunc : NodeOf<NodeKind::kGroupingFunc> {
  NodeList args;
};

// name => arg
struct NamedArgExpr : NodeOf<NodeKind::kNamedArgExpr> {
  std::string_view name;
  const Node* arg = nullptr;
};

// AND, OR (two or more arguments), NOT (one)
struct BoolExpr : NodeOf<NodeKind::kBoolExpr> {
  BoolExprType op{};
  NodeList args;
};

// A subquery in an expression.
struct SubLink : NodeOf<NodeKind::kSubLink> {
  SubLinkType type{};
  const Node* test = nullptr;  // left side of kAll, kAny
  NameList op;                 // its operator; empty means IN, that is = ANY
  const Node* subselect = nullptr;
};

// CASE [arg] WHEN ... [ELSE default_result] END
struct CaseExpr : NodeOf<NodeKind::kCaseExpr> {
  const Node* arg = nullptr;
  ListOf<CaseWhen> whens;
  const Node* default_result = nullptr;
};

// WHEN condition THEN result
struct CaseWhen : NodeOf<NodeKind::kCaseWhen> {
  const Node* condition = nullptr;
  const Node* result = nullptr;
};

// ROW(...), or (a, b) with form kImplicitCast
struct RowExpr : NodeOf<NodeKind::kRowExpr> {
  NodeList args;
  CoercionForm form{};
};

// COALESCE(args)
struct CoalesceExpr : NodeOf<NodeKind::kCoalesceExpr> {
  NodeList args;
};

// GREATEST(args), LEAST(args)
struct MinMaxExpr : NodeOf<NodeKind::kMinMaxExpr> {
  MinMaxOp op{};
  NodeList args;
};

// CURRENT_DATE and the other functions that are keywords (SQLValueFunction).
struct SqlValueFunction : NodeOf<NodeKind::kSqlValueFunction> {
  SqlValueFunctionOp op{};
  int32_t typmod = -1;  // -1, or the precision of the _N forms
};

// XMLELEMENT and its like.
struct XmlExpr : NodeOf<NodeKind::kXmlExpr> {
  XmlExprOp op{};
  std::string_view name;  // of the element or processing instruction
  ListOf<ResTarget> named_args;
  NodeList args;
  XmlOption option{};
};

// XMLSERIALIZE(option expr AS type)
struct XmlSerialize : NodeOf<NodeKind::kXmlSerialize> {
  XmlOption option{};
  const Node* expr = nullptr;
  const TypeName* type = nullptr;
};

// arg IS [NOT] NULL
struct NullTest : NodeOf<NodeKind::kNullTest> {
  const Node* arg = nullptr;
  NullTestType test{};
};

// arg IS [NOT] TRUE | FALSE | UNKNOWN
struct BooleanTest : NodeOf<NodeKind::kBooleanTest> {
  const Node* arg = nullptr;
  BoolTestType test{};
};

// DEFAULT in VALUES or SET.
struct SetToDefault : NodeOf<NodeKind::kSetToDefault> {};

// WHERE CURRENT OF cursor
struct CurrentOfExpr : NodeOf<NodeKind::kCurrentOfExpr> {
  std::string_view cursor;
};

}  // namespace phantom::parser
