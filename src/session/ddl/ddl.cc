#include "session/ddl/ddl.h"

#include "session/ddl/runner.h"

namespace phantom::session {

using parser::Cast;
using parser::NodeKind;

bool IsDdl(NodeKind kind) {
  switch (kind) {
    case NodeKind::kCreateTableStmt:
    case NodeKind::kCreateTableAsStmt:
    case NodeKind::kCreateIndexStmt:
    case NodeKind::kCreateViewStmt:
    case NodeKind::kCreateSchemaStmt:
    case NodeKind::kCreateSequenceStmt:
    case NodeKind::kAlterSequenceStmt:
    case NodeKind::kAlterTableStmt:
    case NodeKind::kCreateEnumStmt:
    case NodeKind::kAlterEnumStmt:
    case NodeKind::kCreateDomainStmt:
    case NodeKind::kAlterDomainStmt:
    case NodeKind::kDropOwnedStmt:
    case NodeKind::kReassignOwnedStmt:
    case NodeKind::kAlterDefaultPrivilegesStmt:
    case NodeKind::kDropStmt:
    case NodeKind::kTruncateStmt:
    case NodeKind::kCommentStmt:
    case NodeKind::kRenameStmt:
    case NodeKind::kAlterObjectSchemaStmt:
    case NodeKind::kAlterOwnerStmt:
    case NodeKind::kReindexStmt:
    case NodeKind::kClusterStmt:
    case NodeKind::kCreateRoleStmt:
    case NodeKind::kAlterRoleStmt:
    case NodeKind::kAlterRoleSetStmt:
    case NodeKind::kDropRoleStmt:
    case NodeKind::kGrantStmt:
    case NodeKind::kGrantRoleStmt:
    case NodeKind::kCreateDatabaseStmt:
    case NodeKind::kAlterDatabaseStmt:
    case NodeKind::kAlterDatabaseSetStmt:
    case NodeKind::kDropDatabaseStmt:
    case NodeKind::kSelectStmt:  // SELECT INTO
      return true;
    default:
      return false;
  }
}

Result<DdlResult> RunDdlStatement(const parser::Node& statement, DdlContext& context) {
  return DdlRunner(context).Run(statement);
}

Status AnalyzeTable(const catalog::Table& table, std::span<const int> columns, int default_target, DdlContext& context) {
  return DdlRunner(context).Analyze(table, columns, default_target);
}

Status CountRows(const catalog::Table& table, DdlContext& context) {
  return DdlRunner(context).CountRows(table);
}

Result<DdlResult> DdlRunner::Run(const parser::Node& statement) {
  switch (statement.kind) {
    case NodeKind::kCreateTableStmt: return CreateTable(Cast<parser::CreateTableStmt>(statement));
    case NodeKind::kCreateTableAsStmt: return CreateTableAs(Cast<parser::CreateTableAsStmt>(statement));
    case NodeKind::kCreateIndexStmt: return CreateIndex(Cast<parser::CreateIndexStmt>(statement));
    case NodeKind::kCreateViewStmt: return CreateView(Cast<parser::CreateViewStmt>(statement));
    case NodeKind::kCreateSchemaStmt: return CreateSchema(Cast<parser::CreateSchemaStmt>(statement));
    case NodeKind::kCreateSequenceStmt: return CreateSequence(Cast<parser::CreateSequenceStmt>(statement));
    case NodeKind::kAlterSequenceStmt: return AlterSequence(Cast<parser::AlterSequenceStmt>(statement));
    case NodeKind::kAlterTableStmt: return AlterTable(Cast<parser::AlterTableStmt>(statement));
    case NodeKind::kCreateEnumStmt: return CreateEnum(Cast<parser::CreateEnumStmt>(statement));
    case NodeKind::kAlterEnumStmt: return AlterEnum(Cast<parser::AlterEnumStmt>(statement));
    case NodeKind::kCreateDomainStmt: return CreateDomain(Cast<parser::CreateDomainStmt>(statement));
    case NodeKind::kAlterDomainStmt: return AlterDomain(Cast<parser::AlterDomainStmt>(statement));
    case NodeKind::kDropOwnedStmt: return DropOwned(Cast<parser::DropOwnedStmt>(statement));
    case NodeKind::kReassignOwnedStmt: return ReassignOwned(Cast<parser::ReassignOwnedStmt>(statement));
    case NodeKind::kAlterDefaultPrivilegesStmt:
      return AlterDefaultPrivileges(Cast<parser::AlterDefaultPrivilegesStmt>(statement));
    case NodeKind::kDropStmt: return Drop(Cast<parser::DropStmt>(statement));
    case NodeKind::kTruncateStmt: return Truncate(Cast<parser::TruncateStmt>(statement));
    case NodeKind::kCommentStmt: return Comment(Cast<parser::CommentStmt>(statement));
    case NodeKind::kRenameStmt: return Rename(Cast<parser::RenameStmt>(statement));
    case NodeKind::kAlterObjectSchemaStmt: return SetSchema(Cast<parser::AlterObjectSchemaStmt>(statement));
    case NodeKind::kAlterOwnerStmt: return SetOwner(Cast<parser::AlterOwnerStmt>(statement));
    case NodeKind::kReindexStmt: return Reindex(Cast<parser::ReindexStmt>(statement));
    case NodeKind::kClusterStmt: return Cluster(Cast<parser::ClusterStmt>(statement));
    case NodeKind::kCreateRoleStmt: return CreateRole(Cast<parser::CreateRoleStmt>(statement));
    case NodeKind::kAlterRoleStmt: return AlterRole(Cast<parser::AlterRoleStmt>(statement));
    case NodeKind::kAlterRoleSetStmt: return AlterRoleSet(Cast<parser::AlterRoleSetStmt>(statement));
    case NodeKind::kDropRoleStmt: return DropRoles(Cast<parser::DropRoleStmt>(statement));
    case NodeKind::kGrantStmt: return Grant(Cast<parser::GrantStmt>(statement));
    case NodeKind::kGrantRoleStmt: return GrantRole(Cast<parser::GrantRoleStmt>(statement));
    case NodeKind::kCreateDatabaseStmt: return CreateDatabase(Cast<parser::CreateDatabaseStmt>(statement));
    case NodeKind::kAlterDatabaseStmt: return AlterDatabase(Cast<parser::AlterDatabaseStmt>(statement));
    case NodeKind::kAlterDatabaseSetStmt: return AlterDatabaseSet(Cast<parser::AlterDatabaseSetStmt>(statement));
    case NodeKind::kDropDatabaseStmt: return DropDatabase(Cast<parser::DropDatabaseStmt>(statement));
    case NodeKind::kSelectStmt: {
      const auto& select = Cast<parser::SelectStmt>(statement);
      const parser::SelectStmt* leaf = &select;
      while (leaf->left != nullptr) leaf = leaf->left;
      if (leaf->into == nullptr) break;
      // The planner sees the query without INTO.
      if (leaf != &select) return Error(sqlstate::kFeatureNotSupported, "SELECT INTO over a set operation is not supported");
      parser::SelectStmt plain = select;
      plain.into = nullptr;
      return CreateTableFrom(plain, *select.into, false);
    }
    default:
      break;
  }
  return Errorf(sqlstate::kFeatureNotSupported, "%s is not supported",
                std::string(parser::NodeKindName(statement.kind)).c_str());
}

}  // namespace phantom::session
