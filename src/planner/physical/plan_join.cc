// Joins: hash, index look-up, nested loop, or anew for each row.
#include <algorithm>
#include <cmath>

#include "planner/cost/access_cost.h"
#include "planner/expr_util.h"
#include "planner/logical_util.h"
#include "planner/physical/physical_planner.h"

namespace phantom::planner {

using namespace types;

namespace {

bool Overlaps(const std::set<RelId>& a, const std::set<RelId>& b) {
  return std::any_of(a.begin(), a.end(), [&](RelId rel) { return b.contains(rel); });
}

// The same rows for the same parameters, however often it runs.
bool IsRepeatable(LogicalNode& node) {
  switch (node.kind) {
    case LogicalKind::kWorkTableScan:
    case LogicalKind::kRecursiveUnion:
    case LogicalKind::kLockRows:
    case LogicalKind::kModify:
    case LogicalKind::kWith:
      return false;
    default:
      break;
  }
  bool repeatable = std::all_of(node.children.begin(), node.children.end(), [](LogicalNode* child) { return IsRepeatable(*child); });
  if (repeatable) ForEachExprInTree(node, [&](Expr*& expr) { repeatable = repeatable && !IsVolatile(expr); });
  return repeatable;
}

struct EquiKey {
  Expr* left = nullptr;
  Expr* right = nullptr;
  const catalog::FunctionRow* equal = nullptr;
};

}  // namespace

// Puts a Memoize above the right side when its parameters are expected to come again. How often it then still runs.
double PhysicalPlanner::Memoize(PhysicalNestedLoop& join, const Columns& params, const Planned& left) {
  const double calls = left.node->cost.rows;
  PhysicalNode* right = join.children[1];
  const PlannerSettings& cost = ctx_.planner.settings;
  double distinct = 1;
  for (ColumnId id : params) {
    distinct *= estimator_.Distinct(ctx_.MakeColumn(id.rel, id.column, slot_types_[id], 0));
  }
  // 0: unknown.
  const double spared = distinct < 1 || distinct > calls ? 0 : calls - distinct;
  const double keeping = cost.cpu_tuple_cost + right->cost.rows * cost.cpu_operator_cost;
  if (!cost.enable_memoize || spared * right->cost.total <= calls * keeping) return calls;
  auto* memoize = New<PhysicalMemoize>();
  for (const ParamBinding& param : join.params) {
    memoize->slots.push_back(param.slot);
    const auto* input = DynAs<InputRef>(param.value);
    PHANTOM_CHECK(input != nullptr);
    memoize->key += (memoize->key.empty() ? "" : ", ") + left.node->column_names[static_cast<size_t>(input->index)];
  }
  memoize->children = {right};
  memoize->types = right->types;
  memoize->column_names = right->column_names;
  memoize->cost = {right->cost.startup, right->cost.total + cost.cpu_tuple_cost, right->cost.rows, right->cost.width};
  join.children[1] = memoize;
  return calls - spared;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanLateral(LogicalJoin& node, const Columns& required) {
  Columns from_left = required;
  for (const Expr* condition : node.conditions) Use(condition, from_left);
  ForEachExprInTree(*node.children[1], [&](Expr*& expr) { Use(expr, from_left); });
  ASSIGN_OR_RETURN(Planned left, Plan(*node.children[0], from_left));
  auto* join = New<PhysicalNestedLoop>();
  join->join = node.type;
  Columns need_right = required;
  for (const Expr* condition : node.conditions) Use(condition, need_right);
  Columns inner_free;
  Columns* saved = free_;
  free_ = &inner_free;
  const bool repeatable = IsRepeatable(*node.children[1]);
  auto right = Plan(*node.children[1], need_right);
  free_ = saved;
  RETURN_IF_ERROR(right.status());
  for (ColumnId id : inner_free) {
    bool here = std::any_of(left.layout.begin(), left.layout.end(), [&](const LayoutColumn& column) { return column.id == id; });
    if (here) {
      ASSIGN_OR_RETURN(Expr * value, Resolve(ctx_.MakeColumn(id.rel, id.column, slot_types_[id], 0), left.layout));
      join->params.push_back({slots_[id], value});
    } else if (free_ != nullptr) {
      free_->insert(id);
    } else {
      return Errorf(sqlstate::kInternalError, "column (%d, %d) not found in the plan", id.rel, id.column);
    }
  }
  Planned result;
  Layout joined = left.layout;
  joined.insert(joined.end(), right->layout.begin(), right->layout.end());
  ASSIGN_OR_RETURN(join->condition, ResolveAnd(node.conditions, joined));
  join->children = {left.node, right->node};
  result.layout = node.type == JoinType::kSemi || node.type == JoinType::kAnti ? left.layout : joined;
  if (node.type == JoinType::kMark) {
    result.layout = left.layout;
    result.layout.push_back({{node.mark_rel, 0}, Type(kBoolOid), 0, "mark"});
  }
  double rows = estimator_.Rows(node);
  double runs = left.node->cost.rows;
  if (repeatable && !inner_free.empty() && join->params.size() == inner_free.size()) {
    runs = Memoize(*join, inner_free, left);
  }
  join->cost = {left.node->cost.startup, left.node->cost.total + runs * right->node->cost.total, rows, 0};
  Finish(join, result.layout);
  result.node = join;
  return result;
}

Result<PhysicalPlanner::Planned> PhysicalPlanner::PlanJoin(LogicalJoin& node, const Columns& required) {
  if (node.lateral) return PlanLateral(node, required);
  const PlannerSettings& cost = ctx_.planner.settings;
  JoinType type = node.type;
  LogicalNode *left_node = node.children[0], *right_node = node.children[1];
  std::set<RelId> left_rels = OutputRels(*left_node), right_rels = OutputRels(*right_node);
  double left_rows = estimator_.Rows(*left_node), right_rows = estimator_.Rows(*right_node);
  double rows = estimator_.Rows(node);

  auto equi_key = [&](Expr* condition, EquiKey& key) {
    auto* call = DynAs<FunctionCall>(condition);
    if (call == nullptr || call->op == nullptr || call->op->name != "=" || !call->op->can_hash || call->args.size() != 2) return false;
    std::set<RelId> a, b;
    CollectRels(call->args[0], a);
    CollectRels(call->args[1], b);
    if (IsVolatile(call) || ContainsSubquery(call)) return false;
    bool straight = Overlaps(a, left_rels) && !Overlaps(a, right_rels) && Overlaps(b, right_rels) && !Overlaps(b, left_rels);
    bool crossed = Overlaps(a, right_rels) && !Overlaps(a, left_rels) && Overlaps(b, left_rels) && !Overlaps(b, right_rels);
    if (straight) {
      key = {call->args[0], call->args[1], ctx_.builtins.Function(call->op->function)};
      return true;
    }
    if (!crossed) return false;
    // Turned around by the commutator, which takes the types the other way.
    const catalog::OperatorRow* op = ctx_.builtins.Operator(call->op->commutator);
    if (op == nullptr) return false;
    key = {call->args[1], call->args[0], ctx_.builtins.Function(op->function)};
    return true;
  };
  std::vector<EquiKey> keys;
  std::vector<Expr*> residual;
  for (Expr* condition : node.conditions) {
    EquiKey key;
    if (equi_key(condition, key)) {
      keys.push_back(key);
    } else {
      residual.push_back(condition);
    }
  }

  // The inner side of an inner join may be either.
  bool swapped = false;
  auto swap_sides = [&] {
    std::swap(left_node, right_node);
    std::swap(left_rels, right_rels);
    std::swap(left_rows, right_rows);
    for (EquiKey& key : keys) {
      std::swap(key.left, key.right);
    }
    swapped = !swapped;
  };

  // Looking the inner side up through an index, row by row.
  struct Lookup {
    bool possible = false;
    bool swap = false;
    Path path;
    double cost = 0;
    std::vector<Expr*> filters;
    std::vector<bool> is_condition;
  };
  Lookup lookup;
  bool symmetric = type == JoinType::kInner;
  auto try_lookup = [&](bool swap) -> Status {
    LogicalNode* inner = swap ? left_node : right_node;
    double outer_rows = swap ? right_rows : left_rows;
    if (inner->kind != LogicalKind::kScan || node.null_aware) return Status::Ok();
    auto* scan = As<LogicalScan>(inner);
    const catalog::Table& table = *scan->entry->table;
    if (table.is_system() || table.kind != catalog::RelationKind::kTable) return Status::Ok();
    // Join conditions first, then the scan's own filters.
    std::vector<Expr*> filters = node.conditions;
    size_t conditions = filters.size();
    filters.insert(filters.end(), scan->filters.begin(), scan->filters.end());
    for (const catalog::Index& index : table.indexes) {
      Path path;
      ASSIGN_OR_RETURN(bool fits, MatchIndex(*scan->entry, index, filters, path));
      if (!fits) continue;
      bool uses_join = std::any_of(path.used.begin(), path.used.begin() + static_cast<ptrdiff_t>(conditions), [](bool b) { return b; });
      if (!uses_join) continue;
      double table_rows = estimator_.TableRows(table);
      double per_key = path.access.unique ? 1 : std::max(1.0, table_rows * path.selectivity);
      const double correlation = index.keys[0].column != 0 ? estimator_.Correlation(table, index.keys[0].column) : 0;
      const double total = LookupCost(cost, {table_rows, estimator_.TablePages(table)}, outer_rows, per_key, correlation);
      if (!lookup.possible || total < lookup.cost) {
        lookup.possible = true;
        lookup.swap = swap;
        lookup.path = path;
        lookup.cost = total;
        lookup.filters = filters;
      }
    }
    return Status::Ok();
  };
  bool lookup_type = type == JoinType::kInner || type == JoinType::kLeft || type == JoinType::kSemi || type == JoinType::kAnti;
  if (lookup_type && cost.enable_nestloop && cost.enable_indexscan) {
    RETURN_IF_ERROR(try_lookup(false));
    if (symmetric) RETURN_IF_ERROR(try_lookup(true));
  }
  // What a hash join would cost beyond reading its outer side.
  auto scan_cost = [&](const LogicalNode& side, double side_rows) {
    if (side.kind != LogicalKind::kScan) return side_rows * cost.cpu_tuple_cost;
    const auto* scan = As<LogicalScan>(&side);
    const catalog::Table& table = *scan->entry->table;
    return SeqScanCost(cost, {estimator_.TableRows(table), estimator_.TablePages(table)}, scan->filters.size());
  };
  // An inner join may hash either side.
  const double build_rows = symmetric ? std::min(left_rows, right_rows) : right_rows;
  const double hash_extra = HashJoinCost(cost, left_rows + right_rows - build_rows, build_rows);
  bool use_lookup = false;
  if (lookup.possible) {
    LogicalNode* inner = lookup.swap ? left_node : right_node;
    double inner_rows = lookup.swap ? left_rows : right_rows;
    double hash_total = scan_cost(*inner, inner_rows) + hash_extra;
    use_lookup = keys.empty() || !cost.enable_hashjoin || lookup.cost < hash_total;
  }

  Columns need = required;
  for (const Expr* condition : node.conditions) Use(condition, need);

  if (use_lookup) {
    if (lookup.swap) swap_sides();
    auto* scan = As<LogicalScan>(right_node);
    RangeEntry& entry = *scan->entry;
    ASSIGN_OR_RETURN(Planned left, Plan(*left_node, need));
    Columns fetched;
    for (ColumnId id : need) {
      if (id.rel == entry.rel) fetched.insert(id);
    }
    std::vector<Expr*> own, across;
    for (size_t i = 0; i < lookup.filters.size(); ++i) {
      if (lookup.path.used[i]) continue;
      (i < node.conditions.size() ? across : own).push_back(lookup.filters[i]);
      Columns used;
      Use(lookup.filters[i], used);
      for (ColumnId id : used) {
        if (id.rel == entry.rel) fetched.insert(id);
      }
    }
    std::vector<int> columns;
    for (ColumnId id : fetched) columns.push_back(id.column);
    std::stable_partition(columns.begin(), columns.end(), [](int column) { return column >= 0; });
    Layout inner = LayoutOfEntry(entry, columns);
    auto* join = New<PhysicalIndexLookupJoin>();
    join->join = type;
    join->use = UseOf(entry);
    join->access = lookup.path.access;
    join->access.index = std::shared_ptr<const catalog::Index>(entry.table, lookup.path.index);
    for (IndexCondition& condition : join->access.conditions) {
      if (condition.value != nullptr) {
        ASSIGN_OR_RETURN(condition.value, Resolve(condition.value, left.layout));
      }
    }
    join->columns = columns;
    ASSIGN_OR_RETURN(join->filter, ResolveAnd(own, inner));
    Layout joined = left.layout;
    joined.insert(joined.end(), inner.begin(), inner.end());
    ASSIGN_OR_RETURN(join->residual, ResolveAnd(across, joined));
    join->children = {left.node};
    Planned result;
    result.layout = type == JoinType::kSemi || type == JoinType::kAnti ? left.layout : joined;
    join->cost = {left.node->cost.startup, left.node->cost.total + lookup.cost, rows, 0};
    Finish(join, result.layout);
    result.node = join;
    return result;
  }

  // The smaller side is built.
  if (symmetric && left_rows < right_rows) {
    for (EquiKey& key : keys) {
      // `equal` takes (left, right): turn it with the sides.
      for (const catalog::OperatorRow* op : ctx_.builtins.Operators("=")) {
        if (op->function == key.equal->oid && op->commutator != 0) {
          const catalog::OperatorRow* other = ctx_.builtins.Operator(op->commutator);
          if (other != nullptr) key.equal = ctx_.builtins.Function(other->function);
          break;
        }
      }
    }
    swap_sides();
  }
  ASSIGN_OR_RETURN(Planned left, Plan(*left_node, need));
  ASSIGN_OR_RETURN(Planned right, Plan(*right_node, need));
  Layout joined = left.layout;
  joined.insert(joined.end(), right.layout.begin(), right.layout.end());
  Planned result;
  PhysicalNode* made;
  bool hash = !keys.empty() && (cost.enable_hashjoin || type == JoinType::kFull);
  if (hash) {
    auto* join = New<PhysicalHashJoin>();
    join->join = type;
    join->null_aware = node.null_aware;
    for (const EquiKey& key : keys) {
      ASSIGN_OR_RETURN(Expr * l, Resolve(key.left, left.layout));
      ASSIGN_OR_RETURN(Expr * r, Resolve(key.right, right.layout));
      join->left_keys.push_back(l);
      join->right_keys.push_back(r);
      join->equal.push_back(key.equal);
    }
    ASSIGN_OR_RETURN(join->residual, ResolveAnd(residual, joined));
    join->cost = {right.node->cost.total, left.node->cost.total + right.node->cost.total + hash_extra + rows * cost.cpu_tuple_cost, rows, 0};
    made = join;
  } else {
    if (type == JoinType::kFull && std::any_of(node.conditions.begin(), node.conditions.end(),
                                               [](const Expr* e) { return e->kind != ExprKind::kConst; })) {
      return Error(sqlstate::kFeatureNotSupported,
                   "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions");
    }
    auto* join = New<PhysicalNestedLoop>();
    join->join = type;
    ASSIGN_OR_RETURN(join->condition, ResolveAnd(node.conditions, joined));
    join->cost = {left.node->cost.startup + right.node->cost.startup,
                  left.node->cost.total + right.node->cost.total + left_rows * right_rows * cost.cpu_operator_cost, rows, 0};
    made = join;
  }
  made->children = {left.node, right.node};
  result.layout = joined;
  if (type == JoinType::kSemi || type == JoinType::kAnti) result.layout = left.layout;
  if (type == JoinType::kMark) {
    result.layout = left.layout;
    result.layout.push_back({{node.mark_rel, 0}, Type(kBoolOid), 0, "mark"});
  }
  Finish(made, result.layout);
  result.node = made;
  return result;
}

}  // namespace phantom::planner
