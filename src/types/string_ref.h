// types/string_ref.h
//
// A string of up to 2^32-1 bytes in 16: length, the first 4 bytes, and 8 more bytes or a pointer. Strings of up to 12
// bytes lie wholly inside; longer ones point to bytes someone else owns (a StringHeap, an Arena, a page). The prefix
// decides most comparisons without following the pointer. Unused bytes of a short string are zero, so that two short
// strings are equal iff their 16 bytes are.
#pragma once
#include <compare>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/bytes.h"

namespace phantom::types {

class StringRef {
 public:
  static constexpr uint32_t kInlineBytes = 12;

  StringRef() : length_(0), prefix_{}, rest_{} {}
  // Refers to text (when it is longer than kInlineBytes), which must outlive this.
  explicit StringRef(std::string_view text) : StringRef(text.data(), static_cast<uint32_t>(text.size())) {}
  StringRef(const char* data, uint32_t length) : length_(length), prefix_{}, rest_{} {
    if (length <= kInlineBytes) {
      if (length != 0) std::memcpy(prefix_, data, length);  // runs on into rest_
    } else {
      std::memcpy(prefix_, data, 4);
      StoreLE(rest_, reinterpret_cast<uint64_t>(data));
    }
  }

  uint32_t size() const { return length_; }
  bool empty() const { return length_ == 0; }
  bool is_inline() const { return length_ <= kInlineBytes; }
  // Points into this object when inline: valid only while the object is.
  const char* data() const { return is_inline() ? prefix_ : reinterpret_cast<const char*>(LoadLE<uint64_t>(rest_)); }
  std::string_view view() const { return {data(), length_}; }
  Bytes bytes() const { return AsBytes(view()); }

  bool operator==(const StringRef& other) const {
    uint64_t mine, theirs;
    std::memcpy(&mine, this, 8);
    std::memcpy(&theirs, &other, 8);
    if (mine != theirs) return false;
    uint64_t my_rest = LoadLE<uint64_t>(rest_), their_rest = LoadLE<uint64_t>(other.rest_);
    if (my_rest == their_rest) return true;
    if (is_inline()) return false;
    return std::memcmp(reinterpret_cast<const char*>(my_rest) + 4, reinterpret_cast<const char*>(their_rest) + 4,
                       length_ - 4) == 0;
  }

  // Byte order (collation C): <0, 0, >0.
  int Compare(const StringRef& other) const {
    uint32_t mine = LoadBE<uint32_t>(prefix_), theirs = LoadBE<uint32_t>(other.prefix_);
    if (mine != theirs) return mine < theirs ? -1 : 1;
    uint32_t common = length_ < other.length_ ? length_ : other.length_;
    int order = common == 0 ? 0 : std::memcmp(data(), other.data(), common);
    if (order != 0) return order;
    return length_ == other.length_ ? 0 : length_ < other.length_ ? -1 : 1;
  }
  std::strong_ordering operator<=>(const StringRef& other) const { return Compare(other) <=> 0; }

 private:
  uint32_t length_;
  char prefix_[4];
  char rest_[8];
};
static_assert(sizeof(StringRef) == 16);

}  // namespace phantom::types
