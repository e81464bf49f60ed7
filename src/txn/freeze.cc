// Moving chunks from the tree to segments (docs/decisions/0015-cold-chunks.md).
#include <algorithm>
#include <array>

#include "btree/buffer_pool.h"
#include "btree/tree.h"
#include "common/check.h"
#include "io/env.h"
#include "lsm/segment_writer.h"
#include "txn/chunk_moves.h"
#include "txn/chunk_policy.h"
#include "txn/row_table_impl.h"
#include "wal/log_writer.h"

namespace phantom::txn {

namespace {

RowId FirstOf(uint64_t chunk) { return RowId(chunk * store::kChunkRows); }

bool IsCopied(const RowHeader& header, Lsn frozen_before) {
  return header.lsn < frozen_before && (header.flags & (kRowDeleted | kRowOverflow)) == 0;
}

// A segment file that nothing names: removed unless it is kept.
class NewSegment {
 public:
  explicit NewSegment(store::Chunks& chunks) : chunks_(chunks) {}
  ~NewSegment() {
    if (file == nullptr || kept_) return;
    file.reset();
    // What cannot be removed now goes at the next opening.
    static_cast<void>(chunks_.DiscardSegment(id).ok());
  }
  Status Make() {
    ASSIGN_OR_RETURN(file, chunks_.MakeSegment(&id));
    return Status::Ok();
  }
  void Keep() { kept_ = true; }

  std::unique_ptr<io::File> file;
  store::SegmentId id;

 private:
  store::Chunks& chunks_;
  bool kept_ = false;
};

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
  ChunkFreezer(RowTable& table, ManagerImpl& impl, uint64_t chunk, const MoveOptions& options)
      : table_(table), impl_(impl), chunks_(impl.store.chunks()), chunk_(chunk), options_(options) {
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
    // Every version that the segment gets is seen by whoever there is and will be, and as long as this one lives purge
    // takes no ghost away that it does not see.
    const Snapshot snapshot = impl_.snapshots.Take(TxnId(), Lsn(1));
    everybody_sees_below_ = impl_.snapshots.Compute().finished_below;
    if (before != nullptr && before->chunk().loader >= everybody_sees_below_) return false;
    frozen_before_ = impl_.store.log().appended();
    ASSIGN_OR_RETURN(const bool worth_it, Judge(before.get()));
    if (!worth_it) return false;
    NewSegment segment(chunks_);
    RETURN_IF_ERROR(segment.Make());
    uint64_t bytes = 0;
    ASSIGN_OR_RETURN(const bool written, WriteSegment(*segment.file, before.get(), &bytes));
    if (!written) return false;
    if (rows_ == 0) {
      if (before == nullptr) return false;
      return WithdrawEmpty(*before);
    }
    RETURN_IF_ERROR(chunks_.SyncSegment(*segment.file));
    RETURN_IF_ERROR(Publish({chunk_, segment.id, frozen_before_, rows_, bytes}, before.get(), &segment));
    return true;
  }

  Lsn frozen_before() const { return frozen_before_; }

 private:
  using SegmentId = store::SegmentId;

  // A look at the versions alone, before anything is written. False: one is not seen by everybody, or there are no rows that a
  // segment could have.
  Result<bool> Judge(const ColdRows* before) {
    const RowId end = FirstOf(chunk_ + 1);
    bool stable = true, any = before != nullptr;
    RETURN_IF_ERROR(VisitRows(table_.parts_->tree(), FirstOf(chunk_), end, [&](RowId, Bytes value) {
      const RowHeader header = RowHeader::Load(value);
      stable = header.txn < everybody_sees_below_;
      any = any || (header.flags & (kRowDeleted | kRowOverflow)) == 0;
      return stable;
    }));
    return stable && any;
  }

  // False: some version is not seen by everybody, or it was stopped.
  Result<bool> WriteSegment(io::File& file, const ColdRows* before, uint64_t* bytes) {
    lsm::SegmentSchema schema = SegmentSchemaOf(table_);
    schema.base = FirstOf(chunk_).value;
    lsm::SegmentWriter writer(file, schema);
    for (uint32_t vector = 0; vector < lsm::kVectorsMax; ++vector) {
      ASSIGN_OR_RETURN(const bool stable, ReadVector(vector, before));
      if (!stable || !options_.GoOn(std::exchange(bytes_read_, 0))) return false;
      vectors_.SetSize(lsm::kVectorRows);
      RETURN_IF_ERROR(writer.Append(vectors_, &present_));
    }
    if (rows_ == 0) return true;
    ASSIGN_OR_RETURN(*bytes, writer.Finish());
    return options_.GoOn(*bytes);
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
    RETURN_IF_ERROR(VisitRows(table_.parts_->tree(), first, end, [&](RowId id, Bytes value) {
      const auto place = static_cast<uint32_t>(id.value - first.value);
      const RowHeader header = RowHeader::Load(value);
      stable = header.txn < everybody_sees_below_;
      if (!stable) return false;
      seen.Add(place);
      bytes_read_ += value.size();
      if ((header.flags & (kRowDeleted | kRowOverflow)) != 0) return true;
      decoded = types::RowReader(table_.layout(), AsText(RowBody(value))).Decode(columns_, user_columns(), place);
      if (!decoded.ok()) return false;
      NoteRow(place, header.txn);
      return true;
    }));
    RETURN_IF_ERROR(decoded);
    if (!stable || before == nullptr) return stable;
    lsm::RowSet kept = before->RowsIn(vector);
    kept.Subtract(seen);
    if (kept.Empty()) return true;
    bytes_read_ += before->chunk().bytes / lsm::kVectorsMax;
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

  // Past the entry's record there is no way back: what fails then is the removal of a file that nothing names.
  Status Publish(const store::ColdChunk& chunk, const ColdRows* before, NewSegment* segment) {
    if (before == nullptr) RETURN_IF_ERROR(chunks_.ForgetDeletions(table_.space(), table_.tree(), chunk_));
    ASSIGN_OR_RETURN(ColdRowsRef rows, ColdRows::Open(impl_.store, table_.space(), table_.tree(), chunk));
    // Nothing fails between the two: purge must know that the chunk is cold from when it is.
    RETURN_IF_ERROR(chunks_.Put(table_.space(), table_.tree(), chunk));
    segment->Keep();
    cold_table().Publish(std::move(rows));
    impl_.store.env().Step(before == nullptr ? "freeze: published" : "rewrite: published");
    return before == nullptr ? Status::Ok() : chunks_.RemoveSegment(before->chunk().segment);
  }

  // Every row of the segment has been deleted, or is kept in the tree.
  Result<bool> WithdrawEmpty(const ColdRows& before) {
    RETURN_IF_ERROR(chunks_.Remove(table_.space(), table_.tree(), chunk_));
    cold_table().Withdraw(chunk_);
    impl_.store.env().Step("rewrite: withdrawn");
    RETURN_IF_ERROR(chunks_.RemoveSegment(before.chunk().segment));
    return true;
  }

  RowTable& table_;
  ManagerImpl& impl_;
  store::Chunks& chunks_;
  const uint64_t chunk_;
  const MoveOptions& options_;
  std::vector<uint32_t> columns_;  // of the table, without dropped ones
  types::Chunk vectors_;           // those and the writers
  lsm::RowSet present_;
  uint32_t rows_ = 0;
  uint64_t bytes_read_ = 0;  // since the options were asked
  TxnId everybody_sees_below_;
  Lsn frozen_before_;
};

uint64_t RowTable::ChunkCount() const { return (EndRowId().value + store::kChunkRows - 1) / store::kChunkRows; }

bool RowTable::IsCold(uint64_t chunk) const { return parts_->state->cold.Find(FirstOf(chunk)) != nullptr; }

ChunkLook RowTable::LookAside(uint64_t chunk) const {
  ChunkLook look;
  look.full = parts_->state->next_row.load() >= FirstOf(chunk + 1).value;
  const ColdRowsRef cold = parts_->state->cold.Find(FirstOf(chunk));
  if (cold == nullptr) return look;
  look.cold = true;
  look.rows = cold->chunk().rows;
  look.bytes = cold->chunk().bytes;
  look.dead = cold->deleted_rows();
  return look;
}

std::vector<SegmentColumn> RowTable::SegmentColumns() const {
  std::map<std::pair<uint32_t, lsm::Encoding>, SegmentColumn> columns;
  for (const ColdRowsRef& cold : parts_->state->cold.All()) cold->AddColumns(&columns);
  std::vector<SegmentColumn> all;
  for (const auto& [key, column] : columns) all.push_back(column);
  return all;
}

Result<ChunkLook> RowTable::LookAt(uint64_t chunk) const {
  ChunkLook look = LookAside(chunk);
  const RowId begin = FirstOf(chunk), end = FirstOf(chunk + 1);
  const ColdRowsRef cold = parts_->state->cold.Find(begin);
  if (cold == nullptr) return look;
  RETURN_IF_ERROR(VisitRows(parts_->tree(), begin, end, [&](RowId, Bytes value) {
    const RowHeader header = RowHeader::Load(value);
    // Those with long values stay in the tree; ghosts are purge's.
    if ((header.flags & (kRowDeleted | kRowOverflow)) == 0) {
      ++(IsCopied(header, cold->chunk().frozen_before) ? look.copies : look.overlaid);
    }
    return true;
  }));
  return look;
}

Result<bool> RowTable::Freeze(uint64_t chunk) { return Freeze(chunk, MoveOptions()); }

Result<bool> RowTable::Freeze(uint64_t chunk, const MoveOptions& options) {
  if (const ColdRowsRef cold = parts_->state->cold.Find(FirstOf(chunk))) {
    ASSIGN_OR_RETURN(const ChunkLook look, LookAt(chunk));
    if (look.overlaid == 0 && look.dead == 0) {
      return look.copies == 0 ? false : Trim(chunk, cold->chunk().frozen_before, options);
    }
  }
  ChunkFreezer freezer(*this, manager_->impl(), chunk, options);
  ASSIGN_OR_RETURN(const bool frozen, freezer.Run());
  if (!frozen) return false;
  if (options.give_up_ids) {
    // New rows go past the chunk. Those that have come meanwhile stay in the tree.
    std::atomic<uint64_t>& next_row = parts_->state->next_row;
    uint64_t next = next_row.load();
    const uint64_t end = FirstOf(chunk + 1).value;
    while (next < end && !next_row.compare_exchange_weak(next, end)) {
    }
  }
  RETURN_IF_ERROR(Trim(chunk, freezer.frozen_before(), options).status());
  return true;
}

Status VisitRows(const btree::Tree& tree, RowId first, RowId end, FunctionRef<bool(RowId, Bytes)> visit) {
  for (RowId next = first; next < end;) {
    RETURN_IF_ERROR(tree.VisitLeaf(btree::RowKey(next), [&](const btree::LeafView& leaf) {
      for (uint32_t i = leaf.LowerBound(btree::RowKey(next)); i < leaf.count(); ++i) {
        const RowId id = leaf.row_id(i);
        if (id >= end || !visit(id, leaf.value(i))) {
          next = end;
          return;
        }
      }
      next = leaf.is_last() ? end : std::min(end, RowIdAtFence(leaf.high_fence()));
    }));
  }
  return Status::Ok();
}

Result<bool> PruneChunk(ManagerImpl& impl, btree::Tree& tree, uint64_t chunk, FunctionRef<bool(const RowHeader&)> drop,
                        const MoveOptions& options) {
  const RowId end = FirstOf(chunk + 1);
  RowId empty_from;  // 0: none
  RowId ask_at = RowId(FirstOf(chunk).value + lsm::kVectorRows);
  uint64_t bytes = 0;
  for (RowId next = FirstOf(chunk); next < end;) {
    RETURN_IF_ERROR(impl.store.pool().AdmitChange());
    RETURN_IF_ERROR(impl.store.log().Admit());
    ASSIGN_OR_RETURN(const btree::Tree::Pruned pruned, tree.Prune(btree::RowKey(next), [&](Bytes key, Bytes value) {
      const RowId id = btree::RowIdOf(key);
      const bool dropped = id >= FirstOf(chunk) && id < end && drop(RowHeader::Load(value));
      bytes += dropped ? value.size() : 0;
      return dropped;
    }));
    impl.store.env().Step("trim: leaf trimmed");
    if (empty_from) RETURN_IF_ERROR(tree.Tidy(btree::RowKey(empty_from)));
    if (pruned.left > 0) empty_from = RowId();
    if (pruned.left == 0 && !empty_from) empty_from = next;
    next = pruned.high_fence.empty() ? end : RowIdAtFence(AsBytes(pruned.high_fence));
    if (next < ask_at) continue;
    ask_at = RowId(next.value + lsm::kVectorRows);
    if (!options.GoOn(std::exchange(bytes, 0))) return false;
  }
  return true;
}

Result<bool> RowTable::Trim(uint64_t chunk, const MoveOptions& options) {
  const ColdRowsRef cold = parts_->state->cold.Find(FirstOf(chunk));
  return cold == nullptr ? true : Trim(chunk, cold->chunk().frozen_before, options);
}

// Takes from the tree what the segment has as well.
Result<bool> RowTable::Trim(uint64_t chunk, Lsn frozen_before, const MoveOptions& options) {
  const ColdRowsRef cold = parts_->state->cold.Find(FirstOf(chunk));
  if (cold == nullptr) return true;
  cold->BeginTrim();
  Result<bool> trimmed = PruneChunk(
      manager_->impl(), parts_->tree(), chunk,
      [&](const RowHeader& header) { return IsCopied(header, frozen_before); }, options);
  cold->EndTrim(manager_->impl().store.log().appended());
  return trimmed;
}

}  // namespace phantom::txn
