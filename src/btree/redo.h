// btree/redo.h
//
// Replays log records on pages, in log order. A record is applied to a page only when the page is
// older than the record, so replaying twice does no harm.
//
// A page that a record changes may be missing because it was freed later on in the log (and the
// checkpoint already knew); such pages are remembered until their end is met.
//
// Thread safety: none; used alone, before the store is open for business.
#pragma once
#include <cstdint>
#include <set>
#include <vector>

#include "btree/pages_record.h"
#include "common/ids.h"
#include "common/status.h"
#include "wal/record.h"

namespace phantom::btree {

class BufferPool;
struct Frame;

class Redo {
 public:
  explicit Redo(BufferPool& pool) : pool_(pool) {}

  // Requires a record of type kChange or kPages. XX001 when a record does not fit its page.
  Status Apply(const wal::Record& record);
  // The space's pages are gone.
  void ForgetSpace(SpaceId space);
  // After the last record: XX001 when a changed page was missing and not freed.
  Status Finish() const;

 private:
  Status ApplyChange(const wal::Record& record);
  Status ApplyPages(const wal::Record& record);
  // The page, exclusively latched, if the record is to be applied to it; else null.
  Result<Frame*> Latch(PageId page, Lsn lsn);
  Status MakePage(const ParsedPageAction& action, Lsn lsn);

  BufferPool& pool_;
  std::set<uint64_t> missing_;
  std::vector<ParsedPageAction> actions_;
};

}  // namespace phantom::btree
