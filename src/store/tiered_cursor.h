// store/tiered_cursor.h
//
// Walks a tree with runs entry by entry, turning round at will, as btree::Cursor does a tree alone. It works on copies:
// holds no latch between calls, and what changes in a stretch that has been copied is not noticed.
//
// As long as the tree has no runs this is btree::Cursor at its cost; whether it has any is looked at whenever a leaf is copied.
//
// May show tombstones (IsTombstone), which are nothing.
//
// Thread safety: one thread at a time. The tree must outlive it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "btree/cursor.h"
#include "common/bytes.h"
#include "common/function_ref.h"
#include "common/status.h"
#include "store/tiered_scan.h"
#include "store/tiered_tree.h"

namespace phantom::store {

class TieredCursor {
 public:
  explicit TieredCursor(const TieredTree& tree) : tree_(tree), cursor_(tree.tree()) {}
  TieredCursor(const TieredCursor&) = delete;
  TieredCursor& operator=(const TieredCursor&) = delete;

  // How many entries are likely to be wanted after a seek, if that is known: then no more are taken from runs at first.
  void Expect(uint64_t entries) { expected_ = entries; }

  // To the first entry >= key / the last entry < key / <= key. Valid() tells whether there is one.
  Status Seek(Bytes key);
  Status SeekBelow(Bytes key);
  Status SeekAtOrBelow(Bytes key);
  Status SeekFirst() { return Seek({}); }
  Status SeekLast();

  bool Valid() const { return valid_; }
  // Require Valid(). The bytes live until the next move.
  Bytes key() const { return key_; }
  Bytes value() const { return value_; }

  // Require Valid().
  Status Next() { return Move(true); }
  Status Previous() { return Move(false); }

 private:
  struct Entry {
    uint32_t key, value, end;  // offsets in bytes_
  };

  Status Move(bool forward) {
    if (merging_ || !cursor_.Step(forward)) [[unlikely]] return MoveOn(forward);
    key_ = cursor_.key();
    value_ = cursor_.value();
    return Status::Ok();
  }
  Status MoveOn(bool forward);
  // By way of the tree alone; false: it has runs.
  Result<bool> SeekInTree(FunctionRef<Status()> seek);
  Status MoveToOtherLeaf(bool forward);
  void ShowTrees();

  // By way of both: starts a walk and shows its first entry. Forward from `from` on; backward from below it.
  Status Merge(bool forward, std::optional<Bytes> from);
  Status Fill();
  void ShowMerged();

  const TieredTree& tree_;
  uint64_t expected_ = 0;
  bool merging_ = false;
  bool valid_ = false;
  Bytes key_, value_;

  // The tree has had no runs when the present leaf was copied, at this version.
  btree::Cursor cursor_;
  uint64_t version_ = 0;

  // A stretch in the order of the walk.
  bool forward_ = true;
  std::optional<TieredScan> scan_;
  std::string bytes_;
  std::vector<Entry> entries_;
  size_t at_ = 0;
};

}  // namespace phantom::store
