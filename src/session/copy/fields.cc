#include "session/copy/fields.h"

namespace phantom::session {

namespace {

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What a backslash and the bytes from `at` mean; moves behind them.
char Unescape(std::string_view line, size_t* at) {
  const char c = line[(*at)++];
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case 'x': {
      if (*at == line.size() || HexValue(line[*at]) < 0) return c;
      int value = HexValue(line[(*at)++]);
      if (*at < line.size() && HexValue(line[*at]) >= 0) value = value * 16 + HexValue(line[(*at)++]);
      return static_cast<char>(value);
    }
    default:
      break;
  }
  if (!IsOctal(c)) return c;
  int value = c - '0';
  for (int digits = 1; digits < 3 && *at < line.size() && IsOctal(line[*at]); ++digits) {
    value = value * 8 + (line[(*at)++] - '0');
  }
  return static_cast<char>(value & 0xff);
}

}  // namespace

// Fields without escapes and quotes, or wholly within quotes, are where they are in the line.
void CopyFieldSplitter::SplitText(std::string_view line) {
  const char delimiter = options_.delimiter;
  size_t at = 0;
  while (true) {
    const size_t begin = at;
    while (at < line.size() && line[at] != delimiter && line[at] != '\\') ++at;
    if (at < line.size() && line[at] == '\\') {
      const size_t copied = text_.size();
      at = begin;
      CopyText(line, &at);
      AddCopy(IsNull(line, begin, at), copied);
    } else {
      fields_.push_back({IsNull(line, begin, at), line.substr(begin, at - begin)});
    }
    if (at == line.size()) return;
    ++at;
  }
}

void CopyFieldSplitter::CopyText(std::string_view line, size_t* at) {
  while (*at < line.size() && line[*at] != options_.delimiter) {
    const char c = line[(*at)++];
    if (c == '\\' && *at < line.size()) {
      text_ += Unescape(line, at);
    } else {
      text_ += c;
    }
  }
}

Status CopyFieldSplitter::SplitCsv(std::string_view line) {
  const char delimiter = options_.delimiter, quote = options_.quote, escape = options_.escape;
  size_t at = 0;
  while (true) {
    const size_t begin = at;
    while (at < line.size() && line[at] != delimiter && line[at] != quote) ++at;
    if (at == line.size() || line[at] == delimiter) {
      fields_.push_back({IsNull(line, begin, at), line.substr(begin, at - begin)});
    } else {
      size_t end = at + 1;
      while (end < line.size() && line[end] != quote && line[end] != escape) ++end;
      const bool closes = at == begin && end < line.size() && line[end] == quote &&
                          (end + 1 == line.size() || line[end + 1] == delimiter);
      if (closes) {
        fields_.push_back({false, line.substr(begin + 1, end - begin - 1)});
        at = end + 1;
      } else {
        const size_t copied = text_.size();
        bool saw_quote = false;
        at = begin;
        RETURN_IF_ERROR(CopyCsv(line, &at, &saw_quote));
        AddCopy(!saw_quote && IsNull(line, begin, at), copied);
      }
    }
    if (at == line.size()) return Status::Ok();
    ++at;
  }
}

Status CopyFieldSplitter::CopyCsv(std::string_view line, size_t* at, bool* saw_quote) {
  bool in_quote = false;
  while (*at < line.size()) {
    const char c = line[*at];
    if (!in_quote) {
      if (c == options_.delimiter) break;
      ++*at;
      if (c == options_.quote) {
        *saw_quote = in_quote = true;
      } else {
        text_ += c;
      }
      continue;
    }
    ++*at;
    if (c == options_.escape && *at < line.size() && (line[*at] == options_.escape || line[*at] == options_.quote)) {
      text_ += line[(*at)++];
    } else if (c == options_.quote) {
      in_quote = false;
    } else {
      text_ += c;
    }
  }
  return in_quote ? Error(sqlstate::kBadCopyFileFormat, "unterminated CSV quoted field") : Status::Ok();
}

Result<const std::vector<CopyField>*> CopyFieldSplitter::Split(std::string_view line) {
  text_.clear();
  copies_.clear();
  fields_.clear();
  if (options_.is_csv()) {
    RETURN_IF_ERROR(SplitCsv(line));
  } else {
    SplitText(line);
  }
  for (const Copy& copy : copies_) {
    fields_[copy.field].text = std::string_view(text_).substr(copy.begin, copy.end - copy.begin);
  }
  return &fields_;
}

}  // namespace phantom::session
