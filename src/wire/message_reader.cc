#include "wire/message_reader.h"

#include "common/bytes.h"

namespace phantom::wire {

namespace {
Status Insufficient() { return Error(sqlstate::kProtocolViolation, "insufficient data left in message"); }
}  // namespace

Result<char> MessageReader::Byte() {
  if (rest_.empty()) return Error(sqlstate::kProtocolViolation, "no data left in message");
  const char value = rest_.front();
  rest_.remove_prefix(1);
  return value;
}

Result<int16_t> MessageReader::Int16() {
  if (rest_.size() < 2) return Insufficient();
  const auto value = static_cast<int16_t>(LoadBE<uint16_t>(rest_.data()));
  rest_.remove_prefix(2);
  return value;
}

Result<int32_t> MessageReader::Int32() {
  if (rest_.size() < 4) return Insufficient();
  const auto value = static_cast<int32_t>(LoadBE<uint32_t>(rest_.data()));
  rest_.remove_prefix(4);
  return value;
}

Result<std::string_view> MessageReader::Bytes(size_t count) {
  if (rest_.size() < count) return Insufficient();
  const std::string_view bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

Result<std::string_view> MessageReader::String() {
  const size_t end = rest_.find('\0');
  if (end == std::string_view::npos) return Error(sqlstate::kProtocolViolation, "invalid string in message");
  const std::string_view text = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return text;
}

std::string_view MessageReader::Rest() {
  const std::string_view rest = rest_;
  rest_ = {};
  return rest;
}

Status MessageReader::End() const {
  if (!rest_.empty()) return Error(sqlstate::kProtocolViolation, "invalid message format");
  return Status::Ok();
}

}  // namespace phantom::wire
