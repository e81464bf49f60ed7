#include "btree/change.h"

#include <cstring>

#include "common/check.h"

namespace phantom::btree {

void Change::CopyAfter(std::byte* to) const {
  PHANTOM_CHECK(has_after);
  if (after_prefix_bytes != 0) std::memcpy(to, before.data(), after_prefix_bytes);
  if (!after_middle.empty()) std::memcpy(to + after_prefix_bytes, after_middle.data(), after_middle.size());
  if (after_suffix_bytes != 0) {
    std::memcpy(to + after_prefix_bytes + after_middle.size(), before.data() + before.size() - after_suffix_bytes,
                after_suffix_bytes);
  }
  if (stamped) StoreLE(to, lsn.value);
}

Status ParseChange(const wal::RecordView& record, Change* change) {
  const Bytes payload = record.payload();
  auto malformed = [&] {
    return Errorf(sqlstate::kDataCorrupted, "malformed change record at %llX",
                  static_cast<unsigned long long>(record.lsn().value));
  };
  if (record.type() != wal::RecordType::kChange || payload.size() < sizeof(ChangePayload)) return malformed();
  ChangePayload fixed;
  std::memcpy(&fixed, payload.data(), sizeof(fixed));
  const size_t trimmed = size_t{fixed.prefix_bytes} + fixed.suffix_bytes;
  if (trimmed > fixed.after_bytes || trimmed > fixed.before_bytes || fixed.key_bytes > kKeyBytesMax ||
      fixed.after_bytes > kValueBytesMax) {
    return malformed();
  }
  const size_t middle = fixed.after_bytes - trimmed;
  if (payload.size() != sizeof(fixed) + fixed.key_bytes + fixed.before_bytes + middle) return malformed();
  change->page = PageId(fixed.page);
  change->tree = TreeId(fixed.tree);
  change->link = Lsn(fixed.link);
  change->lsn = record.lsn();
  change->has_before = (record.flags() & kHasBefore) != 0;
  change->has_after = (record.flags() & kHasAfter) != 0;
  change->stamped = (record.flags() & kStampLsn) != 0;
  if (change->stamped && (!change->has_after || fixed.after_bytes < sizeof(uint64_t))) return malformed();
  Bytes rest = payload.subspan(sizeof(fixed));
  change->key = rest.first(fixed.key_bytes);
  change->before = rest.subspan(fixed.key_bytes, fixed.before_bytes);
  change->after_middle = rest.subspan(fixed.key_bytes + fixed.before_bytes, middle);
  change->after_prefix_bytes = fixed.prefix_bytes;
  change->after_suffix_bytes = fixed.suffix_bytes;
  return Status::Ok();
}

}  // namespace phantom::btree
