#include "lsm/encoding/delta.h"

#include <algorithm>
#include <vector>

namespace phantom::lsm {

namespace {

constexpr uint32_t kRestart = 32;
static_assert(kPackedGroup % kRestart == 0);

uint64_t StepTo(std::span<const int64_t> numbers, size_t i) {
  return static_cast<uint64_t>(numbers[i]) - static_cast<uint64_t>(numbers[i - 1]);
}

struct Steps {
  std::vector<int64_t> restarts;
  int64_t least = 0;
  int width = 0;

  explicit Steps(std::span<const int64_t> numbers) {
    restarts.reserve(numbers.size() / kRestart + 1);
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (size_t begin = 0; begin < numbers.size(); begin += kRestart) {
      restarts.push_back(numbers[begin]);
      const size_t end = std::min<size_t>(begin + kRestart, numbers.size());
      for (size_t i = begin + 1; i < end; ++i) {
        const auto step = static_cast<int64_t>(StepTo(numbers, i));
        low = std::min(low, step);
        high = std::max(high, step);
      }
    }
    if (low > high) return;
    least = low;
    width = WidthOf(static_cast<uint64_t>(high) - static_cast<uint64_t>(low));
  }
};

}  // namespace

size_t Delta::BytesOf(std::span<const int64_t> numbers) {
  const Steps steps(numbers);
  return Frame::BytesOf(steps.restarts) + 9 + PackedBytes(numbers.size(), steps.width);
}

void Delta::Append(std::span<const int64_t> numbers, std::string& out) {
  const Steps steps(numbers);
  Frame::Append(steps.restarts, out);
  AppendLE(out, static_cast<uint8_t>(steps.width));
  AppendLE(out, steps.least);
  std::vector<uint64_t> codes(numbers.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    if (i % kRestart != 0) codes[i] = StepTo(numbers, i) - static_cast<uint64_t>(steps.least);
  }
  AppendPacked(codes, steps.width, out);
}

bool Delta::Open(ByteCursor& in, uint32_t count) {
  count_ = count;
  if (!restarts_.Open(in, (count + kRestart - 1) / kRestart)) return false;
  width_ = in.Take<uint8_t>();
  step_ = in.Take<uint64_t>();
  packed_ = TakePacked(in, count, width_);
  return packed_ != nullptr;
}

int64_t Delta::Get(uint32_t i) const {
  const uint32_t restart = i / kRestart;
  auto number = static_cast<uint64_t>(restarts_.Get(restart)) + step_ * (i % kRestart);
  if (width_ == 0) return static_cast<int64_t>(number);
  for (uint32_t k = restart * kRestart + 1; k <= i; ++k) number += PackedGet(packed_, width_, k);
  return static_cast<int64_t>(number);
}

int64_t Delta::GetAfter(uint32_t i, int64_t previous) const {
  if (i % kRestart == 0) return restarts_.Get(i / kRestart);
  return static_cast<int64_t>(static_cast<uint64_t>(previous) + step_ + PackedGet(packed_, width_, i));
}

template <typename T>
void Delta::Read(uint64_t bias, T* to) const {
  uint64_t codes[kPackedGroup];
  for (uint32_t first = 0; first < count_; first += kPackedGroup) {
    const uint32_t count = std::min(kPackedGroup, count_ - first);
    Unpack(packed_, width_, first, count, codes);
    uint64_t number = 0;
    for (uint32_t i = 0; i < count; ++i) {
      number = i % kRestart == 0 ? static_cast<uint64_t>(restarts_.Get((first + i) / kRestart)) + bias
                                 : number + step_ + codes[i];
      to[first + i] = static_cast<T>(number);
    }
  }
}

template void Delta::Read(uint64_t, uint8_t*) const;
template void Delta::Read(uint64_t, uint16_t*) const;
template void Delta::Read(uint64_t, uint32_t*) const;
template void Delta::Read(uint64_t, uint64_t*) const;

void Delta::Select(std::span<const KeyRange> ranges, RowSet& rows) const {
  uint64_t numbers[kVectorRows];
  Read(0, numbers);
  SelectNumbers({reinterpret_cast<const int64_t*>(numbers), count_}, ranges, 0, rows);
}

}  // namespace phantom::lsm
