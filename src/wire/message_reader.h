// wire/message_reader.h
//
// Reads the fields of one message's body. The bytes come from the client and are never trusted: whatever is missing or
// wrong is the error 08P01 in PostgreSQL's words.
//
// Thread safety: none; one owner at a time. Views point into the body.
#pragma once
#include <cstdint>
#include <string_view>

#include "common/status.h"

namespace phantom::wire {

class MessageReader {
 public:
  explicit MessageReader(std::string_view body) : rest_(body) {}

  Result<char> Byte();
  Result<int16_t> Int16();
  Result<int32_t> Int32();
  Result<std::string_view> Bytes(size_t count);
  // Up to its terminating zero byte, which is consumed.
  Result<std::string_view> String();
  std::string_view Rest();
  // 08P01 unless everything was read.
  Status End() const;

 private:
  std::string_view rest_;
};

}  // namespace phantom::wire
