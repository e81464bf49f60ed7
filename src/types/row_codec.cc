#include "types/row_codec.h"

#include <algorithm>
#include <cstring>

#include "types/slot_bytes.h"

namespace phantom::types {
namespace {

// Header word: column count, and two flags.
constexpr uint16_t kWide = 0x8000;      // end offsets of 4 bytes, not 2
constexpr uint16_t kHasNulls = 0x4000;  // a NULL bitmap follows the header
constexpr uint16_t kCountMask = 0x07ff;
constexpr size_t kHeaderBytes = 2;
static_assert(RowLayout::kColumnsMax <= kCountMask);

// The top bit of an end offset says that the bytes are an overflow reference.
constexpr uint32_t kWideOverflow = 0x80000000u;
constexpr uint32_t kNarrowOverflow = 0x8000u;
constexpr size_t kNarrowBytesMax = 0x7fff;

Status Corrupt() { return Error(sqlstate::kDataCorrupted, "row bytes do not match their table's columns"); }

}  // namespace

RowLayout::RowLayout(std::vector<Type> types) {
  std::vector<Layout> layouts;
  for (Type type : types) layouts.push_back(LayoutOf(type));
  *this = RowLayout(std::move(types), std::move(layouts));
}

RowLayout::RowLayout(std::vector<Type> types, std::vector<Layout> layouts) {
  PHANTOM_CHECK(types.size() == layouts.size() && types.size() <= kColumnsMax);
  uint32_t previous_variable = kNone;
  Before before;
  for (uint32_t i = 0; i < types.size(); ++i) {
    columns_.push_back({types[i], layouts[i], previous_variable});
    if (MayPoint(layouts[i])) {
      previous_variable = i;
      ++before.variable_columns;
    } else {
      before.fixed_bytes += static_cast<uint32_t>(SizeOf(layouts[i]));
    }
    before_.push_back(before);
  }
}

void RowLayout::SetMissing(uint32_t i, Value value) {
  if (missing_.empty()) missing_.resize(columns_.size());
  missing_[i] = std::move(value);
}

const Value* RowLayout::missing(uint32_t i) const {
  if (missing_.empty() || missing_[i].is_null()) return nullptr;
  return &missing_[i];
}

// Encoding ------------------------------------------------------------------------------------------------------------

void RowEncoder::AddNull() {
  auto at = static_cast<uint32_t>(values_.size());
  pieces_.push_back({true, false, at, at});
}

void RowEncoder::Add(const void* slot) {
  auto begin = static_cast<uint32_t>(values_.size());
  AppendSlotBytes(layout_->columns_[pieces_.size()].layout, slot, values_);
  pieces_.push_back({false, false, begin, static_cast<uint32_t>(values_.size())});
}

void RowEncoder::AddOverflow(const OverflowRef& reference) {
  PHANTOM_DCHECK(MayPoint(layout_->columns_[pieces_.size()].layout));
  auto begin = static_cast<uint32_t>(values_.size());
  values_.append(reinterpret_cast<const char*>(&reference), OverflowRef::kBytes);
  pieces_.push_back({false, true, begin, static_cast<uint32_t>(values_.size())});
}

void RowEncoder::AddFrom(const RowReader& row, uint32_t i) {
  if (i >= row.stored_columns()) {
    const Value* missing = layout_->missing(i);
    missing == nullptr ? AddNull() : Add(missing->slot());
    return;
  }
  if (row.IsNull(i)) return AddNull();
  auto begin = static_cast<uint32_t>(values_.size());
  values_.append(row.Raw(i));
  pieces_.push_back({false, row.IsOverflow(i), begin, static_cast<uint32_t>(values_.size())});
}

size_t RowEncoder::RowBytes() const {
  bool has_nulls = false;
  size_t variable = 0;
  for (uint32_t i = 0; i < pieces_.size(); ++i) {
    has_nulls |= pieces_[i].null;
    if (MayPoint(layout_->columns_[i].layout)) variable += pieces_[i].end - pieces_[i].begin;
  }
  const RowLayout::Before& before = layout_->before_[pieces_.size()];
  return kHeaderBytes + (has_nulls ? (pieces_.size() + 7) / 8 : 0) + before.fixed_bytes +
         before.variable_columns * size_t{variable > kNarrowBytesMax ? 4u : 2u} + variable;
}

std::string_view RowEncoder::Finish() {
  PHANTOM_CHECK(pieces_.size() == layout_->columns_.size());
  size_t variable_bytes = 0;
  bool has_nulls = false;
  for (uint32_t i = 0; i < pieces_.size(); ++i) {
    has_nulls |= pieces_[i].null;
    if (MayPoint(layout_->columns_[i].layout)) variable_bytes += pieces_[i].end - pieces_[i].begin;
  }
  PHANTOM_CHECK(variable_bytes < kWideOverflow);
  bool wide = variable_bytes > kNarrowBytesMax;
  size_t bitmap_bytes = has_nulls ? (pieces_.size() + 7) / 8 : 0;
  const RowLayout::Before& before = layout_->before_.back();
  size_t slot_bytes = before.fixed_bytes + before.variable_columns * size_t{wide ? 4u : 2u};
  row_.resize(kHeaderBytes + bitmap_bytes + slot_bytes + variable_bytes);

  char* row = row_.data();
  StoreLE<uint16_t>(row, static_cast<uint16_t>(pieces_.size() | (wide ? kWide : 0) | (has_nulls ? kHasNulls : 0)));
  char* bitmap = row + kHeaderBytes;
  std::memset(bitmap, 0, bitmap_bytes);
  char* slot = bitmap + bitmap_bytes;
  char* variable = slot + slot_bytes;
  char* variable_at = variable;
  for (uint32_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    Layout layout = layout_->columns_[i].layout;
    if (piece.null) bitmap[i / 8] = static_cast<char>(bitmap[i / 8] | 1 << (i % 8));
    if (!MayPoint(layout)) {
      size_t size = SizeOf(layout);
      piece.null ? std::memset(slot, 0, size) : std::memcpy(slot, values_.data() + piece.begin, size);
      slot += size;
      continue;
    }
    size_t size = piece.end - piece.begin;
    std::memcpy(variable_at, values_.data() + piece.begin, size);
    variable_at += size;
    auto end = static_cast<uint32_t>(variable_at - variable);
    if (wide) {
      StoreLE<uint32_t>(slot, end | (piece.overflow ? kWideOverflow : 0));
      slot += 4;
    } else {
      StoreLE<uint16_t>(slot, static_cast<uint16_t>(end | (piece.overflow ? kNarrowOverflow : 0)));
      slot += 2;
    }
  }
  return row_;
}

Result<std::string_view> RowEncoder::FinishWithOverflow(size_t row_bytes_max, const OverflowWriter& write) {
  while (RowBytes() > row_bytes_max) {
    Piece* longest = nullptr;
    for (uint32_t i = 0; i < pieces_.size(); ++i) {
      Piece& piece = pieces_[i];
      if (piece.overflow || piece.null || !MayPoint(layout_->columns_[i].layout)) continue;
      if (longest == nullptr || piece.end - piece.begin > longest->end - longest->begin) longest = &piece;
    }
    if (longest == nullptr || longest->end - longest->begin <= OverflowRef::kBytes) {
      return Error(sqlstate::kProgramLimitExceeded,
                   Format("row is too big: size %zu, maximum size %zu", RowBytes(), row_bytes_max));
    }
    std::string_view value(values_.data() + longest->begin, longest->end - longest->begin);
    ASSIGN_OR_RETURN(OverflowRef reference, write(value));
    longest->overflow = true;
    longest->begin = static_cast<uint32_t>(values_.size());
    values_.append(reinterpret_cast<const char*>(&reference), OverflowRef::kBytes);
    longest->end = static_cast<uint32_t>(values_.size());
  }
  return Finish();
}

std::string_view RowEncoder::EncodeRow(const Chunk& chunk, std::span<const uint32_t> column_of, uint32_t row) {
  Begin();
  for (uint32_t column : column_of) {
    const Vector& vector = chunk.column(column);
    vector.IsNull(row) ? AddNull() : Add(vector.row_slot(row));
  }
  return Finish();
}

std::string_view RowEncoder::EncodeRow(const Chunk& chunk, uint32_t row) {
  Begin();
  for (const Vector& vector : chunk.columns()) vector.IsNull(row) ? AddNull() : Add(vector.row_slot(row));
  return Finish();
}

std::string_view RowEncoder::EncodeValues(std::span<const Value> values) {
  Begin();
  for (const Value& value : values) Add(value);
  return Finish();
}

// Decoding ------------------------------------------------------------------------------------------------------------

RowReader::RowReader(const RowLayout& layout, std::string_view row) : layout_(&layout), row_(row) {
  auto header = LoadLE<uint16_t>(row.data());
  stored_ = header & kCountMask;
  wide_ = (header & kWide) != 0;
  has_nulls_ = (header & kHasNulls) != 0;
  PHANTOM_CHECK(stored_ <= layout.column_count());
  slots_ = static_cast<uint32_t>(kHeaderBytes + (has_nulls_ ? (stored_ + 7) / 8 : 0));
  const RowLayout::Before& before = layout.before_[stored_];
  variable_ = slots_ + before.fixed_bytes + before.variable_columns * (wide_ ? 4 : 2);
}

Status RowReader::Validate(const RowLayout& layout, std::string_view row) {
  if (row.size() < kHeaderBytes) return Corrupt();
  auto header = LoadLE<uint16_t>(row.data());
  if ((header & ~(kCountMask | kWide | kHasNulls)) != 0 || (header & kCountMask) > layout.column_count()) {
    return Corrupt();
  }
  RowReader reader(layout, row);
  if (row.size() < reader.variable_) return Corrupt();
  size_t variable_bytes = row.size() - reader.variable_;
  uint32_t begin = 0;
  for (uint32_t i = 0; i < reader.stored_; ++i) {
    Layout column = layout.columns_[i].layout;
    if (!MayPoint(column)) continue;
    uint32_t end = reader.EndOffset(i);
    if (end < begin || end > variable_bytes) return Corrupt();
    std::string_view bytes = row.substr(reader.variable_ + begin, end - begin);
    if (reader.IsNull(i)) {
      if (!bytes.empty()) return Corrupt();
    } else if (reader.IsOverflow(i)) {
      if (bytes.size() != OverflowRef::kBytes) return Corrupt();
    } else if (column == Layout::kNumeric && !IsValidNumericBytes(bytes)) {
      return Corrupt();
    }
    begin = end;
  }
  return begin == variable_bytes ? Status::Ok() : Corrupt();
}

uint32_t RowReader::SlotOffset(uint32_t i) const {
  const RowLayout::Before& before = layout_->before_[i];
  return slots_ + before.fixed_bytes + before.variable_columns * (wide_ ? 4 : 2);
}

uint32_t RowReader::EndOffset(uint32_t i) const {
  const char* slot = row_.data() + SlotOffset(i);
  return wide_ ? LoadLE<uint32_t>(slot) & ~kWideOverflow : LoadLE<uint16_t>(slot) & ~kNarrowOverflow;
}

bool RowReader::IsNull(uint32_t i) const {
  if (i >= stored_) return layout_->missing(i) == nullptr;
  return has_nulls_ && (static_cast<uint8_t>(row_[kHeaderBytes + i / 8]) >> (i % 8) & 1) != 0;
}

bool RowReader::IsOverflow(uint32_t i) const {
  if (i >= stored_ || !MayPoint(layout_->columns_[i].layout)) return false;
  const char* slot = row_.data() + SlotOffset(i);
  return wide_ ? (LoadLE<uint32_t>(slot) & kWideOverflow) != 0 : (LoadLE<uint16_t>(slot) & kNarrowOverflow) != 0;
}

OverflowRef RowReader::Overflow(uint32_t i) const {
  OverflowRef reference;
  std::memcpy(static_cast<void*>(&reference), Raw(i).data(), OverflowRef::kBytes);
  return reference;
}

std::string_view RowReader::Raw(uint32_t i) const {
  PHANTOM_DCHECK(i < stored_);
  const RowLayout::Column& column = layout_->columns_[i];
  if (!MayPoint(column.layout)) return row_.substr(SlotOffset(i), SizeOf(column.layout));
  uint32_t begin = column.previous_variable == RowLayout::kNone ? 0 : EndOffset(column.previous_variable);
  return row_.substr(variable_ + begin, EndOffset(i) - begin);
}

void RowReader::SlotFromBytes(Layout layout, std::string_view bytes, void* slot) {
  types::SlotFromBytes(layout, bytes, slot);
}

bool RowReader::Get(uint32_t i, void* slot) const {
  if (i >= stored_) {
    const Value* missing = layout_->missing(i);
    if (missing == nullptr) return false;
    std::memcpy(slot, missing->slot(), SizeOf(missing->layout()));
    return true;
  }
  if (IsNull(i)) return false;
  SlotFromBytes(layout_->columns_[i].layout, Raw(i), slot);
  return true;
}

Value RowReader::GetValue(uint32_t i) const {
  alignas(8) char slot[16];
  if (!Get(i, slot)) {
    Value null = Value::Null(layout_->type(i));
    return null;
  }
  return Value::FromSlot(layout_->type(i), layout_->layout(i), slot);
}

bool RowReader::Passes(std::span<const RowTest> tests) const {
  for (const RowTest& test : tests) {
    const uint32_t i = test.column;
    if (i >= stored_) continue;
    if (IsNull(i)) return false;
    const char* from = row_.data() + SlotOffset(i);
    const size_t bytes = SizeOf(layout_->columns_[i].layout);
    const int64_t value = bytes == 2   ? static_cast<int16_t>(LoadLE<uint16_t>(from))
                          : bytes == 4 ? static_cast<int32_t>(LoadLE<uint32_t>(from))
                                       : static_cast<int64_t>(LoadLE<uint64_t>(from));
    bool holds = false;
    switch (test.op) {
      case RowTest::Op::kLess:
        holds = value < test.value;
        break;
      case RowTest::Op::kLessEqual:
        holds = value <= test.value;
        break;
      case RowTest::Op::kEqual:
        holds = value == test.value;
        break;
      case RowTest::Op::kNotEqual:
        holds = value != test.value;
        break;
      case RowTest::Op::kGreaterEqual:
        holds = value >= test.value;
        break;
      case RowTest::Op::kGreater:
        holds = value > test.value;
        break;
    }
    if (!holds) return false;
  }
  return true;
}

Status RowReader::Decode(std::span<const uint32_t> columns, std::span<Vector> vectors, uint32_t index,
                         const OverflowFetch* fetch) const {
  for (size_t k = 0; k < columns.size(); ++k) {
    uint32_t i = columns[k];
    Vector& vector = vectors[k];
    Layout layout = layout_->columns_[i].layout;
    if (i < stored_ && !MayPoint(layout)) {
      if (has_nulls_ && IsNull(i)) {
        vector.SetNull(index);
        continue;
      }
      const char* from = row_.data() + SlotOffset(i);
      std::byte* to = vector.slot(index);
      switch (SizeOf(layout)) {  // constant sizes: one load and one store
        case 1:
          std::memcpy(to, from, 1);
          break;
        case 2:
          std::memcpy(to, from, 2);
          break;
        case 4:
          std::memcpy(to, from, 4);
          break;
        case 8:
          std::memcpy(to, from, 8);
          break;
        default:
          std::memcpy(to, from, 16);
      }
      vector.SetValid(index);
      continue;
    }
    if (IsNull(i)) {
      vector.SetNull(index);
      continue;
    }
    if (IsOverflow(i)) {
      PHANTOM_CHECK(fetch != nullptr);
      std::string value;
      RETURN_IF_ERROR((*fetch)(Overflow(i), value));
      SlotFromBytes(layout, vector.heap().arena().Copy(value), vector.slot(index));
    } else {
      alignas(8) char slot[16];
      Get(i, slot);
      if (layout == Layout::kString) {
        StringRef string;
        std::memcpy(&string, slot, sizeof(string));
        vector.data<StringRef>()[index] = string.is_inline() ? string : vector.heap().Add(string);
      } else if (layout == Layout::kNumeric) {
        Numeric number;
        std::memcpy(static_cast<void*>(&number), slot, sizeof(number));
        vector.data<Numeric>()[index] = number.is_big() ? vector.heap().Add(number) : number;
      } else {
        std::memcpy(vector.slot(index), slot, SizeOf(layout));
      }
    }
    vector.SetValid(index);
  }
  return Status::Ok();
}

}  // namespace phantom::types
