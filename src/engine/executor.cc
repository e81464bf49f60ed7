#include "engine/executor.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/index_probe.h"
#include "engine/memory_broker.h"
#include "engine/operator.h"
#include "engine/paged_rows.h"
#include "engine/runtime.h"
#include "planner/physical_plan.h"
#include "types/chunk.h"

namespace phantom::engine {

namespace {

// Vectors of executions that hardly see more rows at once are this small.
constexpr uint32_t kSmallBatchRows = 16;
// Executions that are expected to see more rows are not kept: their vectors take room.
constexpr double kKeptRowsMax = 256;

// How many rows a node and those below it give and look at, at most; UINT32_MAX: who knows.
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
    case planner::PhysicalKind::kLockRows:
    case planner::PhysicalKind::kInsert:
    case planner::PhysicalKind::kUpdate:
    case planner::PhysicalKind::kDelete:
      return RowsMax(*node.children[0]);
    default:
      return UINT32_MAX;
  }
}

bool IsPlain(const planner::AggregateCall* call) { return call->order_by.empty() && !call->within_group; }

// How many rows they are expected to give and look at: what is found through indexes costs so much for each row that small batches
// cost little more, should there be many. Infinitely many where other nodes take part, which want full batches or are not reusable.
double RowsExpected(const planner::PhysicalNode& node) {
  if (const uint32_t max = RowsMax(node); max != UINT32_MAX) return max;
  switch (node.kind) {
    case planner::PhysicalKind::kIndexScan:
      return node.cost.rows;
    case planner::PhysicalKind::kIndexLookupJoin:
      return std::max(node.cost.rows, RowsExpected(*node.children[0]));
    case planner::PhysicalKind::kLimit: {
      const double below = RowsExpected(*node.children[0]);
      return std::isinf(below) ? below : std::min(below, node.cost.rows);
    }
    case planner::PhysicalKind::kAggregate: {
      const auto* aggregate = planner::As<planner::PhysicalAggregate>(&node);
      const bool plain = aggregate->groups.empty() && aggregate->sets.size() <= 1 && std::ranges::all_of(aggregate->aggregates, IsPlain);
      return plain ? RowsExpected(*node.children[0]) : INFINITY;
    }
    case planner::PhysicalKind::kFilter:
    case planner::PhysicalKind::kProject:
    case planner::PhysicalKind::kLockRows:
    case planner::PhysicalKind::kSort:
    case planner::PhysicalKind::kTopN:
    case planner::PhysicalKind::kUpdate:
    case planner::PhysicalKind::kDelete:
      return RowsExpected(*node.children[0]);
    default:
      return INFINITY;
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
  const double rows = RowsExpected(*plan.root);
  const bool small = rows <= kKeptRowsMax;
  if (small) graph->runtime.batch_rows_max = std::bit_ceil(std::max(kSmallBatchRows, static_cast<uint32_t>(rows)));
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
    graph.runtime.NoteHeld(batch.columns[c]->memory_bytes());
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
  Status status;
  if (!graph.finished && !graph.ran && graph.plan.modifies) {
    graph.finished = true;
    status = graph.RunToEnd();
  }
  for (IndexProbe* probe : graph.runtime.probes) probe->Stop();
  return status;
}

bool PreparedExecution::reusable() const {
  const MemoryBroker* memory = graph_->runtime.context.memory;
  return graph_->runtime.reusable && (memory == nullptr || memory->used_bytes() <= Runtime::kHeldBytesMax);
}

bool PreparedExecution::finds_by_key() const { return RowsMax(*graph_->plan.root) <= kSmallBatchRows; }

std::span<const planner::ConstExpr* const> PreparedExecution::constants() const { return graph_->runtime.constants; }

void PreparedExecution::Unreference(types::Chunk& out) const {
  for (types::Vector& column : out.columns()) column.Reference(graph_->blank);
  out.SetSize(0);
}

std::span<const OperatorMetrics> PreparedExecution::metrics() const { return graph_->runtime.metrics; }

}  // namespace phantom::engine
