// types/xid_snapshot.h
//
// The values of pg_snapshot and txid_snapshot: which transactions had ended at some moment, as text "xmin:xmax:xip,..."
// (PostgreSQL 15, chapter 9.27.7).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace phantom::types {

struct XidSnapshot {
  uint64_t xmin = 0;                  // every transaction below had ended
  uint64_t xmax = 0;                  // none at or past it had
  std::vector<uint64_t> in_progress;  // those between that had not, in order

  bool Sees(uint64_t xid) const;
};

// 22P02 unless the parts are in order.
Result<XidSnapshot> ParseXidSnapshot(std::string_view text);
void AppendXidSnapshot(const XidSnapshot& snapshot, std::string& out);

}  // namespace phantom::types
