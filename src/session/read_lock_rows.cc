#include "session/read_lock_rows.h"

#include <unordered_map>

#include "catalog/builtin/columns.h"
#include "catalog/oids.h"
#include "catalog/row.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "engine/system_columns.h"
#include "session/row_writer.h"
#include "session/session_state.h"
#include "txn/serializable.h"

namespace phantom::session {

namespace pg_class = catalog::pg_class;

Status AppendReadLocks(SessionState& state, std::string* out) {
  const std::vector<txn::SerializableGraph::LockRow> locks = state.instance.transactions().serializable().Locks();
  if (locks.empty()) return Status::Ok();
  std::unordered_map<uint32_t, Oid> relations;  // by tree
  ASSIGN_OR_RETURN(const std::vector<catalog::Row> classes, state.catalog.store().All(catalog::oid::kPgClass));
  for (const catalog::Row& row : classes) relations.emplace(row.GetOid(pg_class::relfilenode), row.GetOid(pg_class::oid));
  const SpaceId space = catalog::SharedCatalog::SpaceOf(state.catalog.database());
  RowWriter rows;
  using Kind = txn::PredicateLockInfo::Kind;
  for (const auto& [lock, process] : locks) {
    if (lock.tree.space != space) continue;
    const auto relation = relations.find(lock.tree.tree.value);
    if (relation == relations.end()) continue;
    rows.Add(lock.kind == Kind::kTree ? "relation" : lock.kind == Kind::kRow ? "tuple" : "page");
    rows.Number(state.catalog.database()).Number(relation->second);
    const int64_t ctid = engine::CtidOf(lock.row);
    switch (lock.kind) {
      case Kind::kTree: rows.Null(2); break;
      case Kind::kStretch: rows.Number(lock.number).Null(); break;
      case Kind::kRow: rows.Number(ctid >> 16).Number(ctid & 0xffff); break;
    }
    rows.Null(5).Add(process == 0 ? Field() : Field(std::to_string(process) + "/0"));
    rows.Add(process == 0 ? Field() : Field(std::to_string(process))).Add("SIReadLock").Bool(true).Bool(false).Null().End();
  }
  *out += rows.Take();
  return Status::Ok();
}

}  // namespace phantom::session
