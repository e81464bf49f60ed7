// DROP OWNED, REASSIGN OWNED, ALTER DEFAULT PRIVILEGES.
#include "catalog/ownership.h"

#include "catalog/default_privileges.h"
#include "parser/ast_expr.h"
#include "session/ddl/runner.h"

namespace phantom::session {

using parser::Cast;
using parser::ObjectType;

Result<std::vector<Oid>> DdlRunner::RolesToActFor(parser::ListOf<parser::RoleSpec> specs, const char* refusal) {
  std::vector<Oid> roles;
  for (const parser::RoleSpec* spec : specs) {
    ASSIGN_OR_RETURN(const Oid role, ResolveRole(*spec));
    ASSIGN_OR_RETURN(const bool allowed, catalog_.HasPrivilegesOf(catalog_.current_role(), role));
    if (!allowed) return Error(sqlstate::kInsufficientPrivilege, refusal);
    roles.push_back(role);
  }
  return roles;
}

Result<DdlResult> DdlRunner::DropOwned(const parser::DropOwnedStmt& statement) {
  ASSIGN_OR_RETURN(const std::vector<Oid> roles, RolesToActFor(statement.roles, "permission denied to drop objects"));
  RETURN_IF_ERROR(catalog::DropOwned(catalog_, roles, statement.behavior == parser::DropBehavior::kCascade));
  return DdlResult{"DROP OWNED"};
}

Result<DdlResult> DdlRunner::ReassignOwned(const parser::ReassignOwnedStmt& statement) {
  constexpr const char* kRefusal = "permission denied to reassign objects";
  ASSIGN_OR_RETURN(const std::vector<Oid> roles, RolesToActFor(statement.roles, kRefusal));
  const parser::RoleSpec* target[] = {statement.new_role};
  ASSIGN_OR_RETURN(const std::vector<Oid> new_owner, RolesToActFor(target, kRefusal));
  RETURN_IF_ERROR(catalog::ReassignOwned(catalog_, roles, new_owner.front()));
  return DdlResult{"REASSIGN OWNED"};
}

Result<DdlResult> DdlRunner::AlterDefaultPrivileges(const parser::AlterDefaultPrivilegesStmt& statement) {
  const parser::GrantStmt& action = *statement.action;
  catalog::DefaultPrivilegesChange change;
  switch (action.object_type) {
    case ObjectType::kSequence: change.object_type = 'S'; break;
    case ObjectType::kFunction:
    case ObjectType::kProcedure:
    case ObjectType::kRoutine: change.object_type = 'f'; break;
    case ObjectType::kType: change.object_type = 'T'; break;
    case ObjectType::kSchema: change.object_type = 'n'; break;
    default: change.object_type = 'r'; break;
  }
  change.grant = action.is_grant;
  change.grant_option = action.grant_option;
  change.cascade = action.behavior == parser::DropBehavior::kCascade;
  for (const parser::AccessPriv* privilege : action.privileges) {
    if (!privilege->columns.empty()) {
      return Error(sqlstate::kInvalidGrantOperation, "default privileges cannot be set for columns");
    }
    const catalog::AclMode mode = catalog::AclModeFromName(privilege->name);
    if (mode == 0) {
      return Errorf(sqlstate::kSyntaxError, "unrecognized privilege type \"%s\"", std::string(privilege->name).c_str());
    }
    change.privileges |= mode;
  }
  for (const parser::RoleSpec* grantee : action.grantees) {
    ASSIGN_OR_RETURN(const Oid role, ResolveRole(*grantee));
    change.grantees.push_back(role);
  }
  std::vector<Oid> roles{catalog_.current_role()};
  std::vector<Oid> schemas;
  for (const parser::DefElem* option : statement.options) {
    if (option->name == "roles") {
      roles.clear();
      for (const parser::Node* item : Cast<parser::ListNode>(*option->arg).items) {
        ASSIGN_OR_RETURN(const Oid role, ResolveRole(Cast<parser::RoleSpec>(*item)));
        ASSIGN_OR_RETURN(const bool member, catalog_.IsMemberOf(catalog_.current_role(), role));
        if (!member) {
          ASSIGN_OR_RETURN(const auto named, catalog_.RoleByOid(role));
          return Errorf(sqlstate::kInsufficientPrivilege, "must be member of role \"%s\"", named->name.c_str());
        }
        roles.push_back(role);
      }
    } else if (option->name == "schemas") {
      const auto add = [&](std::string_view name) -> Status {
        ASSIGN_OR_RETURN(const auto schema, catalog_.SchemaOrError(name));
        schemas.push_back(schema->oid);
        return Status::Ok();
      };
      if (const auto* names = parser::DynCast<parser::StringList>(option->arg)) {
        for (const std::string_view name : names->names) RETURN_IF_ERROR(add(name));
      } else {
        for (const parser::Node* item : Cast<parser::ListNode>(*option->arg).items) {
          RETURN_IF_ERROR(add(Cast<parser::Constant>(*item).text));
        }
      }
    }
  }
  if (change.object_type == 'n' && !schemas.empty()) {
    return Error(sqlstate::kInvalidGrantOperation, "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS");
  }
  if (schemas.empty()) schemas.push_back(0);
  for (const Oid role : roles) {
    for (const Oid schema : schemas) {
      change.role = role;
      change.schema = schema;
      RETURN_IF_ERROR(catalog::ChangeDefaultPrivileges(catalog_, change));
    }
  }
  return DdlResult{"ALTER DEFAULT PRIVILEGES"};
}

}  // namespace phantom::session
