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
  std::vector<catalog::IndexDefinition> indexes;
  std::vector<const parser::ColumnDef*> nodes;  // of definition.columns; null for columns of LIKE
  for (const parser::Node* element : statement.elements) {
    if (const auto* column = DynCast<parser::ColumnDef>(element)) {
      ASSIGN_OR_RETURN(catalog::ColumnDefinition made, DefineColumn(*column, definition.name));
      definition.columns.push_back(std::move(made));
      nodes.push_back(column);
    } else if (const auto* like = DynCast<parser::TableLikeClause>(element)) {
      RETURN_IF_ERROR(ApplyLike(*like, definition, constraints, indexes));
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
  for (const parser::Node* element : statement.elements) {
    const auto* column = parser::DynCast<parser::ColumnDef>(element);
    if (table == 0 || column == nullptr || column->compression.empty()) continue;
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
  for (const catalog::IndexDefinition& index : indexes) {
    ASSIGN_OR_RETURN(catalog::TableRef made, catalog_.TableByOid(table));
    ASSIGN_OR_RETURN(Oid index_oid, catalog_.CreateIndex(*made, index));
    (void)index_oid;
  }
  if (statement.on_commit != parser::OnCommitAction::kNoop &&
      statement.on_commit != parser::OnCommitAction::kPreserveRows && context_.on_commit) {
    context_.on_commit(table, statement.on_commit == parser::OnCommitAction::kDrop);
  }
  return DdlResult{"CREATE TABLE"};
}

Status DdlRunner::ApplyLike(const parser::TableLikeClause& like, Definition& definition,
                            std::vector<catalog::ConstraintDefinition>& constraints,
                            std::vector<catalog::IndexDefinition>& indexes) {
  Result<catalog::TableRef> opened = catalog_.OpenTable(NameOf(*like.relation), txn::LockMode::kAccessShare);
  if (!opened.ok()) return std::move(opened).status().At(like.relation->location);
  const catalog::TableRef source = std::move(opened).value();
  RETURN_IF_ERROR(catalog_.CheckTablePrivilege(*source, catalog::acl::kSelect, catalog_.current_role()));
  auto including = [&](int32_t option) { return (like.options & option) != 0; };
  std::vector<int16_t> place(source->columns.size() + 1, 0);  // old attribute number -> new one
  for (size_t i = 0; i < source->columns.size(); ++i) {
    const catalog::Column& column = source->columns[i];
    if (column.dropped) continue;
    catalog::ColumnDefinition copy;
    copy.name = column.name;
    copy.type = column.type;
    copy.collation = column.collation;
    copy.not_null = column.not_null;
    copy.dimensions = column.dimensions;
    if (column.identity != 0 && including(parser::table_like::kIdentity)) {
      copy.identity = column.identity;
      ASSIGN_OR_RETURN(Oid sequence, catalog_.OwnedSequence(source->oid, static_cast<int>(i) + 1));
      ASSIGN_OR_RETURN(catalog::TableRef parameters, catalog_.TableByOid(sequence));
      if (parameters != nullptr) copy.sequence = parameters->sequence;
    }
    bool generated = column.generated != 0;
    if (column.has_default() && including(generated ? parser::table_like::kGenerated : parser::table_like::kDefaults)) {
      copy.generated = column.generated;
      copy.default_value = catalog::ExpressionDefinition{column.default_sql, {}, {}};
    }
    definition.columns.push_back(std::move(copy));
    place[i + 1] = static_cast<int16_t>(definition.columns.size());
  }
  auto moved = [&](const std::vector<int16_t>& columns) {
    std::vector<int16_t> numbers;
    for (int16_t column : columns) numbers.push_back(column > 0 ? place[static_cast<size_t>(column)] : column);
    return numbers;
  };
  for (const catalog::Constraint& constraint : source->constraints) {
    bool is_key = constraint.kind == catalog::ConstraintKind::kPrimaryKey ||
                  constraint.kind == catalog::ConstraintKind::kUnique;
    catalog::ConstraintDefinition copy;
    copy.kind = constraint.kind;
    copy.deferrable = constraint.deferrable;
    copy.deferred = constraint.deferred;
    if (constraint.kind == catalog::ConstraintKind::kCheck && including(parser::table_like::kConstraints)) {
      copy.name = constraint.name;
      copy.check.stored_sql = constraint.check_sql;
      copy.check.columns = moved(constraint.columns);
      constraints.push_back(std::move(copy));
    } else if (is_key && including(parser::table_like::kIndexes)) {
      copy.columns = moved(constraint.columns);
      constraints.push_back(std::move(copy));
    }
  }
  if (!including(parser::table_like::kIndexes)) return Status::Ok();
  for (const catalog::Index& index : source->indexes) {
    bool of_constraint = std::any_of(source->constraints.begin(), source->constraints.end(), [&](const auto& constraint) {
      return constraint.index == index.oid && constraint.kind != catalog::ConstraintKind::kForeignKey;
    });
    if (of_constraint) continue;
    catalog::IndexDefinition copy;
    copy.unique = index.unique;
    copy.nulls_not_distinct = index.nulls_not_distinct;
    copy.method = index.method;
    copy.keys = index.keys;
    copy.predicate_sql = index.predicate_sql;
    copy.included = moved(index.included);
    for (catalog::IndexKey& key : copy.keys) {
      if (key.column > 0) key.column = place[static_cast<size_t>(key.column)];
    }
    indexes.push_back(std::move(copy));
  }
  return Status::Ok();
}

}  // namespace phantom::session
