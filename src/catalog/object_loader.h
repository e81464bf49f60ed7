// catalog/object_loader.h
//
// Builds catalog objects from the rows of the system tables.
#pragma once
#include "catalog/row.h"
#include "catalog/system_store.h"
#include "catalog/table.h"
#include "catalog/type.h"
#include "common/status.h"

namespace phantom::catalog {

// Null when there is no such relation or type.
Result<TableRef> LoadTable(SystemStore& store, Oid oid);
Result<TypeRef> LoadType(SystemStore& store, Oid oid);

Schema MakeSchema(const Row& row);
Role MakeRole(const Row& row);
Database MakeDatabase(const Row& row);
Constraint MakeConstraint(const Row& row);

// How values of a type lie in a row: domains as their base, enums as an OID.
Result<types::Layout> StoredLayout(SystemStore& store, Oid type);

}  // namespace phantom::catalog
