// wal/record.h
//
// One record of the write-ahead log. Bytes: docs/formats/wal.md.
//
// A record is named by its LSN, the position of its first byte. Records are 8-byte aligned and
// never cross the end of a log file. The header's checksum covers the rest of the record, and its
// LSN echo and epoch tell a record from the leftovers of a recycled file or of an earlier life.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/bytes.h"
#include "common/ids.h"

namespace phantom::wal {

// Numbers are on disk: never reuse one.
enum class RecordType : uint8_t {
  kFiller = 1,       // pads a file whose rest was too small for the next record
  kFileHeader = 2,   // first record of every file
  kCheckpoint = 3,   // store: transactions in progress and counters at a checkpoint
  kPages = 4,        // btree: a system action on one or more pages (split, merge, new root)
  kChange = 5,       // btree: one key's value changed, within a transaction or without
  kSpaceCreate = 6,  // store
  kSpaceDrop = 7,    // store
  kTreeCreate = 8,   // store, in a transaction: it made a tree
  kTreeDrop = 9,     // store, in a transaction: it dropped a tree
  kRunAdd = 10,      // store, in a transaction: it added a run to a tree
  kCommit = 32,      // txn: the transaction committed
  kEnd = 33,         // txn: the transaction is rolled back to its start
  kPrepare = 34,     // txn: the transaction is prepared, as long as this is its latest record
  kPreparePart = 35, // txn: a beginning of what such a record holds
  kRollback = 36,    // txn: a prepared transaction is to be rolled back; 37..63 are the transaction room's as well
  kNotice = 64,  // 64..: above txn (catalog, replication); the storage engine only carries them
};

// Header flags (low nibble: any record; high nibble: the type's own).
inline constexpr uint8_t kCompensation = 1;  // undoes an earlier change; is itself never undone

struct RecordHeader {
  uint32_t checksum;  // low half of XXH3 over the bytes from `length` to the end of the record
  uint32_t length;    // header and payload, without padding to 8
  uint32_t epoch;     // how often the log was opened before this record was written
  RecordType type;
  uint8_t flags;
  uint16_t durable;   // how much of the log before it was durable when it was appended: DurableCode()
  uint64_t lsn;       // its own position
  uint64_t txn;       // 0: none
  uint64_t prev;      // the transaction's previous record; 0: none
};
static_assert(sizeof(RecordHeader) == 40);

inline constexpr uint32_t kRecordHeaderBytes = sizeof(RecordHeader);
inline constexpr uint32_t kRecordBytesMax = 2 << 20;

inline constexpr uint64_t AlignRecord(uint64_t bytes) { return (bytes + 7) & ~uint64_t{7}; }

// How far before a record the log was durable, in 8-byte units rounded up to a 12-bit mantissa and a 4-bit exponent, plus 1;
// 0: unknown. So a record proves that what lies before that point was once whole, and a hole there is damage, not the end.
inline constexpr uint16_t DurableCode(uint64_t lsn, uint64_t durable) {
  const uint64_t units = (lsn - durable + 7) / 8;
  uint64_t exponent = 0;
  while (exponent < 15 && (units + (uint64_t{1} << exponent) - 1) >> exponent > 4094) ++exponent;
  const uint64_t mantissa = (units + (uint64_t{1} << exponent) - 1) >> exponent;
  return mantissa > 4094 ? 0 : static_cast<uint16_t>((exponent << 12 | mantissa) + 1);
}
// The log before this position was durable when the record was appended; 0: unknown.
inline constexpr uint64_t DurableBefore(const RecordHeader& header) {
  if (header.durable == 0) return 0;
  const uint64_t code = header.durable - 1u;
  const uint64_t bytes = ((code & 4095) << (code >> 12)) * 8;
  return bytes > header.lsn ? 0 : header.lsn - bytes;
}

// What the appender chooses.
struct RecordInfo {
  RecordType type{};
  uint8_t flags = 0;
  TxnId txn;
  Lsn prev;
};

// A record that lies in somebody else's memory, 8-byte aligned; valid while that is.
class RecordView {
 public:
  explicit RecordView(const std::byte* bytes) : bytes_(bytes) {}

  const RecordHeader& header() const { return *reinterpret_cast<const RecordHeader*>(bytes_); }
  Lsn lsn() const { return Lsn(header().lsn); }
  RecordType type() const { return header().type; }
  uint8_t flags() const { return header().flags; }
  bool compensation() const { return (header().flags & kCompensation) != 0; }
  TxnId txn() const { return TxnId(header().txn); }
  Lsn prev() const { return Lsn(header().prev); }
  Bytes bytes() const { return {bytes_, header().length}; }
  Bytes payload() const { return bytes().subspan(kRecordHeaderBytes); }
  // Position just past the record and its padding.
  Lsn end() const { return Lsn(header().lsn + AlignRecord(header().length)); }

 private:
  const std::byte* bytes_;
};

// A record copied out of the log. Reusable: keeps its memory between reads.
class Record {
 public:
  operator RecordView() const { return view(); }
  RecordView view() const { return RecordView(reinterpret_cast<const std::byte*>(words_.data())); }
  const RecordHeader& header() const { return *reinterpret_cast<const RecordHeader*>(words_.data()); }
  Lsn lsn() const { return view().lsn(); }
  RecordType type() const { return view().type(); }
  uint8_t flags() const { return view().flags(); }
  bool compensation() const { return view().compensation(); }
  TxnId txn() const { return view().txn(); }
  Lsn prev() const { return view().prev(); }
  Bytes payload() const { return view().payload(); }
  Lsn end() const { return view().end(); }

  // For the readers: room for `bytes` bytes; the content is undefined.
  std::byte* Resize(size_t bytes) {
    if (words_.size() * 8 < bytes) words_.resize((bytes + 7) / 8);
    return reinterpret_cast<std::byte*>(words_.data());
  }

 private:
  std::vector<uint64_t> words_ = std::vector<uint64_t>(kRecordHeaderBytes / 8);
};

}  // namespace phantom::wal
