#include "engine/table_reader.h"

#include "types/chunk.h"

namespace phantom::engine {

Result<TableReader> TableReader::Make(const catalog::Table& table, std::span<const int> columns, Runtime& runtime) {
  TableReader reader;
  reader.table_ = &table;
  for (int column : columns) {
    if (column >= 0) {
      reader.source_.push_back(static_cast<int>(reader.stored_.size()));
      reader.stored_.push_back(static_cast<uint32_t>(column));
      reader.vectors_.push_back(runtime.MakeVector(table.columns[column].type));
      continue;
    }
    types::Type type = types::kInt8Oid;
    if (column == planner::kCtidColumn) {
      type = types::kTidOid;
    } else if (column == planner::kTableOidColumn) {
      type = types::kOidOid;
    } else if (column != planner::kRowIdColumn) {
      return Error(sqlstate::kFeatureNotSupported, "this system column is not supported");
    }
    reader.source_.push_back(-1 - static_cast<int>(reader.system_.size()));
    reader.system_.emplace_back(column, types::Vector(type));
  }
  for (int source : reader.source_) {
    reader.pointers_.push_back(source >= 0 ? &reader.vectors_[source] : &reader.system_[-1 - source].second);
  }
  return reader;
}

void TableReader::Reset() {
  for (types::Vector& vector : vectors_) vector.Reset();
  for (auto& [column, vector] : system_) vector.Reset();
}

void TableReader::AddSystem(RowId id, uint32_t at) {
  for (auto& [column, vector] : system_) {
    if (column == planner::kTableOidColumn) {
      vector.data<int32_t>()[at] = static_cast<int32_t>(table_->oid);
    } else {
      vector.data<int64_t>()[at] = column == planner::kCtidColumn ? CtidOf(id) : static_cast<int64_t>(id.value);
    }
  }
}

Status TableReader::Add(const txn::RowTable& table, std::string_view row, RowId id, uint32_t at) {
  AddSystem(id, at);
  return table.Decode(row, stored_, vectors_, at);
}

void TableReader::Use(types::Chunk& chunk, const RowId* ids, uint32_t count) {
  for (auto& [column, vector] : system_) vector.Reset();
  if (!system_.empty()) {
    for (uint32_t i = 0; i < count; ++i) AddSystem(ids == nullptr ? RowId(i + 1) : ids[i], i);
  }
  for (size_t c = 0; c < source_.size(); ++c) {
    if (source_[c] >= 0) pointers_[c] = &chunk.column(static_cast<uint32_t>(source_[c]));
  }
}

types::Chunk TableReader::MakeChunk() const {
  types::Chunk chunk;
  for (const types::Vector& vector : vectors_) {
    chunk.AddColumn(types::Vector(vector.type(), vector.layout(), types::kVectorSize));
  }
  return chunk;
}

}  // namespace phantom::engine
