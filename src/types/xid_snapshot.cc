#include "types/xid_snapshot.h"

#include <algorithm>
#include <charconv>

#include "types/input_error.h"

namespace phantom::types {

bool XidSnapshot::Sees(uint64_t xid) const {
  if (xid < xmin) return true;
  return xid < xmax && !std::binary_search(in_progress.begin(), in_progress.end(), xid);
}

Result<XidSnapshot> ParseXidSnapshot(std::string_view text) {
  XidSnapshot snapshot;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = [&](uint64_t* value) {
    const auto [rest, error] = std::from_chars(at, end, *value);
    at = rest;
    return error == std::errc();
  };
  const auto colon = [&] { return at != end && *at++ == ':'; };
  bool good = number(&snapshot.xmin) && colon() && number(&snapshot.xmax) && colon();
  good = good && snapshot.xmin != 0 && snapshot.xmax >= snapshot.xmin;
  uint64_t last = 0;
  while (good && at != end) {
    uint64_t xid = 0;
    good = number(&xid) && xid >= snapshot.xmin && xid < snapshot.xmax && xid >= last;
    if (good && (last != xid || snapshot.in_progress.empty())) snapshot.in_progress.push_back(xid);
    last = xid;
    if (good && at != end) good = *at++ == ',';
  }
  if (!good) return InvalidSyntax("pg_snapshot", text);
  return snapshot;
}

void AppendXidSnapshot(const XidSnapshot& snapshot, std::string& out) {
  out += std::to_string(snapshot.xmin) + ':' + std::to_string(snapshot.xmax) + ':';
  for (size_t i = 0; i < snapshot.in_progress.size(); ++i) {
    if (i > 0) out += ',';
    out += std::to_string(snapshot.in_progress[i]);
  }
}

}  // namespace phantom::types
