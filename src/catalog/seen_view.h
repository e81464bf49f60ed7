// catalog/seen_view.h
//
// A view as pg_get_viewdef() tells of it: with the query that the statement's snapshot sees.
//
// Thread safety: as the catalog's.
#pragma once
#include "catalog/table.h"
#include "common/ids.h"
#include "common/status.h"

namespace phantom::catalog {

class Catalog;

// Null: the snapshot sees no such view. XX000 when it has gone since.
Result<TableRef> ViewAsSeen(Catalog& catalog, Oid oid);

}  // namespace phantom::catalog
