#include "engine/aggregate_adapters.h"
#include "engine/functions/tables.h"

namespace phantom::engine {

namespace {

struct Count {
  int64_t rows = 0;
};

Status Merge(AggregateContext&, Count& into, Count& from) {
  into.rows += from.rows;
  return Status::Ok();
}
Status Finish(AggregateContext&, Count& state, Writer<int64_t>& out) {
  out.Set(state.rows);
  return Status::Ok();
}

// count(*) has no argument; count(x) counts what is not NULL, whatever its type.
Status Update(AggregateContext&, std::span<const types::Vector* const> args, const Rows& rows,
              std::byte* const* states) {
  for (size_t i = 0; i < rows.count; ++i) {
    const uint32_t row = rows[i];
    if (args.empty() || !args[0]->IsNull(row)) ++reinterpret_cast<Count*>(states[row])->rows;
  }
  return Status::Ok();
}
Status UpdateOne(AggregateContext&, std::span<const types::Vector* const> args, const Rows& rows, std::byte* state) {
  int64_t& total = reinterpret_cast<Count*>(state)->rows;
  if (args.empty() || args[0]->all_valid()) {
    total += static_cast<int64_t>(rows.count);
    return Status::Ok();
  }
  for (size_t i = 0; i < rows.count; ++i) total += !args[0]->IsNull(rows[i]);
  return Status::Ok();
}

Status Remove(AggregateContext& context, std::span<const types::Vector* const> args, const Rows& rows, std::byte* state) {
  Count gone;
  RETURN_IF_ERROR(UpdateOne(context, args, rows, reinterpret_cast<std::byte*>(&gone)));
  reinterpret_cast<Count*>(state)->rows -= gone.rows;
  return Status::Ok();
}

constexpr AggregateKernel MakeCount() {
  AggregateKernel kernel = StrictAggregate<Count, [](AggregateContext&, Count&) { return Status::Ok(); }, Merge, Finish,
                                           int64_t>();
  kernel.update = Update;
  kernel.update_one = UpdateOne;
  kernel.remove = Remove;
  return kernel;
}
constexpr AggregateKernel kCount = MakeCount();

constexpr Oid kCountAny = 2147, kCountStar = 2803;
constexpr KernelEntry kTable[] = {
    KernelEntry::Aggregate(kCountAny, &kCount),
    KernelEntry::Aggregate(kCountStar, &kCount),
};

}  // namespace

std::span<const KernelEntry> CountKernels() { return kTable; }

}  // namespace phantom::engine
