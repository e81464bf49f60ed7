// WITH, recursive too.
#include <algorithm>
#include <functional>

#include "parser/parser.h"
#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;
using parser::DynCast;

Status Binder::CteColumns(CommonTable& cte, const std::vector<Target>& targets, int32_t location) {
  cte.columns.clear();
  for (const Target& target : targets) {
    if (!target.junk) cte.columns.push_back({target.name, target.expr->type, target.expr->collation, false});
  }
  if (cte.column_aliases.size() > cte.columns.size()) {
    return Errorf(sqlstate::kInvalidColumnReference, "WITH query \"%s\" has %zu columns available but %zu columns specified",
                  cte.name.c_str(), cte.columns.size(), cte.column_aliases.size())
        .At(location);
  }
  for (size_t i = 0; i < cte.column_aliases.size(); ++i) cte.columns[i].name = cte.column_aliases[i];
  for (RangeColumn& column : cte.columns) {
    if (column.type.oid == kUnknownOid) column.type = Type(kTextOid);
  }
  return Status::Ok();
}

Status Binder::BindCte(CommonTable& cte, const ast::CommonTableExpr& node, Scope& scope, bool recursive) {
  auto* select = DynCast<ast::SelectStmt>(node.query);
  if (node.search != nullptr || node.cycle != nullptr) {
    return Error(sqlstate::kFeatureNotSupported, "SEARCH and CYCLE clauses of WITH queries are not supported").At(node.location);
  }
  if (select == nullptr) {
    if (scope.parent != nullptr) {
      return Error(sqlstate::kFeatureNotSupported, "WITH clause containing a data-modifying statement must be at the top level")
          .At(node.location);
    }
    ASSIGN_OR_RETURN(cte.query, Statement(*node.query, &scope));
    cte.modifies = true;
    return CteColumns(cte, cte.query->returning, node.location);
  }
  if (recursive && select->op == ast::SetOperation::kUnion) {
    // Bound as a set operation whose right side may refer to the query itself, which then scans the work table.
    Scope inner;
    inner.parent = &scope;
    inner.query = ctx_.arena.New<Query>();
    if (select->with != nullptr) RETURN_IF_ERROR(With(*select->with, inner));
    recursive_cte_ = &cte;
    recursive_location_ = node.location;
    auto query = SetOperationQuery(*select, inner);
    recursive_cte_ = nullptr;
    RETURN_IF_ERROR(query.status());
    cte.query = query.value();
    if (cte.recursive) {
      if (!cte.query->order_by.empty()) {
        return Error(sqlstate::kFeatureNotSupported, "ORDER BY in a recursive query is not implemented").At(LocationOf(cte.query->targets[0].expr));
      }
      if (cte.query->limit != nullptr) {
        return Error(sqlstate::kFeatureNotSupported, "LIMIT in a recursive query is not implemented").At(LocationOf(cte.query->limit));
      }
      if (cte.query->offset != nullptr) {
        return Error(sqlstate::kFeatureNotSupported, "OFFSET in a recursive query is not implemented").At(LocationOf(cte.query->offset));
      }
    }
    return CteColumns(cte, cte.query->targets, node.location);
  }
  ASSIGN_OR_RETURN(cte.query, Select(*select, &scope));
  return CteColumns(cte, cte.query->targets, node.location);
}

namespace {

// Does the tree name a relation (unqualified)? A rough reading: nested WITH items of the same name are not told apart.
class NameSearch {
 public:
  explicit NameSearch(std::string_view name) : name_(name) {}
  bool In(const ast::Node* node) {
    if (node == nullptr) return false;
    using Kind = ast::NodeKind;
    switch (node->kind) {
      case Kind::kRangeVar: {
        auto* var = static_cast<const ast::RangeVar*>(node);
        return IsNull(var->schema) && var->name == name_;
      }
      case Kind::kSelectStmt: {
        auto* select = static_cast<const ast::SelectStmt*>(node);
        if (select->with != nullptr) {
          for (auto* cte : select->with->ctes) {
            if (cte->name == name_) return false;
            if (In(cte->query)) return true;
          }
        }
        return Any(select->from) || In(select->where) || In(select->having) || In(select->left) || In(select->right) ||
               AnyTarget(select->targets);
      }
      case Kind::kRangeSubselect:
        return In(static_cast<const ast::RangeSubselect*>(node)->subquery);
      case Kind::kJoinExpr: {
        auto* join = static_cast<const ast::JoinExpr*>(node);
        return In(join->left) || In(join->right) || In(join->on);
      }
      case Kind::kSubLink:
        return In(static_cast<const ast::SubLink*>(node)->subselect);
      case Kind::kBoolExpr:
        return Any(static_cast<const ast::BoolExpr*>(node)->args);
      case Kind::kOperatorExpr:
        return In(static_cast<const ast::OperatorExpr*>(node)->left) || In(static_cast<const ast::OperatorExpr*>(node)->right);
      case Kind::kFuncCall:
        return Any(static_cast<const ast::FuncCall*>(node)->args);
      case Kind::kInsertStmt:
        return In(static_cast<const ast::InsertStmt*>(node)->select);
      case Kind::kUpdateStmt:
        return Any(static_cast<const ast::UpdateStmt*>(node)->from) || In(static_cast<const ast::UpdateStmt*>(node)->where);
      case Kind::kDeleteStmt:
        return Any(static_cast<const ast::DeleteStmt*>(node)->using_clause) || In(static_cast<const ast::DeleteStmt*>(node)->where);
      default:
        return false;
    }
  }

 private:
  bool Any(ast::NodeList list) {
    return std::any_of(list.begin(), list.end(), [&](const ast::Node* node) { return In(node); });
  }
  bool AnyTarget(ast::ListOf<ast::ResTarget> list) {
    return std::any_of(list.begin(), list.end(), [&](const ast::ResTarget* node) { return In(node->value); });
  }
  std::string_view name_;
};

}  // namespace

Status Binder::With(const ast::WithClause& with, Scope& scope) {
  scope.query->recursive = with.recursive;
  std::vector<CommonTable*> tables;
  for (const ast::CommonTableExpr* node : with.ctes) {
    for (const CommonTable* other : tables) {
      if (other->name == node->name) {
        return Errorf(sqlstate::kDuplicateAlias, "WITH query name \"%s\" specified more than once", std::string(node->name).c_str())
            .At(node->location);
      }
    }
    auto* cte = ctx_.arena.New<CommonTable>();
    cte->id = ctx_.next_cte++;
    cte->name = node->name;
    for (std::string_view alias : node->columns) cte->column_aliases.emplace_back(alias);
    cte->materialize = static_cast<Materialize>(node->materialized);
    tables.push_back(cte);
  }
  std::vector<size_t> order;
  if (with.recursive) {
    // Each after those it refers to; only references to itself may close a circle.
    std::vector<int> state(tables.size(), 0);
    Status status;
    std::function<void(size_t)> visit = [&](size_t i) {
      if (state[i] == 2 || !status.ok()) return;
      if (state[i] == 1) {
        status = Error(sqlstate::kFeatureNotSupported, "mutual recursion between WITH items is not implemented").At(with.ctes[i]->location);
        return;
      }
      state[i] = 1;
      for (size_t j = 0; j < tables.size(); ++j) {
        if (j != i && NameSearch(tables[j]->name).In(with.ctes[i]->query)) visit(j);
      }
      state[i] = 2;
      order.push_back(i);
    };
    for (size_t i = 0; i < tables.size(); ++i) visit(i);
    RETURN_IF_ERROR(status);
  } else {
    for (size_t i = 0; i < tables.size(); ++i) order.push_back(i);
    for (const CommonTable* cte : tables) scope.future_ctes.push_back(cte->name);
  }
  for (size_t i : order) {
    bool self = with.recursive && NameSearch(tables[i]->name).In(with.ctes[i]->query);
    if (self) {
      auto* select = DynCast<ast::SelectStmt>(with.ctes[i]->query);
      if (select == nullptr) {
        return Errorf(sqlstate::kInvalidRecursion, "recursive query \"%s\" must not contain data-modifying statements",
                      tables[i]->name.c_str())
            .At(with.ctes[i]->location);
      }
      if (select->op != ast::SetOperation::kUnion) {
        return Errorf(sqlstate::kInvalidRecursion,
                      "recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] recursive-term",
                      tables[i]->name.c_str())
            .At(with.ctes[i]->location);
      }
      if (NameSearch(tables[i]->name).In(select->left)) {
        return Errorf(sqlstate::kInvalidRecursion,
                      "recursive reference to query \"%s\" must not appear within its non-recursive term",
                      tables[i]->name.c_str())
            .At(with.ctes[i]->location);
      }
    }
    RETURN_IF_ERROR(BindCte(*tables[i], *with.ctes[i], scope, self));
    scope.ctes.push_back(tables[i]);
    scope.query->ctes.push_back(tables[i]);
    std::erase(scope.future_ctes, std::string_view(tables[i]->name));
  }
  return Status::Ok();
}

}  // namespace phantom::planner
