// engine/peer_groups.h
//
// Where peer groups begin among the rows of a partition: a bit a row, with counts that make looking up a row's group or a
// group's first row quick. So a partition of a hundred million rows takes 14 MB.
//
// Thread safety: one thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace phantom::engine {

class PeerGroups {
 public:
  void Clear();
  // The next row; `begins` a group. The first row does.
  void Add(bool begins);

  size_t size() const { return size_; }
  size_t groups() const { return groups_; }
  // The number of a row's group, from 0.
  size_t GroupOf(size_t row) const;
  // The rows of a row's group: [Begin, End).
  size_t Begin(size_t row) const;
  size_t End(size_t row) const;
  // The first row of a group; size() for what is past the last one.
  size_t GroupBegin(size_t group) const;

 private:
  static constexpr size_t kBlockWords = 8;

  void Find(size_t row) const;

  std::vector<uint64_t> words_;
  std::vector<uint64_t> before_;  // by block of words: groups that begin before it
  size_t size_ = 0, groups_ = 0;
  mutable size_t begin_ = 0, end_ = 0;  // the group asked for last
};

}  // namespace phantom::engine
