// engine/functions/collecting_aggregate.h
//
// Aggregate kernels that look at every row, NULLs too, and keep what they saw:
//
//   Status Add(AggregateContext&, State&, std::span<const types::Vector* const> args, uint32_t row)
//   Status Finish(AggregateContext&, State&, types::Vector& result, uint32_t at)
//
// They are order-sensitive, so they are never run in parallel.
#pragma once
#include <new>

#include "engine/kernel.h"

namespace phantom::engine {

template <typename State, auto Add, auto Finish>
constexpr AggregateKernel CollectingAggregate(bool ordered_set = false) {
  AggregateKernel kernel;
  kernel.state_bytes = sizeof(State);
  kernel.state_alignment = alignof(State);
  kernel.init = [](AggregateContext&, std::byte* state) { new (state) State(); };
  kernel.update = [](AggregateContext& context, std::span<const types::Vector* const> args, const Rows& rows,
                     std::byte* const* states) -> Status {
    for (size_t i = 0; i < rows.count; ++i) {
      const auto row = static_cast<uint32_t>(rows[i]);
      RETURN_IF_ERROR(Add(context, *reinterpret_cast<State*>(states[row]), args, row));
    }
    return Status::Ok();
  };
  kernel.update_one = [](AggregateContext& context, std::span<const types::Vector* const> args, const Rows& rows,
                         std::byte* state) -> Status {
    for (size_t i = 0; i < rows.count; ++i) {
      RETURN_IF_ERROR(Add(context, *reinterpret_cast<State*>(state), args, static_cast<uint32_t>(rows[i])));
    }
    return Status::Ok();
  };
  kernel.finalize = [](AggregateContext& context, std::byte* const* states, size_t count,
                       types::Vector& result) -> Status {
    for (size_t i = 0; i < count; ++i) {
      RETURN_IF_ERROR(Finish(context, *reinterpret_cast<State*>(states[i]), result, static_cast<uint32_t>(i)));
    }
    return Status::Ok();
  };
  kernel.destroy = [](std::byte* state) { reinterpret_cast<State*>(state)->~State(); };
  kernel.ordered_set = ordered_set;
  kernel.collects = true;
  return kernel;
}

}  // namespace phantom::engine
