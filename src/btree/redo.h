// btree/redo.h
//
// Replays log records on pages, in log order. A record is applied to a page only when the page is
// older than the record, so replaying twice does no harm. What a record does to one page needs no other page: so the
// pages may be shared out, each share with a Redo of its own (redo_team.h); it passes over what is others'.
//
// A page that a record changes may be missing because it was freed later on in the log (and the
// checkpoint already knew); such pages are remembered until their end is met.
//
// Thread safety: none; Redos of different shares may work at the same time, before the store is open for business.
#pragma once
#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "btree/pages_record.h"
#include "common/ids.h"
#include "common/status.h"
#include "wal/record.h"

namespace phantom::btree {

class BufferPool;
struct Frame;

// One of `count` disjoint shares of all pages.
struct PageShare {
  uint32_t index = 0;
  uint32_t count = 1;
  static uint32_t IndexOf(PageId page, uint32_t count) {
    return static_cast<uint32_t>((std::hash<PageId>()(page) >> 32) % count);
  }
  bool Has(PageId page) const { return IndexOf(page, count) == index; }
};

class Redo {
 public:
  explicit Redo(BufferPool& pool, PageShare share = {}) : pool_(pool), share_(share) {}

  // Requires a record of type kChange or kPages; a kChange must be of a page of this share. XX001 when a record does not fit its page.
  Status Apply(const wal::RecordView& record);
  // The space's pages are gone.
  void ForgetSpace(SpaceId space);
  // After the last record: XX001 when a changed page was missing and not freed.
  Status Finish() const;

 private:
  Status ApplyChange(const wal::RecordView& record);
  Status ApplyPages(const wal::RecordView& record);
  // The page, exclusively latched, if the record is to be applied to it; else null.
  Result<Frame*> Latch(PageId page, Lsn lsn);
  Status MakePage(const ParsedPageAction& action, Lsn lsn);

  BufferPool& pool_;
  const PageShare share_;
  std::set<uint64_t> missing_;
  std::vector<ParsedPageAction> actions_;
};

}  // namespace phantom::btree
