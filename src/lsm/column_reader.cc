#include "lsm/column_reader.h"

#include "lsm/encoding/symbol_table.h"

namespace phantom::lsm {

namespace {

// Something that others may hold on to when the cache lets it go.
template <typename T>
class CachedShared final : public CacheEntry {
 public:
  CachedShared(std::shared_ptr<const T> shared, size_t bytes) : shared_(std::move(shared)), bytes_(bytes) {}
  size_t memory_bytes() const override { return bytes_; }
  const std::shared_ptr<const T>& shared() const { return shared_; }

 private:
  std::shared_ptr<const T> shared_;
  size_t bytes_;
};

}  // namespace

ColumnReader::ColumnReader(const SegmentFile& file, const ColumnInfo& info, BlockCache& cache)
    : file_(file),
      info_(info),
      cache_(cache),
      slot_count_(static_cast<uint32_t>(info.vectors.size() + info.dictionary.size() + info.symbol_tables.size() + 1)),
      slots_(std::make_unique<CacheSlot[]>(slot_count_)),
      vector_slots_(slots_.get()),
      entry_slots_(vector_slots_ + info.vectors.size()),
      table_slots_(entry_slots_ + info.dictionary.size()),
      dictionary_slot_(table_slots_ + info.symbol_tables.size()) {}

ColumnReader::~ColumnReader() { cache_.Remove({slots_.get(), slot_count_}); }

Status ColumnReader::InPart(const char* part, uint32_t number, Status status) const {
  if (status.ok() || status.sqlstate() != sqlstate::kDataCorrupted) return status;
  if (status.message().starts_with("segment file")) return status;
  return file_.Damaged(Format("column %u, %s %u", info_.attribute, part, number), status.message().c_str());
}

Status ColumnReader::InVector(uint32_t vector, Status status) const {
  return InPart("vector", vector, std::move(status));
}

Result<std::unique_ptr<Block>> ColumnReader::Load(const BlockRef& block, const Source& source) const {
  ASSIGN_OR_RETURN(std::unique_ptr<std::byte[]> bytes, file_.Read(block));
  return Block::Open(std::move(bytes), block.size, source);
}

Result<std::unique_ptr<Block>> ColumnReader::LoadVector(uint32_t vector) const {
  const uint32_t rows = RowsOfVector(file_.footer().rows, vector);
  auto block = Load(info_.vectors[vector].block, {info_.kind.get(), rows, this});
  if (!block.ok()) return InVector(vector, block.status());
  if (block.value()->encoding() != info_.vectors[vector].encoding) {
    return InVector(vector, DamagedValues("another encoding than the footer says"));
  }
  return block;
}

Status ColumnReader::LoadAndPin(uint32_t vector, CachePin<CachedBlock>* pin) const {
  ASSIGN_OR_RETURN(std::unique_ptr<Block> block, LoadVector(vector));
  CacheSlot& slot = vector_slots_[vector];
  *pin = CachePin<CachedBlock>(slot, cache_.Put(slot, std::make_unique<CachedBlock>(std::move(block))));
  return Status::Ok();
}

Result<std::shared_ptr<const SymbolTable>> ColumnReader::Symbols(uint32_t table) const {
  if (table >= info_.symbol_tables.size()) return DamagedValues("unknown symbol table");
  using Cached = CachedShared<SymbolTable>;
  CacheSlot& slot = table_slots_[table];
  if (CachePin<Cached> pin(slot); pin) return pin->shared();
  auto bytes = file_.Read(info_.symbol_tables[table]);
  if (!bytes.ok()) return InPart("symbol table", table, bytes.status());
  std::shared_ptr<const SymbolTable> symbols = SymbolTable::Open({bytes->get(), info_.symbol_tables[table].size});
  if (symbols == nullptr) return InPart("symbol table", table, DamagedValues("bad symbols"));
  const CachePin<Cached> pin(slot, cache_.Put(slot, std::make_unique<Cached>(std::move(symbols), sizeof(SymbolTable))));
  return pin->shared();
}

Result<std::unique_ptr<Block>> ColumnReader::LoadEntries(uint32_t block) const {
  const uint32_t rows = EntriesOfBlock(info_.dictionary_size, block);
  auto entries = Load(info_.dictionary[block], {info_.kind.get(), rows, this});
  if (!entries.ok()) return InPart("dictionary block", block, entries.status());
  const Encoding encoding = entries.value()->encoding();
  if (entries.value()->validity() != nullptr || encoding == Encoding::kDictionary || encoding == Encoding::kRunLength) {
    return InPart("dictionary block", block, DamagedValues("bad block header"));
  }
  return entries;
}

Result<std::shared_ptr<const Dictionary>> ColumnReader::LoadDictionary() const {
  // One slot more, for NULL.
  types::Vector entries(info_.kind->type, info_.kind->layout, info_.dictionary_size + 1);
  types::Vector part(info_.kind->type, info_.kind->layout, kVectorRows);
  for (uint32_t block = 0; block < info_.dictionary.size(); ++block) {
    ASSIGN_OR_RETURN(std::unique_ptr<Block> loaded, LoadEntries(block));
    const Values& values = loaded->values();
    if (Status status = values.Read(nullptr, part); !status.ok())
      return InPart("dictionary block", block, std::move(status));
    part.Flatten(values.count());
    std::memcpy(entries.slot(block * kVectorRows), part.slot(0), values.count() * info_.kind->slot_bytes());
    entries.KeepStringsOf(part);
    part = types::Vector(info_.kind->type, info_.kind->layout, kVectorRows);
  }
  types::Vector with_null = entries;
  with_null.SetNull(info_.dictionary_size);
  return std::make_shared<const Dictionary>(std::move(entries), std::move(with_null), info_.dictionary_size);
}

Result<std::shared_ptr<const Dictionary>> ColumnReader::WholeDictionary() const {
  using Cached = CachedShared<Dictionary>;
  if (CachePin<Cached> pin(*dictionary_slot_); pin) return pin->shared();
  ASSIGN_OR_RETURN(std::shared_ptr<const Dictionary> dictionary, LoadDictionary());
  // Their strings are no longer than what they were decoded from, times what FSST saves at best.
  size_t bytes = dictionary->entries.memory_bytes();
  if (types::MayPoint(info_.kind->layout)) {
    for (uint32_t i = 0; i < dictionary->size && info_.kind->is_string(); ++i) {
      bytes += dictionary->entries.Get<types::StringRef>(i).size();
    }
  }
  const CachePin<Cached> pin(*dictionary_slot_,
                             cache_.Put(*dictionary_slot_, std::make_unique<Cached>(std::move(dictionary), bytes)));
  return pin->shared();
}

Status ColumnReader::ReadEntry(uint32_t entry, void* slot, types::StringHeap& heap) const {
  using Cached = CachedShared<Dictionary>;
  if (CachePin<Cached> pin(*dictionary_slot_); pin) {
    CopySlot(info_.kind->layout, pin->shared()->entries.slot(entry), slot, heap);
    return Status::Ok();
  }
  // One entry does not ask for all of them.
  const uint32_t block = entry / kVectorRows;
  CacheSlot& cached = entry_slots_[block];
  CachePin<CachedBlock> pin(cached);
  if (!pin) {
    ASSIGN_OR_RETURN(std::unique_ptr<Block> loaded, LoadEntries(block));
    pin = CachePin<CachedBlock>(cached, cache_.Put(cached, std::make_unique<CachedBlock>(std::move(loaded))));
  }
  Status status = pin->block().values().ReadOne(entry % kVectorRows, slot, heap);
  if (status.ok()) return status;
  return InPart("dictionary block", block, std::move(status));
}

Status ColumnReader::CheckShared() const {
  for (uint32_t table = 0; table < info_.symbol_tables.size(); ++table) {
    auto bytes = file_.Read(info_.symbol_tables[table]);
    if (!bytes.ok()) return InPart("symbol table", table, bytes.status());
    if (SymbolTable::Open({bytes->get(), info_.symbol_tables[table].size}) == nullptr) {
      return InPart("symbol table", table, DamagedValues("bad symbols"));
    }
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Dictionary> dictionary, LoadDictionary());
  for (uint32_t i = 1; i < dictionary->size; ++i) {
    if (TotalOrder(*info_.kind, dictionary->entries.slot(i - 1), dictionary->entries.slot(i)) >= 0) {
      return InPart("dictionary block", i / kVectorRows, DamagedValues("entries do not ascend"));
    }
  }
  return Status::Ok();
}

}  // namespace phantom::lsm
