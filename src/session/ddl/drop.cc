// DROP, TRUNCATE, COMMENT, RENAME, SET SCHEMA, OWNER TO: statements that name an object by its kind.
#include <algorithm>

#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "session/ddl/runner.h"
#include "txn/lock_modes.h"
#include "txn/sequence.h"

namespace phantom::session {

using parser::Cast;
using parser::DynCast;
using parser::ObjectType;

namespace {

struct RelationWords {
  catalog::RelationKind kind;
  const char* word;        // "table"
  const char* article;     // "a table"
  const char* drop_hint;   // the statement that drops it
};

RelationWords WordsOf(ObjectType type) {
  switch (type) {
    case ObjectType::kView: return {catalog::RelationKind::kView, "view", "a view", "Use DROP VIEW to remove a view."};
    case ObjectType::kSequence:
      return {catalog::RelationKind::kSequence, "sequence", "a sequence", "Use DROP SEQUENCE to remove a sequence."};
    case ObjectType::kIndex:
      return {catalog::RelationKind::kIndex, "index", "an index", "Use DROP INDEX to remove an index."};
    default: return {catalog::RelationKind::kTable, "table", "a table", "Use DROP TABLE to remove a table."};
  }
}

ObjectType TypeOf(catalog::RelationKind kind) {
  switch (kind) {
    case catalog::RelationKind::kView: return ObjectType::kView;
    case catalog::RelationKind::kSequence: return ObjectType::kSequence;
    case catalog::RelationKind::kIndex: return ObjectType::kIndex;
    default: return ObjectType::kTable;
  }
}

bool IsRelation(ObjectType type) {
  return type == ObjectType::kTable || type == ObjectType::kView || type == ObjectType::kSequence ||
         type == ObjectType::kIndex;
}

parser::NameList NamesOf(const parser::Node& object) {
  if (const auto* list = DynCast<parser::StringList>(&object)) return list->names;
  if (const auto* type = DynCast<parser::TypeName>(&object)) return type->names;
  if (const auto* function = DynCast<parser::ObjectWithArgs>(&object)) return function->name;
  return {};
}

std::string JoinNames(parser::NameList names) {
  std::string joined;
  for (std::string_view name : names) joined += (joined.empty() ? "" : ".") + std::string(name);
  return joined;
}

std::string_view SimpleName(const parser::Node& object) {
  if (const auto* constant = DynCast<parser::Constant>(&object)) return constant->text;
  parser::NameList names = NamesOf(object);
  return names.empty() ? std::string_view() : names.back();
}

}  // namespace

Result<std::optional<catalog::ObjectAddress>> DdlRunner::FindRelation(ObjectType type, const catalog::QualifiedName& name,
                                                                      bool missing_ok) {
  RelationWords words = WordsOf(type);
  const std::string shown(name.name);
  if (!name.schema.empty()) {
    ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Schema> schema, catalog_.FindSchema(name.schema));
    if (schema == nullptr) {
      if (!missing_ok) {
        return Errorf(sqlstate::kUndefinedSchema, "schema \"%s\" does not exist", std::string(name.schema).c_str());
      }
      catalog_.Notice(Errorf(sqlstate::kSuccessfulCompletion, "schema \"%s\" does not exist, skipping",
                             std::string(name.schema).c_str()));
      return std::optional<catalog::ObjectAddress>();
    }
  }
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.FindTable(name));
  if (table == nullptr) {
    if (!missing_ok) {
      const bool is_index = std::string_view(words.word) == "index";
      return Errorf(is_index ? sqlstate::kUndefinedObject : sqlstate::kUndefinedTable, "%s \"%s\" does not exist",
                    words.word, shown.c_str());
    }
    catalog_.Notice(Errorf(sqlstate::kSuccessfulCompletion, "%s \"%s\" does not exist, skipping", words.word, shown.c_str()));
    return std::optional<catalog::ObjectAddress>();
  }
  if (table->kind != words.kind) {
    return Errorf(sqlstate::kWrongObjectType, "\"%s\" is not %s", table->name.c_str(), words.article)
        .Hint(WordsOf(TypeOf(table->kind)).drop_hint);
  }
  if (table->is_system()) {
    return Errorf(sqlstate::kInsufficientPrivilege, "permission denied: \"%s\" is a system catalog", table->name.c_str());
  }
  return std::optional(catalog::ObjectAddress{catalog::oid::kPgClass, table->oid});
}

Result<std::optional<catalog::ObjectAddress>> DdlRunner::FindObject(ObjectType type, const parser::Node& object,
                                                                    bool missing_ok, const parser::RangeVar* relation) {
  using Found = std::optional<catalog::ObjectAddress>;
  auto missing = [&](SqlState state, std::string text) -> Result<Found> {
    if (!missing_ok) return Error(state, std::move(text));
    catalog_.Notice(Error(sqlstate::kSuccessfulCompletion, text + ", skipping"));
    return Found();
  };
  if (IsRelation(type)) return FindRelation(type, NameOf(NamesOf(object)), missing_ok);
  std::string name(SimpleName(object));
  switch (type) {
    case ObjectType::kSchema: {
      ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Schema> schema, catalog_.FindSchema(name));
      if (schema == nullptr) return missing(sqlstate::kUndefinedSchema, Format("schema \"%s\" does not exist", name.c_str()));
      return Found({catalog::oid::kPgNamespace, schema->oid});
    }
    case ObjectType::kType:
    case ObjectType::kDomain: {
      parser::NameList names = NamesOf(object);
      ASSIGN_OR_RETURN(catalog::TypeRef found, catalog_.FindType(NameOf(names)));
      if (found == nullptr) {
        return missing(sqlstate::kUndefinedObject, Format("type \"%s\" does not exist", JoinNames(names).c_str()));
      }
      if (type == ObjectType::kDomain && found->kind != catalog::TypeKind::kDomain) {
        return Errorf(sqlstate::kWrongObjectType, "\"%s\" is not a domain", catalog_.FormatType({found->oid}).c_str());
      }
      return Found({catalog::oid::kPgType, found->oid});
    }
    case ObjectType::kDatabase: {
      ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Database> database, catalog_.FindDatabase(name));
      if (database == nullptr) {
        return missing(sqlstate::kUndefinedDatabase, Format("database \"%s\" does not exist", name.c_str()));
      }
      return Found({catalog::oid::kPgDatabase, database->oid});
    }
    case ObjectType::kRole: {
      ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Role> role, catalog_.FindRole(name));
      if (role == nullptr) return missing(sqlstate::kUndefinedObject, Format("role \"%s\" does not exist", name.c_str()));
      return Found({catalog::oid::kPgAuthid, role->oid});
    }
    case ObjectType::kColumn: {
      parser::NameList names = NamesOf(object);
      ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.TableOrError(NameOf(names.subspan(0, names.size() - 1))));
      int column = table->FindColumn(names.back());
      if (column == 0) {
        return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" of relation \"%s\" does not exist",
                      std::string(names.back()).c_str(), table->name.c_str());
      }
      return Found({catalog::oid::kPgClass, table->oid, column});
    }
    case ObjectType::kTabconstraint: {
      parser::NameList names = NamesOf(object);
      ASSIGN_OR_RETURN(catalog::TableRef table, relation != nullptr
                                                    ? catalog_.TableOrError(NameOf(*relation))
                                                    : catalog_.TableOrError(NameOf(names.subspan(0, names.size() - 1))));
      const catalog::Constraint* constraint = table->FindConstraint(names.back());
      if (constraint == nullptr) {
        return Errorf(sqlstate::kUndefinedObject, "constraint \"%s\" for table \"%s\" does not exist",
                      std::string(names.back()).c_str(), table->name.c_str());
      }
      return Found({catalog::oid::kPgConstraint, constraint->oid});
    }
    case ObjectType::kFunction:
    case ObjectType::kProcedure:
    case ObjectType::kAggregate:
    case ObjectType::kRoutine: {
      const char* word = type == ObjectType::kFunction    ? "function"
                         : type == ObjectType::kProcedure ? "procedure"
                         : type == ObjectType::kAggregate ? "aggregate"
                                                          : "routine";
      const auto& function = Cast<parser::ObjectWithArgs>(object);
      std::string shown = JoinNames(function.name) + '(';
      for (const parser::TypeName* argument : function.args) {
        if (shown.back() != '(') shown += ", ";
        ASSIGN_OR_RETURN(types::Type resolved, ResolveType(*argument, nullptr));
        shown += catalog_.FormatType({resolved.oid});
      }
      return missing(sqlstate::kUndefinedFunction,
                     function.args_unspecified
                         ? Format("could not find a %s named \"%s\"", word, JoinNames(function.name).c_str())
                         : Format("%s %s) does not exist", word, shown.c_str()));
    }
    case ObjectType::kExtension:
      return missing(sqlstate::kUndefinedObject, Format("extension \"%s\" does not exist", name.c_str()));
    case ObjectType::kMatview:
      return missing(sqlstate::kUndefinedTable, Format("materialized view \"%s\" does not exist", name.c_str()));
    case ObjectType::kTrigger:
    case ObjectType::kRule: {
      parser::NameList names = NamesOf(object);
      const char* word = type == ObjectType::kTrigger ? "trigger" : "rule";
      ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.FindTable(NameOf(names.subspan(0, names.size() - 1))));
      std::string on(names[names.size() - 2]);
      if (table == nullptr) return missing(sqlstate::kUndefinedTable, Format("relation \"%s\" does not exist", on.c_str()));
      return missing(sqlstate::kUndefinedObject, Format("%s \"%s\" for %s \"%s\" does not exist", word, name.c_str(),
                                                        type == ObjectType::kTrigger ? "table" : "relation", on.c_str()));
    }
    default:
      return Error(sqlstate::kFeatureNotSupported, "objects of this kind are not supported");
  }
}

Result<std::optional<catalog::ObjectAddress>> DdlRunner::LockNamed(ObjectType type, const parser::Node& object,
                                                                   bool missing_ok, txn::LockMode mode) {
  ASSIGN_OR_RETURN(std::optional<catalog::ObjectAddress> found, FindObject(type, object, missing_ok));
  for (;;) {
    if (!found) return found;
    RETURN_IF_ERROR(CheckOwnsObject(*found));
    if (found->catalog == catalog::oid::kPgClass) {
      ASSIGN_OR_RETURN(const catalog::TableRef relation, catalog_.TableByOid(found->oid));
      // An index goes under its table's lock, so no plan can be using it.
      if (relation != nullptr && relation->indexed_table != 0) {
        RETURN_IF_ERROR(catalog_.LockTable(relation->indexed_table, mode));
      }
    }
    RETURN_IF_ERROR(catalog_.LockObject(*found, mode));
    // While the lock was awaited it may have gone, or another may have taken its name.
    ASSIGN_OR_RETURN(std::optional<catalog::ObjectAddress> again, FindObject(type, object, missing_ok));
    if (again == found) return found;
    found = std::move(again);
  }
}

Status DdlRunner::CheckOwnsObject(const catalog::ObjectAddress& object) {
  Oid role = catalog_.current_role();
  Oid owner = 0;
  std::string what;
  const auto gone = [&](const char* kind) {
    return Errorf(sqlstate::kInternalError, "cache lookup failed for %s %u", kind, object.oid);
  };
  switch (object.catalog) {
    case catalog::oid::kPgClass: {
      ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.OpenByOid(object.oid));
      return catalog_.CheckOwner(*table, role);
    }
    case catalog::oid::kPgNamespace: {
      ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Schema> schema, catalog_.SchemaByOid(object.oid));
      if (schema == nullptr) return gone("schema");
      owner = schema->owner;
      what = "schema " + schema->name;
      break;
    }
    case catalog::oid::kPgDatabase: {
      ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Database> database, catalog_.DatabaseByOid(object.oid));
      if (database == nullptr) return gone("database");
      owner = database->owner;
      what = "database " + database->name;
      break;
    }
    case catalog::oid::kPgType: {
      catalog::TypeRef type = catalog_.TypeByOid(object.oid);
      if (type == nullptr) return gone("type");
      owner = type->owner;
      what = "type " + catalog_.FormatType({object.oid});
      break;
    }
    default:
      return Status::Ok();
  }
  ASSIGN_OR_RETURN(bool owns, catalog_.HasPrivilegesOf(role, owner));
  if (owns) return Status::Ok();
  return Errorf(sqlstate::kInsufficientPrivilege, "must be owner of %s", what.c_str());
}

Result<DdlResult> DdlRunner::Drop(const parser::DropStmt& statement) {
  if (statement.concurrent) return DropIndexConcurrently(statement);
  std::vector<catalog::ObjectAddress> objects;
  for (const parser::Node* node : statement.objects) {
    ASSIGN_OR_RETURN(std::optional<catalog::ObjectAddress> object,
                     LockNamed(statement.object_type, *node, statement.missing_ok, txn::LockMode::kAccessExclusive));
    if (!object) continue;
    bool is_system = object->oid < catalog::kFirstUserOid && object->oid != catalog::oid::kSchemaPublic;
    if (is_system) {
      ASSIGN_OR_RETURN(std::string what, catalog_.DescribeObject(*object));
      return Errorf(sqlstate::kDependentObjectsStillExist, "cannot drop %s because it is required by the database system",
                    what.c_str());
    }
    if (std::find(objects.begin(), objects.end(), *object) == objects.end()) objects.push_back(*object);
  }
  if (!objects.empty()) {
    RETURN_IF_ERROR(catalog_.DropObjects(objects, statement.behavior == parser::DropBehavior::kCascade));
  }
  return DdlResult{CommandTag(statement)};
}

Result<DdlResult> DdlRunner::Comment(const parser::CommentStmt& statement) {
  if (IsRelation(statement.object_type)) {
    // A missing relation is called so here, whatever its kind.
    ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.OpenTable(NameOf(NamesOf(*statement.object)),
                                                                 txn::LockMode::kShareUpdateExclusive));
    (void)table;
  }
  ASSIGN_OR_RETURN(std::optional<catalog::ObjectAddress> object, FindObject(statement.object_type, *statement.object, false));
  RETURN_IF_ERROR(CheckOwnsObject(*object));
  // Of a column its table is locked.
  RETURN_IF_ERROR(catalog_.LockObject({object->catalog, object->oid}, txn::LockMode::kShareUpdateExclusive));
  RETURN_IF_ERROR(catalog_.Comment(*object, parser::IsNull(statement.comment) ? std::string_view() : statement.comment));
  return DdlResult{"COMMENT"};
}

Result<DdlResult> DdlRunner::Rename(const parser::RenameStmt& statement) {
  if (statement.object_type == ObjectType::kColumn || statement.object_type == ObjectType::kTabconstraint) {
    DdlResult result{CommandTag(statement)};
    ASSIGN_OR_RETURN(catalog::TableRef table,
                     OpenForAlter(*statement.relation, txn::LockMode::kAccessExclusive, statement.missing_ok));
    if (table == nullptr) return result;
    if (statement.object_type == ObjectType::kColumn) {
      const int column = table->FindColumn(statement.sub_name);
      if (column == 0) {
        return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" does not exist", std::string(statement.sub_name).c_str());
      }
      RETURN_IF_ERROR(catalog_.RenameObject({catalog::oid::kPgClass, table->oid, column}, statement.new_name));
      return result;
    }
    const catalog::Constraint* constraint = table->FindConstraint(statement.sub_name);
    if (constraint == nullptr) {
      return Errorf(sqlstate::kUndefinedObject, "constraint \"%s\" for table \"%s\" does not exist",
                    std::string(statement.sub_name).c_str(), table->name.c_str());
    }
    RETURN_IF_ERROR(catalog_.RenameObject({catalog::oid::kPgConstraint, constraint->oid}, statement.new_name));
    return result;
  }
  DdlResult result{CommandTag(statement)};
  if (statement.object_type == ObjectType::kDomconstraint) {
    ASSIGN_OR_RETURN(const std::optional<catalog::ObjectAddress> domain,
                     FindObject(ObjectType::kDomain, *statement.object, false));
    RETURN_IF_ERROR(CheckOwnsObject(*domain));
    ASSIGN_OR_RETURN(const std::vector<catalog::Constraint> constraints, catalog_.DomainConstraints(domain->oid));
    const auto found = std::find_if(constraints.begin(), constraints.end(),
                                    [&](const catalog::Constraint& each) { return each.name == statement.sub_name; });
    if (found == constraints.end()) {
      return Errorf(sqlstate::kUndefinedObject, "constraint \"%s\" for domain %s does not exist",
                    std::string(statement.sub_name).c_str(), catalog_.FormatType({domain->oid}).c_str());
    }
    RETURN_IF_ERROR(catalog_.RenameObject({catalog::oid::kPgConstraint, found->oid}, statement.new_name));
    return result;
  }
  if (statement.relation != nullptr) {
    // Who uses an index does not know its name.
    const bool is_index = statement.object_type == ObjectType::kIndex;
    ASSIGN_OR_RETURN(catalog::TableRef table,
                     OpenForAlter(*statement.relation,
                                  is_index ? txn::LockMode::kShareUpdateExclusive : txn::LockMode::kAccessExclusive,
                                  statement.missing_ok));
    if (table == nullptr) return result;
    RelationWords words = WordsOf(statement.object_type);
    if (statement.object_type != ObjectType::kTable && table->kind != words.kind) {
      return Errorf(sqlstate::kWrongObjectType, "\"%s\" is not %s", table->name.c_str(), words.article);
    }
    RETURN_IF_ERROR(catalog_.RenameObject({catalog::oid::kPgClass, table->oid}, statement.new_name));
    return result;
  }
  std::optional<catalog::ObjectAddress> object;
  if (statement.object != nullptr) {
    ASSIGN_OR_RETURN(object, FindObject(statement.object_type, *statement.object, statement.missing_ok));
  } else {
    parser::Constant name;
    name.type = parser::ConstantType::kString;
    name.text = statement.sub_name;
    ASSIGN_OR_RETURN(object, FindObject(statement.object_type, name, statement.missing_ok));
  }
  if (!object) return result;
  RETURN_IF_ERROR(CheckOwnsObject(*object));
  if (object->catalog == catalog::oid::kPgDatabase && object->oid == catalog_.database()) {
    return Error(sqlstate::kFeatureNotSupported, "current database cannot be renamed");
  }
  if (object->catalog == catalog::oid::kPgDatabase) {
    ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Database> database, catalog_.DatabaseByOid(object->oid));
    RETURN_IF_ERROR(context_.leave_alone(*database, false, "database \"%s\" is being accessed by other users"));
  }
  RETURN_IF_ERROR(catalog_.RenameObject(*object, statement.new_name));
  return result;
}

Result<DdlResult> DdlRunner::SetSchema(const parser::AlterObjectSchemaStmt& statement) {
  std::optional<catalog::ObjectAddress> object;
  const std::string tag = CommandTag(statement);
  if (statement.relation != nullptr) {
    ASSIGN_OR_RETURN(catalog::TableRef table,
                     OpenForAlter(*statement.relation, txn::LockMode::kAccessExclusive, statement.missing_ok));
    if (table != nullptr) object = catalog::ObjectAddress{catalog::oid::kPgClass, table->oid};
  } else {
    ASSIGN_OR_RETURN(object, FindObject(statement.object_type, *statement.object, statement.missing_ok));
    if (object) RETURN_IF_ERROR(CheckOwnsObject(*object));
  }
  if (!object) return DdlResult{tag};
  ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Schema> schema, catalog_.SchemaOrError(statement.new_schema));
  RETURN_IF_ERROR(catalog_.LockObject({catalog::oid::kPgNamespace, schema->oid}, txn::LockMode::kAccessShare));
  ASSIGN_OR_RETURN(schema, catalog_.SchemaOrError(statement.new_schema));
  RETURN_IF_ERROR(catalog_.SetObjectSchema(*object, schema->oid));
  return DdlResult{tag};
}

Result<DdlResult> DdlRunner::SetOwner(const parser::AlterOwnerStmt& statement) {
  std::optional<catalog::ObjectAddress> object;
  if (statement.relation != nullptr) {
    ASSIGN_OR_RETURN(object, FindRelation(statement.object_type, NameOf(*statement.relation), false));
  } else {
    ASSIGN_OR_RETURN(object, FindObject(statement.object_type, *statement.object, false));
  }
  RETURN_IF_ERROR(CheckOwnsObject(*object));
  ASSIGN_OR_RETURN(Oid role, ResolveRole(*statement.new_owner));
  RETURN_IF_ERROR(catalog_.SetObjectOwner(*object, role));
  return DdlResult{CommandTag(statement)};
}

// ---- TRUNCATE -----------------------------------------------------------------------------------

Status EmptyTable(Oid oid, catalog::Catalog& catalog) {
  RETURN_IF_ERROR(catalog.LockTable(oid, txn::LockMode::kAccessExclusive));
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog.TableByOid(oid));
  if (table == nullptr) return Status::Ok();
  RETURN_IF_ERROR(catalog.ReplaceStorage(*table));
  // Empty, an index has all there is.
  for (const catalog::Index& index : table->indexes) {
    if (!index.valid) RETURN_IF_ERROR(catalog.SetIndexState(index.oid, catalog::Catalog::IndexState::kValid));
  }
  return Status::Ok();
}

Result<DdlResult> DdlRunner::Truncate(const parser::TruncateStmt& statement) {
  std::vector<catalog::TableRef> tables;
  auto contains = [&](Oid oid) {
    return std::any_of(tables.begin(), tables.end(), [&](const catalog::TableRef& table) { return table->oid == oid; });
  };
  const auto check = [&](const catalog::Table& table) -> Status {
    if (table.kind != catalog::RelationKind::kTable) {
      return Errorf(sqlstate::kWrongObjectType, "\"%s\" is not a table", table.name.c_str());
    }
    if (table.is_system()) {
      return Errorf(sqlstate::kInsufficientPrivilege, "permission denied: \"%s\" is a system catalog", table.name.c_str());
    }
    return catalog_.CheckTablePrivilege(table, catalog::acl::kTruncate, catalog_.current_role());
  };
  for (const parser::RangeVar* range : statement.relations) {
    const catalog::QualifiedName name = NameOf(*range);
    ASSIGN_OR_RETURN(catalog::TableRef table,
                     catalog_.OpenTableIfExists(name, txn::LockMode::kAccessExclusive, check));
    if (table == nullptr) return catalog_.TableOrError(name).status();
    if (!contains(table->oid)) tables.push_back(std::move(table));
  }
  // Tables that refer to these must be emptied with them.
  for (size_t i = 0; i < tables.size(); ++i) {
    for (const catalog::Constraint& reference : tables[i]->referenced_by) {
      if (contains(reference.table)) continue;
      if (statement.behavior == parser::DropBehavior::kCascade) {
        RETURN_IF_ERROR(catalog_.LockTable(reference.table, txn::LockMode::kAccessExclusive));
      }
      ASSIGN_OR_RETURN(catalog::TableRef referring, catalog_.TableByOid(reference.table));
      if (referring == nullptr) continue;
      if (statement.behavior != parser::DropBehavior::kCascade) {
        return Error(sqlstate::kFeatureNotSupported, "cannot truncate a table referenced in a foreign key constraint")
            .Detail(Format("Table \"%s\" references \"%s\".", referring->name.c_str(), tables[i]->name.c_str()))
            .Hint(Format("Truncate table \"%s\" at the same time, or use TRUNCATE ... CASCADE.", referring->name.c_str()));
      }
      catalog_.Notice(Errorf(sqlstate::kSuccessfulCompletion, "truncate cascades to table \"%s\"", referring->name.c_str()));
      RETURN_IF_ERROR(catalog_.CheckTablePrivilege(*referring, catalog::acl::kTruncate, catalog_.current_role()));
      tables.push_back(std::move(referring));
    }
  }
  for (const catalog::TableRef& table : tables) {
    RETURN_IF_ERROR(EmptyTable(table->oid, catalog_));
    if (!statement.restart_sequences) continue;
    for (size_t i = 0; i < table->columns.size(); ++i) {
      ASSIGN_OR_RETURN(Oid sequence, catalog_.OwnedSequence(table->oid, static_cast<int>(i) + 1));
      if (sequence == 0) continue;
      ASSIGN_OR_RETURN(catalog::TableRef relation, catalog_.TableByOid(sequence));
      RETURN_IF_ERROR(catalog_.RestartSequence(*relation, relation->sequence.start));
    }
  }
  return DdlResult{"TRUNCATE TABLE"};
}

}  // namespace phantom::session
