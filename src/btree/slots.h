// btree/slots.h
//
// Which slots of the page file are free. A slot given out since the last checkpoint began is fresh
// and, once released, free at once. Others wait: those released before a checkpoint began are free
// when it is durable.
//
// Thread safety: none; the page map's mutex guards it.
#pragma once
#include <cstdint>
#include <vector>

namespace phantom::btree {

// Slots kept for checkpoints, so that one can complete (and free others) when the disk is full.
inline constexpr uint64_t kReservedSlots = 64;

class SlotSet {
 public:
  uint64_t count() const { return count_; }
  uint64_t free_count() const { return free_; }
  bool used(uint32_t slot) const { return slot < count_ && Bit(used_, slot); }

  // The file has grown to this many slots.
  void Grow(uint64_t count);
  // The file is about to be cut to this many slots; those past them are free.
  void Shrink(uint64_t count);
  // Just past the last slot in use.
  uint64_t used_end() const;
  // Allocate() begins at the beginning again.
  void Rewind() { next_word_ = 0; }
  // While loading. False when it is in use already or outside the file.
  bool Claim(uint32_t slot);
  // Goes upwards from where it was, since the last checkpoint from the beginning, so that the end of the file empties. 0
  // when there is none (slot 0 is never given out).
  uint32_t Allocate(bool reserved);
  // Whether the slot waits for a checkpoint before it is free.
  bool Release(uint32_t slot);

  void BeginCheckpoint();
  // The durable checkpoint refers to the slot.
  void MarkReferred(uint32_t slot);
  // A slot of the previous checkpoint's own map, to be freed with the present one.
  void ReleaseWithCheckpoint(uint32_t slot);
  void FinishCheckpoint();
  void AbandonCheckpoint();

  // Released, but not free yet.
  uint64_t waiting_count() const { return waiting_.size() + releasing_.size(); }

 private:
  static bool Bit(const std::vector<uint64_t>& bits, uint64_t i) { return bits[i / 64] >> (i % 64) & 1; }
  static void Set(std::vector<uint64_t>& bits, uint64_t i) { bits[i / 64] |= uint64_t{1} << (i % 64); }
  static void Clear(std::vector<uint64_t>& bits, uint64_t i) { bits[i / 64] &= ~(uint64_t{1} << (i % 64)); }
  void Free(uint32_t slot);

  std::vector<uint64_t> used_;
  std::vector<uint64_t> fresh_;
  std::vector<uint32_t> waiting_;    // for the next checkpoint to begin and become durable
  std::vector<uint32_t> releasing_;  // for the present checkpoint to become durable
  uint64_t count_ = 0;
  uint64_t free_ = 0;
  uint64_t next_word_ = 0;  // where the search goes on
};

}  // namespace phantom::btree
