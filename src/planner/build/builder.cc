#include "planner/build/builder.h"

#include <algorithm>
#include <set>

#include "planner/binder/coerce.h"
#include "planner/expr_util.h"
#include "planner/query_copy.h"
#include "planner/query_util.h"

namespace phantom::planner {

using namespace types;

void Rewrite(Expr*& expr, const std::function<Expr*(Expr*)>& replace) {
  if (expr == nullptr) return;
  if (Expr* other = replace(expr)) {
    expr = other;
    return;
  }
  ForEachChild(expr, [&](Expr*& child) { Rewrite(child, replace); });
  if (auto* subquery = DynAs<SubqueryExpr>(expr)) {
    ForEachQueryExpr(*subquery->query, [&](Expr*& inner) { Rewrite(inner, replace); });
    for (Expr*& left : subquery->left) Rewrite(left, replace);
  }
}

Expr* MakeColumnOf(BindContext& context, RelId rel, int column, const Expr* like) {
  return context.MakeColumn(rel, column, like->type, like->collation);
}

LogicalNode* Builder::Filter(LogicalNode* child, Expr* condition) {
  if (condition == nullptr) return child;
  auto* filter = ctx_.arena.New<LogicalFilter>();
  SplitAnd(condition, filter->conditions);
  filter->children = {child};
  return filter;
}

// Puts the entry's rows into a subquery that gives each of them one more column, which is never null; returns its number.
int Builder::AddPresence(RangeEntry& entry) {
  auto* inner = ctx_.arena.New<RangeEntry>(entry);
  inner->rel = ctx_.NewRel(inner, nullptr);
  auto* query = ctx_.arena.New<Query>();
  query->entries = {inner};
  query->from = ctx_.arena.New<FromNode>();
  query->from->entry = inner;
  for (size_t i = 0; i < inner->columns.size(); ++i) {
    const RangeColumn& column = inner->columns[i];
    query->targets.push_back({.expr = ctx_.MakeColumn(inner->rel, static_cast<int>(i), column.type, column.collation),
                              .name = column.name});
  }
  query->targets.push_back({.expr = ctx_.MakeBool(true), .name = "present"});
  entry.kind = RangeKind::kSubquery;
  entry.subquery = query;
  entry.columns.push_back({"present", kBoolOid, 0, false});
  return static_cast<int>(entry.columns.size()) - 1;
}

// A row that an outer join made up is NULL, not a row of NULLs. What tells: a column that is never null, the row's
// place, or, for relations that have neither, a column added to tell. (System tables: that every column is null.)
Expr* Builder::NullUnlessThere(RangeEntry& entry, RowExpr* row, std::map<RelId, int>& presence) {
  std::vector<Expr*> absent;
  auto test = [&](Expr* column) {
    auto* is_null = ctx_.arena.New<NullTest>();
    is_null->arg = column;
    is_null->type = kBoolOid;
    absent.push_back(is_null);
  };
  if (entry.kind != RangeKind::kTable) {
    auto [found, added] = presence.try_emplace(entry.rel, 0);
    if (added) found->second = AddPresence(entry);
    test(ctx_.MakeColumn(entry.rel, found->second, kBoolOid, 0));
  } else if (entry.kind == RangeKind::kTable && entry.table->kind == catalog::RelationKind::kTable && !entry.table->is_system()) {
    size_t number = 0;
    while (number < entry.columns.size() && (entry.columns[number].dropped || !entry.table->columns[number].not_null)) ++number;
    test(number < entry.columns.size() ? row->fields[number]
                                       : ctx_.MakeColumn(entry.rel, kCtidColumn, types::kTidOid, 0));
  } else {
    for (Expr* field : row->fields) test(field);
  }
  if (absent.empty()) return row;
  auto* choice = ctx_.arena.New<CaseExpr>();
  choice->type = row->type;
  Expr* condition = absent[0];
  if (absent.size() > 1) condition = JoinAnd(ctx_.arena, absent);
  choice->whens.push_back({condition, ctx_.MakeNull(row->type)});
  choice->otherwise = row;
  return choice;
}

void Builder::ExpandWholeRows(Query& query) {
  std::set<RelId> nullable;
  std::map<RelId, int> presence;
  ForEachQuery(query, [&](Query& inner) { NullableRels(inner.from, nullable); });
  ForEachQueryExpr(query, [&](Expr*& expr) {
    Rewrite(expr, [&](Expr* node) -> Expr* {
      auto* whole = DynAs<WholeRowRef>(node);
      if (whole == nullptr) return nullptr;
      RangeEntry* entry = ctx_.entries[static_cast<size_t>(whole->rel)];
      auto* row = ctx_.arena.New<RowExpr>();
      row->type = whole->type;
      row->location = whole->location;
      const size_t width = entry->columns.size() - presence.count(entry->rel);
      for (size_t i = 0; i < width; ++i) {
        const RangeColumn& column = entry->columns[i];
        row->names.push_back(column.name);
        if (column.dropped) {
          row->fields.push_back(ctx_.MakeNull(kInt4Oid));
        } else {
          row->fields.push_back(ctx_.MakeColumn(whole->rel, static_cast<int>(i), column.type, column.collation));
        }
      }
      return nullable.contains(whole->rel) ? NullUnlessThere(*entry, row, presence) : row;
    });
  });
}

Result<LogicalNode*> Builder::Build(Query& query, RelId rel) {
  ExpandWholeRows(query);
  Definitions definitions;
  RETURN_IF_ERROR(DefineCtes(query, definitions));
  auto built = query.command == CommandKind::kSelect ? BuildSelect(query, rel) : BuildModify(query, rel);
  RETURN_IF_ERROR(built.status());
  LogicalNode* node = built.value();
  for (size_t i = definitions.size(); i-- > 0;) {
    definitions[i]->children.push_back(node);
    node = definitions[i];
  }
  return node;
}

Result<LogicalNode*> Builder::BuildRows(Query& query) {
  ExpandWholeRows(query);
  ASSIGN_OR_RETURN(LogicalNode * node, BuildFrom(query.from));
  return Filter(node, query.where);
}

Status Builder::DefineCtes(Query& query, Definitions& definitions) {
  for (CommonTable* cte : query.ctes) {
    // Without effects, and used once or NOT MATERIALIZED, it takes the place of its references; not used, it is not run.
    bool wanted = cte->materialize == Materialize::kNever
                      ? cte->query->row_marks.empty()
                      : cte->references == 1 && cte->materialize != Materialize::kAlways;
    bool inlined = wanted && !cte->modifies && !cte->recursive && !QueryIsVolatile(*cte->query);
    if (inlined || (!cte->modifies && cte->references == 0)) continue;
    cte->planned = true;
    RelId rel = ctx_.NewRel(nullptr, nullptr);
    Result<LogicalNode*> definition = cte->recursive ? BuildRecursive(*cte, rel) : Build(*cte->query, rel);
    RETURN_IF_ERROR(definition.status());
    auto* with = ctx_.arena.New<LogicalWith>();
    with->cte = cte;
    for (size_t i = 0; i < cte->columns.size(); ++i) with->outputs.push_back({rel, static_cast<int>(i)});
    with->children = {definition.value()};
    definitions.push_back(with);
  }
  return Status::Ok();
}

Result<LogicalNode*> Builder::BuildEntry(RangeEntry& entry) {
  switch (entry.kind) {
    case RangeKind::kTable: {
      auto* scan = ctx_.arena.New<LogicalScan>();
      scan->entry = &entry;
      return scan;
    }
    case RangeKind::kSubquery:
      return Build(*entry.subquery, entry.rel);
    case RangeKind::kFunction: {
      auto* scan = ctx_.arena.New<LogicalFunctionScan>();
      scan->entry = &entry;
      return scan;
    }
    case RangeKind::kValues: {
      auto* values = ctx_.arena.New<LogicalValues>();
      values->rel = entry.rel;
      values->alias = entry.name;
      for (const RangeColumn& column : entry.columns) values->types.push_back(column.type);
      values->rows = entry.values;
      return values;
    }
    case RangeKind::kCte: {
      if (!entry.cte->planned) return Build(*CopyQuery(ctx_, *entry.cte->query), entry.rel);
      auto* scan = ctx_.arena.New<LogicalCteScan>();
      scan->entry = &entry;
      scan->cte = entry.cte;
      return scan;
    }
    case RangeKind::kWorkTable: {
      auto* scan = ctx_.arena.New<LogicalWorkTableScan>();
      scan->entry = &entry;
      scan->cte = entry.cte;
      return scan;
    }
    case RangeKind::kJoin:
    case RangeKind::kResult:
      break;
  }
  return Errorf(sqlstate::kInternalError, "unexpected range entry");
}

Result<LogicalNode*> Builder::BuildFrom(FromNode* from) {
  if (from == nullptr) {
    auto* result = ctx_.arena.New<LogicalValues>();
    result->rows.emplace_back();
    return result;
  }
  if (!from->join) return BuildEntry(*from->entry);
  ASSIGN_OR_RETURN(LogicalNode * left, BuildFrom(from->left));
  ASSIGN_OR_RETURN(LogicalNode * right, BuildFrom(from->right));
  auto* join = ctx_.arena.New<LogicalJoin>();
  join->type = from->type;
  SplitAnd(from->on, join->conditions);
  join->children = {left, right};
  return join;
}

Result<LogicalNode*> Builder::BuildSide(SetOpNode& side, const std::vector<RangeColumn>& columns,
                                        std::vector<ColumnId>& inputs) {
  ASSIGN_OR_RETURN(LogicalNode * child, BuildSetOperation(side));
  bool convert = false;
  for (size_t i = 0; i < columns.size(); ++i) convert = convert || side.columns[i].type.oid != columns[i].type.oid;
  RelId from = side.rel;
  if (convert) {
    auto* project = ctx_.arena.New<LogicalProject>();
    project->rel = from = ctx_.NewRel(nullptr, nullptr);
    Coercion coerce(ctx_);
    for (size_t i = 0; i < columns.size(); ++i) {
      const RangeColumn& column = side.columns[i];
      Expr* value = ctx_.MakeColumn(side.rel, static_cast<int>(i), column.type, column.collation);
      ASSIGN_OR_RETURN(value, coerce.ToCommon(value, columns[i].type.oid, "UNION"));
      project->exprs.push_back(value);
      project->names.push_back(column.name);
    }
    project->children = {child};
    child = project;
  }
  for (size_t i = 0; i < columns.size(); ++i) inputs.push_back({from, static_cast<int>(i)});
  return child;
}

Result<LogicalNode*> Builder::BuildSetOperation(SetOpNode& node) {
  if (node.op == SetOpKind::kNone) return Build(*node.query, node.rel);
  auto* set = ctx_.arena.New<LogicalSetOp>();
  set->rel = node.rel;
  set->op = node.op;
  set->all = node.all;
  for (const RangeColumn& column : node.columns) set->types.push_back(column.type);
  // A chain of UNIONs of one kind is one node with many children.
  std::vector<SetOpNode*> sides;
  std::function<void(SetOpNode*)> collect = [&](SetOpNode* side) {
    bool same = node.op == SetOpKind::kUnion && side->op == SetOpKind::kUnion && (side->all == node.all || !node.all);
    for (size_t i = 0; same && i < node.columns.size(); ++i) same = side->columns[i].type.oid == node.columns[i].type.oid;
    if (!same) return sides.push_back(side);
    collect(side->left);
    collect(side->right);
  };
  collect(node.left);
  collect(node.right);
  for (SetOpNode* side : sides) {
    std::vector<ColumnId> inputs;
    ASSIGN_OR_RETURN(LogicalNode * child, BuildSide(*side, node.columns, inputs));
    set->children.push_back(child);
    set->inputs.push_back(std::move(inputs));
  }
  return set;
}

Result<LogicalNode*> Builder::BuildRecursive(CommonTable& cte, RelId rel) {
  Query& query = *cte.query;
  Definitions definitions;
  ExpandWholeRows(query);
  RETURN_IF_ERROR(DefineCtes(query, definitions));
  SetOpNode& top = *query.set_operation;
  auto* node = ctx_.arena.New<LogicalRecursiveUnion>();
  node->rel = rel;
  node->table = cte.id;
  node->distinct = !top.all;
  for (const RangeColumn& column : top.columns) node->types.push_back(column.type);
  for (SetOpNode* side : {top.left, top.right}) {
    std::vector<ColumnId> inputs;
    ASSIGN_OR_RETURN(LogicalNode * child, BuildSide(*side, top.columns, inputs));
    node->children.push_back(child);
    node->inputs.push_back(std::move(inputs));
  }
  LogicalNode* result = node;
  for (size_t i = definitions.size(); i-- > 0;) {
    definitions[i]->children.push_back(result);
    result = definitions[i];
  }
  return result;
}

Result<LogicalNode*> Builder::BuildSelect(Query& query, RelId rel) {
  auto make_project = [&](RelId to, LogicalNode* child, bool junk) {
    auto* project = ctx_.arena.New<LogicalProject>();
    project->rel = to;
    for (const Target& target : query.targets) {
      if (target.junk && !junk) continue;
      project->exprs.push_back(target.expr);
      project->names.push_back(target.name);
    }
    project->children = {child};
    return project;
  };
  if (query.set_operation != nullptr) {
    // The targets are the set operation's own columns.
    ASSIGN_OR_RETURN(LogicalNode * node, BuildSetOperation(*query.set_operation));
    node = Ordered(query, node, query.set_operation->rel);
    return make_project(rel, node, true);
  }
  RETURN_IF_ERROR(PullUpLocked(query));
  LogicalLockRows* lock = query.row_marks.empty() ? nullptr : LockRows(query);
  ASSIGN_OR_RETURN(LogicalNode * node, BuildFrom(query.from));
  node = Filter(node, query.where);
  if (query.grouped) node = Aggregate(query, node);
  if (query.has_windows) node = Windows(query, node);
  if (query.has_set_functions) node = SetFunctions(query, node);
  if (lock != nullptr) {
    // Rows are locked in the order asked for, and no more than the limit wants.
    if (!query.order_by.empty()) {
      auto* sort = ctx_.arena.New<LogicalSort>();
      for (const SortTarget& key : query.order_by) {
        sort->keys.push_back({query.targets[static_cast<size_t>(key.target)].expr, key.less, key.descending, key.nulls_first});
      }
      sort->children = {node};
      node = sort;
    }
    lock->children = {node};
    node = lock;
    if (query.limit != nullptr || query.offset != nullptr) {
      auto* limit = ctx_.arena.New<LogicalLimit>();
      limit->limit = query.limit;
      limit->offset = query.offset;
      limit->children = {node};
      node = limit;
    }
    return make_project(rel, node, false);
  }
  bool junk = std::any_of(query.targets.begin(), query.targets.end(), [](const Target& target) { return target.junk; });
  if (!junk) return Ordered(query, make_project(rel, node, true), rel);
  RelId inner = ctx_.NewRel(nullptr, nullptr);
  node = Ordered(query, make_project(inner, node, true), inner);
  auto* outer = ctx_.arena.New<LogicalProject>();
  outer->rel = rel;
  for (size_t i = 0; i < query.targets.size(); ++i) {
    if (query.targets[i].junk) continue;
    outer->exprs.push_back(MakeColumnOf(ctx_, inner, static_cast<int>(i), query.targets[i].expr));
    outer->names.push_back(query.targets[i].name);
  }
  outer->children = {node};
  return outer;
}

// DISTINCT, ORDER BY and LIMIT over the targets, which are the columns (targets, i).
LogicalNode* Builder::Ordered(Query& query, LogicalNode* node, RelId targets) {
  auto key_of = [&](const SortTarget& sort) -> SortKey {
    const Expr* expr = query.targets[static_cast<size_t>(sort.target)].expr;
    return {MakeColumnOf(ctx_, targets, sort.target, expr), sort.less, sort.descending, sort.nulls_first};
  };
  if (query.distinct) {
    // Distinct rows are groups. The targets' projection is renamed so that the one over the groups can be `targets`.
    auto* child = As<LogicalProject>(node);
    child->rel = ctx_.NewRel(nullptr, nullptr);
    auto* aggregate = ctx_.arena.New<LogicalAggregate>();
    aggregate->rel = ctx_.NewRel(nullptr, nullptr);
    auto* project = ctx_.arena.New<LogicalProject>();
    project->rel = targets;
    for (size_t i = 0; i < query.targets.size(); ++i) {
      aggregate->groups.push_back(MakeColumnOf(ctx_, child->rel, static_cast<int>(i), query.targets[i].expr));
      project->exprs.push_back(MakeColumnOf(ctx_, aggregate->rel, static_cast<int>(i), query.targets[i].expr));
      project->names.push_back(query.targets[i].name);
    }
    aggregate->children = {child};
    project->children = {aggregate};
    node = project;
  }
  std::vector<SortKey> keys;
  for (const SortTarget& sort : query.order_by) keys.push_back(key_of(sort));
  if (query.has_distinct_on) {
    auto* unique = ctx_.arena.New<LogicalDistinctOn>();
    for (const SortTarget& sort : query.distinct_on) unique->keys.push_back(key_of(sort));
    auto* sort = ctx_.arena.New<LogicalSort>();
    sort->keys = keys;
    for (const SortKey& key : unique->keys) {
      bool there = std::any_of(keys.begin(), keys.end(), [&](const SortKey& other) { return Equal(other.expr, key.expr); });
      if (!there) sort->keys.push_back(key);
    }
    sort->children = {node};
    unique->children = {sort};
    node = unique;
  } else if (!keys.empty()) {
    auto* sort = ctx_.arena.New<LogicalSort>();
    sort->keys = keys;
    sort->children = {node};
    node = sort;
  }
  if (query.limit != nullptr || query.offset != nullptr) {
    auto* limit = ctx_.arena.New<LogicalLimit>();
    limit->limit = query.limit;
    limit->offset = query.offset;
    limit->with_ties = query.with_ties;
    if (query.with_ties) limit->ties_keys = keys;
    limit->children = {node};
    node = limit;
  }
  return node;
}

Result<LogicalNode*> Builder::BuildModify(Query& query, RelId rel) {
  auto* modify = ctx_.arena.New<LogicalModify>();
  modify->rel = rel;
  modify->query = &query;
  ASSIGN_OR_RETURN(LogicalNode * node, BuildFrom(query.from));
  if (query.command == CommandKind::kInsert) {
    if (std::any_of(query.targets.begin(), query.targets.end(), [](const Target& t) { return ReturnsSet(t.expr); })) {
      node = SetFunctions(query, node);
    }
    auto* project = ctx_.arena.New<LogicalProject>();
    project->rel = ctx_.NewRel(nullptr, nullptr);
    for (size_t i = 0; i < query.targets.size(); ++i) {
      modify->inputs.push_back({project->rel, static_cast<int>(i)});
      project->exprs.push_back(query.targets[i].expr);
      project->names.push_back(query.targets[i].name);
    }
    project->children = {node};
    node = project;
  } else {
    modify->rechecks = Rechecks(query.command == CommandKind::kMerge ? query.from->on : query.where);
    node = Filter(node, query.where);
  }
  modify->children = {node};
  return modify;
}

}  // namespace phantom::planner
