#include "lsm/condition.h"

#include <algorithm>

namespace phantom::lsm {

bool Ranges::Contains(const void* slot) const {
  if (kind->has_key()) return InRanges(keys, KeyOf(*kind, slot));
  for (const SlotRange& range : slots) {
    if (range.low != nullptr) {
      const int order = kind->compare(slot, range.low);
      if (order < 0) return false;  // ranges ascend
      if (order == 0 && range.low_open) continue;
    }
    if (range.high == nullptr) return true;
    const int order = kind->compare(slot, range.high);
    if (order < 0 || (order == 0 && !range.high_open)) return true;
  }
  return false;
}

void Condition::AddRange(const types::Value* low, bool low_open, const types::Value* high, bool high_open) {
  if ((low != nullptr && low->is_null()) || (high != nullptr && high->is_null())) return;
  if (low != nullptr && high != nullptr && kind_->compare(low->slot(), high->slot()) > 0) return;
  if (kind_->has_key()) {
    KeyRange keys{INT64_MIN, INT64_MAX};
    if (low != nullptr) {
      keys.low = KeyOf(*kind_, low->slot());
      if (low_open) {
        if (keys.low == INT64_MAX) return;
        ++keys.low;
      }
    }
    if (high != nullptr) {
      keys.high = KeyOf(*kind_, high->slot());
      if (high_open) {
        if (keys.high == INT64_MIN) return;
        --keys.high;
      }
    }
    keys_.push_back(keys);
  }
  ranges_.push_back(
      {low == nullptr ? nullptr : low->slot(), high == nullptr ? nullptr : high->slot(), low_open, high_open});
}

Result<Condition> Condition::Make(const Kind& kind, Op op, std::vector<types::Value> values) {
  Condition condition;
  condition.kind_ = std::make_unique<Kind>(kind);
  condition.op_ = op;
  condition.values_ = std::move(values);
  if (condition.is_null_test()) return condition;
  if (kind.compare == nullptr) {
    return Errorf(sqlstate::kFeatureNotSupported, "type %s has no order that segments evaluate",
                  types::FormatTypeName(kind.type).c_str());
  }
  std::vector<types::Value>& constants = condition.values_;
  for (const types::Value& value : constants) PHANTOM_CHECK(value.is_null() || value.layout() == kind.layout);
  PHANTOM_CHECK(op == Op::kIn || constants.size() == (op == Op::kBetween ? 2 : 1));
  const types::Value* first = constants.data();
  switch (op) {
    case Op::kLess:
    case Op::kLessEqual:
      condition.AddRange(nullptr, false, first, op == Op::kLess);
      break;
    case Op::kGreater:
    case Op::kGreaterEqual:
      condition.AddRange(first, op == Op::kGreater, nullptr, false);
      break;
    case Op::kEqual:
    case Op::kNotEqual:
      condition.AddRange(first, false, first, false);
      break;
    case Op::kBetween:
      condition.AddRange(first, false, first + 1, false);
      break;
    default: {
      std::erase_if(constants, [](const types::Value& value) { return value.is_null(); });
      std::ranges::sort(constants, [&](const types::Value& a, const types::Value& b) {
        return kind.compare(a.slot(), b.slot()) < 0;
      });
      auto same = [&](const types::Value& a, const types::Value& b) { return kind.compare(a.slot(), b.slot()) == 0; };
      constants.erase(std::unique(constants.begin(), constants.end(), same), constants.end());
      for (const types::Value& value : constants) condition.AddRange(&value, false, &value, false);
    }
  }
  return condition;
}

Match Condition::MatchBounds(const void* low, const void* high) const {
  Match match = Match::kNone;
  for (const SlotRange& range : ranges_) {
    // Where the range's bounds lie seen from the values': before, at, after.
    const int low_low = range.low == nullptr ? -1 : kind_->compare(range.low, low);
    const int low_high = range.low == nullptr ? -1 : kind_->compare(range.low, high);
    const int high_low = range.high == nullptr ? 1 : kind_->compare(range.high, low);
    const int high_high = range.high == nullptr ? 1 : kind_->compare(range.high, high);
    if (low_high > 0 || (low_high == 0 && range.low_open)) break;  // this range and all that follow begin behind
    if (high_low < 0 || (high_low == 0 && range.high_open)) continue;
    match = Match::kSome;
    if ((low_low < 0 || (low_low == 0 && !range.low_open)) && (high_high > 0 || (high_high == 0 && !range.high_open))) {
      match = Match::kAll;
      break;
    }
  }
  if (!negated() || match == Match::kSome) return match;
  return match == Match::kAll ? Match::kNone : Match::kAll;
}

}  // namespace phantom::lsm
