// SELECT ... FOR UPDATE and its kin: which rows are locked, and what is decided again when one was changed meanwhile.
#include <algorithm>
#include <set>

#include "planner/build/builder.h"
#include "planner/expr_util.h"
#include "planner/query_copy.h"
#include "planner/query_util.h"

namespace phantom::planner {

namespace {

// A subquery that only chooses and names rows, and in which rows are locked for the sake of an outer query alone.
bool IsPlainAndLocked(const Query& query) {
  if (query.row_marks.empty() || query.command != CommandKind::kSelect || query.from == nullptr) return false;
  if (query.set_operation != nullptr || query.grouped || query.has_windows || query.has_set_functions) return false;
  if (query.distinct || query.has_distinct_on || !query.order_by.empty() || !query.ctes.empty()) return false;
  if (query.limit != nullptr || query.offset != nullptr) return false;
  return std::all_of(query.row_marks.begin(), query.row_marks.end(), [](const RowMark& mark) { return mark.pushed; }) &&
         std::none_of(query.targets.begin(), query.targets.end(), [](const Target& target) { return IsVolatile(target.expr); });
}

FromNode* FindEntry(FromNode* node, const RangeEntry* entry) {
  if (node == nullptr || !node->join) return node != nullptr && node->entry == entry ? node : nullptr;
  FromNode* found = FindEntry(node->left, entry);
  return found != nullptr ? found : FindEntry(node->right, entry);
}

// The strongest lock on the entry's rows; null: none.
const RowMark* MarkOf(const Query& query, const RangeEntry* entry) {
  for (const RowMark& mark : query.row_marks) {
    if (mark.entry == entry) return &mark;
  }
  if (entry->kind != RangeKind::kSubquery || entry->subquery == nullptr) return nullptr;
  for (const RangeEntry* inner : entry->subquery->entries) {
    const RowMark* mark = MarkOf(*entry->subquery, inner);
    if (mark != nullptr && mark->pushed) return mark;
  }
  return nullptr;
}

}  // namespace

// A lock taken inside the subquery would take rows that the query's own conditions leave out. Its relations, conditions and locks move to the
// query, and its targets take the places of its columns.
Status Builder::PullUpLocked(Query& query) {
  std::set<RelId> nullable;
  NullableRels(query.from, nullable);
  for (const RangeEntry* entry : query.entries) {
    const RowMark* mark = nullable.contains(entry->rel) ? MarkOf(query, entry) : nullptr;
    if (mark == nullptr) continue;
    return Errorf(sqlstate::kFeatureNotSupported, "%s cannot be applied to the nullable side of an outer join",
                  LockClause(mark->strength));
  }
  const std::vector<RangeEntry*> entries = query.entries;
  for (RangeEntry* entry : entries) {
    if (entry->kind != RangeKind::kSubquery || entry->lateral) continue;
    Query& inner = *entry->subquery;
    if (inner.set_operation == nullptr) RETURN_IF_ERROR(PullUpLocked(inner));
    FromNode* place = FindEntry(query.from, entry);
    if (place == nullptr || !IsPlainAndLocked(inner)) continue;
    query.entries.erase(std::find(query.entries.begin(), query.entries.end(), entry));
    ForEachQueryExpr(query, [&](Expr*& expr) {
      Rewrite(expr, [&](Expr* node) -> Expr* {
        auto* column = DynAs<ColumnRef>(node);
        if (column == nullptr || column->rel != entry->rel) return nullptr;
        return CopyWithSubqueries(ctx_, inner.targets[static_cast<size_t>(column->column)].expr);
      });
    });
    *place = *inner.from;
    if (query.where == nullptr || inner.where == nullptr) {
      query.where = query.where == nullptr ? inner.where : query.where;
    } else {
      Expr* both[] = {inner.where, query.where};
      query.where = JoinAnd(ctx_.arena, both);
    }
    query.entries.insert(query.entries.end(), inner.entries.begin(), inner.entries.end());
    query.row_marks.insert(query.row_marks.end(), inner.row_marks.begin(), inner.row_marks.end());
    query.has_subqueries = query.has_subqueries || inner.has_subqueries;
  }
  return Status::Ok();
}

// The rewriting of a condition's subqueries into joins consumes them: what is tested again has copies.
std::vector<Expr*> Builder::Rechecks(Expr* condition) {
  std::vector<Expr*> conditions;
  SplitAnd(condition, conditions);
  for (Expr*& part : conditions) {
    if (ContainsSubquery(part)) part = CopyWithSubqueries(ctx_, part);
  }
  return conditions;
}

// What decides whether rows join, as far as locked rows have a part in it: those never come from an outer join's nullable side.
void Builder::RecheckJoins(const FromNode* node, LogicalLockRows& lock) {
  if (node == nullptr || !node->join || node->type == JoinType::kFull) return;
  if (node->type != JoinType::kRight) RecheckJoins(node->left, lock);
  if (node->type != JoinType::kLeft) RecheckJoins(node->right, lock);
  std::vector<Expr*> on = Rechecks(node->on);
  if (node->type == JoinType::kInner) {
    lock.rechecks.insert(lock.rechecks.end(), on.begin(), on.end());
    return;
  }
  LogicalLockRows::OuterJoin& join = lock.outer_joins.emplace_back();
  join.on = std::move(on);
  RelsBelow(node->type == JoinType::kLeft ? node->right : node->left, join.nullable);
}

// Before the query's conditions are made into something else.
LogicalLockRows* Builder::LockRows(Query& query) {
  auto* lock = ctx_.arena.New<LogicalLockRows>();
  lock->marks = query.row_marks;
  RecheckJoins(query.from, *lock);
  const std::vector<Expr*> where = Rechecks(query.where);
  lock->rechecks.insert(lock->rechecks.end(), where.begin(), where.end());
  return lock;
}

}  // namespace phantom::planner
