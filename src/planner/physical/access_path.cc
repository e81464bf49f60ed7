// Which index, if any, a table is read through.
#include <algorithm>
#include <cmath>

#include "planner/cost/access_cost.h"
#include "planner/expr_util.h"
#include "planner/physical/physical_planner.h"
#include "types/key_position.h"

namespace phantom::planner {

using namespace types;
using Op = IndexCondition::Op;

namespace {

// Strips conversions that do not change the bytes.
const Expr* Bare(const Expr* expr) {
  while (auto* cast = DynAs<CastExpr>(expr)) {
    if (cast->method != CastMethod::kRelabel && cast->method != CastMethod::kCollate) break;
    expr = cast->arg;
  }
  return expr;
}

bool Mentions(const Expr* expr, RelId rel) {
  std::set<RelId> rels;
  CollectRels(expr, rels);
  return rels.contains(rel);
}

bool FlipOp(Op& op) {
  switch (op) {
    case Op::kLess:
      op = Op::kGreater;
      return true;
    case Op::kLessEqual:
      op = Op::kGreaterEqual;
      return true;
    case Op::kGreater:
      op = Op::kLess;
      return true;
    case Op::kGreaterEqual:
      op = Op::kLessEqual;
      return true;
    case Op::kEqual:
      return true;
    default:
      return false;
  }
}

bool OpOfName(std::string_view name, Op& op) {
  if (name == "=") {
    op = Op::kEqual;
  } else if (name == "<") {
    op = Op::kLess;
  } else if (name == "<=") {
    op = Op::kLessEqual;
  } else if (name == ">") {
    op = Op::kGreater;
  } else if (name == ">=") {
    op = Op::kGreaterEqual;
  } else {
    return false;
  }
  return true;
}

bool IsPlainText(Oid type) { return type == kTextOid || type == kVarcharOid; }

}  // namespace

bool PhysicalPlanner::AsSargable(const Expr* condition, RelId rel, Sargable& out) {
  if (auto* test = DynAs<NullTest>(condition)) {
    if (test->row || !Mentions(test->arg, rel)) return false;
    out.op = test->is_null ? Op::kIsNull : Op::kIsNotNull;
    out.key = Bare(test->arg);
    out.value = nullptr;
    return true;
  }
  if (auto* column = DynAs<ColumnRef>(condition); column != nullptr && column->rel == rel && column->type.oid == kBoolOid) {
    out.op = Op::kEqual;
    out.key = column;
    out.value = ctx_.MakeBool(true);
    return true;
  }
  if (auto* in = DynAs<ScalarArrayExpr>(condition)) {
    if (!in->any || in->op == nullptr || in->op->name != "=" || Mentions(in->array, rel) || IsVolatile(in->array) ||
        ContainsSubquery(in->array)) {
      return false;
    }
    out.op = Op::kIn;
    out.key = Bare(in->scalar);
    out.value = in->array;
    return true;
  }
  auto* call = DynAs<FunctionCall>(condition);
  if (call == nullptr || call->op == nullptr || call->args.size() != 2 || !OpOfName(call->op->name, out.op)) return false;
  bool btree = std::any_of(ctx_.builtins.AmopsOfOperator(call->op->oid).begin(), ctx_.builtins.AmopsOfOperator(call->op->oid).end(),
                           [](const catalog::AmopRow* amop) { return amop->method == catalog::oid::kAmBtree; });
  if (!btree) return false;
  bool left = Mentions(call->args[0], rel), right = Mentions(call->args[1], rel);
  if (left == right) return false;
  out.key = Bare(call->args[left ? 0 : 1]);
  out.value = call->args[left ? 1 : 0];
  if (right) FlipOp(out.op);
  return !IsVolatile(out.value) && !ContainsSubquery(out.value);
}

bool PhysicalPlanner::FitToKey(Oid key_type, Sargable& sargable) {
  if (sargable.value == nullptr) return true;
  Coercion& coerce = binder_.coercion();
  const bool array = sargable.op == Op::kIn;
  const Oid type = sargable.value->type.oid;
  const Oid element = array ? coerce.ElementOf(type) : type;
  const Oid key_base = coerce.BaseType(key_type), base = coerce.BaseType(element);
  Expr* copy = Copy(ctx_.arena, sargable.value);
  sargable.value = copy;
  // The same bytes under another name.
  auto relabel = [&](Oid wanted) {
    if (type == wanted) return;
    auto* cast = ctx_.arena.New<CastExpr>();
    cast->arg = copy;
    cast->type = Type(wanted);
    cast->collation = copy->collation;
    sargable.value = cast;
  };
  if (base == key_base || (IsPlainText(base) && IsPlainText(key_base))) {
    relabel(array ? coerce.ArrayOf(key_type) : key_type);
    return true;
  }
  if (array && base != element) return false;
  const types::KeyFit fit = types::KeyFitOf(key_base, base);
  if (fit == types::KeyFit::kNone) return false;
  if (fit == types::KeyFit::kBounds) {
    if (sargable.op == Op::kEqual || array) return false;
    sargable.tested = true;
  }
  if (!array) relabel(base);
  return true;
}

Result<std::vector<Expr*>> PhysicalPlanner::IndexKeyExprs(RangeEntry& entry, const catalog::Index& index) {
  std::vector<Expr*> keys;
  for (const catalog::IndexKey& key : index.keys) {
    if (key.column != 0) {
      const catalog::Column& column = entry.table->column(key.column);
      keys.push_back(ctx_.MakeColumn(entry.rel, key.column - 1, column.type, column.collation));
    } else {
      ASSIGN_OR_RETURN(Expr * expr, binder_.StoredExpression(key.expression_sql, *entry.table, entry.rel));
      keys.push_back(expr);
    }
  }
  return keys;
}

Result<bool> PhysicalPlanner::PredicateImplied(RangeEntry& entry, const catalog::Index& index,
                                               const std::vector<Expr*>& filters) {
  if (index.predicate_sql.empty()) return true;
  ASSIGN_OR_RETURN(Expr * predicate, binder_.StoredExpression(index.predicate_sql, *entry.table, entry.rel));
  std::vector<Expr*> needed;
  SplitAnd(predicate, needed);
  for (Expr* condition : needed) {
    bool found = false;
    for (Expr* filter : filters) {
      if (Equal(filter, condition)) found = true;
      // x IS NOT NULL follows from any strict comparison of x.
      auto* test = DynAs<NullTest>(condition);
      Sargable sargable;
      if (test != nullptr && !test->is_null && AsSargable(filter, entry.rel, sargable) && sargable.op != Op::kIsNull &&
          Equal(sargable.key, Bare(test->arg))) {
        found = true;
      }
    }
    if (!found) return false;
  }
  return true;
}

Result<bool> PhysicalPlanner::MatchIndex(RangeEntry& entry, const catalog::Index& index, const std::vector<Expr*>& filters,
                                         Path& path) {
  if (!index.valid || index.method != catalog::oid::kAmBtree) return false;
  ASSIGN_OR_RETURN(bool implied, PredicateImplied(entry, index, filters));
  if (!implied || !ctx_.catalog.IsIndexComplete(*entry.table, index)) return false;
  path.index = &index;
  path.used.assign(filters.size(), false);
  ASSIGN_OR_RETURN(std::vector<Expr*> keys, IndexKeyExprs(entry, index));
  bool all_equal = true;
  bool have_in = false;
  std::vector<Expr*> used_filters;
  for (size_t k = 0; k < keys.size(); ++k) {
    Oid key_type = index.keys[k].type.oid;
    int equal = -1, in = -1, lower = -1, upper = -1, null_test = -1;
    std::vector<Sargable> sargables(filters.size());
    for (size_t f = 0; f < filters.size(); ++f) {
      if (path.used[f]) continue;
      Sargable& sargable = sargables[f];
      if (!AsSargable(filters[f], entry.rel, sargable) || !Equal(sargable.key, Bare(keys[k]))) continue;
      if (!FitToKey(key_type, sargable)) continue;
      int at = static_cast<int>(f);
      switch (sargable.op) {
        case Op::kEqual:
          equal = equal < 0 ? at : equal;
          break;
        case Op::kIsNull:
          equal = equal < 0 ? at : equal;
          break;
        case Op::kIn:
          in = in < 0 ? at : in;
          break;
        case Op::kLess:
        case Op::kLessEqual:
          upper = upper < 0 ? at : upper;
          break;
        case Op::kGreater:
        case Op::kGreaterEqual:
          lower = lower < 0 ? at : lower;
          break;
        case Op::kIsNotNull:
          null_test = at;
          break;
      }
    }
    auto add = [&](int f) {
      const Sargable& sargable = sargables[static_cast<size_t>(f)];
      path.access.conditions.push_back({static_cast<int>(k), sargable.op, sargable.value});
      path.used[static_cast<size_t>(f)] = !sargable.tested;
      used_filters.push_back(filters[static_cast<size_t>(f)]);
    };
    if (equal >= 0) {
      add(equal);
      continue;
    }
    if (in >= 0 && !have_in) {
      add(in);
      have_in = true;
      continue;
    }
    all_equal = false;
    if (lower >= 0) add(lower);
    if (upper >= 0) add(upper);
    if (lower < 0 && upper < 0 && null_test >= 0) add(null_test);
    break;
  }
  path.selectivity = estimator_.Selectivity(used_filters);
  path.access.unique = all_equal && index.unique && !have_in && path.access.conditions.size() == keys.size() &&
                       std::all_of(path.access.conditions.begin(), path.access.conditions.end(),
                                   [](const IndexCondition& c) { return c.op == Op::kEqual; });
  return true;
}

bool PhysicalPlanner::OrderOfIndex(RangeEntry& entry, const catalog::Index& index, const Path& path, const Wanted& wanted,
                                   bool& backward) {
  auto keys = IndexKeyExprs(entry, index);
  if (!keys.ok()) return false;
  // Keys fixed by equality do not count for the order; an IN list's values come in order.
  std::vector<bool> fixed(index.keys.size(), false);
  bool has_in = false;
  // Are rows different in the keys alone? NULLs may be there many times, and while a check is deferred anything may be.
  bool unique = index.unique && index.immediate;
  for (const IndexCondition& condition : path.access.conditions) {
    if (condition.op == Op::kEqual || condition.op == Op::kIsNull) fixed[static_cast<size_t>(condition.key_column)] = true;
    if (condition.op == Op::kIn) has_in = true;
    if (condition.op == Op::kIsNull) unique = false;
  }
  if (has_in) return false;
  auto never_null = [&](size_t k) {
    const catalog::IndexKey& part = index.keys[k];
    if (part.column != 0 && entry.table->column(part.column).not_null) return true;
    // Any condition but IS NULL lets no null through.
    return std::any_of(path.access.conditions.begin(), path.access.conditions.end(), [&](const IndexCondition& condition) {
      return static_cast<size_t>(condition.key_column) == k && condition.op != Op::kIsNull;
    });
  };
  auto is_key = [&](const SortKey& key, size_t k) { return Equal(Bare(key.expr), Bare((*keys)[k])); };
  size_t at = 0;
  int direction = 0;
  std::vector<const SortKey*> any_order;
  for (size_t i = 0; i < wanted.keys.size(); ++i) {
    const SortKey& key = wanted.keys[i];
    // A sort key that an equality fixes is no key at all.
    bool constant = false;
    for (size_t k = 0; k < keys->size(); ++k) constant = constant || (fixed[k] && is_key(key, k));
    if (constant) continue;
    if (i >= wanted.strict) {
      any_order.push_back(&key);
      continue;
    }
    while (at < keys->size() && fixed[at]) ++at;
    // All keys of a unique index are different already: nothing is left to be ordered.
    if (at >= keys->size() && unique) break;
    if (at >= keys->size() || !is_key(key, at)) return false;
    unique = unique && never_null(at);
    const catalog::IndexKey& part = index.keys[at];
    bool same = key.descending == part.descending && key.nulls_first == part.nulls_first;
    bool reversed = key.descending != part.descending && key.nulls_first != part.nulls_first;
    if (!same && !reversed) {
      // Without nulls their place does not matter.
      if (!never_null(at)) return false;
      same = key.descending == part.descending;
      reversed = !same;
    }
    int step = same ? 1 : -1;
    if (direction == 0) direction = step;
    if (direction != step) return false;
    ++at;
  }
  // The others are the index's next keys, whichever way round.
  while (!any_order.empty()) {
    while (at < keys->size() && fixed[at]) ++at;
    if (at >= keys->size()) {
      if (unique) break;
      return false;
    }
    auto found = std::find_if(any_order.begin(), any_order.end(), [&](const SortKey* key) { return is_key(*key, at); });
    if (found == any_order.end()) return false;
    any_order.erase(found);
    unique = unique && never_null(at);
    ++at;
  }
  backward = direction < 0;
  return true;
}

Result<PhysicalPlanner::Path> PhysicalPlanner::BestPath(RangeEntry& entry, const std::vector<Expr*>& filters,
                                                        const Columns& needed, const Wanted* wanted) {
  const PlannerSettings& cost = ctx_.planner.settings;
  const catalog::Table& table = *entry.table;
  const TableSize size{estimator_.TableRows(table), estimator_.TablePages(table)};
  double matching = std::max(1.0, size.rows * estimator_.Selectivity(filters));
  constexpr double kDisabled = 1e10;
  auto order_cost = [&] { return wanted->otherwise >= 0 ? wanted->otherwise : SortCost(cost, matching); };
  Path best;
  best.used.assign(filters.size(), false);
  best.cost = SeqScanCost(cost, size, filters.size());
  if (!cost.enable_seqscan) best.cost += kDisabled;
  if (wanted != nullptr && !wanted->keys.empty()) best.cost += order_cost();
  if (table.is_system() || table.kind != catalog::RelationKind::kTable) return best;
  // Neither may an index of a single row be read then, which is preferred otherwise whatever it costs.
  if (cost.enable_seqscan && !cost.enable_indexscan && !cost.enable_indexonlyscan) return best;
  for (const catalog::Index& index : table.indexes) {
    Path path;
    ASSIGN_OR_RETURN(bool fits, MatchIndex(entry, index, filters, path));
    if (!fits) continue;
    path.ordered = wanted != nullptr && !wanted->keys.empty() && OrderOfIndex(entry, index, path, *wanted, path.access.backward);
    if (path.access.conditions.empty() && !path.ordered) continue;
    double visited = path.access.unique ? 1 : std::max(1.0, size.rows * path.selectivity);
    path.index_only = std::all_of(needed.begin(), needed.end(), [&](ColumnId id) {
      if (id.rel != entry.rel) return true;
      return std::any_of(index.keys.begin(), index.keys.end(), [&](const catalog::IndexKey& key) { return key.column == id.column + 1; });
    });
    double fraction = 1;
    if (path.ordered && wanted->limit >= 0) fraction = std::min(1.0, std::max(1.0, wanted->limit) / matching);
    double fetched = std::max(1.0, visited * fraction);
    const double correlation = estimator_.Correlation(table, index.keys[0].column);
    path.cost = IndexScanCost(cost, size, fetched, correlation, filters.size());
    if (!cost.enable_indexscan) path.cost += kDisabled;
    if (wanted != nullptr && !wanted->keys.empty() && !path.ordered) path.cost += order_cost();
    if (path.cost < best.cost || (path.access.unique && !best.access.unique)) best = std::move(path);
  }
  return best;
}

}  // namespace phantom::planner
