// Statements planned and executed against a small schema on a simulated disk.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "../planner/fixture.h"
#include "engine/executor.h"
#include "engine/memory_broker.h"
#include "rows_text.h"
#include "types/chunk.h"

namespace phantom::engine {

class QueryFixture : public planner::PlannerFixture {
 public:
  // Rows as "a|b;c|d", "SQLSTATE: message" for an error, the count for a statement that returns none.
  std::string Run(std::string_view sql) {
    auto plan = Plan(sql);
    if (!plan.ok()) return plan.status().ToString();
    const txn::Snapshot snapshot = transaction->TakeSnapshot();
    ExecutionContext execution;
    execution.transaction = transaction.get();
    execution.snapshot = &snapshot;
    execution.catalog = catalog.get();
    execution.format = &format;
    execution.env = temporary != nullptr ? temporary : &env;
    execution.memory = memory.get();
    execution.cancelled = cancelled;
    auto made = PreparedExecution::Create(**plan, execution);
    if (!made.ok()) return made.status().ToString();
    PreparedExecution& run = **made;
    std::string text;
    Status status = run.Open();
    types::Chunk chunk;
    while (status.ok()) {
      status = run.Next(chunk);
      if (!status.ok() || chunk.empty()) break;
      status = AppendRows(chunk, 0, chunk.size(), format, &text);
    }
    if (!status.ok()) return status.ToString();
    if ((*plan)->command != planner::CommandKind::kSelect && text.empty()) text = std::to_string(run.rows_affected());
    status = run.Close();
    reusable = run.reusable();
    return status.ok() ? text : status.ToString();
  }

  std::unique_ptr<MemoryBroker> memory;
  io::Env* temporary = nullptr;  // where temporary files go; null: with the rest
  const std::atomic<bool>* cancelled = nullptr;
  bool reusable = false;  // the execution of the last statement that ran to its end
};

}  // namespace phantom::engine
