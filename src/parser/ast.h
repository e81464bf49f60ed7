// parser/ast.h
//
// The syntax tree: what the grammar of PostgreSQL 15 makes of a statement; nothing is looked up or checked.
// Node for node and field for field it holds what PostgreSQL's raw parse tree holds (src/include/nodes/parsenodes.h
// of PostgreSQL 15, where each node is described), in types of our own. This header has what all nodes share;
// ast_expr.h, ast_select.h, ast_table.h, ast_object.h and ast_utility.h have the nodes by theme.
//
// * A tree is immutable and lives in the arena of the ParsedText that owns it; nodes point into that arena only.
// * Node::location is the byte offset of the node's first or most telling token in the parsed text; -1 if unknown.
// * A string that the statement does not have is a string_view whose data() is null: see IsNull().
// * A pointer that the statement does not need is null, a list empty.
// * Enumerators with equal names and order as PostgreSQL's keep its values.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "common/check.h"

namespace phantom::parser {

enum class NodeKind : uint16_t {
  // Values and lists: ast.h
  kConstant,
  kStringList,
  kListNode,
  kStar,
  // Names, types and options: ast.h
  kAlias,
  kRangeVar,
  kTypeName,
  kRoleSpec,
  kDefElem,
  kObjectWithArgs,
  kCollateClause,
  // Expressions: ast_expr.h
  kColumnRef,
  kParamRef,
  kOperatorExpr,
  kTypeCast,
  kFuncCall,
  kIndirection,
  kArrayExpr,
  kMultiAssignRef,
  kGroupingFunc,
  kNamedArgExpr,
  kBoolExpr,
  kSubLink,
  kCaseExpr,
  kCaseWhen,
  kRowExpr,
  kCoalesceExpr,
  kMinMaxExpr,
  kSqlValueFunction,
  kXmlExpr,
  kXmlSerialize,
  kNullTest,
  kBooleanTest,
  kSetToDefault,
  kCurrentOfExpr,
  // SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE and their clauses: ast_select.h
  kSelectStmt,
  kInsertStmt,
  kDeleteStmt,
  kUpdateStmt,
  kMergeStmt,
  kMergeWhenClause,
  kResTarget,
  kSortBy,
  kWindowDef,
  kWithClause,
  kCommonTableExpr,
  kCteSearchClause,
  kCteCycleClause,
  kOnConflictClause,
  kInferClause,
  kRangeSubselect,
  kRangeFunction,
  kRangeTableFunc,
  kRangeTableFuncCol,
  kRangeTableSample,
  kJoinExpr,
  kLockingClause,
  kGroupingSet,
  kIntoClause,
  // Relations: ast_table.h
  kCreateTableStmt,
  kColumnDef,
  kConstraint,
  kTableLikeClause,
  kIndexElem,
  kCreateIndexStmt,
  kPartitionSpec,
  kPartitionElem,
  kPartitionBoundSpec,
  kPartitionCmd,
  kAlterTableStmt,
  kAlterTableCmd,
  kReplicaIdentityStmt,
  kCreateTableAsStmt,
  kRefreshMatViewStmt,
  kCreateViewStmt,
  kCreateSequenceStmt,
  kAlterSequenceStmt,
  kCreateTriggerStmt,
  kTriggerTransition,
  kCreateRuleStmt,
  kCreateStatisticsStmt,
  kStatsElem,
  kAlterStatisticsStmt,
  kTruncateStmt,
  kAlterTableMoveAllStmt,
  // Objects other than relations: ast_object.h
  kCreateSchemaStmt,
  kCreateFunctionStmt,
  kFunctionParameter,
  kReturnStmt,
  kAlterFunctionStmt,
  kDefineStmt,
  kCreateDomainStmt,
  kAlterDomainStmt,
  kCompositeTypeStmt,
  kCreateEnumStmt,
  kAlterEnumStmt,
  kCreateRangeStmt,
  kAlterTypeStmt,
  kAlterCollationStmt,
  kCreateOpClassStmt,
  kCreateOpClassItem,
  kCreateOpFamilyStmt,
  kAlterOpFamilyStmt,
  kAlterOperatorStmt,
  kCreateCastStmt,
  kCreateTransformStmt,
  kCreateConversionStmt,
  kCreateLanguageStmt,
  kCreateAccessMethodStmt,
  kCreateEventTriggerStmt,
  kAlterEventTriggerStmt,
  kCreateExtensionStmt,
  kAlterExtensionStmt,
  kAlterExtensionContentsStmt,
  kCreateFdwStmt,
  kAlterFdwStmt,
  kCreateForeignServerStmt,
  kAlterForeignServerStmt,
  kCreateForeignTableStmt,
  kCreateUserMappingStmt,
  kAlterUserMappingStmt,
  kDropUserMappingStmt,
  kImportForeignSchemaStmt,
  kAlterTsDictionaryStmt,
  kAlterTsConfigurationStmt,
  kCreatePublicationStmt,
  kAlterPublicationStmt,
  kPublicationObjSpec,
  kPublicationTable,
  kCreateSubscriptionStmt,
  kAlterSubscriptionStmt,
  kDropSubscriptionStmt,
  kDropStmt,
  kCommentStmt,
  kSecurityLabelStmt,
  kRenameStmt,
  kAlterObjectDependsStmt,
  kAlterObjectSchemaStmt,
  kAlterOwnerStmt,
  // Transactions, settings, cursors, COPY, maintenance, databases, roles and privileges: ast_utility.h
  kTransactionStmt,
  kVariableSetStmt,
  kVariableShowStmt,
  kConstraintsSetStmt,
  kAlterSystemStmt,
  kDiscardStmt,
  kPrepareStmt,
  kExecuteStmt,
  kDeallocateStmt,
  kDeclareCursorStmt,
  kClosePortalStmt,
  kFetchStmt,
  kCopyStmt,
  kExplainStmt,
  kDoStmt,
  kCallStmt,
  kLockStmt,
  kListenStmt,
  kUnlistenStmt,
  kNotifyStmt,
  kLoadStmt,
  kVacuumStmt,
  kVacuumRelation,
  kClusterStmt,
  kReindexStmt,
  kCheckpointStmt,
  kCreateDatabaseStmt,
  kAlterDatabaseStmt,
  kAlterDatabaseRefreshCollStmt,
  kAlterDatabaseSetStmt,
  kDropDatabaseStmt,
  kCreateTablespaceStmt,
  kDropTablespaceStmt,
  kAlterTablespaceOptionsStmt,
  kCreateRoleStmt,
  kAlterRoleStmt,
  kAlterRoleSetStmt,
  kDropRoleStmt,
  kGrantStmt,
  kAccessPriv,
  kGrantRoleStmt,
  kAlterDefaultPrivilegesStmt,
  kCreatePolicyStmt,
  kAlterPolicyStmt,
  kDropOwnedStmt,
  kReassignOwnedStmt,
};

// "SelectStmt" for kSelectStmt.
std::string_view NodeKindName(NodeKind kind);

struct Node {
  explicit Node(NodeKind node_kind) : kind(node_kind) {}
  NodeKind kind;
  int32_t location = -1;
};

template <NodeKind K>
struct NodeOf : Node {
  static constexpr NodeKind kKind = K;
  NodeOf() : Node(K) {}
};

// Null if node is null or of another kind.
template <typename T>
const T* DynCast(const Node* node) {
  return node != nullptr && node->kind == T::kKind ? static_cast<const T*>(node) : nullptr;
}

// Requires that node is a T.
template <typename T>
const T& Cast(const Node& node) {
  PHANTOM_CHECK(node.kind == T::kKind);
  return static_cast<const T&>(node);
}

template <typename T>
bool Is(const Node* node) {
  return node != nullptr && node->kind == T::kKind;
}

using NodeList = std::span<const Node* const>;
using NameList = std::span<const std::string_view>;
template <typename T>
using ListOf = std::span<const T* const>;

inline bool IsNull(std::string_view text) { return text.data() == nullptr; }

enum class ConstantType : uint8_t { kNull, kInteger, kFloat, kBoolean, kString, kBitString };

// A literal (A_Const), or a bare value where an option or a name is expected (Integer, Float, Boolean, String).
struct Constant : NodeOf<NodeKind::kConstant> {
  ConstantType type = ConstantType::kNull;
  bool boolean = false;
  int32_t integer = 0;
  std::string_view text;  // kString; digits of kFloat (any number that does not fit int32); kBitString: b101 or x1F
};

// A list of strings where a node is expected: mostly a qualified name.
struct StringList : NodeOf<NodeKind::kStringList> {
  NameList names;
};

// Any other list where a node is expected. Elements may be null.
struct ListNode : NodeOf<NodeKind::kListNode> {
  NodeList items;
};

// * as a value: COPY ... (FORCE_QUOTE *)
struct Star : NodeOf<NodeKind::kStar> {};

struct FunctionParameter;

enum class RoleSpecType : uint8_t { kName, kCurrentRole, kCurrentUser, kSessionUser, kPublic };

enum class DefElemAction : uint8_t { kUnspecified, kSet, kAdd, kDrop };

enum class DropBehavior : uint8_t { kRestrict, kCascade };

// A kind of object. Where a command names an object by a node of no fixed kind, the object's kind decides:
//   StringList      the qualified name: relations, collations, conversions, statistics, text search;
//                   kType and kDomain in ALTER and GRANT.
//                   Relation, then own name: kColumn, kTabconstraint, kTrigger, kRule, kPolicy.
//                   Access method, then name: kOpclass, kOpfamily
//   Constant        the unqualified name: kAccessMethod, kDatabase, kEventTrigger, kExtension, kFdw, kForeignServer,
//                   kLanguage, kParameterAcl, kPublication, kRole, kSchema, kSubscription, kTablespace;
//                   the number: kLargeobject
//   ObjectWithArgs  kAggregate, kFunction, kOperator, kProcedure, kRoutine
//   TypeName        kType, kDomain in all other commands
//   ListNode        kCast: two TypeNames; kDomconstraint and kTransform: TypeName and Constant
enum class ObjectType : uint8_t {
  kAccessMethod,
  kAggregate,
  kAmop,
  kAmproc,
  kAttribute,
  kCast,
  kColumn,
  kCollation,
  kConversion,
  kDatabase,
  kDefault,
  kDefacl,
  kDomain,
  kDomconstraint,
  kEventTrigger,
  kExtension,
  kFdw,
  kForeignServer,
  kForeignTable,
  kFunction,
  kIndex,
  kLanguage,
  kLargeobject,
  kMatview,
  kOpclass,
  kOperator,
  kOpfamily,
  kParameterAcl,
  kPolicy,
  kProcedure,
  kPublication,
  kPublicationNamespace,
  kPublicationRel,
  kRole,
  kRoutine,
  kRule,
  kSchema,
  kSequence,
  kSubscription,
  kStatisticExt,
  kTabconstraint,
  kTable,
  kTablespace,
  kTransform,
  kTrigger,
  kTsconfiguration,
  kTsdictionary,
  kTsparser,
  kTstemplate,
  kType,
  kUserMapping,
  kView,
};

// A name given to a relation, with optional column names.
struct Alias : NodeOf<NodeKind::kAlias> {
  std::string_view name;
  NameList columns;
};

// A relation's name, in FROM and in commands.
struct RangeVar : NodeOf<NodeKind::kRangeVar> {
  std::string_view catalog;  // null: the current database
  std::string_view schema;   // null: search_path
  std::string_view name;
  bool include_children = false;  // false after ONLY
  char persistence = 0;           // 'p' permanent, 't' temporary, 'u' unlogged
  const Alias* alias = nullptr;
};

// A type as written.
struct TypeName : NodeOf<NodeKind::kTypeName> {
  NameList names;  // qualified name; built-in SQL spellings come as pg_catalog.*
  bool set_of = false;
  bool percent_type = false;              // names is table.column and the type is that column's
  NodeList typmods;                       // the expressions in parentheses
  std::span<const int32_t> array_bounds;  // one for each pair of brackets; -1 where empty
};

// A role by name or by keyword.
struct RoleSpec : NodeOf<NodeKind::kRoleSpec> {
  RoleSpecType role{};
  std::string_view name;  // only for kName
};

// A name = value option of a command.
struct DefElem : NodeOf<NodeKind::kDefElem> {
  std::string_view name_space;  // as toast in WITH (toast.x = 1)
  std::string_view name;
  const Node* arg = nullptr;  // Constant, TypeName, StringList, ListNode, Star, an expression, ... or null
  DefElemAction action{};
};

// A function, operator or aggregate with its argument types.
struct ObjectWithArgs : NodeOf<NodeKind::kObjectWithArgs> {
  NameList name;
  ListOf<TypeName> args;                 // input types; an element is null for an operator's NONE
  ListOf<FunctionParameter> parameters;  // all parameters as written
  bool args_unspecified = false;         // written without parentheses
};

// arg COLLATE name; arg is null in a column definition.
struct CollateClause : NodeOf<NodeKind::kCollateClause> {
  const Node* arg = nullptr;
  NameList collation;
};

}  // namespace phantom::parser
