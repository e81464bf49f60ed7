// txn/index.h
//
// An index as transactions see it: entries key||row id in a KEYED tree with its runs. The caller makes the keys (types::KeyCodec).
//
// An entry is plain while the row's newest version has its key. A transaction that changes the key or deletes the row
// marks the entry dead (Delete); purge removes it when no snapshot can need it. So a plain entry that leads to the
// newest version of a row needs no look at the key; in every other case the caller compares the key of the version it
// fetched (IndexEntry::dead or !FetchedRow::newest).
//
// Order of writes: the row first, then its entries.
//
// Thread safety: any thread; one thread at a time a Transaction or an IndexScan.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/ids.h"
#include "common/status.h"
#include "txn/row_table.h"
#include "txn/transaction.h"

namespace phantom::store {
class TieredTree;
}

namespace phantom::txn {

// Keys from lower to upper; an absent bound is open. A bound that is a prefix of a key compares below it, so "all keys
// with this prefix" is [prefix, PrefixSuccessor(prefix)).
struct KeyRange {
  std::optional<std::string> lower;
  bool lower_inclusive = true;
  std::optional<std::string> upper;
  bool upper_inclusive = false;  // inclusive takes all keys that start with `upper`
};

class Index {
 public:
  static constexpr size_t kKeyBytesMax = 1592;

  static Result<Index> Open(TransactionManager& manager, SpaceId space, TreeId tree);
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;
  ~Index();

  // As RowTable::SetPrivate().
  void SetPrivate() { watched_ = false; }

  SpaceId space() const { return space_; }
  TreeId tree() const { return tree_; }

  // 54000 "index row size ..." when the key is too long, as all that write entries return.
  static Status CheckKey(std::string_view key);

  Status Insert(Transaction& transaction, std::string_view key, RowId row);

  // Inserts unless another live row has the key: then changes nothing and returns that row. Waits for transactions in
  // progress that decide it. Keys with NULLs that are distinct go through Insert.
  Result<std::optional<RowId>> InsertUnique(Transaction& transaction, std::string_view key, RowId row,
                                            const RowTable& table);
  // The decision alone: ON CONFLICT's first look, deferred constraints. `except` is a row that does not count.
  Result<std::optional<RowId>> FindConflict(Transaction& transaction, std::string_view key, RowId except,
                                            const RowTable& table);

  // Without waiting: another live row has the key, or one whose fate is open may get it. After Insert() at least one of
  // two transactions that insert the same key sees the other.
  Result<bool> MayConflict(Transaction& transaction, std::string_view key, RowId except, const RowTable& table);

  // The row, as this transaction wrote it, no longer has this key. An index that is still being filled (Fill) may lack the
  // entry: then `filling` lets the mark stand in its place.
  Status Delete(Transaction& transaction, std::string_view key, RowId row, bool filling = false);

  // Filling an index that all who write the table keep up to date: adds the entry of a row version that a snapshot of the
  // caller, held meanwhile and taken since all of them do, sees. Where the row has had another key since, a mark tells, and it is
  // left alone; one whose transaction is in progress is waited for. kDuplicate: another live row has the key, and nothing was
  // added.
  enum class Filled : uint8_t { kDone, kDuplicate };
  Result<Filled> Fill(Transaction& transaction, std::string_view key, RowId row, const RowTable& table, bool unique);

 private:
  friend class IndexScan;
  friend class IndexLoad;
  // What stands in the way of a unique key.
  struct Obstacle {
    RowId row;       // a live row that has the key
    TxnId writer;    // who has written it
    TxnId blocker;   // or a transaction in progress that decides
    RowId in_doubt;  // about this row
  };
  // The transaction is to learn that the row has the key. False: it has been noted as its reader only now, and has to look again.
  bool NoteFound(Transaction& transaction, const Obstacle& obstacle, const RowTable& table, std::optional<RowId>* noted) const;
  // Puts the entry unless there is one. The transaction in progress that has marked it, if any.
  Result<TxnId> PutUnlessThere(Transaction& transaction, std::string_view key, RowId row, bool* there);
  Status NoteWritten(Transaction& transaction, Bytes entry) const;
  Result<Obstacle> FindObstacle(TxnId own, std::string_view key, RowId except, const RowTable& table) const;
  Index(TransactionManager& manager, SpaceId space, TreeId tree, std::shared_ptr<store::TieredTree> entries);

  TransactionManager* manager_;
  SpaceId space_;
  TreeId tree_;
  std::shared_ptr<store::TieredTree> entries_;
  bool watched_;  // what serializable transactions do is noted
};

struct IndexEntry {
  std::string_view key;  // without the row id; valid until the next call
  RowId row;
  bool dead = false;     // some version's key, not the newest's: compare keys after fetching
};

enum class ScanDirection : uint8_t { kForward, kBackward };

// Entries that may lead to rows the snapshot sees. The index and the snapshot must outlive it. Sees a state of the tree
// that changes under it, as any index scan; what the snapshot sees is complete.
class IndexScan {
 public:
  IndexScan(const Index& index, const Snapshot& snapshot, KeyRange range,
            ScanDirection direction = ScanDirection::kForward);
  ~IndexScan();
  IndexScan(IndexScan&&) noexcept;

  // False at the end.
  Result<bool> Next(IndexEntry* entry);
  // Again from the start, with a new range, and with what the snapshot is by now.
  void Restart(KeyRange range);
  // Nothing more is wanted: what is held of the index goes. Next() is at the end.
  void Stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace phantom::txn
