#include "lsm/kind.h"

#include <string>

#include "common/check.h"
#include "common/checksum.h"
#include "types/slot_bytes.h"
#include "types/slot_functions.h"

namespace phantom::lsm {

namespace {

using types::Layout;

types::CompareFn OrderOf(Oid type, Layout layout) {
  const bool any_bytes = layout != Layout::kString || types::IsTextLike(type) || type == types::kByteaOid;
  if (!any_bytes) return nullptr;
  if (type < types::kFirstUserOid) return types::CompareFunction(type);
  return types::CompareFunctionFor(type, layout);
}

bool IsUnsigned(Oid type) {
  switch (type) {
    case types::kOidOid:
    case types::kXidOid:
    case types::kCidOid:
    case types::kTidOid:
    case types::kPgLsnOid:
    case types::kXid8Oid:
      return true;
    default:
      return types::IsRegType(type);
  }
}

const types::Numeric& NumericAt(const void* slot) { return *static_cast<const types::Numeric*>(slot); }

// The bytes that stand for a slot: its own, or what they become in `buffer`.
std::string_view BytesOfSlot(Layout layout, const void* slot, std::string& buffer) {
  if (layout == Layout::kString) return static_cast<const types::StringRef*>(slot)->view();
  if (layout != Layout::kNumeric) return {static_cast<const char*>(slot), types::SizeOf(layout)};
  buffer.clear();
  types::AppendNumericBytes(NumericAt(slot), buffer);
  return buffer;
}

}  // namespace

Kind::Kind(types::Type type, Layout layout)
    : type(type),
      layout(layout),
      compare(OrderOf(type.oid, layout)),
      is_unsigned((layout == Layout::kInt32 || layout == Layout::kInt64) && IsUnsigned(type.oid)),
      bytewise(layout == Layout::kString && compare != nullptr && type.oid != types::kBpcharOid) {
  PHANTOM_CHECK(Exists(type.oid, layout));
}

const Kind& NumberKind() {
  static const Kind kKind(types::Type(types::kInt4Oid), Layout::kInt32);
  return kKind;
}

bool SlotFromCheckedBytes(Layout layout, std::string_view bytes, void* slot) {
  if (layout == Layout::kNumeric) {
    if (!types::IsValidNumericBytes(bytes)) return false;
  } else if (layout != Layout::kString) {
    if (bytes.size() != types::SizeOf(layout)) return false;
    if (layout == Layout::kBool && static_cast<uint8_t>(bytes[0]) > 1) return false;
  }
  types::SlotFromBytes(layout, bytes, slot);
  return true;
}

void CopySlot(Layout layout, const void* from, void* to, types::StringHeap& heap) {
  if (layout == Layout::kString) {
    *static_cast<types::StringRef*>(to) = heap.Add(*static_cast<const types::StringRef*>(from));
  } else if (layout == Layout::kNumeric) {
    *static_cast<types::Numeric*>(to) = heap.Add(NumericAt(from));
  } else {
    std::memcpy(to, from, types::SizeOf(layout));
  }
}

bool SameSlot(Layout layout, const void* a, const void* b) {
  if (layout == Layout::kString)
    return *static_cast<const types::StringRef*>(a) == *static_cast<const types::StringRef*>(b);
  if (layout == Layout::kNumeric) {
    const types::Numeric &left = NumericAt(a), &right = NumericAt(b);
    if (left.is_big() && right.is_big())
      return AsText(left.big_bytes()) == AsText(right.big_bytes()) && left.is_negative() == right.is_negative();
    return left.low_word() == right.low_word() && left.high_word() == right.high_word();
  }
  return std::memcmp(a, b, types::SizeOf(layout)) == 0;
}

int TotalOrder(const Kind& kind, const void* a, const void* b) {
  if (kind.compare != nullptr) {
    if (int order = kind.compare(a, b); order != 0) return order;
  }
  std::string left, right;
  return BytesOfSlot(kind.layout, a, left).compare(BytesOfSlot(kind.layout, b, right));
}

uint64_t HashOfSlot(Layout layout, const void* slot) {
  if (layout == Layout::kString) return Checksum(static_cast<const types::StringRef*>(slot)->bytes());
  if (layout == Layout::kNumeric && NumericAt(slot).is_big()) return Checksum(NumericAt(slot).big_bytes());
  return Checksum({static_cast<const std::byte*>(slot), types::SizeOf(layout)});
}

}  // namespace phantom::lsm
