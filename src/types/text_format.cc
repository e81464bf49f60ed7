#include "types/text_format.h"

#include <cstring>

#include "types/array.h"
#include "types/bit_string.h"
#include "types/container_text.h"
#include "types/datetime.h"
#include "types/jsonb.h"
#include "types/numeric.h"
#include "types/record.h"
#include "types/text_misc.h"
#include "types/text_string.h"
#include "types/xid_snapshot.h"
#include "types/type_table.h"

namespace phantom::types {
namespace {

template <typename T>
const T& At(const void* slot) {
  return *static_cast<const T*>(slot);
}

template <typename T>
Status Store(Result<T> result, void* slot) {
  if (!result.ok()) return std::move(result).status();
  std::memcpy(slot, &*result, sizeof(T));
  return Status::Ok();
}

Status StoreString(std::string_view bytes, Arena& arena, void* slot) {
  StringRef string(bytes.size() <= StringRef::kInlineBytes ? bytes : arena.Copy(bytes));
  std::memcpy(slot, &string, sizeof(string));
  return Status::Ok();
}

// Text of the string types; bytes are the text itself where they may be.
Status StoreText(std::string_view text, bool keep, Arena& arena, void* slot) {
  if (!keep) return StoreString(text, arena, slot);
  StringRef string(text);
  std::memcpy(slot, &string, sizeof(string));
  return Status::Ok();
}

// "char" takes the first byte, or an octal escape.
char CharOfText(std::string_view text) {
  auto octal = [](char c) { return c >= '0' && c <= '7'; };
  if (text.size() == 4 && text[0] == '\\' && octal(text[1]) && octal(text[2]) && octal(text[3])) {
    return static_cast<char>((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
  }
  return text.empty() ? '\0' : text[0];
}

Status ParseRegType(Oid type, std::string_view text, const FormatContext& context, void* slot) {
  if (text == "-") return Store<Oid>(Oid{0}, slot);
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    return Store(ParseOid(text), slot);
  }
  if (context.hooks == nullptr) {
    return Error(sqlstate::kFeatureNotSupported,
                 Format("names cannot be looked up here for type %s", FormatTypeName(type).c_str()));
  }
  return Store(context.hooks->ResolveName(type, text), slot);
}

Status ParseUserType(Type type, std::string_view text, const FormatContext& context, Arena& arena, void* slot) {
  std::optional<UserType> user;
  if (context.hooks != nullptr) {
    ASSIGN_OR_RETURN(user, context.hooks->Describe(type.oid));
  }
  if (!user) return Error(sqlstate::kInternalError, Format("cache lookup failed for type %u", type.oid));
  std::string bytes;
  switch (user->kind) {
    case UserType::Kind::kEnum:
      return Store(context.hooks->ResolveLabel(type.oid, text), slot);
    case UserType::Kind::kDomain:
      return ParseTextSlot(user->base, text, context, arena, slot);
    case UserType::Kind::kArray:
      RETURN_IF_ERROR(ParseArrayText(text, {user->base.oid, type.typmod}, context, bytes));
      break;
    case UserType::Kind::kComposite:
      RETURN_IF_ERROR(ParseRecordText(text, user->columns, context, bytes));
      break;
  }
  return StoreString(bytes, arena, slot);
}

Status AppendUserType(Oid type, const void* slot, const FormatContext& context, std::string& out) {
  std::optional<UserType> user;
  if (context.hooks != nullptr) {
    ASSIGN_OR_RETURN(user, context.hooks->Describe(type));
  }
  if (user && user->kind == UserType::Kind::kEnum) {
    return context.hooks->AppendLabel(type, At<int64_t>(slot), out);
  }
  if (user && user->kind == UserType::Kind::kDomain) return AppendText(user->base, slot, context, out);
  std::string_view bytes = At<StringRef>(slot).view();
  return IsRecordBytes(bytes) ? AppendRecordText(bytes, context, out) : AppendArrayText(bytes, context, out);
}

Status ParseStringSlot(Type type, std::string_view text, const FormatContext& context, Arena& arena, void* slot,
                       bool keep) {
  switch (type.oid) {
    case kTextOid:
    case kUnknownOid:
    case kCstringOid:
    case kRefcursorOid:
    case kAclitemOid:
    case kPgNodeTreeOid:
    case kXmlOid:
      return StoreText(text, keep, arena, slot);
    case kVarcharOid: {
      ASSIGN_OR_RETURN(std::string_view fit, FitVarchar(text, type.typmod, false));
      return StoreText(fit, keep, arena, slot);
    }
    case kBpcharOid: {
      ASSIGN_OR_RETURN(std::string_view fit, FitBpchar(text, type.typmod, false, arena));
      bool padded = fit.data() != text.data();  // lies in the arena already
      return StoreText(fit, keep || padded, arena, slot);
    }
    case kNameOid:
      return StoreText(ClipName(text), keep, arena, slot);
    case kCharOid: {
      char c = CharOfText(text);
      return StoreString({&c, c == '\0' ? 0u : 1u}, arena, slot);
    }
    case kJsonOid:
      RETURN_IF_ERROR(ValidateJson(text));
      return StoreText(text, keep, arena, slot);
    default:
      break;
  }
  std::string bytes;
  switch (type.oid) {
    case kByteaOid:
      RETURN_IF_ERROR(ParseBytea(text, bytes));
      break;
    case kJsonbOid:
      RETURN_IF_ERROR(ParseJsonb(text, bytes));
      break;
    case kBitOid:
    case kVarbitOid:
      RETURN_IF_ERROR(ParseBits(text, type.oid == kVarbitOid, type.typmod, bytes));
      break;
    case kInt2vectorOid:
    case kOidvectorOid:
      RETURN_IF_ERROR(ParseVectorText(text, ElementTypeOf(type.oid), context, bytes));
      break;
    case kVoidOid:
      break;
    case kRecordOid:
      return Error(sqlstate::kFeatureNotSupported, "input of anonymous composite types is not implemented");
    default: {
      Oid element = ElementTypeOf(type.oid);
      if (element == kInvalidOid) {
        return Error(sqlstate::kFeatureNotSupported,
                     Format("cannot accept a value of type %s", FormatTypeName(type.oid).c_str()));
      }
      RETURN_IF_ERROR(ParseArrayText(text, {element, type.typmod}, context, bytes));
    }
  }
  return StoreString(bytes, arena, slot);
}

}  // namespace

Status ParseTextSlot(Type type, std::string_view text, const FormatContext& context, Arena& arena, void* slot,
                     bool keep_text) {
  if (type.oid >= kFirstDescribedOid) return ParseUserType(type, text, context, arena, slot);
  switch (type.oid) {
    case kBoolOid:
      return Store(ParseBool(text), slot);
    case kInt2Oid:
      return Store(ParseInt16(text), slot);
    case kInt4Oid:
      return Store(ParseInt32(text), slot);
    case kInt8Oid:
      return Store(ParseInt64(text), slot);
    case kOidOid:
      return Store(ParseOid(text), slot);
    case kXidOid:
    case kCidOid:
      return Store<uint32_t>(static_cast<uint32_t>(ParseXid(text)), slot);
    case kXid8Oid:
      return Store<uint64_t>(ParseXid(text), slot);
    case kTidOid:
      return Store(ParseTid(text), slot);
    case kPgLsnOid:
      return Store(ParseLsn(text), slot);
    case kMoneyOid:
      return Store(ParseMoney(text), slot);
    case kFloat4Oid:
      return Store(ParseFloat4(text), slot);
    case kFloat8Oid:
      return Store(ParseFloat8(text), slot);
    case kUuidOid:
      return Store(ParseUuid(text), slot);
    case kDateOid:
      return Store(ParseDate(text, context), slot);
    case kTimetzOid: {
      ASSIGN_OR_RETURN(TimeTz time, ParseTimeTz(text, context));
      time.micros = RoundTimeToTypmod(time.micros, type.typmod);
      return Store<TimeTz>(time, slot);
    }
    case kTimeOid: {
      ASSIGN_OR_RETURN(int64_t time, ParseTime(text, context));
      return Store<int64_t>(RoundTimeToTypmod(time, type.typmod), slot);
    }
    case kTimestampOid: {
      ASSIGN_OR_RETURN(int64_t timestamp, ParseTimestamp(text, context));
      return Store<int64_t>(RoundTimestampToTypmod(timestamp, type.typmod), slot);
    }
    case kTimestamptzOid: {
      ASSIGN_OR_RETURN(int64_t timestamp, ParseTimestampTz(text, context));
      return Store<int64_t>(RoundTimestampToTypmod(timestamp, type.typmod), slot);
    }
    case kIntervalOid: {
      ASSIGN_OR_RETURN(Interval interval, ParseInterval(text, type.typmod, context));
      return Store<Interval>(FitIntervalToTypmod(interval, type.typmod), slot);
    }
    case kNumericOid: {
      ASSIGN_OR_RETURN(Numeric number, ParseNumeric(text, arena));
      return Store(ApplyNumericTypmod(number, type.typmod, arena), slot);
    }
    case kPgSnapshotOid:
    case kTxidSnapshotOid: {
      ASSIGN_OR_RETURN(const XidSnapshot snapshot, ParseXidSnapshot(text));
      std::string normal;
      AppendXidSnapshot(snapshot, normal);
      return StoreString(normal, arena, slot);
    }
    default:
      if (IsRegType(type.oid)) return ParseRegType(type.oid, text, context, slot);
      return ParseStringSlot(type, text, context, arena, slot, keep_text);
  }
}

Result<Value> ParseText(Type type, std::string_view text, const FormatContext& context) {
  Arena arena;
  alignas(8) char slot[16];
  RETURN_IF_ERROR(ParseTextSlot(type, text, context, arena, slot, true));
  ASSIGN_OR_RETURN(Layout layout, ResolveLayout(type.oid, context));
  return Value::FromSlot(type, layout, slot);
}

Status AppendText(Type type, const void* slot, const FormatContext& context, std::string& out) {
  if (type.oid >= kFirstDescribedOid) return AppendUserType(type.oid, slot, context, out);
  switch (type.oid) {
    case kBoolOid:
      out.push_back(At<uint8_t>(slot) != 0 ? 't' : 'f');
      return Status::Ok();
    case kInt2Oid:
      AppendInt64(At<int16_t>(slot), out);
      return Status::Ok();
    case kInt4Oid:
      AppendInt64(At<int32_t>(slot), out);
      return Status::Ok();
    case kInt8Oid:
      AppendInt64(At<int64_t>(slot), out);
      return Status::Ok();
    case kOidOid:
    case kXidOid:
    case kCidOid:
      AppendInt64(At<uint32_t>(slot), out);
      return Status::Ok();
    case kXid8Oid: {
      char buffer[24];
      out.append(buffer, static_cast<size_t>(FormatUint64(At<uint64_t>(slot), buffer) - buffer));
      return Status::Ok();
    }
    case kTidOid:
      AppendTid(At<int64_t>(slot), out);
      return Status::Ok();
    case kPgLsnOid:
      AppendLsn(At<int64_t>(slot), out);
      return Status::Ok();
    case kMoneyOid:
      AppendMoney(At<int64_t>(slot), out);
      return Status::Ok();
    case kFloat4Oid:
      AppendFloat4(At<float>(slot), context.extra_float_digits, out);
      return Status::Ok();
    case kFloat8Oid:
      AppendFloat8(At<double>(slot), context.extra_float_digits, out);
      return Status::Ok();
    case kUuidOid:
      AppendUuid(At<Uuid>(slot), out);
      return Status::Ok();
    case kDateOid:
      AppendDate(At<int32_t>(slot), context, out);
      return Status::Ok();
    case kTimeOid:
      AppendTime(At<int64_t>(slot), out);
      return Status::Ok();
    case kTimetzOid:
      AppendTimeTz(At<TimeTz>(slot), out);
      return Status::Ok();
    case kTimestampOid:
      AppendTimestamp(At<int64_t>(slot), context, out);
      return Status::Ok();
    case kTimestamptzOid:
      AppendTimestampTz(At<int64_t>(slot), context, out);
      return Status::Ok();
    case kIntervalOid:
      AppendInterval(At<Interval>(slot), context, out);
      return Status::Ok();
    case kNumericOid:
      AppendNumeric(At<Numeric>(slot), out);
      return Status::Ok();
    default:
      break;
  }
  if (IsRegType(type.oid)) {
    Oid object = At<Oid>(slot);
    if (object == 0) {
      out.push_back('-');
    } else if (context.hooks == nullptr || !context.hooks->AppendName(type.oid, object, out)) {
      AppendInt64(object, out);
    }
    return Status::Ok();
  }
  const StringRef& string = At<StringRef>(slot);
  std::string_view bytes = string.view();
  switch (type.oid) {
    case kCharOid:
      if (!bytes.empty() && static_cast<uint8_t>(bytes[0]) >= 0x80) {
        auto c = static_cast<uint8_t>(bytes[0]);
        out.append(Format("\\%03o", c));
        return Status::Ok();
      }
      break;
    case kByteaOid:
      AppendBytea(bytes, context.bytea_output, out);
      return Status::Ok();
    case kJsonbOid:
      AppendJsonb(JsonbView(bytes), out);
      return Status::Ok();
    case kBitOid:
    case kVarbitOid:
      AppendBits(bytes, out);
      return Status::Ok();
    case kAnyarrayOid:  // pg_statistic: the bytes know their element type
      return AppendArrayText(bytes, context, out);
    case kInt2vectorOid:
    case kOidvectorOid:
      return AppendVectorText(bytes, context, out);
    case kRecordOid:
      return AppendRecordText(bytes, context, out);
    default:
      if (IsArrayType(type.oid)) return AppendArrayText(bytes, context, out);
  }
  out.append(bytes);
  return Status::Ok();
}

bool TypmodMatters(Type type) {
  if (type.typmod < 0) return false;
  switch (Oid element = ElementTypeOf(type.oid); element != kInvalidOid ? element : type.oid) {
    case kVarcharOid:
    case kBpcharOid:
    case kNumericOid:
    case kTimeOid:
    case kTimetzOid:
    case kTimestampOid:
    case kTimestamptzOid:
    case kIntervalOid:
    case kBitOid:
    case kVarbitOid:
      return true;
    default:
      return false;
  }
}

namespace {

Status ApplyElementTypmod(Type type, bool is_explicit, Arena& arena, void* slot) {
  ArrayView array(At<StringRef>(slot).view());
  ArrayBuilder builder(array.element_type());
  alignas(8) char element[16];
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (array.IsNull(i)) {
      builder.AddNull();
      continue;
    }
    array.Get(i, element);
    RETURN_IF_ERROR(ApplyTypmod({array.element_type(), type.typmod}, is_explicit, arena, element));
    builder.Add(element);
  }
  std::vector<ArrayDimension> dimensions;
  for (int i = 0; i < array.dimensions(); ++i) dimensions.push_back(array.dimension(i));
  return StoreString(builder.Finish(dimensions), arena, slot);
}

}  // namespace

Status ApplyTypmod(Type type, bool is_explicit, Arena& arena, void* slot) {
  if (!TypmodMatters(type)) return Status::Ok();
  switch (type.oid) {
    case kVarcharOid: {
      auto& string = *static_cast<StringRef*>(slot);
      ASSIGN_OR_RETURN(std::string_view fit, FitVarchar(string.view(), type.typmod, is_explicit));
      if (fit.size() != string.size()) {
        StringRef cut = string.is_inline() ? StringRef(std::string(fit)) : StringRef(fit);
        string = cut;
      }
      return Status::Ok();
    }
    case kBpcharOid: {
      auto& string = *static_cast<StringRef*>(slot);
      std::string_view text = string.view();
      ASSIGN_OR_RETURN(std::string_view fit, FitBpchar(text, type.typmod, is_explicit, arena));
      if (fit.size() != text.size()) {
        StringRef fitted = fit.data() == text.data() && string.is_inline() ? StringRef(arena.Copy(fit)) : StringRef(fit);
        string = fitted;
      }
      return Status::Ok();
    }
    case kNumericOid:
      return Store(ApplyNumericTypmod(At<Numeric>(slot), type.typmod, arena), slot);
    case kTimeOid:
      return Store<int64_t>(RoundTimeToTypmod(At<int64_t>(slot), type.typmod), slot);
    case kTimetzOid: {
      TimeTz time = At<TimeTz>(slot);
      time.micros = RoundTimeToTypmod(time.micros, type.typmod);
      return Store<TimeTz>(time, slot);
    }
    case kTimestampOid:
    case kTimestamptzOid:
      return Store<int64_t>(RoundTimestampToTypmod(At<int64_t>(slot), type.typmod), slot);
    case kIntervalOid:
      return Store<Interval>(FitIntervalToTypmod(At<Interval>(slot), type.typmod), slot);
    case kBitOid:
    case kVarbitOid: {
      std::string bits(At<StringRef>(slot).view());
      RETURN_IF_ERROR(ApplyBitLength(type.oid == kVarbitOid, type.typmod, is_explicit, bits));
      return StoreString(bits, arena, slot);
    }
    default:
      return ApplyElementTypmod(type, is_explicit, arena, slot);
  }
}

}  // namespace phantom::types
