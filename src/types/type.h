// types/type.h
//
// The type of a column or expression, and how its values lie in memory.
//
// Every SQL type has one layout, the same in constants, parameters, vectors and hash tables. A value in its layout is
// called a slot: SizeOf(layout) bytes, aligned to at most 8. What a slot holds:
//
//   kBool      bool                    kInterval  types::Interval (interval.h)
//   kInt16     int2                    kUuid      types::Uuid (uuid.h)
//   kInt32     int4, date (days since 2000-01-01), oid, reg*, xid, cid
//   kInt64     int8, time, timestamp, timestamptz (microseconds, since midnight or 2000-01-01), money, tid, pg_lsn, xid8
//   kFloat32   float4                  kTimeTz    types::TimeTz (interval.h)
//   kFloat64   float8                  kNumeric   types::Numeric (numeric.h), may point to bytes it does not own
//   kString    types::StringRef (string_ref.h): text, varchar, bpchar, name, "char", cstring, unknown, bytea, json hold
//              their bytes; bit and varbit (bit_string.h), jsonb (jsonb.h), arrays (array.h) and records (record.h)
//              hold the binary form their header describes
//
// Types this room does not know (OIDs from kFirstUserOid) are row types or arrays, hence strings. A domain is stored as
// its base type and an enum as an oid: the caller maps such a type before it asks here.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "common/status.h"
#include "types/oids.h"

namespace phantom::types {

struct Type {
  Oid oid = kInvalidOid;
  int32_t typmod = -1;

  constexpr Type() = default;
  constexpr Type(Oid type_oid, int32_t type_modifier = -1) : oid(type_oid), typmod(type_modifier) {}
  constexpr bool operator==(const Type&) const = default;
};

enum class Layout : uint8_t {
  kBool,
  kInt16,
  kInt32,
  kInt64,
  kFloat32,
  kFloat64,
  kInterval,
  kUuid,
  kTimeTz,
  kNumeric,
  kString
};
inline constexpr int kLayoutCount = 11;

constexpr size_t SizeOf(Layout layout) {
  constexpr uint8_t kSizes[kLayoutCount] = {1, 2, 4, 8, 4, 8, 16, 16, 16, 16, 16};
  return kSizes[static_cast<int>(layout)];
}

// True when a slot may point to bytes outside it (which a copy must take along).
constexpr bool MayPoint(Layout layout) { return layout == Layout::kNumeric || layout == Layout::kString; }

Layout LayoutOf(Oid type);
inline Layout LayoutOf(Type type) { return LayoutOf(type.oid); }

// The array type with this element type, or kInvalidOid. Built-in types only.
Oid ArrayTypeOf(Oid element);
// The element type of an array type (also of int2vector and oidvector), or kInvalidOid. Built-in types only.
Oid ElementTypeOf(Oid array);
inline bool IsArrayType(Oid type) { return ElementTypeOf(type) != kInvalidOid; }

// regclass, regtype and the other aliases of oid.
bool IsRegType(Oid type);
// text, varchar, bpchar, name, "char", unknown, cstring, json: a slot's bytes are the text.
bool IsTextLike(Oid type);

// pg_type's typlen: the size in PostgreSQL's terms; -1 variable, -2 cstring. Unknown types: -1.
int16_t TypeLength(Oid type);

// The type's name as PostgreSQL writes it in messages and format_type(): "integer", "character varying(10)",
// "timestamp(3) without time zone", "text[]". Types this room does not know: "???". With typmod_given a typmod of -1 is
// said too, as format_type(oid, -1) and \d do: "bpchar" where "character" would mean length 1.
std::string FormatTypeName(Type type, bool typmod_given = false);
// pg_type.typname ("int4", "_text"), or empty when this room does not know the type.
std::string_view InternalTypeName(Oid type);

// Type modifiers -----------------------------------------------------------------------------------------------------

// Header bytes that PostgreSQL adds to a length in a typmod.
inline constexpr int32_t kTypmodHeader = 4;

// Maximum characters of varchar(n) and bpchar(n); -1: unlimited.
constexpr int32_t LengthOfTypmod(int32_t typmod) { return typmod < kTypmodHeader ? -1 : typmod - kTypmodHeader; }
constexpr int32_t TypmodOfLength(int32_t length) { return length + kTypmodHeader; }

// numeric(precision, scale). Require typmod >= kTypmodHeader. Scale may be negative.
constexpr int32_t NumericTypmod(int32_t precision, int32_t scale) {
  return ((precision << 16) | (scale & 0x7ff)) + kTypmodHeader;
}
constexpr int32_t PrecisionOfTypmod(int32_t typmod) { return ((typmod - kTypmodHeader) >> 16) & 0xffff; }
constexpr int32_t ScaleOfTypmod(int32_t typmod) { return (((typmod - kTypmodHeader) & 0x7ff) ^ 1024) - 1024; }

// The typmod of a type written with modifiers, e.g. numeric(10,2), varchar(20), timestamp(3), interval. For interval the
// first number is PostgreSQL's field mask (0x7fff: all fields), the second the precision.
// 22023 when a modifier is out of range or the type takes none.
Result<int32_t> TypmodFromModifiers(Oid type, std::span<const int32_t> modifiers);
// "(10,2)", "" and so on: what FormatTypeName appends.
std::string FormatTypmod(Type type);

}  // namespace phantom::types
