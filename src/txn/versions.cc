// Old versions: a record of the log holds the version it replaced.
#include "btree/change.h"
#include "txn/manager_impl.h"
#include "txn/row_header.h"
#include "wal/log_writer.h"

namespace phantom::txn {

// Chains longer than this are worth a look at what could be skipped.
static constexpr uint8_t kDepthToSkip = 8;
// Who wants to know of a row's key looks at so many newer versions; after more of them it counts as changed.
static constexpr int kVersionsToKeyMax = 1 << 16;

Result<bool> ManagerImpl::FindVersion(const Snapshot& snapshot, Lsn lsn, wal::Record* record, Bytes* value,
                                      SerializableTransaction* reader) {
  while (lsn) {
    RETURN_IF_ERROR(store.log().ReadRecord(lsn, record));
    if (record->type() != wal::RecordType::kChange) {
      return Errorf(sqlstate::kDataCorrupted, "row version names record %llX, which is no change",
                    static_cast<unsigned long long>(lsn.value));
    }
    btree::Change change;
    RETURN_IF_ERROR(btree::ParseChange(*record, &change));
    // An insert has neither; a record without the value before, which nobody needed then, may link to others.
    if (change.has_before) {
      const RowHeader header = RowHeader::Load(change.before);
      // A tombstone over a run: purge or a rollback has been here, and nobody needs what was before.
      if (header.dead()) return false;
      if (Sees(snapshot, header)) {
        *value = change.before;
        return !header.deleted();
      }
      if (reader != nullptr) RETURN_IF_ERROR(serializable.ReadPast(*reader, header.txn));
    }
    lsn = change.link;
  }
  return false;
}

// Goes from version to version, not by links: those pass over versions that nobody needs, of which one may have changed the key.
Result<bool> ManagerImpl::KeyKept(const Snapshot& snapshot, RowHeader newer) {
  wal::Record record;
  btree::Change change;
  for (int step = 0; step < kVersionsToKeyMax && newer.lsn && (newer.flags & kRowKeyWrite) == 0; ++step) {
    RETURN_IF_ERROR(store.log().ReadRecord(newer.lsn, &record));
    if (record.type() != wal::RecordType::kChange) return false;  // a load's
    RETURN_IF_ERROR(btree::ParseChange(record, &change));
    if (!change.has_before) return false;
    newer = RowHeader::Load(change.before);
    if (Sees(snapshot, newer)) return !newer.deleted();
  }
  return false;
}

bool ManagerImpl::ChooseLink(const RowHeader& replaced, bool seen_by_all, const FoundLink& found, RowHeader* header, Lsn* link) {
  if (seen_by_all) {
    header->depth = 0;  // nobody needs what was before it
    *link = Lsn();
  } else if (replaced.depth < kDepthToSkip) {
    header->depth = static_cast<uint8_t>(replaced.depth + 1);
    *link = replaced.lsn;
  } else if (found.of == replaced.lsn) {
    const bool grew = found.link == replaced.lsn && replaced.depth < UINT8_MAX;
    header->depth = static_cast<uint8_t>(replaced.depth + (grew ? 1 : 0));
    *link = found.link;
  } else {
    return false;
  }
  return true;
}

// The replaced version V was made by record `replaced`, which holds the version U before it and links further. A new
// record that links to `replaced` lets readers find U; when nobody needs U it links to where U's record did.
Result<Lsn> ManagerImpl::LinkPast(TxnId writer, const RowHeader& newest) {
  const Lsn replaced = newest.lsn;
  // Past the floor everybody sees V, so nobody needs U, and the log may have been dropped up to there: before this or meanwhile.
  auto everybody_sees = [&] { return replaced < snapshots.Last().log_floor; };
  if (everybody_sees()) return Lsn();
  wal::Record record;
  if (Status read = store.log().ReadRecord(replaced, &record); !read.ok()) {
    if (everybody_sees()) return Lsn();
    return read;
  }
  btree::Change change;
  RETURN_IF_ERROR(btree::ParseChange(record, &change));
  if (!change.has_before) return change.link;
  const RowHeader older = RowHeader::Load(change.before);
  bool needed;
  if (!newest.alone() && newest.txn == writer) {
    if (older.txn != writer) return replaced;  // everybody else sees U
    needed = snapshots.Any([&](const SnapshotRegistry::View& view) {
      return view.own == writer && older.lsn < view.command && view.command <= replaced;
    });
  } else {
    // Commits at or below a snapshot's LSN are seen, versions alone when they are below what it sees of those.
    auto committed = [&](const RowHeader& header) { return header.alone() ? header.lsn.value : status.Get(header.txn); };
    auto seen = [](const RowHeader& header, uint64_t at, const SnapshotRegistry::View& view) {
      return header.alone() ? at < view.alone_below.value : at <= view.lsn.value;
    };
    const uint64_t from = committed(older), to = committed(newest);
    if (from < StatusTable::kLongAgo || to < StatusTable::kLongAgo) return replaced;
    needed = snapshots.Any([&](const SnapshotRegistry::View& view) {
      return seen(older, from, view) && !seen(newest, to, view);
    });
    if (!needed && !older.alone()) {
      ASSIGN_OR_RETURN(needed, IsFirstPast(older, from, change.link));
    }
  }
  return needed ? replaced : change.link;
}

// A serializable snapshot that sees the version before U and not U: whoever reads a row through it must learn of U's writer, who
// comes after it in every serial order. Of those who wrote after U it need not learn.
Result<bool> ManagerImpl::IsFirstPast(const RowHeader& older, uint64_t committed, Lsn link) {
  const auto watches = [&](const SnapshotRegistry::View& view) { return view.serializable && view.lsn.value < committed; };
  const auto everybody_sees = [&](Lsn lsn) { return lsn < snapshots.Last().log_floor; };
  if (everybody_sees(older.lsn) || !snapshots.Any(watches)) return false;
  uint64_t before = 0;  // nothing is before U, or what everybody sees
  if (link && !everybody_sees(link)) {
    wal::Record record;
    btree::Change change;
    if (Status read = store.log().ReadRecord(link, &record); !read.ok()) {
      if (everybody_sees(link)) return true;
      return read;
    }
    RETURN_IF_ERROR(btree::ParseChange(record, &change));
    if (change.has_before) {
      const RowHeader header = RowHeader::Load(change.before);
      if (header.txn == older.txn) return false;  // the same writer is met there
      before = status.Get(header.txn);
    }
  }
  return snapshots.Any([&](const SnapshotRegistry::View& view) { return watches(view) && before <= view.lsn.value; });
}

}  // namespace phantom::txn
