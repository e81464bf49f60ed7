// min and max of every ordered type but enums; logical and bitwise aggregates.
#include <cstring>

#include "engine/aggregate_adapters.h"
#include "engine/functions/tables.h"
#include "types/slot_functions.h"
#include "types/numeric.h"
#include "types/string_ref.h"

namespace phantom::engine {

namespace {

// ---- min, max -----------------------------------------------------------------------------------

// The best value so far, in its 16-byte slot. Strings are copied into a buffer of the state that grows by doubling, so
// that a million improvements do not keep a million strings.
struct Extreme {
  alignas(8) std::byte slot[16];
  char* buffer = nullptr;
  size_t capacity = 0;
  bool any = false;

  void Keep(const std::byte* value, types::Layout layout, Arena& arena) {
    std::memcpy(slot, value, types::SizeOf(layout));
    any = true;
    if (layout == types::Layout::kNumeric) {
      types::Numeric number;
      std::memcpy(&number, value, sizeof number);
      if (number.is_big()) {
        const Bytes big = number.big_bytes();
        number = types::Numeric::FromBig({Store(AsText(big), arena), big.size()});
        std::memcpy(slot, &number, sizeof number);
      }
    } else if (layout == types::Layout::kString) {
      types::StringRef text;
      std::memcpy(&text, value, sizeof text);
      if (!text.is_inline()) {
        const std::string_view view = text.view();
        text = types::StringRef(std::string_view(reinterpret_cast<const char*>(Store(view, arena)), view.size()));
        std::memcpy(slot, &text, sizeof text);
      }
    }
  }

 private:
  const std::byte* Store(std::string_view bytes, Arena& arena) {
    if (bytes.size() > capacity) {
      capacity = std::max(bytes.size(), capacity * 2);
      buffer = static_cast<char*>(arena.Allocate(capacity, 8));
    }
    std::memmove(buffer, bytes.data(), bytes.size());
    return reinterpret_cast<const std::byte*>(buffer);
  }
};

template <int kSign, typename StateOf>
Status Update(AggregateContext& context, const types::Vector& values, const Rows& rows, const StateOf& state_of) {
  const types::CompareFn compare = types::CompareFunctionFor(context.call.arg_types[0].oid, values.layout());
  for (size_t i = 0; i < rows.count; ++i) {
    const uint32_t row = rows[i];
    if (values.IsNull(row)) continue;
    Extreme& state = *reinterpret_cast<Extreme*>(state_of(row));
    const std::byte* value = values.row_slot(row);
    if (!state.any || kSign * compare(value, state.slot) > 0) state.Keep(value, values.layout(), *context.arena);
  }
  return Status::Ok();
}

template <int kSign>
constexpr AggregateKernel MakeExtreme() {
  AggregateKernel kernel;
  kernel.state_bytes = sizeof(Extreme);
  kernel.state_alignment = alignof(Extreme);
  kernel.init = [](AggregateContext&, std::byte* state) { new (state) Extreme(); };
  kernel.update = [](AggregateContext& context, std::span<const types::Vector* const> args, const Rows& rows,
                     std::byte* const* states) {
    return Update<kSign>(context, *args[0], rows, [states](uint32_t row) { return states[row]; });
  };
  kernel.update_one = [](AggregateContext& context, std::span<const types::Vector* const> args, const Rows& rows,
                         std::byte* state) {
    return Update<kSign>(context, *args[0], rows, [state](uint32_t) { return state; });
  };
  kernel.combine = [](AggregateContext& context, std::byte* into, std::byte* from) -> Status {
    const Oid type = context.call.arg_types[0].oid;
    const types::Layout layout = types::LayoutOf(type);
    const types::CompareFn compare =
        types::CompareFunction(type) != nullptr ? types::CompareFunction(type) : types::CompareFunctionOf(layout);
    Extreme& a = *reinterpret_cast<Extreme*>(into);
    const Extreme& b = *reinterpret_cast<Extreme*>(from);
    if (b.any && (!a.any || kSign * compare(b.slot, a.slot) > 0)) a.Keep(b.slot, layout, *context.arena);
    return Status::Ok();
  };
  kernel.finalize = [](AggregateContext&, std::byte* const* states, size_t count, types::Vector& result) -> Status {
    for (size_t i = 0; i < count; ++i) {
      const Extreme& state = *reinterpret_cast<const Extreme*>(states[i]);
      const uint32_t row = static_cast<uint32_t>(i);
      if (!state.any) {
        result.SetNull(row);
        continue;
      }
      std::memcpy(result.slot(row), state.slot, types::SizeOf(result.layout()));
      if (result.layout() == types::Layout::kString) {
        result.data<types::StringRef>()[row] = result.heap().Add(result.data<types::StringRef>()[row]);
      } else if (result.layout() == types::Layout::kNumeric) {
        result.data<types::Numeric>()[row] = result.heap().Add(result.data<types::Numeric>()[row]);
      }
    }
    return Status::Ok();
  };
  return kernel;
}

constexpr AggregateKernel kMax = MakeExtreme<1>();
constexpr AggregateKernel kMin = MakeExtreme<-1>();

// ---- Folding ------------------------------------------------------------------------------------

template <typename T>
struct Fold {
  T value{};
  bool any = false;
};
template <typename T, auto Combine>
Status AddFold(AggregateContext&, Fold<T>& state, T value) {
  state.value = state.any ? Combine(state.value, value) : value;
  state.any = true;
  return Status::Ok();
}
template <typename T, auto Combine>
Status MergeFold(AggregateContext& context, Fold<T>& into, Fold<T>& from) {
  return from.any ? AddFold<T, Combine>(context, into, from.value) : Status::Ok();
}
template <typename T>
Status FinishFold(AggregateContext&, Fold<T>& state, Writer<T>& out) {
  state.any ? out.Set(state.value) : out.SetNull();
  return Status::Ok();
}
template <typename T, auto Combine>
constexpr AggregateKernel kFold = StrictAggregate<Fold<T>, AddFold<T, Combine>, MergeFold<T, Combine>, FinishFold<T>, T, T>();

template <typename T>
T And(T a, T b) {
  return static_cast<T>(a & b);
}
template <typename T>
T Or(T a, T b) {
  return static_cast<T>(a | b);
}
template <typename T>
T Xor(T a, T b) {
  return static_cast<T>(a ^ b);
}

#define EXTREME(first_max, first_min) \
  KernelEntry::Aggregate(first_max, &kMax), KernelEntry::Aggregate(first_min, &kMin)

constexpr KernelEntry kTable[] = {
    EXTREME(2050, 2051), EXTREME(2115, 2131), EXTREME(2116, 2132), EXTREME(2117, 2133), EXTREME(2118, 2134),
    EXTREME(2119, 2135), EXTREME(2120, 2136), EXTREME(2122, 2138), EXTREME(2123, 2139), EXTREME(2124, 2140),
    EXTREME(2125, 2141), EXTREME(2126, 2142), EXTREME(2127, 2143), EXTREME(2128, 2144), EXTREME(2129, 2145),
    EXTREME(2130, 2146), EXTREME(2244, 2245), EXTREME(2797, 2798), EXTREME(4189, 4190),
    EXTREME(5099, 5100),
    KernelEntry::Aggregate(2517, &kFold<bool, And<bool>>),
    KernelEntry::Aggregate(2518, &kFold<bool, Or<bool>>),
    KernelEntry::Aggregate(2519, &kFold<bool, And<bool>>),
    KernelEntry::Aggregate(2236, &kFold<int16_t, And<int16_t>>),
    KernelEntry::Aggregate(2238, &kFold<int32_t, And<int32_t>>),
    KernelEntry::Aggregate(2240, &kFold<int64_t, And<int64_t>>),
    KernelEntry::Aggregate(2237, &kFold<int16_t, Or<int16_t>>),
    KernelEntry::Aggregate(2239, &kFold<int32_t, Or<int32_t>>),
    KernelEntry::Aggregate(2241, &kFold<int64_t, Or<int64_t>>),
    KernelEntry::Aggregate(6164, &kFold<int16_t, Xor<int16_t>>),
    KernelEntry::Aggregate(6165, &kFold<int32_t, Xor<int32_t>>),
    KernelEntry::Aggregate(6166, &kFold<int64_t, Xor<int64_t>>),
};

}  // namespace

std::span<const KernelEntry> AggregateOrderKernels() { return kTable; }

}  // namespace phantom::engine
