// (a.x = 1 AND b.y = 2) OR (a.x = 3 AND b.y = 4) belongs to a join, but a alone must have x = 1 OR x = 3.
#include "planner/expr_util.h"
#include "planner/rules/rules.h"

namespace phantom::planner {

namespace {

// What the expression, when it is true, says of the relation alone; null: nothing.
Expr* Part(NodeArena& arena, Expr* expr, RelId rel) {
  auto* node = DynAs<BoolExpr>(expr);
  if (node != nullptr && node->op == BoolOp::kOr) {
    std::vector<Expr*> branches;
    for (Expr* arg : node->args) {
      std::vector<Expr*> conjuncts, own;
      SplitAnd(arg, conjuncts);
      for (Expr* conjunct : conjuncts) {
        if (Expr* part = Part(arena, conjunct, rel)) own.push_back(part);
      }
      if (own.empty()) return nullptr;
      branches.push_back(JoinAnd(arena, own));
    }
    auto* either = arena.New<BoolExpr>();
    either->op = BoolOp::kOr;
    either->type = types::kBoolOid;
    either->args = std::move(branches);
    return either;
  }
  std::set<RelId> rels;
  CollectRels(expr, rels);
  if (rels.size() != 1 || !rels.contains(rel) || IsVolatile(expr) || ContainsSubquery(expr)) return nullptr;
  return Copy(arena, expr);
}

}  // namespace

Expr* OrRestriction(NodeArena& arena, Expr* condition, RelId rel) {
  auto* node = DynAs<BoolExpr>(condition);
  if (node == nullptr || node->op != BoolOp::kOr) return nullptr;
  return Part(arena, condition, rel);
}

}  // namespace phantom::planner
