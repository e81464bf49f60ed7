// GROUP BY over rows that come ordered by the groups: a group is given out as soon as the next one begins. Memory is that
// of the groups of a few batches; calls do without DISTINCT and ORDER BY, which would keep rows to the end.
#include <algorithm>

#include "engine/aggregate_states.h"
#include "engine/memory_broker.h"
#include "engine/operator_internal.h"
#include "engine/row_keys.h"

namespace phantom::engine::internal {

namespace {

// What finished groups may hold before the memory is used anew.
constexpr size_t kHeldBytesMax = 256 * 1024;
constexpr size_t kHeldGroupsMax = 4 * types::kVectorSize;

std::vector<types::Type> TypesOf(std::span<planner::Expr* const> exprs) {
  std::vector<types::Type> types;
  for (const planner::Expr* expr : exprs) types.push_back(expr->type);
  return types;
}

class GroupAggregateOperator final : public Operator {
 public:
  GroupAggregateOperator(const planner::PhysicalAggregate& node, OperatorPtr child, Runtime& runtime)
      : Operator(runtime),
        node_(node),
        child_(std::move(child)),
        keys_(runtime, TypesOf(node.groups), true),
        values_(runtime, TypesOf(node.groups)),
        out_(runtime, node.types),
        memory_(runtime.context.memory),
        state_of_row_(types::kVectorSize),
        shifted_(types::kVectorSize) {}
  ~GroupAggregateOperator() override { Clear(); }

  Status Make() {
    RETURN_IF_ERROR(RowKeys::CheckHashable(runtime_, TypesOf(node_.groups)));
    ASSIGN_OR_RETURN(groups_, CompileAll(node_.groups, runtime_));
    group_values_.resize(groups_.size());
    RETURN_IF_ERROR(calls_.Make(node_.aggregates, arena_, runtime_));
    return Status::Ok();
  }

  Status Open() override {
    Clear();
    in_ = {};
    at_ = 0;
    ended_ = false;
    return child_->Open();
  }

  Status Next(Batch& out) override {
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      // The last group may go on.
      const size_t complete = states_.size() - (states_.empty() || closed_ ? 0 : 1);
      if (given_ < complete) return Emit(std::min<size_t>(types::kVectorSize, complete - given_), out);
      if (closed_) Clear();
      if (at_ == in_.rows.count) {
        if (!ended_) RETURN_IF_ERROR(Pull());
        if (ended_) {
          closed_ = !states_.empty();
          if (closed_) continue;
          out = {};
          return Status::Ok();
        }
      }
      RETURN_IF_ERROR(Take());
    }
  }

  Status Finish() override { return child_->Finish(); }

 private:
  void Clear() {
    for (std::byte* state : states_) calls_.Destroy(state);
    calls_.Clear();
    states_.clear();
    values_.Clear();
    arena_ = Arena();
    memory_.Reset();
    given_ = 0;
    closed_ = false;
  }

  Status Pull() {
    RETURN_IF_ERROR(child_->Next(in_));
    at_ = 0;
    ended_ = in_.empty();
    if (ended_) return Status::Ok();
    for (size_t g = 0; g < groups_.size(); ++g) RETURN_IF_ERROR(groups_[g]->Evaluate(in_, group_values_[g]));
    keys_.Encode(group_values_, in_.rows);
    return Status::Ok();
  }

  // Takes in the rest of the batch, or, when much is held already, the rest of the group that has begun.
  Status Take() {
    const bool full = states_.size() >= kHeldGroupsMax || held_bytes() > kHeldBytesMax;
    const size_t begin = at_;
    size_t fresh = 0;
    for (; at_ < in_.rows.count; ++at_) {
      const types::SelIndex row = static_cast<types::SelIndex>(in_.rows[at_]);
      const std::string_view key = keys_.key(at_);
      if (states_.empty() || key != last_key_) {
        if (full && !states_.empty()) {
          closed_ = true;
          break;
        }
        last_key_.assign(key);
        states_.push_back(calls_.Add(arena_));
        fresh_.data()[fresh++] = row;
      }
      state_of_row_[row] = states_.back();
      taken_.data()[at_ - begin] = row;
    }
    if (at_ == begin) return Status::Ok();
    if (fresh > 0) values_.Append({group_values_, fresh_.rows(fresh)});
    const Batch batch{in_.columns, begin == 0 && at_ == in_.rows.count ? in_.rows : taken_.rows(at_ - begin)};
    for (size_t a = 0; a < calls_.size(); ++a) {
      RETURN_IF_ERROR(calls_[a].Prepare(batch));
      for (size_t i = 0; i < batch.rows.count; ++i) {
        const size_t row = batch.rows[i];
        shifted_[row] = state_of_row_[row] + calls_.offset(a);
      }
      RETURN_IF_ERROR(calls_[a].Update(shifted_.data()));
    }
    if (!memory_.Resize(held_bytes())) memory_.Force(held_bytes());
    return Status::Ok();
  }

  size_t held_bytes() const {
    size_t bytes = arena_.allocated_bytes() + values_.memory_bytes();
    for (const AggregateCall& call : calls_) bytes += call.collected_bytes();
    return bytes;
  }

  Status Emit(size_t count, Batch& out) {
    out_.Reset();
    numbers_.resize(count);
    for (size_t i = 0; i < count; ++i) numbers_[i] = given_ + i;
    for (size_t g = 0; g < groups_.size(); ++g) values_.Gather(g, numbers_, out_[g]);
    for (size_t a = 0; a < calls_.size(); ++a) {
      for (size_t i = 0; i < count; ++i) shifted_[i] = states_[given_ + i] + calls_.offset(a);
      RETURN_IF_ERROR(calls_[a].Finalize(shifted_.data(), count, out_[groups_.size() + a]));
    }
    given_ += count;
    out = out_.batch(count);
    return Status::Ok();
  }

  const planner::PhysicalAggregate& node_;
  OperatorPtr child_;
  RowKeys keys_;
  RowBuffer values_;  // of each group held: its first row's
  OutputColumns out_;
  MemoryReservation memory_;
  Arena arena_;
  std::vector<EvaluatorPtr> groups_;
  std::vector<const types::Vector*> group_values_;
  AggregateStates calls_;
  std::vector<std::byte*> states_;  // of the groups held, in order
  std::vector<std::byte*> state_of_row_, shifted_;
  std::vector<uint64_t> numbers_;
  std::string last_key_;
  RowList fresh_, taken_;
  Batch in_;
  size_t at_ = 0;        // rows of the batch taken in
  size_t given_ = 0;     // groups held that were given out
  bool closed_ = false;  // the last group held is complete
  bool ended_ = false;
};

}  // namespace

Result<OperatorPtr> MakeGroupAggregate(const planner::PhysicalAggregate& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  auto aggregate = std::make_unique<GroupAggregateOperator>(node, std::move(child), runtime);
  RETURN_IF_ERROR(aggregate->Make());
  return OperatorPtr(std::move(aggregate));
}

}  // namespace phantom::engine::internal
