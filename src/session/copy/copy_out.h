// session/copy/copy_out.h
//
// COPY TO: the rows of a table or query as text, CSV or binary, to the client (one CopyData a row) or to a file.
#pragma once
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "session/copy/options.h"
#include "session/portal.h"
#include "session/task.h"

namespace phantom::session {

class CopyOutTask : public Task {
 public:
  // `portal` has been started; it gives the rows. `file` is empty for the client. `force_quote` is by column.
  CopyOutTask(std::unique_ptr<Portal> portal, CopyOptions options, std::string file, std::vector<bool> force_quote);
  ~CopyOutTask() override;

  // Opens the file, if there is one. 42501, 58P01.
  Status Open();
  Result<TaskState> Run(ResultSink& sink) override;
  std::string Tag() const override;
  bool gives_rows() const override { return true; }

 private:
  Status Put(ResultSink& sink, std::string_view bytes);
  Status PutHeader(ResultSink& sink);
  Status FormatRow(const types::Chunk& chunk, uint32_t row);
  void AppendTextField(std::string_view value);
  void AppendCsvField(std::string_view value, bool force_quote);

  std::unique_ptr<Portal> portal_;
  const CopyOptions options_;
  const std::string file_name_;
  const std::vector<bool> force_quote_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  bool started_ = false;
  uint64_t count_ = 0;
  std::string pending_;  // goes out in front of what is sent next
  std::string line_;
  std::string value_;
};

}  // namespace phantom::session
