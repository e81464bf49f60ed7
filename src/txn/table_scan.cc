// Scans: leaf by leaf, versions judged and rows decoded into vectors while the leaf is latched. Rows whose version lies
// in the log, or whose values lie in the overflow tree, are finished after the latch is released. Of a cold chunk a
// vector of the segment at a time: first what the tree has of it, then the rest.
#include <algorithm>
#include <array>
#include <vector>

#include "btree/tree.h"
#include "common/check.h"
#include "lsm/row_set.h"
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
    Lsn older;            // nonzero: find the version that is seen from this record on,
    TxnId writer;         // ... which that transaction wrote
    size_t begin, bytes;  // otherwise: the row, in `kept`
    uint32_t place;       // it belongs before the row that was read at once into this place
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

  // Appends to `out` the rows that the tree has from `next` on, below `bound`, until the chunk is full; *seen, unless
  // null, gets the places in their vector of all the tree's rows, whether the snapshot sees them or not. False: chunks
  // have changed their state since `cold_version` was read, and nothing has been done.
  Result<bool> ReadTree(uint64_t cold_version, RowId bound, types::Chunk& out, RowId* row_ids, lsm::RowSet* seen);
  Status ReadLeaf(RowId bound, types::Chunk& out, RowId* row_ids, lsm::RowSet* seen);
  // Notes in which order the rows of a leaf are: those from `first` on that were read at once, and behind them, from `later_first` on,
  // those of `places`.
  void NoteOrder(uint32_t first, uint32_t later_first);
  void PutInOrder(types::Chunk& out, RowId* row_ids) const;
  // Fills `out` with what the segment has of `rows`.
  Status ReadSegment(types::Chunk& out, RowId* row_ids);

  const RowTable& table;
  const Snapshot& snapshot;
  SerializableTransaction* reader = nullptr;  // if it is watched
  const std::vector<uint32_t> columns;
  std::vector<types::RowTest> tests;
  std::vector<SegmentTest> segment_tests;
  uint64_t left_out = 0;
  RowId next;
  const RowId end;
  uint32_t count = 0;      // rows in the chunk being filled
  uint64_t looks_end = 0;  // that and left_out are to be at most this, about
  std::vector<Later> later;
  std::vector<uint32_t> places;        // of those that there are
  std::vector<types::SelIndex> order;  // of the chunk's rows, unless they are in theirs: then empty
  std::string kept;
  wal::Record record;

  // What is left to be read of a vector of a cold chunk.
  ColdRowsRef cold;
  uint32_t vector = 0;
  lsm::RowSet rows;
};

TableScan::TableScan(const RowTable& table, const Snapshot& snapshot, std::vector<uint32_t> columns, RowId first,
                     RowId end)
    : state_(std::make_unique<State>(table, snapshot, std::move(columns), first, end)) {
  state_->reader = ReaderOf(snapshot, table.watched_);
  if (state_->reader == nullptr) return;
  table.manager_->impl().serializable.locks().LockTree(*state_->reader, {table.space_, table.tree_});
}
TableScan::~TableScan() = default;
TableScan::TableScan(TableScan&&) noexcept = default;

void TableScan::LeaveOut(std::vector<types::RowTest> tests, std::vector<SegmentTest> segment_tests) {
  state_->tests = std::move(tests);
  state_->segment_tests = std::move(segment_tests);
}
bool TableScan::ended() const { return state_->next >= state_->end && state_->cold == nullptr; }
uint64_t TableScan::left_out() const { return state_->left_out; }

Status TableScan::State::ReadLeaf(RowId bound, types::Chunk& out, RowId* row_ids, lsm::RowSet* seen) {
  auto add_id = [&](RowId id) {
    if (row_ids != nullptr) row_ids[count] = id;
    ++count;
  };
  const uint32_t first = count;
  later.clear();
  places.clear();
  kept.clear();
  Status decoded;
  RETURN_IF_ERROR(table.parts_->tree().VisitLeaf(btree::RowKey(next), [&](const btree::LeafView& leaf) {
    uint32_t position = leaf.LowerBound(btree::RowKey(next));
    for (; position < leaf.count(); ++position) {
      const RowId id = leaf.row_id(position);
      if (id >= bound) {
        next = bound;
        return;
      }
      if (count + later.size() == types::kVectorSize) {
        next = id;
        return;
      }
      if (seen != nullptr) seen->Add(id.value % lsm::kVectorRows);
      const Bytes value = leaf.value(position);
      const RowHeader header = RowHeader::Load(value);
      if (!snapshot.Sees(header.txn, header.lsn)) {
        later.push_back({id, header.lsn, header.txn, 0, 0, count});
        continue;
      }
      if (header.deleted()) continue;
      const std::string_view row = AsText(RowBody(value));
      if (!tests.empty() && !types::RowReader(*table.layout_, row).Passes(tests)) {
        ++left_out;
        continue;
      }
      if (NeedsOverflow(header, row)) {
        later.push_back({id, Lsn(), TxnId(), kept.size(), row.size(), count});
        kept.append(row);
        continue;
      }
      decoded = Decode(row, out, count);
      if (!decoded.ok()) return;
      add_id(id);
    }
    next = leaf.is_last() ? bound : std::min(bound, RowIdAtFence(leaf.high_fence()));
  }));
  RETURN_IF_ERROR(decoded);
  const uint32_t later_first = count;
  for (const Later& row_later : later) {
    std::string_view row(kept.data() + row_later.begin, row_later.bytes);
    if (row_later.older) {
      Bytes value;
      ManagerImpl& impl = table.manager_->impl();
      if (reader != nullptr) RETURN_IF_ERROR(impl.serializable.ReadPast(*reader, row_later.writer));
      ASSIGN_OR_RETURN(bool found, impl.FindVersion(snapshot, row_later.older, &record, &value, reader));
      if (!found) continue;
      row = AsText(RowBody(value));
    }
    RETURN_IF_ERROR(table.Decode(row, columns, out.columns(), count));
    add_id(row_later.row);
    places.push_back(row_later.place);
  }
  NoteOrder(first, later_first);
  return Status::Ok();
}

void TableScan::State::NoteOrder(uint32_t first, uint32_t later_first) {
  if (order.empty()) {
    if (places.empty() || places.front() == later_first) return;
    for (uint32_t row = 0; row < first; ++row) order.push_back(row);
  }
  uint32_t late = 0;
  for (uint32_t row = first; row <= later_first; ++row) {
    while (late < places.size() && places[late] <= row) order.push_back(later_first + late++);
    if (row < later_first) order.push_back(row);
  }
}

void TableScan::State::PutInOrder(types::Chunk& out, RowId* row_ids) const {
  types::SelectionVector selection(count);
  std::ranges::copy(order, selection.data());
  out.Slice(selection, count);
  out.Flatten();
  if (row_ids == nullptr) return;
  const std::vector<RowId> ids(row_ids, row_ids + count);
  for (uint32_t i = 0; i < count; ++i) row_ids[i] = ids[order[i]];
}

Result<bool> TableScan::State::ReadTree(uint64_t cold_version, RowId bound, types::Chunk& out, RowId* row_ids,
                                        lsm::RowSet* seen) {
  const uint32_t count_before = count;
  const uint64_t left_out_before = left_out;
  const RowId next_before = next;
  while (count < types::kVectorSize && next < bound && (seen != nullptr || left_out + count < looks_end)) {
    RETURN_IF_ERROR(ReadLeaf(bound, out, row_ids, seen));
  }
  if (table.parts_->state->cold.version() == cold_version) return true;
  count = count_before;
  order.resize(std::min<size_t>(order.size(), count));
  left_out = left_out_before;
  next = next_before;
  return false;
}

Status TableScan::State::ReadSegment(types::Chunk& out, RowId* row_ids) {
  const ColdRowsRef chunk = std::move(cold);
  const uint32_t asked = rows.Count();
  RETURN_IF_ERROR(chunk->Select(tests, segment_tests, vector, &rows));
  types::SelectionVector selection(types::kVectorSize);
  count = rows.ToIndices(selection.data());
  left_out += asked - count;
  if (count == 0) return Status::Ok();
  for (size_t i = 0; i < columns.size(); ++i) {
    RETURN_IF_ERROR(
        chunk->ReadRows(*table.layout_, columns[i], vector, selection, count, out.column(static_cast<uint32_t>(i))));
  }
  if (row_ids != nullptr) {
    const uint64_t first = chunk->begin().value + uint64_t{vector} * lsm::kVectorRows;
    for (uint32_t i = 0; i < count; ++i) row_ids[i] = RowId(first + selection[i]);
  }
  return Status::Ok();
}

Status TableScan::Next(types::Chunk& out, RowId* row_ids) {
  State& s = *state_;
  const ColdTable& chunks = s.table.parts_->state->cold;
  SerializableGraph& graph = s.table.manager_->impl().serializable;
  if (s.reader != nullptr) RETURN_IF_ERROR(graph.BeginRead(*s.reader));
  out.Reset();
  out.Reserve(types::kVectorSize);  // what a segment gave may have been smaller
  s.count = 0;
  s.order.clear();
  s.looks_end = s.left_out + kLooksMax;
  while (s.count < types::kVectorSize && !ended() && s.left_out + s.count < s.looks_end) {
    if (s.cold != nullptr) {
      if (s.count > 0) break;
      RETURN_IF_ERROR(s.ReadSegment(out, row_ids));
      if (s.count > 0) break;
      continue;
    }
    const uint64_t cold_version = chunks.version();
    ColdRowsRef cold = chunks.FindFrom(s.next);
    if (cold == nullptr || cold->begin() > s.next) {
      const RowId bound = cold == nullptr ? s.end : std::min(s.end, cold->begin());
      RETURN_IF_ERROR(s.ReadTree(cold_version, bound, out, row_ids, nullptr).status());
      continue;
    }
    if (s.count > 0) break;
    if (!cold->IsSeenBy(s.snapshot)) {
      // Nor does it see what has been changed since.
      if (s.reader != nullptr) RETURN_IF_ERROR(graph.ReadPast(*s.reader, cold->chunk().loader));
      s.next = std::min(s.end, cold->end());
      continue;
    }
    const auto place = static_cast<uint32_t>(s.next.value % store::kChunkRows);
    const uint32_t from = place % lsm::kVectorRows;
    const RowId first(s.next.value - from);
    const RowId bound = std::min(s.end, RowId(first.value + lsm::kVectorRows));
    lsm::RowSet seen;
    ASSIGN_OR_RETURN(const bool done, s.ReadTree(cold_version, bound, out, row_ids, &seen));
    if (!done) continue;
    // What has been deleted is asked after the tree was read: purge notes a deletion before it removes the ghost.
    s.vector = place / lsm::kVectorRows;
    s.rows.words = {};
    s.rows.AddRange(from, static_cast<uint32_t>(bound.value - first.value));
    s.rows.Intersect(cold->RowsIn(s.vector));
    s.rows.Subtract(seen);
    if (!s.rows.Empty()) s.cold = std::move(cold);
  }
  out.SetSize(s.count);
  if (!s.order.empty()) s.PutInOrder(out, row_ids);
  return Status::Ok();
}

}  // namespace phantom::txn
