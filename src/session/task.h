// session/task.h
//
// A statement that delivers over several calls, pausing when the sink is full or the client owes data.
#pragma once
#include <string>
#include <string_view>

#include "common/status.h"

namespace phantom::session {

class ResultSink;

enum class TaskState {
  kDone,
  kPaused,     // the sink is full: run again
  kSuspended,  // the row limit was reached
  kCopyIn,     // waits for the client's data
};

class Task {
 public:
  virtual ~Task() = default;
  virtual Result<TaskState> Run(ResultSink& sink) = 0;
  // Of the finished statement.
  virtual std::string Tag() const = 0;
  // Does it give rows to the client?
  virtual bool gives_rows() const { return false; }

  // Of a task in kCopyIn.
  virtual Status Data(std::string_view) { return Status::Ok(); }
  virtual Status DataEnd() { return Status::Ok(); }
};

}  // namespace phantom::session
