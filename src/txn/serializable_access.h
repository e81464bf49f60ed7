// txn/serializable_access.h
//
// Who has to tell the serializable graph of a read or a write: almost nobody. System tables are not watched, as in PostgreSQL.
#pragma once
#include "store/store.h"
#include "txn/serializable.h"
#include "txn/transaction.h"

namespace phantom::txn {

// The transaction that reads the tree through the snapshot, if that is watched.
inline SerializableTransaction* ReaderOf(const Snapshot& snapshot, TreeId tree) {
  SerializableTransaction* const reader = snapshot.reader();
  if (reader == nullptr) [[likely]] return nullptr;
  return tree >= store::kFirstTree && !reader->safe() ? reader : nullptr;
}

// The same of one that writes.
inline SerializableTransaction* WriterOf(Transaction& transaction, TreeId tree) {
  if (transaction.isolation() != Isolation::kSerializable) [[likely]] return nullptr;
  if (tree < store::kFirstTree) return nullptr;
  SerializableTransaction* const writer = transaction.EnsureSerializable();
  return writer != nullptr && !writer->safe() ? writer : nullptr;
}

}  // namespace phantom::txn
