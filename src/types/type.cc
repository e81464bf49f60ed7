#include "types/type.h"

#include <algorithm>

#include "types/interval_fields.h"
#include "types/type_table.h"

namespace phantom::types {
namespace {

constexpr Oid kIndexedOids = 5100;
constexpr uint8_t kAbsent = 0xff;
static_assert(std::size(kTypeTable) < kAbsent);

// Row of kTypeTable by OID, for the types (true) or for their array types (false).
template <bool kByType>
constexpr std::array<uint8_t, kIndexedOids> MakeIndex() {
  std::array<uint8_t, kIndexedOids> index{};
  index.fill(kAbsent);
  for (size_t i = 0; i < std::size(kTypeTable); ++i) {
    Oid oid = kByType ? kTypeTable[i].oid : kTypeTable[i].array;
    if (oid != kInvalidOid && oid < kIndexedOids) index[oid] = static_cast<uint8_t>(i);
  }
  return index;
}
constexpr std::array<uint8_t, kIndexedOids> kTypeIndex = MakeIndex<true>();
constexpr std::array<uint8_t, kIndexedOids> kArrayIndex = MakeIndex<false>();

constexpr int32_t kNumericPrecisionMax = 1000;
constexpr int32_t kLengthMax = 10 * 1024 * 1024;  // PostgreSQL's MaxAttrSize
constexpr int32_t kTimePrecisionMax = 6;

Status WrongModifier(std::string text) { return Error(sqlstate::kInvalidParameterValue, std::move(text)); }

Result<int32_t> LengthModifier(std::span<const int32_t> modifiers, const char* name, int32_t length_max,
                               int32_t header) {
  if (modifiers.size() != 1) return WrongModifier("invalid type modifier");
  if (modifiers[0] < 1) return WrongModifier(Format("length for type %s must be at least 1", name));
  if (modifiers[0] > length_max) {
    return WrongModifier(Format("length for type %s cannot exceed %d", name, length_max));
  }
  return modifiers[0] + header;
}

Result<int32_t> NumericModifiers(std::span<const int32_t> modifiers) {
  if (modifiers.size() != 1 && modifiers.size() != 2) return WrongModifier("invalid NUMERIC type modifier");
  int32_t precision = modifiers[0], scale = modifiers.size() == 2 ? modifiers[1] : 0;
  if (precision < 1 || precision > kNumericPrecisionMax) {
    return WrongModifier(
        Format("NUMERIC precision %d must be between 1 and %d", precision, kNumericPrecisionMax));
  }
  if (scale < -kNumericPrecisionMax || scale > kNumericPrecisionMax) {
    return WrongModifier(Format("NUMERIC scale %d must be between %d and %d", scale, -kNumericPrecisionMax,
                                kNumericPrecisionMax));
  }
  return NumericTypmod(precision, scale);
}

Result<int32_t> TimeModifier(std::span<const int32_t> modifiers, const char* name, bool with_zone) {
  if (modifiers.size() != 1) return WrongModifier("invalid type modifier");
  if (modifiers[0] < 0) {
    return WrongModifier(Format("%s(%d)%s precision must not be negative", name, modifiers[0],
                                with_zone ? " WITH TIME ZONE" : ""));
  }
  return std::min(modifiers[0], kTimePrecisionMax);
}

Result<int32_t> IntervalModifiers(std::span<const int32_t> modifiers) {
  if (modifiers.empty() || modifiers.size() > 2 || !IntervalFieldsText(modifiers[0])) {
    return WrongModifier("invalid INTERVAL type modifier");
  }
  if (modifiers.size() == 1) {
    return modifiers[0] == kIntervalFullRange ? -1 : IntervalTypmod(kIntervalFullPrecision, modifiers[0]);
  }
  if (modifiers[1] < 0) return WrongModifier(Format("INTERVAL(%d) precision must not be negative", modifiers[1]));
  return IntervalTypmod(std::min(modifiers[1], kTimePrecisionMax), modifiers[0]);
}

}  // namespace

const TypeInfo* FindTypeInfo(Oid type) {
  if (type >= kIndexedOids || kTypeIndex[type] == kAbsent) return nullptr;
  return &kTypeTable[kTypeIndex[type]];
}

const TypeInfo* FindElementInfo(Oid array) {
  if (array >= kIndexedOids || kArrayIndex[array] == kAbsent) return nullptr;
  return &kTypeTable[kArrayIndex[array]];
}

Layout LayoutOf(Oid type) {
  const TypeInfo* info = FindTypeInfo(type);
  return info == nullptr ? Layout::kString : info->layout;
}

Oid ArrayTypeOf(Oid element) {
  const TypeInfo* info = FindTypeInfo(element);
  return info == nullptr ? kInvalidOid : info->array;
}

Oid ElementTypeOf(Oid array) {
  if (array == kInt2vectorOid) return kInt2Oid;
  if (array == kOidvectorOid) return kOidOid;
  const TypeInfo* info = FindElementInfo(array);
  return info == nullptr ? kInvalidOid : info->oid;
}

bool IsRegType(Oid type) {
  switch (type) {
    case kRegprocOid:
    case kRegprocedureOid:
    case kRegoperOid:
    case kRegoperatorOid:
    case kRegclassOid:
    case kRegtypeOid:
    case kRegconfigOid:
    case kRegdictionaryOid:
    case kRegnamespaceOid:
    case kRegroleOid:
    case kRegcollationOid:
      return true;
    default:
      return false;
  }
}

bool IsTextLike(Oid type) {
  switch (type) {
    case kTextOid:
    case kVarcharOid:
    case kBpcharOid:
    case kNameOid:
    case kCharOid:
    case kUnknownOid:
    case kCstringOid:
    case kJsonOid:
    case kRefcursorOid:
    case kAclitemOid:
    case kPgNodeTreeOid:
    case kXmlOid:
      return true;
    default:
      return false;
  }
}

int16_t TypeLength(Oid type) {
  const TypeInfo* info = FindTypeInfo(type);
  return info == nullptr ? int16_t{-1} : info->length;
}

std::string_view InternalTypeName(Oid type) {
  if (const TypeInfo* info = FindTypeInfo(type)) return info->name;
  return {};
}

std::string FormatTypmod(Type type) {
  if (type.typmod < 0) return {};
  switch (type.oid) {
    case kBpcharOid:
    case kVarcharOid:
      return type.typmod > kTypmodHeader ? Format("(%d)", LengthOfTypmod(type.typmod)) : std::string();
    case kNumericOid:
      if (type.typmod < kTypmodHeader) return {};
      return Format("(%d,%d)", PrecisionOfTypmod(type.typmod), ScaleOfTypmod(type.typmod));
    case kTimeOid:
    case kTimestampOid:
    case kTimetzOid:
    case kTimestamptzOid:
    case kBitOid:
    case kVarbitOid:
      return Format("(%d)", type.typmod);
    case kIntervalOid: {
      std::optional<std::string_view> fields = IntervalFieldsText(IntervalRangeOfTypmod(type.typmod));
      std::string text(fields.value_or(""));
      int32_t precision = IntervalPrecisionOfTypmod(type.typmod);
      if (precision != kIntervalFullPrecision) text += Format("(%d)", precision);
      return text;
    }
    default:
      return {};
  }
}

std::string FormatTypeName(Type type, bool typmod_given) {
  if (const TypeInfo* element = FindElementInfo(type.oid)) {
    return FormatTypeName({element->oid, type.typmod}, typmod_given) + "[]";
  }
  const TypeInfo* info = FindTypeInfo(type.oid);
  if (info == nullptr) return type.oid == kInvalidOid ? "-" : "???";
  // Without a length these two mean "of length 1" in SQL, so a type without one needs its internal name.
  if (typmod_given && type.typmod < 0 && type.oid == kBpcharOid) return "bpchar";
  if (typmod_given && type.typmod < 0 && type.oid == kBitOid) return "\"bit\"";
  std::string name(info->sql_name);
  std::string typmod = FormatTypmod(type);
  size_t zone = name.find(" with");  // "timestamp(3) without time zone"
  if (zone == std::string::npos) zone = name.size();
  return name.insert(zone, typmod);
}

Result<int32_t> TypmodFromModifiers(Oid type, std::span<const int32_t> modifiers) {
  switch (type) {
    case kBpcharOid:
      return LengthModifier(modifiers, "char", kLengthMax, kTypmodHeader);
    case kVarcharOid:
      return LengthModifier(modifiers, "varchar", kLengthMax, kTypmodHeader);
    case kBitOid:
      return LengthModifier(modifiers, "bit", kLengthMax * 8, 0);
    case kVarbitOid:
      return LengthModifier(modifiers, "varbit", kLengthMax * 8, 0);
    case kNumericOid:
      return NumericModifiers(modifiers);
    case kTimeOid:
    case kTimetzOid:
      return TimeModifier(modifiers, "TIME", type == kTimetzOid);
    case kTimestampOid:
    case kTimestamptzOid:
      return TimeModifier(modifiers, "TIMESTAMP", type == kTimestamptzOid);
    case kIntervalOid:
      return IntervalModifiers(modifiers);
    default:
      if (Oid element = FindElementInfo(type) ? FindElementInfo(type)->oid : kInvalidOid) {
        return TypmodFromModifiers(element, modifiers);
      }
      return Error(sqlstate::kSyntaxError,
                   Format("type modifier is not allowed for type \"%s\"", FormatTypeName(type).c_str()));
  }
}

}  // namespace phantom::types
