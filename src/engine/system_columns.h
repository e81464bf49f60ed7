// engine/system_columns.h
//
// System columns as rows have them here. ctid is made of the row id: a row keeps it for life. xmin is the low half of the
// id of the transaction that wrote the version, so it changes with every transaction that updates the row. xmax is who has
// changed or locked the row since, as long as that is in progress or not seen; a row INSERT ... ON CONFLICT DO UPDATE has updated
// returns its transaction. cmin and cmax are 0.
#pragma once
#include <vector>

#include "common/ids.h"
#include "txn/row_place.h"
#include "types/oids.h"
#include "types/vector.h"

namespace phantom::engine {

// The slot of a row's ctid.
constexpr int64_t CtidOf(RowId id) { return static_cast<int64_t>(uint64_t{txn::PageOf(id)} << 16 | txn::OffsetOf(id)); }
// The row of a ctid; false: no row can have it.
constexpr bool RowOfCtid(int64_t ctid, RowId& id) {
  return txn::RowAt(static_cast<uint64_t>(ctid) >> 16, static_cast<uint16_t>(ctid), id);
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
