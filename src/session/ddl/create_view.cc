// CREATE VIEW, CREATE TABLE AS.
#include <algorithm>
#include <set>

#include "catalog/open_table.h"
#include "catalog/shared_catalog.h"
#include "catalog/stored_sql.h"
#include "catalog/system_store.h"
#include "engine/context.h"
#include "engine/executor.h"
#include "parser/ast_select.h"
#include "planner/definition.h"
#include "planner/physical_plan.h"
#include "session/ddl/runner.h"
#include "txn/row_table.h"
#include "txn/transaction.h"

namespace phantom::session {

using parser::Cast;
using parser::DynCast;

Result<DdlResult> DdlRunner::CreateView(const parser::CreateViewStmt& statement) {
  const parser::RangeVar& range = *statement.view;
  const auto* select = DynCast<parser::SelectStmt>(statement.query);
  if (select != nullptr && select->into != nullptr) {
    return Error(sqlstate::kFeatureNotSupported, "views must not contain SELECT INTO");
  }
  if (range.persistence == 'u') return Error(sqlstate::kSyntaxError, "views cannot be unlogged because they do not have storage");
  ASSIGN_OR_RETURN(planner::QueryDescription described, planner::DescribeQuery(*statement.query, {}, context_.planner));
  if (!described.param_types.empty()) {
    return Error(sqlstate::kInvalidParameterValue, "views must not contain parameters");
  }
  catalog::ViewDefinition definition;
  definition.name = range.name;
  definition.replace = statement.replace;
  definition.persistence = range.persistence == 't' ? catalog::Persistence::kTemporary : catalog::Persistence::kPermanent;
  for (const planner::UsedTable& used : described.tables) {
    if (used.table->persistence != catalog::Persistence::kTemporary ||
        definition.persistence == catalog::Persistence::kTemporary) {
      continue;
    }
    definition.persistence = catalog::Persistence::kTemporary;
    catalog_.Notice(Errorf(sqlstate::kSuccessfulCompletion, "view \"%s\" will be a temporary view", definition.name.c_str()));
  }
  ASSIGN_OR_RETURN(definition.schema, catalog_.CreationSchema(range.schema, definition.persistence));
  if (statement.columns.size() > described.columns.size()) {
    return Error(sqlstate::kSyntaxError, "CREATE VIEW specifies more column names than columns");
  }
  for (size_t i = 0; i < described.columns.size(); ++i) {
    catalog::ColumnDefinition column;
    column.name = i < statement.columns.size() ? std::string(statement.columns[i]) : described.columns[i].name;
    column.type = described.columns[i].type;
    if (column.type.oid == types::kUnknownOid) column.type = {types::kTextOid};
    if (i < described.collations.size()) column.collation = described.collations[i];
    for (const catalog::ColumnDefinition& before : definition.columns) {
      if (before.name == column.name) {
        return Errorf(sqlstate::kDuplicateColumn, "column \"%s\" specified more than once", column.name.c_str());
      }
    }
    definition.columns.push_back(std::move(column));
  }
  std::set<Oid> whole;
  ASSIGN_OR_RETURN(planner::StoredQuery stored, planner::StoreQuery(*statement.query, context_.planner));
  definition.stored_sql = std::move(stored.sql);
  for (auto [table, column] : stored.columns) {
    definition.uses.push_back({catalog::oid::kPgClass, table, column});
    whole.insert(table);
  }
  for (Oid relation : stored.relations) {
    if (whole.insert(relation).second) definition.uses.push_back({catalog::oid::kPgClass, relation});
  }
  for (Oid relation : catalog::RelationsOfStored(definition.stored_sql)) {
    if (whole.insert(relation).second) definition.uses.push_back({catalog::oid::kPgClass, relation});
  }
  ASSIGN_OR_RETURN(definition.options, StorageOptions(OptionOwner::kView, statement.options));
  if (statement.check_option != parser::ViewCheckOption::kNone) {
    ASSIGN_OR_RETURN(std::string refusal, planner::WhyNotUpdatable(*statement.query, context_.planner));
    if (!refusal.empty()) {
      return Error(sqlstate::kFeatureNotSupported, "WITH CHECK OPTION is supported only on automatically updatable views")
          .Hint(refusal);
    }
    bool local = statement.check_option == parser::ViewCheckOption::kLocal;
    definition.check_option = local ? 'l' : 'c';
    definition.options.push_back(local ? "check_option=local" : "check_option=cascaded");
  }
  for (Oid type : catalog::TypesOfStored(definition.stored_sql)) definition.uses.push_back({catalog::oid::kPgType, type});
  ASSIGN_OR_RETURN(Oid oid, catalog_.CreateView(definition));
  (void)oid;
  return DdlResult{"CREATE VIEW"};
}

// ---- CREATE TABLE AS ----------------------------------------------------------------------------

Result<DdlResult> DdlRunner::CreateTableAs(const parser::CreateTableAsStmt& statement) {
  if (statement.object_type == parser::ObjectType::kMatview) {
    return Error(sqlstate::kFeatureNotSupported, "materialized views are not supported");
  }
  // EXECUTE is the session's to replace by the statement prepared.
  PHANTOM_CHECK(Is<parser::SelectStmt>(statement.query));
  return CreateTableFrom(*statement.query, *statement.into, statement.if_not_exists);
}

Result<DdlResult> DdlRunner::CreateTableFrom(const parser::Node& query, const parser::IntoClause& into,
                                             bool if_not_exists) {
  const parser::RangeVar& range = *into.relation;
  Definition definition;
  definition.name = range.name;
  definition.persistence = range.persistence == 't'   ? catalog::Persistence::kTemporary
                           : range.persistence == 'u' ? catalog::Persistence::kUnlogged
                                                      : catalog::Persistence::kPermanent;
  ASSIGN_OR_RETURN(definition.options, StorageOptions(OptionOwner::kTable, into.options));
  RETURN_IF_ERROR(CheckPlacement(into.tablespace, into.access_method));
  ASSIGN_OR_RETURN(definition.schema, catalog_.CreationSchema(range.schema, definition.persistence));
  ASSIGN_OR_RETURN(catalog::TableRef taken, catalog_.FindTableIn(definition.schema, definition.name));
  if (taken != nullptr) {
    Status exists = Errorf(sqlstate::kDuplicateTable, "relation \"%s\" already exists%s", definition.name.c_str(),
                           if_not_exists ? ", skipping" : "");
    if (!if_not_exists) return exists;
    catalog_.Notice(std::move(exists));
    return DdlResult{"CREATE TABLE AS"};
  }
  ASSIGN_OR_RETURN(planner::QueryDescription described, planner::DescribeQuery(query, context_.parameter_types, context_.planner));
  if (into.columns.size() > described.columns.size()) {
    return Error(sqlstate::kSyntaxError, "too many column names were specified");
  }
  for (size_t i = 0; i < described.columns.size(); ++i) {
    catalog::ColumnDefinition column;
    column.name = i < into.columns.size() ? std::string(into.columns[i]) : described.columns[i].name;
    column.type = described.columns[i].type;
    if (column.type.oid == types::kUnknownOid) column.type = {types::kTextOid};
    if (i < described.collations.size()) column.collation = described.collations[i];
    catalog::TypeRef type = catalog_.TypeByOid(column.type.oid);
    if (type != nullptr && type->kind == catalog::TypeKind::kPseudo) {
      return Errorf(sqlstate::kInvalidTableDefinition, "column \"%s\" has pseudo-type %s", column.name.c_str(),
                    catalog_.FormatType(column.type).c_str());
    }
    for (const catalog::ColumnDefinition& before : definition.columns) {
      if (before.name == column.name) {
        return Errorf(sqlstate::kDuplicateColumn, "column \"%s\" specified more than once", column.name.c_str());
      }
    }
    definition.columns.push_back(std::move(column));
  }
  ASSIGN_OR_RETURN(Oid oid, catalog_.CreateTable(definition));
  if (into.on_commit != parser::OnCommitAction::kNoop && into.on_commit != parser::OnCommitAction::kPreserveRows &&
      context_.on_commit) {
    context_.on_commit(oid, into.on_commit == parser::OnCommitAction::kDrop);
  }
  if (into.skip_data) return DdlResult{"CREATE TABLE AS"};
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.TableByOid(oid));
  ASSIGN_OR_RETURN(int64_t rows, FillTable(*table, query));
  return DdlResult{"SELECT " + std::to_string(rows)};
}

Result<int64_t> DdlRunner::FillTable(const catalog::Table& table, const parser::Node& query) {
  txn::Transaction& transaction = *catalog_.store().transaction();
  ASSIGN_OR_RETURN(txn::RowTable rows, catalog::OpenRows(catalog_.shared().manager(), table));
  types::RowEncoder encoder(table.layout);
  int64_t count = 0;
  RETURN_IF_ERROR(RunQuery(query, context_.parameter_types, View::kStatement, [&](const types::Chunk& chunk) -> Status {
    for (uint32_t row = 0; row < chunk.size(); ++row) {
      ASSIGN_OR_RETURN(RowId id, rows.Insert(transaction, encoder.EncodeRow(chunk, row)));
      (void)id;
    }
    count += chunk.size();
    return Status::Ok();
  }));
  return count;
}

}  // namespace phantom::session
