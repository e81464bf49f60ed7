#include "catalog/system_views.h"

#include <string_view>
#include <unordered_map>

#include "catalog/builtins.h"
#include "catalog/stored_sql.h"

__asm__(
    ".section .rodata\n"
    "phantom_system_views:\n"
    ".incbin \"" PHANTOM_VIEWS_DIRECTORY "/pg_catalog.sql\"\n"
    ".incbin \"" PHANTOM_VIEWS_DIRECTORY "/statistics.sql\"\n"
    ".incbin \"" PHANTOM_VIEWS_DIRECTORY "/phantom.sql\"\n"
    ".incbin \"" PHANTOM_VIEWS_DIRECTORY "/information_schema.sql\"\n"
    ".incbin \"" PHANTOM_VIEWS_DIRECTORY "/information_schema_usage.sql\"\n"
    "phantom_empty_views:\n"
    ".incbin \"" PHANTOM_VIEWS_DIRECTORY "/empty.sql\"\n"
    "phantom_system_views_end:\n"
    ".text\n");
extern "C" const char phantom_system_views[];
extern "C" const char phantom_empty_views[];
extern "C" const char phantom_system_views_end[];

namespace phantom::catalog {
namespace {

// "schema.view" to its query. The files hold, for each view, a line "-- view schema.name" and the query's text.
using Queries = std::unordered_map<std::string, std::string_view>;

Queries ReadQueries() {
  constexpr std::string_view kMark = "-- view ";
  Queries queries;
  std::string_view text(phantom_system_views, static_cast<size_t>(phantom_empty_views - phantom_system_views));
  size_t at = text.find(kMark);
  while (at != std::string_view::npos) {
    size_t line_end = text.find('\n', at);
    std::string name(text.substr(at + kMark.size(), line_end - at - kMark.size()));
    size_t next = text.find(kMark, line_end);
    std::string_view query = text.substr(line_end + 1, next == std::string_view::npos ? next : next - line_end - 1);
    while (!query.empty() && (query.back() == '\n' || query.back() == ';')) query.remove_suffix(1);
    queries.emplace(std::move(name), query);
    at = next;
  }
  return queries;
}

// Is the view one of those that never have rows (a line "-- empty schema.name")?
bool IsEmptyView(const std::string& name) {
  std::string_view text(phantom_empty_views, static_cast<size_t>(phantom_system_views_end - phantom_empty_views));
  return text.find("-- empty " + name + "\n") != std::string_view::npos;
}

// Its columns, and nothing in them.
std::string EmptyQuery(const Table& view) {
  std::string query;
  for (const Column& column : view.columns) {
    // Types by their names in the catalog: some are information_schema's own.
    const TypeRow* type = Builtins::Get().Type(column.type.oid);
    const bool own = type->schema != oid::kSchemaPgCatalog;
    query += query.empty() ? "SELECT NULL::" : ", NULL::";
    query += (own ? "information_schema." : "pg_catalog.") + Quoted(type->name) + " AS " + Quoted(column.name);
  }
  return query + " WHERE false";
}

}  // namespace

Result<std::string> SystemViewQuery(const Table& view) {
  static const Queries queries = ReadQueries();
  auto found = queries.find(view.schema_name + '.' + view.name);
  if (found != queries.end()) return std::string(found->second);
  if (IsEmptyView(view.schema_name + '.' + view.name)) return EmptyQuery(view);
  return Errorf(sqlstate::kFeatureNotSupported, "system view \"%s\" is not supported", view.name.c_str());
}

}  // namespace phantom::catalog
