#include "types/key_position.h"

#include <catch2/catch.hpp>

#include <cstring>

#include "types/datetime_math.h"
#include "types/text_format.h"

namespace phantom::types {
namespace {

using Place = KeyPosition::Place;

Value Parsed(Oid type, std::string_view text) { return ParseText(type, text, FormatContext{}).value(); }

KeyPosition At(Oid key, Oid type, std::string_view text, KeyBound bound = KeyBound::kLower, const TimeZone& zone = {}) {
  const Value value = Parsed(type, text);
  return PositionAmong(key, type, value.slot(), bound, zone);
}

std::string KeyText(Oid key, const KeyPosition& position) { return Value::FromSlot(key, position.key).ToString(); }

}  // namespace

TEST_CASE("a value's place among the keys of a narrower type") {
  CHECK(At(kInt4Oid, kInt8Oid, "5").place == Place::kAt);
  CHECK(At(kInt4Oid, kInt8Oid, "-2147483649").place == Place::kFirst);
  const KeyPosition above = At(kInt4Oid, kInt8Oid, "2147483648");
  CHECK(above.place == Place::kAfter);
  CHECK(KeyText(kInt4Oid, above) == "2147483647");
  CHECK(At(kInt8Oid, kInt2Oid, "-7").place == Place::kAt);

  CHECK(At(kFloat4Oid, kFloat8Oid, "0.5").place == Place::kAt);
  CHECK(At(kFloat4Oid, kFloat8Oid, "NaN").place == Place::kAt);
  CHECK(KeyText(kFloat4Oid, At(kFloat4Oid, kFloat8Oid, "1e300")) == "3.4028235e+38");
  CHECK(KeyText(kFloat4Oid, At(kFloat4Oid, kFloat8Oid, "-1e300")) == "-Infinity");
  const KeyPosition tenth = At(kFloat4Oid, kFloat8Oid, "0.1");
  CHECK(tenth.place == Place::kAfter);
  CHECK(KeyText(kFloat4Oid, tenth) == "0.099999994");

  CHECK(At(kDateOid, kTimestampOid, "2024-01-02 00:00").place == Place::kAt);
  CHECK(KeyText(kDateOid, At(kDateOid, kTimestampOid, "1999-12-31 23:59")) == "1999-12-31");
  CHECK(At(kDateOid, kTimestampOid, "infinity").place == Place::kAt);
}

TEST_CASE("local times around an instant") {
  const TimeZone zone = *TimeZone::Find("America/New_York");
  // An ordinary day: as near as can be.
  CHECK(KeyText(kTimestampOid, At(kTimestampOid, kTimestamptzOid, "2024-06-01 12:00+00", KeyBound::kUpper, zone)) == "2024-06-01 08:00:00");
  CHECK(KeyText(kTimestampOid, At(kTimestampOid, kTimestamptzOid, "2024-06-01 12:00+00", KeyBound::kLower, zone)) ==
        "2024-06-01 07:59:59.999999");
  // All local times compare as their instants do, on either side of the bounds, whatever the clocks did that week.
  for (const char* name : {"America/New_York", "Pacific/Apia", "Europe/London", "Africa/Casablanca"}) {
    const TimeZone each = *TimeZone::Find(name);
    for (const char* day : {"2011-12-29", "2024-03-10", "2024-11-03", "2024-03-31", "2024-06-01"}) {
      const int64_t noon = Parsed(kTimestampOid, day).AsInt64();
      for (int64_t hour = -72; hour <= 72; ++hour) {
        const int64_t utc = noon + hour * 3600 * 1000000;
        int64_t lower = 0, upper = 0;
        std::memcpy(&lower, PositionAmong(kTimestampOid, kTimestamptzOid, &utc, KeyBound::kLower, each).key, 8);
        std::memcpy(&upper, PositionAmong(kTimestampOid, kTimestamptzOid, &utc, KeyBound::kUpper, each).key, 8);
        for (int64_t minutes = -6 * 1440; minutes <= 6 * 1440; minutes += 30) {
          const int64_t local = noon + minutes * 60 * 1000000;
          const int64_t instant = LocalToUtcClamped(local, each);
          if (instant >= utc && local <= lower) FAIL(name << " " << day << " " << hour << " " << minutes);
          if (instant <= utc && local > upper) FAIL(name << " " << day << " " << hour << " " << minutes);
        }
      }
    }
  }
}

TEST_CASE("dates beyond the calendar of timestamps lie between it and infinity") {
  const int64_t beyond = DateToTimestampClamped(Parsed(kDateOid, "5874897-12-31").AsInt32());
  CHECK(beyond > Parsed(kTimestampOid, "294276-12-31 23:59:59.999999").AsInt64());
  CHECK(beyond < Parsed(kTimestampOid, "infinity").AsInt64());
  CHECK(LocalToUtcClamped(beyond, *TimeZone::Find("America/New_York")) == beyond);
}

}  // namespace phantom::types
