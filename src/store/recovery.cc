// Analysis and redo. What a crash left: pages as of the last checkpoint (or newer, each whole), and the log.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "btree/redo.h"
#include "common/log.h"
#include "store/store_impl.h"
#include "wal/log_reader.h"

namespace phantom::store {

static Status Malformed(const wal::Record& record) {
  return Errorf(sqlstate::kDataCorrupted, "malformed log record at %llX",
                static_cast<unsigned long long>(record.lsn().value));
}

// Reads the log from the redo point to its end: who was in progress, which ids have been used.
Status Store::Impl::Analyse(Lsn* end) {
  std::unordered_map<uint64_t, ActiveTransaction> active;
  std::unordered_set<uint64_t> ended;
  auto note = [&](TxnId id, Lsn first, Lsn last) {
    if (ended.contains(id.value)) return;
    auto [it, added] = active.try_emplace(id.value, ActiveTransaction{id, first, last});
    it->second.first = std::min(it->second.first, first);
    it->second.last = std::max(it->second.last, last);
  };
  uint64_t next_txn = recovery.next_txn.value;
  wal::LogReader reader(env, directory + "/wal", control->data().log_file_bytes, redo, control->data().epoch);
  wal::Record record;
  bool found_checkpoint = false;
  for (;;) {
    ASSIGN_OR_RETURN(bool more, reader.Next(&record));
    if (!more) break;
    const TxnId txn = record.txn();
    if (txn) {
      next_txn = std::max(next_txn, txn.value + 1);
      if (record.type() == wal::RecordType::kCommit || record.type() == wal::RecordType::kEnd) {
        active.erase(txn.value);
        ended.insert(txn.value);
      } else {
        note(txn, record.lsn(), record.lsn());
      }
    }
    if (record.type() == wal::RecordType::kTreeCreate || record.type() == wal::RecordType::kTreeDrop) {
      TreePayload payload;
      if (!ReadFrom(record.payload(), &payload)) return Malformed(record);
      NoteTreeId(TreeId(payload.tree));
    }
    if (record.type() == wal::RecordType::kCheckpoint) {
      CheckpointPayload payload;
      if (!ReadFrom(record.payload(), &payload)) return Malformed(record);
      Bytes rest = record.payload().subspan(sizeof(payload));
      if (rest.size() != payload.count * sizeof(CheckpointTransaction)) return Malformed(record);
      for (; !rest.empty(); rest = rest.subspan(sizeof(CheckpointTransaction))) {
        CheckpointTransaction listed;
        ReadFrom(rest, &listed);
        note(TxnId(listed.id), Lsn(listed.first), Lsn(listed.last));
      }
      next_txn = std::max(next_txn, payload.next_txn);
      found_checkpoint |= record.lsn().value == control->data().checkpoint;
    }
  }
  RETURN_IF_ERROR(reader.CheckEnd());
  if (!found_checkpoint) {
    return Errorf(sqlstate::kDataCorrupted, "the log ends at %llX, before the last checkpoint's record",
                  static_cast<unsigned long long>(reader.position().value));
  }
  *end = reader.position();
  recovery.next_txn = TxnId(next_txn);
  for (const auto& [id, transaction] : active) recovery.losers.push_back(transaction);
  std::sort(recovery.losers.begin(), recovery.losers.end(),
            [](const ActiveTransaction& a, const ActiveTransaction& b) { return a.id < b.id; });
  return Status::Ok();
}

Status Store::Impl::ReplayRecord(const wal::Record& record, btree::Redo* replay) {
  switch (record.type()) {
    case wal::RecordType::kChange:
    case wal::RecordType::kPages:
      recovery.clean = false;
      return replay->Apply(record);
    case wal::RecordType::kSpaceCreate:
    case wal::RecordType::kSpaceDrop: {
      recovery.clean = false;
      SpacePayload payload;
      if (!ReadFrom(record.payload(), &payload)) return Malformed(record);
      const SpaceId space(payload.space);
      if (record.type() == wal::RecordType::kSpaceCreate) return map->CreateSpace(space, record.lsn()).status();
      if (map->CreatedBefore(space, record.lsn())) {
        pool->DropSpace(space);
        map->DropSpace(space);
      }
      replay->ForgetSpace(space);
      return Status::Ok();
    }
    default:
      return Status::Ok();
  }
}

Status Store::Impl::Replay(Lsn end) {
  recovery.clean = recovery.losers.empty();
  btree::Redo replay(*pool);
  wal::LogReader reader(env, directory + "/wal", control->data().log_file_bytes, redo, control->data().epoch);
  wal::Record record;
  while (reader.position() < end) {
    ASSIGN_OR_RETURN(bool more, reader.Next(&record));
    if (!more) break;
    RETURN_IF_ERROR(ReplayRecord(record, &replay));
    if (options.on_record) options.on_record(record);
  }
  if (reader.position() != end) return Error(sqlstate::kDataCorrupted, "the log changed while it was read");
  RETURN_IF_ERROR(replay.Finish());
  // A crash may have come between a space's making and its directory's.
  for (SpaceId space : map->ListSpaces()) {
    if (!map->IsAllocated(PageId(space, 1))) RETURN_IF_ERROR(MakeDirectory(space));
  }
  if (!recovery.clean) {
    Log(LogLevel::kLog, "redo done from %llX to %llX, %zu transactions to roll back",
        static_cast<unsigned long long>(redo.value), static_cast<unsigned long long>(end.value),
        recovery.losers.size());
  }
  return Status::Ok();
}

}  // namespace phantom::store
