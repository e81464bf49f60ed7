#include "engine/executor.h"

#include <algorithm>

#include "engine/operator.h"
#include "engine/paged_rows.h"
#include "engine/runtime.h"
#include "planner/physical_plan.h"
#include "types/chunk.h"

namespace phantom::engine {

namespace {

// Vectors of executions that never see more rows at once are this small.
constexpr uint32_t kSmallBatchRows = 16;

// How many rows a node and those below it give and look at, at most; UINT32_MAX: who knows. Nodes not named here are
// neither small nor reusable.
uint32_t RowsMax(const planner::PhysicalNode& node) {
  switch (node.kind) {
    case planner::PhysicalKind::kPointSelect:
      return 1;
    case planner::PhysicalKind::kIndexScan:
      return planner::As<planner::PhysicalIndexScan>(&node)->access.unique ? 1 : UINT32_MAX;
    case planner::PhysicalKind::kValues:
      return static_cast<uint32_t>(planner::As<planner::PhysicalValues>(&node)->rows.size());
    case planner::PhysicalKind::kFilter:
    case planner::PhysicalKind::kProject:
    case planner::PhysicalKind::kInsert:
    case planner::PhysicalKind::kUpdate:
    case planner::PhysicalKind::kDelete:
      return RowsMax(*node.children[0]);
    default:
      return UINT32_MAX;
  }
}

}  // namespace

// The operators of one execution with all they share.
class ExecutionGraph {
 public:
  ExecutionGraph(const planner::PhysicalPlan& statement, ExecutionContext& context)
      : plan(statement),
        runtime(context, plan.exec_param_count, plan.case_slot_count, plan.node_count),
        kept(runtime, plan.root->types) {}

  // Runs a statement that changes rows to its end, its constraints included, keeping what it returns.
  Status RunToEnd() {
    Batch batch;
    while (true) {
      RETURN_IF_ERROR(root->Next(batch));
      if (batch.empty()) break;
      RETURN_IF_ERROR(kept.Append(batch));
    }
    RETURN_IF_ERROR(root->Finish());
    return runtime.end_queue->Run(runtime);
  }

  Status Next(Batch& batch) {
    if (!plan.modifies) return root->Next(batch);
    if (!ran) {
      RETURN_IF_ERROR(RunToEnd());
      ran = true;
    }
    batch = {};
    return kept_at < kept.piece_count() ? reader.Read(kept, kept_at++, batch) : Status::Ok();
  }

  const planner::PhysicalPlan& plan;
  Runtime runtime;
  OperatorPtr root;
  PagedRows kept;  // what a statement that changes rows returns
  PagedRows::Reader reader;
  size_t kept_at = 0;
  types::SelectionVector selection;
  const types::Vector blank{types::kBoolOid, 1};
  uint64_t rows_returned = 0;
  bool open = false;
  bool ran = false;
  bool finished = false;
};

PreparedExecution::PreparedExecution(std::unique_ptr<ExecutionGraph> graph) : graph_(std::move(graph)) {}
PreparedExecution::~PreparedExecution() = default;

Result<std::unique_ptr<PreparedExecution>> PreparedExecution::Create(const planner::PhysicalPlan& plan,
                                                                     ExecutionContext& context,
                                                                     const LiteralBindings* bindings) {
  auto graph = std::make_unique<ExecutionGraph>(plan, context);
  const bool small = RowsMax(*plan.root) <= kSmallBatchRows;
  if (small) graph->runtime.batch_rows_max = kSmallBatchRows;
  graph->runtime.reusable = small && !context.instrument;
  graph->runtime.literals = bindings;
  ASSIGN_OR_RETURN(graph->root, BuildOperator(*plan.root, graph->runtime));
  return std::unique_ptr<PreparedExecution>(new PreparedExecution(std::move(graph)));
}

Status PreparedExecution::Open() {
  ExecutionGraph& graph = *graph_;
  ++graph.runtime.run_epoch;
  ++graph.runtime.param_epoch;
  graph.kept.Clear();
  graph.kept_at = 0;
  graph.rows_returned = 0;
  graph.ran = graph.finished = false;
  graph.open = true;
  Status status = graph.root->Open();
  graph.finished = !status.ok();
  return status;
}

Status PreparedExecution::Next(types::Chunk& out) {
  ExecutionGraph& graph = *graph_;
  PHANTOM_CHECK(graph.open);
  const std::vector<types::Type>& types = graph.plan.root->types;
  if (out.column_count() != types.size()) {
    out = types::Chunk();
    for (types::Type type : types) out.AddColumn(graph.runtime.MakeVector(type, 1));
  }
  out.SetSize(0);
  if (graph.finished) return Status::Ok();
  Batch batch;
  Status status = graph.runtime.context.CheckCancelled();
  if (status.ok()) status = graph.Next(batch);
  if (!status.ok() || batch.empty()) {
    graph.finished = true;
    return status;
  }
  const uint32_t count = static_cast<uint32_t>(batch.rows.count);
  if (batch.rows.index != nullptr) {
    graph.selection.Reset(types::kVectorSize);
    std::copy_n(batch.rows.index, count, graph.selection.data());
  }
  for (uint32_t c = 0; c < out.column_count(); ++c) {
    if (batch.rows.index != nullptr) {
      out.column(c).Slice(*batch.columns[c], graph.selection, count);
    } else {
      out.column(c).Reference(*batch.columns[c]);
    }
  }
  out.SetSize(count);
  graph.rows_returned += count;
  return Status::Ok();
}

void PreparedExecution::SetBatchMax(uint64_t rows) { graph_->root->SetBatchMax(rows); }

uint64_t PreparedExecution::rows_affected() const {
  return graph_->plan.command == planner::CommandKind::kSelect ? graph_->rows_returned
                                                               : graph_->root->rows_affected();
}

Status PreparedExecution::Close() {
  ExecutionGraph& graph = *graph_;
  if (!graph.open) return Status::Ok();
  graph.open = false;
  if (graph.finished || graph.ran || !graph.plan.modifies) return Status::Ok();
  graph.finished = true;
  return graph.RunToEnd();
}

bool PreparedExecution::reusable() const { return graph_->runtime.reusable; }

std::span<const planner::ConstExpr* const> PreparedExecution::constants() const { return graph_->runtime.constants; }

void PreparedExecution::Unreference(types::Chunk& out) const {
  for (types::Vector& column : out.columns()) column.Reference(graph_->blank);
  out.SetSize(0);
}

std::span<const OperatorMetrics> PreparedExecution::metrics() const { return graph_->runtime.metrics; }

}  // namespace phantom::engine
