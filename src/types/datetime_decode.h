// types/datetime_decode.h
//
// Reads the fields of a date and time from text in any of the forms PostgreSQL knows; how it reads ambiguous ones is its
// chapter B.1. Private to this room: datetime.h is the door.
#pragma once
#include <optional>
#include <string_view>

#include "types/civil.h"
#include "types/datetime_fields.h"
#include "types/format_context.h"

namespace phantom::types {

struct Decoded {
  int64_t year = 0;
  int month = 0, day = 0, day_of_year = 0;
  int hour = 0, minute = 0, second = 0;
  int64_t micros = 0;
  int32_t zone_west = 0;
  uint32_t parts = 0;
  std::optional<Word> special;  // infinity, -infinity, epoch: the whole value

  int64_t days() const { return DaysFromCivil(year, month, day); }
  int64_t time() const { return MicrosOfDay(hour, minute, second, micros); }
};

// time_only: for time and timetz. `type` is named in messages. The date may be outside the calendar; the caller checks.
Status DecodeDateTime(std::string_view text, const FormatContext& context, bool time_only, const char* type,
                      Decoded* out);

}  // namespace phantom::types
