// txn/row_table.h
//
// A table as transactions see it: rows under immutable row ids in a ROWID tree, each with its versions
// (docs/formats/row_header.md), long values moved out to an overflow tree without the caller noticing.
//
// Rows go in and come out as bytes of types::RowCodec. Index entries are the caller's business (index.h).
//
// A write finds the newest version and says what it found. Under READ COMMITTED a caller that gets kUpdated locks the
// newest version with Lock(), evaluates its conditions again on it and writes with WriteBase::kLocked. Under
// REPEATABLE READ and above the same situation is the error 40001.
//
// Thread safety: any thread; one thread at a time a Transaction.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/function_ref.h"
#include "common/ids.h"
#include "common/status.h"
#include "txn/lock_modes.h"
#include "txn/transaction.h"
#include "types/chunk.h"
#include "types/row_codec.h"

namespace phantom::txn {

enum class WriteOutcome : uint8_t {
  kOk,
  kUpdated,       // a transaction this snapshot does not see has changed the row (READ COMMITTED only)
  kDeleted,       // ... or deleted it (READ COMMITTED only)
  kSelfModified,  // this command has already changed or deleted the row
  kInvisible,     // there is no such row for this snapshot
  kSkipped,       // kSkip, and somebody has it locked
};

// What a write compares the newest version with.
enum class WriteBase : uint8_t {
  kSnapshot,  // it must be the one the snapshot sees
  kLocked,    // the caller locked the row: whatever it is
  kVersion,   // it must be the one named, or this transaction's own, whatever the isolation; else kUpdated or kDeleted
};

struct UpdateOptions {
  WriteBase base = WriteBase::kSnapshot;
  bool key_changed = true;  // a column of a unique key may have changed: conflicts with FOR KEY SHARE
  Lsn version;              // for kVersion: FetchedRow::version of the row this is made from
};

class ColdRows;

struct FetchedRow {
  bool found = false;
  bool newest = false;   // certainly the row's newest version: a plain index entry that led here needs no recheck
  Lsn version;           // names the version
  TxnId writer;          // who wrote it
  std::string row;       // RowCodec bytes; may hold overflow references, see Decode()

  // After Locate() and Lock() only: the row lies in this segment, and `row` is not set, nor are Locate()'s `version` and `writer`.
  bool cold() const { return in_segment; }
  bool in_segment = false;
  RowId place;
  std::shared_ptr<const ColdRows> segment;  // kept for the next row
  uint64_t segment_version = 0;
};

struct LockedRow {
  WriteOutcome outcome = WriteOutcome::kOk;  // kOk: the snapshot's version is locked; kUpdated: a newer one is
  FetchedRow newest;                         // for kOk and kUpdated; it may be cold()
};

// What all RowTables on a tree share: the next row id, the overflow tree.
class TableState;
class ChunkActivity;
struct ChunkLook;
struct SegmentColumn;
struct MoveOptions;
struct RowHeader;

class RowTable {
 public:
  // Rows larger than this have their longest values moved out.
  static constexpr size_t kRowBytesMax = 2000;
  static constexpr size_t kValueBytesMax = (1u << 30) - 1;

  // The layout must outlive the table. `relation`: by what waits for its rows are told, given by those who write or lock them.
  static Result<RowTable> Open(TransactionManager& manager, SpaceId space, TreeId tree, const types::RowLayout& layout,
                               Oid relation = 0);
  RowTable(RowTable&&) noexcept;
  RowTable& operator=(RowTable&&) noexcept;
  ~RowTable();

  // The table's name, for the context of errors of waits for its rows. Must outlive this.
  void SetName(std::string_view name) { name_ = name; }
  std::string_view name() const { return name_; }

  // Nobody but this session can reach the table (a temporary one): what serializable transactions read and write of it concerns
  // nobody.
  void SetPrivate() { watched_ = false; }

  const types::RowLayout& layout() const { return *layout_; }
  SpaceId space() const { return space_; }
  TreeId tree() const { return tree_; }

  // 54000 when the row is too large.
  Result<RowId> Insert(Transaction& transaction, std::string_view row);

  // For a bulk load: ids of a whole chunk, to which nobody else inserts; the chunk's number.
  uint64_t TakeChunk();
  // Inserts the row under such an id.
  Status InsertAt(Transaction& transaction, RowId id, std::string_view row);
  TransactionManager& manager() const { return *manager_; }

  // `row` may hold overflow references copied from the version it replaces. Waits for a concurrent writer.
  // 40001, 40P01, 55P03, 57014.
  Result<WriteOutcome> Update(Transaction& transaction, const Snapshot& snapshot, RowId id, std::string_view row,
                              const UpdateOptions& options = {});
  Result<WriteOutcome> Delete(Transaction& transaction, const Snapshot& snapshot, RowId id,
                              WriteBase base = WriteBase::kSnapshot, Lsn version = {});

  // SELECT ... FOR UPDATE etc., and the first half of a re-evaluation. kNoWait names `relation` in its 55P03.
  // Held to the end of the transaction or the rollback of an earlier savepoint. kKeyShare takes the snapshot's version of a row
  // that was changed since, but for its key.
  Result<LockedRow> Lock(Transaction& transaction, const Snapshot& snapshot, RowId id, RowLockMode mode,
                         WaitPolicy policy = WaitPolicy::kWait, std::string_view relation = {});

  Result<FetchedRow> Fetch(const Snapshot& snapshot, RowId id) const;
  // Same into a buffer that keeps its memory. found/newest/version as in FetchedRow; row is reused.
  Status Fetch(const Snapshot& snapshot, RowId id, FetchedRow* row) const;
  // The same for who wants columns, not bytes: a cold row stays in its segment, from where Decode() takes single values.
  Status Locate(const Snapshot& snapshot, RowId id, FetchedRow* row) const;
  // The newest version, whoever wrote it: for checks and tests. found is false for a deleted row.
  Status FetchNewest(RowId id, FetchedRow* row) const;

  // Who has changed or deleted the row since the version that the snapshot sees, or else has it locked; none: nobody.
  Result<TxnId> LockerOf(const Snapshot& snapshot, RowId id) const;

  // Decodes columns of a row into slot `index` of the vectors, fetching overflow values.
  Status Decode(std::string_view row, std::span<const uint32_t> columns, std::span<types::Vector> vectors,
                uint32_t index) const;
  // The same of a row that Locate() or Fetch() has found.
  Status Decode(const FetchedRow& row, std::span<const uint32_t> columns, std::span<types::Vector> vectors,
                uint32_t index) const;
  // All the row's columns with overflow values in place of references.
  Result<std::string> Materialize(std::string_view row) const;

  // One past the largest row id there is or was: scans are split by dividing [1, end).
  RowId EndRowId() const;

  // Rows inserted, updated and deleted since NoteAnalyzed(), or since the table was first opened: what a transaction
  // rolled back counts too. Kept in memory only.
  uint64_t changes() const;
  void NoteAnalyzed() const;

  // Moving rows between tree and segments (docs/decisions/0015-cold-chunks.md). Of one table one thread at a time, with the table kept
  // from being dropped.

  // Makes a chunk cold, or gives a cold one that has changed a new segment; one of which nothing is left becomes hot. False: some
  // version in it is not seen by everybody yet, there is nothing to do, or it was stopped. As a rule ids past the last chunk's rows are given
  // up, so that it may be a table's last chunk.
  Result<bool> Freeze(uint64_t chunk);
  Result<bool> Freeze(uint64_t chunk, const MoveOptions& options);
  // Makes a cold chunk hot. False: it was, is a load's that not everybody sees yet, or it was stopped.
  Result<bool> Thaw(uint64_t chunk);
  Result<bool> Thaw(uint64_t chunk, const MoveOptions& options);
  // Takes from the tree what the cold chunk's segment has as well: what a crash may have left of freezing. False: stopped.
  Result<bool> Trim(uint64_t chunk, const MoveOptions& options);
  // Chunks there are: numbers below this.
  uint64_t ChunkCount() const;
  bool IsCold(uint64_t chunk) const;
  // A cold chunk's rows are counted, in the tree too; of a hot one nothing is read.
  Result<ChunkLook> LookAt(uint64_t chunk) const;
  // The same without what the tree has: reads nothing.
  ChunkLook LookAside(uint64_t chunk) const;
  // How the columns of the cold chunks are encoded, by column (0: who wrote the rows) and encoding.
  std::vector<SegmentColumn> SegmentColumns() const;
  // Which chunks are written.
  ChunkActivity& activity() const;
  // Whether the table has been written since its rows were put where they are: see NotePlaced().
  bool IsPlaced() const;
  void NotePlaced(uint64_t changes) const;

  // Rows that are not deleted (by transactions in progress too), and pages of leaves and segments, told from some leaves: for the planner. Of a
  // small table they are exact. What was found is kept, with the rows that come and go counted, and looked for anew once those are
  // many, or after NoteAnalyzed().
  struct Size {
    double rows = 0;
    double pages = 1;
  };
  Result<Size> EstimateSize() const;

 private:
  friend class TableScan;
  friend class BulkLoad;
  friend class Index;
  friend class ChunkFreezer;
  friend class ChunkThawer;
  struct Parts;
  struct Attempt;
  struct Wish;

  Result<WriteOutcome> Write(Transaction& transaction, const Snapshot& snapshot, RowId id, const Wish& wish);
  Status Try(Transaction& transaction, const Snapshot& snapshot, RowId id, const Wish& wish, Attempt* attempt);
  // The segment of a row that the tree lacks, into row->segment; null: its chunk is hot.
  const ColdRows* FindSegment(RowId id, FetchedRow* row) const;
  // Where a row's newest version lies: what the tree has wins.
  enum class Place : uint8_t { kTree, kSegment, kNowhere };
  // Calls `visit` with the version that the tree has, under its leaf's latch. What it lacks is in row->segment, or nowhere; a chunk that
  // changes its state between the two looks is looked at again.
  Result<Place> Find(RowId id, FunctionRef<void(Bytes)> visit, FetchedRow* row) const;
  // Fetches what Locate() has found in a segment.
  Status ReadLocated(FetchedRow* row) const;
  // A segment's row as the tree would have it, header and row.
  Result<std::string> VersionIn(const ColdRows& segment, RowId id) const;
  // Puts a cold row that the tree lacks into the tree, so that it can be written; false: it is nowhere.
  Result<bool> CopyIn(RowId id);
  Result<bool> Trim(uint64_t chunk, Lsn frozen_before, const MoveOptions& options);
  // Of the newest version, ghosts included; nothing: there is no such row.
  Result<std::optional<RowHeader>> NewestHeader(RowId id) const;
  // Judges the newest version under its leaf's latch.
  void Judge(Transaction& transaction, const Snapshot& snapshot, const Wish& wish, std::optional<Bytes> current,
             Attempt* attempt) const;
  // Judges it wherever it lies. Of a segment's row the header is read alone.
  Status JudgeWherever(Transaction& transaction, const Snapshot& snapshot, RowId id, const Wish& wish, Attempt* attempt) const;
  // The rest of it for who locks nothing but the row's key.
  Status JudgeKey(const Transaction& transaction, const Snapshot& snapshot, Attempt* attempt) const;
  // Waits for the transaction in the way, in turn.
  Status Await(Transaction& transaction, RowId id, const Wish& wish, TxnId blocker, bool* in_turn);
  LockTag QueueOf(RowId id) const;
  // Locks the newest version and judges it; whether it stays locked is the caller's to say.
  Status Hold(Transaction& transaction, const Snapshot& snapshot, RowId id, const Wish& wish, Attempt* attempt, bool* in_turn);
  // The estimate itself.
  Result<Size> LookAtLeaves() const;
  void LeaveTurn(Transaction& transaction, RowId id, RowLockMode mode);
  Result<std::string_view> Externalize(Transaction& transaction, std::string_view row, std::string* buffer);
  bool HasOverflow(std::string_view row) const;
  Status DropUnused(Transaction& transaction, std::string_view before, std::string_view after);
  RowTable(TransactionManager& manager, SpaceId space, TreeId tree, const types::RowLayout& layout,
           std::unique_ptr<Parts> parts);

  TransactionManager* manager_;
  SpaceId space_;
  TreeId tree_;
  const types::RowLayout* layout_;
  std::string_view name_;
  std::unique_ptr<Parts> parts_;
  bool watched_;  // what serializable transactions do is noted
};

// A column compared with a constant of its layout, where rows lie in segments: on codes and bounds.
struct SegmentTest {
  uint32_t column = 0;
  types::RowTest::Op op = types::RowTest::Op::kEqual;
  types::Value value;
};

// Rows [first, end) that the snapshot sees, in order of row id; but of a cold chunk, those come first (of 2,048) that the tree has too.
// One thread at a time; several scans may share table and snapshot, which must outlive them.
class TableScan {
 public:
  TableScan(const RowTable& table, const Snapshot& snapshot, std::vector<uint32_t> columns, RowId first = RowId(1),
            RowId end = RowId(UINT64_MAX));
  // Leaves out rows that do not pass, as far as that is seen without decoding them: whoever reads tests again.
  void LeaveOut(std::vector<types::RowTest> tests, std::vector<SegmentTest> segment_tests = {});
  ~TableScan();
  TableScan(TableScan&&) noexcept;

  // Resets `out` (columns of the projected types, in order) and fills it with the next rows, at most kVectorSize.
  // row_ids, unless null, has room for kVectorSize and gets their ids. No rows: the end, unless rows are left out: then
  // ended() tells.
  Status Next(types::Chunk& out, RowId* row_ids = nullptr);
  bool ended() const;
  uint64_t left_out() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace phantom::txn
