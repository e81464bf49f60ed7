#include "catalog/catalog.h"

#include <algorithm>

#include "catalog/builtin/columns.h"
#include "catalog/object_loader.h"
#include "catalog/shared_catalog.h"
#include "catalog/stored_sql.h"
#include "catalog/system_store.h"
#include "catalog/system_tables.h"
#include "catalog/system_views.h"
#include "txn/transaction.h"

namespace phantom::catalog {

Catalog::Catalog(SharedCatalog& shared, Oid database)
    : shared_(&shared),
      cache_(&shared.cache(database)),
      builtins_(Builtins::Get()),
      database_(database),
      path_names_{"$user", "public"},
      store_(std::make_unique<SystemStore>(shared.manager(), SharedCatalog::SpaceOf(database))) {
  store_->SetObserver([this](const Row& row) { NoteWrite(row); });
}

Catalog::~Catalog() = default;

// ---- Session state and transactions -------------------------------------------------------------

void Catalog::SetSearchPath(std::vector<std::string> names) { path_names_ = std::move(names); }
void Catalog::SetCurrentRole(Oid role) { role_ = role; }

void Catalog::Begin(txn::Transaction& transaction) {
  transaction_ = &transaction;
  store_->SetTransaction(&transaction);
}

void Catalog::End(bool committed) {
  transaction_ = nullptr;
  store_->SetTransaction(nullptr);
  if (private_ || !committed) local_version_ = 0;
  // Of temporary objects nobody else is told; this session's plans have to follow all the same.
  if (private_) ++temporary_version_;
  if (private_ || pending_->permanent) pending_ = std::make_shared<PendingChanges>();
  private_ = will_tell_ = false;
  unsafe_labels_.clear();
}

void Catalog::RolledBackToSavepoint() {
  local_version_ = 0;
  will_tell_ = false;  // the promise may have been made since
}

uint64_t Catalog::common_version() const { return cache_->version() + shared_->shared_version(); }

void Catalog::Changed() {
  private_ = true;
  local_version_ = 0;
  if (will_tell_) return;
  will_tell_ = true;
  transaction_->OnCommit([shared = shared_, cache = cache_, pending = pending_] {
    if (!pending->permanent) return;
    shared->NoteChange();
    cache->Invalidate();
  });
}

Lsn Catalog::last_change() const { return shared_->last_change(); }

void Catalog::ChangedShared() {
  private_ = true;
  local_version_ = 0;
  transaction_->OnCommit([shared = shared_] { shared->InvalidateShared(); });
}

ObjectCache& Catalog::Local() {
  uint64_t now = version();
  if (local_version_ != now) {
    local_.Clear();
    roles_.clear();
    memberships_.reset();
    local_version_ = now;
  }
  return local_;
}

void Catalog::Notice(Status notice) {
  if (notices_ != nullptr) notices_->Notice(notice);
}

// ---- Schemas ------------------------------------------------------------------------------------

Result<std::shared_ptr<const Schema>> Catalog::FindSchema(std::string_view name) {
  if (name == "pg_temp") {
    if (temporary_schema_ == 0) return std::shared_ptr<const Schema>();
    return SchemaByOid(temporary_schema_);
  }
  ObjectCache& local = Local();
  auto known = local.schema_names.find(std::string(name));
  if (known != local.schema_names.end()) {
    if (known->second == 0) return std::shared_ptr<const Schema>();
    return local.schemas.at(known->second);
  }
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgNamespace, index_oid::kNamespaceByName, {name}));
  // Schemas of temporary objects come without notice.
  if (!row && !name.starts_with("pg_temp_")) local.schema_names.emplace(name, 0);
  if (!row) return std::shared_ptr<const Schema>();
  auto schema = std::make_shared<const Schema>(MakeSchema(*row));
  local.schema_names.emplace(name, schema->oid);
  local.schemas[schema->oid] = schema;
  return schema;
}

Result<std::shared_ptr<const Schema>> Catalog::SchemaByOid(Oid oid) {
  ObjectCache& local = Local();
  auto known = local.schemas.find(oid);
  if (known != local.schemas.end()) return known->second;
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgNamespace, index_oid::kNamespaceByOid, {oid}));
  if (!row) return std::shared_ptr<const Schema>();
  auto schema = std::make_shared<const Schema>(MakeSchema(*row));
  local.schemas[oid] = schema;
  return schema;
}

Result<std::shared_ptr<const Schema>> Catalog::SchemaOrError(std::string_view name) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Schema> schema, FindSchema(name));
  if (schema != nullptr) return schema;
  return Errorf(sqlstate::kInvalidSchemaName, "schema \"%.*s\" does not exist", static_cast<int>(name.size()),
                name.data());
}

Result<std::vector<Oid>> Catalog::SearchPath(bool include_implicit) {
  std::vector<Oid> path;
  for (const std::string& name : path_names_) {
    std::string_view wanted = name;
    std::shared_ptr<const Role> role;
    if (name == "$user") {
      ASSIGN_OR_RETURN(role, RoleByOid(role_));
      if (role == nullptr) continue;
      wanted = role->name;
    }
    ASSIGN_OR_RETURN(std::shared_ptr<const Schema> schema, FindSchema(wanted));
    if (schema == nullptr || std::find(path.begin(), path.end(), schema->oid) != path.end()) continue;
    path.push_back(schema->oid);
  }
  if (!include_implicit) return path;
  if (std::find(path.begin(), path.end(), oid::kSchemaPgCatalog) == path.end()) {
    path.insert(path.begin(), oid::kSchemaPgCatalog);
  }
  if (temporary_schema_ != 0 && std::find(path.begin(), path.end(), temporary_schema_) == path.end()) {
    path.insert(path.begin(), temporary_schema_);
  }
  return path;
}

Result<std::vector<Oid>> Catalog::ResolvePath(std::string_view schema) {
  if (schema.empty()) return SearchPath(true);
  ASSIGN_OR_RETURN(std::shared_ptr<const Schema> found, FindSchema(schema));
  if (found == nullptr) return std::vector<Oid>();
  return std::vector<Oid>{found->oid};
}

// ---- Relations ----------------------------------------------------------------------------------

Result<Oid> Catalog::FindRelationOid(Oid schema, std::string_view name) {
  if (schema == oid::kSchemaPgCatalog || schema == oid::kSchemaInformationSchema) {
    if (TableRef system = SystemTables::Get().Find(schema, name)) return system->oid;
    if (schema == oid::kSchemaPgCatalog) return Oid{0};
  }
  NameKey key{schema, std::string(name)};
  ObjectCache& local = Local();
  auto known = local.table_names.find(key);
  if (known != local.table_names.end()) return known->second;
  if (!private_) {
    if (std::optional<Oid> shared = cache_->FindTableName(key)) {
      local.table_names.emplace(key, *shared);
      return *shared;
    }
  }
  uint64_t version = cache_->version();
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgClass, index_oid::kClassByName, {name, schema}));
  Oid oid = row ? row->GetOid(pg_class::oid) : 0;
  ASSIGN_OR_RETURN(const bool foreign, IsForeignTemporary(schema));
  if (foreign) return oid;
  local.table_names.emplace(key, oid);
  if (!private_ && schema != temporary_schema_) cache_->OfferTableName(key, oid, version);
  return oid;
}

Result<TableRef> Catalog::TableByOid(Oid oid) {
  if (oid < kFirstUserOid) {
    if (TableRef system = SystemTables::Get().Find(oid)) return system;
    return TableRef();
  }
  if (pretended_ != nullptr && pretended_->oid == oid) return pretended_;
  ObjectCache& local = Local();
  auto known = local.tables.find(oid);
  if (known != local.tables.end()) return known->second;
  if (!private_) {
    if (TableRef shared = cache_->FindTable(oid)) {
      local.tables.emplace(oid, shared);
      return shared;
    }
  }
  uint64_t version = cache_->version();
  ASSIGN_OR_RETURN(TableRef table, LoadTable(*store_, oid));
  if (table == nullptr) return table;
  const bool temporary = table->persistence == Persistence::kTemporary;
  if (temporary && table->schema != temporary_schema_) return table;
  local.tables[oid] = table;
  if (!private_ && !temporary) cache_->OfferTable(table, version);
  return table;
}

Result<TableRef> Catalog::OpenByOid(Oid oid) {
  ASSIGN_OR_RETURN(TableRef table, TableByOid(oid));
  if (table == nullptr) return Errorf(sqlstate::kInternalError, "could not open relation with OID %u", oid);
  return table;
}

Result<TableRef> Catalog::FindTableIn(Oid schema, std::string_view name) {
  ASSIGN_OR_RETURN(Oid oid, FindRelationOid(schema, name));
  if (oid == 0) return TableRef();
  return TableByOid(oid);
}

Result<TableRef> Catalog::FindTable(const QualifiedName& name) {
  ASSIGN_OR_RETURN(std::vector<Oid> path, ResolvePath(name.schema));
  for (Oid schema : path) {
    ASSIGN_OR_RETURN(TableRef table, FindTableIn(schema, name.name));
    if (table != nullptr) return table;
  }
  return TableRef();
}

Result<TableRef> Catalog::TableOrError(const QualifiedName& name) {
  ASSIGN_OR_RETURN(TableRef table, FindTable(name));
  if (table != nullptr) return table;
  std::string shown(name.name);
  if (!name.schema.empty()) shown = std::string(name.schema) + '.' + shown;
  return Errorf(sqlstate::kUndefinedTable, "relation \"%s\" does not exist", shown.c_str()).At(name.location);
}

Status Catalog::LockTable(Oid table, txn::LockMode mode) {
  Oid database = SystemTables::Get().IsShared(table) ? 0 : database_;
  return transaction_->locks().AcquireTable(database, table, mode);
}

Status Catalog::LockObject(const ObjectAddress& object, txn::LockMode mode) {
  if (object.catalog == oid::kPgClass) return LockTable(object.oid, mode);
  const Oid database = SystemTables::Get().IsShared(object.catalog) ? 0 : database_;
  return transaction_->locks().Acquire(txn::LockTag::Object(database, object.catalog, object.oid), mode).status();
}

Result<Oid> Catalog::FindRelation(const QualifiedName& name) {
  ASSIGN_OR_RETURN(std::vector<Oid> path, ResolvePath(name.schema));
  for (Oid schema : path) {
    ASSIGN_OR_RETURN(const Oid found, FindRelationOid(schema, name.name));
    if (found != 0) return found;
  }
  return Oid{0};
}

Result<TableRef> Catalog::OpenTableIfExists(const QualifiedName& name, txn::LockMode mode, const TableCheck& check) {
  ASSIGN_OR_RETURN(Oid oid, FindRelation(name));
  while (oid != 0) {
    if (check) {
      ASSIGN_OR_RETURN(const TableRef found, TableByOid(oid));
      if (found != nullptr) RETURN_IF_ERROR(check(*found));
    }
    // System tables change under their own rules and are not worth a lock a query.
    if (oid < kFirstUserOid && mode <= txn::LockMode::kRowExclusive) {
      ASSIGN_OR_RETURN(TableRef system, TableByOid(oid));
      if (check) RETURN_IF_ERROR(check(*system));
      return system;
    }
    const txn::LockTag tag = txn::LockTag::Relation(SystemTables::Get().IsShared(oid) ? 0 : database_, oid);
    const bool held = transaction_->locks().Holds(tag, mode);
    RETURN_IF_ERROR(LockTable(oid, mode));
    // While the lock was awaited the table may have gone, or another may have taken its name.
    ASSIGN_OR_RETURN(const Oid again, FindRelation(name));
    if (again == oid) {
      ASSIGN_OR_RETURN(TableRef table, TableByOid(oid));
      if (table != nullptr) {
        if (check) RETURN_IF_ERROR(check(*table));
        store_->NoteUse(*table);
        return table;
      }
    }
    if (!held) transaction_->locks().ReleaseTransaction(tag, mode);
    oid = again;
  }
  return TableRef();
}

Result<TableRef> Catalog::OpenTable(const QualifiedName& name, txn::LockMode mode) {
  ASSIGN_OR_RETURN(TableRef table, OpenTableIfExists(name, mode));
  if (table != nullptr) return table;
  return TableOrError(name);
}

Result<bool> Catalog::IsTableVisible(const Table& table) {
  ASSIGN_OR_RETURN(std::vector<Oid> path, SearchPath(true));
  for (Oid schema : path) {
    ASSIGN_OR_RETURN(Oid found, FindRelationOid(schema, table.name));
    if (found != 0) return found == table.oid;
  }
  return false;
}

Result<std::vector<TableRef>> Catalog::TablesOf(Oid schema) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, store_->Find(oid::kPgClass, index_oid::kClassByName, {}));
  std::vector<TableRef> tables;
  for (const Row& row : rows) {
    if (row.GetOid(pg_class::relnamespace) != schema) continue;
    ASSIGN_OR_RETURN(TableRef table, TableByOid(row.GetOid(pg_class::oid)));
    if (table != nullptr) tables.push_back(std::move(table));
  }
  return tables;
}

template <typename Wanted>
static Result<std::vector<Oid>> TablesThat(SystemStore& store, Wanted wanted) {
  ASSIGN_OR_RETURN(const std::vector<Row> rows, store.Find(oid::kPgClass, index_oid::kClassByOid, {}));
  std::vector<Oid> tables;
  for (const Row& row : rows) {
    const Oid oid = row.GetOid(pg_class::oid);
    const bool is_table = static_cast<RelationKind>(row.Char(pg_class::relkind)) == RelationKind::kTable;
    if (is_table && oid >= kFirstUserOid && wanted(row)) tables.push_back(oid);
  }
  return tables;
}

Result<std::vector<Oid>> Catalog::UserTables() {
  return TablesThat(*store_, [](const Row&) { return true; });
}

Result<std::vector<Oid>> Catalog::ReachableTables() {
  return TablesThat(*store_, [this](const Row& row) {
    return static_cast<Persistence>(row.Char(pg_class::relpersistence)) != Persistence::kTemporary ||
           row.GetOid(pg_class::relnamespace) == temporary_schema_;
  });
}

Result<std::string> Catalog::ExpandStored(std::string_view stored, const Table* table) {
  return ExpandSql(
      stored, table, [this](Oid oid) { return TableByOid(oid); }, nullptr,
      [this](Oid oid) -> Result<std::string> { return FormatType(types::Type(oid)); });
}

Result<std::string> Catalog::ViewQuery(const Table& view) {
  if (view.is_system()) return SystemViewQuery(view);
  return view.view_sql;
}

// ---- Types --------------------------------------------------------------------------------------

TypeRef Catalog::TypeByOid(Oid oid) {
  if (const TypeRow* builtin = builtins_.Type(oid)) return TypeRef(TypeRef(), builtin);
  if (oid < kFirstUserOid) return nullptr;
  ObjectCache& local = Local();
  auto known = local.types.find(oid);
  if (known != local.types.end()) return known->second;
  if (!private_) {
    if (TypeRef shared = cache_->FindType(oid)) {
      local.types.emplace(oid, shared);
      return shared;
    }
  }
  uint64_t version = cache_->version();
  Result<TypeRef> type = LoadType(*store_, oid);
  if (!type.ok() || *type == nullptr) return nullptr;
  const Oid schema = (*type)->schema;
  const Result<bool> foreign = IsForeignTemporary(schema);
  if (!foreign.ok() || *foreign) return *type;
  local.types[oid] = *type;
  if (!private_ && schema != temporary_schema_) cache_->OfferType(*type, version);
  return *type;
}

Result<TypeRef> Catalog::FindTypeIn(Oid schema, std::string_view name) {
  if (const TypeRow* builtin = builtins_.Type(name, schema)) return TypeRef(TypeRef(), builtin);
  if (schema == oid::kSchemaPgCatalog) return TypeRef();
  NameKey key{schema, std::string(name)};
  ObjectCache& local = Local();
  auto known = local.type_names.find(key);
  if (known != local.type_names.end()) return known->second == 0 ? TypeRef() : TypeByOid(known->second);
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgType, index_oid::kTypeByName, {name, schema}));
  Oid oid = row ? row->GetOid(pg_type::oid) : 0;
  ASSIGN_OR_RETURN(const bool foreign, IsForeignTemporary(schema));
  if (!foreign) local.type_names.emplace(key, oid);
  return oid == 0 ? TypeRef() : TypeByOid(oid);
}

Result<TypeRef> Catalog::FindType(const QualifiedName& name) {
  ASSIGN_OR_RETURN(std::vector<Oid> path, ResolvePath(name.schema));
  for (Oid schema : path) {
    ASSIGN_OR_RETURN(TypeRef type, FindTypeIn(schema, name.name));
    if (type != nullptr) return type;
  }
  return TypeRef();
}

Result<TypeRef> Catalog::TypeOrError(const QualifiedName& name) {
  ASSIGN_OR_RETURN(TypeRef type, FindType(name));
  if (type != nullptr) return type;
  std::string shown(name.name);
  if (!name.schema.empty()) {
    ASSIGN_OR_RETURN(std::shared_ptr<const Schema> schema, FindSchema(name.schema));
    if (schema == nullptr) {
      return Errorf(sqlstate::kInvalidSchemaName, "schema \"%s\" does not exist", std::string(name.schema).c_str())
          .At(name.location);
    }
    shown = std::string(name.schema) + '.' + shown;
  }
  return Errorf(sqlstate::kUndefinedObject, "type \"%s\" does not exist", shown.c_str()).At(name.location);
}

std::string Catalog::FormatType(types::Type type) {
  if (builtins_.Type(type.oid) != nullptr) {
    std::string name = types::FormatTypeName(type);
    if (name != "???") return name;
  }
  TypeRef row = TypeByOid(type.oid);
  if (row == nullptr) return type.oid == 0 ? "-" : "???";
  if (row->is_array()) return FormatType({row->element, type.typmod}) + "[]";
  std::string name = QuotedIfNeeded(row->name);
  Result<TypeRef> visible = FindType({{}, row->name});
  if (visible.ok() && *visible != nullptr && (*visible)->oid == row->oid) return name;
  Result<std::shared_ptr<const Schema>> schema = SchemaByOid(row->schema);
  if (schema.ok() && *schema != nullptr) name = QuotedIfNeeded((*schema)->name) + '.' + name;
  return name;
}

Status Catalog::CheckLabelIsSafe(const TypeRow& type, const EnumLabel& label) {
  if (!unsafe_labels_.contains(label.oid)) return Status::Ok();
  return Errorf(sqlstate::kUnsafeNewEnumValueUsage, "unsafe use of new value \"%s\" of enum type %s", label.name.c_str(),
                FormatType({type.oid}).c_str())
      .Hint("New enum values must be committed before they can be used.");
}

Result<std::vector<Constraint>> Catalog::DomainConstraints(Oid type) {
  std::vector<Constraint> constraints;
  if (type < kFirstUserOid) return constraints;
  ASSIGN_OR_RETURN(std::vector<Row> rows, store_->Find(oid::kPgConstraint, index_oid::kConstraintByType, {type}));
  for (const Row& row : rows) constraints.push_back(MakeConstraint(row));
  std::sort(constraints.begin(), constraints.end(),
            [](const Constraint& a, const Constraint& b) { return a.name < b.name; });
  return constraints;
}

Result<std::vector<Constraint>> Catalog::ConstraintsByName(Oid schema, std::string_view name) {
  std::vector<Constraint> constraints;
  ASSIGN_OR_RETURN(std::vector<Row> rows,
                   store_->Find(oid::kPgConstraint, index_oid::kConstraintByName, {KeyPart(name), KeyPart(schema)}));
  for (const Row& row : rows) constraints.push_back(MakeConstraint(row));
  return constraints;
}

const OpclassRow* Catalog::DefaultOpclass(Oid type, Oid method) {
  TypeRef row = TypeByOid(type);
  while (row != nullptr && row->kind == TypeKind::kDomain) row = TypeByOid(row->base_type);
  if (row == nullptr) return nullptr;
  if (const OpclassRow* exact = builtins_.DefaultOpclass(row->oid, method)) return exact;
  constexpr Oid kAnyArray = 2277, kAnyEnum = 3500, kAnyRange = 3831, kAnyMultirange = 4537, kRecord = 2249;
  Oid general = 0;
  if (row->is_array()) general = kAnyArray;
  if (row->kind == TypeKind::kEnum) general = kAnyEnum;
  if (row->kind == TypeKind::kRange) general = kAnyRange;
  if (row->kind == TypeKind::kMultirange) general = kAnyMultirange;
  if (row->kind == TypeKind::kComposite) general = kRecord;
  if (general != 0) return builtins_.DefaultOpclass(general, method);
  // A type with the same bytes as one that has a class: varchar as text. Preferred types win.
  const OpclassRow* found = nullptr;
  for (const CastRow& cast : builtins_.casts()) {
    if (cast.source != row->oid || cast.method != CastMethod::kBinary || cast.context != CastContext::kImplicit) continue;
    const OpclassRow* candidate = builtins_.DefaultOpclass(cast.target, method);
    if (candidate == nullptr) continue;
    if (found == nullptr || builtins_.Type(cast.target)->preferred) found = candidate;
  }
  return found;
}

}  // namespace phantom::catalog
