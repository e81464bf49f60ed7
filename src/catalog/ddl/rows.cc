#include "catalog/ddl/rows.h"

#include "catalog/builtin/columns.h"
#include "catalog/builtins.h"
#include "catalog/object_loader.h"
#include "txn/transaction.h"

namespace phantom::catalog {
namespace {

// pg_proc OIDs of the type support functions that user types share.
constexpr Oid kArrayIn = 750, kArrayOut = 751, kArrayRecv = 2400, kArraySend = 2401, kArrayTypanalyze = 3816;
constexpr Oid kArraySubscript = 6179;
constexpr Oid kRecordIn = 2290, kRecordOut = 2291, kRecordRecv = 2402, kRecordSend = 2403;

bool IsPinned(const ObjectAddress& object) { return object.oid < kFirstUserOid && object.oid != oid::kSchemaPublic; }

}  // namespace

Row NewRow(Oid system_table) { return Row(*SystemTables::Get().Find(system_table)); }

Row ClassRow(Oid oid, std::string_view name, Oid schema, RelationKind kind, Oid owner) {
  Row row = NewRow(oid::kPgClass);
  row.SetInt(pg_class::oid, oid).SetText(pg_class::relname, name).SetInt(pg_class::relnamespace, schema);
  row.SetInt(pg_class::reltype, 0).SetInt(pg_class::reloftype, 0).SetInt(pg_class::relowner, owner);
  row.SetInt(pg_class::relam, 0).SetInt(pg_class::relfilenode, 0).SetInt(pg_class::reltablespace, 0);
  row.SetInt(pg_class::relpages, 0).SetFloat(pg_class::reltuples, -1).SetInt(pg_class::relallvisible, 0);
  row.SetInt(pg_class::reltoastrelid, 0).SetBool(pg_class::relhasindex, false).SetBool(pg_class::relisshared, false);
  row.SetChar(pg_class::relpersistence, 'p').SetChar(pg_class::relkind, static_cast<char>(kind));
  row.SetInt(pg_class::relnatts, 0).SetInt(pg_class::relchecks, 0).SetBool(pg_class::relhasrules, false);
  row.SetBool(pg_class::relhastriggers, false).SetBool(pg_class::relhassubclass, false);
  row.SetBool(pg_class::relrowsecurity, false).SetBool(pg_class::relforcerowsecurity, false);
  row.SetBool(pg_class::relispopulated, true);
  row.SetChar(pg_class::relreplident, kind == RelationKind::kTable ? 'd' : 'n');
  row.SetBool(pg_class::relispartition, false).SetInt(pg_class::relrewrite, 0);
  row.SetInt(pg_class::relfrozenxid, kind == RelationKind::kTable ? 3 : 0);
  row.SetInt(pg_class::relminmxid, kind == RelationKind::kTable ? 1 : 0);
  return row;
}

Row AttributeRow(SystemStore& store, Oid relation, int number, std::string_view name, types::Type type, Oid collation) {
  Row row = NewRow(oid::kPgAttribute);
  int16_t length = -1;
  bool by_value = false;
  char align = 'i', storage = 'x';
  const TypeRow* known = Builtins::Get().Type(type.oid);
  TypeRef loaded;
  if (known == nullptr) {
    Result<TypeRef> found = LoadType(store, type.oid);
    if (found.ok()) loaded = *found;
    known = loaded.get();
  }
  if (known != nullptr) {
    length = known->length;
    by_value = known->by_value;
    align = known->align;
    storage = known->storage;
  }
  row.SetInt(pg_attribute::attrelid, relation).SetText(pg_attribute::attname, name);
  row.SetInt(pg_attribute::atttypid, type.oid).SetInt(pg_attribute::attstattarget, -1);
  row.SetInt(pg_attribute::attlen, length).SetInt(pg_attribute::attnum, number).SetInt(pg_attribute::attndims, 0);
  row.SetInt(pg_attribute::attcacheoff, -1).SetInt(pg_attribute::atttypmod, type.typmod);
  row.SetBool(pg_attribute::attbyval, by_value).SetChar(pg_attribute::attalign, align);
  row.SetChar(pg_attribute::attstorage, storage).SetChar(pg_attribute::attcompression, '\0');
  row.SetBool(pg_attribute::attnotnull, false).SetBool(pg_attribute::atthasdef, false);
  row.SetBool(pg_attribute::atthasmissing, false).SetChar(pg_attribute::attidentity, '\0');
  row.SetChar(pg_attribute::attgenerated, '\0').SetBool(pg_attribute::attisdropped, false);
  row.SetBool(pg_attribute::attislocal, true).SetInt(pg_attribute::attinhcount, 0);
  row.SetInt(pg_attribute::attcollation, collation);
  return row;
}

Status InsertSystemAttributes(SystemStore& store, Oid relation) {
  struct SystemAttribute {
    int number;
    const char* name;
    Oid type;
  };
  constexpr SystemAttribute kAttributes[] = {{kCtid, "ctid", types::kTidOid},   {kXmin, "xmin", types::kXidOid},
                                             {kCmin, "cmin", types::kCidOid},   {kXmax, "xmax", types::kXidOid},
                                             {kCmax, "cmax", types::kCidOid},   {kTableOid, "tableoid", types::kOidOid}};
  for (const SystemAttribute& attribute : kAttributes) {
    Row row = AttributeRow(store, relation, attribute.number, attribute.name, {attribute.type}, 0);
    row.SetInt(pg_attribute::attstattarget, 0).SetBool(pg_attribute::attnotnull, true);
    RETURN_IF_ERROR(store.Insert(row));
  }
  return Status::Ok();
}

namespace {

Row TypeRowDefaults(Oid oid, std::string_view name, Oid schema, Oid owner) {
  Row row = NewRow(oid::kPgType);
  row.SetInt(pg_type::oid, oid).SetText(pg_type::typname, name).SetInt(pg_type::typnamespace, schema);
  row.SetInt(pg_type::typowner, owner).SetInt(pg_type::typlen, -1).SetBool(pg_type::typbyval, false);
  row.SetChar(pg_type::typtype, 'b').SetChar(pg_type::typcategory, 'U').SetBool(pg_type::typispreferred, false);
  row.SetBool(pg_type::typisdefined, true).SetChar(pg_type::typdelim, ',').SetInt(pg_type::typrelid, 0);
  row.SetInt(pg_type::typsubscript, 0).SetInt(pg_type::typelem, 0).SetInt(pg_type::typarray, 0);
  row.SetInt(pg_type::typinput, 0).SetInt(pg_type::typoutput, 0).SetInt(pg_type::typreceive, 0);
  row.SetInt(pg_type::typsend, 0).SetInt(pg_type::typmodin, 0).SetInt(pg_type::typmodout, 0);
  row.SetInt(pg_type::typanalyze, 0).SetChar(pg_type::typalign, 'd').SetChar(pg_type::typstorage, 'x');
  row.SetBool(pg_type::typnotnull, false).SetInt(pg_type::typbasetype, 0).SetInt(pg_type::typtypmod, -1);
  row.SetInt(pg_type::typndims, 0).SetInt(pg_type::typcollation, 0);
  return row;
}

}  // namespace

Result<std::string> ChooseArrayName(SystemStore& store, std::string_view name, Oid schema) {
  constexpr size_t kNameBytesMax = 63;
  for (std::string underscores = "_";; underscores += '_') {
    std::string candidate = (underscores + std::string(name)).substr(0, kNameBytesMax);
    ASSIGN_OR_RETURN(std::optional<Row> taken,
                     store.FindOne(oid::kPgType, index_oid::kTypeByName, {std::string_view(candidate), schema}));
    if (!taken) return candidate;
  }
}

Row CompositeTypeRow(Oid oid, std::string_view name, Oid schema, Oid owner, Oid relation) {
  Row row = TypeRowDefaults(oid, name, schema, owner);
  row.SetChar(pg_type::typtype, 'c').SetChar(pg_type::typcategory, 'C').SetInt(pg_type::typrelid, relation);
  row.SetInt(pg_type::typinput, kRecordIn).SetInt(pg_type::typoutput, kRecordOut);
  row.SetInt(pg_type::typreceive, kRecordRecv).SetInt(pg_type::typsend, kRecordSend);
  return row;
}

Status InsertTypeWithArray(SystemStore& store, Row& row, Oid array_oid, char array_align) {
  Oid oid = row.GetOid(pg_type::oid);
  Oid schema = row.GetOid(pg_type::typnamespace);
  row.SetInt(pg_type::typarray, array_oid);
  RETURN_IF_ERROR(store.Insert(row));
  ASSIGN_OR_RETURN(std::string array_name, ChooseArrayName(store, row.Text(pg_type::typname), schema));
  Row array = TypeRowDefaults(array_oid, array_name, schema, row.GetOid(pg_type::typowner));
  array.SetChar(pg_type::typcategory, 'A').SetInt(pg_type::typsubscript, kArraySubscript);
  array.SetInt(pg_type::typelem, oid).SetInt(pg_type::typinput, kArrayIn).SetInt(pg_type::typoutput, kArrayOut);
  array.SetInt(pg_type::typreceive, kArrayRecv).SetInt(pg_type::typsend, kArraySend);
  array.SetInt(pg_type::typanalyze, kArrayTypanalyze).SetChar(pg_type::typalign, array_align);
  array.SetInt(pg_type::typcollation, row.Int(pg_type::typcollation));
  RETURN_IF_ERROR(store.Insert(array));
  return RecordDependency(store, {oid::kPgType, array_oid}, {oid::kPgType, oid}, DependencyKind::kInternal);
}

namespace {

// Keeps an object from being dropped until the transaction ends: 42704 when that has just happened.
Status HoldReferenced(SystemStore& store, Oid database, Oid catalog, Oid index, Oid oid, const char* what) {
  const txn::LockTag tag = txn::LockTag::Object(database, catalog, oid);
  RETURN_IF_ERROR(store.transaction()->locks().Acquire(tag, txn::LockMode::kAccessShare).status());
  ASSIGN_OR_RETURN(const std::optional<Row> row, store.FindOne(catalog, index, {oid}));
  if (row) return Status::Ok();
  return Errorf(sqlstate::kUndefinedObject, "%s %u was concurrently dropped", what, oid);
}

}  // namespace

Status RecordDependency(SystemStore& store, const ObjectAddress& dependent, const ObjectAddress& on,
                        DependencyKind kind) {
  if (IsPinned(on) || IsPinned(dependent)) return Status::Ok();
  if (on.catalog == oid::kPgType && kind == DependencyKind::kNormal) {
    RETURN_IF_ERROR(HoldReferenced(store, store.space().value, oid::kPgType, index_oid::kTypeByOid, on.oid, "type"));
  }
  Row row = NewRow(oid::kPgDepend);
  row.SetInt(pg_depend::classid, dependent.catalog).SetInt(pg_depend::objid, dependent.oid);
  row.SetInt(pg_depend::objsubid, dependent.column).SetInt(pg_depend::refclassid, on.catalog);
  row.SetInt(pg_depend::refobjid, on.oid).SetInt(pg_depend::refobjsubid, on.column);
  row.SetChar(pg_depend::deptype, static_cast<char>(kind));
  return store.Insert(row);
}

Status RecordDependencies(SystemStore& store, const ObjectAddress& dependent, const std::vector<ObjectAddress>& on,
                          DependencyKind kind) {
  for (const ObjectAddress& object : on) RETURN_IF_ERROR(RecordDependency(store, dependent, object, kind));
  return Status::Ok();
}

Status ForgetDependencies(SystemStore& store, const ObjectAddress& dependent, Oid of_class) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, store.Find(oid::kPgDepend, index_oid::kDependByDependent,
                                                     {dependent.catalog, dependent.oid}));
  for (const Row& row : rows) {
    if (dependent.column != 0 && row.Int(pg_depend::objsubid) != dependent.column) continue;
    if (of_class != 0 && row.GetOid(pg_depend::refclassid) != of_class) continue;
    RETURN_IF_ERROR(store.Delete(row));
  }
  return Status::Ok();
}

Status RecordOwner(SystemStore& store, Oid database, const ObjectAddress& object, Oid owner) {
  if (owner < kFirstUserOid) return Status::Ok();
  RETURN_IF_ERROR(HoldReferenced(store, 0, oid::kPgAuthid, index_oid::kAuthidByOid, owner, "role"));
  Row row = NewRow(oid::kPgShdepend);
  row.SetInt(pg_shdepend::dbid, database).SetInt(pg_shdepend::classid, object.catalog);
  row.SetInt(pg_shdepend::objid, object.oid).SetInt(pg_shdepend::objsubid, object.column);
  row.SetInt(pg_shdepend::refclassid, oid::kPgAuthid).SetInt(pg_shdepend::refobjid, owner);
  row.SetChar(pg_shdepend::deptype, 'o');
  return store.Insert(row);
}

Status ForgetShared(SystemStore& store, Oid database, const ObjectAddress& object) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, store.Find(oid::kPgShdepend, index_oid::kShdependByDependent,
                                                     {database, object.catalog, object.oid}));
  for (const Row& row : rows) RETURN_IF_ERROR(store.Delete(row));
  return Status::Ok();
}

}  // namespace phantom::catalog
