// lsm/column_writer.h
//
// One column of a segment being written: gathers bounds, NULLs and the sketch, and chooses encodings. Vectors are held
// back as long as a dictionary for all of them seems worth it, and written as they come otherwise.
#pragma once
#include <memory>
#include <optional>

#include "lsm/block_sink.h"
#include "lsm/dictionary_builder.h"
#include "lsm/footer.h"

namespace phantom::lsm {

class ColumnWriter {
 public:
  ColumnWriter(uint16_t attribute, const Kind& kind, BlockSink& sink);

  // The next vector: rows of `present` in any form of vector.
  Status Add(const types::Vector& values, uint32_t count, const RowSet& present);
  // Gives up the dictionary, if there is still one, and with it most of the memory.
  Status DropDictionary();
  Status Finish();

  const ColumnInfo& info() const { return info_; }
  // Takes what Finish() has completed.
  ColumnInfo TakeInfo() { return std::move(info_); }
  size_t memory_bytes() const { return dictionary_ ? dictionary_->memory_bytes() : 0; }

 private:
  void Observe(const Input& input, const RowSet& care, VectorInfo& vector);
  Status Write(const Input& input, const uint64_t* valid, VectorInfo& vector);
  bool IsWorthIt(size_t dictionary_bytes) const;
  Status WriteDictionary(const DictionaryBuilder::Encoded& encoded);
  Status AppendBlocks(std::span<const std::string> blocks, std::vector<BlockRef>* refs);
  const Kind& kind() const { return *info_.kind; }

  ColumnInfo info_;
  BlockSink& sink_;
  SymbolTables tables_;
  EncoderSet encoders_;
  std::optional<DictionaryBuilder> dictionary_;
  std::vector<uint32_t> held_back_;  // vectors that the dictionary has
  size_t other_bytes_ = 0;           // those would take otherwise
  size_t least_bytes_ = 0;           // those take at least with the dictionary
  std::vector<std::byte> slots_;     // of the present vector
  std::vector<uint64_t> hashes_;
};

}  // namespace phantom::lsm
