#include "types/compare.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "types/array.h"
#include "types/bit_string.h"
#include "types/jsonb.h"
#include "types/numeric.h"
#include "types/record.h"
#include "types/slot_functions.h"
#include "types/uuid.h"

namespace phantom::types {
namespace {

template <typename T>
const T& At(const void* slot) {
  return *static_cast<const T*>(slot);
}

template <typename T>
int CompareAs(const void* a, const void* b) {
  return At<T>(a) == At<T>(b) ? 0 : At<T>(a) < At<T>(b) ? -1 : 1;
}
template <typename T>
bool EqualAs(const void* a, const void* b) {
  return At<T>(a) == At<T>(b);
}

template <typename T>
int CompareFloats(T a, T b) {
  if (std::isnan(a)) return std::isnan(b) ? 0 : 1;
  if (std::isnan(b)) return -1;
  return a == b ? 0 : a < b ? -1 : 1;
}
template <typename T>
int CompareFloatSlots(const void* a, const void* b) {
  return CompareFloats(At<T>(a), At<T>(b));
}

int CompareStrings(const void* a, const void* b) { return At<StringRef>(a).Compare(At<StringRef>(b)); }
int CompareBpcharSlots(const void* a, const void* b) { return CompareBpchar(At<StringRef>(a), At<StringRef>(b)); }
int CompareNumericSlots(const void* a, const void* b) { return CompareNumeric(At<Numeric>(a), At<Numeric>(b)); }
int CompareIntervalSlots(const void* a, const void* b) { return CompareInterval(At<Interval>(a), At<Interval>(b)); }
int CompareTimeTzSlots(const void* a, const void* b) { return CompareTimeTz(At<TimeTz>(a), At<TimeTz>(b)); }
int CompareUuidSlots(const void* a, const void* b) { return At<Uuid>(a).Compare(At<Uuid>(b)); }

template <int (*kCompare)(std::string_view, std::string_view)>
int CompareBytesBy(const void* a, const void* b) {
  return kCompare(At<StringRef>(a).view(), At<StringRef>(b).view());
}

// oidvector: the shorter is less.
int CompareOidVectors(std::string_view a, std::string_view b) {
  ArrayView left(a), right(b);
  if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
  return CompareArrays(a, b);
}

// A row type or an array of a user's type; the bytes tell which.
int CompareContainers(std::string_view a, std::string_view b) {
  bool left = IsRecordBytes(a), right = IsRecordBytes(b);
  if (left && right) return CompareRecords(a, b);
  if (!left && !right && ArrayView::IsValid(a) && ArrayView::IsValid(b)) return CompareArrays(a, b);
  return StringRef(a).Compare(StringRef(b));
}

template <CompareFn kCompare>
bool EqualBy(const void* a, const void* b) {
  return kCompare(a, b) == 0;
}

}  // namespace

int CompareFloat8(double a, double b) { return CompareFloats(a, b); }

__int128 IntervalLength(const Interval& interval) {
  constexpr int64_t kDayMicros = 86400000000;
  int64_t days = int64_t{interval.months} * 30 + interval.days;
  return static_cast<__int128>(days) * kDayMicros + interval.micros;
}

int CompareInterval(const Interval& a, const Interval& b) {
  __int128 left = IntervalLength(a), right = IntervalLength(b);
  return left == right ? 0 : left < right ? -1 : 1;
}

int CompareTimeTz(const TimeTz& a, const TimeTz& b) {
  int64_t left = a.micros + int64_t{a.zone_west} * 1000000, right = b.micros + int64_t{b.zone_west} * 1000000;
  if (left != right) return left < right ? -1 : 1;
  return a.zone_west == b.zone_west ? 0 : a.zone_west < b.zone_west ? -1 : 1;
}

std::string_view TrimBlanks(std::string_view text) {
  size_t size = text.size();
  while (size > 0 && text[size - 1] == ' ') --size;
  return text.substr(0, size);
}

int CompareBpchar(const StringRef& a, const StringRef& b) {
  return StringRef(TrimBlanks(a.view())).Compare(StringRef(TrimBlanks(b.view())));
}

CompareFn CompareFunctionOf(Layout layout) {
  switch (layout) {
    case Layout::kBool:
      return CompareAs<uint8_t>;
    case Layout::kInt16:
      return CompareAs<int16_t>;
    case Layout::kInt32:
      return CompareAs<int32_t>;
    case Layout::kInt64:
      return CompareAs<int64_t>;
    case Layout::kFloat32:
      return CompareFloatSlots<float>;
    case Layout::kFloat64:
      return CompareFloatSlots<double>;
    case Layout::kInterval:
      return CompareIntervalSlots;
    case Layout::kUuid:
      return CompareUuidSlots;
    case Layout::kTimeTz:
      return CompareTimeTzSlots;
    case Layout::kNumeric:
      return CompareNumericSlots;
    case Layout::kString:
      return CompareStrings;
  }
  return nullptr;
}

CompareFn CompareFunction(Oid type) {
  switch (type) {
    case kJsonOid:
    case kXmlOid:
    case kPointOid:
    case kVoidOid:
      return nullptr;
    case kOidOid:
    case kXidOid:
    case kCidOid:
      return CompareAs<uint32_t>;
    case kTidOid:
    case kPgLsnOid:
    case kXid8Oid:
      return CompareAs<uint64_t>;
    case kBpcharOid:
      return CompareBpcharSlots;
    case kJsonbOid:
      return CompareBytesBy<CompareJsonb>;
    case kBitOid:
    case kVarbitOid:
      return CompareBytesBy<CompareBits>;
    case kOidvectorOid:
      return CompareBytesBy<CompareOidVectors>;
    case kRecordOid:
      return CompareBytesBy<CompareRecords>;
    default:
      break;
  }
  if (IsRegType(type)) return CompareAs<uint32_t>;
  if (Oid element = ElementTypeOf(type)) {
    return CompareFunction(element) == nullptr ? nullptr : CompareBytesBy<CompareArrays>;
  }
  if (type >= kFirstUserOid) return CompareBytesBy<CompareContainers>;
  return CompareFunctionOf(LayoutOf(type));
}

CompareFn CompareFunctionFor(Oid type, Layout layout) {
  if (type >= kFirstUserOid && layout != Layout::kString) return CompareFunctionOf(layout);
  const CompareFn compare = CompareFunction(type);
  return compare != nullptr ? compare : CompareFunctionOf(layout);
}

namespace {

EqualFn EqualOf(CompareFn compare) {
  if (compare == CompareStrings) return EqualAs<StringRef>;
  if (compare == CompareAs<int32_t> || compare == CompareAs<uint32_t>) return EqualAs<uint32_t>;
  if (compare == CompareAs<int64_t> || compare == CompareAs<uint64_t>) return EqualAs<uint64_t>;
  if (compare == CompareAs<int16_t>) return EqualAs<uint16_t>;
  if (compare == CompareAs<uint8_t>) return EqualAs<uint8_t>;
  if (compare == CompareFloatSlots<float>) return EqualBy<CompareFloatSlots<float>>;
  if (compare == CompareFloatSlots<double>) return EqualBy<CompareFloatSlots<double>>;
  if (compare == CompareNumericSlots) return EqualBy<CompareNumericSlots>;
  if (compare == CompareIntervalSlots) return EqualBy<CompareIntervalSlots>;
  if (compare == CompareTimeTzSlots) return EqualBy<CompareTimeTzSlots>;
  if (compare == CompareUuidSlots) return EqualAs<Uuid>;
  if (compare == CompareBpcharSlots) return EqualBy<CompareBpcharSlots>;
  if (compare == CompareBytesBy<CompareJsonb>) return EqualBy<CompareBytesBy<CompareJsonb>>;
  if (compare == CompareBytesBy<CompareBits>) return EqualAs<StringRef>;
  if (compare == CompareBytesBy<CompareOidVectors>) return EqualBy<CompareBytesBy<CompareOidVectors>>;
  if (compare == CompareBytesBy<CompareRecords>) return EqualBy<CompareBytesBy<CompareRecords>>;
  if (compare == CompareBytesBy<CompareArrays>) return EqualBy<CompareBytesBy<CompareArrays>>;
  return EqualBy<CompareBytesBy<CompareContainers>>;
}

}  // namespace

EqualFn EqualFunction(Oid type) {
  const CompareFn compare = CompareFunction(type);
  return compare == nullptr ? nullptr : EqualOf(compare);
}

EqualFn EqualFunctionFor(Oid type, Layout layout) { return EqualOf(CompareFunctionFor(type, layout)); }

}  // namespace phantom::types
