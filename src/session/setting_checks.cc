#include "session/setting_checks.h"

#include <strings.h>

#include <cctype>

#include "session/settings.h"
#include "types/encoding.h"

namespace phantom::session {

namespace {

bool EqualsNoCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}
bool StartsNoCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && strncasecmp(text.data(), prefix.data(), prefix.size()) == 0;
}

Status Invalid(const SettingRow& row, std::string_view text) {
  return Errorf(sqlstate::kInvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", row.name,
                std::string(text).c_str());
}

// A DateStyle's two halves; empty when the text does not say.
struct DateStyleParts {
  std::string style;
  std::string order;
};

Status ParseDateStyle(const SettingRow& row, std::string_view text, DateStyleParts* parts) {
  std::vector<std::string> words;
  if (!SplitIdentifiers(text, &words)) return Invalid(row, text).Detail("List syntax is invalid.");
  bool conflict = false;
  bool have_style = false;
  bool have_order = false;
  const auto style = [&](const char* value) {
    if (have_style && parts->style != value) conflict = true;
    parts->style = value;
    have_style = true;
  };
  const auto order = [&](const char* value) {
    if (have_order && parts->order != value) conflict = true;
    parts->order = value;
    have_order = true;
  };
  for (const std::string& word : words) {
    if (EqualsNoCase(word, "ISO")) {
      style("ISO");
    } else if (EqualsNoCase(word, "SQL")) {
      style("SQL");
    } else if (StartsNoCase(word, "POSTGRES")) {
      style("Postgres");
    } else if (EqualsNoCase(word, "GERMAN")) {
      style("German");
      if (!have_order) parts->order = "DMY";
    } else if (EqualsNoCase(word, "YMD")) {
      order("YMD");
    } else if (EqualsNoCase(word, "DMY") || StartsNoCase(word, "EURO")) {
      order("DMY");
    } else if (EqualsNoCase(word, "MDY") || EqualsNoCase(word, "US") || StartsNoCase(word, "NONEURO")) {
      order("MDY");
    } else if (EqualsNoCase(word, "DEFAULT")) {
      if (!have_style) parts->style = "ISO";
      if (!have_order) parts->order = "MDY";
    } else {
      return Invalid(row, text).Detail(Format("Unrecognized key word: \"%s\".", word.c_str()));
    }
  }
  if (conflict) return Invalid(row, text).Detail("Conflicting \"datestyle\" specifications.");
  return Status::Ok();
}

std::string JoinDateStyle(const DateStyleParts& parts) {
  if (parts.style.empty()) return parts.order;
  return parts.order.empty() ? parts.style : parts.style + ", " + parts.order;
}

Status CheckClientEncoding(const SettingRow& row, SettingValue* value) {
  const int number = types::FindEncoding(value->text);
  if (number < 0) return Invalid(row, value->text);
  const std::string name(types::EncodingNames()[static_cast<size_t>(number)]);
  if (!types::ByteEncoding::IsSupported(number)) {
    return Errorf(sqlstate::kFeatureNotSupported, "invalid value for parameter \"%s\": \"%s\"", row.name,
                  value->text.c_str())
        .Detail(Format("Conversion between %s and UTF8 is not supported.", name.c_str()));
  }
  value->text = name;
  return Status::Ok();
}

Status CheckList(const SettingRow& row, const std::string& text) {
  std::vector<std::string> names;
  if (!SplitIdentifiers(text, &names)) return Invalid(row, text).Detail("List syntax is invalid.");
  return Status::Ok();
}

}  // namespace

std::string MergeDateStyle(std::string_view current, std::string_view proposed) {
  const SettingRow& row = SettingRows()[static_cast<size_t>(FindSetting("DateStyle"))];
  DateStyleParts parts{"ISO", "MDY"};
  // Both texts have been checked, so neither can fail.
  static_cast<void>(ParseDateStyle(row, current, &parts).ok());
  static_cast<void>(ParseDateStyle(row, proposed, &parts).ok());
  return JoinDateStyle(parts);
}

bool SplitIdentifiers(std::string_view text, std::vector<std::string>* names) {
  size_t at = 0;
  const auto skip_space = [&] {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at]))) ++at;
  };
  skip_space();
  if (at == text.size()) return true;
  while (true) {
    std::string name;
    if (text[at] == '"') {
      while (true) {
        const size_t quote = text.find('"', at + 1);
        if (quote == std::string_view::npos) return false;
        name += text.substr(at + 1, quote - at - 1);
        at = quote + 1;
        if (at < text.size() && text[at] == '"') {
          name += '"';
          continue;
        }
        break;
      }
    } else {
      const size_t start = at;
      while (at < text.size() && text[at] != ',' && !std::isspace(static_cast<unsigned char>(text[at]))) {
        const char c = text[at++];
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      }
      if (at == start) return false;
    }
    names->push_back(std::move(name));
    skip_space();
    if (at == text.size()) return true;
    if (text[at] != ',') return false;
    ++at;
    skip_space();
    if (at == text.size()) return false;
  }
}

Status CheckSettingValue(const SettingRow& row, SettingValue* value) {
  const std::string_view name = row.name;
  if (name == "DateStyle") {
    DateStyleParts parts;
    RETURN_IF_ERROR(ParseDateStyle(row, value->text, &parts));
    value->text = JoinDateStyle(parts);
  } else if (name == "client_encoding") {
    return CheckClientEncoding(row, value);
  } else if (name == "default_with_oids") {
    if (value->number != 0) {
      return Error(sqlstate::kFeatureNotSupported, "tables declared WITH OIDS are not supported");
    }
  } else if (name == "application_name" || name == "cluster_name") {
    for (char& c : value->text) {
      if (c < ' ' || c > '~') c = '?';
    }
    if (value->text.size() > 63) value->text.resize(63);
  } else if ((row.flags & setting_flag::kListInput) != 0) {
    return CheckList(row, value->text);
  }
  return Status::Ok();
}

namespace {

// Of the parameters that PostgreSQL does not have: a misspelt one is an error, as of an extension that is loaded.
constexpr std::string_view kReservedPrefix = "phantom";

// Two or more identifiers separated by dots.
bool IsList(std::string_view name) {
  bool start = true;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '.') {
      if (start) return false;
      start = true;
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || byte >= 0x80) {
      start = false;
    } else if (start || !((c >= '0' && c <= '9') || c == '$')) {
      return false;
    }
  }
  return !start;
}

}  // namespace

Status CheckCustomName(std::string_view name) {
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) {
    return Errorf(sqlstate::kUndefinedObject, "unrecognized configuration parameter \"%s\"", std::string(name).c_str());
  }
  const auto invalid = [name] {
    return Errorf(sqlstate::kInvalidName, "invalid configuration parameter name \"%s\"", std::string(name).c_str());
  };
  if (!IsList(name)) return invalid().Detail("Custom parameter names must be two or more simple identifiers separated by dots.");
  if (name.substr(0, dot) == kReservedPrefix) {
    return invalid().Detail("\"" + std::string(kReservedPrefix) + "\" is a reserved prefix.");
  }
  return Status::Ok();
}

}  // namespace phantom::session
