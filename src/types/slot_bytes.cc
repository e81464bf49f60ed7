#include "types/slot_bytes.h"

namespace phantom::types {

// Inline and special values: the tag byte of Numeric, then the magnitude's bytes, low first, without leading zeros.
// Big ones: the tag byte, then the big form.
void AppendNumericBytes(const Numeric& value, std::string& out) {
  out.push_back(static_cast<char>(value.high_word() >> 56));
  if (value.is_big()) {
    out.append(AsText(value.big_bytes()));
    return;
  }
  uint128_t magnitude = value.magnitude();
  char bytes[16];
  std::memcpy(bytes, &magnitude, 16);
  size_t count = magnitude >> 64 != 0 ? 16 - __builtin_clzll(static_cast<uint64_t>(magnitude >> 64)) / 8
                 : magnitude != 0     ? 8 - __builtin_clzll(static_cast<uint64_t>(magnitude)) / 8
                                      : 0;
  out.append(bytes, count);
}

Numeric NumericFromBytes(std::string_view bytes) {
  auto tag = static_cast<uint8_t>(bytes[0]);
  int kind = tag & 0x7f;
  if (kind == 0x7d) return Numeric::FromBig(AsBytes(bytes.substr(1)));
  if (kind == 0x7e) return Numeric::Infinity((tag & 0x80) != 0);
  if (kind == 0x7f) return Numeric::NaN();
  uint128_t magnitude = 0;
  std::memcpy(&magnitude, bytes.data() + 1, bytes.size() - 1);
  return Numeric::FromMagnitude((tag & 0x80) != 0, magnitude, kind);
}

bool IsValidNumericBytes(std::string_view bytes) {
  if (bytes.empty()) return false;
  int kind = static_cast<uint8_t>(bytes[0]) & 0x7f;
  if (kind == 0x7d) return Numeric::IsValidBig(AsBytes(bytes.substr(1)));
  if (kind == 0x7e || kind == 0x7f) return bytes.size() == 1;
  return kind <= Numeric::kInlineScaleMax && bytes.size() <= 16;
}

}  // namespace phantom::types
