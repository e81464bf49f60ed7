#include "types/hash.h"

#include <bit>
#include <cmath>

#include "common/checksum.h"
#include "types/array.h"
#include "types/jsonb.h"
#include "types/record.h"
#include "types/slot_functions.h"

namespace phantom::types {
namespace {

template <typename T>
const T& At(const void* slot) {
  return *static_cast<const T*>(slot);
}

template <typename T>
uint64_t HashInteger(const void* slot, uint64_t seed) {
  return HashInt64(static_cast<uint64_t>(static_cast<int64_t>(At<T>(slot))), seed);
}

template <typename T>
uint64_t HashFloat(const void* slot, uint64_t seed) {
  double value = static_cast<double>(At<T>(slot));
  if (value == 0) value = 0;  // -0
  uint64_t bits = std::isnan(value) ? 0x7ff8000000000000 : std::bit_cast<uint64_t>(value);
  return HashInt64(bits, seed);
}

uint64_t HashString(const void* slot, uint64_t seed) { return HashBytes(At<StringRef>(slot).view(), seed); }
uint64_t HashBpchar(const void* slot, uint64_t seed) { return HashBytes(TrimBlanks(At<StringRef>(slot).view()), seed); }
uint64_t HashNumericSlot(const void* slot, uint64_t seed) { return HashNumeric(At<Numeric>(slot), seed); }
uint64_t HashUuid(const void* slot, uint64_t seed) {
  return HashInt64(LoadLE<uint64_t>(slot), HashInt64(LoadLE<uint64_t>(static_cast<const char*>(slot) + 8), seed));
}
uint64_t HashInterval(const void* slot, uint64_t seed) {
  __int128 length = IntervalLength(At<Interval>(slot));
  return HashInt64(static_cast<uint64_t>(length), HashInt64(static_cast<uint64_t>(length >> 64), seed));
}
uint64_t HashTimeTz(const void* slot, uint64_t seed) {
  const TimeTz& time = At<TimeTz>(slot);
  return HashInt64(static_cast<uint64_t>(time.micros), HashInt64(static_cast<uint32_t>(time.zone_west), seed));
}
template <uint64_t (*kHash)(std::string_view, uint64_t)>
uint64_t HashBytesBy(const void* slot, uint64_t seed) {
  return kHash(At<StringRef>(slot).view(), seed);
}
uint64_t HashContainer(std::string_view bytes, uint64_t seed) {
  if (IsRecordBytes(bytes)) return HashRecord(bytes, seed);
  return ArrayView::IsValid(bytes) ? HashArray(bytes, seed) : HashBytes(bytes, seed);
}

}  // namespace

uint64_t HashBytes(std::string_view bytes, uint64_t seed) {
  if (bytes.size() <= 16) {
    uint64_t first = 0, second = 0;
    if (bytes.size() > 8) {
      first = LoadLE<uint64_t>(bytes.data());
      second = LoadLE<uint64_t>(bytes.data() + bytes.size() - 8);
    } else if (!bytes.empty()) {
      std::memcpy(&first, bytes.data(), bytes.size());
    }
    return HashInt64(first, HashInt64(second ^ (bytes.size() * 0xff51afd7ed558ccdull), seed));
  }
  return Checksum(AsBytes(bytes), seed);
}

namespace {

HashFn HashFunctionOf(Layout layout) {
  switch (layout) {
    case Layout::kBool:
      return HashInteger<uint8_t>;
    case Layout::kInt16:
      return HashInteger<int16_t>;
    case Layout::kInt32:
      return HashInteger<int32_t>;
    case Layout::kInt64:
      return HashInteger<int64_t>;
    case Layout::kFloat32:
      return HashFloat<float>;
    case Layout::kFloat64:
      return HashFloat<double>;
    case Layout::kInterval:
      return HashInterval;
    case Layout::kUuid:
      return HashUuid;
    case Layout::kTimeTz:
      return HashTimeTz;
    case Layout::kNumeric:
      return HashNumericSlot;
    case Layout::kString:
      return HashString;
  }
  return nullptr;
}

}  // namespace

HashFn HashFunction(Oid type) {
  switch (type) {
    case kJsonOid:
    case kXmlOid:
    case kPointOid:
    case kVoidOid:
      return nullptr;
    case kBpcharOid:
      return HashBpchar;
    case kJsonbOid:
      return HashBytesBy<HashJsonb>;
    case kRecordOid:
      return HashBytesBy<HashRecord>;
    case kOidOid:
      return HashInteger<uint32_t>;
    default:
      break;
  }
  if (IsRegType(type)) return HashInteger<uint32_t>;
  if (Oid element = ElementTypeOf(type)) {
    return HashFunction(element) == nullptr ? nullptr : HashBytesBy<HashArray>;
  }
  if (type >= kFirstUserOid) return HashBytesBy<HashContainer>;
  return HashFunctionOf(LayoutOf(type));
}

HashFn HashFunctionFor(Oid type, Layout layout) {
  return type >= kFirstUserOid && layout != Layout::kString ? HashFunctionOf(layout) : HashFunction(type);
}

}  // namespace phantom::types
