// CREATE INDEX, REINDEX, and the filling of indexes from the rows of their table.
#include <algorithm>

#include "catalog/ddl/rows.h"
#include "catalog/open_table.h"
#include "catalog/stored_sql.h"
#include "catalog/system_store.h"
#include "common/check.h"
#include "engine/system_columns.h"
#include "parser/ast_expr.h"
#include "planner/binder/binder.h"
#include "planner/expr.h"
#include "session/ddl/runner.h"
#include "txn/index.h"
#include "txn/index_load.h"
#include "txn/row_place.h"
#include "txn/row_table.h"
#include "txn/transaction.h"
#include "catalog/shared_catalog.h"
#include "types/key_codec.h"
#include "types/text_format.h"

namespace phantom::session {

namespace {

// The row that a ctid of the table names.
RowId RowOfCtid(int64_t ctid) {
  RowId row;
  PHANTOM_CHECK(engine::RowOfCtid(ctid, row));
  return row;
}

// The built-in type a key value is encoded as: a domain's base, an enum's OID.
Oid KeyType(catalog::Catalog& catalog, Oid type) {
  for (;;) {
    catalog::TypeRef row = catalog.TypeByOid(type);
    if (row == nullptr) return type;
    if (row->kind == catalog::TypeKind::kEnum) return types::kInt8Oid;
    if (row->kind != catalog::TypeKind::kDomain) return type;
    type = row->base_type;
  }
}

// Puts entries that come in order into a new index: few into its tree, many into a run.
class SortedEntries {
 public:
  SortedEntries(txn::Transaction& transaction, txn::Index& index) : transaction_(transaction), index_(index) {}

  // Whether the entry added last has this key.
  bool IsLast(const std::string& key) const { return has_last_ && key == last_key_; }

  Status Add(const std::string& key, RowId row) {
    // Where the order of the type is coarser than that of keys, some come too late for the run.
    if (has_last_ && (key < last_key_ || (key == last_key_ && row <= last_row_))) {
      return index_.Insert(transaction_, key, row);
    }
    last_key_ = key;
    last_row_ = row;
    has_last_ = true;
    if (load_) return load_->Add(key, row);
    first_.emplace_back(key, row);
    if (first_.size() < txn::kIndexLoadEntriesMin) return Status::Ok();
    load_.emplace(index_);
    for (const auto& [first_key, first_row] : first_) RETURN_IF_ERROR(load_->Add(first_key, first_row));
    first_ = {};
    return Status::Ok();
  }

  Status Finish() {
    if (load_) return load_->Publish(transaction_);
    for (const auto& [key, row] : first_) RETURN_IF_ERROR(index_.Insert(transaction_, key, row));
    return Status::Ok();
  }

 private:
  txn::Transaction& transaction_;
  txn::Index& index_;
  std::vector<std::pair<std::string, RowId>> first_;  // as long as they may be few
  std::optional<txn::IndexLoad> load_;
  std::string last_key_;
  RowId last_row_;
  bool has_last_ = false;
};

std::string KeySql(const catalog::Table& table, const catalog::IndexKey& key) {
  return key.column > 0 ? catalog::Quoted(table.column(key.column).name) : "(" + key.expression_sql + ")";
}

}  // namespace

Result<DdlResult> DdlRunner::CreateIndex(const parser::CreateIndexStmt& statement) {
  if (statement.concurrent && context_.in_transaction_block) {
    return Error(sqlstate::kActiveSqlTransaction, "CREATE INDEX CONCURRENTLY cannot run inside a transaction block");
  }
  const auto check = [&](const catalog::Table& table) -> Status {
    if (table.kind != catalog::RelationKind::kTable) {
      return Errorf(sqlstate::kWrongObjectType, "cannot create index on relation \"%s\"", table.name.c_str())
          .Detail(table.is_view() ? "This operation is not supported for views."
                                  : "This operation is not supported for relations of this kind.");
    }
    if (table.is_system()) {
      return Errorf(sqlstate::kInsufficientPrivilege, "permission denied: \"%s\" is a system catalog", table.name.c_str());
    }
    return CheckOwnsTable(table);
  };
  const catalog::QualifiedName name = NameOf(*statement.relation);
  ASSIGN_OR_RETURN(catalog::TableRef table,
                   catalog_.OpenTableIfExists(
                       name, statement.concurrent ? txn::LockMode::kShareUpdateExclusive : txn::LockMode::kShare, check));
  if (table == nullptr) return catalog_.TableOrError(name).status();
  RETURN_IF_ERROR(catalog_.CheckSchemaPrivilege(table->schema, catalog::acl::kCreate, catalog_.current_role()));
  ASSIGN_OR_RETURN(catalog::IndexDefinition definition, DefineIndex(statement, *table));
  // A temporary table is nobody else's: there is nobody to be kept waiting.
  definition.concurrent = statement.concurrent && table->persistence != catalog::Persistence::kTemporary;
  ASSIGN_OR_RETURN(Oid oid, catalog_.CreateIndex(*table, definition));
  if (oid == 0) return DdlResult{"CREATE INDEX"};
  if (definition.concurrent) {
    RETURN_IF_ERROR(BuildConcurrently(table->oid, oid));
    return DdlResult{"CREATE INDEX"};
  }
  ASSIGN_OR_RETURN(catalog::TableRef changed, catalog_.TableByOid(table->oid));
  RETURN_IF_ERROR(BuildIndex(*changed, *changed->FindIndex(oid)));
  return DdlResult{"CREATE INDEX"};
}

Result<catalog::IndexDefinition> DdlRunner::DefineIndex(const parser::CreateIndexStmt& statement,
                                                        const catalog::Table& table) {
  catalog::IndexDefinition definition;
  if (!parser::IsNull(statement.name)) definition.name = statement.name;
  definition.unique = statement.unique;
  definition.nulls_not_distinct = statement.nulls_not_distinct;
  definition.if_not_exists = statement.if_not_exists;
  ASSIGN_OR_RETURN(definition.options, StorageOptions(OptionOwner::kIndex, statement.options));
  RETURN_IF_ERROR(CheckPlacement(statement.tablespace, ""));
  std::string method_name(statement.access_method.empty() ? "btree" : statement.access_method);
  const catalog::AccessMethodRow* method = catalog_.builtins().AccessMethod(method_name);
  if (method == nullptr || method->kind != 'i') {
    return Errorf(sqlstate::kUndefinedObject, "access method \"%s\" does not exist", method_name.c_str());
  }
  if (method->oid != catalog::oid::kAmBtree) {
    return Errorf(sqlstate::kFeatureNotSupported, "access method \"%s\" is not supported", method_name.c_str());
  }
  definition.method = method->oid;
  // The condition is looked at before the keys.
  if (statement.where != nullptr) {
    ASSIGN_OR_RETURN(catalog::ExpressionDefinition stored,
                     BindStored(*statement.where, planner::ExpressionUse::kIndexPredicate, &table, {}, ""));
    definition.predicate_sql = stored.stored_sql;
    definition.expression_columns.insert(definition.expression_columns.end(), stored.columns.begin(), stored.columns.end());
    definition.uses.insert(definition.uses.end(), stored.uses.begin(), stored.uses.end());
  }
  for (const parser::IndexElem* element : statement.params) {
    catalog::IndexKey key;
    Oid collation = 0;
    if (element->expr == nullptr) {
      int column = table.FindColumn(element->name);
      if (column == 0) {
        return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" does not exist", std::string(element->name).c_str());
      }
      key.column = static_cast<int16_t>(column);
      key.type = table.column(column).type;
      collation = table.column(column).collation;
    } else {
      ASSIGN_OR_RETURN(planner::BoundExpression bound,
                       planner::BindExpression(*element->expr, planner::ExpressionUse::kIndexExpression, &table, {}, "",
                                               context_.planner));
      ASSIGN_OR_RETURN(catalog::ExpressionDefinition stored,
                       BindStored(*element->expr, planner::ExpressionUse::kIndexExpression, &table, {}, ""));
      key.expression_sql = stored.stored_sql;
      key.expression_name = planner::FigureColumnName(element->expr);
      if (key.expression_name == "?column?") key.expression_name = "expr";
      key.type = bound.expr->type;
      definition.expression_columns.insert(definition.expression_columns.end(), stored.columns.begin(), stored.columns.end());
      definition.uses.insert(definition.uses.end(), stored.uses.begin(), stored.uses.end());
      catalog::TypeRef type = catalog_.TypeByOid(key.type.oid);
      collation = type == nullptr ? 0 : type->collation;
    }
    if (!element->collation.empty()) {
      ASSIGN_OR_RETURN(collation, ResolveCollation(element->collation, -1));
    }
    key.collation = collation;
    const catalog::OpclassRow* opclass = nullptr;
    if (element->opclass.empty()) {
      opclass = catalog_.DefaultOpclass(key.type.oid, method->oid);
      if (opclass == nullptr) {
        return Errorf(sqlstate::kUndefinedObject, "data type %s has no default operator class for access method \"%s\"",
                      catalog_.FormatType({key.type.oid}).c_str(), method_name.c_str())
            .Hint("You must specify an operator class for the index or define a default operator class for the data type.");
      }
    } else {
      opclass = catalog_.builtins().Opclass(element->opclass.back(), method->oid);
      if (opclass == nullptr) {
        return Errorf(sqlstate::kUndefinedObject, "operator class \"%s\" does not exist for access method \"%s\"",
                      std::string(element->opclass.back()).c_str(), method_name.c_str());
      }
    }
    key.opclass = opclass->oid;
    if (!types::HasKeyEncoding(KeyType(catalog_, key.type.oid))) {
      return Errorf(sqlstate::kFeatureNotSupported, "indexes on type %s are not supported",
                    catalog_.FormatType({key.type.oid}).c_str());
    }
    key.descending = element->ordering == parser::SortByDir::kDesc;
    key.nulls_first = element->nulls == parser::SortByNulls::kDefault ? key.descending
                                                                      : element->nulls == parser::SortByNulls::kFirst;
    definition.keys.push_back(std::move(key));
  }
  for (const parser::IndexElem* element : statement.including_params) {
    int column = element->expr == nullptr ? table.FindColumn(element->name) : 0;
    if (element->expr != nullptr) {
      return Error(sqlstate::kFeatureNotSupported, "expressions are not supported in included columns");
    }
    if (column == 0) {
      return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" does not exist", std::string(element->name).c_str());
    }
    definition.included.push_back(static_cast<int16_t>(column));
  }
  return definition;
}

Status DdlRunner::BuildIndexes(Oid table) {
  ASSIGN_OR_RETURN(catalog::TableRef changed, catalog_.TableByOid(table));
  for (const catalog::Index& index : changed->indexes) RETURN_IF_ERROR(BuildIndex(*changed, index));
  return Status::Ok();
}

Status DdlRunner::ForEachKey(const catalog::Table& table, const catalog::Index& index,
                             const std::function<Status(const KeyedRow&)>& take, std::optional<RowId> only) {
  std::vector<types::KeyColumn> columns;
  std::string sql = "SELECT ctid", order;
  for (const catalog::IndexKey& key : index.keys) {
    columns.push_back({KeyType(catalog_, key.type.oid), key.descending, key.nulls_first});
    sql += ", " + KeySql(table, key);
    order += (order.empty() ? " ORDER BY " : ", ") + std::to_string(columns.size() + 1);
    order += key.descending ? " DESC" : " ASC";
    order += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  }
  sql += " FROM ONLY " + TableSql(table);
  if (!index.predicate_sql.empty()) sql += " WHERE (" + index.predicate_sql + ")";
  if (only) {
    sql += index.predicate_sql.empty() ? " WHERE" : " AND";
    sql += Format(" ctid = '(%u,%u)'", txn::PageOf(*only), unsigned{txn::OffsetOf(*only)});
  }
  // Entries come in the index's order, many of them going straight into a run.
  sql += order + ", 1";
  types::KeyCodec codec(std::move(columns));
  std::string key;
  // The plan must not read this index, nor others of the table that may still be empty.
  planner::PlannerSettings& settings = context_.planner.settings;
  const planner::PlannerSettings given = settings;
  settings.enable_seqscan = settings.enable_sort = true;
  settings.enable_indexscan = settings.enable_indexonlyscan = false;
  Status status = RunSql(sql, [&](const types::Chunk& chunk) -> Status {
    for (uint32_t row = 0; row < chunk.size(); ++row) {
      key.clear();
      bool has_null = false;
      for (uint32_t i = 0; i < index.keys.size(); ++i) {
        const types::Vector& column = chunk.column(i + 1);
        if (column.IsNull(row)) {
          has_null = true;
          codec.AppendNull(i, key);
        } else {
          codec.AppendColumn(i, column.row_slot(row), key);
        }
      }
      const bool must_differ = index.unique && !(has_null && !index.nulls_not_distinct);
      RETURN_IF_ERROR(take({key, RowOfCtid(chunk.column(0).Get<int64_t>(row)), must_differ, chunk, row}));
    }
    return Status::Ok();
  });
  settings = given;
  return status;
}

Status DdlRunner::DuplicateKey(const catalog::Table& table, const catalog::Index& index, const KeyedRow& row,
                               bool found_by_build) {
  std::string names, values;
  for (uint32_t i = 0; i < index.keys.size(); ++i) {
    if (i > 0) names += ", ", values += ", ";
    names += index.keys[i].column > 0 ? table.column(index.keys[i].column).name : index.keys[i].expression_sql;
    if (row.chunk.column(i + 1).IsNull(row.at)) {
      values += "null";
    } else {
      RETURN_IF_ERROR(types::AppendText(row.chunk.column(i + 1).GetValue(row.at), *context_.planner.format, values));
    }
  }
  return Errorf(sqlstate::kUniqueViolation,
                found_by_build ? "could not create unique index \"%s\""
                               : "duplicate key value violates unique constraint \"%s\"",
                index.name.c_str())
      .Detail(Format(found_by_build ? "Key (%s)=(%s) is duplicated." : "Key (%s)=(%s) already exists.", names.c_str(),
                     values.c_str()))
      .Schema(table.schema_name)
      .Table(table.name)
      .Constraint(index.name);
}

Status DdlRunner::BuildIndex(const catalog::Table& table, const catalog::Index& index) {
  txn::Transaction& transaction = *catalog_.store().transaction();
  txn::TransactionManager& manager = catalog_.shared().manager();
  ASSIGN_OR_RETURN(txn::Index entries, catalog::OpenIndex(manager, table, index.tree));
  ASSIGN_OR_RETURN(const txn::RowTable rows, catalog::OpenRows(manager, table));
  if (rows.EndRowId().value > 1) {
    SortedEntries sorted(transaction, entries);
    RETURN_IF_ERROR(ForEachKey(table, index, [&](const KeyedRow& row) -> Status {
      // All rows are seen by everybody who may see the index, so equal neighbours are all there is to look for.
      if (row.must_differ && sorted.IsLast(row.key)) return DuplicateKey(table, index, row, true);
      return sorted.Add(row.key, row.row);
    }));
    RETURN_IF_ERROR(sorted.Finish());
  }
  // One that was left unfinished by its making has all now.
  return index.valid ? Status::Ok() : catalog_.SetIndexState(index.oid, catalog::Catalog::IndexState::kValid);
}

// ---- New constraints against the rows there are -------------------------------------------------

Status DdlRunner::CheckNotNullRows(const catalog::Table& table, int column) {
  const std::string& name = table.column(column).name;
  ASSIGN_OR_RETURN(bool violated, AnyRow("SELECT 1 FROM ONLY " + TableSql(table) + " WHERE " + catalog::Quoted(name) +
                                         " IS NULL LIMIT 1"));
  if (!violated) return Status::Ok();
  return Errorf(sqlstate::kNotNullViolation, "column \"%s\" of relation \"%s\" contains null values", name.c_str(),
                table.name.c_str())
      .Schema(table.schema_name)
      .Table(table.name)
      .Column(name);
}

Status DdlRunner::CheckConstraintRows(const catalog::Table& table, const catalog::Constraint& constraint) {
  if (constraint.kind == catalog::ConstraintKind::kCheck) {
    ASSIGN_OR_RETURN(bool violated, AnyRow("SELECT 1 FROM ONLY " + TableSql(table) + " WHERE NOT (" +
                                           constraint.check_sql + ") LIMIT 1"));
    if (!violated) return Status::Ok();
    return Errorf(sqlstate::kCheckViolation, "check constraint \"%s\" of relation \"%s\" is violated by some row",
                  constraint.name.c_str(), table.name.c_str())
        .Schema(table.schema_name)
        .Table(table.name)
        .Constraint(constraint.name);
  }
  if (constraint.kind != catalog::ConstraintKind::kForeignKey) return Status::Ok();
  ASSIGN_OR_RETURN(catalog::TableRef referenced, catalog_.TableByOid(constraint.referenced_table));
  std::string keys, match, present;
  for (size_t i = 0; i < constraint.columns.size(); ++i) {
    std::string from = "fk." + catalog::Quoted(table.column(constraint.columns[i]).name);
    std::string to = "pk." + catalog::Quoted(referenced->column(constraint.referenced_columns[i]).name);
    keys += (i > 0 ? ", " : "") + from;
    match += (i > 0 ? " AND " : "") + to + " = " + from;
    present += (i > 0 ? (constraint.match == 'f' ? " OR " : " AND ") : "") + from + " IS NOT NULL";
  }
  std::string sql = "SELECT " + keys + " FROM ONLY " + TableSql(table) + " fk WHERE (" + present +
                    ") AND NOT EXISTS (SELECT 1 FROM ONLY " + TableSql(*referenced) + " pk WHERE " + match + ") LIMIT 1";
  return RunSql(sql, [&](const types::Chunk& chunk) -> Status {
    std::string names, values;
    for (uint32_t i = 0; i < constraint.columns.size(); ++i) {
      if (i > 0) names += ", ", values += ", ";
      names += table.column(constraint.columns[i]).name;
      if (chunk.column(i).IsNull(0)) {
        values += "null";
      } else {
        RETURN_IF_ERROR(types::AppendText(chunk.column(i).GetValue(0), *context_.planner.format, values));
      }
    }
    return Errorf(sqlstate::kForeignKeyViolation, "insert or update on table \"%s\" violates foreign key constraint \"%s\"",
                  table.name.c_str(), constraint.name.c_str())
        .Detail(Format("Key (%s)=(%s) is not present in table \"%s\".", names.c_str(), values.c_str(),
                       referenced->name.c_str()))
        .Schema(table.schema_name)
        .Table(table.name)
        .Constraint(constraint.name);
  });
}

}  // namespace phantom::session
