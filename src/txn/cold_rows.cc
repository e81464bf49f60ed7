#include "txn/cold_rows.h"

#include <algorithm>
#include <bit>

#include "lsm/segment_reader.h"
#include "txn/row_table.h"
#include "types/oids.h"
#include "types/value.h"

namespace phantom::txn {

// ---- A chunk --------------------------------------------------------------------------------------------------------

ColdRows::ColdRows(const store::ColdChunk& chunk) : chunk_(chunk), trimmed_(chunk.frozen_before.value) {}
ColdRows::~ColdRows() = default;

Result<std::shared_ptr<ColdRows>> ColdRows::Open(store::Store& store, SpaceId space, TreeId tree,
                                                 const store::ColdChunk& chunk) {
  std::shared_ptr<ColdRows> rows(new ColdRows(chunk));
  store::Chunks& chunks = store.chunks();
  ASSIGN_OR_RETURN(rows->segment_, chunks.Open(tree, chunk));
  for (uint32_t i = 0; i + 1 < rows->segment_->column_count(); ++i) {
    const uint16_t attribute = rows->segment_->attribute(i);
    if (attribute == 0) {
      return Errorf(sqlstate::kDataCorrupted, "segment file \"%s\" has a column without a number",
                    chunks.PathOf(chunk.segment).c_str());
    }
    rows->columns_.resize(std::max<size_t>(rows->columns_.size(), attribute), kNoColumn);
    rows->columns_[attribute - 1] = i;
  }
  std::array<uint64_t, store::Chunks::kDeletionWords> deleted;
  RETURN_IF_ERROR(chunks.ReadDeletions(space, tree, chunk.number, &deleted));
  for (size_t i = 0; i < deleted.size(); ++i) {
    rows->deleted_[i].store(deleted[i], std::memory_order_relaxed);
    // Deletions of rows that an earlier segment of the chunk had stay noted.
    const auto vector = static_cast<uint32_t>(i / lsm::RowSet::kWords);
    if (vector >= rows->segment_->vector_count()) continue;
    const uint64_t present = rows->segment_->present(vector).words[i % lsm::RowSet::kWords];
    rows->deleted_rows_ += static_cast<uint64_t>(std::popcount(deleted[i] & present));
  }
  return rows;
}

static uint32_t PlaceOf(RowId row) { return static_cast<uint32_t>(row.value % store::kChunkRows); }

bool ColdRows::Has(RowId row) const {
  const uint32_t place = PlaceOf(row);
  if ((deleted_[place / 64].load(std::memory_order_acquire) >> place % 64 & 1) != 0) return false;
  return segment_->IsPresent(place);
}

lsm::RowSet ColdRows::RowsIn(uint32_t vector) const {
  if (vector >= segment_->vector_count()) return {};
  lsm::RowSet rows = segment_->present(vector);
  for (uint32_t i = 0; i < lsm::RowSet::kWords; ++i) {
    rows.words[i] &= ~deleted_[vector * lsm::RowSet::kWords + i].load(std::memory_order_acquire);
  }
  return rows;
}

void ColdRows::NoteDeletion(RowId row) {
  const uint32_t place = PlaceOf(row);
  const uint64_t bit = uint64_t{1} << place % 64;
  if ((deleted_[place / 64].fetch_or(bit, std::memory_order_acq_rel) & bit) != 0) return;
  if (segment_->IsPresent(place)) ++deleted_rows_;
}

// The segment's columns are the table's of when it was written, and the writers behind them. Columns added since have
// what the layout says rows without them have.
std::optional<uint32_t> ColdRows::ColumnOf(uint32_t column) const {
  const uint32_t place = column < columns_.size() ? columns_[column] : kNoColumn;
  return place == kNoColumn ? std::nullopt : std::optional(place);
}

uint32_t ColdRows::writers() const { return segment_->column_count() - 1; }

Status ColdRows::Decode(const types::RowLayout& layout, RowId row, std::span<const uint32_t> columns,
                        std::span<types::Vector> vectors, uint32_t index) const {
  const uint32_t place = PlaceOf(row);
  for (size_t k = 0; k < columns.size(); ++k) {
    const uint32_t column = columns[k] < columns_.size() ? columns_[columns[k]] : kNoColumn;
    if (column != kNoColumn && layout.type(columns[k]).oid != 0) [[likely]] {
      RETURN_IF_ERROR(segment_->ReadValue(column, place, vectors[k], index));
    } else if (const types::Value* missing = layout.missing(columns[k]); missing == nullptr || column != kNoColumn) {
      vectors[k].SetNull(index);
    } else {
      vectors[k].SetValue(index, *missing);
    }
  }
  return Status::Ok();
}

Status ColdRows::Read(const types::RowLayout& layout, RowId row, RowHeader* header, std::string* bytes) const {
  types::RowEncoder encoder(layout);
  encoder.Begin();
  for (uint32_t i = 0; i < layout.column_count(); ++i) {
    types::Vector value(layout.type(i), layout.layout(i), 1);
    RETURN_IF_ERROR(Decode(layout, row, {&i, 1}, {&value, 1}, 0));
    value.IsNull(0) ? encoder.AddNull() : encoder.Add(value.slot(0));
  }
  ASSIGN_OR_RETURN(*header, ReadHeader(row));
  bytes->assign(encoder.Finish());
  return Status::Ok();
}

Result<RowHeader> ColdRows::ReadHeader(RowId row) const {
  RowHeader header;
  header.lsn = loaded_;
  header.txn = chunk_.loader;
  if (header.txn) return header;
  types::Vector writer(types::Type(types::kInt8Oid), 1);
  RETURN_IF_ERROR(segment_->ReadValue(writers(), PlaceOf(row), writer, 0));
  header.txn = TxnId(static_cast<uint64_t>(writer.Get<int64_t>(0)));
  return header;
}

Status ColdRows::ReadVector(const types::RowLayout& layout, uint32_t column, uint32_t vector, types::Vector& to) const {
  if (const std::optional<uint32_t> place = ColumnOf(column)) return segment_->ReadVector(*place, vector, to);
  const types::Value* missing = layout.missing(column);
  if (missing == nullptr || missing->is_null()) {
    to.SetConstantNull();
  } else {
    to.SetValue(0, *missing);
    to.SetConstant();
  }
  return Status::Ok();
}

Status ColdRows::ReadWriters(uint32_t vector, types::Vector& to) const {
  return segment_->ReadVector(writers(), vector, to);
}

Status ColdRows::ReadRows(const types::RowLayout& layout, uint32_t column, uint32_t vector,
                          const types::SelectionVector& rows, uint32_t count, types::Vector& to) const {
  const std::optional<uint32_t> place = ColumnOf(column);
  if (!place || count == segment_->rows_of(vector)) return ReadVector(layout, column, vector, to);
  return segment_->ReadRows(*place, vector, rows, count, to);
}

static lsm::Op OpOf(types::RowTest::Op op) {
  switch (op) {
    case types::RowTest::Op::kLess:
      return lsm::Op::kLess;
    case types::RowTest::Op::kLessEqual:
      return lsm::Op::kLessEqual;
    case types::RowTest::Op::kEqual:
      return lsm::Op::kEqual;
    case types::RowTest::Op::kNotEqual:
      return lsm::Op::kNotEqual;
    case types::RowTest::Op::kGreaterEqual:
      return lsm::Op::kGreaterEqual;
    case types::RowTest::Op::kGreater:
      return lsm::Op::kGreater;
  }
  return lsm::Op::kEqual;
}

// False when the column's type does not have the number.
static bool SlotOf(const lsm::Kind& kind, int64_t value, std::array<std::byte, 8>* slot) {
  std::memcpy(slot->data(), &value, sizeof(value));
  switch (kind.slot_bytes()) {
    case 2:
      return value == static_cast<int16_t>(value);
    case 4:
      return value == static_cast<int32_t>(value);
    default:
      return true;
  }
}

Status ColdRows::Select(std::span<const types::RowTest> tests, std::span<const SegmentTest> more, uint32_t vector,
                        lsm::RowSet* rows) const {
  if (tests.empty() && more.empty()) return Status::Ok();
  std::vector<lsm::Condition> conditions;
  conditions.reserve(tests.size() + more.size());
  std::vector<lsm::ColumnCondition> asked;
  for (const types::RowTest& test : tests) {
    const std::optional<uint32_t> column = ColumnOf(test.column);
    if (!column) continue;
    const lsm::Kind& kind = segment_->kind(*column);
    std::array<std::byte, 8> slot;
    if (!SlotOf(kind, test.value, &slot)) continue;
    ASSIGN_OR_RETURN(
        lsm::Condition condition,
        lsm::Condition::Make(kind, OpOf(test.op), {types::Value::FromSlot(kind.type, kind.layout, slot.data())}));
    conditions.push_back(std::move(condition));
    asked.push_back({*column, &conditions.back()});
  }
  for (const SegmentTest& test : more) {
    const std::optional<uint32_t> column = ColumnOf(test.column);
    if (!column) continue;
    const lsm::Kind& kind = segment_->kind(*column);
    if (kind.compare == nullptr || kind.layout != test.value.layout()) continue;
    ASSIGN_OR_RETURN(lsm::Condition condition, lsm::Condition::Make(kind, OpOf(test.op), {test.value}));
    conditions.push_back(std::move(condition));
    asked.push_back({*column, &conditions.back()});
  }
  if (asked.empty()) return Status::Ok();
  lsm::RowSet passed;
  RETURN_IF_ERROR(segment_->Select(asked, vector, &passed));
  rows->Intersect(passed);
  return Status::Ok();
}

void ColdRows::AddColumns(std::map<std::pair<uint32_t, lsm::Encoding>, SegmentColumn>* columns) const {
  for (uint32_t i = 0; i < segment_->column_count(); ++i) {
    const lsm::ColumnStatistics statistics = segment_->Statistics(i);
    const uint32_t attribute = i == writers() ? 0 : segment_->attribute(i);
    for (size_t e = 0; e < statistics.vectors.size(); ++e) {
      if (statistics.vectors[e] == 0 && statistics.block_bytes[e] == 0) continue;
      const auto encoding = static_cast<lsm::Encoding>(e);
      SegmentColumn& column = (*columns)[{attribute, encoding}];
      column.column = attribute;
      column.encoding = lsm::EncodingName(encoding);
      column.vectors += statistics.vectors[e];
      column.bytes += statistics.block_bytes[e];
    }
  }
}

// ---- A table's chunks -----------------------------------------------------------------------------------------------

ColdRowsRef ColdTable::Find(RowId row) const {
  if (empty()) [[likely]]
    return nullptr;
  SharedLock lock(mutex_);
  auto found = chunks_.find(store::ChunkOf(row));
  return found == chunks_.end() ? nullptr : found->second;
}

ColdRowsRef ColdTable::FindFrom(RowId row) const {
  if (empty()) [[likely]]
    return nullptr;
  SharedLock lock(mutex_);
  auto found = chunks_.lower_bound(store::ChunkOf(row));
  return found == chunks_.end() ? nullptr : found->second;
}

std::vector<ColdRowsRef> ColdTable::All() const {
  std::vector<ColdRowsRef> all;
  SharedLock lock(mutex_);
  for (const auto& [number, rows] : chunks_) all.push_back(rows);
  return all;
}

void ColdTable::Publish(ColdRowsRef rows) {
  ExclusiveLock lock(mutex_);
  chunks_[rows->chunk().number] = std::move(rows);
  count_ = chunks_.size();
  version_.fetch_add(1);
}

void ColdTable::Withdraw(uint64_t number) {
  ExclusiveLock lock(mutex_);
  chunks_.erase(number);
  count_ = chunks_.size();
  version_.fetch_add(1);
}

}  // namespace phantom::txn
