// CREATE TABLE.
#include <algorithm>

#include "catalog/stored_sql.h"
#include "parser/ast_expr.h"
#include "session/ddl/runner.h"
#include "txn/lock_modes.h"

namespace phantom::session {

using parser::Cast;
using parser::DynCast;

namespace {

catalog::Persistence PersistenceOf(const parser::RangeVar& relation) {
  if (relation.persistence == 't' || relation.schema == "pg_temp") return catalog::Persistence::kTemporary;
  return relation.persistence == 'u' ? catalog::Persistence::kUnlogged : catalog::Persistence::kPermanent;
}

// The order in which PostgreSQL makes (and so names) constraints.
int ConstraintRank(catalog::ConstraintKind kind) {
  switch (kind) {
    case catalog::ConstraintKind::kCheck: return 0;
    case catalog::ConstraintKind::kPrimaryKey: return 1;
    case catalog::ConstraintKind::kForeignKey: return 3;
    default: return 2;
  }
}

}  // namespace

Result<DdlResult> DdlRunner::CreateTable(const parser::CreateTableStmt& statement) {
  const parser::RangeVar& relation = *statement.relation;
  if (statement.partition_spec != nullptr || statement.partition_bound != nullptr) {
    return Error(sqlstate::kFeatureNotSupported, "partitioned tables are not supported");
  }
  if (!statement.inherits.empty()) return Error(sqlstate::kFeatureNotSupported, "table inheritance is not supported");
  if (statement.of_type != nullptr) return Error(sqlstate::kFeatureNotSupported, "typed tables are not supported");
  RETURN_IF_ERROR(CheckPlacement(statement.tablespace, statement.access_method));
  Definition definition;
  definition.name = relation.name;
  definition.persistence = PersistenceOf(relation);
  definition.if_not_exists = statement.if_not_exists;
  ASSIGN_OR_RETURN(definition.options, StorageOptions(OptionOwner::kTable, statement.options));
  if (statement.on_commit != parser::OnCommitAction::kNoop && definition.persistence != catalog::Persistence::kTemporary) {
    return Error(sqlstate::kInvalidTableDefinition, "ON COMMIT can only be used on temporary tables");
  }
  ASSIGN_OR_RETURN(definition.schema, catalog_.CreationSchema(relation.schema, definition.persistence));
  if (statement.if_not_exists) {
    // What follows may refer to things that need not exist when the table does.
    ASSIGN_OR_RETURN(catalog::TableRef existing, catalog_.FindTableIn(definition.schema, definition.name));
    if (existing != nullptr) {
      catalog_.Notice(Errorf(sqlstate::kDuplicateTable, "relation \"%s\" already exists, skipping",
                             definition.name.c_str()));
      return DdlResult{"CREATE TABLE"};
    }
  }

  std::vector<catalog::ConstraintDefinition> constraints;
  std::vector<const parser::ColumnDef*> nodes;  // of definition.columns; null for columns of LIKE
  std::vector<LikeSource> sources;
  for (const parser::Node* element : statement.elements) {
    if (const auto* column = DynCast<parser::ColumnDef>(element)) {
      ASSIGN_OR_RETURN(catalog::ColumnDefinition made, DefineColumn(*column, definition.name));
      definition.columns.push_back(std::move(made));
      nodes.push_back(column);
    } else if (const auto* like = DynCast<parser::TableLikeClause>(element)) {
      ASSIGN_OR_RETURN(LikeSource source, LikeColumns(*like, definition));
      sources.push_back(std::move(source));
      nodes.resize(definition.columns.size(), nullptr);
    }
  }
  for (size_t i = 0; i < definition.columns.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (definition.columns[i].name == definition.columns[j].name) {
        return Errorf(sqlstate::kDuplicateColumn, "column \"%s\" specified more than once",
                      definition.columns[i].name.c_str());
      }
    }
  }

  catalog::Table shape = MakeShape(definition);
  for (const LikeSource& source : sources) RETURN_IF_ERROR(LikeRules(source, shape, definition, constraints));
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i] == nullptr) continue;
    RETURN_IF_ERROR(DefineDefaults(*nodes[i], shape, definition.columns[i]));
    RETURN_IF_ERROR(ColumnConstraints(*nodes[i], shape, constraints));
  }
  for (const parser::Node* element : statement.elements) {
    const auto* constraint = DynCast<parser::Constraint>(element);
    if (constraint == nullptr) continue;
    ASSIGN_OR_RETURN(catalog::ConstraintDefinition made, DefineConstraint(*constraint, shape, ""));
    constraints.push_back(std::move(made));
  }
  std::vector<int32_t> primary_keys;
  const auto note_primary_key = [&](const parser::Node* node) {
    const auto* constraint = DynCast<parser::Constraint>(node);
    if (constraint != nullptr && constraint->type == parser::ConstraintType::kPrimary) {
      primary_keys.push_back(constraint->location);
    }
  };
  for (const parser::Node* element : statement.elements) {
    note_primary_key(element);
    const auto* column = DynCast<parser::ColumnDef>(element);
    if (column != nullptr) std::ranges::for_each(column->constraints, note_primary_key);
  }
  if (primary_keys.size() > 1) {
    return Errorf(sqlstate::kInvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed",
                  definition.name.c_str())
        .At(primary_keys[1]);
  }
  std::stable_sort(constraints.begin(), constraints.end(), [](const auto& a, const auto& b) {
    return ConstraintRank(a.kind) < ConstraintRank(b.kind);
  });
  // A foreign key to the table itself waits until the key it refers to is there.
  std::vector<catalog::ConstraintDefinition> to_itself;
  for (catalog::ConstraintDefinition& constraint : constraints) {
    bool waits = constraint.kind == catalog::ConstraintKind::kForeignKey && constraint.referenced_table == 0;
    (waits ? to_itself : definition.constraints).push_back(std::move(constraint));
  }
  ASSIGN_OR_RETURN(Oid table, catalog_.CreateTable(definition));
  if (table == 0) return DdlResult{"CREATE TABLE"};
  for (const parser::Node* element : statement.elements) {
    const auto* column = parser::DynCast<parser::ColumnDef>(element);
    if (column == nullptr || column->compression.empty()) continue;
    ASSIGN_OR_RETURN(const catalog::TableRef made, catalog_.TableByOid(table));
    RETURN_IF_ERROR(SetColumnCompression(*made, column->name, column->compression));
  }
  for (catalog::ConstraintDefinition& constraint : to_itself) {
    ASSIGN_OR_RETURN(catalog::TableRef made, catalog_.TableByOid(table));
    constraint.referenced_table = table;
    RETURN_IF_ERROR(ResolveReferencedKey(catalog_, *made, *made, constraint));
    ASSIGN_OR_RETURN(Oid constraint_oid, catalog_.AddConstraint(*made, constraint));
    (void)constraint_oid;
  }
  for (const LikeSource& source : sources) {
    RETURN_IF_ERROR(LikeStorage(source, table));
    RETURN_IF_ERROR(LikeIndexes(source, table));
  }
  if (statement.on_commit != parser::OnCommitAction::kNoop &&
      statement.on_commit != parser::OnCommitAction::kPreserveRows && context_.on_commit) {
    context_.on_commit(table, statement.on_commit == parser::OnCommitAction::kDrop);
  }
  return DdlResult{"CREATE TABLE"};
}

}  // namespace phantom::session
