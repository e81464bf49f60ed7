// ExpressionLocation, as PostgreSQL's exprLocation finds it.
#include "parser/ast_expr.h"
#include "parser/ast_object.h"
#include "parser/ast_select.h"
#include "parser/parser.h"

namespace phantom::parser {

namespace {

int32_t Leftmost(int32_t a, int32_t b) {
  if (a < 0) return b;
  if (b < 0) return a;
  return a < b ? a : b;
}

// Of the first item whose location is known.
int32_t FirstKnown(NodeList items) {
  for (const Node* item : items) {
    int32_t location = ExpressionLocation(item);
    if (location >= 0) return location;
  }
  return -1;
}

}  // namespace

int32_t ExpressionLocation(const Node* node) {
  if (node == nullptr) return -1;
  switch (node->kind) {
    case NodeKind::kOperatorExpr:
      return Leftmost(node->location, ExpressionLocation(Cast<OperatorExpr>(*node).left));
    case NodeKind::kBoolExpr:
      return Leftmost(node->location, FirstKnown(Cast<BoolExpr>(*node).args));
    case NodeKind::kFuncCall:
      return Leftmost(node->location, FirstKnown(Cast<FuncCall>(*node).args));
    case NodeKind::kXmlExpr:
      return Leftmost(node->location, FirstKnown(Cast<XmlExpr>(*node).args));
    case NodeKind::kNamedArgExpr:
      return Leftmost(node->location, ExpressionLocation(Cast<NamedArgExpr>(*node).arg));
    case NodeKind::kSubLink:
      return Leftmost(node->location, ExpressionLocation(Cast<SubLink>(*node).test));
    case NodeKind::kNullTest:
      return Leftmost(node->location, ExpressionLocation(Cast<NullTest>(*node).arg));
    case NodeKind::kBooleanTest:
      return Leftmost(node->location, ExpressionLocation(Cast<BooleanTest>(*node).arg));
    case NodeKind::kTypeCast: {
      const auto& cast = Cast<TypeCast>(*node);
      return Leftmost(node->location, Leftmost(ExpressionLocation(cast.arg), cast.type->location));
    }
    case NodeKind::kCollateClause:
      return ExpressionLocation(Cast<CollateClause>(*node).arg);
    case NodeKind::kMultiAssignRef:
      return ExpressionLocation(Cast<MultiAssignRef>(*node).source);
    case NodeKind::kSortBy:
      return ExpressionLocation(Cast<SortBy>(*node).node);
    case NodeKind::kIntoClause:
      return ExpressionLocation(Cast<IntoClause>(*node).relation);
    case NodeKind::kFunctionParameter:
      return ExpressionLocation(Cast<FunctionParameter>(*node).type);
    case NodeKind::kListNode:
      return FirstKnown(Cast<ListNode>(*node).items);
    default:
      return node->location;
  }
}

}  // namespace phantom::parser
