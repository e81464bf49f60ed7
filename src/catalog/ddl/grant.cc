// GRANT and REVOKE on tables, columns, sequences, types, schemas and databases.
#include <algorithm>

#include "catalog/acl_change.h"
#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/ddl/rows.h"
#include "catalog/shared_catalog.h"
#include "txn/transaction.h"

namespace phantom::catalog {

void GiveTo(Acl& acl, Oid grantee, Oid grantor, AclMode privileges, bool grant_option) {
  auto item = std::find_if(acl.begin(), acl.end(),
                           [&](const AclItem& i) { return i.grantee == grantee && i.grantor == grantor; });
  if (item == acl.end()) item = acl.insert(acl.end(), {grantee, grantor, 0, 0});
  item->privileges |= privileges;
  if (grant_option) item->grant_options |= privileges;
}

bool TakeFrom(Acl& acl, Oid grantee, Oid grantor, Oid owner, AclMode privileges, bool option_only, bool cascade) {
  for (AclItem& item : acl) {
    if (item.grantee != grantee || item.grantor != grantor) continue;
    item.grant_options &= ~privileges;
    if (!option_only) item.privileges &= ~privileges;
  }
  bool clean = true;
  if (grantee != 0 && grantee != owner) {
    AclMode options = 0;
    for (const AclItem& item : acl) {
      if (item.grantee == grantee) options |= item.grant_options;
    }
    for (size_t i = 0; i < acl.size(); ++i) {
      AclItem item = acl[i];
      AclMode lost = item.privileges & privileges & ~options;
      if (item.grantor != grantee || lost == 0) continue;
      if (!cascade) return false;
      clean &= TakeFrom(acl, item.grantee, grantee, owner, lost, false, true);
    }
  }
  std::erase_if(acl, [](const AclItem& item) { return item.privileges == 0 && item.grant_options == 0; });
  return clean;
}

namespace {

struct AclPlace {
  std::string stored;
  std::string name;
  const char* kind;
  Oid owner;
  char relation_kind = 0;
};

}  // namespace

Status Catalog::Grant(const GrantDefinition& grant) {
  for (const ObjectAddress& object : grant.objects) RETURN_IF_ERROR(GrantOn(object, grant));
  return Status::Ok();
}

Status Catalog::GrantOn(const ObjectAddress& object, const GrantDefinition& grant) {
  AclPlace place{};
  switch (object.catalog) {
    case oid::kPgClass: {
      ASSIGN_OR_RETURN(TableRef table, OpenByOid(object.oid));
      if (table->is_system()) {
        return Errorf(sqlstate::kInsufficientPrivilege, "permission denied: \"%s\" is a system catalog", table->name.c_str());
      }
      bool column = object.column != 0;
      place = {column ? table->column(object.column).acl : table->acl,
               table->name, table->kind == RelationKind::kSequence ? "sequence" : "table", table->owner,
               static_cast<char>(table->kind)};
      break;
    }
    case oid::kPgNamespace: {
      ASSIGN_OR_RETURN(std::shared_ptr<const Schema> schema, SchemaByOid(object.oid));
      if (schema == nullptr) return Errorf(sqlstate::kInternalError, "cache lookup failed for schema %u", object.oid);
      place = {schema->acl, schema->name, "schema", schema->owner};
      break;
    }
    case oid::kPgDatabase: {
      ASSIGN_OR_RETURN(std::shared_ptr<const Database> database, DatabaseByOid(object.oid));
      place = {database->acl, database->name, "database", database->owner};
      break;
    }
    case oid::kPgType: {
      if (object.oid < kFirstUserOid) {
        return Errorf(sqlstate::kFeatureNotSupported, "privileges on built-in types cannot be changed");
      }
      TypeRef type = TypeByOid(object.oid);
      if (type == nullptr) return Errorf(sqlstate::kInternalError, "cache lookup failed for type %u", object.oid);
      if (type->is_array()) {
        return Error(sqlstate::kInvalidGrantOperation, "cannot set privileges of array types")
            .Hint("Set the privileges of the element type instead.");
      }
      ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgType, index_oid::kTypeByOid, {object.oid}));
      if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for type %u", object.oid);
      std::string stored = row->IsNull(pg_type::typacl) ? "" : JoinArrayText(row->Texts(pg_type::typacl));
      place = {std::move(stored), std::string(type->name), "type", type->owner};
      break;
    }
    default:
      return Error(sqlstate::kFeatureNotSupported, "GRANT and REVOKE are not supported for objects of this kind");
  }
  bool on_column = object.catalog == oid::kPgClass && object.column != 0;
  AclMode all = on_column ? acl::kAllColumn : AllPrivileges(object.catalog, place.relation_kind);
  AclMode privileges = grant.privileges == 0 ? all : grant.privileges;
  if ((privileges & ~all) != 0) {
    AclMode wrong = privileges & ~all;
    AclMode first = wrong & (~wrong + 1);
    return Errorf(sqlstate::kInvalidGrantOperation, "invalid privilege type %s for %s",
                  std::string(AclModeName(first)).c_str(), on_column ? "column" : place.kind);
  }
  Acl list;
  if (!on_column || !place.stored.empty()) {
    ASSIGN_OR_RETURN(list, AclOf(place.stored, object.catalog, place.relation_kind, place.owner));
  }
  // The owner grants as such, also when a superuser or member acts for it; others need grant options.
  Oid grantor = place.owner;
  ASSIGN_OR_RETURN(bool owns, HasPrivilegesOf(role_, place.owner));
  if (!owns) {
    grantor = role_;
    ASSIGN_OR_RETURN(std::vector<Oid> roles, RolesOf(role_, true));
    AclMode options = 0;
    for (const AclItem& item : list) {
      if (std::find(roles.begin(), roles.end(), item.grantee) != roles.end()) options |= item.grant_options & privileges;
    }
    if (options == 0) {
      ASSIGN_OR_RETURN(AclMode held, HeldPrivileges(list, role_, place.owner));
      if ((held & all) == 0) {
        return Errorf(sqlstate::kInsufficientPrivilege, "permission denied for %s %s", place.kind, place.name.c_str());
      }
      Notice(grant.grant ? Errorf(sqlstate::kWarningPrivilegeNotGranted, "no privileges were granted for \"%s\"", place.name.c_str())
                         : Errorf(sqlstate::kWarningPrivilegeNotRevoked, "no privileges could be revoked for \"%s\"", place.name.c_str()));
    }
    privileges &= options;
  }
  for (Oid grantee : grant.grantees) {
    if (grant.grant) {
      if (grantee == 0 && grant.grant_option) {
        return Error(sqlstate::kInvalidGrantOperation, "grant options can only be granted to roles");
      }
      GiveTo(list, grantee, grantor, privileges, grant.grant_option && grantee != place.owner);
    } else if (!TakeFrom(list, grantee, grantor, place.owner, privileges, grant.grant_option, grant.cascade)) {
      return Error(sqlstate::kDependentObjectsStillExist, "dependent privileges exist").Hint("Use CASCADE to revoke them too.");
    }
  }
  RETURN_IF_ERROR(WriteAcl(object, place.stored, list));
  return RecordAclRoles(object, list, place.owner);
}

// `before` is what the new list was made from.
Status Catalog::WriteAcl(const ObjectAddress& object, const std::string& before, const Acl& list) {
  const std::vector<std::string> items = SplitArrayText(StoreAcl(list));
  const bool on_column = object.catalog == oid::kPgClass && object.column != 0;
  const int column = on_column                              ? pg_attribute::attacl
                     : object.catalog == oid::kPgClass     ? pg_class::relacl
                     : object.catalog == oid::kPgNamespace ? pg_namespace::nspacl
                     : object.catalog == oid::kPgType      ? pg_type::typacl
                                                           : pg_database::datacl;
  bool changed = false;
  const auto change = [&](Row& row) {
    changed = (row.IsNull(column) ? std::string() : JoinArrayText(row.Texts(column))) != before;
    if (on_column && items.empty()) {
      row.SetNull(column);
    } else {
      row.SetTexts(column, items);
    }
  };
  RETURN_IF_ERROR(on_column ? UpdateAttribute(object.oid, object.column, change) : UpdateObject(object, change));
  return changed ? Error(sqlstate::kInternalError, "tuple concurrently updated") : Status::Ok();
}

Status Catalog::RecordAclRoles(const ObjectAddress& object, const Acl& list, Oid owner) {
  return catalog::RecordAclRoles(*store_, object.catalog == oid::kPgDatabase ? 0 : database_, object, list, owner);
}

Status RecordAclRoles(SystemStore& store, Oid database, const ObjectAddress& object, const Acl& list, Oid owner) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, store.Find(oid::kPgShdepend, index_oid::kShdependByDependent,
                                                       {database, object.catalog, object.oid}));
  std::vector<Oid> recorded;
  for (const Row& row : rows) {
    if (row.Char(pg_shdepend::deptype) != 'a' || row.Int(pg_shdepend::objsubid) != object.column) continue;
    Oid role = row.GetOid(pg_shdepend::refobjid);
    bool named = std::any_of(list.begin(), list.end(), [&](const AclItem& item) { return item.grantee == role; });
    if (named) {
      recorded.push_back(role);
    } else {
      RETURN_IF_ERROR(store.Delete(row));
    }
  }
  for (const AclItem& item : list) {
    if (item.grantee < kFirstUserOid || item.grantee == owner ||
        std::find(recorded.begin(), recorded.end(), item.grantee) != recorded.end()) {
      continue;
    }
    recorded.push_back(item.grantee);
    Row row = NewRow(oid::kPgShdepend);
    row.SetInt(pg_shdepend::dbid, database).SetInt(pg_shdepend::classid, object.catalog);
    row.SetInt(pg_shdepend::objid, object.oid).SetInt(pg_shdepend::objsubid, object.column);
    row.SetInt(pg_shdepend::refclassid, oid::kPgAuthid).SetInt(pg_shdepend::refobjid, item.grantee);
    row.SetChar(pg_shdepend::deptype, 'a');
    RETURN_IF_ERROR(store.Insert(row));
  }
  return Status::Ok();
}

}  // namespace phantom::catalog
