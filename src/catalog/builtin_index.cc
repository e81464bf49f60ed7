#include "catalog/builtin_index.h"

#include <charconv>
#include <vector>

#include "catalog/builtin/columns.h"
#include "catalog/builtin/data.h"
#include "catalog/system_tables.h"
#include "common/arena.h"

namespace phantom::catalog {
namespace {

std::vector<int> Numbers(std::string_view list) {
  std::vector<int> numbers;
  ListReader reader(list);
  for (std::string_view element; reader.Next(element);) {
    std::from_chars(element.data(), element.data() + element.size(), numbers.emplace_back());
  }
  return numbers;
}

std::string NameOf(Oid relation) {
  Arena arena;
  TsvReader in(BuiltinRows(oid::kPgClass), arena);
  while (!in.at_end()) {
    const Oid oid = in.Oid();
    const std::string name(in.Text());
    if (oid == relation) return name;
    in.Skip(pg_class::kColumns - 2);
  }
  return {};
}

}  // namespace

std::optional<Index> FindBuiltinIndex(Oid oid) {
  Arena arena;
  TsvReader in(BuiltinRows(oid::kPgIndex), arena);
  while (!in.at_end()) {
    Index index;
    index.oid = in.Oid();
    index.table = in.Oid();
    if (index.oid != oid) {
      in.Skip(pg_index::kColumns - 2);
      continue;
    }
    in.Skip(pg_index::indisunique - pg_index::indrelid - 1);
    index.unique = in.Bool();
    index.nulls_not_distinct = in.Bool();
    index.primary = in.Bool();
    in.Skip(pg_index::indkey - pg_index::indisprimary - 1);
    const std::vector<int> columns = Numbers(in.Text()), collations = Numbers(in.Text()), classes = Numbers(in.Text());
    const TableRef table = SystemTables::Get().Find(index.table);
    if (table == nullptr) return std::nullopt;
    for (size_t i = 0; i < columns.size(); ++i) {
      IndexKey key;
      key.column = static_cast<int16_t>(columns[i]);
      key.collation = static_cast<Oid>(collations[i]);
      key.opclass = static_cast<Oid>(classes[i]);
      key.type = table->column(key.column).type;
      index.keys.push_back(key);
    }
    index.name = NameOf(oid);
    return index;
  }
  return std::nullopt;
}

}  // namespace phantom::catalog
