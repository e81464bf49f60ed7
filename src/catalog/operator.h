// catalog/operator.h
//
// Operators, operator classes and families, access methods and collations: pg_operator, pg_opclass, pg_opfamily,
// pg_amop, pg_amproc, pg_am, pg_collation. All built in; pointers to rows are good for the whole process.
//
// Thread safety: immutable.
#pragma once
#include <cstdint>
#include <string_view>

#include "common/ids.h"

namespace phantom::catalog {

struct OperatorRow {
  Oid oid = 0;
  std::string_view name;
  Oid schema = 0;
  Oid owner = 0;
  char kind = 'b';  // 'b' infix, 'l' prefix
  bool can_merge = false;
  bool can_hash = false;
  Oid left = 0;  // 0: prefix operator
  Oid right = 0;
  Oid result = 0;
  Oid commutator = 0;
  Oid negator = 0;
  Oid function = 0;  // pg_proc OID
  Oid restrict_estimator = 0;
  Oid join_estimator = 0;
};

struct AccessMethodRow {
  Oid oid = 0;
  std::string_view name;
  Oid handler = 0;
  char kind = 'i';  // 'i' index, 't' table
};

struct OpclassRow {
  Oid oid = 0;
  Oid method = 0;
  std::string_view name;
  Oid schema = 0;
  Oid owner = 0;
  Oid family = 0;
  Oid input_type = 0;
  bool is_default = false;
  Oid key_type = 0;  // 0: same as input_type
};

struct OpfamilyRow {
  Oid oid = 0;
  Oid method = 0;
  std::string_view name;
  Oid schema = 0;
  Oid owner = 0;
};

// An operator's membership in a family. Strategies of btree: 1 <, 2 <=, 3 =, 4 >=, 5 >.
struct AmopRow {
  Oid oid = 0;
  Oid family = 0;
  Oid left = 0;
  Oid right = 0;
  int16_t strategy = 0;
  char purpose = 's';  // 's' search, 'o' ordering
  Oid operator_oid = 0;
  Oid method = 0;
  Oid sort_family = 0;
};

// A support function of a family. btree: 1 compare; hash: 1 hash, 2 extended hash.
struct AmprocRow {
  Oid oid = 0;
  Oid family = 0;
  Oid left = 0;
  Oid right = 0;
  int16_t number = 0;
  Oid function = 0;
};

struct CollationRow {
  Oid oid = 0;
  std::string_view name;
  Oid schema = 0;
  Oid owner = 0;
  char provider = 'c';  // 'd' database default, 'c' C library
  bool deterministic = true;
  int32_t encoding = -1;
  std::string_view collate;
  std::string_view ctype;
};

}  // namespace phantom::catalog
