#include "btree/buffer_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>

#include "btree/node.h"
#include "btree/page_map.h"
#include "common/blocking_region.h"
#include "common/check.h"
#include "wal/log_writer.h"

namespace phantom::btree {

// CleanSome() works while more of the 16 parts of the frames are dirty than these: when all frames are in use, and when there are free
// ones, so that nobody looks for clean ones.
static constexpr int64_t kDirtyPartsFull = 8, kDirtyPartsFree = 11;
// An evictor that has met this many dirty frames cleans one.
static constexpr uint32_t kDirtyMetMax = 16;
// Who finds too many dirty frames cleans so many of them.
static constexpr uint32_t kCleanedAtOnce = 16;

BufferPool::BufferPool(PageMap& map, uint64_t bytes)
    : map_(map),
      frame_count_(std::max(kPoolFramesMin, bytes / kPageBytes)),
      bucket_mask_(std::bit_ceil(frame_count_) * 2 - 1) {
  PHANTOM_CHECK(frame_count_ < UINT32_MAX);
  const uint64_t frames_at = frame_count_ * kPageBytes;
  const uint64_t buckets_at = frames_at + frame_count_ * sizeof(Frame);
  region_bytes_ = buckets_at + (bucket_mask_ + 1) * sizeof(std::atomic<uint32_t>);
  void* memory = ::mmap(nullptr, region_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) Panic("could not reserve memory for the buffer pool: %s", std::strerror(errno));
  memory_ = static_cast<std::byte*>(memory);
  // Fewer misses of the address translation; without it everything works as well.
  (void)::madvise(memory, region_bytes_, MADV_HUGEPAGE);
  frames_ = reinterpret_cast<Frame*>(memory_ + frames_at);
  std::uninitialized_value_construct_n(frames_, frame_count_);
  buckets_ = reinterpret_cast<std::atomic<uint32_t>*>(memory_ + buckets_at);
  std::uninitialized_value_construct_n(buckets_, bucket_mask_ + 1);
  free_.reserve(frame_count_);
  for (uint64_t i = 0; i < frame_count_; ++i) {
    frames_[i].data = memory_ + i * kPageBytes;
    free_.push_back(static_cast<uint32_t>(frame_count_ - 1 - i));
  }
  groups_.resize((frame_count_ + kGroupFrames - 1) / kGroupFrames);
  for (uint64_t i = 0; i < groups_.size(); ++i) {
    groups_[i].frames = static_cast<uint32_t>(std::min<uint64_t>(kGroupFrames, frame_count_ - i * kGroupFrames));
    groups_[i].free = groups_[i].frames;
  }
  untouched_ = frame_count_;
}

BufferPool::~BufferPool() { ::munmap(memory_, region_bytes_); }

Frame* BufferPool::FindLocked(PageId page) const {
  for (uint32_t index = Bucket(page); index != 0; index = frames_[index - 1].next) {
    if (frames_[index - 1].page == page.value) return &frames_[index - 1];
  }
  return nullptr;
}

void BufferPool::Link(Frame& frame, PageId page) {
  std::atomic<uint32_t>& bucket = Bucket(page);
  frame.page.store(page.value, std::memory_order_relaxed);
  frame.referenced.store(true, std::memory_order_relaxed);
  frame.next.store(bucket.load(std::memory_order_relaxed), std::memory_order_relaxed);
  bucket.store(static_cast<uint32_t>(&frame - frames_) + 1, std::memory_order_release);
}

void BufferPool::Unlink(Frame& frame) {
  const uint32_t self = static_cast<uint32_t>(&frame - frames_) + 1;
  std::atomic<uint32_t>* link = &Bucket(frame.page_id());
  while (*link != self) {
    PHANTOM_CHECK(*link != 0);
    link = &frames_[*link - 1].next;
  }
  link->store(frame.next, std::memory_order_release);
  frame.page.store(0, std::memory_order_relaxed);
}

Result<Frame*> BufferPool::Fetch(PageId page) {
  for (;;) {
    {
      MutexLock lock(PartitionOf(page));
      if (Frame* frame = FindLocked(page)) return frame;
    }
    // A page in use is in memory or in the map, and it is in the map before it leaves memory.
    if (!map_.Get(page)) return nullptr;
    ASSIGN_OR_RETURN(Frame * frame, AcquireFrame());
    uint64_t entry = 0;
    Status status = ReadPage(page, *frame, &entry);
    bool current = false;
    if (status.ok()) {
      MutexLock lock(PartitionOf(page));
      // What was read counts only if the page has not been loaded, changed and written again meanwhile.
      if (FindLocked(page) == nullptr && map_.Get(page).value == entry) {
        current = true;
        Link(*frame, page);
      }
    }
    if (current) {
      frame->latch.UnlockExclusive();
      return frame;
    }
    Discard(*frame);
    // Without an entry it was freed between the two looks at the map: that is no error.
    if (!status.ok() && entry != 0 && map_.Get(page).value == entry) return status;
  }
}

Status BufferPool::ReadPage(PageId page, Frame& frame, uint64_t* entry) {
  const PageEntry place = map_.Get(page);
  *entry = place.value;
  if (!place) return Errorf(sqlstate::kInternalError, "page was freed");
  reads_.fetch_add(1, std::memory_order_relaxed);
  RETURN_IF_ERROR(map_.ReadSlot(place.slot(), frame.data));
  return PageMap::VerifyImage(page, place, frame.data);
}

Frame* BufferPool::TakeFree() {
  MutexLock lock(free_mutex_);
  for (size_t i = free_.size(); i-- > 0;) {
    Frame& frame = frames_[free_[i]];
    // An image of its former page may still be on its way.
    if (frame.writing.load() || !frame.latch.TryLockExclusive()) continue;
    Group& group = groups_[free_[i] / kGroupFrames];
    --group.free;
    if (group.untouched) untouched_ -= group.frames;
    group.untouched = false;
    free_.erase(free_.begin() + static_cast<ptrdiff_t>(i));
    return &frame;
  }
  return nullptr;
}

// Leaves the frame exclusively latched and without a page.
bool BufferPool::TryEvict(Frame& frame) {
  if (!frame.latch.TryLockExclusive()) return false;
  const PageId page = frame.page_id();
  if (page.value == 0 || frame.dirty_since.load() != 0 || frame.writing.load()) {
    frame.latch.UnlockExclusive();
    return false;
  }
  MutexLock lock(PartitionOf(page));
  Unlink(frame);
  return true;
}

Result<Frame*> BufferPool::AcquireFrame() {
  Status status;
  Backoff backoff;
  for (uint32_t round = 0;; ++round) {
    if (Frame* frame = TakeFree()) return frame;
    uint32_t dirty_met = 0;
    for (uint64_t i = 0; i < 2 * frame_count_; ++i) {
      Frame& frame = frames_[hand_.fetch_add(1, std::memory_order_relaxed) % frame_count_];
      if (frame.page.load(std::memory_order_relaxed) == 0) continue;
      if (frame.referenced.load(std::memory_order_relaxed)) {
        frame.referenced.store(false, std::memory_order_relaxed);
        continue;
      }
      if (frame.dirty_since.load(std::memory_order_relaxed) != 0) {
        if (++dirty_met < kDirtyMetMax && i < frame_count_) continue;
        dirty_met = 0;
        const BlockingRegion region;
        Result<Cleaned> cleaned = WriteBack(frame);
        if (!cleaned.ok()) {
          status = std::move(cleaned).status();
          break;
        }
      }
      if (TryEvict(frame)) return &frame;
    }
    if (!status.ok()) {
      // One more look for a clean frame, and then the error is the answer.
      for (uint64_t i = 0; i < frame_count_; ++i) {
        if (TryEvict(frames_[i])) return &frames_[i];
      }
      return status;
    }
    const BlockingRegion region;
    backoff.Pause();
  }
}

Result<Frame*> BufferPool::NewFrame() { return AcquireFrame(); }

void BufferPool::Publish(Frame& frame, PageId page) {
  MutexLock lock(PartitionOf(page));
  PHANTOM_CHECK(FindLocked(page) == nullptr);
  Link(frame, page);
}

void BufferPool::Discard(Frame& frame) {
  if (const PageId page = frame.page_id(); page.value != 0) {
    MutexLock lock(PartitionOf(page));
    Unlink(frame);
  }
  if (frame.dirty_since.exchange(0) != 0) dirty_.fetch_sub(1, std::memory_order_relaxed);
  frame.latch.UnlockExclusive();
  const auto index = static_cast<uint32_t>(&frame - frames_);
  MutexLock lock(free_mutex_);
  free_.push_back(index);
  ++groups_[index / kGroupFrames].free;
}

void BufferPool::ReleaseFree() {
  for (size_t i = 0; i < groups_.size(); ++i) {
    Group& group = groups_[i];
    // Nobody takes one of the frames meanwhile; who still reads what was there finds out by the latch that it is gone.
    MutexLock lock(free_mutex_);
    if (group.untouched || group.free < group.frames) continue;
    void* const begin = frames_[i * kGroupFrames].data;
    if (::madvise(begin, group.frames * size_t{kPageBytes}, MADV_DONTNEED) != 0) continue;
    group.untouched = true;
    untouched_ += group.frames;
  }
  MutexLock lock(free_mutex_);
  std::ranges::stable_partition(free_, [&](uint32_t index) { return groups_[index / kGroupFrames].untouched; });
}

Frame* BufferPool::LatchResident(PageId page) {
  for (;;) {
    Frame* frame;
    {
      MutexLock lock(PartitionOf(page));
      frame = FindLocked(page);
    }
    if (frame == nullptr) return nullptr;
    frame->latch.LockExclusive();
    if (frame->page_id() == page) return frame;
    frame->latch.UnlockExclusive();
  }
}

void BufferPool::FreePage(PageId page, Frame* latched) {
  if (latched == nullptr) latched = LatchResident(page);
  map_.Unmap(page);
  // From here on nobody can load it; who did just before had only a clean copy.
  if (latched == nullptr) latched = LatchResident(page);
  if (latched != nullptr) Discard(*latched);
  map_.FreePage(page);
}

void BufferPool::DropSpace(SpaceId space) {
  for (uint64_t i = 0; i < frame_count_; ++i) {
    Frame& frame = frames_[i];
    if (frame.page.load() == 0 || frame.page_id().space() != space) continue;
    frame.latch.LockExclusive();
    if (frame.page.load() != 0 && frame.page_id().space() == space) {
      Discard(frame);
    } else {
      frame.latch.UnlockExclusive();
    }
  }
}

void BufferPool::MarkDirty(Frame& frame) { MarkDirty(frame, log_->appended()); }

void BufferPool::MarkDirty(Frame& frame, Lsn since) {
  if (frame.dirty_since.load(std::memory_order_relaxed) != 0) return;
  frame.dirty_since.store(std::max<uint64_t>(since.value, 1));
  dirty_.fetch_add(1, std::memory_order_relaxed);
}

// Writes the frame's page as it is now. kBusy: someone else is doing that.
Result<BufferPool::Cleaned> BufferPool::WriteBack(Frame& frame) {
  if (frame.writing.exchange(true)) return Cleaned::kBusy;
  alignas(64) std::byte image[kPageBytes];
  frame.latch.LockShared();
  const uint64_t since = frame.dirty_since.load();
  const PageId page = frame.page_id();
  if (since == 0 || page.value == 0) {
    frame.latch.UnlockShared();
    frame.writing.store(false);
    return Cleaned::kDone;
  }
  std::memcpy(image, frame.data, kPageBytes);
  PageMap::Write write;
  write.page = page;
  map_.BeginWrite(&write);
  // In this order, so that no moment shows the page clean.
  frame.writing_since.store(since);
  frame.dirty_since.store(0);
  dirty_.fetch_sub(1, std::memory_order_relaxed);
  frame.latch.UnlockShared();

  // The log need not be durable so far: the slot counts only once a checkpoint is published, which sees to that.
  node::SetChecksum(image);
  Status status;
  Result<uint32_t> slot = map_.AllocateSlot();
  if (slot.ok()) {
    write.slot = *slot;
    status = map_.WriteSlot(write.slot, image);
  } else {
    status = slot.status();
  }
  map_.FinishWrite(&write, status.ok(), HeaderOf(image).checksum);
  if (status.ok()) {
    writes_.fetch_add(1, std::memory_order_relaxed);
  } else {
    frame.latch.LockExclusive();
    // The frame was not reused, being marked as writing; but its page may have been freed.
    if (frame.page_id() == page && !write.cancelled) {
      if (frame.dirty_since.load() == 0) dirty_.fetch_add(1, std::memory_order_relaxed);
      frame.dirty_since.store(since);
    }
    frame.latch.UnlockExclusive();
    failures_.fetch_add(1);
  }
  frame.writing_since.store(0);
  frame.writing.store(false);
  if (!status.ok()) return status;
  return Cleaned::kDone;
}

Status BufferPool::CleanBefore(Lsn lsn) {
  // In the order opposite to WriteBack's, so that a page on its way to disk is seen at one or the other.
  auto is_due = [&](const Frame& frame) {
    const uint64_t dirty = frame.dirty_since.load();
    const uint64_t writing = frame.writing_since.load();
    return (dirty != 0 && dirty < lsn.value) || (writing != 0 && writing < lsn.value);
  };
  uint64_t failures;
  do {
    failures = failures_.load();
    for (uint64_t i = 0; i < frame_count_; ++i) {
      Frame& frame = frames_[i];
      Backoff backoff;
      while (is_due(frame)) {
        ASSIGN_OR_RETURN(Cleaned cleaned, WriteBack(frame));
        if (cleaned == Cleaned::kBusy) backoff.Pause();
      }
    }
    // A page that someone else failed to write became dirty again, perhaps behind our back.
  } while (failures != failures_.load());
  return Status::Ok();
}

Lsn BufferPool::OldestChange(Lsn limit) const {
  for (;;) {
    const uint64_t failures = failures_.load();
    uint64_t oldest = limit.value;
    for (uint64_t i = 0; i < frame_count_; ++i) {
      // As in CleanBefore.
      for (const uint64_t since : {frames_[i].dirty_since.load(), frames_[i].writing_since.load()}) {
        if (since != 0) oldest = std::min(oldest, since);
      }
    }
    if (failures == failures_.load()) return Lsn(oldest);
  }
}

Status BufferPool::MakeClean(int64_t parts) {
  BlockingRegion region;
  // A few more than this caller needs, so that not everybody comes here.
  uint32_t left = kCleanedAtOnce;
  for (uint64_t i = 0; i < frame_count_ && left > 0; ++i) {
    Frame& frame = frames_[clean_hand_.fetch_add(1, std::memory_order_relaxed) % frame_count_];
    if (frame.dirty_since.load(std::memory_order_relaxed) == 0) continue;
    Result<Cleaned> cleaned = WriteBack(frame);
    if (!cleaned.ok()) return dirty_parts() < parts ? Status::Ok() : std::move(cleaned).status();
    --left;
  }
  return Status::Ok();
}

Status BufferPool::CleanSome() {
  const PoolStats stats = Stats();
  const int64_t parts = stats.free >= stats.frames / 16 ? kDirtyPartsFree : kDirtyPartsFull;
  const auto too_many = [&] { return dirty_parts() >= parts; };
  const uint64_t start = hand_.load(std::memory_order_relaxed);
  for (uint64_t i = 0; i < frame_count_ && too_many(); ++i) {
    Frame& frame = frames_[(start + i) % frame_count_];
    if (frame.dirty_since.load(std::memory_order_relaxed) == 0) continue;
    ASSIGN_OR_RETURN(Cleaned cleaned, WriteBack(frame));
    (void)cleaned;
  }
  return Status::Ok();
}

PoolStats BufferPool::Stats() const {
  MutexLock lock(free_mutex_);
  const int64_t dirty = std::max<int64_t>(0, dirty_.load(std::memory_order_relaxed));
  return {frame_count_, free_.size(), untouched_, static_cast<uint64_t>(dirty), reads_.load(), writes_.load()};
}

}  // namespace phantom::btree
