// to_char, to_number, to_date and to_timestamp (PostgreSQL 15, chapter 9.8).
#include <string>

#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/civil.h"
#include "types/format_context.h"
#include "types/to_char.h"

namespace phantom::engine {

namespace {

using types::Interval;
using types::Numeric;
using types::StringRef;
using T = int64_t;
using Out = Writer<StringRef>;

// ---- Numbers ------------------------------------------------------------------------------------

template <auto Write, typename Number>
Status NumberToChar(KernelContext&, const Number& value, const StringRef& format, Out& out) {
  std::string text;
  RETURN_IF_ERROR(Write(value, format.view(), text));
  out.SetText(text);
  return Status::Ok();
}
template <auto Write, typename Number>
constexpr ScalarKernel kNumberToChar = Strict<NumberToChar<Write, Number>, StringRef, Number, StringRef>;

Status ToNumber(KernelContext&, const StringRef& text, const StringRef& format, Writer<Numeric>& out) {
  if (format.empty()) {
    out.SetNull();
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(const Numeric number, types::ToNumber(text.view(), format.view(), out.arena()));
  out.Set(number);
  return Status::Ok();
}

// ---- Dates and times ----------------------------------------------------------------------------

// Sets what `write` makes of the format; NULL for an empty one.
template <typename Write>
Status Put(const StringRef& format, Out& out, Write write) {
  if (format.empty()) {
    out.SetNull();
    return Status::Ok();
  }
  std::string text;
  RETURN_IF_ERROR(write(format.view(), text));
  out.SetText(text);
  return Status::Ok();
}
Status TimestampToChar(KernelContext&, const T& timestamp, const StringRef& format, Out& out) {
  if (!types::IsFiniteTimestamp(timestamp)) {
    out.SetNull();
    return Status::Ok();
  }
  return Put(format, out, [&](std::string_view pattern, std::string& text) {
    return types::TimestampToChar(timestamp, pattern, text);
  });
}
Status TimestampTzToChar(KernelContext& context, const T& timestamp, const StringRef& format, Out& out) {
  if (!types::IsFiniteTimestamp(timestamp)) {
    out.SetNull();
    return Status::Ok();
  }
  return Put(format, out, [&](std::string_view pattern, std::string& text) {
    return types::TimestampTzToChar(timestamp, pattern, context.format->time_zone, text);
  });
}
Status IntervalToChar(KernelContext&, const Interval& interval, const StringRef& format, Out& out) {
  return Put(format, out, [&](std::string_view pattern, std::string& text) {
    return types::IntervalToChar(interval, pattern, text);
  });
}
Status ToTimestamp(KernelContext& context, const StringRef& text, const StringRef& format, T& out) {
  ASSIGN_OR_RETURN(out, types::ToTimestamp(text.view(), format.view(), *context.format));
  return Status::Ok();
}
Status ToDate(KernelContext& context, const StringRef& text, const StringRef& format, int32_t& out) {
  ASSIGN_OR_RETURN(out, types::ToDate(text.view(), format.view(), *context.format));
  return Status::Ok();
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("int4_to_char", kNumberToChar<types::Int4ToChar, int32_t>),
    KernelEntry::Scalar("int8_to_char", kNumberToChar<types::Int8ToChar, int64_t>),
    KernelEntry::Scalar("float4_to_char", kNumberToChar<types::Float4ToChar, float>),
    KernelEntry::Scalar("float8_to_char", kNumberToChar<types::Float8ToChar, double>),
    KernelEntry::Scalar("numeric_to_char", kNumberToChar<types::NumericToChar, Numeric>),
    KernelEntry::Scalar("numeric_to_number", Strict<ToNumber, Numeric, StringRef, StringRef>),
    KernelEntry::Scalar("timestamp_to_char", Strict<TimestampToChar, StringRef, T, StringRef>),
    KernelEntry::Scalar("timestamptz_to_char", Strict<TimestampTzToChar, StringRef, T, StringRef>),
    KernelEntry::Scalar("interval_to_char", Strict<IntervalToChar, StringRef, Interval, StringRef>),
    KernelEntry::Scalar("to_timestamp", Strict<ToTimestamp, T, StringRef, StringRef>),
    KernelEntry::Scalar("to_date", Strict<ToDate, int32_t, StringRef, StringRef>),
};

}  // namespace

std::span<const KernelEntry> FormattingKernels() { return kTable; }

}  // namespace phantom::engine
