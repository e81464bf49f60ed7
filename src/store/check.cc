// Store::Check: every tree, every page, every slot.
#include <algorithm>
#include <unordered_set>

#include "lsm/run_reader.h"
#include "lsm/segment_reader.h"
#include "store/store_impl.h"

namespace phantom::store {

// A tree that a transaction still to be rolled back has made, or that was dropped and is still to be freed.
bool Store::Impl::IsPartial(SpaceId space, TreeId tree) {
  const Result<Entry> entry = ReadEntry(space, tree);
  if (!entry.ok()) return false;
  if (entry->value.dropped_by != 0) return true;
  const Lsn created(entry->value.created);
  auto may_have = [&](const ActiveTransaction& loser) { return loser.first <= created && created <= loser.last; };
  if (std::ranges::none_of(recovery.losers, may_have)) return false;
  wal::Record record;
  if (!log->ReadRecord(created, &record).ok()) return false;
  return std::ranges::any_of(recovery.losers, [&](const auto& loser) { return loser.id == record.txn(); });
}

// Every cold chunk's file: there, the chunk's, whole. Those of a partial tree may have gone before their entries.
Status Store::Impl::CheckChunks(SpaceId space, TreeId tree, bool partial,
                                const std::function<void(const std::string&)>& report) {
  Result<std::vector<ColdChunk>> found = chunks->List(space, tree);
  if (!found.ok()) {
    report(found.status().message());
    return Status::Ok();
  }
  for (const ColdChunk& chunk : *found) {
    auto check = [&]() -> Status {
      ASSIGN_OR_RETURN(std::unique_ptr<lsm::SegmentReader> segment, chunks->Open(tree, chunk));
      return segment->Check();
    };
    const Status status = check();
    if (status.ok() || (partial && status.sqlstate() == sqlstate::kUndefinedFile)) continue;
    report(status.message());
  }
  return Status::Ok();
}

// Every run's file: there, the tree's, whole.
void Store::Impl::CheckRuns(SpaceId space, TreeId tree, bool partial, const std::function<void(const std::string&)>& report) {
  auto check = [&]() -> Status {
    ASSIGN_OR_RETURN(std::shared_ptr<TieredTree> handle, self->OpenTiered(space, tree));
    const std::shared_ptr<const RunList> runs = handle->runs();
    if (runs == nullptr) return Status::Ok();
    for (const auto& run : *runs) {
      if (Status status = run->reader->Check(); !status.ok()) report(status.message());
    }
    return Status::Ok();
  };
  const Status status = check();
  if (!status.ok() && !(partial && status.sqlstate() == sqlstate::kUndefinedFile)) report(status.message());
}

Status Store::Check(const std::function<void(const std::string&)>& report) {
  for (SpaceId space : ListSpaces()) {
    std::unordered_set<PageId> seen;
    auto visit = [&](PageId page) {
      if (!seen.insert(page).second) report(Format("page %u of space %u is in two places", page.number(), space.value));
    };
    auto check = [&](const btree::Tree& tree, bool partial) {
      btree::TreeStats stats;
      Status status = tree.Check(visit, &stats, partial);
      if (!status.ok()) report(status.message());
    };
    ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, impl_->Directory(space));
    check(*entries, false);
    Result<std::vector<TreeInfo>> infos = ListTrees(space);
    if (!infos.ok()) {
      report(infos.status().message());
      continue;
    }
    for (const TreeInfo& info : *infos) {
      const bool partial = impl_->IsPartial(space, info.id);
      check(btree::Tree(*impl_->pool, *impl_->log, info.id, info.root, info.kind), partial);
    }
    for (const TreeInfo& info : *infos) {
      const bool partial = impl_->IsPartial(space, info.id);
      RETURN_IF_ERROR(impl_->CheckChunks(space, info.id, partial, report));
      impl_->CheckRuns(space, info.id, partial, report);
    }
    for (PageId page : impl_->map->ListPages(space)) {
      if (!seen.contains(page)) report(Format("page %u of space %u is in no tree", page.number(), space.value));
      seen.erase(page);
    }
    for (PageId page : seen) report(Format("page %u of space %u is used but free", page.number(), space.value));
  }
  if (std::string fault = impl_->map->Verify(); !fault.empty()) report(fault);
  return Status::Ok();
}

}  // namespace phantom::store
