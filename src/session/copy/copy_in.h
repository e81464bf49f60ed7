// session/copy/copy_in.h
//
// COPY FROM: bytes from the client or a file, through the reader of their format, to rows of a table. Rows are
// collected in batches; defaults, casts and domain checks are the expressions of the planned INSERT of one row,
// computed for a batch at once, and the rows are written through the engine's TableWriter with their constraints and
// indexes.
//
// An error carries where in the data it happened, as PostgreSQL's CONTEXT does.
#pragma once
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "catalog/table.h"
#include "engine/context.h"
#include "session/copy/options.h"
#include "session/statement.h"
#include "session/task.h"
#include "txn/snapshot.h"
#include "types/format_context.h"

namespace phantom::session {

class SessionState;

// What a COPY FROM statement asks for, with its names resolved.
struct CopyInPlan {
  catalog::TableRef table;
  std::vector<int> columns;  // attribute numbers, in the order of the data
  CopyOptions options;
  const parser::Node* where = nullptr;
  std::string file;  // empty: the client sends the data
};

class CopyInTask : public Task {
 public:
  // Plans the insertion; 55000-like errors of the table were raised by the caller.
  static Result<std::unique_ptr<Task>> Make(SessionState& state, CopyInPlan plan);
  ~CopyInTask() override;

  Result<TaskState> Run(ResultSink& sink) override;
  std::string Tag() const override;
  Status Data(std::string_view bytes) override;
  Status DataEnd() override;

 private:
  class Source;
  class TextSource;
  class BinarySource;
  class Writer;

  CopyInTask(SessionState& state, CopyInPlan plan);
  Status ReadFile();

  SessionState& state_;
  CopyInPlan plan_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Source> source_;
  bool started_ = false;
  bool ended_ = false;
};

}  // namespace phantom::session
