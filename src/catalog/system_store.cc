#include "catalog/system_store.h"

#include "catalog/builtin/columns.h"
#include "txn/index.h"
#include "txn/row_table.h"
#include "txn/transaction.h"
#include "types/format_context.h"
#include "types/key_codec.h"
#include "types/text_format.h"

namespace phantom::catalog {

struct SystemStore::Handles {
  TableRef table;
  txn::RowTable rows;
  std::span<const SystemIndex> system_indexes;
  std::vector<txn::Index> indexes;

  // The index's key of a row.
  std::string Key(size_t i, const Row& row) const {
    std::string key;
    const SystemIndex& index = system_indexes[i];
    for (uint32_t k = 0; k < index.columns.size(); ++k) index.codec.Append(k, row.value(index.columns[k]), key);
    return key;
  }
};

SystemStore::View::View(SystemStore& store) : store_(store), before_(store.view_) {
  if (store.view_ != nullptr) return;
  snapshot_ = std::make_unique<txn::Snapshot>(store.transaction_->TakeCatalogSnapshot());
  store.view_ = snapshot_.get();
}

SystemStore::View::View(SystemStore& store, const txn::Snapshot& snapshot) : store_(store), before_(store.view_) {
  store.view_ = &snapshot;
}

SystemStore::View::~View() { store_.view_ = before_; }

const txn::Snapshot& SystemStore::Look(txn::Snapshot& fresh) const {
  if (view_ != nullptr) return *view_;
  fresh = transaction_->TakeCatalogSnapshot();
  return fresh;
}

SystemStore::SystemStore(txn::TransactionManager& manager, SpaceId database) : manager_(&manager), space_(database) {}
SystemStore::~SystemStore() = default;

Status SystemStore::CreateTrees(txn::TransactionManager& manager, txn::Transaction& transaction, SpaceId space,
                                bool shared) {
  const SystemTables& tables = SystemTables::Get();
  for (Oid table : tables.StoredTables(shared)) {
    Result<TreeId> tree = manager.CreateTableTree(transaction, space, TreeId(table));
    if (!tree.ok()) return tree.status();
    for (const SystemIndex& index : tables.Indexes(table)) {
      Result<TreeId> index_tree = manager.CreateIndexTree(transaction, space, TreeId(index.oid));
      if (!index_tree.ok()) return index_tree.status();
    }
  }
  return Status::Ok();
}

Result<SystemStore::Handles*> SystemStore::HandlesOf(Oid oid) {
  auto found = handles_.find(oid);
  if (found != handles_.end()) return found->second.get();
  const SystemTables& tables = SystemTables::Get();
  TableRef table = tables.Find(oid);
  SpaceId space = tables.IsShared(oid) ? SpaceId(0) : space_;
  ASSIGN_OR_RETURN(txn::RowTable rows, txn::RowTable::Open(*manager_, space, TreeId(oid), table->layout, oid));
  auto handles = std::make_unique<Handles>(Handles{table, std::move(rows), tables.Indexes(oid), {}});
  for (const SystemIndex& index : handles->system_indexes) {
    ASSIGN_OR_RETURN(txn::Index opened, txn::Index::Open(*manager_, space, TreeId(index.oid)));
    handles->indexes.push_back(std::move(opened));
  }
  return handles_.emplace(oid, std::move(handles)).first->second.get();
}

Result<const txn::RowTable*> SystemStore::Open(Oid table) {
  ASSIGN_OR_RETURN(Handles * handles, HandlesOf(table));
  return static_cast<const txn::RowTable*>(&handles->rows);
}

Result<Row> SystemStore::Decode(const Handles& handles, std::string_view bytes, RowId id) const {
  std::string whole;
  types::RowReader reader(handles.table->layout, bytes);
  for (uint32_t i = 0; i < reader.stored_columns(); ++i) {
    if (!reader.IsNull(i) && reader.IsOverflow(i)) {
      ASSIGN_OR_RETURN(whole, handles.rows.Materialize(bytes));
      reader = types::RowReader(handles.table->layout, whole);
      break;
    }
  }
  Row row(*handles.table);
  for (uint32_t i = 0; i < handles.table->columns.size(); ++i) {
    types::Value value = reader.GetValue(i);
    if (!value.is_null()) row.SetValue(static_cast<int>(i) + 1, std::move(value));
  }
  row.id = id;
  return row;
}

Result<std::vector<Row>> SystemStore::Find(Oid table, Oid index_oid, std::initializer_list<KeyPart> key) {
  ASSIGN_OR_RETURN(Handles * handles, HandlesOf(table));
  size_t place = 0;
  while (handles->system_indexes[place].oid != index_oid) ++place;
  const SystemIndex& index = handles->system_indexes[place];

  std::string prefix;
  Row wanted(*handles->table);
  uint32_t part_number = 0;
  for (const KeyPart& part : key) {
    int column = index.columns[part_number];
    if (part.text) {
      wanted.SetText(column, *part.text);
    } else if (types::LayoutOf(handles->table->column(column).type) == types::Layout::kFloat32) {
      wanted.SetFloat(column, static_cast<float>(part.number));
    } else {
      wanted.SetInt(column, part.number);
    }
    index.codec.Append(part_number, wanted.value(column), prefix);
    ++part_number;
  }
  txn::KeyRange range;
  range.lower = prefix;
  range.upper = prefix;
  range.upper_inclusive = true;

  std::vector<Row> rows;
  txn::Snapshot fresh;
  const txn::Snapshot& snapshot = Look(fresh);
  txn::IndexScan scan(handles->indexes[place], snapshot, std::move(range));
  txn::IndexEntry entry;
  txn::FetchedRow fetched;
  for (;;) {
    ASSIGN_OR_RETURN(bool more, scan.Next(&entry));
    if (!more) return rows;
    std::string entry_key(entry.key);
    bool dead = entry.dead;
    RETURN_IF_ERROR(handles->rows.Fetch(snapshot, entry.row, &fetched));
    if (!fetched.found) continue;
    ASSIGN_OR_RETURN(Row row, Decode(*handles, fetched.row, entry.row));
    row.version = fetched.version;
    if ((dead || !fetched.newest) && handles->Key(place, row) != entry_key) continue;
    rows.push_back(std::move(row));
  }
}

Result<std::optional<Row>> SystemStore::FindOne(Oid table, Oid index, std::initializer_list<KeyPart> key) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, Find(table, index, key));
  if (rows.empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(rows.front()));
}

Result<std::vector<Row>> SystemStore::All(Oid table) {
  ASSIGN_OR_RETURN(Handles * handles, HandlesOf(table));
  std::vector<uint32_t> columns(handles->table->columns.size());
  std::vector<types::Type> types;
  for (uint32_t i = 0; i < columns.size(); ++i) {
    columns[i] = i;
    types.push_back(handles->table->columns[i].type);
  }
  std::vector<Row> rows;
  txn::Snapshot fresh;
  const txn::Snapshot& snapshot = Look(fresh);
  txn::TableScan scan(handles->rows, snapshot, columns);
  types::Chunk chunk(types);
  std::vector<RowId> ids(types::kVectorSize);
  for (;;) {
    RETURN_IF_ERROR(scan.Next(chunk, ids.data()));
    if (chunk.empty()) return rows;
    for (uint32_t r = 0; r < chunk.size(); ++r) {
      Row row(*handles->table);
      for (uint32_t i = 0; i < columns.size(); ++i) {
        if (!chunk.column(i).IsNull(r)) row.SetValue(static_cast<int>(i) + 1, chunk.column(i).GetValue(r));
      }
      row.id = ids[r];
      rows.push_back(std::move(row));
    }
  }
}

namespace {

Status DuplicateKey(const Table& table, const SystemIndex& index, const Row& row) {
  TableRef relation = SystemTables::Get().Find(index.oid);
  std::string names, values;
  types::FormatContext format;
  for (int column : index.columns) {
    if (!names.empty()) names += ", ", values += ", ";
    names += table.column(column).name;
    if (Status status = types::AppendText(row.value(column), format, values); !status.ok()) return status;
  }
  return Errorf(sqlstate::kUniqueViolation, "duplicate key value violates unique constraint \"%s\"",
                relation->name.c_str())
      .Detail(Format("Key (%s)=(%s) already exists.", names.c_str(), values.c_str()))
      .Schema("pg_catalog")
      .Table(table.name)
      .Constraint(relation->name);
}

}  // namespace

Status SystemStore::InsertEntries(Handles& handles, const Row& row, RowId id, const Row* before) {
  for (size_t i = 0; i < handles.indexes.size(); ++i) {
    std::string key = handles.Key(i, row);
    if (before != nullptr) {
      std::string old_key = handles.Key(i, *before);
      if (old_key == key) continue;
      RETURN_IF_ERROR(handles.indexes[i].Delete(*transaction_, old_key, id));
    }
    if (!handles.system_indexes[i].unique) {
      RETURN_IF_ERROR(handles.indexes[i].Insert(*transaction_, key, id));
      continue;
    }
    ASSIGN_OR_RETURN(std::optional<RowId> conflict,
                     handles.indexes[i].InsertUnique(*transaction_, key, id, handles.rows));
    if (conflict) return DuplicateKey(*handles.table, handles.system_indexes[i], row);
  }
  return Status::Ok();
}

Status SystemStore::Insert(const Row& row) {
  if (observer_) observer_(row);
  ASSIGN_OR_RETURN(Handles * handles, HandlesOf(row.table().oid));
  types::RowEncoder encoder(handles->table->layout);
  ASSIGN_OR_RETURN(RowId id, handles->rows.Insert(*transaction_, encoder.EncodeValues(row.values())));
  return InsertEntries(*handles, row, id, nullptr);
}

namespace {

// PostgreSQL changes these columns of pg_class without a new version of the row.
constexpr int kInPassing[] = {pg_class::relpages,     pg_class::reltuples, pg_class::relallvisible,
                              pg_class::relhasindex,  pg_class::relfrozenxid, pg_class::relminmxid};

// Gives `row` the columns that `newest` has got in passing since `before` was read. False: there are other changes.
bool Rebase(const Row& before, const Row& newest, Row& row) {
  if (before.table().oid != oid::kPgClass) return false;
  Row expected = before;
  for (const int column : kInPassing) {
    if (row.value(column) == before.value(column)) row.SetValue(column, newest.value(column));
    expected.SetValue(column, newest.value(column));
  }
  return expected.values() == newest.values();
}

Status ConcurrentlyChanged(bool deleted) {
  return Error(sqlstate::kInternalError, deleted ? "tuple concurrently deleted" : "tuple concurrently updated");
}

}  // namespace

Result<std::optional<Row>> SystemStore::Newest(Handles& handles, RowId id) const {
  const txn::Snapshot snapshot = transaction_->TakeCatalogSnapshot();
  ASSIGN_OR_RETURN(const txn::FetchedRow fetched, handles.rows.Fetch(snapshot, id));
  if (!fetched.found) return std::optional<Row>();
  ASSIGN_OR_RETURN(Row row, Decode(handles, fetched.row, id));
  row.version = fetched.version;
  return std::optional<Row>(std::move(row));
}

Result<bool> SystemStore::TryUpdate(const Row& before, const Row& after) {
  if (observer_) observer_(before);
  ASSIGN_OR_RETURN(Handles * handles, HandlesOf(after.table().oid));
  Row base = before, changed = after;
  for (;;) {
    types::RowEncoder encoder(handles->table->layout);
    const txn::Snapshot snapshot = transaction_->TakeCatalogSnapshot();
    txn::UpdateOptions options;
    if (base.version) {
      options.base = txn::WriteBase::kVersion;
      options.version = base.version;
    }
    // Columns of no unique key may change beside FOR KEY SHARE.
    options.key_changed = false;
    for (size_t i = 0; i < handles->indexes.size(); ++i) {
      if (handles->system_indexes[i].unique && handles->Key(i, base) != handles->Key(i, changed)) options.key_changed = true;
    }
    ASSIGN_OR_RETURN(const txn::WriteOutcome outcome,
                     handles->rows.Update(*transaction_, snapshot, base.id, encoder.EncodeValues(changed.values()), options));
    if (outcome == txn::WriteOutcome::kOk) {
      RETURN_IF_ERROR(InsertEntries(*handles, changed, base.id, &base));
      return true;
    }
    if (outcome != txn::WriteOutcome::kUpdated) return ConcurrentlyChanged(true);
    ASSIGN_OR_RETURN(std::optional<Row> newest, Newest(*handles, base.id));
    if (!newest) return ConcurrentlyChanged(true);
    if (!base.version || !Rebase(base, *newest, changed)) return false;
    base = std::move(*newest);
  }
}

Status SystemStore::Update(const Row& before, const Row& after) {
  ASSIGN_OR_RETURN(const bool updated, TryUpdate(before, after));
  return updated ? Status::Ok() : ConcurrentlyChanged(false);
}

Status SystemStore::Delete(const Row& row) {
  if (observer_) observer_(row);
  ASSIGN_OR_RETURN(Handles * handles, HandlesOf(row.table().oid));
  Row base = row;
  for (;;) {
    const txn::Snapshot snapshot = transaction_->TakeCatalogSnapshot();
    ASSIGN_OR_RETURN(const txn::WriteOutcome outcome,
                     handles->rows.Delete(*transaction_, snapshot, base.id,
                                          base.version ? txn::WriteBase::kVersion : txn::WriteBase::kSnapshot, base.version));
    if (outcome == txn::WriteOutcome::kOk) break;
    if (outcome != txn::WriteOutcome::kUpdated) return ConcurrentlyChanged(true);
    ASSIGN_OR_RETURN(std::optional<Row> newest, Newest(*handles, base.id));
    Row unchanged = base;
    if (!newest) return ConcurrentlyChanged(true);
    if (!base.version || !Rebase(base, *newest, unchanged)) return ConcurrentlyChanged(false);
    base = std::move(*newest);
  }
  for (size_t i = 0; i < handles->indexes.size(); ++i) {
    RETURN_IF_ERROR(handles->indexes[i].Delete(*transaction_, handles->Key(i, base), base.id));
  }
  return Status::Ok();
}

Status SystemStore::RepairIndexes(Oid table) {
  ASSIGN_OR_RETURN(const std::vector<Row> rows, All(table));
  ASSIGN_OR_RETURN(Handles * handles, HandlesOf(table));
  txn::Snapshot snapshot = transaction_->TakeCatalogSnapshot();
  for (size_t i = 0; i < handles->indexes.size(); ++i) {
    for (const Row& row : rows) {
      const std::string key = handles->Key(i, row);
      txn::KeyRange range;
      range.lower = range.upper = key;
      range.upper_inclusive = true;
      txn::IndexScan scan(handles->indexes[i], snapshot, std::move(range));
      txn::IndexEntry entry;
      bool found = false;
      for (;;) {
        ASSIGN_OR_RETURN(const bool more, scan.Next(&entry));
        if (!more) break;
        found |= entry.row == row.id;
      }
      if (!found) RETURN_IF_ERROR(handles->indexes[i].Insert(*transaction_, key, row.id));
    }
  }
  return Status::Ok();
}

}  // namespace phantom::catalog
