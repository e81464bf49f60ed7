// CREATE VIEW, SEQUENCE, TYPE ... AS ENUM, DOMAIN; COMMENT.
#include <algorithm>

#include "catalog/acl_change.h"
#include "catalog/builtin/columns.h"
#include "catalog/builtin_comments.h"
#include "catalog/catalog.h"
#include "catalog/default_privileges.h"
#include "catalog/enum_labels.h"
#include "catalog/ddl/rows.h"
#include "catalog/shared_catalog.h"
#include "txn/sequence.h"
#include "txn/transaction.h"

namespace phantom::catalog {

// ---- Views --------------------------------------------------------------------------------------

Result<Oid> Catalog::CreateView(const ViewDefinition& definition) {
  ASSIGN_OR_RETURN(TableRef existing, FindTableIn(definition.schema, definition.name));
  while (existing != nullptr && definition.replace) {
    RETURN_IF_ERROR(LockTable(existing->oid, txn::LockMode::kAccessExclusive));
    ASSIGN_OR_RETURN(const TableRef again, FindTableIn(definition.schema, definition.name));
    const bool same = again != nullptr && again->oid == existing->oid;
    existing = again;
    if (same) break;
  }
  if (existing != nullptr) {
    if (!definition.replace) {
      return Errorf(sqlstate::kDuplicateTable, "relation \"%s\" already exists", definition.name.c_str());
    }
    return ReplaceView(*existing, definition);
  }
  RETURN_IF_ERROR(CheckTypeNameFree(definition.schema, definition.name));
  Oid oid = shared_->AllocateOid();
  Row row = ClassRow(oid, definition.name, definition.schema, RelationKind::kView,
                     definition.owner != 0 ? definition.owner : role_);
  row.SetChar(pg_class::relpersistence, static_cast<char>(definition.persistence)).SetBool(pg_class::relhasrules, true);
  if (!definition.options.empty()) row.SetTexts(pg_class::reloptions, definition.options);
  RETURN_IF_ERROR(InsertRelation(row, definition.columns));
  RETURN_IF_ERROR(InsertViewRule(oid, definition));
  return oid;
}

Status Catalog::InsertViewRule(Oid view, const ViewDefinition& definition) {
  Oid rule = shared_->AllocateOid();
  Row row = NewRow(oid::kPgRewrite);
  row.SetInt(pg_rewrite::oid, rule).SetText(pg_rewrite::rulename, "_RETURN").SetInt(pg_rewrite::ev_class, view);
  row.SetChar(pg_rewrite::ev_type, '1').SetChar(pg_rewrite::ev_enabled, 'O').SetBool(pg_rewrite::is_instead, true);
  row.SetText(pg_rewrite::ev_qual, "<>").SetText(pg_rewrite::ev_action, definition.stored_sql);
  RETURN_IF_ERROR(store_->Insert(row));
  ObjectAddress self{oid::kPgRewrite, rule};
  RETURN_IF_ERROR(RecordDependency(*store_, self, {oid::kPgClass, view}, DependencyKind::kInternal));
  RETURN_IF_ERROR(RecordDependencies(*store_, self, definition.uses, DependencyKind::kNormal));
  Changed();
  return Status::Ok();
}

Result<Oid> Catalog::ReplaceView(const Table& existing, const ViewDefinition& definition) {
  if (!existing.is_view()) {
    return Errorf(sqlstate::kWrongObjectType, "\"%s\" is not a view", existing.name.c_str());
  }
  RETURN_IF_ERROR(CheckOwner(existing, role_));
  // The old columns stay as they are; new ones may follow.
  if (definition.columns.size() < existing.columns.size()) {
    return Error(sqlstate::kInvalidTableDefinition, "cannot drop columns from view");
  }
  for (size_t i = 0; i < existing.columns.size(); ++i) {
    const Column& before = existing.columns[i];
    const ColumnDefinition& after = definition.columns[i];
    if (before.name != after.name) {
      return Errorf(sqlstate::kInvalidTableDefinition, "cannot change name of view column \"%s\" to \"%s\"",
                    before.name.c_str(), after.name.c_str())
          .Hint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.");
    }
    if (before.type.oid != after.type.oid || before.type.typmod != after.type.typmod) {
      return Errorf(sqlstate::kInvalidTableDefinition, "cannot change data type of view column \"%s\" from %s to %s",
                    before.name.c_str(), FormatType(before.type).c_str(), FormatType(after.type).c_str());
    }
  }
  for (size_t i = existing.columns.size(); i < definition.columns.size(); ++i) {
    RETURN_IF_ERROR(InsertColumn(existing.oid, static_cast<int>(i) + 1, definition.columns[i]));
  }
  ASSIGN_OR_RETURN(std::optional<Row> rule,
                   store_->FindOne(oid::kPgRewrite, index_oid::kRewriteByRelation, {existing.oid}));
  if (!rule) return Errorf(sqlstate::kInternalError, "view \"%s\" has no rule", existing.name.c_str());
  // The rule is the same one with another query: it keeps its place in the order of dependents.
  const ObjectAddress self{oid::kPgRewrite, rule->GetOid(pg_rewrite::oid)};
  Row changed = *rule;
  changed.SetText(pg_rewrite::ev_action, definition.stored_sql);
  RETURN_IF_ERROR(store_->Update(*rule, changed));
  RETURN_IF_ERROR(ForgetDependencies(*store_, self));
  RETURN_IF_ERROR(RecordDependency(*store_, self, {oid::kPgClass, existing.oid}, DependencyKind::kInternal));
  RETURN_IF_ERROR(RecordDependencies(*store_, self, definition.uses, DependencyKind::kNormal));
  Changed();
  RETURN_IF_ERROR(UpdateClass(existing.oid, [&](Row& row) {
    row.SetInt(pg_class::relnatts, static_cast<int64_t>(definition.columns.size()));
    if (definition.options.empty()) {
      row.SetNull(pg_class::reloptions);
    } else {
      row.SetTexts(pg_class::reloptions, definition.options);
    }
  }));
  return existing.oid;
}

// ---- Sequences ----------------------------------------------------------------------------------

namespace {

void FillSequence(Row& row, const SequenceParameters& parameters) {
  row.SetInt(pg_sequence::seqtypid, parameters.type).SetInt(pg_sequence::seqstart, parameters.start);
  row.SetInt(pg_sequence::seqincrement, parameters.increment).SetInt(pg_sequence::seqmax, parameters.maximum);
  row.SetInt(pg_sequence::seqmin, parameters.minimum).SetInt(pg_sequence::seqcache, parameters.cache);
  row.SetBool(pg_sequence::seqcycle, parameters.cycle);
}

}  // namespace

Result<Oid> Catalog::CreateSequence(const SequenceDefinition& definition) {
  ASSIGN_OR_RETURN(bool taken, NameIsTaken(definition.schema, definition.name, definition.if_not_exists));
  if (taken) return Oid{0};
  Oid oid = shared_->AllocateOid();
  ASSIGN_OR_RETURN(TreeId tree, shared_->manager().CreateIndexTree(*transaction_, store_->space()));
  RETURN_IF_ERROR(shared_->sequences().Create(*transaction_, store_->space(), tree, oid, definition.parameters.start));
  Row row = ClassRow(oid, definition.name, definition.schema, RelationKind::kSequence,
                     definition.owner != 0 ? definition.owner : role_);
  row.SetInt(pg_class::relfilenode, tree.value);
  row.SetChar(pg_class::relpersistence, static_cast<char>(definition.persistence));
  row.SetInt(pg_class::relpages, 1).SetFloat(pg_class::reltuples, 1);
  std::vector<ColumnDefinition> columns(3);
  columns[0].name = "last_value";
  columns[0].type = types::kInt8Oid;
  columns[1].name = "log_cnt";
  columns[1].type = types::kInt8Oid;
  columns[2].name = "is_called";
  columns[2].type = types::kBoolOid;
  for (ColumnDefinition& column : columns) column.not_null = true;
  RETURN_IF_ERROR(InsertRelation(row, columns));
  Row parameters = NewRow(oid::kPgSequence);
  parameters.SetInt(pg_sequence::seqrelid, oid);
  FillSequence(parameters, definition.parameters);
  RETURN_IF_ERROR(store_->Insert(parameters));
  if (definition.owned_by_table != 0) {
    RETURN_IF_ERROR(RecordDependency(*store_, {oid::kPgClass, oid},
                                     {oid::kPgClass, definition.owned_by_table, definition.owned_by_column},
                                     definition.identity ? DependencyKind::kInternal : DependencyKind::kAuto));
  }
  Changed();
  return oid;
}

Status Catalog::AlterSequence(const Table& sequence, const SequenceParameters& parameters) {
  ASSIGN_OR_RETURN(std::optional<Row> row,
                   store_->FindOne(oid::kPgSequence, index_oid::kSequenceByOid, {sequence.oid}));
  if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for sequence %u", sequence.oid);
  Row changed = *row;
  FillSequence(changed, parameters);
  RETURN_IF_ERROR(store_->Update(*row, changed));
  Changed();
  return Status::Ok();
}

Status Catalog::RestartSequence(const Table& sequence, int64_t start) {
  ASSIGN_OR_RETURN(TreeId tree, shared_->manager().CreateIndexTree(*transaction_, store_->space()));
  RETURN_IF_ERROR(shared_->sequences().Create(*transaction_, store_->space(), tree, sequence.oid, start));
  RETURN_IF_ERROR(shared_->manager().DropTree(*transaction_, store_->space(), sequence.tree));
  return UpdateClass(sequence.oid, [&](Row& row) { row.SetInt(pg_class::relfilenode, tree.value); });
}

Result<Oid> Catalog::OwnedSequence(Oid table, int column) {
  ASSIGN_OR_RETURN(std::vector<Row> rows,
                   store_->Find(oid::kPgDepend, index_oid::kDependByReferenced, {oid::kPgClass, table, column}));
  for (const Row& row : rows) {
    char kind = row.Char(pg_depend::deptype);
    if (row.GetOid(pg_depend::classid) != oid::kPgClass || (kind != 'a' && kind != 'i')) continue;
    ASSIGN_OR_RETURN(TableRef dependent, TableByOid(row.GetOid(pg_depend::objid)));
    if (dependent != nullptr && dependent->kind == RelationKind::kSequence) return dependent->oid;
  }
  return Oid{0};
}

Status Catalog::SetSequenceOwnedBy(const Table& sequence, Oid table, int column) {
  ASSIGN_OR_RETURN(std::vector<Row> rows,
                   store_->Find(oid::kPgDepend, index_oid::kDependByDependent, {oid::kPgClass, sequence.oid}));
  for (const Row& row : rows) {
    if (row.GetOid(pg_depend::refclassid) != oid::kPgClass) continue;
    if (row.Char(pg_depend::deptype) == 'i') {
      ASSIGN_OR_RETURN(TableRef owner, TableByOid(row.GetOid(pg_depend::refobjid)));
      return Error(sqlstate::kFeatureNotSupported, "cannot change ownership of identity sequence")
          .Detail(Format("Sequence \"%s\" is linked to table \"%s\".", sequence.name.c_str(), owner->name.c_str()));
    }
    RETURN_IF_ERROR(store_->Delete(row));
  }
  Changed();
  if (table == 0) return Status::Ok();
  return RecordDependency(*store_, {oid::kPgClass, sequence.oid}, {oid::kPgClass, table, column}, DependencyKind::kAuto);
}

// ---- Enums and domains --------------------------------------------------------------------------

namespace {

Status SetNewTypeAcl(Catalog& catalog, Row& row) {
  const Oid owner = row.GetOid(pg_type::typowner);
  ASSIGN_OR_RETURN(const Acl privileges, NewObjectAcl(catalog, 'T', owner, row.GetOid(pg_type::typnamespace)));
  if (privileges.empty()) return Status::Ok();
  row.SetTexts(pg_type::typacl, SplitArrayText(StoreAcl(privileges)));
  return RecordAclRoles(catalog.store(), catalog.database(), {oid::kPgType, row.GetOid(pg_type::oid)}, privileges, owner);
}

}  // namespace

Result<Oid> Catalog::CreateEnum(std::string_view name, Oid schema, const std::vector<std::string>& labels) {
  constexpr Oid kEnumIn = 3504, kEnumOut = 3505, kEnumRecv = 3532, kEnumSend = 3533;
  ASSIGN_OR_RETURN(TypeRef taken, FindTypeIn(schema, name));
  if (taken != nullptr) {
    return Errorf(sqlstate::kDuplicateObject, "type \"%s\" already exists", std::string(name).c_str());
  }
  Oid oid = shared_->AllocateOid();
  Row row = CompositeTypeRow(oid, name, schema, role_, 0);
  row.SetChar(pg_type::typtype, 'e').SetChar(pg_type::typcategory, 'E').SetInt(pg_type::typlen, 4);
  row.SetBool(pg_type::typbyval, true).SetChar(pg_type::typalign, 'i').SetChar(pg_type::typstorage, 'p');
  row.SetInt(pg_type::typinput, kEnumIn).SetInt(pg_type::typoutput, kEnumOut);
  row.SetInt(pg_type::typreceive, kEnumRecv).SetInt(pg_type::typsend, kEnumSend);
  RETURN_IF_ERROR(SetNewTypeAcl(*this, row));
  RETURN_IF_ERROR(InsertTypeWithArray(*store_, row, shared_->AllocateOid(), 'i'));
  RETURN_IF_ERROR(RecordDependency(*store_, {oid::kPgType, oid}, {oid::kPgNamespace, schema}, DependencyKind::kNormal));
  RETURN_IF_ERROR(RecordOwner(*store_, database_, {oid::kPgType, oid}, role_));
  for (size_t i = 0; i < labels.size(); ++i) {
    if (std::find(labels.begin(), labels.begin() + static_cast<ptrdiff_t>(i), labels[i]) != labels.begin() + static_cast<ptrdiff_t>(i)) {
      return Errorf(sqlstate::kUniqueViolation,
                    "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"")
          .Detail(Format("Key (enumtypid, enumlabel)=(%u, %s) already exists.", oid, labels[i].c_str()));
    }
    RETURN_IF_ERROR(InsertEnumLabel(oid, labels[i], static_cast<float>(i + 1)).status());
  }
  Changed();
  return oid;
}

Result<Oid> Catalog::InsertEnumLabel(Oid type, const std::string& label, float order) {
  if (label.size() > 63) {
    return Errorf(sqlstate::kInvalidName, "invalid enum label \"%s\"", label.c_str())
        .Detail("Labels must be 63 bytes or less.");
  }
  Row row = NewRow(oid::kPgEnum);
  const Oid oid = shared_->AllocateOid();
  row.SetInt(pg_enum::oid, oid).SetInt(pg_enum::enumtypid, type);
  row.SetFloat(pg_enum::enumsortorder, order).SetText(pg_enum::enumlabel, label);
  RETURN_IF_ERROR(store_->Insert(row));
  return oid;
}

// Gives the labels the orders 1, 2, 3 ...: there is no float left between two of them.
Status Catalog::RenumberEnumLabels(Oid type) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, store_->Find(oid::kPgEnum, index_oid::kEnumByOrder, {type}));
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return a.Float(pg_enum::enumsortorder) < b.Float(pg_enum::enumsortorder); });
  // From the end, as the numbers only grow: the index over them is unique.
  for (size_t i = rows.size(); i-- > 0;) {
    Row changed = rows[i];
    changed.SetFloat(pg_enum::enumsortorder, static_cast<float>(i + 1));
    RETURN_IF_ERROR(store_->Update(rows[i], changed));
  }
  Changed();
  return Status::Ok();
}

Status Catalog::AddEnumValue(Oid type, const std::string& label, const std::string& neighbour, bool after,
                             bool if_not_exists) {
  // One at a time: where a label lies among the numbers depends on those added before it.
  RETURN_IF_ERROR(LockObject({oid::kPgType, type}, txn::LockMode::kExclusive));
  local_version_ = 0;
  TypeRef row = TypeByOid(type);
  if (row == nullptr) return Errorf(sqlstate::kInternalError, "cache lookup failed for type %u", type);
  for (const EnumLabel& existing : row->labels) {
    if (existing.name != label) continue;
    if (!if_not_exists) return Errorf(sqlstate::kDuplicateObject, "enum label \"%s\" already exists", label.c_str());
    Notice(Errorf(sqlstate::kDuplicateObject, "enum label \"%s\" already exists, skipping", label.c_str()));
    return Status::Ok();
  }
  size_t place = row->labels.size();
  if (!neighbour.empty()) {
    const auto found = std::find_if(row->labels.begin(), row->labels.end(),
                                    [&](const EnumLabel& each) { return each.name == neighbour; });
    if (found == row->labels.end()) {
      return Errorf(sqlstate::kInvalidParameterValue, "\"%s\" is not an existing enum label", neighbour.c_str());
    }
    place = static_cast<size_t>(found - row->labels.begin()) + (after ? 1 : 0);
  }
  if (!HasRoomForLabel(row->labels, place)) {
    return Errorf(sqlstate::kProgramLimitExceeded, "too many labels have been added before enum label \"%s\"",
                  row->labels[place].name.c_str());
  }
  float order = 1;
  if (place > 0 && place == row->labels.size()) {
    order = row->labels.back().order + 1;
  } else if (place == 0 && !row->labels.empty()) {
    order = row->labels.front().order - 1;
  } else if (place > 0) {
    const float low = row->labels[place - 1].order, high = row->labels[place].order;
    order = (low + high) / 2;
    if (order == low || order == high) {
      RETURN_IF_ERROR(RenumberEnumLabels(type));
      order = static_cast<float>(place) + 0.5F;
    }
  }
  ASSIGN_OR_RETURN(const Oid oid, InsertEnumLabel(type, label, order));
  unsafe_labels_.insert(oid);
  Changed();
  return Status::Ok();
}

Status Catalog::RenameEnumValue(Oid type, const std::string& from, const std::string& to) {
  RETURN_IF_ERROR(LockObject({oid::kPgType, type}, txn::LockMode::kExclusive));
  ASSIGN_OR_RETURN(std::vector<Row> rows, store_->Find(oid::kPgEnum, index_oid::kEnumByLabel, {type}));
  const Row* found = nullptr;
  for (const Row& row : rows) {
    if (row.Text(pg_enum::enumlabel) == from) found = &row;
    if (row.Text(pg_enum::enumlabel) == to) {
      return Errorf(sqlstate::kDuplicateObject, "enum label \"%s\" already exists", to.c_str());
    }
  }
  if (found == nullptr) {
    return Errorf(sqlstate::kInvalidParameterValue, "\"%s\" is not an existing enum label", from.c_str());
  }
  Row changed = *found;
  changed.SetText(pg_enum::enumlabel, to);
  RETURN_IF_ERROR(store_->Update(*found, changed));
  Changed();
  return Status::Ok();
}

Result<Oid> Catalog::CreateDomain(const DomainDefinition& definition) {
  constexpr Oid kDomainIn = 2597, kDomainRecv = 2598;
  ASSIGN_OR_RETURN(TypeRef taken, FindTypeIn(definition.schema, definition.name));
  if (taken != nullptr) {
    return Errorf(sqlstate::kDuplicateObject, "type \"%s\" already exists", definition.name.c_str());
  }
  TypeRef base = TypeByOid(definition.base.oid);
  Oid oid = shared_->AllocateOid();
  Row row = CompositeTypeRow(oid, definition.name, definition.schema, role_, 0);
  row.SetChar(pg_type::typtype, 'd').SetChar(pg_type::typcategory, base->category).SetInt(pg_type::typlen, base->length);
  row.SetBool(pg_type::typbyval, base->by_value).SetChar(pg_type::typalign, base->align);
  row.SetChar(pg_type::typstorage, base->storage).SetInt(pg_type::typinput, kDomainIn);
  row.SetInt(pg_type::typoutput, base->output).SetInt(pg_type::typreceive, kDomainRecv);
  row.SetInt(pg_type::typsend, base->send).SetBool(pg_type::typnotnull, definition.not_null);
  row.SetInt(pg_type::typbasetype, definition.base.oid).SetInt(pg_type::typtypmod, definition.base.typmod);
  row.SetInt(pg_type::typcollation, definition.collation);
  if (definition.default_value) {
    row.SetText(pg_type::typdefaultbin, definition.default_value->stored_sql);
    row.SetText(pg_type::typdefault, definition.default_value->stored_sql);
  }
  RETURN_IF_ERROR(SetNewTypeAcl(*this, row));
  RETURN_IF_ERROR(InsertTypeWithArray(*store_, row, shared_->AllocateOid(), base->align == 'd' ? 'd' : 'i'));
  ObjectAddress self{oid::kPgType, oid};
  RETURN_IF_ERROR(RecordDependency(*store_, self, {oid::kPgNamespace, definition.schema}, DependencyKind::kNormal));
  RETURN_IF_ERROR(RecordDependency(*store_, self, {oid::kPgType, definition.base.oid}, DependencyKind::kNormal));
  RETURN_IF_ERROR(RecordOwner(*store_, database_, self, role_));
  Changed();
  for (const ConstraintDefinition& check : definition.checks) {
    RETURN_IF_ERROR(AddDomainConstraint(oid, definition.name, definition.schema, check));
  }
  return oid;
}

Status Catalog::AddDomainConstraint(Oid domain, std::string_view domain_name, Oid schema,
                                    const ConstraintDefinition& check) {
  std::string name = check.name;
  if (name.empty()) {
    ASSIGN_OR_RETURN(name, ChooseConstraintName(domain_name, "", "check", schema, {}));
  }
  Oid oid = shared_->AllocateOid();
  Row row = NewRow(oid::kPgConstraint);
  row.SetInt(pg_constraint::oid, oid).SetText(pg_constraint::conname, name).SetInt(pg_constraint::connamespace, schema);
  row.SetChar(pg_constraint::contype, 'c').SetBool(pg_constraint::condeferrable, false);
  row.SetBool(pg_constraint::condeferred, false).SetBool(pg_constraint::convalidated, check.validated);
  row.SetInt(pg_constraint::conrelid, 0).SetInt(pg_constraint::contypid, domain).SetInt(pg_constraint::conindid, 0);
  row.SetInt(pg_constraint::conparentid, 0).SetInt(pg_constraint::confrelid, 0);
  row.SetChar(pg_constraint::confupdtype, ' ').SetChar(pg_constraint::confdeltype, ' ');
  row.SetChar(pg_constraint::confmatchtype, ' ').SetBool(pg_constraint::conislocal, true);
  row.SetInt(pg_constraint::coninhcount, 0).SetBool(pg_constraint::connoinherit, false);
  row.SetText(pg_constraint::conbin, check.check.stored_sql);
  RETURN_IF_ERROR(store_->Insert(row));
  RETURN_IF_ERROR(
      RecordDependency(*store_, {oid::kPgConstraint, oid}, {oid::kPgType, domain}, DependencyKind::kAuto));
  Changed();
  return RecordDependencies(*store_, {oid::kPgConstraint, oid}, check.check.uses, DependencyKind::kNormal);
}

// ---- Comments -----------------------------------------------------------------------------------

namespace {

bool IsSharedObject(Oid catalog) { return SystemTables::Get().IsShared(catalog); }

}  // namespace

Status Catalog::Comment(const ObjectAddress& object, std::string_view text) {
  bool shared = IsSharedObject(object.catalog);
  Oid table = shared ? oid::kPgShdescription : oid::kPgDescription;
  std::optional<Row> row;
  if (shared) {
    ASSIGN_OR_RETURN(row, store_->FindOne(table, index_oid::kShdescriptionByObject, {object.oid, object.catalog}));
  } else {
    ASSIGN_OR_RETURN(row, store_->FindOne(table, index_oid::kDescriptionByObject,
                                          {object.oid, object.catalog, object.column}));
  }
  if (text.empty()) return row ? store_->Delete(*row) : Status::Ok();
  Row changed = row ? *row : NewRow(table);
  if (shared) {
    changed.SetInt(pg_shdescription::objoid, object.oid).SetInt(pg_shdescription::classoid, object.catalog);
    changed.SetText(pg_shdescription::description, text);
  } else {
    changed.SetInt(pg_description::objoid, object.oid).SetInt(pg_description::classoid, object.catalog);
    changed.SetInt(pg_description::objsubid, object.column).SetText(pg_description::description, text);
  }
  return row ? store_->Update(*row, changed) : store_->Insert(changed);
}

Result<std::string> Catalog::CommentOf(const ObjectAddress& object) {
  if (IsSharedObject(object.catalog)) {
    ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgShdescription, index_oid::kShdescriptionByObject,
                                                             {object.oid, object.catalog}));
    return std::string(row ? row->Text(pg_shdescription::description) : BuiltinComment(object));
  }
  ASSIGN_OR_RETURN(std::optional<Row> row, store_->FindOne(oid::kPgDescription, index_oid::kDescriptionByObject,
                                                           {object.oid, object.catalog, object.column}));
  return std::string(row ? row->Text(pg_description::description) : BuiltinComment(object));
}

}  // namespace phantom::catalog
