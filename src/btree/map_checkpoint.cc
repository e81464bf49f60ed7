// The page map's part of a checkpoint, and of opening.
#include <algorithm>
#include <cstring>
#include <utility>

#include "btree/map_format.h"
#include "common/check.h"
#include "io/env.h"

namespace phantom::btree {

template <typename T>
static void AppendRaw(std::vector<std::byte>& to, const T& value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof(T));
}

void PageMap::Capture() {
  MutexLock lock(mutex_);
  PHANTOM_CHECK(captured_ == nullptr);
  captured_ = std::make_unique<Captured>();
  slots_.BeginCheckpoint();
  freed_releasing_ = std::exchange(freed_waiting_, 0);
  for (std::atomic<SpaceMap*>& slot : spaces_) {
    SpaceMap* space = slot.load();
    if (space == nullptr || !space->alive) continue;
    AppendRaw(captured_->meta, MetaSpace{space->id.value, space->chunk_count, space->created.value});
    for (uint32_t i = 0; i < space->chunk_count; ++i) {
      Chunk& chunk = *space->ChunkAt(i);
      if (chunk.dirty) {
        chunk.dirty = false;
        auto entries = std::make_unique<std::array<uint64_t, kMapFanOut>>();
        for (uint32_t k = 0; k < kMapFanOut; ++k) (*entries)[k] = chunk.entries[k].load().value;
        captured_->parts.push_back({space, space->generation, i, captured_->meta.size(), std::move(entries), {}});
      }
      AppendRaw(captured_->meta, chunk.place.value);
    }
  }
}

Status PageMap::WriteCaptured() {
  alignas(8) std::byte page[kPageBytes];
  auto write = [&](PageEntry* place) -> Status {
    ASSIGN_OR_RETURN(uint32_t slot, AllocateSlot(true));
    node::SetChecksum(page);
    *place = PageEntry(slot, HeaderOf(page).checksum);
    return WriteSlot(slot, page);
  };
  auto header_of = [&](PageType type) -> MapPageHeader& {
    std::memset(page, 0, kPageBytes);
    auto& header = *reinterpret_cast<MapPageHeader*>(page);
    header.type = type;
    header.version = kMapVersion;
    return header;
  };
  for (Captured::Part& part : captured_->parts) {
    header_of(PageType::kMap).page = PageId(part.space->id, part.index * kMapFanOut).value;
    std::memcpy(page + kSlotsOffset, part.entries->data(), sizeof(*part.entries));
    RETURN_IF_ERROR(write(&part.place));
    StoreLE(captured_->meta.data() + part.meta_offset, part.place.value);
  }
  // The chain is written from its end, so that every page can name the next.
  const std::vector<std::byte>& meta = captured_->meta;
  const size_t pages = std::max<size_t>(1, (meta.size() + kMetaBytesPerPage - 1) / kMetaBytesPerPage);
  uint64_t next = 0;
  for (size_t i = pages; i-- > 0;) {
    const size_t from = i * kMetaBytesPerPage;
    const size_t bytes = std::min(kMetaBytesPerPage, meta.size() - from);
    MapPageHeader& header = header_of(PageType::kMeta);
    header.next = next;
    header.bytes = static_cast<uint32_t>(bytes);
    if (bytes != 0) std::memcpy(page + kSlotsOffset, meta.data() + from, bytes);
    captured_->meta_chain.emplace_back();
    RETURN_IF_ERROR(write(&captured_->meta_chain.back()));
    next = captured_->meta_chain.back().value;
  }
  return Status::Ok();
}

PageEntry PageMap::meta() const { return captured_->meta_chain.back(); }

void PageMap::Finish() {
  MutexLock lock(mutex_);
  for (Captured::Part& part : captured_->parts) {
    slots_.MarkReferred(part.place.slot());
    if (part.generation != part.space->generation) {
      // The space was dropped meanwhile; the checkpoint still refers to this map page.
      slots_.Release(part.place.slot());
      continue;
    }
    Chunk& chunk = *part.space->ChunkAt(part.index);
    if (chunk.place) slots_.ReleaseWithCheckpoint(chunk.place.slot());
    chunk.place = part.place;
  }
  for (PageEntry entry : meta_chain_) slots_.ReleaseWithCheckpoint(entry.slot());
  meta_chain_ = std::move(captured_->meta_chain);
  for (PageEntry entry : meta_chain_) slots_.MarkReferred(entry.slot());
  slots_.FinishCheckpoint();
  freed_releasing_ = 0;
  most_used_before_ = std::exchange(most_used_, SlotsInUse());
  captured_.reset();
}

void PageMap::Abandon() {
  MutexLock lock(mutex_);
  for (Captured::Part& part : captured_->parts) {
    if (part.place) slots_.Release(part.place.slot());
    if (part.generation == part.space->generation) part.space->ChunkAt(part.index)->dirty = true;
  }
  for (PageEntry entry : captured_->meta_chain) {
    if (entry) slots_.Release(entry.slot());
  }
  slots_.AbandonCheckpoint();
  freed_waiting_ += std::exchange(freed_releasing_, 0);
  captured_.reset();
}

Status PageMap::ReadChecked(PageEntry entry, std::byte* page, uint8_t type) {
  RETURN_IF_ERROR(ReadSlot(entry.slot(), page));
  const PageHeader& header = HeaderOf(page);
  if (!node::ChecksumIsRight(page) || static_cast<uint32_t>(header.checksum) != entry.check() ||
      static_cast<uint8_t>(header.type) != type) {
    return Errorf(sqlstate::kDataCorrupted, "invalid page of the page map in block %u of file \"pages\"", entry.slot());
  }
  return Status::Ok();
}

Status PageMap::Load(PageEntry meta) {
  ASSIGN_OR_RETURN(uint64_t size, file_.Size());
  {
    MutexLock lock(mutex_);
    slots_.Grow(size / kPageBytes);
  }
  auto claim = [&](PageEntry entry) -> Status {
    MutexLock lock(mutex_);
    if (slots_.Claim(entry.slot())) return Status::Ok();
    if (entry.slot() >= slots_.count()) {
      return Errorf(sqlstate::kDataCorrupted, "the page file ends before slot %u, which is referred to", entry.slot());
    }
    return Errorf(sqlstate::kDataCorrupted, "slot %u of the page file is referred to twice", entry.slot());
  };
  alignas(8) std::byte page[kPageBytes];
  const auto& header = *reinterpret_cast<const MapPageHeader*>(page);
  std::vector<std::byte> stream;
  for (PageEntry entry = meta; entry; entry = PageEntry(header.next)) {
    RETURN_IF_ERROR(claim(entry));
    RETURN_IF_ERROR(ReadChecked(entry, page, static_cast<uint8_t>(PageType::kMeta)));
    if (header.bytes > kMetaBytesPerPage) return Error(sqlstate::kDataCorrupted, "invalid meta page");
    meta_chain_.insert(meta_chain_.begin(), entry);
    stream.insert(stream.end(), page + kSlotsOffset, page + kSlotsOffset + header.bytes);
  }
  size_t at = 0;
  while (at < stream.size()) {
    if (stream.size() - at < sizeof(MetaSpace)) return Error(sqlstate::kDataCorrupted, "invalid meta page");
    const auto described = LoadLE<MetaSpace>(stream.data() + at);
    at += sizeof(MetaSpace);
    if ((stream.size() - at) / 8 < described.chunk_count) return Error(sqlstate::kDataCorrupted, "invalid meta page");
    ASSIGN_OR_RETURN(bool created, CreateSpace(SpaceId(described.space), Lsn(described.created)));
    if (!created) return Error(sqlstate::kDataCorrupted, "invalid meta page");
    SpaceMap& space = *Find(SpaceId(described.space));
    space.MakeChunks(described.chunk_count);
    for (uint32_t i = 0; i < described.chunk_count; ++i, at += 8) {
      const PageEntry place(LoadLE<uint64_t>(stream.data() + at));
      if (!place) continue;
      RETURN_IF_ERROR(claim(place));
      RETURN_IF_ERROR(ReadChecked(place, page, static_cast<uint8_t>(PageType::kMap)));
      Chunk& chunk = *space.ChunkAt(i);
      chunk.place = place;
      for (uint32_t k = 0; k < kMapFanOut; ++k) {
        const PageEntry entry(LoadLE<uint64_t>(page + kSlotsOffset + k * 8));
        if (!entry) continue;
        RETURN_IF_ERROR(claim(entry));
        chunk.entries[k] = entry;
        space.Use(i * kMapFanOut + k);
      }
    }
  }
  return Status::Ok();
}

}  // namespace phantom::btree
