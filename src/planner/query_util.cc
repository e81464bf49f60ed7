#include "planner/query_util.h"

#include <set>

#include "planner/expr_util.h"

namespace phantom::planner {

void ForEachOwnExpr(Query& query, const std::function<void(Expr*&)>& visit) {
  auto one = [&](Expr*& expr) {
    if (expr != nullptr) visit(expr);
  };
  for (RangeEntry* entry : query.entries) {
    for (auto& row : entry->values) {
      for (Expr*& value : row) one(value);
    }
    for (TableFunction& function : entry->functions) one(function.call);
  }
  std::function<void(FromNode*)> from = [&](FromNode* node) {
    if (node == nullptr || !node->join) return;
    from(node->left);
    from(node->right);
    one(node->on);
  };
  from(query.from);
  one(query.where);
  for (Target& target : query.targets) one(target.expr);
  for (Expr*& group : query.groups) one(group);
  one(query.having);
  for (WindowDef& window : query.windows) {
    for (Expr*& key : window.partition) one(key);
    for (SortKey& key : window.order) one(key.expr);
    one(window.frame.start_offset);
    one(window.frame.end_offset);
  }
  one(query.limit);
  one(query.offset);
  for (ColumnAssignment& assignment : query.assignments) one(assignment.value);
  if (query.on_conflict != nullptr) {
    for (ColumnAssignment& assignment : query.on_conflict->assignments) one(assignment.value);
    one(query.on_conflict->where);
  }
  for (MergeWhen& when : query.merge_actions) {
    one(when.condition);
    for (ColumnAssignment& assignment : when.assignments) one(assignment.value);
  }
  for (Target& target : query.returning) one(target.expr);
  for (ViewCheck& check : query.view_checks) one(check.condition);
}

namespace {

void VisitNested(Query& query, const std::function<void(Query&)>& visit) {
  for (CommonTable* cte : query.ctes) {
    if (cte->query != nullptr) visit(*cte->query);
  }
  for (RangeEntry* entry : query.entries) {
    if (entry->subquery != nullptr) visit(*entry->subquery);
  }
  std::function<void(SetOpNode*)> set = [&](SetOpNode* node) {
    if (node == nullptr) return;
    if (node->query != nullptr) visit(*node->query);
    set(node->left);
    set(node->right);
  };
  set(query.set_operation);
}

}  // namespace

void ForEachQueryExpr(Query& query, const std::function<void(Expr*&)>& visit) {
  ForEachOwnExpr(query, visit);
  VisitNested(query, [&](Query& nested) { ForEachQueryExpr(nested, visit); });
}

void ForEachQuery(Query& query, const std::function<void(Query&)>& visit) {
  visit(query);
  VisitNested(query, [&](Query& nested) { ForEachQuery(nested, visit); });
  ForEachOwnExpr(query, [&](Expr*& expr) {
    Walk(expr, [&](const Expr* node) {
      if (auto* subquery = DynAs<SubqueryExpr>(node)) ForEachQuery(*subquery->query, visit);
      return true;
    });
  });
}

void RelsBelow(const FromNode* node, std::set<RelId>& rels) {
  if (node == nullptr) return;
  if (!node->join) {
    rels.insert(node->entry->rel);
    return;
  }
  RelsBelow(node->left, rels);
  RelsBelow(node->right, rels);
}

void NullableRels(const FromNode* node, std::set<RelId>& rels) {
  if (node == nullptr || !node->join) return;
  if (node->type == JoinType::kLeft || node->type == JoinType::kFull) RelsBelow(node->right, rels);
  if (node->type == JoinType::kRight || node->type == JoinType::kFull) RelsBelow(node->left, rels);
  NullableRels(node->left, rels);
  NullableRels(node->right, rels);
}

const char* LockClause(LockStrength strength) {
  switch (strength) {
    case LockStrength::kKeyShare:
      return "FOR KEY SHARE";
    case LockStrength::kShare:
      return "FOR SHARE";
    case LockStrength::kNoKeyUpdate:
      return "FOR NO KEY UPDATE";
    case LockStrength::kUpdate:
      return "FOR UPDATE";
  }
  return "";
}

bool QueryIsVolatile(const Query& query) {
  if (query.command != CommandKind::kSelect) return true;
  bool found = false;
  ForEachQueryExpr(const_cast<Query&>(query), [&](Expr*& expr) { found = found || IsVolatile(expr); });
  return found;
}

bool IsCorrelated(const Query& query) {
  std::set<RelId> own;
  ForEachQuery(const_cast<Query&>(query), [&](Query& inner) {
    for (RangeEntry* entry : inner.entries) own.insert(entry->rel);
    if (inner.on_conflict != nullptr && inner.on_conflict->excluded != nullptr) own.insert(inner.on_conflict->excluded->rel);
    std::function<void(SetOpNode*)> set = [&](SetOpNode* node) {
      if (node == nullptr) return;
      own.insert(node->rel);
      set(node->left);
      set(node->right);
    };
    set(inner.set_operation);
    // The names subqueries of expressions give their output are their own, too.
    ForEachQueryExpr(inner, [&](Expr*& expr) {
      Walk(expr, [&](const Expr* node) {
        if (auto* subquery = DynAs<SubqueryExpr>(node)) own.insert(subquery->output_rel);
        return true;
      });
    });
  });
  std::set<RelId> used;
  ForEachQueryExpr(const_cast<Query&>(query), [&](Expr*& expr) { CollectRels(expr, used); });
  for (RelId rel : used) {
    if (!own.contains(rel)) return true;
  }
  return false;
}

}  // namespace phantom::planner
