// ALTER TABLE's forms about how a table and its columns are stored, clustered and identified.
#include <algorithm>

#include "session/ddl/runner.h"
#include "types/text_format.h"

namespace phantom::session {

using parser::AlterTableType;
using parser::Cast;

namespace {

std::string Lowered(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

const catalog::Index* FindIndexByName(const catalog::Table& table, std::string_view name) {
  for (const catalog::Index& index : table.indexes) {
    if (index.name == name) return &index;
  }
  return nullptr;
}

}  // namespace

Result<const catalog::Index*> IndexToClusterOn(const catalog::Table& table, std::string_view name) {
  const catalog::Index* index = FindIndexByName(table, name);
  if (index == nullptr) {
    return Errorf(sqlstate::kUndefinedObject, "index \"%s\" for table \"%s\" does not exist", std::string(name).c_str(),
                  table.name.c_str());
  }
  if (!index->predicate_sql.empty()) {
    return Errorf(sqlstate::kFeatureNotSupported, "cannot cluster on partial index \"%s\"", index->name.c_str());
  }
  if (!index->valid) {
    return Errorf(sqlstate::kFeatureNotSupported, "cannot cluster on invalid index \"%s\"", index->name.c_str());
  }
  return index;
}

Status DdlRunner::CheckPlacement(std::string_view tablespace, std::string_view access_method) {
  // All there is lies in one tablespace, and there is one kind of table.
  if (tablespace == "pg_global") {
    return Error(sqlstate::kInvalidParameterValue, "only shared relations can be placed in pg_global tablespace");
  }
  if (!tablespace.empty() && tablespace != "pg_default") {
    return Errorf(sqlstate::kUndefinedObject, "tablespace \"%s\" does not exist", std::string(tablespace).c_str());
  }
  if (access_method.empty()) return Status::Ok();
  const catalog::AccessMethodRow* method = catalog_.builtins().AccessMethod(access_method);
  if (method == nullptr) {
    return Errorf(sqlstate::kUndefinedObject, "access method \"%s\" does not exist", std::string(access_method).c_str());
  }
  if (method->kind == 't') return Status::Ok();
  return Errorf(sqlstate::kObjectNotInPrerequisiteState, "access method \"%s\" is not of type TABLE",
                std::string(access_method).c_str());
}

Status DdlRunner::AlterStorage(const catalog::Table& table, const parser::AlterTableCmd& command) {
  switch (command.type) {
    case AlterTableType::kSetStorage:
    case AlterTableType::kSetCompression:
      return SetColumnStorage(table, command);
    case AlterTableType::kSetOptions:
    case AlterTableType::kResetOptions:
      return SetColumnOptions(table, command);
    case AlterTableType::kSetRelOptions:
    case AlterTableType::kResetRelOptions:
      return SetRelationOptions(table, command);
    case AlterTableType::kClusterOn: {
      ASSIGN_OR_RETURN(const catalog::Index* index, IndexToClusterOn(table, command.name));
      return catalog_.SetClusteredIndex(table, index->oid);
    }
    case AlterTableType::kDropCluster:
      return catalog_.SetClusteredIndex(table, 0);
    case AlterTableType::kReplicaIdentity:
      return SetReplicaIdentity(table, Cast<parser::ReplicaIdentityStmt>(*command.def));
    case AlterTableType::kSetLogged:
    case AlterTableType::kSetUnLogged: {
      if (table.persistence == catalog::Persistence::kTemporary) {
        return Errorf(sqlstate::kInvalidTableDefinition,
                      "cannot change logged status of table \"%s\" because it is temporary", table.name.c_str())
            .Schema(table.schema_name)
            .Table(table.name);
      }
      const bool logged = command.type == AlterTableType::kSetLogged;
      // A logged table may not refer to one that is not.
      for (const catalog::Constraint& key : logged ? table.constraints : table.referenced_by) {
        if (key.kind != catalog::ConstraintKind::kForeignKey) continue;
        ASSIGN_OR_RETURN(const catalog::TableRef other,
                         catalog_.TableByOid(logged ? key.referenced_table : key.table));
        if (other == nullptr || other->oid == table.oid) continue;
        if ((other->persistence == catalog::Persistence::kPermanent) == logged) continue;
        return Errorf(sqlstate::kInvalidTableDefinition,
                      "could not change table \"%s\" to %s because it references %s table \"%s\"", table.name.c_str(),
                      logged ? "logged" : "unlogged", logged ? "unlogged" : "logged", other->name.c_str())
            .Schema(table.schema_name)
            .Table(table.name);
      }
      return catalog_.SetPersistence(table, logged ? catalog::Persistence::kPermanent : catalog::Persistence::kUnlogged);
    }
    case AlterTableType::kSetTableSpace:
      return CheckPlacement(command.name, "");
    case AlterTableType::kSetAccessMethod:
      return CheckPlacement("", command.name);
    case AlterTableType::kEnableTrigUser:
    case AlterTableType::kDisableTrigUser:
      return Status::Ok();  // there are none
    case AlterTableType::kEnableTrig:
    case AlterTableType::kDisableTrig:
    case AlterTableType::kEnableAlwaysTrig:
    case AlterTableType::kEnableReplicaTrig:
      return Errorf(sqlstate::kUndefinedObject, "trigger \"%s\" for table \"%s\" does not exist",
                    std::string(command.name).c_str(), table.name.c_str());
    case AlterTableType::kAlterConstraint:
      return AlterForeignKey(table, Cast<parser::Constraint>(*command.def));
    case AlterTableType::kDropExpression:
      return DropExpression(table, command);
    default:
      return Error(sqlstate::kFeatureNotSupported, "this form of ALTER TABLE is not supported");
  }
}

Status DdlRunner::SetColumnStorage(const catalog::Table& table, const parser::AlterTableCmd& command) {
  const std::string_view written = Cast<parser::Constant>(*command.def).text;
  if (command.type == AlterTableType::kSetCompression) return SetColumnCompression(table, command.name, written);
  const std::string value = Lowered(written);
  const char letter = value == "plain"      ? 'p'
                      : value == "external" ? 'e'
                      : value == "extended" ? 'x'
                      : value == "main"     ? 'm'
                                            : '\0';
  if (letter == '\0') {
    return Errorf(sqlstate::kInvalidParameterValue, "invalid storage type \"%s\"", std::string(written).c_str());
  }
  ASSIGN_OR_RETURN(const int column, ColumnToAlter(table, command.name));
  const Oid type = table.column(column).type.oid;
  const catalog::TypeRef row = catalog_.TypeByOid(type);
  if (letter != 'p' && (row == nullptr || row->storage == 'p')) {
    return Errorf(sqlstate::kFeatureNotSupported, "column data type %s can only have storage PLAIN",
                  catalog_.FormatType({type}).c_str());
  }
  return catalog_.SetColumnStorage(table, column, letter);
}

Status DdlRunner::SetColumnCompression(const catalog::Table& table, std::string_view name, std::string_view method) {
  const std::string value = Lowered(method);
  const char letter = value == "pglz" ? 'p' : value == "lz4" ? 'l' : '\0';
  if (letter == '\0' && value != "default") {
    return Errorf(sqlstate::kInvalidParameterValue, "invalid compression method \"%s\"", std::string(method).c_str());
  }
  ASSIGN_OR_RETURN(const int column, ColumnToAlter(table, name));
  const Oid type = table.column(column).type.oid;
  const catalog::TypeRef row = catalog_.TypeByOid(type);
  if (row == nullptr || row->storage == 'p') {
    return Errorf(sqlstate::kFeatureNotSupported, "column data type %s does not support compression",
                  catalog_.FormatType({type}).c_str());
  }
  return catalog_.SetColumnCompression(table, column, letter);
}

namespace {

// The options there are, with those named set anew or taken away.
Result<std::vector<std::string>> ChangedOptions(OptionOwner owner, std::vector<std::string> options,
                                                const parser::ListNode& changes, bool reset) {
  for (const parser::Node* item : changes.items) {
    const auto& option = Cast<parser::DefElem>(*item);
    const std::string prefix = std::string(option.name) + '=';
    std::erase_if(options, [&](const std::string& existing) { return existing.starts_with(prefix); });
    if (reset) continue;
    const parser::DefElem* one[] = {&option};
    ASSIGN_OR_RETURN(std::vector<std::string> texts, StorageOptions(owner, one));
    options.insert(options.end(), texts.begin(), texts.end());
  }
  return options;
}

}  // namespace

Status DdlRunner::SetColumnOptions(const catalog::Table& table, const parser::AlterTableCmd& command) {
  ASSIGN_OR_RETURN(const int column, ColumnToAlter(table, command.name));
  ASSIGN_OR_RETURN(std::vector<std::string> options, catalog_.ColumnOptions(table, column));
  ASSIGN_OR_RETURN(options, ChangedOptions(OptionOwner::kColumn, std::move(options), Cast<parser::ListNode>(*command.def),
                                           command.type == AlterTableType::kResetOptions));
  return catalog_.SetColumnOptions(table, column, options);
}

Status DdlRunner::SetRelationOptions(const catalog::Table& table, const parser::AlterTableCmd& command) {
  const OptionOwner owner = table.is_view()                                     ? OptionOwner::kView
                            : table.kind == catalog::RelationKind::kIndex ? OptionOwner::kIndex
                                                                                : OptionOwner::kTable;
  ASSIGN_OR_RETURN(std::vector<std::string> options,
                   ChangedOptions(owner, table.options, Cast<parser::ListNode>(*command.def),
                                  command.type == AlterTableType::kResetRelOptions));
  return catalog_.SetTableOptions(table, options);
}

Status DdlRunner::SetReplicaIdentity(const catalog::Table& table, const parser::ReplicaIdentityStmt& statement) {
  if (statement.identity != 'i') return catalog_.SetReplicaIdentity(table, statement.identity, 0);
  const std::string name(statement.name);
  const catalog::Index* index = FindIndexByName(table, name);
  if (index == nullptr) {
    return Errorf(sqlstate::kUndefinedObject, "index \"%s\" for table \"%s\" does not exist", name.c_str(),
                  table.name.c_str());
  }
  const char* refusal = nullptr;
  if (!index->unique) {
    refusal = "cannot use non-unique index \"%s\" as replica identity";
  } else if (!index->immediate) {
    refusal = "cannot use non-immediate index \"%s\" as replica identity";
  } else if (std::any_of(index->keys.begin(), index->keys.end(), [](const auto& key) { return key.column == 0; })) {
    refusal = "cannot use expression index \"%s\" as replica identity";
  } else if (!index->predicate_sql.empty()) {
    refusal = "cannot use partial index \"%s\" as replica identity";
  }
  if (refusal != nullptr) return Errorf(sqlstate::kWrongObjectType, refusal, name.c_str());
  for (const catalog::IndexKey& key : index->keys) {
    const catalog::Column& column = table.column(key.column);
    if (column.not_null) continue;
    return Errorf(sqlstate::kWrongObjectType,
                  "index \"%s\" cannot be used as replica identity because column \"%s\" is nullable", name.c_str(),
                  column.name.c_str());
  }
  if (!index->valid) {
    return Errorf(sqlstate::kWrongObjectType, "cannot use invalid index \"%s\" as replica identity", name.c_str());
  }
  return catalog_.SetReplicaIdentity(table, 'i', index->oid);
}

Status DdlRunner::AlterForeignKey(const catalog::Table& table, const parser::Constraint& node) {
  const std::string name(node.name);
  const catalog::Constraint* constraint = table.FindConstraint(name);
  if (constraint == nullptr) {
    return Errorf(sqlstate::kUndefinedObject, "constraint \"%s\" of relation \"%s\" does not exist", name.c_str(),
                  table.name.c_str());
  }
  if (constraint->kind != catalog::ConstraintKind::kForeignKey) {
    return Errorf(sqlstate::kWrongObjectType, "constraint \"%s\" of relation \"%s\" is not a foreign key constraint",
                  name.c_str(), table.name.c_str());
  }
  return catalog_.SetConstraintDeferrable(constraint->oid, node.deferrable, node.initially_deferred);
}

Status DdlRunner::DropExpression(const catalog::Table& table, const parser::AlterTableCmd& command) {
  ASSIGN_OR_RETURN(const int column, ColumnToAlter(table, command.name));
  if (table.column(column).generated != 0) return catalog_.DropColumnExpression(table, column);
  const std::string message =
      Format("column \"%s\" of relation \"%s\" is not a stored generated column", table.column(column).name.c_str(),
             table.name.c_str());
  if (!command.missing_ok) return Error(sqlstate::kObjectNotInPrerequisiteState, message);
  catalog_.Notice(Error(sqlstate::kSuccessfulCompletion, message + ", skipping"));
  return Status::Ok();
}

}  // namespace phantom::session
