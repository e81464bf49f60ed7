// catalog/system_tables.h
//
// The system tables and views of pg_catalog and information_schema: their shape, taken from the built-in rows of
// pg_class and pg_attribute, and what this room keeps of each. A *stored* table has a tree of rows in every database (or
// in the shared space), named by the table's OID, and trees for its indexes; the others have built-in rows only.
//
// Thread safety: immutable after construction; Get() may be called from any thread.
#pragma once
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/table.h"
#include "types/chunk.h"
#include "types/key_codec.h"

namespace phantom::catalog {

// An index the catalog maintains on a stored system table. Its tree has the index's OID.
struct SystemIndex {
  Oid oid = 0;
  std::vector<int> columns;  // attribute numbers
  bool unique = false;
  types::KeyCodec codec;
};

class SystemTables {
 public:
  static const SystemTables& Get();

  // Null when there is no such system table or view.
  TableRef Find(Oid oid) const;
  TableRef Find(Oid schema, std::string_view name) const;

  // Rows of this table are stored in a tree (some may be built in too).
  bool IsStored(Oid table) const { return stored_.contains(table); }
  // Its built-in rows are only the first contents of the stored table: they may be changed (roles, databases ...).
  static bool IsSeeded(Oid table);
  bool IsShared(Oid table) const;
  std::span<const SystemIndex> Indexes(Oid table) const;
  std::vector<Oid> StoredTables(bool shared) const;

  const std::vector<TableRef>& tables() const { return tables_; }

 private:
  SystemTables();
  void ReadClasses();
  void ReadAttributes();
  void ReadIndexes();

  std::vector<TableRef> tables_;
  std::unordered_map<Oid, size_t> by_oid_;
  std::unordered_map<std::string, size_t> by_name_;  // "schema.name"
  std::unordered_map<Oid, std::vector<SystemIndex>> stored_;
};

// The built-in rows of a system table, decoded: chunks of all its columns. Empty for seeded tables.
const std::vector<types::Chunk>& BuiltinChunks(const Table& system_table);

}  // namespace phantom::catalog
