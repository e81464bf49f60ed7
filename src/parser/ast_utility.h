// parser/ast_utility.h
//
// Transactions, settings, cursors, COPY, maintenance, databases, roles and privileges.
// The names in parentheses are PostgreSQL's where ours differ. See ast.h for what holds for all nodes.
#pragma once
#include "parser/ast.h"

namespace phantom::parser {

struct AccessPriv;
struct FuncCall;
struct GrantStmt;
struct VacuumRelation;
struct VariableSetStmt;

// Bits of DeclareCursorStmt::options.
namespace cursor_option {
inline constexpr int32_t kBinary = 1;
inline constexpr int32_t kScroll = 2;
inline constexpr int32_t kNoScroll = 4;
inline constexpr int32_t kInsensitive = 8;
inline constexpr int32_t kAsensitive = 16;
inline constexpr int32_t kHold = 32;
}  // namespace cursor_option

// FetchStmt::count of FETCH ALL.
inline constexpr int64_t kFetchAll = INT64_MAX;

enum class TransactionCommand : uint8_t {
  kBegin,
  kStart,
  kCommit,
  kRollback,
  kSavepoint,
  kRelease,
  kRollbackTo,
  kPrepare,
  kCommitPrepared,
  kRollbackPrepared,
};

enum class VariableSetKind : uint8_t { kValue, kDefault, kCurrent, kMulti, kReset, kResetAll };

enum class DiscardMode : uint8_t { kAll, kPlans, kSequences, kTemp };

enum class FetchDirection : uint8_t { kForward, kBackward, kAbsolute, kRelative };

enum class ReindexObject : uint8_t { kIndex, kTable, kSchema, kSystem, kDatabase };

enum class RoleStmtType : uint8_t { kRole, kUser, kGroup };

enum class GrantTargetType : uint8_t { kObject, kAllInSchema, kDefaults };

// BEGIN, COMMIT, SAVEPOINT, PREPARE TRANSACTION, ...
struct TransactionStmt : NodeOf<NodeKind::kTransactionStmt> {
  TransactionCommand command{};
  ListOf<DefElem> options;  // transaction_isolation, transaction_read_only, transaction_deferrable
  std::string_view savepoint;
  std::string_view gid;
  bool chain = false;
};

// SET, RESET
struct VariableSetStmt : NodeOf<NodeKind::kVariableSetStmt> {
  VariableSetKind action{};
  std::string_view name;
  NodeList args;  // Constants; TypeCast for an interval time zone; DefElems for kMulti
  bool is_local = false;
};

// SHOW
struct VariableShowStmt : NodeOf<NodeKind::kVariableShowStmt> {
  std::string_view name;
};

// SET CONSTRAINTS
struct ConstraintsSetStmt : NodeOf<NodeKind::kConstraintsSetStmt> {
  ListOf<RangeVar> constraints;  // empty: ALL
  bool deferred = false;
};

// ALTER SYSTEM
struct AlterSystemStmt : NodeOf<NodeKind::kAlterSystemStmt> {
  const VariableSetStmt* set = nullptr;
};

// DISCARD
struct DiscardStmt : NodeOf<NodeKind::kDiscardStmt> {
  DiscardMode target{};
};

// PREPARE
struct PrepareStmt : NodeOf<NodeKind::kPrepareStmt> {
  std::string_view name;
  ListOf<TypeName> arg_types;
  const Node* query = nullptr;
};

// EXECUTE
struct ExecuteStmt : NodeOf<NodeKind::kExecuteStmt> {
  std::string_view name;
  NodeList params;
};

// DEALLOCATE
struct DeallocateStmt : NodeOf<NodeKind::kDeallocateStmt> {
  std::string_view name;  // null: ALL
};

// DECLARE CURSOR
struct DeclareCursorStmt : NodeOf<NodeKind::kDeclareCursorStmt> {
  std::string_view name;
  int32_t options = 0;  // bits of cursor_option
  const Node* query = nullptr;
};

// CLOSE
struct ClosePortalStmt : NodeOf<NodeKind::kClosePortalStmt> {
  std::string_view name;  // null: ALL
};

// FETCH, MOVE
struct FetchStmt : NodeOf<NodeKind::kFetchStmt> {
  FetchDirection direction{};
  int64_t count = 0;  // rows, or a position; kFetchAll for ALL
  std::string_view name;
  bool is_move = false;
};

// COPY
struct CopyStmt : NodeOf<NodeKind::kCopyStmt> {
  const RangeVar* relation = nullptr;
  const Node* query = nullptr;
  NameList columns;
  bool is_from = false;
  bool is_program = false;
  std::string_view filename;  // null: STDIN, STDOUT
  ListOf<DefElem> options;
  const Node* where = nullptr;
};

// EXPLAIN
struct ExplainStmt : NodeOf<NodeKind::kExplainStmt> {
  const Node* query = nullptr;
  ListOf<DefElem> options;
};

// DO
struct DoStmt : NodeOf<NodeKind::kDoStmt> {
  ListOf<DefElem> args;
};

// CALL
struct CallStmt : NodeOf<NodeKind::kCallStmt> {
  const FuncCall* call = nullptr;
};

// LOCK TABLE
struct LockStmt : NodeOf<NodeKind::kLockStmt> {
  ListOf<RangeVar> relations;
  int32_t mode = 0;  // 1 ACCESS SHARE ... 8 ACCESS EXCLUSIVE
  bool nowait = false;
};

// LISTEN
struct ListenStmt : NodeOf<NodeKind::kListenStmt> {
  std::string_view channel;
};

// UNLISTEN
struct UnlistenStmt : NodeOf<NodeKind::kUnlistenStmt> {
  std::string_view channel;  // null: *
};

// NOTIFY
struct NotifyStmt : NodeOf<NodeKind::kNotifyStmt> {
  std::string_view channel;
  std::string_view payload;
};

// LOAD
struct LoadStmt : NodeOf<NodeKind::kLoadStmt> {
  std::string_view filename;
};

// VACUUM, ANALYZE
struct VacuumStmt : NodeOf<NodeKind::kVacuumStmt> {
  ListOf<DefElem> options;
  ListOf<VacuumRelation> relations;  // empty: all
  bool is_vacuum = false;
};

// A table of VACUUM or ANALYZE.
struct VacuumRelation : NodeOf<NodeKind::kVacuumRelation> {
  const RangeVar* relation = nullptr;
  NameList columns;
};

// CLUSTER
struct ClusterStmt : NodeOf<NodeKind::kClusterStmt> {
  const RangeVar* relation = nullptr;
  std::string_view index;
  ListOf<DefElem> params;
};

// REINDEX
struct ReindexStmt : NodeOf<NodeKind::kReindexStmt> {
  ReindexObject object{};
  const RangeVar* relation = nullptr;
  std::string_view name;
  ListOf<DefElem> params;
};

// CHECKPOINT
struct CheckpointStmt : NodeOf<NodeKind::kCheckpointStmt> {};

// CREATE DATABASE (CreatedbStmt)
struct CreateDatabaseStmt : NodeOf<NodeKind::kCreateDatabaseStmt> {
  std::string_view name;
  ListOf<DefElem> options;
};

// ALTER DATABASE ... options
struct AlterDatabaseStmt : NodeOf<NodeKind::kAlterDatabaseStmt> {
  std::string_view name;
  ListOf<DefElem> options;
};

// ALTER DATABASE ... REFRESH COLLATION VERSION
struct AlterDatabaseRefreshCollStmt : NodeOf<NodeKind::kAlterDatabaseRefreshCollStmt> {
  std::string_view name;
};

// ALTER DATABASE ... SET
struct AlterDatabaseSetStmt : NodeOf<NodeKind::kAlterDatabaseSetStmt> {
  std::string_view name;
  const VariableSetStmt* set = nullptr;
};

// DROP DATABASE (DropdbStmt)
struct DropDatabaseStmt : NodeOf<NodeKind::kDropDatabaseStmt> {
  std::string_view name;
  bool missing_ok = false;
  ListOf<DefElem> options;
};

// CREATE TABLESPACE
struct CreateTablespaceStmt : NodeOf<NodeKind::kCreateTablespaceStmt> {
  std::string_view name;
  const RoleSpec* owner = nullptr;
  std::string_view directory;
  ListOf<DefElem> options;
};

// DROP TABLESPACE
struct DropTablespaceStmt : NodeOf<NodeKind::kDropTablespaceStmt> {
  std::string_view name;
  bool missing_ok = false;
};

// ALTER TABLESPACE ... SET | RESET
struct AlterTablespaceOptionsStmt : NodeOf<NodeKind::kAlterTablespaceOptionsStmt> {
  std::string_view name;
  ListOf<DefElem> options;
  bool is_reset = false;
};

// CREATE ROLE | USER | GROUP
struct CreateRoleStmt : NodeOf<NodeKind::kCreateRoleStmt> {
  RoleStmtType type{};
  std::string_view name;
  ListOf<DefElem> options;
};

// ALTER ROLE, ALTER GROUP
struct AlterRoleStmt : NodeOf<NodeKind::kAlterRoleStmt> {
  const RoleSpec* role = nullptr;
  ListOf<DefElem> options;
  int32_t action = 0;  // 1 add members, -1 drop them
};

// ALTER ROLE ... SET
struct AlterRoleSetStmt : NodeOf<NodeKind::kAlterRoleSetStmt> {
  const RoleSpec* role = nullptr;  // null: ALL
  std::string_view database;
  const VariableSetStmt* set = nullptr;
};

// DROP ROLE
struct DropRoleStmt : NodeOf<NodeKind::kDropRoleStmt> {
  ListOf<RoleSpec> roles;
  bool missing_ok = false;
};

// GRANT and REVOKE of privileges.
struct GrantStmt : NodeOf<NodeKind::kGrantStmt> {
  bool is_grant = false;
  GrantTargetType target{};
  ObjectType object_type{};
  NodeList objects;               // RangeVar, Constant (a name), ObjectWithArgs or StringList, as object_type says
  ListOf<AccessPriv> privileges;  // empty: ALL
  ListOf<RoleSpec> grantees;
  bool grant_option = false;
  const RoleSpec* grantor = nullptr;
  DropBehavior behavior{};
};

// A privilege, perhaps on columns; a granted role in GrantRoleStmt.
struct AccessPriv : NodeOf<NodeKind::kAccessPriv> {
  std::string_view name;  // null: ALL
  NameList columns;
};

// GRANT and REVOKE of roles.
struct GrantRoleStmt : NodeOf<NodeKind::kGrantRoleStmt> {
  ListOf<AccessPriv> granted;
  ListOf<RoleSpec> grantees;
  bool is_grant = false;
  bool admin_option = false;
  const RoleSpec* grantor = nullptr;
  DropBehavior behavior{};
};

// ALTER DEFAULT PRIVILEGES
struct AlterDefaultPrivilegesStmt : NodeOf<NodeKind::kAlterDefaultPrivilegesStmt> {
  ListOf<DefElem> options;
  const GrantStmt* action = nullptr;
};

// CREATE POLICY
struct CreatePolicyStmt : NodeOf<NodeKind::kCreatePolicyStmt> {
  std::string_view name;
  const RangeVar* table = nullptr;
  std::string_view command;
  bool permissive = false;
  ListOf<RoleSpec> roles;
  const Node* using_expr = nullptr;
  const Node* with_check = nullptr;
};

// ALTER POLICY
struct AlterPolicyStmt : NodeOf<NodeKind::kAlterPolicyStmt> {
  std::string_view name;
  const RangeVar* table = nullptr;
  ListOf<RoleSpec> roles;
  const Node* using_expr = nullptr;
  const Node* with_check = nullptr;
};

// DROP OWNED
struct DropOwnedStmt : NodeOf<NodeKind::kDropOwnedStmt> {
  ListOf<RoleSpec> roles;
  DropBehavior behavior{};
};

// REASSIGN OWNED
struct ReassignOwnedStmt : NodeOf<NodeKind::kReassignOwnedStmt> {
  ListOf<RoleSpec> roles;
  const RoleSpec* new_role = nullptr;
};

}  // namespace phantom::parser
