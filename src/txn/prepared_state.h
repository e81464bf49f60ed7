// txn/prepared_state.h
//
// What must outlive a crash of a transaction that is prepared and of which its chain of log records says nothing: its name, and what it
// holds. Bytes: docs/formats/wal.md (Prepared).
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "common/bytes.h"
#include "common/function_ref.h"
#include "common/ids.h"
#include "common/status.h"
#include "txn/lock_manager.h"
#include "txn/prepared.h"
#include "txn/transaction.h"
#include "wal/record.h"

namespace phantom::wal {
class LogWriter;
}

namespace phantom::txn {

struct PreparedState {
  PreparedInfo info;  // without the id, which the record has
  Isolation isolation = Isolation::kReadCommitted;
  bool read_only = false;
  std::vector<HeldLock> locks;
  std::vector<RowLockGroup> row_locks;
  std::vector<std::pair<SpaceId, TreeId>> drops;  // trees, their overflow trees among them

  bool operator==(const PreparedState&) const = default;
};

std::string EncodePrepared(const PreparedState& state);
// XX001.
Result<PreparedState> DecodePrepared(Bytes bytes);

// Gives the state's records to `append`, in order, each of at most so many bytes: kPreparePart as far as need be, then kPrepare. The
// first error ends it.
Status AppendPrepared(const PreparedState& state, size_t record_bytes_max,
                      FunctionRef<Status(wal::RecordType type, std::initializer_list<Bytes> payload)> append);
// The state that the kPrepare record at `lsn` ends.
Result<PreparedState> ReadPrepared(wal::LogWriter& log, Lsn lsn);

}  // namespace phantom::txn
