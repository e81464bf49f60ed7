// catalog/stored_sql.h
//
// SQL text that outlives renames. Where an expression or a query names a column or a relation, its stored form has a
// quoted identifier (or, in a string, bare text) that starts with a control character no client's name can hold here:
//
//   "\x01<n>"           column n of the relation the text belongs to
//   "\x01<oid>.<n>"     column n of another relation
//   "\x02<oid>"         relation, becomes "schema"."name"
//   '\x02<oid>'         the same inside a string: 'schema.name'::regclass
//
// Expansion puts the names of now in their place. The form is internal: it is never shown to clients.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "catalog/table.h"
#include "common/status.h"

namespace phantom::catalog {

// Names to use instead of a relation's and its columns' own, when text is to be stored.
std::string ColumnMarker(int column);
std::string ColumnMarker(Oid relation, int column);
std::string RelationMarker(Oid relation);

// A copy of the table whose columns (and, if asked, itself) are named by markers: what is printed with it is stored
// form. Its schema name is empty then.
TableRef WithMarkers(const Table& table, bool own_name);

// Stored form to SQL. `table`: whose columns bare markers mean (may be null when there are none); `find`: other
// relations by OID.
// `visible`, when given, tells relations whose name needs no schema: text to be shown.
Result<std::string> ExpandSql(std::string_view stored, const Table* table,
                              const std::function<Result<TableRef>(Oid)>& find,
                              const std::function<bool(const Table&)>& visible = nullptr);

// "name" with its quotes doubled; always quoted.
std::string Quoted(std::string_view name);
// As PostgreSQL prints names in messages: quoted only where it must be.
std::string QuotedIfNeeded(std::string_view name);

}  // namespace phantom::catalog
