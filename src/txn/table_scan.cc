// Scans: leaf by leaf, versions judged and rows decoded into vectors while the leaf is latched. Rows whose version lies
// in the log, or whose values lie in the overflow tree, are finished after the latch is released.
#include <array>
#include <vector>

#include "btree/tree.h"
#include "common/check.h"
#include "txn/overflow.h"
#include "txn/row_table_impl.h"

namespace phantom::txn {

namespace {
// So many rows are looked at in one call when some are left out, so that the caller can stop in time.
constexpr uint32_t kLooksMax = 2 * types::kVectorSize;
}  // namespace

struct TableScan::State {
  State(const RowTable& t, const Snapshot& s, std::vector<uint32_t> c, RowId first, RowId last)
      : table(t), snapshot(s), columns(std::move(c)), next(first), end(last) {}

  // Rows to be finished without the latch.
  struct Later {
    RowId row;
    Lsn older;            // nonzero: find the version that is seen from this record on
    size_t begin, bytes;  // otherwise: the row, in `kept`
  };

  Status Decode(std::string_view row, types::Chunk& out, uint32_t index) const {
    return types::RowReader(*table.layout_, row).Decode(columns, out.columns(), index);
  }
  bool NeedsOverflow(const RowHeader& header, std::string_view row) const {
    if ((header.flags & kRowOverflow) == 0) return false;
    const types::RowReader reader(*table.layout_, row);
    for (uint32_t column : columns) {
      if (!reader.IsNull(column) && reader.IsOverflow(column)) return true;
    }
    return false;
  }

  const RowTable& table;
  const Snapshot& snapshot;
  const std::vector<uint32_t> columns;
  std::vector<types::RowTest> tests;
  uint64_t left_out = 0;
  RowId next;
  const RowId end;
  std::vector<Later> later;
  std::string kept;
  wal::Record record;
};

TableScan::TableScan(const RowTable& table, const Snapshot& snapshot, std::vector<uint32_t> columns, RowId first,
                     RowId end)
    : state_(std::make_unique<State>(table, snapshot, std::move(columns), first, end)) {}
TableScan::~TableScan() = default;
TableScan::TableScan(TableScan&&) noexcept = default;

void TableScan::LeaveOut(std::vector<types::RowTest> tests) { state_->tests = std::move(tests); }
bool TableScan::ended() const { return state_->next >= state_->end; }
uint64_t TableScan::left_out() const { return state_->left_out; }

Status TableScan::Next(types::Chunk& out, RowId* row_ids) {
  State& s = *state_;
  out.Reset();
  uint32_t count = 0;
  const uint64_t looks_end = s.left_out + kLooksMax;
  auto add_id = [&](RowId id) {
    if (row_ids != nullptr) row_ids[count] = id;
    ++count;
  };
  while (count < types::kVectorSize && s.next < s.end && s.left_out + count < looks_end) {
    s.later.clear();
    s.kept.clear();
    Status decoded;
    RETURN_IF_ERROR(s.table.parts_->tree().VisitLeaf(btree::RowKey(s.next), [&](const btree::LeafView& leaf) {
      uint32_t position = leaf.LowerBound(btree::RowKey(s.next));
      for (; position < leaf.count(); ++position) {
        const RowId id = leaf.row_id(position);
        if (id >= s.end) {
          s.next = s.end;
          return;
        }
        if (count + s.later.size() == types::kVectorSize) {
          s.next = id;
          return;
        }
        const Bytes value = leaf.value(position);
        const RowHeader header = RowHeader::Load(value);
        if (!s.snapshot.Sees(header.txn, header.lsn)) {
          s.later.push_back({id, header.lsn, 0, 0});
          continue;
        }
        if (header.deleted()) continue;
        const std::string_view row = AsText(RowBody(value));
        if (!s.tests.empty() && !types::RowReader(*s.table.layout_, row).Passes(s.tests)) {
          ++s.left_out;
          continue;
        }
        if (s.NeedsOverflow(header, row)) {
          s.later.push_back({id, Lsn(), s.kept.size(), row.size()});
          s.kept.append(row);
          continue;
        }
        decoded = s.Decode(row, out, count);
        if (!decoded.ok()) return;
        add_id(id);
      }
      s.next = leaf.is_last() ? s.end : RowIdAtFence(leaf.high_fence());
    }));
    RETURN_IF_ERROR(decoded);
    for (const State::Later& later : s.later) {
      std::string_view row(s.kept.data() + later.begin, later.bytes);
      if (later.older) {
        Bytes value;
        ASSIGN_OR_RETURN(bool found,
                         s.table.manager_->impl().FindVersion(s.snapshot, later.older, &s.record, &value));
        if (!found) continue;
        row = AsText(RowBody(value));
      }
      RETURN_IF_ERROR(s.table.Decode(row, s.columns, out.columns(), count));
      add_id(later.row);
    }
  }
  out.SetSize(count);
  return Status::Ok();
}

}  // namespace phantom::txn
