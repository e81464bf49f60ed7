// unistr, normalize and IS NORMALIZED (PostgreSQL 15, chapter 9.4).
#include <utf8proc.h>

#include <cstdlib>
#include <string>

#include "common/utf8.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/ascii.h"
#include "types/string_ref.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using Out = Writer<StringRef>;

// ---- unistr -------------------------------------------------------------------------------------

constexpr bool IsFirstSurrogate(uint32_t c) { return c >= 0xD800 && c <= 0xDBFF; }
constexpr bool IsSecondSurrogate(uint32_t c) { return c >= 0xDC00 && c <= 0xDFFF; }

Status InvalidPair() { return Error(sqlstate::kSyntaxError, "invalid Unicode surrogate pair"); }

// The escape at the start of `text` (which begins with a backslash): \XXXX, \+XXXXXX, \uXXXX, \UXXXXXXXX.
bool ReadEscape(std::string_view text, uint32_t& character, size_t& bytes) {
  struct Form {
    std::string_view lead;
    size_t digits;
  };
  for (const Form form : {Form{"\\", 4}, Form{"\\u", 4}, Form{"\\+", 6}, Form{"\\U", 8}}) {
    if (!text.starts_with(form.lead) || text.size() < form.lead.size() + form.digits) continue;
    character = 0;
    size_t digit = 0;
    for (; digit < form.digits; ++digit) {
      const int nibble = types::HexDigit(text[form.lead.size() + digit]);
      if (nibble < 0) break;
      character = character << 4 | static_cast<uint32_t>(nibble);
    }
    if (digit < form.digits) continue;
    bytes = form.lead.size() + form.digits;
    return true;
  }
  return false;
}

Status Unistr(KernelContext&, const StringRef& input, Out& out) {
  std::string text;
  uint32_t first = 0;  // of a surrogate pair that is not complete
  std::string_view rest = input.view();
  while (!rest.empty()) {
    const bool doubled = rest.starts_with("\\\\");
    if (rest[0] != '\\' || doubled) {
      if (first != 0) return InvalidPair();
      text += rest[0];
      rest.remove_prefix(doubled ? 2 : 1);
      continue;
    }
    uint32_t character = 0;
    size_t bytes = 0;
    if (!ReadEscape(rest, character, bytes)) {
      return Error(sqlstate::kSyntaxError, "invalid Unicode escape")
          .Hint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.");
    }
    if (character == 0 || character > 0x10FFFF) {
      return Errorf(sqlstate::kInvalidParameterValue, "invalid Unicode code point: %04X", character);
    }
    if ((first != 0) != IsSecondSurrogate(character)) return InvalidPair();
    if (first != 0) {
      character = 0x10000 + ((first - 0xD800) << 10) + (character - 0xDC00);
      first = 0;
    }
    IsFirstSurrogate(character) ? void(first = character) : utf8::Append(character, text);
    rest.remove_prefix(bytes);
  }
  if (first != 0) return InvalidPair();
  out.SetText(text);
  return Status::Ok();
}

// ---- Normal forms -------------------------------------------------------------------------------

Result<std::string> Normalized(std::string_view text, std::string_view form) {
  int options = UTF8PROC_STABLE;
  if (types::EqualsIgnoreCase(form, "nfc")) {
    options |= UTF8PROC_COMPOSE;
  } else if (types::EqualsIgnoreCase(form, "nfd")) {
    options |= UTF8PROC_DECOMPOSE;
  } else if (types::EqualsIgnoreCase(form, "nfkc")) {
    options |= UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
  } else if (types::EqualsIgnoreCase(form, "nfkd")) {
    options |= UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT;
  } else {
    return Error(sqlstate::kInvalidParameterValue, "invalid normalization form: " + std::string(form));
  }
  utf8proc_uint8_t* made = nullptr;
  const utf8proc_ssize_t bytes =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()), &made,
                   static_cast<utf8proc_option_t>(options));
  if (bytes < 0) return Error(sqlstate::kInternalError, utf8proc_errmsg(bytes));
  std::string normal(reinterpret_cast<const char*>(made), static_cast<size_t>(bytes));
  std::free(made);  // the library's allocation
  return normal;
}

Status Normalize(KernelContext&, const StringRef& text, const StringRef& form, Out& out) {
  ASSIGN_OR_RETURN(const std::string normal, Normalized(text.view(), form.view()));
  out.SetText(normal);
  return Status::Ok();
}
Status IsNormalized(KernelContext&, const StringRef& text, const StringRef& form, bool& out) {
  ASSIGN_OR_RETURN(const std::string normal, Normalized(text.view(), form.view()));
  out = normal == text.view();
  return Status::Ok();
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("unistr", Strict<Unistr, StringRef, StringRef>),
    KernelEntry::Scalar("unicode_normalize_func", Strict<Normalize, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("unicode_is_normalized", Strict<IsNormalized, bool, StringRef, StringRef>),
};

}  // namespace

std::span<const KernelEntry> UnicodeTextKernels() { return kTable; }

}  // namespace phantom::engine
