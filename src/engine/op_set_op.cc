// INTERSECT and EXCEPT, by hashing: the right side is counted, the left side streams past. When the counts outgrow their
// memory they are split by hash into files, what is still to come follows them, and the parts are done one by one, in the
// same way: one that is still too large is split again.
#include <vector>

#include "common/bytes.h"
#include "engine/event_log.h"
#include "engine/memory_broker.h"
#include "engine/operator_internal.h"
#include "engine/row_keys.h"
#include "engine/spill_file.h"

namespace phantom::engine::internal {

namespace {

constexpr int kPartBits = 5;
constexpr size_t kParts = 1 << kPartBits;
constexpr int kLevelsMax = 4;
constexpr size_t kReadBytes = 256 * 1024;

class SetOpOperator final : public Operator {
 public:
  SetOpOperator(const planner::PhysicalSetOp& node, OperatorPtr left, OperatorPtr right, Runtime& runtime)
      : Operator(runtime),
        node_(node),
        left_(std::move(left)),
        right_(std::move(right)),
        keys_(runtime, node.types, true),
        memory_(runtime.context.memory) {}

  Status Open() override {
    Clear();
    parts_.clear();
    pending_.clear();
    left_file_.reset();
    level_ = 0;
    counted_ = left_ended_ = false;
    return left_->Open();
  }

  Status Next(Batch& out) override {
    if (!counted_) {
      RETURN_IF_ERROR(CountRight());
      counted_ = true;
    }
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      if (!parts_.empty()) RETURN_IF_ERROR(ScatterLeft());
      RETURN_IF_ERROR(ReadLeft(out));
      if (out.empty()) {
        if (pending_.empty()) return Status::Ok();
        RETURN_IF_ERROR(LoadPart());
        continue;
      }
      keys_.Encode(out.columns, out.rows);
      size_t count = 0;
      for (size_t i = 0; i < out.rows.count; ++i) {
        if (Keep(i)) list_.data()[count++] = static_cast<types::SelIndex>(out.rows[i]);
      }
      // What comes out now is copied by nobody: it stays valid, only the counts move.
      RETURN_IF_ERROR(SplitUnlessFits());
      if (count == 0) continue;
      out.rows = list_.rows(count);
      return Status::Ok();
    }
  }

 private:
  struct Part {
    std::unique_ptr<EventLog> counts;  // hash, count, key
    std::unique_ptr<SpillFile> left;   // rows
    int level = 0;
  };

  void Clear() {
    table_.Clear();
    counts_.clear();
    memory_.Reset();
  }

  Status SplitUnlessFits() {
    const size_t bytes = table_.memory_bytes() + counts_.capacity() * sizeof(uint64_t);
    if (memory_.Resize(bytes)) return Status::Ok();
    if (runtime_.context.env != nullptr && level_ < kLevelsMax) return Split();
    memory_.Force(bytes);
    return Status::Ok();
  }

  void Count(std::string_view key, uint64_t hash, uint64_t times) {
    bool added = false;
    const uint32_t number = table_.FindOrAdd(key, hash, added);
    if (added) counts_.push_back(0);
    counts_[number] += times;
  }

  // The low bits place a key in the table.
  size_t PartOf(uint64_t hash) const { return hash >> (40 + level_ * kPartBits) & (kParts - 1); }

  Status PutAway(std::string_view key, uint64_t hash, uint64_t times) {
    record_.resize(16);
    StoreLE<uint64_t>(record_.data(), hash);
    StoreLE<uint64_t>(record_.data() + 8, times);
    record_.append(key);
    return parts_[PartOf(hash)].counts->Append(record_, runtime_.context);
  }

  // Moves the counts to the parts.
  Status Split() {
    for (size_t p = 0; p < kParts; ++p) {
      Part& part = parts_.emplace_back();
      part.level = level_ + 1;
      part.counts = std::make_unique<EventLog>();
      ASSIGN_OR_RETURN(part.left, SpillFile::Create(runtime_, node_.types));
    }
    for (uint32_t i = 0; i < table_.size(); ++i) RETURN_IF_ERROR(PutAway(table_.key(i), table_.hash(i), counts_[i]));
    Clear();
    return Status::Ok();
  }

  Status CountRight() {
    RETURN_IF_ERROR(right_->Open());
    Batch in;
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(right_->Next(in));
      if (in.empty()) return Status::Ok();
      keys_.Encode(in.columns, in.rows);
      for (size_t i = 0; i < in.rows.count; ++i) {
        if (!parts_.empty()) {
          RETURN_IF_ERROR(PutAway(keys_.key(i), keys_.hash(i), 1));
        } else {
          Count(keys_.key(i), keys_.hash(i), 1);
        }
      }
      if (parts_.empty()) RETURN_IF_ERROR(SplitUnlessFits());
    }
  }

  // The next rows of the left side: as they come, or of the part in memory.
  Status ReadLeft(Batch& out) {
    out = {};
    if (left_file_ != nullptr) return left_file_->Read(out);
    return level_ == 0 && !left_ended_ ? left_->Next(out) : Status::Ok();
  }

  // What is left of the left side follows its counts.
  Status ScatterLeft() {
    Batch in;
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(ReadLeft(in));
      if (in.empty()) break;
      keys_.Encode(in.columns, in.rows);
      for (size_t p = 0; p < kParts; ++p) {
        size_t count = 0;
        for (size_t i = 0; i < in.rows.count; ++i) {
          if (PartOf(keys_.hash(i)) == p) list_.data()[count++] = static_cast<types::SelIndex>(in.rows[i]);
        }
        if (count > 0) RETURN_IF_ERROR(parts_[p].left->Write({in.columns, list_.rows(count)}));
      }
    }
    left_file_.reset();
    left_ended_ = true;
    for (Part& part : parts_) {
      if (runtime_.context.instrument) runtime_.metrics[node_.id].spilled_bytes += part.left->bytes() + part.counts->end();
      if (part.left->rows() == 0) continue;  // nothing can come out of it
      RETURN_IF_ERROR(part.left->Rest());
      pending_.push_back(std::move(part));
    }
    parts_.clear();
    return Status::Ok();
  }

  // Takes the counts of the next part into memory, or splits it further.
  Status LoadPart() {
    Clear();
    Part part = std::move(pending_.back());
    pending_.pop_back();
    level_ = part.level;
    left_file_ = std::move(part.left);
    RETURN_IF_ERROR(left_file_->Rewind());
    EventLog& log = *part.counts;
    std::string bytes;
    for (uint64_t at = 0; at < log.end();) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(log.Read(at, kReadBytes, bytes, at));
      for (std::string_view rest = bytes; !rest.empty();) {
        const std::string_view record = EventLog::NextRecord(rest);
        const uint64_t hash = LoadLE<uint64_t>(record.data()), times = LoadLE<uint64_t>(record.data() + 8);
        if (!parts_.empty()) {
          RETURN_IF_ERROR(PutAway(record.substr(16), hash, times));
        } else {
          Count(record.substr(16), hash, times);
        }
      }
      if (parts_.empty()) RETURN_IF_ERROR(SplitUnlessFits());
    }
    return Status::Ok();
  }

  // Whether left row i is part of the result.
  bool Keep(size_t i) {
    if (node_.except && !node_.all) {
      bool added = false;  // neither on the right nor met before
      if (table_.FindOrAdd(keys_.key(i), keys_.hash(i), added); added) counts_.push_back(0);
      return added;
    }
    const uint32_t number = table_.Find(keys_.key(i), keys_.hash(i));
    const bool matched = number != KeyTable::kNone && counts_[number] > 0;
    if (matched) counts_[number] = node_.all ? counts_[number] - 1 : 0;
    return matched != node_.except;
  }

  const planner::PhysicalSetOp& node_;
  OperatorPtr left_, right_;
  RowKeys keys_;
  KeyTable table_;
  std::vector<uint64_t> counts_;
  MemoryReservation memory_;
  std::vector<Part> parts_;               // what is too large is being split into; empty: it is in memory
  std::vector<Part> pending_;             // to be done
  std::unique_ptr<SpillFile> left_file_;  // of the part in memory; null: the left side as it comes
  int level_ = 0;                         // of the part in memory: how often it was split
  std::string record_;
  RowList list_;
  bool counted_ = false, left_ended_ = false;
};

}  // namespace

Result<OperatorPtr> MakeSetOp(const planner::PhysicalSetOp& node, Runtime& runtime) {
  RETURN_IF_ERROR(RowKeys::CheckHashable(runtime, node.types));
  ASSIGN_OR_RETURN(OperatorPtr left, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(OperatorPtr right, BuildOperator(*node.children[1], runtime));
  return OperatorPtr(std::make_unique<SetOpOperator>(node, std::move(left), std::move(right), runtime));
}

}  // namespace phantom::engine::internal
