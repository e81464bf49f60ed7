// GROUP BY, windows and set-returning functions: operators that make columns of what stood in the targets.
#include <algorithm>

#include "planner/build/builder.h"
#include "planner/expr_util.h"
#include "planner/query_util.h"

namespace phantom::planner {

using namespace types;

namespace {

// Everything above grouping in a query, to be rewritten.
void RewriteAbove(Query& query, const std::function<Expr*(Expr*)>& replace) {
  for (Target& target : query.targets) Rewrite(target.expr, replace);
  if (query.having != nullptr) Rewrite(query.having, replace);
  for (WindowDef& window : query.windows) {
    for (Expr*& key : window.partition) Rewrite(key, replace);
    for (SortKey& key : window.order) Rewrite(key.expr, replace);
  }
}

}  // namespace

LogicalNode* Builder::Aggregate(Query& query, LogicalNode* node) {
  auto* aggregate = ctx_.arena.New<LogicalAggregate>();
  aggregate->rel = ctx_.NewRel(nullptr, nullptr);
  RelId rel = aggregate->rel;
  for (Expr* group : query.groups) aggregate->groups.push_back(Copy(ctx_.arena, group));
  if (query.has_grouping_sets) aggregate->sets = query.grouping_sets;
  std::set<RelId> own;
  for (RangeEntry* entry : query.entries) own.insert(entry->rel);

  // First find what is needed: aggregates, and columns the groups determine (which become groups, too).
  std::vector<GroupingCall*> groupings;
  RewriteAbove(query, [&](Expr* expr) -> Expr* {
    for (Expr* group : aggregate->groups) {
      if (Equal(group, expr)) return expr;
    }
    if (auto* call = DynAs<AggregateCall>(expr); call != nullptr && call->query == &query) {
      bool known = std::any_of(aggregate->aggregates.begin(), aggregate->aggregates.end(),
                               [&](AggregateCall* other) { return Equal(other, call) && !IsVolatile(call); });
      if (!known) aggregate->aggregates.push_back(call);
      return expr;
    }
    if (auto* grouping = DynAs<GroupingCall>(expr); grouping != nullptr && grouping->query == &query) {
      groupings.push_back(grouping);
      return expr;
    }
    if (auto* column = DynAs<ColumnRef>(expr); column != nullptr && own.contains(column->rel)) {
      for (auto& set : aggregate->sets) set.push_back(static_cast<int>(aggregate->groups.size()));
      aggregate->groups.push_back(Copy(ctx_.arena, column));
      return expr;
    }
    return nullptr;
  });
  size_t groups = aggregate->groups.size(), calls = aggregate->aggregates.size();
  for (GroupingCall* grouping : groupings) aggregate->grouping_calls.push_back(grouping->groups);
  RewriteAbove(query, [&](Expr* expr) -> Expr* {
    for (size_t i = 0; i < groups; ++i) {
      if (!Equal(aggregate->groups[i], expr)) continue;
      Expr* column = MakeColumnOf(ctx_, rel, static_cast<int>(i), expr);
      column->location = expr->location;
      return column;
    }
    if (auto* call = DynAs<AggregateCall>(expr); call != nullptr && call->query == &query) {
      for (size_t i = 0; i < calls; ++i) {
        AggregateCall* other = aggregate->aggregates[i];
        if (other == call || (Equal(other, call) && !IsVolatile(call))) return MakeColumnOf(ctx_, rel, static_cast<int>(groups + i), call);
      }
    }
    if (auto* grouping = DynAs<GroupingCall>(expr); grouping != nullptr && grouping->query == &query) {
      for (size_t i = 0; i < groupings.size(); ++i) {
        if (groupings[i] == grouping) return MakeColumnOf(ctx_, rel, static_cast<int>(groups + calls + i), grouping);
      }
    }
    return nullptr;
  });
  aggregate->children = {node};
  return Filter(aggregate, query.having);
}

LogicalNode* Builder::Windows(Query& query, LogicalNode* node) {
  for (size_t w = 0; w < query.windows.size(); ++w) {
    auto* window = ctx_.arena.New<LogicalWindow>();
    window->rel = ctx_.NewRel(nullptr, nullptr);
    auto replace = [&](Expr* expr) -> Expr* {
      auto* call = DynAs<WindowCall>(expr);
      if (call == nullptr || call->window != static_cast<int>(w)) return nullptr;
      for (size_t i = 0; i < window->calls.size(); ++i) {
        if (window->calls[i] == call) return MakeColumnOf(ctx_, window->rel, static_cast<int>(i), call);
      }
      window->calls.push_back(call);
      return MakeColumnOf(ctx_, window->rel, static_cast<int>(window->calls.size()) - 1, call);
    };
    for (Target& target : query.targets) Rewrite(target.expr, replace);
    if (window->calls.empty()) continue;
    window->partition = query.windows[w].partition;
    window->order = query.windows[w].order;
    window->frame = query.windows[w].frame;
    window->children = {node};
    node = window;
  }
  return node;
}

// Calls that return sets are computed by a ProjectSet below the targets; nested ones by one below that. When its calls
// are whole targets, the topmost gives the volatile targets too: they are computed with the sets, as often as those are.
LogicalNode* Builder::SetFunctions(Query& query, LogicalNode* node) {
  for (;;) {
    // Innermost calls: those whose arguments return no sets.
    std::vector<FunctionCall*> calls;
    bool complete = true;
    for (Target& target : query.targets) {
      Walk(target.expr, [&](const Expr* expr) {
        auto* call = const_cast<FunctionCall*>(DynAs<FunctionCall>(expr));
        if (call == nullptr || !call->returns_set) return true;
        complete = complete && call == target.expr;
        if (std::any_of(call->args.begin(), call->args.end(), [](Expr* arg) { return ReturnsSet(arg); })) return true;
        calls.push_back(call);
        return false;
      });
    }
    if (calls.empty()) return node;
    auto* project = ctx_.arena.New<LogicalProjectSet>();
    project->rel = ctx_.NewRel(nullptr, nullptr);
    auto project_column = [&](Expr* expr) -> Expr* {
      for (size_t i = 0; i < project->exprs.size(); ++i) {
        if (project->exprs[i] == expr) return MakeColumnOf(ctx_, project->rel, static_cast<int>(i), expr);
      }
      project->exprs.push_back(expr);
      return MakeColumnOf(ctx_, project->rel, static_cast<int>(project->exprs.size()) - 1, expr);
    };
    auto replace = [&](Expr* expr) -> Expr* {
      if (std::find(calls.begin(), calls.end(), expr) == calls.end()) return nullptr;
      return project_column(expr);
    };
    for (Target& target : query.targets) {
      if (complete && IsVolatile(target.expr) && !ReturnsSet(target.expr) && !ContainsSubquery(target.expr)) {
        target.expr = project_column(target.expr);
      } else {
        Rewrite(target.expr, replace);
      }
    }
    project->children = {node};
    node = project;
  }
}

}  // namespace phantom::planner
