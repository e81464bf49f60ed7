#include "btree/page_map.h"

#include <algorithm>
#include <cstring>

#include "btree/map_format.h"
#include "btree/node.h"
#include "common/check.h"
#include "io/env.h"

namespace phantom::btree {

// The page file grows by this part of its size, within bounds.
static constexpr uint64_t kGrowthMin = 128;
static constexpr uint64_t kGrowthMax = 8192;
static constexpr uint64_t kGrowthLeast = 16;  // what is tried when there is no room for more
static constexpr uint64_t kSlotsMaxCount = uint64_t{1} << 32;

PageMap::PageMap(io::File& file) : file_(file) {}

PageMap::~PageMap() {
  for (std::atomic<SpaceMap*>& space : spaces_) delete space.load();
}

void PageMap::Create() {
  MutexLock lock(mutex_);
  slots_.Grow(1);
}

PageMap::SpaceMap* PageMap::Find(SpaceId space) const {
  for (size_t i = std::hash<SpaceId>()(space) % kSpacesMax;; i = (i + 1) % kSpacesMax) {
    SpaceMap* found = spaces_[i].load(std::memory_order_acquire);
    if (found == nullptr) return nullptr;
    if (found->id == space) return found->alive.load(std::memory_order_acquire) ? found : nullptr;
  }
}

PageEntry PageMap::Get(PageId page) const {
  SpaceMap* space = Find(page.space());
  if (space == nullptr) return {};
  Chunk* chunk = space->ChunkAt(page.number() / kMapFanOut);
  return chunk == nullptr ? PageEntry() : chunk->entries[page.number() % kMapFanOut].load(std::memory_order_acquire);
}

Result<uint32_t> PageMap::AllocateSlot(bool reserved) {
  MutexLock lock(mutex_);
  for (;;) {
    if (uint32_t slot = slots_.Allocate(reserved)) {
      NoteUse();
      return slot;
    }
    if (growing_) {
      grown_.wait(lock);
      continue;
    }
    const uint64_t count = slots_.count();
    uint64_t target = std::min(kSlotsMaxCount, count + std::clamp(count / 8, kGrowthMin, kGrowthMax));
    if (target == count) return Error(sqlstate::kDiskFull, "page file has reached its largest size");
    growing_ = true;
    lock.unlock();
    Status status = file_.Allocate(target * kPageBytes);
    if (!status.ok() && target > count + kGrowthLeast) {
      target = count + kGrowthLeast;
      status = file_.Allocate(target * kPageBytes);
    }
    lock.lock();
    growing_ = false;
    grown_.notify_all();
    if (!status.ok()) return status;
    slots_.Grow(target);
  }
}

Status PageMap::ReadSlot(uint32_t slot, std::byte* page) {
  return file_.Read(uint64_t{slot} * kPageBytes, {page, kPageBytes});
}
Status PageMap::WriteSlot(uint32_t slot, const std::byte* page) {
  return file_.Write(uint64_t{slot} * kPageBytes, {page, kPageBytes});
}
Status PageMap::Sync() { return file_.Sync(); }

void PageMap::BeginWrite(Write* write) {
  MutexLock lock(mutex_);
  writes_.push_back(write);
}

void PageMap::FinishWrite(Write* write, bool written, uint64_t checksum) {
  MutexLock lock(mutex_);
  writes_.erase(std::find(writes_.begin(), writes_.end(), write));
  if (write->slot == 0) return;
  SpaceMap* space = Find(write->page.space());
  if (!written || write->cancelled || space == nullptr) {
    slots_.Release(write->slot);
    return;
  }
  PHANTOM_CHECK(space->InUse(write->page.number()));
  const PageEntry old = space->Set(write->page.number(), PageEntry(write->slot, checksum));
  if (old) slots_.Release(old.slot());
}

Status PageMap::VerifyStored(PageId page) {
  alignas(8) std::byte image[kPageBytes];
  for (;;) {
    const PageEntry entry = Get(page);
    if (!entry) return Status::Ok();
    const Status read = ReadSlot(entry.slot(), image);
    // The slot may have been given to another page since.
    if (Get(page) != entry) continue;
    return read.ok() ? VerifyImage(page, entry, image) : read;
  }
}

Status PageMap::VerifyImage(PageId page, PageEntry entry, const std::byte* image) {
  const PageHeader& header = HeaderOf(image);
  if (node::ChecksumIsRight(image) && static_cast<uint32_t>(header.checksum) == entry.check() &&
      header.page == page.value) {
    return Status::Ok();
  }
  return Errorf(sqlstate::kDataCorrupted, "invalid page in block %u of file \"pages\": page %u of space %u", entry.slot(),
                page.number(), page.space().value);
}

Result<PageId> PageMap::AllocatePage(SpaceId id) {
  MutexLock lock(mutex_);
  SpaceMap* space = Find(id);
  if (space == nullptr) return Errorf(sqlstate::kInternalError, "page space %u does not exist", id.value);
  const uint32_t number = space->AllocateNumber();
  if (number == 0) return Errorf(sqlstate::kProgramLimitExceeded, "page space %u is full", id.value);
  return PageId(id, number);
}

bool PageMap::ClaimPage(PageId page) {
  MutexLock lock(mutex_);
  SpaceMap* space = Find(page.space());
  if (space == nullptr) return false;
  space->Use(page.number());
  return true;
}

bool PageMap::IsAllocated(PageId page) {
  MutexLock lock(mutex_);
  SpaceMap* space = Find(page.space());
  return space != nullptr && space->InUse(page.number());
}

void PageMap::UnmapLocked(SpaceMap& space, PageId page) {
  for (Write* write : writes_) {
    if (write->page == page) write->cancelled = true;
  }
  const PageEntry old = space.Set(page.number(), PageEntry());
  if (old) ReleaseFreed(old.slot());
}

void PageMap::Unmap(PageId page) {
  MutexLock lock(mutex_);
  SpaceMap* space = Find(page.space());
  if (space != nullptr && space->InUse(page.number())) UnmapLocked(*space, page);
}

void PageMap::FreePage(PageId page) {
  MutexLock lock(mutex_);
  SpaceMap* space = Find(page.space());
  if (space == nullptr || !space->InUse(page.number())) return;
  UnmapLocked(*space, page);
  space->FreeNumber(page.number());
}

Result<bool> PageMap::CreateSpace(SpaceId id, Lsn created) {
  MutexLock lock(mutex_);
  for (size_t i = std::hash<SpaceId>()(id) % kSpacesMax;; i = (i + 1) % kSpacesMax) {
    SpaceMap* space = spaces_[i].load(std::memory_order_relaxed);
    if (space == nullptr) {
      if (space_count_ + 1 >= kSpacesMax) return Error(sqlstate::kProgramLimitExceeded, "too many databases");
      ++space_count_;
      space = new SpaceMap(id);
      space->created = created;
      space->alive = true;
      spaces_[i].store(space, std::memory_order_release);
      return true;
    }
    if (space->id != id) continue;
    if (space->alive) return false;
    space->created = created;
    space->alive.store(true, std::memory_order_release);
    return true;
  }
}

bool PageMap::CreatedBefore(SpaceId id, Lsn lsn) {
  MutexLock lock(mutex_);
  SpaceMap* space = Find(id);
  return space != nullptr && space->created < lsn;
}

void PageMap::DropSpace(SpaceId id) {
  MutexLock lock(mutex_);
  SpaceMap* space = Find(id);
  if (space == nullptr) return;
  for (Write* write : writes_) {
    if (write->page.space() == id) write->cancelled = true;
  }
  space->alive.store(false, std::memory_order_release);
  ++space->generation;
  for (size_t i = 0; i < space->chunk_count; ++i) {
    Chunk& chunk = *space->ChunkAt(static_cast<uint32_t>(i));
    for (std::atomic<PageEntry>& entry : chunk.entries) {
      if (PageEntry old = entry.exchange(PageEntry())) ReleaseFreed(old.slot());
    }
    if (chunk.place) ReleaseFreed(chunk.place.slot());
    chunk.place = PageEntry();
    chunk.dirty = false;
  }
  space->numbers.clear();
  space->next_word = 0;
}

bool PageMap::HasSpace(SpaceId space) const { return Find(space) != nullptr; }

std::vector<SpaceId> PageMap::ListSpaces() {
  MutexLock lock(mutex_);
  std::vector<SpaceId> ids;
  for (std::atomic<SpaceMap*>& entry : spaces_) {
    SpaceMap* space = entry.load();
    if (space != nullptr && space->alive) ids.push_back(space->id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<PageId> PageMap::ListPages(SpaceId id) {
  MutexLock lock(mutex_);
  std::vector<PageId> pages;
  SpaceMap* space = Find(id);
  if (space == nullptr) return pages;
  for (uint32_t number = 1; number < space->numbers.size() * 64; ++number) {
    if (space->InUse(number)) pages.push_back(PageId(id, number));
  }
  return pages;
}

uint64_t PageMap::slot_count() {
  MutexLock lock(mutex_);
  return slots_.count();
}

uint64_t PageMap::free_slot_count() {
  MutexLock lock(mutex_);
  return slots_.free_count();
}

std::string PageMap::Verify() {
  MutexLock lock(mutex_);
  std::vector<bool> seen(slots_.count());
  uint64_t used = 1 + slots_.waiting_count();
  auto mark = [&](PageEntry entry) {
    if (!slots_.used(entry.slot()) || seen[entry.slot()]) return false;
    seen[entry.slot()] = true;
    ++used;
    return true;
  };
  for (std::atomic<SpaceMap*>& slot : spaces_) {
    SpaceMap* space = slot.load();
    if (space == nullptr || !space->alive) continue;
    for (uint32_t i = 0; i < space->chunk_count; ++i) {
      Chunk& chunk = *space->ChunkAt(i);
      if (chunk.place && !mark(chunk.place))
        return Format("map page %u of space %u is not in a slot of its own", i, space->id.value);
      for (uint32_t k = 0; k < kMapFanOut; ++k) {
        const PageEntry entry = chunk.entries[k].load();
        const uint32_t number = i * kMapFanOut + k;
        if (!entry) continue;
        if (!mark(entry)) return Format("page %u of space %u is not in a slot of its own", number, space->id.value);
        if (!space->InUse(number)) return Format("page %u of space %u is mapped but free", number, space->id.value);
      }
    }
  }
  for (PageEntry entry : meta_chain_) {
    if (!mark(entry)) return "meta page is not in a slot of its own";
  }
  used += writes_.size();
  if (used != slots_.count() - slots_.free_count()) {
    return Format("%llu slots are referred to, but %llu are in use", static_cast<unsigned long long>(used),
                  static_cast<unsigned long long>(slots_.count() - slots_.free_count()));
  }
  return {};
}

}  // namespace phantom::btree
