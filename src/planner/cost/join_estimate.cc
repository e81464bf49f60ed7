// Conditions between relations, and numbers of groups.
#include <algorithm>
#include <cmath>
#include <optional>

#include "planner/cost/estimator.h"
#include "planner/cost/value_statistics.h"
#include "planner/expr_util.h"
#include "planner/rules/rules.h"

namespace phantom::planner {

using namespace types;

namespace {

constexpr double kEqualSelectivity = 0.005;
constexpr double kDefaultDistinct = 200;
// Several columns of one table rarely have more combinations than this part of its rows.
constexpr double kCombinations = 0.1;

double Clamp(double selectivity) { return std::min(1.0, std::max(0.0, selectivity)); }

const FunctionCall* AsEquality(const Expr* condition) {
  auto* call = DynAs<FunctionCall>(condition);
  return call != nullptr && call->op != nullptr && call->op->name == "=" && call->args.size() == 2 ? call : nullptr;
}

}  // namespace

double Estimator::Distinct(const Expr* expr) {
  Origin origin;
  if (!OriginOf(expr, origin)) return expr->type.oid == kBoolOid ? 2 : 0;
  double rows = TableRows(*origin.table);
  if (IsUnique(origin)) return rows;
  auto statistics = Statistics(origin);
  if (statistics != nullptr && statistics->distinct != 0) {
    return std::clamp(statistics->distinct > 0 ? statistics->distinct : std::round(-statistics->distinct * rows), 1.0, rows);
  }
  if (expr->type.oid == kBoolOid) return 2;
  // Part of a key: at most so many values as fit.
  return std::min(rows, kDefaultDistinct);
}

double Estimator::EqualJoin(const FunctionCall& call) {
  double left = Distinct(call.args[0]), right = Distinct(call.args[1]);
  Origin a, b;
  double nulls = 0;
  if (OriginOf(call.args[0], a) && OriginOf(call.args[1], b)) {
    auto one = Statistics(a), two = Statistics(b);
    if (one != nullptr && two != nullptr && left > 0 && right > 0) {
      if (std::optional<double> both = EqualJoinFraction(*one, left, *two, right)) return *both;
    }
    double present = 1;
    if (one != nullptr) present *= 1 - one->null_fraction;
    if (two != nullptr) present *= 1 - two->null_fraction;
    nulls = 1 - present;
  }
  double distinct = std::max(left, right);
  return Clamp((1 - nulls) * (distinct > 0 ? 1 / distinct : kEqualSelectivity));
}

double Estimator::CompositeEquality(const std::vector<const FunctionCall*>& equalities) {
  double product = 1;
  for (const FunctionCall* call : equalities) product *= EqualJoin(*call);
  if (equalities.size() < 2) return product;
  // By relation: the columns equated.
  std::map<RelId, std::pair<const catalog::Table*, std::set<int>>> sides;
  for (const FunctionCall* call : equalities) {
    for (const Expr* arg : call->args) {
      Origin origin;
      if (!OriginOf(arg, origin)) continue;
      auto& side = sides[origin.rel];
      side.first = origin.table;
      side.second.insert(origin.column + 1);
    }
  }
  double largest = 0;
  for (const auto& [rel, side] : sides) {
    if (side.second.size() < 2) continue;
    const double rows = TableRows(*side.first);
    largest = std::max(largest, rows);
    for (const catalog::Index& index : side.first->indexes) {
      if (!index.unique || !index.valid || !index.predicate_sql.empty() || index.keys.size() < 2) continue;
      const bool covered = std::all_of(index.keys.begin(), index.keys.end(), [&](const catalog::IndexKey& key) {
        return side.second.contains(key.column);
      });
      // Every row of the other side has one partner at most, and usually has it.
      if (covered) return 1 / std::max(1.0, rows);
    }
  }
  // There are no more combinations than rows.
  return largest > 0 ? std::max(product, 1 / std::max(1.0, largest)) : product;
}

double Estimator::OrSelectivity(Expr* condition) {
  double selectivity = Selectivity(condition);
  std::set<RelId> rels;
  CollectRels(condition, rels);
  if (rels.size() < 2) return selectivity;
  // What it asks of single relations has been asked of them already.
  for (RelId rel : rels) {
    Expr* restriction = OrRestriction(ctx_.arena, condition, rel);
    if (restriction != nullptr) selectivity /= std::max(Selectivity(restriction), selectivity);
  }
  return Clamp(selectivity);
}

double Estimator::JoinSelectivity(const std::vector<Expr*>& conditions) {
  std::vector<const FunctionCall*> equalities;
  double product = 1;
  for (Expr* condition : conditions) {
    if (implied_.contains(condition)) continue;
    const FunctionCall* call = AsEquality(condition);
    if (call != nullptr && !IsConstant(call->args[0]) && !IsConstant(call->args[1])) {
      equalities.push_back(call);
    } else {
      product *= OrSelectivity(condition);
    }
  }
  return product * CompositeEquality(equalities);
}

double Estimator::SemiSelectivity(const std::vector<Expr*>& conditions, double left_rows, double right_rows,
                                  const std::set<RelId>& right) {
  double product = 1;
  for (const Expr* condition : conditions) {
    const FunctionCall* call = AsEquality(condition);
    if (call == nullptr) {
      // Of the many partners a row may have one is enough.
      double one = Selectivity(condition);
      product *= std::max(one, 0.5);
      continue;
    }
    std::set<RelId> rels;
    CollectRels(call->args[0], rels);
    const bool turned = std::any_of(rels.begin(), rels.end(), [&](RelId rel) { return right.contains(rel); });
    double outer = Distinct(call->args[turned ? 1 : 0]), inner = Distinct(call->args[turned ? 0 : 1]);
    outer = std::min(outer > 0 ? outer : kDefaultDistinct, std::max(1.0, left_rows));
    if (inner <= 0) inner = std::min(kDefaultDistinct, right_rows);
    // The outer's values are drawn from all there are, of which the inner side has so many.
    inner = std::min(inner, right_rows);
    double all = std::max(Distinct(call->args[turned ? 1 : 0]), 1.0);
    product *= all > inner ? inner / all : 1;
  }
  return Clamp(product);
}

double Estimator::JoinRows(double left, double right, const std::vector<Expr*>& conditions) {
  return std::max(1.0, left * right * JoinSelectivity(conditions));
}

double Estimator::Groups(const std::vector<Expr*>& groups, double rows) {
  if (groups.empty()) return 1;
  // What is grouped by, as columns of relations; an expression has as many values as its columns have combinations.
  struct Relation {
    const catalog::Table* table = nullptr;
    std::set<int> columns;
    double product = 1, largest = 1;
    bool key = false;
  };
  std::map<RelId, Relation> relations;
  double product = 1;
  auto add = [&](const Expr* expr) {
    Origin origin;
    double distinct = Distinct(expr);
    if (!OriginOf(expr, origin)) {
      product *= distinct > 0 ? distinct : kDefaultDistinct;
      return;
    }
    Relation& relation = relations[origin.rel];
    relation.table = origin.table;
    if (!relation.columns.insert(origin.column).second) return;
    relation.product *= distinct;
    relation.largest = std::max(relation.largest, distinct);
    relation.key |= IsUnique(origin);
  };
  for (const Expr* group : groups) {
    if (IsConstant(group)) continue;
    Origin origin;
    std::set<ColumnId> columns;
    if (!OriginOf(group, origin) && group->kind != ExprKind::kColumnRef && group->type.oid != kBoolOid) {
      Walk(group, [&](const Expr* node) {
        if (auto* column = DynAs<ColumnRef>(node); column != nullptr && columns.insert({column->rel, column->column}).second) {
          add(column);
        }
        return true;
      });
    }
    if (columns.empty()) add(group);
  }
  for (const auto& [rel, relation] : relations) {
    const double all = std::max(1.0, TableRows(*relation.table));
    double distinct = std::min(relation.product, all);
    // A key decides the other columns.
    if (relation.key) distinct = relation.largest;
    if (!relation.key && relation.columns.size() > 1) {
      distinct = std::min(distinct, std::max(relation.largest, all * kCombinations));
    }
    // Of fewer rows than the table has, some values are missing.
    if (rows < all && distinct > 1) distinct *= 1 - std::pow((all - rows) / all, all / distinct);
    product *= std::max(1.0, distinct);
  }
  return std::max(1.0, std::min(product, rows));
}

}  // namespace phantom::planner
