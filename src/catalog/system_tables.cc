#include "catalog/system_tables.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "catalog/builtin/columns.h"
#include "catalog/builtin/data.h"
#include "common/check.h"
#include "types/format_context.h"
#include "types/text_format.h"

namespace phantom::catalog {
namespace {

constexpr std::array kStored = {
    oid::kPgAttrdef,  oid::kPgAttribute, oid::kPgAuthMembers, oid::kPgAuthid,     oid::kPgClass,       oid::kPgConstraint,
    oid::kPgDatabase, oid::kPgDbRoleSetting, oid::kPgDepend,  oid::kPgDescription, oid::kPgEnum,       oid::kPgIndex,
    oid::kPgNamespace, oid::kPgRewrite,  oid::kPgSequence,    oid::kPgShdepend,   oid::kPgShdescription, oid::kPgStatistic,
    oid::kPgTablespace, oid::kPgTrigger, oid::kPgType,    oid::kPgDefaultAcl,
};
constexpr std::array kSeeded = {oid::kPgAuthid,    oid::kPgAuthMembers, oid::kPgDatabase,     oid::kPgDbRoleSetting,
                                oid::kPgNamespace, oid::kPgShdepend,    oid::kPgShdescription, oid::kPgTablespace};

std::string_view SchemaName(Oid schema) {
  return schema == oid::kSchemaInformationSchema ? "information_schema" : "pg_catalog";
}

std::string NameKey(Oid schema, std::string_view name) { return std::to_string(schema) + '.' + std::string(name); }

}  // namespace

SystemTables::SystemTables() {
  ReadClasses();
  ReadAttributes();
  ReadIndexes();
}

const SystemTables& SystemTables::Get() {
  static const SystemTables tables;
  return tables;
}

void SystemTables::ReadClasses() {
  Arena arena;
  TsvReader in(BuiltinRows(oid::kPgClass), arena);
  while (!in.at_end()) {
    auto table = std::make_shared<Table>();
    table->oid = in.Oid();
    table->name = in.Text();
    table->schema = in.Oid();
    table->schema_name = SchemaName(table->schema);
    table->row_type = in.Oid();
    in.Skip(pg_class::reloftype - pg_class::reltype);
    table->owner = in.Oid();
    in.Skip(pg_class::relisshared - pg_class::relowner - 1);
    bool shared = in.Bool();
    in.Skip(1);
    table->kind = static_cast<RelationKind>(in.Char());
    in.Skip(pg_class::relacl - pg_class::relkind - 1);
    table->acl = in.Text();
    in.Skip(pg_class::kColumns - pg_class::relacl);
    table->tree = TreeId(table->oid);
    table->replica_identity = 'n';
    table->tablespace = shared ? oid::kTablespaceGlobal : 0;
    by_oid_.emplace(table->oid, tables_.size());
    by_name_.emplace(NameKey(table->schema, table->name), tables_.size());
    tables_.push_back(std::move(table));
  }
}

void SystemTables::ReadAttributes() {
  Arena arena;
  TsvReader in(BuiltinRows(oid::kPgAttribute), arena);
  while (!in.at_end()) {
    Oid relation = in.Oid();
    std::string_view name = in.Text();
    Oid type = in.Oid();
    in.Skip(2);
    int number = static_cast<int>(in.Int());
    in.Skip(2);
    int32_t typmod = static_cast<int32_t>(in.Int());
    in.Skip(2);
    char storage = in.Char();
    in.Skip(1);
    bool not_null = in.Bool();
    in.Skip(pg_attribute::attcollation - pg_attribute::attnotnull - 1);
    Oid collation = in.Oid();
    in.Skip(pg_attribute::kColumns - pg_attribute::attcollation);
    auto place = by_oid_.find(relation);
    if (place == by_oid_.end() || number < 1) continue;
    Table& table = const_cast<Table&>(*tables_[place->second]);
    if (table.columns.size() < static_cast<size_t>(number)) table.columns.resize(static_cast<size_t>(number));
    Column& column = table.columns[static_cast<size_t>(number) - 1];
    column.name = name;
    column.type = {type, typmod};
    column.storage = storage;
    column.not_null = not_null;
    column.collation = collation;
  }
  for (TableRef& ref : tables_) {
    Table& table = const_cast<Table&>(*ref);
    std::vector<types::Type> types;
    std::vector<types::Layout> layouts;
    for (const Column& column : table.columns) {
      types.push_back(column.type);
      layouts.push_back(types::LayoutOf(column.type));
    }
    table.layout = types::RowLayout(std::move(types), std::move(layouts));
  }
}

void SystemTables::ReadIndexes() {
  for (Oid table : kStored) stored_[table];
  Arena arena;
  TsvReader in(BuiltinRows(oid::kPgIndex), arena);
  while (!in.at_end()) {
    SystemIndex index;
    index.oid = in.Oid();
    Oid relation = in.Oid();
    in.Skip(2);
    index.unique = in.Bool();
    in.Skip(pg_index::indkey - pg_index::indisunique - 1);
    ListReader keys(in.Text());
    in.Skip(pg_index::kColumns - pg_index::indkey);
    auto found = stored_.find(relation);
    if (found == stored_.end()) continue;
    const Table& table = *tables_[by_oid_.at(relation)];
    std::vector<types::KeyColumn> key_columns;
    for (std::string_view key; keys.Next(key);) {
      int column = std::atoi(std::string(key).c_str());
      index.columns.push_back(column);
      key_columns.push_back({table.column(column).type});
    }
    index.codec = types::KeyCodec(std::move(key_columns));
    found->second.push_back(std::move(index));
  }
}

TableRef SystemTables::Find(Oid oid) const {
  auto found = by_oid_.find(oid);
  return found == by_oid_.end() ? nullptr : tables_[found->second];
}

TableRef SystemTables::Find(Oid schema, std::string_view name) const {
  auto found = by_name_.find(NameKey(schema, name));
  return found == by_name_.end() ? nullptr : tables_[found->second];
}

bool SystemTables::IsSeeded(Oid table) { return std::find(kSeeded.begin(), kSeeded.end(), table) != kSeeded.end(); }

bool SystemTables::IsShared(Oid table) const {
  TableRef found = Find(table);
  return found != nullptr && found->tablespace == oid::kTablespaceGlobal;
}

std::span<const SystemIndex> SystemTables::Indexes(Oid table) const {
  auto found = stored_.find(table);
  if (found == stored_.end()) return {};
  return found->second;
}

std::vector<Oid> SystemTables::StoredTables(bool shared) const {
  std::vector<Oid> found;
  for (Oid table : kStored) {
    if (IsShared(table) == shared) found.push_back(table);
  }
  return found;
}

namespace {

struct BuiltinCache {
  std::once_flag once;
  std::vector<types::Chunk> chunks;
};

void Decode(const Table& table, std::vector<types::Chunk>& chunks) {
  if (SystemTables::IsSeeded(table.oid)) return;
  std::vector<types::Type> types;
  for (const Column& column : table.columns) types.push_back(column.type);
  Arena arena;
  types::FormatContext format;
  TsvReader in(BuiltinRows(table.oid), arena);
  while (!in.at_end()) {
    types::Chunk chunk(types);
    uint32_t count = 0;
    for (; count < types::kVectorSize && !in.at_end(); ++count) {
      for (uint32_t i = 0; i < types.size(); ++i) {
        std::string_view field;
        if (!in.Next(field)) {
          chunk.column(i).SetNull(count);
          continue;
        }
        Status parsed = types::ParseTextInto(field, format, chunk.column(i), count);
        PHANTOM_CHECK(parsed.ok());
      }
    }
    chunk.SetSize(count);
    chunks.push_back(std::move(chunk));
  }
}

}  // namespace

const std::vector<types::Chunk>& BuiltinChunks(const Table& system_table) {
  // One slot a table, made once with the list of tables, each filled on its first scan.
  static std::unordered_map<Oid, BuiltinCache>& caches = *[] {
    auto* made = new std::unordered_map<Oid, BuiltinCache>;
#define PHANTOM_SYSTEM_TABLE(oid, name) (*made)[oid];
#include "catalog/builtin/tables.inc"
#undef PHANTOM_SYSTEM_TABLE
    return made;
  }();
  static const std::vector<types::Chunk> none;
  auto found = caches.find(system_table.oid);
  if (found == caches.end()) return none;
  BuiltinCache& cache = found->second;
  std::call_once(cache.once, [&] { Decode(system_table, cache.chunks); });
  return cache.chunks;
}

}  // namespace phantom::catalog
