// types/key_position.h
//
// Where a value of one type lies among those of another that a btree operator family compares it with (PostgreSQL's
// integer_ops, float_ops and datetime_ops): an index on int4 answers `= 5::bigint` and `< 3000000000` by it.
#pragma once
#include <cstddef>
#include <cstdint>

#include "types/oids.h"
#include "types/time_zone.h"

namespace phantom::types {

enum class KeyFit : uint8_t {
  kNone,    // not compared by one family, or no telling where
  kExact,   // a condition on the value is one on its place
  kBounds,  // ranges only, and they may let in too much: the condition has to be tested besides
};
// How conditions that compare with a value type become ranges of a key type. The types differ; domains are their base.
KeyFit KeyFitOf(Oid key_type, Oid value_type);

struct KeyPosition {
  enum class Place : uint8_t {
    kAt,     // equal to the key
    kAfter,  // above the key and below the next one
    kFirst,  // below all keys: there is no key to name
  };
  alignas(8) std::byte key[8];  // a slot of the key type
  Place place = Place::kAt;
};

// What a position is for; it matters for KeyFit::kBounds alone.
enum class KeyBound : uint8_t { kLower, kUpper };

// The place of a value (a slot of its type, not NULL). Requires KeyFitOf() != kNone. The zone is the session's: it says when a
// date or a local time is.
KeyPosition PositionAmong(Oid key_type, Oid value_type, const void* value, KeyBound bound, const TimeZone& zone);

}  // namespace phantom::types
