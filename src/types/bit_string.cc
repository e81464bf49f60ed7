#include "types/bit_string.h"

#include <algorithm>
#include <cstring>

#include "types/ascii.h"
#include "types/utf8.h"

namespace phantom::types {
namespace {

constexpr size_t kBitsMax = 0x7fffffff - 7;

Status BadDigit(std::string_view rest, const char* kind) {
  size_t size = std::max<size_t>(ValidUtf8Length(rest), 1);
  return Error(sqlstate::kInvalidTextRepresentation,
               Format("\"%.*s\" is not a valid %s digit", static_cast<int>(size), rest.data(), kind));
}

// Zeroes the bits behind the last in its byte.
void Pad(std::string& bits) {
  uint32_t count = BitCount(bits);
  if (count % 8 != 0) bits.back() = static_cast<char>(static_cast<uint8_t>(bits.back()) & (0xff << (8 - count % 8)));
}

void Resize(std::string& bits, uint32_t count) {
  bits.resize(4 + (count + 7) / 8, '\0');
  StoreLE<uint32_t>(bits.data(), count);
  Pad(bits);
}

}  // namespace

std::string MakeBits(uint32_t count) {
  std::string bits(4 + (size_t{count} + 7) / 8, '\0');
  StoreLE<uint32_t>(bits.data(), count);
  return bits;
}

Status ParseBits(std::string_view text, bool varying, int32_t length, std::string& out) {
  bool hex = !text.empty() && (text[0] == 'x' || text[0] == 'X');
  if (hex || (!text.empty() && (text[0] == 'b' || text[0] == 'B'))) text.remove_prefix(1);
  if (text.size() > kBitsMax / (hex ? 4 : 1)) {
    return Error(sqlstate::kProgramLimitExceeded,
                 Format("bit string length exceeds the maximum allowed (%zu)", kBitsMax));
  }
  out = MakeBits(static_cast<uint32_t>(text.size() * (hex ? 4 : 1)));
  RETURN_IF_ERROR(ApplyBitLength(varying, length, false, out));
  for (uint32_t i = 0; i < text.size(); ++i) {
    if (hex) {
      int digit = HexDigit(text[i]);
      if (digit < 0) return BadDigit(text.substr(i), "hexadecimal");
      out[4 + i / 2] = static_cast<char>(out[4 + i / 2] | digit << (i % 2 == 0 ? 4 : 0));
    } else if (text[i] == '1') {
      SetBit(out, i);
    } else if (text[i] != '0') {
      return BadDigit(text.substr(i), "binary");
    }
  }
  return Status::Ok();
}

void AppendBits(std::string_view bits, std::string& out) {
  for (uint32_t i = 0; i < BitCount(bits); ++i) out.push_back(BitAt(bits, i) ? '1' : '0');
}

Status ApplyBitLength(bool varying, int32_t length, bool is_explicit, std::string& bits) {
  uint32_t count = BitCount(bits), limit = static_cast<uint32_t>(length);
  if (length <= 0 || count == limit || (varying && count < limit)) return Status::Ok();
  if (!is_explicit && varying) {
    return Error(sqlstate::kStringDataRightTruncation,
                 Format("bit string too long for type bit varying(%d)", length));
  }
  if (!is_explicit) {
    return Error(sqlstate::kStringDataLengthMismatch,
                 Format("bit string length %u does not match type bit(%d)", count, length));
  }
  Resize(bits, limit);
  return Status::Ok();
}

int CompareBits(std::string_view a, std::string_view b) {
  std::string_view x = BitBytes(a), y = BitBytes(b);
  size_t common = std::min(x.size(), y.size());
  if (int order = common == 0 ? 0 : std::memcmp(x.data(), y.data(), common)) return order;
  return BitCount(a) == BitCount(b) ? 0 : BitCount(a) < BitCount(b) ? -1 : 1;
}

}  // namespace phantom::types
