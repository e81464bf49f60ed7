// Reading rows.
#include "txn/row_table.h"

#include <algorithm>
#include <cmath>

#include "btree/tree.h"
#include "btree/tree_size.h"
#include "common/check.h"
#include "txn/overflow.h"
#include "txn/row_table_impl.h"

namespace phantom::txn {

Result<RowTable> RowTable::Open(TransactionManager& manager, SpaceId space, TreeId tree, const types::RowLayout& layout,
                                Oid relation) {
  auto parts = std::make_unique<Parts>();
  ASSIGN_OR_RETURN(parts->state, manager.impl().OpenTable(space, tree));
  if (relation != 0 && parts->state->relation.load(std::memory_order_relaxed) != relation) parts->state->relation = relation;
  for (uint32_t i = 0; i < layout.column_count(); ++i) {
    if (layout.is_variable(i)) parts->variable_columns.push_back(i);
  }
  return RowTable(manager, space, tree, layout, std::move(parts));
}

RowTable::RowTable(TransactionManager& manager, SpaceId space, TreeId tree, const types::RowLayout& layout,
                   std::unique_ptr<Parts> parts)
    : manager_(&manager), space_(space), tree_(tree), layout_(&layout), parts_(std::move(parts)), watched_(IsWatched(tree)) {}
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

Result<RowTable::Place> RowTable::Find(RowId id, FunctionRef<void(Bytes)> visit, FetchedRow* row) const {
  const ColdTable& chunks = parts_->state->cold;
  for (;;) {
    const uint64_t version = chunks.version();
    bool in_tree = false;
    RETURN_IF_ERROR(parts_->tree().Read(btree::RowKey(id), [&](std::optional<Bytes> value) {
      in_tree = value.has_value();
      if (in_tree) visit(*value);
    }));
    if (in_tree) return Place::kTree;
    const ColdRows* segment = FindSegment(id, row);
    if (segment != nullptr) return segment->Has(id) ? Place::kSegment : Place::kNowhere;
    if (chunks.version() == version) return Place::kNowhere;
  }
}

Status RowTable::ReadLocated(FetchedRow* row) const {
  row->in_segment = false;
  RowHeader header;
  RETURN_IF_ERROR(row->segment->Read(*layout_, row->place, &header, &row->row));
  row->version = header.lsn;
  row->writer = header.txn;
  return Status::Ok();
}

Status RowTable::Fetch(const Snapshot& snapshot, RowId id, FetchedRow* row) const {
  RETURN_IF_ERROR(Locate(snapshot, id, row));
  return row->in_segment ? ReadLocated(row) : Status::Ok();
}

Status RowTable::Locate(const Snapshot& snapshot, RowId id, FetchedRow* row) const {
  row->found = row->newest = row->in_segment = false;
  SerializableGraph& graph = manager_->impl().serializable;
  SerializableTransaction* const reader = ReaderOf(snapshot, watched_);
  if (reader != nullptr) RETURN_IF_ERROR(graph.BeginRead(*reader));
  RowHeader unseen;
  auto visit = [&](Bytes value) {
    const RowHeader header = RowHeader::Load(value);
    if (!snapshot.Sees(header.txn, header.lsn)) {
      unseen = header;
    } else if (!header.deleted()) {
      Take(header, AsText(RowBody(value)), row);
      if (reader != nullptr && header.txn != snapshot.own()) graph.locks().LockRow(*reader, {space_, tree_}, id);
    }
  };
  ASSIGN_OR_RETURN(Place place, Find(id, visit, row));
  if (place == Place::kSegment && reader != nullptr && row->segment->IsSeenBy(snapshot)) {
    // Nothing was latched: who has changed the row meanwhile has put it into the tree.
    graph.locks().LockRow(*reader, {space_, tree_}, id);
    ASSIGN_OR_RETURN(place, Find(id, visit, row));
  }
  if (place == Place::kSegment) {
    if (row->segment->IsSeenBy(snapshot)) {
      row->found = row->in_segment = true;
      row->place = id;
      row->newest = row->segment->IsNewestFor(snapshot);
    } else if (reader != nullptr) {
      RETURN_IF_ERROR(graph.ReadPast(*reader, row->segment->chunk().loader));
    }
  }
  if (!unseen.lsn) return Status::Ok();
  if (reader != nullptr) RETURN_IF_ERROR(graph.ReadPast(*reader, unseen.txn));
  wal::Record record;
  Bytes value;
  ASSIGN_OR_RETURN(const bool found, manager_->impl().FindVersion(snapshot, unseen.lsn, &record, &value, reader));
  if (found) {
    const RowHeader header = RowHeader::Load(value);
    Take(header, AsText(RowBody(value)), row);
    row->newest = false;
    if (reader != nullptr && header.txn != snapshot.own()) graph.locks().LockRow(*reader, {space_, tree_}, id);
  }
  return Status::Ok();
}

Result<std::optional<RowHeader>> RowTable::NewestHeader(RowId id) const {
  std::optional<RowHeader> header;
  FetchedRow row;
  ASSIGN_OR_RETURN(const Place place, Find(id, [&](Bytes value) { header = RowHeader::Load(value); }, &row));
  if (place == Place::kSegment) {
    ASSIGN_OR_RETURN(header, row.segment->ReadHeader(id));
  }
  return header;
}

Result<TxnId> RowTable::LockerOf(const Snapshot& snapshot, RowId id) const {
  ASSIGN_OR_RETURN(const std::optional<RowHeader> newest, NewestHeader(id));
  if (newest && !snapshot.Sees(newest->txn, newest->lsn)) return newest->txn;
  return manager_->impl().row_locks.HolderOf({space_, tree_, id});
}

Status RowTable::FetchNewest(RowId id, FetchedRow* row) const {
  row->found = row->newest = row->in_segment = false;
  ASSIGN_OR_RETURN(const Place place, Find(id, [&](Bytes value) {
    const RowHeader header = RowHeader::Load(value);
    if (!header.deleted()) Take(header, AsText(RowBody(value)), row);
  }, row));
  if (place != Place::kSegment) return Status::Ok();
  row->found = true;
  row->place = id;
  return ReadLocated(row);
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
  // What was found is counted on until so many rows have come or gone.
  constexpr double kDrift = 1.0 / 16;
  TableState& state = *parts_->state;
  const int64_t grown = state.grown.load(std::memory_order_relaxed);
  {
    MutexLock lock(state.estimate_mutex);
    if (state.estimate) {
      const TableState::Estimate& then = *state.estimate;
      const auto since = static_cast<double>(grown - then.grown);
      if (std::abs(since) <= then.rows * kDrift) return Size{then.rows + since, then.pages};
    }
  }
  const uint64_t chunks = state.cold.version();
  ASSIGN_OR_RETURN(const Size size, LookAtLeaves());
  MutexLock lock(state.estimate_mutex);
  // Rows of a chunk that was moved meanwhile may have been met twice or not at all.
  if (state.cold.version() == chunks) state.estimate = TableState::Estimate{.rows = size.rows, .pages = size.pages, .grown = grown};
  return size;
}

Result<RowTable::Size> RowTable::LookAtLeaves() const {
  constexpr size_t kLeavesMax = 32;
  const std::vector<ColdRowsRef> chunks = parts_->state->cold.All();
  double rows = 0, leaves = 0;
  auto count = [&](const btree::LeafView& leaf) {
    ++leaves;
    auto chunk = chunks.begin();
    for (uint32_t i = 0; i < leaf.count(); ++i) {
      const RowId id = leaf.row_id(i);
      while (chunk != chunks.end() && (*chunk)->end() <= id) ++chunk;
      // What the tree has of a cold chunk stands in the place of what the segment has.
      const bool in_segment = chunk != chunks.end() && (*chunk)->begin() <= id && (*chunk)->Has(id);
      const bool live = !RowHeader::Load(leaf.value(i)).deleted();
      rows += static_cast<int>(live) - static_cast<int>(in_segment);
    }
  };
  ASSIGN_OR_RETURN(const double each, btree::SampleLeaves(manager_->store().pool(), parts_->tree(), kLeavesMax, count));
  Size size{rows * each, leaves * each};
  for (const ColdRowsRef& chunk : chunks) {
    size.rows += static_cast<double>(chunk->chunk().rows) - static_cast<double>(chunk->deleted_rows());
    size.pages += static_cast<double>(chunk->chunk().bytes) / btree::kPageBytes;
  }
  return Size{std::max(0.0, std::round(size.rows)), std::max(1.0, size.pages)};
}

}  // namespace phantom::txn
