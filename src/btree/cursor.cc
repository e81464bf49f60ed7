#include "btree/cursor.h"

#include <cstring>
#include <string>

#include "btree/node.h"
#include "common/check.h"

namespace phantom::btree {

struct Cursor::PageCopy {
  alignas(64) std::byte bytes[kPageBytes];
};

Cursor::Cursor(const Tree& tree) : tree_(tree), page_(new PageCopy) {}
Cursor::~Cursor() = default;

LeafView Cursor::leaf() const { return LeafView(page_->bytes); }

Bytes Cursor::value() const {
  PHANTOM_DCHECK(valid_);
  return node::Value(page_->bytes, position_);
}

Status Cursor::Load(std::optional<Bytes> key, bool below) {
  auto copy = [&](const LeafView& leaf) { std::memcpy(page_->bytes, leaf.page(), kPageBytes); };
  return below ? tree_.VisitLeafBefore(key, copy) : tree_.VisitLeaf(*key, copy);
}

// The position may be just past either end of the leaf: goes on to the next one that has entries.
Status Cursor::Settle(bool forward) {
  valid_ = false;
  std::byte fence[kKeyBytesMax];
  auto copy_fence = [&](Bytes from) {
    if (!from.empty()) std::memcpy(fence, from.data(), from.size());
    return Bytes(fence, from.size());
  };
  // Position UINT32_MAX stands for just before the first entry.
  while (position_ >= leaf().count()) {
    if (forward) {
      if (leaf().is_last()) return Status::Ok();
      const Bytes next = copy_fence(leaf().high_fence());
      RETURN_IF_ERROR(Load(next, false));
      position_ = leaf().LowerBound(next);
    } else {
      if (leaf().low_fence().empty()) return Status::Ok();
      const Bytes next = copy_fence(leaf().low_fence());
      RETURN_IF_ERROR(Load(next, true));
      position_ = leaf().LowerBound(next) - 1;
    }
  }
  key_size_ = leaf().CopyKey(position_, key_.data());
  valid_ = true;
  return Status::Ok();
}

Status Cursor::Seek(Bytes key) {
  valid_ = false;
  RETURN_IF_ERROR(Load(key, false));
  position_ = leaf().LowerBound(key);
  return Settle(true);
}

Status Cursor::SeekBelow(Bytes key) {
  valid_ = false;
  RETURN_IF_ERROR(Load(key, true));
  position_ = leaf().LowerBound(key) - 1;
  return Settle(false);
}

Status Cursor::SeekAtOrBelow(Bytes key) {
  valid_ = false;
  RETURN_IF_ERROR(Load(key, false));
  position_ = leaf().UpperBound(key) - 1;
  return Settle(false);
}

Status Cursor::SeekFirst() { return Seek({}); }

Status Cursor::SeekLast() {
  valid_ = false;
  RETURN_IF_ERROR(Load(std::nullopt, true));
  position_ = leaf().count() - 1;
  return Settle(false);
}

bool Cursor::Step(bool forward) {
  const uint32_t to = forward ? position_ + 1 : position_ - 1;
  if (to >= leaf().count()) return false;
  position_ = to;
  key_size_ = leaf().CopyKey(to, key_.data());
  return true;
}

Status Cursor::Next() {
  PHANTOM_CHECK(valid_);
  ++position_;
  return Settle(true);
}

Status Cursor::Previous() {
  PHANTOM_CHECK(valid_);
  --position_;
  return Settle(false);
}

}  // namespace phantom::btree
