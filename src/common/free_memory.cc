#include "common/free_memory.h"

#include <malloc.h>

namespace phantom {

void ReturnFreeMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace phantom
