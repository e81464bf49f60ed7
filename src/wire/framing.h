// wire/framing.h
//
// Cuts a client's byte stream into messages. No sockets: bytes are fed in as they come and messages taken out.
// Startup packets have no type byte; after them every message has one (PostgreSQL 15, chapter 55.7).
//
// A length that cannot be, or that exceeds the type's limit, ends the connection: nothing after it can be trusted.
//
// Thread safety: none; one owner at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/status.h"

namespace phantom::wire {

// PostgreSQL's limits: a startup packet, messages of which only small ones make sense, and all others.
inline constexpr size_t kStartupBytesMax = 10000;
inline constexpr size_t kSmallMessageBytesMax = 10000;
inline constexpr size_t kMessageBytesMax = 0x3fffffff - 1;
// A client that has not authenticated may not make us hold more than this.
inline constexpr size_t kAuthenticationBytesMax = 65535;

struct Frame {
  char type;              // 0 for a startup packet
  std::string_view body;  // without type and length; valid until bytes are fed or Next() is called again
};

class FrameReader {
 public:
  // A reader keeps this much memory while its client is silent.
  static constexpr size_t kKeptBytes = 4096;

  // Where to write up to `bytes` more of the stream. Commit says how many came.
  char* Prepare(size_t bytes);
  void Commit(size_t bytes) { end_ += bytes; }
  void Feed(std::string_view bytes);

  // The next whole message, or none while it is incomplete. Fails with a fatal 08P01.
  Result<std::optional<Frame>> NextStartup();
  Result<std::optional<Frame>> Next(bool authenticated);

  // Bytes the current message still lacks, as far as its length is known; a hint for how much to read.
  size_t missing_bytes() const { return missing_; }
  bool empty() const { return begin_ == end_; }
  // Bytes fed and not yet taken: after an SSLRequest there must be none.
  size_t buffered_bytes() const { return end_ - begin_; }
  // Gives the memory of an empty reader back, unless it is little.
  void Release();

 private:
  std::string buffer_;
  size_t begin_ = 0;  // of the first byte not yet taken
  size_t end_ = 0;    // behind the last byte fed
  size_t missing_ = 0;
};

}  // namespace phantom::wire
