#include "types/binary_format.h"

#include <arpa/inet.h>

#include <bit>
#include <cstring>

#include "types/array.h"
#include "types/bit_string.h"
#include "types/container_text.h"
#include "types/datetime.h"
#include "types/jsonb.h"
#include "types/record.h"
#include "types/text_format.h"
#include "types/text_string.h"
#include "types/type_table.h"
#include "types/xid_snapshot.h"

namespace phantom::types {
namespace {

constexpr char kJsonbVersion = 1;
constexpr int32_t kZoneSecondsMax = 16 * 3600;

template <typename T>
const T& At(const void* slot) {
  return *static_cast<const T*>(slot);
}

Status Insufficient() { return Error(sqlstate::kProtocolViolation, "insufficient data left in message"); }
Status Invalid(std::string message) { return Error(sqlstate::kInvalidBinaryRepresentation, std::move(message)); }

// Takes big-endian integers off the front.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  Status Read(T* value) {
    if (bytes_.size() < sizeof(T)) return Insufficient();
    if constexpr (sizeof(T) == 1) {
      *value = static_cast<T>(bytes_[0]);
    } else {
      *value = static_cast<T>(LoadBE<std::make_unsigned_t<T>>(bytes_.data()));
    }
    bytes_.remove_prefix(sizeof(T));
    return Status::Ok();
  }
  Status Take(size_t size, std::string_view* taken) {
    if (bytes_.size() < size) return Insufficient();
    *taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return Status::Ok();
  }
  std::string_view rest() const { return bytes_; }
  Status End() const { return bytes_.empty() ? Status::Ok() : Invalid("incorrect binary data format"); }

 private:
  std::string_view bytes_;
};

template <typename T>
void Append(T value, std::string& out) {
  char bytes[sizeof(T)];
  if constexpr (sizeof(T) == 1) {
    bytes[0] = static_cast<char>(value);
  } else {
    StoreBE<std::make_unsigned_t<T>>(bytes, static_cast<std::make_unsigned_t<T>>(value));
  }
  out.append(bytes, sizeof(T));
}

template <typename T>
void StoreSlot(T value, void* slot) {
  std::memcpy(slot, &value, sizeof(T));
}

Status StoreString(std::string_view bytes, Arena& arena, void* slot) {
  StoreSlot(StringRef(bytes.size() <= StringRef::kInlineBytes ? bytes : arena.Copy(bytes)), slot);
  return Status::Ok();
}

// A slot that is one integer on the wire.
template <typename T>
Status ReadFixed(std::string_view bytes, void* slot) {
  Reader reader(bytes);
  T value{};
  RETURN_IF_ERROR(reader.Read(&value));
  RETURN_IF_ERROR(reader.End());
  StoreSlot(value, slot);
  return Status::Ok();
}

Status OutOfRange(const char* what) {
  return Error(sqlstate::kDatetimeFieldOverflow, Format("%s out of range", what));
}

Status ReadInterval(std::string_view bytes, int32_t typmod, void* slot) {
  Reader reader(bytes);
  Interval interval;
  RETURN_IF_ERROR(reader.Read(&interval.micros));
  RETURN_IF_ERROR(reader.Read(&interval.days));
  RETURN_IF_ERROR(reader.Read(&interval.months));
  RETURN_IF_ERROR(reader.End());
  StoreSlot(FitIntervalToTypmod(interval, typmod), slot);
  return Status::Ok();
}

Status ReadTimeTz(std::string_view bytes, int32_t typmod, void* slot) {
  Reader reader(bytes);
  TimeTz time;
  RETURN_IF_ERROR(reader.Read(&time.micros));
  RETURN_IF_ERROR(reader.Read(&time.zone_west));
  RETURN_IF_ERROR(reader.End());
  if (time.micros < 0 || time.micros > kMicrosPerDay) return OutOfRange("time");
  if (time.zone_west <= -kZoneSecondsMax || time.zone_west >= kZoneSecondsMax) {
    return Error(sqlstate::kInvalidTimeZoneDisplacementValue, "time zone displacement out of range");
  }
  time.micros = RoundTimeToTypmod(time.micros, typmod);
  StoreSlot(time, slot);
  return Status::Ok();
}

Status ReadTid(std::string_view bytes, void* slot) {
  Reader reader(bytes);
  uint32_t block = 0;
  uint16_t offset = 0;
  RETURN_IF_ERROR(reader.Read(&block));
  RETURN_IF_ERROR(reader.Read(&offset));
  RETURN_IF_ERROR(reader.End());
  StoreSlot(static_cast<int64_t>(block) << 16 | offset, slot);
  return Status::Ok();
}

Status ReadArray(std::string_view bytes, Type element, const FormatContext& context, std::string& out) {
  Reader reader(bytes);
  int32_t dimension_count = 0, flags = 0;
  Oid element_oid = 0;
  RETURN_IF_ERROR(reader.Read(&dimension_count));
  RETURN_IF_ERROR(reader.Read(&flags));
  RETURN_IF_ERROR(reader.Read(&element_oid));
  if (dimension_count < 0) return Invalid(Format("invalid number of dimensions: %d", dimension_count));
  if (dimension_count > kArrayDimensionsMax) {
    return Error(sqlstate::kProgramLimitExceeded,
                 Format("number of array dimensions (%d) exceeds the maximum allowed (%d)", dimension_count,
                        kArrayDimensionsMax));
  }
  if (flags != 0 && flags != 1) return Invalid("invalid array flags");
  if (element_oid != element.oid) {
    return Error(sqlstate::kDatatypeMismatch,
                 Format("binary data has array element type %u (%s) instead of expected %u (%s)", element_oid,
                        FormatTypeName(element_oid).c_str(), element.oid, FormatTypeName(element.oid).c_str()));
  }
  std::vector<ArrayDimension> dimensions(static_cast<size_t>(dimension_count));
  for (ArrayDimension& d : dimensions) {
    RETURN_IF_ERROR(reader.Read(&d.length));
    RETURN_IF_ERROR(reader.Read(&d.lower));
    if (d.length > 0 && int64_t{d.lower} + d.length > INT32_MAX) {
      return Error(sqlstate::kProgramLimitExceeded, Format("array lower bound is too large: %d", d.lower));
    }
  }
  ASSIGN_OR_RETURN(uint32_t count, ArrayElementCount(dimensions));
  ASSIGN_OR_RETURN(Layout layout, ResolveLayout(element.oid, context));
  ArrayBuilder builder(element.oid, layout);
  Arena arena;
  alignas(8) char slot[16];
  for (uint32_t i = 0; i < count; ++i) {
    int32_t size = 0;
    RETURN_IF_ERROR(reader.Read(&size));
    if (size == -1) {
      builder.AddNull();
      continue;
    }
    std::string_view item;
    if (size < -1 || !reader.Take(static_cast<size_t>(size), &item).ok()) {
      return Invalid("insufficient data left in message");
    }
    arena.Reset();
    RETURN_IF_ERROR(ParseBinarySlot(element, item, context, arena, slot));
    builder.Add(slot);
  }
  RETURN_IF_ERROR(reader.End());
  out = builder.Finish(dimensions);
  return Status::Ok();
}

Status ReadRecord(std::string_view bytes, const std::vector<Type>& columns, const FormatContext& context,
                  std::string& out) {
  Reader reader(bytes);
  int32_t count = 0;
  RETURN_IF_ERROR(reader.Read(&count));
  if (count != static_cast<int32_t>(columns.size())) {
    return Error(sqlstate::kDatatypeMismatch,
                 Format("wrong number of columns: %d, expected %zu", count, columns.size()));
  }
  RecordBuilder builder;
  Arena arena;
  alignas(8) char slot[16];
  for (size_t i = 0; i < columns.size(); ++i) {
    Oid type = 0;
    int32_t size = 0;
    RETURN_IF_ERROR(reader.Read(&type));
    if (type != columns[i].oid) {
      return Error(sqlstate::kDatatypeMismatch,
                   Format("binary data has type %u (%s) instead of expected %u (%s) in record column %zu", type,
                          FormatTypeName(type).c_str(), columns[i].oid, FormatTypeName(columns[i].oid).c_str(), i + 1));
    }
    RETURN_IF_ERROR(reader.Read(&size));
    if (size == -1) {
      builder.AddNull(type);
      continue;
    }
    std::string_view item;
    if (size < -1 || !reader.Take(static_cast<size_t>(size), &item).ok()) {
      return Invalid("insufficient data left in message");
    }
    RETURN_IF_ERROR(ParseBinarySlot(columns[i], item, context, arena, slot));
    ASSIGN_OR_RETURN(Layout layout, ResolveLayout(type, context));
    builder.Add(type, layout, slot);
  }
  RETURN_IF_ERROR(reader.End());
  out = builder.Finish();
  return Status::Ok();
}

Status ReadBits(std::string_view bytes, bool varying, int32_t length, std::string& out) {
  Reader reader(bytes);
  int32_t count = 0;
  RETURN_IF_ERROR(reader.Read(&count));
  if (count < 0) return Invalid("invalid length in external bit string");
  std::string_view bits;
  RETURN_IF_ERROR(reader.Take((static_cast<size_t>(count) + 7) / 8, &bits));
  RETURN_IF_ERROR(reader.End());
  out = MakeBits(static_cast<uint32_t>(count));
  std::memcpy(out.data() + 4, bits.data(), bits.size());
  if (count % 8 != 0) out.back() = static_cast<char>(static_cast<uint8_t>(out.back()) & 0xff << (8 - count % 8));
  return ApplyBitLength(varying, length, false, out);
}

Status ReadUserType(Type type, std::string_view bytes, const FormatContext& context, Arena& arena, void* slot) {
  std::optional<UserType> user;
  if (context.hooks != nullptr) {
    ASSIGN_OR_RETURN(user, context.hooks->Describe(type.oid));
  }
  if (!user) return Error(sqlstate::kInternalError, Format("cache lookup failed for type %u", type.oid));
  std::string value;
  switch (user->kind) {
    case UserType::Kind::kEnum:
      return ParseTextSlot(type, bytes, context, arena, slot);
    case UserType::Kind::kDomain:
      return ParseBinarySlot(user->base, bytes, context, arena, slot);
    case UserType::Kind::kArray:
      RETURN_IF_ERROR(ReadArray(bytes, {user->base.oid, type.typmod}, context, value));
      break;
    case UserType::Kind::kComposite:
      RETURN_IF_ERROR(ReadRecord(bytes, user->columns, context, value));
      break;
  }
  return StoreString(value, arena, slot);
}

Status ReadString(Type type, std::string_view bytes, const FormatContext& context, Arena& arena, void* slot) {
  std::string value;
  switch (type.oid) {
    case kByteaOid:
      return StoreString(bytes, arena, slot);
    case kCharOid: {
      Reader reader(bytes);
      char c = 0;
      RETURN_IF_ERROR(reader.Read(&c));
      RETURN_IF_ERROR(reader.End());
      return StoreString({&c, c == '\0' ? 0u : 1u}, arena, slot);
    }
    case kNameOid:
      RETURN_IF_ERROR(CheckUtf8(bytes));
      if (bytes.size() > kNameBytesMax) {
        return Error(sqlstate::kNameTooLong, "identifier too long")
            .Detail(Format("Identifier must be less than %zu characters.", kNameBytesMax + 1));
      }
      return StoreString(bytes, arena, slot);
    case kJsonbOid:
      if (bytes.empty()) return Insufficient();
      if (bytes[0] != kJsonbVersion) {
        return Error(sqlstate::kInternalError, Format("unsupported jsonb version number %d", bytes[0]));
      }
      RETURN_IF_ERROR(CheckUtf8(bytes));
      return ParseTextSlot(type, bytes.substr(1), context, arena, slot);
    case kBitOid:
    case kVarbitOid:
      RETURN_IF_ERROR(ReadBits(bytes, type.oid == kVarbitOid, type.typmod, value));
      return StoreString(value, arena, slot);
    case kVoidOid:
      return StoreString({}, arena, slot);
    case kRecordOid:
      return Error(sqlstate::kFeatureNotSupported, "input of anonymous composite types is not implemented");
    default:
      break;
  }
  if (Oid element = ElementTypeOf(type.oid)) {
    RETURN_IF_ERROR(ReadArray(bytes, {element, type.typmod}, context, value));
    return StoreString(value, arena, slot);
  }
  if (!IsTextLike(type.oid) || type.oid == kAclitemOid || type.oid == kPgNodeTreeOid) {
    return Error(sqlstate::kUndefinedFunction,
                 Format("no binary input function available for type %s", FormatTypeName(type.oid).c_str()));
  }
  RETURN_IF_ERROR(CheckUtf8(bytes));
  return ParseTextSlot(type, bytes, context, arena, slot);
}

Status AppendArray(std::string_view bytes, const FormatContext& context, std::string& out) {
  ArrayView array(bytes);
  Append<int32_t>(array.dimensions(), out);
  Append<int32_t>(array.has_nulls() ? 1 : 0, out);
  Append<Oid>(array.element_type(), out);
  for (int i = 0; i < array.dimensions(); ++i) {
    Append<int32_t>(array.dimension(i).length, out);
    Append<int32_t>(array.dimension(i).lower, out);
  }
  alignas(8) char slot[16];
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (array.IsNull(i)) {
      Append<int32_t>(-1, out);
      continue;
    }
    array.Get(i, slot);
    size_t at = out.size();
    Append<int32_t>(0, out);
    RETURN_IF_ERROR(AppendBinary(array.element_type(), slot, context, out));
    StoreBE<uint32_t>(out.data() + at, static_cast<uint32_t>(out.size() - at - 4));
  }
  return Status::Ok();
}

Status AppendRecord(std::string_view bytes, const FormatContext& context, std::string& out) {
  RecordView record(bytes);
  Append<int32_t>(static_cast<int32_t>(record.size()), out);
  alignas(8) char slot[16];
  for (uint32_t i = 0; i < record.size(); ++i) {
    Append<Oid>(record.type(i), out);
    if (record.IsNull(i)) {
      Append<int32_t>(-1, out);
      continue;
    }
    record.Get(i, slot);
    size_t at = out.size();
    Append<int32_t>(0, out);
    RETURN_IF_ERROR(AppendBinary(record.type(i), slot, context, out));
    StoreBE<uint32_t>(out.data() + at, static_cast<uint32_t>(out.size() - at - 4));
  }
  return Status::Ok();
}

// A host's address: family, bits, not a network, length, bytes.
void AppendAddress(std::string_view text, std::string& out) {
  constexpr char kIpv4 = 2, kIpv6 = 3;  // PostgreSQL's PGSQL_AF_INET and the next
  unsigned char address[16];
  const bool six = text.find(':') != std::string_view::npos;
  if (inet_pton(six ? AF_INET6 : AF_INET, std::string(text).c_str(), address) != 1) return;
  const size_t length = six ? 16 : 4;
  out += {six ? kIpv6 : kIpv4, static_cast<char>(length * 8), 0, static_cast<char>(length)};
  out.append(reinterpret_cast<const char*>(address), length);
}

Status AppendStringBinary(Oid type, std::string_view bytes, const FormatContext& context, std::string& out) {
  switch (type) {
    case kCharOid:
      out.push_back(bytes.empty() ? '\0' : bytes[0]);
      return Status::Ok();
    case kJsonbOid:
      out.push_back(kJsonbVersion);
      AppendJsonb(JsonbView(bytes), out);
      return Status::Ok();
    case kBitOid:
    case kVarbitOid:
      Append<uint32_t>(BitCount(bytes), out);
      out.append(BitBytes(bytes));
      return Status::Ok();
    case kRecordOid:
      return AppendRecord(bytes, context, out);
    case kInetOid:
      AppendAddress(bytes, out);
      return Status::Ok();
    case kPgSnapshotOid:
    case kTxidSnapshotOid: {
      ASSIGN_OR_RETURN(const XidSnapshot snapshot, ParseXidSnapshot(bytes));
      Append(static_cast<uint32_t>(snapshot.in_progress.size()), out);
      Append(snapshot.xmin, out);
      Append(snapshot.xmax, out);
      for (const uint64_t xid : snapshot.in_progress) Append(xid, out);
      return Status::Ok();
    }
    case kAclitemOid:
      return Error(sqlstate::kUndefinedFunction,
                   Format("no binary output function available for type %s", FormatTypeName(type).c_str()));
    default:
      if (IsArrayType(type)) return AppendArray(bytes, context, out);
      out.append(bytes);
      return Status::Ok();
  }
}

}  // namespace

Status ParseBinarySlot(Type type, std::string_view bytes, const FormatContext& context, Arena& arena, void* slot) {
  if (type.oid >= kFirstDescribedOid) return ReadUserType(type, bytes, context, arena, slot);
  switch (type.oid) {
    case kBoolOid:
      RETURN_IF_ERROR(ReadFixed<uint8_t>(bytes, slot));
      StoreSlot<uint8_t>(At<uint8_t>(slot) != 0, slot);
      return Status::Ok();
    case kDateOid:
      RETURN_IF_ERROR(ReadFixed<int32_t>(bytes, slot));
      if (IsFiniteDate(At<int32_t>(slot)) && !IsValidDate(At<int32_t>(slot))) return OutOfRange("date");
      return Status::Ok();
    case kTimeOid:
      RETURN_IF_ERROR(ReadFixed<int64_t>(bytes, slot));
      if (At<int64_t>(slot) < 0 || At<int64_t>(slot) > kMicrosPerDay) return OutOfRange("time");
      StoreSlot(RoundTimeToTypmod(At<int64_t>(slot), type.typmod), slot);
      return Status::Ok();
    case kTimestampOid:
    case kTimestamptzOid:
      RETURN_IF_ERROR(ReadFixed<int64_t>(bytes, slot));
      if (IsFiniteTimestamp(At<int64_t>(slot)) && !IsValidTimestamp(At<int64_t>(slot))) return OutOfRange("timestamp");
      StoreSlot(RoundTimestampToTypmod(At<int64_t>(slot), type.typmod), slot);
      return Status::Ok();
    case kTimetzOid:
      return ReadTimeTz(bytes, type.typmod, slot);
    case kIntervalOid:
      return ReadInterval(bytes, type.typmod, slot);
    case kTidOid:
      return ReadTid(bytes, slot);
    case kNumericOid: {
      ASSIGN_OR_RETURN(Numeric number, ParseNumericBinary(bytes, arena));
      ASSIGN_OR_RETURN(number, ApplyNumericTypmod(number, type.typmod, arena));
      StoreSlot(number, slot);
      return Status::Ok();
    }
    default:
      break;
  }
  switch (LayoutOf(type.oid)) {
    case Layout::kInt16:
      return ReadFixed<int16_t>(bytes, slot);
    case Layout::kInt32:
    case Layout::kFloat32:
      return ReadFixed<uint32_t>(bytes, slot);
    case Layout::kInt64:
    case Layout::kFloat64:
      return ReadFixed<uint64_t>(bytes, slot);
    case Layout::kUuid: {
      Reader reader(bytes);
      std::string_view raw;
      RETURN_IF_ERROR(reader.Take(16, &raw));
      RETURN_IF_ERROR(reader.End());
      std::memcpy(slot, raw.data(), 16);
      return Status::Ok();
    }
    default:
      return ReadString(type, bytes, context, arena, slot);
  }
}

Result<Value> ParseBinary(Type type, std::string_view bytes, const FormatContext& context) {
  Arena arena;
  alignas(8) char slot[16];
  RETURN_IF_ERROR(ParseBinarySlot(type, bytes, context, arena, slot));
  ASSIGN_OR_RETURN(Layout layout, ResolveLayout(type.oid, context));
  return Value::FromSlot(type, layout, slot);
}

Status AppendBinary(Type type, const void* slot, const FormatContext& context, std::string& out) {
  if (type.oid >= kFirstDescribedOid) {
    std::optional<UserType> user;
    if (context.hooks != nullptr) {
      ASSIGN_OR_RETURN(user, context.hooks->Describe(type.oid));
    }
    if (user && user->kind == UserType::Kind::kEnum) return AppendText(type, slot, context, out);
    if (user && user->kind == UserType::Kind::kDomain) return AppendBinary(user->base, slot, context, out);
    std::string_view bytes = At<StringRef>(slot).view();
    return IsRecordBytes(bytes) ? AppendRecord(bytes, context, out) : AppendArray(bytes, context, out);
  }
  switch (LayoutOf(type.oid)) {
    case Layout::kBool:
      out.push_back(At<uint8_t>(slot) != 0 ? 1 : 0);
      return Status::Ok();
    case Layout::kInt16:
      Append(At<int16_t>(slot), out);
      return Status::Ok();
    case Layout::kInt32:
    case Layout::kFloat32:
      Append(At<uint32_t>(slot), out);
      return Status::Ok();
    case Layout::kInt64:
      if (type.oid == kTidOid) {
        Append(static_cast<uint32_t>(At<int64_t>(slot) >> 16), out);
        Append(static_cast<uint16_t>(At<int64_t>(slot)), out);
        return Status::Ok();
      }
      [[fallthrough]];
    case Layout::kFloat64:
      Append(At<uint64_t>(slot), out);
      return Status::Ok();
    case Layout::kInterval:
      Append(At<Interval>(slot).micros, out);
      Append(At<Interval>(slot).days, out);
      Append(At<Interval>(slot).months, out);
      return Status::Ok();
    case Layout::kTimeTz:
      Append(At<TimeTz>(slot).micros, out);
      Append(At<TimeTz>(slot).zone_west, out);
      return Status::Ok();
    case Layout::kUuid:
      out.append(static_cast<const char*>(slot), 16);
      return Status::Ok();
    case Layout::kNumeric:
      AppendNumericBinary(At<Numeric>(slot), out);
      return Status::Ok();
    case Layout::kString:
      break;
  }
  const StringRef& string = At<StringRef>(slot);
  return AppendStringBinary(type.oid, string.view(), context, out);
}

}  // namespace phantom::types
