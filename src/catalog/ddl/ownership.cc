#include "catalog/ownership.h"

#include <algorithm>

#include "catalog/acl_change.h"
#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/ddl/rows.h"
#include "catalog/default_privileges.h"

namespace phantom::catalog {
namespace {

// What a role has, by pg_shdepend's rows of this database and of what all share.
struct Held {
  ObjectAddress object;
  char kind;  // 'o' owns it, 'a' is named in its list of privileges
};

Result<std::vector<Held>> HeldBy(Catalog& catalog, Oid role) {
  ASSIGN_OR_RETURN(const std::vector<Row> rows,
                   catalog.store().Find(oid::kPgShdepend, index_oid::kShdependByReferenced, {oid::kPgAuthid, role}));
  std::vector<Held> held;
  for (const Row& row : rows) {
    const Oid database = row.GetOid(pg_shdepend::dbid);
    if (database != 0 && database != catalog.database()) continue;
    held.push_back({{row.GetOid(pg_shdepend::classid), row.GetOid(pg_shdepend::objid),
                     static_cast<int32_t>(row.Int(pg_shdepend::objsubid))},
                    row.Char(pg_shdepend::deptype)});
  }
  return held;
}

Status CheckNotPinned(Catalog& catalog, Oid role, const char* refusal) {
  if (role >= kFirstUserOid) return Status::Ok();
  ASSIGN_OR_RETURN(const std::string name, catalog.DescribeObject({oid::kPgAuthid, role}));
  return Errorf(sqlstate::kDependentObjectsStillExist, refusal, name.c_str());
}

// Where a kind of object keeps its privileges.
struct AclColumn {
  Oid index;
  int acl, owner;
};
AclColumn AclColumnOf(const ObjectAddress& object) {
  switch (object.catalog) {
    case oid::kPgNamespace: return {index_oid::kNamespaceByOid, pg_namespace::nspacl, pg_namespace::nspowner};
    case oid::kPgDatabase: return {index_oid::kDatabaseByOid, pg_database::datacl, pg_database::datdba};
    case oid::kPgType: return {index_oid::kTypeByOid, pg_type::typacl, pg_type::typowner};
    default: return {index_oid::kClassByOid, pg_class::relacl, pg_class::relowner};
  }
}

Status TakeOutOfAcl(Catalog& catalog, const ObjectAddress& object, Oid role) {
  SystemStore& store = catalog.store();
  const bool on_column = object.catalog == oid::kPgClass && object.column != 0;
  const AclColumn place = AclColumnOf(object);
  ASSIGN_OR_RETURN(const std::optional<Row> whole, store.FindOne(object.catalog, place.index, {object.oid}));
  std::optional<Row> row = whole;
  int column = place.acl;
  if (on_column) {
    ASSIGN_OR_RETURN(row, store.FindOne(oid::kPgAttribute, index_oid::kAttributeByNumber, {object.oid, object.column}));
    column = pg_attribute::attacl;
  }
  if (!row || !whole || row->IsNull(column)) return Status::Ok();
  Acl list = ParseAcl(JoinArrayText(row->Texts(column)), [](std::string_view) { return Oid{0}; });
  std::erase_if(list, [role](const AclItem& item) { return item.grantee == role || item.grantor == role; });
  Row changed = *row;
  if (on_column && list.empty()) {
    changed.SetNull(column);
  } else {
    changed.SetTexts(column, SplitArrayText(StoreAcl(list)));
  }
  RETURN_IF_ERROR(store.Update(*row, changed));
  const Oid database = object.catalog == oid::kPgDatabase ? 0 : catalog.database();
  RETURN_IF_ERROR(RecordAclRoles(store, database, object, list, whole->GetOid(place.owner)));
  object.catalog == oid::kPgDatabase ? catalog.ChangedShared() : catalog.Changed();
  return Status::Ok();
}

}  // namespace

Status DropOwned(Catalog& catalog, const std::vector<Oid>& roles, bool cascade) {
  std::vector<ObjectAddress> owned;
  for (const Oid role : roles) {
    RETURN_IF_ERROR(CheckNotPinned(catalog, role,
                                   "cannot drop objects owned by %s because they are required by the database system"));
    ASSIGN_OR_RETURN(const std::vector<Held> held, HeldBy(catalog, role));
    for (const Held& each : held) {
      if (each.object.catalog == oid::kPgDefaultAcl) {
        RETURN_IF_ERROR(ForgetDefaultPrivileges(catalog, each.object.oid, role));
      } else if (each.kind == 'a') {
        RETURN_IF_ERROR(TakeOutOfAcl(catalog, each.object, role));
      } else if (each.object.catalog != oid::kPgDatabase) {
        owned.push_back(each.object);
      }
    }
  }
  // Parts go with their wholes: row types, indexes of keys and sequences of columns are not to be dropped by name.
  std::vector<ObjectAddress> wholes;
  for (const ObjectAddress& object : owned) {
    ASSIGN_OR_RETURN(const std::vector<Row> rows,
                     catalog.store().Find(oid::kPgDepend, index_oid::kDependByDependent, {object.catalog, object.oid}));
    const bool part = std::any_of(rows.begin(), rows.end(),
                                  [](const Row& row) { return row.Char(pg_depend::deptype) == 'i'; });
    if (!part) wholes.push_back(object);
  }
  // Newest first, which is how dependents go before what they depend on, and the order in which they are reported.
  std::sort(wholes.begin(), wholes.end(), [](const ObjectAddress& a, const ObjectAddress& b) { return a.oid > b.oid; });
  return wholes.empty() ? Status::Ok() : catalog.DropObjects(wholes, cascade);
}

Status ReassignOwned(Catalog& catalog, const std::vector<Oid>& roles, Oid new_owner) {
  for (const Oid role : roles) {
    RETURN_IF_ERROR(CheckNotPinned(
        catalog, role, "cannot reassign ownership of objects owned by %s because they are required by the database system"));
    ASSIGN_OR_RETURN(const std::vector<Held> held, HeldBy(catalog, role));
    for (const Held& each : held) {
      if (each.kind != 'o' || each.object.catalog == oid::kPgDefaultAcl) continue;
      RETURN_IF_ERROR(catalog.SetObjectOwner(each.object, new_owner));
    }
  }
  return Status::Ok();
}

}  // namespace phantom::catalog
