// INTERSECT and EXCEPT, by hashing: the right side is counted, the left side streams past.
#include "engine/operator_internal.h"
#include "engine/row_keys.h"

namespace phantom::engine::internal {

namespace {

class SetOpOperator final : public Operator {
 public:
  SetOpOperator(const planner::PhysicalSetOp& node, OperatorPtr left, OperatorPtr right, Runtime& runtime)
      : Operator(runtime),
        node_(node),
        left_(std::move(left)),
        right_(std::move(right)),
        keys_(runtime, node.types, true) {}

  Status Open() override {
    table_.Clear();
    counts_.clear();
    counted_ = false;
    return left_->Open();
  }

  Status Next(Batch& out) override {
    if (!counted_) {
      RETURN_IF_ERROR(CountRight());
      counted_ = true;
    }
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(left_->Next(out));
      if (out.empty()) return Status::Ok();
      keys_.Encode(out.columns, out.rows);
      size_t count = 0;
      for (size_t i = 0; i < out.rows.count; ++i) {
        if (Keep(i)) list_.data()[count++] = static_cast<types::SelIndex>(out.rows[i]);
      }
      if (count == 0) continue;
      out.rows = list_.rows(count);
      return Status::Ok();
    }
  }

 private:
  Status CountRight() {
    RETURN_IF_ERROR(right_->Open());
    Batch in;
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(right_->Next(in));
      if (in.empty()) return Status::Ok();
      keys_.Encode(in.columns, in.rows);
      for (size_t i = 0; i < in.rows.count; ++i) {
        bool added = false;
        const uint32_t number = table_.FindOrAdd(keys_.key(i), keys_.hash(i), added);
        if (added) counts_.push_back(0);
        ++counts_[number];
      }
    }
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
  RowList list_;
  bool counted_ = false;
};

}  // namespace

Result<OperatorPtr> MakeSetOp(const planner::PhysicalSetOp& node, Runtime& runtime) {
  RETURN_IF_ERROR(RowKeys::CheckHashable(runtime, node.types));
  ASSIGN_OR_RETURN(OperatorPtr left, BuildOperator(*node.children[0], runtime));
  ASSIGN_OR_RETURN(OperatorPtr right, BuildOperator(*node.children[1], runtime));
  return OperatorPtr(std::make_unique<SetOpOperator>(node, std::move(left), std::move(right), runtime));
}

}  // namespace phantom::engine::internal
