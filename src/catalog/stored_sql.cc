#include "catalog/stored_sql.h"

#include <charconv>

#include "types/keywords.h"

namespace phantom::catalog {
namespace {

constexpr char kColumnMark = '\x01';
constexpr char kRelationMark = '\x02';

struct Marker {
  Oid relation = 0;
  int column = 0;
  size_t length = 0;  // with the mark
};

Marker ReadMarker(std::string_view text) {
  Marker marker;
  uint32_t number = 0;
  const char* end = text.data() + text.size();
  auto parsed = std::from_chars(text.data() + 1, end, number);
  if (text[0] == kRelationMark) {
    marker.relation = number;
  } else if (parsed.ptr != end && *parsed.ptr == '.') {
    marker.relation = number;
    parsed = std::from_chars(parsed.ptr + 1, end, marker.column);
  } else {
    marker.column = static_cast<int>(number);
  }
  marker.length = static_cast<size_t>(parsed.ptr - text.data());
  return marker;
}

}  // namespace

std::string ColumnMarker(int column) { return kColumnMark + std::to_string(column); }
std::string ColumnMarker(Oid relation, int column) {
  return kColumnMark + std::to_string(relation) + '.' + std::to_string(column);
}
std::string RelationMarker(Oid relation) { return kRelationMark + std::to_string(relation); }

TableRef WithMarkers(const Table& table, bool own_name) {
  auto marked = std::make_shared<Table>(table);
  for (size_t i = 0; i < marked->columns.size(); ++i) {
    int column = static_cast<int>(i) + 1;
    marked->columns[i].name = own_name ? ColumnMarker(table.oid, column) : ColumnMarker(column);
  }
  if (own_name) {
    marked->name = RelationMarker(table.oid);
    marked->schema_name.clear();
  }
  return marked;
}

Result<std::string> ExpandSql(std::string_view stored, const Table* table,
                              const std::function<Result<TableRef>(Oid)>& find,
                              const std::function<bool(const Table&)>& visible) {
  std::string sql;
  sql.reserve(stored.size());
  for (size_t i = 0; i < stored.size();) {
    char c = stored[i];
    if (c != kColumnMark && c != kRelationMark) {
      sql += c;
      ++i;
      continue;
    }
    Marker marker = ReadMarker(stored.substr(i));
    bool is_identifier = !sql.empty() && sql.back() == '"';
    const Table* named = table;
    TableRef found;
    if (marker.relation != 0 && (table == nullptr || table->oid != marker.relation)) {
      ASSIGN_OR_RETURN(found, find(marker.relation));
      named = found.get();
    }
    if (named == nullptr) {
      return Errorf(sqlstate::kInternalError, "stored expression refers to relation %u, which does not exist",
                    marker.relation);
    }
    std::string name;
    if (c == kColumnMark) {
      name = QuotedIfNeeded(named->column(marker.column).name);
    } else {
      name = QuotedIfNeeded(named->name);
      if (!visible || !visible(*named)) name = QuotedIfNeeded(named->schema_name) + '.' + name;
    }
    i += marker.length;
    if (is_identifier) {
      sql.pop_back();
      sql += name;
      ++i;  // the closing quote
    } else {
      for (char letter : name) {  // inside a string literal
        if (letter == '\'') sql += '\'';
        sql += letter;
      }
    }
  }
  return sql;
}

std::string Quoted(std::string_view name) {
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string QuotedIfNeeded(std::string_view name) { return types::QuoteIdentifier(name); }

}  // namespace phantom::catalog
