#include "planner/binder/recursion.h"

#include <algorithm>
#include <string>

#include "parser/ast.h"
#include "parser/ast_expr.h"
#include "parser/ast_object.h"
#include "parser/ast_table.h"
#include "parser/ast_utility.h"
#include "parser/parser.h"
#include "parser/visit.h"

namespace phantom::planner {

namespace ast = parser;

namespace {

// Whether a query's own WITH has an item of this name. (Items before it in the list may still mean the outer one; such
// nesting is read as hidden.)
bool Hides(const ast::SelectStmt& select, std::string_view name) {
  return select.with != nullptr &&
         std::ranges::any_of(select.with->ctes, [name](const ast::CommonTableExpr* cte) { return cte->name == name; });
}

bool IsReference(const ast::Node& node, std::string_view name) {
  const auto* var = ast::DynCast<ast::RangeVar>(&node);
  return var != nullptr && var->schema.empty() && var->name == name;
}

// Where a reference may not stand, as the message says it.
enum class Place : uint8_t { kAllowed, kStart, kSubquery, kOuterJoin, kIntersect, kExcept };
constexpr const char* kPlaces[] = {"", "within its non-recursive term", "within a subquery", "within an outer join",
                                   "within INTERSECT", "within EXCEPT"};

class Checker {
 public:
  explicit Checker(std::string_view name) : name_(name) {}

  Status Check(const ast::SelectStmt& select) {
    In(Place::kStart, select.left);
    Walk(select.right);
    if (select.with != nullptr) Walk(select.with);
    RETURN_IF_ERROR(found_);
    const auto refuse = [](const char* what, const ast::Node* at) {
      return Errorf(sqlstate::kFeatureNotSupported, "%s in a recursive query is not implemented", what)
          .At(parser::ExpressionLocation(at));
    };
    if (!select.order_by.empty()) return refuse("ORDER BY", select.order_by[0]->node);
    if (select.offset != nullptr) return refuse("OFFSET", select.offset);
    if (select.limit != nullptr) return refuse("LIMIT", select.limit);
    if (!select.locking.empty()) {
      return Error(sqlstate::kFeatureNotSupported, "FOR UPDATE/SHARE in a recursive query is not implemented");
    }
    return Status::Ok();
  }

 private:
  void In(Place place, const ast::Node* node) {
    const Place outer = place_;
    place_ = place;
    Walk(node);
    place_ = outer;
  }

  void Walk(const ast::Node* node) {
    parser::ForEachNodeWhile(node, [this](const ast::Node& each) { return found_.ok() && Enter(each); });
  }

  // Looks at a node; true when its parts are to be looked at in the same way.
  bool Enter(const ast::Node& node) {
    if (IsReference(node, name_)) {
      Reference(node.location);
      return false;
    }
    switch (node.kind) {
      case ast::NodeKind::kSelectStmt:
        return EnterSelect(ast::Cast<ast::SelectStmt>(node));
      case ast::NodeKind::kJoinExpr: {
        const auto& join = ast::Cast<ast::JoinExpr>(node);
        const bool left_outer = join.type == ast::JoinType::kRight || join.type == ast::JoinType::kFull;
        const bool right_outer = join.type == ast::JoinType::kLeft || join.type == ast::JoinType::kFull;
        In(left_outer && place_ == Place::kAllowed ? Place::kOuterJoin : place_, join.left);
        In(right_outer && place_ == Place::kAllowed ? Place::kOuterJoin : place_, join.right);
        Walk(join.on);
        return false;
      }
      case ast::NodeKind::kSubLink: {
        const auto& link = ast::Cast<ast::SubLink>(node);
        In(Place::kSubquery, link.subselect);
        Walk(link.test);
        return false;
      }
      default:
        return true;
    }
  }

  bool EnterSelect(const ast::SelectStmt& select) {
    if (Hides(select, name_)) return false;
    const bool intersect = select.op == ast::SetOperation::kIntersect && select.all;
    const bool except = select.op == ast::SetOperation::kExcept;
    if (place_ != Place::kAllowed || (!intersect && !except)) return true;
    In(intersect ? Place::kIntersect : select.all ? Place::kExcept : place_, select.left);
    In(intersect ? Place::kIntersect : Place::kExcept, select.right);
    return false;
  }

  void Reference(int32_t location) {
    const std::string name(name_);
    if (place_ != Place::kAllowed) {
      found_ = Errorf(sqlstate::kInvalidRecursion, "recursive reference to query \"%s\" must not appear %s", name.c_str(),
                       kPlaces[static_cast<size_t>(place_)])
                    .At(location);
    } else if (++references_ > 1) {
      found_ = Errorf(sqlstate::kInvalidRecursion, "recursive reference to query \"%s\" must not appear more than once",
                       name.c_str())
                    .At(location);
    }
  }

  std::string_view name_;
  Place place_ = Place::kAllowed;
  int references_ = 0;
  Status found_;
};

}  // namespace

bool RefersTo(const ast::Node* node, std::string_view name) {
  bool found = false;
  parser::ForEachNodeWhile(node, [&](const ast::Node& each) {
    found = found || IsReference(each, name);
    const auto* select = ast::DynCast<ast::SelectStmt>(&each);
    return !found && (select == nullptr || !Hides(*select, name));
  });
  return found;
}

Status CheckRecursion(const ast::CommonTableExpr& cte) {
  const std::string name(cte.name);
  const auto* select = ast::DynCast<ast::SelectStmt>(cte.query);
  if (select == nullptr) {
    return Errorf(sqlstate::kInvalidRecursion, "recursive query \"%s\" must not contain data-modifying statements", name.c_str())
        .At(cte.location);
  }
  if (select->op != ast::SetOperation::kUnion) {
    return Errorf(sqlstate::kInvalidRecursion,
                  "recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] recursive-term", name.c_str())
        .At(cte.location);
  }
  return Checker(cte.name).Check(*select);
}

}  // namespace phantom::planner
