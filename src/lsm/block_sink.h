// lsm/block_sink.h
//
// Writes the blocks of a segment or run one after another.
#pragma once
#include <string>
#include <string_view>

#include "common/status.h"
#include "io/env.h"
#include "lsm/block_ref.h"

namespace phantom::lsm {

// Appends blocks to the file, a megabyte at a time.
class BlockSink {
 public:
  explicit BlockSink(io::File& file) : file_(file) {}

  // 54000 when the block is larger than a block can be.
  Result<BlockRef> Append(std::string_view block);
  // Bytes that are no block.
  Status AppendRaw(std::string_view bytes);
  // Ends the file with its footer and trailer: its size. Not synced.
  Result<uint64_t> Finish(std::string_view footer);
  uint64_t size() const { return flushed_ + buffer_.size(); }

 private:
  Status Flush();

  static constexpr size_t kBufferBytes = 1 << 20;

  io::File& file_;
  uint64_t flushed_ = 0;
  std::string buffer_;
};

}  // namespace phantom::lsm
