// txn/lock_modes.h
//
// Lock modes and what conflicts with what: PostgreSQL 15, chapter 13.3. The eight modes serve tables, objects and
// advisory locks; the four row modes serve SELECT ... FOR and writes of rows.
#pragma once
#include <cstdint>

namespace phantom::txn {

// Numbered as pg_locks and LOCK TABLE order them, weakest first.
enum class LockMode : uint8_t {
  kAccessShare = 1,
  kRowShare,
  kRowExclusive,
  kShareUpdateExclusive,
  kShare,
  kShareRowExclusive,
  kExclusive,
  kAccessExclusive,
};
inline constexpr int kLockModeCount = 8;

// A set of modes: bit (1 << mode).
using LockModeSet = uint16_t;
constexpr LockModeSet ModeBit(LockMode mode) { return static_cast<LockModeSet>(1u << static_cast<int>(mode)); }

inline constexpr LockModeSet kConflictsOf[kLockModeCount + 1] = {
    0,
    0x100,                                              // AccessShare: AccessExclusive
    0x180,                                              // RowShare: Exclusive and up
    0x1E0,                                              // RowExclusive: Share and up
    0x1F0,                                              // ShareUpdateExclusive: itself and up
    0x1D8,                                              // Share: RowExclusive, ShareUpdateExclusive, ShareRowExclusive and up
    0x1F8,                                              // ShareRowExclusive: RowExclusive and up
    0x1FC,                                              // Exclusive: RowShare and up
    0x1FE,                                              // AccessExclusive: all
};
constexpr LockModeSet ConflictsOf(LockMode mode) { return kConflictsOf[static_cast<int>(mode)]; }
constexpr bool Conflict(LockMode a, LockMode b) { return (ConflictsOf(a) & ModeBit(b)) != 0; }

// "AccessShareLock" etc., as pg_locks and deadlock reports print them.
const char* LockModeName(LockMode mode);

// Weakest first; each conflicts with at least what a weaker one conflicts with.
enum class RowLockMode : uint8_t { kKeyShare, kShare, kNoKeyUpdate, kUpdate };

constexpr bool Conflict(RowLockMode a, RowLockMode b) {
  // Key share conflicts with update only; share with both updates; the updates with everything but key share/update.
  constexpr uint8_t kTable[4] = {0b1000, 0b1100, 0b1110, 0b1111};
  return (kTable[static_cast<int>(a)] >> static_cast<int>(b) & 1) != 0;
}

// What a lock request does when it would have to wait.
enum class WaitPolicy : uint8_t {
  kWait,
  kSkip,    // gives up silently: SKIP LOCKED, pg_try_advisory_lock
  kNoWait,  // 55P03
};

}  // namespace phantom::txn
