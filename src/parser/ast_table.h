// parser/ast_table.h
//
// Relations: tables, indexes, constraints, views, sequences, triggers, rules, statistics.
// The names in parentheses are PostgreSQL's where ours differ. See ast.h for what holds for all nodes.
#pragma once
#include "parser/ast_select.h"

namespace phantom::parser {

struct AlterTableCmd;
struct Constraint;
struct IndexElem;
struct IntoClause;
struct PartitionBoundSpec;
struct PartitionElem;
struct PartitionSpec;
struct StatsElem;
struct TriggerTransition;

// Bits of CreateTriggerStmt::timing and events. AFTER is a timing without bits.
namespace trigger_type {
inline constexpr int32_t kRow = 1;
inline constexpr int32_t kBefore = 2;
inline constexpr int32_t kInsert = 4;
inline constexpr int32_t kDelete = 8;
inline constexpr int32_t kUpdate = 16;
inline constexpr int32_t kTruncate = 32;
inline constexpr int32_t kInsteadOf = 64;
}  // namespace trigger_type

// Bits of TableLikeClause::options.
namespace table_like {
inline constexpr int32_t kComments = 1;
inline constexpr int32_t kCompression = 2;
inline constexpr int32_t kConstraints = 4;
inline constexpr int32_t kDefaults = 8;
inline constexpr int32_t kGenerated = 16;
inline constexpr int32_t kIdentity = 32;
inline constexpr int32_t kIndexes = 64;
inline constexpr int32_t kStatistics = 128;
inline constexpr int32_t kStorage = 256;
inline constexpr int32_t kAll = 0x7fffffff;
}  // namespace table_like

// element WITH operator, in EXCLUDE.
struct ExclusionItem {
  const IndexElem* element = nullptr;
  NameList op;
};

enum class ConstraintType : uint8_t {
  kNull,
  kNotNull,
  kDefault,
  kIdentity,
  kGenerated,
  kCheck,
  kPrimary,
  kUnique,
  kExclusion,
  kForeign,
  kAttrDeferrable,
  kAttrNotDeferrable,
  kAttrDeferred,
  kAttrImmediate,
};

enum class ViewCheckOption : uint8_t { kNone, kLocal, kCascaded };

// The gaps in the numbers are actions that PostgreSQL makes after parsing.
enum class AlterTableType : uint8_t {
  kAddColumn,
  kColumnDefault = 3,
  kDropNotNull = 5,
  kSetNotNull,
  kDropExpression,
  kSetStatistics = 9,
  kSetOptions,
  kResetOptions,
  kSetStorage,
  kSetCompression,
  kDropColumn,
  kAddConstraint = 18,
  kAlterConstraint = 22,
  kValidateConstraint,
  kDropConstraint = 26,
  kAlterColumnType = 29,
  kAlterColumnGenericOptions,
  kChangeOwner,
  kClusterOn,
  kDropCluster,
  kSetLogged,
  kSetUnLogged,
  kDropOids,
  kSetAccessMethod,
  kSetTableSpace,
  kSetRelOptions,
  kResetRelOptions,
  kEnableTrig = 42,
  kEnableAlwaysTrig,
  kEnableReplicaTrig,
  kDisableTrig,
  kEnableTrigAll,
  kDisableTrigAll,
  kEnableTrigUser,
  kDisableTrigUser,
  kEnableRule,
  kEnableAlwaysRule,
  kEnableReplicaRule,
  kDisableRule,
  kAddInherit,
  kDropInherit,
  kAddOf,
  kDropOf,
  kReplicaIdentity,
  kEnableRowSecurity,
  kDisableRowSecurity,
  kForceRowSecurity,
  kNoForceRowSecurity,
  kGenericOptions,
  kAttachPartition,
  kDetachPartition,
  kDetachPartitionFinalize,
  kAddIdentity,
  kSetIdentity,
  kDropIdentity,
};

// CREATE TABLE (CreateStmt)
struct CreateTableStmt : NodeOf<NodeKind::kCreateTableStmt> {
  const RangeVar* relation = nullptr;
  NodeList elements;          // ColumnDef, TableLikeClause, Constraint
  ListOf<RangeVar> inherits;  // of INHERITS; for PARTITION OF, the parent
  const PartitionBoundSpec* partition_bound = nullptr;
  const PartitionSpec* partition_spec = nullptr;
  const TypeName* of_type = nullptr;
  ListOf<DefElem> options;
  OnCommitAction on_commit{};
  std::string_view tablespace;
  std::string_view access_method;
  bool if_not_exists = false;
};

// A column's definition.
struct ColumnDef : NodeOf<NodeKind::kColumnDef> {
  std::string_view name;
  const TypeName* type = nullptr;  // null in CREATE TABLE ... OF
  std::string_view compression;
  const Node* using_expr = nullptr;  // ALTER COLUMN TYPE ... USING; a default is a Constraint
  const CollateClause* collation = nullptr;
  ListOf<Constraint> constraints;
  ListOf<DefElem> fdw_options;
};

// A column's or table's constraint; also DEFAULT, GENERATED and constraint attributes.
struct Constraint : NodeOf<NodeKind::kConstraint> {
  ConstraintType type{};
  std::string_view name;
  bool deferrable = false;
  bool initially_deferred = false;
  bool no_inherit = false;
  const Node* expr = nullptr;  // kCheck, kDefault, kGenerated
  char generated_when = 0;     // 'a' ALWAYS, 'd' BY DEFAULT
  bool nulls_not_distinct = false;
  NameList keys;
  NameList including;
  std::span<const ExclusionItem> exclusions;
  ListOf<DefElem> options;
  std::string_view index_name;  // USING INDEX
  std::string_view index_tablespace;
  std::string_view access_method;
  const Node* where = nullptr;
  const RangeVar* pk_table = nullptr;
  NameList fk_columns;
  NameList pk_columns;
  char fk_match = 0;      // 'f' full, 'p' partial, 's' simple
  char fk_on_update = 0;  // 'a' no action, 'r' restrict, 'c' cascade, 'n' set null, 'd' set default
  char fk_on_delete = 0;
  NameList fk_delete_set_columns;
  bool skip_validation = false;  // NOT VALID
  bool initially_valid = false;
};

// LIKE relation INCLUDING ...
struct TableLikeClause : NodeOf<NodeKind::kTableLikeClause> {
  const RangeVar* relation = nullptr;
  int32_t options = 0;  // bits of table_like
};

// A column or expression of an index, with its ordering.
struct IndexElem : NodeOf<NodeKind::kIndexElem> {
  std::string_view name;
  const Node* expr = nullptr;
  NameList collation;
  NameList opclass;
  ListOf<DefElem> opclass_options;
  SortByDir ordering{};
  SortByNulls nulls{};
};

// CREATE INDEX (IndexStmt)
struct CreateIndexStmt : NodeOf<NodeKind::kCreateIndexStmt> {
  std::string_view name;
  const RangeVar* relation = nullptr;
  std::string_view access_method;
  std::string_view tablespace;
  ListOf<IndexElem> params;
  ListOf<IndexElem> including_params;
  ListOf<DefElem> options;
  const Node* where = nullptr;
  bool unique = false;
  bool nulls_not_distinct = false;
  bool concurrent = false;
  bool if_not_exists = false;
};

// PARTITION BY strategy (params)
struct PartitionSpec : NodeOf<NodeKind::kPartitionSpec> {
  std::string_view strategy;  // as written: list, range, hash
  ListOf<PartitionElem> params;
};

// A partition key's column or expression.
struct PartitionElem : NodeOf<NodeKind::kPartitionElem> {
  std::string_view name;
  const Node* expr = nullptr;
  NameList collation;
  NameList opclass;
};

// FOR VALUES ... or DEFAULT
struct PartitionBoundSpec : NodeOf<NodeKind::kPartitionBoundSpec> {
  char strategy = 0;  // 'l' list, 'r' range, 'h' hash
  bool is_default = false;
  int32_t modulus = 0;
  int32_t remainder = 0;
  NodeList list_values;
  NodeList lower;  // MINVALUE and MAXVALUE are ColumnRefs
  NodeList upper;
};

// ATTACH or DETACH PARTITION
struct PartitionCmd : NodeOf<NodeKind::kPartitionCmd> {
  const RangeVar* name = nullptr;
  const PartitionBoundSpec* bound = nullptr;
  bool concurrent = false;
};

// ALTER TABLE, INDEX, SEQUENCE, VIEW, TYPE (composite), ...
struct AlterTableStmt : NodeOf<NodeKind::kAlterTableStmt> {
  const RangeVar* relation = nullptr;
  ListOf<AlterTableCmd> commands;
  ObjectType object_type{};
  bool missing_ok = false;
};

// One action of ALTER TABLE.
struct AlterTableCmd : NodeOf<NodeKind::kAlterTableCmd> {
  AlterTableType type{};
  std::string_view name;  // column, constraint, trigger, tablespace, ...
  int32_t number = 0;     // attribute number, when a column of an index is meant by it
  const RoleSpec* new_owner = nullptr;
  // ColumnDef, Constraint, expression, ListNode of DefElem, RangeVar, ... as the action needs
  const Node* def = nullptr;
  DropBehavior behavior{};
  bool missing_ok = false;
};

// REPLICA IDENTITY
struct ReplicaIdentityStmt : NodeOf<NodeKind::kReplicaIdentityStmt> {
  char identity = 0;  // 'n' nothing, 'f' full, 'd' default, 'i' index
  std::string_view name;
};

// CREATE TABLE AS, CREATE MATERIALIZED VIEW
struct CreateTableAsStmt : NodeOf<NodeKind::kCreateTableAsStmt> {
  const Node* query = nullptr;
  const IntoClause* into = nullptr;
  ObjectType object_type{};  // kTable or kMatView
  bool is_select_into = false;
  bool if_not_exists = false;
};

// REFRESH MATERIALIZED VIEW
struct RefreshMatViewStmt : NodeOf<NodeKind::kRefreshMatViewStmt> {
  bool concurrent = false;
  bool skip_data = false;
  const RangeVar* relation = nullptr;
};

// CREATE VIEW (ViewStmt)
struct CreateViewStmt : NodeOf<NodeKind::kCreateViewStmt> {
  const RangeVar* view = nullptr;
  NameList columns;
  const Node* query = nullptr;
  bool replace = false;
  ListOf<DefElem> options;
  ViewCheckOption check_option{};
};

// CREATE SEQUENCE (CreateSeqStmt)
struct CreateSequenceStmt : NodeOf<NodeKind::kCreateSequenceStmt> {
  const RangeVar* sequence = nullptr;
  ListOf<DefElem> options;
  bool for_identity = false;
  bool if_not_exists = false;
};

// ALTER SEQUENCE (AlterSeqStmt)
struct AlterSequenceStmt : NodeOf<NodeKind::kAlterSequenceStmt> {
  const RangeVar* sequence = nullptr;
  ListOf<DefElem> options;
  bool for_identity = false;
  bool missing_ok = false;
};

// CREATE TRIGGER (CreateTrigStmt)
struct CreateTriggerStmt : NodeOf<NodeKind::kCreateTriggerStmt> {
  bool replace = false;
  bool is_constraint = false;
  std::string_view name;
  const RangeVar* relation = nullptr;
  NameList function;
  NameList args;
  bool for_each_row = false;
  int32_t timing = 0;  // bits of trigger_type
  int32_t events = 0;  // bits of trigger_type
  NameList columns;
  const Node* when = nullptr;
  ListOf<TriggerTransition> transitions;
  bool deferrable = false;
  bool initially_deferred = false;
  const RangeVar* constraint_relation = nullptr;
};

// REFERENCING { OLD | NEW } { TABLE | ROW } AS name
struct TriggerTransition : NodeOf<NodeKind::kTriggerTransition> {
  std::string_view name;
  bool is_new = false;
  bool is_table = false;
};

// CREATE RULE (RuleStmt)
struct CreateRuleStmt : NodeOf<NodeKind::kCreateRuleStmt> {
  const RangeVar* relation = nullptr;
  std::string_view name;
  const Node* where = nullptr;
  CommandType event{};
  bool instead = false;
  NodeList actions;
  bool replace = false;
};

// CREATE STATISTICS (CreateStatsStmt)
struct CreateStatisticsStmt : NodeOf<NodeKind::kCreateStatisticsStmt> {
  NameList names;
  NameList types;
  ListOf<StatsElem> exprs;
  NodeList relations;
  bool if_not_exists = false;
};

// A column or expression of CREATE STATISTICS.
struct StatsElem : NodeOf<NodeKind::kStatsElem> {
  std::string_view name;
  const Node* expr = nullptr;
};

// ALTER STATISTICS ... SET STATISTICS (AlterStatsStmt)
struct AlterStatisticsStmt : NodeOf<NodeKind::kAlterStatisticsStmt> {
  NameList names;
  int32_t target = 0;
  bool missing_ok = false;
};

// TRUNCATE
struct TruncateStmt : NodeOf<NodeKind::kTruncateStmt> {
  ListOf<RangeVar> relations;
  bool restart_sequences = false;
  DropBehavior behavior{};
};

// ALTER TABLE | INDEX | MATERIALIZED VIEW ALL IN TABLESPACE ... SET TABLESPACE
struct AlterTableMoveAllStmt : NodeOf<NodeKind::kAlterTableMoveAllStmt> {
  std::string_view from_tablespace;
  ObjectType object_type{};
  ListOf<RoleSpec> roles;
  std::string_view to_tablespace;
  bool nowait = false;
};

}  // namespace phantom::parser
