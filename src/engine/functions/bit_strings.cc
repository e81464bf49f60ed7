// bit and varbit: logic, shifts, parts, casts (PostgreSQL 15, chapter 9.6). Comparisons are in comparisons.cc.
#include "types/bit_string.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "engine/aggregate_adapters.h"
#include "engine/functions/tables.h"

namespace phantom::engine {

namespace {

using types::BitCount;
using types::StringRef;
using I = int32_t;
using Out = Writer<StringRef>;

constexpr int64_t kBitsMax = 0x7fffffff - 7;

int64_t Count(const StringRef& bits) { return BitCount(bits.view()); }

// Copies bits [from, from + count) of `source` over zeros of `target`, beginning at `at`.
void CopyBits(std::string_view source, int64_t from, int64_t count, std::string& target, int64_t at) {
  int64_t i = 0;
  if (from % 8 == 0 && at % 8 == 0) {
    std::memcpy(target.data() + 4 + at / 8, source.data() + 4 + from / 8, static_cast<size_t>(count / 8));
    i = count - count % 8;
  }
  for (; i < count; ++i) {
    if (types::BitAt(source, static_cast<uint32_t>(from + i))) types::SetBit(target, static_cast<uint32_t>(at + i));
  }
}
std::string Part(std::string_view source, int64_t from, int64_t count) {
  std::string part = types::MakeBits(static_cast<uint32_t>(count));
  CopyBits(source, from, count, part, 0);
  return part;
}

// ---- Logic --------------------------------------------------------------------------------------

enum class Logic { kAnd, kOr, kXor };
// Combines `other` into `bits`.
template <Logic kLogic>
Status Apply(std::string& bits, std::string_view other) {
  if (BitCount(bits) != BitCount(other)) {
    constexpr const char* kName = kLogic == Logic::kAnd ? "AND" : kLogic == Logic::kOr ? "OR" : "XOR";
    return Error(sqlstate::kStringDataLengthMismatch, Format("cannot %s bit strings of different sizes", kName));
  }
  for (size_t i = 4; i < bits.size(); ++i) {
    const int x = bits[i], y = other[i];
    bits[i] = static_cast<char>(kLogic == Logic::kAnd ? x & y : kLogic == Logic::kOr ? x | y : x ^ y);
  }
  return Status::Ok();
}
template <Logic kLogic>
Status Combine(KernelContext&, const StringRef& a, const StringRef& b, Out& out) {
  std::string bits(a.view());
  RETURN_IF_ERROR(Apply<kLogic>(bits, b.view()));
  out.SetText(bits);
  return Status::Ok();
}

// bit_and, bit_or and bit_xor over rows. The empty string (no bit string at all) before the first.
struct Folded {
  std::string bits;
};
template <Logic kLogic>
Status AddFolded(AggregateContext&, Folded& state, const StringRef& bits) {
  if (!state.bits.empty()) return Apply<kLogic>(state.bits, bits.view());
  state.bits = bits.view();
  return Status::Ok();
}
template <Logic kLogic>
Status MergeFolded(AggregateContext&, Folded& into, Folded& from) {
  if (from.bits.empty()) return Status::Ok();
  if (!into.bits.empty()) return Apply<kLogic>(into.bits, from.bits);
  into.bits = from.bits;
  return Status::Ok();
}
Status FinishFolded(AggregateContext&, Folded& state, Out& out) {
  state.bits.empty() ? out.SetNull() : out.SetText(state.bits);
  return Status::Ok();
}
template <Logic kLogic>
constexpr AggregateKernel kFolded =
    StrictAggregate<Folded, AddFolded<kLogic>, MergeFolded<kLogic>, FinishFolded, StringRef, StringRef>();

Status Not(KernelContext&, const StringRef& a, Out& out) {
  std::string bits(a.view());
  for (size_t i = 4; i < bits.size(); ++i) bits[i] = static_cast<char>(~bits[i]);
  if (const int64_t used = Count(a) % 8; used != 0) bits.back() = static_cast<char>(bits.back() & (0xff << (8 - used)));
  out.SetText(bits);
  return Status::Ok();
}
// Left by a positive `by`, right by a negative one.
void Shift(const StringRef& a, int64_t by, Out& out) {
  const int64_t count = Count(a), kept = std::max<int64_t>(count - std::abs(by), 0);
  std::string bits = types::MakeBits(static_cast<uint32_t>(count));
  if (kept > 0) CopyBits(a.view(), std::max<int64_t>(by, 0), kept, bits, std::max<int64_t>(-by, 0));
  out.SetText(bits);
}
Status ShiftLeft(KernelContext&, const StringRef& a, const I& by, Out& out) {
  Shift(a, by, out);
  return Status::Ok();
}
Status ShiftRight(KernelContext&, const StringRef& a, const I& by, Out& out) {
  Shift(a, -int64_t{by}, out);
  return Status::Ok();
}

// ---- Parts --------------------------------------------------------------------------------------

Result<std::string> Concatenate(std::string_view a, std::string_view b) {
  const int64_t left = BitCount(a), right = BitCount(b);
  if (left + right > kBitsMax) {
    return Error(sqlstate::kProgramLimitExceeded, Format("bit string length exceeds the maximum allowed (%lld)",
                                                         static_cast<long long>(kBitsMax)));
  }
  std::string bits = types::MakeBits(static_cast<uint32_t>(left + right));
  CopyBits(a, 0, left, bits, 0);
  CopyBits(b, 0, right, bits, left);
  return bits;
}
Status Concat(KernelContext&, const StringRef& a, const StringRef& b, Out& out) {
  ASSIGN_OR_RETURN(const std::string bits, Concatenate(a.view(), b.view()));
  out.SetText(bits);
  return Status::Ok();
}

Status NegativeLength() { return Error(sqlstate::kSubstringError, "negative substring length not allowed"); }

// The bits from position `start` (1 is the first), `length` of them or all.
Result<std::string> Substring(std::string_view bits, int64_t start, std::optional<int64_t> length) {
  if (length && *length < 0) return NegativeLength();
  const int64_t end = BitCount(bits) + int64_t{1}, first = std::max<int64_t>(start, 1);
  const int64_t last = length ? std::min(start + *length, end) : end;
  return Part(bits, last > first ? first - 1 : 0, std::max<int64_t>(last - first, 0));
}
Status Substr(KernelContext&, const StringRef& bits, const I& start, const I& length, Out& out) {
  ASSIGN_OR_RETURN(const std::string part, Substring(bits.view(), start, length));
  out.SetText(part);
  return Status::Ok();
}
Status SubstrToEnd(KernelContext&, const StringRef& bits, const I& start, Out& out) {
  ASSIGN_OR_RETURN(const std::string part, Substring(bits.view(), start, std::nullopt));
  out.SetText(part);
  return Status::Ok();
}

Status Overlay(KernelContext&, const StringRef& bits, const StringRef& placed, const I& start, const I& length, Out& out) {
  if (start <= 0) return NegativeLength();
  I after;
  if (__builtin_add_overflow(start, length, &after)) {
    return Error(sqlstate::kNumericValueOutOfRange, "integer out of range");
  }
  ASSIGN_OR_RETURN(const std::string before, Substring(bits.view(), 1, start - 1));
  ASSIGN_OR_RETURN(const std::string rest, Substring(bits.view(), after, std::nullopt));
  ASSIGN_OR_RETURN(const std::string front, Concatenate(before, placed.view()));
  ASSIGN_OR_RETURN(const std::string whole, Concatenate(front, rest));
  out.SetText(whole);
  return Status::Ok();
}
Status OverlayWhole(KernelContext& context, const StringRef& bits, const StringRef& placed, const I& start, Out& out) {
  return Overlay(context, bits, placed, start, static_cast<I>(Count(placed)), out);
}

I Position(const StringRef& bits, const StringRef& wanted) {
  const int64_t count = Count(bits), size = Count(wanted);
  if (count == 0) return 0;
  for (int64_t at = 0; at + size <= count; ++at) {
    int64_t same = 0;
    while (same < size && types::BitAt(bits.view(), static_cast<uint32_t>(at + same)) ==
                              types::BitAt(wanted.view(), static_cast<uint32_t>(same))) {
      ++same;
    }
    if (same == size) return static_cast<I>(at + 1);
  }
  return 0;
}

I Length(const StringRef& bits) { return static_cast<I>(Count(bits)); }
I Octets(const StringRef& bits) { return static_cast<I>((Count(bits) + 7) / 8); }
int64_t Ones(const StringRef& bits) {
  int64_t ones = 0;
  for (const char byte : types::BitBytes(bits.view())) ones += __builtin_popcount(static_cast<uint8_t>(byte));
  return ones;
}

Status CheckIndex(const StringRef& bits, I index) {
  if (index >= 0 && index < Count(bits)) return Status::Ok();
  return Error(sqlstate::kArraySubscriptError, Format("bit index %d out of valid range (0..%lld)", index,
                                                      static_cast<long long>(Count(bits) - 1)));
}
Status GetBit(KernelContext&, const StringRef& bits, const I& index, I& out) {
  RETURN_IF_ERROR(CheckIndex(bits, index));
  out = types::BitAt(bits.view(), static_cast<uint32_t>(index)) ? 1 : 0;
  return Status::Ok();
}
Status PutBit(KernelContext&, const StringRef& bits, const I& index, const I& bit, Out& out) {
  RETURN_IF_ERROR(CheckIndex(bits, index));
  if (bit != 0 && bit != 1) return Error(sqlstate::kInvalidParameterValue, "new bit must be 0 or 1");
  std::string changed(bits.view());
  char& byte = changed[4 + static_cast<size_t>(index) / 8];
  byte = static_cast<char>(byte & ~(0x80 >> (index % 8)));
  if (bit == 1) types::SetBit(changed, static_cast<uint32_t>(index));
  out.SetText(changed);
  return Status::Ok();
}

// ---- Casts --------------------------------------------------------------------------------------

template <bool kVarying>
Status FitLength(KernelContext&, const StringRef& bits, const I& typmod, const bool& is_explicit, Out& out) {
  std::string fitted(bits.view());
  RETURN_IF_ERROR(types::ApplyBitLength(kVarying, typmod, is_explicit, fitted));
  out.SetText(fitted);
  return Status::Ok();
}
// The low bits of a number, its sign repeated in front. Without a length, one bit.
template <typename Number>
Status FromInteger(KernelContext&, const Number& number, const I& typmod, Out& out) {
  const int64_t value = number;
  const I count = typmod <= 0 ? 1 : typmod;
  std::string bits = types::MakeBits(static_cast<uint32_t>(count));
  for (I i = 0; i < count; ++i) {
    if ((value >> std::min(count - 1 - i, 63) & 1) != 0) types::SetBit(bits, static_cast<uint32_t>(i));
  }
  out.SetText(bits);
  return Status::Ok();
}
template <typename Number>
Status ToInteger(KernelContext&, const StringRef& bits, Number& out) {
  if (Count(bits) > static_cast<int64_t>(sizeof(Number) * 8)) {
    return Error(sqlstate::kNumericValueOutOfRange, sizeof(Number) == 4 ? "integer out of range" : "bigint out of range");
  }
  uint64_t value = 0;
  for (uint32_t i = 0; i < BitCount(bits.view()); ++i) value = value << 1 | (types::BitAt(bits.view(), i) ? 1 : 0);
  out = static_cast<Number>(value);
  return Status::Ok();
}

using S = StringRef;
constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("bit_and", Strict<Combine<Logic::kAnd>, S, S, S>),
    KernelEntry::Scalar("bit_or", Strict<Combine<Logic::kOr>, S, S, S>),
    KernelEntry::Scalar("bitxor", Strict<Combine<Logic::kXor>, S, S, S>),
    KernelEntry::Aggregate(2242, &kFolded<Logic::kAnd>),
    KernelEntry::Aggregate(2243, &kFolded<Logic::kOr>),
    KernelEntry::Aggregate(6167, &kFolded<Logic::kXor>),
    KernelEntry::Scalar("bitnot", Strict<Not, S, S>),
    KernelEntry::Scalar("bitshiftleft", Strict<ShiftLeft, S, S, I>),
    KernelEntry::Scalar("bitshiftright", Strict<ShiftRight, S, S, I>),
    KernelEntry::Scalar("bitcat", Strict<Concat, S, S, S>),
    KernelEntry::Scalar("bitsubstr", Strict<Substr, S, S, I, I>),
    KernelEntry::Scalar("bitsubstr_no_len", Strict<SubstrToEnd, S, S, I>),
    KernelEntry::Scalar("bitoverlay", Strict<Overlay, S, S, S, I, I>),
    KernelEntry::Scalar("bitoverlay_no_len", Strict<OverlayWhole, S, S, S, I>),
    KernelEntry::Scalar("bitposition", Strict<Position, I, S, S>),
    KernelEntry::Scalar("bitlength", Strict<Length, I, S>),
    KernelEntry::Scalar("bitoctetlength", Strict<Octets, I, S>),
    KernelEntry::Scalar("bit_bit_count", Strict<Ones, int64_t, S>),
    KernelEntry::Scalar("bitgetbit", Strict<GetBit, I, S, I>),
    KernelEntry::Scalar("bitsetbit", Strict<PutBit, S, S, I, I>),
    KernelEntry::Scalar("bit", Strict<FitLength<false>, S, S, I, bool>),
    KernelEntry::Scalar("varbit", Strict<FitLength<true>, S, S, I, bool>),
    KernelEntry::Scalar("bitfromint4", Strict<FromInteger<I>, S, I, I>),
    KernelEntry::Scalar("bitfromint8", Strict<FromInteger<int64_t>, S, int64_t, I>),
    KernelEntry::Scalar("bittoint4", Strict<ToInteger<I>, I, S>),
    KernelEntry::Scalar("bittoint8", Strict<ToInteger<int64_t>, int64_t, S>),
};

}  // namespace

std::span<const KernelEntry> BitStringKernels() { return kTable; }

}  // namespace phantom::engine
