#include "engine/functions/tables.h"

namespace phantom::engine {

namespace {

// generate_series over an integer type; stops before it would overflow.
template <typename T>
class Series final : public SetGenerator {
 public:
  Series(T next, T stop, T step) : next_(next), stop_(stop), step_(step) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    T* values = out.column(0).data<T>();
    uint32_t count = 0;
    while (!done_ && count < types::kVectorSize && (step_ > 0 ? next_ <= stop_ : next_ >= stop_)) {
      values[count++] = next_;
      done_ = __builtin_add_overflow(next_, step_, &next_);
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  T next_;
  const T stop_;
  const T step_;
  bool done_ = false;
};

template <typename T>
Result<std::unique_ptr<SetGenerator>> Start(KernelContext&, std::span<const types::Vector* const> args, size_t row) {
  const uint32_t r = static_cast<uint32_t>(row);
  for (const types::Vector* arg : args) {
    if (arg->IsNull(r)) return std::unique_ptr<SetGenerator>();
  }
  const T step = args.size() > 2 ? args[2]->Get<T>(r) : T{1};
  if (step == 0) return Error(sqlstate::kInvalidParameterValue, "step size cannot equal zero");
  return std::unique_ptr<SetGenerator>(std::make_unique<Series<T>>(args[0]->Get<T>(r), args[1]->Get<T>(r), step));
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Set("generate_series_int4", Start<int32_t>),
    KernelEntry::Set("generate_series_step_int4", Start<int32_t>),
    KernelEntry::Set("generate_series_int8", Start<int64_t>),
    KernelEntry::Set("generate_series_step_int8", Start<int64_t>),
};

}  // namespace

std::span<const KernelEntry> GenerateSeriesKernels() { return kTable; }

}  // namespace phantom::engine
