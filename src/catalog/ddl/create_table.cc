// CREATE SCHEMA, TABLE, INDEX.
#include <algorithm>

#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/default_privileges.h"
#include "catalog/ddl/rows.h"
#include "catalog/shared_catalog.h"
#include "catalog/stored_sql.h"
#include "txn/sequence.h"
#include "txn/transaction.h"

namespace phantom::catalog {
namespace {

constexpr size_t kNameBytesMax = 63;

// Does not cut a character of several bytes in two.
size_t ClipUtf8(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text.size();
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return bytes;
}

// first_second_label, the longer of the first two shortened until it fits.
std::string MakeObjectName(std::string_view first, std::string_view second, std::string_view label) {
  size_t overhead = (label.empty() ? 0 : label.size() + 1) + (second.empty() ? 0 : 1);
  size_t available = kNameBytesMax - overhead;
  size_t first_bytes = first.size(), second_bytes = second.size();
  while (first_bytes + second_bytes > available) {
    if (first_bytes > second_bytes) {
      --first_bytes;
    } else {
      --second_bytes;
    }
  }
  std::string name(first.substr(0, ClipUtf8(first, first_bytes)));
  if (!second.empty()) name += '_' + std::string(second.substr(0, ClipUtf8(second, second_bytes)));
  if (!label.empty()) name += '_' + std::string(label);
  return name;
}

}  // namespace

Result<std::string> Catalog::ChooseRelationName(std::string_view first, std::string_view second, std::string_view label,
                                                Oid schema) {
  for (int attempt = 0;; ++attempt) {
    std::string suffix = std::string(label) + (attempt == 0 ? "" : std::to_string(attempt));
    std::string name = MakeObjectName(first, second, suffix);
    ASSIGN_OR_RETURN(Oid taken, FindRelationOid(schema, name));
    if (taken == 0) return name;
  }
}

Result<std::string> Catalog::ChooseConstraintName(std::string_view first, std::string_view second,
                                                  std::string_view label, Oid schema,
                                                  const std::vector<std::string>& taken) {
  for (int attempt = 0;; ++attempt) {
    std::string suffix = std::string(label) + (attempt == 0 ? "" : std::to_string(attempt));
    std::string name = MakeObjectName(first, second, suffix);
    if (std::find(taken.begin(), taken.end(), name) != taken.end()) continue;
    ASSIGN_OR_RETURN(std::optional<Row> found, store_->FindOne(oid::kPgConstraint, index_oid::kConstraintByName,
                                                               {std::string_view(name), schema}));
    if (!found) return name;
  }
}

Result<Oid> Catalog::CreationSchema(std::string_view schema, Persistence persistence) {
  if (persistence == Persistence::kTemporary || schema == "pg_temp") {
    if (!schema.empty() && schema != "pg_temp") {
      return Error(sqlstate::kInvalidTableDefinition, "cannot create temporary relation in non-temporary schema");
    }
    return TemporarySchema();
  }
  const auto find = [&]() -> Result<Oid> {
    if (!schema.empty()) {
      ASSIGN_OR_RETURN(std::shared_ptr<const Schema> named, SchemaOrError(schema));
      return named->oid;
    }
    ASSIGN_OR_RETURN(std::vector<Oid> path, SearchPath(false));
    if (path.empty()) return Error(sqlstate::kInvalidSchemaName, "no schema has been selected to create in");
    return path.front();
  };
  ASSIGN_OR_RETURN(Oid found, find());
  for (;;) {
    RETURN_IF_ERROR(CheckSchemaPrivilege(found, acl::kCreate, role_));
    // It must stay until what is made in it is there. While the lock was awaited it may have gone.
    RETURN_IF_ERROR(LockObject({oid::kPgNamespace, found}, txn::LockMode::kAccessShare));
    ASSIGN_OR_RETURN(const Oid again, find());
    if (again == found) break;
    found = again;
  }
  if (found == oid::kSchemaPgCatalog) {
    return Error(sqlstate::kInsufficientPrivilege, "permission denied for schema pg_catalog");
  }
  return found;
}

Result<Oid> Catalog::TemporarySchema() {
  store_->NoteTemporary();
  if (temporary_schema_ != 0) return temporary_schema_;
  RETURN_IF_ERROR(CheckDatabasePrivilege(database_, acl::kTemporary, role_));
  std::string name = "pg_temp_" + std::to_string(transaction_->locks().process_id());
  ASSIGN_OR_RETURN(std::shared_ptr<const Schema> left, FindSchema(name));
  Oid schema = 0;
  if (left != nullptr) {
    // Left behind by a session that ended without cleaning up.
    schema = left->oid;
    RETURN_IF_ERROR(DropSchemaContents(schema));
  } else {
    SchemaDefinition definition;
    definition.name = name;
    definition.owner = oid::kRolePostgres;
    ASSIGN_OR_RETURN(schema, InsertSchema(definition));
  }
  temporary_schema_ = schema;
  transaction_->OnAbort([this] { temporary_schema_ = 0; });
  return schema;
}

Result<Oid> Catalog::InsertSchema(const SchemaDefinition& definition) {
  Oid oid = shared_->AllocateOid();
  Row row = NewRow(oid::kPgNamespace);
  row.SetInt(pg_namespace::oid, oid).SetText(pg_namespace::nspname, definition.name);
  row.SetInt(pg_namespace::nspowner, definition.owner);
  ASSIGN_OR_RETURN(const Acl privileges, NewObjectAcl(*this, 'n', definition.owner, 0));
  if (!privileges.empty()) row.SetTexts(pg_namespace::nspacl, SplitArrayText(StoreAcl(privileges)));
  RETURN_IF_ERROR(store_->Insert(row));
  if (!privileges.empty()) RETURN_IF_ERROR(RecordAclRoles({oid::kPgNamespace, oid}, privileges, definition.owner));
  RETURN_IF_ERROR(RecordOwner(*store_, database_, {oid::kPgNamespace, oid}, definition.owner));
  Changed();
  return oid;
}

Result<Oid> Catalog::CreateSchema(const SchemaDefinition& definition) {
  RETURN_IF_ERROR(CheckDatabasePrivilege(database_, acl::kCreate, role_));
  if (definition.name.starts_with("pg_")) {
    return Errorf(sqlstate::kReservedName, "unacceptable schema name \"%s\"", definition.name.c_str())
        .Detail("The prefix \"pg_\" is reserved for system schemas.");
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Schema> taken, FindSchema(definition.name));
  if (taken != nullptr) {
    if (!definition.if_not_exists) {
      return Errorf(sqlstate::kDuplicateSchema, "schema \"%s\" already exists", definition.name.c_str());
    }
    Notice(Errorf(sqlstate::kDuplicateSchema, "schema \"%s\" already exists, skipping", definition.name.c_str()));
    return Oid{0};
  }
  SchemaDefinition complete = definition;
  if (complete.owner == 0) complete.owner = role_;
  return InsertSchema(complete);
}

Result<bool> Catalog::NameIsTaken(Oid schema, const std::string& name, bool if_not_exists) {
  ASSIGN_OR_RETURN(Oid taken, FindRelationOid(schema, name));
  if (taken != 0) {
    if (!if_not_exists) {
      return Errorf(sqlstate::kDuplicateTable, "relation \"%s\" already exists", name.c_str());
    }
    Notice(Errorf(sqlstate::kDuplicateTable, "relation \"%s\" already exists, skipping", name.c_str()));
    return true;
  }
  return false;
}

Status Catalog::CheckTypeNameFree(Oid schema, const std::string& name) {
  ASSIGN_OR_RETURN(TypeRef type, FindTypeIn(schema, name));
  if (type == nullptr) return Status::Ok();
  return Errorf(sqlstate::kDuplicateObject, "type \"%s\" already exists", name.c_str())
      .Hint("A relation has an associated type of the same name, so you must use a name that doesn't conflict with any "
            "existing type.");
}

// pg_class, pg_attribute and pg_type of a relation with columns. The row is complete but for its columns and type.
Status Catalog::InsertRelation(Row& row, const std::vector<ColumnDefinition>& columns) {
  Oid oid = row.GetOid(pg_class::oid);
  Oid schema = row.GetOid(pg_class::relnamespace);
  Oid owner = row.GetOid(pg_class::relowner);
  char kind = row.Char(pg_class::relkind);
  bool has_type = kind == 'r' || kind == 'v' || kind == 'c';
  Oid type_oid = has_type ? shared_->AllocateOid() : 0;
  Oid array_oid = has_type ? shared_->AllocateOid() : 0;
  row.SetInt(pg_class::reltype, type_oid).SetInt(pg_class::relnatts, static_cast<int64_t>(columns.size()));
  Acl privileges;
  if (kind == 'r' || kind == 'v' || kind == 'S') {
    ASSIGN_OR_RETURN(privileges, NewObjectAcl(*this, kind == 'S' ? 'S' : 'r', owner, schema));
  }
  if (!privileges.empty()) row.SetTexts(pg_class::relacl, SplitArrayText(StoreAcl(privileges)));
  // In PostgreSQL's order: of two who make the same name at once, the second fails over the type's.
  if (has_type) {
    Row type = CompositeTypeRow(type_oid, row.Text(pg_class::relname), schema, owner, oid);
    RETURN_IF_ERROR(InsertTypeWithArray(*store_, type, array_oid, 'd'));
  }
  RETURN_IF_ERROR(store_->Insert(row));
  if (!privileges.empty()) RETURN_IF_ERROR(RecordAclRoles({oid::kPgClass, oid}, privileges, owner));
  for (size_t i = 0; i < columns.size(); ++i) {
    RETURN_IF_ERROR(InsertColumn(oid, static_cast<int>(i) + 1, columns[i]));
  }
  if (kind == 'r') RETURN_IF_ERROR(InsertSystemAttributes(*store_, oid));
  RETURN_IF_ERROR(RecordDependency(*store_, {oid::kPgClass, oid}, {oid::kPgNamespace, schema}, DependencyKind::kNormal));
  RETURN_IF_ERROR(RecordOwner(*store_, database_, {oid::kPgClass, oid}, owner));
  if (has_type) {
    RETURN_IF_ERROR(
        RecordDependency(*store_, {oid::kPgType, type_oid}, {oid::kPgClass, oid}, DependencyKind::kInternal));
  }
  Changed();
  return Status::Ok();
}

Status Catalog::InsertColumn(Oid relation, int number, const ColumnDefinition& column) {
  Row row = AttributeRow(*store_, relation, number, column.name, column.type, column.collation);
  row.SetBool(pg_attribute::attnotnull, column.not_null).SetInt(pg_attribute::attndims, column.dimensions);
  row.SetChar(pg_attribute::attidentity, column.identity).SetChar(pg_attribute::attgenerated, column.generated);
  row.SetBool(pg_attribute::atthasdef, column.default_value.has_value());
  if (column.missing && !column.missing->is_null()) {
    types::RowLayout single({column.type}, {column.missing->layout()});
    types::RowEncoder encoder(single);
    std::string bytes(encoder.EncodeValues(std::span(&*column.missing, 1)));
    row.SetBool(pg_attribute::atthasmissing, true).SetText(pg_attribute::attmissingval, bytes);
  }
  RETURN_IF_ERROR(store_->Insert(row));
  ObjectAddress address{oid::kPgClass, relation, number};
  RETURN_IF_ERROR(RecordDependency(*store_, address, {oid::kPgType, column.type.oid}, DependencyKind::kNormal));
  if (column.default_value) RETURN_IF_ERROR(InsertDefault(relation, number, *column.default_value, column.generated));
  return Status::Ok();
}

Status Catalog::InsertDefault(Oid relation, int column, const ExpressionDefinition& expression, char generated) {
  Oid oid = shared_->AllocateOid();
  Row row = NewRow(oid::kPgAttrdef);
  row.SetInt(pg_attrdef::oid, oid).SetInt(pg_attrdef::adrelid, relation).SetInt(pg_attrdef::adnum, column);
  row.SetText(pg_attrdef::adbin, expression.stored_sql);
  RETURN_IF_ERROR(store_->Insert(row));
  ObjectAddress self{oid::kPgAttrdef, oid};
  RETURN_IF_ERROR(RecordDependency(*store_, self, {oid::kPgClass, relation, column},
                                   generated != 0 ? DependencyKind::kInternal : DependencyKind::kAuto));
  for (int16_t used : expression.columns) {
    if (used == column) continue;
    RETURN_IF_ERROR(RecordDependency(*store_, self, {oid::kPgClass, relation, used}, DependencyKind::kNormal));
  }
  return RecordDependencies(*store_, self, expression.uses, DependencyKind::kNormal);
}

Result<Oid> Catalog::CreateTable(const TableDefinition& definition) {
  ASSIGN_OR_RETURN(bool taken, NameIsTaken(definition.schema, definition.name, definition.if_not_exists));
  if (taken) return Oid{0};
  RETURN_IF_ERROR(CheckTypeNameFree(definition.schema, definition.name));
  if (definition.columns.size() > types::RowLayout::kColumnsMax) {
    return Errorf(sqlstate::kTooManyColumns, "tables can have at most %u columns", types::RowLayout::kColumnsMax);
  }
  Oid owner = definition.owner != 0 ? definition.owner : role_;
  std::vector<ColumnDefinition> columns = definition.columns;
  // Sequences behind serial and identity columns come first; they are given to their columns once those exist.
  std::vector<std::pair<Oid, size_t>> owned;
  for (size_t i = 0; i < columns.size(); ++i) {
    ColumnDefinition& column = columns[i];
    if (!column.serial && column.identity == 0) continue;
    ASSIGN_OR_RETURN(Oid sequence, CreateColumnSequence(definition.name, definition.schema, definition.persistence, owner, column));
    owned.emplace_back(sequence, i);
  }
  Oid oid = shared_->AllocateOid();
  ASSIGN_OR_RETURN(TreeId tree, shared_->manager().CreateTableTree(*transaction_, store_->space()));
  Row row = ClassRow(oid, definition.name, definition.schema, RelationKind::kTable, owner);
  row.SetInt(pg_class::relam, oid::kAmHeap).SetInt(pg_class::relfilenode, tree.value);
  row.SetChar(pg_class::relpersistence, static_cast<char>(definition.persistence));
  if (!definition.options.empty()) row.SetTexts(pg_class::reloptions, definition.options);
  RETURN_IF_ERROR(InsertRelation(row, columns));
  for (auto [sequence, i] : owned) {
    DependencyKind kind = columns[i].identity != 0 ? DependencyKind::kInternal : DependencyKind::kAuto;
    RETURN_IF_ERROR(RecordDependency(*store_, {oid::kPgClass, sequence}, {oid::kPgClass, oid, static_cast<int32_t>(i) + 1}, kind));
  }
  Changed();
  for (const ConstraintDefinition& constraint : definition.constraints) {
    ASSIGN_OR_RETURN(TableRef table, TableByOid(oid));
    ASSIGN_OR_RETURN(Oid made, AddConstraint(*table, constraint));
    (void)made;
  }
  return oid;
}

Result<Oid> Catalog::CreateColumnSequence(std::string_view table, Oid schema, Persistence persistence, Oid owner,
                                          ColumnDefinition& column) {
  SequenceDefinition definition;
  if (column.sequence_name.empty()) {
    ASSIGN_OR_RETURN(definition.name, ChooseRelationName(table, column.name, "seq", schema));
  } else {
    definition.name = column.sequence_name;
  }
  definition.schema = schema;
  definition.persistence = persistence;
  definition.owner = owner;
  definition.parameters = column.sequence;
  definition.identity = column.identity != 0;
  ASSIGN_OR_RETURN(Oid sequence, CreateSequence(definition));
  if (column.serial) {
    ExpressionDefinition value;
    value.stored_sql = "nextval('" + RelationMarker(sequence) + "'::regclass)";
    value.uses.push_back({oid::kPgClass, sequence});
    column.default_value = std::move(value);
  }
  return sequence;
}

namespace {

// An index's columns have different names: expr, expr1, ...
std::string UniqueColumnName(const std::string& name, std::vector<std::string>& taken) {
  std::string candidate = name;
  for (int i = 1; std::find(taken.begin(), taken.end(), candidate) != taken.end(); ++i) candidate = name + std::to_string(i);
  taken.push_back(candidate);
  return candidate;
}

}  // namespace

Result<Oid> Catalog::CreateIndex(const Table& table, const IndexDefinition& definition) {
  IndexDefinition complete = definition;
  if (complete.name.empty()) {
    std::string columns;
    std::vector<std::string> taken_names;
    for (const IndexKey& key : complete.keys) {
      if (!columns.empty()) columns += '_';
      columns += UniqueColumnName(key.column > 0 ? table.column(key.column).name : key.expression_name, taken_names);
    }
    for (int16_t column : complete.included) columns += '_' + UniqueColumnName(table.column(column).name, taken_names);
    ASSIGN_OR_RETURN(complete.name, ChooseRelationName(table.name, columns, "idx", table.schema));
  }
  ASSIGN_OR_RETURN(bool taken, NameIsTaken(table.schema, complete.name, complete.if_not_exists));
  if (taken) return Oid{0};
  ASSIGN_OR_RETURN(Oid oid, InsertIndex(table, complete, true));
  Oid self = oid;
  std::vector<int16_t> columns = complete.expression_columns;
  for (const IndexKey& key : complete.keys) {
    if (key.column > 0) columns.push_back(key.column);
  }
  columns.insert(columns.end(), complete.included.begin(), complete.included.end());
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  for (int16_t column : columns) {
    RETURN_IF_ERROR(RecordDependency(*store_, {oid::kPgClass, self}, {oid::kPgClass, table.oid, column}, DependencyKind::kAuto));
  }
  if (columns.empty()) {
    RETURN_IF_ERROR(RecordDependency(*store_, {oid::kPgClass, self}, {oid::kPgClass, table.oid}, DependencyKind::kAuto));
  }
  RETURN_IF_ERROR(RecordDependencies(*store_, {oid::kPgClass, self}, complete.uses, DependencyKind::kNormal));
  return oid;
}

// Rows and tree of an index; what it depends on is the caller's.
Result<Oid> Catalog::InsertIndex(const Table& table, const IndexDefinition& definition, bool immediate) {
  Oid oid = shared_->AllocateOid();
  ASSIGN_OR_RETURN(TreeId tree, shared_->manager().CreateIndexTree(*transaction_, store_->space()));
  Row row = ClassRow(oid, definition.name, table.schema, RelationKind::kIndex, table.owner);
  row.SetInt(pg_class::relam, definition.method).SetInt(pg_class::relfilenode, tree.value);
  row.SetChar(pg_class::relpersistence, static_cast<char>(table.persistence)).SetFloat(pg_class::reltuples, 0);
  row.SetInt(pg_class::relnatts, static_cast<int64_t>(definition.keys.size() + definition.included.size()));
  if (!definition.options.empty()) row.SetTexts(pg_class::reloptions, definition.options);
  RETURN_IF_ERROR(store_->Insert(row));

  std::vector<int64_t> columns, collations, classes, options;
  std::string expressions;
  int number = 0;
  std::vector<std::string> names;
  auto unique_name = [&](const std::string& name) { return UniqueColumnName(name, names); };
  for (const IndexKey& key : definition.keys) {
    std::string name = unique_name(key.column > 0 ? table.column(key.column).name : key.expression_name);
    RETURN_IF_ERROR(store_->Insert(AttributeRow(*store_, oid, ++number, name, key.type, key.collation)));
    columns.push_back(key.column);
    collations.push_back(key.collation);
    classes.push_back(key.opclass);
    options.push_back((key.descending ? 1 : 0) | (key.nulls_first ? 2 : 0));
    if (key.column == 0) {
      if (!expressions.empty()) expressions += '\x1e';
      expressions += key.expression_sql;
    }
  }
  for (int16_t column : definition.included) {
    const Column& included = table.column(column);
    RETURN_IF_ERROR(store_->Insert(
        AttributeRow(*store_, oid, ++number, unique_name(included.name), included.type, included.collation)));
    columns.push_back(column);
  }
  Row index = NewRow(oid::kPgIndex);
  index.SetInt(pg_index::indexrelid, oid).SetInt(pg_index::indrelid, table.oid);
  index.SetInt(pg_index::indnatts, number).SetInt(pg_index::indnkeyatts, static_cast<int64_t>(definition.keys.size()));
  index.SetBool(pg_index::indisunique, definition.unique);
  index.SetBool(pg_index::indnullsnotdistinct, definition.nulls_not_distinct);
  index.SetBool(pg_index::indisprimary, definition.primary).SetBool(pg_index::indisexclusion, false);
  index.SetBool(pg_index::indimmediate, immediate).SetBool(pg_index::indisclustered, false);
  index.SetBool(pg_index::indisvalid, !definition.concurrent).SetBool(pg_index::indcheckxmin, false);
  index.SetBool(pg_index::indisready, !definition.concurrent).SetBool(pg_index::indislive, true);
  index.SetBool(pg_index::indisreplident, false);
  index.SetInts(pg_index::indkey, columns).SetInts(pg_index::indcollation, collations);
  index.SetInts(pg_index::indclass, classes).SetInts(pg_index::indoption, options);
  if (!expressions.empty()) index.SetText(pg_index::indexprs, expressions);
  if (!definition.predicate_sql.empty()) index.SetText(pg_index::indpred, definition.predicate_sql);
  RETURN_IF_ERROR(store_->Insert(index));
  RETURN_IF_ERROR(
      UpdateClassInPassing(table.oid, [](Row& relation) { relation.SetBool(pg_class::relhasindex, true); }));
  Changed();
  return oid;
}

Status Catalog::UpdateClass(Oid relation, const std::function<void(Row&)>& change) {
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgClass, index_oid::kClassByOid, {relation}));
  if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for relation %u", relation);
  Row changed = *row;
  change(changed);
  RETURN_IF_ERROR(store_->Update(*row, changed));
  Changed();
  return Status::Ok();
}

Status Catalog::UpdateClassInPassing(Oid relation, const std::function<void(Row&)>& change) {
  for (;;) {
    ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgClass, index_oid::kClassByOid, {relation}));
    if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for relation %u", relation);
    Row changed = *row;
    change(changed);
    if (changed.values() == row->values()) return Status::Ok();
    ASSIGN_OR_RETURN(const bool updated, store_->TryUpdate(*row, changed));
    if (!updated) continue;  // somebody else's change is taken over
    Changed();
    return Status::Ok();
  }
}

Status Catalog::UpdateAttribute(Oid relation, int column, const std::function<void(Row&)>& change) {
  ASSIGN_OR_RETURN(std::optional<Row> row,
                   store_->FindOne(oid::kPgAttribute, index_oid::kAttributeByNumber, {relation, column}));
  if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for attribute %d of relation %u", column, relation);
  Row changed = *row;
  change(changed);
  RETURN_IF_ERROR(store_->Update(*row, changed));
  Changed();
  return Status::Ok();
}

}  // namespace phantom::catalog
