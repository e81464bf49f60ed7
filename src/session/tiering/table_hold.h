// session/tiering/table_hold.h
//
// A table kept from being changed or dropped, with its database, while its chunks are moved: for work that no session
// does. The locks are taken only when they are free at once, and who holds them asks whether somebody waits for them.
//
// Thread safety: one thread at a time.
#pragma once
#include <memory>

#include "common/ids.h"
#include "common/status.h"
#include "txn/lock_manager.h"
#include "txn/row_table.h"

namespace phantom::catalog {
struct Table;
}

namespace phantom::session {

class Instance;

class TableHold {
 public:
  // Null: somebody else has the table, or there is none of that OID any more.
  static Result<std::unique_ptr<TableHold>> Try(Instance& instance, Oid database, Oid table);

  const std::shared_ptr<const catalog::Table>& table() const { return table_; }
  txn::RowTable& rows() { return *rows_; }
  bool IsAwaited() const;

 private:
  TableHold(Instance& instance, Oid database, Oid table);

  Instance& instance_;
  const txn::LockTag database_tag_;
  const txn::LockTag table_tag_;
  txn::LockHolder holder_;
  std::shared_ptr<const catalog::Table> table_;
  std::unique_ptr<txn::RowTable> rows_;
};

}  // namespace phantom::session
