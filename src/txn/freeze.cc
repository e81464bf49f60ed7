// Moving chunks between tree and segments (docs/decisions/0015-cold-chunks.md).
#include <algorithm>
#include <array>

#include "btree/buffer_pool.h"
#include "btree/tree.h"
#include "common/check.h"
#include "io/env.h"
#include "lsm/segment_writer.h"
#include "txn/row_table_impl.h"
#include "wal/log_writer.h"

namespace phantom::txn {

namespace {

RowId FirstOf(uint64_t chunk) { return RowId(chunk * store::kChunkRows); }

bool IsCopied(const RowHeader& header, Lsn frozen_before) {
  return header.lsn < frozen_before && (header.flags & (kRowDeleted | kRowOverflow)) == 0;
}

}  // namespace

lsm::SegmentSchema SegmentSchemaOf(const RowTable& table) {
  const types::RowLayout& layout = table.layout();
  lsm::SegmentSchema schema;
  schema.tree = table.tree().value;
  for (uint32_t i = 0; i < layout.column_count(); ++i) {
    if (layout.type(i).oid == 0) continue;  // dropped
    schema.columns.push_back({static_cast<uint16_t>(i + 1), layout.type(i), layout.layout(i)});
  }
  schema.columns.push_back({kWriterAttribute, types::Type(types::kInt8Oid), types::Layout::kInt64});
  return schema;
}

// A chunk's rows as everybody sees them, into a segment.
class ChunkFreezer {
 public:
  ChunkFreezer(RowTable& table, ManagerImpl& impl, uint64_t chunk)
      : table_(table), impl_(impl), chunks_(impl.store.chunks()), chunk_(chunk) {
    for (uint32_t i = 0; i < table.layout().column_count(); ++i) {
      if (table.layout().type(i).oid == 0) continue;  // dropped
      columns_.push_back(i);
      vectors_.AddColumn(types::Vector(table.layout().type(i), table.layout().layout(i), types::kVectorSize));
    }
    vectors_.AddColumn(types::Vector(types::Type(types::kInt8Oid)));
  }

  // False: not now, or nothing to do.
  Result<bool> Run() {
    const ColdRowsRef before = cold_table().Find(FirstOf(chunk_));
    SegmentId segment;
    ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, chunks_.MakeSegment(&segment));
    // Every version that the segment gets is seen by whoever there is and will be, and as long as this one lives purge
    // takes no ghost away that it does not see.
    const Snapshot snapshot = impl_.snapshots.Take(TxnId(), Lsn(1));
    everybody_sees_below_ = impl_.snapshots.Compute().finished_below;
    if (before != nullptr && before->chunk().loader >= everybody_sees_below_) {
      static_cast<void>(chunks_.DiscardSegment(segment));
      return false;
    }
    frozen_before_ = impl_.store.log().appended();
    uint64_t bytes = 0;
    Result<bool> written = WriteSegment(*file, before.get(), &bytes);
    if (!written.ok() || !*written) {
      static_cast<void>(chunks_.DiscardSegment(segment));
      return written;
    }
    RETURN_IF_ERROR(chunks_.SyncSegment(*file));
    RETURN_IF_ERROR(Publish({chunk_, segment, frozen_before_, rows_, bytes}, before.get()));
    return true;
  }

  Lsn frozen_before() const { return frozen_before_; }

 private:
  using SegmentId = store::SegmentId;

  // False: some version is not seen by everybody, or there are no rows.
  Result<bool> WriteSegment(io::File& file, const ColdRows* before, uint64_t* bytes) {
    lsm::SegmentSchema schema = SegmentSchemaOf(table_);
    schema.base = FirstOf(chunk_).value;
    lsm::SegmentWriter writer(file, schema);
    for (uint32_t vector = 0; vector < lsm::kVectorsMax; ++vector) {
      ASSIGN_OR_RETURN(const bool stable, ReadVector(vector, before));
      if (!stable) return false;
      vectors_.SetSize(lsm::kVectorRows);
      RETURN_IF_ERROR(writer.Append(vectors_, &present_));
    }
    if (rows_ == 0) return false;
    ASSIGN_OR_RETURN(*bytes, writer.Finish());
    return true;
  }

  ColdTable& cold_table() { return table_.parts_->state->cold; }

  // The tree's rows, then those of the present segment that the tree lacks. False: a version is not seen by everybody.
  Result<bool> ReadVector(uint32_t vector, const ColdRows* before) {
    const RowId first(FirstOf(chunk_).value + uint64_t{vector} * lsm::kVectorRows), end(first.value + lsm::kVectorRows);
    vectors_.Reset();
    for (types::Vector& column : vectors_.columns())
      std::memset(column.slot(0), 0, lsm::kVectorRows * types::SizeOf(column.layout()));
    present_ = {};
    lsm::RowSet seen;
    Status decoded;
    bool stable = true;
    for (RowId next = first; next < end && stable;) {
      RETURN_IF_ERROR(table_.parts_->tree().VisitLeaf(btree::RowKey(next), [&](const btree::LeafView& leaf) {
        for (uint32_t i = leaf.LowerBound(btree::RowKey(next)); i < leaf.count(); ++i) {
          const RowId id = leaf.row_id(i);
          if (id >= end) break;
          const auto place = static_cast<uint32_t>(id.value - first.value);
          const Bytes value = leaf.value(i);
          const RowHeader header = RowHeader::Load(value);
          stable = header.txn < everybody_sees_below_;
          if (!stable) return;
          seen.Add(place);
          if ((header.flags & (kRowDeleted | kRowOverflow)) != 0) continue;
          decoded = types::RowReader(table_.layout(), AsText(RowBody(value))).Decode(columns_, user_columns(), place);
          if (!decoded.ok()) return;
          NoteRow(place, header.txn);
        }
        next = leaf.is_last() ? end : std::min(end, RowIdAtFence(leaf.high_fence()));
      }));
      RETURN_IF_ERROR(decoded);
    }
    if (!stable || before == nullptr) return stable;
    lsm::RowSet kept = before->RowsIn(vector);
    kept.Subtract(seen);
    if (kept.Empty()) return true;
    types::SelectionVector places(types::kVectorSize);
    const uint32_t count = kept.ToIndices(places.data());
    for (uint32_t i = 0; i < columns_.size(); ++i) {
      const uint32_t column = columns_[i];
      types::Vector values(table_.layout().type(column), table_.layout().layout(column), types::kVectorSize);
      RETURN_IF_ERROR(before->ReadVector(table_.layout(), column, vector, values));
      for (uint32_t k = 0, run; k < count; k += run) {
        for (run = 1; k + run < count && places[k + run] == places[k] + run;) ++run;
        vectors_.column(i).CopyRows(values, places[k], run, places[k]);
      }
    }
    types::Vector writers{types::Type(types::kInt8Oid)};
    RETURN_IF_ERROR(before->ReadWriters(vector, writers));
    for (uint32_t k = 0; k < count; ++k)
      NoteRow(places[k], TxnId(static_cast<uint64_t>(writers.Get<int64_t>(places[k]))));
    return true;
  }

  std::span<types::Vector> user_columns() { return std::span(vectors_.columns()).first(columns_.size()); }

  void NoteRow(uint32_t place, TxnId writer) {
    vectors_.columns().back().data<int64_t>()[place] = static_cast<int64_t>(writer.value);
    present_.Add(place);
    ++rows_;
  }

  Status Publish(const store::ColdChunk& chunk, const ColdRows* before) {
    if (before == nullptr) RETURN_IF_ERROR(chunks_.ForgetDeletions(table_.space(), table_.tree(), chunk_));
    ASSIGN_OR_RETURN(ColdRowsRef rows, ColdRows::Open(impl_.store, table_.space(), table_.tree(), chunk));
    // Nothing fails between the two: purge must know that the chunk is cold from when it is.
    RETURN_IF_ERROR(chunks_.Put(table_.space(), table_.tree(), chunk));
    cold_table().Publish(std::move(rows));
    impl_.store.env().Step(before == nullptr ? "freeze: published" : "rewrite: published");
    return before == nullptr ? Status::Ok() : chunks_.RemoveSegment(before->chunk().segment);
  }

  RowTable& table_;
  ManagerImpl& impl_;
  store::Chunks& chunks_;
  const uint64_t chunk_;
  std::vector<uint32_t> columns_;  // of the table, without dropped ones
  types::Chunk vectors_;           // those and the writers
  lsm::RowSet present_;
  uint32_t rows_ = 0;
  TxnId everybody_sees_below_;
  Lsn frozen_before_;
};

uint64_t RowTable::ChunkCount() const { return (EndRowId().value + store::kChunkRows - 1) / store::kChunkRows; }

bool RowTable::IsCold(uint64_t chunk) const { return parts_->state->cold.Find(FirstOf(chunk)) != nullptr; }

// Whether the tree has something of a cold chunk, or rows have been deleted since.
Result<bool> RowTable::HasChanged(const ColdRows& cold) const {
  if (cold.deleted_rows() > 0) return true;
  bool changed = false;
  for (RowId next = cold.begin(); next < cold.end() && !changed;) {
    RETURN_IF_ERROR(parts_->tree().VisitLeaf(btree::RowKey(next), [&](const btree::LeafView& leaf) {
      const uint32_t position = leaf.LowerBound(btree::RowKey(next));
      changed = position < leaf.count() && leaf.row_id(position) < cold.end();
      next = leaf.is_last() ? cold.end() : RowIdAtFence(leaf.high_fence());
    }));
  }
  return changed;
}

Result<bool> RowTable::Freeze(uint64_t chunk) {
  if (const ColdRowsRef cold = parts_->state->cold.Find(FirstOf(chunk))) {
    ASSIGN_OR_RETURN(const bool changed, HasChanged(*cold));
    if (!changed) return false;
  }
  ChunkFreezer freezer(*this, manager_->impl(), chunk);
  ASSIGN_OR_RETURN(const bool frozen, freezer.Run());
  if (!frozen) return false;
  // New rows go past the chunk. Those that have come meanwhile stay in the tree.
  std::atomic<uint64_t>& next_row = parts_->state->next_row;
  uint64_t next = next_row.load();
  const uint64_t end = FirstOf(chunk + 1).value;
  while (next < end && !next_row.compare_exchange_weak(next, end)) {
  }
  RETURN_IF_ERROR(Trim(chunk, freezer.frozen_before()));
  return true;
}

Status PruneChunk(ManagerImpl& impl, btree::Tree& tree, uint64_t chunk, FunctionRef<bool(const RowHeader&)> drop) {
  const RowId end = FirstOf(chunk + 1);
  RowId empty_from;  // 0: none
  for (RowId next = FirstOf(chunk); next < end;) {
    RETURN_IF_ERROR(impl.store.pool().AdmitChange());
    RETURN_IF_ERROR(impl.store.log().Admit());
    ASSIGN_OR_RETURN(const btree::Tree::Pruned pruned, tree.Prune(btree::RowKey(next), [&](Bytes key, Bytes value) {
      const RowId id = btree::RowIdOf(key);
      return id >= FirstOf(chunk) && id < end && drop(RowHeader::Load(value));
    }));
    impl.store.env().Step("trim: leaf trimmed");
    if (empty_from) RETURN_IF_ERROR(tree.Tidy(btree::RowKey(empty_from)));
    if (pruned.left > 0) empty_from = RowId();
    if (pruned.left == 0 && !empty_from) empty_from = next;
    next = pruned.high_fence.empty() ? end : RowIdAtFence(AsBytes(pruned.high_fence));
  }
  return Status::Ok();
}

// Takes from the tree what the segment has as well.
Status RowTable::Trim(uint64_t chunk, Lsn frozen_before) {
  return PruneChunk(manager_->impl(), parts_->tree(), chunk,
                    [&](const RowHeader& header) { return IsCopied(header, frozen_before); });
}

Result<bool> RowTable::Thaw(uint64_t chunk) {
  TableState& state = *parts_->state;
  const ColdRowsRef rows = state.cold.Find(FirstOf(chunk));
  // Rows of a load are its own until everybody sees them.
  if (rows == nullptr || rows->chunk().loader >= manager_->impl().snapshots.Compute().finished_below) return false;
  // As for a writer: while it lives no ghost goes that it does not see.
  const Snapshot snapshot = manager_->impl().snapshots.Take(TxnId(), Lsn(1));
  Status status;
  for (uint32_t vector = 0; vector < lsm::kVectorsMax; ++vector) {
    const uint64_t first = rows->begin().value + uint64_t{vector} * lsm::kVectorRows;
    rows->RowsIn(vector).ForEach([&](uint32_t place) {
      if (!status.ok()) return;
      const RowId id(first + place);
      bool missing = false;
      status = parts_->tree().Read(btree::RowKey(id), [&](std::optional<Bytes> current) { missing = !current; });
      if (status.ok() && missing) status = CopyIn(state.cold.version(), id).status();
    });
    RETURN_IF_ERROR(status);
  }
  manager_->impl().store.env().Step("thaw: rows copied");
  store::Chunks& chunks = manager_->impl().store.chunks();
  RETURN_IF_ERROR(chunks.Remove(space_, tree_, chunk));
  state.cold.Withdraw(chunk);
  RETURN_IF_ERROR(chunks.RemoveSegment(rows->chunk().segment));
  return true;
}

}  // namespace phantom::txn
