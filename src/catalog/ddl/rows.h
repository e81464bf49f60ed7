// catalog/ddl/rows.h
//
// Makes rows of the system tables as PostgreSQL 15 fills them, for objects being created, and records what they depend
// on. No checks: the callers did those.
#pragma once
#include <string_view>
#include <vector>

#include "catalog/definitions.h"
#include "catalog/row.h"
#include "catalog/system_store.h"
#include "common/status.h"

namespace phantom::catalog {

enum class DependencyKind : char { kNormal = 'n', kAuto = 'a', kInternal = 'i' };

Row NewRow(Oid system_table);

// A pg_class row with everything at its default.
Row ClassRow(Oid oid, std::string_view name, Oid schema, RelationKind kind, Oid owner);
// A pg_attribute row for a column of this type.
Row AttributeRow(SystemStore& store, Oid relation, int number, std::string_view name, types::Type type, Oid collation);
Status InsertSystemAttributes(SystemStore& store, Oid relation);

// A type's row and its array type's. `row` is complete but for typarray.
Status InsertTypeWithArray(SystemStore& store, Row& row, Oid array_oid, char array_align);
// What the array type of a type of this name is called: "_name", with more underscores until no type of the schema has it.
Result<std::string> ChooseArrayName(SystemStore& store, std::string_view name, Oid schema);
// The row type of a table or view.
Row CompositeTypeRow(Oid oid, std::string_view name, Oid schema, Oid owner, Oid relation);

// Objects that are there for good (built in, but for schema public) are not recorded.
Status RecordDependency(SystemStore& store, const ObjectAddress& dependent, const ObjectAddress& on, DependencyKind kind);
Status RecordDependencies(SystemStore& store, const ObjectAddress& dependent, const std::vector<ObjectAddress>& on,
                          DependencyKind kind);
// Removes what the object was recorded to depend on; `of_class` limits it to one kind of referenced object.
Status ForgetDependencies(SystemStore& store, const ObjectAddress& dependent, Oid of_class = 0);
// pg_shdepend: the object's owner.
Status RecordOwner(SystemStore& store, Oid database, const ObjectAddress& object, Oid owner);
Status ForgetShared(SystemStore& store, Oid database, const ObjectAddress& object);

}  // namespace phantom::catalog
