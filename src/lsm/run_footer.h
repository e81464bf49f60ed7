// lsm/run_footer.h
//
// What a run knows about itself: where its blocks and filters are, and what separates them. Bytes: docs/formats/run.md.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/status.h"
#include "lsm/block_file.h"
#include "lsm/run_format.h"

namespace phantom::lsm {

inline constexpr BlockFileKind kRunFile{"run", kRunMagic, kRunVersion};

struct RunFilter {
  BlockRef block;
  uint32_t first_block = 0;
};

struct RunFooter {
  std::string Encode() const;
  // XX001 when the bytes are no footer of blocks that end at `end`.
  static Result<RunFooter> Parse(Bytes bytes, uint64_t end);

  Bytes separator(size_t block) const {
    return AsBytes(std::string_view(separators).substr(separator_begins[block],
                                                       separator_begins[block + 1] - separator_begins[block]));
  }
  void AddSeparator(Bytes separator);

  uint64_t tree = 0;
  uint64_t entries = 0;
  uint64_t tombstones = 0;
  uint8_t filter_trim = 0;
  std::string last_key;
  std::vector<BlockRef> blocks;
  std::vector<RunFilter> filters;
  std::string separators;  // one after another
  std::vector<uint32_t> separator_begins{0};
};

}  // namespace phantom::lsm
