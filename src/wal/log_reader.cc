#include "wal/log_reader.h"

#include <algorithm>
#include <cstring>

#include "io/env.h"
#include "wal/file_header.h"
#include "wal/log_files.h"

namespace phantom::wal {

static constexpr uint64_t kReadBytes = 1 << 20;
// How far past the end CheckEnd() looks for records: further than anybody appends before what is at the end is durable.
static constexpr uint64_t kLookBytes = 20 << 20;

LogReader::LogReader(io::Env& env, std::string directory, uint64_t file_bytes, Lsn start, uint32_t epoch_max)
    : env_(env),
      directory_(std::move(directory)),
      file_bytes_(file_bytes),
      epoch_max_(epoch_max),
      position_(start.value) {}

LogReader::~LogReader() = default;

// Makes buffer_ hold [lsn, lsn + bytes). False when the file ends before.
Result<bool> LogReader::Fill(uint64_t lsn, uint64_t bytes) {
  if (lsn >= buffer_start_ && lsn + bytes <= buffer_start_ + buffer_.size()) return true;
  const uint64_t number = lsn / file_bytes_;
  if (number != file_number_) {
    Result<std::unique_ptr<io::File>> file =
        env_.Open(LogFilePath(directory_, number * file_bytes_), io::OpenMode::kExisting);
    if (!file.ok()) {
      if (file.status().sqlstate() == sqlstate::kUndefinedFile) return false;
      return std::move(file).status();
    }
    file_ = std::move(file).value();
    file_number_ = number;
    ASSIGN_OR_RETURN(file_size_, file_->Size());
  }
  const uint64_t offset = lsn % file_bytes_;
  const uint64_t end = std::min(file_size_, file_bytes_);
  if (offset + bytes > end) return false;
  buffer_.resize(std::min(std::max(bytes, kReadBytes), end - offset));
  buffer_start_ = lsn;
  Status status = file_->Read(offset, buffer_);
  if (!status.ok()) {
    buffer_.clear();
    return status;
  }
  return true;
}

// Nothing when there is no valid record.
Result<std::optional<RecordView>> LogReader::ReadAt(uint64_t lsn) {
  const std::optional<RecordView> none;
  ASSIGN_OR_RETURN(bool has_header, Fill(lsn, kRecordHeaderBytes));
  if (!has_header) return none;
  const RecordHeader header = RecordView(At(lsn)).header();
  const uint64_t rest = file_bytes_ - lsn % file_bytes_;
  if (header.lsn != lsn || header.epoch < epoch_ || header.epoch > epoch_max_) return none;
  if (header.length < kRecordHeaderBytes || header.length > rest) return none;
  if (header.type == RecordType::kFiller) {
    if (header.length != rest || header.checksum != FillerChecksum(header)) return none;
  } else {
    if (header.length > kRecordBytesMax) return none;
    ASSIGN_OR_RETURN(bool has_all, Fill(lsn, header.length));
    // The second reading may have seen a file that has been recycled since the first.
    if (!has_all || !IsRecord(RecordView(At(lsn)).header(), lsn, header.length)) return none;
  }
  epoch_ = header.epoch;
  return std::optional<RecordView>(At(lsn));
}

Result<std::optional<RecordView>> LogReader::Next() {
  for (;;) {
    const uint64_t rest = file_bytes_ - position_ % file_bytes_;
    if (rest < kRecordHeaderBytes) {
      position_ += rest;
      continue;
    }
    ASSIGN_OR_RETURN(const std::optional<RecordView> record, ReadAt(position_));
    if (!record) return record;
    position_ = record->end().value;
    if (record->type() == RecordType::kFiller) continue;
    if (record->type() != RecordType::kFileHeader) return record;
    FileHeaderPayload payload;
    if (record->payload().size() != sizeof(payload)) return BadRecord(record->lsn());
    std::memcpy(&payload, record->payload().data(), sizeof(payload));
    if (std::memcmp(payload.magic, kLogMagic, sizeof(payload.magic)) != 0 || payload.version != kLogVersion ||
        payload.file_bytes != file_bytes_) {
      return Errorf(sqlstate::kDataCorrupted, "log file at %llX has an unknown format",
                    static_cast<unsigned long long>(record->lsn().value));
    }
  }
}

Result<bool> LogReader::Next(Record* record) {
  ASSIGN_OR_RETURN(const std::optional<RecordView> next, Next());
  if (!next) return false;
  const Bytes bytes = next->bytes();
  std::memcpy(record->Resize(bytes.size()), bytes.data(), bytes.size());
  return true;
}

// Whether a record at this place shows that the log does not end at position_.
Result<bool> LogReader::Proves(uint64_t lsn) {
  ASSIGN_OR_RETURN(const bool has_header, Fill(lsn, kRecordHeaderBytes));
  if (!has_header) return false;
  RecordHeader header;
  std::memcpy(&header, At(lsn), sizeof(header));
  if (header.lsn != lsn || (header.epoch <= epoch_max_ && DurableBefore(header) <= position_)) return false;
  if (header.length < kRecordHeaderBytes || header.length > kRecordBytesMax || header.type == RecordType::kFiller) return false;
  ASSIGN_OR_RETURN(const bool has_all, Fill(lsn, header.length));
  if (!has_all) return false;
  return header.checksum == static_cast<uint32_t>(Checksum({At(lsn) + 4, header.length - 4}));
}

Status LogReader::CheckEnd() {
  const uint64_t look_end = position_ + kLookBytes;
  for (uint64_t lsn = position_;;) {
    ASSIGN_OR_RETURN(const bool proves, Proves(lsn));
    if (proves) {
      return Errorf(sqlstate::kDataCorrupted,
                    "the write-ahead log is damaged at %llX in file \"%s\": the record at %llX shows that it went on",
                    static_cast<unsigned long long>(position_),
                    LogFilePath(directory_, position_ / file_bytes_ * file_bytes_).c_str(),
                    static_cast<unsigned long long>(lsn));
    }
    const uint64_t next_file = (lsn / file_bytes_ + 1) * file_bytes_;
    // Past that, the first record of each file will do.
    lsn = lsn + 8 < look_end && lsn + 8 + kRecordHeaderBytes <= next_file ? lsn + 8 : next_file;
    if (lsn != next_file) continue;
    ASSIGN_OR_RETURN(const bool exists, env_.Exists(LogFilePath(directory_, next_file)));
    if (!exists) return Status::Ok();
  }
}

}  // namespace phantom::wal
