// Two-phase commit in histories with power cuts.
#include <algorithm>
#include <set>
#include <thread>

#include "txn/power_cuts.h"
#include "txn/prepared.h"

namespace phantom::txn {

Status PowerCuts::Prepare(Database& database, Session& session, std::unique_ptr<Transaction> transaction, Pending pending) {
  pending.gid = Format("%zu-%llu", session.number, static_cast<unsigned long long>(++session.prepared));
  PreparedInfo info;
  info.gid = pending.gid;
  session.pending = std::move(pending);
  ASSIGN_OR_RETURN(const Lsn lsn, database.manager().prepared().Prepare(info, 100, [] { return Status::Ok(); }, transaction));
  database.manager().WaitDurable(lsn);
  session.pending->prepared = !env_.power_cut();
  if (session.pending->prepared) ++session.counts.prepared;
  if (session.random() % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(session.random() % 1000));
  return EndPrepared(database, session, session.random() % 3 != 0);
}

Status PowerCuts::EndPrepared(Database& database, Session& session, bool commit) {
  Pending& pending = *session.pending;
  // After a cut it is ended all the same, as others wait for it, and nothing will be left of that.
  const bool judged = !env_.power_cut();
  if (judged) {
    pending.committing = commit;
    pending.rolling_back = !commit;
  }
  PreparedTransactions& prepared = database.manager().prepared();
  ASSIGN_OR_RETURN(const Lsn lsn, commit ? prepared.Commit(pending.gid, {}) : prepared.Rollback(pending.gid, {}));
  database.manager().WaitDurable(lsn);
  if (!judged || env_.power_cut()) return Status::Ok();
  if (commit) {
    ++session.counts.commits;
    session.acknowledged = std::move(pending.content);
    session.counter = std::max(session.counter, pending.counter);
  } else {
    ++session.counts.rollbacks;
  }
  session.pending.reset();
  return Status::Ok();
}

Status PowerCuts::EndBroughtBack(Database& database, TestTable& shared) {
  std::set<std::string> found;
  for (const PreparedInfo& info : database.manager().prepared().List()) found.insert(info.gid);
  counts_.brought_back += found.size();
  for (Session& session : sessions_) {
    if (!session.pending) continue;
    Pending& pending = *session.pending;
    if (found.erase(pending.gid) == 0) {
      if (pending.prepared && !pending.committing && !pending.rolling_back) {
        return Wrong("a transaction that was acknowledged as prepared is gone");
      }
      if (pending.committing) session.acknowledged = std::move(pending.content);
      session.pending.reset();
      continue;
    }
    // Nobody sees its changes, and nobody gets its rows.
    auto t = database.Begin();
    const Snapshot snapshot = t->TakeSnapshot();
    for (const auto& [id, row] : session.acknowledged.rows) {
      ASSIGN_OR_RETURN(const auto seen, shared.FindById(snapshot, id));
      if (!seen || seen->second != row) return Wrong(Format("row %d shows a change that is only prepared", id));
      const auto after = pending.content.rows.find(id);
      if (after != pending.content.rows.end() && after->second == row) continue;
      ASSIGN_OR_RETURN(const LockedRow locked,
                       shared.rows().Lock(*t, snapshot, seen->first, RowLockMode::kNoKeyUpdate, WaitPolicy::kSkip, "t"));
      if (locked.outcome != WriteOutcome::kSkipped) return Wrong(Format("row %d of a prepared transaction is not locked", id));
    }
    RETURN_IF_ERROR(t->Abort());
    RETURN_IF_ERROR(EndPrepared(database, session, random_() % 2 == 0));
    if (env_.power_cut()) return Status::Ok();
  }
  if (!found.empty()) return Wrong("a prepared transaction is there that was never to be, or has ended");
  // Trees that they have dropped go now.
  return database.manager().RunPurge();
}

}  // namespace phantom::txn
