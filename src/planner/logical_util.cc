#include "planner/logical_util.h"

#include "planner/expr_util.h"
#include "planner/query_util.h"

namespace phantom::planner {

void ForEachExpr(LogicalNode& node, const std::function<void(Expr*&)>& visit) {
  auto one = [&](Expr*& expr) {
    if (expr != nullptr) visit(expr);
  };
  auto all = [&](std::vector<Expr*>& exprs) {
    for (Expr*& expr : exprs) one(expr);
  };
  auto keys = [&](std::vector<SortKey>& list) {
    for (SortKey& key : list) one(key.expr);
  };
  switch (node.kind) {
    case LogicalKind::kScan:
      return all(As<LogicalScan>(&node)->filters);
    case LogicalKind::kValues:
      for (auto& row : As<LogicalValues>(&node)->rows) all(row);
      return;
    case LogicalKind::kFunctionScan:
      for (TableFunction& function : As<LogicalFunctionScan>(&node)->entry->functions) one(function.call);
      return all(As<LogicalFunctionScan>(&node)->filters);
    case LogicalKind::kCteScan:
      return all(As<LogicalCteScan>(&node)->filters);
    case LogicalKind::kWorkTableScan:
      return all(As<LogicalWorkTableScan>(&node)->filters);
    case LogicalKind::kFilter:
      return all(As<LogicalFilter>(&node)->conditions);
    case LogicalKind::kProject:
      return all(As<LogicalProject>(&node)->exprs);
    case LogicalKind::kProjectSet:
      return all(As<LogicalProjectSet>(&node)->exprs);
    case LogicalKind::kJoin:
      return all(As<LogicalJoin>(&node)->conditions);
    case LogicalKind::kAggregate: {
      auto* aggregate = As<LogicalAggregate>(&node);
      all(aggregate->groups);
      for (AggregateCall* call : aggregate->aggregates) {
        all(call->args);
        keys(call->order_by);
        one(call->filter);
      }
      return;
    }
    case LogicalKind::kWindow: {
      auto* window = As<LogicalWindow>(&node);
      all(window->partition);
      keys(window->order);
      one(window->frame.start_offset);
      one(window->frame.end_offset);
      for (WindowCall* call : window->calls) {
        all(call->args);
        one(call->filter);
      }
      return;
    }
    case LogicalKind::kSort:
      return keys(As<LogicalSort>(&node)->keys);
    case LogicalKind::kLimit:
      one(As<LogicalLimit>(&node)->limit);
      one(As<LogicalLimit>(&node)->offset);
      return keys(As<LogicalLimit>(&node)->ties_keys);
    case LogicalKind::kDistinctOn:
      return keys(As<LogicalDistinctOn>(&node)->keys);
    case LogicalKind::kLockRows:
      for (LogicalLockRows::OuterJoin& join : As<LogicalLockRows>(&node)->outer_joins) all(join.on);
      return all(As<LogicalLockRows>(&node)->rechecks);
    case LogicalKind::kModify: {
      Query& query = *As<LogicalModify>(&node)->query;
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
      return;
    }
    case LogicalKind::kSetOp:
    case LogicalKind::kRecursiveUnion:
    case LogicalKind::kWith:
      return;
  }
}

void ForEachExprInTree(LogicalNode& node, const std::function<void(Expr*&)>& visit) {
  ForEachExpr(node, visit);
  for (LogicalNode* child : node.children) ForEachExprInTree(*child, visit);
}

std::set<RelId> OutputRels(const LogicalNode& node) {
  auto below = [&] {
    std::set<RelId> rels;
    for (const LogicalNode* child : node.children) rels.merge(OutputRels(*child));
    return rels;
  };
  switch (node.kind) {
    case LogicalKind::kScan:
      return {As<LogicalScan>(&node)->entry->rel};
    case LogicalKind::kValues:
      return {As<LogicalValues>(&node)->rel};
    case LogicalKind::kFunctionScan:
      return {As<LogicalFunctionScan>(&node)->entry->rel};
    case LogicalKind::kCteScan:
      return {As<LogicalCteScan>(&node)->entry->rel};
    case LogicalKind::kWorkTableScan:
      return {As<LogicalWorkTableScan>(&node)->entry->rel};
    case LogicalKind::kProject:
      return {As<LogicalProject>(&node)->rel};
    case LogicalKind::kAggregate:
      return {As<LogicalAggregate>(&node)->rel};
    case LogicalKind::kSetOp:
      return {As<LogicalSetOp>(&node)->rel};
    case LogicalKind::kRecursiveUnion:
      return {As<LogicalRecursiveUnion>(&node)->rel};
    case LogicalKind::kModify:
      return {As<LogicalModify>(&node)->rel};
    case LogicalKind::kWith:
      return OutputRels(*node.children[1]);
    case LogicalKind::kProjectSet: {
      auto rels = below();
      rels.insert(As<LogicalProjectSet>(&node)->rel);
      return rels;
    }
    case LogicalKind::kWindow: {
      auto rels = below();
      rels.insert(As<LogicalWindow>(&node)->rel);
      return rels;
    }
    case LogicalKind::kJoin: {
      auto* join = As<LogicalJoin>(&node);
      if (join->type == JoinType::kSemi || join->type == JoinType::kAnti) return OutputRels(*node.children[0]);
      if (join->type == JoinType::kMark) {
        auto rels = OutputRels(*node.children[0]);
        rels.insert(join->mark_rel);
        return rels;
      }
      return below();
    }
    case LogicalKind::kFilter:
    case LogicalKind::kSort:
    case LogicalKind::kLimit:
    case LogicalKind::kDistinctOn:
    case LogicalKind::kLockRows:
      return below();
  }
  return {};
}

void DefinedRels(const LogicalNode& node, std::set<RelId>& rels) {
  rels.merge(OutputRels(node));
  if (node.kind == LogicalKind::kModify) {
    const Query& query = *As<LogicalModify>(&node)->query;
    rels.insert(query.target->rel);
    if (query.on_conflict != nullptr && query.on_conflict->excluded != nullptr) rels.insert(query.on_conflict->excluded->rel);
  }
  for (const LogicalNode* child : node.children) DefinedRels(*child, rels);
}

std::set<RelId> FreeRels(LogicalNode& node) {
  std::set<RelId> defined, used;
  DefinedRels(node, defined);
  ForEachExprInTree(node, [&](Expr*& expr) {
    CollectRels(expr, used);
    // What subqueries of expressions make is theirs.
    Walk(expr, [&](const Expr* inner) {
      auto* subquery = DynAs<SubqueryExpr>(inner);
      if (subquery == nullptr) return true;
      defined.insert(subquery->output_rel);
      ForEachQuery(*subquery->query, [&](Query& nested) {
        for (RangeEntry* entry : nested.entries) defined.insert(entry->rel);
        std::function<void(SetOpNode*)> set = [&](SetOpNode* part) {
          if (part == nullptr) return;
          defined.insert(part->rel);
          set(part->left);
          set(part->right);
        };
        set(nested.set_operation);
        ForEachQueryExpr(nested, [&](Expr*& e) {
          Walk(e, [&](const Expr* deeper) {
            if (auto* s = DynAs<SubqueryExpr>(deeper)) defined.insert(s->output_rel);
            return true;
          });
        });
      });
      return true;
    });
  });
  std::set<RelId> free;
  for (RelId rel : used) {
    if (!defined.contains(rel)) free.insert(rel);
  }
  return free;
}

bool AtMostOneRow(const LogicalNode& node) {
  switch (node.kind) {
    case LogicalKind::kValues:
      return As<LogicalValues>(&node)->rows.size() <= 1;
    case LogicalKind::kAggregate:
      return As<LogicalAggregate>(&node)->groups.empty() && As<LogicalAggregate>(&node)->sets.empty();
    case LogicalKind::kFilter:
    case LogicalKind::kProject:
    case LogicalKind::kSort:
    case LogicalKind::kWindow:
    case LogicalKind::kDistinctOn:
      return AtMostOneRow(*node.children[0]);
    case LogicalKind::kLimit: {
      auto* count = DynAs<ConstExpr>(As<LogicalLimit>(&node)->limit);
      if (count != nullptr && !count->value.is_null() && count->value.AsInt64() <= 1 && !As<LogicalLimit>(&node)->with_ties) return true;
      return AtMostOneRow(*node.children[0]);
    }
    default:
      return false;
  }
}

}  // namespace phantom::planner
