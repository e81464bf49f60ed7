// engine/aggregate_adapters.h
//
// Aggregate kernels from functions over single values:
//
//   constexpr AggregateKernel kSumInt4 = StrictAggregate<SumState, Add, Merge, Finish, int64_t, int32_t>();
//
//   Status Add(AggregateContext&, State&, const A&...)         one row without NULLs; rows with a NULL are skipped
//   Status Merge(AggregateContext&, State& into, State& from)
//   Status Finish(AggregateContext&, State&, Writer<R>& out)
//
// State is default-constructed. When it is not trivially destructible the operator destroys it.
#pragma once
#include <new>

#include "engine/kernel_adapters.h"

namespace phantom::engine {

namespace internal {

template <typename State, auto Add, typename... A, typename StateOf, size_t... I>
Status UpdateStrict(AggregateContext& context, [[maybe_unused]] std::span<const types::Vector* const> args, const Rows& rows,
                    const StateOf& state_of, std::index_sequence<I...>) {
  const types::UnifiedView views[sizeof...(A) + 1] = {args[I]->View()...};
  for (size_t i = 0; i < rows.count; ++i) {
    const uint32_t row = rows[i];
    if (!(views[I].valid(row) && ...)) continue;
    RETURN_IF_ERROR(Add(context, *reinterpret_cast<State*>(state_of(row)), views[I].template Get<A>(row)...));
  }
  return Status::Ok();
}

}  // namespace internal

// For AggregateKernel::remove, from a function like Add that undoes it.
template <typename State, auto Remove, typename... A>
Status Removal(AggregateContext& context, std::span<const types::Vector* const> args, const Rows& rows, std::byte* state) {
  return internal::UpdateStrict<State, Remove, A...>(
      context, args, rows, [state](uint32_t) { return state; }, std::index_sequence_for<A...>());
}

template <typename State, auto Add, auto Merge, auto Finish, typename R, typename... A>
constexpr AggregateKernel StrictAggregate() {
  AggregateKernel kernel;
  kernel.state_bytes = sizeof(State);
  kernel.state_alignment = alignof(State);
  kernel.init = [](AggregateContext&, std::byte* state) { new (state) State(); };
  kernel.update = [](AggregateContext& context, std::span<const types::Vector* const> args, const Rows& rows,
                     std::byte* const* states) {
    return internal::UpdateStrict<State, Add, A...>(
        context, args, rows, [states](uint32_t row) { return states[row]; }, std::index_sequence_for<A...>());
  };
  kernel.update_one = [](AggregateContext& context, std::span<const types::Vector* const> args, const Rows& rows,
                         std::byte* state) {
    return internal::UpdateStrict<State, Add, A...>(
        context, args, rows, [state](uint32_t) { return state; }, std::index_sequence_for<A...>());
  };
  kernel.combine = [](AggregateContext& context, std::byte* into, std::byte* from) -> Status {
    return Merge(context, *reinterpret_cast<State*>(into), *reinterpret_cast<State*>(from));
  };
  kernel.finalize = [](AggregateContext& context, std::byte* const* states, size_t count,
                       types::Vector& result) -> Status {
    for (size_t i = 0; i < count; ++i) {
      Writer<R> writer(result, static_cast<uint32_t>(i));
      RETURN_IF_ERROR(Finish(context, *reinterpret_cast<State*>(states[i]), writer));
    }
    return Status::Ok();
  };
  if constexpr (!std::is_trivially_destructible_v<State>) {
    kernel.destroy = [](std::byte* state) { reinterpret_cast<State*>(state)->~State(); };
  }
  return kernel;
}

}  // namespace phantom::engine
