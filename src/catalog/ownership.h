// catalog/ownership.h
//
// DROP OWNED and REASSIGN OWNED: all that pg_shdepend says a role has in this database.
//
// Thread safety: as the catalog's.
#pragma once
#include <vector>

#include "common/ids.h"
#include "common/status.h"

namespace phantom::catalog {

class Catalog;

// Drops what the roles own here and takes what they were granted (here, and on databases). 2BP01 as DROP.
Status DropOwned(Catalog& catalog, const std::vector<Oid>& roles, bool cascade);

// Gives what the roles own, here and among databases, to another.
Status ReassignOwned(Catalog& catalog, const std::vector<Oid>& roles, Oid new_owner);

}  // namespace phantom::catalog
