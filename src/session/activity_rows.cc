#include "session/activity_rows.h"

#include <unistd.h>

#include <map>

#include "catalog/oids.h"
#include "session/session_state.h"
#include "txn/lock_manager.h"
#include "txn/row_place.h"

namespace phantom::session {

namespace {

// 1970-01-01 to 2000-01-01.
constexpr int64_t kEpochDifferenceUs = int64_t{946684800} * 1000000;

// As pg_locks calls them, and pg_stat_activity the waits for them.
const char* LockKindName(txn::LockKind kind) {
  switch (kind) {
    case txn::LockKind::kRelation: return "relation";
    case txn::LockKind::kTuple: return "tuple";
    case txn::LockKind::kTransaction: return "transactionid";
    case txn::LockKind::kVirtualTransaction: return "virtualxid";
    case txn::LockKind::kObject: return "object";
    case txn::LockKind::kAdvisory: return "advisory";
    case txn::LockKind::kSafeSnapshot: break;  // no lock
  }
  return "";
}

// What the lock manager knows of a session.
struct Locking {
  uint64_t transaction = 0;  // its id
  const char* awaits = nullptr;
  bool safe_snapshot = false;  // what a READ ONLY DEFERRABLE transaction waits for
};

bool IsForSafeSnapshot(const txn::LockTag& tag) { return tag.kind == txn::LockKind::kSafeSnapshot; }

std::map<int32_t, Locking> LockingByProcess(const txn::LockManager& locks) {
  std::map<int32_t, Locking> known;
  for (const txn::LockInfo& lock : locks.Locks()) {
    if (!lock.granted) {
      known[lock.process_id].awaits = LockKindName(lock.tag.kind);
      known[lock.process_id].safe_snapshot = IsForSafeSnapshot(lock.tag);
    } else if (lock.tag.kind == txn::LockKind::kTransaction) {
      known[lock.process_id].transaction = lock.tag.key;
    }
  }
  return known;
}

WaitEvent WaitEventOf(const Activity& activity, const Locking& locking) {
  if (activity.state.starts_with("idle")) return {"Client", "ClientRead"};
  if (locking.safe_snapshot) return {"IPC", "SafeSnapshot"};
  if (locking.awaits != nullptr) return {"Lock", locking.awaits};
  return activity.wait != nullptr ? *activity.wait : WaitEvent{};
}

Field Xid(uint64_t id) { return id == 0 ? Field() : std::to_string(static_cast<uint32_t>(id)); }

}  // namespace

Result<Field> ActivityRows(SessionState& state, const Field& pid) {
  constexpr Oid kReadAllStats = 3375;  // pg_read_all_stats
  RowWriter rows;
  std::map<int32_t, Locking> locking = LockingByProcess(state.instance.transactions().locks());
  bool sees_all = state.superuser;
  if (!sees_all) {
    ASSIGN_OR_RETURN(sees_all, state.catalog.HasPrivilegesOf(state.current_user, kReadAllStats));
  }
  for (const Activity& activity : state.instance.sessions().List()) {
    if (activity.pid == 0) continue;  // still opening
    if (pid.has_value() && *pid != std::to_string(activity.pid)) continue;
    bool visible = sees_all;
    if (!visible) {
      ASSIGN_OR_RETURN(visible, state.catalog.HasPrivilegesOf(state.current_user, activity.user_oid));
    }
    const Locking& its = locking[activity.pid];
    rows.Number(activity.database_oid).Number(activity.pid).Number(activity.user_oid).Add(activity.application_name);
    if (visible) {
      const WaitEvent wait = WaitEventOf(activity, its);
      rows.Add(std::string(activity.state)).Add(activity.query).Add(wait.type).Add(wait.name);
      rows.Time(activity.transaction_start).Time(activity.query_start).Time(activity.backend_start);
      rows.Time(activity.state_change);
      const bool local = activity.client_address.empty();
      rows.Add(local ? Field() : activity.client_address).Null().Number(local ? -1 : activity.client_port);
    } else {
      rows.Null().Add("<insufficient privilege>").Null(9);
    }
    rows.Add(Xid(its.transaction)).Add(Xid(activity.snapshot_xmin));
    if (visible) {
      rows.Add("client backend").Bool(activity.tls).Null(6).Bool(false).Null().Bool(false).Null(2).End();
    } else {
      rows.Null(13).End();
    }
  }
  return Field(rows.Take());
}

std::string LockRows(SessionState& state) {
  RowWriter rows;
  for (const txn::LockInfo& lock : state.instance.transactions().locks().Locks()) {
    const txn::LockTag& tag = lock.tag;
    if (IsForSafeSnapshot(tag)) continue;
    rows.Add(LockKindName(tag.kind));
    switch (tag.kind) {
      case txn::LockKind::kRelation:
        rows.Number(tag.database).Number(tag.object).Null(7);
        break;
      case txn::LockKind::kTuple:
        rows.Number(tag.database).Number(tag.object).Number(txn::PageOf(RowId(tag.key))).Number(txn::OffsetOf(RowId(tag.key)));
        rows.Null(5);
        break;
      case txn::LockKind::kTransaction:
        rows.Null(5).Add(Xid(tag.key)).Null(3);
        break;
      case txn::LockKind::kVirtualTransaction:
        rows.Null(4).Add(Format("%u/%llu", tag.object, static_cast<unsigned long long>(tag.key))).Null(4);
        break;
      case txn::LockKind::kObject:
        rows.Number(tag.database).Null(5).Number(tag.classid).Number(tag.object).Number(0);
        break;
      case txn::LockKind::kSafeSnapshot:
        break;  // left out above
      case txn::LockKind::kAdvisory:
        rows.Number(tag.database).Null(5).Number(static_cast<uint32_t>(tag.key >> 32));
        rows.Number(static_cast<uint32_t>(tag.key)).Number(tag.subid);
        break;
    }
    rows.Add(lock.prepared ? Format("-1/%u", static_cast<uint32_t>(lock.prepared.value))
                           : Format("%u/%u", lock.transaction.holder, lock.transaction.serial));
    // What the server does in the background is its own process's; a prepared transaction has none.
    const int32_t process = lock.process_id != 0 ? lock.process_id : static_cast<int32_t>(getpid());
    rows.Add(lock.prepared ? Field() : Field(std::to_string(process))).Add(txn::LockModeName(lock.mode));
    rows.Bool(lock.granted).Bool(lock.fast_path);
    rows.Time(lock.wait_start_us == 0 ? 0 : lock.wait_start_us - kEpochDifferenceUs).End();
  }
  return rows.Take();
}

}  // namespace phantom::session
