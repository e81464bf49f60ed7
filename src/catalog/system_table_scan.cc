#include "catalog/system_table_scan.h"

#include "catalog/system_store.h"
#include "catalog/system_tables.h"
#include "txn/row_table.h"
#include "txn/snapshot.h"
#include "types/format_context.h"
#include "types/text_format.h"

namespace phantom::catalog {
namespace {

// Built-in rows are numbered from here, far above any stored row's id.
constexpr uint64_t kBuiltinRowIds = uint64_t{1} << 40;

}  // namespace

Status ShowAcls(Catalog& catalog, const Table& table, std::span<const uint32_t> columns, std::span<types::Vector> vectors,
                uint32_t count) {
  types::FormatContext format;
  for (uint32_t i = 0; i < columns.size(); ++i) {
    types::Vector& column = vectors[i];
    if (table.columns[columns[i]].type.oid != types::kAclitemArrayOid) continue;
    for (uint32_t row = 0; row < count; ++row) {
      if (column.IsNull(row)) continue;
      std::string text;
      RETURN_IF_ERROR(types::AppendText(column.GetValue(row), format, text));
      if (text.find('#') == std::string::npos) continue;
      const std::string shown = ShowAcl(text, [&catalog](Oid role) {
        Result<std::shared_ptr<const Role>> found = catalog.RoleByOid(role);
        return found.ok() && *found != nullptr ? (*found)->name : std::string();
      });
      RETURN_IF_ERROR(types::ParseTextInto(shown, format, column, row));
    }
  }
  return Status::Ok();
}

struct SystemTableScan::State {
  Catalog& catalog;
  const Table& table;
  std::vector<uint32_t> columns;
  const txn::Snapshot& snapshot;
  size_t next_builtin = 0;
  std::unique_ptr<txn::TableScan> stored;
  types::Chunk chunk;

  Status OpenStored() {
    ASSIGN_OR_RETURN(const txn::RowTable* rows, catalog.store().Open(table.oid));
    stored = std::make_unique<txn::TableScan>(*rows, snapshot, columns);
    for (uint32_t column : columns) chunk.AddColumn(types::Vector(table.columns[column].type, types::kVectorSize));
    return Status::Ok();
  }
};

SystemTableScan::SystemTableScan(Catalog& catalog, const Table& table, std::vector<uint32_t> columns,
                                 const txn::Snapshot& snapshot)
    : state_(new State{catalog, table, std::move(columns), snapshot, 0, nullptr, {}}) {}

SystemTableScan::~SystemTableScan() = default;

Status SystemTableScan::Next(types::Chunk& out, RowId* row_ids) {
  State& state = *state_;
  const std::vector<types::Chunk>& builtin = BuiltinChunks(state.table);
  if (state.next_builtin < builtin.size()) {
    const types::Chunk& rows = builtin[state.next_builtin];
    for (uint32_t i = 0; i < state.columns.size(); ++i) out.column(i).Reference(rows.column(state.columns[i]));
    out.SetSize(rows.size());
    uint64_t first = kBuiltinRowIds + state.next_builtin * types::kVectorSize;
    for (uint32_t row = 0; row_ids != nullptr && row < rows.size(); ++row) row_ids[row] = RowId(first + row);
    ++state.next_builtin;
    return Status::Ok();
  }
  if (!SystemTables::Get().IsStored(state.table.oid)) {
    out.SetSize(0);
    return Status::Ok();
  }
  if (state.stored == nullptr) RETURN_IF_ERROR(state.OpenStored());
  RETURN_IF_ERROR(state.stored->Next(state.chunk, row_ids));
  RETURN_IF_ERROR(ShowAcls(state.catalog, state.table, state.columns, state.chunk.columns(), state.chunk.size()));
  for (uint32_t i = 0; i < state.columns.size(); ++i) out.column(i).Reference(state.chunk.column(i));
  out.SetSize(state.chunk.size());
  return Status::Ok();
}

}  // namespace phantom::catalog
