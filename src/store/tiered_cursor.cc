#include "store/tiered_cursor.h"

namespace phantom::store {

Status TieredCursor::Seek(Bytes key) {
  ASSIGN_OR_RETURN(const bool done, SeekInTree([&] { return cursor_.Seek(key); }));
  return done ? Status::Ok() : Merge(true, key);
}

Status TieredCursor::SeekBelow(Bytes key) {
  ASSIGN_OR_RETURN(const bool done, SeekInTree([&] { return cursor_.SeekBelow(key); }));
  return done ? Status::Ok() : Merge(false, key);
}

Status TieredCursor::SeekAtOrBelow(Bytes key) {
  ASSIGN_OR_RETURN(const bool done, SeekInTree([&] { return cursor_.SeekAtOrBelow(key); }));
  if (done) return Status::Ok();
  std::string above(AsText(key));
  above.push_back('\0');
  return Merge(false, AsBytes(above));
}

Status TieredCursor::SeekLast() {
  ASSIGN_OR_RETURN(const bool done, SeekInTree([&] { return cursor_.SeekLast(); }));
  return done ? Status::Ok() : Merge(false, std::nullopt);
}

Status TieredCursor::MoveOn(bool forward) {
  if (!merging_) return MoveToOtherLeaf(forward);
  if (forward == forward_) {
    if (++at_ == entries_.size()) return Fill();
  } else if (at_ > 0) {
    --at_;
  } else {
    std::string from(AsText(key_));
    if (forward) from.push_back('\0');
    return Merge(forward, AsBytes(from));
  }
  ShowMerged();
  return Status::Ok();
}

// ---- The tree alone --------------------------------------------------------------------------------------------------

// What leaves the tree does so after the list of runs has changed: if that is as before, the copied leaf has all.
Result<bool> TieredCursor::SeekInTree(FunctionRef<Status()> seek) {
  valid_ = false;
  version_ = tree_.version();
  if (tree_.has_runs()) return false;
  RETURN_IF_ERROR(seek());
  if (tree_.version() != version_) return false;
  merging_ = false;
  ShowTrees();
  return true;
}

Status TieredCursor::MoveToOtherLeaf(bool forward) {
  std::string from(AsText(key_));
  valid_ = false;
  RETURN_IF_ERROR(forward ? cursor_.Next() : cursor_.Previous());
  if (tree_.version() == version_) {
    ShowTrees();
    return Status::Ok();
  }
  if (forward) from.push_back('\0');
  return Merge(forward, AsBytes(from));
}

void TieredCursor::ShowTrees() {
  valid_ = cursor_.Valid();
  if (!valid_) return;
  key_ = cursor_.key();
  value_ = cursor_.value();
}

// ---- The tree and its runs -------------------------------------------------------------------------------------------

Status TieredCursor::Merge(bool forward, std::optional<Bytes> from) {
  merging_ = true;
  forward_ = forward;
  scan_.emplace(tree_, forward ? TieredScan::Direction::kForward : TieredScan::Direction::kBackward);
  scan_->Start(from, std::nullopt, expected_);
  return Fill();
}

Status TieredCursor::Fill() {
  valid_ = false;
  bytes_.clear();
  entries_.clear();
  at_ = 0;
  auto take = [&](Bytes key, Bytes value) {
    const auto begin = static_cast<uint32_t>(bytes_.size());
    bytes_.append(AsText(key)).append(AsText(value));
    entries_.push_back({begin, begin + static_cast<uint32_t>(key.size()), static_cast<uint32_t>(bytes_.size())});
  };
  while (entries_.empty() && !scan_->done()) RETURN_IF_ERROR(scan_->Next([](Bytes) { return false; }, take));
  if (!entries_.empty()) ShowMerged();
  return Status::Ok();
}

void TieredCursor::ShowMerged() {
  const Entry& entry = entries_[at_];
  const Bytes all = AsBytes(bytes_);
  key_ = all.subspan(entry.key, entry.value - entry.key);
  value_ = all.subspan(entry.value, entry.end - entry.value);
  valid_ = true;
}

}  // namespace phantom::store
