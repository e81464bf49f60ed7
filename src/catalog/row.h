// catalog/row.h
//
// One row of a system table as the catalog reads and writes it: boxed values by attribute number. Integers of every
// width, OIDs and "char" have one getter each; vectors and arrays of numbers are handled as lists.
//
// Thread safety: as for any value type.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/table.h"
#include "common/ids.h"
#include "types/value.h"

namespace phantom::catalog {

class Row {
 public:
  Row() = default;
  // All columns NULL.
  explicit Row(const Table& system_table);

  const Table& table() const { return *table_; }
  RowId id;     // where it is stored; none for new rows and built-in ones
  Lsn version;  // which version it was read from; none when that is not known

  bool IsNull(int column) const { return value(column).is_null(); }
  int64_t Int(int column) const;
  Oid GetOid(int column) const { return static_cast<Oid>(Int(column)); }
  bool Bool(int column) const { return !IsNull(column) && value(column).AsBool(); }
  char Char(int column) const;
  std::string_view Text(int column) const { return IsNull(column) ? std::string_view() : value(column).AsString(); }
  float Float(int column) const { return IsNull(column) ? 0 : value(column).AsFloat(); }
  // int2vector, oidvector, smallint[], oid[].
  std::vector<int64_t> Ints(int column) const;
  // text[].
  std::vector<std::string> Texts(int column) const;

  Row& SetInt(int column, int64_t number);
  Row& SetBool(int column, bool truth);
  Row& SetChar(int column, char letter);  // '\0' is the empty "char"
  Row& SetText(int column, std::string_view text);
  Row& SetFloat(int column, float number);
  Row& SetInts(int column, const std::vector<int64_t>& numbers);
  Row& SetTexts(int column, const std::vector<std::string>& texts);
  Row& SetNull(int column);

  const types::Value& value(int column) const { return values_[static_cast<size_t>(column) - 1]; }
  void SetValue(int column, types::Value value) { values_[static_cast<size_t>(column) - 1] = std::move(value); }
  const std::vector<types::Value>& values() const { return values_; }

 private:
  types::Type TypeOf(int column) const { return table_->column(column).type; }

  const Table* table_ = nullptr;
  std::vector<types::Value> values_;
};

// {a,"b c"} to elements and back.
std::vector<std::string> SplitArrayText(std::string_view text);
std::string JoinArrayText(const std::vector<std::string>& elements);

}  // namespace phantom::catalog
