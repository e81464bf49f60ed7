#include "lsm/encoding/frame.h"

#include <algorithm>
#include <vector>

namespace phantom::lsm {

namespace {

// Ranges that are tried one by one; of more the right one is looked up.
constexpr size_t kRangesTried = 4;

struct Span {
  uint64_t low, length;  // codes c with c - low <= length
};

// The bits of those numbers that lie in one of the spans.
template <typename Code>
uint64_t MatchGroup(const Code* codes, uint32_t count, std::span<const Span> spans) {
  uint64_t bits = 0;
  for (const Span& span : spans) {
    const Code low = static_cast<Code>(span.low), length = static_cast<Code>(span.length);
    uint8_t in[kPackedGroup];
    for (uint32_t i = 0; i < kPackedGroup; ++i) in[i] = static_cast<Code>(codes[i] - low) <= length;
    // Eight bytes of 0 or 1 become eight bits.
    for (uint32_t i = 0; i < kPackedGroup; i += 8) {
      bits |= (LoadLE<uint64_t>(in + i) * 0x0102040810204080ull >> 56) << i;
    }
  }
  return count == kPackedGroup ? bits : bits & ((uint64_t{1} << count) - 1);
}

}  // namespace

size_t Frame::BytesOf(std::span<const int64_t> numbers) {
  if (numbers.empty()) return 9;
  auto [least, greatest] = std::ranges::minmax(numbers);
  return 9 + PackedBytes(numbers.size(), WidthOf(static_cast<uint64_t>(greatest) - static_cast<uint64_t>(least)));
}

void Frame::Append(std::span<const int64_t> numbers, std::string& out) {
  int64_t least = 0, greatest = 0;
  if (!numbers.empty()) {
    auto bounds = std::ranges::minmax(numbers);
    least = bounds.min;
    greatest = bounds.max;
  }
  const int width = WidthOf(static_cast<uint64_t>(greatest) - static_cast<uint64_t>(least));
  AppendLE(out, static_cast<uint8_t>(width));
  AppendLE(out, least);
  std::vector<uint64_t> codes(numbers.size());
  for (size_t i = 0; i < numbers.size(); ++i)
    codes[i] = static_cast<uint64_t>(numbers[i]) - static_cast<uint64_t>(least);
  AppendPacked(codes, width, out);
}

bool Frame::Open(ByteCursor& in, uint32_t count) {
  count_ = count;
  width_ = in.Take<uint8_t>();
  base_ = in.Take<uint64_t>();
  packed_ = TakePacked(in, count, width_);
  return packed_ != nullptr;
}

template <typename T>
void Frame::Read(uint64_t bias, T* to) const {
  const T base = static_cast<T>(base_ + bias);
  auto read = [&]<typename Code>(Code) {
    Code codes[kPackedGroup];
    for (uint32_t first = 0; first < count_; first += kPackedGroup) {
      const uint32_t count = std::min(kPackedGroup, count_ - first);
      Unpack(packed_, width_, first, count, codes);
      if (count == kPackedGroup) {
        for (uint32_t i = 0; i < kPackedGroup; ++i) to[first + i] = static_cast<T>(base + static_cast<T>(codes[i]));
      } else {
        for (uint32_t i = 0; i < count; ++i) to[first + i] = static_cast<T>(base + static_cast<T>(codes[i]));
      }
    }
  };
  width_ <= 32 ? read(uint32_t{}) : read(uint64_t{});
}

template void Frame::Read(uint64_t, uint8_t*) const;
template void Frame::Read(uint64_t, uint16_t*) const;
template void Frame::Read(uint64_t, uint32_t*) const;
template void Frame::Read(uint64_t, uint64_t*) const;

template <typename Code>
void Frame::SelectCodes(std::span<const KeyRange> ranges, RowSet& rows) const {
  Span spans[kRangesTried];
  size_t used = 0;
  // Codes ascend from the base without wrapping: no writer makes others, and what others mean is anybody's guess.
  const auto base = static_cast<int64_t>(base_);
  const uint64_t code_max = width_ == 64 ? UINT64_MAX : (uint64_t{1} << width_) - 1;
  for (const KeyRange& range : ranges) {
    if (range.high < base) continue;
    const uint64_t low = range.low <= base ? 0 : static_cast<uint64_t>(range.low) - base_;
    const uint64_t high = std::min(static_cast<uint64_t>(range.high) - base_, code_max);
    if (low > high) continue;
    if (low == 0 && high == code_max) {
      rows.AddRange(0, count_);
      return;
    }
    spans[used++] = {low, high - low};
  }
  if (used == 0) return;
  Code codes[kPackedGroup] = {};
  for (uint32_t first = 0; first < count_; first += kPackedGroup) {
    const uint32_t count = std::min(kPackedGroup, count_ - first);
    Unpack(packed_, width_, first, count, codes);
    rows.words[first / 64] |= MatchGroup(codes, count, {spans, used});
  }
}

void Frame::Select(std::span<const KeyRange> ranges, RowSet& rows) const {
  if (ranges.size() > kRangesTried) {
    int64_t numbers[kPackedGroup];
    for (uint32_t first = 0; first < count_; first += kPackedGroup) {
      const uint32_t count = std::min(kPackedGroup, count_ - first);
      for (uint32_t i = 0; i < count; ++i) numbers[i] = Get(first + i);
      SelectNumbers({numbers, count}, ranges, first, rows);
    }
  } else if (width_ <= 32) {
    SelectCodes<uint32_t>(ranges, rows);
  } else {
    SelectCodes<uint64_t>(ranges, rows);
  }
}

bool InRanges(std::span<const KeyRange> ranges, int64_t number) {
  auto after = std::ranges::upper_bound(ranges, number, {}, &KeyRange::low);
  return after != ranges.begin() && number <= std::prev(after)->high;
}

void SelectNumbers(std::span<const int64_t> numbers, std::span<const KeyRange> ranges, uint32_t first, RowSet& rows) {
  Span spans[kRangesTried];
  if (ranges.size() <= kRangesTried) {
    for (size_t i = 0; i < ranges.size(); ++i) {
      spans[i] = {static_cast<uint64_t>(ranges[i].low),
                  static_cast<uint64_t>(ranges[i].high) - static_cast<uint64_t>(ranges[i].low)};
    }
  }
  uint64_t group[kPackedGroup] = {};
  for (uint32_t at = 0; at < numbers.size(); at += kPackedGroup) {
    const uint32_t count = std::min<uint32_t>(kPackedGroup, static_cast<uint32_t>(numbers.size()) - at);
    if (ranges.size() <= kRangesTried) {
      std::memcpy(group, numbers.data() + at, count * 8);
      rows.words[(first + at) / 64] |= MatchGroup<uint64_t>(group, count, {spans, ranges.size()});
      continue;
    }
    for (uint32_t i = 0; i < count; ++i) {
      if (InRanges(ranges, numbers[at + i])) rows.Add(first + at + i);
    }
  }
}

}  // namespace phantom::lsm
