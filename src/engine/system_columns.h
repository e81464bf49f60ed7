// engine/system_columns.h
//
// System columns as rows have them here. ctid is made of the row id: a row keeps it for life. xmin is the low half of the
// id of the transaction that wrote the version, so it changes with every transaction that updates the row. xmax, cmin and
// cmax are 0, except that a row INSERT ... ON CONFLICT DO UPDATE has updated returns its transaction as xmax.
#pragma once
#include <vector>

#include "common/ids.h"
#include "types/oids.h"
#include "types/vector.h"

namespace phantom::engine {

// ctid of a row: PostgreSQL's block and offset made of the row id.
constexpr int64_t CtidOf(RowId id) { return static_cast<int64_t>((id.value >> 8 << 16) | ((id.value & 0xff) + 1)); }
// The row of a ctid; false: no row can have it.
constexpr bool RowOfCtid(int64_t ctid, RowId& id) {
  const uint64_t place = static_cast<uint64_t>(ctid), offset = place & 0xffff;
  if (offset == 0 || offset > 0x100) return false;
  id = RowId(place >> 16 << 8 | (offset - 1));
  return true;
}
constexpr int32_t XidOf(TxnId id) { return static_cast<int32_t>(static_cast<uint32_t>(id.value)); }
// Of rows that come with the server: PostgreSQL's bootstrap transaction.
inline constexpr TxnId kBootstrapTxn{1};

// Those of rows just written, for RETURNING: row id, ctid, xmin and xmax, behind the table's columns.
class NewRowColumns {
 public:
  explicit NewRowColumns(uint32_t capacity)
      : row_id_(types::kInt8Oid, capacity),
        ctid_(types::kTidOid, capacity),
        xmin_(types::kXidOid, capacity),
        xmax_(types::kXidOid, capacity) {}

  void Set(uint32_t row, RowId id, TxnId writer, bool locked) {
    row_id_.data<int64_t>()[row] = static_cast<int64_t>(id.value);
    ctid_.data<int64_t>()[row] = CtidOf(id);
    xmin_.data<int32_t>()[row] = XidOf(writer);
    xmax_.data<int32_t>()[row] = locked ? XidOf(writer) : 0;
  }
  void AppendTo(std::vector<const types::Vector*>& columns) const {
    columns.insert(columns.end(), {&row_id_, &ctid_, &xmin_, &xmax_});
  }

 private:
  types::Vector row_id_, ctid_, xmin_, xmax_;
};

}  // namespace phantom::engine
