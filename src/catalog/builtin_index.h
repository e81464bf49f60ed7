// catalog/builtin_index.h
//
// The indexes of the system tables, as their built-in rows describe them.
//
// Thread safety: pure.
#pragma once
#include <optional>

#include "catalog/table.h"

namespace phantom::catalog {

// Its name, table, keys and options; no value when there is no such index.
std::optional<Index> FindBuiltinIndex(Oid oid);

}  // namespace phantom::catalog
