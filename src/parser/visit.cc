#include "parser/visit.h"

#include <type_traits>

#include "parser/ast_expr.h"
#include "parser/ast_object.h"
#include "parser/ast_select.h"
#include "parser/ast_table.h"
#include "parser/ast_utility.h"

namespace phantom::parser {
namespace {

class Visitor {
 public:
  explicit Visitor(FunctionRef<bool(const Node&)> visit) : visit_(visit) {}

  void Walk(const Node* node);

 private:
  // A field is a node, a list of nodes, a list of records with nodes in them, or nothing of interest.
  template <typename T>
  void Field(const T& field) {
    if constexpr (std::is_convertible_v<T, const Node*>) {
      Walk(field);
    } else if constexpr (requires { field.begin()->begin(); field.begin()->size(); }) {
      if constexpr (!std::is_same_v<std::remove_cvref_t<decltype(*field.begin())>, std::string_view>) {
        for (const auto& list : field) Field(list);
      }
    } else if constexpr (requires { field.begin(); field.end(); }) {
      for (const auto& element : field) Field(element);
    }
  }
  void Field(const std::string_view&) {}
  void Field(const IndirectionStep& step) {
    Walk(step.lower);
    Walk(step.upper);
  }
  void Field(const RangeFunctionItem& item) {
    Walk(item.function);
    for (const ColumnDef* column : item.columns) Walk(column);
  }
  void Field(const ExclusionItem& item) { Walk(item.element); }

  FunctionRef<bool(const Node&)> visit_;
};

void Visitor::Walk(const Node* node) {
  if (node == nullptr) return;
  if (!visit_(*node)) return;
  switch (node->kind) {
    case NodeKind::kConstant:
    case NodeKind::kStringList:
    case NodeKind::kStar:
      break;
    case NodeKind::kListNode:
      Field(Cast<ListNode>(*node).items);
      break;
#define NODE(Name, PgName, ...)                            \
  case NodeKind::k##Name: {                                \
    [[maybe_unused]] const auto& from = Cast<Name>(*node); \
    __VA_ARGS__                                            \
    break;                                                 \
  }
#define F(field, pg_field) Field(from.field);
#define D(field, function) Field(from.field);
#define X(field) Field(from.field);
#include "parser/nodes_core.inc"
#include "parser/nodes_expr.inc"
#include "parser/nodes_object.inc"
#include "parser/nodes_query.inc"
#include "parser/nodes_table.inc"
#include "parser/nodes_utility.inc"
#undef NODE
#undef F
#undef D
#undef X
  }
}

}  // namespace

void ForEachNodeWhile(const Node* node, FunctionRef<bool(const Node&)> visit) { Visitor(visit).Walk(node); }

}  // namespace phantom::parser
