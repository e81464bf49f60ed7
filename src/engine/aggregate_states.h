// engine/aggregate_states.h
//
// All the calls of an aggregation and the layout of their states: the states of one group lie together in one block of memory, which
// the operator that keeps the groups allocates.
//
// Thread safety: none.
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "engine/aggregate_call.h"

namespace phantom::engine::internal {

class AggregateStates {
 public:
  // What the calls keep beside their states goes to the arena.
  Status Make(std::span<planner::AggregateCall* const> calls, Arena& arena, Runtime& runtime) {
    for (const planner::AggregateCall* call : calls) {
      ASSIGN_OR_RETURN(AggregateCall made, AggregateCall::Make(*call, arena, runtime));
      const size_t alignment = made.state_alignment();
      bytes_ = (bytes_ + alignment - 1) / alignment * alignment;
      offsets_.push_back(bytes_);
      bytes_ += made.state_bytes();
      alignment_ = std::max(alignment_, alignment);
      calls_.push_back(std::move(made));
    }
    return Status::Ok();
  }

  size_t size() const { return calls_.size(); }
  AggregateCall& operator[](size_t i) { return calls_[i]; }
  auto begin() { return calls_.begin(); }
  auto end() { return calls_.end(); }
  auto begin() const { return calls_.begin(); }
  auto end() const { return calls_.end(); }
  size_t offset(size_t i) const { return offsets_[i]; }  // of call i's state in a group's

  // A new group's states; `set` is the grouping set.
  std::byte* Add(Arena& arena, size_t set = 0) {
    auto* state = static_cast<std::byte*>(arena.Allocate(bytes_, alignment_));
    for (size_t i = 0; i < calls_.size(); ++i) calls_[i].Init(state + offsets_[i], set);
    return state;
  }
  void Destroy(std::byte* state) {
    for (size_t i = 0; i < calls_.size(); ++i) calls_[i].Destroy(state + offsets_[i]);
  }
  // When all states are destroyed.
  void Clear() {
    for (AggregateCall& call : calls_) call.Clear();
  }

 private:
  std::vector<AggregateCall> calls_;
  std::vector<size_t> offsets_;
  size_t bytes_ = 0, alignment_ = 1;
};

}  // namespace phantom::engine::internal
