// catalog/table.h
//
// A relation as the binder, the planner and the engine need it: everything pg_class, pg_attribute, pg_attrdef,
// pg_index, pg_constraint and pg_rewrite say about it, in one immutable object. DDL makes a new object.
//
// Expressions (defaults, checks, index keys and predicates, views) are SQL text with the names of now. In the system
// tables they are kept in a form that outlives renames: catalog/stored_sql.h.
//
// Thread safety: immutable once made.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/oids.h"
#include "common/ids.h"
#include "types/row_codec.h"
#include "types/type.h"
#include "types/value.h"

namespace phantom::catalog {

// pg_class.relkind.
enum class RelationKind : char {
  kTable = 'r',
  kIndex = 'i',
  kSequence = 'S',
  kView = 'v',
  kCompositeType = 'c',
};

enum class Persistence : char { kPermanent = 'p', kUnlogged = 'u', kTemporary = 't' };

struct Column {
  std::string name;
  types::Type type;
  Oid collation = 0;
  bool not_null = false;
  bool dropped = false;
  char identity = 0;            // 'a' ALWAYS, 'd' BY DEFAULT, 0 none
  char generated = 0;           // 's' STORED, 0 none
  std::string default_sql;      // empty: no default
  Oid default_oid = 0;          // pg_attrdef row
  std::optional<types::Value> missing;  // value in rows written before the column was added; absent: NULL
  int16_t dimensions = 0;
  char storage = 'p';
  char compression = 0;
  int32_t statistics_target = -1;
  std::string acl;              // aclitem[] text; empty: default

  bool has_default() const { return !default_sql.empty(); }
};

struct IndexKey {
  int16_t column = 0;  // attribute number; 0: an expression
  std::string expression_sql;
  std::string expression_name;  // what the index calls the expression's column
  types::Type type;
  Oid opclass = 0;
  Oid collation = 0;
  bool descending = false;
  bool nulls_first = false;
};

struct Index {
  Oid oid = 0;
  std::string name;
  Oid table = 0;
  Oid method = oid::kAmBtree;
  std::vector<IndexKey> keys;
  std::vector<int16_t> included;  // INCLUDE columns, after the keys
  bool unique = false;
  bool nulls_not_distinct = false;
  bool primary = false;
  bool immediate = true;   // unique check at once; false: DEFERRABLE
  bool valid = true;
  bool ready = true;
  bool clustered = false;
  bool replica_identity = false;
  std::string predicate_sql;  // partial index; empty: none
  TreeId tree;
};

enum class ConstraintKind : char { kCheck = 'c', kForeignKey = 'f', kPrimaryKey = 'p', kUnique = 'u', kExclusion = 'x' };
enum class ForeignKeyAction : char { kNone = 'a', kRestrict = 'r', kCascade = 'c', kSetNull = 'n', kSetDefault = 'd' };

struct Constraint {
  Oid oid = 0;
  std::string name;
  Oid schema = 0;
  ConstraintKind kind = ConstraintKind::kCheck;
  bool deferrable = false;
  bool deferred = false;
  bool validated = true;
  bool no_inherit = false;
  Oid table = 0;
  Oid domain = 0;               // a domain's CHECK
  std::vector<int16_t> columns;
  Oid index = 0;                // primary key, unique: its index; foreign key: the referenced index
  std::string check_sql;        // CHECK
  // Foreign key.
  Oid referenced_table = 0;
  std::vector<int16_t> referenced_columns;
  std::vector<Oid> equal_operators;  // referenced = referencing, per column
  ForeignKeyAction on_update = ForeignKeyAction::kNone;
  ForeignKeyAction on_delete = ForeignKeyAction::kNone;
  std::vector<int16_t> delete_set_columns;  // ON DELETE SET NULL (columns); empty: all
  char match = 's';  // 's' SIMPLE, 'f' FULL
};

struct SequenceParameters {
  Oid type = 20;
  int64_t start = 1;
  int64_t increment = 1;
  int64_t maximum = INT64_MAX;
  int64_t minimum = 1;
  int64_t cache = 1;
  bool cycle = false;
};

struct Table {
  Oid oid = 0;
  std::string name;
  Oid schema = 0;
  std::string schema_name;
  RelationKind kind = RelationKind::kTable;
  Persistence persistence = Persistence::kPermanent;
  Oid owner = 0;
  Oid row_type = 0;
  Oid tablespace = 0;
  bool row_security = false;
  bool force_row_security = false;
  char replica_identity = 'd';
  std::string acl;             // aclitem[] text; empty: default
  std::vector<std::string> options;
  std::vector<Column> columns;  // attribute number - 1; dropped columns keep their place
  std::vector<Index> indexes;
  std::vector<Constraint> constraints;
  std::vector<Constraint> referenced_by;  // foreign keys of other tables (and this one) that point here
  std::string view_sql;         // view: its query
  char check_option = 0;        // view: 'l' local, 'c' cascaded, 0 none
  SequenceParameters sequence;  // sequence
  Oid indexed_table = 0;        // index: the table it belongs to
  TreeId tree;                  // table: its rows; sequence: its one row; index: its entries
  SpaceId space;
  types::RowLayout layout;      // table: column types by attribute number
  double estimated_rows = -1;   // pg_class.reltuples; -1: never analyzed
  int32_t estimated_pages = 0;

  // A system table or system view: rows come from SystemTableScan (tables) or view_sql (views).
  bool is_system() const { return oid < kFirstUserOid; }
  bool is_view() const { return kind == RelationKind::kView; }

  // Attribute number of a live column, 0 when there is none.
  int FindColumn(std::string_view column) const;
  const Column& column(int number) const { return columns[static_cast<size_t>(number) - 1]; }
  const Index* FindIndex(Oid index_oid) const;
  const Index* PrimaryKey() const;
  const Constraint* FindConstraint(std::string_view constraint) const;
};

using TableRef = std::shared_ptr<const Table>;

// Attribute numbers of the columns every table has besides its own.
enum SystemColumn : int16_t {
  kCtid = -1,
  kXmin = -2,
  kCmin = -3,
  kXmax = -4,
  kCmax = -5,
  kTableOid = -6,
};

struct Schema {
  Oid oid = 0;
  std::string name;
  Oid owner = 0;
  std::string acl;
};

struct Role {
  Oid oid = 0;
  std::string name;
  bool superuser = false;
  bool inherit = true;
  bool create_role = false;
  bool create_database = false;
  bool login = false;
  bool replication = false;
  bool bypass_row_security = false;
  int32_t connection_limit = -1;
  std::string password;                  // SCRAM-SHA-256$...; empty: none
  std::optional<int64_t> valid_until;    // timestamptz
};

struct Database {
  Oid oid = 0;
  std::string name;
  Oid owner = 0;
  bool is_template = false;
  bool allow_connections = true;
  int32_t connection_limit = -1;
  std::string acl;
  SpaceId space;
};

}  // namespace phantom::catalog
