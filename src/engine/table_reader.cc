#include "engine/table_reader.h"

#include "catalog/catalog.h"
#include "catalog/open_table.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_tables.h"
#include "types/chunk.h"

namespace phantom::engine {

Result<std::unique_ptr<txn::RowTable>> OpenStored(const catalog::Table& table, const Runtime& runtime) {
  if (table.is_system() && !catalog::SystemTables::Get().IsStored(table.oid)) return std::unique_ptr<txn::RowTable>();
  txn::TransactionManager& manager = runtime.context.transaction->manager();
  Result<txn::RowTable> opened = [&] {
    if (!table.is_system()) return catalog::OpenRows(manager, table);
    const bool shared = catalog::SystemTables::Get().IsShared(table.oid);
    const SpaceId space = shared ? SpaceId(0) : catalog::SharedCatalog::SpaceOf(runtime.context.catalog->database());
    return txn::RowTable::Open(manager, space, TreeId(table.oid), table.layout, table.oid);
  }();
  RETURN_IF_ERROR(opened.status());
  opened->SetName(table.name);
  return std::make_unique<txn::RowTable>(std::move(opened).value());
}

Result<TableReader> TableReader::Make(const catalog::Table& table, std::span<const int> columns, Runtime& runtime) {
  TableReader reader;
  reader.table_ = &table;
  reader.runtime_ = &runtime;
  for (int column : columns) {
    if (column >= 0) {
      reader.source_.push_back(static_cast<int>(reader.stored_.size()));
      reader.stored_.push_back(static_cast<uint32_t>(column));
      reader.vectors_.push_back(runtime.MakeVector(table.columns[column].type));
      continue;
    }
    types::Type type = types::kInt8Oid;
    switch (column) {
      case planner::kCtidColumn:
        type = types::kTidOid;
        break;
      case planner::kTableOidColumn:
        type = types::kOidOid;
        break;
      case planner::kXminColumn:
      case planner::kXmaxColumn:
        type = types::kXidOid;
        break;
      case planner::kCminColumn:
      case planner::kCmaxColumn:
        type = types::kCidOid;
        break;
      default:
        PHANTOM_CHECK(column == planner::kRowIdColumn);
    }
    reader.source_.push_back(-1 - static_cast<int>(reader.system_.size()));
    reader.system_.emplace_back(column, runtime.MakeVector(type));
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

Status TableReader::AddSystem(RowId id, uint32_t at, const txn::RowTable* table) {
  for (auto& [column, vector] : system_) {
    switch (column) {
      case planner::kTableOidColumn:
        vector.data<int32_t>()[at] = static_cast<int32_t>(table_->oid);
        break;
      case planner::kCtidColumn:
        vector.data<int64_t>()[at] = CtidOf(id);
        break;
      case planner::kRowIdColumn:
        vector.data<int64_t>()[at] = static_cast<int64_t>(id.value);
        if (table == nullptr) vector.SetNull(at);  // built in: nobody changes it
        break;
      case planner::kXminColumn:
        fetched_.writer = kBootstrapTxn;
        if (table != nullptr) RETURN_IF_ERROR(table->Fetch(*runtime_->context.snapshot, id, &fetched_));
        vector.data<int32_t>()[at] = XidOf(fetched_.writer);
        break;
      case planner::kXmaxColumn: {
        TxnId locker;
        if (table != nullptr) {
          ASSIGN_OR_RETURN(locker, table->LockerOf(*runtime_->context.snapshot, id));
        }
        vector.data<int32_t>()[at] = XidOf(locker);
        break;
      }
      default:
        vector.data<int32_t>()[at] = 0;
    }
  }
  return Status::Ok();
}

Status TableReader::Add(const txn::RowTable& table, const txn::FetchedRow& row, RowId id, uint32_t at) {
  RETURN_IF_ERROR(AddSystem(id, at, &table));
  return table.Decode(row, stored_, vectors_, at);
}

Status TableReader::Use(types::Chunk& chunk, const RowId* ids, uint32_t count, const txn::RowTable* table) {
  for (auto& [column, vector] : system_) vector.Reset();
  for (uint32_t i = 0; i < count && !system_.empty(); ++i) {
    RETURN_IF_ERROR(AddSystem(ids == nullptr ? RowId(i + 1) : ids[i], i, table));
  }
  for (size_t c = 0; c < source_.size(); ++c) {
    if (source_[c] >= 0) pointers_[c] = &chunk.column(static_cast<uint32_t>(source_[c]));
  }
  return Status::Ok();
}

types::Chunk TableReader::MakeChunk() const {
  types::Chunk chunk;
  for (const types::Vector& vector : vectors_) {
    chunk.AddColumn(types::Vector(vector.type(), vector.layout(), types::kVectorSize));
  }
  return chunk;
}

}  // namespace phantom::engine
