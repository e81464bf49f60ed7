#include <algorithm>

#include "catalog/function.h"
#include "planner/build/builder.h"
#include "planner/expr_util.h"
#include "planner/logical_util.h"
#include "planner/rules/rules.h"

namespace phantom::planner {

namespace {

bool Overlaps(const std::set<RelId>& a, const std::set<RelId>& b) {
  return std::any_of(a.begin(), a.end(), [&](RelId rel) { return b.contains(rel); });
}

std::set<RelId> RelsOf(const Expr* expr) {
  std::set<RelId> rels;
  CollectRels(expr, rels);
  return rels;
}

LogicalNode* FilterOver(BindContext& context, LogicalNode* node, std::vector<Expr*> conditions) {
  if (conditions.empty()) return node;
  auto* filter = context.arena.New<LogicalFilter>();
  filter->conditions = std::move(conditions);
  filter->children = {node};
  return filter;
}

// Does the expression give null whenever the columns of `rels` are null?
bool NullIfNull(const Expr* expr, const std::set<RelId>& rels) {
  switch (expr->kind) {
    case ExprKind::kColumnRef:
      return rels.contains(As<ColumnRef>(expr)->rel);
    case ExprKind::kFunction: {
      auto* call = As<FunctionCall>(expr);
      if (!call->function->strict || call->returns_set) return false;
      return std::any_of(call->args.begin(), call->args.end(), [&](Expr* arg) { return NullIfNull(arg, rels); });
    }
    case ExprKind::kCast: {
      auto* cast = As<CastExpr>(expr);
      return cast->method != CastMethod::kDomain && cast->method != CastMethod::kRow && NullIfNull(cast->arg, rels);
    }
    case ExprKind::kScalarArray:
      return As<ScalarArrayExpr>(expr)->function->strict && NullIfNull(As<ScalarArrayExpr>(expr)->scalar, rels) &&
             As<ScalarArrayExpr>(expr)->any;
    default:
      return false;
  }
}

}  // namespace

bool RejectsNulls(const Expr* condition, const std::set<RelId>& rels) {
  switch (condition->kind) {
    case ExprKind::kBool: {
      auto* node = As<BoolExpr>(condition);
      if (node->op == BoolOp::kNot) return NullIfNull(node->args[0], rels);
      auto test = [&](Expr* arg) { return RejectsNulls(arg, rels); };
      return node->op == BoolOp::kAnd ? std::any_of(node->args.begin(), node->args.end(), test)
                                      : std::all_of(node->args.begin(), node->args.end(), test);
    }
    case ExprKind::kNullTest:
      return !As<NullTest>(condition)->is_null && !As<NullTest>(condition)->row && NullIfNull(As<NullTest>(condition)->arg, rels);
    case ExprKind::kBooleanTest: {
      TruthTest test = As<BooleanTest>(condition)->test;
      bool needs_value = test == TruthTest::kTrue || test == TruthTest::kFalse || test == TruthTest::kNotUnknown;
      return needs_value && NullIfNull(As<BooleanTest>(condition)->arg, rels);
    }
    default:
      return NullIfNull(condition, rels);
  }
}

namespace {

LogicalNode* PushJoin(BindContext& context, LogicalJoin* join, std::vector<Expr*> conditions) {
  if (join->type == JoinType::kRight) {
    std::swap(join->children[0], join->children[1]);
    join->type = JoinType::kLeft;
  }
  std::set<RelId> left = OutputRels(*join->children[0]), right = OutputRels(*join->children[1]);
  // A join whose right side names the left's columns runs it anew for each left row.
  {
    std::set<RelId> free = FreeRels(*join->children[1]);
    join->lateral = Overlaps(free, left);
  }
  // Outer joins whose padded rows a condition above drops anyway.
  for (const Expr* condition : conditions) {
    if (join->type == JoinType::kLeft && RejectsNulls(condition, right)) join->type = JoinType::kInner;
    if (join->type == JoinType::kFull) {
      bool drops_left_padding = RejectsNulls(condition, left);
      bool drops_right_padding = RejectsNulls(condition, right);
      if (drops_left_padding && drops_right_padding) {
        join->type = JoinType::kInner;
      } else if (drops_left_padding) {
        join->type = JoinType::kLeft;
      } else if (drops_right_padding) {
        std::swap(join->children[0], join->children[1]);
        std::swap(left, right);
        join->type = JoinType::kLeft;
      }
    }
  }
  std::vector<Expr*> to_left, to_right, stay, above;
  auto movable = [](const Expr* condition) { return !IsVolatile(condition); };
  std::vector<Expr*> own = std::move(join->conditions);
  join->conditions.clear();
  switch (join->type) {
    case JoinType::kInner:
      own.insert(own.end(), conditions.begin(), conditions.end());
      for (Expr* condition : own) {
        std::set<RelId> used = RelsOf(condition);
        if (!movable(condition)) {
          stay.push_back(condition);
        } else if (!Overlaps(used, right) && Overlaps(used, left)) {
          to_left.push_back(condition);
        } else if (!Overlaps(used, left) && Overlaps(used, right)) {
          to_right.push_back(condition);
        } else if (used.empty() || (!Overlaps(used, left) && !Overlaps(used, right))) {
          above.push_back(condition);
        } else {
          stay.push_back(condition);
        }
      }
      break;
    case JoinType::kLeft:
    case JoinType::kSemi:
    case JoinType::kAnti:
    case JoinType::kMark:
      for (Expr* condition : own) {
        std::set<RelId> used = RelsOf(condition);
        bool right_only = Overlaps(used, right) && !Overlaps(used, left);
        bool left_only = Overlaps(used, left) && !Overlaps(used, right);
        if (movable(condition) && right_only && join->type != JoinType::kMark && !join->null_aware) {
          to_right.push_back(condition);
        } else if (movable(condition) && left_only && join->type == JoinType::kSemi) {
          to_left.push_back(condition);
        } else {
          stay.push_back(condition);
        }
      }
      for (Expr* condition : conditions) {
        std::set<RelId> used = RelsOf(condition);
        bool mark = join->type == JoinType::kMark && used.contains(join->mark_rel);
        bool left_only = Overlaps(used, left) && !mark && (join->type != JoinType::kLeft || !Overlaps(used, right));
        (movable(condition) && left_only ? to_left : above).push_back(condition);
      }
      break;
    case JoinType::kFull:
    case JoinType::kRight:
      stay = std::move(own);
      above = std::move(conditions);
      break;
  }
  // An OR that stays may still restrict single relations below.
  for (Expr* condition : stay) {
    if (!movable(condition) || join->type == JoinType::kMark || join->type == JoinType::kFull || join->null_aware) continue;
    for (RelId rel : RelsOf(condition)) {
      const bool below_left = left.contains(rel) && (join->type == JoinType::kInner || join->type == JoinType::kSemi);
      if (!below_left && !right.contains(rel)) continue;
      Expr* restriction = OrRestriction(context.arena, condition, rel);
      if (restriction != nullptr) (below_left ? to_left : to_right).push_back(restriction);
    }
  }
  join->conditions = std::move(stay);
  join->children[0] = PushDown(context, join->children[0], std::move(to_left));
  join->children[1] = PushDown(context, join->children[1], std::move(to_right));
  return FilterOver(context, join, std::move(above));
}

// Conditions with columns (rel, i) replaced by what they stand for; false when one cannot be.
bool Substitute(BindContext& context, Expr* condition, RelId rel, const std::vector<Expr*>& exprs, size_t limit, Expr** out) {
  if (IsVolatile(condition) || ContainsSubquery(condition)) return false;
  bool possible = true;
  Walk(condition, [&](const Expr* node) {
    auto* column = DynAs<ColumnRef>(node);
    if (column != nullptr && column->rel == rel) {
      auto at = static_cast<size_t>(column->column);
      if (at >= limit || IsVolatile(exprs[at]) || ContainsSubquery(exprs[at]) || ReturnsSet(exprs[at])) possible = false;
    }
    return possible;
  });
  if (!possible) return false;
  *out = Copy(context.arena, condition, [&](const Expr* node) -> Expr* {
    auto* column = DynAs<ColumnRef>(node);
    if (column == nullptr || column->rel != rel) return nullptr;
    return Copy(context.arena, exprs[static_cast<size_t>(column->column)]);
  });
  return true;
}

}  // namespace

LogicalNode* PushDown(BindContext& context, LogicalNode* node, std::vector<Expr*> conditions) {
  std::vector<Expr*> down, above;
  auto children = [&] {
    for (LogicalNode*& child : node->children) child = PushDown(context, child);
  };
  switch (node->kind) {
    case LogicalKind::kFilter: {
      auto* filter = As<LogicalFilter>(node);
      std::vector<Expr*> stay;
      for (Expr* condition : filter->conditions) (IsVolatile(condition) ? stay : conditions).push_back(condition);
      // Where nothing can pass nothing else is asked.
      if (auto never = std::ranges::find_if(conditions, IsConstFalseOrNull); never != conditions.end()) {
        return FilterOver(context, PushDown(context, node->children[0]), {*never});
      }
      if (stay.empty()) return PushDown(context, node->children[0], std::move(conditions));
      // A volatile condition sees the rows it saw.
      node->children[0] = PushDown(context, node->children[0], {});
      filter->conditions = std::move(stay);
      filter->conditions.insert(filter->conditions.begin(), conditions.begin(), conditions.end());
      return filter;
    }
    case LogicalKind::kJoin:
      return PushJoin(context, As<LogicalJoin>(node), std::move(conditions));
    case LogicalKind::kProject: {
      auto* project = As<LogicalProject>(node);
      bool sets = std::any_of(project->exprs.begin(), project->exprs.end(), [](Expr* e) { return ReturnsSet(e); });
      for (Expr* condition : conditions) {
        Expr* changed;
        if (!sets && !RelsOf(condition).empty() &&
            Substitute(context, condition, project->rel, project->exprs, project->exprs.size(), &changed)) {
          down.push_back(changed);
        } else {
          above.push_back(condition);
        }
      }
      node->children[0] = PushDown(context, node->children[0], std::move(down));
      return FilterOver(context, node, std::move(above));
    }
    case LogicalKind::kAggregate: {
      auto* aggregate = As<LogicalAggregate>(node);
      for (Expr* condition : conditions) {
        Expr* changed;
        if (aggregate->sets.empty() && !aggregate->groups.empty() && !RelsOf(condition).empty() &&
            Substitute(context, condition, aggregate->rel, aggregate->groups, aggregate->groups.size(), &changed)) {
          down.push_back(changed);
        } else {
          above.push_back(condition);
        }
      }
      node->children[0] = PushDown(context, node->children[0], std::move(down));
      return FilterOver(context, node, std::move(above));
    }
    case LogicalKind::kSetOp: {
      auto* set = As<LogicalSetOp>(node);
      std::vector<std::vector<Expr*>> each(node->children.size());
      for (Expr* condition : conditions) {
        if (IsVolatile(condition) || ContainsSubquery(condition) || RelsOf(condition).empty()) {
          above.push_back(condition);
          continue;
        }
        for (size_t k = 0; k < each.size(); ++k) {
          each[k].push_back(Copy(context.arena, condition, [&](const Expr* e) -> Expr* {
            auto* column = DynAs<ColumnRef>(e);
            if (column == nullptr || column->rel != set->rel) return nullptr;
            ColumnId input = set->inputs[k][static_cast<size_t>(column->column)];
            return context.MakeColumn(input.rel, input.column, column->type, column->collation, column->location);
          }));
        }
      }
      for (size_t k = 0; k < each.size(); ++k) node->children[k] = PushDown(context, node->children[k], std::move(each[k]));
      return FilterOver(context, node, std::move(above));
    }
    case LogicalKind::kWindow: {
      auto* window = As<LogicalWindow>(node);
      for (Expr* condition : conditions) {
        // A condition on partition columns drops whole partitions.
        bool partition_only = !IsVolatile(condition) && !ContainsSubquery(condition) && !RelsOf(condition).empty();
        Walk(condition, [&](const Expr* e) {
          auto* column = DynAs<ColumnRef>(e);
          if (column == nullptr) return true;
          bool found = std::any_of(window->partition.begin(), window->partition.end(), [&](Expr* key) { return Equal(key, column); });
          partition_only = partition_only && found;
          return true;
        });
        (partition_only ? down : above).push_back(condition);
      }
      node->children[0] = PushDown(context, node->children[0], std::move(down));
      return FilterOver(context, node, std::move(above));
    }
    case LogicalKind::kSort:
      node->children[0] = PushDown(context, node->children[0], std::move(conditions));
      return node;
    case LogicalKind::kWith:
      node->children[0] = PushDown(context, node->children[0]);
      node->children[1] = PushDown(context, node->children[1], std::move(conditions));
      return node;
    case LogicalKind::kScan: {
      auto& filters = As<LogicalScan>(node)->filters;
      filters.insert(filters.end(), conditions.begin(), conditions.end());
      return node;
    }
    case LogicalKind::kFunctionScan: {
      auto& filters = As<LogicalFunctionScan>(node)->filters;
      filters.insert(filters.end(), conditions.begin(), conditions.end());
      return node;
    }
    case LogicalKind::kCteScan: {
      auto& filters = As<LogicalCteScan>(node)->filters;
      filters.insert(filters.end(), conditions.begin(), conditions.end());
      return node;
    }
    case LogicalKind::kWorkTableScan: {
      auto& filters = As<LogicalWorkTableScan>(node)->filters;
      filters.insert(filters.end(), conditions.begin(), conditions.end());
      return node;
    }
    default:
      children();
      return FilterOver(context, node, std::move(conditions));
  }
}

}  // namespace phantom::planner
