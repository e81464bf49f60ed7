// tests/store/mini_txn.h
//
// As little of transactions as it takes to try a store: chains of records, commit, rollback, and the
// rollback of losers after a crash. Locks are the caller's concern.
#pragma once
#include <catch2/catch.hpp>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "btree/change.h"
#include "store/run_load.h"
#include "store/store.h"
#include "wal/log_writer.h"

namespace phantom::store {

class MiniTxns : public TransactionHooks {
 public:
  explicit MiniTxns(Store& store) : store_(store), next_(store.recovery().next_txn.value) { store.SetHooks(this); }
  ~MiniTxns() override { store_.SetHooks(nullptr); }

  TxnId Begin() {
    std::lock_guard lock(mutex_);
    return TxnId(next_++);
  }

  Status Put(btree::Tree& tree, Bytes key, std::string_view value, TxnId txn) {
    RETURN_IF_ERROR(store_.log().Admit());
    return Write(tree, key, txn, [&](std::optional<Bytes>, btree::Edit& edit) {
      edit.op = btree::Edit::Op::kPut;
      edit.body = AsBytes(value);
    });
  }
  Status Remove(btree::Tree& tree, Bytes key, TxnId txn) {
    RETURN_IF_ERROR(store_.log().Admit());
    return Write(tree, key, txn, [&](std::optional<Bytes>, btree::Edit& edit) { edit.op = btree::Edit::Op::kRemove; });
  }
  Result<TreeId> CreateTree(SpaceId space, TxnId txn) {
    std::shared_lock writing(writing_);
    Lsn last = Last(txn);
    Result<TreeId> id = store_.CreateTree(space, TreeId(), btree::TreeKind::kKeyed, "attributes", txn, &last);
    Note(txn, last);
    return id;
  }
  Status DropTree(SpaceId space, TreeId tree, TxnId txn) {
    std::shared_lock writing(writing_);
    Lsn last = Last(txn);
    Status status = store_.DropTree(space, tree, txn, &last);
    Note(txn, last);
    return status;
  }

  Status Publish(RunLoad& load, TxnId txn) {
    std::shared_lock writing(writing_);
    Lsn last = Last(txn);
    Status status = load.Publish(txn, &last);
    Note(txn, last);
    return status;
  }

  // The commit record's LSN; 0 when there was nothing to commit.
  Lsn Commit(TxnId txn) { return End(txn, wal::RecordType::kCommit); }

  Status Abort(TxnId txn) {
    RETURN_IF_ERROR(Undo(txn));
    End(txn, wal::RecordType::kEnd);
    return Status::Ok();
  }

  // After recovery.
  Status AbortLosers() {
    for (const ActiveTransaction& loser : store_.recovery().losers) {
      {
        std::lock_guard lock(mutex_);
        active_[loser.id] = loser;
      }
      RETURN_IF_ERROR(Abort(loser.id));
    }
    return store_.FinishInterruptedDrops();
  }

  std::vector<ActiveTransaction> ActiveTransactions() override {
    std::unique_lock writing(writing_);
    std::lock_guard lock(mutex_);
    std::vector<ActiveTransaction> list;
    for (const auto& [id, transaction] : active_) list.push_back(transaction);
    return list;
  }
  bool InProgress(TxnId txn) const override {
    std::lock_guard lock(mutex_);
    return active_.contains(txn);
  }
  TxnId NextTxnId() override {
    std::lock_guard lock(mutex_);
    return TxnId(next_);
  }
  Lsn RetainLsn() override { return store_.log().appended(); }

 private:
  Lsn Last(TxnId txn) {
    std::lock_guard lock(mutex_);
    auto found = active_.find(txn);
    return found == active_.end() ? Lsn() : found->second.last;
  }
  void Note(TxnId txn, Lsn lsn) {
    if (!lsn) return;
    std::lock_guard lock(mutex_);
    auto [it, added] = active_.try_emplace(txn, ActiveTransaction{txn, lsn, lsn});
    it->second.last = lsn;
  }
  template <typename F>
  Status Write(btree::Tree& tree, Bytes key, TxnId txn, F decide) {
    std::shared_lock writing(writing_);
    Result<Lsn> lsn = tree.Modify(key, [&](std::optional<Bytes> current, btree::Edit& edit) {
      edit.txn = txn;
      edit.prev = Last(txn);
      decide(current, edit);
      return Status::Ok();
    });
    RETURN_IF_ERROR(lsn.status());
    Note(txn, *lsn);
    return Status::Ok();
  }
  Lsn End(TxnId txn, wal::RecordType type) {
    std::lock_guard lock(mutex_);
    auto found = active_.find(txn);
    if (found == active_.end()) return Lsn();
    wal::RecordInfo info;
    info.type = type;
    info.txn = txn;
    info.prev = found->second.last;
    active_.erase(found);
    return store_.log().Append(info, {});
  }
  Status Undo(TxnId txn) {
    wal::Record record;
    for (Lsn at = Last(txn); at;) {
      RETURN_IF_ERROR(store_.log().ReadRecord(at, &record));
      if (record.txn() != txn) return Error(sqlstate::kDataCorrupted, "a chain leads to another transaction");
      at = record.prev();
      if (record.type() == wal::RecordType::kTreeCreate || record.type() == wal::RecordType::kTreeDrop ||
          record.type() == wal::RecordType::kRunAdd) {
        if (record.compensation()) continue;
        std::shared_lock writing(writing_);
        Lsn last = Last(txn);
        RETURN_IF_ERROR(store_.UndoTree(record, &last));
        Note(txn, last);
        continue;
      }
      btree::Change change;
      RETURN_IF_ERROR(btree::ParseChange(record, &change));
      if (record.compensation()) {
        at = change.link;
        continue;
      }
      ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> tree, store_.OpenTree(change.space(), change.tree));
      RETURN_IF_ERROR(Write(*tree, change.key, txn, [&](std::optional<Bytes>, btree::Edit& edit) {
        edit.op = change.has_before ? btree::Edit::Op::kPut : btree::Edit::Op::kRemove;
        edit.body = change.before;
        edit.compensation = true;
        edit.link = record.prev();
      }));
    }
    return Status::Ok();
  }

  Store& store_;
  // Held shared from before a record is appended until it is noted, so that the list misses none.
  std::shared_mutex writing_;
  mutable std::mutex mutex_;
  uint64_t next_;
  std::map<TxnId, ActiveTransaction> active_;
};

}  // namespace phantom::store
