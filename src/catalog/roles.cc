// Roles and databases as look-ups see them, memberships, and privilege checks.
#include <algorithm>

#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/object_loader.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"

namespace phantom::catalog {
namespace {

constexpr Oid kPgReadAllData = 6181;
constexpr Oid kPgWriteAllData = 6182;

// The word for a relation in messages about privileges and ownership.
const char* KindWord(const Table& table) {
  switch (table.kind) {
    case RelationKind::kIndex: return "index";
    case RelationKind::kSequence: return "sequence";
    case RelationKind::kView: return "view";
    case RelationKind::kCompositeType: return "type";
    default: return "table";
  }
}

}  // namespace

Result<std::shared_ptr<const Role>> Catalog::FindRole(std::string_view name) {
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgAuthid, index_oid::kAuthidByName, {name}));
  if (!row) return std::shared_ptr<const Role>();
  return std::make_shared<const Role>(MakeRole(*row));
}

Result<std::shared_ptr<const Role>> Catalog::RoleByOid(Oid oid) {
  Local();
  auto known = roles_.find(oid);
  if (known != roles_.end()) return known->second;
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgAuthid, index_oid::kAuthidByOid, {oid}));
  std::shared_ptr<const Role> role = row ? std::make_shared<const Role>(MakeRole(*row)) : nullptr;
  roles_.emplace(oid, role);
  return role;
}

Result<std::shared_ptr<const Role>> Catalog::RoleOrError(std::string_view name) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Role> role, FindRole(name));
  if (role != nullptr) return role;
  return Errorf(sqlstate::kUndefinedObject, "role \"%s\" does not exist", std::string(name).c_str());
}

Result<std::shared_ptr<const Database>> Catalog::FindDatabase(std::string_view name) {
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgDatabase, index_oid::kDatabaseByName, {name}));
  if (!row) return std::shared_ptr<const Database>();
  return std::make_shared<const Database>(MakeDatabase(*row));
}

Result<std::shared_ptr<const Database>> Catalog::DatabaseByOid(Oid oid) {
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgDatabase, index_oid::kDatabaseByOid, {oid}));
  if (!row) return std::shared_ptr<const Database>();
  return std::make_shared<const Database>(MakeDatabase(*row));
}

Result<std::vector<Oid>> Catalog::OpenDatabases() {
  ASSIGN_OR_RETURN(const std::vector<Row> rows, store_->All(oid::kPgDatabase));
  std::vector<Oid> databases;
  for (const Row& row : rows) {
    if (row.Bool(pg_database::datallowconn)) databases.push_back(row.GetOid(pg_database::oid));
  }
  return databases;
}

Result<bool> Catalog::IsSuperuser(Oid role) {
  if (role == oid::kRolePostgres) return true;
  ASSIGN_OR_RETURN(std::shared_ptr<const Role> found, RoleByOid(role));
  return found != nullptr && found->superuser;
}

Result<std::vector<Oid>> Catalog::RolesOf(Oid member, bool inherited_only) {
  Local();
  if (!memberships_) {
    ASSIGN_OR_RETURN(std::vector<Row> rows, store_->All(oid::kPgAuthMembers));
    memberships_.emplace();
    for (const Row& row : rows) {
      memberships_->push_back({row.GetOid(pg_auth_members::roleid), row.GetOid(pg_auth_members::member),
                               row.Bool(pg_auth_members::admin_option)});
    }
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Database> database, DatabaseByOid(database_));
  std::vector<Oid> roles{member};
  for (size_t i = 0; i < roles.size(); ++i) {
    if (inherited_only) {
      ASSIGN_OR_RETURN(std::shared_ptr<const Role> role, RoleByOid(roles[i]));
      if (role != nullptr && !role->inherit) continue;
    }
    auto add = [&](Oid role) {
      if (std::find(roles.begin(), roles.end(), role) == roles.end()) roles.push_back(role);
    };
    for (const Membership& membership : *memberships_) {
      if (membership.member == roles[i]) add(membership.role);
    }
    if (database != nullptr && database->owner == roles[i]) add(oid::kRolePgDatabaseOwner);
  }
  return roles;
}

Result<bool> Catalog::IsMemberOf(Oid member, Oid role) {
  if (member == role) return true;
  ASSIGN_OR_RETURN(bool superuser, IsSuperuser(member));
  if (superuser) return true;
  ASSIGN_OR_RETURN(std::vector<Oid> roles, RolesOf(member, false));
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

Result<bool> Catalog::HasPrivilegesOf(Oid member, Oid role) {
  if (member == role) return true;
  ASSIGN_OR_RETURN(bool superuser, IsSuperuser(member));
  if (superuser) return true;
  ASSIGN_OR_RETURN(std::vector<Oid> roles, RolesOf(member, true));
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

// ---- Privileges ---------------------------------------------------------------------------------

Result<Acl> Catalog::AclOf(std::string_view stored, Oid catalog, char relation_kind, Oid owner) {
  if (stored.empty()) return DefaultAcl(catalog, relation_kind, owner);
  Status failure;
  Acl acl = ParseAcl(stored, [&](std::string_view name) {
    Result<std::shared_ptr<const Role>> role = FindRole(name);
    if (!role.ok()) failure = role.status();
    return role.ok() && *role != nullptr ? (*role)->oid : Oid{0};
  });
  if (!failure.ok()) return failure;
  return acl;
}

Result<AclMode> Catalog::HeldPrivileges(const Acl& acl, Oid role, Oid owner) {
  ASSIGN_OR_RETURN(std::vector<Oid> roles, RolesOf(role, true));
  AclMode held = 0;
  for (const AclItem& item : acl) {
    if (item.grantee == 0 || std::find(roles.begin(), roles.end(), item.grantee) != roles.end()) held |= item.privileges;
  }
  return held;
}

Result<AclMode> Catalog::TablePrivileges(const Table& table, Oid role) {
  constexpr AclMode kEverything = ~AclMode{0};
  ASSIGN_OR_RETURN(bool superuser, IsSuperuser(role));
  if (superuser) return kEverything;
  ASSIGN_OR_RETURN(Acl acl, AclOf(table.acl, oid::kPgClass, static_cast<char>(table.kind), table.owner));
  ASSIGN_OR_RETURN(AclMode held, HeldPrivileges(acl, role, table.owner));
  ASSIGN_OR_RETURN(bool reads_all, HasPrivilegesOf(role, kPgReadAllData));
  ASSIGN_OR_RETURN(bool writes_all, HasPrivilegesOf(role, kPgWriteAllData));
  if (reads_all) held |= acl::kSelect;
  if (writes_all) held |= acl::kInsert | acl::kUpdate | acl::kDelete;
  // Only superusers write system tables, whatever they were granted.
  if (table.is_system()) held &= acl::kSelect | acl::kReferences;
  return held;
}

Status Catalog::CheckTablePrivilege(const Table& table, AclMode needed, Oid role) {
  ASSIGN_OR_RETURN(AclMode held, TablePrivileges(table, role));
  if ((held & needed) == needed) return Status::Ok();
  return Errorf(sqlstate::kInsufficientPrivilege, "permission denied for %s %s", KindWord(table), table.name.c_str());
}

Status Catalog::CheckColumnPrivilege(const Table& table, std::span<const int16_t> columns, AclMode needed, Oid role) {
  ASSIGN_OR_RETURN(AclMode held, TablePrivileges(table, role));
  if ((held & needed) == needed) return Status::Ok();
  bool all = !columns.empty();
  for (int16_t column : columns) {
    if (column < 1) return CheckTablePrivilege(table, needed, role);
    const std::string& stored = table.column(column).acl;
    AclMode on_column = held;
    if (!stored.empty()) {
      ASSIGN_OR_RETURN(Acl acl, AclOf(stored, oid::kPgClass, 'r', table.owner));
      ASSIGN_OR_RETURN(AclMode more, HeldPrivileges(acl, role, table.owner));
      on_column |= more;
    }
    all &= (on_column & needed) == needed;
  }
  if (all) return Status::Ok();
  return Errorf(sqlstate::kInsufficientPrivilege, "permission denied for %s %s", KindWord(table), table.name.c_str());
}

Status Catalog::CheckSchemaPrivilege(Oid schema, AclMode needed, Oid role) {
  ASSIGN_OR_RETURN(bool superuser, IsSuperuser(role));
  if (superuser || schema == temporary_schema_) return Status::Ok();
  ASSIGN_OR_RETURN(std::shared_ptr<const Schema> found, SchemaByOid(schema));
  if (found == nullptr) return Errorf(sqlstate::kInvalidSchemaName, "schema with OID %u does not exist", schema);
  ASSIGN_OR_RETURN(Acl acl, AclOf(found->acl, oid::kPgNamespace, 0, found->owner));
  ASSIGN_OR_RETURN(AclMode held, HeldPrivileges(acl, role, found->owner));
  if ((needed & acl::kUsage) != 0 && (held & acl::kUsage) == 0) {
    ASSIGN_OR_RETURN(bool reads_all, HasPrivilegesOf(role, kPgReadAllData));
    ASSIGN_OR_RETURN(bool writes_all, HasPrivilegesOf(role, kPgWriteAllData));
    if (reads_all || writes_all) held |= acl::kUsage;
  }
  if ((held & needed) == needed) return Status::Ok();
  return Errorf(sqlstate::kInsufficientPrivilege, "permission denied for schema %s", found->name.c_str());
}

Status Catalog::CheckDatabasePrivilege(Oid database, AclMode needed, Oid role) {
  ASSIGN_OR_RETURN(bool superuser, IsSuperuser(role));
  if (superuser) return Status::Ok();
  ASSIGN_OR_RETURN(std::shared_ptr<const Database> found, DatabaseByOid(database));
  if (found == nullptr) return Errorf(sqlstate::kInvalidCatalogName, "database with OID %u does not exist", database);
  ASSIGN_OR_RETURN(Acl acl, AclOf(found->acl, oid::kPgDatabase, 0, found->owner));
  ASSIGN_OR_RETURN(AclMode held, HeldPrivileges(acl, role, found->owner));
  if ((held & needed) == needed) return Status::Ok();
  return Errorf(sqlstate::kInsufficientPrivilege, "permission denied for database %s", found->name.c_str());
}

Status Catalog::CheckOwner(const Table& table, Oid role) {
  ASSIGN_OR_RETURN(bool owns, HasPrivilegesOf(role, table.owner));
  if (owns) return Status::Ok();
  return Errorf(sqlstate::kInsufficientPrivilege, "must be owner of %s %s", KindWord(table), table.name.c_str());
}

}  // namespace phantom::catalog
