// LIKE in CREATE TABLE: what a new table takes over from another.
#include <algorithm>

#include "parser/ast_expr.h"
#include "session/ddl/runner.h"
#include "txn/lock_modes.h"

namespace phantom::session {

namespace {

namespace like = parser::table_like;
using planner::ExpressionUse;

bool IsKey(const catalog::Constraint& constraint) {
  return constraint.kind == catalog::ConstraintKind::kPrimaryKey || constraint.kind == catalog::ConstraintKind::kUnique;
}

const catalog::Index* IndexOf(const catalog::Table& table, const catalog::Constraint& constraint) {
  const auto found = std::ranges::find(table.indexes, constraint.index, &catalog::Index::oid);
  return found == table.indexes.end() ? nullptr : &*found;
}

}  // namespace

bool DdlRunner::LikeSource::Including(int32_t option) const { return (clause->options & option) != 0; }

std::vector<int16_t> DdlRunner::LikeSource::Moved(const std::vector<int16_t>& columns) const {
  std::vector<int16_t> moved;
  for (const int16_t column : columns) moved.push_back(column > 0 ? place[static_cast<size_t>(column)] : column);
  return moved;
}

Result<DdlRunner::LikeSource> DdlRunner::LikeColumns(const parser::TableLikeClause& clause, Definition& definition) {
  Result<catalog::TableRef> opened = catalog_.OpenTable(NameOf(*clause.relation), txn::LockMode::kAccessShare);
  if (!opened.ok()) return std::move(opened).status().At(clause.relation->location);
  LikeSource source{&clause, std::move(opened).value(), {}};
  const catalog::Table& from = *source.table;
  RETURN_IF_ERROR(catalog_.CheckTablePrivilege(from, catalog::acl::kSelect, catalog_.current_role()));
  source.place.resize(from.columns.size() + 1);
  for (size_t i = 0; i < from.columns.size(); ++i) {
    const catalog::Column& column = from.columns[i];
    if (column.dropped) continue;
    catalog::ColumnDefinition copy;
    copy.name = column.name;
    copy.type = column.type;
    copy.collation = column.collation;
    copy.not_null = column.not_null;
    copy.dimensions = column.dimensions;
    if (column.identity != 0 && source.Including(like::kIdentity)) {
      copy.identity = column.identity;
      ASSIGN_OR_RETURN(const Oid sequence, catalog_.OwnedSequence(from.oid, static_cast<int>(i) + 1));
      ASSIGN_OR_RETURN(const catalog::TableRef parameters, catalog_.TableByOid(sequence));
      if (parameters != nullptr) copy.sequence = parameters->sequence;
    }
    if (column.generated != 0 && source.Including(like::kGenerated)) copy.generated = column.generated;
    definition.columns.push_back(std::move(copy));
    source.place[i + 1] = static_cast<int16_t>(definition.columns.size());
  }
  return source;
}

Status DdlRunner::LikeRules(const LikeSource& source, const catalog::Table& shape, Definition& definition,
                            std::vector<catalog::ConstraintDefinition>& constraints) {
  const catalog::Table& from = *source.table;
  for (size_t i = 0; i < from.columns.size(); ++i) {
    const catalog::Column& column = from.columns[i];
    const bool generated = column.generated != 0;
    if (!column.has_default() || !source.Including(generated ? like::kGenerated : like::kDefaults)) continue;
    ASSIGN_OR_RETURN(definition.columns[static_cast<size_t>(source.place[i + 1]) - 1].default_value,
                     BindStored(column.default_sql, generated ? ExpressionUse::kGenerated : ExpressionUse::kDefault,
                                generated ? &shape : nullptr, column.type, column.name));
  }
  for (const catalog::Constraint& constraint : from.constraints) {
    catalog::ConstraintDefinition copy;
    copy.kind = constraint.kind;
    copy.deferrable = constraint.deferrable;
    copy.deferred = constraint.deferred;
    if (constraint.kind == catalog::ConstraintKind::kCheck && source.Including(like::kConstraints)) {
      copy.name = constraint.name;
      copy.no_inherit = constraint.no_inherit;
      ASSIGN_OR_RETURN(copy.check, BindStored(constraint.check_sql, ExpressionUse::kCheck, &shape));
    } else if (IsKey(constraint) && source.Including(like::kIndexes)) {
      copy.columns = source.Moved(constraint.columns);
      if (const catalog::Index* index = IndexOf(from, constraint); index != nullptr) {
        copy.included = source.Moved(index->included);
        copy.nulls_not_distinct = index->nulls_not_distinct;
      }
    } else {
      continue;
    }
    constraints.push_back(std::move(copy));
  }
  return Status::Ok();
}

Status DdlRunner::LikeIndexes(const LikeSource& source, Oid table) {
  if (!source.Including(like::kIndexes)) return Status::Ok();
  const catalog::Table& from = *source.table;
  for (const catalog::Index& index : from.indexes) {
    ASSIGN_OR_RETURN(const catalog::TableRef made, catalog_.TableByOid(table));
    const auto of = std::ranges::find_if(from.constraints, [&](const auto& constraint) {
      return IsKey(constraint) && constraint.index == index.oid;
    });
    Oid copied = 0;
    if (of != from.constraints.end()) {
      // Made with the table, for the constraint.
      const auto same = std::ranges::find_if(made->constraints, [&](const auto& constraint) {
        return constraint.kind == of->kind && constraint.columns == source.Moved(of->columns);
      });
      if (same != made->constraints.end()) copied = same->index;
    } else {
      ASSIGN_OR_RETURN(const catalog::IndexDefinition copy, CopyOf(index, source, *made));
      ASSIGN_OR_RETURN(copied, catalog_.CreateIndex(*made, copy));
    }
    if (copied != 0) RETURN_IF_ERROR(LikeComment(source, {catalog::oid::kPgClass, index.oid}, {catalog::oid::kPgClass, copied}));
  }
  return Status::Ok();
}

Result<catalog::IndexDefinition> DdlRunner::CopyOf(const catalog::Index& index, const LikeSource& source,
                                                   const catalog::Table& table) {
  catalog::IndexDefinition copy;
  copy.unique = index.unique;
  copy.nulls_not_distinct = index.nulls_not_distinct;
  copy.method = index.method;
  copy.keys = index.keys;
  copy.included = source.Moved(index.included);
  copy.predicate_sql = index.predicate_sql;
  const auto bind = [&](std::string& sql, ExpressionUse use) -> Status {
    ASSIGN_OR_RETURN(catalog::ExpressionDefinition bound, BindStored(sql, use, &table));
    sql = std::move(bound.stored_sql);
    copy.expression_columns.insert(copy.expression_columns.end(), bound.columns.begin(), bound.columns.end());
    copy.uses.insert(copy.uses.end(), bound.uses.begin(), bound.uses.end());
    return Status::Ok();
  };
  for (catalog::IndexKey& key : copy.keys) {
    if (key.column > 0) {
      key.column = source.place[static_cast<size_t>(key.column)];
    } else {
      RETURN_IF_ERROR(bind(key.expression_sql, ExpressionUse::kIndexExpression));
    }
  }
  if (!copy.predicate_sql.empty()) RETURN_IF_ERROR(bind(copy.predicate_sql, ExpressionUse::kIndexPredicate));
  return copy;
}

Status DdlRunner::LikeComment(const LikeSource& source, const catalog::ObjectAddress& from,
                              const catalog::ObjectAddress& to) {
  if (!source.Including(like::kComments)) return Status::Ok();
  ASSIGN_OR_RETURN(const std::string comment, catalog_.CommentOf(from));
  return comment.empty() ? Status::Ok() : catalog_.Comment(to, comment);
}

Status DdlRunner::LikeStorage(const LikeSource& source, Oid table) {
  const catalog::Table& from = *source.table;
  ASSIGN_OR_RETURN(const catalog::TableRef made, catalog_.TableByOid(table));
  for (size_t i = 0; i < from.columns.size(); ++i) {
    const int column = source.place[i + 1];
    if (column == 0) continue;
    const char storage = from.columns[i].storage, compression = from.columns[i].compression;
    if (source.Including(like::kStorage) && storage != made->column(column).storage) {
      RETURN_IF_ERROR(catalog_.SetColumnStorage(*made, column, storage));
    }
    if (source.Including(like::kCompression) && compression != made->column(column).compression) {
      RETURN_IF_ERROR(catalog_.SetColumnCompression(*made, column, compression));
    }
    const Oid pg_class = catalog::oid::kPgClass;
    RETURN_IF_ERROR(LikeComment(source, {pg_class, from.oid, static_cast<int>(i) + 1}, {pg_class, table, column}));
  }
  if (!source.Including(like::kConstraints)) return Status::Ok();
  for (const catalog::Constraint& constraint : from.constraints) {
    const auto copy = std::ranges::find(made->constraints, constraint.name, &catalog::Constraint::name);
    if (constraint.kind != catalog::ConstraintKind::kCheck || copy == made->constraints.end()) continue;
    const Oid pg_constraint = catalog::oid::kPgConstraint;
    RETURN_IF_ERROR(LikeComment(source, {pg_constraint, constraint.oid}, {pg_constraint, copy->oid}));
  }
  return Status::Ok();
}

}  // namespace phantom::session
