// What a column name means: scopes from the inside out, with PostgreSQL's errors and hints for near misses.
#include <algorithm>

#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;

namespace {

struct SystemColumnInfo {
  const char* name;
  int number;
  Oid type;
};
constexpr SystemColumnInfo kSystemColumns[] = {
    {"ctid", kCtidColumn, kTidOid},   {"xmin", kXminColumn, kXidOid},         {"cmin", kCminColumn, kCidOid},
    {"xmax", kXmaxColumn, kXidOid},   {"cmax", kCmaxColumn, kCidOid},         {"tableoid", kTableOidColumn, kOidOid},
};

// Edit distance for "Perhaps you meant", as fuzzystrmatch counts it.
int Distance(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      int above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

const char* ColumnForbidden(ExprUse use) {
  switch (use) {
    case ExprUse::kColumnDefault:
      return "cannot use column reference in DEFAULT expression";
    default:
      return nullptr;
  }
}

// What is stored with a table must not depend on where a row lies or who wrote it.
Status CheckSystemColumn(ExprUse use, const char* name, int32_t location) {
  if (std::string_view(name) == "tableoid" && (use == ExprUse::kCheck || use == ExprUse::kGenerated)) return Status::Ok();
  switch (use) {
    case ExprUse::kCheck:
      return Errorf(sqlstate::kInvalidColumnReference, "system column \"%s\" reference in check constraint is invalid", name)
          .At(location);
    case ExprUse::kGenerated:
      return Errorf(sqlstate::kInvalidColumnReference, "cannot use system column \"%s\" in column generation expression",
                    name)
          .At(location);
    case ExprUse::kIndexExpression:
    case ExprUse::kIndexPredicate:
      return Error(sqlstate::kFeatureNotSupported, "index creation on system columns is not supported");
    default:
      return Status::Ok();
  }
}

}  // namespace

void Binder::MarkUsed(const RangeEntry& entry, int column) {
  if (entry.table != nullptr) ctx_.used_columns.emplace_back(entry.table->oid, column + 1);
}

void Binder::MarkColumnsUsed(const Expr* expr) {
  Walk(expr, [&](const Expr* node) {
    auto* column = DynAs<ColumnRef>(node);
    if (column != nullptr && ctx_.entries[static_cast<size_t>(column->rel)] != nullptr) {
      MarkUsed(*ctx_.entries[static_cast<size_t>(column->rel)], column->column);
    }
    return true;
  });
}

Expr* Binder::ColumnAt(RangeEntry& entry, int column, int32_t location) {
  if (entry.kind == RangeKind::kJoin) {
    Expr* copy = Copy(ctx_.arena, entry.join_columns[static_cast<size_t>(column)]);
    if (copy->kind == ExprKind::kColumnRef) copy->location = location;
    MarkColumnsUsed(copy);
    if (ctx_.for_text) {
      // A column of a join without alias is the column behind it, unless USING merged two into an expression.
      const Expr* behind = entry.join_columns[static_cast<size_t>(column)];
      auto known = ctx_.joins.find(behind);
      if (entry.aliased) {
        ctx_.joins[copy] = {&entry, column};
      } else if (known != ctx_.joins.end()) {
        ctx_.joins[copy] = known->second;
      } else if (behind->kind != ExprKind::kColumnRef) {
        ctx_.joins[copy] = {&entry, column};
      }
    }
    return copy;
  }
  MarkUsed(entry, column);
  if (column < 0) {
    for (const SystemColumnInfo& info : kSystemColumns) {
      if (info.number == column) return ctx_.MakeColumn(entry.rel, column, info.type, 0, location);
    }
  }
  const RangeColumn& info = entry.columns[static_cast<size_t>(column)];
  return ctx_.MakeColumn(entry.rel, column, info.type, info.collation, location);
}

Result<Expr*> Binder::ColumnOf(ScopeItem& item, std::string_view name, int32_t location, ExprUse use) {
  RangeEntry& entry = *item.entry;
  int found = -1;
  for (size_t i = 0; i < entry.columns.size(); ++i) {
    if (entry.columns[i].dropped || entry.columns[i].name != name) continue;
    if (found >= 0) {
      return Errorf(sqlstate::kAmbiguousColumn, "column reference \"%s\" is ambiguous", std::string(name).c_str())
          .At(location);
    }
    found = static_cast<int>(i);
  }
  if (found >= 0) return ColumnAt(entry, found, location);
  if (entry.kind == RangeKind::kTable) {
    for (const SystemColumnInfo& info : kSystemColumns) {
      if (name != info.name) continue;
      RETURN_IF_ERROR(CheckSystemColumn(use, info.name, location));
      return ColumnAt(entry, info.number, location);
    }
  }
  return static_cast<Expr*>(nullptr);
}

Result<Expr*> Binder::FindColumn(Scope& scope, std::string_view name, int32_t location, bool local_only) {
  for (Scope* level = &scope; level != nullptr; level = level->parent) {
    Expr* found = nullptr;
    for (ScopeItem& item : level->items) {
      if (!item.columns_visible) continue;
      if (item.lateral_only && !level->lateral_active) continue;
      ASSIGN_OR_RETURN(Expr * column, ColumnOf(item, name, location, level->use));
      if (column == nullptr) continue;
      if (found != nullptr) {
        return Errorf(sqlstate::kAmbiguousColumn, "column reference \"%s\" is ambiguous", std::string(name).c_str())
            .At(location);
      }
      if (item.lateral_only && !item.lateral_ok) {
        return Errorf(sqlstate::kInvalidColumnReference, "invalid reference to FROM-clause entry for table \"%s\"",
                      item.entry->name.c_str())
            .Detail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.")
            .At(location);
      }
      found = column;
    }
    if (found != nullptr) return found;
    if (local_only) break;
  }
  return static_cast<Expr*>(nullptr);
}

Result<ScopeItem*> Binder::FindRelation(Scope& scope, std::string_view schema, std::string_view name, int32_t location,
                                        Scope** where) {
  Oid relation = 0;
  if (!schema.empty()) {
    auto table = ctx_.catalog.FindTable({.schema = schema, .name = name});
    if (!table.ok() || table.value() == nullptr) return static_cast<ScopeItem*>(nullptr);
    relation = table.value()->oid;
  }
  for (Scope* level = &scope; level != nullptr; level = level->parent) {
    ScopeItem* found = nullptr;
    for (ScopeItem& item : level->items) {
      if (!item.rel_visible) continue;
      if (item.lateral_only && !level->lateral_active) continue;
      if (relation != 0) {
        if (item.entry->table == nullptr || item.entry->table->oid != relation || item.entry->aliased) continue;
      } else if (item.entry->name != name) {
        continue;
      }
      if (found != nullptr) {
        return Errorf(sqlstate::kAmbiguousAlias, "table reference \"%s\" is ambiguous", std::string(name).c_str())
            .At(location);
      }
      if (item.lateral_only && !item.lateral_ok) {
        return Errorf(sqlstate::kInvalidColumnReference, "invalid reference to FROM-clause entry for table \"%s\"",
                      item.entry->name.c_str())
            .Detail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.")
            .At(location);
      }
      found = &item;
    }
    if (found != nullptr) {
      if (where != nullptr) *where = level;
      return found;
    }
  }
  return static_cast<ScopeItem*>(nullptr);
}

Status Binder::MissingRelation(Scope& scope, std::string_view schema, std::string_view name, int32_t location) {
  // A relation of that name exists but may not be named here: say so.
  RangeEntry* other = nullptr;
  bool by_relation = false;
  for (Scope* level = &scope; level != nullptr && other == nullptr; level = level->parent) {
    if (level->query == nullptr) continue;
    for (RangeEntry* entry : level->query->entries) {
      if (entry->name == name) {
        other = entry;
        break;
      }
      if (entry->kind == RangeKind::kTable && entry->table->name == name) {
        other = entry;
        by_relation = true;
        break;
      }
    }
  }
  std::string shown(name);
  if (!schema.empty()) shown = std::string(schema) + "." + shown;
  if (other != nullptr && by_relation && other->name != name) {
    return Errorf(sqlstate::kUndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", shown.c_str())
        .Hint(Format("Perhaps you meant to reference the table alias \"%s\".", other->name.c_str()))
        .At(location);
  }
  if (other != nullptr) {
    return Errorf(sqlstate::kUndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", shown.c_str())
        .Hint(Format("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.",
                     other->name.c_str()))
        .At(location);
  }
  return Errorf(sqlstate::kUndefinedTable, "missing FROM-clause entry for table \"%s\"", shown.c_str()).At(location);
}

Status Binder::MissingColumn(Scope& scope, std::string_view relation, std::string_view name, int32_t location) {
  std::string shown = relation.empty() ? Format("column \"%s\" does not exist", std::string(name).c_str())
                                       : std::string();
  if (!relation.empty()) {
    shown = "column " + std::string(relation) + "." + std::string(name) + " does not exist";
  }
  Status error = Error(sqlstate::kUndefinedColumn, shown).At(location);
  // The nearest names, at most two, not further off than half the name and three letters.
  constexpr int kDistanceMax = 3;
  struct Near {
    RangeEntry* entry;
    std::string column;
  };
  std::vector<Near> nearest;
  int best = kDistanceMax + 1;
  RangeEntry* hidden = nullptr;
  for (Scope* level = &scope; level != nullptr; level = level->parent) {
    if (level->query == nullptr) continue;
    for (RangeEntry* entry : level->query->entries) {
      if (entry->kind == RangeKind::kJoin) continue;
      int alias_distance = 0;
      if (!relation.empty()) alias_distance = Distance(relation, entry->name);
      if (alias_distance > best) continue;
      for (const RangeColumn& column : entry->columns) {
        if (column.dropped || column.name.empty()) continue;
        if (column.name == name && alias_distance == 0 && relation.empty()) hidden = entry;
        int distance = alias_distance + Distance(name, column.name);
        if (distance > kDistanceMax) continue;
        if (distance > static_cast<int>(name.size()) / 2 && distance > alias_distance) continue;
        if (distance < best) {
          best = distance;
          nearest.clear();
        }
        if (distance == best) nearest.push_back({entry, column.name});
      }
    }
  }
  if (hidden != nullptr) {
    return std::move(error).Hint(
        Format("There is a column named \"%s\" in table \"%s\", but it cannot be referenced from this part of the query.",
               std::string(name).c_str(), hidden->name.c_str()));
  }
  if (nearest.size() == 1) {
    return std::move(error).Hint(Format("Perhaps you meant to reference the column \"%s.%s\".",
                                        nearest[0].entry->name.c_str(), nearest[0].column.c_str()));
  }
  if (nearest.size() == 2) {
    return std::move(error).Hint(Format("Perhaps you meant to reference the column \"%s.%s\" or the column \"%s.%s\".",
                                        nearest[0].entry->name.c_str(), nearest[0].column.c_str(),
                                        nearest[1].entry->name.c_str(), nearest[1].column.c_str()));
  }
  return error;
}

Result<Expr*> Binder::WholeRow(RangeEntry& entry, int32_t location) {
  // A function that returns one scalar stands for that scalar.
  if (entry.kind == RangeKind::kFunction && entry.functions.size() == 1 && !entry.ordinality &&
      !entry.functions[0].composite) {
    return ColumnAt(entry, 0, location);
  }
  if (entry.kind == RangeKind::kJoin) {
    auto* row = ctx_.arena.New<RowExpr>();
    row->type = kRecordOid;
    row->location = location;
    for (size_t i = 0; i < entry.columns.size(); ++i) {
      row->fields.push_back(ColumnAt(entry, static_cast<int>(i), location));
      row->names.push_back(entry.columns[i].name);
    }
    return row;
  }
  auto* node = ctx_.arena.New<WholeRowRef>();
  node->rel = entry.rel;
  node->type = Type(entry.table != nullptr && entry.table->row_type != 0 ? entry.table->row_type : Oid{kRecordOid});
  node->location = location;
  for (size_t i = 0; i < entry.columns.size(); ++i) MarkUsed(entry, static_cast<int>(i));
  return node;
}

Result<Expr*> Binder::Column(Scope& scope, const ast::ColumnRef& ref) {
  if (const char* message = ColumnForbidden(scope.use)) {
    return Error(sqlstate::kFeatureNotSupported, message).At(ref.location);
  }
  if (ref.star) {
    if (ref.names.empty()) {
      return Error(sqlstate::kFeatureNotSupported, "row expansion via \"*\" is not supported here").At(ref.location);
    }
    // Inside an expression t.* is t's row.
    std::string_view schema = ref.names.size() >= 2 ? ref.names[ref.names.size() - 2] : std::string_view();
    ASSIGN_OR_RETURN(ScopeItem * item, FindRelation(scope, schema, ref.names.back(), ref.location));
    if (item == nullptr) return MissingRelation(scope, schema, ref.names.back(), ref.location);
    return WholeRow(*item->entry, ref.location);
  }
  size_t parts = ref.names.size();
  if (parts == 1) {
    std::string_view name = ref.names[0];
    if (scope.domain_value != nullptr && name == "value") {
      return Copy(ctx_.arena, scope.domain_value);
    }
    ASSIGN_OR_RETURN(Expr * column, FindColumn(scope, name, ref.location));
    if (column != nullptr) return column;
    // A relation's name alone is its row.
    ASSIGN_OR_RETURN(ScopeItem * item, FindRelation(scope, {}, name, ref.location));
    if (item != nullptr) return WholeRow(*item->entry, ref.location);
    return MissingColumn(scope, {}, name, ref.location);
  }
  std::string_view schema, relation, column_name;
  if (parts == 2) {
    relation = ref.names[0];
    column_name = ref.names[1];
  } else if (parts == 3) {
    schema = ref.names[0];
    relation = ref.names[1];
    column_name = ref.names[2];
  } else if (parts == 4) {
    ASSIGN_OR_RETURN(auto database, ctx_.catalog.DatabaseByOid(ctx_.catalog.database()));
    if (database != nullptr && database->name != ref.names[0]) {
      return Errorf(sqlstate::kFeatureNotSupported, "cross-database references are not implemented: %s",
                    NameToString(ref.names).c_str())
          .At(ref.location);
    }
    schema = ref.names[1];
    relation = ref.names[2];
    column_name = ref.names[3];
  } else {
    return Errorf(sqlstate::kSyntaxError, "improper qualified name (too many dotted names): %s",
                  NameToString(ref.names).c_str())
        .At(ref.location);
  }
  ASSIGN_OR_RETURN(ScopeItem * item, FindRelation(scope, schema, relation, ref.location));
  if (item == nullptr) return MissingRelation(scope, schema, relation, ref.location);
  ASSIGN_OR_RETURN(Expr * column, ColumnOf(*item, column_name, ref.location, scope.use));
  if (column != nullptr) return column;
  // t.f may be the function f of t's row.
  ASSIGN_OR_RETURN(Expr * row, WholeRow(*item->entry, ref.location));
  if (!ctx_.catalog.FunctionCandidates(column_name).empty()) {
    auto call = MakeCall(scope, ast::NameList(&column_name, 1), {row}, nullptr, ref.location);
    if (call.ok()) return call;
  }
  return MissingColumn(scope, relation, column_name, ref.location);
}

Status Binder::ExpandEntry(ScopeItem& item, int32_t location, std::vector<Target>& targets) {
  RangeEntry& entry = *item.entry;
  if (entry.table != nullptr) ctx_.Use(entry.table).privileges |= kPrivilegeSelect;
  for (size_t i = 0; i < entry.columns.size(); ++i) {
    if (entry.columns[i].dropped || entry.columns[i].not_in_star) continue;
    Target target;
    target.expr = ColumnAt(entry, static_cast<int>(i), location);
    target.name = entry.columns[i].name;
    SetOrigin(target);
    targets.push_back(std::move(target));
  }
  return Status::Ok();
}

Status Binder::ExpandStar(Scope& scope, const ast::ColumnRef& ref, std::vector<Target>& targets, ExprUse use) {
  if (ref.names.empty()) {
    bool any = false;
    for (ScopeItem& item : scope.items) {
      if (!item.columns_visible || item.lateral_only) continue;
      any = true;
      RETURN_IF_ERROR(ExpandEntry(item, ref.location, targets));
    }
    if (!any) return Error(sqlstate::kSyntaxError, "SELECT * with no tables specified is not valid").At(ref.location);
    return Status::Ok();
  }
  std::string_view schema;
  std::string_view relation = ref.names.back();
  if (ref.names.size() >= 2) schema = ref.names[ref.names.size() - 2];
  if (ref.names.size() > 3) {
    return Errorf(sqlstate::kSyntaxError, "improper qualified name (too many dotted names): %s",
                  NameToString(ref.names).c_str())
        .At(ref.location);
  }
  ASSIGN_OR_RETURN(ScopeItem * item, FindRelation(scope, schema, relation, ref.location));
  if (item == nullptr) {
    // x.* where x is a composite column.
    ast::ColumnRef column = ref;
    column.star = false;
    auto value = Column(scope, column);
    if (value.ok() && value.value()->kind != ExprKind::kWholeRow) return ExpandRow(value.value(), ref.location, targets);
    return MissingRelation(scope, schema, relation, ref.location);
  }
  return ExpandEntry(*item, ref.location, targets);
}

Status Binder::ExpandRow(Expr* expr, int32_t location, std::vector<Target>& targets) {
  if (auto* row = DynAs<RowExpr>(expr)) {
    for (size_t i = 0; i < row->fields.size(); ++i) targets.push_back({.expr = row->fields[i], .name = row->names[i]});
    return Status::Ok();
  }
  if (auto* whole = DynAs<WholeRowRef>(expr)) {
    ScopeItem item{.entry = ctx_.entries[static_cast<size_t>(whole->rel)]};
    return ExpandEntry(item, location, targets);
  }
  const catalog::TypeRow* type = ctx_.TypeOf(coerce_.BaseType(expr->type.oid));
  auto add = [&](int field, std::string_view name, Type field_type, Oid collation) {
    auto* select = ctx_.arena.New<FieldSelect>();
    select->arg = Copy(ctx_.arena, expr);
    select->field = field;
    select->name = name;
    select->type = field_type;
    select->collation = collation;
    select->location = location;
    targets.push_back({.expr = select, .name = std::string(name)});
  };
  if (type != nullptr && type->kind == catalog::TypeKind::kComposite) {
    ASSIGN_OR_RETURN(catalog::TableRef table, ctx_.catalog.TableByOid(type->relation));
    ctx_.Pin(table);
    for (size_t i = 0; i < table->columns.size(); ++i) {
      const catalog::Column& column = table->columns[i];
      if (!column.dropped) add(static_cast<int>(i), column.name, column.type, column.collation);
    }
    return Status::Ok();
  }
  if (auto* call = DynAs<FunctionCall>(expr); call != nullptr && !call->function->modes.empty() && expr->type.oid == kRecordOid) {
    int position = 0;
    for (size_t i = 0; i < call->function->modes.size(); ++i) {
      auto mode = call->function->modes[i];
      if (mode == catalog::ArgumentMode::kIn || mode == catalog::ArgumentMode::kVariadic) continue;
      Oid field_type = call->function->all_arguments[i];
      const catalog::TypeRow* row = ctx_.TypeOf(field_type);
      add(position++, call->function->names[i], Type(field_type), row == nullptr ? 0 : row->collation);
    }
    return Status::Ok();
  }
  if (expr->type.oid == kRecordOid) {
    return Error(sqlstate::kFeatureNotSupported, "record type has not been registered").At(location);
  }
  return Errorf(sqlstate::kWrongObjectType, "type %s is not composite", ctx_.TypeName(expr->type.oid).c_str()).At(location);
}

}  // namespace phantom::planner
