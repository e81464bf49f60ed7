// btree/cursor.h
//
// Walks a tree's entries in order, in both directions. The cursor works on a private copy of one
// leaf, so it holds no latch between calls and others may change the tree meanwhile; entries that
// come or go in the present leaf after it was copied are not noticed.
//
// Thread safety: none; one thread at a time.
#pragma once
#include <array>
#include <memory>
#include <optional>

#include "btree/key.h"
#include "btree/tree.h"
#include "common/status.h"

namespace phantom::btree {

class Cursor {
 public:
  explicit Cursor(const Tree& tree);
  ~Cursor();

  // To the first entry >= key / the last entry < key / <= key. Valid() tells whether there is one.
  Status Seek(Bytes key);
  Status SeekBelow(Bytes key);
  Status SeekAtOrBelow(Bytes key);
  Status SeekFirst();
  Status SeekLast();

  bool Valid() const { return valid_; }
  // Require Valid(). The bytes live until the next move.
  Bytes key() const { return {key_.data(), key_size_}; }
  RowId row_id() const { return RowIdOf(key()); }
  Bytes value() const;
  // Requires Valid(). Moves within the leaf that has been copied; false: it ends here, nothing has moved.
  bool Step(bool forward);

  // Require Valid().
  Status Next();
  Status Previous();

 private:
  Status Load(std::optional<Bytes> key, bool below);
  Status Settle(bool forward);
  LeafView leaf() const;

  const Tree& tree_;
  struct PageCopy;
  std::unique_ptr<PageCopy> page_;
  std::array<std::byte, kKeyBytesMax> key_;
  size_t key_size_ = 0;
  uint32_t position_ = 0;
  bool valid_ = false;
};

}  // namespace phantom::btree
