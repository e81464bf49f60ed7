#include "catalog/default_privileges.h"

#include <algorithm>

#include "catalog/acl_change.h"
#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/ddl/rows.h"
#include "catalog/shared_catalog.h"

namespace phantom::catalog {
namespace {

Oid CatalogOf(char object_type) {
  switch (object_type) {
    case 'f': return oid::kPgProc;
    case 'T': return oid::kPgType;
    case 'n': return oid::kPgNamespace;
    default: return oid::kPgClass;
  }
}

const char* WordsOf(char object_type) {
  switch (object_type) {
    case 'f': return "function";
    case 'T': return "type";
    case 'n': return "schema";
    case 'S': return "sequence";
    default: return "relation";
  }
}

Acl BuiltInAcl(char object_type, Oid owner) { return DefaultAcl(CatalogOf(object_type), object_type, owner); }

// Without regard to order and to empty items.
std::string Sorted(const Acl& list) {
  Acl sorted = list;
  std::erase_if(sorted, [](const AclItem& item) { return item.privileges == 0; });
  std::sort(sorted.begin(), sorted.end(), [](const AclItem& a, const AclItem& b) {
    return std::pair(a.grantee, a.grantor) < std::pair(b.grantee, b.grantor);
  });
  return StoreAcl(sorted);
}

Acl ReadAcl(const Row& row) {
  if (row.IsNull(pg_default_acl::defaclacl)) return {};
  return ParseAcl(JoinArrayText(row.Texts(pg_default_acl::defaclacl)), [](std::string_view) { return Oid{0}; });
}

Result<std::optional<Row>> FindRow(Catalog& catalog, Oid role, Oid schema, char object_type) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, catalog.store().Find(oid::kPgDefaultAcl, index_oid::kDefaultAclByRole, {role, schema}));
  for (Row& row : rows) {
    if (row.Char(pg_default_acl::defaclobjtype) == object_type) return std::optional<Row>(std::move(row));
  }
  return std::optional<Row>();
}

// Writes the list, or takes the row away when it says nothing.
Status StoreRow(Catalog& catalog, const std::optional<Row>& before, Oid role, Oid schema, char object_type,
                const Acl& list) {
  SystemStore& store = catalog.store();
  const bool needless = schema != 0 ? list.empty() : Sorted(list) == Sorted(BuiltInAcl(object_type, role));
  if (needless) {
    if (!before) return Status::Ok();
    RETURN_IF_ERROR(store.Delete(*before));
    return ForgetShared(store, catalog.database(), {oid::kPgDefaultAcl, before->GetOid(pg_default_acl::oid)});
  }
  Row row = before ? *before : NewRow(oid::kPgDefaultAcl);
  row.SetTexts(pg_default_acl::defaclacl, SplitArrayText(StoreAcl(list)));
  if (before) {
    RETURN_IF_ERROR(store.Update(*before, row));
  } else {
    const Oid oid = catalog.shared().AllocateOid();
    row.SetInt(pg_default_acl::oid, oid).SetInt(pg_default_acl::defaclrole, role);
    row.SetInt(pg_default_acl::defaclnamespace, schema).SetChar(pg_default_acl::defaclobjtype, object_type);
    RETURN_IF_ERROR(store.Insert(row));
    RETURN_IF_ERROR(RecordOwner(store, catalog.database(), {oid::kPgDefaultAcl, oid}, role));
    if (schema != 0) {
      RETURN_IF_ERROR(RecordDependency(store, {oid::kPgDefaultAcl, oid}, {oid::kPgNamespace, schema}, DependencyKind::kAuto));
    }
  }
  return RecordAclRoles(store, catalog.database(), {oid::kPgDefaultAcl, row.GetOid(pg_default_acl::oid)}, list, role);
}

}  // namespace

Status ChangeDefaultPrivileges(Catalog& catalog, const DefaultPrivilegesChange& change) {
  ASSIGN_OR_RETURN(const std::optional<Row> before, FindRow(catalog, change.role, change.schema, change.object_type));
  Acl list = before                 ? ReadAcl(*before)
             : change.schema != 0 ? Acl()
                                    : BuiltInAcl(change.object_type, change.role);
  const AclMode all = AllPrivileges(CatalogOf(change.object_type), change.object_type);
  const AclMode privileges = change.privileges == 0 ? all : change.privileges;
  if (const AclMode wrong = privileges & ~all; wrong != 0) {
    return Errorf(sqlstate::kInvalidGrantOperation, "invalid privilege type %s for %s",
                  std::string(AclModeName(wrong & (~wrong + 1))).c_str(), WordsOf(change.object_type));
  }
  for (const Oid grantee : change.grantees) {
    if (change.grant) {
      if (grantee == 0 && change.grant_option) {
        return Error(sqlstate::kInvalidGrantOperation, "grant options can only be granted to roles");
      }
      GiveTo(list, grantee, change.role, privileges, change.grant_option && grantee != change.role);
    } else if (!TakeFrom(list, grantee, change.role, change.role, privileges, change.grant_option, change.cascade)) {
      return Error(sqlstate::kDependentObjectsStillExist, "dependent privileges exist")
          .Hint("Use CASCADE to revoke them too.");
    }
  }
  RETURN_IF_ERROR(StoreRow(catalog, before, change.role, change.schema, change.object_type, list));
  catalog.Changed();
  return Status::Ok();
}

Result<Acl> NewObjectAcl(Catalog& catalog, char object_type, Oid owner, Oid schema) {
  ASSIGN_OR_RETURN(const std::optional<Row> everywhere, FindRow(catalog, owner, 0, object_type));
  std::optional<Row> here;
  if (schema != 0) {
    ASSIGN_OR_RETURN(here, FindRow(catalog, owner, schema, object_type));
  }
  if (!everywhere && !here) return Acl();
  Acl list = everywhere ? ReadAcl(*everywhere) : BuiltInAcl(object_type, owner);
  if (here) {
    for (const AclItem& item : ReadAcl(*here)) {
      GiveTo(list, item.grantee, item.grantor, item.privileges & ~item.grant_options, false);
      if (item.grant_options != 0) GiveTo(list, item.grantee, item.grantor, item.grant_options, true);
    }
  }
  return Sorted(list) == Sorted(BuiltInAcl(object_type, owner)) ? Acl() : list;
}

Result<std::string> DescribeDefaultPrivileges(Catalog& catalog, Oid oid) {
  ASSIGN_OR_RETURN(const std::optional<Row> row, catalog.store().FindOne(oid::kPgDefaultAcl, index_oid::kDefaultAclByOid, {oid}));
  if (!row) return Format("default ACL %u", oid);
  ASSIGN_OR_RETURN(const std::string role,
                   catalog.DescribeObject({oid::kPgAuthid, row->GetOid(pg_default_acl::defaclrole)}));
  std::string text =
      Format("default privileges on new %ss belonging to %s", WordsOf(row->Char(pg_default_acl::defaclobjtype)), role.c_str());
  if (const Oid schema = row->GetOid(pg_default_acl::defaclnamespace); schema != 0) {
    ASSIGN_OR_RETURN(const std::string name, catalog.DescribeObject({oid::kPgNamespace, schema}));
    text += " in " + name;
  }
  return text;
}

Status ForgetDefaultPrivileges(Catalog& catalog, Oid oid, Oid role) {
  ASSIGN_OR_RETURN(const std::optional<Row> row, catalog.store().FindOne(oid::kPgDefaultAcl, index_oid::kDefaultAclByOid, {oid}));
  if (!row) return Status::Ok();
  const Oid owner = row->GetOid(pg_default_acl::defaclrole);
  Acl list = ReadAcl(*row);
  std::erase_if(list, [role](const AclItem& item) { return item.grantee == role || item.grantor == role; });
  if (owner == role) {
    RETURN_IF_ERROR(catalog.store().Delete(*row));
    RETURN_IF_ERROR(ForgetShared(catalog.store(), catalog.database(), {oid::kPgDefaultAcl, oid}));
  } else {
    RETURN_IF_ERROR(StoreRow(catalog, row, owner, row->GetOid(pg_default_acl::defaclnamespace),
                             row->Char(pg_default_acl::defaclobjtype), list));
  }
  catalog.Changed();
  return Status::Ok();
}

}  // namespace phantom::catalog
