#include "engine/functions/any_arguments.h"

#include "types/array.h"
#include "types/text_format.h"

namespace phantom::engine {

AnyArguments::AnyArguments(const KernelContext& context, std::span<const types::Vector* const> args, size_t first,
                           uint32_t row) {
  const size_t plain = context.variadic_array ? args.size() - 1 : args.size();
  for (size_t i = first; i < plain; ++i) values_.push_back(ValueAt(*args[i], row));
  if (!context.variadic_array || args.size() <= first) return;
  const types::Vector& last = *args.back();
  if (last.IsNull(row)) {
    null_ = true;
    return;
  }
  const types::ArrayView array(last.Get<types::StringRef>(row).view());
  slots_.resize(array.size());
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (array.IsNull(i)) {
      values_.push_back({array.element_type(), nullptr});
    } else {
      array.Get(i, slots_[i].bytes);
      values_.push_back({array.element_type(), slots_[i].bytes});
    }
  }
}

Status AppendValue(const KernelContext& context, const AnyValue& value, std::string& out) {
  return types::AppendText(value.type, value.slot, *context.format, out);
}

}  // namespace phantom::engine
