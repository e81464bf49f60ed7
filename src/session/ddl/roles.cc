// Roles, memberships and privileges.
#include <algorithm>

#include "session/ddl/runner.h"
#include "types/text_format.h"

namespace phantom::session {

using parser::Cast;
using parser::DynCast;
using parser::ObjectType;

Status DdlRunner::RoleOptions(parser::ListOf<parser::DefElem> options, catalog::RoleDefinition& definition) {
  auto members = [&](const parser::DefElem& option, std::vector<Oid>& roles) -> Status {
    for (const parser::Node* item : Cast<parser::ListNode>(*option.arg).items) {
      ASSIGN_OR_RETURN(Oid role, ResolveRole(Cast<parser::RoleSpec>(*item)));
      roles.push_back(role);
    }
    return Status::Ok();
  };
  std::vector<std::string_view> seen;
  for (const parser::DefElem* option : options) {
    if (std::find(seen.begin(), seen.end(), option->name) != seen.end()) {
      return Error(sqlstate::kSyntaxError, "conflicting or redundant options").At(option->location);
    }
    seen.push_back(option->name);
    std::optional<bool>* flag = option->name == "superuser"       ? &definition.superuser
                                : option->name == "inherit"       ? &definition.inherit
                                : option->name == "createrole"    ? &definition.create_role
                                : option->name == "createdb"      ? &definition.create_database
                                : option->name == "canlogin"      ? &definition.login
                                : option->name == "isreplication" ? &definition.replication
                                : option->name == "bypassrls"     ? &definition.bypass_row_security
                                                                  : nullptr;
    if (flag != nullptr) {
      ASSIGN_OR_RETURN(*flag, OptionBool(*option));
    } else if (option->name == "password") {
      definition.password = "";
      if (option->arg != nullptr) {
        ASSIGN_OR_RETURN(definition.password, OptionText(*option));
        if (definition.password->empty()) {
          catalog_.Notice(Error(sqlstate::kSuccessfulCompletion, "empty string is not a valid password, clearing password"));
        }
      }
    } else if (option->name == "connectionlimit") {
      ASSIGN_OR_RETURN(int64_t limit, OptionInteger(*option));
      if (limit < -1) {
        return Errorf(sqlstate::kInvalidParameterValue, "invalid connection limit: %lld", static_cast<long long>(limit));
      }
      definition.connection_limit = static_cast<int32_t>(limit);
    } else if (option->name == "validUntil") {
      ASSIGN_OR_RETURN(std::string text, OptionText(*option));
      ASSIGN_OR_RETURN(types::Value until, types::ParseText(types::kTimestamptzOid, text, *context_.planner.format));
      definition.valid_until = until.AsInt64();
    } else if (option->name == "addroleto") {
      RETURN_IF_ERROR(members(*option, definition.in_roles));
    } else if (option->name == "rolemembers") {
      RETURN_IF_ERROR(members(*option, definition.members));
    } else if (option->name == "adminmembers") {
      RETURN_IF_ERROR(members(*option, definition.admins));
    }
  }
  return Status::Ok();
}

Result<DdlResult> DdlRunner::CreateRole(const parser::CreateRoleStmt& statement) {
  catalog::RoleDefinition definition;
  definition.name = statement.name;
  if (statement.type == parser::RoleStmtType::kUser) definition.login = true;
  RETURN_IF_ERROR(RoleOptions(statement.options, definition));
  ASSIGN_OR_RETURN(Oid oid, catalog_.CreateRole(definition));
  (void)oid;
  return DdlResult{"CREATE ROLE"};
}

Result<DdlResult> DdlRunner::AlterRole(const parser::AlterRoleStmt& statement) {
  ASSIGN_OR_RETURN(Oid role, ResolveRole(*statement.role));
  catalog::RoleDefinition changes;
  RETURN_IF_ERROR(RoleOptions(statement.options, changes));
  for (Oid member : changes.members) {
    // ALTER GROUP ... ADD | DROP USER
    RETURN_IF_ERROR(statement.action >= 0 ? catalog_.GrantRole(role, member, false)
                                          : catalog_.RevokeRole(role, member, false));
  }
  if (changes.members.empty()) RETURN_IF_ERROR(catalog_.AlterRole(role, changes));
  return DdlResult{"ALTER ROLE"};
}

Result<DdlResult> DdlRunner::DropRoles(const parser::DropRoleStmt& statement) {
  for (const parser::RoleSpec* spec : statement.roles) {
    if (spec->role != parser::RoleSpecType::kName) {
      return Error(sqlstate::kInvalidParameterValue, "cannot use special role specifier in DROP ROLE");
    }
    ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Role> role, catalog_.FindRole(spec->name));
    if (role == nullptr) {
      std::string name(spec->name);
      if (!statement.missing_ok) return Errorf(sqlstate::kUndefinedObject, "role \"%s\" does not exist", name.c_str());
      catalog_.Notice(Errorf(sqlstate::kSuccessfulCompletion, "role \"%s\" does not exist, skipping", name.c_str()));
      continue;
    }
    RETURN_IF_ERROR(catalog_.DropRole(role->oid));
  }
  return DdlResult{"DROP ROLE"};
}

Result<DdlResult> DdlRunner::GrantRole(const parser::GrantRoleStmt& statement) {
  for (const parser::AccessPriv* granted : statement.granted) {
    ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Role> role, catalog_.RoleOrError(granted->name));
    for (const parser::RoleSpec* grantee : statement.grantees) {
      ASSIGN_OR_RETURN(Oid member, ResolveRole(*grantee));
      RETURN_IF_ERROR(statement.is_grant ? catalog_.GrantRole(role->oid, member, statement.admin_option)
                                         : catalog_.RevokeRole(role->oid, member, statement.admin_option));
    }
  }
  return DdlResult{statement.is_grant ? "GRANT ROLE" : "REVOKE ROLE"};
}

// ---- GRANT and REVOKE on objects ----------------------------------------------------------------

Status DdlRunner::GrantTargets(const parser::GrantStmt& statement, std::vector<catalog::ObjectAddress>& objects) {
  if (statement.target == parser::GrantTargetType::kAllInSchema) {
    bool sequences = statement.object_type == ObjectType::kSequence;
    for (const parser::Node* node : statement.objects) {
      ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Schema> schema,
                       catalog_.SchemaOrError(Cast<parser::Constant>(*node).text));
      ASSIGN_OR_RETURN(std::vector<catalog::TableRef> tables, catalog_.TablesOf(schema->oid));
      for (const catalog::TableRef& table : tables) {
        bool is_sequence = table->kind == catalog::RelationKind::kSequence;
        bool is_table = table->kind == catalog::RelationKind::kTable || table->is_view();
        if (sequences ? is_sequence : is_table) objects.push_back({catalog::oid::kPgClass, table->oid});
      }
    }
    return Status::Ok();
  }
  for (const parser::Node* node : statement.objects) {
    if (const auto* range = DynCast<parser::RangeVar>(node)) {
      ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.TableOrError(NameOf(*range)));
      if (table->kind == catalog::RelationKind::kIndex) {
        return Errorf(sqlstate::kWrongObjectType, "\"%s\" is an index", table->name.c_str());
      }
      if (statement.object_type == ObjectType::kSequence && table->kind != catalog::RelationKind::kSequence) {
        return Errorf(sqlstate::kWrongObjectType, "\"%s\" is not a sequence", table->name.c_str());
      }
      objects.push_back({catalog::oid::kPgClass, table->oid});
      continue;
    }
    ASSIGN_OR_RETURN(std::optional<catalog::ObjectAddress> object, FindObject(statement.object_type, *node, false));
    objects.push_back(*object);
  }
  return Status::Ok();
}

Result<DdlResult> DdlRunner::Grant(const parser::GrantStmt& statement) {
  DdlResult result{statement.is_grant ? "GRANT" : "REVOKE"};
  switch (statement.object_type) {
    case ObjectType::kTable:
    case ObjectType::kSequence:
    case ObjectType::kSchema:
    case ObjectType::kDatabase:
    case ObjectType::kType:
    case ObjectType::kDomain:
      break;
    case ObjectType::kFunction:
    case ObjectType::kProcedure:
    case ObjectType::kRoutine:
      // There are no user functions; ALL FUNCTIONS IN SCHEMA is nothing to do.
      if (statement.target == parser::GrantTargetType::kAllInSchema) return result;
      [[fallthrough]];
    default:
      return Error(sqlstate::kFeatureNotSupported, "GRANT and REVOKE are not supported for objects of this kind");
  }
  catalog::GrantDefinition grant;
  grant.grant = statement.is_grant;
  grant.grant_option = statement.grant_option;
  grant.cascade = statement.behavior == parser::DropBehavior::kCascade;
  std::vector<catalog::ObjectAddress> objects;
  RETURN_IF_ERROR(GrantTargets(statement, objects));
  for (const parser::RoleSpec* grantee : statement.grantees) {
    ASSIGN_OR_RETURN(Oid role, ResolveRole(*grantee));
    grant.grantees.push_back(role);
  }
  catalog::AclMode on_objects = 0;
  bool all = statement.privileges.empty();
  for (const parser::AccessPriv* privilege : statement.privileges) {
    catalog::AclMode mode = 0;
    if (!parser::IsNull(privilege->name)) {
      mode = catalog::AclModeFromName(privilege->name);
      if (mode == 0) {
        return Errorf(sqlstate::kSyntaxError, "unrecognized privilege type \"%s\"", std::string(privilege->name).c_str());
      }
    }
    if (privilege->columns.empty()) {
      on_objects |= mode;
      all |= mode == 0;
      continue;
    }
    catalog::GrantDefinition on_columns = grant;
    on_columns.privileges = mode;
    for (const catalog::ObjectAddress& object : objects) {
      ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.TableByOid(object.oid));
      for (std::string_view name : privilege->columns) {
        ASSIGN_OR_RETURN(int column, ColumnToAlter(*table, name));
        on_columns.objects.push_back({catalog::oid::kPgClass, object.oid, column});
      }
    }
    RETURN_IF_ERROR(catalog_.Grant(on_columns));
  }
  if (!all && on_objects == 0) return result;
  grant.privileges = all ? 0 : on_objects;
  grant.objects = std::move(objects);
  RETURN_IF_ERROR(catalog_.Grant(grant));
  return result;
}

}  // namespace phantom::session
