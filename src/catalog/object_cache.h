// catalog/object_cache.h
//
// Catalog objects already looked up, by OID and by name. A null entry remembers that there is no such object.
//
// Thread safety: none; SharedCatalog guards the shared ones.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>

#include "catalog/statistics.h"
#include "catalog/table.h"
#include "catalog/type.h"

namespace phantom::catalog {

struct NameKey {
  Oid schema = 0;
  std::string name;
  bool operator==(const NameKey&) const = default;
};
struct NameKeyHash {
  size_t operator()(const NameKey& key) const { return std::hash<std::string>()(key.name) ^ (size_t{key.schema} * 0x9E3779B97F4A7C15u); }
};

struct ObjectCache {
  std::unordered_map<Oid, TableRef> tables;
  std::unordered_map<NameKey, Oid, NameKeyHash> table_names;  // 0: none
  std::unordered_map<Oid, std::shared_ptr<const TableStatistics>> statistics;
  std::unordered_map<Oid, TypeRef> types;
  std::unordered_map<NameKey, Oid, NameKeyHash> type_names;
  std::unordered_map<Oid, std::shared_ptr<const Schema>> schemas;
  std::unordered_map<std::string, Oid> schema_names;

  void Clear() { *this = ObjectCache(); }
};

}  // namespace phantom::catalog
