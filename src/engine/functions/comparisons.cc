// Equality and order of the types whose comparison is not a machine instruction, and booleans.
#include <string_view>

#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/compare.h"
#include "types/interval.h"
#include "types/numeric.h"
#include "types/string_ref.h"
#include "types/uuid.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using I = int32_t;
using L = int64_t;

// Order(a, b) is <0, 0 or >0.
int Text(const StringRef& a, const StringRef& b) { return a.view().compare(b.view()); }
int Bpchar(const StringRef& a, const StringRef& b) { return types::CompareBpchar(a, b); }
int Number(const types::Numeric& a, const types::Numeric& b) { return types::CompareNumeric(a, b); }
int Span(const types::Interval& a, const types::Interval& b) { return types::CompareInterval(a, b); }
int ZonedTime(const types::TimeTz& a, const types::TimeTz& b) { return types::CompareTimeTz(a, b); }
int Uuid(const types::Uuid& a, const types::Uuid& b) { return std::memcmp(&a, &b, sizeof a); }
int Oids(I a, I b) { return static_cast<uint32_t>(a) < static_cast<uint32_t>(b) ? -1 : a != b; }
int Days(I a, I b) { return a < b ? -1 : (a > b); }
int Micros(L a, L b) { return a < b ? -1 : (a > b); }
int Unsigned64(L a, L b) { return static_cast<uint64_t>(a) < static_cast<uint64_t>(b) ? -1 : a != b; }
int Bools(bool a, bool b) { return int{a} - int{b}; }
template <Oid kType>
int OfType(const StringRef& a, const StringRef& b) {
  static const types::CompareFn compare = types::CompareFunction(kType);
  return compare(&a, &b);
}

#define RELATION(name, T, Order, op) \
  KernelEntry::Scalar(name, Strict<[](const T& a, const T& b) { return (Order(a, b) op 0); }, bool, T, T>)
#define COMPARE(name, T, Order) \
  KernelEntry::Scalar(name, Strict<[](const T& a, const T& b) -> I { return Order(a, b) < 0 ? -1 : (Order(a, b) > 0); }, I, T, T>)
#define LARGER(name, T, Order) \
  KernelEntry::Scalar(name, Strict<[](const T& a, const T& b) { return (Order(a, b) >= 0) ? a : b; }, T, T, T>)
#define SMALLER(name, T, Order) \
  KernelEntry::Scalar(name, Strict<[](const T& a, const T& b) { return Order(a, b) <= 0 ? a : b; }, T, T, T>)
#define RELATIONS(prefix, T, Order)                                                                                \
  RELATION(prefix "eq", T, Order, ==), RELATION(prefix "ne", T, Order, !=), RELATION(prefix "lt", T, Order, <),    \
      RELATION(prefix "le", T, Order, <=), RELATION(prefix "gt", T, Order, >), RELATION(prefix "ge", T, Order, >=)
// Between two types: "nameeqtext".
#define NAMED_RELATIONS(left, right, T, Order)                                                                     \
  RELATION(left "eq" right, T, Order, ==), RELATION(left "ne" right, T, Order, !=),                                \
      RELATION(left "lt" right, T, Order, <), RELATION(left "le" right, T, Order, <=),                             \
      RELATION(left "gt" right, T, Order, >), RELATION(left "ge" right, T, Order, >=)
// Named with an underscore, as the date/time functions are.
#define ALL(prefix, T, Order)                                                                                      \
  RELATIONS(prefix "_", T, Order), COMPARE(prefix "_cmp", T, Order), LARGER(prefix "_larger", T, Order),           \
      SMALLER(prefix "_smaller", T, Order)

constexpr KernelEntry kTable[] = {
    RELATIONS("bool", bool, Bools), COMPARE("btboolcmp", bool, Bools),
    KernelEntry::Scalar("booland_statefunc", Strict<[](bool a, bool b) { return a && b; }, bool, bool, bool>),
    KernelEntry::Scalar("boolor_statefunc", Strict<[](bool a, bool b) { return a || b; }, bool, bool, bool>),
    RELATIONS("oid", I, Oids), COMPARE("btoidcmp", I, Oids), LARGER("oidlarger", I, Oids), SMALLER("oidsmaller", I, Oids),
    RELATION("xideq", I, Oids, ==), RELATION("xidneq", I, Oids, !=), RELATION("cideq", I, Oids, ==),
    RELATIONS("xid8", L, Unsigned64), COMPARE("xid8cmp", L, Unsigned64), LARGER("xid8_larger", L, Unsigned64),
    SMALLER("xid8_smaller", L, Unsigned64),
    RELATIONS("pg_lsn_", L, Unsigned64), COMPARE("pg_lsn_cmp", L, Unsigned64), LARGER("pg_lsn_larger", L, Unsigned64),
    SMALLER("pg_lsn_smaller", L, Unsigned64),
    RELATIONS("cash_", L, Micros), COMPARE("cash_cmp", L, Micros), LARGER("cashlarger", L, Micros),
    SMALLER("cashsmaller", L, Micros),
    RELATIONS("tid", L, Unsigned64), COMPARE("bttidcmp", L, Unsigned64), LARGER("tidlarger", L, Unsigned64),
    SMALLER("tidsmaller", L, Unsigned64),
    RELATIONS("text", StringRef, Text), RELATION("text_lt", StringRef, Text, <), RELATION("text_le", StringRef, Text, <=),
    RELATION("text_gt", StringRef, Text, >), RELATION("text_ge", StringRef, Text, >=), COMPARE("bttextcmp", StringRef, Text),
    LARGER("text_larger", StringRef, Text), SMALLER("text_smaller", StringRef, Text),
    RELATION("text_pattern_lt", StringRef, Text, <), RELATION("text_pattern_le", StringRef, Text, <=),
    RELATION("text_pattern_gt", StringRef, Text, >), RELATION("text_pattern_ge", StringRef, Text, >=),
    COMPARE("bttext_pattern_cmp", StringRef, Text),
    RELATIONS("name", StringRef, Text), COMPARE("btnamecmp", StringRef, Text),
    NAMED_RELATIONS("name", "text", StringRef, Text), COMPARE("btnametextcmp", StringRef, Text),
    NAMED_RELATIONS("text", "name", StringRef, Text), COMPARE("bttextnamecmp", StringRef, Text),
    RELATIONS("char", StringRef, Text), COMPARE("btcharcmp", StringRef, Text),
    RELATIONS("bytea", StringRef, Text), COMPARE("byteacmp", StringRef, Text),
    RELATIONS("bpchar", StringRef, Bpchar), COMPARE("bpcharcmp", StringRef, Bpchar),
    LARGER("bpchar_larger", StringRef, Bpchar), SMALLER("bpchar_smaller", StringRef, Bpchar),
    RELATION("bpchar_pattern_lt", StringRef, Bpchar, <), RELATION("bpchar_pattern_le", StringRef, Bpchar, <=),
    RELATION("bpchar_pattern_gt", StringRef, Bpchar, >), RELATION("bpchar_pattern_ge", StringRef, Bpchar, >=),
    COMPARE("btbpchar_pattern_cmp", StringRef, Bpchar),
    ALL("numeric", types::Numeric, Number),
    ALL("date", I, Days), ALL("time", L, Micros), ALL("timestamp", L, Micros), ALL("timestamptz", L, Micros),
    ALL("timetz", types::TimeTz, ZonedTime), ALL("interval", types::Interval, Span), ALL("uuid", types::Uuid, Uuid),
    RELATIONS("jsonb_", StringRef, OfType<types::kJsonbOid>), COMPARE("jsonb_cmp", StringRef, OfType<types::kJsonbOid>),
    RELATIONS("bit", StringRef, OfType<types::kVarbitOid>), COMPARE("bitcmp", StringRef, OfType<types::kVarbitOid>),
    RELATIONS("varbit", StringRef, OfType<types::kVarbitOid>), COMPARE("varbitcmp", StringRef, OfType<types::kVarbitOid>),
    RELATIONS("oidvector", StringRef, OfType<types::kOidvectorOid>),
    COMPARE("btoidvectorcmp", StringRef, OfType<types::kOidvectorOid>),
};

}  // namespace

std::span<const KernelEntry> ComparisonKernels() { return kTable; }

}  // namespace phantom::engine
