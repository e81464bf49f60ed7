// types/row_codec.h
//
// The bytes of a row: compact, any column reachable in O(1), readable after columns were added to the table without a
// rewrite. Bytes: docs/formats/row.md.
//
// A row stores its own column count; columns behind it take the layout's defaults (NULL, or what ADD COLUMN ... DEFAULT
// fixed). A value of variable length is inline or, when the writer chose so, an overflow reference: a few bytes that say
// where it is. This codec carries such a reference; the caller stores and fetches what it names.
//
// Thread safety: a RowLayout is immutable once built.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "types/chunk.h"
#include "types/type.h"
#include "types/value.h"

namespace phantom::types {

// The columns of a row. Dropped columns keep their place (their values are NULL).
class RowLayout {
 public:
  static constexpr uint32_t kColumnsMax = 1600;

  RowLayout() = default;
  explicit RowLayout(std::vector<Type> types);
  // For types whose layout this room does not know (domains, enums).
  RowLayout(std::vector<Type> types, std::vector<Layout> layouts);

  // What rows with fewer columns have at column i; NULL unless set.
  void SetMissing(uint32_t i, Value value);

  uint32_t column_count() const { return static_cast<uint32_t>(columns_.size()); }
  Type type(uint32_t i) const { return columns_[i].type; }
  Layout layout(uint32_t i) const { return columns_[i].layout; }
  bool is_variable(uint32_t i) const { return MayPoint(columns_[i].layout); }
  const Value* missing(uint32_t i) const;

 private:
  friend class RowEncoder;
  friend class RowReader;
  static constexpr uint32_t kNone = ~uint32_t{0};
  struct Column {
    Type type;
    Layout layout;
    uint32_t previous_variable = kNone;  // the nearest variable column before
  };
  // Of all columns before the one of the same index; one entry more than columns.
  struct Before {
    uint32_t fixed_bytes = 0;
    uint32_t variable_columns = 0;
  };

  std::vector<Column> columns_;
  std::vector<Before> before_{1};
  std::vector<Value> missing_;  // empty, or one a column
};

// Where an overflow value is: opaque to this codec.
struct OverflowRef {
  static constexpr size_t kBytes = 24;
  uint64_t id = 0;           // of the value in its owner's store
  uint64_t size = 0;         // bytes of the value
  uint64_t extra = 0;        // for the owner
};

// Builds one row after another; keeps its buffer.
class RowEncoder {
 public:
  explicit RowEncoder(const RowLayout& layout) : layout_(&layout) {}

  // Begins a row of all the layout's columns; then every column is added in order.
  void Begin() {
    pieces_.clear();
    values_.clear();
  }
  void AddNull();
  void Add(const void* slot);
  void Add(const Value& value) { value.is_null() ? AddNull() : Add(value.slot()); }
  void AddOverflow(const OverflowRef& reference);  // the column must be variable
  // Adds column i's bytes as another row of the same layout holds them.
  void AddFrom(const class RowReader& row, uint32_t i);
  // The row's bytes, valid until the next Begin().
  std::string_view Finish();

  // All of the above for one row of a chunk; column_of[i] is the chunk's column for column i.
  std::string_view EncodeRow(const Chunk& chunk, std::span<const uint32_t> column_of, uint32_t row);
  // Chunk's columns in order.
  std::string_view EncodeRow(const Chunk& chunk, uint32_t row);
  std::string_view EncodeValues(std::span<const Value> values);

  // Finish() for a place that takes only rows of up to row_bytes_max: moves the longest variable values out through the
  // function until the row fits. 54000 when it cannot fit. After a failure nothing can be said of what was moved out.
  using OverflowWriter = std::function<Result<OverflowRef>(std::string_view value)>;
  Result<std::string_view> FinishWithOverflow(size_t row_bytes_max, const OverflowWriter& write);

 private:
  struct Piece {
    bool null;
    bool overflow;
    uint32_t begin, end;  // in values_
  };
  const RowLayout* layout_;
  std::vector<Piece> pieces_;
  std::string values_;  // columns' bytes in order
  std::string row_;

  size_t RowBytes() const;
};

// A column of integers (of 2, 4 or 8 bytes) compared with a constant, on the row's bytes.
struct RowTest {
  enum class Op : uint8_t { kLess, kLessEqual, kEqual, kNotEqual, kGreaterEqual, kGreater };
  uint32_t column = 0;
  Op op = Op::kEqual;
  int64_t value = 0;
};

// Reads the columns of one row. The bytes must outlive it.
class RowReader {
 public:
  // Requires that Validate() succeeded once for these bytes, or that they come from a checksummed page.
  RowReader(const RowLayout& layout, std::string_view row);

  // Checks every offset against the layout: XX001 for bytes that are no row.
  static Status Validate(const RowLayout& layout, std::string_view row);

  // Columns the row itself holds.
  uint32_t stored_columns() const { return stored_; }
  bool IsNull(uint32_t i) const;
  bool IsOverflow(uint32_t i) const;
  // Requires IsOverflow(i).
  OverflowRef Overflow(uint32_t i) const;
  // Fixed columns: the slot (unaligned). Variable: the stored bytes. Requires a stored column that is not NULL.
  std::string_view Raw(uint32_t i) const;

  // Writes the column's slot; it points into the row's bytes (or the missing value's). False when NULL. Requires
  // !IsOverflow(i).
  bool Get(uint32_t i, void* slot) const;
  Value GetValue(uint32_t i) const;

  // False when a test is false or null; true when all hold or the row does not tell (a column that it does not store).
  bool Passes(std::span<const RowTest> tests) const;

  // Turns bytes fetched for an overflow reference into the slot, which points into them.
  static void SlotFromBytes(Layout layout, std::string_view bytes, void* slot);

  // Decodes projected columns into slot `index` of the vectors (writable, flat, grown by the caller), copying what they
  // point to into the vectors' heaps. columns[k] goes to vectors[k]. Overflow values are fetched with fetch.
  using OverflowFetch = std::function<Status(const OverflowRef&, std::string& value)>;
  Status Decode(std::span<const uint32_t> columns, std::span<Vector> vectors, uint32_t index,
                const OverflowFetch* fetch = nullptr) const;

 private:
  uint32_t SlotOffset(uint32_t i) const;
  uint32_t EndOffset(uint32_t i) const;

  const RowLayout* layout_;
  std::string_view row_;
  uint32_t stored_;
  uint32_t slots_;      // offset of the first slot
  uint32_t variable_;   // offset of the variable data
  bool wide_;
  bool has_nulls_;
};

}  // namespace phantom::types
