// txn/sequence.h
//
// Counters that never roll back: nextval and setval. Values are logged ahead in batches, so that a crash skips some
// but never repeats one. A sequence's row is bytes in a KEYED tree made with CreateIndexTree(), one tree a sequence or
// many sequences in one: the key tells them apart.
//
// Thread safety: any thread.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/ids.h"
#include "common/status.h"
#include "txn/transaction.h"

namespace phantom::txn {

struct SequenceOptions {
  int64_t increment = 1;
  int64_t minimum = 1;
  int64_t maximum = INT64_MAX;
  int64_t cache = 1;
  bool cycle = false;
  bool operator==(const SequenceOptions&) const = default;
};

struct SequenceValue {
  int64_t last_value = 1;
  bool is_called = false;
  int64_t log_count = 0;  // values logged ahead
};

// Values first, first + increment, ..., last: given to the caller.
struct SequenceRange {
  int64_t first = 0;
  int64_t last = 0;
};

class SequenceStore {
 public:
  static constexpr int64_t kLogAhead = 32;

  explicit SequenceStore(TransactionManager& manager);
  ~SequenceStore();

  // CREATE SEQUENCE, and ALTER SEQUENCE ... RESTART into a new tree: undone when the transaction aborts.
  Status Create(Transaction& transaction, SpaceId space, TreeId tree, Oid sequence, int64_t start);

  // Up to options.cache values at once. 2200H "nextval: reached maximum value of sequence \"name\" (n)".
  Result<SequenceRange> Next(SpaceId space, TreeId tree, Oid sequence, const SequenceOptions& options,
                             std::string_view name);
  // setval. Bounds are the caller's business.
  Status Set(SpaceId space, TreeId tree, Oid sequence, int64_t value, bool is_called);
  Result<SequenceValue> Read(SpaceId space, TreeId tree, Oid sequence);

  // The LSN that must be durable before a reply may show values given out.
  Lsn logged() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace phantom::txn
