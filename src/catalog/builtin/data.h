// catalog/builtin/data.h
//
// The rows every database is born with, as text inside the program: one table of tab-separated values in COPY's format
// for each system table (tools/generate_builtin writes them), and a reader of such tables.
#pragma once
#include <cstdint>
#include <string_view>

#include "common/arena.h"
#include "common/ids.h"

namespace phantom::catalog {

// The rows of a system table without the line of column names; empty for unknown tables.
std::string_view BuiltinRows(Oid system_table);

// Walks the fields of such text, row by row.
class TsvReader {
 public:
  // Text with escapes is copied to the arena; everything else refers to `text`.
  TsvReader(std::string_view text, Arena& arena) : rest_(text), arena_(&arena) {}

  bool at_end() const { return rest_.empty(); }
  // Takes the next field of the row; false when it is NULL (then `field` is empty).
  bool Next(std::string_view& field);

  // Typed forms; NULL reads as zero or empty. Fields of our own files are well-formed.
  std::string_view Text() {
    std::string_view field;
    Next(field);
    return field;
  }
  char Char();
  bool Bool() { return Char() == 't'; }
  int64_t Int();
  phantom::Oid Oid() { return static_cast<phantom::Oid>(Int()); }
  float Float();
  void Skip(int fields);

 private:
  std::string_view rest_;
  Arena* arena_;
};

// The elements of "{a,b}" or "1 2 3", one after the other; quotes are not handled.
class ListReader {
 public:
  explicit ListReader(std::string_view list);
  bool Next(std::string_view& element);

 private:
  std::string_view rest_;
  char separator_;
};

}  // namespace phantom::catalog
