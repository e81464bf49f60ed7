#include "session/portal.h"

#include <algorithm>

#include "engine/executor.h"
#include "engine/memory_broker.h"
#include "planner/physical_plan.h"

namespace phantom::session {

Statement::Statement() = default;
Statement::~Statement() = default;

Portal::Portal() = default;
Portal::~Portal() = default;

bool Portal::plan_modifies() const { return plan != nullptr && plan->modifies; }

Status Portal::Pull(uint64_t rows_wanted) {
  chunk_next = 0;
  execution->SetBatchMax(rows_wanted);
  RETURN_IF_ERROR(context.CheckCancelled());
  RETURN_IF_ERROR(execution->Next(chunk));
  exhausted = chunk.empty();
  return Status::Ok();
}

Status Portal::PullTo(uint64_t wanted) {
  while (!exhausted && rows->end() <= wanted) {
    const uint64_t missing = wanted - rows->end();
    RETURN_IF_ERROR(Pull(missing == UINT64_MAX ? missing : missing + 1));
    RETURN_IF_ERROR(rows->Append(chunk, 0, chunk.size()));
    chunk_next = chunk.size();
  }
  return Status::Ok();
}

Status Portal::Materialize() {
  if (rows == nullptr) {
    rows = std::make_unique<RowStore>(memory->per_operator_bytes());
    rows->SpillTo(*context.env, context.temp_directory);
  }
  return PullTo(UINT64_MAX);
}

Status Portal::CloseExecution() {
  Status status = execution != nullptr ? execution->Close() : Status::Ok();
  if (status.ok() && execution != nullptr && execution->reusable()) {
    execution->Unreference(chunk);
    idle_execution = std::move(execution);
    chunk_next = 0;
  }
  execution.reset();
  snapshot.Release();
  exhausted = true;
  return status;
}

bool Portal::Recycle() {
  if (idle_execution == nullptr || failed || is_cursor || rows != nullptr || task != nullptr) return false;
  name.clear();
  statement.reset();
  source.reset();
  parameters.clear();
  formats.clear();
  tag.clear();
  started = finished = exhausted = false;
  chunk_next = 0;
  position = 0;
  return true;
}

Result<TaskState> PortalTask::Run(ResultSink& sink) {
  if (portal_.task != nullptr) return portal_.task->Run(sink);
  return portal_.rows != nullptr ? RunKept(sink) : RunStreamed(sink);
}

Result<TaskState> PortalTask::RunStreamed(ResultSink& sink) {
  if (portal_.execution == nullptr) return TaskState::kDone;
  while (true) {
    if (portal_.chunk_next == portal_.chunk.size()) {
      if (portal_.exhausted) return TaskState::kDone;
      RETURN_IF_ERROR(portal_.Pull(limit_ != 0 ? limit_ - given_ : UINT64_MAX));
      continue;
    }
    uint64_t count = std::min<uint64_t>(portal_.chunk.size() - portal_.chunk_next, kSliceRows);
    if (limit_ != 0) count = std::min(count, limit_ - given_);
    if (portal_.columns.empty() && !portal_.statement->returns_rows) {
      count = portal_.chunk.size() - portal_.chunk_next;  // a data-modifying statement without RETURNING
    } else {
      RETURN_IF_ERROR(
          sink.Rows(portal_.chunk, portal_.chunk_next, count, portal_.columns, portal_.formats, portal_.format));
    }
    portal_.chunk_next += static_cast<uint32_t>(count);
    given_ += count;
    if (limit_ != 0 && given_ == limit_) return TaskState::kSuspended;
    if (sink.full()) return TaskState::kPaused;
  }
}

Result<TaskState> PortalTask::RunKept(ResultSink& sink) {
  RowStore& rows = *portal_.rows;
  while (portal_.position < rows.end()) {
    uint32_t row = 0;
    ASSIGN_OR_RETURN(const types::Chunk* chunk, rows.Find(portal_.position, &row));
    uint64_t count = std::min<uint64_t>(chunk->size() - row, kSliceRows);
    if (limit_ != 0) count = std::min(count, limit_ - given_);
    RETURN_IF_ERROR(sink.Rows(*chunk, row, count, portal_.columns, portal_.formats, portal_.format));
    portal_.position += count;
    given_ += count;
    if (limit_ != 0 && given_ == limit_) return TaskState::kSuspended;
    if (sink.full()) return TaskState::kPaused;
  }
  return TaskState::kDone;
}

std::string PortalTask::Tag() const {
  if (portal_.task != nullptr) return portal_.task->Tag();
  if (portal_.plan == nullptr) return portal_.tag;
  const auto with_count = [](const char* word, uint64_t count) {
    return std::string(word) + " " + std::to_string(count);
  };
  const uint64_t affected = portal_.execution != nullptr ? portal_.execution->rows_affected() : 0;
  switch (portal_.plan->command) {
    case planner::CommandKind::kSelect:
      return with_count("SELECT", given_);
    case planner::CommandKind::kInsert:
      return with_count("INSERT 0", affected);
    case planner::CommandKind::kUpdate:
      return with_count("UPDATE", affected);
    case planner::CommandKind::kDelete:
      return with_count("DELETE", affected);
    case planner::CommandKind::kMerge:
      return with_count("MERGE", affected);
  }
  return {};
}

}  // namespace phantom::session
