// The words a statement on objects is known by: in the tag of its completion, and where it is refused.
#include "parser/ast_select.h"
#include "session/ddl/runner.h"

namespace phantom::session {

using parser::Cast;
using parser::NodeKind;
using parser::ObjectType;

namespace {

const char* WordsOf(ObjectType type) {
  switch (type) {
    case ObjectType::kView: return "VIEW";
    case ObjectType::kMatview: return "MATERIALIZED VIEW";
    case ObjectType::kIndex: return "INDEX";
    case ObjectType::kSequence: return "SEQUENCE";
    case ObjectType::kSchema: return "SCHEMA";
    case ObjectType::kType:
    case ObjectType::kAttribute: return "TYPE";
    case ObjectType::kDomain:
    case ObjectType::kDomconstraint: return "DOMAIN";
    case ObjectType::kDatabase: return "DATABASE";
    case ObjectType::kRole: return "ROLE";
    case ObjectType::kFunction: return "FUNCTION";
    case ObjectType::kProcedure: return "PROCEDURE";
    case ObjectType::kAggregate: return "AGGREGATE";
    case ObjectType::kRoutine: return "ROUTINE";
    case ObjectType::kExtension: return "EXTENSION";
    case ObjectType::kTrigger: return "TRIGGER";
    case ObjectType::kRule: return "RULE";
    default: return "TABLE";
  }
}

std::string Of(const char* verb, ObjectType type) { return std::string(verb) + ' ' + WordsOf(type); }

}  // namespace

std::string CommandTag(const parser::Node& statement) {
  switch (statement.kind) {
    case NodeKind::kCreateTableStmt: return "CREATE TABLE";
    case NodeKind::kCreateTableAsStmt:
      return Cast<parser::CreateTableAsStmt>(statement).is_select_into ? "SELECT INTO" : "CREATE TABLE AS";
    case NodeKind::kSelectStmt: return "SELECT INTO";
    case NodeKind::kCreateIndexStmt: return "CREATE INDEX";
    case NodeKind::kCreateViewStmt: return "CREATE VIEW";
    case NodeKind::kCreateSchemaStmt: return "CREATE SCHEMA";
    case NodeKind::kCreateSequenceStmt: return "CREATE SEQUENCE";
    case NodeKind::kAlterSequenceStmt: return "ALTER SEQUENCE";
    case NodeKind::kAlterTableStmt: return Of("ALTER", Cast<parser::AlterTableStmt>(statement).object_type);
    case NodeKind::kCreateEnumStmt: return "CREATE TYPE";
    case NodeKind::kAlterEnumStmt: return "ALTER TYPE";
    case NodeKind::kCreateDomainStmt: return "CREATE DOMAIN";
    case NodeKind::kAlterDomainStmt: return "ALTER DOMAIN";
    case NodeKind::kDropStmt: return Of("DROP", Cast<parser::DropStmt>(statement).object_type);
    case NodeKind::kTruncateStmt: return "TRUNCATE TABLE";
    case NodeKind::kCommentStmt: return "COMMENT";
    case NodeKind::kRenameStmt: {
      const auto& rename = Cast<parser::RenameStmt>(statement);
      const bool of_relation =
          rename.object_type == ObjectType::kColumn || rename.object_type == ObjectType::kTabconstraint;
      return Of("ALTER", of_relation ? rename.relation_type : rename.object_type);
    }
    case NodeKind::kAlterObjectSchemaStmt: return Of("ALTER", Cast<parser::AlterObjectSchemaStmt>(statement).object_type);
    case NodeKind::kAlterOwnerStmt: return Of("ALTER", Cast<parser::AlterOwnerStmt>(statement).object_type);
    case NodeKind::kReindexStmt: return "REINDEX";
    case NodeKind::kClusterStmt: return "CLUSTER";
    case NodeKind::kCreateRoleStmt: return "CREATE ROLE";
    case NodeKind::kAlterRoleStmt:
    case NodeKind::kAlterRoleSetStmt: return "ALTER ROLE";
    case NodeKind::kDropRoleStmt: return "DROP ROLE";
    case NodeKind::kGrantStmt: return Cast<parser::GrantStmt>(statement).is_grant ? "GRANT" : "REVOKE";
    case NodeKind::kGrantRoleStmt: return Cast<parser::GrantRoleStmt>(statement).is_grant ? "GRANT ROLE" : "REVOKE ROLE";
    case NodeKind::kAlterDefaultPrivilegesStmt: return "ALTER DEFAULT PRIVILEGES";
    case NodeKind::kDropOwnedStmt: return "DROP OWNED";
    case NodeKind::kReassignOwnedStmt: return "REASSIGN OWNED";
    case NodeKind::kCreateDatabaseStmt: return "CREATE DATABASE";
    case NodeKind::kAlterDatabaseStmt:
    case NodeKind::kAlterDatabaseSetStmt: return "ALTER DATABASE";
    case NodeKind::kDropDatabaseStmt: return "DROP DATABASE";
    default: return std::string(parser::NodeKindName(statement.kind));
  }
}

bool MayRunReadOnly(const parser::Node& statement) {
  // They change how things lie, not what there is.
  return statement.kind == NodeKind::kReindexStmt || statement.kind == NodeKind::kClusterStmt;
}

}  // namespace phantom::session
