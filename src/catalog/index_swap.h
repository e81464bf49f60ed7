// catalog/index_swap.h
//
// REINDEX CONCURRENTLY's last step but one: a fresh index, which has been filled, takes the place of the one it was made like.
//
// Thread safety: as the catalog's.
#pragma once
#include <string_view>

#include "common/ids.h"
#include "common/status.h"

namespace phantom::catalog {

class Catalog;

// The fresh one gets the old one's name, constraint, dependencies, comment, statistics and marks, and is valid; the old one gets
// another name and is not.
Status SwapIndexes(Catalog& catalog, Oid fresh, Oid old, std::string_view old_name);

}  // namespace phantom::catalog
