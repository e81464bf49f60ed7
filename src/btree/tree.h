// btree/tree.h
//
// A B+-tree: ordered keys with small values, logged and recoverable. A tree is named by its root
// page, which never moves; a Tree object is a cheap handle on it.
//
// Inner nodes are read optimistically, leaves under a latch. Callbacks given to Read, VisitLeaf
// and Modify run while a leaf is latched: they must be short, must not wait for anything and must
// not touch a tree. Methods wait for page reads (with nothing latched), so call them with no
// mutex of rank kBufferPool or higher held.
//
// Every change to a key is one kChange record, applied to one page. Splits and merges are system
// actions, logged by themselves and never undone; so is what concerns many entries of a leaf (Prune, Fill).
//
// Changes wait for room in the log but do not refuse; who may be refused asks LogWriter::Admit() first.
//
// Errors: 53100 no room on disk for pages; 58030 I/O; XX001 corrupted page; 54000 key or value too long.
// After an error from Modify nothing has changed.
// Thread safety: all methods may be called from any thread. Bytes: docs/formats/page.md.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "btree/key.h"
#include "common/bytes.h"
#include "common/function_ref.h"
#include "common/ids.h"
#include "common/status.h"

namespace phantom::wal {
class LogWriter;
}

namespace phantom::btree {

class BufferPool;
class NodeView;
struct Frame;

// What Modify's callback decided. The bytes must live until Modify returns.
struct Edit {
  enum class Op : uint8_t { kNone, kPut, kRemove };
  Op op = Op::kNone;
  // Of the log record.
  TxnId txn;
  Lsn prev;
  Lsn link;
  bool compensation = false;
  // The first 8 bytes of the value are replaced by the record's LSN.
  bool stamp = false;
  // Whether somebody may need the value before, which the record otherwise does without; null: yes. Asked before the
  // record is appended and once more after: then, if it has become so, the change is appended again with that value.
  // For changes outside transactions.
  const FunctionRef<bool()>* needs_before = nullptr;
  // kPut: the value is head followed by body.
  Bytes head;
  Bytes body;
};

// A leaf under a shared latch, only valid inside the callback.
class LeafView {
 public:
  explicit LeafView(const std::byte* page) : page_(page) {}

  uint32_t count() const;
  // First position whose key is >= / > `key`; count() when there is none.
  uint32_t LowerBound(Bytes key) const;
  uint32_t UpperBound(Bytes key) const;
  Bytes value(uint32_t position) const;

  // The key is prefix() followed by suffix(position).
  Bytes prefix() const;
  Bytes suffix(uint32_t position) const;
  // Copies the key; `to` has room for kKeyBytesMax. Returns its length.
  size_t CopyKey(uint32_t position, std::byte* to) const;
  // Of a ROWID tree.
  RowId row_id(uint32_t position) const;

  // All keys of the leaf are >= low_fence() (empty: no bound) and < high_fence(), if it has one.
  Bytes low_fence() const;
  bool is_last() const;
  Bytes high_fence() const;

  uint32_t used_bytes() const;

  // The whole page, to be copied: a LeafView on the copy (aligned to 8) works as this one.
  const std::byte* page() const { return page_; }

 private:
  const std::byte* page_;
};

struct TreeStats {
  uint64_t entries = 0;
  uint64_t leaf_pages = 0;
  uint64_t inner_pages = 0;
  uint64_t used_bytes = 0;
  uint32_t height = 0;  // 1: the root is a leaf
};

class Tree {
 public:
  Tree(BufferPool& pool, wal::LogWriter& log, TreeId id, PageId root, TreeKind kind)
      : pool_(pool), log_(log), root_(root), id_(id), kind_(kind) {}

  // Makes the root of a new, empty tree at a page number that the caller has allocated.
  static Status Make(BufferPool& pool, wal::LogWriter& log, TreeId id, PageId root, TreeKind kind);

  TreeId id() const { return id_; }
  SpaceId space() const { return root_.space(); }
  PageId root() const { return root_; }
  TreeKind kind() const { return kind_; }

  // Calls back with the key's value, or nothing when there is none.
  Status Read(Bytes key, FunctionRef<void(std::optional<Bytes> value)> visit) const;

  // Copies the key's value to `to`, which has room for kValueBytesMax. False: there is none. Takes no latch.
  Result<bool> Copy(Bytes key, std::byte* to, size_t* bytes) const;

  // Shows the callback the key's present value with the leaf exclusively latched; the callback
  // decides what to do, and the change is logged and applied before the latch is released. May
  // call back several times (the leaf had to be split in between): each time anew with what is
  // then there; the last answer counts. An error of the callback is returned, nothing changed.
  // Returns the record's LSN, or 0 for kNone and for kRemove of a missing key.
  Result<Lsn> Modify(Bytes key, FunctionRef<Status(std::optional<Bytes> current, Edit& edit)> decide);

  // Puts entries that the tree lacks, in ascending order of keys, into the leaf that holds the place of the first, as many as
  // there is room for: one record of the leaf, a system action. Those whose keys it has are passed over. Returns how many are dealt with, at
  // least one; the caller goes on with the next. Requires at least one. After an error nothing has been put.
  struct Entry {
    Bytes key;
    Bytes value;
  };
  Result<size_t> Fill(std::span<const Entry> entries);

  // Visits the leaf that holds the place of `key`: its first entry >= key is there, or in the
  // leaf after it when LowerBound is count(). To go on: VisitLeaf(copy of high_fence()) until is_last().
  Status VisitLeaf(Bytes key, FunctionRef<void(const LeafView&)> visit) const;

  // Visits the leaf that holds the place just below `key`; nullopt stands for above all keys. To go
  // on: VisitLeafBefore(copy of low_fence()) until that is empty.
  Status VisitLeafBefore(std::optional<Bytes> key, FunctionRef<void(const LeafView&)> visit) const;

  // Removes from the leaf that holds the place of `key` every entry that the callback picks, without keeping what it was: one record of
  // the leaf as it is afterwards, a system action. For entries that others hold a copy of. Returns what is left of the
  // leaf, and its high fence (empty: the last leaf).
  struct Pruned {
    uint32_t left = 0;
    std::string high_fence;
  };
  Result<Pruned> Prune(Bytes key, FunctionRef<bool(Bytes key, Bytes value)> drop);
  // Joins the leaf that holds the place of `key` with a neighbour when both fit into one. Only tidies: may do nothing.
  Status Tidy(Bytes key);

  // Frees all pages. The tree must no longer be in use. What has been freed stays freed after a
  // crash; calling it again then frees the rest. A root that does not exist is success.
  Status FreePages();

  // Walks the whole tree and verifies order, fences, levels, ids and space accounting. Meant for a quiet
  // tree: changes during the walk may be reported as errors. XX001 with the first thing found.
  // `page` is told every page of the tree. A tree that may be `partial` is being made (it may have no root yet) or freed (inner
  // nodes may have lost their children).
  Status Check(FunctionRef<void(PageId)> page, TreeStats* stats, bool partial = false) const;

 private:
  friend class StructureChange;

  // A node being read optimistically.
  struct Position {
    Frame* frame = nullptr;
    uint64_t version = 0;
  };
  // Where to descend: to the node that holds the key, or the one that holds the place just below
  // it (no key: above all keys).
  struct Target {
    std::optional<Bytes> key;
    bool below = false;
    uint32_t PositionIn(const std::byte* page) const;
    bool IsCoveredBy(const std::byte* page) const;
  };

  // Descends to the node at `level`; `parent` is without a frame when that is the root. False: no such level.
  Result<bool> Descend(const Target& target, uint32_t level, Position* node, Position* parent) const;
  enum class Attempt : uint8_t { kFound, kNoLevel, kRestart };
  Result<Attempt> TryDescend(const Target& target, uint32_t level, Position* node, Position* parent) const;
  // The leaf, latched.
  Result<Frame*> DescendToLeaf(const Target& target, bool exclusive) const;
  bool IsOurs(const Frame& frame, PageId page, uint32_t level) const;

  Lsn Apply(Frame& frame, uint32_t position, bool exists, Bytes key, const Edit& edit) const;
  struct CheckState;
  Status CheckNode(CheckState& state, PageId page, uint32_t level, Bytes low, const Bytes* high) const;

  BufferPool& pool_;
  wal::LogWriter& log_;
  const PageId root_;
  const TreeId id_;
  const TreeKind kind_;
};

}  // namespace phantom::btree
