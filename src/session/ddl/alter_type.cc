// ALTER COLUMN TYPE, and the rewriting of tables.
#include <algorithm>

#include "catalog/open_table.h"
#include "catalog/shared_catalog.h"
#include "catalog/stored_sql.h"
#include "catalog/system_store.h"
#include "parser/ast_expr.h"
#include "planner/binder/binder.h"
#include "planner/expr.h"
#include "session/ddl/runner.h"
#include "txn/row_table.h"
#include "txn/transaction.h"

namespace phantom::session {

using parser::Cast;

namespace {

// Does the constraint's foreign key use the column, on the side of this table?
bool UsesColumn(const std::vector<int16_t>& columns, int column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

}  // namespace

// Expressions over the column are bound anew, rows or no rows: what has lost its meaning is an error, and an expression
// of an index may have got another type.
Status DdlRunner::RebindIndexes(const catalog::Table& table) {
  const auto bind = [&](const std::string& sql, planner::ExpressionUse use) -> Result<planner::BoundExpression> {
    std::vector<std::shared_ptr<const void>> parsed;
    ASSIGN_OR_RETURN(const parser::Node* expression, planner::ParseExpressionText(sql, parsed));
    Result<planner::BoundExpression> bound = planner::BindExpression(*expression, use, &table, {}, "", context_.planner);
    if (!bound.ok()) {
      Status status = std::move(bound).status();
      status.mutable_error().location = -1;
      return status;
    }
    return bound;
  };
  for (const catalog::Index& index : table.indexes) {
    if (!index.predicate_sql.empty()) {
      RETURN_IF_ERROR(bind(index.predicate_sql, planner::ExpressionUse::kIndexPredicate).status());
    }
    for (size_t i = 0; i < index.keys.size(); ++i) {
      if (index.keys[i].column != 0) continue;
      ASSIGN_OR_RETURN(const planner::BoundExpression bound,
                       bind(index.keys[i].expression_sql, planner::ExpressionUse::kIndexExpression));
      if (bound.expr->type == index.keys[i].type) continue;
      RETURN_IF_ERROR(catalog_.SetIndexKeyType(index, i, bound.expr->type));
    }
  }
  return Status::Ok();
}

// Foreign keys on both sides of a column compare with the operators of its new type.
Status DdlRunner::ResolveForeignKeysAnew(const catalog::Table& table, int column) {
  const auto resolve = [&](const catalog::Constraint& key) -> Status {
    ASSIGN_OR_RETURN(const catalog::TableRef from, catalog_.TableByOid(key.table));
    ASSIGN_OR_RETURN(const catalog::TableRef to, catalog_.TableByOid(key.referenced_table));
    for (const catalog::TableRef& side : {from, to}) {
      RETURN_IF_ERROR(catalog_.LockTable(side->oid, txn::LockMode::kAccessExclusive));
    }
    catalog::ConstraintDefinition definition;
    definition.name = key.name;
    definition.columns = key.columns;
    for (const int16_t referenced : key.referenced_columns) {
      definition.referenced_names.push_back(to->column(referenced).name);
    }
    RETURN_IF_ERROR(ResolveReferencedKey(catalog_, *from, *to, definition));
    return catalog_.SetForeignKeyOperators(key.oid, definition.equal_operators);
  };
  for (const catalog::Constraint& key : table.constraints) {
    if (key.kind == catalog::ConstraintKind::kForeignKey && UsesColumn(key.columns, column)) RETURN_IF_ERROR(resolve(key));
  }
  for (const catalog::Constraint& key : table.referenced_by) {
    if (UsesColumn(key.referenced_columns, column)) RETURN_IF_ERROR(resolve(key));
  }
  return Status::Ok();
}

Status DdlRunner::CheckForeignKeysOf(Oid oid, int column) {
  ASSIGN_OR_RETURN(const catalog::TableRef table, catalog_.TableByOid(oid));
  for (const catalog::Constraint& key : table->constraints) {
    if (key.kind != catalog::ConstraintKind::kForeignKey || !key.validated || !UsesColumn(key.columns, column)) continue;
    RETURN_IF_ERROR(CheckConstraintRows(*table, key));
  }
  for (const catalog::Constraint& key : table->referenced_by) {
    if (!key.validated || !UsesColumn(key.referenced_columns, column)) continue;
    ASSIGN_OR_RETURN(const catalog::TableRef referencing, catalog_.TableByOid(key.table));
    RETURN_IF_ERROR(CheckConstraintRows(*referencing, key));
  }
  return Status::Ok();
}

Status DdlRunner::AlterColumnType(const catalog::Table& table, const parser::AlterTableCmd& command) {
  const auto& node = Cast<parser::ColumnDef>(*command.def);
  ASSIGN_OR_RETURN(int column, ColumnToAlter(table, command.name));
  const catalog::Column before = table.column(column);
  Oid collation = 0;
  ASSIGN_OR_RETURN(types::Type type, ResolveType(*node.type, &collation));
  if (node.collation != nullptr) {
    ASSIGN_OR_RETURN(collation, ResolveCollation(node.collation->collation, node.collation->location));
  }
  // What depends on the column by its type must not be there: views; generated columns that use it.
  ASSIGN_OR_RETURN(std::string used_by, catalog_.RuleUsing(table.oid, column));
  if (!used_by.empty()) {
    return Error(sqlstate::kFeatureNotSupported, "cannot alter type of a column used by a view or rule")
        .Detail(Format("%s depends on column \"%s\"", used_by.c_str(), before.name.c_str()));
  }
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const catalog::Column& other = table.columns[i];
    if (other.generated == 0 || static_cast<int>(i) + 1 == column) continue;
    ASSIGN_OR_RETURN(const bool used, catalog_.DefaultUses(other.default_oid, table.oid, column));
    if (!used) continue;
    return Error(sqlstate::kFeatureNotSupported, "cannot alter type of a column used by a generated column")
        .Detail(Format("Column \"%s\" is used by generated column \"%s\".", before.name.c_str(), other.name.c_str()));
  }
  if (before.generated != 0 && node.using_expr != nullptr) {
    return Error(sqlstate::kInvalidColumnDefinition, "cannot specify USING when altering type of generated column")
        .Detail(Format("Column \"%s\" is a generated column.", before.name.c_str()));
  }
  std::string value;
  if (node.using_expr != nullptr) {
    ASSIGN_OR_RETURN(planner::BoundExpression bound,
                     planner::BindExpression(*node.using_expr, planner::ExpressionUse::kAlterUsing, &table, type, before.name,
                                             context_.planner));
    ASSIGN_OR_RETURN(value, catalog_.ExpandStored(bound.stored_sql, &table));
  } else {
    parser::ColumnRef reference;
    std::string_view names[] = {before.name};
    reference.names = names;
    Result<planner::BoundExpression> bound = planner::BindExpression(
        reference, planner::ExpressionUse::kAlterUsing, &table, type, before.name, context_.planner);
    if (!bound.ok()) {
      if (bound.status().sqlstate() != sqlstate::kDatatypeMismatch) return std::move(bound).status();
      return Errorf(sqlstate::kDatatypeMismatch, "column \"%s\" cannot be cast automatically to type %s",
                    before.name.c_str(), catalog_.FormatType({type.oid}).c_str())
          .Hint(Format("You might need to specify \"USING %s::%s\".", catalog::QuotedIfNeeded(before.name).c_str(),
                       catalog_.FormatType(type).c_str()));
    }
    value = catalog::Quoted(before.name);
  }
  value = "(" + value + ")::" + catalog_.FormatType(type);
  bool same_bytes = node.using_expr == nullptr && before.type.oid == type.oid && before.type.typmod == type.typmod;

  // A default is kept when it can be read as the new type; so is what generates the column.
  if (before.has_default()) {
    std::vector<std::shared_ptr<const void>> parsed;
    ASSIGN_OR_RETURN(const parser::Node* expression, planner::ParseExpressionText(before.default_sql, parsed));
    Result<planner::BoundExpression> bound = planner::BindExpression(
        *expression, before.generated != 0 ? planner::ExpressionUse::kGenerated : planner::ExpressionUse::kDefault,
        before.generated != 0 ? &table : nullptr, type, before.name, context_.planner);
    if (!bound.ok() && before.generated != 0) {
      return Errorf(sqlstate::kDatatypeMismatch,
                    "generation expression for column \"%s\" cannot be cast automatically to type %s", before.name.c_str(),
                    catalog_.FormatType({type.oid}).c_str());
    }
    if (!bound.ok()) {
      return Errorf(sqlstate::kDatatypeMismatch, "default for column \"%s\" cannot be cast automatically to type %s",
                    before.name.c_str(), catalog_.FormatType({type.oid}).c_str());
    }
  }
  RETURN_IF_ERROR(catalog_.SetColumnType(table, column, type, collation, !same_bytes));
  if (same_bytes) return Status::Ok();
  ASSIGN_OR_RETURN(catalog::TableRef after, catalog_.TableByOid(table.oid));
  RETURN_IF_ERROR(RebindIndexes(*after));
  RETURN_IF_ERROR(ResolveForeignKeysAnew(*after, column));
  ASSIGN_OR_RETURN(after, catalog_.TableByOid(table.oid));
  std::vector<std::string> values(after->columns.size());
  values[static_cast<size_t>(column) - 1] = value;
  RETURN_IF_ERROR(RewriteTable(table, *after, values));
  return CheckForeignKeysOf(table.oid, column);
}

// values[i] computes column i + 1 from the old row; empty ones are copied.
Status DdlRunner::RewriteTable(const catalog::Table& before, const catalog::Table& after,
                               const std::vector<std::string>& values, const std::string& order) {
  // The old rows are read as the old table: by a query over a copy of its description, planned before storage changes.
  std::string sql = "SELECT ";
  std::vector<uint32_t> targets;
  for (size_t i = 0; i < after.columns.size(); ++i) {
    if (after.columns[i].dropped) continue;
    if (!targets.empty()) sql += ", ";
    targets.push_back(static_cast<uint32_t>(i));
    sql += values[i].empty() ? catalog::Quoted(after.columns[i].name) : values[i];
  }
  sql += " FROM ONLY " + TableSql(before);
  if (!order.empty()) sql += " ORDER BY " + order;
  ASSIGN_OR_RETURN(catalog::TableRef current, catalog_.TableByOid(after.oid));
  RETURN_IF_ERROR(catalog_.ReplaceStorage(*current));
  ASSIGN_OR_RETURN(catalog::TableRef fresh, catalog_.TableByOid(after.oid));
  txn::Transaction& transaction = *catalog_.store().transaction();
  ASSIGN_OR_RETURN(txn::RowTable rows, catalog::OpenRows(catalog_.shared().manager(), *fresh));
  types::RowEncoder encoder(fresh->layout);
  // While the query is planned and run, look-ups of the table give its old self.
  catalog_.Pretend(std::make_shared<const catalog::Table>(before));
  Status copied = RunSql(sql, [&](const types::Chunk& chunk) -> Status {
    for (uint32_t row = 0; row < chunk.size(); ++row) {
      encoder.Begin();
      size_t next = 0;
      for (uint32_t i = 0; i < fresh->columns.size(); ++i) {
        if (next >= targets.size() || targets[next] != i) {
          encoder.AddNull();
          continue;
        }
        const types::Vector& column = chunk.column(static_cast<uint32_t>(next++));
        if (!column.IsNull(row)) {
          encoder.Add(column.row_slot(row));
          continue;
        }
        if (fresh->columns[i].not_null) {
          return Errorf(sqlstate::kNotNullViolation, "column \"%s\" of relation \"%s\" contains null values",
                        fresh->columns[i].name.c_str(), fresh->name.c_str())
              .Schema(fresh->schema_name)
              .Table(fresh->name)
              .Column(fresh->columns[i].name);
        }
        encoder.AddNull();
      }
      ASSIGN_OR_RETURN(RowId id, rows.Insert(transaction, encoder.Finish()));
      (void)id;
    }
    return Status::Ok();
  });
  catalog_.Pretend(nullptr);
  RETURN_IF_ERROR(std::move(copied));
  RETURN_IF_ERROR(BuildIndexes(after.oid));
  ASSIGN_OR_RETURN(fresh, catalog_.TableByOid(after.oid));
  for (const catalog::Constraint& constraint : fresh->constraints) {
    if (constraint.kind == catalog::ConstraintKind::kCheck && constraint.validated) {
      RETURN_IF_ERROR(CheckConstraintRows(*fresh, constraint));
    }
  }
  return Status::Ok();
}

}  // namespace phantom::session
