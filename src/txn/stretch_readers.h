// txn/stretch_readers.h
//
// Who has read which stretches of an index: a map of boundaries, behind each the readers of what lies up to the next, so
// that an entry finds its readers by one look-up.
//
// Thread safety: none; what it takes is told to a counter that several may share.
#pragma once
#include <atomic>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phantom::txn {

class PredicateReader;

class StretchReaders {
 public:
  using Readers = std::vector<PredicateReader*>;  // in the order of their addresses

  // `bytes` goes up and down by what this takes, about.
  explicit StretchReaders(std::atomic<size_t>& bytes) : bytes_(bytes) {}
  StretchReaders(const StretchReaders&) = delete;
  StretchReaders& operator=(const StretchReaders&) = delete;

  // From `from` up to, not with, `to`; no `to`: to the end. It may have read parts of that before.
  void Add(PredicateReader* reader, std::string_view from, const std::optional<std::string>& to);
  void Remove(PredicateReader* reader, std::string_view from, const std::optional<std::string>& to);
  // Null: nobody's.
  const Readers* Find(std::string_view key) const;
  bool empty() const { return boundaries_.empty(); }

 private:
  using Boundaries = std::map<std::string, Readers, std::less<>>;
  // A node of the map with what the allocator adds, without what the key and the readers take.
  static constexpr size_t kBoundaryBytes = 112;

  Boundaries::iterator BoundaryAt(std::string_view key);
  void Join(Boundaries::iterator at, Boundaries::iterator end);
  static size_t BytesOf(const Boundaries::value_type& boundary) {
    return kBoundaryBytes + boundary.first.size() + boundary.second.size() * sizeof(PredicateReader*);
  }

  std::atomic<size_t>& bytes_;
  Boundaries boundaries_;
};

}  // namespace phantom::txn
