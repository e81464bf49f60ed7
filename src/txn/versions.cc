// Old versions: a record of the log holds the version it replaced.
#include "btree/change.h"
#include "txn/manager_impl.h"
#include "txn/row_header.h"
#include "wal/log_writer.h"

namespace phantom::txn {

Result<bool> ManagerImpl::FindVersion(const Snapshot& snapshot, Lsn lsn, wal::Record* record, Bytes* value) {
  while (lsn) {
    RETURN_IF_ERROR(store.log().ReadRecord(lsn, record));
    if (record->type() != wal::RecordType::kChange) {
      return Errorf(sqlstate::kDataCorrupted, "row version names record %llX, which is no change",
                    static_cast<unsigned long long>(lsn.value));
    }
    btree::Change change;
    RETURN_IF_ERROR(btree::ParseChange(*record, &change));
    if (!change.has_before) return false;
    const RowHeader header = RowHeader::Load(change.before);
    if (snapshot.Sees(header.txn, header.lsn)) {
      *value = change.before;
      return !header.deleted();
    }
    lsn = change.link;
  }
  return false;
}

// The replaced version V was made by record `replaced`, which holds the version U before it and links further. A new
// record that links to `replaced` lets readers find U; when nobody needs U it links to where U's record did.
Result<Lsn> ManagerImpl::LinkPast(TxnId writer, TxnId replaced_txn, Lsn replaced) {
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
  if (!change.has_before) return Lsn();
  const RowHeader older = RowHeader::Load(change.before);
  bool needed;
  if (replaced_txn == writer) {
    if (older.txn != writer) return replaced;  // everybody else sees U
    needed = snapshots.Any([&](Lsn, TxnId own, Lsn command) {
      return own == writer && older.lsn < command && command <= replaced;
    });
  } else {
    const uint64_t from = status.Get(older.txn), to = status.Get(replaced_txn);
    if (from < StatusTable::kLongAgo || to < StatusTable::kLongAgo) return replaced;
    needed = snapshots.Any([&](Lsn lsn, TxnId, Lsn) { return from <= lsn.value && lsn.value < to; });
  }
  return needed ? replaced : change.link;
}

}  // namespace phantom::txn
