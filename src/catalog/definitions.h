// catalog/definitions.h
//
// What DDL asks for, after names and expressions were resolved: the arguments of Catalog's changing operations.
// Expressions are SQL text in stored form (catalog/stored_sql.h) with the objects they use.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/acl.h"
#include "catalog/table.h"

namespace phantom::catalog {

// An object: the system table it is a row of, its OID, and a column's number (or 0).
struct ObjectAddress {
  Oid catalog = 0;
  Oid oid = 0;
  int32_t column = 0;
  auto operator<=>(const ObjectAddress&) const = default;
};

struct SchemaDefinition {
  std::string name;
  Oid owner = 0;
  bool if_not_exists = false;
};

struct ExpressionDefinition {
  std::string stored_sql;
  std::vector<int16_t> columns;      // of the table it belongs to
  std::vector<ObjectAddress> uses;   // other objects it depends on
};

struct ColumnDefinition {
  std::string name;
  types::Type type;
  Oid collation = 0;
  bool not_null = false;
  char identity = 0;
  char generated = 0;
  std::optional<ExpressionDefinition> default_value;
  std::optional<types::Value> missing;  // ADD COLUMN: the default's value for rows already there
  int16_t dimensions = 0;
  // The sequence behind an identity or serial column, made with the table and owned by the column.
  bool serial = false;
  SequenceParameters sequence;
  std::string sequence_name;  // empty: chosen
};

struct IndexDefinition {
  std::string name;  // empty: chosen
  std::vector<IndexKey> keys;
  std::vector<int16_t> included;
  Oid method = oid::kAmBtree;
  bool unique = false;
  bool nulls_not_distinct = false;
  bool primary = false;
  bool if_not_exists = false;
  bool concurrent = false;  // neither ready nor valid yet
  std::string predicate_sql;
  std::vector<int16_t> expression_columns;  // columns used by expressions and the predicate
  std::vector<std::string> options;         // "fillfactor=70"
  std::vector<ObjectAddress> uses;
};

struct ConstraintDefinition {
  std::string name;  // empty: chosen
  ConstraintKind kind = ConstraintKind::kCheck;
  bool deferrable = false;
  bool deferred = false;
  bool validated = true;
  bool no_inherit = false;
  std::vector<int16_t> columns;
  std::vector<int16_t> included;
  bool nulls_not_distinct = false;
  Oid use_index = 0;  // PRIMARY KEY or UNIQUE USING INDEX
  ExpressionDefinition check;
  // Foreign key.
  Oid referenced_table = 0;  // 0: the table itself, which is being made
  std::vector<std::string> referenced_names;  // as written; empty: the primary key
  Oid referenced_index = 0;
  std::vector<int16_t> referenced_columns;
  std::vector<Oid> equal_operators;
  ForeignKeyAction on_update = ForeignKeyAction::kNone;
  ForeignKeyAction on_delete = ForeignKeyAction::kNone;
  std::vector<int16_t> delete_set_columns;
  char match = 's';
};

struct TableDefinition {
  std::string name;
  Oid schema = 0;  // from Catalog::CreationSchema
  Persistence persistence = Persistence::kPermanent;
  Oid owner = 0;
  bool if_not_exists = false;
  std::vector<std::string> options;
  std::vector<ColumnDefinition> columns;
  std::vector<ConstraintDefinition> constraints;
};

struct ViewDefinition {
  std::string name;
  Oid schema = 0;
  Persistence persistence = Persistence::kPermanent;
  Oid owner = 0;
  bool replace = false;
  std::vector<ColumnDefinition> columns;
  std::string stored_sql;
  std::vector<ObjectAddress> uses;  // tables and columns (and types ...) the query reads
  char check_option = 0;
  std::vector<std::string> options;
};

struct SequenceDefinition {
  std::string name;
  Oid schema = 0;
  Persistence persistence = Persistence::kPermanent;
  Oid owner = 0;
  bool if_not_exists = false;
  SequenceParameters parameters;
  Oid owned_by_table = 0;
  int owned_by_column = 0;
  bool identity = false;
};

struct DomainDefinition {
  std::string name;
  Oid schema = 0;
  types::Type base;
  Oid collation = 0;
  bool not_null = false;
  std::optional<ExpressionDefinition> default_value;
  std::vector<ConstraintDefinition> checks;
};

// Absent members are left as they are (ALTER) or take their defaults (CREATE).
struct RoleDefinition {
  std::string name;
  std::optional<bool> superuser, inherit, create_role, create_database, login, replication, bypass_row_security;
  std::optional<int32_t> connection_limit;
  std::optional<std::string> password;  // clear text or a SCRAM-SHA-256 verifier; empty: none
  std::optional<int64_t> valid_until;
  std::vector<Oid> in_roles, members, admins;
};

struct DatabaseDefinition {
  std::string name;
  Oid owner = 0;
  std::string template_name;
  bool is_template = false;
  bool allow_connections = true;
  int32_t connection_limit = -1;
  std::string collate, ctype;  // empty: the template's
};

struct GrantDefinition {
  bool grant = true;  // false: REVOKE
  bool grant_option = false;  // WITH GRANT OPTION; REVOKE GRANT OPTION FOR
  bool cascade = false;
  std::vector<ObjectAddress> objects;  // one kind: tables (with columns), sequences, schemas, databases
  AclMode privileges = 0;              // 0: ALL
  std::vector<Oid> grantees;           // 0: PUBLIC
};

}  // namespace phantom::catalog
