// The hash functions of PostgreSQL's hash operator classes (hashint4, hashtextextended, ...), with its values: people
// shard by them. They are Bob Jenkins' lookup3 over the bytes PostgreSQL stores, which are not always ours.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "engine/functions/array_values.h"
#include "engine/functions/tables.h"
#include "types/binary_format.h"
#include "types/interval.h"
#include "types/numeric.h"
#include "types/record.h"
#include "types/string_ref.h"
#include "types/text_format.h"
#include "types/uuid.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using Args = std::span<const types::Vector* const>;

// ---- lookup3 ------------------------------------------------------------------------------------

struct Lookup3 {
  uint32_t a, b, c;

  Lookup3(size_t length, uint64_t seed) {
    a = b = c = 0x9e3779b9 + static_cast<uint32_t>(length) + 3923095;
    if (seed == 0) return;
    a += static_cast<uint32_t>(seed >> 32);
    b += static_cast<uint32_t>(seed);
    Mix();
  }
  void Mix() {
    a -= c, a ^= std::rotl(c, 4), c += b;
    b -= a, b ^= std::rotl(a, 6), a += c;
    c -= b, c ^= std::rotl(b, 8), b += a;
    a -= c, a ^= std::rotl(c, 16), c += b;
    b -= a, b ^= std::rotl(a, 19), a += c;
    c -= b, c ^= std::rotl(b, 4), b += a;
  }
  // 64 bits; the plain hash functions keep the lower 32.
  uint64_t Finish() {
    c ^= b, c -= std::rotl(b, 14);
    a ^= c, a -= std::rotl(c, 11);
    b ^= a, b -= std::rotl(a, 25);
    c ^= b, c -= std::rotl(b, 16);
    a ^= c, a -= std::rotl(c, 4);
    b ^= a, b -= std::rotl(a, 14);
    c ^= b, c -= std::rotl(b, 24);
    return uint64_t{b} << 32 | c;
  }
};

uint64_t HashBytes(const void* data, size_t length, uint64_t seed) {
  Lookup3 state(length, seed);
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (; length >= 12; length -= 12, bytes += 12) {
    uint32_t words[3];
    std::memcpy(words, bytes, sizeof words);
    state.a += words[0];
    state.b += words[1];
    state.c += words[2];
    state.Mix();
  }
  // The rest; the lowest byte of c belongs to the length.
  for (size_t i = 0; i < length; ++i) {
    const auto byte = uint32_t{bytes[i]};
    if (i < 4) {
      state.a += byte << (8 * i);
    } else if (i < 8) {
      state.b += byte << (8 * (i - 4));
    } else {
      state.c += byte << (8 * (i - 7));
    }
  }
  return state.Finish();
}

uint64_t HashWord(uint32_t word, uint64_t seed) {
  Lookup3 state(sizeof word, seed);
  state.a += word;
  return state.Finish();
}

// An int8 hashes as an int4 of the same value does.
uint64_t HashInt8(int64_t value, uint64_t seed) {
  const auto low = static_cast<uint32_t>(value);
  const auto high = static_cast<uint32_t>(static_cast<uint64_t>(value) >> 32);
  return HashWord(low ^ (value >= 0 ? high : ~high), seed);
}

uint64_t HashFloat(double value, uint64_t seed) {
  if (value == 0) return seed;  // and minus zero
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  return HashBytes(&value, sizeof value, seed);
}

// Over the digits in base 10,000 without zeros at either end, and their weight.
Result<uint64_t> HashNumeric(const void* slot, uint64_t seed, const types::FormatContext& format) {
  if (!static_cast<const types::Numeric*>(slot)->is_finite()) return seed;
  std::string wire;  // digits, weight, sign, scale, then the digits: 16-bit words, big-endian
  RETURN_IF_ERROR(types::AppendBinary(types::kNumericOid, slot, format, wire));
  std::vector<int16_t> words(wire.size() / 2);
  for (size_t i = 0; i < words.size(); ++i) {
    words[i] = static_cast<int16_t>(static_cast<unsigned char>(wire[2 * i]) << 8 | static_cast<unsigned char>(wire[2 * i + 1]));
  }
  size_t first = 4, last = words.size();
  int32_t weight = words[1];
  for (; first < last && words[first] == 0; ++first) --weight;
  while (last > first && words[last - 1] == 0) --last;
  if (first == last) return seed - 1;
  return HashBytes(&words[first], (last - first) * 2, seed) ^ static_cast<uint64_t>(static_cast<int64_t>(weight));
}

// ---- Values -------------------------------------------------------------------------------------

Result<uint64_t> HashValue(const KernelContext& context, types::Type type, const void* slot, bool extended, uint64_t seed);

// As hash codes of lists are often made: 31 * so far + the element's.
Result<uint64_t> HashElements(const KernelContext& context, bool extended, uint64_t seed, uint64_t hash, uint32_t count,
                              auto is_null, auto get, auto type) {
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t element = 0;
    if (!is_null(i)) {
      alignas(8) std::byte slot[16];
      get(i, slot);
      ASSIGN_OR_RETURN(element, HashValue(context, type(i), slot, extended, seed));
      if (!extended) element = static_cast<uint32_t>(element);
    }
    hash = (hash << 5) - hash + element;
  }
  return hash;
}

Result<uint64_t> HashText(const KernelContext& context, types::Type type, const StringRef& text, bool extended, uint64_t seed) {
  std::string_view bytes = text.view();
  switch (type.oid) {
    case types::kTextOid:
    case types::kVarcharOid:
    case types::kNameOid:
    case types::kByteaOid:
      return HashBytes(bytes.data(), bytes.size(), seed);
    case types::kBpcharOid:
      while (bytes.ends_with(' ')) bytes.remove_suffix(1);
      return HashBytes(bytes.data(), bytes.size(), seed);
    case types::kCharOid:
      return HashWord(bytes.empty() ? 0 : static_cast<uint32_t>(static_cast<int32_t>(static_cast<signed char>(bytes[0]))), seed);
    case types::kOidvectorOid: {
      const types::ArrayView oids(bytes);
      std::vector<int32_t> values(oids.size());
      for (uint32_t i = 0; i < oids.size(); ++i) values[i] = oids.GetAs<int32_t>(i);
      return HashBytes(values.data(), values.size() * sizeof(int32_t), seed);
    }
    default:
      break;
  }
  if (types::IsRecordBytes(bytes)) {
    const types::RecordView record(bytes);
    return HashElements(
        context, extended, seed, 0, record.size(), [&](uint32_t i) { return record.IsNull(i); },
        [&](uint32_t i, void* out) { record.Get(i, out); }, [&](uint32_t i) { return types::Type(record.type(i)); });
  }
  if (!types::ArrayView::IsValid(bytes)) {
    return Errorf(sqlstate::kUndefinedFunction, "could not identify a hash function for type %s",
                  types::FormatTypeName(type).c_str());
  }
  const types::ArrayView array(bytes);
  return HashElements(
      context, extended, seed, 1, array.size(), [&](uint32_t i) { return array.IsNull(i); },
      [&](uint32_t i, void* out) { array.Get(i, out); }, [&](uint32_t) { return types::Type(array.element_type()); });
}

Result<uint64_t> HashValue(const KernelContext& context, types::Type type, const void* slot, bool extended, uint64_t seed) {
  const auto get = [slot]<typename T>(T) { return *static_cast<const T*>(slot); };
  switch (types::LayoutOf(type.oid)) {
    case types::Layout::kBool: return HashWord(get(false), seed);
    case types::Layout::kInt16: return HashWord(static_cast<uint32_t>(int32_t{get(int16_t{})}), seed);
    case types::Layout::kInt32: return HashWord(static_cast<uint32_t>(get(int32_t{})), seed);
    case types::Layout::kInt64: return HashInt8(get(int64_t{}), seed);
    case types::Layout::kFloat32: return HashFloat(get(float{}), seed);
    case types::Layout::kFloat64: return HashFloat(get(double{}), seed);
    case types::Layout::kNumeric: return HashNumeric(slot, seed, *context.format);
    case types::Layout::kUuid: return HashBytes(slot, sizeof(types::Uuid), seed);
    case types::Layout::kInterval: {
      const auto& span = *static_cast<const types::Interval*>(slot);
      const auto days = static_cast<uint64_t>(int64_t{span.months} * 30 + span.days);
      return HashInt8(static_cast<int64_t>(days * 86'400'000'000u + static_cast<uint64_t>(span.micros)), seed);
    }
    case types::Layout::kTimeTz: {
      const auto& time = *static_cast<const types::TimeTz*>(slot);
      const auto zone = static_cast<uint32_t>(time.zone_west);
      return HashInt8(time.micros, seed) ^ (extended ? HashWord(zone, seed) : uint64_t{static_cast<uint32_t>(HashWord(zone, 0))});
    }
    case types::Layout::kString: return HashText(context, type, *static_cast<const StringRef*>(slot), extended, seed);
  }
  return seed;
}

template <bool kExtended>
Status Hash(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row) || (kExtended && args[1]->IsNull(row))) {
      result.SetNull(row);
      continue;
    }
    const uint64_t seed = kExtended ? static_cast<uint64_t>(args[1]->Get<int64_t>(row)) : 0;
    ASSIGN_OR_RETURN(const uint64_t hash, HashValue(context, args[0]->type(), args[0]->row_slot(row), kExtended, seed));
    if constexpr (kExtended) {
      result.data<int64_t>()[row] = static_cast<int64_t>(hash);
    } else {
      result.data<int32_t>()[row] = static_cast<int32_t>(hash);
    }
  }
  return Status::Ok();
}

#define HASH(name, extended) KernelEntry::Scalar(name, Hash<false>), KernelEntry::Scalar(extended, Hash<true>)

constexpr KernelEntry kTable[] = {
    HASH("hashint2", "hashint2extended"), HASH("hashint4", "hashint4extended"), HASH("hashint8", "hashint8extended"),
    HASH("hashoid", "hashoidextended"), HASH("hashenum", "hashenumextended"), HASH("hashchar", "hashcharextended"),
    HASH("hashfloat4", "hashfloat4extended"), HASH("hashfloat8", "hashfloat8extended"),
    HASH("hash_numeric", "hash_numeric_extended"), HASH("hashtext", "hashtextextended"),
    HASH("hashname", "hashnameextended"), HASH("hashbpchar", "hashbpcharextended"),
    HASH("hashvarlena", "hashvarlenaextended"), HASH("uuid_hash", "uuid_hash_extended"),
    HASH("time_hash", "time_hash_extended"), HASH("timetz_hash", "timetz_hash_extended"),
    HASH("timestamp_hash", "timestamp_hash_extended"), HASH("interval_hash", "interval_hash_extended"),
    HASH("hash_array", "hash_array_extended"), HASH("hash_record", "hash_record_extended"),
    HASH("hashoidvector", "hashoidvectorextended"), HASH("pg_lsn_hash", "pg_lsn_hash_extended"),
};

}  // namespace

std::span<const KernelEntry> HashKernels() { return kTable; }

}  // namespace phantom::engine
