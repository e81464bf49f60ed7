#include "planner/rules/equalities.h"

#include <algorithm>
#include <map>

#include "planner/cost/estimator.h"
#include "planner/expr_util.h"
#include "planner/logical_util.h"
#include "planner/rules/rules.h"

namespace phantom::planner {

namespace {

const Expr* WithoutRelabel(const Expr* expr) {
  while (auto* cast = DynAs<CastExpr>(expr)) {
    if (cast->method != CastMethod::kRelabel) break;
    expr = cast->arg;
  }
  return expr;
}

const FunctionCall* AsEquality(const Expr* expr) {
  auto* call = DynAs<FunctionCall>(expr);
  const bool equal = call != nullptr && call->op != nullptr && call->op->name == "=" && call->op->can_hash && call->args.size() == 2;
  return equal && !IsVolatile(call) && !ContainsSubquery(call) ? call : nullptr;
}

}  // namespace

bool Equalities::AsMember(Expr* expr, Member& member) {
  auto* column = DynAs<ColumnRef>(WithoutRelabel(expr));
  if (column == nullptr) return false;
  member.id = {column->rel, column->column};
  member.expr = expr;
  for (member.leaf = 0; member.leaf < rels_.size(); ++member.leaf) {
    if (rels_[member.leaf].contains(column->rel)) return true;
  }
  return false;
}

std::vector<JoinCondition> Equalities::Derive(const std::vector<Expr*>& exprs) {
  for (LogicalNode* leaf : leaves_) rels_.push_back(OutputRels(*leaf));
  std::vector<JoinCondition> conditions;
  std::vector<Class> classes;
  std::map<ColumnId, size_t> class_of;
  struct Pair {
    size_t condition;
    Member left, right;
  };
  std::vector<Pair> pairs;
  for (Expr* expr : exprs) {
    JoinCondition condition{.expr = expr, .equal = AsEquality(expr) != nullptr};
    std::set<RelId> rels;
    CollectRels(expr, rels);
    for (size_t i = 0; i < rels_.size(); ++i) {
      if (std::any_of(rels.begin(), rels.end(), [&](RelId rel) { return rels_[i].contains(rel); })) condition.leaves |= uint64_t{1} << i;
    }
    conditions.push_back(condition);
    const FunctionCall* call = AsEquality(expr);
    Pair pair{.condition = conditions.size() - 1, .left = {}, .right = {}};
    if (call == nullptr || call->args[0]->type.oid != call->args[1]->type.oid ||
        call->args[0]->collation != call->args[1]->collation || !AsMember(call->args[0], pair.left) ||
        !AsMember(call->args[1], pair.right) || pair.left.leaf == pair.right.leaf) {
      continue;
    }
    pairs.push_back(pair);
    // The classes of both sides become one.
    for (const Member& member : {pair.left, pair.right}) {
      if (class_of.try_emplace(member.id, classes.size()).second) classes.push_back({.members = {member}, .equal = call});
    }
    const size_t into = class_of[pair.left.id], from = class_of[pair.right.id];
    if (into == from) continue;
    if (classes[into].equal->op != classes[from].equal->op || classes[into].equal->op != call->op) {
      classes[into].usable = classes[from].usable = false;
    }
    classes[into].usable = classes[into].usable && classes[from].usable;
    for (const Member& member : classes[from].members) {
      class_of[member.id] = into;
      classes[into].members.push_back(member);
    }
    classes[from].members.clear();
  }
  for (Class& equals : classes) {
    std::set<size_t> leaves;
    // Two columns of one leaf: their equality is nobody's but the conditions'.
    for (const Member& member : equals.members) equals.usable = equals.usable && leaves.insert(member.leaf).second;
  }
  for (const Pair& pair : pairs) {
    const size_t number = class_of[pair.left.id];
    if (classes[number].usable) conditions[pair.condition].equality_class = static_cast<int>(number);
  }
  for (size_t number = 0; number < classes.size(); ++number) {
    const Class& equals = classes[number];
    if (!equals.usable || equals.members.empty()) continue;
    for (size_t a = 0; a < equals.members.size(); ++a) {
      for (size_t b = a + 1; b < equals.members.size(); ++b) {
        const Member &left = equals.members[a], &right = equals.members[b];
        const uint64_t leaves = uint64_t{1} << left.leaf | uint64_t{1} << right.leaf;
        const bool known = std::any_of(conditions.begin(), conditions.end(), [&](const JoinCondition& condition) {
          return condition.equality_class == static_cast<int>(number) && condition.leaves == leaves;
        });
        if (known) continue;
        auto* call = As<FunctionCall>(Copy(ctx_.arena, equals.equal));
        call->args = {left.expr, right.expr};
        conditions.push_back({call, leaves, static_cast<int>(number), true});
      }
    }
  }
  for (const Class& equals : classes) {
    if (equals.usable && !equals.members.empty()) SpreadConstants(equals);
  }
  for (const JoinCondition& condition : conditions) {
    const size_t number = condition.equality_class >= 0 ? static_cast<size_t>(condition.equality_class) : classes.size();
    if (number < classes.size() && constant_.contains(classes[number].equal)) estimator_.NoteImplied(condition.expr);
  }
  return conditions;
}

void Equalities::SpreadConstants(const Class& equals) {
  // column = constant, asked of one of them.
  const FunctionCall* found = nullptr;
  size_t position = 0;
  auto constant_of = [&](const Expr* filter, const Member& member, size_t& at) -> const FunctionCall* {
    const FunctionCall* call = AsEquality(filter);
    for (at = 0; call != nullptr && at < 2; ++at) {
      auto* column = DynAs<ColumnRef>(WithoutRelabel(call->args[at]));
      const Expr* other = call->args[1 - at];
      if (column == nullptr || ColumnId{column->rel, column->column} != member.id) continue;
      if (call->args[at]->type.oid != member.expr->type.oid || call->args[at]->collation != member.expr->collation) continue;
      if (other->kind == ExprKind::kConst || other->kind == ExprKind::kParam) return call;
    }
    return nullptr;
  };
  std::vector<bool> fixed(equals.members.size(), false);
  for (size_t m = 0; m < equals.members.size(); ++m) {
    auto* scan = DynAs<LogicalScan>(leaves_[equals.members[m].leaf]);
    if (scan == nullptr) continue;
    for (const Expr* filter : scan->filters) {
      size_t at = 0;
      const FunctionCall* call = constant_of(filter, equals.members[m], at);
      if (call == nullptr) continue;
      fixed[m] = true;
      if (found == nullptr) {
        found = call;
        position = at;
      }
    }
  }
  if (found == nullptr) return;
  constant_.insert(equals.equal);
  for (size_t m = 0; m < equals.members.size(); ++m) {
    if (fixed[m]) continue;
    auto* filter = As<FunctionCall>(Copy(ctx_.arena, found));
    filter->args[position] = equals.members[m].expr;
    LogicalNode*& leaf = leaves_[equals.members[m].leaf];
    estimator_.Forget(*leaf);
    leaf = PushDown(ctx_, leaf, {filter});
  }
}

}  // namespace phantom::planner
