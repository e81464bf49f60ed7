#include "engine/context.h"

namespace phantom::engine {

Status ExecutionContext::CancelledError() const {
  if (timed_out != nullptr && timed_out->load(std::memory_order_relaxed)) {
    return Error(sqlstate::kQueryCanceled, "canceling statement due to statement timeout");
  }
  return Error(sqlstate::kQueryCanceled, "canceling statement due to user request");
}

}  // namespace phantom::engine
