// txn/row_table_impl.h
//
// Inside RowTable: what its files share.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "lsm/segment_writer.h"
#include "txn/manager_impl.h"
#include "txn/row_header.h"
#include "txn/row_table.h"
#include "txn/serializable_access.h"

namespace phantom::txn {

struct RowTable::Parts {
  std::shared_ptr<TableState> state;
  std::vector<uint32_t> variable_columns;
  // Whether the row written last had to be fetched from a segment: the next one is likely to be there too.
  std::atomic<bool> writes_cold{false};

  btree::Tree& tree() const { return *state->tree; }
};

// The least row id at or above a leaf's fence, which may be shortened to what tells two leaves apart.
inline RowId RowIdAtFence(Bytes fence) {
  std::array<std::byte, 8> key{};
  std::copy_n(fence.begin(), std::min(fence.size(), key.size()), key.begin());
  return RowId(LoadBE<uint64_t>(key.data()));
}

// Calls `visit` for the tree's rows [first, end), in order, each under its leaf's latch, until it returns false.
Status VisitRows(const btree::Tree& tree, RowId first, RowId end, FunctionRef<bool(RowId, Bytes)> visit);

// Takes those rows of a chunk out of the tree that the function picks, without keeping what they were. Leaves left empty are joined.
struct MoveOptions;
Result<bool> PruneChunk(ManagerImpl& impl, btree::Tree& tree, uint64_t chunk, FunctionRef<bool(const RowHeader&)> drop,
                        const MoveOptions& options);

// The columns of the table's segments: its own without dropped ones, then the writers. The base is the caller's.
lsm::SegmentSchema SegmentSchemaOf(const RowTable& table);

// What a write or a lock wants of a row.
struct RowTable::Wish {
  enum class Kind : uint8_t { kUpdate, kDelete, kLock };
  Kind kind = Kind::kUpdate;
  RowLockMode mode = RowLockMode::kUpdate;
  WriteBase base = WriteBase::kSnapshot;
  Lsn version;
  std::string_view row;
  bool has_overflow = false;
  WaitPolicy policy = WaitPolicy::kWait;
  std::string_view relation;
};

// One look at the row.
struct RowTable::Attempt {
  enum class Verdict : uint8_t {
    kDone,
    kWait,       // for `blocker`
    kLockFirst,  // somebody may have locked rows near: take the row lock before writing
    kLinkFirst,  // the chain is long: find what to link to before writing
  };
  Verdict verdict = Verdict::kDone;
  WriteOutcome outcome = WriteOutcome::kOk;
  bool missing = false;  // the tree lacks the row
  bool beside_writer = false;  // kDone for a key share: the version found is of a writer in progress
  bool as_seen = false;        // kOk for a key share: of a row changed since, or by such a writer, the snapshot's version counts
  TxnId blocker;
  RowHeader newest;        // of the version found
  FetchedRow found;        // kLock: where it lies, or its row
  std::string newest_row;  // otherwise, when it has overflow values
  Lsn written;
  // Kept between looks.
  bool row_locked = false;  // the row lock is held
  bool row_lock_added = false;  // ... for this attempt only
  ManagerImpl::FoundLink link;
};

}  // namespace phantom::txn
