// lsm/run_writer.h
//
// Writes a run: keys in ascending order with their values. Bytes: docs/formats/run.md.
//
// Thread safety: none. Memory: a block, the separators of all blocks, the hashes of one filter's keys.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/status.h"
#include "lsm/block_sink.h"
#include "lsm/run_block.h"
#include "lsm/run_footer.h"

namespace phantom::lsm {

struct RunOptions {
  uint64_t tree = 0;
  // Trailing bytes of a key that the filter does not look at: 8 for an index, whose keys end with the row id.
  uint8_t filter_trim = 0;
  bool filters = true;
};

class RunWriter {
 public:
  RunWriter(io::File& file, const RunOptions& options);

  // The key must be above the one before; neither it nor the value longer than kRunItemBytesMax.
  Status Add(Bytes key, Bytes value, bool tombstone = false);
  // Completes the file, which the caller makes durable. Returns its size.
  Result<uint64_t> Finish();

  uint64_t entries() const { return footer_.entries; }
  // So far.
  uint64_t size() const { return sink_.size(); }

 private:
  Status FinishBlock(Bytes next_key);
  void FinishFilter();

  const RunOptions options_;
  BlockSink sink_;
  Status header_;
  RunFooter footer_;
  RunBlockBuilder block_;
  std::string filters_;           // one after another, written behind the blocks
  std::vector<uint64_t> hashes_;  // of the present filter's keys
  uint32_t filter_first_ = 0;     // its first block
};

}  // namespace phantom::lsm
