// lsm/run_block.h
//
// A block of a run: made, and read where it lies. Bytes: docs/formats/run.md.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/status.h"
#include "lsm/block_cache.h"
#include "lsm/run_format.h"

namespace phantom::lsm {

class RunBlockBuilder {
 public:
  // Keys ascend.
  void Add(Bytes key, Bytes value);
  uint32_t count() const { return static_cast<uint32_t>(ends_.size()); }
  // Whether an entry of such sizes should go into the next block.
  bool IsFull(size_t key_bytes, size_t value_bytes) const {
    if (count() == kRunBlockEntriesMax) return true;
    return count() > 0 && (bytes_.size() - value_bytes_ + key_bytes > kRunBlockKeyBytes ||
                           value_bytes_ + value_bytes > kRunBlockValueBytes);
  }
  Bytes last_key() const;

  // Appends the block and begins a new one.
  void Finish(std::string& out);

 private:
  struct End {
    uint32_t key;    // where the key ends in bytes_
    uint32_t value;  // where the value behind it ends
  };
  Bytes key(uint32_t i) const;
  Bytes value(uint32_t i) const;
  bool FinishPacked(std::string& out) const;
  void FinishFrontCoded(std::string& out) const;

  std::string bytes_;       // keys and values in turn
  size_t value_bytes_ = 0;  // of these, in values
  std::vector<End> ends_;
};

// A block in memory. Owns its bytes; reading is safe whatever they were.
class RunBlock final : public CacheEntry {
 public:
  // bytes: the block, then kPackedSlack bytes. XX001 when they are no block.
  static Result<std::unique_ptr<RunBlock>> Open(std::unique_ptr<std::byte[]> bytes, size_t size);

  uint32_t count() const { return count_; }
  size_t memory_bytes() const override;

  // An entry laid open.
  struct Reading {
    Reading() {}  // leaves the key's bytes as they are
    void Forget() { position = kNone; }
    static constexpr uint32_t kNone = UINT32_MAX;

    uint32_t position = kNone;
    size_t key_size = 0;
    Bytes value;
    const std::byte* next = nullptr;
    std::byte key[kRunItemBytesMax];
  };

  // First position whose key is >= key; count() when there is none. *equal tells whether it is ==. The reading is of this
  // block, or of none.
  uint32_t LowerBound(Bytes key, bool* equal, Reading& reading) const;
  // Lays the entry open: the cheaper when the reading is at the one before.
  void MoveTo(uint32_t position, Reading& reading) const;
  Bytes ValueAt(uint32_t position, Reading& reading) const;

 private:
  // A stretch of differing bits within eight bytes of the key.
  struct BitRun {
    uint8_t shift;  // of its lowest bit in the word
    uint8_t bits;
  };
  struct Word {
    uint64_t base;
    uint64_t mask;
    uint32_t first_run, end_run;
    uint32_t bits;  // that differ
  };
  struct Entry {
    uint32_t shared;
    Bytes rest;
    Bytes value;
    const std::byte* next() const { return value.data() + value.size(); }
  };

  RunBlock() = default;
  Status OpenPacked(Bytes rest);
  Status OpenFrontCoded(Bytes rest);
  uint64_t Code(uint32_t position) const;
  uint32_t LowerBoundOfCode(uint64_t code) const;
  uint32_t LowerBoundPacked(Bytes key, bool* equal) const;
  uint32_t LowerBoundFrontCoded(Bytes key, bool* equal, Reading& reading) const;
  void CopyPackedKey(uint32_t position, Reading& reading) const;
  Entry EntryAt(const std::byte* at) const;
  const std::byte* Restart(uint32_t i) const;
  static void Take(const Entry& entry, uint32_t position, Reading& reading);

  RunBlockKind kind_ = RunBlockKind::kPacked;
  uint32_t count_ = 0;
  std::unique_ptr<std::byte[]> bytes_;
  size_t size_ = 0;
  // Packed.
  const std::byte* codes_ = nullptr;
  uint32_t width_ = 0;
  uint32_t key_bytes_ = 0;
  Bytes value_;
  std::vector<Word> words_;
  std::vector<BitRun> runs_;
  // Front-coded.
  bool wide_ = false;
  const std::byte* entries_ = nullptr;
  const std::byte* restarts_ = nullptr;
};

}  // namespace phantom::lsm
