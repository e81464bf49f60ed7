// txn/key_table.h
//
// Keys and values as transactions see them, for the key-value interface: a KEYED tree with its runs whose values are
// versions (docs/formats/row_header.md), with an overflow tree for long ones.
//
// A write outside transactions is one log record, which is its commit (docs/decisions/0018-key-value.md). Such a write
// waits for a transaction in progress that has written the key; a transaction waits for another.
//
// Errors: 54000 key too long; those of the store. Thread safety: any thread; one thread at a time a Transaction or a
// KeyCursor.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "btree/key.h"
#include "common/bytes.h"
#include "common/function_ref.h"
#include "common/ids.h"
#include "common/status.h"
#include "store/tiered_cursor.h"
#include "txn/transaction.h"

namespace phantom::txn {

class TableState;
struct RowHeader;

class KeyTable {
 public:
  static constexpr size_t kKeyBytesMax = btree::kKeyBytesMax;
  static constexpr size_t kValueBytesMax = (size_t{1} << 30) - 1;
  // Longer values lie in the overflow tree.
  static constexpr size_t kInlineBytesMax = 2000;

  // Of a tree made by TransactionManager::CreateKeyTree.
  static Result<KeyTable> Open(TransactionManager& manager, SpaceId space, TreeId tree);
  KeyTable(KeyTable&&) noexcept;
  KeyTable& operator=(KeyTable&&) noexcept;
  ~KeyTable();

  // The newest committed value. False: there is none, *value is as it was.
  Result<bool> Get(std::string_view key, std::string* value) const;
  // As of the snapshot, which must be of keys (TransactionManager::TakeKeySnapshot).
  Result<bool> Get(const Snapshot& snapshot, std::string_view key, std::string* value) const;

  // Outside transactions. Return the LSN that must be durable for the write to be; 0 when there was nothing to write.
  // No value: delete.
  Result<Lsn> Write(std::string_view key, std::optional<std::string_view> value);
  enum class Decision : uint8_t { kNone, kPut, kDelete };
  using Decide = FunctionRef<Decision(std::optional<std::string_view> present, std::string* value)>;
  // The function may run under a latch: it must be short and must not touch trees. It may be called several times,
  // *value always being empty; the last call counts.
  Result<Lsn> Update(std::string_view key, Decide decide);

  // In a transaction. Those who write several keys in the order of keys do not wait for each other in a circle.
  Status Write(Transaction& transaction, std::string_view key, std::optional<std::string_view> value);

  // Every version in the tree, its long values, and no transaction but those in progress. XX001.
  Status Check() const;

 private:
  friend class KeyCursor;
  struct Attempt;

  KeyTable(TransactionManager& manager, std::shared_ptr<TableState> state, std::shared_ptr<store::TieredTree> entries);

  // The version the snapshot sees, when the newest is `newest` (header and body).
  Result<bool> Resolve(const Snapshot& snapshot, Bytes newest, std::string* value) const;
  // Header and body to the value.
  Status Materialize(Bytes version, std::string* value) const;
  // One change outside transactions, unless it needs one.
  Result<Lsn> Try(std::string_view key, Decide decide, bool shown, Attempt* attempt);
  // Prepares another try.
  Status Prepare(LockHolder* locks, TxnId writer, Attempt* attempt) const;
  // What a write finds: fills in the new version's place in the chain, or says what has to happen first.
  bool Judge(TxnId writer, std::optional<Bytes> current, RowHeader* header, Lsn* link, Attempt* attempt) const;
  // False: the newest version is not `expected` (0: none), nothing was written.
  Result<bool> WriteIn(Transaction& transaction, std::string_view key, std::optional<std::string_view> value,
                       std::optional<Lsn> expected);
  // The same in a transaction of its own.
  Result<bool> WriteLong(std::string_view key, std::optional<std::string_view> value, std::optional<Lsn> expected,
                         Lsn* committed);
  Result<Lsn> UpdateLong(std::string_view key, Decide decide);

  TransactionManager* manager_;
  std::shared_ptr<TableState> state_;  // long values are its
  std::shared_ptr<store::TieredTree> entries_;
};

// Walks the keys that a snapshot sees, in both directions. Works on copies of leaves: holds no latch between calls.
class KeyCursor {
 public:
  // Both must outlive the cursor.
  KeyCursor(const KeyTable& table, const Snapshot& snapshot);

  // How many keys are likely to be wanted after a seek, if that is known.
  void Expect(uint64_t keys) { cursor_.Expect(keys); }

  Status Seek(std::string_view key);
  Status SeekAtOrBelow(std::string_view key);
  Status SeekBelow(std::string_view key);
  Status SeekFirst();
  Status SeekLast();
  bool Valid() const { return cursor_.Valid(); }
  // Require Valid(). The bytes live until the next move.
  std::string_view key() const { return AsText(cursor_.key()); }
  std::string_view value() const { return value_; }
  Status Next();
  Status Previous();

 private:
  // Goes on until there is a key that the snapshot sees.
  Status Settle(bool forward);

  const KeyTable& table_;
  const Snapshot& snapshot_;
  store::TieredCursor cursor_;
  std::string buffer_;
  std::string_view value_;
};

}  // namespace phantom::txn
