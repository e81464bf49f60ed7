// btree/pages_record.h
//
// The log record of a system action (wal::RecordType::kPages): what happened to each of a few pages,
// all or nothing. Bytes: docs/formats/wal.md.
#pragma once
#include <vector>

#include "btree/key.h"
#include "common/bytes.h"
#include "common/ids.h"
#include "common/status.h"
#include "wal/record.h"

namespace phantom::wal {
class LogWriter;
}

namespace phantom::btree {

// Numbers are on disk.
enum class PageAction : uint8_t {
  kImage = 1,      // the whole page: its bytes up to the end of the slots, then those of the heap
  kSplitLeft = 2,  // data: the new high fence; entries from it on are gone
  kPut = 3,        // data: u16 key length, key, value
  kRemove = 4,     // data: key
  kFree = 5,       // the page is no longer in use
  kPutAll = 6,     // data: for each entry u16 key length, u16 value length, key, value
};

struct PageActionHeader {
  uint64_t page;
  PageAction action;
  uint8_t reserved[3];  // 0
  uint32_t bytes;       // of data
};
static_assert(sizeof(PageActionHeader) == 16);

class PagesRecord {
 public:
  // A compacted or fresh node (no garbage). Its bytes must not change before Append(), but for the LSN.
  void Image(const std::byte* page);
  void SplitLeft(PageId page, Bytes separator);
  void Put(PageId page, Bytes key, Bytes value);
  void Remove(PageId page, Bytes key);
  void Free(PageId page);
  // `entries` is made by AddEntry().
  void PutAll(PageId page, Bytes entries) { Add(page, PageAction::kPutAll, {entries}); }
  static void AddEntry(std::vector<std::byte>* entries, Bytes key, Bytes value);

  size_t bytes() const { return bytes_.size(); }

  Lsn Append(wal::LogWriter& log, TreeId tree);

 private:
  void Add(PageId page, PageAction action, std::initializer_list<Bytes> data);

  std::vector<std::byte> bytes_;
};

struct ParsedPageAction {
  PageId page;
  PageAction action{};
  Bytes data;
};

// XX001 when malformed. The data are views into the record.
Status ParsePages(const wal::RecordView& record, std::vector<ParsedPageAction>* actions);

// Applies one action to the content of its page (not kFree); XX001 when it does not apply. The caller sets the LSN.
Status ApplyToPage(const ParsedPageAction& action, std::byte* page);

}  // namespace phantom::btree
