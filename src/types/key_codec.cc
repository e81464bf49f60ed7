#include "types/key_codec.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "types/array.h"
#include "types/bit_string.h"
#include "types/compare.h"
#include "types/interval.h"
#include "types/jsonb.h"
#include "types/numeric_key.h"
#include "types/record.h"
#include "types/uuid.h"

namespace phantom::types {
namespace {

constexpr uint8_t kNullFirst = 0x00, kValue = 0x01, kNullLast = 0x02;
// Inside arrays and records.
constexpr char kItemsEnd = 0x01, kItemValue = 0x02, kItemNull = 0x03;

template <typename T>
const T& At(const void* slot) {
  return *static_cast<const T*>(slot);
}

template <typename T>
void AppendUnsigned(T value, std::string& key) {
  char bytes[sizeof(T)];
  StoreBE<T>(bytes, value);
  key.append(bytes, sizeof(T));
}
void AppendInt16(int16_t v, std::string& key) { AppendUnsigned<uint16_t>(static_cast<uint16_t>(v) ^ 0x8000u, key); }
void AppendInt32(int32_t v, std::string& key) { AppendUnsigned<uint32_t>(static_cast<uint32_t>(v) ^ 1u << 31, key); }
void AppendInt64(int64_t v, std::string& key) {
  AppendUnsigned<uint64_t>(static_cast<uint64_t>(v) ^ uint64_t{1} << 63, key);
}

// IEEE order: negative numbers complemented, the sign flipped; NaN above all, -0 as 0.
template <typename Float, typename Bits>
void AppendFloat(Float value, std::string& key) {
  constexpr Bits kSign = Bits{1} << (sizeof(Bits) * 8 - 1);
  Bits bits = std::bit_cast<Bits>(value);
  if (std::isnan(value)) {
    bits = ~Bits{0};
  } else if (value == 0) {
    bits = kSign;
  } else {
    bits = (bits & kSign) != 0 ? ~bits : bits | kSign;
  }
  AppendUnsigned<Bits>(bits, key);
}

// Bytes that may hold zeros: 00 becomes 00 FF, and 00 00 ends them.
void AppendEscaped(std::string_view bytes, std::string& key) {
  while (true) {
    size_t zero = bytes.find('\0');
    key.append(bytes.substr(0, zero));
    if (zero == std::string_view::npos) break;
    key.append("\0\xff", 2);
    bytes.remove_prefix(zero + 1);
  }
  key.append("\0\0", 2);
}

void AppendArrayKey(std::string_view bytes, std::string& key) {
  ArrayView array(bytes);
  alignas(8) char slot[16];
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (array.IsNull(i)) {
      key.push_back(kItemNull);
      continue;
    }
    key.push_back(kItemValue);
    array.Get(i, slot);
    AppendKeyValue(array.element_type(), slot, key);
  }
  key.push_back(kItemsEnd);
  key.push_back(static_cast<char>(array.dimensions()));
  for (int i = 0; i < array.dimensions(); ++i) AppendInt32(array.dimension(i).length, key);
  for (int i = 0; i < array.dimensions(); ++i) AppendInt32(array.dimension(i).lower, key);
}

void AppendRecordKey(std::string_view bytes, std::string& key) {
  RecordView record(bytes);
  alignas(8) char slot[16];
  for (uint32_t i = 0; i < record.size(); ++i) {
    if (record.IsNull(i)) {
      key.push_back(kItemNull);
      continue;
    }
    key.push_back(kItemValue);
    record.Get(i, slot);
    AppendKeyValue(record.type(i), slot, key);
  }
  key.push_back(kItemsEnd);
}

// Ranks follow the order of jsonb: null < string < number < boolean < array < object; an empty array as the whole value
// is below everything.
void AppendJsonbKey(const JsonbView& value, bool whole, std::string& key) {
  switch (value.kind()) {
    case JsonKind::kNull:
      key.push_back(2);
      return;
    case JsonKind::kString:
      key.push_back(3);
      AppendEscaped(value.AsString(), key);
      return;
    case JsonKind::kNumber:
      key.push_back(4);
      AppendNumericKey(value.AsNumber(), key);
      return;
    case JsonKind::kFalse:
    case JsonKind::kTrue:
      key.push_back(5);
      key.push_back(value.AsBool() ? 1 : 0);
      return;
    case JsonKind::kArray:
      key.push_back(whole && value.size() == 0 ? 1 : 6);
      AppendUnsigned<uint32_t>(value.size(), key);
      for (uint32_t i = 0; i < value.size(); ++i) AppendJsonbKey(value.element(i), false, key);
      return;
    case JsonKind::kObject:
      key.push_back(7);
      AppendUnsigned<uint32_t>(value.size(), key);
      for (uint32_t i = 0; i < value.size(); ++i) {
        AppendEscaped(value.key(i), key);
        AppendJsonbKey(value.value(i), false, key);
      }
      return;
  }
}

void AppendStringKey(Oid type, const StringRef& string, std::string& key) {
  std::string_view bytes = string.view();
  switch (type) {
    case kBpcharOid:
      key.append(TrimBlanks(bytes));
      key.push_back('\0');
      return;
    case kByteaOid:
      return AppendEscaped(bytes, key);
    case kJsonbOid:
      return AppendJsonbKey(JsonbView(bytes), true, key);
    case kBitOid:
    case kVarbitOid:
      AppendEscaped(BitBytes(bytes), key);
      return AppendUnsigned<uint32_t>(BitCount(bytes), key);
    case kRecordOid:
      return AppendRecordKey(bytes, key);
    case kOidvectorOid:
      AppendUnsigned<uint32_t>(ArrayView(bytes).size(), key);
      return AppendArrayKey(bytes, key);
    default:
      break;
  }
  if (IsArrayType(type)) return AppendArrayKey(bytes, key);
  if (type >= kFirstUserOid) {
    if (IsRecordBytes(bytes)) return AppendRecordKey(bytes, key);
    return ArrayView::IsValid(bytes) ? AppendArrayKey(bytes, key) : AppendEscaped(bytes, key);
  }
  // Text cannot hold a zero byte, which so can end it.
  key.append(bytes);
  key.push_back('\0');
}

void Complement(std::string& key, size_t from) {
  for (size_t i = from; i < key.size(); ++i) key[i] = static_cast<char>(~key[i]);
}

}  // namespace

bool HasKeyEncoding(Oid type) { return CompareFunction(type) != nullptr; }

void AppendKeyValue(Oid type, const void* slot, std::string& key) {
  switch (LayoutOf(type)) {
    case Layout::kBool:
      key.push_back(static_cast<char>(At<uint8_t>(slot)));
      return;
    case Layout::kInt16:
      return AppendInt16(At<int16_t>(slot), key);
    case Layout::kInt32:
      if (type == kInt4Oid || type == kDateOid) return AppendInt32(At<int32_t>(slot), key);
      return AppendUnsigned<uint32_t>(At<uint32_t>(slot), key);
    case Layout::kInt64:
      if (type == kTidOid || type == kPgLsnOid || type == kXid8Oid) {
        return AppendUnsigned<uint64_t>(At<uint64_t>(slot), key);
      }
      return AppendInt64(At<int64_t>(slot), key);
    case Layout::kFloat32:
      return AppendFloat<float, uint32_t>(At<float>(slot), key);
    case Layout::kFloat64:
      return AppendFloat<double, uint64_t>(At<double>(slot), key);
    case Layout::kInterval: {
      // The length fits in 80 bits.
      __int128 length = IntervalLength(At<Interval>(slot));
      AppendInt16(static_cast<int16_t>(length >> 64), key);
      return AppendUnsigned<uint64_t>(static_cast<uint64_t>(length), key);
    }
    case Layout::kUuid:
      key.append(static_cast<const char*>(slot), 16);
      return;
    case Layout::kTimeTz: {
      const TimeTz& time = At<TimeTz>(slot);
      AppendInt64(time.micros + int64_t{time.zone_west} * 1000000, key);
      return AppendInt32(time.zone_west, key);
    }
    case Layout::kNumeric:
      return AppendNumericKey(At<Numeric>(slot), key);
    case Layout::kString:
      return AppendStringKey(type, At<StringRef>(slot), key);
  }
}

KeyCodec::KeyCodec(std::vector<KeyColumn> columns) : columns_(std::move(columns)) {
  for (const KeyColumn& column : columns_) PHANTOM_CHECK(HasKeyEncoding(column.type.oid));
}

void KeyCodec::AppendColumn(uint32_t i, const void* slot, std::string& key) const {
  const KeyColumn& column = columns_[i];
  key.push_back(static_cast<char>(kValue));
  size_t from = key.size();
  AppendKeyValue(column.type.oid, slot, key);
  if (column.descending) Complement(key, from);
}

void KeyCodec::AppendNull(uint32_t i, std::string& key) const { key.push_back(static_cast<char>(NullMarker(i))); }

void KeyCodec::Append(uint32_t i, const Value& value, std::string& key) const {
  value.is_null() ? AppendNull(i, key) : AppendColumn(i, value.slot(), key);
}

bool KeyCodec::AppendRow(const Chunk& chunk, std::span<const uint32_t> column_of, uint32_t row,
                         std::string& key) const {
  bool any_null = false;
  for (uint32_t i = 0; i < columns_.size(); ++i) {
    const Vector& vector = chunk.column(column_of[i]);
    if (vector.IsNull(row)) {
      AppendNull(i, key);
      any_null = true;
    } else {
      AppendColumn(i, vector.row_slot(row), key);
    }
  }
  return any_null;
}

uint8_t KeyCodec::ValueMarker(uint32_t) const { return kValue; }
uint8_t KeyCodec::NullMarker(uint32_t i) const { return columns_[i].nulls_first ? kNullFirst : kNullLast; }

bool PrefixSuccessor(std::string& key) {
  while (!key.empty() && static_cast<uint8_t>(key.back()) == 0xff) key.pop_back();
  if (key.empty()) return false;
  key.back() = static_cast<char>(key.back() + 1);
  return true;
}

}  // namespace phantom::types
