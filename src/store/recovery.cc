// Analysis and redo, in one reading of the log. What a crash left: pages as of the last checkpoint (or newer, each whole), and the log.
// Nothing that redo does counts before the next checkpoint: so it may begin before it is known that the log is as it should be.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "btree/redo_team.h"
#include "common/log.h"
#include "store/store_impl.h"
#include "wal/log_reader.h"

namespace phantom::store {

static Status Malformed(const wal::RecordView& record) {
  return Errorf(sqlstate::kDataCorrupted, "malformed log record at %llX",
                static_cast<unsigned long long>(record.lsn().value));
}

// Who was in progress when the log ended, which ids have been used.
class Analysis {
 public:
  explicit Analysis(uint64_t next_txn) : next_txn_(next_txn) {}

  void NoteRecord(const wal::RecordView& record) {
    const TxnId txn = record.txn();
    if (!txn) return;
    next_txn_ = std::max(next_txn_, txn.value + 1);
    if (record.type() == wal::RecordType::kCommit || record.type() == wal::RecordType::kEnd) {
      active_.erase(txn.value);
      ended_.insert(txn.value);
    } else {
      Note(txn, record.lsn(), record.lsn());
    }
  }

  Status NoteCheckpoint(const wal::RecordView& record) {
    CheckpointPayload payload;
    if (!ReadFrom(record.payload(), &payload)) return Malformed(record);
    Bytes rest = record.payload().subspan(sizeof(payload));
    if (rest.size() != payload.count * sizeof(CheckpointTransaction)) return Malformed(record);
    for (; !rest.empty(); rest = rest.subspan(sizeof(CheckpointTransaction))) {
      CheckpointTransaction listed;
      ReadFrom(rest, &listed);
      Note(TxnId(listed.id), Lsn(listed.first), Lsn(listed.last));
    }
    next_txn_ = std::max(next_txn_, payload.next_txn);
    return Status::Ok();
  }

  TxnId next_txn() const { return TxnId(next_txn_); }
  std::vector<ActiveTransaction> Losers() const {
    std::vector<ActiveTransaction> losers;
    for (const auto& [id, transaction] : active_) losers.push_back(transaction);
    std::sort(losers.begin(), losers.end(),
              [](const ActiveTransaction& a, const ActiveTransaction& b) { return a.id < b.id; });
    return losers;
  }

 private:
  void Note(TxnId id, Lsn first, Lsn last) {
    if (ended_.contains(id.value)) return;
    auto [it, added] = active_.try_emplace(id.value, ActiveTransaction{id, first, last});
    it->second.first = std::min(it->second.first, first);
    it->second.last = std::max(it->second.last, last);
  }

  uint64_t next_txn_;
  std::unordered_map<uint64_t, ActiveTransaction> active_;
  std::unordered_set<uint64_t> ended_;
};

Status Store::Impl::ReplayRecord(const wal::RecordView& record, btree::RedoTeam* team) {
  switch (record.type()) {
    case wal::RecordType::kChange:
    case wal::RecordType::kPages:
      recovery.clean = false;
      return team->Apply(record);
    case wal::RecordType::kSpaceCreate:
    case wal::RecordType::kSpaceDrop: {
      recovery.clean = false;
      SpacePayload payload;
      if (!ReadFrom(record.payload(), &payload)) return Malformed(record);
      const SpaceId space(payload.space);
      // What this does concerns pages of all shares.
      RETURN_IF_ERROR(team->Await());
      if (record.type() == wal::RecordType::kSpaceCreate) return map->CreateSpace(space, record.lsn()).status();
      if (map->CreatedBefore(space, record.lsn())) {
        pool->DropSpace(space);
        map->DropSpace(space);
      }
      team->ForgetSpace(space);
      return Status::Ok();
    }
    case wal::RecordType::kTreeCreate:
    case wal::RecordType::kTreeDrop: {
      TreePayload payload;
      if (!ReadFrom(record.payload(), &payload)) return Malformed(record);
      NoteTreeId(TreeId(payload.tree));
      return Status::Ok();
    }
    default:
      return Status::Ok();
  }
}

Status Store::Impl::Recover(Lsn* end) {
  recovery.clean = true;
  Analysis analysis(recovery.next_txn.value);
  btree::RedoTeam team(*pool, options.redo_threads);
  wal::LogReader reader(env, directory + "/wal", control->data().log_file_bytes, redo, control->data().epoch);
  bool found_checkpoint = false;
  for (;;) {
    ASSIGN_OR_RETURN(const std::optional<wal::RecordView> record, reader.Next());
    if (!record) break;
    analysis.NoteRecord(*record);
    if (record->type() == wal::RecordType::kCheckpoint) {
      RETURN_IF_ERROR(analysis.NoteCheckpoint(*record));
      found_checkpoint |= record->lsn().value == control->data().checkpoint;
    }
    RETURN_IF_ERROR(ReplayRecord(*record, &team));
    if (options.on_record) options.on_record(*record);
  }
  RETURN_IF_ERROR(reader.CheckEnd());
  *end = reader.position();
  if (!found_checkpoint) {
    return Errorf(sqlstate::kDataCorrupted, "the log ends at %llX, before the last checkpoint's record",
                  static_cast<unsigned long long>(end->value));
  }
  RETURN_IF_ERROR(team.Finish());
  recovery.next_txn = analysis.next_txn();
  recovery.losers = analysis.Losers();
  return Status::Ok();
}

Status Store::Impl::SeparatePrepared() {
  std::vector<ActiveTransaction> losers;
  wal::Record latest;
  for (const ActiveTransaction& each : recovery.losers) {
    RETURN_IF_ERROR(log->ReadRecord(each.last, &latest));
    (latest.type() == wal::RecordType::kPrepare ? recovery.prepared : losers).push_back(each);
  }
  recovery.losers = std::move(losers);
  recovery.clean &= recovery.losers.empty();
  if (!recovery.clean) {
    Log(LogLevel::kLog, "redo done from %llX to %llX, %zu transactions to roll back, %zu prepared",
        static_cast<unsigned long long>(redo.value), static_cast<unsigned long long>(log->appended().value),
        recovery.losers.size(), recovery.prepared.size());
  }
  return Status::Ok();
}

// A crash may have come between a space's making and its directory's.
Status Store::Impl::MakeMissingDirectories() {
  for (SpaceId space : map->ListSpaces()) {
    if (!map->IsAllocated(PageId(space, 1))) RETURN_IF_ERROR(MakeDirectory(space));
  }
  return Status::Ok();
}

}  // namespace phantom::store
