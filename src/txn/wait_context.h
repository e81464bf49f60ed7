// txn/wait_context.h
//
// What the error that ends a wait for a row's transaction says of the row, in PostgreSQL's words.
#pragma once
#include <string_view>

#include "common/ids.h"
#include "common/status.h"
#include "txn/row_place.h"

namespace phantom::txn {

// `doing`: "updating tuple", ... Without a relation's name the error says nothing of it.
inline Status WhileWaiting(Status status, const char* doing, RowId row, std::string_view relation) {
  if (status.ok() || relation.empty()) return status;
  return std::move(status).Context(Format("while %s (%u,%u) in relation \"%.*s\"", doing, PageOf(row), unsigned{OffsetOf(row)},
                                          static_cast<int>(relation.size()), relation.data()));
}

}  // namespace phantom::txn
