// parser/ast_object.h
//
// Objects other than relations: schemas, functions, types, operators, extensions, foreign data, text search,
// replication.
// The names in parentheses are PostgreSQL's where ours differ. See ast.h for what holds for all nodes.
#pragma once
#include "parser/ast.h"

namespace phantom::parser {

struct ColumnDef;
struct Constraint;
struct CreateOpClassItem;
struct CreateTableStmt;
struct FunctionParameter;
struct PublicationObjSpec;
struct PublicationTable;

enum class FunctionParameterMode : char {
  kIn = 'i',
  kOut = 'o',
  kInOut = 'b',
  kVariadic = 'v',
  kTable = 't',
  kDefault = 'd',
};

enum class CoercionContext : uint8_t { kImplicit, kAssignment, kPlpgsql, kExplicit };

enum class OpClassItemType : uint8_t { kOperator = 1, kFunction, kStorageType };

enum class ImportForeignSchemaType : uint8_t { kAll, kLimitTo, kExcept };

enum class AlterTsConfigType : uint8_t {
  kAddMapping,
  kAlterMappingForToken,
  kReplaceDict,
  kReplaceDictForToken,
  kDropMapping,
};

enum class PublicationObjSpecType : uint8_t { kTable, kTablesInSchema, kTablesInCurrentSchema, kContinuation };

enum class AlterPublicationAction : uint8_t { kAddObjects, kDropObjects, kSetObjects };

enum class AlterSubscriptionType : uint8_t {
  kOptions,
  kConnection,
  kSetPublication,
  kAddPublication,
  kDropPublication,
  kRefresh,
  kEnabled,
  kSkip,
};

// CREATE SCHEMA
struct CreateSchemaStmt : NodeOf<NodeKind::kCreateSchemaStmt> {
  std::string_view name;  // null: that of the owner
  const RoleSpec* owner = nullptr;
  NodeList elements;  // statements to run in it
  bool if_not_exists = false;
};

// CREATE FUNCTION, CREATE PROCEDURE
struct CreateFunctionStmt : NodeOf<NodeKind::kCreateFunctionStmt> {
  bool is_procedure = false;
  bool replace = false;
  NameList name;
  ListOf<FunctionParameter> parameters;
  const TypeName* return_type = nullptr;
  ListOf<DefElem> options;
  const Node* sql_body = nullptr;  // ReturnStmt, or a ListNode holding a ListNode of statements
};

// A parameter of a function.
struct FunctionParameter : NodeOf<NodeKind::kFunctionParameter> {
  std::string_view name;
  const TypeName* type = nullptr;
  FunctionParameterMode mode{};
  const Node* default_value = nullptr;
};

// RETURN expr, as a function's body.
struct ReturnStmt : NodeOf<NodeKind::kReturnStmt> {
  const Node* value = nullptr;
};

// ALTER FUNCTION | PROCEDURE | ROUTINE ... actions
struct AlterFunctionStmt : NodeOf<NodeKind::kAlterFunctionStmt> {
  ObjectType object_type{};
  const ObjectWithArgs* function = nullptr;
  ListOf<DefElem> actions;
};

// CREATE AGGREGATE, OPERATOR, TYPE (base), COLLATION, TEXT SEARCH ...
struct DefineStmt : NodeOf<NodeKind::kDefineStmt> {
  ObjectType define{};
  bool old_style = false;  // CREATE AGGREGATE without a list of arguments
  NameList names;
  ListOf<FunctionParameter> args;  // of an aggregate
  bool has_args = false;
  int32_t direct_arg_count = 0;  // of an ordered-set aggregate; else -1
  ListOf<DefElem> definition;
  bool if_not_exists = false;
  bool replace = false;
};

// CREATE DOMAIN
struct CreateDomainStmt : NodeOf<NodeKind::kCreateDomainStmt> {
  NameList names;
  const TypeName* type = nullptr;
  const CollateClause* collation = nullptr;
  ListOf<Constraint> constraints;
};

// ALTER DOMAIN
struct AlterDomainStmt : NodeOf<NodeKind::kAlterDomainStmt> {
  // 'T' default, 'N' drop not null, 'O' set not null, 'C' add constraint, 'X' drop it, 'V' validate it
  char action = 0;
  NameList names;
  std::string_view name;  // the constraint
  const Node* def = nullptr;
  DropBehavior behavior{};
  bool missing_ok = false;
};

// CREATE TYPE ... AS (columns)
struct CompositeTypeStmt : NodeOf<NodeKind::kCompositeTypeStmt> {
  const RangeVar* type = nullptr;
  ListOf<ColumnDef> columns;
};

// CREATE TYPE ... AS ENUM
struct CreateEnumStmt : NodeOf<NodeKind::kCreateEnumStmt> {
  NameList names;
  NameList values;
};

// ALTER TYPE ... ADD VALUE | RENAME VALUE
struct AlterEnumStmt : NodeOf<NodeKind::kAlterEnumStmt> {
  NameList names;
  std::string_view old_value;  // set when renaming
  std::string_view new_value;
  std::string_view neighbor;
  bool after_neighbor = false;
  bool skip_if_exists = false;
};

// CREATE TYPE ... AS RANGE
struct CreateRangeStmt : NodeOf<NodeKind::kCreateRangeStmt> {
  NameList names;
  ListOf<DefElem> params;
};

// ALTER TYPE ... SET (options)
struct AlterTypeStmt : NodeOf<NodeKind::kAlterTypeStmt> {
  NameList names;
  ListOf<DefElem> options;
};

// ALTER COLLATION ... REFRESH VERSION
struct AlterCollationStmt : NodeOf<NodeKind::kAlterCollationStmt> {
  NameList names;
};

// CREATE OPERATOR CLASS
struct CreateOpClassStmt : NodeOf<NodeKind::kCreateOpClassStmt> {
  NameList names;
  NameList family;
  std::string_view access_method;
  const TypeName* type = nullptr;
  ListOf<CreateOpClassItem> items;
  bool is_default = false;
};

// A member of an operator class or family.
struct CreateOpClassItem : NodeOf<NodeKind::kCreateOpClassItem> {
  OpClassItemType type{};
  const ObjectWithArgs* name = nullptr;
  int32_t number = 0;
  NameList order_family;
  ListOf<TypeName> class_args;
  const TypeName* stored_type = nullptr;
};

// CREATE OPERATOR FAMILY
struct CreateOpFamilyStmt : NodeOf<NodeKind::kCreateOpFamilyStmt> {
  NameList names;
  std::string_view access_method;
};

// ALTER OPERATOR FAMILY ... ADD | DROP
struct AlterOpFamilyStmt : NodeOf<NodeKind::kAlterOpFamilyStmt> {
  NameList names;
  std::string_view access_method;
  bool is_drop = false;
  ListOf<CreateOpClassItem> items;
};

// ALTER OPERATOR ... SET (options)
struct AlterOperatorStmt : NodeOf<NodeKind::kAlterOperatorStmt> {
  const ObjectWithArgs* op = nullptr;
  ListOf<DefElem> options;
};

// CREATE CAST
struct CreateCastStmt : NodeOf<NodeKind::kCreateCastStmt> {
  const TypeName* source = nullptr;
  const TypeName* target = nullptr;
  const ObjectWithArgs* function = nullptr;  // null: WITHOUT FUNCTION, or inout
  CoercionContext context{};
  bool inout = false;
};

// CREATE TRANSFORM
struct CreateTransformStmt : NodeOf<NodeKind::kCreateTransformStmt> {
  bool replace = false;
  const TypeName* type = nullptr;
  std::string_view language;
  const ObjectWithArgs* from_sql = nullptr;
  const ObjectWithArgs* to_sql = nullptr;
};

// CREATE CONVERSION
struct CreateConversionStmt : NodeOf<NodeKind::kCreateConversionStmt> {
  NameList names;
  std::string_view from_encoding;
  std::string_view to_encoding;
  NameList function;
  bool is_default = false;
};

// CREATE LANGUAGE (CreatePLangStmt)
struct CreateLanguageStmt : NodeOf<NodeKind::kCreateLanguageStmt> {
  bool replace = false;
  std::string_view name;
  NameList handler;
  NameList inline_handler;
  NameList validator;
  bool trusted = false;
};

// CREATE ACCESS METHOD (CreateAmStmt)
struct CreateAccessMethodStmt : NodeOf<NodeKind::kCreateAccessMethodStmt> {
  std::string_view name;
  NameList handler;
  char type = 0;  // 'i' index, 't' table
};

// CREATE EVENT TRIGGER (CreateEventTrigStmt)
struct CreateEventTriggerStmt : NodeOf<NodeKind::kCreateEventTriggerStmt> {
  std::string_view name;
  std::string_view event;
  ListOf<DefElem> when;
  NameList function;
};

// ALTER EVENT TRIGGER (AlterEventTrigStmt)
struct AlterEventTriggerStmt : NodeOf<NodeKind::kAlterEventTriggerStmt> {
  std::string_view name;
  char enabled = 0;  // 'O' enabled, 'D' disabled, 'R' replica, 'A' always
};

// CREATE EXTENSION
struct CreateExtensionStmt : NodeOf<NodeKind::kCreateExtensionStmt> {
  std::string_view name;
  bool if_not_exists = false;
  ListOf<DefElem> options;
};

// ALTER EXTENSION ... UPDATE
struct AlterExtensionStmt : NodeOf<NodeKind::kAlterExtensionStmt> {
  std::string_view name;
  ListOf<DefElem> options;
};

// ALTER EXTENSION ... ADD | DROP
struct AlterExtensionContentsStmt : NodeOf<NodeKind::kAlterExtensionContentsStmt> {
  std::string_view name;
  int32_t action = 0;  // 1 add, -1 drop
  ObjectType object_type{};
  const Node* object = nullptr;
};

// CREATE FOREIGN DATA WRAPPER
struct CreateFdwStmt : NodeOf<NodeKind::kCreateFdwStmt> {
  std::string_view name;
  ListOf<DefElem> func_options;
  ListOf<DefElem> options;
};

// ALTER FOREIGN DATA WRAPPER
struct AlterFdwStmt : NodeOf<NodeKind::kAlterFdwStmt> {
  std::string_view name;
  ListOf<DefElem> func_options;
  ListOf<DefElem> options;
};

// CREATE SERVER
struct CreateForeignServerStmt : NodeOf<NodeKind::kCreateForeignServerStmt> {
  std::string_view name;
  std::string_view type;
  std::string_view version;
  std::string_view fdw_name;
  bool if_not_exists = false;
  ListOf<DefElem> options;
};

// ALTER SERVER
struct AlterForeignServerStmt : NodeOf<NodeKind::kAlterForeignServerStmt> {
  std::string_view name;
  std::string_view version;
  ListOf<DefElem> options;
  bool has_version = false;
};

// CREATE FOREIGN TABLE
struct CreateForeignTableStmt : NodeOf<NodeKind::kCreateForeignTableStmt> {
  const CreateTableStmt* base = nullptr;
  std::string_view server;
  ListOf<DefElem> options;
};

// CREATE USER MAPPING
struct CreateUserMappingStmt : NodeOf<NodeKind::kCreateUserMappingStmt> {
  const RoleSpec* user = nullptr;
  std::string_view server;
  bool if_not_exists = false;
  ListOf<DefElem> options;
};

// ALTER USER MAPPING
struct AlterUserMappingStmt : NodeOf<NodeKind::kAlterUserMappingStmt> {
  const RoleSpec* user = nullptr;
  std::string_view server;
  ListOf<DefElem> options;
};

// DROP USER MAPPING
struct DropUserMappingStmt : NodeOf<NodeKind::kDropUserMappingStmt> {
  const RoleSpec* user = nullptr;
  std::string_view server;
  bool missing_ok = false;
};

// IMPORT FOREIGN SCHEMA
struct ImportForeignSchemaStmt : NodeOf<NodeKind::kImportForeignSchemaStmt> {
  std::string_view server;
  std::string_view remote_schema;
  std::string_view local_schema;
  ImportForeignSchemaType list_type{};
  ListOf<RangeVar> tables;
  ListOf<DefElem> options;
};

// ALTER TEXT SEARCH DICTIONARY
struct AlterTsDictionaryStmt : NodeOf<NodeKind::kAlterTsDictionaryStmt> {
  NameList names;
  ListOf<DefElem> options;
};

// ALTER TEXT SEARCH CONFIGURATION
struct AlterTsConfigurationStmt : NodeOf<NodeKind::kAlterTsConfigurationStmt> {
  AlterTsConfigType action{};
  NameList names;
  NameList token_types;
  std::span<const NameList> dictionaries;
  bool override = false;
  bool replace = false;
  bool missing_ok = false;
};

// CREATE PUBLICATION
struct CreatePublicationStmt : NodeOf<NodeKind::kCreatePublicationStmt> {
  std::string_view name;
  ListOf<DefElem> options;
  ListOf<PublicationObjSpec> objects;
  bool for_all_tables = false;
};

// ALTER PUBLICATION
struct AlterPublicationStmt : NodeOf<NodeKind::kAlterPublicationStmt> {
  std::string_view name;
  ListOf<DefElem> options;
  ListOf<PublicationObjSpec> objects;
  bool for_all_tables = false;
  AlterPublicationAction action{};
};

// What a publication publishes.
struct PublicationObjSpec : NodeOf<NodeKind::kPublicationObjSpec> {
  PublicationObjSpecType type{};
  std::string_view name;
  const PublicationTable* table = nullptr;
};

// A table of a publication.
struct PublicationTable : NodeOf<NodeKind::kPublicationTable> {
  const RangeVar* relation = nullptr;
  const Node* where = nullptr;
  NameList columns;
};

// CREATE SUBSCRIPTION
struct CreateSubscriptionStmt : NodeOf<NodeKind::kCreateSubscriptionStmt> {
  std::string_view name;
  std::string_view connection;
  NameList publications;
  ListOf<DefElem> options;
};

// ALTER SUBSCRIPTION
struct AlterSubscriptionStmt : NodeOf<NodeKind::kAlterSubscriptionStmt> {
  AlterSubscriptionType action{};
  std::string_view name;
  std::string_view connection;
  NameList publications;
  ListOf<DefElem> options;
};

// DROP SUBSCRIPTION
struct DropSubscriptionStmt : NodeOf<NodeKind::kDropSubscriptionStmt> {
  std::string_view name;
  bool missing_ok = false;
  DropBehavior behavior{};
};

// DROP of most kinds of objects.
struct DropStmt : NodeOf<NodeKind::kDropStmt> {
  NodeList objects;  // each as object_type names it: see ObjectType
  ObjectType object_type{};
  DropBehavior behavior{};
  bool missing_ok = false;
  bool concurrent = false;
};

// COMMENT ON
struct CommentStmt : NodeOf<NodeKind::kCommentStmt> {
  ObjectType object_type{};
  const Node* object = nullptr;
  std::string_view comment;  // null removes it
};

// SECURITY LABEL (SecLabelStmt)
struct SecurityLabelStmt : NodeOf<NodeKind::kSecurityLabelStmt> {
  ObjectType object_type{};
  const Node* object = nullptr;
  std::string_view provider;
  std::string_view label;
};

// ALTER ... RENAME
struct RenameStmt : NodeOf<NodeKind::kRenameStmt> {
  ObjectType object_type{};
  ObjectType relation_type{};  // of the relation a column belongs to
  const RangeVar* relation = nullptr;
  const Node* object = nullptr;
  std::string_view sub_name;  // column, constraint, trigger, ... to rename
  std::string_view new_name;
  DropBehavior behavior{};
  bool missing_ok = false;
};

// ALTER ... DEPENDS ON EXTENSION
struct AlterObjectDependsStmt : NodeOf<NodeKind::kAlterObjectDependsStmt> {
  ObjectType object_type{};
  const RangeVar* relation = nullptr;
  const Node* object = nullptr;
  std::string_view extension;
  bool remove = false;
};

// ALTER ... SET SCHEMA
struct AlterObjectSchemaStmt : NodeOf<NodeKind::kAlterObjectSchemaStmt> {
  ObjectType object_type{};
  const RangeVar* relation = nullptr;
  const Node* object = nullptr;
  std::string_view new_schema;
  bool missing_ok = false;
};

// ALTER ... OWNER TO (of what is not a relation)
struct AlterOwnerStmt : NodeOf<NodeKind::kAlterOwnerStmt> {
  ObjectType object_type{};
  const RangeVar* relation = nullptr;
  const Node* object = nullptr;
  const RoleSpec* new_owner = nullptr;
};

}  // namespace phantom::parser
