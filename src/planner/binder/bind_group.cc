// GROUP BY with grouping sets, and the check that a grouped query's expressions use groups or aggregates only.
#include <algorithm>
#include <functional>

#include "planner/binder/binder.h"
#include "planner/expr_util.h"
#include "planner/query_util.h"

namespace phantom::planner {

using namespace types;
using parser::DynCast;

namespace {

using Sets = std::vector<std::vector<int>>;

constexpr size_t kGroupingSetsMax = 4096;
constexpr size_t kCubeElementsMax = 12;

Sets CrossProduct(const Sets& left, const Sets& right) {
  Sets result;
  for (const auto& a : left) {
    for (const auto& b : right) {
      std::vector<int> merged = a;
      for (int group : b) {
        if (std::find(merged.begin(), merged.end(), group) == merged.end()) merged.push_back(group);
      }
      result.push_back(std::move(merged));
    }
  }
  return result;
}

}  // namespace

Status Binder::GroupBy(Scope& scope, const ast::SelectStmt& select, Query& query) {
  query.group_distinct = select.group_distinct;
  auto group_of = [&](const ast::Node& node) -> Result<int> {
    ASSIGN_OR_RETURN(int at, FindTargetSql92(scope, node, query.targets, ExprUse::kGroupBy));
    Target& target = query.targets[static_cast<size_t>(at)];
    if (target.expr->type.oid == kUnknownOid) {
      ASSIGN_OR_RETURN(target.expr, coerce_.ToType(target.expr, kTextOid, -1, CoercionContext::kImplicit,
                                                   CallForm::kImplicitCast, -1));
    }
    RETURN_IF_ERROR(resolver_.EqualOrError(target.expr->type.oid, LocationOf(target.expr)).status());
    for (size_t i = 0; i < query.groups.size(); ++i) {
      if (query.groups[i] == target.expr || Equal(query.groups[i], target.expr)) return static_cast<int>(i);
    }
    query.groups.push_back(target.expr);
    return static_cast<int>(query.groups.size()) - 1;
  };
  using Item = GroupingItem;
  // Also writes down the item as it was written.
  std::function<Result<Sets>(const ast::Node&, std::vector<Item>&)> sets_of =
      [&](const ast::Node& node, std::vector<Item>& items) -> Result<Sets> {
    auto list = [&](ast::NodeList items) -> Result<std::vector<int>> {
      std::vector<int> groups;
      for (const ast::Node* item : items) {
        ASSIGN_OR_RETURN(int group, group_of(*item));
        if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
      }
      return groups;
    };
    // (a, b) is a sublist; an element of ROLLUP or CUBE is one unit.
    auto unit = [&](const ast::Node& item) -> Result<std::vector<int>> {
      if (auto* row = DynCast<ast::RowExpr>(&item); row != nullptr && row->form == ast::CoercionForm::kImplicitCast) return list(row->args);
      const ast::Node* pointer = &item;
      return list(ast::NodeList(&pointer, 1));
    };
    auto* set = DynCast<ast::GroupingSet>(&node);
    if (set == nullptr) {
      ASSIGN_OR_RETURN(std::vector<int> groups, unit(node));
      items.push_back({Item::Kind::kSimple, groups, {}});
      return Sets{groups};
    }
    query.has_grouping_sets = query.has_grouping_sets || set->type != ast::GroupingSetKind::kEmpty || true;
    switch (set->type) {
      case ast::GroupingSetKind::kEmpty:
        items.push_back({Item::Kind::kEmpty, {}, {}});
        return Sets{{}};
      case ast::GroupingSetKind::kSimple: {
        ASSIGN_OR_RETURN(std::vector<int> groups, list(set->content));
        items.push_back({Item::Kind::kSimple, groups, {}});
        return Sets{groups};
      }
      case ast::GroupingSetKind::kRollup:
      case ast::GroupingSetKind::kCube: {
        std::vector<std::vector<int>> units;
        for (const ast::Node* item : set->content) {
          ASSIGN_OR_RETURN(std::vector<int> groups, unit(*item));
          units.push_back(std::move(groups));
        }
        Item written{set->type == ast::GroupingSetKind::kRollup ? Item::Kind::kRollup : Item::Kind::kCube, {}, {}};
        for (const std::vector<int>& groups : units) written.items.push_back({Item::Kind::kSimple, groups, {}});
        items.push_back(std::move(written));
        Sets result;
        auto join = [&](auto member) {
          std::vector<int> groups;
          for (size_t i = 0; i < units.size(); ++i) {
            if (!member(i)) continue;
            for (int group : units[i]) {
              if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
            }
          }
          result.push_back(std::move(groups));
        };
        if (set->type == ast::GroupingSetKind::kRollup) {
          for (size_t n = units.size() + 1; n-- > 0;) join([&](size_t i) { return i < n; });
        } else {
          if (units.size() > kCubeElementsMax) {
            return Errorf(sqlstate::kTooManyColumns, "CUBE is limited to %zu elements", kCubeElementsMax).At(set->location);
          }
          for (size_t mask = size_t{1} << units.size(); mask-- > 0;) {
            join([&](size_t i) { return (mask >> (units.size() - 1 - i)) & 1; });
          }
        }
        return result;
      }
      case ast::GroupingSetKind::kSets: {
        Sets result;
        Item written{Item::Kind::kSets, {}, {}};
        for (const ast::Node* item : set->content) {
          std::vector<Item> inner_items;
          ASSIGN_OR_RETURN(Sets inner, sets_of(*item, inner_items));
          result.insert(result.end(), inner.begin(), inner.end());
          // Sets in sets are one level.
          for (Item& one : inner_items) {
            if (one.kind != Item::Kind::kSets) {
              written.items.push_back(std::move(one));
              continue;
            }
            for (Item& nested : one.items) written.items.push_back(std::move(nested));
          }
        }
        items.push_back(std::move(written));
        return result;
      }
    }
    return Sets{};
  };
  bool any_set = false;
  for (const ast::Node* item : select.group_by) any_set = any_set || DynCast<ast::GroupingSet>(item) != nullptr;
  if (!any_set) {
    for (const ast::Node* item : select.group_by) {
      if (auto* row = DynCast<ast::RowExpr>(item); row != nullptr && row->form == ast::CoercionForm::kImplicitCast) {
        for (const ast::Node* field : row->args) RETURN_IF_ERROR(group_of(*field).status());
        continue;
      }
      RETURN_IF_ERROR(group_of(*item).status());
    }
    return Status::Ok();
  }
  Sets all = {{}};
  for (const ast::Node* item : select.group_by) {
    ASSIGN_OR_RETURN(Sets sets, sets_of(*item, query.grouping_items));
    all = CrossProduct(all, sets);
    if (all.size() > kGroupingSetsMax) {
      return Errorf(sqlstate::kStatementTooComplex, "too many grouping sets present (maximum %zu)", kGroupingSetsMax);
    }
  }
  if (select.group_distinct) {
    Sets unique;
    for (auto& set : all) {
      std::vector<int> sorted = set;
      std::sort(sorted.begin(), sorted.end());
      bool seen = std::any_of(unique.begin(), unique.end(), [&](std::vector<int> other) {
        std::sort(other.begin(), other.end());
        return other == sorted;
      });
      if (!seen) unique.push_back(set);
    }
    all = std::move(unique);
  }
  query.grouping_sets = std::move(all);
  return Status::Ok();
}

namespace {

// A query that refers to the recursive query around it has no aggregates.
Status CheckRecursiveTerm(Query& query) {
  const bool recursive = std::any_of(query.entries.begin(), query.entries.end(),
                                     [](const RangeEntry* entry) { return entry->kind == RangeKind::kWorkTable; });
  if (!recursive) return Status::Ok();
  int32_t location = -1;
  ForEachQueryExpr(query, [&](Expr*& expr) {
    Walk(expr, [&](const Expr* node) {
      auto* call = DynAs<AggregateCall>(node);
      if (location < 0 && call != nullptr && call->query == &query) location = call->location;
      return location < 0;
    });
  });
  return Error(sqlstate::kInvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term")
      .At(location);
}

}  // namespace

Status Binder::CheckGrouping(Scope& scope, Query& query) {
  bool grouped = !query.groups.empty() || query.has_grouping_sets || query.having != nullptr || scope.has_aggregates;
  query.grouped = grouped;
  query.has_aggregates = scope.has_aggregates;
  if (!grouped) return Status::Ok();
  // Columns all grouping sets have in common: the primary key among them determines a table's other columns.
  std::vector<int> common;
  for (size_t i = 0; i < query.groups.size(); ++i) common.push_back(static_cast<int>(i));
  if (query.has_grouping_sets) {
    for (const auto& set : query.grouping_sets) {
      std::erase_if(common, [&](int group) { return std::find(set.begin(), set.end(), group) == set.end(); });
    }
  }
  std::set<RelId> own;
  for (RangeEntry* entry : query.entries) own.insert(entry->rel);
  std::set<RelId> determined;
  for (RangeEntry* entry : query.entries) {
    if (entry->kind != RangeKind::kTable) continue;
    const catalog::Index* key = entry->table->PrimaryKey();
    if (key == nullptr || !key->immediate) continue;
    bool all = !key->keys.empty();
    for (const catalog::IndexKey& part : key->keys) {
      bool found = false;
      for (int group : common) {
        auto* column = DynAs<ColumnRef>(query.groups[static_cast<size_t>(group)]);
        found = found || (column != nullptr && column->rel == entry->rel && column->column == part.column - 1);
      }
      all = all && found;
    }
    if (all) determined.insert(entry->rel);
  }
  auto column_error = [&](const Expr* node, bool in_subquery) -> Status {
    RelId rel = node->kind == ExprKind::kColumnRef ? As<ColumnRef>(node)->rel : As<WholeRowRef>(node)->rel;
    const RangeEntry* entry = ctx_.entries[static_cast<size_t>(rel)];
    std::string name = entry->name;
    if (auto* column = DynAs<ColumnRef>(node)) {
      name += ".";
      if (column->column >= 0) {
        name += entry->columns[static_cast<size_t>(column->column)].name;
      } else {
        name += column->column == kCtidColumn ? "ctid" : column->column == kTableOidColumn ? "tableoid" : "xmin";
      }
    } else {
      name += ".*";
    }
    if (in_subquery) {
      return Errorf(sqlstate::kGroupingError, "subquery uses ungrouped column \"%s\" from outer query", name.c_str())
          .At(node->location);
    }
    return Errorf(sqlstate::kGroupingError, "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function",
                  name.c_str())
        .At(node->location);
  };
  Status status;
  std::function<void(const Expr*, bool)> check = [&](const Expr* expr, bool in_subquery) {
    if (expr == nullptr || !status.ok()) return;
    for (const Expr* group : query.groups) {
      if (Equal(group, expr)) return;
    }
    if (auto* call = DynAs<AggregateCall>(expr); call != nullptr && call->query == &query) {
      if (!call->within_group) return;
      for (const Expr* direct : call->args) check(direct, in_subquery);
      if (!status.ok() && !in_subquery && status.error().detail.empty()) {
        status = std::move(status).Detail("Direct arguments of an ordered-set aggregate must use only grouped columns.");
      }
      return;
    }
    if (auto* grouping = DynAs<GroupingCall>(expr); grouping != nullptr && grouping->query == &query) {
      auto* mutable_call = const_cast<GroupingCall*>(grouping);
      mutable_call->groups.clear();
      for (const Expr* arg : grouping->args) {
        int found = -1;
        for (size_t i = 0; i < query.groups.size(); ++i) {
          if (Equal(query.groups[i], arg)) found = static_cast<int>(i);
        }
        if (found < 0) {
          status = Error(sqlstate::kGroupingError, "arguments to GROUPING must be grouping expressions of the associated query level")
                       .At(LocationOf(arg));
          return;
        }
        mutable_call->groups.push_back(found);
      }
      return;
    }
    if (auto* column = DynAs<ColumnRef>(expr)) {
      if (own.contains(column->rel) && !determined.contains(column->rel)) status = column_error(expr, in_subquery);
      return;
    }
    if (auto* row = DynAs<WholeRowRef>(expr)) {
      if (own.contains(row->rel) && !determined.contains(row->rel)) status = column_error(expr, in_subquery);
      return;
    }
    if (auto* subquery = DynAs<SubqueryExpr>(expr)) {
      check(subquery->test, in_subquery);
      ForEachQueryExpr(*subquery->query, [&](Expr*& inner) { check(inner, true); });
      return;
    }
    ForEachChild(expr, [&](const Expr* child) { check(child, in_subquery); });
  };
  for (const Target& target : query.targets) check(target.expr, false);
  check(query.having, false);
  if (query.has_aggregates) RETURN_IF_ERROR(CheckRecursiveTerm(query));
  for (const WindowDef& window : query.windows) {
    for (const Expr* key : window.partition) check(key, false);
    for (const SortKey& key : window.order) check(key.expr, false);
  }
  return status;
}

}  // namespace phantom::planner
