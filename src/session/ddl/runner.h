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
#include "types/compare.h"

namespace phantom::planner {
struct Expr;
}
namespace phantom::txn {
class Index;
class LockHolder;
class RowTable;
}  // namespace phantom::txn

namespace phantom::session {

// WITH (...) of a relation as "name=value" texts, checked: unknown names and values out of bounds are 22023.
enum class OptionOwner : uint8_t { kTable, kIndex, kView, kColumn };
Result<std::vector<std::string>> StorageOptions(OptionOwner owner, parser::ListOf<parser::DefElem> options);
// Text of an option's value as written; "true" when none was.
std::string OptionValueText(const parser::DefElem& option);

// The index rows are to lie in the order of: 42704 when there is none of that name, 0A000 for a partial one.
Result<const catalog::Index*> IndexToClusterOn(const catalog::Table& table, std::string_view name);

// Finds the key a foreign key refers to, and how values are compared with it. Fills the referenced columns, index and
// operators of the constraint.
Status ResolveReferencedKey(catalog::Catalog& catalog, const catalog::Table& table, const catalog::Table& referenced,
                            catalog::ConstraintDefinition& constraint);

class DdlRunner {
 public:
  explicit DdlRunner(DdlContext& context) : context_(context), catalog_(context.catalog) {}

  Result<DdlResult> Run(const parser::Node& statement);
  Status Analyze(const catalog::Table& table, std::span<const int> columns, int default_target);
  Status CountRows(const catalog::Table& table);

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
  // The same for an expression that a table has, as catalog::Table gives it.
  Result<catalog::ExpressionDefinition> BindStored(std::string_view sql, planner::ExpressionUse use,
                                                   const catalog::Table* table, types::Type target = {},
                                                   std::string_view target_name = {});
  // A table of these columns, for binding expressions before the real one exists.
  catalog::Table MakeShape(const Definition& definition);
  Status CheckOwnsTable(const catalog::Table& table);
  // The relation, locked; 42809 "x is not a table" when it is of another kind; system tables are refused (42501).
  Result<catalog::TableRef> OpenForAlter(const parser::RangeVar& range, txn::LockMode mode, bool missing_ok);
  static Result<std::string> OptionText(const parser::DefElem& option);
  static Result<int64_t> OptionInteger(const parser::DefElem& option);
  static Result<bool> OptionBool(const parser::DefElem& option);

  // ---- Queries the statement needs run (run_sql.cc) ----
  // Our own queries over the rows there are: with the latest view.
  Status RunSql(const std::string& sql, const std::function<Status(const types::Chunk&)>& rows);
  // kLatest sees all that is committed, whatever the transaction's isolation.
  enum class View : uint8_t { kStatement, kLatest };
  Status RunQuery(const parser::Node& query, std::span<const Oid> types, View view,
                  const std::function<Status(const types::Chunk&)>& rows);
  Result<bool> AnyRow(const std::string& sql);
  static std::string TableSql(const catalog::Table& table);  // "schema"."name"

  // ---- Tables (create_table.cc, columns.cc, constraints.cc, create_view.cc) ----
  Result<DdlResult> CreateTable(const parser::CreateTableStmt& statement);
  // LIKE (like.cc): its columns; then, once all columns are known, their defaults, checks and keys; then what needs the table to be
  // there.
  struct LikeSource {
    const parser::TableLikeClause* clause;
    catalog::TableRef table;
    std::vector<int16_t> place;  // by attribute number there: the one here; 0: dropped
    bool Including(int32_t option) const;
    std::vector<int16_t> Moved(const std::vector<int16_t>& columns) const;
  };
  Result<LikeSource> LikeColumns(const parser::TableLikeClause& like, Definition& definition);
  Status LikeRules(const LikeSource& source, const catalog::Table& shape, Definition& definition,
                   std::vector<catalog::ConstraintDefinition>& constraints);
  Status LikeStorage(const LikeSource& source, Oid table);
  Status LikeIndexes(const LikeSource& source, Oid table);
  Result<catalog::IndexDefinition> CopyOf(const catalog::Index& index, const LikeSource& source, const catalog::Table& table);
  Status LikeComment(const LikeSource& source, const catalog::ObjectAddress& from, const catalog::ObjectAddress& to);
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
  // The index's entries for the rows that everybody sees, in the order of the index.
  struct KeyedRow {
    const std::string& key;
    RowId row;
    bool must_differ;  // from all others' keys
    const types::Chunk& chunk;
    uint32_t at;
  };
  // `only`: of this row alone.
  Status ForEachKey(const catalog::Table& table, const catalog::Index& index,
                    const std::function<Status(const KeyedRow&)>& take, std::optional<RowId> only = {});
  Status DuplicateKey(const catalog::Table& table, const catalog::Index& index, const KeyedRow& row, bool found_by_build);
  Status BuildIndexes(Oid table);
  Status CheckConstraintRows(const catalog::Table& table, const catalog::Constraint& constraint);
  Status CheckNotNullRows(const catalog::Table& table, int column);

  // ---- Indexes made and dropped beside writers (concurrent_index.cc, fill_index.cc) ----
  // Each commits what was done before it, and goes on in transactions of its own.
  Status BuildConcurrently(Oid table, Oid index);
  Status FillConcurrently(Oid table, Oid index);
  Status LookThroughKeys(const catalog::Table& table, const catalog::Index& index);
  Status FillOneByOne(const catalog::Table& table, const catalog::Index& index, txn::Index& entries,
                      const txn::RowTable& rows);
  Status FillWithRun(const catalog::Table& table, const catalog::Index& index, txn::Index& entries,
                     const txn::RowTable& rows);
  Status CheckShared(const catalog::Table& table, const catalog::Index& index, txn::Index& entries,
                     const txn::RowTable& rows, const std::string& key, RowId row);
  txn::LockHolder& Locks();
  Status WaitForLockers(Oid table, txn::LockMode mode);
  Status NextState(Oid index, catalog::Catalog::IndexState state);
  Status DropConcurrently(Oid table, const std::vector<Oid>& indexes);
  Result<DdlResult> DropIndexConcurrently(const parser::DropStmt& statement);
  Status ReindexConcurrently(Oid table, Oid index);  // index 0: all of the table

  // ---- ALTER TABLE (alter_table.cc) ----
  Result<DdlResult> AlterTable(const parser::AlterTableStmt& statement);
  Status AlterCommand(Oid table, const parser::AlterTableCmd& command);
  Status AddColumn(const catalog::Table& table, const parser::AlterTableCmd& command);
  Status AlterColumnType(const catalog::Table& table, const parser::AlterTableCmd& command);
  Status RebindIndexes(const catalog::Table& table);
  Status ResolveForeignKeysAnew(const catalog::Table& table, int column);
  Status CheckForeignKeysOf(Oid table, int column);
  Status AddConstraint(const catalog::Table& table, const parser::Constraint& node);
  Status AddDefinedConstraint(const catalog::Table& table, catalog::ConstraintDefinition& constraint);
  Status AlterIdentity(const catalog::Table& table, const parser::AlterTableCmd& command);
  // The forms about storage (alter_storage.cc).
  Status AlterStorage(const catalog::Table& table, const parser::AlterTableCmd& command);
  Status SetColumnStorage(const catalog::Table& table, const parser::AlterTableCmd& command);
  Status SetColumnCompression(const catalog::Table& table, std::string_view column, std::string_view method);
  // TABLESPACE and USING of a relation; empty: not written.
  Status CheckPlacement(std::string_view tablespace, std::string_view access_method);
  Status SetColumnOptions(const catalog::Table& table, const parser::AlterTableCmd& command);
  Status SetRelationOptions(const catalog::Table& table, const parser::AlterTableCmd& command);
  Status SetReplicaIdentity(const catalog::Table& table, const parser::ReplicaIdentityStmt& statement);
  Status AlterForeignKey(const catalog::Table& table, const parser::Constraint& node);
  Status DropExpression(const catalog::Table& table, const parser::AlterTableCmd& command);
  Result<int> ColumnToAlter(const catalog::Table& table, std::string_view name);
  // Copies all rows into new storage; values[i], unless empty, computes column i + 1 from the old row.
  // `order`, when not empty, is the ORDER BY they are copied in.
  Status RewriteTable(const catalog::Table& before, const catalog::Table& after, const std::vector<std::string>& values,
                      const std::string& order = "");

  // ---- REINDEX and CLUSTER (maintenance.cc) ----
  Result<DdlResult> Reindex(const parser::ReindexStmt& statement);
  Result<DdlResult> ReindexMany(const parser::ReindexStmt& statement, bool concurrently);
  Status ReindexTable(Oid table, Oid index = 0);  // index 0: all
  Status ReindexSystemTables();
  Result<DdlResult> Cluster(const parser::ClusterStmt& statement);
  Status ClusterTable(Oid table, std::string_view index);  // an empty name: the index it was clustered on before

  // ---- ANALYZE (analyze.cc) ----
  struct SampledType {
    types::Type type;
    types::CompareFn compare;  // null: no order
  };
  // A column's type without domains.
  Result<SampledType> TypeToSample(types::Type type, types::Layout layout);
  Status SetStatisticsTarget(const catalog::Table& table, const parser::AlterTableCmd& command);

  // ---- Views (create_view.cc) ----
  Result<DdlResult> CreateView(const parser::CreateViewStmt& statement);

  // ---- Other objects (objects.cc, sequences.cc, drop.cc, rename.cc, types.cc) ----
  Result<DdlResult> CreateSchema(const parser::CreateSchemaStmt& statement);
  Result<DdlResult> CreateSequence(const parser::CreateSequenceStmt& statement);
  Result<DdlResult> AlterSequence(const parser::AlterSequenceStmt& statement);
  Result<DdlResult> CreateEnum(const parser::CreateEnumStmt& statement);
  Result<DdlResult> AlterEnum(const parser::AlterEnumStmt& statement);
  Result<DdlResult> CreateDomain(const parser::CreateDomainStmt& statement);
  Result<DdlResult> AlterDomain(const parser::AlterDomainStmt& statement);
  Status AddDomainConstraint(const catalog::TypeRow& type, const parser::Constraint& node);
  Status CheckDomainRows(Oid domain);
  Result<DdlResult> Drop(const parser::DropStmt& statement);
  Result<DdlResult> Rename(const parser::RenameStmt& statement);
  Result<DdlResult> SetSchema(const parser::AlterObjectSchemaStmt& statement);
  Result<DdlResult> SetOwner(const parser::AlterOwnerStmt& statement);
  Result<DdlResult> Comment(const parser::CommentStmt& statement);
  Result<DdlResult> Truncate(const parser::TruncateStmt& statement);
  // The object a statement names; nullopt when it is missing and that is fine (a NOTICE was sent).
  Result<std::optional<catalog::ObjectAddress>> FindObject(parser::ObjectType type, const parser::Node& object,
                                                           bool missing_ok, const parser::RangeVar* relation = nullptr);
  Result<std::optional<catalog::ObjectAddress>> FindRelation(parser::ObjectType type, const catalog::QualifiedName& name,
                                                             bool missing_ok);
  // The same, owned by the current role and locked: it still goes by that name. An index goes under its table's lock.
  Result<std::optional<catalog::ObjectAddress>> LockNamed(parser::ObjectType type, const parser::Node& object,
                                                          bool missing_ok, txn::LockMode mode);
  Status CheckOwnsObject(const catalog::ObjectAddress& object);

  // ---- Roles, databases, privileges (roles.cc, databases.cc, grant.cc) ----
  // The roles, when the current one may act for each; else 42501 with `refusal`.
  Result<std::vector<Oid>> RolesToActFor(parser::ListOf<parser::RoleSpec> specs, const char* refusal);
  Result<DdlResult> DropOwned(const parser::DropOwnedStmt& statement);
  Result<DdlResult> ReassignOwned(const parser::ReassignOwnedStmt& statement);
  Result<DdlResult> AlterDefaultPrivileges(const parser::AlterDefaultPrivilegesStmt& statement);
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
  bool gives_positions_ = true;  // of errors in stored expressions: not in ALTER TABLE, nor for domains
};

}  // namespace phantom::session
