// session/portal.h
//
// A bound statement being run: the portals of the extended protocol, SQL cursors, and the one behind each simple query.
// Rows stream from the engine chunk by chunk; a cursor that may be scrolled keeps the rows it has passed.
//
// Thread safety: the session's thread.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/status.h"
#include "engine/context.h"
#include "engine/executor.h"
#include "session/result_sink.h"
#include "session/row_store.h"
#include "session/statement.h"
#include "session/task.h"
#include "txn/snapshot.h"
#include "types/chunk.h"
#include "types/format_context.h"
#include "types/value.h"

namespace phantom::engine {
class MemoryBroker;
class PreparedExecution;
}  // namespace phantom::engine

namespace phantom::session {

class Portal {
 public:
  // What a cursor keeps of rows it has passed when it was not declared SCROLL.
  static constexpr size_t kHistoryBytesMax = size_t{8} << 20;

  Portal();
  ~Portal();

  std::string name;
  std::shared_ptr<Statement> statement;
  std::shared_ptr<const QueryText> source;  // of the request: EXECUTE's where the statement is what that names
  std::vector<types::Value> parameters;
  std::vector<int16_t> formats;
  std::vector<ColumnDescription> columns;
  std::string tag;  // of a finished utility statement
  int64_t created_us = 0;

  // Cursors.
  bool is_cursor = false;
  bool is_holdable = false;
  bool is_scroll = false;
  bool is_no_scroll = false;
  bool is_binary = false;
  std::string query;  // for pg_cursors

  // Where it was made: gone when that is rolled back.
  uint64_t transaction_serial = 0;
  size_t savepoint_depth = 0;

  // Execution. `started` after the engine was set up or the utility statement ran.
  bool started = false;
  bool finished = false;
  bool failed = false;
  std::shared_ptr<const planner::PhysicalPlan> plan;
  txn::Snapshot snapshot;
  types::FormatContext format;
  engine::ExecutionContext context;
  std::unique_ptr<engine::MemoryBroker> memory;
  std::unique_ptr<engine::PreparedExecution> execution;
  const engine::LiteralBindings* literals = nullptr;  // whose values are the parameters; kept with the plan
  // Closed, and ready to be opened again for the same plan; see Recycle().
  std::unique_ptr<engine::PreparedExecution> idle_execution;
  std::unique_ptr<Task> task;  // of a utility statement that streams (COPY)

  // Rows: streamed ones pass through `chunk`; kept ones are in `rows`.
  types::Chunk chunk;
  uint32_t chunk_next = 0;
  std::unique_ptr<RowStore> rows;
  uint64_t position = 0;   // of the next row to give; for cursors 1-based row the cursor is on, see cursors.cc
  bool exhausted = false;  // the engine has no more rows

  bool plan_modifies() const;

  // Pulls the next chunk; exhausted is set at the end. Requires started and an execution. When so few rows are wanted no
  // more are computed.
  Status Pull(uint64_t rows_wanted = UINT64_MAX);
  // Pulls until `rows` has the row at `position` or the end is reached.
  Status PullTo(uint64_t position);
  // Runs to the end, keeping all rows.
  Status Materialize();
  // Lets go of the engine's part; kept rows stay.
  Status CloseExecution();
  // Makes a finished portal as good as new, keeping its memory and its closed execution for the next run of the same
  // statement. False: it is of no use any more.
  bool Recycle();
};

// Delivers up to `limit` rows (0: all) of a started portal.
class PortalTask : public Task {
 public:
  PortalTask(Portal& portal, uint64_t limit) : portal_(portal), limit_(limit) {}
  Result<TaskState> Run(ResultSink& sink) override;
  std::string Tag() const override;
  bool gives_rows() const override {
    return portal_.task != nullptr ? portal_.task->gives_rows() : portal_.statement != nullptr && portal_.statement->returns_rows;
  }

 private:
  // Rows given to the sink between looks at whether it is full.
  static constexpr uint32_t kSliceRows = 256;

  Result<TaskState> RunStreamed(ResultSink& sink);
  Result<TaskState> RunKept(ResultSink& sink);

  Portal& portal_;
  const uint64_t limit_;
  uint64_t given_ = 0;
};

}  // namespace phantom::session
