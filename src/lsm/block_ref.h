// lsm/block_ref.h
//
// Where a block lies in its file.
#pragma once
#include <cstdint>

namespace phantom::lsm {

struct BlockRef {
  uint64_t offset = 0;
  uint32_t size = 0;
  uint64_t checksum = 0;
};

}  // namespace phantom::lsm
