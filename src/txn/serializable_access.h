// txn/serializable_access.h
//
// Who has to tell the serializable graph of a read or a write: almost nobody. System tables are not watched, nor temporary ones, as in
// PostgreSQL.
#pragma once
#include "store/store.h"
#include "txn/serializable.h"
#include "txn/transaction.h"

namespace phantom::txn {

// Trees that are watched, as far as that is known of their ids.
inline bool IsWatched(TreeId tree) { return tree >= store::kFirstTree; }

// The transaction that reads through the snapshot what is watched, or not.
inline SerializableTransaction* ReaderOf(const Snapshot& snapshot, bool watched) {
  SerializableTransaction* const reader = snapshot.reader();
  if (reader == nullptr) [[likely]] return nullptr;
  return watched && !reader->safe() ? reader : nullptr;
}

// The same of one that writes.
inline SerializableTransaction* WriterOf(Transaction& transaction, bool watched) {
  if (transaction.isolation() != Isolation::kSerializable) [[likely]] return nullptr;
  if (!watched) return nullptr;
  SerializableTransaction* const writer = transaction.EnsureSerializable();
  return writer != nullptr && !writer->safe() ? writer : nullptr;
}

}  // namespace phantom::txn
