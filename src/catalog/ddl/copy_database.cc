// CREATE DATABASE ... TEMPLATE: the new space gets the system tables' rows as they are, and trees of its own for every
// relation.
#include <unordered_map>

#include "catalog/builtin/columns.h"
#include "catalog/object_loader.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "txn/index.h"
#include "txn/row_table.h"
#include "txn/sequence.h"
#include "txn/transaction.h"

namespace phantom::catalog {
namespace {

class DatabaseCopy {
 public:
  DatabaseCopy(SharedCatalog& shared, txn::Transaction& transaction, SpaceId from, SpaceId to)
      : shared_(shared), transaction_(transaction), source_(shared.manager(), from), target_(shared.manager(), to) {
    source_.SetTransaction(&transaction);
    target_.SetTransaction(&transaction);
  }

  Status Run() {
    for (Oid table : SystemTables::Get().StoredTables(false)) {
      if (table == oid::kPgClass) continue;
      ASSIGN_OR_RETURN(std::vector<Row> rows, source_.All(table));
      for (const Row& row : rows) RETURN_IF_ERROR(target_.Insert(row));
    }
    // Tables before their indexes, whose entries name the rows' new places.
    ASSIGN_OR_RETURN(std::vector<Row> relations, source_.All(oid::kPgClass));
    for (bool indexes : {false, true}) {
      for (Row& relation : relations) {
        if ((relation.Char(pg_class::relkind) == 'i') == indexes) RETURN_IF_ERROR(CopyRelation(relation));
      }
    }
    return Status::Ok();
  }

 private:
  Status CopyRelation(Row& relation) {
    ASSIGN_OR_RETURN(TableRef table, LoadTable(source_, relation.GetOid(pg_class::oid)));
    if (table->tree.value != 0) {
      TreeId tree;
      switch (table->kind) {
        case RelationKind::kTable: {
          ASSIGN_OR_RETURN(tree, CopyRows(*table));
          break;
        }
        case RelationKind::kIndex: {
          ASSIGN_OR_RETURN(tree, CopyEntries(*table));
          break;
        }
        default: {
          ASSIGN_OR_RETURN(tree, CopySequence(*table));
        }
      }
      relation.SetInt(pg_class::relfilenode, tree.value);
    }
    return target_.Insert(relation);
  }

  Result<TreeId> CopyRows(const Table& table) {
    txn::TransactionManager& manager = shared_.manager();
    ASSIGN_OR_RETURN(TreeId tree, manager.CreateTableTree(transaction_, target_.space()));
    ASSIGN_OR_RETURN(txn::RowTable from, txn::RowTable::Open(manager, source_.space(), table.tree, table.layout));
    ASSIGN_OR_RETURN(txn::RowTable to, txn::RowTable::Open(manager, target_.space(), tree, table.layout));
    std::vector<uint32_t> columns;
    types::Chunk chunk;
    for (uint32_t i = 0; i < table.layout.column_count(); ++i) {
      columns.push_back(i);
      chunk.AddColumn(types::Vector(table.layout.type(i), table.layout.layout(i), types::kVectorSize));
    }
    std::unordered_map<uint64_t, RowId>& moved = moved_[table.oid];
    txn::Snapshot snapshot = transaction_.TakeCatalogSnapshot();
    txn::TableScan scan(from, snapshot, columns);
    types::RowEncoder encoder(table.layout);
    std::vector<RowId> ids(types::kVectorSize);
    for (;;) {
      RETURN_IF_ERROR(scan.Next(chunk, ids.data()));
      if (chunk.empty()) return tree;
      for (uint32_t row = 0; row < chunk.size(); ++row) {
        ASSIGN_OR_RETURN(RowId id, to.Insert(transaction_, encoder.EncodeRow(chunk, row)));
        moved.emplace(ids[row].value, id);
      }
    }
  }

  Result<TreeId> CopyEntries(const Table& index) {
    txn::TransactionManager& manager = shared_.manager();
    ASSIGN_OR_RETURN(TreeId tree, manager.CreateIndexTree(transaction_, target_.space()));
    ASSIGN_OR_RETURN(txn::Index from, txn::Index::Open(manager, source_.space(), index.tree));
    ASSIGN_OR_RETURN(txn::Index to, txn::Index::Open(manager, target_.space(), tree));
    const std::unordered_map<uint64_t, RowId>& moved = moved_[index.indexed_table];
    txn::Snapshot snapshot = transaction_.TakeCatalogSnapshot();
    txn::IndexScan scan(from, snapshot, {});
    txn::IndexEntry entry;
    for (;;) {
      ASSIGN_OR_RETURN(bool more, scan.Next(&entry));
      if (!more) return tree;
      auto place = moved.find(entry.row.value);
      if (entry.dead || place == moved.end()) continue;
      RETURN_IF_ERROR(to.Insert(transaction_, entry.key, place->second));
    }
  }

  Result<TreeId> CopySequence(const Table& sequence) {
    ASSIGN_OR_RETURN(txn::SequenceValue value,
                     shared_.sequences().Read(source_.space(), sequence.tree, sequence.oid));
    ASSIGN_OR_RETURN(TreeId tree, shared_.manager().CreateIndexTree(transaction_, target_.space()));
    RETURN_IF_ERROR(shared_.sequences().Create(transaction_, target_.space(), tree, sequence.oid, sequence.sequence.start));
    RETURN_IF_ERROR(
        shared_.sequences().Set(target_.space(), tree, sequence.oid, value.last_value, value.is_called));
    return tree;
  }

  SharedCatalog& shared_;
  txn::Transaction& transaction_;
  SystemStore source_, target_;
  std::unordered_map<Oid, std::unordered_map<uint64_t, RowId>> moved_;  // table -> old row id -> new row id
};

}  // namespace

Status SharedCatalog::CopyDatabase(txn::Transaction& transaction, Oid from, Oid to) {
  RETURN_IF_ERROR(SystemStore::CreateTrees(*manager_, transaction, SpaceOf(to), false));
  return DatabaseCopy(*this, transaction, SpaceOf(from), SpaceOf(to)).Run();
}

}  // namespace phantom::catalog
