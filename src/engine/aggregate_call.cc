#include "engine/aggregate_call.h"

#include <algorithm>

#include "catalog/function.h"
#include "common/bytes.h"
#include "engine/hypothetical_set.h"

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
  runtime_ = &runtime;
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
  if (IsHypotheticalSet(call)) {
    // Its kernel sees how each row stands to the hypothetical one.
    RETURN_IF_ERROR(made.Start(*call.function, {}, call.filter, call, call.variadic, arena, runtime));
    RETURN_IF_ERROR(AddHypotheticalArgs(call, runtime, *made.arg_types_, made.args_));
    made.values_.resize(made.args_.size());
    if (NeedsOrder(call)) RETURN_IF_ERROR(made.Defer(call, runtime));
    return made;
  }
  std::vector<planner::Expr*> args = call.args;
  if (call.within_group) {
    for (const planner::SortKey& key : call.order_by) args.push_back(key.expr);
  }
  RETURN_IF_ERROR(made.Start(*call.function, args, call.filter, call, call.variadic, arena, runtime));
  if (call.distinct || !call.order_by.empty()) {
    made.has_number_ = true;
    made.holds_state_ = false;
    made.offset_ = sizeof(uint64_t);
    RETURN_IF_ERROR(made.Defer(call, runtime));
  } else if (made.kernel_->collects) {
    made.has_number_ = true;
    made.offset_ = std::max(sizeof(uint64_t), made.kernel_->state_alignment);
  }
  return made;
}

Status AggregateCall::Defer(const planner::AggregateCall& call, Runtime& runtime) {
  std::vector<types::Type> row_types{types::Type{types::kByteaOid}};
  row_types.insert(row_types.end(), arg_types_->begin(), arg_types_->end());
  deferred_ = std::make_unique<Deferred>(runtime, std::move(row_types));
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
  context_->arena = &deferred_->fed;
  return Status::Ok();
}

Status AggregateCall::KeepFromNow() {
  if (!kernel_->collects || deferred_ != nullptr) return Status::Ok();
  std::vector<types::Type> row_types{types::Type{types::kByteaOid}};
  row_types.insert(row_types.end(), arg_types_->begin(), arg_types_->end());
  deferred_ = std::make_unique<Deferred>(*runtime_, std::move(row_types));
  deferred_->values = RowBuffer(*runtime_, *arg_types_);
  return Status::Ok();
}

AggregateCall::Deferred::Deferred(Runtime& given, std::vector<types::Type> row_types)
    : runtime(given), runs(given, row_types), out(given, row_types) {}

void AggregateCall::Init(std::byte* state, size_t set) {
  if (has_number_) *reinterpret_cast<uint64_t*>(state) = uint64_t{set} << 48 | groups_++;
  if (holds_state_) kernel_->init(*context_, KernelState(state));
}

void AggregateCall::Destroy(std::byte* state) {
  if (holds_state_ && kernel_->destroy != nullptr) kernel_->destroy(KernelState(state));
}

Status AggregateCall::Prepare(const Batch& batch) {
  batch_ = batch;
  RETURN_IF_ERROR(filter_.Filter(batch_));
  for (size_t i = 0; i < args_.size(); ++i) RETURN_IF_ERROR(args_[i]->Evaluate(batch_, values_[i]));
  if (batch_.empty()) return Status::Ok();
  if (deferred_ != nullptr && !deferred_->order.empty()) RETURN_IF_ERROR(deferred_->order.Encode(batch_));
  return Status::Ok();
}

// Counts what a collecting kernel is about to hold of the batch's rows.
void AggregateCall::NoteTaken() {
  if (!kernel_->collects) return;
  constexpr size_t kRowBytes = 16;
  size_t bytes = batch_.rows.count * kRowBytes;
  for (const types::Vector* value : values_) {
    if (value->layout() != types::Layout::kString) continue;
    for (size_t i = 0; i < batch_.rows.count; ++i) {
      const auto row = static_cast<uint32_t>(batch_.rows[i]);
      if (!value->IsNull(row)) bytes += value->Get<types::StringRef>(row).size();
    }
  }
  taken_bytes_ += bytes;
  if (deferred_ == nullptr) collected_bytes_ += bytes + bytes / 2;  // buffers grow ahead
}

void AggregateCall::Keep(size_t i, const std::byte* state, uint64_t number) {
  Deferred& deferred = *deferred_;
  const std::string_view key = deferred.order.empty() ? std::string_view() : deferred.keys.Copy(deferred.order.key(i));
  deferred.rows.push_back({Number(state), key, number});
}

Status AggregateCall::Update(std::byte* const* state_of_row) {
  if (batch_.empty()) return Status::Ok();
  NoteTaken();
  if (deferred_ == nullptr) {
    if (offset_ == 0) return kernel_->update(*context_, values_, batch_.rows, state_of_row);
    kernel_states_.resize(types::kVectorSize);
    for (size_t i = 0; i < batch_.rows.count; ++i) {
      kernel_states_[batch_.rows[i]] = KernelState(state_of_row[batch_.rows[i]]);
    }
    return kernel_->update(*context_, values_, batch_.rows, kernel_states_.data());
  }
  const uint64_t first = deferred_->values.size();
  deferred_->values.Append({values_, batch_.rows});
  for (size_t i = 0; i < batch_.rows.count; ++i) Keep(i, state_of_row[batch_.rows[i]], first + i);
  return Status::Ok();
}

Status AggregateCall::UpdateOne(std::byte* state) {
  if (batch_.empty()) return Status::Ok();
  NoteTaken();
  if (deferred_ != nullptr) {
    const uint64_t first = deferred_->values.size();
    deferred_->values.Append({values_, batch_.rows});
    for (size_t i = 0; i < batch_.rows.count; ++i) Keep(i, state, first + i);
    return Status::Ok();
  }
  if (kernel_->update_one != nullptr) {
    return kernel_->update_one(*context_, values_, batch_.rows, KernelState(state));
  }
  kernel_states_.assign(types::kVectorSize, KernelState(state));
  return kernel_->update(*context_, values_, batch_.rows, kernel_states_.data());
}

// By group and key; without repetitions for DISTINCT.
void AggregateCall::SortKept() {
  std::vector<KeptRow>& rows = deferred_->rows;
  if (groups_ <= 1 && deferred_->order.empty()) return;
  std::sort(rows.begin(), rows.end(), [](const KeptRow& a, const KeptRow& b) {
    if (a.group != b.group) return a.group < b.group;
    const int order = a.key.compare(b.key);
    return order != 0 ? order < 0 : a.number < b.number;
  });
  if (!deferred_->distinct) return;
  rows.erase(std::unique(rows.begin(), rows.end(),
                         [](const KeptRow& a, const KeptRow& b) { return a.group == b.group && a.key == b.key; }),
             rows.end());
}

Result<uint64_t> AggregateCall::Spill() {
  if (deferred_ == nullptr || deferred_->rows.empty()) return uint64_t{0};
  Deferred& deferred = *deferred_;
  SortKept();
  ASSIGN_OR_RETURN(SpillFile * run, deferred.runs.AddRun());
  std::string key;
  for (size_t begin = 0; begin < deferred.rows.size(); begin += deferred.runtime.batch_rows_max) {
    const size_t count = std::min<size_t>(deferred.runtime.batch_rows_max, deferred.rows.size() - begin);
    deferred.out.Reset();
    deferred.numbers.resize(count);
    for (size_t i = 0; i < count; ++i) {
      const KeptRow& row = deferred.rows[begin + i];
      key.resize(8);
      StoreBE<uint64_t>(key.data(), row.group);
      key.append(row.key);
      deferred.out[0].SetString(static_cast<uint32_t>(i), key);
      deferred.numbers[i] = row.number;
    }
    for (size_t c = 1; c < deferred.out.size(); ++c) deferred.values.Gather(c - 1, deferred.numbers, deferred.out[c]);
    RETURN_IF_ERROR(run->Write(deferred.out.batch(count)));
  }
  deferred.values.Clear();
  deferred.keys = Arena();
  deferred.rows = {};
  return run->bytes();
}

// All rows were taken in: makes them ready to be fed.
Status AggregateCall::FinishKept() {
  Deferred& deferred = *deferred_;
  if (deferred.sorted) return Status::Ok();
  deferred.sorted = true;
  deferred.states.resize(types::kVectorSize);
  if (deferred.runs.empty()) {
    SortKept();
    return Status::Ok();
  }
  RETURN_IF_ERROR(Spill().status());
  uint64_t merged_bytes = 0;
  return deferred.runs.StartMerge(merged_bytes);
}

// Gives a finished group's rows to the kernel, in order and without repetitions.
Status AggregateCall::Feed(uint64_t group, std::byte* state) {
  Deferred& deferred = *deferred_;
  std::fill(deferred.states.begin(), deferred.states.end(), state);
  if (!deferred.runs.empty()) return FeedFromRuns(group);
  while (true) {
    deferred.numbers.clear();
    while (deferred.next < deferred.rows.size() && deferred.rows[deferred.next].group == group &&
           deferred.numbers.size() < deferred.runtime.batch_rows_max) {
      deferred.numbers.push_back(deferred.rows[deferred.next++].number);
    }
    if (deferred.numbers.empty()) return Status::Ok();
    for (size_t c = 1; c < deferred.out.size(); ++c) deferred.values.Gather(c - 1, deferred.numbers, deferred.out[c]);
    RETURN_IF_ERROR(kernel_->update(*context_, deferred.out.pointers().subspan(1), {nullptr, deferred.numbers.size()},
                                    deferred.states.data()));
  }
}

Status AggregateCall::FeedFromRuns(uint64_t group) {
  Deferred& deferred = *deferred_;
  while (true) {
    if (deferred.out_next == deferred.out_count) {
      RETURN_IF_ERROR(deferred.runtime.context.CheckCancelled());
      RETURN_IF_ERROR(deferred.runs.Merge(deferred.out, deferred.out_count));
      deferred.out_next = 0;
      if (deferred.out_count == 0) return Status::Ok();
    }
    size_t count = 0;
    bool ended = false;
    for (; deferred.out_next < deferred.out_count; ++deferred.out_next) {
      const std::string_view key = deferred.out[0].Get<types::StringRef>(deferred.out_next).view();
      ended = LoadBE<uint64_t>(key.data()) != group;
      if (ended) break;
      if (deferred.distinct) {
        if (key == deferred.last_key) continue;  // met in another run
        deferred.last_key = key;
      }
      deferred.list.data()[count++] = static_cast<types::SelIndex>(deferred.out_next);
    }
    if (count > 0) {
      RETURN_IF_ERROR(kernel_->update(*context_, deferred.out.pointers().subspan(1), deferred.list.rows(count),
                                      deferred.states.data()));
    }
    if (ended) return Status::Ok();
  }
}

Status AggregateCall::Finalize(std::byte* const* states, size_t count, types::Vector& result) {
  result.Reset();
  if (deferred_ == nullptr) {
    if (offset_ == 0) return kernel_->finalize(*context_, states, count, result);
    kernel_states_.resize(types::kVectorSize);
    for (size_t i = 0; i < count; ++i) kernel_states_[i] = KernelState(states[i]);
    return kernel_->finalize(*context_, kernel_states_.data(), count, result);
  }
  RETURN_IF_ERROR(FinishKept());
  if (kernel_->collects) return FinalizeFed(states, count, result);
  deferred_->fed = Arena();
  std::vector<std::byte*> fed;
  Status status;
  for (size_t i = 0; i < count && status.ok(); ++i) {
    auto* state = static_cast<std::byte*>(deferred_->fed.Allocate(kernel_->state_bytes, kernel_->state_alignment));
    kernel_->init(*context_, state);
    fed.push_back(state);
    status = Feed(Number(states[i]), state);
  }
  if (status.ok()) status = kernel_->finalize(*context_, fed.data(), count, result);
  if (kernel_->destroy != nullptr) {
    for (std::byte* state : fed) kernel_->destroy(state);
  }
  return status;
}

// One group after the other, because each may be large.
Status AggregateCall::FinalizeFed(std::byte* const* states, size_t count, types::Vector& result) {
  if (!holds_state_) deferred_->fed = Arena();
  types::Vector one(result.type(), result.layout(), 1);
  for (size_t i = 0; i < count; ++i) {
    std::byte* state = KernelState(states[i]);
    if (!holds_state_) {
      state = static_cast<std::byte*>(deferred_->fed.Allocate(kernel_->state_bytes, kernel_->state_alignment));
      kernel_->init(*context_, state);
    }
    Status status = Feed(Number(states[i]), state);
    one.Reset();
    if (status.ok()) status = kernel_->finalize(*context_, &state, 1, one);
    if (status.ok()) CopyValue(one, 0, result, static_cast<uint32_t>(i));
    if (kernel_->destroy != nullptr) kernel_->destroy(state);
    if (holds_state_) kernel_->init(*context_, state);  // it is destroyed with the others
    RETURN_IF_ERROR(std::move(status));
  }
  return Status::Ok();
}

size_t AggregateCall::kept_bytes() const {
  return deferred_ == nullptr ? 0
                              : deferred_->values.memory_bytes() + deferred_->keys.allocated_bytes() +
                                    deferred_->rows.capacity() * sizeof(KeptRow);
}

void AggregateCall::Clear() {
  groups_ = taken_bytes_ = 0;
  collected_bytes_ = 0;
  if (deferred_ == nullptr) return;
  if (holds_state_) {
    deferred_.reset();
    return;
  }
  Deferred& deferred = *deferred_;
  deferred.fed = Arena();
  deferred.values.Clear();
  deferred.keys = Arena();
  deferred.rows = {};
  deferred.runs.Clear();
  deferred.last_key.clear();
  deferred.next = 0;
  deferred.out_count = deferred.out_next = 0;
  deferred.sorted = false;
}

}  // namespace phantom::engine
