// array_agg and string_agg.
#include <memory>
#include <optional>
#include <string>

#include "engine/array_stack.h"
#include "engine/functions/array_values.h"
#include "engine/functions/collecting_aggregate.h"
#include "engine/functions/tables.h"

namespace phantom::engine {

namespace {

using types::ArrayBuilder;
using types::ArrayView;
using types::StringRef;
using Args = std::span<const types::Vector* const>;

// ---- array_agg of values ------------------------------------------------------------------------

struct Elements {
  std::unique_ptr<ArrayBuilder> builder;  // null: no rows
};

Status AddElement(AggregateContext&, Elements& state, Args args, uint32_t row) {
  const types::Vector& value = *args[0];
  if (state.builder == nullptr) state.builder = std::make_unique<ArrayBuilder>(value.type().oid, value.layout());
  value.IsNull(row) ? state.builder->AddNull() : state.builder->Add(value.row_slot(row));
  return Status::Ok();
}
Status FinishElements(AggregateContext&, Elements& state, types::Vector& result, uint32_t at) {
  state.builder == nullptr ? result.SetNull(at) : result.SetString(at, state.builder->Finish());
  return Status::Ok();
}

// ---- array_agg of arrays: one dimension more ----------------------------------------------------

struct Slices {
  std::unique_ptr<ArrayStack> arrays;
};

Status AddSlice(AggregateContext&, Slices& state, Args args, uint32_t row) {
  if (args[0]->IsNull(row)) return Error(sqlstate::kNullValueNotAllowed, "cannot accumulate null arrays");
  if (state.arrays == nullptr) state.arrays = std::make_unique<ArrayStack>();
  return state.arrays->Add(ArrayView(args[0]->Get<StringRef>(row).view()));
}
Status FinishSlices(AggregateContext&, Slices& state, types::Vector& result, uint32_t at) {
  if (state.arrays == nullptr) {
    result.SetNull(at);
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(const std::string bytes, state.arrays->Finish());
  result.SetString(at, bytes);
  return Status::Ok();
}

// ---- string_agg ---------------------------------------------------------------------------------

struct Joined {
  std::unique_ptr<std::string> text;  // null: no row that is not NULL
};

// The delimiter of the first value is not used; a NULL delimiter is an empty one.
Status AddText(AggregateContext&, Joined& state, Args args, uint32_t row) {
  if (args[0]->IsNull(row)) return Status::Ok();
  if (state.text == nullptr) {
    state.text = std::make_unique<std::string>();
  } else if (!args[1]->IsNull(row)) {
    *state.text += args[1]->Get<StringRef>(row).view();
  }
  *state.text += args[0]->Get<StringRef>(row).view();
  return Status::Ok();
}
Status FinishText(AggregateContext&, Joined& state, types::Vector& result, uint32_t at) {
  state.text == nullptr ? result.SetNull(at) : result.SetString(at, *state.text);
  return Status::Ok();
}

constexpr AggregateKernel kArrayOfValues = CollectingAggregate<Elements, AddElement, FinishElements>();
constexpr AggregateKernel kArrayOfArrays = CollectingAggregate<Slices, AddSlice, FinishSlices>();
constexpr AggregateKernel kString = CollectingAggregate<Joined, AddText, FinishText>();

constexpr KernelEntry kTable[] = {
    KernelEntry::Aggregate(2335, &kArrayOfValues),
    KernelEntry::Aggregate(4053, &kArrayOfArrays),
    KernelEntry::Aggregate(3538, &kString),
    KernelEntry::Aggregate(3545, &kString),
};

}  // namespace

std::span<const KernelEntry> AggregateCollectKernels() { return kTable; }

}  // namespace phantom::engine
