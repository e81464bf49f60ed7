// catalog/system_views.h
//
// The queries behind the system views of pg_catalog and information_schema (src/catalog/views/*.sql). Names in them are
// resolved with pg_catalog first. Their columns are those that PostgreSQL 15's views have, in the same order: the
// built-in rows of pg_attribute say names and types.
#pragma once
#include <string>

#include "catalog/table.h"
#include "common/status.h"

namespace phantom::catalog {

// 0A000 for a view that has no query here.
Result<std::string> SystemViewQuery(const Table& view);

}  // namespace phantom::catalog
