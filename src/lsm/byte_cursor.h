// lsm/byte_cursor.h
//
// Takes fields from bytes that nobody has vouched for. A read past the end gives zeros (or nothing) and is remembered,
// so that a parser may read on and ask ok() once before it believes anything.
#pragma once
#include <string>

#include "common/bytes.h"

namespace phantom::lsm {

class ByteCursor {
 public:
  explicit ByteCursor(Bytes bytes) : rest_(bytes) {}

  template <typename T>
  T Take() {
    Bytes bytes = TakeBytes(sizeof(T));
    return bytes.empty() ? T{} : LoadLE<T>(bytes.data());
  }
  // Empty when there are fewer.
  Bytes TakeBytes(size_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  Bytes TakeRest() { return TakeBytes(rest_.size()); }

  size_t left() const { return rest_.size(); }
  bool ok() const { return ok_; }
  // Nothing missing and nothing left over.
  bool done() const { return ok_ && rest_.empty(); }

 private:
  Bytes rest_;
  bool ok_ = true;
};

template <typename T>
inline void AppendLE(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

}  // namespace phantom::lsm
