// session/ddl/runner.h
//
// One run of a DDL statement: the context, and the steps that several statements share. The methods are spread over
// the files of this folder by theme.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "parser/ast_object.h"
#include "parser/ast_table.h"
#include "parser/ast_utility.h"
#include "session/ddl/ddl.h"
#include "types/chunk.h"

namespace phantom::planner {
struct Expr;
}

namespace phantom::session {

// Finds the key a foreign key refers to, and how values are compared with it. Fills the referenced columns, index and
// operators of the constraint.
Status ResolveReferencedKey(catalog::Catalog& catalog, const catalog::Table& table, const catalog::Table& referenced,
                            catalog::ConstraintDefinition& constraint);

class DdlRunner {
 public:
  explicit DdlRunner(DdlContext& context) : context_(context), catalog_(context.catalog) {}

  Result<DdlResult> Run(const parser::Node& statement);
  Status Analyze(const catalog::Table& table);

 private:
  using Definition = catalog::TableDefinition;

  // ---- Names, types, expressions (resolve.cc) ----
  static catalog::QualifiedName NameOf(const parser::RangeVar& range);
  static catalog::QualifiedName NameOf(parser::NameList names, int32_t location = -1);
  // The name an object is made under: its schema (checked for CREATE) and bare name.
  Result<Oid> TargetSchema(std::string_view schema, char persistence);
  Result<types::Type> ResolveType(const parser::TypeName& type, Oid* collation);
  Result<Oid> ResolveCollation(parser::NameList names, int32_t location);
  Result<Oid> ResolveRole(const parser::RoleSpec& role);  // 0 for PUBLIC
  Result<catalog::ExpressionDefinition> BindStored(const parser::Node& expression, planner::ExpressionUse use,
                                                   const catalog::Table* table, types::Type target,
                                                   std::string_view target_name, types::Type value_type = {});
  // A bound expression in stored form (catalog/stored_sql.h).
  std::string PrintStored(const planner::Expr& expression);
  // A table of these columns, for binding expressions before the real one exists.
  catalog::Table MakeShape(const Definition& definition);
  Status CheckOwnsTable(const catalog::Table& table);
  // The relation, locked; 42809 "x is not a table" when it is of another kind; system tables are refused (42501).
  Result<catalog::TableRef> OpenForAlter(const parser::RangeVar& range, txn::LockMode mode, bool missing_ok);
  static Result<std::string> OptionText(const parser::DefElem& option);
  static Result<int64_t> OptionInteger(const parser::DefElem& option);
  static Result<bool> OptionBool(const parser::DefElem& option);
  static std::vector<std::string> StorageOptions(parser::ListOf<parser::DefElem> options);

  // ---- Queries the statement needs run (run_sql.cc) ----
  Status RunSql(const std::string& sql, const std::function<Status(const types::Chunk&)>& rows);
  Status RunQuery(const parser::Node& query, std::span<const Oid> types,
                  const std::function<Status(const types::Chunk&)>& rows);
  Result<bool> AnyRow(const std::string& sql);
  static std::string TableSql(const catalog::Table& table);  // "schema"."name"

  // ---- Tables (create_table.cc, columns.cc, constraints.cc, create_view.cc) ----
  Result<DdlResult> CreateTable(const parser::CreateTableStmt& statement);
  Status ApplyLike(const parser::TableLikeClause& like, Definition& definition,
                   std::vector<catalog::ConstraintDefinition>& constraints,
                   std::vector<catalog::IndexDefinition>& indexes);
  Result<catalog::ColumnDefinition> DefineColumn(const parser::ColumnDef& node, std::string_view table);
  // Defaults and generation expressions, once all columns are known.
  Status DefineDefaults(const parser::ColumnDef& node, const catalog::Table& shape, catalog::ColumnDefinition& column);
  Status ColumnConstraints(const parser::ColumnDef& node, const catalog::Table& shape,
                           std::vector<catalog::ConstraintDefinition>& constraints);
  Result<catalog::ConstraintDefinition> DefineConstraint(const parser::Constraint& node, const catalog::Table& shape,
                                                         std::string_view column);
  Status DefineForeignKey(const parser::Constraint& node, const catalog::Table& shape,
                          catalog::ConstraintDefinition& constraint);
  Result<int16_t> KeyColumn(const catalog::Table& shape, std::string_view name);
  Status SequenceOptions(parser::ListOf<parser::DefElem> options, bool is_new, catalog::SequenceParameters& parameters,
                         std::optional<int64_t>* restart, const parser::StringList** owned_by);
  Result<DdlResult> CreateTableAs(const parser::CreateTableAsStmt& statement);
  Result<DdlResult> CreateTableFrom(const parser::Node& query, const parser::IntoClause& into, bool if_not_exists);
  Result<int64_t> FillTable(const catalog::Table& table, const parser::Node& query);

  // ---- Indexes and checks over rows (create_index.cc, check_rows.cc) ----
  Result<DdlResult> CreateIndex(const parser::CreateIndexStmt& statement);
  Result<catalog::IndexDefinition> DefineIndex(const parser::CreateIndexStmt& statement, const catalog::Table& table);
  Status BuildIndex(const catalog::Table& table, const catalog::Index& index);
  Status BuildIndexes(Oid table);
  Status CheckConstraintRows(const catalog::Table& table, const catalog::Constraint& constraint);
  Status CheckNotNullRows(const catalog::Table& table, int column);
  Status DuplicateInIndex(const catalog::Table& table, const catalog::Index& index);

  // ---- ALTER TABLE (alter_table.cc) ----
  Result<DdlResult> AlterTable(const parser::AlterTableStmt& statement);
  Status AlterCommand(Oid table, const parser::AlterTableCmd& command);
  Status AddColumn(const catalog::Table& table, const parser::AlterTableCmd& command);
  Status AlterColumnType(const catalog::Table& table, const parser::AlterTableCmd& command);
  Status AddConstraint(const catalog::Table& table, const parser::Constraint& node);
  Status AddDefinedConstraint(const catalog::Table& table, catalog::ConstraintDefinition& constraint);
  Status AlterIdentity(const catalog::Table& table, const parser::AlterTableCmd& command);
  Result<int> ColumnToAlter(const catalog::Table& table, std::string_view name);
  // Copies all rows into new storage; values[i], unless empty, computes column i + 1 from the old row.
  Status RewriteTable(const catalog::Table& before, const catalog::Table& after, const std::vector<std::string>& values);

  // ---- Views (create_view.cc) ----
  Result<DdlResult> CreateView(const parser::CreateViewStmt& statement);
  // The query's text, [begin, end) of the statement's, in stored form.
  Result<std::string> StoredQuery(const parser::Node& query, size_t begin, size_t end);

  // ---- Other objects (objects.cc, sequences.cc, drop.cc, rename.cc, types.cc) ----
  Result<DdlResult> CreateSchema(const parser::CreateSchemaStmt& statement);
  Result<DdlResult> CreateSequence(const parser::CreateSequenceStmt& statement);
  Result<DdlResult> AlterSequence(const parser::AlterSequenceStmt& statement);
  Result<DdlResult> CreateEnum(const parser::CreateEnumStmt& statement);
  Result<DdlResult> AlterEnum(const parser::AlterEnumStmt& statement);
  Result<DdlResult> CreateDomain(const parser::CreateDomainStmt& statement);
  Result<DdlResult> Drop(const parser::DropStmt& statement);
  Result<DdlResult> Rename(const parser::RenameStmt& statement);
  Result<DdlResult> SetSchema(const parser::AlterObjectSchemaStmt& statement);
  Result<DdlResult> SetOwner(const parser::AlterOwnerStmt& statement);
  Result<DdlResult> Comment(const parser::CommentStmt& statement);
  Result<DdlResult> Truncate(const parser::TruncateStmt& statement);
  Result<DdlResult> Reindex(const parser::ReindexStmt& statement);
  // The object a statement names; nullopt when it is missing and that is fine (a NOTICE was sent).
  Result<std::optional<catalog::ObjectAddress>> FindObject(parser::ObjectType type, const parser::Node& object,
                                                           bool missing_ok, const parser::RangeVar* relation = nullptr);
  Result<std::optional<catalog::ObjectAddress>> FindRelation(parser::ObjectType type, const catalog::QualifiedName& name,
                                                             bool missing_ok);
  Status CheckOwnsObject(const catalog::ObjectAddress& object);

  // ---- Roles, databases, privileges (roles.cc, databases.cc, grant.cc) ----
  Result<DdlResult> CreateRole(const parser::CreateRoleStmt& statement);
  Result<DdlResult> AlterRole(const parser::AlterRoleStmt& statement);
  Result<DdlResult> AlterRoleSet(const parser::AlterRoleSetStmt& statement);
  Result<DdlResult> DropRoles(const parser::DropRoleStmt& statement);
  Status RoleOptions(parser::ListOf<parser::DefElem> options, catalog::RoleDefinition& definition);
  Result<DdlResult> CreateDatabase(const parser::CreateDatabaseStmt& statement);
  Result<DdlResult> AlterDatabase(const parser::AlterDatabaseStmt& statement);
  Result<DdlResult> AlterDatabaseSet(const parser::AlterDatabaseSetStmt& statement);
  Result<DdlResult> DropDatabase(const parser::DropDatabaseStmt& statement);
  Status ApplySetting(Oid database, Oid role, const parser::VariableSetStmt& set);
  Result<DdlResult> Grant(const parser::GrantStmt& statement);
  Result<DdlResult> GrantRole(const parser::GrantRoleStmt& statement);
  Status GrantTargets(const parser::GrantStmt& statement, std::vector<catalog::ObjectAddress>& objects);

  DdlContext& context_;
  catalog::Catalog& catalog_;
};

}  // namespace phantom::session
