// Databases, and settings kept for databases and roles (pg_db_role_setting).
#include "parser/ast_expr.h"
#include "session/ddl/runner.h"
#include "types/text_format.h"

namespace phantom::session {

Result<DdlResult> DdlRunner::CreateDatabase(const parser::CreateDatabaseStmt& statement) {
  if (context_.in_transaction_block) {
    return Error(sqlstate::kActiveSqlTransaction, "CREATE DATABASE cannot run inside a transaction block");
  }
  catalog::DatabaseDefinition definition;
  definition.name = statement.name;
  for (const parser::DefElem* option : statement.options) {
    bool is_default = option->arg == nullptr;
    if (option->name == "owner" && !is_default) {
      ASSIGN_OR_RETURN(std::string owner, OptionText(*option));
      ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Role> role, catalog_.RoleOrError(owner));
      definition.owner = role->oid;
    } else if (option->name == "template" && !is_default) {
      ASSIGN_OR_RETURN(definition.template_name, OptionText(*option));
    } else if (option->name == "encoding" && !is_default) {
      ASSIGN_OR_RETURN(std::string encoding, OptionText(*option));
      std::string plain;
      for (char c : encoding) {
        if (c != '-' && c != '_') plain += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
      }
      if (plain != "utf8" && plain != "unicode" && plain != "6") {
        return Errorf(sqlstate::kFeatureNotSupported, "encoding \"%s\" is not supported", encoding.c_str())
            .Detail("Databases are in UTF8.");
      }
    } else if ((option->name == "lc_collate" || option->name == "locale") && !is_default) {
      ASSIGN_OR_RETURN(definition.collate, OptionText(*option));
      if (option->name == "locale") definition.ctype = definition.collate;
    } else if (option->name == "lc_ctype" && !is_default) {
      ASSIGN_OR_RETURN(definition.ctype, OptionText(*option));
    } else if (option->name == "is_template" && !is_default) {
      ASSIGN_OR_RETURN(definition.is_template, OptionBool(*option));
    } else if (option->name == "allow_connections" && !is_default) {
      ASSIGN_OR_RETURN(definition.allow_connections, OptionBool(*option));
    } else if (option->name == "connection_limit" && !is_default) {
      ASSIGN_OR_RETURN(int64_t limit, OptionInteger(*option));
      definition.connection_limit = static_cast<int32_t>(limit);
    } else if (option->name == "locale_provider" && !is_default) {
      ASSIGN_OR_RETURN(std::string provider, OptionText(*option));
      if (provider != "libc") return Error(sqlstate::kFeatureNotSupported, "only the locale provider libc is supported");
    } else if (option->name == "strategy" && !is_default) {
      // Both ways PostgreSQL has give the same database.
      ASSIGN_OR_RETURN(const std::string strategy, OptionText(*option));
      if (strategy != "wal_log" && strategy != "file_copy") {
        return Errorf(sqlstate::kInvalidParameterValue, "invalid create database strategy \"%s\"", strategy.c_str())
            .Hint("Valid strategies are \"wal_log\" and \"file_copy\".");
      }
    } else if (option->name == "tablespace" && !is_default) {
      ASSIGN_OR_RETURN(const std::string tablespace, OptionText(*option));
      if (tablespace != "pg_default") {
        return Errorf(sqlstate::kUndefinedObject, "tablespace \"%s\" does not exist", tablespace.c_str());
      }
    } else if (!is_default) {
      const bool known = option->name == "icu_locale" || option->name == "collation_version" || option->name == "oid";
      return Errorf(known ? sqlstate::kFeatureNotSupported : sqlstate::kSyntaxError,
                    known ? "option \"%s\" is not supported" : "option \"%s\" not recognized",
                    std::string(option->name).c_str())
          .At(option->location);
    }
  }
  const std::string source = definition.template_name.empty() ? "template1" : definition.template_name;
  ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Database> template_database, catalog_.FindDatabase(source));
  if (template_database != nullptr) {
    RETURN_IF_ERROR(
        context_.leave_alone(*template_database, false, "source database \"%s\" is being accessed by other users"));
  }
  ASSIGN_OR_RETURN(Oid oid, catalog_.CreateDatabase(definition));
  (void)oid;
  return DdlResult{"CREATE DATABASE"};
}

Result<DdlResult> DdlRunner::AlterDatabase(const parser::AlterDatabaseStmt& statement) {
  ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Database> database, catalog_.FindDatabase(statement.name));
  if (database == nullptr) {
    return Errorf(sqlstate::kUndefinedDatabase, "database \"%s\" does not exist", std::string(statement.name).c_str());
  }
  RETURN_IF_ERROR(CheckOwnsObject({catalog::oid::kPgDatabase, database->oid}));
  catalog::Database changed = *database;
  for (const parser::DefElem* option : statement.options) {
    if (option->name == "is_template") {
      ASSIGN_OR_RETURN(changed.is_template, OptionBool(*option));
    } else if (option->name == "allow_connections") {
      ASSIGN_OR_RETURN(changed.allow_connections, OptionBool(*option));
    } else if (option->name == "connection_limit") {
      ASSIGN_OR_RETURN(int64_t limit, OptionInteger(*option));
      if (limit < -1) {
        return Errorf(sqlstate::kInvalidParameterValue, "invalid connection limit: %lld", static_cast<long long>(limit));
      }
      changed.connection_limit = static_cast<int32_t>(limit);
    } else {
      return Errorf(sqlstate::kSyntaxError, "option \"%s\" not recognized", std::string(option->name).c_str())
          .At(option->location);
    }
  }
  RETURN_IF_ERROR(catalog_.AlterDatabase(changed));
  return DdlResult{"ALTER DATABASE"};
}

Result<DdlResult> DdlRunner::DropDatabase(const parser::DropDatabaseStmt& statement) {
  if (context_.in_transaction_block) {
    return Error(sqlstate::kActiveSqlTransaction, "DROP DATABASE cannot run inside a transaction block");
  }
  std::string name(statement.name);
  ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Database> database, catalog_.FindDatabase(name));
  if (database == nullptr) {
    if (!statement.missing_ok) {
      return Errorf(sqlstate::kUndefinedDatabase, "database \"%s\" does not exist", name.c_str());
    }
    catalog_.Notice(Errorf(sqlstate::kSuccessfulCompletion, "database \"%s\" does not exist, skipping", name.c_str()));
    return DdlResult{"DROP DATABASE"};
  }
  bool force = false;
  for (const parser::DefElem* option : statement.options) {
    if (option->name != "force") {
      return Errorf(sqlstate::kSyntaxError, "unrecognized DROP DATABASE option \"%s\"", std::string(option->name).c_str())
          .At(option->location);
    }
    force = true;
  }
  RETURN_IF_ERROR(catalog_.CheckMayDropDatabase(database->oid));
  RETURN_IF_ERROR(context_.leave_alone(*database, force, "database \"%s\" is being accessed by other users"));
  RETURN_IF_ERROR(catalog_.DropDatabase(database->oid));
  return DdlResult{"DROP DATABASE"};
}

Status DdlRunner::ApplySetting(Oid database, Oid role, const parser::VariableSetStmt& set) {
  switch (set.action) {
    case parser::VariableSetKind::kResetAll:
      return catalog_.SetRoleSetting(database, role, "", std::nullopt);
    case parser::VariableSetKind::kReset:
    case parser::VariableSetKind::kDefault:
      return catalog_.SetRoleSetting(database, role, set.name, std::nullopt);
    default: {
      ASSIGN_OR_RETURN(const std::string value, context_.setting_to_keep(set));
      return catalog_.SetRoleSetting(database, role, set.name, value);
    }
  }
}

Result<DdlResult> DdlRunner::AlterDatabaseSet(const parser::AlterDatabaseSetStmt& statement) {
  ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Database> database, catalog_.FindDatabase(statement.name));
  if (database == nullptr) {
    return Errorf(sqlstate::kUndefinedDatabase, "database \"%s\" does not exist", std::string(statement.name).c_str());
  }
  RETURN_IF_ERROR(CheckOwnsObject({catalog::oid::kPgDatabase, database->oid}));
  RETURN_IF_ERROR(ApplySetting(database->oid, 0, *statement.set));
  return DdlResult{"ALTER DATABASE"};
}

Result<DdlResult> DdlRunner::AlterRoleSet(const parser::AlterRoleSetStmt& statement) {
  Oid role = 0, database = 0;
  if (statement.role != nullptr) {
    ASSIGN_OR_RETURN(role, ResolveRole(*statement.role));
  }
  if (!parser::IsNull(statement.database)) {
    ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Database> found, catalog_.FindDatabase(statement.database));
    if (found == nullptr) {
      return Errorf(sqlstate::kUndefinedDatabase, "database \"%s\" does not exist", std::string(statement.database).c_str());
    }
    database = found->oid;
  }
  ASSIGN_OR_RETURN(bool superuser, catalog_.IsSuperuser(catalog_.current_role()));
  ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Role> self, catalog_.RoleByOid(catalog_.current_role()));
  if (!superuser && role != catalog_.current_role() && !(self != nullptr && self->create_role && role != 0)) {
    return Error(sqlstate::kInsufficientPrivilege,
                 role == 0 ? "must be superuser to alter settings globally" : "permission denied");
  }
  RETURN_IF_ERROR(ApplySetting(database, role, *statement.set));
  return DdlResult{"ALTER ROLE"};
}

}  // namespace phantom::session
