// lsm/encoding/sequence.h
//
// Numbers inside other encodings (ends of strings, mantissas, scales): a frame or a delta, whichever is smaller.
#pragma once
#include "lsm/encoding/delta.h"

namespace phantom::lsm {

class Sequence {
 public:
  static size_t BytesOf(std::span<const int64_t> numbers);
  static void Append(std::span<const int64_t> numbers, std::string& out);

  // As Frame's.
  bool Open(ByteCursor& in, uint32_t count);
  uint32_t count() const { return is_delta_ ? delta_.count() : frame_.count(); }
  int64_t Get(uint32_t i) const { return is_delta_ ? delta_.Get(i) : frame_.Get(i); }
  // As Delta's.
  int64_t GetAfter(uint32_t i, int64_t previous) const {
    return is_delta_ ? delta_.GetAfter(i, previous) : frame_.Get(i);
  }
  template <typename T>
  void Read(uint64_t bias, T* to) const {
    is_delta_ ? delta_.Read(bias, to) : frame_.Read(bias, to);
  }
  void Select(std::span<const KeyRange> ranges, RowSet& rows) const {
    is_delta_ ? delta_.Select(ranges, rows) : frame_.Select(ranges, rows);
  }

 private:
  bool is_delta_ = false;
  Frame frame_;
  Delta delta_;
};

// A delta must save a quarter to be worth its slower point access.
inline bool DeltaIsWorthIt(size_t delta_bytes, size_t frame_bytes) { return delta_bytes < frame_bytes / 4 * 3; }

// The ends of byte strings that lie one after another.
class Ends {
 public:
  static size_t BytesOf(std::span<const int64_t> ends) { return Sequence::BytesOf(ends); }
  static void Append(std::span<const int64_t> ends, std::string& out) { Sequence::Append(ends, out); }

  // Takes the ends, then the strings. False unless the ends ascend from 0 to no more than there is.
  bool Open(ByteCursor& in, uint32_t count);
  // Same, the strings following later in the cursor.
  bool OpenEnds(ByteCursor& in, uint32_t count);
  void SetBytes(Bytes bytes) { bytes_ = AsText(bytes); }

  uint32_t count() const { return ends_.count(); }
  uint64_t total() const { return total_; }
  std::string_view Get(uint32_t i) const {
    if (i == 0) return bytes_.substr(0, static_cast<uint64_t>(ends_.Get(0)));
    const int64_t begin = ends_.Get(i - 1), end = ends_.GetAfter(i, begin);
    return bytes_.substr(static_cast<uint64_t>(begin), static_cast<uint64_t>(end - begin));
  }
  // Calls fn(i, string) for all, in order.
  template <typename Fn>
  void ForEach(Fn fn) const {
    uint64_t ends[kVectorRows];
    ends_.Read(0, ends);
    uint64_t begin = 0;
    for (uint32_t i = 0; i < count(); begin = ends[i], ++i) fn(i, bytes_.substr(begin, ends[i] - begin));
  }

 private:
  Sequence ends_;
  uint64_t total_ = 0;
  std::string_view bytes_;
};

}  // namespace phantom::lsm
