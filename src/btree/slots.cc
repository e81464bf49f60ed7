#include "btree/slots.h"

#include <bit>
#include <cstddef>

#include "common/check.h"

namespace phantom::btree {

void SlotSet::Grow(uint64_t count) {
  if (count <= count_) return;
  const uint64_t before = count_;
  used_.resize((count + 63) / 64);
  fresh_.resize(used_.size());
  count_ = count;
  free_ += count - before;
  if (before == 0) {
    Set(used_, 0);
    --free_;
  }
}

void SlotSet::Shrink(uint64_t count) {
  PHANTOM_CHECK(count >= used_end() && count <= count_ && count > 0);
  free_ -= count_ - count;
  count_ = count;
  used_.resize((count + 63) / 64);
  fresh_.resize(used_.size());
  Rewind();
}

uint64_t SlotSet::used_end() const {
  for (std::size_t word = used_.size(); word-- > 0;) {
    if (used_[word] != 0) return word * 64 + 64 - static_cast<uint64_t>(std::countl_zero(used_[word]));
  }
  return 0;
}

bool SlotSet::Claim(uint32_t slot) {
  if (slot >= count_ || Bit(used_, slot)) return false;
  Set(used_, slot);
  --free_;
  return true;
}

uint32_t SlotSet::Allocate(bool reserved) {
  if (free_ <= (reserved ? 0 : kReservedSlots)) return 0;
  for (uint64_t turn = 0; turn <= used_.size(); ++turn) {
    const uint64_t word = used_[next_word_];
    if (word != ~uint64_t{0}) {
      const uint64_t slot = next_word_ * 64 + static_cast<uint64_t>(std::countr_one(word));
      if (slot < count_) {
        Set(used_, slot);
        Set(fresh_, slot);
        --free_;
        return static_cast<uint32_t>(slot);
      }
    }
    next_word_ = next_word_ + 1 == used_.size() ? 0 : next_word_ + 1;
  }
  return 0;
}

void SlotSet::Free(uint32_t slot) {
  PHANTOM_CHECK(used(slot) && slot != 0);
  Clear(used_, slot);
  Clear(fresh_, slot);
  ++free_;
}

bool SlotSet::Release(uint32_t slot) {
  PHANTOM_CHECK(used(slot));
  if (Bit(fresh_, slot)) {
    Free(slot);
    return false;
  }
  waiting_.push_back(slot);
  return true;
}

void SlotSet::BeginCheckpoint() {
  PHANTOM_CHECK(releasing_.empty());
  releasing_.swap(waiting_);
  fresh_.assign(fresh_.size(), 0);
}

void SlotSet::MarkReferred(uint32_t slot) { Clear(fresh_, slot); }

void SlotSet::ReleaseWithCheckpoint(uint32_t slot) { releasing_.push_back(slot); }

void SlotSet::FinishCheckpoint() {
  for (uint32_t slot : releasing_) Free(slot);
  releasing_.clear();
  Rewind();
}

void SlotSet::AbandonCheckpoint() {
  waiting_.insert(waiting_.end(), releasing_.begin(), releasing_.end());
  releasing_.clear();
}

}  // namespace phantom::btree
