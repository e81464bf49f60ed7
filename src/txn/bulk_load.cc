#include "txn/bulk_load.h"

#include <algorithm>

#include "btree/buffer_pool.h"
#include "btree/change.h"
#include "btree/tree.h"
#include "common/check.h"
#include "io/env.h"
#include "lsm/segment_reader.h"
#include "txn/chunk_moves.h"
#include "txn/row_table_impl.h"
#include "wal/log_writer.h"

namespace phantom::txn {

// ---- The chunk as a change of the transaction -----------------------------------------------------------------------

Status ManagerImpl::LoadChunk(Transaction& transaction, SpaceId space, TreeId tree, const store::ColdChunk& chunk) {
  ASSIGN_OR_RETURN(const std::shared_ptr<TableState> table, OpenTable(space, tree));
  RETURN_IF_ERROR(store.pool().AdmitChange());
  RETURN_IF_ERROR(store.log().Admit());
  // After a restart the chunk's row ids may be given for the second time.
  RETURN_IF_ERROR(store.chunks().ForgetDeletions(space, tree, chunk.number));
  ASSIGN_OR_RETURN(ColdRowsRef rows, ColdRows::Open(store, space, tree, chunk));
  RETURN_IF_ERROR(Track(transaction.active_entry_, [&](Lsn* last) -> Status {
    RETURN_IF_ERROR(store.chunks().Load(space, tree, chunk, last));
    rows->SetLoaded(*last);
    return Status::Ok();
  }));
  table->cold.Publish(std::move(rows));
  table->changes.fetch_add(chunk.rows, std::memory_order_relaxed);
  table->grown.fetch_add(chunk.rows, std::memory_order_relaxed);
  return Status::Ok();
}

// Only the loader has seen the chunk's rows: what the tree has of them are copies and the loader's changes, which have been undone.
Status ManagerImpl::ClearLoaded(SpaceId space, const store::Chunks::Entry& loaded) {
  Result<std::shared_ptr<TableState>> table = OpenTable(space, loaded.tree);
  if (!table.ok()) {
    return table.status().sqlstate() == sqlstate::kUndefinedFile ? Status::Ok() : std::move(table).status();
  }
  RETURN_IF_ERROR(
      PruneChunk(*this, *(*table)->tree, loaded.chunk.number, [](const RowHeader&) { return true; }, MoveOptions())
          .status());
  store.env().Step("bulk: tree cleared");
  return Status::Ok();
}

Status ManagerImpl::ForgetLoaded(SpaceId space, const store::Chunks::Entry& loaded) {
  store.env().Step("bulk: entry undone");
  Result<std::shared_ptr<TableState>> table = OpenTable(space, loaded.tree);
  if (table.ok()) {
    (*table)->cold.Withdraw(loaded.chunk.number);
    (*table)->grown.fetch_sub(loaded.chunk.rows, std::memory_order_relaxed);
  }
  // What cannot be removed now is removed at the next start.
  static_cast<void>(store.chunks().RemoveSegment(loaded.chunk.segment));
  return Status::Ok();
}

// ---- Collecting rows ------------------------------------------------------------------------------------------------

BulkLoad::BulkLoad(RowTable& table, Transaction& transaction, uint64_t segment_rows_min)
    : table_(table), transaction_(transaction), segment_rows_min_(segment_rows_min), encoder_(table.layout()) {
  const types::RowLayout& layout = table.layout();
  row_bytes_ = 2 + (layout.column_count() + 7) / 8;
  for (uint32_t i = 0; i < layout.column_count(); ++i) {
    if (types::MayPoint(layout.layout(i))) {
      // Its end's offset, and a numeric that does not point.
      row_bytes_ += sizeof(uint16_t) + (layout.layout(i) == types::Layout::kNumeric ? types::SizeOf(layout.layout(i)) : 0);
      string_columns_.push_back(i);
    } else {
      row_bytes_ += types::SizeOf(layout.layout(i));
    }
    if (layout.type(i).oid != 0) columns_.push_back(i);
  }
}

BulkLoad::~BulkLoad() = default;

// Whether values of the row would have to be moved out.
bool BulkLoad::IsWide(std::span<const types::Vector* const> columns, uint32_t row) const {
  size_t bytes = row_bytes_;
  for (uint32_t i : string_columns_) {
    const types::Vector& column = *columns[i];
    if (column.IsNull(row)) continue;
    if (column.layout() == types::Layout::kNumeric) {
      const auto& number = *reinterpret_cast<const types::Numeric*>(column.row_slot(row));
      if (number.is_big()) bytes += number.big_bytes().size();
    } else {
      bytes += reinterpret_cast<const types::StringRef*>(column.row_slot(row))->size();
    }
  }
  return bytes > RowTable::kRowBytesMax;
}

Status BulkLoad::Append(std::span<const types::Vector* const> columns, const types::SelIndex* rows, uint32_t count,
                        RowId* ids) {
  RETURN_IF_ERROR(transaction_.EnsureId().status());
  auto row_at = [&](uint32_t i) { return rows == nullptr ? i : rows[i]; };
  bool any_wide = false;
  for (uint32_t i = 0; i < count && !string_columns_.empty() && !any_wide; ++i) any_wide = IsWide(columns, row_at(i));
  if (any_wide) {
    narrow_.clear();
    std::vector<uint32_t> places;
    for (uint32_t i = 0; i < count; ++i) {
      if (IsWide(columns, row_at(i))) {
        RETURN_IF_ERROR(InsertWide(columns, row_at(i), &ids[i]));
      } else {
        narrow_.push_back(row_at(i));
        places.push_back(i);
      }
    }
    narrow_ids_.resize(narrow_.size());
    for (uint32_t done = 0; done < narrow_.size();) {
      const uint32_t fitting = std::min(static_cast<uint32_t>(narrow_.size()) - done, types::kVectorSize - count_);
      RETURN_IF_ERROR(AppendFitting(columns, narrow_.data() + done, fitting, narrow_ids_.data() + done));
      done += fitting;
    }
    for (size_t i = 0; i < places.size(); ++i) ids[places[i]] = narrow_ids_[i];
    return Status::Ok();
  }
  for (uint32_t done = 0; done < count;) {
    const uint32_t fitting = std::min(count - done, types::kVectorSize - count_);
    // Positions that are not picked one by one are those from the first on.
    if (rows == nullptr && done > 0) {
      narrow_.resize(fitting);
      for (uint32_t i = 0; i < fitting; ++i) narrow_[i] = done + i;
      RETURN_IF_ERROR(AppendFitting(columns, narrow_.data(), fitting, ids + done));
    } else {
      RETURN_IF_ERROR(AppendFitting(columns, rows == nullptr ? nullptr : rows + done, fitting, ids + done));
    }
    done += fitting;
  }
  return Status::Ok();
}

Status BulkLoad::AppendFitting(std::span<const types::Vector* const> columns, const types::SelIndex* rows, uint32_t count,
                               RowId* ids) {
  if (rows_.column_count() == 0) RETURN_IF_ERROR(BeginVector());
  for (size_t k = 0; k < columns_.size(); ++k) {
    const types::Vector& from = *columns[columns_[k]];
    types::Vector& to = rows_.column(static_cast<uint32_t>(k));
    rows == nullptr ? to.CopyRows(from, 0, count, count_) : to.CopySelected(from, rows, count, count_);
  }
  const uint64_t first = chunk_ * store::kChunkRows + given_;
  for (uint32_t i = 0; i < count; ++i) ids[i] = RowId(first + i);
  count_ += count;
  given_ += count;
  if (count_ < types::kVectorSize) return Status::Ok();
  return EndVector(given_ == store::kChunkRows);
}

Status BulkLoad::InsertWide(std::span<const types::Vector* const> columns, uint32_t row, RowId* id) {
  encoder_.Begin();
  for (const types::Vector* column : columns.first(table_.layout().column_count())) {
    column->IsNull(row) ? encoder_.AddNull() : encoder_.Add(column->row_slot(row));
  }
  ASSIGN_OR_RETURN(*id, table_.Insert(transaction_, encoder_.Finish()));
  return Status::Ok();
}

Status BulkLoad::BeginVector() {
  if (chunk_ == 0) {
    chunk_ = table_.TakeChunk();
    given_ = 0;
  }
  if (writer_ != nullptr) rows_ = writer_->TakeSpare();
  if (rows_.column_count() == 0) {
    for (uint32_t i : columns_) {
      rows_.AddColumn(types::Vector(table_.layout().type(i), table_.layout().layout(i), types::kVectorSize));
    }
    rows_.AddColumn(types::Vector(types::Type(types::kInt8Oid)));
  }
  rows_.Reset();
  types::Vector& writer = rows_.column(static_cast<uint32_t>(columns_.size()));
  writer.data<int64_t>()[0] = static_cast<int64_t>(transaction_.id().value);
  writer.SetConstant();
  return Status::Ok();
}

Status BulkLoad::EndVector(bool last_of_chunk) {
  rows_.SetSize(count_);
  held_.push_back(std::move(rows_));
  rows_ = {};
  count_ = 0;
  if (begun_ || last_of_chunk || held_.size() * types::kVectorSize >= segment_rows_min_) return Submit(last_of_chunk);
  return Status::Ok();
}

Status BulkLoad::Submit(bool last_of_chunk) {
  if (writer_ == nullptr) {
    writer_ = std::make_unique<LoadWriter>(table_.manager().store().chunks(), SegmentSchemaOf(table_));
  }
  begun_ = true;
  for (size_t i = 0; i < held_.size(); ++i) {
    RETURN_IF_ERROR(writer_->Put(chunk_, std::move(held_[i]), last_of_chunk && i + 1 == held_.size()));
  }
  held_.clear();
  if (!last_of_chunk) return Status::Ok();
  chunk_ = 0;
  begun_ = false;
  return Publish(/*wait=*/false);
}

Status BulkLoad::Publish(bool wait) {
  if (writer_ == nullptr) return Status::Ok();
  std::vector<store::ColdChunk> written;
  RETURN_IF_ERROR(writer_->Take(wait, &written));
  ManagerImpl& impl = table_.manager().impl();
  Status status;
  for (store::ColdChunk& chunk : written) {
    chunk.loader = transaction_.id();
    if (status.ok()) {
      status = impl.LoadChunk(transaction_, table_.space(), table_.tree(), chunk);
      if (status.ok()) {
        // From here on the segment is the transaction's, whatever becomes of that.
        SerializableTransaction* const writer = WriterOf(transaction_, table_.watched_);
        if (writer != nullptr) status = impl.serializable.WroteNewRow(*writer, {table_.space(), table_.tree()});
        continue;
      }
    }
    static_cast<void>(table_.manager().store().chunks().DiscardSegment(chunk.segment));
  }
  return status;
}

Status BulkLoad::Finish() {
  if (chunk_ != 0) {
    if (count_ > 0 || begun_) {
      // An empty vector ends a segment too.
      if (rows_.column_count() == 0) RETURN_IF_ERROR(BeginVector());
      rows_.SetSize(count_);
      held_.push_back(std::move(rows_));
      rows_ = {};
      count_ = 0;
    }
    if (begun_ || given_ >= segment_rows_min_) {
      RETURN_IF_ERROR(Submit(/*last_of_chunk=*/true));
    } else {
      RETURN_IF_ERROR(InsertHeld());
    }
    chunk_ = 0;
  }
  return Publish(/*wait=*/true);
}

Status BulkLoad::InsertHeld() {
  uint64_t id = chunk_ * store::kChunkRows;
  std::vector<types::Chunk> held = std::move(held_);
  held_.clear();
  for (const types::Chunk& part : held) {
    for (uint32_t row = 0; row < part.size(); ++row, ++id) {
      encoder_.Begin();
      size_t k = 0;
      for (uint32_t i = 0; i < table_.layout().column_count(); ++i) {
        if (k == columns_.size() || columns_[k] != i) {
          encoder_.AddNull();
          continue;
        }
        const types::Vector& column = part.column(static_cast<uint32_t>(k++));
        column.IsNull(row) ? encoder_.AddNull() : encoder_.Add(column.row_slot(row));
      }
      RETURN_IF_ERROR(table_.InsertAt(transaction_, RowId(id), encoder_.Finish()));
    }
  }
  return Status::Ok();
}

}  // namespace phantom::txn
