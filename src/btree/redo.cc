#include "btree/redo.h"

#include "btree/buffer_pool.h"
#include "btree/change.h"
#include "btree/node.h"
#include "btree/page_map.h"

namespace phantom::btree {

Status Redo::Apply(const wal::RecordView& record) {
  return record.type() == wal::RecordType::kChange ? ApplyChange(record) : ApplyPages(record);
}

Result<Frame*> Redo::Latch(PageId page, Lsn lsn) {
  Frame* frame = pool_.Find(page);
  if (frame == nullptr) {
    ASSIGN_OR_RETURN(frame, pool_.Fetch(page));
  }
  if (frame == nullptr) {
    missing_.insert(page.value);
    return nullptr;
  }
  frame->latch.LockExclusive();
  // Who works on another share may have evicted it.
  if (frame->page_id() != page) {
    frame->latch.UnlockExclusive();
    return Latch(page, lsn);
  }
  if (HeaderOf(frame->data).lsn >= lsn.value) {
    frame->latch.UnlockExclusive();
    return nullptr;
  }
  pool_.MarkDirty(*frame, lsn);
  return frame;
}

Status Redo::ApplyChange(const wal::RecordView& record) {
  Change change;
  RETURN_IF_ERROR(ParseChange(record, &change));
  ASSIGN_OR_RETURN(Frame * frame, Latch(change.page, record.lsn()));
  if (frame == nullptr) return Status::Ok();
  std::byte* page = frame->data;
  bool applied = node::Covers(page, change.key) && HeaderOf(page).tree == change.tree.value;
  if (applied && change.has_after) {
    std::byte value[kValueBytesMax];
    change.CopyAfter(value);
    applied = node::Put(page, change.key, {value, change.after_bytes()});
  } else if (applied) {
    const uint32_t position = node::LowerBound(page, change.key, &applied);
    if (applied) node::Remove(page, position);
  }
  HeaderOf(page).lsn = record.lsn().value;
  frame->latch.UnlockExclusive();
  if (applied) return Status::Ok();
  return Errorf(sqlstate::kDataCorrupted, "log record at %llX does not apply to page %u in space %u",
                static_cast<unsigned long long>(record.lsn().value), change.page.number(), change.page.space().value);
}

// The page's present content, if any, does not matter: what is not in memory is not read either. On disk it may be newer; then the
// records up to there follow.
Status Redo::MakePage(const ParsedPageAction& action, Lsn lsn) {
  // A space that does not exist has been dropped later on.
  if (!pool_.map().ClaimPage(action.page)) {
    missing_.insert(action.page.value);
    return Status::Ok();
  }
  missing_.erase(action.page.value);
  Frame* frame = pool_.LatchResident(action.page);
  if (frame == nullptr) {
    ASSIGN_OR_RETURN(frame, pool_.NewFrame());
    pool_.MarkDirty(*frame, lsn);
    pool_.Publish(*frame, action.page);
  } else if (HeaderOf(frame->data).lsn >= lsn.value) {
    frame->latch.UnlockExclusive();
    return Status::Ok();
  } else {
    pool_.MarkDirty(*frame, lsn);
  }
  Status status = ApplyToPage(action, frame->data);
  HeaderOf(frame->data).lsn = lsn.value;
  frame->latch.UnlockExclusive();
  return status;
}

Status Redo::ApplyPages(const wal::RecordView& record) {
  RETURN_IF_ERROR(ParsePages(record, &actions_));
  for (const ParsedPageAction& action : actions_) {
    if (!share_.Has(action.page)) continue;
    if (action.action == PageAction::kImage) {
      RETURN_IF_ERROR(MakePage(action, record.lsn()));
      continue;
    }
    ASSIGN_OR_RETURN(Frame * frame, Latch(action.page, record.lsn()));
    if (action.action == PageAction::kFree) {
      missing_.erase(action.page.value);
      if (frame == nullptr) continue;
      pool_.FreePage(action.page, frame);
      continue;
    }
    if (frame == nullptr) continue;
    Status status = ApplyToPage(action, frame->data);
    HeaderOf(frame->data).lsn = record.lsn().value;
    frame->latch.UnlockExclusive();
    RETURN_IF_ERROR(status);
  }
  return Status::Ok();
}

void Redo::ForgetSpace(SpaceId space) {
  missing_.erase(missing_.lower_bound(PageId(space, 0).value), missing_.upper_bound(PageId(space, UINT32_MAX).value));
}

Status Redo::Finish() const {
  if (missing_.empty()) return Status::Ok();
  const PageId page(*missing_.begin());
  return Errorf(sqlstate::kDataCorrupted, "page %u in space %u is missing", page.number(), page.space().value);
}

}  // namespace phantom::btree
