// types/record.h
//
// The bytes of a row value (type record, or a table's row type): what a string slot of such a type holds. It describes
// itself: every column's type OID is inside. Bytes: docs/formats/array.md.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "types/type.h"

namespace phantom::types {

// Reads a record's bytes, which must outlive it.
class RecordView {
 public:
  explicit RecordView(std::string_view bytes);
  static bool IsValid(std::string_view bytes);

  uint32_t size() const { return count_; }
  Oid type(uint32_t i) const;
  Layout layout(uint32_t i) const;
  bool IsNull(uint32_t i) const;
  // Writes the slot of column i, pointing into the record's bytes. Requires !IsNull(i).
  void Get(uint32_t i, void* slot) const;
  std::string_view Raw(uint32_t i) const;
  // The columns' names, when the record carries them (a row of a subquery does); else empty.
  std::vector<std::string_view> Names() const;

 private:
  std::string_view bytes_;
  uint32_t count_;
};

class RecordBuilder {
 public:
  void Add(Oid type, const void* slot) { Add(type, LayoutOf(type), slot); }
  void Add(Oid type, Layout layout, const void* slot);
  void AddNull(Oid type);
  // Names of the columns to carry; must outlive the builder. Empty: none.
  void SetNames(const std::vector<std::string>& names) { names_ = &names; }
  std::string Finish() const;

 private:
  struct Column {
    Oid type;
    Layout layout;
    bool null;
    uint32_t end;
  };
  std::vector<Column> columns_;
  std::string values_;
  const std::vector<std::string>* names_ = nullptr;
};

// Column by column, NULLs equal and last; columns must be comparable and of equal types pairwise (the first difference
// in type decides by OID, so that the order stays total).
int CompareRecords(std::string_view a, std::string_view b);
uint64_t HashRecord(std::string_view record, uint64_t seed);

// True for a record's bytes, false for an array's: both are string slots of types this room may not know.
inline bool IsRecordBytes(std::string_view bytes) { return !bytes.empty() && static_cast<uint8_t>(bytes[0]) == 0x80; }

}  // namespace phantom::types
