// engine/kernel_adapters.h
//
// Scalar kernels from functions over single values. Write
//
//   constexpr ScalarKernel kInt4Mod = Strict<[](KernelContext&, int32_t a, int32_t b, int32_t& out) -> Status {...},
//                                            int32_t, int32_t, int32_t>;     result type first, then the arguments'
//
// A strict kernel's function F has one of these shapes (R and A are slot types: bool, int16_t, int32_t, int64_t, float,
// double, types::Interval, types::Uuid, types::TimeTz, types::Numeric, types::StringRef):
//
//   R F(A...)                                            cannot fail
//   Status F(KernelContext&, A..., R& out)
//   Status F(KernelContext&, A..., R& out, bool& null)   may answer NULL (null starts as false)
//   Status F(KernelContext&, A..., Writer<R>& out)       needs the result's heap (text, big numerics)
//
// NULL arguments give NULL and F is not called. Nullable<F, R, A...> is for functions that are not strict: F gets
// pointers, null for NULL: Status F(KernelContext&, const A*..., Writer<R>& out).
// Functions of any number of arguments of any type read args by hand (see kernel.h).
#pragma once
#include <type_traits>
#include <utility>

#include "engine/kernel.h"

namespace phantom::engine {

// The result's slot for one row.
template <typename R>
class Writer {
 public:
  Writer(types::Vector& vector, uint32_t row) : vector_(&vector), row_(row) {}
  void Set(const R& value) { vector_->template data<R>()[row_] = value; }
  void SetNull() { vector_->SetNull(row_); }
  // Text only: copies it.
  void SetText(std::string_view text) { vector_->SetString(row_, text); }
  Arena& arena() { return vector_->heap().arena(); }
  types::StringHeap& heap() { return vector_->heap(); }
  types::Vector& vector() { return *vector_; }
  uint32_t row() const { return row_; }

 private:
  types::Vector* vector_;
  uint32_t row_;
};

namespace internal {

template <typename F, typename R, typename... A>
concept PlainFunction = std::is_invocable_r_v<R, F, const A&...> && !std::is_invocable_v<F, KernelContext&, const A&..., R&>;
template <typename F, typename R, typename... A>
concept NullingFunction = std::is_invocable_r_v<Status, F, KernelContext&, const A&..., R&, bool&>;
template <typename F, typename R, typename... A>
concept WritingFunction = std::is_invocable_r_v<Status, F, KernelContext&, const A&..., Writer<R>&>;

template <auto F, typename R, typename... A>
[[gnu::always_inline]] inline Status CallStrict(KernelContext& context, types::Vector& result, uint32_t row, const A&... values) {
  using Function = decltype(F);
  if constexpr (WritingFunction<Function, R, A...>) {
    Writer<R> writer(result, row);
    return F(context, values..., writer);
  } else if constexpr (NullingFunction<Function, R, A...>) {
    bool null = false;
    RETURN_IF_ERROR(F(context, values..., result.data<R>()[row], null));
    if (null) result.SetNull(row);
    return Status::Ok();
  } else if constexpr (PlainFunction<Function, R, A...>) {
    result.data<R>()[row] = F(values...);
    return Status::Ok();
  } else {
    return F(context, values..., result.data<R>()[row]);
  }
}

template <auto F, typename R, typename... A, size_t... I>
Status RunStrict(KernelContext& context, [[maybe_unused]] std::span<const types::Vector* const> args, const Rows& rows,
                 types::Vector& result, std::index_sequence<I...>) {
  const types::UnifiedView views[sizeof...(A) + 1] = {args[I]->View()...};
  if (((views[I].validity == nullptr) && ...)) {
    if constexpr (PlainFunction<decltype(F), R, A...>) {
      if (rows.index == nullptr && ((views[I].selection == nullptr) && ...)) {
        R* out = result.data<R>();
        for (size_t row = 0; row < rows.count; ++row) out[row] = F(views[I].template slot<A>(row)...);
        return Status::Ok();
      }
    }
    for (size_t i = 0; i < rows.count; ++i) {
      const uint32_t row = rows[i];
      RETURN_IF_ERROR((CallStrict<F, R, A...>(context, result, row, views[I].template Get<A>(row)...)));
    }
    return Status::Ok();
  }
  for (size_t i = 0; i < rows.count; ++i) {
    const uint32_t row = rows[i];
    if ((views[I].valid(row) && ...)) {
      RETURN_IF_ERROR((CallStrict<F, R, A...>(context, result, row, views[I].template Get<A>(row)...)));
    } else {
      result.SetNull(row);
    }
  }
  return Status::Ok();
}

template <auto F, typename R, typename... A, size_t... I>
Status RunNullable(KernelContext& context, [[maybe_unused]] std::span<const types::Vector* const> args, const Rows& rows,
                   types::Vector& result, std::index_sequence<I...>) {
  const types::UnifiedView views[sizeof...(A) + 1] = {args[I]->View()...};
  for (size_t i = 0; i < rows.count; ++i) {
    const uint32_t row = rows[i];
    Writer<R> writer(result, row);
    RETURN_IF_ERROR(F(context, (views[I].valid(row) ? &views[I].template Get<A>(row) : nullptr)..., writer));
  }
  return Status::Ok();
}

}  // namespace internal

// The kernel of a strict function.
template <auto F, typename R, typename... A>
Status Strict(KernelContext& context, std::span<const types::Vector* const> args, const Rows& rows,
              types::Vector& result) {
  return internal::RunStrict<F, R, A...>(context, args, rows, result, std::index_sequence_for<A...>());
}

// The kernel of a function that wants to see its NULLs.
template <auto F, typename R, typename... A>
Status Nullable(KernelContext& context, std::span<const types::Vector* const> args, const Rows& rows,
                types::Vector& result) {
  return internal::RunNullable<F, R, A...>(context, args, rows, result, std::index_sequence_for<A...>());
}

}  // namespace phantom::engine
