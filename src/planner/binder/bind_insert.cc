// INSERT, ON CONFLICT, RETURNING.
#include <algorithm>

#include "catalog/stored_sql.h"
#include "parser/parser.h"
#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;
using parser::DynCast;

namespace {

// The unique indexes of the target whose keys, and predicates, ON CONFLICT names.
Status MatchArbiters(Binder& binder, const Query& query, OnConflict& conflict) {
  const catalog::Table& table = *query.target->table;
  for (const catalog::Index& index : table.indexes) {
    if (!index.unique || !index.valid) continue;
    std::vector<Expr*> keys;
    for (const catalog::IndexKey& key : index.keys) {
      if (key.column != 0) {
        const catalog::Column& column = table.column(key.column);
        keys.push_back(binder.context().MakeColumn(query.target->rel, key.column - 1, column.type, column.collation));
      } else {
        ASSIGN_OR_RETURN(Expr * expr, binder.StoredExpression(key.expression_sql, table, query.target->rel));
        keys.push_back(expr);
      }
    }
    auto covers = [](const std::vector<Expr*>& all, const std::vector<Expr*>& each) {
      return std::all_of(each.begin(), each.end(), [&](Expr* one) {
        return std::any_of(all.begin(), all.end(), [&](Expr* other) { return Equal(one, other); });
      });
    };
    if (!covers(keys, conflict.inferred) || !covers(conflict.inferred, keys)) continue;
    if (!index.predicate_sql.empty()) {
      if (conflict.inferred_where == nullptr) continue;
      ASSIGN_OR_RETURN(Expr * predicate, binder.StoredExpression(index.predicate_sql, table, query.target->rel));
      // Every condition of the index must be among those given.
      std::vector<Expr*> needed, given;
      SplitAnd(predicate, needed);
      SplitAnd(conflict.inferred_where, given);
      if (!covers(given, needed)) continue;
    }
    conflict.arbiters.emplace_back(query.target->table, &index);
  }
  if (conflict.arbiters.empty()) {
    return Error(sqlstate::kInvalidColumnReference,
                 "there is no unique or exclusion constraint matching the ON CONFLICT specification");
  }
  return Status::Ok();
}

}  // namespace

Result<RangeEntry*> Binder::TargetTable(Scope& scope, const ast::RangeVar& node, uint32_t privileges, bool merges) {
  catalog::QualifiedName name{.name = node.name, .location = node.location};
  if (!IsNull(node.schema)) name.schema = node.schema;
  auto found = ctx_.catalog.OpenTable(name, txn::LockMode::kRowExclusive);
  if (!found.ok()) return std::move(found).status().At(node.location);
  catalog::TableRef table = found.value();
  const char* refused = nullptr;
  switch (table->kind) {
    case catalog::RelationKind::kTable:
      break;
    case catalog::RelationKind::kView:
      if (merges) {
        return Errorf(sqlstate::kFeatureNotSupported, "cannot execute MERGE on relation \"%s\"", table->name.c_str())
            .Detail("This operation is not supported for views.");
      }
      break;
    case catalog::RelationKind::kSequence:
      refused = "cannot change sequence \"%s\"";
      break;
    case catalog::RelationKind::kIndex:
      return Errorf(sqlstate::kWrongObjectType, "cannot open relation \"%s\"", table->name.c_str())
          .Detail("This operation is not supported for indexes.")
          .At(node.location);
    default:
      refused = "cannot change relation \"%s\"";
  }
  if (refused != nullptr) return Errorf(sqlstate::kWrongObjectType, "cannot change sequence \"%s\"", table->name.c_str());
  if (table->is_system() && table->kind == catalog::RelationKind::kTable) {
    return Errorf(sqlstate::kInsufficientPrivilege, "permission denied for table %s", table->name.c_str());
  }
  UsedTable& use = ctx_.Use(table);
  use.written = true;
  use.privileges |= privileges;
  ASSIGN_OR_RETURN(RangeEntry * entry, TableEntry(scope, table, {}, node.location));
  if (node.alias != nullptr) {
    entry->name = node.alias->name;
    entry->aliased = true;
  }
  if (table->is_view()) {
    ASSIGN_OR_RETURN(entry->view_base, AnalyzeView(*table));
  }
  return entry;
}

Status Binder::InsertColumns(const catalog::Table& table, ast::ListOf<ast::ResTarget> nodes, std::vector<int>& columns,
                             std::vector<const ast::ResTarget*>& written) {
  if (nodes.empty()) {
    for (size_t i = 0; i < table.columns.size(); ++i) {
      if (!table.columns[i].dropped) {
        columns.push_back(static_cast<int>(i));
        written.push_back(nullptr);
      }
    }
    return Status::Ok();
  }
  for (const ast::ResTarget* node : nodes) {
    int number = table.FindColumn(node->name);
    if (number == 0) {
      return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" of relation \"%s\" does not exist",
                    std::string(node->name).c_str(), table.name.c_str())
          .At(node->location);
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i] != number - 1) continue;
      // Parts of one column may be assigned one by one.
      if (!node->indirection.empty() && written[i] != nullptr && !written[i]->indirection.empty()) continue;
      return Errorf(sqlstate::kDuplicateColumn, "column \"%s\" specified more than once", std::string(node->name).c_str())
          .At(node->location);
    }
    columns.push_back(number - 1);
    written.push_back(node);
  }
  return Status::Ok();
}

Result<Query*> Binder::Insert(const ast::InsertStmt& insert, Scope* parent) {
  Scope scope;
  scope.parent = parent;
  scope.query = ctx_.arena.New<Query>();
  Query& query = *scope.query;
  query.command = CommandKind::kInsert;
  if (insert.with != nullptr) RETURN_IF_ERROR(With(*insert.with, scope));
  bool updates = insert.on_conflict != nullptr && insert.on_conflict->action == ast::OnConflictAction::kUpdate;
  ASSIGN_OR_RETURN(query.target, TargetTable(scope, *insert.relation, kPrivilegeInsert | (updates ? kPrivilegeUpdate : 0)));
  const catalog::Table& table = *query.target->table;
  std::vector<int> columns;
  std::vector<const ast::ResTarget*> written;
  RETURN_IF_ERROR(InsertColumns(table, insert.columns, columns, written));
  bool explicit_columns = !insert.columns.empty();
  const char overriding = insert.overriding == ast::OverridingKind::kSystemValue ? 's' : insert.overriding == ast::OverridingKind::kUserValue ? 'u' : 0;

  auto count_error = [&](size_t have, const Expr* first_extra, bool too_many) -> Status {
    if (too_many) {
      return Error(sqlstate::kSyntaxError, "INSERT has more expressions than target columns").At(LocationOf(first_extra));
    }
    int32_t location = have < written.size() && written[have] != nullptr ? written[have]->location : -1;
    return Error(sqlstate::kSyntaxError, "INSERT has more target columns than expressions").At(location);
  };
  // One row of values to the columns' types. DEFAULT is filled in.
  auto assign_row = [&](std::vector<Expr*>& row) -> Status {
    if (row.size() > columns.size()) return count_error(0, row[columns.size()], true);
    if (explicit_columns && row.size() < columns.size()) return count_error(row.size(), nullptr, false);
    for (size_t i = 0; i < row.size(); ++i) {
      // Where the value will be stored, as far as views are looked through, decides over defaults.
      auto [stored_table, stored_column] = StoredColumn(*query.target, columns[i]);
      if (stored_table == nullptr) {
        stored_table = &table;
        stored_column = columns[i];
      }
      const catalog::Column& column = stored_table->columns[static_cast<size_t>(stored_column)];
      bool is_default = row[i]->kind == ExprKind::kDefault;
      if (is_default) {
        if (written[i] != nullptr && !written[i]->indirection.empty()) {
          return Error(sqlstate::kFeatureNotSupported, "cannot set an array element to DEFAULT").At(row[i]->location);
        }
        if (column.generated != 0) {
          row[i] = ctx_.MakeNull(column.type);
        } else {
          ASSIGN_OR_RETURN(row[i], ColumnDefault(*stored_table, stored_column));
        }
        continue;
      }
      if (column.generated != 0) {
        return Errorf(sqlstate::kGeneratedAlways, "cannot insert a non-DEFAULT value into column \"%s\"", column.name.c_str())
            .Detail(Format("Column \"%s\" is a generated column.", column.name.c_str()));
      }
      if (column.identity == 'a' && overriding == 0) {
        return Errorf(sqlstate::kGeneratedAlways, "cannot insert a non-DEFAULT value into column \"%s\"", column.name.c_str())
            .Detail(Format("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", column.name.c_str()))
            .Hint("Use OVERRIDING SYSTEM VALUE to override.");
      }
      std::span<const ast::IndirectionStep> steps;
      if (written[i] != nullptr) steps = written[i]->indirection;
      Expr* current = nullptr;
      ASSIGN_OR_RETURN(row[i], AssignValue(scope, *query.target, row[i], column.name, columns[i], steps, current,
                                           written[i] == nullptr ? -1 : written[i]->location, ExprUse::kInsertTarget));
      if (column.identity != 0 && overriding == 'u') {
        ASSIGN_OR_RETURN(row[i], ColumnDefault(*stored_table, stored_column));
      }
      RETURN_IF_ERROR(BindDomainChecks(row[i]));
    }
    return Status::Ok();
  };
  auto bind_values = [&](ast::NodeList list) -> Result<std::vector<Expr*>> {
    std::vector<Expr*> row;
    for (const ast::Node* item : list) {
      if (item->kind == ast::NodeKind::kSetToDefault) {
        auto* marker = ctx_.arena.New<DefaultExpr>();
        marker->location = item->location;
        row.push_back(marker);
        continue;
      }
      auto* ref = DynCast<ast::ColumnRef>(item);
      if (ref != nullptr && ref->star) {
        std::vector<Target> spread;
        RETURN_IF_ERROR(ExpandStar(scope, *ref, spread, ExprUse::kValuesSingle));
        for (Target& target : spread) row.push_back(target.expr);
        continue;
      }
      ASSIGN_OR_RETURN(Expr * value, Expression(scope, item, ExprUse::kValues));
      row.push_back(value);
    }
    return row;
  };
  auto* select = DynCast<ast::SelectStmt>(insert.select);
  std::vector<Expr*> values;  // one per leading column
  if (select == nullptr) {
    // DEFAULT VALUES
    columns.clear();
    written.clear();
  } else if (!select->values.empty() && select->order_by.empty() && select->limit == nullptr && select->offset == nullptr &&
             select->with == nullptr && select->locking.empty()) {
    if (select->values.size() == 1) {
      ASSIGN_OR_RETURN(values, bind_values(select->values[0]));
      RETURN_IF_ERROR(assign_row(values));
    } else {
      RangeEntry* entry = NewEntry(scope, RangeKind::kValues, "*VALUES*");
      size_t width = select->values[0].size();
      for (const ast::NodeList& list : select->values) {
        ASSIGN_OR_RETURN(std::vector<Expr*> row, bind_values(list));
        if (row.size() != width) {
          int32_t location = -1;
          for (const ast::Node* item : list) location = location < 0 ? parser::ExpressionLocation(item) : location;
          return Error(sqlstate::kSyntaxError, "VALUES lists must all be the same length").At(location);
        }
        RETURN_IF_ERROR(assign_row(row));
        entry->values.push_back(std::move(row));
      }
      for (size_t i = 0; i < width; ++i) {
        const RangeColumn& column = query.target->columns[static_cast<size_t>(columns[i])];
        entry->columns.push_back({"column" + std::to_string(i + 1), column.type, column.collation, false});
        values.push_back(ctx_.MakeColumn(entry->rel, static_cast<int>(i), column.type, column.collation));
      }
      query.from = ctx_.arena.New<FromNode>();
      query.from->entry = entry;
    }
  } else {
    // The query's unknown literals become the columns' types, not text.
    RangeEntry* target = query.target;
    ASSIGN_OR_RETURN(Query * source, Select(*select, &scope, false));
    RangeEntry* entry = NewEntry(scope, RangeKind::kSubquery, "*SELECT*");
    entry->subquery = source;
    size_t visible = 0;
    for (Target& output : source->targets) {
      if (output.junk) continue;
      if (output.expr->type.oid == kUnknownOid) {
        Type wanted = visible < columns.size() ? target->columns[static_cast<size_t>(columns[visible])].type : Type(kTextOid);
        bool plain = visible < written.size() && (written[visible] == nullptr || written[visible]->indirection.empty());
        ASSIGN_OR_RETURN(output.expr, plain && visible < columns.size()
                                          ? coerce_.ToTarget(output.expr, wanted, CoercionContext::kAssignment, CallForm::kImplicitCast, -1)
                                          : coerce_.ToType(output.expr, kTextOid, -1, CoercionContext::kImplicit, CallForm::kImplicitCast, -1));
      }
      entry->columns.push_back({output.name, output.expr->type, output.expr->collation, false});
      values.push_back(ctx_.MakeColumn(entry->rel, static_cast<int>(visible), output.expr->type, output.expr->collation,
                                       LocationOf(output.expr)));
      ++visible;
    }
    query.from = ctx_.arena.New<FromNode>();
    query.from->entry = entry;
    RETURN_IF_ERROR(assign_row(values));
  }
  columns.resize(std::min(columns.size(), values.size()));
  // Several parts of one column fold into one value.
  for (size_t i = 0; i < columns.size(); ++i) {
    auto same = std::find(query.insert_columns.begin(), query.insert_columns.end(), columns[i]);
    if (same == query.insert_columns.end()) {
      query.insert_columns.push_back(columns[i]);
      query.targets.push_back({.expr = values[i], .name = table.columns[static_cast<size_t>(columns[i])].name});
      continue;
    }
    Expr* first = query.targets[static_cast<size_t>(same - query.insert_columns.begin())].expr;
    Expr* inner = values[i];
    if (auto* store = DynAs<FieldStore>(inner)) {
      store->arg = first;
    } else if (auto* subscript = DynAs<SubscriptExpr>(inner)) {
      subscript->container = first;
    }
    query.targets[static_cast<size_t>(same - query.insert_columns.begin())].expr = inner;
  }
  if (query.target->view_base == nullptr) RETURN_IF_ERROR(FillDefaults(query));
  query.has_subqueries = scope.has_subqueries;
  if (insert.on_conflict != nullptr) RETURN_IF_ERROR(Conflict(scope, *insert.on_conflict, query));
  if (!insert.returning.empty()) {
    scope.items = {{.entry = query.target}};
    RETURN_IF_ERROR(Returning(scope, insert.returning, query));
  }
  const bool through_view = query.target->view_base != nullptr;
  RETURN_IF_ERROR(RewriteViewTargets(query));
  if (through_view && query.on_conflict != nullptr && !query.on_conflict->inferred.empty()) {
    RETURN_IF_ERROR(MatchArbiters(*this, query, *query.on_conflict));
  }
  return &query;
}

Status Binder::Returning(Scope& scope, ast::ListOf<ast::ResTarget> nodes, Query& query) {
  query.has_returning = true;
  RETURN_IF_ERROR(Targets(scope, nodes, query.returning, ExprUse::kReturning));
  if (query.returning.empty()) return Error(sqlstate::kSyntaxError, "RETURNING must have at least one column");
  RETURN_IF_ERROR(ResolveUnknownTargets(query.returning));
  ctx_.Use(query.target->table).privileges |= kPrivilegeSelect;
  return Status::Ok();
}

Status Binder::InferArbiters(Scope& scope, const ast::InferClause& infer, Query& query, OnConflict& conflict) {
  const catalog::Table& table = *query.target->table;
  auto pin = [&](const catalog::Index& index) {
    conflict.arbiters.emplace_back(query.target->table, &index);
  };
  if (!IsNull(infer.constraint)) {
    conflict.constraint = infer.constraint;
    const catalog::Constraint* constraint = table.FindConstraint(infer.constraint);
    if (constraint == nullptr) {
      return Errorf(sqlstate::kUndefinedObject, "constraint \"%s\" for table \"%s\" does not exist",
                    conflict.constraint.c_str(), table.name.c_str());
    }
    const catalog::Index* index = constraint->index == 0 ? nullptr : table.FindIndex(constraint->index);
    if (index == nullptr || constraint->kind == catalog::ConstraintKind::kForeignKey) {
      return Error(sqlstate::kWrongObjectType, "constraint in ON CONFLICT clause has no associated index");
    }
    if (!index->immediate) {
      return Error(sqlstate::kObjectNotInPrerequisiteState, "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters");
    }
    pin(*index);
    return Status::Ok();
  }
  std::vector<Expr*> wanted;
  for (const ast::IndexElem* element : infer.elements) {
    if (element->ordering != ast::SortByDir::kDefault) {
      return Error(sqlstate::kInvalidColumnReference, "ASC/DESC is not allowed in ON CONFLICT clause").At(element->location);
    }
    if (element->nulls != ast::SortByNulls::kDefault) {
      return Error(sqlstate::kInvalidColumnReference, "NULLS FIRST/LAST is not allowed in ON CONFLICT clause").At(element->location);
    }
    Expr* expr;
    if (!IsNull(element->name)) {
      ASSIGN_OR_RETURN(expr, FindColumn(scope, element->name, infer.location, true));
      if (expr == nullptr) return MissingColumn(scope, {}, element->name, infer.location);
    } else {
      ASSIGN_OR_RETURN(expr, Expression(scope, element->expr, ExprUse::kIndexExpression));
    }
    wanted.push_back(expr);
  }
  conflict.inferred = wanted;
  if (infer.where != nullptr) {
    ASSIGN_OR_RETURN(Expr * where, Expression(scope, infer.where, ExprUse::kIndexPredicate));
    ASSIGN_OR_RETURN(conflict.inferred_where, coerce_.ToBoolean(where, "WHERE"));
  }
  // A view's are those of the table behind it, once that has taken its place.
  return query.target->view_base != nullptr ? Status::Ok() : MatchArbiters(*this, query, conflict);
}
Status Binder::Conflict(Scope& scope, const ast::OnConflictClause& node, Query& query) {
  auto* conflict = ctx_.arena.New<OnConflict>();
  query.on_conflict = conflict;
  bool update = node.action == ast::OnConflictAction::kUpdate;
  conflict->action = update ? ConflictAction::kUpdate : ConflictAction::kNothing;
  if (update && node.infer == nullptr) {
    return Error(sqlstate::kSyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name")
        .Hint("For example, ON CONFLICT (column_name).")
        .At(node.location);
  }
  scope.items = {{.entry = query.target}};
  if (node.infer != nullptr) RETURN_IF_ERROR(InferArbiters(scope, *node.infer, query, *conflict));
  if (!update) return Status::Ok();
  auto* excluded = ctx_.arena.New<RangeEntry>(*query.target);
  excluded->name = "excluded";
  excluded->aliased = true;
  excluded->rel = ctx_.NewRel(excluded, &scope);
  conflict->excluded = excluded;
  scope.items.push_back({.entry = excluded, .columns_visible = true});
  // An unqualified name means the target's column.
  scope.items[1].columns_visible = false;
  scope.items[1].rel_visible = true;
  RETURN_IF_ERROR(UpdateTargets(scope, node.targets, *query.target, conflict->assignments, ExprUse::kUpdateSource));
  if (node.where != nullptr) {
    ASSIGN_OR_RETURN(Expr * where, Expression(scope, node.where, ExprUse::kWhere));
    ASSIGN_OR_RETURN(conflict->where, coerce_.ToBoolean(where, "WHERE"));
  }
  return Status::Ok();
}

}  // namespace phantom::planner
