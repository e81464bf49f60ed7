// CREATE, ALTER and DROP of roles and databases; membership. All of it is in shared system tables.
#include <algorithm>
#include <map>
#include <tuple>

#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/ddl/rows.h"
#include "catalog/shared_catalog.h"
#include "common/scram_secret.h"
#include "txn/row_table.h"
#include "txn/transaction.h"
#include "types/text_format.h"

namespace phantom::catalog {
namespace {

void ApplyRole(Row& row, const RoleDefinition& definition) {
  auto set = [&](int column, const std::optional<bool>& value) {
    if (value) row.SetBool(column, *value);
  };
  set(pg_authid::rolsuper, definition.superuser);
  set(pg_authid::rolinherit, definition.inherit);
  set(pg_authid::rolcreaterole, definition.create_role);
  set(pg_authid::rolcreatedb, definition.create_database);
  set(pg_authid::rolcanlogin, definition.login);
  set(pg_authid::rolreplication, definition.replication);
  set(pg_authid::rolbypassrls, definition.bypass_row_security);
  if (definition.connection_limit) row.SetInt(pg_authid::rolconnlimit, *definition.connection_limit);
  if (definition.valid_until) row.SetInt(pg_authid::rolvaliduntil, *definition.valid_until);
  if (!definition.password) return;
  if (definition.password->empty()) {
    row.SetNull(pg_authid::rolpassword);
  } else {
    row.SetText(pg_authid::rolpassword, MakePasswordVerifier(*definition.password));
  }
}

}  // namespace

Status Catalog::CheckCanManageRoles(const RoleDefinition& definition, const char* refusal) {
  ASSIGN_OR_RETURN(bool superuser, IsSuperuser(role_));
  if (superuser) return Status::Ok();
  if (definition.superuser.value_or(false)) {
    return Error(sqlstate::kInsufficientPrivilege, "must be superuser to create superusers");
  }
  if (definition.replication.value_or(false)) {
    return Error(sqlstate::kInsufficientPrivilege, "must be superuser to create replication users");
  }
  if (definition.bypass_row_security.value_or(false)) {
    return Error(sqlstate::kInsufficientPrivilege, "must be superuser to create bypassrls users");
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Role> self, RoleByOid(role_));
  if (self == nullptr || !self->create_role) return Error(sqlstate::kInsufficientPrivilege, refusal);
  return Status::Ok();
}

Result<Oid> Catalog::CreateRole(const RoleDefinition& definition) {
  RETURN_IF_ERROR(CheckCanManageRoles(definition, "permission denied to create role"));
  if (definition.name == "public" || definition.name == "none") {
    return Errorf(sqlstate::kReservedName, "role name \"%s\" is reserved", definition.name.c_str());
  }
  if (definition.name.starts_with("pg_")) {
    return Errorf(sqlstate::kReservedName, "role name \"%s\" is reserved", definition.name.c_str())
        .Detail("Role names starting with \"pg_\" are reserved.");
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Role> taken, FindRole(definition.name));
  if (taken != nullptr) {
    return Errorf(sqlstate::kDuplicateObject, "role \"%s\" already exists", definition.name.c_str());
  }
  Oid oid = shared_->AllocateOid();
  Row row = NewRow(oid::kPgAuthid);
  row.SetInt(pg_authid::oid, oid).SetText(pg_authid::rolname, definition.name);
  row.SetBool(pg_authid::rolsuper, false).SetBool(pg_authid::rolinherit, true);
  row.SetBool(pg_authid::rolcreaterole, false).SetBool(pg_authid::rolcreatedb, false);
  row.SetBool(pg_authid::rolcanlogin, false).SetBool(pg_authid::rolreplication, false);
  row.SetBool(pg_authid::rolbypassrls, false).SetInt(pg_authid::rolconnlimit, -1);
  ApplyRole(row, definition);
  RETURN_IF_ERROR(store_->Insert(row));
  ChangedShared();
  for (Oid role : definition.in_roles) RETURN_IF_ERROR(GrantRole(role, oid, false));
  for (Oid member : definition.members) RETURN_IF_ERROR(GrantRole(oid, member, false));
  for (Oid member : definition.admins) RETURN_IF_ERROR(GrantRole(oid, member, true));
  return oid;
}

Status Catalog::AlterRole(Oid role, const RoleDefinition& changes) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Role> target, RoleByOid(role));
  ASSIGN_OR_RETURN(bool superuser, IsSuperuser(role_));
  if (!superuser) {
    if (target->superuser || changes.superuser) {
      return Error(sqlstate::kInsufficientPrivilege,
                   "must be superuser to alter superuser roles or change superuser attribute");
    }
    // Everybody may change their own password.
    bool only_password = changes.password && !changes.inherit && !changes.create_role && !changes.create_database &&
                         !changes.login && !changes.connection_limit && !changes.valid_until;
    if (!(only_password && role == role_)) RETURN_IF_ERROR(CheckCanManageRoles(changes, "permission denied"));
  }
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgAuthid, index_oid::kAuthidByOid, {role}));
  if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for role %u", role);
  Row changed = *row;
  ApplyRole(changed, changes);
  RETURN_IF_ERROR(store_->Update(*row, changed));
  ChangedShared();
  return Status::Ok();
}

Status Catalog::GrantRole(Oid role, Oid member, bool admin_option) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Role> granted, RoleByOid(role));
  ASSIGN_OR_RETURN(std::shared_ptr<const Role> receiver, RoleByOid(member));
  RETURN_IF_ERROR(CheckMayAdminister(*granted));
  ASSIGN_OR_RETURN(std::vector<Oid> above, RolesOf(role, false));
  if (std::find(above.begin(), above.end(), member) != above.end()) {
    return Errorf(sqlstate::kInvalidGrantOperation, "role \"%s\" is a member of role \"%s\"", granted->name.c_str(),
                  receiver->name.c_str());
  }
  ASSIGN_OR_RETURN(std::optional<Row> row,
                   store_->FindOne(oid::kPgAuthMembers, index_oid::kAuthMembersByRole, {role, member}));
  if (row) {
    if (!admin_option || row->Bool(pg_auth_members::admin_option)) {
      Notice(Errorf(sqlstate::kSuccessfulCompletion, "role \"%s\" is already a member of role \"%s\"",
                    receiver->name.c_str(), granted->name.c_str()));
      return Status::Ok();
    }
    Row changed = *row;
    changed.SetBool(pg_auth_members::admin_option, true);
    RETURN_IF_ERROR(store_->Update(*row, changed));
  } else {
    Row added = NewRow(oid::kPgAuthMembers);
    added.SetInt(pg_auth_members::roleid, role).SetInt(pg_auth_members::member, member);
    added.SetInt(pg_auth_members::grantor, role_).SetBool(pg_auth_members::admin_option, admin_option);
    RETURN_IF_ERROR(store_->Insert(added));
  }
  ChangedShared();
  return Status::Ok();
}

Status Catalog::RevokeRole(Oid role, Oid member, bool admin_option_only) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Role> granted, RoleByOid(role));
  ASSIGN_OR_RETURN(std::shared_ptr<const Role> holder, RoleByOid(member));
  RETURN_IF_ERROR(CheckMayAdminister(*granted));
  ASSIGN_OR_RETURN(std::optional<Row> row,
                   store_->FindOne(oid::kPgAuthMembers, index_oid::kAuthMembersByRole, {role, member}));
  if (!row) {
    Notice(Errorf(sqlstate::kWarning, "role \"%s\" is not a member of role \"%s\"", holder->name.c_str(),
                  granted->name.c_str()));
    return Status::Ok();
  }
  if (admin_option_only) {
    Row changed = *row;
    changed.SetBool(pg_auth_members::admin_option, false);
    RETURN_IF_ERROR(store_->Update(*row, changed));
  } else {
    RETURN_IF_ERROR(store_->Delete(*row));
  }
  ChangedShared();
  return Status::Ok();
}

Status Catalog::CheckMayAdminister(const Role& role) {
  ASSIGN_OR_RETURN(bool superuser, IsSuperuser(role_));
  if (superuser) return Status::Ok();
  if (role.superuser) return Error(sqlstate::kInsufficientPrivilege, "must be superuser to alter superusers");
  ASSIGN_OR_RETURN(std::shared_ptr<const Role> self, RoleByOid(role_));
  if (self != nullptr && self->create_role) return Status::Ok();
  ASSIGN_OR_RETURN(std::vector<Oid> mine, RolesOf(role_, false));
  for (const Membership& membership : *memberships_) {
    if (membership.role == role.oid && membership.admin &&
        std::find(mine.begin(), mine.end(), membership.member) != mine.end()) {
      return Status::Ok();
    }
  }
  return Errorf(sqlstate::kInsufficientPrivilege, "must have admin option on role \"%s\"", role.name.c_str());
}

Status Catalog::DropRole(Oid role) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Role> target, RoleByOid(role));
  ASSIGN_OR_RETURN(bool superuser, IsSuperuser(role_));
  if (!superuser) {
    if (target->superuser) return Error(sqlstate::kInsufficientPrivilege, "must be superuser to drop superusers");
    RETURN_IF_ERROR(CheckCanManageRoles({}, "permission denied to drop role"));
  }
  if (role == role_) return Error(sqlstate::kObjectInUse, "current user cannot be dropped");
  if (role < kFirstUserOid) {
    return Errorf(sqlstate::kDependentObjectsStillExist,
                  "cannot drop role %s because it is required by the database system", target->name.c_str());
  }
  // Nobody may come to own anything as the role, or get privileges, while it is looked at.
  RETURN_IF_ERROR(LockObject({oid::kPgAuthid, role}, txn::LockMode::kAccessExclusive));
  ASSIGN_OR_RETURN(std::vector<Row> uses, store_->Find(oid::kPgShdepend, index_oid::kShdependByReferenced,
                                                       {oid::kPgAuthid, role}));
  if (!uses.empty()) {
    // By age; within an object privileges before ownership.
    std::sort(uses.begin(), uses.end(), [](const Row& a, const Row& b) {
      const auto key = [](const Row& row) {
        return std::tuple(row.GetOid(pg_shdepend::objid), row.GetOid(pg_shdepend::classid), row.Int(pg_shdepend::objsubid),
                          row.Char(pg_shdepend::deptype));
      };
      return key(a) < key(b);
    });
    std::string detail;
    std::map<Oid, size_t> elsewhere;
    for (const Row& use : uses) {
      Oid database = use.GetOid(pg_shdepend::dbid);
      if (database != 0 && database != database_) {
        ++elsewhere[database];
        continue;
      }
      ASSIGN_OR_RETURN(std::string object, DescribeObject({use.GetOid(pg_shdepend::classid), use.GetOid(pg_shdepend::objid),
                                                           static_cast<int32_t>(use.Int(pg_shdepend::objsubid))}));
      if (!detail.empty()) detail += '\n';
      detail += (use.Char(pg_shdepend::deptype) == 'o' ? "owner of " : "privileges for ") + object;
    }
    for (const auto& [database, count] : elsewhere) {
      ASSIGN_OR_RETURN(const std::string where, DescribeObject({oid::kPgDatabase, database}));
      detail += Format("%s%zu object%s in %s", detail.empty() ? "" : "\n", count, count == 1 ? "" : "s", where.c_str());
    }
    return Errorf(sqlstate::kDependentObjectsStillExist,
                  "role \"%s\" cannot be dropped because some objects depend on it", target->name.c_str())
        .Detail(std::move(detail));
  }
  for (Oid index : {index_oid::kAuthMembersByRole, index_oid::kAuthMembersByMember}) {
    ASSIGN_OR_RETURN(std::vector<Row> rows, store_->Find(oid::kPgAuthMembers, index, {role}));
    for (const Row& row : rows) RETURN_IF_ERROR(store_->Delete(row));
  }
  RETURN_IF_ERROR(Comment({oid::kPgAuthid, role}, ""));
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgAuthid, index_oid::kAuthidByOid, {role}));
  if (!row) return Error(sqlstate::kInternalError, "tuple concurrently deleted");
  RETURN_IF_ERROR(store_->Delete(*row));
  ChangedShared();
  return Status::Ok();
}

// ---- Databases ----------------------------------------------------------------------------------

Result<Oid> Catalog::CreateDatabase(const DatabaseDefinition& definition) {
  ASSIGN_OR_RETURN(bool superuser, IsSuperuser(role_));
  ASSIGN_OR_RETURN(std::shared_ptr<const Role> self, RoleByOid(role_));
  if (!superuser && (self == nullptr || !self->create_database)) {
    return Error(sqlstate::kInsufficientPrivilege, "permission denied to create database");
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Database> taken, FindDatabase(definition.name));
  if (taken != nullptr) {
    return Errorf(sqlstate::kDuplicateDatabase, "database \"%s\" already exists", definition.name.c_str());
  }
  std::string template_name = definition.template_name.empty() ? "template1" : definition.template_name;
  ASSIGN_OR_RETURN(std::shared_ptr<const Database> source, FindDatabase(template_name));
  if (source == nullptr) {
    return Errorf(sqlstate::kUndefinedDatabase, "template database \"%s\" does not exist", template_name.c_str());
  }
  if (!source->is_template && !superuser && source->owner != role_) {
    return Errorf(sqlstate::kInsufficientPrivilege, "permission denied to copy database \"%s\"", template_name.c_str());
  }
  Oid oid = shared_->AllocateOid();
  ASSIGN_OR_RETURN(std::optional<Row> template_row,
                   store_->FindOne(oid::kPgDatabase, index_oid::kDatabaseByOid, {source->oid}));
  if (!template_row) return Errorf(sqlstate::kInternalError, "cache lookup failed for database %u", source->oid);
  Row row = *template_row;
  Oid owner = definition.owner != 0 ? definition.owner : role_;
  row.id = RowId();
  row.SetInt(pg_database::oid, oid).SetText(pg_database::datname, definition.name).SetInt(pg_database::datdba, owner);
  row.SetBool(pg_database::datistemplate, definition.is_template);
  row.SetBool(pg_database::datallowconn, definition.allow_connections);
  row.SetInt(pg_database::datconnlimit, definition.connection_limit).SetNull(pg_database::datacl);
  if (!definition.collate.empty()) row.SetText(pg_database::datcollate, definition.collate);
  if (!definition.ctype.empty()) row.SetText(pg_database::datctype, definition.ctype);
  RETURN_IF_ERROR(store_->Insert(row));
  RETURN_IF_ERROR(RecordOwner(*store_, 0, {oid::kPgDatabase, oid}, owner));

  SpaceId space = SharedCatalog::SpaceOf(oid);
  RETURN_IF_ERROR(shared_->manager().CreateSpace(space));
  transaction_->OnAbort([manager = &shared_->manager(), space] { (void)manager->DropSpace(space).ok(); });
  RETURN_IF_ERROR(shared_->CopyDatabase(*transaction_, source->oid, oid));
  ChangedShared();
  return oid;
}

Status Catalog::CheckMayDropDatabase(Oid database) {
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgDatabase, index_oid::kDatabaseByOid, {database}));
  if (!row) return Errorf(sqlstate::kUndefinedDatabase, "database %u does not exist", database);
  ASSIGN_OR_RETURN(bool owns, HasPrivilegesOf(role_, row->GetOid(pg_database::datdba)));
  std::string name(row->Text(pg_database::datname));
  if (!owns) return Errorf(sqlstate::kInsufficientPrivilege, "must be owner of database %s", name.c_str());
  if (row->Bool(pg_database::datistemplate)) return Error(sqlstate::kWrongObjectType, "cannot drop a template database");
  if (database == database_) return Error(sqlstate::kObjectInUse, "cannot drop the currently open database");
  return Status::Ok();
}

Status Catalog::DropDatabase(Oid database) {
  RETURN_IF_ERROR(CheckMayDropDatabase(database));
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgDatabase, index_oid::kDatabaseByOid, {database}));
  if (!row) return Errorf(sqlstate::kUndefinedDatabase, "database %u does not exist", database);
  RETURN_IF_ERROR(store_->Delete(*row));
  RETURN_IF_ERROR(ForgetShared(*store_, 0, {oid::kPgDatabase, database}));
  ASSIGN_OR_RETURN(std::vector<Row> uses, store_->Find(oid::kPgShdepend, index_oid::kShdependByDependent, {database}));
  for (const Row& use : uses) RETURN_IF_ERROR(store_->Delete(use));
  RETURN_IF_ERROR(Comment({oid::kPgDatabase, database}, ""));
  transaction_->OnCommit([manager = &shared_->manager(), database] {
    (void)manager->DropSpace(SharedCatalog::SpaceOf(database)).ok();
  });
  ChangedShared();
  return Status::Ok();
}

Status Catalog::AlterDatabase(const Database& changed) {
  return UpdateObject({oid::kPgDatabase, changed.oid}, [&](Row& row) {
    row.SetBool(pg_database::datistemplate, changed.is_template);
    row.SetBool(pg_database::datallowconn, changed.allow_connections);
    row.SetInt(pg_database::datconnlimit, changed.connection_limit);
  });
}

// ---- Settings of roles and databases ------------------------------------------------------------

Result<std::vector<std::pair<std::string, std::string>>> Catalog::RoleSettings(Oid database, Oid role) {
  std::vector<std::pair<std::string, std::string>> settings;
  ASSIGN_OR_RETURN(std::optional<Row> row,
                   store_->FindOne(oid::kPgDbRoleSetting, index_oid::kDbRoleSetting, {database, role}));
  if (!row) return settings;
  for (const std::string& entry : row->Texts(pg_db_role_setting::setconfig)) {
    size_t equals = entry.find('=');
    settings.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return settings;
}

Status Catalog::SetRoleSetting(Oid database, Oid role, std::string_view name, const std::optional<std::string>& value) {
  ASSIGN_OR_RETURN(std::optional<Row> row,
                   store_->FindOne(oid::kPgDbRoleSetting, index_oid::kDbRoleSetting, {database, role}));
  std::vector<std::string> entries;
  if (row && !name.empty()) entries = row->Texts(pg_db_role_setting::setconfig);
  std::string prefix = std::string(name) + '=';
  std::erase_if(entries, [&](const std::string& entry) { return entry.starts_with(prefix); });
  if (value) entries.push_back(prefix + *value);
  if (entries.empty()) return row ? store_->Delete(*row) : Status::Ok();
  Row changed = row ? *row : NewRow(oid::kPgDbRoleSetting);
  changed.SetInt(pg_db_role_setting::setdatabase, database).SetInt(pg_db_role_setting::setrole, role);
  changed.SetTexts(pg_db_role_setting::setconfig, entries);
  return row ? store_->Update(*row, changed) : store_->Insert(changed);
}

}  // namespace phantom::catalog
