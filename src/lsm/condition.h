// lsm/condition.h
//
// "column op constant", ready to be asked of encoded vectors, single values and bounds. Every operator becomes a list
// of ranges in the order of the type, ascending and disjoint; <> is "in none of them". NULL constants match nothing, as
// in SQL.
//
// Thread safety: immutable once made.
#pragma once
#include <span>
#include <vector>

#include "common/status.h"
#include "lsm/encoding/frame.h"
#include "lsm/kind.h"
#include "types/value.h"

namespace phantom::lsm {

enum class Op : uint8_t {
  kLess,
  kLessEqual,
  kEqual,
  kGreaterEqual,
  kGreater,
  kNotEqual,
  kBetween,
  kIn,
  kIsNull,
  kIsNotNull
};

// Values from low to high; a missing bound is no bound.
struct SlotRange {
  const void* low = nullptr;
  const void* high = nullptr;
  bool low_open = false, high_open = false;
};

// What is looked for in a vector: values in any of the ranges. Of types with a key, `keys` says it.
struct Ranges {
  const Kind* kind;
  std::span<const SlotRange> slots;
  std::span<const KeyRange> keys;

  bool Contains(const void* slot) const;
};

enum class Match : uint8_t { kNone, kSome, kAll };

class Condition {
 public:
  // Values: one, two for kBetween (both ends included), any number for kIn, none for the NULL tests; of the column's
  // layout (or NULL). 0A000 for a type whose order this room does not evaluate (Kind::compare), except for the NULL
  // tests.
  static Result<Condition> Make(const Kind& kind, Op op, std::vector<types::Value> values);
  Condition(Condition&&) noexcept = default;
  Condition& operator=(Condition&&) noexcept = default;

  const Kind& kind() const { return *kind_; }
  // Only NULLs, or all but NULLs, whatever the values.
  bool is_null_test() const { return op_ == Op::kIsNull || op_ == Op::kIsNotNull; }
  bool wants_null() const { return op_ == Op::kIsNull; }
  // Values in none of the ranges are looked for.
  bool negated() const { return op_ == Op::kNotEqual && !ranges_.empty(); }
  Ranges ranges() const { return {kind_.get(), ranges_, keys_}; }

  // For a value that is not NULL. Requires !is_null_test().
  bool Matches(const void* slot) const { return ranges().Contains(slot) != negated(); }
  // What can be said of values between the bounds (both included). Requires !is_null_test().
  Match MatchBounds(const void* low, const void* high) const;

 private:
  Condition() = default;
  void AddRange(const types::Value* low, bool low_open, const types::Value* high, bool high_open);

  // On the heap so that the ranges' pointers survive a move.
  std::unique_ptr<const Kind> kind_;
  Op op_ = Op::kEqual;
  std::vector<types::Value> values_;
  std::vector<SlotRange> ranges_;
  std::vector<KeyRange> keys_;
};

}  // namespace phantom::lsm
