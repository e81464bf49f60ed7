#include "catalog/object_loader.h"

#include <algorithm>

#include "catalog/builtin/columns.h"
#include "catalog/enum_labels.h"
#include "catalog/builtins.h"
#include "catalog/shared_catalog.h"
#include "catalog/stored_sql.h"

namespace phantom::catalog {
namespace {

constexpr int kIndexDescending = 1;  // bits of pg_index.indoption
constexpr int kIndexNullsFirst = 2;

std::vector<int16_t> Numbers(const Row& row, int column) {
  std::vector<int16_t> numbers;
  for (int64_t number : row.Ints(column)) numbers.push_back(static_cast<int16_t>(number));
  return numbers;
}

// The texts of pg_index.indexprs; a record separator (0x1e) stands between them.
std::vector<std::string> SplitExpressions(std::string_view joined) {
  std::vector<std::string> expressions;
  while (!joined.empty()) {
    size_t end = joined.find('\x1e');
    expressions.emplace_back(joined.substr(0, end));
    joined = end == std::string_view::npos ? std::string_view() : joined.substr(end + 1);
  }
  return expressions;
}

Result<Index> LoadIndex(SystemStore& store, const Row& row, const Table& table) {
  Index index;
  index.oid = row.GetOid(pg_index::indexrelid);
  index.table = row.GetOid(pg_index::indrelid);
  index.unique = row.Bool(pg_index::indisunique);
  index.nulls_not_distinct = row.Bool(pg_index::indnullsnotdistinct);
  index.primary = row.Bool(pg_index::indisprimary);
  index.immediate = row.Bool(pg_index::indimmediate);
  index.valid = row.Bool(pg_index::indisvalid);
  index.ready = row.Bool(pg_index::indisready);
  index.clustered = row.Bool(pg_index::indisclustered);
  index.replica_identity = row.Bool(pg_index::indisreplident);
  index.predicate_sql = row.Text(pg_index::indpred);

  ASSIGN_OR_RETURN(std::optional<Row> relation, store.FindOne(oid::kPgClass, index_oid::kClassByOid, {index.oid}));
  if (!relation) return Errorf(sqlstate::kInternalError, "cache lookup failed for relation %u", index.oid);
  index.name = relation->Text(pg_class::relname);
  index.method = relation->GetOid(pg_class::relam);
  index.tree = TreeId(relation->GetOid(pg_class::relfilenode));

  std::vector<int64_t> columns = row.Ints(pg_index::indkey);
  std::vector<int64_t> collations = row.Ints(pg_index::indcollation);
  std::vector<int64_t> classes = row.Ints(pg_index::indclass);
  std::vector<int64_t> options = row.Ints(pg_index::indoption);
  std::vector<std::string> expressions = SplitExpressions(row.Text(pg_index::indexprs));
  std::vector<Row> attributes;
  if (!expressions.empty()) {
    ASSIGN_OR_RETURN(attributes, store.Find(oid::kPgAttribute, index_oid::kAttributeByNumber, {index.oid}));
  }
  size_t key_count = static_cast<size_t>(row.Int(pg_index::indnkeyatts));
  size_t expression = 0;
  for (size_t i = 0; i < columns.size(); ++i) {
    int16_t column = static_cast<int16_t>(columns[i]);
    if (i >= key_count) {
      index.included.push_back(column);
      continue;
    }
    IndexKey key;
    key.column = column;
    if (column == 0) {
      key.expression_sql = expressions[expression++];
      key.expression_name = attributes[i].Text(pg_attribute::attname);
      key.type = {attributes[i].GetOid(pg_attribute::atttypid),
                  static_cast<int32_t>(attributes[i].Int(pg_attribute::atttypmod))};
    } else if (column > 0) {
      key.type = table.column(column).type;
    }
    key.opclass = static_cast<Oid>(classes[i]);
    key.collation = static_cast<Oid>(collations[i]);
    key.descending = (options[i] & kIndexDescending) != 0;
    key.nulls_first = (options[i] & kIndexNullsFirst) != 0;
    index.keys.push_back(std::move(key));
  }
  return index;
}

Status LoadColumns(SystemStore& store, Table& table) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, store.Find(oid::kPgAttribute, index_oid::kAttributeByNumber, {table.oid}));
  std::vector<types::Type> types;
  std::vector<types::Layout> layouts;
  bool has_defaults = false;
  for (const Row& row : rows) {
    if (row.Int(pg_attribute::attnum) < 1) continue;
    Column column;
    column.name = row.Text(pg_attribute::attname);
    column.type = {row.GetOid(pg_attribute::atttypid), static_cast<int32_t>(row.Int(pg_attribute::atttypmod))};
    column.collation = row.GetOid(pg_attribute::attcollation);
    column.not_null = row.Bool(pg_attribute::attnotnull);
    column.dropped = row.Bool(pg_attribute::attisdropped);
    column.identity = row.Char(pg_attribute::attidentity);
    column.generated = row.Char(pg_attribute::attgenerated);
    column.dimensions = static_cast<int16_t>(row.Int(pg_attribute::attndims));
    column.storage = row.Char(pg_attribute::attstorage);
    column.compression = row.Char(pg_attribute::attcompression);
    column.statistics_target = static_cast<int32_t>(row.Int(pg_attribute::attstattarget));
    if (!row.IsNull(pg_attribute::attacl)) column.acl = JoinArrayText(row.Texts(pg_attribute::attacl));
    has_defaults |= row.Bool(pg_attribute::atthasdef);
    types::Layout layout;
    if (column.dropped) {
      // The type may be gone. Its layout, which old rows still have, was kept in attcacheoff (unused on disk) by the drop.
      layout = static_cast<types::Layout>(row.Int(pg_attribute::attcacheoff) >= 0 ? row.Int(pg_attribute::attcacheoff)
                                                                                 : int64_t(types::Layout::kString));
    } else {
      ASSIGN_OR_RETURN(layout, StoredLayout(store, column.type.oid));
    }
    if (row.Bool(pg_attribute::atthasmissing) && !column.dropped) {
      // attmissingval holds the RowCodec bytes of the one value.
      std::string_view bytes = row.Text(pg_attribute::attmissingval);
      types::RowLayout single({column.type}, {layout});
      RETURN_IF_ERROR(types::RowReader::Validate(single, bytes));
      column.missing = types::RowReader(single, bytes).GetValue(0);
    }
    types.push_back(column.type);
    layouts.push_back(layout);
    table.columns.push_back(std::move(column));
  }
  table.layout = types::RowLayout(std::move(types), std::move(layouts));
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].missing) table.layout.SetMissing(static_cast<uint32_t>(i), *table.columns[i].missing);
  }
  if (!has_defaults) return Status::Ok();
  ASSIGN_OR_RETURN(std::vector<Row> defaults, store.Find(oid::kPgAttrdef, index_oid::kAttrdefByColumn, {table.oid}));
  for (const Row& row : defaults) {
    Column& column = table.columns[static_cast<size_t>(row.Int(pg_attrdef::adnum)) - 1];
    column.default_sql = row.Text(pg_attrdef::adbin);
    column.default_oid = row.GetOid(pg_attrdef::oid);
  }
  return Status::Ok();
}

Status LoadConstraints(SystemStore& store, Table& table) {
  ASSIGN_OR_RETURN(std::vector<Row> rows,
                   store.Find(oid::kPgConstraint, index_oid::kConstraintByRelation, {table.oid}));
  for (const Row& row : rows) table.constraints.push_back(MakeConstraint(row));
  // Foreign keys that point here are found by what depends on this table.
  ASSIGN_OR_RETURN(std::vector<Row> dependents,
                   store.Find(oid::kPgDepend, index_oid::kDependByReferenced, {oid::kPgClass, table.oid}));
  std::vector<Oid> seen;
  for (const Row& depend : dependents) {
    Oid constraint = depend.GetOid(pg_depend::objid);
    if (depend.GetOid(pg_depend::classid) != oid::kPgConstraint ||
        std::find(seen.begin(), seen.end(), constraint) != seen.end()) {
      continue;
    }
    seen.push_back(constraint);
    ASSIGN_OR_RETURN(std::optional<Row> row,
                     store.FindOne(oid::kPgConstraint, index_oid::kConstraintByOid, {constraint}));
    if (row && row->GetOid(pg_constraint::confrelid) == table.oid) table.referenced_by.push_back(MakeConstraint(*row));
  }
  return Status::Ok();
}

Status LoadSequence(SystemStore& store, Table& table) {
  ASSIGN_OR_RETURN(std::optional<Row> row, store.FindOne(oid::kPgSequence, index_oid::kSequenceByOid, {table.oid}));
  if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for sequence %u", table.oid);
  table.sequence.type = row->GetOid(pg_sequence::seqtypid);
  table.sequence.start = row->Int(pg_sequence::seqstart);
  table.sequence.increment = row->Int(pg_sequence::seqincrement);
  table.sequence.maximum = row->Int(pg_sequence::seqmax);
  table.sequence.minimum = row->Int(pg_sequence::seqmin);
  table.sequence.cache = row->Int(pg_sequence::seqcache);
  table.sequence.cycle = row->Bool(pg_sequence::seqcycle);
  return Status::Ok();
}

// The name of another relation and its columns, for expanding stored text; nothing else of it is loaded.
Result<TableRef> LoadNames(SystemStore& store, Oid oid) {
  if (TableRef system = SystemTables::Get().Find(oid)) return system;
  ASSIGN_OR_RETURN(std::optional<Row> row, store.FindOne(oid::kPgClass, index_oid::kClassByOid, {oid}));
  if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for relation %u", oid);
  auto table = std::make_shared<Table>();
  table->oid = oid;
  table->name = row->Text(pg_class::relname);
  ASSIGN_OR_RETURN(std::optional<Row> schema, store.FindOne(oid::kPgNamespace, index_oid::kNamespaceByOid,
                                                            {row->GetOid(pg_class::relnamespace)}));
  if (schema) table->schema_name = schema->Text(pg_namespace::nspname);
  ASSIGN_OR_RETURN(std::vector<Row> columns, store.Find(oid::kPgAttribute, index_oid::kAttributeByNumber, {oid}));
  for (const Row& column : columns) {
    if (column.Int(pg_attribute::attnum) < 1) continue;
    table->columns.emplace_back();
    table->columns.back().name = column.Text(pg_attribute::attname);
  }
  return TableRef(table);
}

// A type's name with its schema, quoted where need be.
Result<std::string> LoadTypeName(SystemStore& store, Oid oid) {
  ASSIGN_OR_RETURN(std::optional<Row> row, store.FindOne(oid::kPgType, index_oid::kTypeByOid, {oid}));
  if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for type %u", oid);
  ASSIGN_OR_RETURN(std::optional<Row> schema, store.FindOne(oid::kPgNamespace, index_oid::kNamespaceByOid,
                                                            {row->GetOid(pg_type::typnamespace)}));
  std::string name = QuotedIfNeeded(row->Text(pg_type::typname));
  return schema ? QuotedIfNeeded(schema->Text(pg_namespace::nspname)) + '.' + name : name;
}

// Puts the names of now into all the relation's texts.
Status ExpandTexts(SystemStore& store, Table& table) {
  auto find = [&store](Oid oid) { return LoadNames(store, oid); };
  auto find_type = [&store](Oid oid) -> Result<std::string> { return LoadTypeName(store, oid); };
  auto expand = [&](std::string& text) -> Status {
    if (text.empty()) return Status::Ok();
    ASSIGN_OR_RETURN(text, ExpandSql(text, &table, find, nullptr, find_type));
    return Status::Ok();
  };
  for (Column& column : table.columns) RETURN_IF_ERROR(expand(column.default_sql));
  for (Constraint& constraint : table.constraints) RETURN_IF_ERROR(expand(constraint.check_sql));
  for (Index& index : table.indexes) {
    RETURN_IF_ERROR(expand(index.predicate_sql));
    for (IndexKey& key : index.keys) RETURN_IF_ERROR(expand(key.expression_sql));
  }
  return expand(table.view_sql);
}

}  // namespace

Result<types::Layout> StoredLayout(SystemStore& store, Oid type) {
  for (int depth = 0; type >= kFirstUserOid && depth < 64; ++depth) {
    ASSIGN_OR_RETURN(TypeRef row, LoadType(store, type));
    if (row == nullptr) return Errorf(sqlstate::kInternalError, "cache lookup failed for type %u", type);
    if (row->kind == TypeKind::kEnum) return types::Layout::kInt64;
    if (row->kind != TypeKind::kDomain) return types::Layout::kString;
    type = row->base_type;
  }
  const TypeRow* builtin = Builtins::Get().Type(type);
  if (builtin != nullptr && builtin->kind == TypeKind::kDomain) type = builtin->base_type;
  return types::LayoutOf(type);
}

Result<TableRef> LoadTable(SystemStore& store, Oid oid) {
  // All of it as of one moment: others may be changing it.
  const SystemStore::View view(store);
  ASSIGN_OR_RETURN(std::optional<Row> row, store.FindOne(oid::kPgClass, index_oid::kClassByOid, {oid}));
  if (!row) return TableRef();
  auto table = std::make_shared<Table>();
  table->oid = oid;
  table->name = row->Text(pg_class::relname);
  table->schema = row->GetOid(pg_class::relnamespace);
  table->kind = static_cast<RelationKind>(row->Char(pg_class::relkind));
  table->persistence = static_cast<Persistence>(row->Char(pg_class::relpersistence));
  table->owner = row->GetOid(pg_class::relowner);
  table->row_type = row->GetOid(pg_class::reltype);
  table->tablespace = row->GetOid(pg_class::reltablespace);
  table->row_security = row->Bool(pg_class::relrowsecurity);
  table->force_row_security = row->Bool(pg_class::relforcerowsecurity);
  table->replica_identity = row->Char(pg_class::relreplident);
  if (!row->IsNull(pg_class::relacl)) table->acl = JoinArrayText(row->Texts(pg_class::relacl));
  table->options = row->Texts(pg_class::reloptions);
  table->tree = TreeId(row->GetOid(pg_class::relfilenode));
  table->space = store.space();
  table->estimated_rows = row->Float(pg_class::reltuples);
  table->estimated_pages = static_cast<int32_t>(row->Int(pg_class::relpages));
  ASSIGN_OR_RETURN(std::optional<Row> schema,
                   store.FindOne(oid::kPgNamespace, index_oid::kNamespaceByOid, {table->schema}));
  if (schema) table->schema_name = schema->Text(pg_namespace::nspname);

  RETURN_IF_ERROR(LoadColumns(store, *table));
  switch (table->kind) {
    case RelationKind::kTable: {
      ASSIGN_OR_RETURN(std::vector<Row> indexes, store.Find(oid::kPgIndex, index_oid::kIndexByRelation, {oid}));
      for (const Row& index_row : indexes) {
        if (!index_row.Bool(pg_index::indislive)) continue;  // on its way out: DROP INDEX CONCURRENTLY
        ASSIGN_OR_RETURN(Index index, LoadIndex(store, index_row, *table));
        table->indexes.push_back(std::move(index));
      }
      std::sort(table->indexes.begin(), table->indexes.end(),
                [](const Index& a, const Index& b) { return a.oid < b.oid; });
      RETURN_IF_ERROR(LoadConstraints(store, *table));
      break;
    }
    case RelationKind::kIndex: {
      ASSIGN_OR_RETURN(std::optional<Row> index, store.FindOne(oid::kPgIndex, index_oid::kIndexByOid, {oid}));
      if (index) table->indexed_table = index->GetOid(pg_index::indrelid);
      break;
    }
    case RelationKind::kView: {
      ASSIGN_OR_RETURN(std::optional<Row> rule, store.FindOne(oid::kPgRewrite, index_oid::kRewriteByRelation, {oid}));
      if (rule) table->view_sql = rule->Text(pg_rewrite::ev_action);
      for (const std::string& option : table->options) {
        if (option == "check_option=local") table->check_option = 'l';
        if (option == "check_option=cascaded") table->check_option = 'c';
      }
      break;
    }
    case RelationKind::kSequence:
      RETURN_IF_ERROR(LoadSequence(store, *table));
      break;
    case RelationKind::kCompositeType:
      break;
  }
  RETURN_IF_ERROR(ExpandTexts(store, *table));
  return TableRef(table);
}

namespace {

// A user's row with the texts it points to.
struct OwnedType : TypeRow {
  std::string name_bytes, default_bytes;
};

}  // namespace

Result<TypeRef> LoadType(SystemStore& store, Oid oid) {
  const SystemStore::View view(store);
  ASSIGN_OR_RETURN(std::optional<Row> row, store.FindOne(oid::kPgType, index_oid::kTypeByOid, {oid}));
  if (!row) return TypeRef();
  auto type = std::make_shared<OwnedType>();
  type->oid = oid;
  type->name_bytes = row->Text(pg_type::typname);
  type->name = type->name_bytes;
  type->schema = row->GetOid(pg_type::typnamespace);
  type->owner = row->GetOid(pg_type::typowner);
  type->length = static_cast<int16_t>(row->Int(pg_type::typlen));
  type->by_value = row->Bool(pg_type::typbyval);
  type->kind = static_cast<TypeKind>(row->Char(pg_type::typtype));
  type->category = row->Char(pg_type::typcategory);
  type->preferred = row->Bool(pg_type::typispreferred);
  type->defined = row->Bool(pg_type::typisdefined);
  type->delimiter = row->Char(pg_type::typdelim);
  type->relation = row->GetOid(pg_type::typrelid);
  type->subscript = row->GetOid(pg_type::typsubscript);
  type->element = row->GetOid(pg_type::typelem);
  type->array = row->GetOid(pg_type::typarray);
  type->input = row->GetOid(pg_type::typinput);
  type->output = row->GetOid(pg_type::typoutput);
  type->receive = row->GetOid(pg_type::typreceive);
  type->send = row->GetOid(pg_type::typsend);
  type->typmod_in = row->GetOid(pg_type::typmodin);
  type->typmod_out = row->GetOid(pg_type::typmodout);
  type->analyze = row->GetOid(pg_type::typanalyze);
  type->align = row->Char(pg_type::typalign);
  type->storage = row->Char(pg_type::typstorage);
  type->not_null = row->Bool(pg_type::typnotnull);
  type->base_type = row->GetOid(pg_type::typbasetype);
  type->typmod = static_cast<int32_t>(row->Int(pg_type::typtypmod));
  type->dimensions = static_cast<int32_t>(row->Int(pg_type::typndims));
  type->collation = row->GetOid(pg_type::typcollation);
  type->default_bytes = row->Text(pg_type::typdefaultbin);
  type->default_text = type->default_bytes;
  if (type->kind == TypeKind::kEnum) {
    ASSIGN_OR_RETURN(const std::vector<Row> labels, store.Find(oid::kPgEnum, index_oid::kEnumByOrder, {oid}));
    for (const Row& label : labels) {
      type->labels.push_back({label.GetOid(pg_enum::oid), label.Float(pg_enum::enumsortorder), 0,
                              std::string(label.Text(pg_enum::enumlabel))});
    }
    AssignEnumValues(type->labels);
  }
  return TypeRef(type);
}

Schema MakeSchema(const Row& row) {
  Schema schema;
  schema.oid = row.GetOid(pg_namespace::oid);
  schema.name = row.Text(pg_namespace::nspname);
  schema.owner = row.GetOid(pg_namespace::nspowner);
  if (!row.IsNull(pg_namespace::nspacl)) schema.acl = JoinArrayText(row.Texts(pg_namespace::nspacl));
  return schema;
}

Role MakeRole(const Row& row) {
  Role role;
  role.oid = row.GetOid(pg_authid::oid);
  role.name = row.Text(pg_authid::rolname);
  role.superuser = row.Bool(pg_authid::rolsuper);
  role.inherit = row.Bool(pg_authid::rolinherit);
  role.create_role = row.Bool(pg_authid::rolcreaterole);
  role.create_database = row.Bool(pg_authid::rolcreatedb);
  role.login = row.Bool(pg_authid::rolcanlogin);
  role.replication = row.Bool(pg_authid::rolreplication);
  role.bypass_row_security = row.Bool(pg_authid::rolbypassrls);
  role.connection_limit = static_cast<int32_t>(row.Int(pg_authid::rolconnlimit));
  role.password = row.Text(pg_authid::rolpassword);
  if (!row.IsNull(pg_authid::rolvaliduntil)) role.valid_until = row.Int(pg_authid::rolvaliduntil);
  return role;
}

Database MakeDatabase(const Row& row) {
  Database database;
  database.oid = row.GetOid(pg_database::oid);
  database.name = row.Text(pg_database::datname);
  database.owner = row.GetOid(pg_database::datdba);
  database.is_template = row.Bool(pg_database::datistemplate);
  database.allow_connections = row.Bool(pg_database::datallowconn);
  database.connection_limit = static_cast<int32_t>(row.Int(pg_database::datconnlimit));
  if (!row.IsNull(pg_database::datacl)) database.acl = JoinArrayText(row.Texts(pg_database::datacl));
  database.space = SharedCatalog::SpaceOf(database.oid);
  return database;
}

Constraint MakeConstraint(const Row& row) {
  Constraint constraint;
  constraint.oid = row.GetOid(pg_constraint::oid);
  constraint.name = row.Text(pg_constraint::conname);
  constraint.schema = row.GetOid(pg_constraint::connamespace);
  constraint.kind = static_cast<ConstraintKind>(row.Char(pg_constraint::contype));
  constraint.deferrable = row.Bool(pg_constraint::condeferrable);
  constraint.deferred = row.Bool(pg_constraint::condeferred);
  constraint.validated = row.Bool(pg_constraint::convalidated);
  constraint.no_inherit = row.Bool(pg_constraint::connoinherit);
  constraint.table = row.GetOid(pg_constraint::conrelid);
  constraint.domain = row.GetOid(pg_constraint::contypid);
  constraint.index = row.GetOid(pg_constraint::conindid);
  constraint.columns = Numbers(row, pg_constraint::conkey);
  constraint.check_sql = row.Text(pg_constraint::conbin);
  if (constraint.kind != ConstraintKind::kForeignKey) return constraint;
  constraint.referenced_table = row.GetOid(pg_constraint::confrelid);
  constraint.referenced_columns = Numbers(row, pg_constraint::confkey);
  for (int64_t op : row.Ints(pg_constraint::conpfeqop)) constraint.equal_operators.push_back(static_cast<Oid>(op));
  constraint.on_update = static_cast<ForeignKeyAction>(row.Char(pg_constraint::confupdtype));
  constraint.on_delete = static_cast<ForeignKeyAction>(row.Char(pg_constraint::confdeltype));
  constraint.match = row.Char(pg_constraint::confmatchtype);
  constraint.delete_set_columns = Numbers(row, pg_constraint::confdelsetcols);
  return constraint;
}

}  // namespace phantom::catalog
