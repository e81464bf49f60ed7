// btree/structure.h
//
// Splits, merges and freeing of a tree's nodes. Each is one log record (PagesRecord) over latched
// pages, all or nothing, and never undone. Pages that are needed are fetched, and new frames taken,
// before anything is latched; then latches are taken top-down and left to right, and versions tell
// whether what was decided on still holds. If not, nothing is done and the caller starts over.
#pragma once
#include <cstdint>
#include <span>

#include "btree/tree.h"
#include "common/bytes.h"
#include "common/status.h"

namespace phantom::btree {

class StructureChange {
 public:
  explicit StructureChange(const Tree& tree) : tree_(tree) {}

  // Makes room, in the node at `level` where `key` belongs, for an entry with that key. May have done
  // nothing when others changed the tree; the caller looks again. Requires nothing latched.
  Status Split(uint32_t level, Bytes key);

  // Joins the underfull node at `level` where `key` belongs with a neighbour, if they fit into one. False: it has not, perhaps
  // because others were changing the tree. Requires nothing latched.
  Result<bool> Merge(uint32_t level, Bytes key);

  // Tree::Prune's work. Requires nothing latched.
  Result<Tree::Pruned> Prune(Bytes key, FunctionRef<bool(Bytes key, Bytes value)> drop);

  // Tree::Fill's work for entries that do not all fit into the leaf that holds the first one's place: merges them with what that
  // has, over as many leaves as it takes, up to some. Returns how many are dealt with; 0: this was not possible. Requires nothing latched.
  Result<size_t> FillOver(std::span<const Tree::Entry> entries);

  // Frees all nodes below `page`, which is at `level`, and empties it.
  Status FreeBelow(PageId page, uint32_t level);
  Status FreeRoot();

 private:
  Status SplitRoot(Frame* root, uint64_t version, Bytes key);
  Result<bool> Join(uint32_t level, Bytes key, const Tree::Position& parent, uint32_t right_position);
  Status CollapseRoot();

  const Tree& tree_;
};

// A node with less in it should be merged.
inline constexpr size_t kUnderfullBytes = kPageBytes / 4;
// Merged nodes are at most this full, so that they do not split at once.
inline constexpr size_t kMergedBytesMax = kPageBytes / 4 * 3;

}  // namespace phantom::btree
