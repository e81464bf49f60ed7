// common/checksum.h
//
// 64-bit XXH3 (xxHash library), the checksum of every page, log record and segment,
// and the hash of in-memory tables that want a strong one.
#pragma once
#include <cstdint>

#include "common/bytes.h"

namespace phantom {

uint64_t Checksum(Bytes bytes, uint64_t seed = 0);

}  // namespace phantom
