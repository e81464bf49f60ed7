// Choosing among candidates that fit: most exact matches, preferred types, then what the unknown literals could be.
#include <algorithm>

#include "planner/binder/resolve.h"

namespace phantom::planner {

using namespace types;

std::vector<int> Resolver::Select(std::span<const Oid> types, std::vector<std::vector<Oid>> candidates) {
  size_t count = types.size();
  std::vector<int> left;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (coerce_.CanCoerce(types, candidates[i], CoercionContext::kImplicit)) left.push_back(static_cast<int>(i));
  }
  if (left.size() <= 1) return left;

  std::vector<Oid> base(count);
  int unknowns = 0;
  for (size_t i = 0; i < count; ++i) {
    base[i] = types[i] == kUnknownOid ? kUnknownOid : coerce_.BaseType(types[i]);
    if (types[i] == kUnknownOid) ++unknowns;
  }
  // Keeps those with the highest score.
  auto keep_best = [&](auto score) {
    int best = -1;
    std::vector<int> kept;
    for (int candidate : left) {
      int value = score(candidates[static_cast<size_t>(candidate)]);
      if (value > best) {
        best = value;
        kept.clear();
      }
      if (value == best) kept.push_back(candidate);
    }
    left = std::move(kept);
  };
  keep_best([&](const std::vector<Oid>& args) {
    int exact = 0;
    for (size_t i = 0; i < count; ++i) exact += base[i] != kUnknownOid && args[i] == base[i];
    return exact;
  });
  if (left.size() == 1) return left;

  std::vector<char> category(count);
  for (size_t i = 0; i < count; ++i) category[i] = coerce_.Category(base[i]);
  keep_best([&](const std::vector<Oid>& args) {
    int matches = 0;
    for (size_t i = 0; i < count; ++i) {
      if (base[i] == kUnknownOid) continue;
      matches += args[i] == base[i] || (coerce_.Category(args[i]) == category[i] && coerce_.IsPreferred(args[i]));
    }
    return matches;
  });
  if (left.size() == 1) return left;
  if (unknowns == 0) return left;

  // What category could each unknown have? String wins where any candidate takes a string.
  bool resolved = true;
  std::vector<char> slot_category(count, '\0');
  std::vector<bool> slot_preferred(count, false);
  for (size_t i = 0; i < count && resolved; ++i) {
    if (base[i] != kUnknownOid) continue;
    bool conflict = false, have = false;
    for (int candidate : left) {
      Oid arg = candidates[static_cast<size_t>(candidate)][i];
      char current = coerce_.Category(arg);
      bool preferred = coerce_.IsPreferred(arg);
      if (!have) {
        slot_category[i] = current;
        slot_preferred[i] = preferred;
        have = true;
      } else if (current == slot_category[i]) {
        if (preferred) slot_preferred[i] = true;
      } else if (current == 'S') {
        slot_category[i] = current;
        slot_preferred[i] = preferred;
        conflict = false;
      } else if (slot_category[i] != 'S') {
        conflict = true;
      }
    }
    // A conflict without a string candidate: the other rules must decide.
    if (conflict && slot_category[i] != 'S') resolved = false;
  }
  if (resolved) {
    std::vector<int> kept;
    std::vector<int> first_pass;
    for (int candidate : left) {
      const std::vector<Oid>& args = candidates[static_cast<size_t>(candidate)];
      bool good = true;
      for (size_t i = 0; i < count && good; ++i) {
        if (base[i] != kUnknownOid) continue;
        if (coerce_.Category(args[i]) != slot_category[i]) {
          good = false;
        } else if (slot_preferred[i] && !coerce_.IsPreferred(args[i])) {
          good = false;
        }
      }
      if (good) kept.push_back(candidate);
    }
    if (!kept.empty()) left = std::move(kept);
    if (left.size() == 1) return left;
  }

  // Last: take the unknowns for the type all known arguments have.
  if (unknowns < static_cast<int>(count)) {
    Oid known = kUnknownOid;
    bool one_type = true;
    for (size_t i = 0; i < count; ++i) {
      if (base[i] == kUnknownOid) continue;
      if (known == kUnknownOid) {
        known = base[i];
      } else if (known != base[i]) {
        one_type = false;
      }
    }
    if (one_type && known != kUnknownOid) {
      std::vector<Oid> assumed(count, known);
      std::vector<int> kept;
      for (int candidate : left) {
        if (coerce_.CanCoerce(assumed, candidates[static_cast<size_t>(candidate)], CoercionContext::kImplicit)) {
          kept.push_back(candidate);
        }
      }
      if (kept.size() == 1) return kept;
    }
  }
  return left;
}

}  // namespace phantom::planner
