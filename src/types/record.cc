#include "types/record.h"

#include <algorithm>

#include "common/bytes.h"
#include "types/slot_functions.h"
#include "types/hash.h"
#include "types/slot_bytes.h"

namespace phantom::types {
namespace {

// Header: 0x80 u8, names flag u8, columns u16; per column: type u32, layout u8, NULL flag u8, 0 u16, end of its bytes u32;
// values; with names, per column: length u16 and bytes.
constexpr uint8_t kMagic = 0x80;
constexpr uint8_t kNamed = 1;
constexpr size_t kHeaderBytes = 4;
constexpr size_t kColumnBytes = 12;

}  // namespace

RecordView::RecordView(std::string_view bytes) : bytes_(bytes), count_(LoadLE<uint16_t>(bytes.data() + 2)) {}

bool RecordView::IsValid(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || static_cast<uint8_t>(bytes[0]) != kMagic) return false;
  size_t count = LoadLE<uint16_t>(bytes.data() + 2);
  size_t values = kHeaderBytes + count * kColumnBytes;
  if (bytes.size() < values) return false;
  uint32_t begin = 0;
  for (size_t i = 0; i < count; ++i) {
    const char* column = bytes.data() + kHeaderBytes + i * kColumnBytes;
    auto end = LoadLE<uint32_t>(column + 8);
    auto layout = static_cast<uint8_t>(column[4]);
    if (layout >= kLayoutCount || end < begin || end > bytes.size() - values) return false;
    bool null = column[5] != 0;
    if (!null && !MayPoint(static_cast<Layout>(layout)) && end - begin != SizeOf(static_cast<Layout>(layout))) {
      return false;
    }
    if (!null && static_cast<Layout>(layout) == Layout::kNumeric &&
        !IsValidNumericBytes(bytes.substr(values + begin, end - begin))) {
      return false;
    }
    begin = end;
  }
  size_t at = values + begin;
  if (static_cast<uint8_t>(bytes[1]) == kNamed) {
    for (size_t i = 0; i < count; ++i) {
      if (bytes.size() - at < 2) return false;
      const size_t length = LoadLE<uint16_t>(bytes.data() + at);
      at += 2;
      if (bytes.size() - at < length) return false;
      at += length;
    }
  }
  return at == bytes.size();
}

Oid RecordView::type(uint32_t i) const { return LoadLE<Oid>(bytes_.data() + kHeaderBytes + i * kColumnBytes); }

Layout RecordView::layout(uint32_t i) const {
  return static_cast<Layout>(bytes_[kHeaderBytes + i * kColumnBytes + 4]);
}

bool RecordView::IsNull(uint32_t i) const { return bytes_[kHeaderBytes + i * kColumnBytes + 5] != 0; }

std::string_view RecordView::Raw(uint32_t i) const {
  const char* column = bytes_.data() + kHeaderBytes + i * kColumnBytes;
  uint32_t begin = i == 0 ? 0 : LoadLE<uint32_t>(column - kColumnBytes + 8);
  return bytes_.substr(kHeaderBytes + count_ * kColumnBytes + begin, LoadLE<uint32_t>(column + 8) - begin);
}

std::vector<std::string_view> RecordView::Names() const {
  std::vector<std::string_view> names;
  if (static_cast<uint8_t>(bytes_[1]) != kNamed || count_ == 0) return names;
  const char* last = bytes_.data() + kHeaderBytes + (count_ - 1) * kColumnBytes;
  size_t at = kHeaderBytes + count_ * kColumnBytes + LoadLE<uint32_t>(last + 8);
  for (uint32_t i = 0; i < count_; ++i) {
    const size_t length = LoadLE<uint16_t>(bytes_.data() + at);
    names.push_back(bytes_.substr(at + 2, length));
    at += 2 + length;
  }
  return names;
}

void RecordView::Get(uint32_t i, void* slot) const { SlotFromBytes(layout(i), Raw(i), slot); }

void RecordBuilder::Add(Oid type, Layout layout, const void* slot) {
  AppendSlotBytes(layout, slot, values_);
  columns_.push_back({type, layout, false, static_cast<uint32_t>(values_.size())});
}

void RecordBuilder::AddNull(Oid type) {
  columns_.push_back({type, LayoutOf(type), true, static_cast<uint32_t>(values_.size())});
}

std::string RecordBuilder::Finish() const {
  std::string bytes(kHeaderBytes + columns_.size() * kColumnBytes, '\0');
  bytes[0] = static_cast<char>(kMagic);
  StoreLE<uint16_t>(bytes.data() + 2, static_cast<uint16_t>(columns_.size()));
  char* at = bytes.data() + kHeaderBytes;
  for (const Column& column : columns_) {
    StoreLE<Oid>(at, column.type);
    at[4] = static_cast<char>(column.layout);
    at[5] = column.null ? 1 : 0;
    StoreLE<uint32_t>(at + 8, column.end);
    at += kColumnBytes;
  }
  bytes += values_;
  if (names_ != nullptr && names_->size() == columns_.size()) {
    bytes[1] = static_cast<char>(kNamed);
    for (const std::string& name : *names_) {
      char length[2];
      StoreLE<uint16_t>(length, static_cast<uint16_t>(name.size()));
      bytes.append(length, sizeof length).append(name);
    }
  }
  return bytes;
}

int CompareRecords(std::string_view a, std::string_view b) {
  RecordView left(a), right(b);
  uint32_t common = std::min(left.size(), right.size());
  alignas(8) char x[16], y[16];
  for (uint32_t i = 0; i < common; ++i) {
    if (left.IsNull(i) || right.IsNull(i)) {
      if (left.IsNull(i) != right.IsNull(i)) return left.IsNull(i) ? 1 : -1;
      continue;
    }
    if (left.type(i) != right.type(i)) return left.type(i) < right.type(i) ? -1 : 1;
    const CompareFn compare = CompareFunctionFor(left.type(i), left.layout(i));
    left.Get(i, x);
    right.Get(i, y);
    if (int order = compare(x, y); order != 0) return order;
  }
  return left.size() == right.size() ? 0 : left.size() < right.size() ? -1 : 1;
}

uint64_t HashRecord(std::string_view bytes, uint64_t seed) {
  RecordView record(bytes);
  uint64_t result = HashInt64(record.size(), seed);
  alignas(8) char slot[16];
  for (uint32_t i = 0; i < record.size(); ++i) {
    if (record.IsNull(i)) {
      result = HashInt64(kNullHash, result);
      continue;
    }
    record.Get(i, slot);
    HashFn hash = HashFunctionFor(record.type(i), record.layout(i));
    result = hash != nullptr ? hash(slot, result) : HashBytes(record.Raw(i), result);
  }
  return result;
}

}  // namespace phantom::types
