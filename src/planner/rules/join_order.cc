#include <algorithm>
#include <cmath>
#include <map>

#include "planner/cost/estimator.h"
#include "planner/expr_util.h"
#include "planner/logical_util.h"
#include "planner/rules/rules.h"

namespace phantom::planner {

namespace {

// More relations than this are ordered greedily.
constexpr size_t kDynamicRelationsMax = 10;

struct Condition {
  Expr* expr;
  uint64_t leaves;  // bit set of the leaves it refers to
};

// The conditions over one set of leaves, whose selectivities depend on each other.
struct ConditionGroup {
  uint64_t leaves;
  double selectivity;
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

  LogicalNode* Order() {
    for (LogicalNode* leaf : leaves_) {
      leaf_rels_.push_back(OutputRels(*leaf));
      leaf_rows_.push_back(estimator_.Rows(*leaf));
    }
    for (Expr* expr : exprs_) {
      std::set<RelId> rels;
      CollectRels(expr, rels);
      Condition condition{expr, 0};
      for (size_t i = 0; i < leaves_.size(); ++i) {
        if (std::any_of(rels.begin(), rels.end(), [&](RelId rel) { return leaf_rels_[i].contains(rel); })) condition.leaves |= uint64_t{1} << i;
      }
      conditions_.push_back(condition);
    }
    std::map<uint64_t, std::vector<Expr*>> together;
    for (const Condition& condition : conditions_) {
      if (condition.leaves != 0) together[condition.leaves].push_back(condition.expr);
    }
    for (const auto& [leaves, exprs] : together) groups_.push_back({leaves, estimator_.JoinSelectivity(exprs)});
    return leaves_.size() <= kDynamicRelationsMax ? Dynamic() : Greedy();
  }

 private:
  double Rows(uint64_t set) const {
    double rows = 1;
    for (size_t i = 0; i < leaves_.size(); ++i) {
      if (set >> i & 1) rows *= leaf_rows_[i];
    }
    for (const ConditionGroup& group : groups_) {
      if ((group.leaves & ~set) == 0) rows *= group.selectivity;
    }
    return std::max(1.0, rows);
  }

  bool Connected(uint64_t left, uint64_t right) const {
    return std::any_of(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
      return (condition.leaves & left) != 0 && (condition.leaves & right) != 0 && (condition.leaves & ~(left | right)) == 0;
    });
  }

  LogicalNode* Join(LogicalNode* left, uint64_t left_set, LogicalNode* right, uint64_t right_set) {
    auto* join = ctx_.arena.New<LogicalJoin>();
    join->children = {left, right};
    uint64_t both = left_set | right_set;
    for (Condition& condition : conditions_) {
      bool inside = (condition.leaves & ~both) == 0;
      bool earlier = (condition.leaves & ~left_set) == 0 || (condition.leaves & ~right_set) == 0;
      if (inside && (!earlier || condition.leaves == 0)) {
        if (condition.leaves == 0 && both != (uint64_t{1} << leaves_.size()) - 1) continue;
        join->conditions.push_back(condition.expr);
      }
    }
    return join;
  }

  // Hashing the smaller side, probing with the larger one, and making the result.
  static double JoinCost(double left, double right, double out) {
    double build = std::min(left, right), probe = std::max(left, right);
    return 2 * build + probe + out;
  }

  LogicalNode* Dynamic() {
    size_t n = leaves_.size();
    uint64_t full = (uint64_t{1} << n) - 1;
    struct Best {
      double cost = INFINITY;
      double rows = 0;
      uint64_t left = 0;
    };
    std::vector<Best> best(full + 1);
    for (uint64_t set = 1; set <= full; ++set) {
      best[set].rows = Rows(set);
      if ((set & (set - 1)) == 0) {
        best[set].cost = 0;
        continue;
      }
      // Splits with a condition between the sides first; a cross product only when there is none.
      for (bool cross : {false, true}) {
        for (uint64_t left = (set - 1) & set; left != 0; left = (left - 1) & set) {
          uint64_t right = set & ~left;
          if (left < right) continue;
          if (best[left].cost == INFINITY || best[right].cost == INFINITY) continue;
          if (!cross && !Connected(left, right)) continue;
          double cost = best[left].cost + best[right].cost + JoinCost(best[left].rows, best[right].rows, best[set].rows);
          if (cross) cost += best[left].rows * best[right].rows;
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
  std::vector<std::set<RelId>> leaf_rels_;
  std::vector<double> leaf_rows_;
  std::vector<Expr*> exprs_;
  std::vector<Condition> conditions_;
  std::vector<ConditionGroup> groups_;

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
  if (graph.size() == 2) {
    join->children = graph.leaves();
    return node;
  }
  return graph.Order();
}

}  // namespace phantom::planner
