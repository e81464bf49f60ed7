// wal/log_reader.h
//
// Reads the records of a log directory in order, for recovery, purge and replication. Ends at the
// first position that does not hold a valid record: the end of the log, or a torn tail. A caller
// that reads a log being written must stop at LogWriter::durable() itself.
//
// Thread safety: one thread at a time.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "wal/record.h"

namespace phantom::io {
class Env;
class File;
}  // namespace phantom::io

namespace phantom::wal {

class LogReader {
 public:
  // Begins at `start`, the LSN of a record or of the end of the log. Epochs must not exceed
  // `epoch_max`: that of the last opening of the log.
  LogReader(io::Env& env, std::string directory, uint64_t file_bytes, Lsn start, uint32_t epoch_max);
  ~LogReader();

  // The next record (fillers and file headers are passed over), valid until the next call. Nothing at the end of the log; position()
  // is then where the next record will be written. An I/O error is an error.
  Result<std::optional<RecordView>> Next();
  // The same, copied. False at the end of the log.
  Result<bool> Next(Record* record);

  // After Next() has come to the end: XX001 when that is not where the log was left, but a hole in it: a record past it shows
  // that the log was durable further, or that it has been opened more often than the control file knows.
  Status CheckEnd();

  // LSN of the record the next call will read.
  Lsn position() const { return Lsn(position_); }

 private:
  Result<std::optional<RecordView>> ReadAt(uint64_t lsn);
  Result<bool> Proves(uint64_t lsn);
  Result<bool> Fill(uint64_t lsn, uint64_t bytes);
  const std::byte* At(uint64_t lsn) const { return buffer_.data() + (lsn - buffer_start_); }

  io::Env& env_;
  const std::string directory_;
  const uint64_t file_bytes_;
  const uint32_t epoch_max_;
  uint64_t position_;
  uint32_t epoch_ = 0;  // of the last record read; never decreases along the log
  std::unique_ptr<io::File> file_;
  uint64_t file_number_ = UINT64_MAX;
  uint64_t file_size_ = 0;
  uint64_t buffer_start_ = 0;  // LSN of buffer_[0]
  std::vector<std::byte> buffer_;
};

}  // namespace phantom::wal
