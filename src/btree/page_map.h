// btree/page_map.h
//
// Where every logical page is: a space's page numbers to slots of the one page file, with part of
// each page's checksum; and which slots and which page numbers are free. All of it is in memory;
// a checkpoint writes the changed parts. Bytes: docs/formats/page_map.md.
//
// A slot that a durable checkpoint may refer to is not given out before the next checkpoint is
// durable. So after a crash the checkpoint's map leads to whole pages, whatever was written since.
//
// Thread safety: Get() takes no lock; all other methods may be called from any thread, except that
// checkpoints (Capture to Finish/Abandon) go one at a time.
// Lock order: mutex of rank kPageMap, not held over I/O.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "btree/key.h"
#include "btree/slots.h"
#include "common/ids.h"
#include "common/mutex.h"
#include "common/status.h"

namespace phantom::io {
class File;
}

namespace phantom::btree {

// Where a page is: slot in the low half, low half of its checksum in the high half; 0: nowhere.
struct PageEntry {
  uint64_t value = 0;
  PageEntry() = default;
  explicit PageEntry(uint64_t v) : value(v) {}
  PageEntry(uint32_t slot, uint64_t checksum) : value(uint64_t{slot} | checksum << 32) {}
  uint32_t slot() const { return static_cast<uint32_t>(value); }
  uint32_t check() const { return static_cast<uint32_t>(value >> 32); }
  explicit operator bool() const { return value != 0; }
  bool operator==(const PageEntry&) const = default;
};

// Entries of one map page.
inline constexpr uint32_t kMapFanOut = 1016;
inline constexpr size_t kSpacesMax = 16384;

class PageMap {
 public:
  explicit PageMap(io::File& file);
  ~PageMap();

  // For a new page file: writes nothing; the first checkpoint does.
  void Create();
  // Reads what the checkpoint wrote whose first meta page is at `meta`.
  Status Load(PageEntry meta);

  // The page's place; 0 when it has none (never written, freed, unknown space).
  PageEntry Get(PageId page) const;

  // Space for writing one page out of place. `reserved`: may use the last few slots. 53100.
  Result<uint32_t> AllocateSlot(bool reserved = false);
  Status ReadSlot(uint32_t slot, std::byte* page);
  Status WriteSlot(uint32_t slot, const std::byte* page);
  Status Sync();
  // Reads the page from the file and verifies it, whatever memory has. XX001.
  Status VerifyStored(PageId page);

  // Whether what was read from the entry's slot is the page. XX001.
  static Status VerifyImage(PageId page, PageEntry entry, const std::byte* image);

  // Brackets writing an image of a page to a slot. If the page has been freed in between, Finish
  // gives the slot back instead of mapping the page to it; so it does when !written.
  struct Write {
    PageId page;
    uint32_t slot = 0;
    bool cancelled = false;
  };
  void BeginWrite(Write* write);
  void FinishWrite(Write* write, bool written, uint64_t checksum);

  // Page numbers. Allocate: 54000 when the space is full, XX000 when there is no such space.
  Result<PageId> AllocatePage(SpaceId space);
  // While redoing: the page is in use from now on. False when its space does not exist.
  bool ClaimPage(PageId page);
  // Freeing (see BufferPool::FreePage): Unmap frees the slot, so that the page can no longer be read; FreePage
  // also the number.
  void Unmap(PageId page);
  void FreePage(PageId page);
  bool IsAllocated(PageId page);

  // Spaces. `created` is the LSN of the record that made it. False when it exists (54000: too many).
  Result<bool> CreateSpace(SpaceId space, Lsn created);
  // Frees all its pages; no frame may hold one any more.
  void DropSpace(SpaceId space);
  bool HasSpace(SpaceId space) const;
  // Whether it exists and was created before `lsn`.
  bool CreatedBefore(SpaceId space, Lsn lsn);
  std::vector<SpaceId> ListSpaces();
  // Every page in use.
  std::vector<PageId> ListPages(SpaceId space);

  // Checkpoint: Capture fixes the map as it is now; Write writes the changed map pages and the
  // meta chain to fresh slots; after a sync and the publication of meta(), Finish lets go of
  // the slots of the previous checkpoint. Abandon undoes a Capture that did not get that far.
  void Capture();
  Status WriteCaptured();
  PageEntry meta() const;
  void Finish();
  void Abandon();

  // Space that is no longer needed goes back to the file system: before Capture, MoveTail() copies some of the pages that lie
  // past what the file has needed lately to lower slots; after Finish, CutTail() cuts off what is then free. A page that
  // cannot be moved stays. Both say whether they have done anything. Only the thread that checkpoints calls them.
  bool MoveTail();
  Result<bool> CutTail();
  // Whether a checkpoint now would free much, or shorten the file.
  bool WantsCheckpoint();

  uint64_t slot_count();
  uint64_t free_slot_count();
  // Verifies that the map's slots are distinct and exactly the ones in use, apart from those
  // waiting for the next checkpoint. Empty when right.
  std::string Verify();

 private:
  struct Chunk;
  struct SpaceMap;
  struct Captured;

  SpaceMap* Find(SpaceId space) const;
  void UnmapLocked(SpaceMap& space, PageId page);
  uint64_t SlotsInUse() const;
  void NoteUse();
  void ReleaseFreed(uint32_t slot);
  uint64_t NeededSlots() const;
  bool IsTooLong() const;
  bool MovePage(PageId page, PageEntry entry, uint64_t below);
  Status ReadChecked(PageEntry entry, std::byte* page, uint8_t type);

  io::File& file_;
  // Open addressing by space id; entries are made once and reused after a drop.
  std::array<std::atomic<SpaceMap*>, kSpacesMax> spaces_{};

  Mutex mutex_{LockRank::kPageMap};
  ConditionVariable grown_;
  bool growing_ = false;
  SlotSet slots_;
  size_t space_count_ = 0;
  std::vector<Write*> writes_;
  std::vector<PageEntry> meta_chain_;  // of the last durable checkpoint
  std::unique_ptr<Captured> captured_;
  // The most slots in use at once since the last checkpoint, and between the two before; without those of pages that have
  // been freed since.
  uint64_t most_used_ = 0;
  uint64_t most_used_before_ = 0;
  // Slots of freed pages that wait for the next checkpoint, and for the present one.
  uint64_t freed_waiting_ = 0;
  uint64_t freed_releasing_ = 0;
  bool tail_stuck_ = false;  // the last try to shorten the file has got nowhere
};

}  // namespace phantom::btree
