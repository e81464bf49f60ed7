// ALTER ... RENAME, SET SCHEMA, OWNER TO.
#include "catalog/acl_change.h"
#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/ddl/rows.h"
#include "catalog/shared_catalog.h"
#include "txn/transaction.h"

namespace phantom::catalog {
namespace {

// The system table row of an object that is found by its OID in the first column of an index.
struct ObjectRow {
  Oid table, index;
  int name, schema, owner;  // attribute numbers; 0: it has none
};

std::optional<ObjectRow> RowOf(Oid catalog) {
  switch (catalog) {
    case oid::kPgClass:
      return ObjectRow{catalog, index_oid::kClassByOid, pg_class::relname, pg_class::relnamespace, pg_class::relowner};
    case oid::kPgType:
      return ObjectRow{catalog, index_oid::kTypeByOid, pg_type::typname, pg_type::typnamespace, pg_type::typowner};
    case oid::kPgNamespace:
      return ObjectRow{catalog, index_oid::kNamespaceByOid, pg_namespace::nspname, 0, pg_namespace::nspowner};
    case oid::kPgConstraint:
      return ObjectRow{catalog, index_oid::kConstraintByOid, pg_constraint::conname, pg_constraint::connamespace, 0};
    case oid::kPgAuthid:
      return ObjectRow{catalog, index_oid::kAuthidByOid, pg_authid::rolname, 0, 0};
    case oid::kPgDatabase:
      return ObjectRow{catalog, index_oid::kDatabaseByOid, pg_database::datname, 0, pg_database::datdba};
    default:
      return std::nullopt;
  }
}

int AclColumnOf(Oid catalog) {
  switch (catalog) {
    case oid::kPgClass: return pg_class::relacl;
    case oid::kPgType: return pg_type::typacl;
    case oid::kPgNamespace: return pg_namespace::nspacl;
    case oid::kPgDatabase: return pg_database::datacl;
    default: return 0;
  }
}

// What the old owner held and granted is the new one's.
Acl WithNewOwner(const Acl& list, Oid before, Oid after) {
  Acl changed;
  const auto replaced = [&](Oid role) { return role == before ? after : role; };
  for (const AclItem& item : list) {
    const Oid grantee = replaced(item.grantee), grantor = replaced(item.grantor);
    if (item.grant_options != 0) GiveTo(changed, grantee, grantor, item.grant_options, true);
    GiveTo(changed, grantee, grantor, item.privileges, false);
  }
  return changed;
}

Status ForgetOwner(SystemStore& store, Oid database, const ObjectAddress& object) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, store.Find(oid::kPgShdepend, index_oid::kShdependByDependent,
                                                     {database, object.catalog, object.oid}));
  for (const Row& row : rows) {
    if (row.Char(pg_shdepend::deptype) == 'o') RETURN_IF_ERROR(store.Delete(row));
  }
  return Status::Ok();
}

bool IsSharedCatalog(Oid catalog) { return catalog == oid::kPgAuthid || catalog == oid::kPgDatabase; }

}  // namespace

Status Catalog::UpdateObject(const ObjectAddress& object, const std::function<void(Row&)>& change) {
  std::optional<ObjectRow> place = RowOf(object.catalog);
  if (!place) return Errorf(sqlstate::kInternalError, "unrecognized object class: %u", object.catalog);
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(place->table, place->index, {object.oid}));
  if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for object %u/%u", object.catalog, object.oid);
  Row changed = *row;
  change(changed);
  RETURN_IF_ERROR(store_->Update(*row, changed));
  if (IsSharedCatalog(object.catalog)) {
    ChangedShared();
  } else {
    Changed();
  }
  return Status::Ok();
}

Status Catalog::RenameObject(const ObjectAddress& object, std::string_view new_name) {
  if (object.catalog == oid::kPgClass && object.column != 0) return RenameColumn(object.oid, object.column, new_name);
  if (object.catalog == oid::kPgClass) return RenameRelation(object.oid, new_name);
  if (object.catalog == oid::kPgConstraint) return RenameConstraint(object.oid, new_name);
  std::string name(new_name);
  switch (object.catalog) {
    case oid::kPgNamespace: {
      ASSIGN_OR_RETURN(std::shared_ptr<const Schema> taken, FindSchema(name));
      if (taken != nullptr) return Errorf(sqlstate::kDuplicateSchema, "schema \"%s\" already exists", name.c_str());
      if (name.starts_with("pg_")) {
        return Errorf(sqlstate::kReservedName, "unacceptable schema name \"%s\"", name.c_str())
            .Detail("The prefix \"pg_\" is reserved for system schemas.");
      }
      break;
    }
    case oid::kPgType: {
      TypeRef type = TypeByOid(object.oid);
      if (type == nullptr) return Errorf(sqlstate::kInternalError, "cache lookup failed for type %u", object.oid);
      ASSIGN_OR_RETURN(TypeRef taken, FindTypeIn(type->schema, name));
      if (taken != nullptr) return Errorf(sqlstate::kDuplicateObject, "type \"%s\" already exists", name.c_str());
      break;
    }
    case oid::kPgAuthid: {
      ASSIGN_OR_RETURN(std::shared_ptr<const Role> taken, FindRole(name));
      if (taken != nullptr) return Errorf(sqlstate::kDuplicateObject, "role \"%s\" already exists", name.c_str());
      break;
    }
    case oid::kPgDatabase: {
      ASSIGN_OR_RETURN(std::shared_ptr<const Database> taken, FindDatabase(name));
      if (taken != nullptr) return Errorf(sqlstate::kDuplicateDatabase, "database \"%s\" already exists", name.c_str());
      break;
    }
    default:
      break;
  }
  if (object.catalog == oid::kPgType) return RenameType(object.oid, name);
  int column = RowOf(object.catalog)->name;
  return UpdateObject(object, [&](Row& row) { row.SetText(column, name); });
}

// A type and its array type, which is called after it.
Status Catalog::RenameType(Oid type, const std::string& name) {
  const auto rename = [&](Oid oid, const std::string& to) {
    return UpdateObject({oid::kPgType, oid}, [&](Row& row) { row.SetText(pg_type::typname, to); });
  };
  const TypeRef before = TypeByOid(type);
  RETURN_IF_ERROR(rename(type, name));
  if (before == nullptr || before->array == 0) return Status::Ok();
  ASSIGN_OR_RETURN(const std::string array_name, ChooseArrayName(*store_, name, before->schema));
  return rename(before->array, array_name);
}

Status Catalog::RenameRelation(Oid relation, std::string_view new_name) {
  ASSIGN_OR_RETURN(TableRef table, OpenByOid(relation));
  std::string name(new_name);
  ASSIGN_OR_RETURN(bool taken, NameIsTaken(table->schema, name, false));
  (void)taken;
  RETURN_IF_ERROR(UpdateClass(relation, [&](Row& row) { row.SetText(pg_class::relname, name); }));
  if (table->row_type != 0) {
    ASSIGN_OR_RETURN(TypeRef clash, FindTypeIn(table->schema, name));
    if (clash != nullptr) return Errorf(sqlstate::kDuplicateObject, "type \"%s\" already exists", name.c_str());
    RETURN_IF_ERROR(RenameType(table->row_type, name));
  }
  if (table->kind != RelationKind::kIndex) return Status::Ok();
  // A key's constraint is called as its index.
  ASSIGN_OR_RETURN(TableRef owner, OpenByOid(table->indexed_table));
  for (const Constraint& constraint : owner->constraints) {
    if (constraint.index != relation || constraint.kind == ConstraintKind::kForeignKey) continue;
    RETURN_IF_ERROR(UpdateObject({oid::kPgConstraint, constraint.oid},
                                 [&](Row& row) { row.SetText(pg_constraint::conname, name); }));
  }
  return Status::Ok();
}

Status Catalog::RenameConstraint(Oid constraint, std::string_view new_name) {
  ASSIGN_OR_RETURN(std::optional<Row> row,
                   store_->FindOne(oid::kPgConstraint, index_oid::kConstraintByOid, {constraint}));
  if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for constraint %u", constraint);
  ASSIGN_OR_RETURN(TableRef table, TableByOid(row->GetOid(pg_constraint::conrelid)));
  std::string name(new_name);
  if (table != nullptr && table->FindConstraint(name) != nullptr) {
    return Errorf(sqlstate::kDuplicateObject, "constraint \"%s\" for relation \"%s\" already exists", name.c_str(),
                  table->name.c_str());
  }
  char kind = row->Char(pg_constraint::contype);
  if (kind == 'p' || kind == 'u') return RenameRelation(row->GetOid(pg_constraint::conindid), new_name);
  return UpdateObject({oid::kPgConstraint, constraint}, [&](Row& changed) { changed.SetText(pg_constraint::conname, name); });
}

Status Catalog::RenameColumn(Oid relation, int column, std::string_view new_name) {
  ASSIGN_OR_RETURN(TableRef table, OpenByOid(relation));
  std::string name(new_name);
  if (table->FindColumn(name) != 0) {
    return Errorf(sqlstate::kDuplicateColumn, "column \"%s\" of relation \"%s\" already exists", name.c_str(),
                  table->name.c_str());
  }
  RETURN_IF_ERROR(UpdateAttribute(relation, column, [&](Row& row) { row.SetText(pg_attribute::attname, name); }));
  for (const Index& index : table->indexes) {
    for (size_t i = 0; i < index.keys.size(); ++i) {
      if (index.keys[i].column != column) continue;
      RETURN_IF_ERROR(UpdateAttribute(index.oid, static_cast<int>(i) + 1,
                                      [&](Row& row) { row.SetText(pg_attribute::attname, name); }));
    }
  }
  return Status::Ok();
}

Status Catalog::SetObjectSchema(const ObjectAddress& object, Oid schema) {
  std::optional<ObjectRow> place = RowOf(object.catalog);
  if (!place || place->schema == 0) {
    return Errorf(sqlstate::kInternalError, "unrecognized object class: %u", object.catalog);
  }
  RETURN_IF_ERROR(CheckSchemaPrivilege(schema, acl::kCreate, role_));
  auto move = [&](const ObjectAddress& part) -> Status {
    int column = RowOf(part.catalog)->schema;
    RETURN_IF_ERROR(UpdateObject(part, [&](Row& row) { row.SetInt(column, schema); }));
    ASSIGN_OR_RETURN(std::vector<Row> rows, store_->Find(oid::kPgDepend, index_oid::kDependByDependent,
                                                         {part.catalog, part.oid}));
    for (const Row& row : rows) {
      if (row.GetOid(pg_depend::refclassid) != oid::kPgNamespace) continue;
      RETURN_IF_ERROR(store_->Delete(row));
      RETURN_IF_ERROR(RecordDependency(*store_, part, {oid::kPgNamespace, schema}, DependencyKind::kNormal));
    }
    return Status::Ok();
  };
  auto move_type = [&](Oid type) -> Status {
    TypeRef row = TypeByOid(type);
    RETURN_IF_ERROR(move({oid::kPgType, type}));
    return row != nullptr && row->array != 0 ? move({oid::kPgType, row->array}) : Status::Ok();
  };
  if (object.catalog == oid::kPgType) return move_type(object.oid);
  if (object.catalog != oid::kPgClass) return move(object);

  ASSIGN_OR_RETURN(TableRef table, OpenByOid(object.oid));
  if (table->schema == schema) return Status::Ok();
  ASSIGN_OR_RETURN(bool taken, NameIsTaken(schema, table->name, false));
  (void)taken;
  RETURN_IF_ERROR(move(object));
  if (table->row_type != 0) RETURN_IF_ERROR(move_type(table->row_type));
  for (const Index& index : table->indexes) RETURN_IF_ERROR(move({oid::kPgClass, index.oid}));
  for (const Constraint& constraint : table->constraints) RETURN_IF_ERROR(move({oid::kPgConstraint, constraint.oid}));
  for (size_t i = 0; i < table->columns.size(); ++i) {
    ASSIGN_OR_RETURN(Oid sequence, OwnedSequence(table->oid, static_cast<int>(i) + 1));
    if (sequence != 0) RETURN_IF_ERROR(move({oid::kPgClass, sequence}));
  }
  return Status::Ok();
}

Status Catalog::SetObjectOwner(const ObjectAddress& object, Oid role) {
  std::optional<ObjectRow> place = RowOf(object.catalog);
  if (!place || place->owner == 0) {
    return Errorf(sqlstate::kInternalError, "unrecognized object class: %u", object.catalog);
  }
  auto give = [&](const ObjectAddress& part) -> Status {
    int column = RowOf(part.catalog)->owner;
    int acl = AclColumnOf(part.catalog);
    std::optional<Acl> list;
    RETURN_IF_ERROR(UpdateObject(part, [&](Row& row) {
      const Oid before = row.GetOid(column);
      row.SetInt(column, role);
      if (acl == 0 || row.IsNull(acl)) return;
      list = WithNewOwner(ParseAcl(JoinArrayText(row.Texts(acl)), [](std::string_view) { return Oid{0}; }), before, role);
      row.SetTexts(acl, SplitArrayText(StoreAcl(*list)));
    }));
    Oid database = IsSharedCatalog(part.catalog) ? 0 : database_;
    RETURN_IF_ERROR(ForgetOwner(*store_, database, part));
    RETURN_IF_ERROR(RecordOwner(*store_, database, part, role));
    return list ? RecordAclRoles(part, *list, role) : Status::Ok();
  };
  RETURN_IF_ERROR(give(object));
  if (object.catalog != oid::kPgClass) return Status::Ok();
  ASSIGN_OR_RETURN(TableRef table, OpenByOid(object.oid));
  if (table->row_type != 0) {
    TypeRef type = TypeByOid(table->row_type);
    RETURN_IF_ERROR(give({oid::kPgType, table->row_type}));
    if (type != nullptr && type->array != 0) RETURN_IF_ERROR(give({oid::kPgType, type->array}));
  }
  for (const Index& index : table->indexes) RETURN_IF_ERROR(give({oid::kPgClass, index.oid}));
  if (table->kind != RelationKind::kTable) return Status::Ok();
  for (size_t i = 0; i < table->columns.size(); ++i) {
    ASSIGN_OR_RETURN(Oid sequence, OwnedSequence(table->oid, static_cast<int>(i) + 1));
    if (sequence != 0) RETURN_IF_ERROR(give({oid::kPgClass, sequence}));
  }
  return Status::Ok();
}

}  // namespace phantom::catalog
