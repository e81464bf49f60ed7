// common/free_memory.h
//
// Gives the memory that was freed, but that the allocator keeps for later, back to the system. Takes a few milliseconds for a
// hundred megabytes: for the end of what used much.
//
// Thread safety: may be called from any thread.
#pragma once

namespace phantom {

void ReturnFreeMemory();

}  // namespace phantom
