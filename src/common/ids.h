// common/ids.h
//
// Strong types for the identifiers that cross rooms. Each is a plain integer underneath, so it
// is free; conversions are spelled out, so an LSN is never taken for a transaction id.
#pragma once
#include <compare>
#include <cstdint>
#include <functional>

namespace phantom {

template <typename Tag, typename Rep>
struct StrongId {
  Rep value = 0;

  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep v) : value(v) {}
  constexpr auto operator<=>(const StrongId&) const = default;
  constexpr explicit operator bool() const { return value != 0; }
};

// Byte position in the write-ahead log. Also the clock of the system: commits, snapshots and
// command boundaries are LSNs. 0 is "none".
using Lsn = StrongId<struct LsnTag, uint64_t>;

// Transaction id, assigned at a transaction's first write, increasing. 0 is "none".
using TxnId = StrongId<struct TxnIdTag, uint64_t>;

// Row of a ROWID tree; never changes during a row's life. 0 is "none".
using RowId = StrongId<struct RowIdTag, uint64_t>;

// A database's page space. 0 is the space shared by all databases.
using SpaceId = StrongId<struct SpaceIdTag, uint32_t>;

// A tree within its space.
using TreeId = StrongId<struct TreeIdTag, uint32_t>;

// Logical page: space in the high 32 bits, page number in the low 32. Page number 0 is "none".
struct PageId {
  uint64_t value = 0;

  constexpr PageId() = default;
  constexpr explicit PageId(uint64_t v) : value(v) {}
  constexpr PageId(SpaceId space, uint32_t number) : value(uint64_t{space.value} << 32 | number) {}
  constexpr SpaceId space() const { return SpaceId(static_cast<uint32_t>(value >> 32)); }
  constexpr uint32_t number() const { return static_cast<uint32_t>(value); }
  constexpr auto operator<=>(const PageId&) const = default;
  constexpr explicit operator bool() const { return number() != 0; }
};

// Object identifier as PostgreSQL has it.
using Oid = uint32_t;

}  // namespace phantom

template <typename Tag, typename Rep>
struct std::hash<phantom::StrongId<Tag, Rep>> {
  size_t operator()(phantom::StrongId<Tag, Rep> id) const { return std::hash<Rep>()(id.value * 0x9E3779B97F4A7C15u); }
};
template <>
struct std::hash<phantom::PageId> {
  size_t operator()(phantom::PageId id) const { return std::hash<uint64_t>()(id.value * 0x9E3779B97F4A7C15u); }
};
