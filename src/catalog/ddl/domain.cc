#include "catalog/domain.h"

#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/row.h"
#include "catalog/system_store.h"

namespace phantom::catalog {

Status SetDomainDefault(Catalog& catalog, Oid domain, const std::optional<ExpressionDefinition>& value) {
  return catalog.UpdateObject({oid::kPgType, domain}, [&](Row& row) {
    if (value) {
      row.SetText(pg_type::typdefaultbin, value->stored_sql).SetText(pg_type::typdefault, value->stored_sql);
    } else {
      row.SetNull(pg_type::typdefaultbin).SetNull(pg_type::typdefault);
    }
  });
}

Status SetDomainNotNull(Catalog& catalog, Oid domain, bool not_null) {
  return catalog.UpdateObject({oid::kPgType, domain}, [&](Row& row) { row.SetBool(pg_type::typnotnull, not_null); });
}

Result<std::vector<std::pair<Oid, int>>> ColumnsOfDomain(Catalog& catalog, Oid domain) {
  std::vector<std::pair<Oid, int>> columns;
  ASSIGN_OR_RETURN(const std::vector<Row> rows,
                   catalog.store().Find(oid::kPgDepend, index_oid::kDependByReferenced, {oid::kPgType, domain}));
  for (const Row& row : rows) {
    const Oid object = row.GetOid(pg_depend::objid);
    const int column = static_cast<int>(row.Int(pg_depend::objsubid));
    if (row.GetOid(pg_depend::classid) == oid::kPgClass && column > 0) {
      ASSIGN_OR_RETURN(const TableRef table, catalog.TableByOid(object));
      if (table != nullptr && table->kind == RelationKind::kTable) columns.emplace_back(object, column);
    } else if (row.GetOid(pg_depend::classid) == oid::kPgType) {
      const TypeRef type = catalog.TypeByOid(object);
      if (type == nullptr || type->kind != TypeKind::kDomain) continue;
      ASSIGN_OR_RETURN(const auto more, ColumnsOfDomain(catalog, object));
      columns.insert(columns.end(), more.begin(), more.end());
    }
  }
  return columns;
}

Status CheckTypeUsage(Catalog& catalog, Oid type, Oid role) {
  if (type < kFirstUserOid) return Status::Ok();
  TypeRef row = catalog.TypeByOid(type);
  if (row != nullptr && row->is_array()) {
    type = row->element;
    row = catalog.TypeByOid(type);
  }
  if (row == nullptr || type < kFirstUserOid) return Status::Ok();
  ASSIGN_OR_RETURN(const bool superuser, catalog.IsSuperuser(role));
  if (superuser) return Status::Ok();
  ASSIGN_OR_RETURN(const std::optional<Row> stored, catalog.store().FindOne(oid::kPgType, index_oid::kTypeByOid, {type}));
  if (!stored || stored->IsNull(pg_type::typacl)) return Status::Ok();
  ASSIGN_OR_RETURN(const Acl list,
                   catalog.AclOf(JoinArrayText(stored->Texts(pg_type::typacl)), oid::kPgType, 0, row->owner));
  ASSIGN_OR_RETURN(const AclMode held, catalog.HeldPrivileges(list, role, row->owner));
  if ((held & acl::kUsage) != 0) return Status::Ok();
  return Errorf(sqlstate::kInsufficientPrivilege, "permission denied for type %s", catalog.FormatType({type}).c_str());
}

}  // namespace phantom::catalog
