// Fuzzy checkpoints. Order: choose the redo point; write every page that was dirty before it; note who is in progress;
// write the changed map; sync; publish. Changes go on all the while.
//
// When the disk has no room for all those pages, the redo point is that of the oldest page left behind. Publishing what
// could be written frees the slots of its older images, so the next turn gets further without any more room.
#include <chrono>

#include "common/check.h"
#include "common/log.h"
#include "store/store_impl.h"

namespace phantom::store {

// How often the checkpointer looks whether there is something to do.
static constexpr auto kPause = std::chrono::milliseconds(50);
// After a failure: every attempt writes to the log, which may be what is short of room.
static constexpr auto kPauseAfterFailure = std::chrono::milliseconds(500);

void Store::Impl::Enter() {
  MutexLock guard(checkpoint_mutex);
  checkpoint_changed.wait(guard, [&] { return !busy; });
  busy = true;
}

void Store::Impl::Leave() {
  MutexLock guard(checkpoint_mutex);
  busy = false;
  checkpoint_changed.notify_all();
}

std::vector<ActiveTransaction> Store::Impl::ActiveTransactions() {
  return hooks != nullptr ? hooks->ActiveTransactions() : active_without_hooks;
}

TxnId Store::Impl::NextTxnId() { return hooks != nullptr ? hooks->NextTxnId() : next_txn_without_hooks; }

// Without the hooks nobody can tell what purge has still to read: all stays.
Lsn Store::Impl::RetainLsn() { return hooks != nullptr ? hooks->RetainLsn() : log->oldest(); }

void Store::SetHooks(TransactionHooks* hooks) {
  impl_->Enter();
  std::vector<ActiveTransaction> active = impl_->ActiveTransactions();
  impl_->next_txn_without_hooks = impl_->NextTxnId();
  {
    MutexLock guard(impl_->mutex);
    impl_->hooks = hooks;
    impl_->active_without_hooks = std::move(active);
  }
  impl_->Leave();
}

Status Store::Impl::Checkpoint() {
  Enter();
  Status status = CheckpointEntered();
  Leave();
  return status;
}

Status Store::Impl::CheckpointEntered() {
  for (uint64_t written = 0;;) {
    const Lsn goal = log->appended();
    Status cleaned = pool->CleanBefore(goal);
    if (cleaned.ok()) return Publish(goal);
    const uint64_t written_now = pool->Stats().writes;
    if (cleaned.sqlstate() != sqlstate::kDiskFull || written_now == written) return cleaned;
    written = written_now;
    RETURN_IF_ERROR(Publish(pool->OldestChange(goal)));
  }
}

Status Store::Impl::Publish(Lsn new_redo) {
  PHANTOM_CHECK(new_redo >= redo);
  // After the redo point was chosen: whoever has written before it and is not in the list has ended before it, or in
  // what is replayed.
  const std::vector<ActiveTransaction> active = ActiveTransactions();
  Lsn retain = std::min(new_redo, RetainLsn());
  CheckpointPayload payload{};
  payload.redo = new_redo.value;
  payload.next_txn = NextTxnId().value;
  payload.count = static_cast<uint32_t>(active.size());
  {
    MutexLock guard(mutex);
    payload.next_tree = next_tree;
  }
  std::vector<CheckpointTransaction> listed;
  for (const ActiveTransaction& transaction : active) {
    listed.push_back({transaction.id.value, transaction.first.value, transaction.last.value});
    retain = std::min(retain, transaction.first);
  }
  const size_t list_bytes = listed.size() * sizeof(CheckpointTransaction);
  if (wal::kRecordHeaderBytes + sizeof(payload) + list_bytes > log->record_bytes_max()) {
    return Errorf(sqlstate::kProgramLimitExceeded, "%zu transactions in progress are too many for a checkpoint",
                  listed.size());
  }
  // Without asking for admission: on a full disk it is the checkpoint that frees log files.
  wal::RecordInfo info;
  info.type = wal::RecordType::kCheckpoint;
  const Lsn record =
      log->Append(info, {BytesOf(payload), {reinterpret_cast<const std::byte*>(listed.data()), list_bytes}});
  log->Flush(record);

  env.Step("checkpoint: recorded");
  if (map->MoveTail()) env.Step("checkpoint: tail moved");
  map->Capture();
  // Pages freed by now are missing in this map, and others were written before the log was: the records of all that must not
  // be lost while it counts.
  log->Flush(Lsn(log->appended().value - 1));
  Status status = map->WriteCaptured();
  if (status.ok()) {
    env.Step("checkpoint: map written");
    if (Status synced = map->Sync(); !synced.ok()) Panic("page file: %s", synced.message().c_str());
    env.Step("checkpoint: pages synced");
    ControlData& data = control->mutable_data();
    data.redo = new_redo.value;
    data.checkpoint = record.value;
    data.meta = map->meta().value;
    data.next_txn = payload.next_txn;
    data.next_tree = payload.next_tree;
    data.written_at = env.WallMicros();
    status = control->Write();
    // Nobody can tell which of the two maps counts then.
    if (!status.ok()) Panic("control file: %s", status.message().c_str());
  }
  if (!status.ok()) {
    map->Abandon();
    return status;
  }
  env.Step("checkpoint: published");
  map->Finish();
  const Result<bool> cut = map->CutTail();
  if (cut.ok() && *cut) env.Step("checkpoint: page file shortened");
  {
    MutexLock guard(checkpoint_mutex);
    redo = new_redo;
    checkpoint_end = log->appended();
    ++checkpoints;
  }
  RETURN_IF_ERROR(log->Truncate(retain));
  return cut.status();
}

void Store::Impl::RunCheckpointer() {
  using Clock = std::chrono::steady_clock;
  const auto interval = std::chrono::milliseconds(options.checkpoint_interval_ms);
  Clock::time_point due = Clock::now() + interval;
  bool failing = false;
  for (;;) {
    bool wanted;
    {
      MutexLock guard(checkpoint_mutex);
      checkpoint_changed.wait_for(guard, failing ? kPauseAfterFailure : kPause, [&] { return stopping; });
      if (stopping) return;
      const Lsn appended = log->appended();
      wanted = (Clock::now() >= due && appended != checkpoint_end) ||
               appended.value - redo.value >= options.checkpoint_log_bytes || map->WantsCheckpoint();
    }
    Status status = pool->CleanSome();
    if (status.ok() && wanted) {
      status = Checkpoint();
      due = Clock::now() + interval;
    }
    // Said once: the pages stay in memory and the log is kept until it succeeds.
    if (!status.ok() && !failing) Log(LogLevel::kWarning, "checkpoint failed: %s", status.message().c_str());
    failing = !status.ok();
  }
}

void Store::Impl::StopCheckpointer() {
  {
    MutexLock guard(checkpoint_mutex);
    stopping = true;
    checkpoint_changed.notify_all();
  }
  if (checkpointer.joinable()) checkpointer.join();
}

Status Store::Checkpoint() { return impl_->Checkpoint(); }

}  // namespace phantom::store
