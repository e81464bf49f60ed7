#include "lsm/encoding/packed.h"

#include <array>
#include <utility>

namespace phantom::lsm {

namespace {

template <int kWidth, size_t kIndex>
inline uint64_t CodeAt(const std::byte* group) {
  if constexpr (kWidth == 0) {
    return 0;
  } else {
    constexpr size_t kBit = kIndex * kWidth, kWord = kBit / 64, kShift = kBit % 64;
    uint64_t code = LoadLE<uint64_t>(group + kWord * 8) >> kShift;
    if constexpr (kShift + kWidth > 64) code |= LoadLE<uint64_t>(group + kWord * 8 + 8) << (64 - kShift);
    if constexpr (kWidth < 64) code &= (uint64_t{1} << kWidth) - 1;
    return code;
  }
}

template <typename Code, int kWidth>
void UnpackGroup(const std::byte* group, Code* to) {
  if constexpr (kWidth == 8 || kWidth == 16 || kWidth == 32 || kWidth == 64) {
    using Stored = std::conditional_t<
        kWidth == 8, uint8_t,
        std::conditional_t<kWidth == 16, uint16_t, std::conditional_t<kWidth == 32, uint32_t, uint64_t>>>;
    for (uint32_t i = 0; i < kPackedGroup; ++i) to[i] = static_cast<Code>(LoadLE<Stored>(group + i * sizeof(Stored)));
  } else {
    [&]<size_t... kIndex>(std::index_sequence<kIndex...>) {
      ((to[kIndex] = static_cast<Code>(CodeAt<kWidth, kIndex>(group))), ...);
    }
    (std::make_index_sequence<kPackedGroup>());
  }
}

template <typename Code>
using GroupUnpacker = void (*)(const std::byte*, Code*);

// By width; 58 to 63 are not in use.
template <typename Code, size_t... kWidth>
constexpr std::array<GroupUnpacker<Code>, sizeof...(kWidth)> Unpackers(std::index_sequence<kWidth...>) {
  return {UnpackGroup<Code, (kWidth > 57 ? 64 : kWidth)>...};
}

constexpr auto kUnpackers32 = Unpackers<uint32_t>(std::make_index_sequence<33>());
constexpr auto kUnpackers64 = Unpackers<uint64_t>(std::make_index_sequence<65>());

template <typename Code>
void UnpackWith(GroupUnpacker<Code> unpack, const std::byte* packed, int width, uint32_t first, uint32_t count,
                Code* to) {
  if (count == kPackedGroup) {
    unpack(packed + PackedBytes(first, width), to);
    return;
  }
  for (uint32_t i = 0; i < count; ++i) to[i] = static_cast<Code>(PackedGet(packed, width, first + i));
}

}  // namespace

void AppendPacked(std::span<const uint64_t> codes, int width, std::string& out) {
  const size_t begin = out.size();
  out.resize(begin + PackedBytes(codes.size(), width));
  char* to = out.data() + begin;
  uint64_t pending = 0;  // bits not written yet, lowest first
  int bits = 0;
  for (uint64_t code : codes) {
    pending |= code << bits;
    if (bits + width >= 64) {
      StoreLE(to, pending);
      to += 8;
      const int written = 64 - bits;
      pending = written == 64 ? 0 : code >> written;
      bits = width - written;
    } else {
      bits += width;
    }
  }
  for (; bits > 0; bits -= 8, pending >>= 8) *to++ = static_cast<char>(pending);
}

void Unpack(const std::byte* packed, int width, uint32_t first, uint32_t count, uint32_t* to) {
  UnpackWith(kUnpackers32[static_cast<size_t>(width)], packed, width, first, count, to);
}

void Unpack(const std::byte* packed, int width, uint32_t first, uint32_t count, uint64_t* to) {
  UnpackWith(kUnpackers64[static_cast<size_t>(width)], packed, width, first, count, to);
}

}  // namespace phantom::lsm
