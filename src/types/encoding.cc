#include "types/encoding.h"

#include <iconv.h>

#include <vector>

#include "common/utf8.h"

namespace phantom::types {

namespace {

constexpr std::string_view kNames[] = {
    "SQL_ASCII",  "EUC_JP",     "EUC_CN",  "EUC_KR",  "EUC_TW",  "EUC_JIS_2004", "UTF8",       "MULE_INTERNAL", "LATIN1",
    "LATIN2",     "LATIN3",     "LATIN4",  "LATIN5",  "LATIN6",  "LATIN7",       "LATIN8",     "LATIN9",        "LATIN10",
    "WIN1256",    "WIN1258",    "WIN866",  "WIN874",  "KOI8R",   "WIN1251",      "WIN1252",    "ISO_8859_5",    "ISO_8859_6",
    "ISO_8859_7", "ISO_8859_8", "WIN1250", "WIN1253", "WIN1254", "WIN1255",      "WIN1257",    "KOI8U",         "SJIS",
    "BIG5",       "GBK",        "UHC",     "GB18030", "JOHAB",   "SHIFT_JIS_2004"};

struct Synonym {
  std::string_view name;
  std::string_view encoding;
};
constexpr Synonym kSynonyms[] = {
    {"unicode", "UTF8"},         {"iso88591", "LATIN1"},     {"iso88592", "LATIN2"},     {"iso88593", "LATIN3"},
    {"iso88594", "LATIN4"},      {"iso88599", "LATIN5"},     {"iso885910", "LATIN6"},    {"iso885913", "LATIN7"},
    {"iso885914", "LATIN8"},     {"iso885915", "LATIN9"},    {"iso885916", "LATIN10"},   {"koi8", "KOI8R"},
    {"win", "WIN1251"},          {"alt", "WIN866"},          {"abc", "WIN1258"},         {"tcvn", "WIN1258"},
    {"tcvn5712", "WIN1258"},     {"vscii", "WIN1258"},       {"windows1250", "WIN1250"}, {"windows1251", "WIN1251"},
    {"windows1252", "WIN1252"},  {"windows1253", "WIN1253"}, {"windows1254", "WIN1254"}, {"windows1255", "WIN1255"},
    {"windows1256", "WIN1256"},  {"windows1257", "WIN1257"}, {"windows1258", "WIN1258"}, {"windows866", "WIN866"},
    {"windows874", "WIN874"},    {"win932", "SJIS"},         {"windows932", "SJIS"},     {"mskanji", "SJIS"},
    {"shiftjis", "SJIS"},        {"win936", "GBK"},          {"windows936", "GBK"},      {"win949", "UHC"},
    {"windows949", "UHC"},       {"win950", "BIG5"},         {"windows950", "BIG5"},
};

// What the C library calls those of one byte a character.
struct Source {
  std::string_view encoding;
  const char* library_name;
};
constexpr Source kSources[] = {
    {"LATIN1", "ISO-8859-1"},   {"LATIN2", "ISO-8859-2"},      {"LATIN3", "ISO-8859-3"},     {"LATIN4", "ISO-8859-4"},
    {"LATIN5", "ISO-8859-9"},   {"LATIN6", "ISO-8859-10"},     {"LATIN7", "ISO-8859-13"},    {"LATIN8", "ISO-8859-14"},
    {"LATIN9", "ISO-8859-15"},  {"LATIN10", "ISO-8859-16"},    {"ISO_8859_5", "ISO-8859-5"}, {"ISO_8859_6", "ISO-8859-6"},
    {"ISO_8859_7", "ISO-8859-7"}, {"ISO_8859_8", "ISO-8859-8"}, {"WIN866", "IBM866"},        {"KOI8R", "KOI8-R"},
    {"KOI8U", "KOI8-U"},        {"WIN1250", "CP1250"},         {"WIN1251", "CP1251"},        {"WIN1252", "CP1252"},
    {"WIN1253", "CP1253"},      {"WIN1254", "CP1254"},         {"WIN1255", "CP1255"},        {"WIN1256", "CP1256"},
    {"WIN1257", "CP1257"},      {"WIN1258", "CP1258"},         {"WIN874", "CP874"},
};

std::string LettersAndDigits(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') plain += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) plain += c;
  }
  return plain;
}

std::string Bytes(std::string_view text) {
  std::string shown;
  for (const char c : text) shown += Format("%s0x%02x", shown.empty() ? "" : " ", static_cast<unsigned char>(c));
  return shown;
}

Status NoEquivalent(std::string_view bytes, std::string_view from, std::string_view to) {
  return Errorf(sqlstate::kUntranslatableCharacter,
                "character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"%s\"",
                Bytes(bytes).c_str(), std::string(from).c_str(), std::string(to).c_str());
}

bool IsAscii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

}  // namespace

std::span<const std::string_view> EncodingNames() { return kNames; }

int FindEncoding(std::string_view name) {
  std::string wanted = LettersAndDigits(name);
  for (const Synonym& synonym : kSynonyms) {
    if (synonym.name == wanted) wanted = LettersAndDigits(synonym.encoding);
  }
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (LettersAndDigits(kNames[i]) == wanted) return static_cast<int>(i);
  }
  return -1;
}

// All of them, made when the first is asked for.
struct EncodingTable {
  EncodingTable() : encodings(std::size(kNames)) {
    for (const Source& source : kSources) {
      const iconv_t conversion = iconv_open("UTF-8", source.library_name);
      if (conversion == reinterpret_cast<iconv_t>(-1)) continue;  // this C library lacks it
      ByteEncoding& encoding = encodings[static_cast<size_t>(FindEncoding(source.encoding))];
      encoding.name_ = source.encoding;
      for (int byte = 0x80; byte < 0x100; ++byte) {
        char from = static_cast<char>(byte), to[8];
        char *in = &from, *out = to;
        size_t in_left = 1, out_left = sizeof(to);
        iconv(conversion, nullptr, nullptr, nullptr, nullptr);
        if (iconv(conversion, &in, &in_left, &out, &out_left) == static_cast<size_t>(-1)) continue;
        // Some keep a letter back, as a mark may follow.
        iconv(conversion, nullptr, nullptr, &out, &out_left);
        if (out == to) continue;
        size_t at = 0;
        const char32_t character = utf8::Next(std::string_view(to, static_cast<size_t>(out - to)), at);
        encoding.characters_[static_cast<size_t>(byte) - 0x80] = character;
        encoding.bytes_.emplace(character, from);
      }
      iconv_close(conversion);
    }
  }
  std::vector<ByteEncoding> encodings;
};

const ByteEncoding* ByteEncoding::Get(int number) {
  static const EncodingTable table;
  if (number < 0 || static_cast<size_t>(number) >= table.encodings.size()) return nullptr;
  const ByteEncoding& encoding = table.encodings[static_cast<size_t>(number)];
  return encoding.name_.empty() ? nullptr : &encoding;
}

Status ByteEncoding::ToUtf8(std::string_view text, std::string& out) const {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
      continue;
    }
    const char32_t character = characters_[byte - 0x80U];
    if (character == 0) return NoEquivalent(std::string_view(&c, 1), name_, "UTF8");
    utf8::Append(character, out);
  }
  return Status::Ok();
}

Status ByteEncoding::FromUtf8(std::string_view text, std::string& out) const {
  if (IsAscii(text)) {
    out += text;
    return Status::Ok();
  }
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const char32_t character = utf8::Next(text, at);
    if (character < 0x80) {
      out += static_cast<char>(character);
      continue;
    }
    const auto found = bytes_.find(character);
    if (found == bytes_.end()) return NoEquivalent(text.substr(start, at - start), "UTF8", name_);
    out += found->second;
  }
  return Status::Ok();
}

std::string ByteEncoding::FromUtf8Lossy(std::string_view text) const {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const char32_t character = utf8::Next(text, at);
    const auto found = bytes_.find(character);
    out += character < 0x80 ? static_cast<char>(character) : found == bytes_.end() ? '?' : found->second;
  }
  return out;
}

}  // namespace phantom::types
