// Subqueries of WHERE to joins. A correlated subquery qualifies when only its WHERE refers outward: those conditions become
// the join's. Anything else is left to be evaluated row by row.
#include <algorithm>
#include <functional>

#include "catalog/function.h"
#include "catalog/operator.h"
#include "planner/build/builder.h"
#include "planner/expr_util.h"
#include "planner/logical_util.h"
#include "planner/query_util.h"
#include "planner/rules/rules.h"

namespace phantom::planner {

using namespace types;

namespace {

std::set<RelId> RelsMadeIn(const Query& query) {
  std::set<RelId> rels;
  ForEachQuery(const_cast<Query&>(query), [&](Query& inner) {
    for (RangeEntry* entry : inner.entries) rels.insert(entry->rel);
    std::function<void(SetOpNode*)> set = [&](SetOpNode* node) {
      if (node == nullptr) return;
      rels.insert(node->rel);
      set(node->left);
      set(node->right);
    };
    set(inner.set_operation);
    ForEachQueryExpr(inner, [&](Expr*& expr) {
      Walk(expr, [&](const Expr* node) {
        if (auto* subquery = DynAs<SubqueryExpr>(node)) rels.insert(subquery->output_rel);
        return true;
      });
    });
  });
  return rels;
}

bool RefersOutside(const Expr* expr, const std::set<RelId>& inside) {
  std::set<RelId> used;
  CollectRels(expr, used);
  return std::any_of(used.begin(), used.end(), [&](RelId rel) { return !inside.contains(rel); });
}

bool RefersInside(const Expr* expr, const std::set<RelId>& inside) {
  std::set<RelId> used;
  CollectRels(expr, used);
  return std::any_of(used.begin(), used.end(), [&](RelId rel) { return inside.contains(rel); });
}

// FROM and WHERE and nothing that changes how many rows there are.
bool IsPlain(const Query& query) {
  return query.command == CommandKind::kSelect && query.ctes.empty() && query.set_operation == nullptr && !query.grouped &&
         !query.has_windows && !query.has_set_functions && query.limit == nullptr && query.offset == nullptr &&
         query.row_marks.empty() && !query.has_distinct_on;
}

// Does anything but the WHERE clause (and, if not looked at, the targets) refer outside?
bool OnlyWhereCorrelated(Query& query, const std::set<RelId>& inside, bool targets) {
  Expr* where = query.where;
  std::vector<Target> kept;
  query.where = nullptr;
  if (!targets) query.targets.swap(kept);
  bool outside = false;
  ForEachQueryExpr(query, [&](Expr*& expr) { outside = outside || RefersOutside(expr, inside); });
  query.where = where;
  if (!targets) query.targets.swap(kept);
  return !outside;
}

// Takes the conditions that refer outside out of the query's WHERE.
void TakeCorrelated(BindContext& context, Query& query, const std::set<RelId>& inside, std::vector<Expr*>& taken) {
  std::vector<Expr*> all, kept;
  SplitAnd(query.where, all);
  for (Expr* condition : all) (RefersOutside(condition, inside) ? taken : kept).push_back(condition);
  query.where = JoinAnd(context.arena, kept);
}

class Unnester {
 public:
  explicit Unnester(BindContext& context) : ctx_(context) {}

  Result<LogicalNode*> Visit(LogicalNode* node) {
    for (LogicalNode*& child : node->children) {
      ASSIGN_OR_RETURN(child, Visit(child));
    }
    auto* filter = DynAs<LogicalFilter>(node);
    if (filter == nullptr) return node;
    std::vector<Expr*> kept;
    LogicalNode* below = filter->children[0];
    for (Expr* condition : filter->conditions) {
      ASSIGN_OR_RETURN(bool done, Condition(condition, below));
      if (!done) kept.push_back(condition);
    }
    if (kept.empty()) return below;
    filter->conditions = std::move(kept);
    filter->children[0] = below;
    return filter;
  }

 private:
  // True when the condition became a join over `below`. A condition may also be changed in place (its subquery now being a column).
  Result<bool> Condition(Expr*& condition, LogicalNode*& below) {
    bool negated = false;
    Expr* inner = condition;
    while (auto* logic = DynAs<BoolExpr>(inner)) {
      if (logic->op != BoolOp::kNot) break;
      negated = !negated;
      inner = logic->args[0];
    }
    if (auto* subquery = DynAs<SubqueryExpr>(inner)) {
      if (QueryIsVolatile(*subquery->query)) return false;
      if (subquery->subquery == SubqueryKind::kExists) return Exists(*subquery, negated, below);
      if (subquery->subquery == SubqueryKind::kAny) return In(*subquery, negated, below);
    }
    // Scalar subqueries anywhere they are sure to be evaluated.
    std::vector<SubqueryExpr*> scalars;
    Walk(condition, [&](const Expr* node) {
      if (node->kind == ExprKind::kCase || node->kind == ExprKind::kCoalesce) return false;
      if (auto* logic = DynAs<BoolExpr>(node); logic != nullptr && logic->op != BoolOp::kNot) return false;
      auto* found = const_cast<SubqueryExpr*>(DynAs<SubqueryExpr>(node));
      if (found == nullptr) return true;
      if (found->subquery == SubqueryKind::kScalar) scalars.push_back(found);
      return false;
    });
    for (SubqueryExpr* scalar : scalars) RETURN_IF_ERROR(Scalar(*scalar, condition, below));
    return false;
  }

  void Join(JoinType type, LogicalNode*& below, LogicalNode* right, std::vector<Expr*> conditions, bool null_aware = false) {
    auto* join = ctx_.arena.New<LogicalJoin>();
    join->type = type;
    join->conditions = std::move(conditions);
    join->null_aware = null_aware;
    join->children = {below, right};
    below = join;
  }

  Result<bool> Exists(SubqueryExpr& subquery, bool negated, LogicalNode*& below) {
    Query& query = *subquery.query;
    std::set<RelId> inside = RelsMadeIn(query);
    if (!IsPlain(query) || query.from == nullptr || !OnlyWhereCorrelated(query, inside, false)) return false;
    std::vector<Expr*> conditions;
    TakeCorrelated(ctx_, query, inside, conditions);
    // Without a condition between them the answer is the same for all rows: evaluated once.
    if (conditions.empty()) return false;
    ASSIGN_OR_RETURN(LogicalNode * right, Builder(ctx_).BuildRows(query));
    ASSIGN_OR_RETURN(right, Visit(right));
    Join(negated ? JoinType::kAnti : JoinType::kSemi, below, right, std::move(conditions));
    return true;
  }

  bool NotNull(const Expr* expr) {
    auto* column = DynAs<ColumnRef>(expr);
    if (column == nullptr) return false;
    const RangeEntry* entry = ctx_.entries[static_cast<size_t>(column->rel)];
    return entry != nullptr && entry->kind == RangeKind::kTable && column->column >= 0 &&
           entry->table->columns[static_cast<size_t>(column->column)].not_null;
  }

  Result<bool> In(SubqueryExpr& subquery, bool negated, LogicalNode*& below) {
    Query& query = *subquery.query;
    std::set<RelId> inside = RelsMadeIn(query);
    bool correlated = IsCorrelated(query);
    if (ContainsSubquery(subquery.test) || IsVolatile(subquery.test)) return false;
    bool plain = IsPlain(query) && query.from != nullptr && OnlyWhereCorrelated(query, inside, true);
    bool simple_targets = std::none_of(query.targets.begin(), query.targets.end(), [](const Target& target) {
      return ContainsSubquery(target.expr) || IsVolatile(target.expr);
    });
    if (correlated && !(plain && simple_targets)) return false;
    // The left side must come from the rows at hand, or there is nothing to join.
    std::set<RelId> left = OutputRels(*below), used;
    CollectRels(subquery.test, used);
    bool uses_left = std::any_of(used.begin(), used.end(), [&](RelId rel) { return left.contains(rel); });
    if (!uses_left && !correlated) return false;

    std::vector<Expr*> tests;
    SplitAnd(subquery.test, tests);
    if (negated) {
      // NOT IN is an anti join only when no null can come in, or for one plain equality, which the join then minds.
      bool no_nulls = plain && simple_targets;
      for (Expr* test : tests) {
        auto* call = DynAs<FunctionCall>(test);
        auto* column = call != nullptr && call->args.size() == 2 ? DynAs<ColumnRef>(call->args[1]) : nullptr;
        if (column == nullptr || column->rel != subquery.output_rel) {
          no_nulls = false;
          break;
        }
        const Expr* source = query.set_operation == nullptr ? VisibleTarget(query, column->column) : nullptr;
        no_nulls = no_nulls && NotNull(call->args[0]) && source != nullptr && NotNull(source) && !NullExtended(query);
      }
      if (!no_nulls) {
        auto* call = tests.size() == 1 ? DynAs<FunctionCall>(tests[0]) : nullptr;
        bool hashable = call != nullptr && call->op != nullptr && call->op->name == "=" && call->op->can_hash &&
                        DynAs<ColumnRef>(call->args[1]) != nullptr && !RefersInside(call->args[0], {subquery.output_rel});
        if (correlated || !hashable) return false;
        ASSIGN_OR_RETURN(LogicalNode * right, Builder(ctx_).Build(query, subquery.output_rel));
        ASSIGN_OR_RETURN(right, Visit(right));
        Join(JoinType::kAnti, below, right, tests, true);
        return true;
      }
    }
    if (plain && simple_targets && !query.distinct) {
      for (Expr*& test : tests) {
        test = Copy(ctx_.arena, test, [&](const Expr* node) -> Expr* {
          auto* column = DynAs<ColumnRef>(node);
          if (column == nullptr || column->rel != subquery.output_rel) return nullptr;
          return Copy(ctx_.arena, VisibleTarget(query, column->column));
        });
      }
      TakeCorrelated(ctx_, query, inside, tests);
      ASSIGN_OR_RETURN(LogicalNode * right, Builder(ctx_).BuildRows(query));
      ASSIGN_OR_RETURN(right, Visit(right));
      Join(negated ? JoinType::kAnti : JoinType::kSemi, below, right, std::move(tests));
      return true;
    }
    if (correlated) return false;
    ASSIGN_OR_RETURN(LogicalNode * right, Builder(ctx_).Build(query, subquery.output_rel));
    ASSIGN_OR_RETURN(right, Visit(right));
    Join(negated ? JoinType::kAnti : JoinType::kSemi, below, right, std::move(tests));
    return true;
  }

  static const Expr* VisibleTarget(const Query& query, int column) {
    for (const Target& target : query.targets) {
      if (target.junk) continue;
      if (column-- == 0) return target.expr;
    }
    return nullptr;
  }

  // May an outer join make nulls of a NOT NULL column?
  static bool NullExtended(const Query& query) {
    std::function<bool(const FromNode*)> outer = [&](const FromNode* node) {
      return node != nullptr && node->join && (node->type != JoinType::kInner || outer(node->left) || outer(node->right));
    };
    return outer(query.from);
  }

  // x op (SELECT agg(...) FROM ... WHERE inner = outer): grouped by the inner sides once, then joined.
  Status Scalar(SubqueryExpr& subquery, Expr*& condition, LogicalNode*& below) {
    Query& query = *subquery.query;
    if (query.command != CommandKind::kSelect || !query.ctes.empty() || query.set_operation != nullptr || !query.has_aggregates ||
        !query.groups.empty() || query.has_grouping_sets || query.having != nullptr || query.has_windows ||
        query.has_set_functions || query.distinct || query.has_distinct_on || query.limit != nullptr || query.offset != nullptr ||
        query.from == nullptr || query.targets.size() != 1 || QueryIsVolatile(query)) {
      return Status::Ok();
    }
    std::set<RelId> inside = RelsMadeIn(query);
    if (!IsCorrelated(query) || !OnlyWhereCorrelated(query, inside, true) || ContainsSubquery(query.targets[0].expr)) return Status::Ok();
    std::vector<Expr*> all;
    SplitAnd(query.where, all);
    struct Pair {
      FunctionCall* call;
      int inner;  // which argument is the inner side
    };
    std::vector<Pair> pairs;
    std::set<RelId> left = OutputRels(*below);
    for (Expr* part : all) {
      if (!RefersOutside(part, inside)) continue;
      auto* call = DynAs<FunctionCall>(part);
      if (call == nullptr || call->op == nullptr || call->op->name != "=" || !call->op->can_hash || call->args.size() != 2) return Status::Ok();
      bool in0 = RefersInside(call->args[0], inside), out0 = RefersOutside(call->args[0], inside);
      bool in1 = RefersInside(call->args[1], inside), out1 = RefersOutside(call->args[1], inside);
      if (in0 && !out0 && out1 && !in1) {
        pairs.push_back({call, 0});
      } else if (in1 && !out1 && out0 && !in0) {
        pairs.push_back({call, 1});
      } else {
        return Status::Ok();
      }
      // The outer side must come from the rows at hand.
      std::set<RelId> outer;
      CollectRels(call->args[static_cast<size_t>(1 - pairs.back().inner)], outer);
      if (!std::includes(left.begin(), left.end(), outer.begin(), outer.end())) return Status::Ok();
    }
    std::vector<AggregateCall*> calls;
    bool ours = true;
    Walk(query.targets[0].expr, [&](const Expr* node) {
      auto* call = const_cast<AggregateCall*>(DynAs<AggregateCall>(node));
      if (call == nullptr) return true;
      ours = ours && call->query == &query;
      calls.push_back(call);
      return false;
    });
    if (!ours) return Status::Ok();
    // For an outer row without partners every aggregate is null, except that counts are 0.
    auto is_count = [](const AggregateCall* call) { return call->function->name == "count"; };
    bool others = std::any_of(calls.begin(), calls.end(), [&](AggregateCall* call) {
      return call->function->name == "regr_count" || call->within_group;
    });
    if (others) return Status::Ok();

    std::vector<Expr*> taken;
    TakeCorrelated(ctx_, query, inside, taken);
    auto* aggregate = ctx_.arena.New<LogicalAggregate>();
    aggregate->rel = ctx_.NewRel(nullptr, nullptr);
    aggregate->aggregates = calls;
    std::vector<Expr*> conditions;
    for (const Pair& pair : pairs) {
      Expr* inner = pair.call->args[static_cast<size_t>(pair.inner)];
      int at = static_cast<int>(aggregate->groups.size());
      aggregate->groups.push_back(inner);
      auto* test = ctx_.arena.New<FunctionCall>(*pair.call);
      test->args[static_cast<size_t>(pair.inner)] = MakeColumnOf(ctx_, aggregate->rel, at, inner);
      conditions.push_back(test);
    }
    ASSIGN_OR_RETURN(LogicalNode * rows, Builder(ctx_).BuildRows(query));
    ASSIGN_OR_RETURN(rows, Visit(rows));
    aggregate->children = {rows};
    Expr* value = query.targets[0].expr;
    Rewrite(value, [&](Expr* node) -> Expr* {
      auto* call = DynAs<AggregateCall>(node);
      if (call == nullptr) return nullptr;
      auto at = std::find(calls.begin(), calls.end(), call) - calls.begin();
      Expr* column = MakeColumnOf(ctx_, aggregate->rel, static_cast<int>(aggregate->groups.size()) + static_cast<int>(at), call);
      if (!is_count(call)) return column;
      auto* zero = ctx_.arena.New<CoalesceExpr>();
      zero->type = call->type;
      zero->args = {column, ctx_.MakeConst(Value::Int8(0), kInt8Oid)};
      return zero;
    });
    Rewrite(condition, [&](Expr* node) -> Expr* { return node == &subquery ? value : nullptr; });
    Join(JoinType::kLeft, below, aggregate, std::move(conditions));
    return Status::Ok();
  }

  BindContext& ctx_;
};

}  // namespace

Result<LogicalNode*> UnnestSubqueries(BindContext& context, LogicalNode* node) { return Unnester(context).Visit(node); }

}  // namespace phantom::planner
