// store/tiered_scan.h
//
// Walks the entries of a tree with runs in order, in both directions, a stretch at a time: first the runs' entries are
// gathered, with nothing latched; then those of a leaf are merged in under its latch.
//
// Thread safety: one thread at a time. The tree must outlive it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/function_ref.h"
#include "common/status.h"
#include "store/tiered_tree.h"

namespace phantom::btree {
class LeafView;
}
namespace phantom::lsm {
class RunCursor;
}

namespace phantom::store {

class TieredScan {
 public:
  enum class Direction : uint8_t { kForward, kBackward };
  TieredScan(const TieredTree& tree, Direction direction);
  ~TieredScan();

  // Forward: from the first entry >= key on; backward: from the last entry < key (nullopt: from the end) on. With `whole`,
  // only entries that are `whole` and as many bytes more as filters leave out are wanted: runs without such are left out.
  // `expected`: how many entries the caller is likely to want, if it knows.
  void Start(std::optional<Bytes> key, std::optional<Bytes> whole = std::nullopt, uint64_t expected = 0);
  // It is done, and holds nothing of the runs any more.
  void Stop();
  bool done() const { return done_; }
  // Where the next stretch begins.
  const std::string& position() const { return position_; }

  // Shows `take` the next entries, all as they are at one instant, with their leaf latched; it must be short, wait for
  // nothing and touch no tree. `past` tells whether a key is behind the last that is wanted; the walk ends there. May show
  // nothing without being done.
  using Past = FunctionRef<bool(Bytes key)>;
  using Take = FunctionRef<void(Bytes key, Bytes value)>;
  // `shown`, unless null, is called at the end of that, under the same latch.
  Status Next(Past past, Take take, const FunctionRef<void()>* shown = nullptr);
  // Backward: has nothing been shown since the start at the end?
  bool at_end() const { return open_; }
  // For `shown`, unless the walk is done: where the stretch ends, and the next begins.
  const std::string& upcoming() const { return next_position_; }

 private:
  struct Gathered {
    uint32_t key, value, end;  // offsets in bytes_
  };

  bool forward() const { return direction_ == Direction::kForward; }
  Status Refresh();
  // Lets go of the runs.
  void Release();
  // One more cursor, on this run.
  lsm::RunCursor& AddCursor(const lsm::RunReader& run);
  Status Gather(Past past);
  // The cursor at the key that comes next, the newest run's if several have it. Requires one.
  lsm::RunCursor& First() const { return *cursors_[order_.front()]; }
  Status MoveFirst();
  bool IsBefore(uint32_t a, uint32_t b) const;
  Bytes KeyOf(const Gathered& gathered) const;
  Bytes ValueOf(const Gathered& gathered) const;
  // Order in the direction of the walk.
  int Order(Bytes a, Bytes b) const;
  void Merge(const btree::LeafView& leaf, Past past, Take take);
  void GoOnAt(Bytes position) { next_position_.assign(AsText(position)); }

  const TieredTree& tree_;
  const Direction direction_;
  bool done_ = true;
  bool open_ = false;  // backward: from the very end
  std::string position_;
  std::string next_position_;
  std::optional<std::string> whole_;

  uint64_t version_ = 0;  // of what follows
  std::shared_ptr<const RunList> runs_;
  std::vector<std::unique_ptr<lsm::RunCursor>> cursors_;  // the newest run's first; those past cursor_count_ wait to be used again
  uint32_t cursor_count_ = 0;
  std::vector<uint32_t> order_;                           // those that are not at their end, by their keys
  // From the runs, merged, without tombstones, in the order of the walk; consumed up to next_.
  std::string bytes_;
  std::vector<Gathered> gathered_;
  size_t next_ = 0;
  bool exhausted_ = true;  // the runs have nothing more that is wanted
  uint32_t batch_ = 0;
};

}  // namespace phantom::store
