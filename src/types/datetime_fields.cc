#include "types/datetime_fields.h"

#include <algorithm>
#include <charconv>

#include "types/ascii.h"

namespace phantom::types {
namespace {

constexpr size_t kFieldsMax = 25;
constexpr size_t kTokenChars = 10;

struct Entry {
  std::string_view token;
  WordKind kind;
  int value;
};

constexpr int V(Word word) { return static_cast<int>(word); }

// Sorted by token.
constexpr Entry kDateWords[] = {
    {"-infinity", WordKind::kReserved, V(Word::kMinusInfinity)},
    {"ad", WordKind::kAdBc, V(Word::kAd)},
    {"allballs", WordKind::kReserved, V(Word::kZulu)},
    {"am", WordKind::kAmPm, V(Word::kAm)},
    {"apr", WordKind::kMonth, 4},
    {"april", WordKind::kMonth, 4},
    {"at", WordKind::kIgnored, 0},
    {"aug", WordKind::kMonth, 8},
    {"august", WordKind::kMonth, 8},
    {"bc", WordKind::kAdBc, V(Word::kBc)},
    {"d", WordKind::kUnits, V(Word::kDay)},
    {"dec", WordKind::kMonth, 12},
    {"december", WordKind::kMonth, 12},
    {"dow", WordKind::kUnits, V(Word::kDayOfWeek)},
    {"doy", WordKind::kUnits, V(Word::kDayOfYear)},
    {"dst", WordKind::kZoneModifier, 3600},
    {"epoch", WordKind::kReserved, V(Word::kEpoch)},
    {"feb", WordKind::kMonth, 2},
    {"february", WordKind::kMonth, 2},
    {"fri", WordKind::kDayOfWeek, 5},
    {"friday", WordKind::kDayOfWeek, 5},
    {"h", WordKind::kUnits, V(Word::kHour)},
    {"infinity", WordKind::kReserved, V(Word::kInfinity)},
    {"isodow", WordKind::kUnits, V(Word::kIsoDayOfWeek)},
    {"isoyear", WordKind::kUnits, V(Word::kIsoYear)},
    {"j", WordKind::kUnits, V(Word::kJulian)},
    {"jan", WordKind::kMonth, 1},
    {"january", WordKind::kMonth, 1},
    {"jd", WordKind::kUnits, V(Word::kJulian)},
    {"jul", WordKind::kMonth, 7},
    {"julian", WordKind::kUnits, V(Word::kJulian)},
    {"july", WordKind::kMonth, 7},
    {"jun", WordKind::kMonth, 6},
    {"june", WordKind::kMonth, 6},
    {"m", WordKind::kUnits, V(Word::kMonth)},
    {"mar", WordKind::kMonth, 3},
    {"march", WordKind::kMonth, 3},
    {"may", WordKind::kMonth, 5},
    {"mm", WordKind::kUnits, V(Word::kMinute)},
    {"mon", WordKind::kDayOfWeek, 1},
    {"monday", WordKind::kDayOfWeek, 1},
    {"nov", WordKind::kMonth, 11},
    {"november", WordKind::kMonth, 11},
    {"now", WordKind::kReserved, V(Word::kNow)},
    {"oct", WordKind::kMonth, 10},
    {"october", WordKind::kMonth, 10},
    {"on", WordKind::kIgnored, 0},
    {"pm", WordKind::kAmPm, V(Word::kPm)},
    {"s", WordKind::kUnits, V(Word::kSecond)},
    {"sat", WordKind::kDayOfWeek, 6},
    {"saturday", WordKind::kDayOfWeek, 6},
    {"sep", WordKind::kMonth, 9},
    {"sept", WordKind::kMonth, 9},
    {"september", WordKind::kMonth, 9},
    {"sun", WordKind::kDayOfWeek, 0},
    {"sunday", WordKind::kDayOfWeek, 0},
    {"t", WordKind::kIsoTime, V(Word::kTime)},
    {"thu", WordKind::kDayOfWeek, 4},
    {"thur", WordKind::kDayOfWeek, 4},
    {"thurs", WordKind::kDayOfWeek, 4},
    {"thursday", WordKind::kDayOfWeek, 4},
    {"today", WordKind::kReserved, V(Word::kToday)},
    {"tomorrow", WordKind::kReserved, V(Word::kTomorrow)},
    {"tue", WordKind::kDayOfWeek, 2},
    {"tues", WordKind::kDayOfWeek, 2},
    {"tuesday", WordKind::kDayOfWeek, 2},
    {"wed", WordKind::kDayOfWeek, 3},
    {"wednesday", WordKind::kDayOfWeek, 3},
    {"weds", WordKind::kDayOfWeek, 3},
    {"y", WordKind::kUnits, V(Word::kYear)},
    {"yesterday", WordKind::kReserved, V(Word::kYesterday)},
};

constexpr Entry kIntervalWords[] = {
    {"@", WordKind::kIgnored, 0},
    {"ago", WordKind::kAgo, 0},
    {"c", WordKind::kUnits, V(Word::kCentury)},
    {"cent", WordKind::kUnits, V(Word::kCentury)},
    {"centuries", WordKind::kUnits, V(Word::kCentury)},
    {"century", WordKind::kUnits, V(Word::kCentury)},
    {"d", WordKind::kUnits, V(Word::kDay)},
    {"day", WordKind::kUnits, V(Word::kDay)},
    {"days", WordKind::kUnits, V(Word::kDay)},
    {"dec", WordKind::kUnits, V(Word::kDecade)},
    {"decade", WordKind::kUnits, V(Word::kDecade)},
    {"decades", WordKind::kUnits, V(Word::kDecade)},
    {"decs", WordKind::kUnits, V(Word::kDecade)},
    {"h", WordKind::kUnits, V(Word::kHour)},
    {"hour", WordKind::kUnits, V(Word::kHour)},
    {"hours", WordKind::kUnits, V(Word::kHour)},
    {"hr", WordKind::kUnits, V(Word::kHour)},
    {"hrs", WordKind::kUnits, V(Word::kHour)},
    {"m", WordKind::kUnits, V(Word::kMinute)},
    {"microsecon", WordKind::kUnits, V(Word::kMicrosecond)},
    {"mil", WordKind::kUnits, V(Word::kMillennium)},
    {"millennia", WordKind::kUnits, V(Word::kMillennium)},
    {"millennium", WordKind::kUnits, V(Word::kMillennium)},
    {"millisecon", WordKind::kUnits, V(Word::kMillisecond)},
    {"mils", WordKind::kUnits, V(Word::kMillennium)},
    {"min", WordKind::kUnits, V(Word::kMinute)},
    {"mins", WordKind::kUnits, V(Word::kMinute)},
    {"minute", WordKind::kUnits, V(Word::kMinute)},
    {"minutes", WordKind::kUnits, V(Word::kMinute)},
    {"mon", WordKind::kUnits, V(Word::kMonth)},
    {"mons", WordKind::kUnits, V(Word::kMonth)},
    {"month", WordKind::kUnits, V(Word::kMonth)},
    {"months", WordKind::kUnits, V(Word::kMonth)},
    {"ms", WordKind::kUnits, V(Word::kMillisecond)},
    {"msec", WordKind::kUnits, V(Word::kMillisecond)},
    {"msecond", WordKind::kUnits, V(Word::kMillisecond)},
    {"mseconds", WordKind::kUnits, V(Word::kMillisecond)},
    {"msecs", WordKind::kUnits, V(Word::kMillisecond)},
    {"qtr", WordKind::kUnits, V(Word::kQuarter)},
    {"quarter", WordKind::kUnits, V(Word::kQuarter)},
    {"s", WordKind::kUnits, V(Word::kSecond)},
    {"sec", WordKind::kUnits, V(Word::kSecond)},
    {"second", WordKind::kUnits, V(Word::kSecond)},
    {"seconds", WordKind::kUnits, V(Word::kSecond)},
    {"secs", WordKind::kUnits, V(Word::kSecond)},
    {"timezone", WordKind::kUnits, V(Word::kZone)},
    {"timezone_h", WordKind::kUnits, V(Word::kZoneHour)},
    {"timezone_m", WordKind::kUnits, V(Word::kZoneMinute)},
    {"us", WordKind::kUnits, V(Word::kMicrosecond)},
    {"usec", WordKind::kUnits, V(Word::kMicrosecond)},
    {"usecond", WordKind::kUnits, V(Word::kMicrosecond)},
    {"useconds", WordKind::kUnits, V(Word::kMicrosecond)},
    {"usecs", WordKind::kUnits, V(Word::kMicrosecond)},
    {"w", WordKind::kUnits, V(Word::kWeek)},
    {"week", WordKind::kUnits, V(Word::kWeek)},
    {"weeks", WordKind::kUnits, V(Word::kWeek)},
    {"y", WordKind::kUnits, V(Word::kYear)},
    {"year", WordKind::kUnits, V(Word::kYear)},
    {"years", WordKind::kUnits, V(Word::kYear)},
    {"yr", WordKind::kUnits, V(Word::kYear)},
    {"yrs", WordKind::kUnits, V(Word::kYear)},
};

template <size_t N>
WordMeaning Find(const Entry (&entries)[N], std::string_view lower) {
  lower = lower.substr(0, kTokenChars);
  const Entry* found = std::lower_bound(std::begin(entries), std::end(entries), lower,
                                        [](const Entry& e, std::string_view t) { return e.token < t; });
  if (found == std::end(entries) || found->token != lower) return {};
  return {found->kind, found->value};
}

// Takes characters off the text into a field.
class Cutter {
 public:
  Cutter(std::string_view text, std::vector<DateTimeField>* fields) : text_(text), fields_(fields) {}

  DecodeError Run() {
    while (at_ < text_.size()) {
      char c = text_[at_];
      if (IsSpace(c)) {
        ++at_;
        continue;
      }
      if (fields_->size() >= kFieldsMax) return DecodeError::kBadFormat;
      field_.clear();
      FieldKind kind;
      if (IsDigit(c)) {
        kind = Number();
      } else if (c == '.') {
        Take();
        TakeDigits();
        kind = FieldKind::kNumber;
      } else if (IsAlpha(c)) {
        kind = WordOrDate();
      } else if (c == '+' || c == '-') {
        if (!Signed(&kind)) return DecodeError::kBadFormat;
      } else if (IsPunct(c)) {
        ++at_;
        continue;
      } else {
        return DecodeError::kBadFormat;
      }
      fields_->push_back({kind, field_});
    }
    return DecodeError::kNone;
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void Take() { field_.push_back(ToLower(text_[at_++])); }
  void TakeDigits() {
    while (IsDigit(Peek())) Take();
  }
  void TakeLetters() {
    while (IsAlpha(Peek())) Take();
  }

  FieldKind Number() {
    TakeDigits();
    if (Peek() == ':') {
      Take();
      while (IsDigit(Peek()) || Peek() == ':' || Peek() == '.') Take();
      return FieldKind::kTime;
    }
    char delimiter = Peek();
    if (delimiter != '-' && delimiter != '/' && delimiter != '.') return FieldKind::kNumber;
    Take();
    if (!IsDigit(Peek())) {
      // A date with a month by name.
      while (IsAlnum(Peek()) || (Peek() == delimiter && at_ < text_.size())) Take();
      return FieldKind::kDate;
    }
    TakeDigits();
    if (Peek() != delimiter) return delimiter == '.' ? FieldKind::kNumber : FieldKind::kDate;
    while (IsDigit(Peek()) || (Peek() == delimiter && at_ < text_.size())) Take();
    return FieldKind::kDate;
  }

  FieldKind WordOrDate() {
    TakeLetters();
    char c = Peek();
    bool date = c == '-' || c == '/' || c == '.';
    // A zone like "UTC+3", unless the letters are a word.
    if (!date && (c == '+' || IsDigit(c))) date = FindDateWord(field_).kind == WordKind::kUnknown;
    if (!date) return FieldKind::kString;
    do {
      Take();
      c = Peek();
    } while (c == '+' || c == '-' || c == '/' || c == '_' || c == '.' || c == ':' || IsAlnum(c));
    return FieldKind::kDate;
  }

  bool Signed(FieldKind* kind) {
    Take();
    while (IsSpace(Peek())) ++at_;
    if (IsDigit(Peek())) {
      *kind = FieldKind::kZone;
      while (IsDigit(Peek()) || Peek() == ':' || Peek() == '.' || Peek() == '-') Take();
      return true;
    }
    *kind = FieldKind::kSpecial;
    if (!IsAlpha(Peek())) return false;
    TakeLetters();
    return true;
  }

  std::string_view text_;
  std::vector<DateTimeField>* fields_;
  size_t at_ = 0;
  std::string field_;
};

}  // namespace

WordMeaning FindDateWord(std::string_view lower) { return Find(kDateWords, lower); }
WordMeaning FindIntervalWord(std::string_view lower) { return Find(kIntervalWords, lower); }

DecodeError SplitDateTime(std::string_view text, std::vector<DateTimeField>* fields) {
  return Cutter(text, fields).Run();
}

bool ReadInt(std::string_view* text, int64_t* value, bool* overflow) {
  std::string_view rest = *text;
  if (!rest.empty() && rest.front() == '+') rest.remove_prefix(1);
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), *value);
  if (end == rest.data()) return false;
  if (error == std::errc::result_out_of_range) {
    *overflow = true;
    *value = INT64_MAX;
  }
  rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  *text = rest;
  return true;
}

DecodeError ReadFraction(std::string_view text, double* fraction) {
  *fraction = 0;
  if (text.size() <= 1) return DecodeError::kNone;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *fraction);
  if (error != std::errc() || end != text.data() + text.size()) return DecodeError::kBadFormat;
  return DecodeError::kNone;
}

Status DecodeFailure(DecodeError error, std::string_view text, const char* type) {
  auto quoted = [&](SqlState state, const char* message) {
    return Error(state, Format("%s: \"%.*s\"", message, static_cast<int>(text.size()), text.data()));
  };
  switch (error) {
    case DecodeError::kNone:
      return Status::Ok();
    case DecodeError::kOverflow:
      return quoted(sqlstate::kDatetimeFieldOverflow, "date/time field value out of range");
    case DecodeError::kMonthDayOverflow:
      return quoted(sqlstate::kDatetimeFieldOverflow, "date/time field value out of range")
          .Hint("Perhaps you need a different \"datestyle\" setting.");
    case DecodeError::kIntervalOverflow:
      return quoted(sqlstate::kIntervalFieldOverflow, "interval field value out of range");
    case DecodeError::kZoneOverflow:
      return quoted(sqlstate::kInvalidTimeZoneDisplacementValue, "time zone displacement out of range");
    case DecodeError::kBadFormat:
      return quoted(sqlstate::kInvalidDatetimeFormat, Format("invalid input syntax for type %s", type).c_str());
  }
  return Status::Ok();
}

}  // namespace phantom::types
