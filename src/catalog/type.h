// catalog/type.h
//
// A data type as pg_type describes it. Rows of built-in types live for the whole process; rows of user types (enums,
// domains, the row type of a table, arrays of these) live as long as a TypeRef to them.
//
// Thread safety: immutable once made.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"

namespace phantom::catalog {

enum class TypeKind : char {
  kBase = 'b',
  kComposite = 'c',
  kDomain = 'd',
  kEnum = 'e',
  kMultirange = 'm',
  kPseudo = 'p',
  kRange = 'r',
};

// A label of an enum (pg_enum).
struct EnumLabel {
  Oid oid = 0;
  float order = 0;    // enumsortorder
  int64_t value = 0;  // what stands for the label in rows, keys and vectors: its order is the labels' (enum_labels.h)
  std::string name;
};

// pg_type, column by column; text points into storage that lives with the row.
struct TypeRow {
  Oid oid = 0;
  std::string_view name;
  Oid schema = 0;
  Oid owner = 0;
  int16_t length = 0;  // bytes; -1: variable, -2: C string
  bool by_value = false;
  TypeKind kind = TypeKind::kBase;
  char category = 'U';  // 'A' array, 'B' boolean, 'N' numeric, 'S' string ... (PostgreSQL 15, table 53.65)
  bool preferred = false;
  bool defined = true;
  char delimiter = ',';
  Oid relation = 0;   // composite: its pg_class row
  Oid subscript = 0;  // function that handles subscripts
  Oid element = 0;    // array (or a fixed-length type that can be subscripted): element type
  Oid array = 0;      // the array type over this one
  Oid input = 0;      // pg_proc OIDs
  Oid output = 0;
  Oid receive = 0;
  Oid send = 0;
  Oid typmod_in = 0;
  Oid typmod_out = 0;
  Oid analyze = 0;
  char align = 'i';
  char storage = 'p';
  bool not_null = false;      // domain
  Oid base_type = 0;          // domain
  int32_t typmod = -1;        // domain: typmod applied to base_type
  int32_t dimensions = 0;     // domain over an array
  Oid collation = 0;          // default collation; 0: not collatable
  std::string_view default_text;  // domain: default expression's SQL; empty: none
  std::vector<EnumLabel> labels;  // enum: in their order

  bool is_array() const { return element != 0 && length == -1 && category == 'A'; }
};

// Owns a user type's row, or merely points to a built-in one (then copying costs no atomic operation).
using TypeRef = std::shared_ptr<const TypeRow>;

// pg_range: a range type's parts.
struct RangeRow {
  Oid type = 0;
  Oid subtype = 0;
  Oid multirange = 0;
  Oid collation = 0;
  Oid opclass = 0;
  Oid canonical = 0;
  Oid subdiff = 0;
};

}  // namespace phantom::catalog
