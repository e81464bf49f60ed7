// Moving chunks from segments back to the tree (docs/decisions/0015-cold-chunks.md).
#include "btree/buffer_pool.h"
#include "btree/tree.h"
#include "io/env.h"
#include "txn/chunk_moves.h"
#include "txn/row_table_impl.h"
#include "wal/log_writer.h"

namespace phantom::txn {

// Copies a chunk's rows, a vector at a time, to where the tree lacks them.
class ChunkThawer {
 public:
  ChunkThawer(RowTable& table, ManagerImpl& impl, const ColdRows& rows)
      : table_(table), impl_(impl), rows_(rows), writers_(types::Type(types::kInt8Oid)), encoder_(table.layout()) {
    const types::RowLayout& layout = table.layout();
    for (uint32_t i = 0; i < layout.column_count(); ++i) {
      vectors_.emplace_back(layout.type(i).oid == 0 ? types::Type(types::kInt8Oid) : layout.type(i),
                            layout.type(i).oid == 0 ? types::Layout::kInt64 : layout.layout(i), types::kVectorSize);
    }
  }

  Result<uint64_t> CopyVector(uint32_t vector) {
    const uint64_t first = rows_.begin().value + uint64_t{vector} * lsm::kVectorRows;
    lsm::RowSet missing = rows_.RowsIn(vector);
    RETURN_IF_ERROR(SubtractTree(RowId(first), &missing));
    // Purge notes a deletion before it removes the ghost: so what has been deleted is asked after the tree was read.
    missing.Intersect(rows_.RowsIn(vector));
    if (missing.Empty()) return 0;
    const types::RowLayout& layout = table_.layout();
    for (uint32_t i = 0; i < layout.column_count(); ++i) {
      if (layout.type(i).oid == 0) continue;
      vectors_[i].Reset();
      RETURN_IF_ERROR(rows_.ReadVector(layout, i, vector, vectors_[i]));
    }
    writers_.Reset();
    RETURN_IF_ERROR(rows_.ReadWriters(vector, writers_));
    return PutRows(RowId(first), missing);
  }

 private:
  // Whatever the tree has by now wins.
  Result<uint64_t> PutRows(RowId first, const lsm::RowSet& missing) {
    types::SelectionVector places(types::kVectorSize);
    const uint32_t count = missing.ToIndices(places.data());
    values_.clear();
    keys_.clear();
    ends_.clear();
    for (uint32_t k = 0; k < count; ++k) {
      RowHeader header;
      header.txn = TxnId(static_cast<uint64_t>(writers_.Get<int64_t>(places[k])));
      header.flags = kRowRestored;  // as it may have been: nobody kept that
      std::array<std::byte, RowHeader::kBytes> head;
      header.Store(head.data());
      values_.append(AsText(head)).append(Encode(places[k]));
      ends_.push_back(values_.size());
      keys_.emplace_back(RowId(first.value + places[k]));
    }
    entries_.clear();
    for (uint32_t k = 0; k < count; ++k) {
      const size_t begin = k == 0 ? 0 : ends_[k - 1];
      entries_.push_back({keys_[k], AsBytes(std::string_view(values_).substr(begin, ends_[k] - begin))});
    }
    for (std::span<const btree::Tree::Entry> left = entries_; !left.empty();) {
      RETURN_IF_ERROR(impl_.store.pool().AdmitChange());
      RETURN_IF_ERROR(impl_.store.log().Admit());
      ASSIGN_OR_RETURN(const size_t done, table_.parts_->tree().Fill(left));
      left = left.subspan(done);
      impl_.store.env().Step("thaw: leaf filled");
    }
    return values_.size();
  }

  // Takes out those that the tree has.
  Status SubtractTree(RowId first, lsm::RowSet* rows) const {
    const RowId end(first.value + lsm::kVectorRows);
    lsm::RowSet seen;
    for (RowId next = first; next < end;) {
      RETURN_IF_ERROR(table_.parts_->tree().VisitLeaf(btree::RowKey(next), [&](const btree::LeafView& leaf) {
        for (uint32_t i = leaf.LowerBound(btree::RowKey(next)); i < leaf.count() && leaf.row_id(i) < end; ++i) {
          seen.Add(static_cast<uint32_t>(leaf.row_id(i).value - first.value));
        }
        next = leaf.is_last() ? end : std::min(end, RowIdAtFence(leaf.high_fence()));
      }));
    }
    rows->Subtract(seen);
    return Status::Ok();
  }

  std::string_view Encode(uint32_t place) {
    const types::RowLayout& layout = table_.layout();
    encoder_.Begin();
    for (uint32_t i = 0; i < layout.column_count(); ++i) {
      if (layout.type(i).oid == 0 || vectors_[i].IsNull(place)) {
        encoder_.AddNull();
      } else {
        encoder_.Add(vectors_[i].row_slot(place));
      }
    }
    return encoder_.Finish();
  }

  RowTable& table_;
  ManagerImpl& impl_;
  const ColdRows& rows_;
  std::vector<types::Vector> vectors_;  // by the table's columns
  types::Vector writers_;
  types::RowEncoder encoder_;
  // Of the rows to be put: the values one after the other, and where each ends.
  std::string values_;
  std::vector<size_t> ends_;
  std::vector<btree::RowKey> keys_;
  std::vector<btree::Tree::Entry> entries_;
};

Result<bool> RowTable::Thaw(uint64_t chunk) { return Thaw(chunk, MoveOptions()); }

Result<bool> RowTable::Thaw(uint64_t chunk, const MoveOptions& options) {
  TableState& state = *parts_->state;
  ManagerImpl& impl = manager_->impl();
  const ColdRowsRef rows = state.cold.Find(RowId(chunk * store::kChunkRows));
  // Rows of a load are its own until everybody sees them.
  if (rows == nullptr || rows->chunk().loader >= impl.snapshots.Compute().finished_below) return false;
  // As for a writer: while it lives no ghost goes that it does not see.
  const Snapshot snapshot = impl.snapshots.Take(TxnId(), Lsn(1));
  ChunkThawer thawer(*this, impl, *rows);
  for (uint32_t vector = 0; vector < lsm::kVectorsMax; ++vector) {
    ASSIGN_OR_RETURN(const uint64_t bytes, thawer.CopyVector(vector));
    if (!options.GoOn(bytes)) return false;
  }
  impl.store.env().Step("thaw: rows copied");
  store::Chunks& chunks = impl.store.chunks();
  RETURN_IF_ERROR(chunks.Remove(space_, tree_, chunk));
  state.cold.Withdraw(chunk);
  RETURN_IF_ERROR(chunks.RemoveSegment(rows->chunk().segment));
  return true;
}

}  // namespace phantom::txn
