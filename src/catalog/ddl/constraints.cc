// Constraints of tables: their names, rows, indexes and what they depend on.
#include <algorithm>

#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/ddl/rows.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"

namespace phantom::catalog {
namespace {

// More would not show in a name.
constexpr size_t kNamesBytesMax = 63;

std::string JoinColumnNames(const Table& table, const std::vector<int16_t>& columns) {
  std::string names;
  for (int16_t column : columns) {
    if (!names.empty()) names += '_';
    names += table.column(column).name;
    if (names.size() > kNamesBytesMax) break;
  }
  return names;
}

}  // namespace

Result<Oid> Catalog::AddConstraint(const Table& table, const ConstraintDefinition& definition) {
  ConstraintDefinition complete = definition;
  bool is_key = complete.kind == ConstraintKind::kPrimaryKey || complete.kind == ConstraintKind::kUnique;
  if (complete.kind == ConstraintKind::kPrimaryKey && table.PrimaryKey() != nullptr) {
    return Errorf(sqlstate::kInvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed",
                  table.name.c_str());
  }
  if (complete.name.empty()) {
    RETURN_IF_ERROR(NameConstraint(table, complete));
  } else if (table.FindConstraint(complete.name) != nullptr) {
    return Errorf(sqlstate::kDuplicateObject, "constraint \"%s\" for relation \"%s\" already exists",
                  complete.name.c_str(), table.name.c_str());
  }
  Oid oid = shared_->AllocateOid();
  Oid index = complete.kind == ConstraintKind::kForeignKey ? complete.referenced_index : 0;
  if (is_key) {
    ASSIGN_OR_RETURN(index, CreateKeyIndex(table, complete));
  }
  RETURN_IF_ERROR(InsertConstraintRow(table, complete, oid, index));
  RETURN_IF_ERROR(RecordConstraintDependencies(table, complete, oid, index));
  if (complete.kind == ConstraintKind::kCheck) {
    RETURN_IF_ERROR(UpdateClass(table.oid, [](Row& row) { row.SetInt(pg_class::relchecks, row.Int(pg_class::relchecks) + 1); }));
  }
  if (complete.kind == ConstraintKind::kPrimaryKey) {
    for (int16_t column : complete.columns) {
      if (table.column(column).not_null) continue;
      RETURN_IF_ERROR(UpdateAttribute(table.oid, column, [](Row& row) { row.SetBool(pg_attribute::attnotnull, true); }));
    }
  }
  if (complete.kind == ConstraintKind::kForeignKey) {
    auto mark = [](Row& row) { row.SetBool(pg_class::relhastriggers, true); };
    RETURN_IF_ERROR(UpdateClass(table.oid, mark));
    if (complete.referenced_table != table.oid) RETURN_IF_ERROR(UpdateClass(complete.referenced_table, mark));
  }
  Changed();
  return oid;
}

Status Catalog::NameConstraint(const Table& table, ConstraintDefinition& constraint) {
  std::vector<std::string> taken;
  for (const Constraint& existing : table.constraints) taken.push_back(existing.name);
  switch (constraint.kind) {
    case ConstraintKind::kPrimaryKey: {
      ASSIGN_OR_RETURN(constraint.name, ChooseRelationName(table.name, "", "pkey", table.schema));
      return Status::Ok();
    }
    case ConstraintKind::kUnique: {
      std::vector<int16_t> columns = constraint.columns;
      columns.insert(columns.end(), constraint.included.begin(), constraint.included.end());
      ASSIGN_OR_RETURN(constraint.name, ChooseRelationName(table.name, JoinColumnNames(table, columns), "key", table.schema));
      return Status::Ok();
    }
    case ConstraintKind::kForeignKey: {
      ASSIGN_OR_RETURN(constraint.name, ChooseConstraintName(table.name, JoinColumnNames(table, constraint.columns),
                                                             "fkey", table.schema, taken));
      return Status::Ok();
    }
    default: {
      std::string column = constraint.check.columns.size() == 1 && constraint.check.columns[0] > 0
                               ? table.column(constraint.check.columns[0]).name
                               : "";
      ASSIGN_OR_RETURN(constraint.name, ChooseConstraintName(table.name, column, "check", table.schema, taken));
      return Status::Ok();
    }
  }
}

Result<Oid> Catalog::CreateKeyIndex(const Table& table, const ConstraintDefinition& constraint) {
  if (constraint.use_index != 0) {
    RETURN_IF_ERROR(ForgetDependencies(*store_, {oid::kPgClass, constraint.use_index}));
    if (constraint.kind == ConstraintKind::kPrimaryKey) {
      ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgIndex, index_oid::kIndexByOid, {constraint.use_index}));
      if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for index %u", constraint.use_index);
      Row changed = *row;
      changed.SetBool(pg_index::indisprimary, true).SetBool(pg_index::indimmediate, !constraint.deferrable);
      RETURN_IF_ERROR(store_->Update(*row, changed));
    }
    return constraint.use_index;
  }
  IndexDefinition index;
  index.name = constraint.name;
  index.unique = true;
  index.primary = constraint.kind == ConstraintKind::kPrimaryKey;
  index.nulls_not_distinct = constraint.nulls_not_distinct;
  index.included = constraint.included;
  for (int16_t column : constraint.columns) {
    const Column& attribute = table.column(column);
    IndexKey key;
    key.column = column;
    key.type = attribute.type;
    key.collation = attribute.collation;
    const OpclassRow* opclass = DefaultOpclass(attribute.type.oid, oid::kAmBtree);
    if (opclass == nullptr) {
      return Errorf(sqlstate::kUndefinedObject, "data type %s has no default operator class for access method \"btree\"",
                    FormatType({attribute.type.oid}).c_str())
          .Hint("You must specify an operator class for the index or define a default operator class for the data type.");
    }
    key.opclass = opclass->oid;
    index.keys.push_back(std::move(key));
  }
  ASSIGN_OR_RETURN(bool taken, NameIsTaken(table.schema, index.name, false));
  (void)taken;
  return InsertIndex(table, index, !constraint.deferrable);
}

Status Catalog::InsertConstraintRow(const Table& table, const ConstraintDefinition& constraint, Oid oid, Oid index) {
  bool is_foreign = constraint.kind == ConstraintKind::kForeignKey;
  auto numbers = [](const std::vector<int16_t>& columns) { return std::vector<int64_t>(columns.begin(), columns.end()); };
  Row row = NewRow(oid::kPgConstraint);
  row.SetInt(pg_constraint::oid, oid).SetText(pg_constraint::conname, constraint.name);
  row.SetInt(pg_constraint::connamespace, table.schema).SetChar(pg_constraint::contype, static_cast<char>(constraint.kind));
  row.SetBool(pg_constraint::condeferrable, constraint.deferrable).SetBool(pg_constraint::condeferred, constraint.deferred);
  row.SetBool(pg_constraint::convalidated, constraint.validated).SetInt(pg_constraint::conrelid, table.oid);
  row.SetInt(pg_constraint::contypid, 0).SetInt(pg_constraint::conindid, index).SetInt(pg_constraint::conparentid, 0);
  row.SetInt(pg_constraint::confrelid, is_foreign ? constraint.referenced_table : 0);
  row.SetChar(pg_constraint::confupdtype, is_foreign ? static_cast<char>(constraint.on_update) : ' ');
  row.SetChar(pg_constraint::confdeltype, is_foreign ? static_cast<char>(constraint.on_delete) : ' ');
  row.SetChar(pg_constraint::confmatchtype, is_foreign ? constraint.match : ' ');
  row.SetBool(pg_constraint::conislocal, true).SetInt(pg_constraint::coninhcount, 0);
  row.SetBool(pg_constraint::connoinherit, constraint.no_inherit || constraint.kind != ConstraintKind::kCheck);
  const std::vector<int16_t>& columns =
      constraint.kind == ConstraintKind::kCheck ? constraint.check.columns : constraint.columns;
  if (!columns.empty()) row.SetInts(pg_constraint::conkey, numbers(columns));
  if (is_foreign) {
    std::vector<int64_t> operators(constraint.equal_operators.begin(), constraint.equal_operators.end());
    row.SetInts(pg_constraint::confkey, numbers(constraint.referenced_columns));
    row.SetInts(pg_constraint::conpfeqop, operators).SetInts(pg_constraint::conppeqop, operators);
    row.SetInts(pg_constraint::conffeqop, operators);
    if (!constraint.delete_set_columns.empty()) {
      row.SetInts(pg_constraint::confdelsetcols, numbers(constraint.delete_set_columns));
    }
  }
  if (constraint.kind == ConstraintKind::kCheck) row.SetText(pg_constraint::conbin, constraint.check.stored_sql);
  return store_->Insert(row);
}

Status Catalog::RecordConstraintDependencies(const Table& table, const ConstraintDefinition& constraint, Oid oid, Oid index) {
  ObjectAddress self{oid::kPgConstraint, oid};
  std::vector<int16_t> columns = constraint.kind == ConstraintKind::kCheck ? constraint.check.columns : constraint.columns;
  columns.insert(columns.end(), constraint.included.begin(), constraint.included.end());
  for (int16_t column : columns) {
    RETURN_IF_ERROR(RecordDependency(*store_, self, {oid::kPgClass, table.oid, column}, DependencyKind::kAuto));
  }
  if (columns.empty()) {
    RETURN_IF_ERROR(RecordDependency(*store_, self, {oid::kPgClass, table.oid}, DependencyKind::kAuto));
  }
  switch (constraint.kind) {
    case ConstraintKind::kForeignKey:
      for (int16_t column : constraint.referenced_columns) {
        RETURN_IF_ERROR(RecordDependency(*store_, self, {oid::kPgClass, constraint.referenced_table, column},
                                         DependencyKind::kNormal));
      }
      return RecordDependency(*store_, self, {oid::kPgClass, index}, DependencyKind::kNormal);
    case ConstraintKind::kCheck:
      return RecordDependencies(*store_, self, constraint.check.uses, DependencyKind::kNormal);
    default:
      return RecordDependency(*store_, {oid::kPgClass, index}, self, DependencyKind::kInternal);
  }
}

}  // namespace phantom::catalog
