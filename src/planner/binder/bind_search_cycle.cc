// SEARCH and CYCLE clauses of recursive WITH queries: columns that are computed along with the recursion. As PostgreSQL
// does, both terms become subqueries, and queries around them add the columns:
//   SEARCH DEPTH FIRST    the path so far, an array of rows of the columns searched by
//   SEARCH BREADTH FIRST  a row of the depth and these columns
//   CYCLE                 the mark, whether the row is on its own path; and the path. Marked rows are not followed.
#include <algorithm>

#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;

namespace {

// Operations on records and arrays of them that no name resolves to: array_cat, and = of records.
constexpr Oid kArrayCat = 383, kRecordEqual = 2988;

}  // namespace

Status Binder::BindCycleMark(CommonTable& cte, Scope& scope) {
  ASSIGN_OR_RETURN(cte.mark_value, Expression(scope, cte.cycle->mark_value, ExprUse::kOther));
  ASSIGN_OR_RETURN(cte.mark_default, Expression(scope, cte.cycle->mark_default, ExprUse::kOther));
  Expr* pair[] = {cte.mark_value, cte.mark_default};
  ASSIGN_OR_RETURN(const Oid type, coerce_.CommonType(pair, "CYCLE"));
  ASSIGN_OR_RETURN(cte.mark_value, coerce_.ToCommon(cte.mark_value, type, "CYCLE/SET/TO"));
  ASSIGN_OR_RETURN(cte.mark_default, coerce_.ToCommon(cte.mark_default, type, "CYCLE/SET/DEFAULT"));
  const catalog::OperatorRow* equal = resolver_.EqualityOperator(type);
  if (equal == nullptr || equal->negator == 0) {
    return Errorf(sqlstate::kUndefinedFunction, "could not identify an %s operator for type %s",
                  equal == nullptr ? "equality" : "inequality", ctx_.TypeName(type).c_str());
  }
  return Status::Ok();
}

void Binder::AddSearchCycleColumns(CommonTable& cte, bool in_recursion) {
  auto add = [&](std::string_view name, Type type, Oid collation) {
    cte.columns.push_back({std::string(name), type, collation, false, in_recursion});
  };
  if (cte.search != nullptr) {
    add(cte.search->sequence_column, Type(cte.search->breadth_first ? kRecordOid : kRecordArrayOid), 0);
  }
  if (cte.cycle != nullptr) {
    add(cte.cycle->mark_column, cte.mark_value->type, cte.mark_value->collation);
    add(cte.cycle->path_column, Type(kRecordArrayOid), 0);
  }
}

Status Binder::CheckSearchCycle(const CommonTable& cte, const ast::CommonTableExpr& node) {
  const SetOpNode& top = *cte.query->set_operation;
  if (top.left->query == nullptr) {
    return Error(sqlstate::kFeatureNotSupported, "with a SEARCH or CYCLE clause, the left side of the UNION must be a SELECT");
  }
  if (top.right->query == nullptr) {
    return Error(sqlstate::kSyntaxError, "with a SEARCH or CYCLE clause, the right side of the UNION must be a SELECT");
  }
  auto is_column = [&](std::string_view name) {
    return std::any_of(cte.columns.begin(), cte.columns.end(), [&](const RangeColumn& column) { return column.name == name; });
  };
  auto check_list = [&](ast::NameList names, const char* what, int32_t location) -> Status {
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string name(names[i]);
      if (!is_column(name)) {
        return Errorf(sqlstate::kSyntaxError, "%s column \"%s\" not in WITH query column list", what, name.c_str()).At(location);
      }
      if (std::find(names.begin(), names.begin() + static_cast<ptrdiff_t>(i), name) != names.begin() + static_cast<ptrdiff_t>(i)) {
        return Errorf(sqlstate::kDuplicateColumn, "%s column \"%s\" specified more than once", what, name.c_str()).At(location);
      }
    }
    return Status::Ok();
  };
  auto check_new = [&](std::string_view name, const char* what, int32_t location) -> Status {
    if (!is_column(name)) return Status::Ok();
    return Errorf(sqlstate::kSyntaxError, "%s column name \"%s\" already used in WITH query column list", what,
                  std::string(name).c_str())
        .At(location);
  };
  const ast::CteSearchClause* search = node.search;
  const ast::CteCycleClause* cycle = node.cycle;
  if (search != nullptr) {
    RETURN_IF_ERROR(check_list(search->columns, "search", search->location));
    RETURN_IF_ERROR(check_new(search->sequence_column, "search sequence", search->location));
  }
  if (cycle != nullptr) {
    RETURN_IF_ERROR(check_list(cycle->columns, "cycle", cycle->location));
    RETURN_IF_ERROR(check_new(cycle->mark_column, "cycle mark", cycle->location));
    RETURN_IF_ERROR(check_new(cycle->path_column, "cycle path", cycle->location));
    if (cycle->mark_column == cycle->path_column) {
      return Error(sqlstate::kSyntaxError, "cycle mark column name and cycle path column name are the same").At(cycle->location);
    }
  }
  if (search != nullptr && cycle != nullptr) {
    for (const auto& [name, what] : {std::pair(cycle->mark_column, "mark"), std::pair(cycle->path_column, "path")}) {
      if (search->sequence_column != name) continue;
      return Errorf(sqlstate::kSyntaxError, "search sequence column name and cycle %s column name are the same", what)
          .At(search->location);
    }
  }
  return Status::Ok();
}

Status Binder::SearchAndCycle(CommonTable& cte) {
  SetOpNode& top = *cte.query->set_operation;
  const size_t width = cte.columns.size();
  CommonTable all = cte;  // with the columns added
  AddSearchCycleColumns(all, false);

  // The recursive term hands the columns on from the reference to the query itself.
  Query& recursive = *top.right->query;
  auto reference = std::find_if(recursive.entries.begin(), recursive.entries.end(), [&](const RangeEntry* entry) {
    return entry->kind == RangeKind::kWorkTable && entry->cte == &cte;
  });
  if (reference == recursive.entries.end()) {
    return Errorf(sqlstate::kFeatureNotSupported,
                  "with a SEARCH or CYCLE clause, the recursive reference to WITH query \"%s\" must be at the top level of its "
                  "right-hand SELECT",
                  cte.name.c_str());
  }
  std::vector<Target> handed;
  for (size_t i = width; i < all.columns.size(); ++i) {
    const RangeColumn& column = all.columns[i];
    handed.push_back({.expr = ctx_.MakeColumn((*reference)->rel, static_cast<int>(i), column.type, column.collation),
                      .name = column.name});
  }
  recursive.targets.insert(recursive.targets.begin() + static_cast<ptrdiff_t>(width), handed.begin(), handed.end());
  for (SortTarget& sort : recursive.order_by) {
    if (sort.target >= static_cast<int>(width)) sort.target += static_cast<int>(handed.size());
  }

  for (const bool starting : {true, false}) {
    SetOpNode& side = starting ? *top.left : *top.right;
    auto* query = ctx_.arena.New<Query>();
    auto* entry = ctx_.arena.New<RangeEntry>();
    entry->kind = RangeKind::kSubquery;
    entry->name = starting ? "*TLOCRN*" : "*TROCRN*";
    entry->subquery = side.query;
    entry->rel = ctx_.NewRel(entry, nullptr);
    for (const Target& target : side.query->targets) {
      if (!target.junk) entry->columns.push_back({target.name, target.expr->type, target.expr->collation, false});
    }
    query->entries = {entry};
    query->from = ctx_.arena.New<FromNode>();
    query->from->entry = entry;
    for (size_t i = 0; i < width; ++i) query->targets.push_back({.expr = ColumnAt(*entry, static_cast<int>(i), -1), .name = cte.columns[i].name});

    auto row_of = [&](ast::NameList names, Expr* depth) -> Result<Expr*> {
      auto* row = ctx_.arena.New<RowExpr>();
      row->type = kRecordOid;
      if (depth != nullptr) {
        row->fields.push_back(depth);
        row->names.emplace_back("*DEPTH*");
      }
      for (const std::string_view name : names) {
        size_t at = 0;
        while (cte.columns[at].name != name) ++at;
        ASSIGN_OR_RETURN(Expr * field, coerce_.ToType(ColumnAt(*entry, static_cast<int>(at), -1), cte.columns[at].type.oid,
                                                      cte.columns[at].type.typmod, CoercionContext::kImplicit,
                                                      CallForm::kImplicitCast, -1));
        row->fields.push_back(field);
        row->names.emplace_back(name);
      }
      return static_cast<Expr*>(row);
    };
    // The path with the row added; the first one at the start.
    auto path_of = [&](ast::NameList names, size_t column) -> Result<Expr*> {
      auto* array = ctx_.arena.New<ArrayExpr>();
      array->type = kRecordArrayOid;
      array->element = kRecordOid;
      ASSIGN_OR_RETURN(Expr * row, row_of(names, nullptr));
      array->elements.push_back(row);
      if (starting) return static_cast<Expr*>(array);
      auto* longer = ctx_.arena.New<FunctionCall>();
      longer->function = ctx_.builtins.Function(kArrayCat);
      longer->args = {ColumnAt(*entry, static_cast<int>(column), -1), array};
      longer->type = kRecordArrayOid;
      return static_cast<Expr*>(longer);
    };
    size_t next = width;
    if (cte.search != nullptr) {
      Expr* sequence;
      if (cte.search->breadth_first) {
        Expr* depth = ctx_.MakeConst(Value::Int8(0), kInt8Oid);
        if (!starting) {
          auto* before = ctx_.arena.New<FieldSelect>();
          before->arg = ColumnAt(*entry, static_cast<int>(next), -1);
          before->name = "*DEPTH*";
          before->type = kInt8Oid;
          ASSIGN_OR_RETURN(depth, MakeOperator("+", before, ctx_.MakeConst(Value::Int8(1), kInt8Oid), -1));
        }
        ASSIGN_OR_RETURN(sequence, row_of(cte.search->columns, depth));
      } else {
        ASSIGN_OR_RETURN(sequence, path_of(cte.search->columns, next));
      }
      query->targets.push_back({.expr = sequence, .name = all.columns[next].name});
      ++next;
    }
    if (cte.cycle != nullptr) {
      Expr* mark = Copy(ctx_.arena, cte.mark_default);
      if (!starting) {
        auto* met = ctx_.arena.New<ScalarArrayExpr>();
        met->op = ctx_.builtins.Operator(kRecordEqual);
        met->function = resolver_.FunctionOf(met->op);
        ASSIGN_OR_RETURN(met->scalar, row_of(cte.cycle->columns, nullptr));
        met->array = ColumnAt(*entry, static_cast<int>(next) + 1, -1);
        met->type = kBoolOid;
        auto* choice = ctx_.arena.New<CaseExpr>();
        choice->whens.push_back({met, Copy(ctx_.arena, cte.mark_value)});
        choice->otherwise = mark;
        choice->type = cte.mark_value->type;
        choice->collation = cte.mark_value->collation;
        mark = choice;
        ASSIGN_OR_RETURN(query->where, MakeOperator("<>", ColumnAt(*entry, static_cast<int>(next), -1),
                                                    Copy(ctx_.arena, cte.mark_value), -1));
      }
      query->targets.push_back({.expr = mark, .name = all.columns[next].name});
      ASSIGN_OR_RETURN(Expr * path, path_of(cte.cycle->columns, next + 1));
      query->targets.push_back({.expr = path, .name = all.columns[next + 1].name});
    }
    side.query = query;
    for (size_t i = width; i < all.columns.size(); ++i) side.columns.push_back(all.columns[i]);
  }
  for (size_t i = width; i < all.columns.size(); ++i) {
    const RangeColumn& column = all.columns[i];
    top.columns.push_back(column);
    cte.query->targets.push_back(
        {.expr = ctx_.MakeColumn(top.rel, static_cast<int>(i), column.type, column.collation), .name = column.name});
  }
  return Status::Ok();
}

}  // namespace phantom::planner
