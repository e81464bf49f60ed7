// GROUP BY, grouping sets and plain aggregates, by hashing. When the groups outgrow their memory, rows of groups that are
// not yet known are put away by hash, for each grouping set by itself, and aggregated in later rounds; known groups go on.
// What calls keep for DISTINCT and ORDER BY, or collect, is put away first when it is the larger part.
#include <algorithm>

#include "engine/aggregate_states.h"
#include "engine/memory_broker.h"
#include "engine/operator_internal.h"
#include "engine/row_keys.h"
#include "engine/spill_file.h"

namespace phantom::engine::internal {

namespace {

constexpr int kPartitionBits = 4;
constexpr size_t kPartitions = 1 << kPartitionBits;
constexpr int kLevelsMax = 6;
constexpr size_t kKeptBytesMin = 64 * 1024;  // less is not worth a run

// One grouping set: its groups and their states.
struct GroupSet {
  GroupSet(std::vector<int> group_members, std::vector<types::Type> types, Runtime& runtime)
      : members(std::move(group_members)), keys(runtime, types, true), values(runtime, types) {}

  std::vector<int> members;  // which of the node's group expressions
  RowKeys keys;
  KeyTable table;
  RowBuffer values;                // by group: the first row's values
  std::vector<std::byte*> states;  // by group: all aggregates' states
  std::vector<const types::Vector*> columns;
  std::vector<std::unique_ptr<SpillFile>> partitions;  // rows put away; empty: new groups still find room
};

class AggregateOperator final : public Operator {
 public:
  AggregateOperator(const planner::PhysicalAggregate& node, OperatorPtr child, Runtime& runtime)
      : Operator(runtime),
        node_(node),
        child_(std::move(child)),
        out_(runtime, node.types),
        memory_(runtime.context.memory),
        state_of_row_(runtime.batch_rows_max),
        shifted_(runtime.batch_rows_max) {}
  ~AggregateOperator() override { Clear(); }

  Status Make() {
    ASSIGN_OR_RETURN(groups_, CompileAll(node_.groups, runtime_));
    group_values_.resize(groups_.size());
    RETURN_IF_ERROR(calls_.Make(node_.aggregates, arena_, runtime_));
    std::vector<std::vector<int>> sets = node_.sets;
    if (sets.empty()) {
      sets.emplace_back();
      for (size_t i = 0; i < node_.groups.size(); ++i) sets[0].push_back(static_cast<int>(i));
    }
    for (std::vector<int>& members : sets) {
      std::vector<types::Type> types;
      for (int member : members) types.push_back(node_.groups[member]->type);
      RETURN_IF_ERROR(RowKeys::CheckHashable(runtime_, types));
      sets_.push_back(std::make_unique<GroupSet>(std::move(members), std::move(types), runtime_));
    }
    may_spill_ = !node_.groups.empty() && runtime_.context.env != nullptr;
    return Status::Ok();
  }

  Status Open() override {
    Clear();
    pending_.clear();
    collected_ = false;
    return child_->Open();
  }

  Status Next(Batch& out) override {
    if (!collected_) {
      RETURN_IF_ERROR(Collect(Partition()));
      collected_ = true;
    }
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      while (set_ < sets_.size()) {
        if (group_ < sets_[set_]->states.size()) return Emit(out);
        ++set_;
        group_ = 0;
      }
      if (pending_.empty()) {
        out = {};
        return Status::Ok();
      }
      Partition partition = std::move(pending_.back());
      pending_.pop_back();
      Clear();
      RETURN_IF_ERROR(partition.file->Rewind());
      RETURN_IF_ERROR(Collect(partition));
    }
  }

  Status Finish() override { return child_->Finish(); }

 private:
  struct Partition {
    std::unique_ptr<SpillFile> file;  // null: the child's rows, for all sets
    size_t set = 0;
    int level = 0;
  };

  void Clear() {
    for (std::unique_ptr<GroupSet>& set : sets_) {
      for (std::byte* state : set->states) calls_.Destroy(state);
      set->states.clear();
      set->table.Clear();
      set->values.Clear();
      set->partitions.clear();
    }
    calls_.Clear();
    arena_ = Arena();
    memory_.Reset();
    set_ = group_ = 0;
  }

  std::byte* NewStates(size_t set) {
    std::byte* states = calls_.Add(arena_, set);
    return states;
  }

  // Aggregates the child's rows, or those put away in a file.
  Status Collect(const Partition& source) {
    const size_t first = source.file != nullptr ? source.set : 0, last = source.file != nullptr ? first + 1 : sets_.size();
    for (size_t s = first; s < last; ++s) {
      GroupSet* const set = sets_[s].get();
      if (!set->members.empty()) continue;
      bool added = false;
      set->table.FindOrAdd({}, 0, added);
      set->states.push_back(NewStates(s));
    }
    Batch in;
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(source.file != nullptr ? source.file->Read(in) : child_->Next(in));
      if (in.empty()) break;
      for (size_t g = 0; g < groups_.size(); ++g) RETURN_IF_ERROR(groups_[g]->Evaluate(in, group_values_[g]));
      prepared_ = 0;
      for (size_t s = first; s < last; ++s) RETURN_IF_ERROR(Update(s, in, source.level));
      RETURN_IF_ERROR(Reserve(first, last, source.level));
    }
    for (size_t s = first; s < last; ++s) {
      for (std::unique_ptr<SpillFile>& partition : sets_[s]->partitions) {
        if (partition->rows() == 0) continue;
        RETURN_IF_ERROR(partition->Rest());
        if (runtime_.context.instrument) runtime_.metrics[node_.id].spilled_bytes += partition->bytes();
        pending_.push_back({std::move(partition), s, source.level + 1});
      }
      sets_[s]->partitions.clear();
    }
    PlanEmit();
    return Status::Ok();
  }

  // The most groups whose values may be made at once.
  void PlanEmit() {
    uint64_t group_bytes = 0;
    for (const AggregateCall& call : calls_) group_bytes += call.value_bytes();
    emit_max_ = runtime_.batch_rows_max;
    if (group_bytes > 0) emit_max_ = std::clamp<uint64_t>(budget() / 2 / group_bytes, 1, runtime_.batch_rows_max);
  }
  size_t budget() const {
    return runtime_.context.memory == nullptr ? SIZE_MAX : runtime_.context.memory->per_operator_bytes();
  }

  Status Reserve(size_t first, size_t last, int level) {
    size_t bytes = arena_.allocated_bytes(), kept = 0, collected = 0, groups = 0;
    for (size_t s = first; s < last; ++s) {
      const GroupSet& set = *sets_[s];
      bytes += set.table.memory_bytes() + set.values.memory_bytes() + set.states.capacity() * sizeof(std::byte*);
      groups += set.states.size();
    }
    for (const AggregateCall& call : calls_) {
      kept += call.kept_bytes();
      collected += call.collected_bytes();
    }
    bytes += kept + collected;
    if (memory_.Resize(bytes)) return Status::Ok();
    if (runtime_.context.env != nullptr) {
      // The value of a single group is to be made in memory in any case.
      if (collected > kKeptBytesMin && groups > 1) {
        for (AggregateCall& call : calls_) RETURN_IF_ERROR(call.KeepFromNow());
      }
      if (kept >= std::max(kKeptBytesMin, budget() / 4)) {
        for (AggregateCall& call : calls_) {
          ASSIGN_OR_RETURN(const uint64_t written, call.Spill());
          if (runtime_.context.instrument) runtime_.metrics[node_.id].spilled_bytes += written;
        }
        bytes -= kept;
      }
    }
    if (memory_.Resize(bytes)) return Status::Ok();
    memory_.Force(bytes);
    if (!may_spill_ || level >= kLevelsMax) return Status::Ok();
    for (size_t s = first; s < last; ++s) {
      GroupSet& set = *sets_[s];
      if (set.members.empty() || !set.partitions.empty()) continue;
      for (size_t p = 0; p < kPartitions; ++p) {
        ASSIGN_OR_RETURN(std::unique_ptr<SpillFile> file, SpillFile::Create(runtime_, node_.children[0]->types));
        set.partitions.push_back(std::move(file));
      }
    }
    return Status::Ok();
  }

  // Finds the states of each row's group, making new groups; while spilling, rows of new groups are put away instead
  // and leave the batch.
  Status AssignGroups(size_t s, Batch& batch, int level) {
    GroupSet& set = *sets_[s];
    set.columns.clear();
    for (int member : set.members) set.columns.push_back(group_values_[member]);
    set.keys.Encode(set.columns, batch.rows);
    size_t fresh = 0, kept = 0, away = 0;
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const types::SelIndex row = static_cast<types::SelIndex>(batch.rows[i]);
      uint32_t number;
      if (set.partitions.empty()) {
        bool added = false;
        number = set.table.FindOrAdd(set.keys.key(i), set.keys.hash(i), added);
        if (added) {
          set.states.push_back(NewStates(s));
          fresh_.data()[fresh++] = row;
        }
      } else {
        number = set.table.Find(set.keys.key(i), set.keys.hash(i));
        if (number == KeyTable::kNone) {
          away_partition_[away] = static_cast<uint8_t>(set.keys.hash(i) >> (20 + level * kPartitionBits) & (kPartitions - 1));
          away_.data()[away++] = row;
          continue;
        }
      }
      state_of_row_[row] = set.states[number];
      kept_.data()[kept++] = row;
    }
    if (fresh > 0) set.values.Append({set.columns, fresh_.rows(fresh)});
    if (away > 0) {
      RETURN_IF_ERROR(PutAway(set, batch, away));
      batch.rows = kept_.rows(kept);
    }
    return Status::Ok();
  }

  Status PutAway(GroupSet& set, const Batch& batch, size_t away) {
    for (size_t p = 0; p < kPartitions; ++p) {
      size_t count = 0;
      for (size_t i = 0; i < away; ++i) {
        if (away_partition_[i] == p) fresh_.data()[count++] = away_.data()[i];
      }
      if (count > 0) RETURN_IF_ERROR(set.partitions[p]->Write({batch.columns, fresh_.rows(count)}));
    }
    return Status::Ok();
  }

  // Evaluates what the calls take in, unless that was done for these rows of the batch; all of them, or some.
  Status Prepare(const Batch& rows, size_t all) {
    if (prepared_ == all && rows.rows.count == all) return Status::Ok();
    for (AggregateCall& call : calls_) RETURN_IF_ERROR(call.Prepare(rows));
    prepared_ = rows.rows.count;
    return Status::Ok();
  }

  Status Update(size_t s, const Batch& in, int level) {
    GroupSet& set = *sets_[s];
    Batch batch = in;
    if (set.members.empty()) {
      RETURN_IF_ERROR(Prepare(batch, in.rows.count));
      for (size_t a = 0; a < calls_.size(); ++a) RETURN_IF_ERROR(calls_[a].UpdateOne(set.states[0] + calls_.offset(a)));
      return Status::Ok();
    }
    RETURN_IF_ERROR(AssignGroups(s, batch, level));
    if (batch.empty()) return Status::Ok();
    RETURN_IF_ERROR(Prepare(batch, in.rows.count));
    for (size_t a = 0; a < calls_.size(); ++a) {
      for (size_t i = 0; i < batch.rows.count; ++i) {
        const uint32_t row = batch.rows[i];
        shifted_[row] = state_of_row_[row] + calls_.offset(a);
      }
      RETURN_IF_ERROR(calls_[a].Update(shifted_.data()));
    }
    return Status::Ok();
  }

  Status Emit(Batch& out) {
    GroupSet& set = *sets_[set_];
    out_.Reset();
    const size_t count = std::min<size_t>(emit_max_, set.states.size() - group_);
    numbers_.resize(count);
    for (size_t i = 0; i < count; ++i) numbers_[i] = group_ + i;
    for (size_t g = 0; g < groups_.size(); ++g) {
      const auto member = std::find(set.members.begin(), set.members.end(), static_cast<int>(g));
      if (member == set.members.end()) {
        out_[g].SetConstantNull();
      } else {
        set.values.Gather(static_cast<size_t>(member - set.members.begin()), numbers_, out_[g]);
      }
    }
    size_t column = groups_.size();
    for (size_t a = 0; a < calls_.size(); ++a, ++column) {
      for (size_t i = 0; i < count; ++i) shifted_[i] = set.states[group_ + i] + calls_.offset(a);
      RETURN_IF_ERROR(calls_[a].Finalize(shifted_.data(), count, out_[column]));
    }
    for (const std::vector<int>& call : node_.grouping_calls) {
      int32_t bits = 0;
      for (int group : call) {
        const bool grouped = std::find(set.members.begin(), set.members.end(), group) != set.members.end();
        bits = bits << 1 | (grouped ? 0 : 1);
      }
      out_[column].data<int32_t>()[0] = bits;
      out_[column++].SetConstant();
    }
    group_ += count;
    out = out_.batch(count);
    return Status::Ok();
  }

  const planner::PhysicalAggregate& node_;
  OperatorPtr child_;
  OutputColumns out_;
  MemoryReservation memory_;
  Arena arena_;
  std::vector<EvaluatorPtr> groups_;
  std::vector<const types::Vector*> group_values_;
  AggregateStates calls_;
  std::vector<std::unique_ptr<GroupSet>> sets_;
  std::vector<std::byte*> state_of_row_, shifted_;
  std::vector<uint64_t> numbers_;
  RowList fresh_, kept_, away_;
  uint8_t away_partition_[types::kVectorSize];
  std::vector<Partition> pending_;
  size_t set_ = 0, group_ = 0;
  size_t prepared_ = 0;  // rows of the batch that the calls have evaluated
  size_t emit_max_ = types::kVectorSize;
  bool may_spill_ = false, collected_ = false;
};

}  // namespace

Result<OperatorPtr> MakeAggregate(const planner::PhysicalAggregate& node, Runtime& runtime) {
  if (node.strategy == planner::AggregateStrategy::kSorted) return MakeGroupAggregate(node, runtime);
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  auto aggregate = std::make_unique<AggregateOperator>(node, std::move(child), runtime);
  RETURN_IF_ERROR(aggregate->Make());
  return OperatorPtr(std::move(aggregate));
}

}  // namespace phantom::engine::internal
