// btree/map_format.h
//
// The page map's parts in memory and their pages on disk, shared by page_map.cc and
// map_checkpoint.cc. Bytes: docs/formats/page_map.md.
#pragma once
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "btree/node.h"
#include "btree/page_map.h"

namespace phantom::btree {

// The beginning of a map or meta page; kSlotsOffset bytes with padding.
struct MapPageHeader {
  uint64_t checksum;
  uint64_t page;   // map page: PageId of its first entry
  uint64_t next;   // meta page: PageEntry of the next one; 0: last
  uint32_t bytes;  // meta page: of the stream in this page
  PageType type;
  uint8_t reserved[3];
  uint32_t version;
  uint32_t reserved2;
};
static_assert(sizeof(MapPageHeader) == 40);
static_assert(offsetof(MapPageHeader, type) == offsetof(PageHeader, type));
inline constexpr uint32_t kMapVersion = 1;
inline constexpr size_t kMetaBytesPerPage = kPageBytes - kSlotsOffset;

// In the meta stream, for each space, followed by chunk_count PageEntries.
struct MetaSpace {
  uint32_t space;
  uint32_t chunk_count;
  uint64_t created;
};
static_assert(sizeof(MetaSpace) == 16);

// One map page's entries.
struct PageMap::Chunk {
  std::array<std::atomic<PageEntry>, kMapFanOut> entries{};
  PageEntry place;  // where the last durable checkpoint has it
  bool dirty = false;
};

struct PageMap::SpaceMap {
  explicit SpaceMap(SpaceId space) : id(space) {}
  ~SpaceMap() {
    for (size_t i = 0; i < chunk_count; ++i) delete ChunkAt(static_cast<uint32_t>(i));
  }

  Chunk* ChunkAt(uint32_t index) const {
    const Directory* chunks = directory.load(std::memory_order_acquire);
    return chunks == nullptr || index >= chunks->size ? nullptr : chunks->at[index].load(std::memory_order_acquire);
  }

  void MakeChunks(uint32_t count) {
    if (count <= chunk_count) return;
    const Directory* old = directory.load();
    if (old == nullptr || count > old->size) {
      auto larger = std::make_unique<Directory>();
      larger->size = std::bit_ceil(std::max<uint32_t>(count, 8));
      larger->at.reset(new std::atomic<Chunk*>[larger->size]());
      for (size_t i = 0; i < chunk_count; ++i) larger->at[i] = old->at[i].load();
      directory.store(larger.get(), std::memory_order_release);
      directories.push_back(std::move(larger));
    }
    for (; chunk_count < count; ++chunk_count) {
      directory.load()->at[chunk_count].store(new Chunk(), std::memory_order_release);
    }
  }

  // Returns the entry before.
  PageEntry Set(uint32_t number, PageEntry entry) {
    MakeChunks(number / kMapFanOut + 1);
    Chunk& chunk = *ChunkAt(number / kMapFanOut);
    const PageEntry old = chunk.entries[number % kMapFanOut].exchange(entry);
    if (old != entry) chunk.dirty = true;
    return old;
  }

  bool InUse(uint32_t number) const {
    return number / 64 < numbers.size() && (numbers[number / 64] >> (number % 64) & 1) != 0;
  }
  void Use(uint32_t number) {
    if (numbers.empty()) numbers.push_back(1);  // number 0 is never used
    if (number / 64 >= numbers.size()) numbers.resize(number / 64 + 1);
    numbers[number / 64] |= uint64_t{1} << (number % 64);
  }
  uint32_t AllocateNumber() {
    for (size_t word = next_word; word < (uint64_t{1} << 26); ++word) {
      if (word == numbers.size()) numbers.push_back(word == 0 ? 1 : 0);
      next_word = word;
      if (numbers[word] == ~uint64_t{0}) continue;
      const uint32_t number = static_cast<uint32_t>(word * 64) + static_cast<uint32_t>(std::countr_one(numbers[word]));
      Use(number);
      return number;
    }
    return 0;
  }
  void FreeNumber(uint32_t number) {
    numbers[number / 64] &= ~(uint64_t{1} << (number % 64));
    if (number / 64 < next_word) next_word = number / 64;
  }

  struct Directory {
    size_t size = 0;
    std::unique_ptr<std::atomic<Chunk*>[]> at;
  };

  const SpaceId id;
  Lsn created;
  std::atomic<bool> alive = false;
  uint64_t generation = 0;  // counts drops
  std::atomic<Directory*> directory = nullptr;
  std::vector<std::unique_ptr<Directory>> directories;  // outgrown ones may still be being read
  uint32_t chunk_count = 0;
  std::vector<uint64_t> numbers;  // bitmap of page numbers in use
  size_t next_word = 0;           // no free number below
};

// The map as it was when a checkpoint captured it.
struct PageMap::Captured {
  struct Part {
    SpaceMap* space;
    uint64_t generation;
    uint32_t index;
    size_t meta_offset;  // of its PageEntry in the meta stream
    std::unique_ptr<std::array<uint64_t, kMapFanOut>> entries;
    PageEntry place;  // where it was written
  };
  std::vector<Part> parts;
  std::vector<std::byte> meta;
  std::vector<PageEntry> meta_chain;  // last page first
};

}  // namespace phantom::btree
