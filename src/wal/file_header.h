// wal/file_header.h
//
// The first record of every log file, and the checks that the writer and the readers of records
// share. Bytes: docs/formats/wal.md.
#pragma once
#include "common/checksum.h"
#include "common/status.h"
#include "wal/record.h"

namespace phantom::wal {

inline constexpr char kLogMagic[8] = {'P', 'H', 'N', 'T', 'M', 'W', 'A', 'L'};
inline constexpr uint32_t kLogVersion = 1;

struct FileHeaderPayload {
  char magic[8];
  uint32_t version;
  uint32_t reserved;  // 0
  uint64_t file_bytes;
};
static_assert(sizeof(FileHeaderPayload) == 24);

inline constexpr uint64_t kFileHeaderRecordBytes = kRecordHeaderBytes + sizeof(FileHeaderPayload);

// Whether the header and the bytes that follow it in memory are the record of that length at `lsn`. The header is not trusted:
// a file may be recycled between the reading of the length and that of the record.
inline bool IsRecord(const RecordHeader& header, uint64_t lsn, uint32_t length) {
  return header.lsn == lsn && header.length == length &&
         header.checksum ==
             static_cast<uint32_t>(Checksum({reinterpret_cast<const std::byte*>(&header) + 4, length - 4}));
}

// A filler's checksum covers its header only.
inline uint32_t FillerChecksum(const RecordHeader& header) {
  return static_cast<uint32_t>(Checksum({reinterpret_cast<const std::byte*>(&header) + 4, kRecordHeaderBytes - 4}));
}

inline Status BadRecord(Lsn lsn) {
  return Errorf(sqlstate::kDataCorrupted, "invalid write-ahead log record at %llX",
                static_cast<unsigned long long>(lsn.value));
}

}  // namespace phantom::wal
