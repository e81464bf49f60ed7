#include "types/key_position.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "common/check.h"
#include "types/civil.h"
#include "types/datetime_math.h"
#include "types/type.h"

namespace phantom::types {

namespace {

using Place = KeyPosition::Place;

bool IsInteger(Oid type) { return type == kInt2Oid || type == kInt4Oid || type == kInt8Oid; }
bool IsFloat(Oid type) { return type == kFloat4Oid || type == kFloat8Oid; }

template <typename Key>
KeyPosition Make(Key key, Place place) {
  KeyPosition position;
  std::memcpy(position.key, &key, sizeof(Key));
  position.place = place;
  return position;
}

template <typename T>
T Slot(const void* slot) {
  T value;
  std::memcpy(&value, slot, sizeof(T));
  return value;
}

int64_t IntegerOf(Oid type, const void* slot) {
  if (type == kInt2Oid) return Slot<int16_t>(slot);
  return type == kInt4Oid ? Slot<int32_t>(slot) : Slot<int64_t>(slot);
}

template <typename Key>
KeyPosition AmongIntegers(int64_t value) {
  if (value < std::numeric_limits<Key>::min()) return Make(Key{0}, Place::kFirst);
  if (value > std::numeric_limits<Key>::max()) return Make(std::numeric_limits<Key>::max(), Place::kAfter);
  return Make(static_cast<Key>(value), Place::kAt);
}

// NaN is the greatest and equal to itself; infinities are numbers.
KeyPosition AmongFloat4(double value) {
  float key = static_cast<float>(value);
  if (std::isnan(value) || static_cast<double>(key) == value) return Make(key, Place::kAt);
  if (static_cast<double>(key) > value) key = std::nextafterf(key, -std::numeric_limits<float>::infinity());
  return Make(key, Place::kAfter);
}

KeyPosition AmongDates(int64_t timestamp) {
  if (timestamp == kTimestampInfinity) return Make(kDateInfinity, Place::kAt);
  if (timestamp == kTimestampMinusInfinity) return Make(kDateMinusInfinity, Place::kAt);
  const int64_t day = FloorDiv(timestamp, kMicrosPerDay);
  return Make(static_cast<int32_t>(day), day * kMicrosPerDay == timestamp ? Place::kAt : Place::kAfter);
}

// Whether the zone's clock runs evenly for days around an instant, so that local times there follow one another as instants do.
bool IsEven(int64_t utc, const TimeZone& zone) {
  const int32_t offset = zone.At(utc).seconds_east;
  return zone.At(utc - 2 * kMicrosPerDay).seconds_east == offset && zone.At(utc + 2 * kMicrosPerDay).seconds_east == offset;
}

// The local time that bounds the keys before (kUpper) or after (kLower) an instant: none of those keys is beyond it. Clocks are set
// back and forth by a day at most, so two days' distance is safe whatever happens between.
template <typename MakeKey>
KeyPosition AmongLocalTimes(int64_t utc, KeyBound bound, const TimeZone& zone, const MakeKey& make) {
  if (!IsFiniteTimestamp(utc)) return make(utc);
  const int64_t local = utc + int64_t{zone.At(utc).seconds_east} * kMicrosPerSecond;
  const int64_t slack = IsEven(utc, zone) ? 0 : 2 * kMicrosPerDay;
  KeyPosition position = make(bound == KeyBound::kLower ? local - slack - 1 : local + slack);
  position.place = Place::kAfter;
  return position;
}

}  // namespace

KeyFit KeyFitOf(Oid key_type, Oid value_type) {
  if ((IsInteger(key_type) && IsInteger(value_type)) || (IsFloat(key_type) && IsFloat(value_type))) return KeyFit::kExact;
  const bool from_date = value_type == kDateOid, from_local = value_type == kTimestampOid;
  switch (key_type) {
    case kTimestamptzOid:
      return from_date || from_local ? KeyFit::kExact : KeyFit::kNone;
    case kTimestampOid:
    case kDateOid:
      // Where clocks are set back, local times do not follow one another as the instants do that they are compared as.
      if (value_type == kTimestamptzOid) return KeyFit::kBounds;
      return from_date || from_local ? KeyFit::kExact : KeyFit::kNone;
    default:
      return KeyFit::kNone;
  }
}

KeyPosition PositionAmong(Oid key_type, Oid value_type, const void* value, KeyBound bound, const TimeZone& zone) {
  switch (key_type) {
    case kInt2Oid:
      return AmongIntegers<int16_t>(IntegerOf(value_type, value));
    case kInt4Oid:
      return AmongIntegers<int32_t>(IntegerOf(value_type, value));
    case kInt8Oid:
      return AmongIntegers<int64_t>(IntegerOf(value_type, value));
    case kFloat4Oid:
      return AmongFloat4(Slot<double>(value));
    case kFloat8Oid:
      return Make(static_cast<double>(Slot<float>(value)), Place::kAt);
    case kDateOid:
      if (value_type == kTimestampOid) return AmongDates(Slot<int64_t>(value));
      return AmongLocalTimes(Slot<int64_t>(value), bound, zone, AmongDates);
    case kTimestampOid:
      if (value_type == kDateOid) return Make(DateToTimestampClamped(Slot<int32_t>(value)), Place::kAt);
      return AmongLocalTimes(Slot<int64_t>(value), bound, zone, [](int64_t local) { return Make(local, Place::kAt); });
    case kTimestamptzOid: {
      const int64_t local = value_type == kDateOid ? DateToTimestampClamped(Slot<int32_t>(value)) : Slot<int64_t>(value);
      return Make(LocalToUtcClamped(local, zone), Place::kAt);
    }
    default:
      PHANTOM_CHECK(false);
  }
}

}  // namespace phantom::types
