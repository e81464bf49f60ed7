// Transaction ids and snapshots as values (PostgreSQL 15, chapter 9.27.7), ages of ids.
#include <limits>
#include <utility>

#include "engine/functions/xid_snapshots.h"
#include "engine/kernel_adapters.h"
#include "txn/transaction.h"
#include "types/xid_snapshot.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using types::XidSnapshot;
using L = int64_t;
using I = int32_t;

Status CurrentSnapshot(KernelContext& context, Writer<StringRef>& out) {
  if (context.execution == nullptr || context.execution->transaction == nullptr) {
    return Error(sqlstate::kFeatureNotSupported, "function " + std::string(context.function_name) + " needs a session");
  }
  const txn::SnapshotIds ids = context.execution->transaction->manager().IdsOf(*context.execution->snapshot);
  XidSnapshot snapshot{ids.xmin.value, ids.xmax.value, {}};
  for (const TxnId id : ids.in_progress) snapshot.in_progress.push_back(id.value);
  std::string text;
  types::AppendXidSnapshot(snapshot, text);
  out.SetText(text);
  return Status::Ok();
}

Status SnapshotXmin(KernelContext&, const StringRef& text, L& out) {
  ASSIGN_OR_RETURN(const XidSnapshot snapshot, types::ParseXidSnapshot(text.view()));
  out = static_cast<L>(snapshot.xmin);
  return Status::Ok();
}
Status SnapshotXmax(KernelContext&, const StringRef& text, L& out) {
  ASSIGN_OR_RETURN(const XidSnapshot snapshot, types::ParseXidSnapshot(text.view()));
  out = static_cast<L>(snapshot.xmax);
  return Status::Ok();
}
Status VisibleInSnapshot(KernelContext&, const L& xid, const StringRef& text, bool& out) {
  ASSIGN_OR_RETURN(const XidSnapshot snapshot, types::ParseXidSnapshot(text.view()));
  out = snapshot.Sees(static_cast<uint64_t>(xid));
  return Status::Ok();
}

class InProgress final : public SetGenerator {
 public:
  explicit InProgress(std::vector<uint64_t> ids) : ids_(std::move(ids)) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    uint32_t count = 0;
    while (at_ < ids_.size() && count < types::kVectorSize) {
      out.column(0).data<L>()[count++] = static_cast<L>(ids_[at_++]);
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  const std::vector<uint64_t> ids_;
  size_t at_ = 0;
};

Result<std::unique_ptr<SetGenerator>> StartInProgress(KernelContext&, std::span<const types::Vector* const> args,
                                                      size_t row) {
  const auto r = static_cast<uint32_t>(row);
  if (args[0]->IsNull(r)) return std::unique_ptr<SetGenerator>();
  ASSIGN_OR_RETURN(XidSnapshot snapshot, types::ParseXidSnapshot(args[0]->Get<StringRef>(r).view()));
  return std::unique_ptr<SetGenerator>(std::make_unique<InProgress>(std::move(snapshot.in_progress)));
}

// How many transactions ago; the ids below 3 mean no transaction of anybody's.
Status XidAge(KernelContext& context, const I& xid, I& out) {
  constexpr uint32_t kFirstNormal = 3;
  if (static_cast<uint32_t>(xid) < kFirstNormal) {
    out = std::numeric_limits<I>::max();
    return Status::Ok();
  }
  if (context.execution == nullptr || context.execution->transaction == nullptr) {
    return Error(sqlstate::kFeatureNotSupported, "function " + std::string(context.function_name) + " needs a session");
  }
  txn::Transaction& transaction = *context.execution->transaction;
  const uint64_t now = transaction.id() ? transaction.id().value : transaction.manager().last_id().value + 1;
  out = static_cast<I>(static_cast<uint32_t>(now) - static_cast<uint32_t>(xid));
  return Status::Ok();
}

// Locks of several on one row have no ids here: the next one is always the first.
I MultixactAge(const I& xid) { return xid == 0 ? std::numeric_limits<I>::max() : 1 - xid; }

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("pg_current_snapshot", Strict<CurrentSnapshot, StringRef>),
    KernelEntry::Scalar("pg_snapshot_xmin", Strict<SnapshotXmin, L, StringRef>),
    KernelEntry::Scalar("pg_snapshot_xmax", Strict<SnapshotXmax, L, StringRef>),
    KernelEntry::Scalar("pg_visible_in_snapshot", Strict<VisibleInSnapshot, bool, L, StringRef>),
    KernelEntry::Set("pg_snapshot_xip", StartInProgress),
    KernelEntry::Scalar("xid_age", Strict<XidAge, I, I>),
    KernelEntry::Scalar("mxid_age", Strict<MultixactAge, I, I>),
};

}  // namespace

std::span<const KernelEntry> XidSnapshotKernels() { return kTable; }

}  // namespace phantom::engine
