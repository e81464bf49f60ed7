// ALTER TABLE (and ALTER INDEX, VIEW, SEQUENCE in its form).
#include <algorithm>

#include "catalog/shared_catalog.h"
#include "catalog/stored_sql.h"
#include "catalog/system_store.h"
#include "parser/ast_expr.h"
#include "parser/parser.h"
#include "planner/expr.h"
#include "session/ddl/runner.h"
#include "txn/row_table.h"
#include "txn/transaction.h"

namespace phantom::session {

using parser::AlterTableType;
using parser::Cast;
using parser::DynCast;

namespace {

// PostgreSQL does the commands of one statement in passes, so that "DROP COLUMN a, ADD COLUMN a int" works.
int PassOf(const parser::AlterTableCmd& command) {
  switch (command.type) {
    case AlterTableType::kDropColumn:
    case AlterTableType::kDropConstraint:
    case AlterTableType::kDropNotNull:
    case AlterTableType::kDropIdentity:
    case AlterTableType::kDropExpression:
      return 0;
    case AlterTableType::kAlterColumnType:
      return 1;
    case AlterTableType::kAddColumn:
      return 2;
    case AlterTableType::kSetNotNull:
      return 3;
    case AlterTableType::kColumnDefault:
      return command.def == nullptr ? 0 : 3;
    case AlterTableType::kAddConstraint:
      return 4;
    default:
      return 5;
  }
}

// AlterTableGetRelOptionsLockLevel: most options are read anew by whoever acts on them.
txn::LockMode OptionsLock(const parser::AlterTableCmd& command) {
  constexpr std::string_view kChangePlans[] = {"user_catalog_table", "security_barrier", "security_invoker",
                                               "check_option"};
  for (const parser::Node* item : Cast<parser::ListNode>(*command.def).items) {
    const auto& option = Cast<parser::DefElem>(*item);
    if (std::ranges::find(kChangePlans, option.name) != std::end(kChangePlans)) return txn::LockMode::kAccessExclusive;
  }
  return txn::LockMode::kShareUpdateExclusive;
}

// AlterTableGetLockLevel.
txn::LockMode LockOf(const parser::AlterTableCmd& command) {
  switch (command.type) {
    case AlterTableType::kSetStatistics:
    case AlterTableType::kClusterOn:
    case AlterTableType::kDropCluster:
    case AlterTableType::kSetOptions:
    case AlterTableType::kResetOptions:
    case AlterTableType::kValidateConstraint:
      return txn::LockMode::kShareUpdateExclusive;
    case AlterTableType::kEnableTrig:
    case AlterTableType::kDisableTrig:
    case AlterTableType::kEnableTrigUser:
    case AlterTableType::kDisableTrigUser:
      return txn::LockMode::kShareRowExclusive;
    case AlterTableType::kAddConstraint: {
      const auto* constraint = DynCast<parser::Constraint>(command.def);
      const bool foreign = constraint != nullptr && constraint->type == parser::ConstraintType::kForeign;
      return foreign ? txn::LockMode::kShareRowExclusive : txn::LockMode::kAccessExclusive;
    }
    case AlterTableType::kSetRelOptions:
    case AlterTableType::kResetRelOptions:
      return OptionsLock(command);
    default:
      return txn::LockMode::kAccessExclusive;
  }
}

// The strongest that one of the commands needs.
txn::LockMode LockOf(const parser::AlterTableStmt& statement) {
  txn::LockMode mode = txn::LockMode::kShareUpdateExclusive;
  for (const parser::AlterTableCmd* command : statement.commands) mode = std::max(mode, LockOf(*command));
  return mode;
}

Status ColumnError(SqlState state, const char* format, const catalog::Table& table, std::string_view column) {
  std::string name(column);
  std::string message = format;
  size_t at = message.find("%c");
  message.replace(at, 2, name);
  at = message.find("%t");
  if (at != std::string::npos) message.replace(at, 2, table.name);
  return Error(state, message);
}

}  // namespace

Result<DdlResult> DdlRunner::AlterTable(const parser::AlterTableStmt& statement) {
  DdlResult result{CommandTag(statement)};
  ASSIGN_OR_RETURN(catalog::TableRef table,
                   OpenForAlter(*statement.relation, LockOf(statement), statement.missing_ok));
  if (table == nullptr) return result;
  gives_positions_ = false;
  if (statement.object_type == parser::ObjectType::kTable && table->kind == catalog::RelationKind::kIndex) {
    bool fits = std::all_of(statement.commands.begin(), statement.commands.end(), [](const auto* command) {
      return command->type == AlterTableType::kChangeOwner || command->type == AlterTableType::kSetTableSpace ||
             command->type == AlterTableType::kSetRelOptions;
    });
    if (!fits) return Errorf(sqlstate::kWrongObjectType, "\"%s\" is not a table", table->name.c_str());
  }
  std::vector<const parser::AlterTableCmd*> commands(statement.commands.begin(), statement.commands.end());
  std::stable_sort(commands.begin(), commands.end(),
                   [](const auto* a, const auto* b) { return PassOf(*a) < PassOf(*b); });
  for (const parser::AlterTableCmd* command : commands) RETURN_IF_ERROR(AlterCommand(table->oid, *command));
  return result;
}

Result<int> DdlRunner::ColumnToAlter(const catalog::Table& table, std::string_view name) {
  int column = table.FindColumn(name);
  if (column != 0) return column;
  return ColumnError(sqlstate::kUndefinedColumn, "column \"%c\" of relation \"%t\" does not exist", table, name);
}

Status DdlRunner::AlterCommand(Oid oid, const parser::AlterTableCmd& command) {
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.OpenByOid(oid));
  bool cascade = command.behavior == parser::DropBehavior::kCascade;
  switch (command.type) {
    case AlterTableType::kAddColumn:
      return AddColumn(*table, command);
    case AlterTableType::kDropColumn: {
      int column = table->FindColumn(command.name);
      if (column == 0) {
        if (!command.missing_ok) {
          return ColumnError(sqlstate::kUndefinedColumn, "column \"%c\" of relation \"%t\" does not exist", *table, command.name);
        }
        catalog_.Notice(ColumnError(sqlstate::kSuccessfulCompletion,
                                    "column \"%c\" of relation \"%t\" does not exist, skipping", *table, command.name));
        return Status::Ok();
      }
      return catalog_.DropColumn(*table, column, cascade);
    }
    case AlterTableType::kColumnDefault: {
      ASSIGN_OR_RETURN(int column, ColumnToAlter(*table, command.name));
      const catalog::Column& attribute = table->column(column);
      if (attribute.identity != 0) {
        return ColumnError(sqlstate::kSyntaxError, "column \"%c\" of relation \"%t\" is an identity column", *table, command.name);
      }
      if (attribute.generated != 0) {
        return ColumnError(sqlstate::kSyntaxError, "column \"%c\" of relation \"%t\" is a generated column", *table, command.name);
      }
      if (command.def == nullptr) return catalog_.SetColumnDefault(*table, column, "", {});
      ASSIGN_OR_RETURN(catalog::ExpressionDefinition value,
                       BindStored(*command.def, planner::ExpressionUse::kDefault, nullptr, attribute.type, attribute.name));
      return catalog_.SetColumnDefault(*table, column, value.stored_sql, value.uses);
    }
    case AlterTableType::kSetNotNull: {
      ASSIGN_OR_RETURN(int column, ColumnToAlter(*table, command.name));
      if (table->column(column).not_null) return Status::Ok();
      RETURN_IF_ERROR(CheckNotNullRows(*table, column));
      return catalog_.SetColumnNotNull(*table, column, true);
    }
    case AlterTableType::kDropNotNull: {
      ASSIGN_OR_RETURN(int column, ColumnToAlter(*table, command.name));
      if (table->column(column).identity != 0) {
        return ColumnError(sqlstate::kSyntaxError, "column \"%c\" of relation \"%t\" is an identity column", *table, command.name);
      }
      if (const catalog::Index* primary = table->PrimaryKey()) {
        for (const catalog::IndexKey& key : primary->keys) {
          if (key.column == column) {
            return ColumnError(sqlstate::kInvalidTableDefinition, "column \"%c\" is in a primary key", *table, command.name);
          }
        }
      }
      return catalog_.SetColumnNotNull(*table, column, false);
    }
    case AlterTableType::kAlterColumnType:
      return AlterColumnType(*table, command);
    case AlterTableType::kAddConstraint:
      return AddConstraint(*table, Cast<parser::Constraint>(*command.def));
    case AlterTableType::kDropConstraint: {
      if (table->FindConstraint(command.name) == nullptr && command.missing_ok) {
        catalog_.Notice(Errorf(sqlstate::kSuccessfulCompletion,
                               "constraint \"%s\" of relation \"%s\" does not exist, skipping",
                               std::string(command.name).c_str(), table->name.c_str()));
        return Status::Ok();
      }
      return catalog_.DropConstraint(*table, command.name, cascade);
    }
    case AlterTableType::kValidateConstraint: {
      const catalog::Constraint* constraint = table->FindConstraint(command.name);
      if (constraint == nullptr) {
        return Errorf(sqlstate::kUndefinedObject, "constraint \"%s\" of relation \"%s\" does not exist",
                      std::string(command.name).c_str(), table->name.c_str());
      }
      if (constraint->validated) return Status::Ok();
      // The rows a foreign key refers to must not go while it is looked for them.
      if (constraint->kind == catalog::ConstraintKind::kForeignKey) {
        RETURN_IF_ERROR(catalog_.LockTable(constraint->referenced_table, txn::LockMode::kRowShare));
      }
      RETURN_IF_ERROR(CheckConstraintRows(*table, *constraint));
      return catalog_.SetConstraintValidated(*table, constraint->oid);
    }
    case AlterTableType::kChangeOwner: {
      ASSIGN_OR_RETURN(Oid role, ResolveRole(*command.new_owner));
      return catalog_.SetObjectOwner({catalog::oid::kPgClass, oid}, role);
    }
    case AlterTableType::kAddIdentity:
    case AlterTableType::kSetIdentity:
    case AlterTableType::kDropIdentity:
      return AlterIdentity(*table, command);
    case AlterTableType::kSetStatistics:
      return SetStatisticsTarget(*table, command);
    default:
      return AlterStorage(*table, command);
  }
}

Status DdlRunner::AddColumn(const catalog::Table& table, const parser::AlterTableCmd& command) {
  const auto& node = Cast<parser::ColumnDef>(*command.def);
  if (table.FindColumn(node.name) != 0) {
    if (!command.missing_ok) {
      return ColumnError(sqlstate::kDuplicateColumn, "column \"%c\" of relation \"%t\" already exists", table, node.name);
    }
    catalog_.Notice(ColumnError(sqlstate::kDuplicateColumn, "column \"%c\" of relation \"%t\" already exists, skipping", table,
                                node.name));
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(catalog::ColumnDefinition column, DefineColumn(node, table.name));
  catalog::Table shape = table;
  catalog::Column added;
  added.name = column.name;
  added.type = column.type;
  added.collation = column.collation;
  shape.columns.push_back(added);
  RETURN_IF_ERROR(DefineDefaults(node, shape, column));

  // A constant default is remembered once; any other is computed for every row there is.
  bool rewrite = column.serial || column.identity != 0 || column.generated != 0;
  const parser::Node* default_node = nullptr;
  for (const parser::Constraint* constraint : node.constraints) {
    if (constraint->type == parser::ConstraintType::kDefault) default_node = constraint->expr;
  }
  if (column.default_value && !rewrite && default_node != nullptr) {
    ASSIGN_OR_RETURN(planner::BoundExpression bound,
                     planner::BindExpression(*default_node, planner::ExpressionUse::kDefault, nullptr, column.type, column.name,
                                             context_.planner));
    if (bound.is_volatile || context_.planner.service == nullptr) {
      rewrite = true;
    } else {
      Result<types::Value> value = context_.planner.service->Evaluate(*bound.expr);
      if (value.ok()) {
        column.missing = std::move(value).value();
      } else {
        rewrite = true;
      }
    }
  }
  bool not_null = column.not_null;
  if (!column.default_value && !rewrite) column.not_null = false;  // checked below, against the rows there are
  std::vector<catalog::ConstraintDefinition> constraints;
  RETURN_IF_ERROR(ColumnConstraints(node, shape, constraints));
  bool has_rows_to_fill = rewrite && table.kind == catalog::RelationKind::kTable;
  RETURN_IF_ERROR(catalog_.AddColumn(table, column));
  ASSIGN_OR_RETURN(catalog::TableRef after, catalog_.TableByOid(table.oid));
  int number = static_cast<int>(after->columns.size());
  if (!node.compression.empty()) RETURN_IF_ERROR(SetColumnCompression(*after, node.name, node.compression));
  if (has_rows_to_fill) {
    std::vector<std::string> values(after->columns.size());
    values.back() = after->column(number).identity != 0 ? "" : after->column(number).default_sql;
    if (after->column(number).identity != 0) {
      ASSIGN_OR_RETURN(Oid sequence, catalog_.OwnedSequence(table.oid, number));
      values.back() = "nextval(" + std::to_string(sequence) + "::regclass)";
    }
    RETURN_IF_ERROR(RewriteTable(table, *after, values));
    ASSIGN_OR_RETURN(after, catalog_.TableByOid(table.oid));
  } else if (not_null && !column.not_null) {
    RETURN_IF_ERROR(CheckNotNullRows(*after, number));
    RETURN_IF_ERROR(catalog_.SetColumnNotNull(*after, number, true));
  }
  for (catalog::ConstraintDefinition& constraint : constraints) {
    ASSIGN_OR_RETURN(after, catalog_.TableByOid(table.oid));
    RETURN_IF_ERROR(AddDefinedConstraint(*after, constraint));
  }
  return Status::Ok();
}

Status DdlRunner::AddConstraint(const catalog::Table& table, const parser::Constraint& node) {
  if (!parser::IsNull(node.index_name)) {
    // ADD CONSTRAINT ... USING INDEX
    const catalog::Index* index = nullptr;
    for (const catalog::Index& candidate : table.indexes) {
      if (candidate.name == node.index_name) index = &candidate;
    }
    std::string name(node.index_name);
    if (index == nullptr) return Errorf(sqlstate::kUndefinedObject, "index \"%s\" does not exist", name.c_str());
    if (!index->valid) {
      return Errorf(sqlstate::kObjectNotInPrerequisiteState, "index \"%s\" is not valid", name.c_str())
          .At(node.location);
    }
    if (!index->unique || !index->predicate_sql.empty()) {
      return Errorf(sqlstate::kWrongObjectType, "\"%s\" is not a unique index", name.c_str())
          .Detail("Cannot create a primary key or unique constraint using such an index.");
    }
    catalog::ConstraintDefinition constraint;
    constraint.kind = node.type == parser::ConstraintType::kPrimary ? catalog::ConstraintKind::kPrimaryKey
                                                                    : catalog::ConstraintKind::kUnique;
    constraint.name = parser::IsNull(node.name) ? name : std::string(node.name);
    constraint.deferrable = node.deferrable;
    constraint.deferred = node.initially_deferred;
    constraint.use_index = index->oid;
    constraint.included = index->included;
    for (const catalog::IndexKey& key : index->keys) {
      if (key.column == 0) {
        return Errorf(sqlstate::kWrongObjectType, "index \"%s\" contains expressions", name.c_str());
      }
      constraint.columns.push_back(key.column);
      if (constraint.kind == catalog::ConstraintKind::kPrimaryKey && !table.column(key.column).not_null) {
        RETURN_IF_ERROR(CheckNotNullRows(table, key.column));
      }
    }
    ASSIGN_OR_RETURN(Oid oid, catalog_.AddConstraint(table, constraint));
    (void)oid;
    if (constraint.name != name) {
      catalog_.Notice(Errorf(sqlstate::kSuccessfulCompletion,
                             "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index \"%s\" to \"%s\"", name.c_str(),
                             constraint.name.c_str()));
      return catalog_.RenameObject({catalog::oid::kPgClass, index->oid}, constraint.name);
    }
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(catalog::ConstraintDefinition constraint, DefineConstraint(node, table, ""));
  return AddDefinedConstraint(table, constraint);
}

// Adds it, and makes sure the rows there are satisfy it.
Status DdlRunner::AddDefinedConstraint(const catalog::Table& table, catalog::ConstraintDefinition& constraint) {
  if (constraint.kind == catalog::ConstraintKind::kForeignKey && constraint.referenced_table == 0) {
    constraint.referenced_table = table.oid;
  }
  if (constraint.kind == catalog::ConstraintKind::kForeignKey && constraint.referenced_index == 0) {
    ASSIGN_OR_RETURN(catalog::TableRef referenced, catalog_.TableByOid(constraint.referenced_table));
    RETURN_IF_ERROR(ResolveReferencedKey(catalog_, table, *referenced, constraint));
  }
  if (constraint.kind == catalog::ConstraintKind::kPrimaryKey) {
    for (int16_t column : constraint.columns) {
      if (!table.column(column).not_null) RETURN_IF_ERROR(CheckNotNullRows(table, column));
    }
  }
  ASSIGN_OR_RETURN(Oid oid, catalog_.AddConstraint(table, constraint));
  ASSIGN_OR_RETURN(catalog::TableRef after, catalog_.TableByOid(table.oid));
  for (const catalog::Constraint& added : after->constraints) {
    if (added.oid != oid) continue;
    if (added.kind == catalog::ConstraintKind::kPrimaryKey || added.kind == catalog::ConstraintKind::kUnique) {
      return BuildIndex(*after, *after->FindIndex(added.index));
    }
    return constraint.validated ? CheckConstraintRows(*after, added) : Status::Ok();
  }
  return Status::Ok();
}

Status DdlRunner::AlterIdentity(const catalog::Table& table, const parser::AlterTableCmd& command) {
  ASSIGN_OR_RETURN(int column, ColumnToAlter(table, command.name));
  const catalog::Column& attribute = table.column(column);
  if (command.type == AlterTableType::kDropIdentity) {
    if (attribute.identity == 0) {
      Status missing = ColumnError(sqlstate::kObjectNotInPrerequisiteState,
                                   "column \"%c\" of relation \"%t\" is not an identity column", table, command.name);
      if (!command.missing_ok) return missing;
      catalog_.Notice(ColumnError(sqlstate::kSuccessfulCompletion,
                                  "column \"%c\" of relation \"%t\" is not an identity column, skipping", table, command.name));
      return Status::Ok();
    }
    return catalog_.SetColumnIdentity(table, column, 0, {});
  }
  if (command.type == AlterTableType::kAddIdentity) {
    if (attribute.identity != 0) {
      return ColumnError(sqlstate::kObjectNotInPrerequisiteState,
                         "column \"%c\" of relation \"%t\" is already an identity column", table, command.name);
    }
    if (attribute.has_default()) {
      return ColumnError(sqlstate::kObjectNotInPrerequisiteState,
                         "column \"%c\" of relation \"%t\" already has a default value", table, command.name);
    }
    if (!attribute.not_null) {
      return ColumnError(sqlstate::kObjectNotInPrerequisiteState,
                         "column \"%c\" of relation \"%t\" must be declared NOT NULL before identity can be added", table,
                         command.name);
    }
    const auto& constraint = Cast<parser::Constraint>(*command.def);
    catalog::SequenceParameters parameters;
    parameters.type = attribute.type.oid;
    RETURN_IF_ERROR(SequenceOptions(constraint.options, true, parameters, nullptr, nullptr));
    return catalog_.SetColumnIdentity(table, column, constraint.generated_when, parameters);
  }
  if (attribute.identity == 0) {
    return ColumnError(sqlstate::kObjectNotInPrerequisiteState, "column \"%c\" of relation \"%t\" is not an identity column",
                       table, command.name);
  }
  ASSIGN_OR_RETURN(Oid oid, catalog_.OwnedSequence(table.oid, column));
  ASSIGN_OR_RETURN(catalog::TableRef sequence, catalog_.TableByOid(oid));
  catalog::SequenceParameters parameters = sequence->sequence;
  std::vector<const parser::DefElem*> options;
  for (const parser::Node* item : Cast<parser::ListNode>(*command.def).items) {
    const auto& option = Cast<parser::DefElem>(*item);
    if (option.name != "generated") {
      options.push_back(&option);
      continue;
    }
    ASSIGN_OR_RETURN(int64_t when, OptionInteger(option));
    RETURN_IF_ERROR(catalog_.SetColumnIdentity(table, column, static_cast<char>(when), {}));
  }
  std::optional<int64_t> restart;
  RETURN_IF_ERROR(SequenceOptions(options, false, parameters, &restart, nullptr));
  RETURN_IF_ERROR(catalog_.AlterSequence(*sequence, parameters));
  return restart ? catalog_.RestartSequence(*sequence, *restart) : Status::Ok();
}

}  // namespace phantom::session
