#include "lsm/dictionary_builder.h"

#include <algorithm>
#include <numeric>

#include "types/numeric.h"
#include "types/string_ref.h"

namespace phantom::lsm {

namespace {

constexpr uint32_t kFirstBuckets = 1024;
// Values that nearly always differ are no dictionary; but the first rows of what repeats seldom look like that too.
constexpr double kDistinctShareMax = 0.85;
constexpr uint32_t kTrialEntries = 1 << 14;

size_t BytesBehind(types::Layout layout, const void* slot) {
  if (layout == types::Layout::kString) return static_cast<const types::StringRef*>(slot)->size();
  if (layout == types::Layout::kNumeric) {
    const auto& number = *static_cast<const types::Numeric*>(slot);
    return number.is_big() ? number.big_bytes().size() : 0;
  }
  return 0;
}

std::vector<uint64_t> CopyBitmap(const uint64_t* bits, uint32_t count) {
  return bits == nullptr ? std::vector<uint64_t>() : std::vector<uint64_t>(bits, bits + BitmapBytes(count) / 8);
}

}  // namespace

DictionaryBuilder::DictionaryBuilder(const Kind& kind)
    : kind_(&kind), entries_(kind.type, kind.layout, kFirstBuckets), buckets_(kFirstBuckets) {}

void DictionaryBuilder::Grow() {
  buckets_.assign(buckets_.size() * 2, 0);
  for (uint32_t entry = 0; entry < size_; ++entry) {
    size_t bucket = hashes_[entry] % buckets_.size();
    while (buckets_[bucket] != 0) bucket = (bucket + 1) % buckets_.size();
    buckets_[bucket] = entry + 1;
  }
}

uint32_t DictionaryBuilder::Find(const std::byte* slot, uint64_t hash) {
  size_t bucket = hash % buckets_.size();
  for (; buckets_[bucket] != 0; bucket = (bucket + 1) % buckets_.size()) {
    const uint32_t entry = buckets_[bucket] - 1;
    if (hashes_[entry] == hash && SameSlot(kind_->layout, entries_.slot(entry), slot)) return entry;
  }
  entries_.Reserve(size_ + 1);
  CopySlot(kind_->layout, slot, entries_.slot(size_), entries_.heap());
  text_bytes_ += BytesBehind(kind_->layout, slot);
  hashes_.push_back(hash);
  buckets_[bucket] = ++size_;
  if (size_ * 2 > buckets_.size()) Grow();
  return size_ - 1;
}

bool DictionaryBuilder::Add(const Input& input, std::span<const uint64_t> hashes, const uint64_t* valid) {
  Numbers numbers{std::vector<uint32_t>(input.count), CopyBitmap(input.care, input.count),
                  CopyBitmap(valid, input.count)};
  rows_ += input.count;
  uint32_t number = 0;
  for (uint32_t i = 0; i < input.count; ++i) {
    if (input.cares(i)) {
      number = Find(input.slot(i), hashes[i]);
      if (text_bytes_ > kBytesMax || size_ > kDictionaryEntriesMax) return false;
    }
    numbers.of_row[i] = number;
  }
  if (size_ > kTrialEntries && size_ > static_cast<double>(rows_) * kDistinctShareMax) return false;
  vectors_.push_back(std::move(numbers));
  return true;
}

size_t DictionaryBuilder::memory_bytes() const {
  return entries_.memory_bytes() + hashes_.capacity() * 8 + buckets_.capacity() * 4 + rows_ * 4;
}

void DictionaryBuilder::Restore(uint32_t v, Restored* to) const {
  const Numbers& numbers = vectors_[v];
  const size_t bytes = kind_->slot_bytes();
  to->slots.resize(numbers.of_row.size() * bytes);
  for (size_t i = 0; i < numbers.of_row.size(); ++i) {
    std::memcpy(to->slots.data() + i * bytes, entries_.slot(numbers.of_row[i]), bytes);
  }
  to->care = numbers.care;
  to->valid = numbers.valid;
  to->input = {kind_, to->slots.data(), static_cast<uint32_t>(numbers.of_row.size()),
               to->care.empty() ? nullptr : to->care.data()};
}

DictionaryBuilder::Encoded DictionaryBuilder::Encode(EncoderSet& encoders) const {
  std::vector<uint32_t> order(size_);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order,
                    [&](uint32_t a, uint32_t b) { return TotalOrder(*kind_, entries_.slot(a), entries_.slot(b)) < 0; });

  Encoded encoded;
  const size_t bytes = kind_->slot_bytes();
  std::vector<std::byte> slots(bytes * kVectorRows);
  for (uint32_t begin = 0; begin < size_; begin += kVectorRows) {
    const uint32_t count = std::min(kVectorRows, size_ - begin);
    for (uint32_t i = 0; i < count; ++i) std::memcpy(slots.data() + i * bytes, entries_.slot(order[begin + i]), bytes);
    AppendBlock(encoders, {kind_, slots.data(), count, nullptr}, nullptr, encoded.entries.emplace_back());
    encoded.bytes += encoded.entries.back().size();
  }

  std::vector<uint32_t> place(size_);
  for (uint32_t i = 0; i < size_; ++i) place[order[i]] = i;
  EncoderSet number_encoders(NumberKind(), nullptr);
  std::vector<uint32_t> numbers;
  for (const Numbers& vector : vectors_) {
    const auto count = static_cast<uint32_t>(vector.of_row.size());
    numbers.resize(count);
    for (uint32_t i = 0; i < count; ++i) numbers[i] = place[vector.of_row[i]];
    std::string& block = encoded.vectors.emplace_back();
    AppendBlockHeader(Encoding::kDictionary, count, vector.valid.empty() ? nullptr : vector.valid.data(), block);
    number_encoders.Encode({&NumberKind(), reinterpret_cast<const std::byte*>(numbers.data()), count,
                            vector.care.empty() ? nullptr : vector.care.data()},
                           block);
    encoded.bytes += block.size();
  }
  return encoded;
}

}  // namespace phantom::lsm
