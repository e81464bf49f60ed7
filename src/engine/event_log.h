// engine/event_log.h
//
// Records of what is left to be decided, in order: appended, read again from any position, cut back to one. The newest
// are in memory, older ones in a temporary file, so memory stays bounded however many there are. Its bytes never outlive
// the process and have no version.
//
// Thread safety: one owner.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/status.h"
#include "engine/context.h"

namespace phantom::io {
class File;
}

namespace phantom::engine {

class EventLog {
 public:
  static constexpr size_t kMemoryBytesMax = 256 * 1024;

  EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;
  ~EventLog();

  // Positions are byte offsets; a record begins where its predecessor ends.
  uint64_t end() const { return flushed_ + tail_.size(); }
  bool empty() const { return end() == 0; }

  // Without an Env in the context everything stays in memory. A failure leaves the log as it was.
  Status Append(std::string_view record, const ExecutionContext& context);
  // Reads whole records from `position` on, at least one and as many as `bytes_max` allows, into `out` (replacing it);
  // requires position < end(). `next` is the position after them. Records are split with NextRecord().
  Status Read(uint64_t position, size_t bytes_max, std::string& out, uint64_t& next) const;
  // Cuts the first record off what Read() gave.
  static std::string_view NextRecord(std::string_view& records);
  // Forgets what is at or past the position.
  void Truncate(uint64_t position);

 private:
  Status Flush(const ExecutionContext& context);
  Status Fetch(uint64_t position, size_t bytes, std::string& out) const;

  std::string tail_;      // records from flushed_ on
  uint64_t flushed_ = 0;  // bytes in the file
  std::string path_;
  std::unique_ptr<io::File> file_;
  io::Env* env_ = nullptr;
};

}  // namespace phantom::engine
