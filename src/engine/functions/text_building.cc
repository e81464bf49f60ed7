// Text from values of any type: concat, concat_ws, format, quoting, counting NULLs (PostgreSQL 15, chapter 9.4).
#include <cstring>

#include "common/utf8.h"
#include "engine/functions/any_arguments.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/ascii.h"
#include "types/keywords.h"
#include "types/string_ref.h"
#include "types/text_format.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using Args = std::span<const types::Vector* const>;
using Out = Writer<StringRef>;

Status TooFewArguments() {
  return Error(sqlstate::kInvalidParameterValue, "too few arguments for format()");
}

// ---- concat -------------------------------------------------------------------------------------

Status Concat(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  std::string text;
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    const AnyArguments values(context, args, 0, row);
    if (values.is_null()) {
      result.SetNull(row);
      continue;
    }
    text.clear();
    for (size_t v = 0; v < values.size(); ++v) {
      if (!values[v].is_null()) RETURN_IF_ERROR(AppendValue(context, values[v], text));
    }
    result.SetString(row, text);
  }
  return Status::Ok();
}

Status ConcatWithSeparator(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  std::string text;
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    const AnyArguments values(context, args, 1, row);
    if (values.is_null() || args[0]->IsNull(row)) {
      result.SetNull(row);
      continue;
    }
    text.clear();
    bool first = true;
    for (size_t v = 0; v < values.size(); ++v) {
      if (values[v].is_null()) continue;
      if (!first) text += args[0]->Get<StringRef>(row).view();
      first = false;
      RETURN_IF_ERROR(AppendValue(context, values[v], text));
    }
    result.SetString(row, text);
  }
  return Status::Ok();
}

// text || anynonarray and the reverse, which are defined by SQL text in pg_proc.
Status ConcatAny(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  std::string text;
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row) || args[1]->IsNull(row)) {
      result.SetNull(row);
      continue;
    }
    text.clear();
    for (const types::Vector* arg : args) {
      // The cast to text writes booleans in full.
      if (arg->type().oid == types::kBoolOid) {
        text += arg->Get<bool>(row) ? "true" : "false";
      } else {
        RETURN_IF_ERROR(AppendValue(context, ValueAt(*arg, row), text));
      }
    }
    result.SetString(row, text);
  }
  return Status::Ok();
}

// ---- format -------------------------------------------------------------------------------------

class Formatter {
 public:
  Formatter(const KernelContext& context, std::string_view format, const AnyArguments& values, std::string& out)
      : context_(context), format_(format), values_(values), out_(out) {}

  Status Run() {
    while (at_ < format_.size()) {
      const char c = format_[at_++];
      if (c != '%') {
        out_ += c;
        continue;
      }
      RETURN_IF_ERROR(NeedMore());
      if (format_[at_] == '%') {
        out_ += format_[at_++];
        continue;
      }
      RETURN_IF_ERROR(Specifier());
    }
    return Status::Ok();
  }

 private:
  Status NeedMore() {
    if (at_ < format_.size()) return Status::Ok();
    return Error(sqlstate::kInvalidParameterValue, "unterminated format() type specifier")
        .Hint("For a single \"%\" use \"%%\".");
  }

  // Digits at the current place; -1 when there are none.
  Status Number(int* number) {
    *number = -1;
    while (types::IsDigit(format_[at_])) {
      const int digit = format_[at_] - '0';
      int value = *number < 0 ? 0 : *number;
      if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value)) {
        return Error(sqlstate::kNumericValueOutOfRange, "number is out of range");
      }
      *number = value;
      ++at_;
      RETURN_IF_ERROR(NeedMore());
    }
    return Status::Ok();
  }
  static Status NoArgumentZero() {
    return Error(sqlstate::kInvalidParameterValue,
                 "format specifies argument 0, but arguments are numbered from 1");
  }

  // %[position$][-][width|*|*position$]type
  Status Specifier() {
    int position = -1, width = 0, width_position = -1, number;
    bool left = false;
    RETURN_IF_ERROR(Number(&number));
    bool parsed_width = false;
    if (number >= 0) {
      if (format_[at_] != '$') {
        width = number;
        parsed_width = true;
      } else {
        if (number == 0) return NoArgumentZero();
        position = number;
        ++at_;
        RETURN_IF_ERROR(NeedMore());
      }
    }
    if (!parsed_width) {
      while (format_[at_] == '-') {
        left = true;
        ++at_;
        RETURN_IF_ERROR(NeedMore());
      }
      if (format_[at_] == '*') {
        ++at_;
        RETURN_IF_ERROR(NeedMore());
        RETURN_IF_ERROR(Number(&number));
        width_position = 0;  // the next argument
        if (number >= 0) {
          if (format_[at_] != '$') {
            return Error(sqlstate::kInvalidParameterValue, "width argument position must be ended by \"$\"");
          }
          if (number == 0) return NoArgumentZero();
          width_position = number;
          ++at_;
          RETURN_IF_ERROR(NeedMore());
        }
      } else {
        RETURN_IF_ERROR(Number(&number));
        if (number >= 0) width = number;
      }
    }
    const char type = format_[at_];
    if (std::strchr("sIL", type) == nullptr) {
      const std::string_view character = format_.substr(at_, utf8::CharBytes(type));
      return Error(sqlstate::kInvalidParameterValue,
                   "unrecognized format() type specifier \"" + std::string(character) + "\"")
          .Hint("For a single \"%\" use \"%%\".");
    }
    ++at_;
    if (width_position >= 0) RETURN_IF_ERROR(WidthArgument(width_position, &width));
    if (position > 0) next_ = static_cast<size_t>(position);
    if (next_ > values_.size()) return TooFewArguments();
    return Put(values_[next_++ - 1], type, left, width);
  }

  Status WidthArgument(int position, int* width) {
    if (position > 0) next_ = static_cast<size_t>(position);
    if (next_ > values_.size()) return TooFewArguments();
    const AnyValue& value = values_[next_++ - 1];
    *width = 0;
    if (value.is_null()) return Status::Ok();
    std::string text;
    RETURN_IF_ERROR(AppendValue(context_, value, text));
    ASSIGN_OR_RETURN(*width, types::ParseInt32(text));
    return Status::Ok();
  }

  Status Put(const AnyValue& value, char type, bool left, int width) {
    std::string text;
    if (value.is_null()) {
      if (type == 'I') {
        return Error(sqlstate::kNullValueNotAllowed, "null values cannot be formatted as an SQL identifier");
      }
      if (type == 'L') text = "NULL";
    } else {
      RETURN_IF_ERROR(AppendValue(context_, value, text));
      if (type == 'I') text = types::QuoteIdentifier(text);
      if (type == 'L') text = types::QuoteLiteral(text);
    }
    if (width < 0) {
      left = true;
      if (width == INT32_MIN) return Error(sqlstate::kNumericValueOutOfRange, "number is out of range");
      width = -width;
    }
    const size_t length = utf8::Length(text);
    const size_t padding = static_cast<size_t>(width) > length ? static_cast<size_t>(width) - length : 0;
    if (!left) out_.append(padding, ' ');
    out_ += text;
    if (left) out_.append(padding, ' ');
    return Status::Ok();
  }

  const KernelContext& context_;
  const std::string_view format_;
  const AnyArguments& values_;
  std::string& out_;
  size_t at_ = 0;
  size_t next_ = 1;
};

Status FormatText(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  std::string text;
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row)) {
      result.SetNull(row);
      continue;
    }
    const AnyArguments values(context, args, 1, row);
    text.clear();
    RETURN_IF_ERROR(Formatter(context, args[0]->Get<StringRef>(row).view(), values, text).Run());
    result.SetString(row, text);
  }
  return Status::Ok();
}

// ---- Quoting ------------------------------------------------------------------------------------

Status QuoteIdent(KernelContext&, const StringRef& text, Out& out) {
  out.SetText(types::QuoteIdentifier(text.view()));
  return Status::Ok();
}
Status QuoteLiteral(KernelContext&, const StringRef& text, Out& out) {
  out.SetText(types::QuoteLiteral(text.view()));
  return Status::Ok();
}
Status QuoteNullable(KernelContext&, const StringRef* text, Out& out) {
  out.SetText(text == nullptr ? "NULL" : types::QuoteLiteral(text->view()));
  return Status::Ok();
}
template <bool kNullable>
Status QuoteAny(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    const AnyValue value = ValueAt(*args[0], row);
    if (value.is_null()) {
      kNullable ? result.SetString(row, "NULL") : result.SetNull(row);
      continue;
    }
    std::string text;
    if (value.type.oid == types::kBoolOid) {
      text = args[0]->Get<bool>(row) ? "true" : "false";
    } else {
      RETURN_IF_ERROR(AppendValue(context, value, text));
    }
    result.SetString(row, types::QuoteLiteral(text));
  }
  return Status::Ok();
}

// ---- num_nulls, num_nonnulls --------------------------------------------------------------------

template <bool kCountNulls>
Status CountNulls(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    const AnyArguments values(context, args, 0, row);
    if (values.is_null()) {
      result.SetNull(row);
      continue;
    }
    int32_t count = 0;
    for (size_t v = 0; v < values.size(); ++v) count += values[v].is_null() == kCountNulls;
    result.data<int32_t>()[row] = count;
  }
  return Status::Ok();
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("text_concat", Concat),
    KernelEntry::Scalar("text_concat_ws", ConcatWithSeparator),
    KernelEntry::Scalar(2003, ConcatAny),
    KernelEntry::Scalar(2004, ConcatAny),
    KernelEntry::Scalar("text_format", FormatText),
    KernelEntry::Scalar("text_format_nv", FormatText),
    KernelEntry::Scalar("quote_ident", Strict<QuoteIdent, StringRef, StringRef>),
    KernelEntry::Scalar("quote_literal", Strict<QuoteLiteral, StringRef, StringRef>),
    KernelEntry::Scalar("quote_nullable", Nullable<QuoteNullable, StringRef, StringRef>),
    KernelEntry::Scalar(1285, QuoteAny<false>),
    KernelEntry::Scalar(1290, QuoteAny<true>),
    KernelEntry::Scalar("pg_num_nulls", CountNulls<true>),
    KernelEntry::Scalar("pg_num_nonnulls", CountNulls<false>),
};

}  // namespace

std::span<const KernelEntry> TextBuildingKernels() { return kTable; }

}  // namespace phantom::engine
