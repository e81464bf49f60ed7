#include "engine/aggregate_call.h"

#include <algorithm>

#include "catalog/function.h"

namespace phantom::engine {

Status AggregateCall::Start(const catalog::FunctionRow& function, std::span<planner::Expr* const> args,
                            const planner::Expr* filter, const planner::Expr& call, bool variadic, Arena& arena,
                            Runtime& runtime) {
  const KernelEntry* entry = FindKernel(KernelKind::kAggregate, function.oid, function.source);
  if (entry == nullptr) {
    return Error(sqlstate::kFeatureNotSupported, "function " + std::string(function.name) + " is not supported")
        .At(call.location);
  }
  kernel_ = entry->aggregate;
  arg_types_ = std::make_unique<std::vector<types::Type>>();
  Oid collation = call.collation;
  for (const planner::Expr* arg : args) {
    arg_types_->push_back(arg->type);
    if (collation == 0) collation = arg->collation;
  }
  context_ = std::make_unique<AggregateContext>();
  context_->arena = &arena;
  KernelContext& site = context_->call;
  site.execution = &runtime.context;
  site.format = runtime.context.format;
  site.result_type = call.type;
  site.arg_types = *arg_types_;
  site.collation = collation;
  site.function = function.oid;
  site.function_name = function.name;
  site.variadic_array = variadic;
  ASSIGN_OR_RETURN(args_, CompileAll(args, runtime));
  ASSIGN_OR_RETURN(filter_, Predicate::Make(filter, runtime));
  values_.resize(args_.size());
  return Status::Ok();
}

Result<AggregateCall> AggregateCall::Make(const planner::AggregateCall& call, Arena& arena, Runtime& runtime) {
  AggregateCall made;
  std::vector<planner::Expr*> args = call.args;
  if (call.within_group) {
    for (const planner::SortKey& key : call.order_by) args.push_back(key.expr);
  }
  RETURN_IF_ERROR(made.Start(*call.function, args, call.filter, call, call.variadic, arena, runtime));
  if (call.distinct || !call.order_by.empty()) RETURN_IF_ERROR(made.Defer(call, runtime));
  return made;
}

Status AggregateCall::Defer(const planner::AggregateCall& call, Runtime& runtime) {
  deferred_ = std::make_unique<Deferred>();
  deferred_->distinct = call.distinct;
  std::vector<planner::SortKey> keys = call.order_by;
  if (call.distinct) {
    for (planner::Expr* arg : call.args) {
      planner::SortKey& key = keys.emplace_back();
      key.expr = arg;
    }
  }
  ASSIGN_OR_RETURN(deferred_->order, SortKeys::Make(keys, runtime));
  deferred_->values = RowBuffer(runtime, *arg_types_);
  deferred_->gathered.reserve(arg_types_->size());
  for (types::Type type : *arg_types_) deferred_->gathered.push_back(runtime.MakeVector(type));
  for (const types::Vector& vector : deferred_->gathered) deferred_->gathered_pointers.push_back(&vector);
  return Status::Ok();
}

void AggregateCall::Init(std::byte* state) {
  if (deferred_ != nullptr) {
    *reinterpret_cast<Kept**>(state) = new Kept();
  } else {
    kernel_->init(*context_, state);
  }
}

void AggregateCall::Destroy(std::byte* state) {
  if (deferred_ != nullptr) {
    delete *reinterpret_cast<Kept**>(state);
  } else if (kernel_->destroy != nullptr) {
    kernel_->destroy(state);
  }
}

Status AggregateCall::Prepare(const Batch& batch) {
  batch_ = batch;
  RETURN_IF_ERROR(filter_.Filter(batch_));
  for (size_t i = 0; i < args_.size(); ++i) RETURN_IF_ERROR(args_[i]->Evaluate(batch_, values_[i]));
  if (deferred_ != nullptr && !batch_.empty()) RETURN_IF_ERROR(deferred_->order.Encode(batch_));
  return Status::Ok();
}

void AggregateCall::Keep(size_t i, std::byte* state, uint64_t number) {
  Deferred& deferred = *deferred_;
  Kept* kept = *reinterpret_cast<Kept**>(state);
  kept->rows.push_back({deferred.keys.Copy(deferred.order.key(i)), number});
}

Status AggregateCall::Update(std::byte* const* state_of_row) {
  if (batch_.empty()) return Status::Ok();
  if (deferred_ == nullptr) return kernel_->update(*context_, values_, batch_.rows, state_of_row);
  const uint64_t first = deferred_->values.size();
  deferred_->values.Append({values_, batch_.rows});
  for (size_t i = 0; i < batch_.rows.count; ++i) Keep(i, state_of_row[batch_.rows[i]], first + i);
  return Status::Ok();
}

Status AggregateCall::UpdateOne(std::byte* state) {
  if (batch_.empty()) return Status::Ok();
  if (deferred_ != nullptr) {
    const uint64_t first = deferred_->values.size();
    deferred_->values.Append({values_, batch_.rows});
    for (size_t i = 0; i < batch_.rows.count; ++i) Keep(i, state, first + i);
    return Status::Ok();
  }
  if (kernel_->update_one != nullptr) return kernel_->update_one(*context_, values_, batch_.rows, state);
  std::vector<std::byte*> states(batch_.rows.end(), state);
  return kernel_->update(*context_, values_, batch_.rows, states.data());
}

// Gives a finished group's rows to the kernel, in order and without repetitions.
Status AggregateCall::Feed(Kept& kept, std::byte* state) {
  Deferred& deferred = *deferred_;
  std::sort(kept.rows.begin(), kept.rows.end(), [](const Kept::Row& a, const Kept::Row& b) {
    const int order = a.key.compare(b.key);
    return order != 0 ? order < 0 : a.number < b.number;
  });
  if (deferred.distinct) {
    kept.rows.erase(std::unique(kept.rows.begin(), kept.rows.end(),
                                [](const Kept::Row& a, const Kept::Row& b) { return a.key == b.key; }),
                    kept.rows.end());
  }
  std::vector<uint64_t> numbers;
  std::vector<std::byte*> states(types::kVectorSize, state);
  for (size_t begin = 0; begin < kept.rows.size(); begin += types::kVectorSize) {
    const size_t count = std::min<size_t>(types::kVectorSize, kept.rows.size() - begin);
    numbers.resize(count);
    for (size_t i = 0; i < count; ++i) numbers[i] = kept.rows[begin + i].number;
    for (size_t c = 0; c < deferred.gathered.size(); ++c) deferred.values.Gather(c, numbers, deferred.gathered[c]);
    RETURN_IF_ERROR(kernel_->update(*context_, deferred.gathered_pointers, {nullptr, count}, states.data()));
  }
  return Status::Ok();
}

Status AggregateCall::Finalize(std::byte* const* states, size_t count, types::Vector& result) {
  result.Reset();
  if (deferred_ == nullptr) return kernel_->finalize(*context_, states, count, result);
  std::vector<std::byte*> fed;
  Status status;
  for (size_t i = 0; i < count && status.ok(); ++i) {
    auto* state = static_cast<std::byte*>(context_->arena->Allocate(kernel_->state_bytes, kernel_->state_alignment));
    kernel_->init(*context_, state);
    fed.push_back(state);
    status = Feed(**reinterpret_cast<Kept* const*>(states[i]), state);
  }
  if (status.ok()) status = kernel_->finalize(*context_, fed.data(), count, result);
  if (kernel_->destroy != nullptr) {
    for (std::byte* state : fed) kernel_->destroy(state);
  }
  return status;
}

size_t AggregateCall::memory_bytes() const {
  return deferred_ == nullptr ? 0 : deferred_->values.memory_bytes() + deferred_->keys.allocated_bytes();
}

void AggregateCall::Clear() {
  if (deferred_ == nullptr) return;
  deferred_->values.Clear();
  deferred_->keys = Arena();
}

}  // namespace phantom::engine
