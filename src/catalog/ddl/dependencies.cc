#include "catalog/ddl/dependencies.h"

#include <algorithm>

#include "catalog/builtin/columns.h"
#include "catalog/default_privileges.h"
#include "catalog/ddl/rows.h"
#include "catalog/shared_catalog.h"
#include "catalog/stored_sql.h"
#include "txn/transaction.h"

namespace phantom::catalog {
namespace {

constexpr size_t kInProgress = SIZE_MAX;
constexpr size_t kReportedMax = 100;  // lines of DETAIL sent to the client

}  // namespace

Status Catalog::DropObjects(const std::vector<ObjectAddress>& objects, bool cascade) {
  return Dependencies(*this).Drop(objects, cascade);
}

Status Catalog::CheckMayDrop(const std::vector<ObjectAddress>& objects) { return Dependencies(*this).Check(objects); }

Result<std::string> Catalog::DescribeObject(const ObjectAddress& object) { return Dependencies(*this).Describe(object); }

Status Dependencies::Check(const std::vector<ObjectAddress>& objects) {
  named_ = objects;
  locks_ = false;
  for (const ObjectAddress& object : objects) RETURN_IF_ERROR(Collect(object, Reason::kNamed, {}));
  return Report(false);
}

Status Dependencies::Drop(const std::vector<ObjectAddress>& objects, bool cascade) {
  named_ = objects;
  for (const ObjectAddress& object : objects) RETURN_IF_ERROR(Collect(object, Reason::kNamed, {}));
  RETURN_IF_ERROR(Report(cascade));
  for (const Target& target : targets_) RETURN_IF_ERROR(Remove(target.object));
  return Status::Ok();
}

Status Dependencies::Collect(const ObjectAddress& object, Reason reason, const ObjectAddress& because_of) {
  auto seen = visited_.find(object);
  if (seen != visited_.end()) {
    // A gentler reason found later wins: what goes with a dropped object anyway needs no CASCADE.
    if (seen->second != kInProgress && reason < targets_[seen->second].reason) targets_[seen->second].reason = reason;
    return Status::Ok();
  }
  if (object.column != 0) {
    auto whole = visited_.find({object.catalog, object.oid, 0});
    if (whole != visited_.end()) return Status::Ok();
  }
  visited_[object] = kInProgress;
  // Nobody may come to depend on it from now on.
  if (locks_) RETURN_IF_ERROR(catalog_.LockObject(object, txn::LockMode::kAccessExclusive));

  // An internal part goes only with its whole.
  SystemStore& store = catalog_.store();
  ASSIGN_OR_RETURN(std::vector<Row> uses, store.Find(oid::kPgDepend, index_oid::kDependByDependent,
                                                     {object.catalog, object.oid}));
  for (const Row& use : uses) {
    if (use.Char(pg_depend::deptype) != 'i' || use.Int(pg_depend::objsubid) != object.column) continue;
    ObjectAddress whole{use.GetOid(pg_depend::refclassid), use.GetOid(pg_depend::refobjid),
                        static_cast<int32_t>(use.Int(pg_depend::refobjsubid))};
    if (visited_.contains(whole) || visited_.contains({whole.catalog, whole.oid, 0}) ||
        std::find(named_.begin(), named_.end(), whole) != named_.end()) {
      continue;
    }
    if (reason == Reason::kNamed) {
      ASSIGN_OR_RETURN(std::string part, Describe(object));
      ASSIGN_OR_RETURN(std::string owner, Describe(whole));
      return Errorf(sqlstate::kDependentObjectsStillExist, "cannot drop %s because %s requires it", part.c_str(),
                    owner.c_str())
          .Hint(Format("You can drop %s instead.", owner.c_str()));
    }
    visited_.erase(object);
    return Collect(whole, reason, because_of);
  }

  ASSIGN_OR_RETURN(std::vector<Row> dependents,
                   object.column != 0 ? store.Find(oid::kPgDepend, index_oid::kDependByReferenced,
                                                   {object.catalog, object.oid, object.column})
                                      : store.Find(oid::kPgDepend, index_oid::kDependByReferenced,
                                                   {object.catalog, object.oid}));
  std::sort(dependents.begin(), dependents.end(), [](const Row& a, const Row& b) {
    return a.GetOid(pg_depend::objid) > b.GetOid(pg_depend::objid);
  });
  for (const Row& dependent : dependents) {
    ObjectAddress address{dependent.GetOid(pg_depend::classid), dependent.GetOid(pg_depend::objid),
                          static_cast<int32_t>(dependent.Int(pg_depend::objsubid))};
    if (address.catalog == object.catalog && address.oid == object.oid) continue;  // a column of the table itself
    char kind = dependent.Char(pg_depend::deptype);
    if (locks_) {
      ASSIGN_OR_RETURN(const bool still, StillDepends(address, object));
      if (!still) continue;
    }
    RETURN_IF_ERROR(Collect(address, kind == 'n' ? Reason::kCascade : Reason::kSilent, object));
  }
  visited_[object] = targets_.size();
  targets_.push_back({object, reason, because_of});
  return Status::Ok();
}

// Locks what depends on an object and looks again: it may have been dropped while the lock was awaited.
Result<bool> Dependencies::StillDepends(const ObjectAddress& dependent, const ObjectAddress& on) {
  RETURN_IF_ERROR(catalog_.LockObject(dependent, txn::LockMode::kAccessExclusive));
  ASSIGN_OR_RETURN(const std::vector<Row> uses,
                   catalog_.store().Find(oid::kPgDepend, index_oid::kDependByDependent, {dependent.catalog, dependent.oid}));
  return std::any_of(uses.begin(), uses.end(), [&](const Row& use) {
    return use.GetOid(pg_depend::refclassid) == on.catalog && use.GetOid(pg_depend::refobjid) == on.oid;
  });
}

Status Dependencies::Report(bool cascade) {
  // What a client sees starts with the objects nearest to those named: the reverse of the order of removal.
  std::string detail;
  size_t count = 0, shown = 0;
  for (size_t i = targets_.size(); i-- > 0;) {
    const Target& target = targets_[i];
    if (target.reason != Reason::kCascade) continue;
    ++count;
    if (++shown > kReportedMax) continue;
    ASSIGN_OR_RETURN(std::string what, Describe(target.object));
    if (!detail.empty()) detail += '\n';
    if (cascade) {
      detail += "drop cascades to " + what;
    } else {
      ASSIGN_OR_RETURN(std::string why, Describe(target.because_of));
      detail += what + " depends on " + why;
    }
  }
  if (count == 0) return Status::Ok();
  if (count > kReportedMax) {
    size_t rest = count - kReportedMax;
    detail += Format(rest == 1 ? "\nand %zu other object (see server log for list)"
                               : "\nand %zu other objects (see server log for list)", rest);
  }
  if (!cascade) {
    std::string subject = "desired object(s)";
    if (named_.size() == 1) {
      ASSIGN_OR_RETURN(subject, Describe(named_.front()));
    }
    return Errorf(sqlstate::kDependentObjectsStillExist, "cannot drop %s because other objects depend on %s",
                  subject.c_str(), named_.size() == 1 ? "it" : "them")
        .Detail(std::move(detail))
        .Hint("Use DROP ... CASCADE to drop the dependent objects too.");
  }
  if (count == 1) {
    catalog_.Notice(Error(sqlstate::kSuccessfulCompletion, detail));
  } else {
    catalog_.Notice(Errorf(sqlstate::kSuccessfulCompletion, "drop cascades to %zu other objects", count)
                        .Detail(std::move(detail)));
  }
  return Status::Ok();
}

// ---- Removing -----------------------------------------------------------------------------------

Status Dependencies::RemoveRows(Oid table, Oid index, Oid key) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, catalog_.store().Find(table, index, {key}));
  for (const Row& row : rows) RETURN_IF_ERROR(catalog_.store().Delete(row));
  return Status::Ok();
}

Status Dependencies::Remove(const ObjectAddress& object) {
  SystemStore& store = catalog_.store();
  switch (object.catalog) {
    case oid::kPgClass:
      RETURN_IF_ERROR(object.column != 0 ? RemoveColumn(object.oid, object.column) : RemoveRelation(object.oid));
      break;
    case oid::kPgType:
      RETURN_IF_ERROR(RemoveRows(oid::kPgEnum, index_oid::kEnumByOrder, object.oid));
      RETURN_IF_ERROR(RemoveRows(oid::kPgType, index_oid::kTypeByOid, object.oid));
      break;
    case oid::kPgAttrdef:
      RETURN_IF_ERROR(RemoveDefault(object.oid));
      break;
    case oid::kPgConstraint:
      RETURN_IF_ERROR(RemoveConstraint(object.oid));
      break;
    case oid::kPgRewrite:
      RETURN_IF_ERROR(RemoveRows(oid::kPgRewrite, index_oid::kRewriteByOid, object.oid));
      break;
    case oid::kPgNamespace:
      RETURN_IF_ERROR(RemoveRows(oid::kPgNamespace, index_oid::kNamespaceByOid, object.oid));
      break;
    case oid::kPgDefaultAcl:
      RETURN_IF_ERROR(RemoveRows(oid::kPgDefaultAcl, index_oid::kDefaultAclByOid, object.oid));
      break;
    default:
      return Errorf(sqlstate::kInternalError, "unrecognized object class: %u", object.catalog);
  }
  // Comments, what it depended on, and what is left of others' links to it.
  ASSIGN_OR_RETURN(std::vector<Row> comments,
                   store.Find(oid::kPgDescription, index_oid::kDescriptionByObject, {object.oid, object.catalog}));
  for (const Row& row : comments) {
    if (object.column != 0 && row.Int(pg_description::objsubid) != object.column) continue;
    RETURN_IF_ERROR(store.Delete(row));
  }
  RETURN_IF_ERROR(ForgetDependencies(store, object));
  if (object.column == 0) RETURN_IF_ERROR(ForgetShared(store, catalog_.database(), object));
  catalog_.Changed();
  return Status::Ok();
}

Status Dependencies::RemoveRelation(Oid relation) {
  SystemStore& store = catalog_.store();
  RETURN_IF_ERROR(catalog_.LockTable(relation, txn::LockMode::kAccessExclusive));
  ASSIGN_OR_RETURN(std::optional<Row> row, store.FindOne(oid::kPgClass, index_oid::kClassByOid, {relation}));
  if (!row) return Errorf(sqlstate::kInternalError, "cache lookup failed for relation %u", relation);
  const bool is_private = row->Char(pg_class::relpersistence) == static_cast<char>(Persistence::kTemporary);
  if (is_private) store.NoteTemporary();
  TreeId tree(row->GetOid(pg_class::relfilenode));
  if (tree.value != 0) {
    if (row->Char(pg_class::relkind) == 'i') RETURN_IF_ERROR(KeepIndexReads(relation, tree));
    RETURN_IF_ERROR(catalog_.shared().manager().DropTree(*store.transaction(), store.space(), tree, is_private));
  }
  if (row->Char(pg_class::relkind) == 'i') RETURN_IF_ERROR(RemoveRows(oid::kPgIndex, index_oid::kIndexByOid, relation));
  if (row->Char(pg_class::relkind) == 'S') RETURN_IF_ERROR(RemoveRows(oid::kPgSequence, index_oid::kSequenceByOid, relation));
  RETURN_IF_ERROR(RemoveRows(oid::kPgAttribute, index_oid::kAttributeByNumber, relation));
  RETURN_IF_ERROR(RemoveRows(oid::kPgStatistic, index_oid::kStatisticByColumn, relation));
  return store.Delete(*row);
}

// What has been read through an index that goes has been read of its table.
Status Dependencies::KeepIndexReads(Oid index, TreeId tree) {
  SystemStore& store = catalog_.store();
  txn::TransactionManager& manager = catalog_.shared().manager();
  if (!manager.HasReads(store.space(), tree)) return Status::Ok();
  ASSIGN_OR_RETURN(const std::optional<Row> definition, store.FindOne(oid::kPgIndex, index_oid::kIndexByOid, {index}));
  if (!definition) return Status::Ok();
  ASSIGN_OR_RETURN(const std::optional<Row> table,
                   store.FindOne(oid::kPgClass, index_oid::kClassByOid, {definition->GetOid(pg_index::indrelid)}));
  if (table) manager.CopyReads(store.space(), tree, TreeId(table->GetOid(pg_class::relfilenode)));
  return Status::Ok();
}

Status Dependencies::RemoveColumn(Oid relation, int column) {
  SystemStore& store = catalog_.store();
  ASSIGN_OR_RETURN(TableRef table, catalog_.TableByOid(relation));
  types::Layout layout = table->layout.layout(static_cast<uint32_t>(column) - 1);
  ASSIGN_OR_RETURN(std::vector<Row> statistics,
                   store.Find(oid::kPgStatistic, index_oid::kStatisticByColumn, {relation, column}));
  for (const Row& row : statistics) RETURN_IF_ERROR(store.Delete(row));
  return catalog_.UpdateAttribute(relation, column, [&](Row& row) {
    row.SetText(pg_attribute::attname, Format("........pg.dropped.%d........", column));
    row.SetInt(pg_attribute::atttypid, 0).SetBool(pg_attribute::attnotnull, false);
    row.SetInt(pg_attribute::attstattarget, 0).SetBool(pg_attribute::atthasdef, false);
    row.SetBool(pg_attribute::atthasmissing, false).SetNull(pg_attribute::attmissingval);
    row.SetChar(pg_attribute::attidentity, '\0').SetChar(pg_attribute::attgenerated, '\0');
    row.SetBool(pg_attribute::attisdropped, true).SetNull(pg_attribute::attacl);
    row.SetInt(pg_attribute::attcacheoff, static_cast<int64_t>(layout));
  });
}

Status Dependencies::RemoveConstraint(Oid constraint) {
  SystemStore& store = catalog_.store();
  ASSIGN_OR_RETURN(std::optional<Row> row, store.FindOne(oid::kPgConstraint, index_oid::kConstraintByOid, {constraint}));
  if (!row) return Status::Ok();
  Oid relation = row->GetOid(pg_constraint::conrelid);
  // Both tables of a foreign key look after it.
  for (const Oid table : {relation, row->GetOid(pg_constraint::confrelid)}) {
    if (table != 0) RETURN_IF_ERROR(catalog_.LockTable(table, txn::LockMode::kAccessExclusive));
  }
  if (row->Char(pg_constraint::contype) == 'c' && relation != 0) {
    RETURN_IF_ERROR(catalog_.UpdateClass(relation, [](Row& changed) {
      changed.SetInt(pg_class::relchecks, changed.Int(pg_class::relchecks) - 1);
    }));
  }
  return store.Delete(*row);
}

Status Dependencies::RemoveDefault(Oid attrdef) {
  SystemStore& store = catalog_.store();
  constexpr Oid kAttrdefByOid = 2657;
  ASSIGN_OR_RETURN(std::optional<Row> row, store.FindOne(oid::kPgAttrdef, kAttrdefByOid, {attrdef}));
  if (!row) return Status::Ok();
  RETURN_IF_ERROR(catalog_.LockTable(row->GetOid(pg_attrdef::adrelid), txn::LockMode::kAccessExclusive));
  RETURN_IF_ERROR(catalog_.UpdateAttribute(row->GetOid(pg_attrdef::adrelid), static_cast<int>(row->Int(pg_attrdef::adnum)),
                                           [](Row& changed) {
                                             changed.SetBool(pg_attribute::atthasdef, false);
                                             changed.SetChar(pg_attribute::attgenerated, '\0');
                                           }));
  return store.Delete(*row);
}

// ---- Describing ---------------------------------------------------------------------------------

Result<std::string> Dependencies::QualifiedIfHidden(Oid schema, const std::string& name, bool visible) {
  if (visible) return QuotedIfNeeded(name);
  ASSIGN_OR_RETURN(std::shared_ptr<const Schema> found, catalog_.SchemaByOid(schema));
  return (found != nullptr ? QuotedIfNeeded(found->name) : std::string("???")) + '.' + QuotedIfNeeded(name);
}

Result<std::string> Dependencies::DescribeRelation(Oid relation) {
  ASSIGN_OR_RETURN(TableRef table, catalog_.TableByOid(relation));
  if (table == nullptr) return Format("relation %u", relation);
  ASSIGN_OR_RETURN(bool visible, catalog_.IsTableVisible(*table));
  ASSIGN_OR_RETURN(std::string name, QualifiedIfHidden(table->schema, table->name, visible));
  switch (table->kind) {
    case RelationKind::kIndex: return "index " + name;
    case RelationKind::kSequence: return "sequence " + name;
    case RelationKind::kView: return "view " + name;
    case RelationKind::kCompositeType: return "composite type " + name;
    default: return "table " + name;
  }
}

Result<std::string> Dependencies::Describe(const ObjectAddress& object) {
  SystemStore& store = catalog_.store();
  switch (object.catalog) {
    case oid::kPgClass: {
      ASSIGN_OR_RETURN(std::string relation, DescribeRelation(object.oid));
      if (object.column == 0) return relation;
      ASSIGN_OR_RETURN(TableRef table, catalog_.TableByOid(object.oid));
      return "column " + QuotedIfNeeded(table->column(object.column).name) + " of " + relation;
    }
    case oid::kPgType:
      return "type " + catalog_.FormatType({object.oid});
    case oid::kPgNamespace: {
      ASSIGN_OR_RETURN(std::shared_ptr<const Schema> schema, catalog_.SchemaByOid(object.oid));
      return "schema " + (schema != nullptr ? QuotedIfNeeded(schema->name) : std::to_string(object.oid));
    }
    case oid::kPgConstraint: {
      ASSIGN_OR_RETURN(std::optional<Row> row, store.FindOne(oid::kPgConstraint, index_oid::kConstraintByOid, {object.oid}));
      if (!row) return Format("constraint %u", object.oid);
      std::string name = "constraint " + QuotedIfNeeded(row->Text(pg_constraint::conname));
      if (row->GetOid(pg_constraint::conrelid) == 0) return name;
      ASSIGN_OR_RETURN(std::string relation, DescribeRelation(row->GetOid(pg_constraint::conrelid)));
      return name + " on " + relation;
    }
    case oid::kPgAttrdef: {
      constexpr Oid kAttrdefByOid = 2657;
      ASSIGN_OR_RETURN(std::optional<Row> row, store.FindOne(oid::kPgAttrdef, kAttrdefByOid, {object.oid}));
      if (!row) return Format("default value %u", object.oid);
      ASSIGN_OR_RETURN(std::string column, Describe({oid::kPgClass, row->GetOid(pg_attrdef::adrelid),
                                                     static_cast<int32_t>(row->Int(pg_attrdef::adnum))}));
      return "default value for " + column;
    }
    case oid::kPgRewrite: {
      ASSIGN_OR_RETURN(std::optional<Row> row, store.FindOne(oid::kPgRewrite, index_oid::kRewriteByOid, {object.oid}));
      if (!row) return Format("rule %u", object.oid);
      ASSIGN_OR_RETURN(std::string relation, DescribeRelation(row->GetOid(pg_rewrite::ev_class)));
      return "rule " + std::string(row->Text(pg_rewrite::rulename)) + " on " + relation;
    }
    case oid::kPgAuthid: {
      ASSIGN_OR_RETURN(std::shared_ptr<const Role> role, catalog_.RoleByOid(object.oid));
      return "role " + (role != nullptr ? QuotedIfNeeded(role->name) : std::to_string(object.oid));
    }
    case oid::kPgDatabase: {
      ASSIGN_OR_RETURN(std::shared_ptr<const Database> database, catalog_.DatabaseByOid(object.oid));
      return "database " + (database != nullptr ? QuotedIfNeeded(database->name) : std::to_string(object.oid));
    }
    case oid::kPgDefaultAcl:
      return DescribeDefaultPrivileges(catalog_, object.oid);
    default:
      return Format("object %u/%u", object.catalog, object.oid);
  }
}

Status Catalog::DropSchemaContents(Oid schema) {
  ASSIGN_OR_RETURN(std::vector<Row> rows,
                   store_->Find(oid::kPgDepend, index_oid::kDependByReferenced, {oid::kPgNamespace, schema}));
  std::vector<ObjectAddress> objects;
  for (const Row& row : rows) {
    objects.push_back({row.GetOid(pg_depend::classid), row.GetOid(pg_depend::objid),
                       static_cast<int32_t>(row.Int(pg_depend::objsubid))});
  }
  if (objects.empty()) return Status::Ok();
  NoticeSink* notices = std::exchange(notices_, nullptr);
  Status dropped = DropObjects(objects, true);
  notices_ = notices;
  return dropped;
}

Status Catalog::DropTemporaryObjects() {
  return temporary_schema_ == 0 ? Status::Ok() : DropSchemaContents(temporary_schema_);
}

}  // namespace phantom::catalog
