#include "catalog/stored_sql.h"

#include <charconv>

#include "types/keywords.h"

namespace phantom::catalog {
namespace {

constexpr char kColumnMark = '\x01';
constexpr char kRelationMark = '\x02';
constexpr char kTypeMark = '\x03';
constexpr char kEntryMark = '\x05';
constexpr char kColumnAliasMark = '\x06';

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
  if (text[0] == kRelationMark || text[0] == kTypeMark) {
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
std::string TypeMarker(Oid type) { return kTypeMark + std::to_string(type); }
std::string EntryMarker(int entry) { return kEntryMark + std::to_string(entry); }
std::string ColumnAliasMarker(int column, std::string_view name) {
  return kColumnAliasMark + std::to_string(column) + '.' + std::string(name);
}
bool IsMarker(std::string_view name) { return !name.empty() && name[0] >= kColumnMark && name[0] <= kColumnAliasMark; }
bool IsEntryMarker(std::string_view name) { return !name.empty() && name[0] == kEntryMark; }

std::pair<int, std::string_view> ReadColumnAlias(std::string_view name) {
  size_t dot = name.find('.');
  if (name.empty() || name[0] != kColumnAliasMark || dot == std::string_view::npos) return {0, name};
  int column = 0;
  std::from_chars(name.data() + 1, name.data() + dot, column);
  return {column, name.substr(dot + 1)};
}

namespace {
std::vector<Oid> MarkersOf(std::string_view stored, char mark) {
  std::vector<Oid> found;
  for (size_t i = 0; i < stored.size(); ++i) {
    if (stored[i] == mark) found.push_back(ReadMarker(stored.substr(i)).relation);
  }
  return found;
}
}  // namespace

std::vector<Oid> TypesOfStored(std::string_view stored) { return MarkersOf(stored, kTypeMark); }
std::vector<Oid> RelationsOfStored(std::string_view stored) { return MarkersOf(stored, kRelationMark); }

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
                              const std::function<bool(const Table&)>& visible,
                              const std::function<Result<std::string>(Oid)>& find_type) {
  std::string sql;
  sql.reserve(stored.size());
  for (size_t i = 0; i < stored.size();) {
    char c = stored[i];
    if (c == kTypeMark && find_type != nullptr && !sql.empty() && sql.back() == '"') {
      Marker marker = ReadMarker(stored.substr(i));
      ASSIGN_OR_RETURN(std::string name, find_type(marker.relation));
      sql.pop_back();
      sql += name;
      i += marker.length + 1;
      continue;
    }
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
