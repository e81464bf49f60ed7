// lsm/column_reader.h
//
// One column of an open segment: its blocks, dictionary and symbol tables, read at need and kept in the cache as long
// as it likes.
//
// Thread safety: may be used from any thread.
#pragma once
#include <memory>

#include "lsm/block.h"
#include "lsm/block_cache.h"
#include "lsm/segment_file.h"

namespace phantom::lsm {

class CachedBlock final : public CacheEntry {
 public:
  explicit CachedBlock(std::unique_ptr<Block> block) : block_(std::move(block)) {}
  size_t memory_bytes() const override { return block_->memory_bytes(); }
  const Block& block() const { return *block_; }

 private:
  std::unique_ptr<Block> block_;
};

class ColumnReader final : public SharedBlocks {
 public:
  ColumnReader(const SegmentFile& file, const ColumnInfo& info, BlockCache& cache);
  ~ColumnReader() override;

  const ColumnInfo& info() const { return info_; }

  // Holds the block of a vector that has one in memory. XX001 names file, column and vector.
  Status PinVector(uint32_t vector, CachePin<CachedBlock>* pin) const {
    *pin = CachePin<CachedBlock>(vector_slots_[vector]);
    return *pin ? Status::Ok() : LoadAndPin(vector, pin);
  }
  // Reads the block, past the cache.
  Result<std::unique_ptr<Block>> LoadVector(uint32_t vector) const;
  // Reads dictionary and symbol tables, past the cache, and checks that entries ascend.
  Status CheckShared() const;
  // Says where in the file what went wrong with a vector.
  Status InVector(uint32_t vector, Status status) const;

  Result<std::shared_ptr<const SymbolTable>> Symbols(uint32_t table) const override;
  uint32_t dictionary_size() const override { return info_.dictionary_size; }
  Result<std::shared_ptr<const Dictionary>> WholeDictionary() const override;
  Status ReadEntry(uint32_t entry, void* slot, types::StringHeap& heap) const override;

 private:
  Status LoadAndPin(uint32_t vector, CachePin<CachedBlock>* pin) const;
  Result<std::unique_ptr<Block>> Load(const BlockRef& block, const Source& source) const;
  Result<std::unique_ptr<Block>> LoadEntries(uint32_t block) const;
  Result<std::shared_ptr<const Dictionary>> LoadDictionary() const;
  Status InPart(const char* part, uint32_t number, Status status) const;

  const SegmentFile& file_;
  const ColumnInfo& info_;
  BlockCache& cache_;
  // Vectors, blocks of the dictionary, symbol tables, the whole dictionary.
  const uint32_t slot_count_;
  std::unique_ptr<CacheSlot[]> slots_;
  CacheSlot* const vector_slots_;
  CacheSlot* const entry_slots_;
  CacheSlot* const table_slots_;
  CacheSlot* const dictionary_slot_;
};

}  // namespace phantom::lsm
