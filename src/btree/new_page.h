// btree/new_page.h
//
// What the makers of nodes share (structure.cc, tree_fill.cc).
#pragma once
#include "btree/buffer_pool.h"
#include "btree/node.h"
#include "btree/page_map.h"
#include "common/ids.h"
#include "common/status.h"

namespace phantom::btree {

// A page being made: its number and its frame. Given back unless Published.
class NewPage {
 public:
  explicit NewPage(BufferPool& pool) : pool_(pool) {}
  ~NewPage() {
    if (frame_ != nullptr) {
      pool_.Discard(*frame_);
      pool_.map().FreePage(id_);
    }
  }
  NewPage(const NewPage&) = delete;
  NewPage& operator=(const NewPage&) = delete;

  Status Make(SpaceId space) {
    ASSIGN_OR_RETURN(Frame * frame, pool_.NewFrame());
    Result<PageId> id = pool_.map().AllocatePage(space);
    if (!id.ok()) {
      pool_.Discard(*frame);
      return id.status();
    }
    frame_ = frame;
    id_ = *id;
    return Status::Ok();
  }
  PageId id() const { return id_; }
  std::byte* data() const { return frame_->data; }
  Frame& frame() { return *frame_; }

  // After the record is appended: the page is there. Its latch is released.
  void Publish(Lsn lsn) {
    HeaderOf(frame_->data).lsn = lsn.value;
    pool_.Publish(*frame_, id_);
    frame_->latch.UnlockExclusive();
    frame_ = nullptr;
  }

 private:
  BufferPool& pool_;
  Frame* frame_ = nullptr;
  PageId id_;
};

inline void StampLsn(Frame& frame, Lsn lsn) { HeaderOf(frame.data).lsn = lsn.value; }

// How many bytes of `high` make the shortest key above `low` and not above `high`.
inline size_t ShortestBetween(Bytes low, Bytes high) {
  size_t common = 0;
  while (common < low.size() && low[common] == high[common]) ++common;
  return common + 1;
}

}  // namespace phantom::btree
