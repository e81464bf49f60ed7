#include "engine/functions/case_mapping.h"

#include <clocale>
#include <cwctype>

namespace phantom::engine {

static locale_t Utf8Locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

char32_t ToUpper(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
  return static_cast<char32_t>(towupper_l(static_cast<wint_t>(c), Utf8Locale()));
}

char32_t ToLower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return static_cast<char32_t>(towlower_l(static_cast<wint_t>(c), Utf8Locale()));
}

bool IsAlphanumeric(char32_t c) { return iswalnum_l(static_cast<wint_t>(c), Utf8Locale()) != 0; }

}  // namespace phantom::engine
