// WITH, recursive too.
#include <algorithm>
#include <functional>

#include "parser/parser.h"
#include "planner/binder/binder.h"
#include "planner/binder/recursion.h"
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
  const bool walks = node.search != nullptr || node.cycle != nullptr;
  cte.search = node.search;
  cte.cycle = node.cycle;
  if (node.cycle != nullptr) RETURN_IF_ERROR(BindCycleMark(cte, scope));
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
    RETURN_IF_ERROR(CteColumns(cte, cte.query->targets, node.location));
    if (!walks) return Status::Ok();
    RETURN_IF_ERROR(CheckSearchCycle(cte, node));
    if (!ctx_.for_text) RETURN_IF_ERROR(SearchAndCycle(cte));
    AddSearchCycleColumns(cte, false);
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(cte.query, Select(*select, &scope));
  if (walks) return Error(sqlstate::kSyntaxError, "WITH query is not recursive").At(node.location);
  return CteColumns(cte, cte.query->targets, node.location);
}

Status Binder::With(const ast::WithClause& with, Scope& scope) {
  scope.query->recursive = with.recursive;
  std::vector<CommonTable*> tables;
  for (const ast::CommonTableExpr* node : with.ctes) {
    if (node->query->kind == ast::NodeKind::kMergeStmt) {
      return Error(sqlstate::kFeatureNotSupported, "MERGE not supported in WITH query").At(node->location);
    }
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
        if (j != i && RefersTo(with.ctes[i]->query, tables[j]->name)) visit(j);
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
    bool self = with.recursive && RefersTo(with.ctes[i]->query, tables[i]->name);
    if (self) RETURN_IF_ERROR(CheckRecursion(*with.ctes[i]));
    RETURN_IF_ERROR(BindCte(*tables[i], *with.ctes[i], scope, self));
    scope.ctes.push_back(tables[i]);
    scope.query->ctes.push_back(tables[i]);
    std::erase(scope.future_ctes, std::string_view(tables[i]->name));
  }
  return Status::Ok();
}

}  // namespace phantom::planner
