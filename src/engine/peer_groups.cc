#include "engine/peer_groups.h"

#include <algorithm>
#include <bit>

namespace phantom::engine {

void PeerGroups::Clear() {
  words_.clear();
  before_.clear();
  size_ = groups_ = begin_ = end_ = 0;
}

void PeerGroups::Add(bool begins) {
  if (size_ % 64 == 0) {
    if (words_.size() % kBlockWords == 0) before_.push_back(groups_);
    words_.push_back(0);
  }
  if (begins || size_ == 0) {
    words_.back() |= uint64_t{1} << (size_ % 64);
    ++groups_;
  }
  ++size_;
}

size_t PeerGroups::GroupOf(size_t row) const {
  const size_t word = row / 64;
  size_t count = before_[word / kBlockWords];
  for (size_t w = word / kBlockWords * kBlockWords; w < word; ++w) count += static_cast<size_t>(std::popcount(words_[w]));
  return count + static_cast<size_t>(std::popcount(words_[word] << (63 - row % 64))) - 1;
}

void PeerGroups::Find(size_t row) const {
  if (row >= begin_ && row < end_) return;
  size_t word = row / 64;
  uint64_t bits = words_[word] << (63 - row % 64) >> (63 - row % 64);
  while (bits == 0) bits = words_[--word];
  begin_ = word * 64 + 63 - static_cast<size_t>(std::countl_zero(bits));
  word = row / 64;
  bits = row % 64 == 63 ? 0 : words_[word] >> (row % 64 + 1) << (row % 64 + 1);
  while (bits == 0 && ++word < words_.size()) bits = words_[word];
  end_ = bits == 0 ? size_ : word * 64 + static_cast<size_t>(std::countr_zero(bits));
}

size_t PeerGroups::Begin(size_t row) const {
  Find(row);
  return begin_;
}

size_t PeerGroups::End(size_t row) const {
  Find(row);
  return end_;
}

size_t PeerGroups::GroupBegin(size_t group) const {
  if (group >= groups_) return size_;
  const auto after = std::upper_bound(before_.begin(), before_.end(), group);
  const size_t block = static_cast<size_t>(after - before_.begin()) - 1;
  size_t left = group - before_[block];
  for (size_t word = block * kBlockWords;; ++word) {
    uint64_t bits = words_[word];
    const auto here = static_cast<size_t>(std::popcount(bits));
    if (left >= here) {
      left -= here;
      continue;
    }
    for (; left > 0; --left) bits &= bits - 1;
    return word * 64 + static_cast<size_t>(std::countr_zero(bits));
  }
}

}  // namespace phantom::engine
