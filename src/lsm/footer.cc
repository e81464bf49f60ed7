#include "lsm/footer.h"

#include "lsm/byte_cursor.h"
#include "types/slot_bytes.h"

namespace phantom::lsm {

namespace {

constexpr uint32_t kColumnsMax = 1600;
constexpr size_t kBlockRefBytes = 20, kVectorBytes = 24;

Status Damaged(const char* what) { return Errorf(sqlstate::kDataCorrupted, "bad footer: %s", what); }

void AppendBlock(const BlockRef& block, std::string& out) {
  AppendLE(out, block.offset);
  AppendLE(out, block.size);
  AppendLE(out, block.checksum);
}

BlockRef TakeBlock(ByteCursor& in) {
  BlockRef block;
  block.offset = in.Take<uint64_t>();
  block.size = in.Take<uint32_t>();
  block.checksum = in.Take<uint64_t>();
  return block;
}

void AppendBound(const Kind& kind, const std::byte* slot, std::string& out) {
  std::string bytes;
  types::AppendSlotBytes(kind.layout, slot, bytes);
  out.push_back(static_cast<char>(bytes.size()));
  out.append(bytes);
}

bool TakeBound(const Kind& kind, ByteCursor& in, void* slot, types::StringHeap& heap) {
  const Bytes bytes = in.TakeBytes(in.Take<uint8_t>());
  Slot16 taken;
  if (!in.ok() || bytes.size() > kBoundBytesMax || !SlotFromCheckedBytes(kind.layout, AsText(bytes), &taken))
    return false;
  CopySlot(kind.layout, &taken, slot, heap);
  return true;
}

void AppendColumn(const ColumnInfo& column, std::string& out) {
  AppendLE(out, column.attribute);
  AppendLE(out, static_cast<uint8_t>(column.kind->layout));
  AppendLE(out, uint8_t{0});
  AppendLE(out, column.kind->type.oid);
  AppendLE(out, column.kind->type.typmod);
  AppendLE(out, column.dictionary_size);
  AppendLE(out, static_cast<uint32_t>(column.symbol_tables.size()));
  for (const BlockRef& block : column.dictionary) AppendBlock(block, out);
  for (const BlockRef& block : column.symbol_tables) AppendBlock(block, out);
  for (const VectorInfo& vector : column.vectors) {
    AppendBlock(vector.block, out);
    AppendLE(out, vector.nulls);
    AppendLE(out, static_cast<uint8_t>(vector.encoding));
    AppendLE(out, static_cast<uint8_t>(vector.has_bounds));
  }
  for (uint32_t v = 0; v < column.vectors.size(); ++v) {
    if (!column.vectors[v].has_bounds) continue;
    AppendBound(*column.kind, column.bounds.low.slot(v), out);
    AppendBound(*column.kind, column.bounds.high.slot(v), out);
  }
  column.sketch.Append(out);
}

class FooterParser {
 public:
  FooterParser(Bytes bytes, uint64_t blocks_end) : in_(bytes), blocks_end_(blocks_end) {}

  Result<std::unique_ptr<Footer>> Parse() {
    footer_.tree = in_.Take<uint32_t>();
    footer_.schema_version = in_.Take<uint32_t>();
    footer_.base = in_.Take<uint64_t>();
    footer_.rows = in_.Take<uint32_t>();
    const auto columns = in_.Take<uint16_t>();
    if (in_.Take<uint16_t>() != 0 || footer_.rows > kSegmentRows || columns > kColumnsMax) return Damaged("sizes");
    if (!ParsePresence()) return Damaged("presence");
    for (uint32_t i = 0; i < columns; ++i) {
      if (!ParseColumn()) return Damaged("column");
    }
    if (!in_.done()) return Damaged("length");
    if (block_bytes_ != blocks_end_ - kHeaderBytes) return Damaged("blocks");
    return std::make_unique<Footer>(std::move(footer_));
  }

 private:
  bool ParsePresence() {
    const auto partial = in_.Take<uint64_t>();
    const uint32_t vectors = footer_.vector_count();
    if (vectors < 64 && partial >> vectors != 0) return false;
    for (uint32_t v = 0; v < vectors; ++v) {
      const uint32_t rows = RowsOfVector(footer_.rows, v);
      RowSet present = RowSet::First(rows);
      if ((partial >> v & 1) != 0) {
        const Bytes bitmap = in_.TakeBytes(BitmapBytes(rows));
        if (!in_.ok()) return false;
        RowSet stored;
        std::memcpy(stored.words.data(), bitmap.data(), bitmap.size());
        RowSet beyond = stored;
        beyond.Subtract(present);
        if (!beyond.Empty()) return false;
        present = stored;
      }
      footer_.present.push_back(present);
    }
    return in_.ok();
  }

  bool ParseColumn() {
    const auto attribute = in_.Take<uint16_t>();
    const auto layout = in_.Take<uint8_t>();
    const auto zero = in_.Take<uint8_t>();
    const auto oid = in_.Take<uint32_t>();
    const auto typmod = in_.Take<int32_t>();
    if (zero != 0 || layout >= types::kLayoutCount || !Kind::Exists(oid, static_cast<types::Layout>(layout)))
      return false;
    ColumnInfo& column =
        footer_.columns.emplace_back(attribute, Kind(types::Type(oid, typmod), static_cast<types::Layout>(layout)));
    column.dictionary_size = in_.Take<uint32_t>();
    const auto tables = in_.Take<uint32_t>();
    if (column.dictionary_size > kDictionaryEntriesMax || tables > kSymbolTablesMax) return false;
    if (!ParseBlocks(VectorsOf(column.dictionary_size), &column.dictionary)) return false;
    if (!ParseBlocks(tables, &column.symbol_tables)) return false;
    return ParseVectors(column) && column.sketch.Open(in_);
  }

  bool ParseBlocks(uint32_t count, std::vector<BlockRef>* blocks) {
    if (in_.left() < count * kBlockRefBytes) return false;
    for (uint32_t i = 0; i < count; ++i) {
      blocks->push_back(TakeBlock(in_));
      if (blocks->back().size == 0 || !Count(blocks->back())) return false;
    }
    return true;
  }

  bool ParseVectors(ColumnInfo& column) {
    const uint32_t vectors = footer_.vector_count();
    if (in_.left() < vectors * kVectorBytes) return false;
    for (uint32_t v = 0; v < vectors; ++v) {
      VectorInfo& vector = column.vectors.emplace_back();
      vector.block = TakeBlock(in_);
      vector.nulls = in_.Take<uint16_t>();
      vector.encoding = in_.Take<Encoding>();
      const auto zone = in_.Take<uint8_t>();
      vector.has_bounds = zone == 1;
      const bool empty = vector.block.size == 0;
      if (zone > 1 || static_cast<int>(vector.encoding) >= kEncodingCount ||
          empty != (vector.encoding == Encoding::kNone) || vector.nulls > footer_.present[v].Count() ||
          (empty && vector.nulls != footer_.present[v].Count()) ||
          (vector.has_bounds && (empty || column.kind->compare == nullptr)) || !Count(vector.block)) {
        return false;
      }
    }
    for (uint32_t v = 0; v < vectors; ++v) {
      if (!column.vectors[v].has_bounds) continue;
      Bounds& bounds = column.bounds;
      if (!TakeBound(*column.kind, in_, bounds.low.slot(v), bounds.low.heap()) ||
          !TakeBound(*column.kind, in_, bounds.high.slot(v), bounds.high.heap())) {
        return false;
      }
    }
    return true;
  }

  // False for a block that is not between header and footer.
  bool Count(const BlockRef& block) {
    block_bytes_ += block.size;
    if (block.size == 0) return block.offset == 0 && block.checksum == 0;
    return block.offset >= kHeaderBytes && block.offset <= blocks_end_ && block.size <= blocks_end_ - block.offset;
  }

  ByteCursor in_;
  const uint64_t blocks_end_;
  uint64_t block_bytes_ = 0;
  Footer footer_;
};

}  // namespace

bool Bounds::Set(const Kind& kind, uint32_t vector, const void* least, const void* greatest) {
  if (kind.compare == nullptr) return false;
  if (!kind.bytewise) {
    std::string bytes;
    types::AppendSlotBytes(kind.layout, least, bytes);
    const size_t low_bytes = bytes.size();
    types::AppendSlotBytes(kind.layout, greatest, bytes);
    if (low_bytes > kBoundBytesMax || bytes.size() - low_bytes > kBoundBytesMax) return false;
    CopySlot(kind.layout, least, low.slot(vector), low.heap());
    CopySlot(kind.layout, greatest, high.slot(vector), high.heap());
    return true;
  }
  // What begins with the prefix comes before whatever begins with the prefix that has its last byte raised.
  std::string raised(static_cast<const types::StringRef*>(greatest)->view());
  if (raised.size() > kBoundBytesMax) {
    raised.resize(kBoundBytesMax);
    while (!raised.empty() && static_cast<uint8_t>(raised.back()) == 0xff) raised.pop_back();
    if (raised.empty()) return false;
    ++raised.back();
  }
  low.SetString(vector, static_cast<const types::StringRef*>(least)->view().substr(0, kBoundBytesMax));
  high.SetString(vector, raised);
  return true;
}

uint64_t ColumnInfo::Bytes() const {
  uint64_t bytes = 0;
  for (const BlockRef& block : dictionary) bytes += block.size;
  for (const BlockRef& block : symbol_tables) bytes += block.size;
  for (const VectorInfo& vector : vectors) bytes += vector.block.size;
  return bytes;
}

std::string Footer::Encode() const {
  std::string out;
  AppendLE(out, tree);
  AppendLE(out, schema_version);
  AppendLE(out, base);
  AppendLE(out, rows);
  AppendLE(out, static_cast<uint16_t>(columns.size()));
  AppendLE(out, uint16_t{0});
  uint64_t partial = 0;
  std::string bitmaps;
  for (uint32_t v = 0; v < present.size(); ++v) {
    const uint32_t vector_rows = RowsOfVector(rows, v);
    if (present[v] == RowSet::First(vector_rows)) continue;
    partial |= uint64_t{1} << v;
    bitmaps.append(reinterpret_cast<const char*>(present[v].words.data()), BitmapBytes(vector_rows));
  }
  AppendLE(out, partial);
  out.append(bitmaps);
  for (const ColumnInfo& column : columns) AppendColumn(column, out);
  return out;
}

Result<std::unique_ptr<Footer>> Footer::Parse(phantom::Bytes bytes, uint64_t blocks_end) {
  return FooterParser(bytes, blocks_end).Parse();
}

}  // namespace phantom::lsm
