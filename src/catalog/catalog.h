// catalog/catalog.h
//
// One session's eye on a database's catalogs, and its hand for changing them.
//
// Reading: names are resolved through the session's search path (temporary schema, pg_catalog, then the path), objects
// come from the shared cache of committed objects, or, once the transaction has done DDL, from a private one that sees
// its own changes. Look-ups see what was committed when they run, whatever the transaction's isolation, as PostgreSQL's
// do; who uses a table must first lock it (LockTable) and look it up again.
//
// Changing: each operation checks names and privileges, writes rows of the system tables through the transaction and
// is undone with it. Errors carry PostgreSQL's SQLSTATE and wording; NOTICEs go to the sink. Operations that need rows
// of tables read, expressions evaluated or indexes built are driven by session/ddl, which calls the steps here.
//
// A look-up that finds nothing gives a null reference, not an error; the *OrError forms raise PostgreSQL's.
//
// Thread safety: one thread at a time (the session's); what it returns is immutable and may be shared.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "catalog/acl.h"
#include "catalog/builtins.h"
#include "catalog/definitions.h"
#include "catalog/object_cache.h"
#include "catalog/table.h"
#include "catalog/type.h"
#include "common/status.h"
#include "txn/lock_modes.h"

namespace phantom::txn {
class Transaction;
class Snapshot;
}  // namespace phantom::txn

namespace phantom::catalog {

class DatabaseCache;
class Row;
class SharedCatalog;
class SystemStore;

// Receives NOTICE messages of DDL ("... does not exist, skipping", "drop cascades to ...").
class NoticeSink {
 public:
  virtual ~NoticeSink() = default;
  virtual void Notice(const Status& notice) = 0;
};

// "schema"."name", or "name" when the schema is empty.
struct QualifiedName {
  std::string_view schema;
  std::string_view name;
  int32_t location = -1;  // in the query text, for errors
};

class Catalog {
 public:
  // `database` is a pg_database OID whose space is open.
  Catalog(SharedCatalog& shared, Oid database);
  ~Catalog();

  SharedCatalog& shared() { return *shared_; }
  Oid database() const { return database_; }

  // ---- Session state ----
  // Names as in the setting; "$user" stands for the current role's name.
  void SetSearchPath(std::vector<std::string> names);
  const std::vector<std::string>& search_path() const { return path_names_; }
  void SetCurrentRole(Oid role);
  Oid current_role() const { return role_; }
  void SetNoticeSink(NoticeSink* sink) { notices_ = sink; }

  // ---- Transactions ----
  // Every look-up and change happens between Begin and End. Begin borrows the transaction until End, which is called
  // after it committed or aborted. RolledBackToSavepoint is called after a partial rollback.
  void Begin(txn::Transaction& transaction);
  void End(bool committed);
  void RolledBackToSavepoint();
  bool has_uncommitted_changes() const { return private_; }
  // A plan made at this version is good as long as it does not change and there are no uncommitted changes.
  uint64_t version() const { return common_version() + own_version(); }
  // Its parts: what commits have changed for all sessions of the database, and for this one alone (temporary objects).
  uint64_t common_version() const;
  uint64_t own_version() const { return temporary_version_; }
  // What it tells may come from this commit or an earlier one.
  Lsn last_change() const;

  // ---- Schemas and the search path ----
  Result<std::shared_ptr<const Schema>> FindSchema(std::string_view name);
  Result<std::shared_ptr<const Schema>> SchemaByOid(Oid oid);
  Result<std::shared_ptr<const Schema>> SchemaOrError(std::string_view name);  // 3F000
  // Existing schemas in look-up order. With implicit ones: pg_temp (if it exists), pg_catalog first.
  Result<std::vector<Oid>> SearchPath(bool include_implicit);
  // Where CREATE puts an unqualified name: the first existing schema of the path. 3F000 "no schema has been selected ...".
  Result<Oid> CreationSchema(std::string_view schema_or_empty, Persistence persistence);
  // This session's temporary schema; 0 until something was created in it.
  Oid temporary_schema() const { return temporary_schema_; }

  // ---- Relations ----
  Result<TableRef> FindTable(const QualifiedName& name);
  Result<TableRef> FindTableIn(Oid schema, std::string_view name);
  Result<TableRef> TableByOid(Oid oid);
  Result<TableRef> OpenByOid(Oid oid);  // XX000 "could not open relation with OID x" where there was one a moment ago
  Result<TableRef> TableOrError(const QualifiedName& name);  // 42P01, 3F000
  // Finds it, locks it, and finds it again in case it changed meanwhile: what a statement that uses a table does.
  // Nothing but the name is looked at before the lock is held.
  Result<TableRef> OpenTable(const QualifiedName& name, txn::LockMode mode);
  // The same, null when there is none. `check` may refuse it before it is locked, and is asked again after.
  using TableCheck = std::function<Status(const Table&)>;
  Result<TableRef> OpenTableIfExists(const QualifiedName& name, txn::LockMode mode, const TableCheck& check = {});
  Status LockTable(Oid table, txn::LockMode mode);
  // A lock on any object: a table's is LockTable's, of a column its table's.
  Status LockObject(const ObjectAddress& object, txn::LockMode mode);
  // Until it is called with null, look-ups of this table give this description of it: how a rewrite reads a table's old
  // rows after its definition has changed.
  void Pretend(TableRef table) { pretended_ = std::move(table); }
  // Would an unqualified use of its name find it?
  Result<bool> IsTableVisible(const Table& table);
  // Every user relation of a schema, by name.
  Result<std::vector<TableRef>> TablesOf(Oid schema);
  // OIDs of all tables of users; of those without the temporary ones of other sessions.
  Result<std::vector<Oid>> UserTables();
  Result<std::vector<Oid>> ReachableTables();
  // Stored SQL (catalog/stored_sql.h) with the names of now, ready for the parser. `table`: whose columns it may name.
  Result<std::string> ExpandStored(std::string_view stored, const Table* table);
  // Text of a view's query, ready for the parser (system views too).
  Result<std::string> ViewQuery(const Table& view);

  // ---- Types ----
  Result<TypeRef> FindType(const QualifiedName& name);
  TypeRef TypeByOid(Oid oid);  // null: no such type
  Result<TypeRef> TypeOrError(const QualifiedName& name);  // 42704
  // SQL name as format_type prints it.
  std::string FormatType(types::Type type);
  // 55P04 for a label that this transaction added to a type it did not make.
  Status CheckLabelIsSafe(const TypeRow& type, const EnumLabel& label);
  Result<std::vector<Constraint>> DomainConstraints(Oid type);
  // Tables' and domains' constraints with the name in a schema.
  Result<std::vector<Constraint>> ConstraintsByName(Oid schema, std::string_view name);

  // ---- Functions, operators, casts: all built in ----
  // Candidates of a name, nearest schema first. A named schema that does not exist gives none.
  std::span<const FunctionRow* const> FunctionCandidates(std::string_view name) { return builtins_.Functions(name); }
  std::span<const OperatorRow* const> OperatorCandidates(std::string_view name) { return builtins_.Operators(name); }
  const Builtins& builtins() const { return builtins_; }
  // As CREATE INDEX picks it, seeing through domains, binary-coercible types, arrays and enums. Null: none.
  const OpclassRow* DefaultOpclass(Oid type, Oid method);

  // ---- Roles and databases (shared by all databases) ----
  Result<std::shared_ptr<const Role>> FindRole(std::string_view name);
  Result<std::shared_ptr<const Role>> RoleByOid(Oid oid);
  Result<std::shared_ptr<const Role>> RoleOrError(std::string_view name);  // 42704
  Result<std::shared_ptr<const Database>> FindDatabase(std::string_view name);
  Result<std::shared_ptr<const Database>> DatabaseByOid(Oid oid);
  // Those that allow connections.
  Result<std::vector<Oid>> OpenDatabases();
  // Is `member` the role, or a member of it directly or not?
  Result<bool> IsMemberOf(Oid member, Oid role);
  // The role and every role it is a member of.
  Result<std::vector<Oid>> RolesOf(Oid member, bool inherited_only);
  // The same, but only through roles whose privileges are inherited.
  Result<bool> HasPrivilegesOf(Oid member, Oid role);

  // ---- Privileges ----
  // 42501 "permission denied for table x" unless the role holds all of `needed`. Superusers and owners pass.
  Status CheckTablePrivilege(const Table& table, AclMode needed, Oid role);
  // The same where privileges on columns will do; `columns` are attribute numbers.
  Status CheckColumnPrivilege(const Table& table, std::span<const int16_t> columns, AclMode needed, Oid role);
  Status CheckSchemaPrivilege(Oid schema, AclMode needed, Oid role);
  Status CheckDatabasePrivilege(Oid database, AclMode needed, Oid role);
  Status CheckOwner(const Table& table, Oid role);  // 42501 "must be owner of table x"
  Result<bool> IsSuperuser(Oid role);
  // All that the role holds on the table (all bits for superusers); has_table_privilege().
  Result<AclMode> TablePrivileges(const Table& table, Oid role);
  // An object's list, its default one when none is stored; and what a role (or PUBLIC, 0) holds by a list.
  Result<Acl> AclOf(std::string_view stored, Oid catalog, char relation_kind, Oid owner);
  Result<AclMode> HeldPrivileges(const Acl& acl, Oid role, Oid owner);

  // ---- Creating ----
  Result<Oid> CreateSchema(const SchemaDefinition& definition);
  // The table with its columns, row type, sequences of identity columns, indexes of keys and constraints. When the
  // name is taken and if_not_exists: a NOTICE, and 0.
  Result<Oid> CreateTable(const TableDefinition& definition);
  Result<Oid> CreateIndex(const Table& table, const IndexDefinition& definition);
  // Another index like it, neither ready nor valid; what a constraint or comment says of the first does not hold for it.
  Result<Oid> CopyIndex(const Index& index, std::string_view name);
  Result<Oid> AddConstraint(const Table& table, const ConstraintDefinition& definition);
  Result<Oid> CreateView(const ViewDefinition& definition);
  Result<Oid> CreateSequence(const SequenceDefinition& definition);
  Result<Oid> CreateEnum(std::string_view name, Oid schema, const std::vector<std::string>& labels);
  Result<Oid> CreateDomain(const DomainDefinition& definition);
  Result<Oid> CreateRole(const RoleDefinition& definition);
  Result<Oid> CreateDatabase(const DatabaseDefinition& definition);

  // ---- Dropping ----
  // Drops objects and, when cascading, what depends on them; else 2BP01 with PostgreSQL's DETAIL and HINT.
  Status DropObjects(const std::vector<ObjectAddress>& objects, bool cascade);
  // 2BP01 when DropObjects without cascading would refuse.
  Status CheckMayDrop(const std::vector<ObjectAddress>& objects);
  // Everything in this session's temporary schema: at the session's end, DISCARD TEMP.
  Status DropTemporaryObjects();
  // As error messages and pg_describe_object name it: "table t", "column a of table t".
  Result<std::string> DescribeObject(const ObjectAddress& object);
  Status DropRole(Oid role);
  Status CheckMayDropDatabase(Oid database);
  Status DropDatabase(Oid database);
  Status AlterDatabase(const Database& changed);  // template, connections, limit
  // Settings kept for a role in a database (0: every one): ALTER ROLE / DATABASE ... SET. No value removes the setting; an
  // empty name removes all of them.
  Status SetRoleSetting(Oid database, Oid role, std::string_view name, const std::optional<std::string>& value);
  Result<std::vector<std::pair<std::string, std::string>>> RoleSettings(Oid database, Oid role);

  // ---- Altering ----
  Status AddColumn(const Table& table, const ColumnDefinition& column);
  Status DropColumn(const Table& table, int column, bool cascade);
  Status SetColumnDefault(const Table& table, int column, const std::string& stored_sql,
                          const std::vector<ObjectAddress>& uses);  // empty text: drop
  Status SetColumnNotNull(const Table& table, int column, bool not_null);
  // With `rewrite` the caller replaces the storage and copies the rows, as no row there is has the new type.
  Status SetColumnType(const Table& table, int column, types::Type type, Oid collation, bool rewrite);
  Status SetColumnIdentity(const Table& table, int column, char identity, const SequenceParameters& parameters);
  Status DropConstraint(const Table& table, std::string_view name, bool cascade);
  Status SetConstraintValidated(const Table& table, Oid constraint);
  Status AlterSequence(const Table& sequence, const SequenceParameters& parameters);
  Status RestartSequence(const Table& sequence, int64_t start);  // transactional
  Status SetIndexKeyType(const Index& index, size_t place, types::Type type);
  Status SetForeignKeyOperators(Oid constraint, const std::vector<Oid>& equal);
  // Does this pg_attrdef row's expression use the column?
  Result<bool> DefaultUses(Oid attrdef, Oid table, int column);
  // "rule _RETURN on view v" when a view uses the column; else empty.
  Result<std::string> RuleUsing(Oid table, int column);
  // The sequence a column owns (serial, identity), or 0.
  Result<Oid> OwnedSequence(Oid table, int column);
  Status SetSequenceOwnedBy(const Table& sequence, Oid table, int column);  // table 0: none
  Status RenameObject(const ObjectAddress& object, std::string_view new_name);
  Status SetObjectSchema(const ObjectAddress& object, Oid schema);
  Status SetObjectOwner(const ObjectAddress& object, Oid role);
  Status SetTableOptions(const Table& table, const std::vector<std::string>& options);
  // What only the catalogs tell of: how a column is stored and compressed, its options, the index a table is clustered
  // on (0: none), what identifies its rows to replicas (index for 'i'), LOGGED and UNLOGGED.
  Status SetColumnStorage(const Table& table, int column, char storage);
  Status SetColumnCompression(const Table& table, int column, char method);
  Result<std::vector<std::string>> ColumnOptions(const Table& table, int column);
  Status SetColumnOptions(const Table& table, int column, const std::vector<std::string>& options);
  Status SetClusteredIndex(const Table& table, Oid index);
  Status SetReplicaIdentity(const Table& table, char identity, Oid index);
  Status SetPersistence(const Table& table, Persistence persistence);
  Status SetConstraintDeferrable(Oid constraint, bool deferrable, bool deferred);
  // A generated column becomes a plain one; its values stay.
  Status DropColumnExpression(const Table& table, int column);
  Status AlterRole(Oid role, const RoleDefinition& changes);
  Status AddEnumValue(Oid type, const std::string& label, const std::string& neighbour, bool after, bool if_not_exists);
  Status RenameEnumValue(Oid type, const std::string& from, const std::string& to);
  Status AddDomainConstraint(Oid domain, std::string_view domain_name, Oid schema, const ConstraintDefinition& check);
  Status Comment(const ObjectAddress& object, std::string_view text);  // empty: drop
  Result<std::string> CommentOf(const ObjectAddress& object);

  // Empty trees for a table and its indexes (TRUNCATE, rewrites); old ones go when the transaction commits.
  Status ReplaceStorage(const Table& table);
  Status ReplaceIndexStorage(const Index& index);
  // pg_index's indislive, indisready and indisvalid.
  enum class IndexState : uint8_t {
    kDead,      // nobody uses it
    kPlanned,   // it is there, but nobody writes it
    kReady,     // writers keep it up to date; it may lack rows written before
    kValid,
  };
  Status SetIndexState(Oid index, IndexState state);
  // Is the index complete for this transaction's snapshot? One that was made after that lacks older versions of rows.
  // `indexes_withheld` counts the times that it was not.
  bool IsIndexComplete(const Table& table, const Index& index);
  uint64_t indexes_withheld() const { return indexes_withheld_; }

  // ---- Statistics (statistics.cc) ----
  // pg_class's reltuples and relpages, of the table and its indexes.
  Status SetStatistics(const Table& table, double rows, int32_t pages);
  // Replaces what pg_statistic says of a column. `type` is the values' own type, `layout` theirs.
  Status SetColumnStatistics(Oid relation, int attribute, types::Type type, types::Layout layout, Oid collation,
                             const ColumnStatistics& statistics);
  // What pg_statistic says of a relation's columns; values are of the columns' types without domains.
  Result<std::shared_ptr<const TableStatistics>> StatisticsOf(Oid relation);
  // attstattarget; -1: default_statistics_target.
  Status SetStatisticsTarget(const Table& table, int column, int32_t target);

  // GRANT and REVOKE.
  Status Grant(const GrantDefinition& grant);
  Status GrantRole(Oid role, Oid member, bool admin_option);
  Status RevokeRole(Oid role, Oid member, bool admin_option_only);

  // A name for an implicit object ("t_a_key") that no relation (or constraint) of the schema has yet.
  Result<std::string> ChooseRelationName(std::string_view first, std::string_view second, std::string_view label, Oid schema);
  Result<std::string> ChooseConstraintName(std::string_view first, std::string_view second, std::string_view label, Oid schema,
                                           const std::vector<std::string>& taken);

  void Notice(Status notice);

  // ---- For the operations in headers of their own (domain.h, ownership.h, default_privileges.h) ----
  SystemStore& store() { return *store_; }
  // Changes the system table row of an object that has an OID.
  Status UpdateObject(const ObjectAddress& object, const std::function<void(Row&)>& change);
  // Called after every change: look-ups leave the shared cache until the transaction ends.
  void Changed();
  void ChangedShared();

 private:
  friend class Dependencies;

  // The cached objects of this session, thrown away when anybody commits DDL.
  ObjectCache& Local();
  // Does what this row says concern others than this session?
  void NoteWrite(const Row& row);
  bool IsTemporaryRelation(Oid relation);
  // Is it the schema of another session's temporary objects? Of those nothing is kept: they change without notice.
  Result<bool> IsForeignTemporary(Oid schema);
  Result<Oid> FindRelationOid(Oid schema, std::string_view name);
  Result<Oid> FindRelation(const QualifiedName& name);
  Result<TypeRef> FindTypeIn(Oid schema, std::string_view name);
  Result<std::vector<Oid>> ResolvePath(std::string_view schema);  // the schemas a possibly qualified name may be in

  // Steps of creating (ddl/).
  Result<Oid> TemporarySchema();
  Result<Oid> InsertSchema(const SchemaDefinition& definition);
  Result<bool> NameIsTaken(Oid schema, const std::string& name, bool if_not_exists);
  Status CheckTypeNameFree(Oid schema, const std::string& name);
  Status InsertRelation(Row& class_row, const std::vector<ColumnDefinition>& columns);
  Status InsertColumn(Oid relation, int number, const ColumnDefinition& column);
  Status InsertDefault(Oid relation, int column, const ExpressionDefinition& expression, char generated);
  Result<Oid> CreateColumnSequence(std::string_view table, Oid schema, Persistence persistence, Oid owner,
                                   ColumnDefinition& column);
  Result<Oid> InsertIndex(const Table& table, const IndexDefinition& definition, bool immediate);
  Result<Oid> CreateKeyIndex(const Table& table, const ConstraintDefinition& constraint);
  Status NameConstraint(const Table& table, ConstraintDefinition& constraint);
  Status InsertConstraintRow(const Table& table, const ConstraintDefinition& constraint, Oid oid, Oid index);
  Status RecordConstraintDependencies(const Table& table, const ConstraintDefinition& constraint, Oid oid, Oid index);
  Status UpdateClass(Oid relation, const std::function<void(Row&)>& change);
  // The same for columns that are changed in passing (system_store.h): gives way to changes of others.
  Status UpdateClassInPassing(Oid relation, const std::function<void(Row&)>& change);
  Status UpdateIndexRows(const Table& table, const std::function<void(Row&)>& change);
  Status UpdateAttribute(Oid relation, int column, const std::function<void(Row&)>& change);
  Status DropSchemaContents(Oid schema);
  Status InsertViewRule(Oid view, const ViewDefinition& definition);
  Result<Oid> ReplaceView(const Table& existing, const ViewDefinition& definition);
  Status RenameRelation(Oid relation, std::string_view new_name);
  Status RenameConstraint(Oid constraint, std::string_view new_name);
  Status RenameType(Oid type, const std::string& name);
  Status RenameColumn(Oid relation, int column, std::string_view new_name);
  Status CheckCanManageRoles(const RoleDefinition& definition, const char* refusal);
  Status CheckMayAdminister(const Role& role);
  Status GrantOn(const ObjectAddress& object, const GrantDefinition& grant);
  Status WriteAcl(const ObjectAddress& object, const std::string& before, const Acl& list);
  Status RecordAclRoles(const ObjectAddress& object, const Acl& list, Oid owner);
  Result<Oid> InsertEnumLabel(Oid type, const std::string& label, float order);
  Status RenumberEnumLabels(Oid type);

  SharedCatalog* shared_;
  DatabaseCache* cache_;
  const Builtins& builtins_;
  Oid database_;
  Oid role_ = oid::kRolePostgres;
  Oid temporary_schema_ = 0;
  NoticeSink* notices_ = nullptr;
  std::vector<std::string> path_names_;
  bool private_ = false;
  // What the transaction changed is to be told to others when it commits.
  struct PendingChanges {
    bool permanent = false;  // not of temporary objects alone
  };
  std::shared_ptr<PendingChanges> pending_ = std::make_shared<PendingChanges>();
  bool will_tell_ = false;  // at commit
  uint64_t temporary_version_ = 0;
  std::unordered_set<Oid> temporary_relations_;
  TableRef pretended_;
  uint64_t indexes_withheld_ = 0;
  std::unordered_set<Oid> unsafe_labels_;  // labels it added to others
  std::unique_ptr<SystemStore> store_;
  txn::Transaction* transaction_ = nullptr;

  ObjectCache local_;
  uint64_t local_version_ = 0;
  std::unordered_map<Oid, std::shared_ptr<const Role>> roles_;
  struct Membership {
    Oid role, member;
    bool admin;
  };
  std::optional<std::vector<Membership>> memberships_;
};

}  // namespace phantom::catalog
