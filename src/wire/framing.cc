#include "wire/framing.h"

#include <algorithm>
#include <cstring>

#include "common/bytes.h"

namespace phantom::wire {

namespace {

// PostgreSQL allows only these types to be large.
size_t LimitOf(char type, bool authenticated) {
  if (!authenticated) return kAuthenticationBytesMax;
  switch (type) {
    case 'Q':
    case 'F':
    case 'B':
    case 'P':
    case 'd':
      return kMessageBytesMax;
    default:
      return kSmallMessageBytesMax;
  }
}

bool IsFrontendType(char type) { return type != '\0' && std::strchr("QFXBCDEHPSdcfp", type) != nullptr; }

Status InvalidLength() { return Error(sqlstate::kProtocolViolation, "invalid message length").Fatal(); }

}  // namespace

char* FrameReader::Prepare(size_t bytes) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_.size() - end_ < bytes) {
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (buffer_.size() - end_ < bytes) buffer_.resize(end_ + bytes);
  }
  return buffer_.data() + end_;
}

void FrameReader::Feed(std::string_view bytes) {
  std::memcpy(Prepare(bytes.size()), bytes.data(), bytes.size());
  Commit(bytes.size());
}

void FrameReader::Release() {
  if (begin_ != end_) return;
  begin_ = end_ = 0;
  if (buffer_.size() > kKeptBytes) std::string().swap(buffer_);
}

Result<std::optional<Frame>> FrameReader::NextStartup() {
  const std::string_view bytes(buffer_.data() + begin_, end_ - begin_);
  missing_ = 0;
  if (bytes.size() < 4) return std::optional<Frame>();
  const uint32_t length = LoadBE<uint32_t>(bytes.data());
  if (length < 8 || length > kStartupBytesMax) {
    return Error(sqlstate::kProtocolViolation, "invalid length of startup packet").Fatal();
  }
  if (bytes.size() < length) {
    missing_ = length - bytes.size();
    return std::optional<Frame>();
  }
  begin_ += length;
  return std::optional(Frame{'\0', bytes.substr(4, length - 4)});
}

Result<std::optional<Frame>> FrameReader::Next(bool authenticated) {
  const std::string_view bytes(buffer_.data() + begin_, end_ - begin_);
  missing_ = 0;
  if (bytes.empty()) return std::optional<Frame>();
  const char type = bytes[0];
  if (!IsFrontendType(type)) {
    return Errorf(sqlstate::kProtocolViolation, "invalid frontend message type %d", static_cast<unsigned char>(type))
        .Fatal();
  }
  if (bytes.size() < 5) return std::optional<Frame>();
  const uint32_t length = LoadBE<uint32_t>(bytes.data() + 1);
  if (length < 4 || length > LimitOf(type, authenticated)) return InvalidLength();
  if (bytes.size() < size_t{length} + 1) {
    missing_ = size_t{length} + 1 - bytes.size();
    return std::optional<Frame>();
  }
  begin_ += size_t{length} + 1;
  return std::optional(Frame{type, bytes.substr(5, length - 4)});
}

}  // namespace phantom::wire
