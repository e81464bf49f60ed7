// Giving space back: the end of the page file is emptied by moving pages down, and cut off. Pages are written out of
// place anyway, so the file is as long as the most slots ever used at once; what it has needed lately decides how long
// it stays.
#include <algorithm>

#include "btree/map_format.h"
#include "common/check.h"
#include "io/env.h"

namespace phantom::btree {

// Beyond the most slots used lately the file keeps this part of them, within bounds.
static constexpr uint64_t kSlackMin = 128;
static constexpr uint64_t kSlackMax = 8192;
// It is shortened when that saves at least so many, and an eighth.
static constexpr uint64_t kCutMin = 64;
// Pages moved by one checkpoint: at least so many, and this part of all slots.
static constexpr uint64_t kMovedMin = 1024;
static constexpr uint64_t kMovedPart = 64;
// Freed slots that are worth a checkpoint of their own, and at least an eighth of the file.
static constexpr uint64_t kFreedMin = 1024;

uint64_t PageMap::SlotsInUse() const {
  const uint64_t used = slots_.count() - slots_.free_count();
  return used - std::min(used, freed_waiting_ + freed_releasing_);
}

void PageMap::NoteUse() { most_used_ = std::max(most_used_, SlotsInUse()); }

void PageMap::ReleaseFreed(uint32_t slot) {
  if (slots_.Release(slot)) ++freed_waiting_;
  if (most_used_ > 0) --most_used_;
  if (most_used_before_ > 0) --most_used_before_;
  tail_stuck_ = false;
}

uint64_t PageMap::NeededSlots() const {
  const uint64_t most = std::max({most_used_, most_used_before_, SlotsInUse()});
  return most + std::clamp(most / 8, kSlackMin, kSlackMax);
}

bool PageMap::IsTooLong() const {
  const uint64_t needed = NeededSlots();
  return slots_.count() > needed + std::max(kCutMin, needed / 8);
}

bool PageMap::WantsCheckpoint() {
  MutexLock lock(mutex_);
  return freed_waiting_ > std::max(kFreedMin, slots_.count() / 8) || (IsTooLong() && !tail_stuck_);
}

// False when there is no lower slot, or the page cannot be read as the map has it.
bool PageMap::MovePage(PageId page, PageEntry entry, uint64_t below) {
  alignas(8) std::byte image[kPageBytes];
  if (!ReadSlot(entry.slot(), image).ok()) return false;
  const PageHeader& header = HeaderOf(image);
  // Rewritten or freed meanwhile, or damaged: then it stays for its reader to find out.
  if (!node::ChecksumIsRight(image) || static_cast<uint32_t>(header.checksum) != entry.check()) return false;
  uint32_t slot;
  {
    MutexLock lock(mutex_);
    slot = slots_.Allocate(false);
    if (slot != 0 && slot >= below) {
      slots_.Release(slot);
      slot = 0;
    }
  }
  if (slot == 0) return false;
  const bool written = WriteSlot(slot, image).ok();
  MutexLock lock(mutex_);
  SpaceMap* space = Find(page.space());
  if (!written || space == nullptr || !space->InUse(page.number()) || Get(page) != entry) {
    slots_.Release(slot);
    return false;
  }
  space->Set(page.number(), PageEntry(slot, entry.check()));
  slots_.Release(entry.slot());
  return true;
}

bool PageMap::MoveTail() {
  struct Found {
    PageId page;
    PageEntry entry;
  };
  std::vector<Found> found;
  uint64_t below, most;
  {
    MutexLock lock(mutex_);
    tail_stuck_ = true;
    if (!IsTooLong()) return false;
    below = NeededSlots();
    most = std::max(kMovedMin, slots_.count() / kMovedPart);
    slots_.Rewind();
  }
  for (SpaceId id : ListSpaces()) {
    for (uint32_t i = 0; found.size() < most; ++i) {
      MutexLock lock(mutex_);
      SpaceMap* space = Find(id);
      if (space == nullptr || i >= space->chunk_count) break;
      Chunk& chunk = *space->ChunkAt(i);
      // The checkpoint writes it to a lower slot.
      if (chunk.place.slot() >= below) chunk.dirty = true;
      for (uint32_t k = 0; k < kMapFanOut; ++k) {
        const PageEntry entry = chunk.entries[k].load();
        if (entry.slot() >= below) found.push_back({PageId(id, i * kMapFanOut + k), entry});
      }
    }
  }
  bool moved = false;
  for (const Found& next : found) moved |= MovePage(next.page, next.entry, below);
  MutexLock lock(mutex_);
  if (moved) tail_stuck_ = false;
  return moved;
}

Result<bool> PageMap::CutTail() {
  uint64_t count;
  {
    MutexLock lock(mutex_);
    if (growing_ || !IsTooLong()) return false;
    count = std::max(slots_.used_end(), NeededSlots());
    if (count + kCutMin > slots_.count()) return false;
    tail_stuck_ = false;
    slots_.Shrink(count);
    growing_ = true;
  }
  // When it fails the file is longer than need be, and is cut another time.
  Status status = file_.Truncate(count * kPageBytes);
  MutexLock lock(mutex_);
  growing_ = false;
  grown_.notify_all();
  if (!status.ok()) return status;
  return true;
}

}  // namespace phantom::btree
