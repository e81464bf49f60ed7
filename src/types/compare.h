// types/compare.h
//
// SQL order and equality of two values of one type that are not NULL: the default btree operator class. NaN is above
// all numbers and equal to itself, -0 = 0, numeric ignores scale, bpchar ignores trailing blanks, text is compared
// bytewise (collation C), oid unsigned, interval by its length with 30-day months, jsonb and arrays as PostgreSQL orders
// them, records column by column.
#pragma once
#include <cstdint>

#include "types/interval.h"
#include "types/string_ref.h"
#include "types/type.h"

namespace phantom::types {

// <0, 0, >0 for two slots.
using CompareFn = int (*)(const void* a, const void* b);
using EqualFn = bool (*)(const void* a, const void* b);

// The functions for a type, to be looked up once and called per row. Null for types without an order (json, xml, point).
CompareFn CompareFunction(Oid type);
EqualFn EqualFunction(Oid type);
inline bool IsComparable(Oid type) { return CompareFunction(type) != nullptr; }
// For types whose layout says all (domains and enums the caller has mapped): the order of the layout.
CompareFn CompareFunctionOf(Layout layout);

// Require IsComparable.
inline int CompareSlots(Oid type, const void* a, const void* b) { return CompareFunction(type)(a, b); }

int CompareFloat8(double a, double b);
int CompareInterval(const Interval& a, const Interval& b);
int CompareTimeTz(const TimeTz& a, const TimeTz& b);
int CompareBpchar(const StringRef& a, const StringRef& b);
// The length of an interval in microseconds, months of 30 days: its order, equality and hash.
__int128 IntervalLength(const Interval& interval);
// text without trailing blanks.
std::string_view TrimBlanks(std::string_view text);

}  // namespace phantom::types
