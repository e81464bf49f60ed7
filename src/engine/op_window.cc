// Window functions: one partition at a time is read, then every call is computed over it.
#include <algorithm>

#include "catalog/function.h"
#include "engine/operator_internal.h"
#include "engine/sort_keys.h"
#include "engine/window_aggregate.h"
#include "engine/window_frame.h"

namespace phantom::engine::internal {

namespace {

// One call: a window function or an aggregate over the frame.
struct Call {
  WindowKernel window = nullptr;
  std::unique_ptr<std::vector<types::Type>> arg_types;
  std::unique_ptr<AggregateContext> context;
  size_t first_arg = 0;  // among the kept argument columns
  size_t args = 0;
  std::unique_ptr<WindowAggregate> aggregate;  // null: a window function
};

// The partition as a window function sees it.
class CallPartition final : public WindowPartition {
 public:
  CallPartition(const Partition& partition, RandomReader& args, const Call& call)
      : partition_(partition), args_(args), call_(call) {}
  size_t size() const override { return partition_.size(); }
  void CopyArgument(size_t arg, size_t position, types::Vector& result, size_t at) const override {
    args_.Fetch(position, call_.first_arg + arg, result, static_cast<uint32_t>(at));
  }
  types::Value Argument(size_t arg, size_t position) const override {
    const types::Vector& column = args_.ColumnOf(position, call_.first_arg + arg);
    const uint32_t row = static_cast<uint32_t>(position % types::kVectorSize);
    if (column.IsNull(row)) return types::Value::Null(column.type());
    return types::Value::FromSlot(column.type(), column.layout(), column.slot(row));
  }
  size_t PeerBegin(size_t position) const override { return partition_.PeerBegin(position); }
  size_t PeerEnd(size_t position) const override { return partition_.PeerEnd(position); }
  size_t PeerGroup(size_t position) const override { return partition_.Group(position); }
  Status Frame(size_t position, size_t& begin, size_t& end) const override {
    return partition_.Frame(position, begin, end);
  }
  bool Excluded(size_t position, size_t other) const override { return partition_.Excluded(position, other); }

 private:
  const Partition& partition_;
  RandomReader& args_;
  const Call& call_;
};

class WindowOperator final : public Operator {
 public:
  WindowOperator(const planner::PhysicalWindow& node, OperatorPtr child, Runtime& runtime)
      : Operator(runtime),
        node_(node),
        child_(std::move(child)),
        rows_(std::make_unique<PagedRows>(runtime, node.children[0]->types)) {}

  Status Make() {
    ASSIGN_OR_RETURN(partition_keys_, SortKeys::MakeGroups(node_.partition, runtime_));
    ASSIGN_OR_RETURN(order_keys_, SortKeys::Make(node_.order, runtime_));
    ASSIGN_OR_RETURN(clause_, FrameClause::Make(node_, runtime_));
    partition_ = std::make_unique<Partition>(*clause_);
    std::vector<types::Type> arg_types;
    const auto add = [&](const planner::Expr& expr) -> Status {
      ASSIGN_OR_RETURN(EvaluatorPtr evaluator, Compile(expr, runtime_));
      args_.push_back(std::move(evaluator));
      arg_types.push_back(expr.type);
      return Status::Ok();
    };
    for (const planner::WindowCall* node : node_.calls) {
      Call& call = calls_.emplace_back();
      const KernelEntry* entry = FindKernel(node->aggregate ? KernelKind::kAggregate : KernelKind::kWindow,
                                            node->function->oid, node->function->source);
      if (entry == nullptr) {
        return Error(sqlstate::kFeatureNotSupported,
                     "function " + std::string(node->function->name) + " is not supported")
            .At(node->location);
      }
      call.window = entry->window;
      call.first_arg = args_.size();
      call.args = node->args.size();
      call.arg_types = std::make_unique<std::vector<types::Type>>();
      call.context = std::make_unique<AggregateContext>();
      KernelContext& site = call.context->call;
      site.collation = node->collation;
      for (const planner::Expr* arg : node->args) {
        RETURN_IF_ERROR(add(*arg));
        call.arg_types->push_back(arg->type);
        if (site.collation == 0) site.collation = arg->collation;
      }
      int filter = -1;
      if (node->filter != nullptr) {
        filter = static_cast<int>(args_.size());
        RETURN_IF_ERROR(add(*node->filter));
      }
      site.execution = &runtime_.context;
      site.format = runtime_.context.format;
      site.result_type = node->type;
      site.arg_types = *call.arg_types;
      site.function = node->function->oid;
      site.function_name = node->function->name;
      site.variadic_array = node->variadic;
      if (entry->aggregate != nullptr) {
        call.aggregate = std::make_unique<WindowAggregate>(*entry->aggregate, *call.context, node->type, call.first_arg,
                                                           call.args, filter, runtime_);
      }
    }
    needs_order_values_ = (clause_uses_range() && !node_.order.empty());
    if (needs_order_values_) {
      order_column_ = args_.size();
      RETURN_IF_ERROR(add(*node_.order[0].expr));
    }
    arg_rows_ = std::make_unique<PagedRows>(runtime_, arg_types);
    arg_reader_ = std::make_unique<RandomReader>(*arg_rows_);
    arg_values_.resize(args_.size());
    std::vector<types::Type> result_types;
    for (const planner::WindowCall* node : node_.calls) result_types.push_back(node->type);
    results_ = OutputColumns(runtime_, result_types);
    return Status::Ok();
  }

  Status Open() override {
    in_ = {};
    at_ = 0;
    ended_ = false;
    first_ = true;
    emitted_ = 0;
    rows_->Clear();
    partition_->Clear();
    RETURN_IF_ERROR(clause_->Open());
    return child_->Open();
  }

  Status Next(Batch& out) override {
    out = {};
    RETURN_IF_ERROR(runtime_.context.CheckCancelled());
    if (emitted_ == rows_->size()) {
      RETURN_IF_ERROR(ReadPartition());
      if (rows_->empty()) return Status::Ok();
    }
    Batch piece;
    RETURN_IF_ERROR(reader_.Read(*rows_, emitted_ / types::kVectorSize, piece));
    columns_.assign(piece.columns.begin(), piece.columns.end());
    for (size_t c = 0; c < calls_.size(); ++c) {
      RETURN_IF_ERROR(ComputeCall(c, emitted_, piece.rows.count));
      columns_.push_back(&results_[c]);
    }
    RETURN_IF_ERROR(Status(arg_reader_->status()));
    emitted_ += piece.rows.count;
    out = {columns_, piece.rows};
    return Status::Ok();
  }

  Status Finish() override { return child_->Finish(); }

 private:
  bool clause_uses_range() const {
    return node_.frame.mode == planner::FrameMode::kRange &&
           (node_.frame.start_offset != nullptr || node_.frame.end_offset != nullptr);
  }

  // Reads the rows up to the next change of the partition keys.
  Status ReadPartition() {
    rows_->Clear();
    arg_rows_->Clear();
    arg_reader_->Reset();
    partition_->Clear();
    for (Call& call : calls_) {
      if (call.aggregate != nullptr) call.aggregate->Clear();
    }
    emitted_ = 0;
    while (!ended_) {
      if (at_ == in_.rows.count) {
        RETURN_IF_ERROR(runtime_.context.CheckCancelled());
        RETURN_IF_ERROR(child_->Next(in_));
        at_ = 0;
        if (in_.empty()) {
          ended_ = true;
          break;
        }
        RETURN_IF_ERROR(partition_keys_.Encode(in_));
        RETURN_IF_ERROR(order_keys_.Encode(in_));
        for (size_t i = 0; i < args_.size(); ++i) RETURN_IF_ERROR(args_[i]->Evaluate(in_, arg_values_[i]));
      }
      size_t count = 0;
      bool changed = false;
      for (; at_ < in_.rows.count; ++at_) {
        const std::string_view partition = partition_keys_.key(at_);
        if (first_ || partition != partition_key_) {
          changed = !first_ && (count > 0 || !rows_->empty());
          if (changed) break;
          partition_key_.assign(partition);
          first_ = false;
        }
        const std::string_view order = order_keys_.key(at_);
        partition_->AddRow(order != order_key_);
        order_key_.assign(order);
        list_.data()[count++] = static_cast<types::SelIndex>(in_.rows[at_]);
      }
      RETURN_IF_ERROR(rows_->Append({in_.columns, list_.rows(count)}));
      if (!args_.empty()) RETURN_IF_ERROR(arg_rows_->Append({arg_values_, list_.rows(count)}));
      if (changed) {
        first_ = true;
        break;
      }
    }
    if (needs_order_values_) partition_->SetOrderValues(arg_reader_.get(), order_column_);
    return Status::Ok();
  }

  Status ComputeCall(size_t c, size_t first, size_t count) {
    Call& call = calls_[c];
    results_[c].Reset();
    if (call.aggregate != nullptr) return call.aggregate->Compute(*partition_, *arg_reader_, first, count, results_[c]);
    const CallPartition partition(*partition_, *arg_reader_, call);
    return call.window(call.context->call, partition, first, count, results_[c]);
  }

  const planner::PhysicalWindow& node_;
  OperatorPtr child_;
  SortKeys partition_keys_, order_keys_;
  std::unique_ptr<FrameClause> clause_;
  std::unique_ptr<Partition> partition_;
  std::vector<Call> calls_;
  std::vector<EvaluatorPtr> args_;
  std::vector<const types::Vector*> arg_values_;
  std::unique_ptr<PagedRows> rows_, arg_rows_;  // the partition, and what calls take of it
  PagedRows::Reader reader_;
  std::unique_ptr<RandomReader> arg_reader_;
  OutputColumns results_;
  std::vector<const types::Vector*> columns_;
  RowList list_;
  Batch in_;
  std::string partition_key_, order_key_;
  size_t at_ = 0, emitted_ = 0, order_column_ = 0;
  bool ended_ = false, first_ = true, needs_order_values_ = false;
};

}  // namespace

Result<OperatorPtr> MakeWindow(const planner::PhysicalWindow& node, Runtime& runtime) {
  ASSIGN_OR_RETURN(OperatorPtr child, BuildOperator(*node.children[0], runtime));
  auto window = std::make_unique<WindowOperator>(node, std::move(child), runtime);
  RETURN_IF_ERROR(window->Make());
  return OperatorPtr(std::move(window));
}

}  // namespace phantom::engine::internal
