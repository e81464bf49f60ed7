// common/lock_rank.h
//
// The total order in which mutexes are taken, outermost first. docs/LOCKS.md says what each
// guards. A rank is added here where it belongs in the order, never renumbered by hand.
#pragma once

namespace phantom {

enum class LockRank : int {
  kServer,           // listeners, session registry
  kSession,          // one session's cancel state
  kPlanCache,        // shared plans
  kCatalogCache,     // cached catalog objects
  kSequence,         // cached sequence state
  kScheduler,        // task queues
  kSerializableEnds, // ends of serializable transactions, one at a time
  kPurge,            // queue of dead versions
  kDeadlock,         // the registry of lock holders; one deadlock check at a time
  kLockHolder,       // one holder's weak table locks
  kLockManager,      // a partition of the lock table
  kLockWait,         // one holder's wait
  kRowLocks,         // a partition of the explicit row locks
  kPredicateLocks,   // a partition of what serializable transactions have read
  kSerializable,     // the graph of serializable transactions
  kPredicateReader,  // in which trees one of them has read
  kTransactions,     // active transactions, commit order
  kRuns,             // changes of a tree's list of runs
  kCheckpoint,       // checkpoint state
  kStore,            // tree directory
  kBufferPool,       // a partition of the page table, free frames
  kPageMap,          // logical page to physical slot
  kVersions,         // which chunks of a table are cold
  kWal,              // log tail
  kWalFiles,         // open log files, their cached blocks
  kIo,               // a simulated disk's state
  kMemory,           // memory broker
  kLog,              // the logger's sink
};

}  // namespace phantom
