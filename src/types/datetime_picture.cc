#include "types/datetime_picture.h"

#include <algorithm>

#include "types/ascii.h"
#include "types/utf8.h"

namespace phantom::types {
namespace {

using enum DatePattern;

// The first that fits is taken. Every row also stands for its form in lower case.
constexpr DatePatternInfo kUpper[] = {
    {"A.D.", kAD, false}, {"A.M.", kAm, false}, {"AD", kAD, false}, {"AM", kAm, false}, {"B.C.", kAD, false},
    {"BC", kAD, false}, {"CC", kBigEndianCentury, true}, {"DAY", kDayName, false},
    {"DDD", kDayOfYear, true, 0, 'G'}, {"DD", kDay, true, 0, 'G'}, {"DY", kShortDay, false},
    {"Day", kDayName, false}, {"Dy", kShortDay, false}, {"D", kWeekday, true, 0, 'G'},
    {"FF1", kFraction, true, 1}, {"FF2", kFraction, true, 2}, {"FF3", kFraction, true, 3},
    {"FF4", kFraction, true, 4}, {"FF5", kFraction, true, 5}, {"FF6", kFraction, true, 6}, {"FX", kFixed, false},
    {"HH24", kHour24, true}, {"HH12", kHour12, true}, {"HH", kHour12, true}, {"IDDD", kIsoDayOfYear, true, 0, 'I'},
    {"ID", kIsoWeekday, true, 0, 'I'}, {"IW", kIsoWeek, true, 0, 'I'}, {"IYYY", kIsoYear, true, 4, 'I'},
    {"IYY", kIsoYear, true, 3, 'I'}, {"IY", kIsoYear, true, 2, 'I'}, {"I", kIsoYear, true, 1, 'I'},
    {"J", kJulian, true}, {"MI", kMinute, true}, {"MM", kMonth, true, 0, 'G'}, {"MONTH", kMonthName, false, 0, 'G'},
    {"MON", kShortMonth, false, 0, 'G'}, {"MS", kMillisecond, true}, {"Month", kMonthName, false, 0, 'G'},
    {"Mon", kShortMonth, false, 0, 'G'}, {"OF", kOffset, false}, {"P.M.", kAm, false}, {"PM", kAm, false},
    {"Q", kQuarter, true}, {"RM", kRoman, false, 0, 'G'}, {"SSSSS", kSecondsOfDay, true},
    {"SSSS", kSecondsOfDay, true}, {"SS", kSecond, true}, {"TZH", kZoneHour, false}, {"TZM", kZoneMinute, true},
    {"TZ", kZoneName, false}, {"US", kMicrosecond, true}, {"WW", kWeekOfYear, true, 0, 'G'},
    {"W", kWeekOfMonth, true, 0, 'G'}, {"Y,YYY", kYearComma, true, 4, 'G'}, {"YYYY", kYear, true, 4, 'G'},
    {"YYY", kYear, true, 3, 'G'}, {"YY", kYear, true, 2, 'G'}, {"Y", kYear, true, 1, 'G'},
};
constexpr DatePatternInfo kLower[] = {
    {"a.d.", kAD, false}, {"a.m.", kAm, false}, {"ad", kAD, false}, {"am", kAm, false}, {"b.c.", kAD, false},
    {"bc", kAD, false}, {"cc", kBigEndianCentury, true}, {"day", kDayName, false},
    {"ddd", kDayOfYear, true, 0, 'G'}, {"dd", kDay, true, 0, 'G'}, {"dy", kShortDay, false},
    {"d", kWeekday, true, 0, 'G'}, {"ff1", kFraction, true, 1}, {"ff2", kFraction, true, 2},
    {"ff3", kFraction, true, 3}, {"ff4", kFraction, true, 4}, {"ff5", kFraction, true, 5},
    {"ff6", kFraction, true, 6}, {"fx", kFixed, false}, {"hh24", kHour24, true}, {"hh12", kHour12, true},
    {"hh", kHour12, true}, {"iddd", kIsoDayOfYear, true, 0, 'I'}, {"id", kIsoWeekday, true, 0, 'I'},
    {"iw", kIsoWeek, true, 0, 'I'}, {"iyyy", kIsoYear, true, 4, 'I'}, {"iyy", kIsoYear, true, 3, 'I'},
    {"iy", kIsoYear, true, 2, 'I'}, {"i", kIsoYear, true, 1, 'I'}, {"j", kJulian, true}, {"mi", kMinute, true},
    {"mm", kMonth, true, 0, 'G'}, {"month", kMonthName, false, 0, 'G'}, {"mon", kShortMonth, false, 0, 'G'},
    {"ms", kMillisecond, true}, {"of", kOffset, false}, {"p.m.", kAm, false}, {"pm", kAm, false},
    {"q", kQuarter, true}, {"rm", kRoman, false, 0, 'G'}, {"sssss", kSecondsOfDay, true},
    {"ssss", kSecondsOfDay, true}, {"ss", kSecond, true}, {"tzh", kZoneHour, false}, {"tzm", kZoneMinute, true},
    {"tz", kZoneName, false}, {"us", kMicrosecond, true}, {"ww", kWeekOfYear, true, 0, 'G'},
    {"w", kWeekOfMonth, true, 0, 'G'}, {"y,yyy", kYearComma, true, 4, 'G'}, {"yyyy", kYear, true, 4, 'G'},
    {"yyy", kYear, true, 3, 'G'}, {"yy", kYear, true, 2, 'G'}, {"y", kYear, true, 1, 'G'},
};

const DatePatternInfo* FindPattern(std::string_view rest) {
  for (const DatePatternInfo& info : kUpper) {
    if (rest.starts_with(info.name)) return &info;
  }
  for (const DatePatternInfo& info : kLower) {
    if (rest.starts_with(info.name)) return &info;
  }
  return nullptr;
}

}  // namespace

bool IsPictureSeparator(char c) { return IsPunct(c); }

LetterCase CaseOf(const DatePatternInfo& info) {
  if (IsLower(info.name[0])) return LetterCase::kLower;
  return info.name.size() > 1 && IsLower(info.name[1]) ? LetterCase::kCapital : LetterCase::kUpper;
}

std::string ApplyCase(std::string_view capital, LetterCase letter_case) {
  std::string text(capital);
  for (char& c : text) {
    if (letter_case == LetterCase::kUpper) c = ToUpper(c);
    if (letter_case == LetterCase::kLower) c = ToLower(c);
  }
  return text;
}

std::vector<DateNode> ParseDatePicture(std::string_view format) {
  std::vector<DateNode> nodes;
  std::string_view rest = format;
  auto character = [&] {
    size_t size = std::min(Utf8Length(rest[0]), rest.size());
    DateNode node;
    node.text = rest.substr(0, size);
    rest.remove_prefix(size);
    nodes.push_back(std::move(node));
  };
  while (!rest.empty()) {
    DateNode node;
    if (rest.starts_with("FM") || rest.starts_with("fm")) {
      node.fill = true;
      rest.remove_prefix(2);
    } else if (rest.starts_with("TM") || rest.starts_with("tm")) {
      rest.remove_prefix(2);
      node.fill = true;  // names of the locale are not padded; locale C has the English ones
    }
    if (rest.empty()) break;
    if (const DatePatternInfo* info = FindPattern(rest)) {
      node.info = info;
      rest.remove_prefix(info->name.size());
      if (rest.starts_with("TH") || rest.starts_with("th")) {
        node.ordinal = true;
        node.ordinal_upper = rest[0] == 'T';
        rest.remove_prefix(2);
      } else if (rest.starts_with("SP")) {
        rest.remove_prefix(2);
      }
      nodes.push_back(std::move(node));
      continue;
    }
    if (rest[0] == '"') {
      rest.remove_prefix(1);
      while (!rest.empty()) {
        if (rest[0] == '"') {
          rest.remove_prefix(1);
          break;
        }
        if (rest[0] == '\\' && rest.size() > 1) rest.remove_prefix(1);
        character();
      }
      continue;
    }
    if (rest.size() > 1 && rest[0] == '\\' && rest[1] == '"') rest.remove_prefix(1);
    bool separator = IsPictureSeparator(rest[0]), space = IsSpace(rest[0]);
    character();
    nodes.back().is_separator = separator;
    nodes.back().is_space = space && !separator;
  }
  return nodes;
}

}  // namespace phantom::types
