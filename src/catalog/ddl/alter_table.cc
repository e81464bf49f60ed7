// ALTER TABLE: columns, constraints, storage.
#include <algorithm>

#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/ddl/rows.h"
#include "catalog/shared_catalog.h"
#include "txn/transaction.h"

namespace phantom::catalog {

Status Catalog::AddColumn(const Table& table, const ColumnDefinition& definition) {
  if (table.columns.size() >= types::RowLayout::kColumnsMax) {
    return Errorf(sqlstate::kTooManyColumns, "tables can have at most %u columns", types::RowLayout::kColumnsMax);
  }
  ColumnDefinition column = definition;
  int number = static_cast<int>(table.columns.size()) + 1;
  Oid sequence = 0;
  if (column.serial || column.identity != 0) {
    ASSIGN_OR_RETURN(sequence, CreateColumnSequence(table.name, table.schema, table.persistence, table.owner, column));
  }
  RETURN_IF_ERROR(InsertColumn(table.oid, number, column));
  if (sequence != 0) {
    RETURN_IF_ERROR(RecordDependency(*store_, {oid::kPgClass, sequence}, {oid::kPgClass, table.oid, number},
                                     column.identity != 0 ? DependencyKind::kInternal : DependencyKind::kAuto));
  }
  return UpdateClass(table.oid, [&](Row& row) { row.SetInt(pg_class::relnatts, number); });
}

Status Catalog::DropColumn(const Table& table, int column, bool cascade) {
  return DropObjects({{oid::kPgClass, table.oid, column}}, cascade);
}

Status Catalog::SetColumnDefault(const Table& table, int column, const std::string& stored_sql,
                                 const std::vector<ObjectAddress>& uses) {
  const Column& before = table.column(column);
  if (before.default_oid != 0) {
    RETURN_IF_ERROR(DropObjects({{oid::kPgAttrdef, before.default_oid}}, false));
  }
  if (stored_sql.empty()) return Status::Ok();
  ExpressionDefinition expression;
  expression.stored_sql = stored_sql;
  expression.uses = uses;
  RETURN_IF_ERROR(InsertDefault(table.oid, column, expression, 0));
  return UpdateAttribute(table.oid, column, [](Row& row) { row.SetBool(pg_attribute::atthasdef, true); });
}

Status Catalog::SetColumnNotNull(const Table& table, int column, bool not_null) {
  return UpdateAttribute(table.oid, column, [&](Row& row) { row.SetBool(pg_attribute::attnotnull, not_null); });
}

Status Catalog::SetColumnIdentity(const Table& table, int column, char identity, const SequenceParameters& parameters) {
  const Column& before = table.column(column);
  if (identity == 0) {
    ASSIGN_OR_RETURN(Oid sequence, OwnedSequence(table.oid, column));
    RETURN_IF_ERROR(UpdateAttribute(table.oid, column, [](Row& row) { row.SetChar(pg_attribute::attidentity, '\0'); }));
    if (sequence == 0) return Status::Ok();
    // No longer a part of the column, so it may be dropped by itself.
    RETURN_IF_ERROR(ForgetDependencies(*store_, {oid::kPgClass, sequence}, oid::kPgClass));
    return DropObjects({{oid::kPgClass, sequence}}, false);
  }
  if (before.identity == 0) {
    ColumnDefinition column_definition;
    column_definition.name = before.name;
    column_definition.identity = identity;
    column_definition.sequence = parameters;
    ASSIGN_OR_RETURN(Oid sequence, CreateColumnSequence(table.name, table.schema, table.persistence, table.owner,
                                                        column_definition));
    RETURN_IF_ERROR(RecordDependency(*store_, {oid::kPgClass, sequence}, {oid::kPgClass, table.oid, column},
                                     DependencyKind::kInternal));
  }
  return UpdateAttribute(table.oid, column, [&](Row& row) { row.SetChar(pg_attribute::attidentity, identity); });
}

Status Catalog::SetColumnType(const Table& table, int column, types::Type type, Oid collation, bool rewrite) {
  Row shape = AttributeRow(*store_, table.oid, column, table.column(column).name, type, collation);
  auto retype = [&](Row& row) {
    for (int attribute : {pg_attribute::atttypid, pg_attribute::atttypmod, pg_attribute::attlen, pg_attribute::attbyval,
                          pg_attribute::attalign, pg_attribute::attstorage, pg_attribute::attcollation}) {
      row.SetValue(attribute, shape.value(attribute));
    }
  };
  RETURN_IF_ERROR(UpdateAttribute(table.oid, column, [&](Row& row) {
    retype(row);
    if (rewrite) row.SetBool(pg_attribute::atthasmissing, false).SetNull(pg_attribute::attmissingval);
  }));
  ObjectAddress self{oid::kPgClass, table.oid, column};
  RETURN_IF_ERROR(ForgetDependencies(*store_, self, oid::kPgType));
  RETURN_IF_ERROR(RecordDependency(*store_, self, {oid::kPgType, type.oid}, DependencyKind::kNormal));

  // Indexes on the column follow: their column's type and, where it was the default one, the operator class.
  for (const Index& index : table.indexes) {
    for (size_t i = 0; i < index.keys.size(); ++i) {
      const IndexKey& key = index.keys[i];
      if (key.column != column) continue;
      RETURN_IF_ERROR(UpdateAttribute(index.oid, static_cast<int>(i) + 1, retype));
      const OpclassRow* before = DefaultOpclass(table.column(column).type.oid, index.method);
      const OpclassRow* after = DefaultOpclass(type.oid, index.method);
      if (after == nullptr) {
        return Errorf(sqlstate::kUndefinedObject, "data type %s has no default operator class for access method \"btree\"",
                      FormatType({type.oid}).c_str());
      }
      ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgIndex, index_oid::kIndexByOid, {index.oid}));
      if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for index %u", index.oid);
      Row changed = *row;
      std::vector<int64_t> classes = row->Ints(pg_index::indclass);
      std::vector<int64_t> collations = row->Ints(pg_index::indcollation);
      if (before != nullptr && key.opclass == before->oid) classes[i] = after->oid;
      collations[i] = collation;
      changed.SetInts(pg_index::indclass, classes).SetInts(pg_index::indcollation, collations);
      RETURN_IF_ERROR(store_->Update(*row, changed));
    }
  }
  ASSIGN_OR_RETURN(std::vector<Row> statistics,
                   store_->Find(oid::kPgStatistic, index_oid::kStatisticByColumn, {table.oid, column}));
  for (const Row& row : statistics) RETURN_IF_ERROR(store_->Delete(row));
  Changed();
  return Status::Ok();
}

Status Catalog::SetIndexKeyType(const Index& index, size_t place, types::Type type) {
  const TypeRef row = TypeByOid(type.oid);
  const Oid collation = row == nullptr ? 0 : row->collation;
  const Row shape = AttributeRow(*store_, index.oid, static_cast<int>(place) + 1, "", type, collation);
  RETURN_IF_ERROR(UpdateAttribute(index.oid, static_cast<int>(place) + 1, [&](Row& attribute) {
    for (int part : {pg_attribute::atttypid, pg_attribute::atttypmod, pg_attribute::attlen, pg_attribute::attbyval,
                     pg_attribute::attalign, pg_attribute::attstorage, pg_attribute::attcollation}) {
      attribute.SetValue(part, shape.value(part));
    }
  }));
  const OpclassRow* opclass = DefaultOpclass(type.oid, index.method);
  if (opclass == nullptr) {
    return Errorf(sqlstate::kUndefinedObject, "data type %s has no default operator class for access method \"btree\"",
                  FormatType({type.oid}).c_str());
  }
  ASSIGN_OR_RETURN(std::optional<Row> found, store_->FindOne(oid::kPgIndex, index_oid::kIndexByOid, {index.oid}));
  if (!found) return Errorf(sqlstate::kInternalError, "cache lookup failed for index %u", index.oid);
  Row changed = *found;
  std::vector<int64_t> classes = found->Ints(pg_index::indclass);
  std::vector<int64_t> collations = found->Ints(pg_index::indcollation);
  classes[place] = opclass->oid;
  collations[place] = collation;
  changed.SetInts(pg_index::indclass, classes).SetInts(pg_index::indcollation, collations);
  RETURN_IF_ERROR(store_->Update(*found, changed));
  Changed();
  return Status::Ok();
}

Status Catalog::SetForeignKeyOperators(Oid constraint, const std::vector<Oid>& equal) {
  const std::vector<int64_t> operators(equal.begin(), equal.end());
  return UpdateObject({oid::kPgConstraint, constraint}, [&](Row& row) {
    row.SetInts(pg_constraint::conpfeqop, operators).SetInts(pg_constraint::conppeqop, operators);
    row.SetInts(pg_constraint::conffeqop, operators);
  });
}

Result<bool> Catalog::DefaultUses(Oid attrdef, Oid table, int column) {
  ASSIGN_OR_RETURN(std::vector<Row> rows,
                   store_->Find(oid::kPgDepend, index_oid::kDependByReferenced, {oid::kPgClass, table, column}));
  return std::any_of(rows.begin(), rows.end(), [&](const Row& row) {
    return row.GetOid(pg_depend::classid) == oid::kPgAttrdef && row.GetOid(pg_depend::objid) == attrdef;
  });
}

Result<std::string> Catalog::RuleUsing(Oid table, int column) {
  ASSIGN_OR_RETURN(std::vector<Row> rows,
                   store_->Find(oid::kPgDepend, index_oid::kDependByReferenced, {oid::kPgClass, table, column}));
  for (const Row& row : rows) {
    if (row.GetOid(pg_depend::classid) != oid::kPgRewrite) continue;
    return DescribeObject({oid::kPgRewrite, row.GetOid(pg_depend::objid)});
  }
  return std::string();
}

Status Catalog::ReplaceStorage(const Table& table) {
  txn::TransactionManager& manager = shared_->manager();
  ASSIGN_OR_RETURN(TreeId tree, manager.CreateTableTree(*transaction_, store_->space()));
  manager.CopyReads(store_->space(), table.tree, tree);
  const bool is_private = table.persistence == Persistence::kTemporary;
  RETURN_IF_ERROR(manager.DropTree(*transaction_, store_->space(), table.tree, is_private));
  RETURN_IF_ERROR(UpdateClass(table.oid, [&](Row& row) {
    row.SetInt(pg_class::relfilenode, tree.value).SetInt(pg_class::relpages, 0).SetFloat(pg_class::reltuples, -1);
  }));
  for (const Index& index : table.indexes) RETURN_IF_ERROR(ReplaceIndexStorage(index));
  // Rows written from now on hold every column.
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (!table.columns[i].missing) continue;
    RETURN_IF_ERROR(UpdateAttribute(table.oid, static_cast<int>(i) + 1, [](Row& row) {
      row.SetBool(pg_attribute::atthasmissing, false).SetNull(pg_attribute::attmissingval);
    }));
  }
  return Status::Ok();
}

Status Catalog::ReplaceIndexStorage(const Index& index) {
  ASSIGN_OR_RETURN(TreeId tree, shared_->manager().CreateIndexTree(*transaction_, store_->space()));
  shared_->manager().CopyReads(store_->space(), index.tree, tree);
  RETURN_IF_ERROR(shared_->manager().DropTree(*transaction_, store_->space(), index.tree));
  return UpdateClass(index.oid, [&](Row& row) { row.SetInt(pg_class::relfilenode, tree.value); });
}

Status Catalog::SetTableOptions(const Table& table, const std::vector<std::string>& options) {
  return UpdateClass(table.oid, [&](Row& row) {
    if (options.empty()) {
      row.SetNull(pg_class::reloptions);
    } else {
      row.SetTexts(pg_class::reloptions, options);
    }
  });
}

Status Catalog::DropConstraint(const Table& table, std::string_view name, bool cascade) {
  const Constraint* constraint = table.FindConstraint(name);
  if (constraint == nullptr) {
    return Errorf(sqlstate::kUndefinedObject, "constraint \"%s\" of relation \"%s\" does not exist",
                  std::string(name).c_str(), table.name.c_str());
  }
  return DropObjects({{oid::kPgConstraint, constraint->oid}}, cascade);
}

Status Catalog::SetConstraintValidated(const Table& table, Oid constraint) {
  ASSIGN_OR_RETURN(std::optional<Row> row,
                   store_->FindOne(oid::kPgConstraint, index_oid::kConstraintByOid, {constraint}));
  if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for constraint %u", constraint);
  Row changed = *row;
  changed.SetBool(pg_constraint::convalidated, true);
  RETURN_IF_ERROR(store_->Update(*row, changed));
  Changed();
  return Status::Ok();
}

}  // namespace phantom::catalog
