// engine/spill_file.h
//
// Rows put away on disk while a statement runs: written batch by batch, read back in order. The file is removed when the
// object dies; its bytes never outlive the process and have no version.
//
// Thread safety: one owner.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "engine/operator.h"
#include "io/env.h"

namespace phantom::engine {

// A new file in the directory for temporary data, which is made when it is not there. Whoever opened it removes it.
Result<std::unique_ptr<io::File>> CreateTemporaryFile(io::Env& env, const std::string& directory, std::string& path);

class SpillFile {
 public:
  static Result<std::unique_ptr<SpillFile>> Create(Runtime& runtime, std::span<const types::Type> types);
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  Status Write(const Batch& batch);
  // Nothing will be written for now: takes no memory until it is read or written.
  Status Rest();
  // Ends writing; reading starts at the first row. May be repeated to read again.
  Status Rewind();
  // The next rows, at most kVectorSize; none at the end. Valid until the next call.
  Status Read(Batch& out);

  size_t rows() const { return rows_; }
  uint64_t bytes() const { return end_ + buffer_.size(); }

 private:
  SpillFile(Runtime& runtime, std::span<const types::Type> types)
      : runtime_(runtime), types_(types.begin(), types.end()) {}
  Status Flush();
  Status Fill(size_t bytes);

  Runtime& runtime_;
  std::vector<types::Type> types_;
  OutputColumns columns_;  // made when something is read
  std::string path_;
  std::unique_ptr<io::File> file_;
  std::string buffer_;    // to be written, or read ahead
  size_t buffer_at_ = 0;  // reading: next byte in buffer_
  uint64_t end_ = 0;      // bytes in the file
  uint64_t read_ = 0;     // bytes taken from the file
  size_t rows_ = 0;
};

}  // namespace phantom::engine
