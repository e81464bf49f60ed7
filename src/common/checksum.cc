#include "common/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace phantom {

uint64_t Checksum(Bytes bytes, uint64_t seed) { return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed); }

}  // namespace phantom
