#include "engine/event_log.h"

#include <algorithm>

#include "common/bytes.h"
#include "common/check.h"
#include "engine/spill_file.h"

namespace phantom::engine {

namespace {

constexpr size_t kLengthBytes = 4;

}  // namespace

EventLog::EventLog() = default;
EventLog::~EventLog() { Truncate(0); }

Status EventLog::Append(std::string_view record, const ExecutionContext& context) {
  if (tail_.size() >= kMemoryBytesMax && context.env != nullptr) RETURN_IF_ERROR(Flush(context));
  char length[kLengthBytes];
  StoreLE<uint32_t>(length, static_cast<uint32_t>(record.size()));
  tail_.append(length, kLengthBytes).append(record);
  return Status::Ok();
}

Status EventLog::Flush(const ExecutionContext& context) {
  if (file_ == nullptr) {
    env_ = context.env;
    ASSIGN_OR_RETURN(file_, CreateTemporaryFile(*context.env, context.temp_directory, path_));
  }
  RETURN_IF_ERROR(file_->Write(flushed_, AsBytes(tail_)));
  flushed_ += tail_.size();
  tail_.clear();
  return Status::Ok();
}

Status EventLog::Fetch(uint64_t position, size_t bytes, std::string& out) const {
  out.resize(bytes);
  size_t from_file = 0;
  if (position < flushed_) {
    from_file = static_cast<size_t>(std::min<uint64_t>(bytes, flushed_ - position));
    RETURN_IF_ERROR(file_->Read(position, std::as_writable_bytes(std::span(out.data(), from_file))));
  }
  if (from_file < bytes) tail_.copy(out.data() + from_file, bytes - from_file, position + from_file - flushed_);
  return Status::Ok();
}

Status EventLog::Read(uint64_t position, size_t bytes_max, std::string& out, uint64_t& next) const {
  PHANTOM_CHECK(position < end());
  RETURN_IF_ERROR(Fetch(position, static_cast<size_t>(std::min<uint64_t>(bytes_max, end() - position)), out));
  size_t whole = 0;
  while (out.size() - whole >= kLengthBytes) {
    const size_t record = kLengthBytes + LoadLE<uint32_t>(out.data() + whole);
    if (whole + record > out.size()) {
      if (whole > 0) break;
      RETURN_IF_ERROR(Fetch(position, record, out));
    }
    whole += record;
  }
  out.resize(whole);
  next = position + whole;
  return Status::Ok();
}

std::string_view EventLog::NextRecord(std::string_view& records) {
  const size_t length = LoadLE<uint32_t>(records.data());
  const std::string_view record = records.substr(kLengthBytes, length);
  records.remove_prefix(kLengthBytes + length);
  return record;
}

void EventLog::Truncate(uint64_t position) {
  if (position >= flushed_) {
    if (position < end()) tail_.resize(static_cast<size_t>(position - flushed_));
    return;
  }
  tail_.clear();
  flushed_ = position;
  if (position > 0 || file_ == nullptr) return;
  file_.reset();
  // A file that cannot be removed now is removed with the directory when the server starts.
  static_cast<void>(env_->Remove(path_).ok());
}

}  // namespace phantom::engine
