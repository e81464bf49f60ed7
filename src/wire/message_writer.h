// wire/message_writer.h
//
// Writes one protocol message into an output buffer: type byte, length, fields (PostgreSQL 15, chapter 55.7). The
// length is filled in by End().
//
// Thread safety: none; one owner at a time.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/bytes.h"

namespace phantom::wire {

template <typename T>
inline void AppendBE(std::string& out, T value) {
  char bytes[sizeof(T)];
  StoreBE<T>(bytes, value);
  out.append(bytes, sizeof(T));
}

class MessageWriter {
 public:
  MessageWriter(std::string& out, char type) : out_(out) {
    out_ += type;
    start_ = out_.size();
    out_.append(4, '\0');
  }
  MessageWriter(const MessageWriter&) = delete;
  MessageWriter& operator=(const MessageWriter&) = delete;

  void AddByte(char value) { out_ += value; }
  void AddInt16(int16_t value) { AppendBE(out_, static_cast<uint16_t>(value)); }
  void AddInt32(int32_t value) { AppendBE(out_, static_cast<uint32_t>(value)); }
  void AddBytes(std::string_view bytes) { out_.append(bytes); }
  void AddString(std::string_view text) {
    out_.append(text);
    out_ += '\0';
  }
  void End() { StoreBE<uint32_t>(out_.data() + start_, static_cast<uint32_t>(out_.size() - start_)); }

 private:
  std::string& out_;
  size_t start_;
};

}  // namespace phantom::wire
