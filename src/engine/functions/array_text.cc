// Between arrays and text: string_to_array, string_to_table, array_to_string. Arrays as rows: unnest, generate_subscripts.
#include <optional>
#include <string>

#include "common/utf8.h"
#include "engine/functions/any_arguments.h"
#include "engine/functions/array_values.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"

namespace phantom::engine {

namespace {

using types::ArrayBuilder;
using types::ArrayView;
using types::StringRef;
using Args = std::span<const types::Vector* const>;
using Out = Writer<StringRef>;
using I = int32_t;

// Cuts text into fields one by one. No separator: into characters. An empty one: not at all.
class Fields {
 public:
  Fields(std::string_view text, std::optional<std::string_view> separator)
      : rest_(text), separator_(separator), done_(text.empty()) {}

  bool Next(std::string_view& field) {
    if (done_) return false;
    if (!separator_) {
      const size_t bytes = std::min(utf8::CharBytes(rest_[0]), rest_.size());
      field = rest_.substr(0, bytes);
      rest_.remove_prefix(bytes);
      done_ = rest_.empty();
      return true;
    }
    const size_t at = separator_->empty() ? std::string_view::npos : rest_.find(*separator_);
    field = rest_.substr(0, at);
    done_ = at == std::string_view::npos;
    if (!done_) rest_.remove_prefix(at + separator_->size());
    return true;
  }

 private:
  std::string_view rest_;
  const std::optional<std::string_view> separator_;
  bool done_;
};

std::optional<std::string_view> TextOrNull(Args args, size_t arg, uint32_t row) {
  if (arg >= args.size() || args[arg]->IsNull(row)) return std::nullopt;
  return args[arg]->Get<StringRef>(row).view();
}

Status StringToArray(KernelContext&, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row)) {
      result.SetNull(row);
      continue;
    }
    const std::optional<std::string_view> null_text = TextOrNull(args, 2, row);
    Fields fields(args[0]->Get<StringRef>(row).view(), TextOrNull(args, 1, row));
    ArrayBuilder builder(types::kTextOid);
    std::string_view field;
    while (fields.Next(field)) {
      const StringRef text(field);
      null_text && field == *null_text ? builder.AddNull() : builder.Add(&text);
    }
    result.SetString(row, builder.Finish());
  }
  return Status::Ok();
}

class FieldRows final : public SetGenerator {
 public:
  FieldRows(Fields fields, std::optional<std::string_view> null_text) : fields_(fields), null_text_(null_text) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    uint32_t count = 0;
    std::string_view field;
    while (count < types::kVectorSize && fields_.Next(field)) {
      if (null_text_ && field == *null_text_) {
        out.column(0).SetNull(count++);
      } else {
        out.column(0).SetString(count++, field);
      }
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  Fields fields_;
  const std::optional<std::string_view> null_text_;
};

Result<std::unique_ptr<SetGenerator>> StringToTable(KernelContext&, Args args, size_t row) {
  const auto r = static_cast<uint32_t>(row);
  if (args[0]->IsNull(r)) return std::unique_ptr<SetGenerator>();
  Fields fields(args[0]->Get<StringRef>(r).view(), TextOrNull(args, 1, r));
  return std::unique_ptr<SetGenerator>(std::make_unique<FieldRows>(fields, TextOrNull(args, 2, r)));
}

// array_to_string(array, separator [, null text]).
Status ArrayToString(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  std::string text;
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row) || args[1]->IsNull(row)) {
      result.SetNull(row);
      continue;
    }
    const ArrayView array(args[0]->Get<StringRef>(row).view());
    const std::optional<std::string_view> null_text = TextOrNull(args, 2, row);
    text.clear();
    bool first = true;
    for (uint32_t e = 0; e < array.size(); ++e) {
      if (array.IsNull(e) && !null_text) continue;
      if (!first) text += args[1]->Get<StringRef>(row).view();
      first = false;
      if (array.IsNull(e)) {
        text += *null_text;
        continue;
      }
      alignas(8) std::byte slot[16];
      array.Get(e, slot);
      RETURN_IF_ERROR(AppendValue(context, {array.element_type(), slot}, text));
    }
    result.SetString(row, text);
  }
  return Status::Ok();
}

// ---- Arrays as rows -----------------------------------------------------------------------------

class Elements final : public SetGenerator {
 public:
  explicit Elements(std::string_view bytes) : array_(bytes) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    uint32_t count = 0;
    for (; count < types::kVectorSize && next_ < array_.size(); ++next_, ++count) {
      if (out.column_count() == 1) {
        PutElement(array_, next_, out.column(0), count);
      } else if (array_.IsNull(next_)) {
        for (types::Vector& column : out.columns()) column.SetNull(count);
      } else {
        PutRecord(array_.Raw(next_), out.columns(), count);
      }
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  const ArrayView array_;
  uint32_t next_ = 0;
};

Result<std::unique_ptr<SetGenerator>> Unnest(KernelContext&, Args args, size_t row) {
  const auto r = static_cast<uint32_t>(row);
  if (args[0]->IsNull(r)) return std::unique_ptr<SetGenerator>();
  return std::unique_ptr<SetGenerator>(std::make_unique<Elements>(args[0]->Get<StringRef>(r).view()));
}

class Subscripts final : public SetGenerator {
 public:
  Subscripts(I lower, I length, bool reverse) : lower_(lower), length_(length), reverse_(reverse) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    uint32_t count = 0;
    for (; count < types::kVectorSize && done_ < length_; ++done_, ++count) {
      out.column(0).data<I>()[count] = reverse_ ? lower_ + length_ - 1 - done_ : lower_ + done_;
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  const I lower_, length_;
  const bool reverse_;
  I done_ = 0;
};

Result<std::unique_ptr<SetGenerator>> GenerateSubscripts(KernelContext&, Args args, size_t row) {
  const auto r = static_cast<uint32_t>(row);
  for (const types::Vector* arg : args) {
    if (arg->IsNull(r)) return std::unique_ptr<SetGenerator>();
  }
  const ArrayView array(args[0]->Get<StringRef>(r).view());
  const I dimension = args[1]->Get<I>(r);
  if (dimension < 1 || dimension > array.dimensions()) return std::unique_ptr<SetGenerator>();
  const types::ArrayDimension bounds = array.dimension(dimension - 1);
  return std::unique_ptr<SetGenerator>(
      std::make_unique<Subscripts>(bounds.lower, bounds.length, args.size() > 2 && args[2]->Get<bool>(r)));
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("text_to_array", StringToArray),
    KernelEntry::Scalar("text_to_array_null", StringToArray),
    KernelEntry::Set("text_to_table", StringToTable),
    KernelEntry::Set("text_to_table_null", StringToTable),
    KernelEntry::Scalar("array_to_text", ArrayToString),
    KernelEntry::Scalar("array_to_text_null", ArrayToString),
    KernelEntry::Set("array_unnest", Unnest),
    KernelEntry::Set("generate_subscripts", GenerateSubscripts),
    KernelEntry::Set("generate_subscripts_nodir", GenerateSubscripts),
};

}  // namespace

std::span<const KernelEntry> ArrayTextKernels() { return kTable; }

}  // namespace phantom::engine
