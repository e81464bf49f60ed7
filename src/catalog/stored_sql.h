// catalog/stored_sql.h
//
// SQL text that outlives renames. Where an expression or a query names a column or a relation, its stored form has a
// quoted identifier (or, in a string, bare text) that starts with a control character no client's name can hold here:
//
//   "\x01<n>"           column n of the relation the text belongs to
//   "\x01<oid>.<n>"     column n of another relation
//   "\x02<oid>"         relation, becomes "schema"."name"
//   '\x02<oid>'         the same inside a string: 'schema.name'::regclass
//   "\x03<oid>"         type, becomes "schema"."name"
//   "\x05<n>"           alias of a FROM item for which none was written
//   "\x06<n>.<name>"    in a list of column aliases: column n is called so
//
// Expansion puts the names of now in place of the first three; the binder understands the last two. The form is internal:
// it is never shown to clients.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/table.h"
#include "common/status.h"

namespace phantom::catalog {

// Names to use instead of a relation's, its columns' and a type's own, when text is to be stored.
std::string ColumnMarker(int column);
std::string ColumnMarker(Oid relation, int column);
std::string RelationMarker(Oid relation);
std::string TypeMarker(Oid type);
std::string EntryMarker(int entry);
std::string ColumnAliasMarker(int column, std::string_view name);
bool IsMarker(std::string_view name);
bool IsEntryMarker(std::string_view name);
// Column and name of a column alias; column 0 when the name is none.
std::pair<int, std::string_view> ReadColumnAlias(std::string_view name);

// The types that stored text names.
std::vector<Oid> TypesOfStored(std::string_view stored);
// The relations that stored text names as '\x02<oid>' (regclass constants).
std::vector<Oid> RelationsOfStored(std::string_view stored);

// A copy of the table whose columns (and, if asked, itself) are named by markers: what is printed with it is stored
// form. Its schema name is empty then.
TableRef WithMarkers(const Table& table, bool own_name);

// Stored form to SQL. `table`: whose columns bare markers mean (may be null when there are none); `find`: other
// relations by OID; `find_type`: a type's quoted name.
// `visible`, when given, tells relations whose name needs no schema: text to be shown.
Result<std::string> ExpandSql(std::string_view stored, const Table* table,
                              const std::function<Result<TableRef>(Oid)>& find,
                              const std::function<bool(const Table&)>& visible = nullptr,
                              const std::function<Result<std::string>(Oid)>& find_type = nullptr);

// "name" with its quotes doubled; always quoted.
std::string Quoted(std::string_view name);
// As PostgreSQL prints names in messages: quoted only where it must be.
std::string QuotedIfNeeded(std::string_view name);

}  // namespace phantom::catalog
