#include "txn/index_load.h"

#include "store/tiered_tree.h"
#include "txn/entry_key.h"
#include "txn/manager_impl.h"
#include "txn/serializable_access.h"

namespace phantom::txn {

IndexLoad::IndexLoad(const Index& index)
    : manager_(index.manager_), space_(index.space_), tree_(index.tree_), watched_(index.watched_), run_(manager_->store(), index.entries_, kIndexFilterTrim) {}

Status IndexLoad::Add(std::string_view key, RowId row) {
  RETURN_IF_ERROR(Index::CheckKey(key));
  return run_.Add(EntryKey(key, row), {});
}

Status IndexLoad::Publish(Transaction& transaction) {
  ManagerImpl& impl = manager_->impl();
  ASSIGN_OR_RETURN(const TxnId txn, transaction.EnsureId());
  RETURN_IF_ERROR(impl.store.log().Admit());
  RETURN_IF_ERROR(impl.Track(transaction.active_entry_, [&](Lsn* last) { return run_.Publish(txn, last); }));
  impl.key_locks.AwaitAll();
  SerializableTransaction* const writer = WriterOf(transaction, watched_);
  return writer == nullptr ? Status::Ok() : impl.serializable.WroteTree(*writer, {space_, tree_});
}

}  // namespace phantom::txn
