// lsm/block.h
//
// A block of a vector (or of a dictionary): which rows have values, and the values in one of the encodings.
#pragma once
#include <memory>
#include <string>

#include "lsm/encoding/encoder.h"
#include "lsm/encoding/values.h"

namespace phantom::lsm {

// The block's beginning; the encoding's bytes follow. `valid` is null when all rows have values.
void AppendBlockHeader(Encoding encoding, uint32_t rows, const uint64_t* valid, std::string& out);

// A block of an EncoderSet's choice. `valid` is input.care, or null where that only leaves out absent rows.
Encoding AppendBlock(EncoderSet& encoders, const Input& input, const uint64_t* valid, std::string& out);

// A block in memory, ready to be read. Owns its bytes.
class Block {
 public:
  // bytes: the block, then kPackedSlack bytes. XX001 for bytes that are no block of source.count rows.
  static Result<std::unique_ptr<Block>> Open(std::unique_ptr<std::byte[]> bytes, size_t size, const Source& source);

  Encoding encoding() const { return encoding_; }
  const Values& values() const { return *values_; }
  // By row; null when all have values.
  const uint64_t* validity() const { return validity_.get(); }
  bool IsNull(uint32_t row) const { return validity_ != nullptr && (validity_[row >> 6] >> (row & 63) & 1) == 0; }
  size_t memory_bytes() const;

 private:
  Block() = default;

  std::unique_ptr<std::byte[]> bytes_;
  size_t size_ = 0;
  Encoding encoding_ = Encoding::kNone;
  std::unique_ptr<uint64_t[]> validity_;
  std::unique_ptr<Values> values_;
};

}  // namespace phantom::lsm
