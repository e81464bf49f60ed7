// types/string_heap.h
//
// The bytes that a vector's strings and big numerics point to. Freed all at once. A heap can keep other memory alive
// (another vector's heap, a page), so results may point into their inputs without copying.
//
// Thread safety: none while it is written; may be read from any thread afterwards.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "common/arena.h"
#include "types/numeric.h"
#include "types/string_ref.h"

namespace phantom::types {

class StringHeap {
 public:
  // Copies text; short strings take no heap.
  StringRef Add(std::string_view text) {
    return text.size() <= StringRef::kInlineBytes ? StringRef(text) : StringRef(arena_.Copy(text));
  }
  StringRef Add(const StringRef& string) {
    return string.is_inline() ? string : StringRef(arena_.Copy(string.view()));
  }
  Numeric Add(const Numeric& value) { return value.is_big() ? CopyNumeric(value, arena_) : value; }

  // Room for a string of this length to be filled in and then wrapped as StringRef(data, length).
  char* Allocate(size_t bytes) { return static_cast<char*>(arena_.Allocate(bytes, 1)); }
  Arena& arena() { return arena_; }

  // Keeps the memory alive as long as this heap (until Reset). Must not close a circle of heaps.
  void Keep(std::shared_ptr<const void> memory);

  void Reset();
  size_t allocated_bytes() const { return arena_.allocated_bytes(); }

 private:
  Arena arena_;
  std::vector<std::shared_ptr<const void>> kept_;
};

}  // namespace phantom::types
