#include <algorithm>
#include <cmath>
#include <map>

#include "planner/cost/access_cost.h"
#include "planner/cost/estimator.h"
#include "planner/expr_util.h"
#include "planner/logical_util.h"
#include "planner/rules/equalities.h"
#include "planner/rules/rules.h"

namespace phantom::planner {

namespace {

// More relations than this are ordered greedily.
constexpr size_t kDynamicRelationsMax = 10;

// An index of a leaf whose first keys are compared with columns of others.
struct LeafIndex {
  struct Key {
    std::vector<size_t> conditions;  // any of them will do
  };
  std::vector<Key> keys;
  bool unique = false;  // all keys are there
  double correlation = 0;
};

class JoinGraph {
 public:
  JoinGraph(BindContext& context, Estimator& estimator) : ctx_(context), estimator_(estimator) {}

  void Collect(LogicalNode* node) {
    auto* join = DynAs<LogicalJoin>(node);
    bool volatile_condition = join != nullptr && std::any_of(join->conditions.begin(), join->conditions.end(),
                                                             [](Expr* e) { return IsVolatile(e); });
    if (join != nullptr && join->type == JoinType::kInner && !join->lateral && !volatile_condition) {
      Collect(join->children[0]);
      Collect(join->children[1]);
      exprs_.insert(exprs_.end(), join->conditions.begin(), join->conditions.end());
      return;
    }
    leaves_.push_back(node);
  }

  size_t size() const { return leaves_.size(); }

  // Conditions that follow from others; comparisons with constants go to the leaves they hold for, too.
  void Derive() { conditions_ = Equalities(ctx_, estimator_, leaves_).Derive(exprs_); }

  LogicalNode* Order() {
    for (LogicalNode* leaf : leaves_) {
      leaf_rows_.push_back(estimator_.Rows(*leaf));
      leaf_costs_.push_back(ScanCost(*leaf));
    }
    for (size_t i = 0; i < leaves_.size(); ++i) indexes_.push_back(IndexesOf(i));
    return leaves_.size() <= kDynamicRelationsMax ? Dynamic() : Greedy();
  }

 private:
  const PlannerSettings& settings() const { return ctx_.planner.settings; }

  // Of conditions of one class no more than connect the leaves count.
  double Rows(uint64_t set) {
    double rows = 1;
    for (size_t i = 0; i < leaves_.size(); ++i) {
      if (set >> i & 1) rows *= leaf_rows_[i];
    }
    std::map<uint64_t, std::vector<size_t>> together;
    std::map<int, std::vector<uint64_t>> connected;  // by class: the parts connected so far
    for (size_t c = 0; c < conditions_.size(); ++c) {
      const JoinCondition& condition = conditions_[c];
      if (condition.leaves == 0 || (condition.leaves & ~set) != 0) continue;
      if (condition.equality_class >= 0) {
        std::vector<uint64_t>& parts = connected[condition.equality_class];
        if (std::any_of(parts.begin(), parts.end(), [&](uint64_t part) { return (condition.leaves & ~part) == 0; })) continue;
        uint64_t joined = condition.leaves;
        std::erase_if(parts, [&](uint64_t part) {
          if ((part & condition.leaves) == 0) return false;
          joined |= part;
          return true;
        });
        parts.push_back(joined);
      }
      together[condition.leaves].push_back(c);
    }
    for (const auto& [leaves, numbers] : together) rows *= Selectivity(numbers);
    return std::max(1.0, rows);
  }

  // Conditions over the same leaves depend on each other.
  double Selectivity(const std::vector<size_t>& numbers) {
    auto [known, added] = selectivities_.try_emplace(numbers, 1.0);
    if (added) {
      std::vector<Expr*> exprs;
      for (size_t number : numbers) exprs.push_back(conditions_[number].expr);
      known->second = estimator_.JoinSelectivity(exprs);
    }
    return known->second;
  }

  bool Spans(const JoinCondition& condition, uint64_t left, uint64_t right) const {
    return (condition.leaves & left) != 0 && (condition.leaves & right) != 0 && (condition.leaves & ~(left | right)) == 0;
  }
  bool Connected(uint64_t left, uint64_t right) const {
    return std::any_of(conditions_.begin(), conditions_.end(),
                       [&](const JoinCondition& condition) { return Spans(condition, left, right); });
  }

  LogicalNode* Join(LogicalNode* left, uint64_t left_set, LogicalNode* right, uint64_t right_set) {
    auto* join = ctx_.arena.New<LogicalJoin>();
    join->children = {left, right};
    uint64_t both = left_set | right_set;
    std::set<int> classes;
    for (JoinCondition& condition : conditions_) {
      bool inside = (condition.leaves & ~both) == 0;
      bool earlier = (condition.leaves & ~left_set) == 0 || (condition.leaves & ~right_set) == 0;
      if (inside && (!earlier || condition.leaves == 0)) {
        if (condition.leaves == 0 && both != (uint64_t{1} << leaves_.size()) - 1) continue;
        if (condition.equality_class >= 0 && !classes.insert(condition.equality_class).second) continue;
        join->conditions.push_back(condition.expr);
      }
    }
    return join;
  }

  double ScanCost(const LogicalNode& leaf) {
    if (leaf.kind != LogicalKind::kScan) return estimator_.Rows(leaf) * settings().cpu_tuple_cost;
    auto* scan = As<LogicalScan>(&leaf);
    const catalog::Table& table = *scan->entry->table;
    const TableSize size{estimator_.TableRows(table), estimator_.TablePages(table)};
    double cost = SeqScanCost(settings(), size, scan->filters.size());
    if (table.is_system() || table.kind != catalog::RelationKind::kTable || !settings().enable_indexscan) return cost;
    for (const catalog::Index& index : table.indexes) {
      if (!index.valid || index.keys[0].column == 0 || !index.predicate_sql.empty()) continue;
      // Conditions on the first key alone narrow what is read.
      std::vector<Expr*> narrowing;
      for (Expr* filter : scan->filters) {
        std::set<ColumnId> columns;
        CollectColumns(filter, columns);
        if (columns.size() == 1 && columns.contains({scan->entry->rel, index.keys[0].column - 1})) narrowing.push_back(filter);
      }
      if (narrowing.empty()) continue;
      const double fetched = std::max(1.0, size.rows * estimator_.Selectivity(narrowing));
      cost = std::min(cost, IndexScanCost(settings(), size, fetched, estimator_.Correlation(table, index.keys[0].column),
                                          scan->filters.size()));
    }
    return cost;
  }

  std::vector<LeafIndex> IndexesOf(size_t leaf) {
    std::vector<LeafIndex> result;
    auto* scan = DynAs<LogicalScan>(leaves_[leaf]);
    if (scan == nullptr || !settings().enable_nestloop || !settings().enable_indexscan) return result;
    const catalog::Table& table = *scan->entry->table;
    if (table.is_system() || table.kind != catalog::RelationKind::kTable) return result;
    for (const catalog::Index& index : table.indexes) {
      if (!index.valid || index.method != catalog::oid::kAmBtree || !index.predicate_sql.empty()) continue;
      LeafIndex found;
      for (const catalog::IndexKey& key : index.keys) {
        LeafIndex::Key conditions;
        for (size_t c = 0; c < conditions_.size(); ++c) {
          if (conditions_[c].equal && Compares(*conditions_[c].expr, {scan->entry->rel, key.column - 1})) conditions.conditions.push_back(c);
        }
        if (key.column == 0 || conditions.conditions.empty()) break;
        found.keys.push_back(std::move(conditions));
      }
      if (found.keys.empty()) continue;
      found.unique = index.unique && found.keys.size() == index.keys.size();
      found.correlation = estimator_.Correlation(table, index.keys[0].column);
      result.push_back(std::move(found));
    }
    return result;
  }

  // Is one side the column, and the other of other relations?
  static bool Compares(const Expr& condition, ColumnId id) {
    auto* call = As<FunctionCall>(&condition);
    for (size_t side = 0; side < 2; ++side) {
      auto* column = DynAs<ColumnRef>(call->args[side]);
      auto* cast = DynAs<CastExpr>(call->args[side]);
      if (cast != nullptr && cast->method == CastMethod::kRelabel) column = DynAs<ColumnRef>(cast->arg);
      if (column == nullptr || ColumnId{column->rel, column->column} != id) continue;
      std::set<RelId> rels;
      CollectRels(call->args[1 - side], rels);
      return !rels.contains(id.rel);
    }
    return false;
  }

  // The cheapest way to join the rows of a set with a leaf through one of its indexes; INFINITY when there is none.
  double CostOfLookup(uint64_t outer, double outer_rows, size_t leaf) {
    double best = INFINITY;
    for (const LeafIndex& index : indexes_[leaf]) {
      std::vector<size_t> used;
      for (const LeafIndex::Key& key : index.keys) {
        auto usable = std::find_if(key.conditions.begin(), key.conditions.end(),
                                   [&](size_t c) { return Spans(conditions_[c], outer, uint64_t{1} << leaf); });
        if (usable == key.conditions.end()) break;
        used.push_back(*usable);
      }
      if (used.empty()) continue;
      const catalog::Table& table = *As<LogicalScan>(leaves_[leaf])->entry->table;
      const TableSize size{estimator_.TableRows(table), estimator_.TablePages(table)};
      const bool unique = index.unique && used.size() == index.keys.size();
      const double per_key = unique ? 1 : std::max(1.0, size.rows * Selectivity(used));
      best = std::min(best, LookupCost(settings(), size, outer_rows, per_key, index.correlation));
    }
    return best;
  }

  struct Best {
    double cost = INFINITY;
    double rows = 0;
    uint64_t left = 0;
  };

  // Hashing the smaller side, looking one side up through an index, or comparing all pairs.
  double JoinCost(const std::vector<Best>& best, uint64_t left, uint64_t right) {
    const double left_rows = best[left].rows, right_rows = best[right].rows;
    const bool hash = std::any_of(conditions_.begin(), conditions_.end(),
                                  [&](const JoinCondition& condition) { return condition.equal && Spans(condition, left, right); });
    double cost = best[left].cost + best[right].cost;
    cost += hash ? HashJoinCost(settings(), std::max(left_rows, right_rows), std::min(left_rows, right_rows))
                 : left_rows * right_rows * settings().cpu_tuple_cost;
    for (auto [outer, inner] : {std::pair(left, right), std::pair(right, left)}) {
      if ((inner & (inner - 1)) != 0) continue;
      const double lookup = CostOfLookup(outer, best[outer].rows, static_cast<size_t>(__builtin_ctzll(inner)));
      cost = std::min(cost, best[outer].cost + lookup);
    }
    return cost + best[left | right].rows * settings().cpu_tuple_cost;
  }

  LogicalNode* Dynamic() {
    size_t n = leaves_.size();
    uint64_t full = (uint64_t{1} << n) - 1;
    std::vector<Best> best(full + 1);
    for (uint64_t set = 1; set <= full; ++set) {
      best[set].rows = Rows(set);
      if ((set & (set - 1)) == 0) {
        best[set].cost = leaf_costs_[static_cast<size_t>(__builtin_ctzll(set))];
        continue;
      }
      // Splits with a condition between the sides first; a cross product only when there is none.
      for (bool cross : {false, true}) {
        for (uint64_t left = (set - 1) & set; left != 0; left = (left - 1) & set) {
          uint64_t right = set & ~left;
          if (left < right) continue;
          if (best[left].cost == INFINITY || best[right].cost == INFINITY) continue;
          if (!cross && !Connected(left, right)) continue;
          const double cost = JoinCost(best, left, right);
          if (cost < best[set].cost) best[set] = {cost, best[set].rows, left};
        }
        if (best[set].cost != INFINITY) break;
      }
    }
    return Build(full, [&](uint64_t set) { return best[set].left; });
  }

  template <typename Split>
  LogicalNode* Build(uint64_t set, const Split& split) {
    if ((set & (set - 1)) == 0) return leaves_[static_cast<size_t>(__builtin_ctzll(set))];
    uint64_t left = split(set), right = set & ~left;
    LogicalNode* left_node = Build(left, split);
    LogicalNode* right_node = Build(right, split);
    return Join(left_node, left, right_node, right);
  }

  // Joins the two partial results that give the fewest rows, again and again.
  LogicalNode* Greedy() {
    struct Part {
      uint64_t set;
      LogicalNode* node;
      double rows;
    };
    std::vector<Part> parts;
    for (size_t i = 0; i < leaves_.size(); ++i) parts.push_back({uint64_t{1} << i, leaves_[i], leaf_rows_[i]});
    while (parts.size() > 1) {
      size_t best_a = 0, best_b = 1;
      double best_rows = INFINITY;
      bool best_connected = false;
      for (size_t a = 0; a < parts.size(); ++a) {
        for (size_t b = a + 1; b < parts.size(); ++b) {
          bool connected = Connected(parts[a].set, parts[b].set);
          if (best_connected && !connected) continue;
          double rows = Rows(parts[a].set | parts[b].set);
          if (rows < best_rows || (connected && !best_connected)) {
            best_rows = rows;
            best_a = a;
            best_b = b;
            best_connected = connected;
          }
        }
      }
      Part joined{parts[best_a].set | parts[best_b].set,
                  Join(parts[best_a].node, parts[best_a].set, parts[best_b].node, parts[best_b].set), best_rows};
      parts.erase(parts.begin() + static_cast<ptrdiff_t>(best_b));
      parts[best_a] = joined;
    }
    return parts[0].node;
  }

  BindContext& ctx_;
  Estimator& estimator_;
  std::vector<LogicalNode*> leaves_;
  std::vector<double> leaf_rows_, leaf_costs_;
  std::vector<Expr*> exprs_;
  std::vector<JoinCondition> conditions_;
  std::vector<std::vector<LeafIndex>> indexes_;  // by leaf
  std::map<std::vector<size_t>, double> selectivities_;

 public:
  std::vector<LogicalNode*>& leaves() { return leaves_; }
};

// A semi or anti join that keeps few rows goes down to the relation it tests, before that is joined with others.
LogicalNode* SinkSemiJoin(LogicalNode* node, Estimator& estimator) {
  auto* semi = DynAs<LogicalJoin>(node);
  if (semi == nullptr || semi->lateral || (semi->type != JoinType::kSemi && semi->type != JoinType::kAnti)) return node;
  std::set<RelId> used;
  for (const Expr* condition : semi->conditions) CollectRels(condition, used);
  std::set<RelId> right = OutputRels(*semi->children[1]);
  std::erase_if(used, [&](RelId rel) { return right.contains(rel); });
  LogicalNode** place = &semi->children[0];
  for (;;) {
    auto* join = DynAs<LogicalJoin>(*place);
    if (join == nullptr || join->type != JoinType::kInner || join->lateral) break;
    LogicalNode** next = nullptr;
    for (LogicalNode*& child : join->children) {
      std::set<RelId> rels = OutputRels(*child);
      if (std::includes(rels.begin(), rels.end(), used.begin(), used.end())) next = &child;
    }
    if (next == nullptr) break;
    place = next;
  }
  if (place == &semi->children[0] || used.empty()) return node;
  if (estimator.Rows(*semi->children[1]) > 0.5 * estimator.Rows(**place)) return node;
  LogicalNode* top = semi->children[0];
  LogicalNode* leaf = *place;
  *place = semi;
  semi->children[0] = leaf;
  return top;
}

}  // namespace

LogicalNode* OrderJoins(BindContext& context, LogicalNode* node, Estimator& estimator) {
  node = SinkSemiJoin(node, estimator);
  auto* join = DynAs<LogicalJoin>(node);
  if (join == nullptr || join->type != JoinType::kInner || join->lateral) {
    for (LogicalNode*& child : node->children) child = OrderJoins(context, child, estimator);
    return node;
  }
  JoinGraph graph(context, estimator);
  graph.Collect(node);
  constexpr size_t kLeavesMax = 63;
  if (graph.size() <= 1 || graph.size() > kLeavesMax) {
    for (LogicalNode*& child : node->children) child = OrderJoins(context, child, estimator);
    return node;
  }
  for (LogicalNode*& leaf : graph.leaves()) leaf = OrderJoins(context, leaf, estimator);
  graph.Derive();
  if (graph.size() == 2) {
    join->children = graph.leaves();
    return node;
  }
  return graph.Order();
}

}  // namespace phantom::planner
