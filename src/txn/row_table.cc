// Reading rows.
#include "txn/row_table.h"

#include <algorithm>

#include "btree/tree.h"
#include "common/check.h"
#include "txn/overflow.h"
#include "txn/row_table_impl.h"

namespace phantom::txn {

Result<RowTable> RowTable::Open(TransactionManager& manager, SpaceId space, TreeId tree,
                                const types::RowLayout& layout) {
  auto parts = std::make_unique<Parts>();
  ASSIGN_OR_RETURN(parts->state, manager.impl().OpenTable(space, tree));
  for (uint32_t i = 0; i < layout.column_count(); ++i) {
    if (layout.is_variable(i)) parts->variable_columns.push_back(i);
  }
  return RowTable(manager, space, tree, layout, std::move(parts));
}

RowTable::RowTable(TransactionManager& manager, SpaceId space, TreeId tree, const types::RowLayout& layout,
                   std::unique_ptr<Parts> parts)
    : manager_(&manager), space_(space), tree_(tree), layout_(&layout), parts_(std::move(parts)) {}
RowTable::RowTable(RowTable&&) noexcept = default;
RowTable& RowTable::operator=(RowTable&&) noexcept = default;
RowTable::~RowTable() = default;

Result<FetchedRow> RowTable::Fetch(const Snapshot& snapshot, RowId id) const {
  FetchedRow row;
  RETURN_IF_ERROR(Fetch(snapshot, id, &row));
  return row;
}

static void Take(const RowHeader& header, std::string_view bytes, FetchedRow* row) {
  row->found = true;
  row->newest = !header.restored();
  row->version = header.lsn;
  row->writer = header.txn;
  row->row.assign(bytes);
}

// A row that the tree lacks, from its chunk (*cold; null: that is hot). False: the chunk has become hot since `cold_version` was read, before
// the look into the tree, which has to be repeated.
Result<bool> RowTable::FetchCold(uint64_t cold_version, RowId id, FetchedRow* row, ColdRowsRef* cold) const {
  const ColdTable& table = parts_->state->cold;
  *cold = table.Find(id);
  if (*cold == nullptr) return table.version() == cold_version;
  if (!(*cold)->Has(id)) return true;
  RowHeader header;
  RETURN_IF_ERROR((*cold)->Read(*layout_, id, &header, &row->row));
  row->found = true;
  row->version = header.lsn;
  row->writer = header.txn;
  return true;
}

const ColdRows* RowTable::FindSegment(RowId id, FetchedRow* row) const {
  const ColdTable& table = parts_->state->cold;
  const uint64_t version = table.version();
  // Since the tree was read no chunk has changed its state: the segment found before is still the right one.
  if (row->segment != nullptr && row->segment_version == version && row->segment->begin() <= id &&
      id < row->segment->end()) {
    return row->segment.get();
  }
  row->segment_version = version;
  row->segment = table.Find(id);
  return row->segment.get();
}

Status RowTable::Fetch(const Snapshot& snapshot, RowId id, FetchedRow* row) const {
  RETURN_IF_ERROR(Locate(snapshot, id, row));
  if (!row->in_segment) return Status::Ok();
  row->in_segment = false;
  RowHeader header;
  RETURN_IF_ERROR(row->segment->Read(*layout_, id, &header, &row->row));
  row->version = header.lsn;
  row->writer = header.txn;
  return Status::Ok();
}

Status RowTable::Locate(const Snapshot& snapshot, RowId id, FetchedRow* row) const {
  for (;;) {
    row->found = row->newest = row->in_segment = false;
    const uint64_t cold_version = parts_->state->cold.version();
    bool missing = false;
    Lsn older;
    RETURN_IF_ERROR(parts_->tree().Read(btree::RowKey(id), [&](std::optional<Bytes> value) {
      missing = !value;
      if (missing) return;
      const RowHeader header = RowHeader::Load(*value);
      if (!snapshot.Sees(header.txn, header.lsn)) {
        older = header.lsn;
        return;
      }
      if (!header.deleted()) Take(header, AsText(RowBody(*value)), row);
    }));
    if (missing) {
      const ColdRows* segment = FindSegment(id, row);
      if (segment == nullptr) {
        if (parts_->state->cold.version() == cold_version) return Status::Ok();
        continue;
      }
      if (!segment->Has(id) || !segment->IsSeenBy(snapshot)) return Status::Ok();
      row->found = row->in_segment = true;
      row->place = id;
      row->newest = segment->IsNewestFor(snapshot);
      return Status::Ok();
    }
    if (!older) return Status::Ok();
    wal::Record record;
    Bytes value;
    ASSIGN_OR_RETURN(const bool found, manager_->impl().FindVersion(snapshot, older, &record, &value));
    if (found) {
      Take(RowHeader::Load(value), AsText(RowBody(value)), row);
      row->newest = false;
    }
    return Status::Ok();
  }
}

Result<std::optional<RowHeader>> RowTable::NewestHeader(RowId id) const {
  for (;;) {
    const uint64_t cold_version = parts_->state->cold.version();
    std::optional<RowHeader> header;
    RETURN_IF_ERROR(parts_->tree().Read(btree::RowKey(id), [&](std::optional<Bytes> value) {
      if (value) header = RowHeader::Load(*value);
    }));
    if (header) return header;
    const ColdRowsRef cold = parts_->state->cold.Find(id);
    if (cold != nullptr) {
      if (!cold->Has(id)) return header;
      ASSIGN_OR_RETURN(header, cold->ReadHeader(id));
      return header;
    }
    if (parts_->state->cold.version() == cold_version) return header;
  }
}

Status RowTable::FetchNewest(RowId id, FetchedRow* row) const {
  for (;;) {
    row->found = false;
    const uint64_t cold_version = parts_->state->cold.version();
    bool missing = false;
    RETURN_IF_ERROR(parts_->tree().Read(btree::RowKey(id), [&](std::optional<Bytes> value) {
      missing = !value;
      if (missing) return;
      const RowHeader header = RowHeader::Load(*value);
      if (!header.deleted()) Take(header, AsText(RowBody(*value)), row);
    }));
    if (!missing) return Status::Ok();
    ColdRowsRef cold;
    ASSIGN_OR_RETURN(const bool settled, FetchCold(cold_version, id, row, &cold));
    if (settled) return Status::Ok();
  }
}

Status RowTable::Decode(std::string_view row, std::span<const uint32_t> columns, std::span<types::Vector> vectors,
                        uint32_t index) const {
  const types::RowReader::OverflowFetch fetch = [this](const types::OverflowRef& reference, std::string& value) {
    return ReadOverflow(*parts_->state, reference, &value);
  };
  return types::RowReader(*layout_, row).Decode(columns, vectors, index, &fetch);
}

Status RowTable::Decode(const FetchedRow& row, std::span<const uint32_t> columns, std::span<types::Vector> vectors,
                        uint32_t index) const {
  if (!row.in_segment) return Decode(row.row, columns, vectors, index);
  return row.segment->Decode(*layout_, row.place, columns, vectors, index);
}

bool RowTable::HasOverflow(std::string_view row) const {
  if (parts_->variable_columns.empty()) return false;
  const types::RowReader reader(*layout_, row);
  return std::ranges::any_of(parts_->variable_columns, [&](uint32_t i) {
    return i < reader.stored_columns() && !reader.IsNull(i) && reader.IsOverflow(i);
  });
}

Result<std::string> RowTable::Materialize(std::string_view row) const {
  if (!HasOverflow(row)) return std::string(row);
  const types::RowReader reader(*layout_, row);
  types::RowEncoder encoder(*layout_);
  encoder.Begin();
  std::string value;
  for (uint32_t i = 0; i < layout_->column_count(); ++i) {
    if (i < reader.stored_columns() && !reader.IsNull(i) && reader.IsOverflow(i)) {
      RETURN_IF_ERROR(ReadOverflow(*parts_->state, reader.Overflow(i), &value));
      alignas(16) std::byte slot[16];
      types::RowReader::SlotFromBytes(layout_->layout(i), value, slot);
      encoder.Add(slot);
    } else {
      encoder.AddFrom(reader, i);
    }
  }
  return std::string(encoder.Finish());
}

RowId RowTable::EndRowId() const { return RowId(parts_->state->next_row.load()); }

uint64_t RowTable::changes() const { return parts_->state->changes.load(std::memory_order_relaxed); }
bool RowTable::IsPlaced() const { return changes() == parts_->state->placed.load(std::memory_order_relaxed); }
void RowTable::NotePlaced(uint64_t changes) const { parts_->state->placed.store(changes, std::memory_order_relaxed); }
ChunkActivity& RowTable::activity() const { return parts_->state->activity; }
void RowTable::NoteAnalyzed() const {
  // What is placed stays placed.
  const bool placed = IsPlaced();
  parts_->state->changes.store(0, std::memory_order_relaxed);
  parts_->state->placed.store(placed ? 0 : UINT64_MAX, std::memory_order_relaxed);
  MutexLock lock(parts_->state->estimate_mutex);
  parts_->state->estimate.reset();
}

Result<RowTable::Size> RowTable::EstimateSize() const {
  // So many of the rows may have come or gone; a table of one leaf is looked at again after any.
  constexpr double kDrift = 1.0 / 16;
  TableState& state = *parts_->state;
  TableState::Estimate now{.next_row = state.next_row.load(), .removed = state.removed.load(std::memory_order_relaxed)};
  {
    MutexLock lock(state.estimate_mutex);
    if (state.estimate) {
      const TableState::Estimate& then = *state.estimate;
      const auto moved = static_cast<double>((now.next_row - then.next_row) + (now.removed - then.removed));
      if (moved <= (then.pages > 1 ? then.rows * kDrift : 0)) return Size{then.rows, then.pages};
    }
  }
  ASSIGN_OR_RETURN(const Size size, LookAtLeaves(now.next_row));
  now.rows = size.rows;
  now.pages = size.pages;
  MutexLock lock(state.estimate_mutex);
  state.estimate = now;
  return size;
}

Result<RowTable::Size> RowTable::LookAtLeaves(uint64_t end) const {
  constexpr uint64_t kLooks = 8;
  struct Range {
    uint64_t begin, end;  // row ids
  };
  Size size{0, 0};
  // The chunks between the cold ones are looked at.
  std::vector<Range> hot{{1, end}};
  for (const ColdRowsRef& cold : parts_->state->cold.All()) {
    size.rows += static_cast<double>(cold->chunk().rows - std::min<uint64_t>(cold->chunk().rows, cold->deleted_rows()));
    size.pages += static_cast<double>(cold->chunk().bytes) / btree::kPageBytes;
    const uint64_t from = std::max<uint64_t>(hot.back().begin, cold->begin().value);
    hot.back().end = from;
    hot.push_back({std::min(end, cold->end().value), end});
  }
  uint64_t hot_ids = 0;
  for (const Range& range : hot) hot_ids += range.end - range.begin;
  double rows = 0, ids = 0, leaves = 0;
  for (uint64_t look = 0; look < kLooks && hot_ids > 0; ++look) {
    uint64_t skip = hot_ids / kLooks * look;
    size_t i = 0;
    for (; skip >= hot[i].end - hot[i].begin; ++i) skip -= hot[i].end - hot[i].begin;
    bool whole = false;
    RETURN_IF_ERROR(parts_->tree().VisitLeaf(btree::RowKey(RowId(hot[i].begin + skip)), [&](const btree::LeafView& leaf) {
      const uint64_t low = std::max(hot[i].begin, RowIdAtFence(leaf.low_fence()).value);
      const uint64_t high = leaf.is_last() ? std::max(end, low + 1) : RowIdAtFence(leaf.high_fence()).value;
      whole = leaf.is_last() && low == 1;
      if (leaf.is_last() && !whole) return;  // half full, as a rule
      rows += leaf.count();
      ids += static_cast<double>(std::min(hot[i].end, high) - low);
      ++leaves;
    }));
    if (whole) return Size{size.rows + rows, size.pages + 1};
  }
  if (leaves > 0 && ids > 0) {
    const auto all = static_cast<double>(hot_ids);
    size.rows += all * (rows / ids);
    size.pages += all / (ids / leaves);
  }
  size.pages = std::max(1.0, size.pages);
  return size;
}

}  // namespace phantom::txn
