// lsm/dictionary_builder.h
//
// The different values of a column as they come, and for every vector which of them each row has: so a dictionary for
// the whole segment can be had without a second look at the rows. Bounded: when there are too many different values or
// bytes, it says so, and what it holds is encoded otherwise.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "lsm/block.h"
#include "lsm/encoding/encoder.h"
#include "lsm/encoding/packed.h"
#include "types/vector.h"

namespace phantom::lsm {

class DictionaryBuilder {
 public:
  explicit DictionaryBuilder(const Kind& kind);

  // Takes a vector's values, with their HashOfSlot; `valid` as for AppendBlock. False when there are too many different
  // ones; then the vector is not taken.
  bool Add(const Input& input, std::span<const uint64_t> hashes, const uint64_t* valid);

  uint32_t vectors() const { return static_cast<uint32_t>(vectors_.size()); }
  uint32_t entries() const { return size_; }
  size_t memory_bytes() const;
  // What the entries' numbers of so many rows take at least, unless there are runs of them.
  size_t NumberBytes(uint32_t rows) const { return PackedBytes(rows, WidthOf(size_ == 0 ? 0 : size_ - 1)); }

  // Gives back vector v's values as they came (those of rows without one are any).
  struct Restored {
    std::vector<std::byte> slots;
    std::vector<uint64_t> care;   // empty: all
    std::vector<uint64_t> valid;  // empty: null
    Input input;
    const uint64_t* valid_or_null() const { return valid.empty() ? nullptr : valid.data(); }
  };
  void Restore(uint32_t v, Restored* to) const;

  // The blocks of the sorted dictionary and of the vectors.
  struct Encoded {
    std::vector<std::string> entries;
    std::vector<std::string> vectors;
    size_t bytes = 0;
  };
  Encoded Encode(EncoderSet& encoders) const;

 private:
  static constexpr size_t kBytesMax = 4 << 20;

  struct Numbers {
    std::vector<uint32_t> of_row;
    std::vector<uint64_t> care, valid;  // as in Restored
  };

  uint32_t Find(const std::byte* slot, uint64_t hash);
  void Grow();

  const Kind* kind_;
  types::Vector entries_;
  uint32_t size_ = 0;
  size_t text_bytes_ = 0;
  uint64_t rows_ = 0;
  std::vector<uint64_t> hashes_;   // of entries
  std::vector<uint32_t> buckets_;  // entry + 1; 0: none
  std::vector<Numbers> vectors_;
};

}  // namespace phantom::lsm
