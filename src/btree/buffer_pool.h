// btree/buffer_pool.h
//
// Pages in memory. A frame is never freed, so a reader may follow a stale reference: it checks the
// latch's version and the frame's page id, and starts over when they are not what it expects.
//
// A latch is also a pin: a frame whose latch is held is not evicted. Dirty pages are written out of
// place (page_map.h) from a private copy; nothing is latched meanwhile. The log's durability is the
// checkpoint's concern: before it publishes a map it flushes the log past every page in it. Eviction
// takes clean frames; when it meets only dirty ones, it cleans some.
//
// Thread safety: all methods may be called from any thread.
// Lock order: the partitions' mutexes and that of the free frames have rank kBufferPool; latches
// may be held when taking them, but nobody waits for a latch while holding one of them.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "btree/key.h"
#include "btree/latch.h"
#include "common/ids.h"
#include "common/mutex.h"
#include "common/status.h"

namespace phantom::wal {
class LogWriter;
}

namespace phantom::btree {

class PageMap;

struct alignas(64) Frame {
  Latch latch;
  std::atomic<uint64_t> page = 0;  // PageId of a findable frame; changes under the exclusive latch
  std::byte* data = nullptr;
  // The page has changes not yet on disk, none of them from before this LSN; 0: clean.
  std::atomic<uint64_t> dirty_since = 0;
  // The same, of the image being written.
  std::atomic<uint64_t> writing_since = 0;
  std::atomic<uint32_t> next = 0;  // in the hash chain; index + 1, 0: end
  std::atomic<bool> referenced = false;
  std::atomic<bool> writing = false;  // someone is writing an image

  PageId page_id() const { return PageId(page.load(std::memory_order_relaxed)); }
};

inline constexpr uint64_t kPoolFramesMin = 64;

struct PoolStats {
  uint64_t frames = 0;
  uint64_t free = 0;       // of the frames: never used or given back
  uint64_t untouched = 0;  // of those: without memory behind them
  uint64_t dirty = 0;      // of the frames: with changes not yet on disk
  uint64_t reads = 0;
  uint64_t writes = 0;
};

class BufferPool {
 public:
  // Memory for `bytes` of pages, at least kPoolFramesMin of them; taken from the system as it is first used.
  BufferPool(PageMap& map, uint64_t bytes);
  ~BufferPool();

  // Before the first change; redoing needs no log.
  void SetLog(wal::LogWriter* log) { log_ = log; }

  // The frame that holds the page, or null when it is not found in memory. Takes no lock; the answer is a hint that the
  // caller verifies under latch or version.
  Frame* Find(PageId page) const {
    uint32_t index = Bucket(page).load(std::memory_order_acquire);
    for (uint32_t steps = 0; index != 0 && steps < kChainMax; ++steps) {
      Prefetch(index);
      Frame& frame = frames_[index - 1];
      if (IsThere(frame, page)) return &frame;
      index = frame.next.load(std::memory_order_relaxed);
    }
    return nullptr;
  }

  // As Find, but reads the page when it is not in memory; null when the page does not exist (it may have
  // been freed). The caller must hold no latch.
  Result<Frame*> Fetch(PageId page);

  // The page's frame, exclusively latched, if it is in memory; else null. The caller holds no latch but of pages above it.
  Frame* LatchResident(PageId page);

  // A frame for a page being made: exclusively latched, not findable until Publish(). The caller
  // must hold no latch.
  Result<Frame*> NewFrame();
  // Makes the latched frame findable as the page; the latch stays held.
  void Publish(Frame& frame, PageId page);
  // Gives back a latched frame: one from NewFrame, or a findable one whose page is gone.
  void Discard(Frame& frame);
  // Frees a page: `latched` is its exclusively latched frame, or null; then the caller holds no
  // latch but of pages above it. The caller holds the latch of some dirty page of the same record, so that
  // a checkpoint waits until this is done.
  void FreePage(PageId page, Frame* latched);
  // Forgets all pages of a dropped space. The caller must hold no latch.
  void DropSpace(SpaceId space);

  // To be called with the frame exclusively latched, before the record of the change is appended.
  void MarkDirty(Frame& frame);
  // The same while redoing a record.
  void MarkDirty(Frame& frame, Lsn since);

  // To be asked before a change, with no latch held: cleans some frames when most of them are dirty, and refuses (53100) when
  // the disk has no room for that. So clean frames are left for those who only read, and some more for rollbacks.
  Status AdmitChange() { return dirty_parts() < kChangeParts ? Status::Ok() : MakeClean(kChangeParts); }
  Status AdmitRollback() { return dirty_parts() < kRollbackParts ? Status::Ok() : MakeClean(kRollbackParts); }

  // Writes every page that became dirty before `lsn`. The caller must hold no latch. After an error as many as could be.
  Status CleanBefore(Lsn lsn);
  // No page in memory has a change from before this LSN that is not on disk; at most `limit`.
  Lsn OldestChange(Lsn limit) const;
  // Writes pages while more than a share of the frames is dirty; for a background thread.
  Status CleanSome();

  // Gives the memory of free frames back to the system, where many of them lie together. They are used again last.
  void ReleaseFree();

  PageMap& map() { return map_; }
  PoolStats Stats() const;

 private:
  static constexpr uint32_t kChainMax = 32;
  // A page's header and its first slots.
  static constexpr size_t kPrefetchedLines = 6;
  static constexpr int64_t kChangeParts = 12;
  static constexpr int64_t kRollbackParts = 14;
  static constexpr size_t kPartitions = 64;

  // What is looked at next comes from memory at the same time as the frame.
  void Prefetch(uint32_t index) const {
    const std::byte* data = memory_ + (index - 1) * uint64_t{kPageBytes};
    for (size_t line = 0; line < kPrefetchedLines; ++line) __builtin_prefetch(data + line * 64);
  }
  static bool IsThere(Frame& frame, PageId page) {
    if (frame.page.load(std::memory_order_relaxed) != page.value) return false;
    if (!frame.referenced.load(std::memory_order_relaxed)) frame.referenced.store(true, std::memory_order_relaxed);
    return true;
  }
  std::atomic<uint32_t>& Bucket(PageId page) const { return buckets_[BucketIndex(page)]; }
  size_t BucketIndex(PageId page) const { return std::hash<PageId>()(page) >> 20 & bucket_mask_; }
  Mutex& PartitionOf(PageId page) { return partitions_[BucketIndex(page) % kPartitions].mutex; }
  // These require the partition's mutex.
  Frame* FindLocked(PageId page) const;
  void Link(Frame& frame, PageId page);
  void Unlink(Frame& frame);

  // An exclusively latched frame without a page.
  Result<Frame*> AcquireFrame();
  Frame* TakeFree();
  bool TryEvict(Frame& frame);
  enum class Cleaned { kDone, kBusy };
  Result<Cleaned> WriteBack(Frame& frame);
  // Of 16 parts of the frames, how many are dirty.
  int64_t dirty_parts() const { return dirty_.load(std::memory_order_relaxed) * 16 / static_cast<int64_t>(frame_count_); }
  Status MakeClean(int64_t parts);
  Status WriteImage(PageId page, std::byte* image);
  Status ReadPage(PageId page, Frame& frame, uint64_t* entry);

  struct Partition {
    Mutex mutex{LockRank::kBufferPool};
  };

  PageMap& map_;
  wal::LogWriter* log_ = nullptr;
  uint64_t frame_count_;
  uint64_t bucket_mask_;
  // One region of memory: the pages, the frames, the buckets.
  uint64_t region_bytes_ = 0;
  std::byte* memory_ = nullptr;
  Frame* frames_ = nullptr;
  std::atomic<uint32_t>* buckets_ = nullptr;
  std::array<Partition, kPartitions> partitions_;

  mutable Mutex free_mutex_{LockRank::kBufferPool};
  std::vector<uint32_t> free_;  // taken from the end
  // Frames whose memory comes and goes together: a huge page of it.
  static constexpr uint32_t kGroupFrames = 256;
  struct Group {
    uint32_t frames = 0;
    uint32_t free = 0;
    bool untouched = true;
  };
  std::vector<Group> groups_;
  uint64_t untouched_ = 0;  // frames of untouched groups
  std::atomic<uint64_t> hand_ = 0;        // of the clock
  std::atomic<uint64_t> clean_hand_ = 0;  // of MakeClean
  std::atomic<int64_t> dirty_ = 0;  // frames with dirty_since set
  std::atomic<uint64_t> reads_ = 0;
  std::atomic<uint64_t> writes_ = 0;
  std::atomic<uint64_t> failures_ = 0;  // of writes
};

}  // namespace phantom::btree
