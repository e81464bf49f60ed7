// types/format_context.h
//
// The settings that decide how values are read from and written as text, and the doors to what this room cannot know:
// names of objects (regclass and friends), the types of users, the current time.
//
// A session owns one and changes it with SET. Thread safety: read-only use from any thread.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "types/time_zone.h"
#include "types/type.h"

namespace phantom::types {

enum class DateStyle : uint8_t { kIso, kPostgres, kSql, kGerman };
enum class DateOrder : uint8_t { kMdy, kDmy, kYmd };
enum class IntervalStyle : uint8_t { kPostgres, kPostgresVerbose, kSqlStandard, kIso8601 };
enum class ByteaOutput : uint8_t { kHex, kEscape };

// What a type of a user is made of, as far as text and order need it.
struct UserType {
  enum class Kind : uint8_t { kComposite, kArray, kEnum, kDomain } kind;
  Type base;                   // element of an array, base of a domain
  std::vector<Type> columns;   // of a composite
};

// Implemented by the catalog's users; every method may fail with the error a client is to see.
class TypeHooks {
 public:
  virtual ~TypeHooks() = default;
  // regclassin and friends: the object's OID from its (possibly qualified, quoted) name. Not called for all-digit text
  // and "-".
  virtual Result<Oid> ResolveName(Oid reg_type, std::string_view text) const = 0;
  // regclassout and friends: false when there is no such object (the number is written then).
  virtual bool AppendName(Oid reg_type, Oid object, std::string& out) const = 0;
  // Describes a type this room does not know; no value when nobody does.
  virtual Result<std::optional<UserType>> Describe(Oid type) const = 0;
  // Text in and out of an enum's label, which is a number to all others: the order of numbers is that of the labels.
  virtual Result<int64_t> ResolveLabel(Oid enum_type, std::string_view label) const = 0;
  virtual Status AppendLabel(Oid enum_type, int64_t label, std::string& out) const = 0;
  // Name of a type this room does not know, for messages.
  virtual std::string TypeName(Oid type) const = 0;
};

struct FormatContext {
  DateStyle date_style = DateStyle::kIso;
  DateOrder date_order = DateOrder::kMdy;
  IntervalStyle interval_style = IntervalStyle::kPostgres;
  ByteaOutput bytea_output = ByteaOutput::kHex;
  int extra_float_digits = 1;
  TimeZone time_zone;  // UTC
  // Start of the transaction, microseconds since 2000-01-01 UTC: what 'now' and 'today' mean.
  int64_t now = 0;
  const TypeHooks* hooks = nullptr;
  // Set when values are made of `now`: tells who plans a statement that the plan is of its time.
  bool* now_read = nullptr;

  // `now`, for making values of it.
  int64_t ReadNow() const {
    if (now_read != nullptr) *now_read = true;
    return now;
  }
};

// SET datestyle / intervalstyle: parse as PostgreSQL does ("ISO, DMY"; keywords in any order), keeping what is not named.
// False when the text is not understood or contradicts itself.
bool ParseDateStyle(std::string_view text, DateStyle* style, DateOrder* order);
std::string FormatDateStyle(DateStyle style, DateOrder order);
bool ParseIntervalStyle(std::string_view text, IntervalStyle* style);
std::string_view FormatIntervalStyle(IntervalStyle style);

}  // namespace phantom::types
