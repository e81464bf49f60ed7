// Hash join. The right side is kept and hashed, the left side probes. When the right side outgrows its memory both sides
// are split by hash into files, and the pairs of files are joined one after the other (Grace hash join), splitting
// again what is still too large. Rows of one key cannot be split: they are taken block by block, each of which reads all
// left rows of the part.
#include "engine/join_pairs.h"
#include "engine/memory_broker.h"
#include "engine/operator_internal.h"
#include "engine/row_keys.h"
#include "engine/spill_file.h"

namespace phantom::engine::internal {

namespace {

using planner::JoinType;

constexpr int kPartitionBits = 4;
constexpr size_t kPartitions = 1 << kPartitionBits;
constexpr int kLevelsMax = 4;
constexpr uint32_t kNoRow = ~uint32_t{0};

std::vector<types::Type> TypesOf(std::span<planner::Expr* const> exprs) {
  std::vector<types::Type> types;
  for (const planner::Expr* expr : exprs) types.push_back(expr->type);
  return types;
}

// One side's keys: evaluated and encoded.
struct KeySide {
  KeySide(std::span<planner::Expr* const> exprs, Runtime& runtime) : keys(runtime, TypesOf(exprs), false) {}
  Status Encode(const Batch& batch) {
    values.resize(exprs.size());
    for (size_t i = 0; i < exprs.size(); ++i) RETURN_IF_ERROR(exprs[i]->Evaluate(batch, values[i]));
    keys.Encode(values, batch.rows);
    return Status::Ok();
  }

  std::vector<EvaluatorPtr> exprs;
  std::vector<const types::Vector*> values;
  RowKeys keys;
};

class HashJoinOperator final : public Operator {
 public:
  HashJoinOperator(const planner::PhysicalHashJoin& node, OperatorPtr left, OperatorPtr right, KeySide left_keys,
                   KeySide right_keys, Predicate residual, Runtime& runtime)
      : Operator(runtime),
        node_(node),
        left_(std::move(left)),
        right_(std::move(right)),
        left_keys_(std::move(left_keys)),
        right_keys_(std::move(right_keys)),
        pairs_(node.join, node.children[0]->types, node.children[1]->types, std::move(residual), runtime),
        exists_only_(!pairs_.emits_pairs() && node.residual == nullptr),
        build_(runtime, node.children[1]->types),
        memory_(runtime.context.memory) {}

  Status Open() override {
    Clear();
    pending_.clear();
    left_file_.reset();
    right_file_.reset();
    right_rows_ = 0;
    right_has_null_ = false;
    phase_ = Phase::kBuild;
    return right_->Open();
  }

  Status Next(Batch& out) override {
    out = {};
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      switch (phase_) {
        case Phase::kBuild:
          RETURN_IF_ERROR(Build());
          break;
        case Phase::kProbe:
          RETURN_IF_ERROR(Probe(out));
          if (!out.empty()) return Status::Ok();
          break;
        case Phase::kUnmatched:
          pairs_.UnmatchedRight(build_, next_unmatched_, out);
          if (!out.empty()) return Status::Ok();
          RETURN_IF_ERROR(right_file_ != nullptr ? NextBlock() : NextPartition());
          break;
        case Phase::kDone:
          return Status::Ok();
      }
    }
  }

  Status Finish() override {
    RETURN_IF_ERROR(left_->Finish());
    return right_->Finish();
  }

 private:
  enum class Phase : uint8_t { kBuild, kProbe, kUnmatched, kDone };
  struct Partition {
    std::unique_ptr<SpillFile> left, right;
    int level = 0;
  };

  void Clear() {
    build_.Clear();
    table_.Clear();
    heads_.clear();
    tails_.clear();
    next_.clear();
    memory_.Reset();
    has_left_ = false;
  }

  // Keeps and hashes a batch of the right side; where only its keys count, the first row of each. False: there is no memory
  // for more.
  bool Keep(const Batch& batch) {
    if (exists_only_) {
      size_t fresh = 0;
      for (size_t i = 0; i < batch.rows.count; ++i) {
        if (right_keys_.keys.has_null(i)) continue;
        bool added = false;
        table_.FindOrAdd(right_keys_.keys.key(i), right_keys_.keys.hash(i), added);
        if (!added) continue;
        heads_.push_back(static_cast<uint32_t>(heads_.size()));
        scatter_.data()[fresh++] = static_cast<types::SelIndex>(batch.rows[i]);
      }
      if (fresh > 0) build_.Append({batch.columns, scatter_.rows(fresh)});
      next_.resize(build_.size(), kNoRow);
      return Reserve();
    }
    const uint32_t first = static_cast<uint32_t>(build_.size());
    build_.Append(batch);
    next_.resize(build_.size(), kNoRow);
    for (size_t i = 0; i < batch.rows.count; ++i) {
      if (right_keys_.keys.has_null(i)) continue;
      const uint32_t row = first + static_cast<uint32_t>(i);
      bool added = false;
      const uint32_t number = table_.FindOrAdd(right_keys_.keys.key(i), right_keys_.keys.hash(i), added);
      if (added) {
        heads_.push_back(row);
        tails_.push_back(row);
      } else {
        next_[tails_[number]] = row;
        tails_[number] = row;
      }
    }
    return Reserve();
  }

  bool Reserve() {
    const size_t bytes = build_.memory_bytes() + table_.memory_bytes() +
                         (heads_.capacity() * 2 + next_.capacity()) * sizeof(uint32_t);
    if (runtime_.context.env == nullptr) {
      memory_.Force(bytes);
      return true;
    }
    return memory_.Resize(bytes);
  }

  Status Build() {
    Batch in;
    std::vector<Partition> partitions;
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(right_->Next(in));
      if (in.empty()) break;
      RETURN_IF_ERROR(right_keys_.Encode(in));
      right_rows_ += in.rows.count;
      for (size_t i = 0; i < in.rows.count && !right_has_null_; ++i) right_has_null_ = right_keys_.keys.has_null(i);
      if (!partitions.empty()) {
        RETURN_IF_ERROR(Scatter(in, right_keys_.keys, 0, false, partitions));
      } else if (!Keep(in)) {
        RETURN_IF_ERROR(MakePartitions(0, partitions));
        RETURN_IF_ERROR(SpillBuild(0, partitions));
      }
    }
    if (!partitions.empty()) {
      for (Partition& partition : partitions) RETURN_IF_ERROR(partition.right->Rest());
      RETURN_IF_ERROR(left_->Open());
      while (true) {
        RETURN_IF_ERROR(runtime_.context.CheckCancelled());
        RETURN_IF_ERROR(left_->Next(in));
        if (in.empty()) break;
        RETURN_IF_ERROR(left_keys_.Encode(in));
        RETURN_IF_ERROR(Scatter(in, left_keys_.keys, 0, true, partitions));
      }
      RETURN_IF_ERROR(AddPending(std::move(partitions)));
      return NextPartition();
    }
    if (right_rows_ == 0 && (node_.join == JoinType::kInner || node_.join == JoinType::kSemi ||
                           node_.join == JoinType::kRight)) {
      phase_ = Phase::kDone;
      return Status::Ok();
    }
    if (node_.null_aware && right_has_null_) {
      phase_ = Phase::kDone;
      return Status::Ok();
    }
    pairs_.Reset(build_.size());
    phase_ = Phase::kProbe;
    return left_->Open();
  }

  Status Probe(Batch& out) {
    if (!has_left_) {
      left_done_ += in_.rows.count;
      if (left_file_ != nullptr) {
        RETURN_IF_ERROR(left_file_->Read(in_));
      } else {
        RETURN_IF_ERROR(left_->Next(in_));
      }
      if (in_.empty()) {
        phase_ = Phase::kUnmatched;
        next_unmatched_ = 0;
        return Status::Ok();
      }
      RETURN_IF_ERROR(left_keys_.Encode(in_));
      pairs_.StartLeft(in_);
      for (size_t i = 0; i < in_.rows.count && block_ > 0; ++i) {
        if (left_matched_[left_done_ + i]) pairs_.MarkLeft(i);
      }
      has_left_ = true;
      at_ = 0;
      chain_ = at_ < in_.rows.count ? HeadOf(at_) : kNoRow;
    }
    while (at_ < in_.rows.count && !pairs_.full()) {
      if (exists_only_) {
        if (chain_ != kNoRow) pairs_.MarkLeft(at_);
        chain_ = kNoRow;
      } else {
        for (; chain_ != kNoRow && !pairs_.full(); chain_ = next_[chain_]) pairs_.Add(at_, chain_);
      }
      if (chain_ == kNoRow && ++at_ < in_.rows.count) chain_ = HeadOf(at_);
    }
    if (!pairs_.empty()) return pairs_.Flush(build_, out);
    has_left_ = false;
    if (right_file_ != nullptr) {
      for (size_t i = 0; i < in_.rows.count; ++i) {
        if (pairs_.left_matched(i)) left_matched_[left_done_ + i] = true;
      }
      if (more_blocks_) return Status::Ok();
    }
    pairs_.FinishLeft(
        [this](size_t i) {
          if (node_.join == JoinType::kAnti && !node_.null_aware) return false;
          return right_rows_ > 0 && (right_has_null_ || left_keys_.keys.has_null(i));
        },
        out);
    return Status::Ok();
  }

  uint32_t HeadOf(size_t i) const {
    if (left_keys_.keys.has_null(i)) return kNoRow;
    const uint32_t number = table_.Find(left_keys_.keys.key(i), left_keys_.keys.hash(i));
    return number == KeyTable::kNone ? kNoRow : heads_[number];
  }

  // ---- Partitions on disk ----

  Status MakePartitions(int level, std::vector<Partition>& partitions) {
    for (size_t p = 0; p < kPartitions; ++p) {
      Partition& partition = partitions.emplace_back();
      partition.level = level;
      ASSIGN_OR_RETURN(partition.left, SpillFile::Create(runtime_, node_.children[0]->types));
      ASSIGN_OR_RETURN(partition.right, SpillFile::Create(runtime_, node_.children[1]->types));
    }
    return Status::Ok();
  }

  Status Scatter(const Batch& batch, const RowKeys& keys, int level, bool left, std::vector<Partition>& partitions) {
    for (size_t p = 0; p < kPartitions; ++p) {
      size_t count = 0;
      for (size_t i = 0; i < batch.rows.count; ++i) {
        const size_t part = keys.has_null(i) ? 0 : keys.hash(i) >> (20 + level * kPartitionBits) & (kPartitions - 1);
        if (part == p) scatter_.data()[count++] = static_cast<types::SelIndex>(batch.rows[i]);
      }
      if (count == 0) continue;
      SpillFile& file = left ? *partitions[p].left : *partitions[p].right;
      RETURN_IF_ERROR(file.Write({batch.columns, scatter_.rows(count)}));
    }
    return Status::Ok();
  }

  // Moves what is kept to the partitions.
  Status SpillBuild(int level, std::vector<Partition>& partitions) {
    for (size_t i = 0; i < build_.chunk_count(); ++i) {
      const Batch piece = build_.ReadChunk(i);
      RETURN_IF_ERROR(right_keys_.Encode(piece));
      RETURN_IF_ERROR(Scatter(piece, right_keys_.keys, level, false, partitions));
    }
    Clear();
    return Status::Ok();
  }

  Status AddPending(std::vector<Partition> partitions) {
    for (Partition& partition : partitions) {
      RETURN_IF_ERROR(partition.left->Rest());
      RETURN_IF_ERROR(partition.right->Rest());
      if (runtime_.context.instrument) {
        runtime_.metrics[node_.id].spilled_bytes += partition.left->bytes() + partition.right->bytes();
      }
      pending_.push_back(std::move(partition));
    }
    return Status::Ok();
  }

  Status NextPartition() {
    while (true) {
      Clear();
      left_file_.reset();
      right_file_.reset();
      if (pending_.empty() || (node_.null_aware && right_has_null_)) {
        phase_ = Phase::kDone;
        return Status::Ok();
      }
      Partition partition = std::move(pending_.back());
      pending_.pop_back();
      RETURN_IF_ERROR(partition.left->Rewind());
      RETURN_IF_ERROR(partition.right->Rewind());
      std::vector<Partition> finer;
      Batch in;
      bool full = false;
      while (!full) {
        RETURN_IF_ERROR(runtime_.context.CheckCancelled());
        RETURN_IF_ERROR(partition.right->Read(in));
        if (in.empty()) break;
        RETURN_IF_ERROR(right_keys_.Encode(in));
        if (!finer.empty()) {
          RETURN_IF_ERROR(Scatter(in, right_keys_.keys, partition.level + 1, false, finer));
        } else if (!Keep(in)) {
          full = partition.level + 1 >= kLevelsMax;
          if (full) break;
          RETURN_IF_ERROR(MakePartitions(partition.level + 1, finer));
          RETURN_IF_ERROR(SpillBuild(partition.level + 1, finer));
        }
      }
      if (finer.empty()) {
        left_file_ = std::move(partition.left);
        left_done_ = block_ = 0;
        in_ = {};
        if (full) StartBlocks(std::move(partition.right));
        pairs_.Reset(build_.size());
        phase_ = Phase::kProbe;
        return Status::Ok();
      }
      while (true) {
        RETURN_IF_ERROR(runtime_.context.CheckCancelled());
        RETURN_IF_ERROR(partition.left->Read(in));
        if (in.empty()) break;
        RETURN_IF_ERROR(left_keys_.Encode(in));
        RETURN_IF_ERROR(Scatter(in, left_keys_.keys, partition.level + 1, true, finer));
      }
      // Splitting what hardly came apart would not help again.
      for (Partition& part : finer) {
        if (part.right->rows() > partition.right->rows() / 8 * 7) part.level = kLevelsMax - 1;
      }
      RETURN_IF_ERROR(AddPending(std::move(finer)));
    }
  }

  // ---- Blocks of one part ----

  // The first block is in memory, the rest is still to be read.
  void StartBlocks(std::unique_ptr<SpillFile> right) {
    right_file_ = std::move(right);
    block_ended_ = false;
    left_matched_.assign(left_file_->rows(), false);
    more_blocks_ = true;
  }

  // Right rows after those in memory, as many as fit; all left rows meet them.
  Status NextBlock() {
    Clear();
    Batch in;
    more_blocks_ = false;
    while (!more_blocks_) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(right_file_->Read(in));
      if (in.empty()) break;
      RETURN_IF_ERROR(right_keys_.Encode(in));
      more_blocks_ = !Keep(in);
    }
    if (build_.empty() && block_ended_) return NextPartition();
    block_ended_ = !more_blocks_;
    ++block_;
    left_done_ = 0;
    in_ = {};
    RETURN_IF_ERROR(left_file_->Rewind());
    pairs_.Reset(build_.size());
    phase_ = Phase::kProbe;
    return Status::Ok();
  }

  const planner::PhysicalHashJoin& node_;
  OperatorPtr left_, right_;
  KeySide left_keys_, right_keys_;
  JoinPairs pairs_;
  const bool exists_only_;
  RowBuffer build_;
  KeyTable table_;
  std::vector<uint32_t> heads_, tails_;  // by key: first and last row of its chain
  std::vector<uint32_t> next_;           // by row
  MemoryReservation memory_;
  std::vector<Partition> pending_;
  std::unique_ptr<SpillFile> left_file_;
  std::unique_ptr<SpillFile> right_file_;  // of a part that is taken block by block
  std::vector<bool> left_matched_;         // by row of its left_file_
  uint64_t block_ = 0, left_done_ = 0;     // blocks before this one, left rows before this batch
  bool more_blocks_ = false, block_ended_ = false;
  RowList scatter_;
  Batch in_;
  bool has_left_ = false;
  size_t at_ = 0;
  uint32_t chain_ = kNoRow;
  uint64_t next_unmatched_ = 0;
  uint64_t right_rows_ = 0;
  bool right_has_null_ = false;
  Phase phase_ = Phase::kDone;
};

}  // namespace

Result<OperatorPtr> MakeHashJoin(const planner::PhysicalHashJoin& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr left, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(OperatorPtr right, BuildOperator(*node.children[1], runtime));
  RETURN_IF_ERROR(RowKeys::CheckHashable(runtime, TypesOf(node.left_keys)));
  KeySide left_keys(node.left_keys, runtime), right_keys(node.right_keys, runtime);
  ASSIGN_OR_RETURN(left_keys.exprs, CompileAll(node.left_keys, runtime));
  ASSIGN_OR_RETURN(right_keys.exprs, CompileAll(node.right_keys, runtime));
  ASSIGN_OR_RETURN(Predicate residual, Predicate::Make(node.residual, runtime));
  return OperatorPtr(std::make_unique<HashJoinOperator>(node, std::move(left), std::move(right), std::move(left_keys),
                                                        std::move(right_keys), std::move(residual), runtime));
}

}  // namespace phantom::engine::internal
