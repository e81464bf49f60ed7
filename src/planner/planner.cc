#include "planner/planner.h"
#include "planner/stored_text.h"

#include "catalog/catalog.h"
#include "planner/binder/binder.h"
#include "planner/cursor_tables.h"
#include "planner/expr_util.h"
#include "planner/physical/physical_planner.h"
#include "planner/rules/rules.h"
#include "planner/stored_text.h"

namespace phantom::planner {

using namespace types;

namespace {

std::vector<Type> ParamTypes(std::span<const Oid> given) {
  std::vector<Type> types;
  for (Oid oid : given) types.emplace_back(oid == 0 ? Oid{kUnknownOid} : oid);
  return types;
}

}  // namespace

Result<std::unique_ptr<PhysicalPlan>> PlanStatement(const parser::Node& statement, std::span<const Oid> param_types,
                                                    const PlannerContext& context) {
  auto plan = std::make_unique<PhysicalPlan>();
  BindContext bind(plan->nodes, context);
  bind.param_types = ParamTypes(param_types);
  Binder binder(bind);
  ASSIGN_OR_RETURN(Query * query, binder.Statement(statement));
  RETURN_IF_ERROR(binder.FinishParameters());
  if (context.for_cursor) AddCursorTables(bind, *query, plan->cursor_tables);
  PhysicalPlanner planner(bind, binder, *plan);
  RETURN_IF_ERROR(planner.PlanRoot(*query));
  plan->param_types = bind.param_types;
  plan->tables = std::move(bind.tables);
  plan->case_slot_count = bind.next_case_slot;
  plan->pinned = std::move(bind.pinned);
  return plan;
}

Result<QueryDescription> DescribeQuery(const parser::Node& statement, std::span<const Oid> param_types,
                                       const PlannerContext& context) {
  NodeArena arena;
  BindContext bind(arena, context);
  bind.param_types = ParamTypes(param_types);
  Binder binder(bind);
  ASSIGN_OR_RETURN(Query * query, binder.Statement(statement));
  RETURN_IF_ERROR(binder.FinishParameters());
  QueryDescription result;
  for (const Target& target : query->command == CommandKind::kSelect ? query->targets : query->returning) {
    if (target.junk) continue;
    result.columns.push_back({target.name, target.expr->type, target.origin_table, target.origin_column});
    result.collations.push_back(target.expr->collation);
  }
  result.tables = std::move(bind.tables);
  result.used_columns = std::move(bind.used_columns);
  result.param_types = std::move(bind.param_types);
  // The tables outlive this context through their own references.
  return result;
}

namespace {

ExprUse UseOf(ExpressionUse use) {
  switch (use) {
    case ExpressionUse::kCheck:
      return ExprUse::kCheck;
    case ExpressionUse::kDefault:
      return ExprUse::kColumnDefault;
    case ExpressionUse::kGenerated:
      return ExprUse::kGenerated;
    case ExpressionUse::kIndexExpression:
      return ExprUse::kIndexExpression;
    case ExpressionUse::kIndexPredicate:
      return ExprUse::kIndexPredicate;
    case ExpressionUse::kAlterUsing:
      return ExprUse::kAlterTransform;
    case ExpressionUse::kExecuteParam:
      return ExprUse::kExecuteParameter;
    case ExpressionUse::kDomainCheck:
      return ExprUse::kDomainCheck;
  }
  return ExprUse::kOther;
}

// Columns of the one relation to positions of its full row. Whole rows become row constructors.
Expr* ToFullRow(BindContext& bind, const Expr* expr, const RangeEntry* entry) {
  return Copy(bind.arena, expr, [&](const Expr* node) -> Expr* {
    if (auto* column = DynAs<ColumnRef>(node)) {
      if (column->column == kTableOidColumn) {
        return bind.MakeConst(Value::OidValue(entry->table->oid), kOidOid);
      }
      auto* ref = bind.arena.New<InputRef>();
      ref->index = column->column;
      ref->type = column->type;
      ref->collation = column->collation;
      ref->location = column->location;
      return ref;
    }
    if (auto* whole = DynAs<WholeRowRef>(node)) {
      auto* row = bind.arena.New<RowExpr>();
      row->type = whole->type;
      for (size_t i = 0; i < entry->columns.size(); ++i) {
        row->names.push_back(entry->columns[i].name);
        if (entry->columns[i].dropped) {
          row->fields.push_back(bind.MakeNull(kInt4Oid));
          continue;
        }
        auto* ref = bind.arena.New<InputRef>();
        ref->index = static_cast<int>(i);
        ref->type = entry->columns[i].type;
        ref->collation = entry->columns[i].collation;
        row->fields.push_back(ref);
      }
      return row;
    }
    return nullptr;
  });
}

void Describe(const Expr* expr, BoundExpression& out) {
  std::set<int> columns;
  Walk(expr, [&](const Expr* node) {
    if (auto* ref = DynAs<InputRef>(node)) columns.insert(ref->index + 1);
    if (node->type.oid >= catalog::kFirstUserOid) out.types.push_back(node->type.oid);
    if (auto* call = DynAs<FunctionCall>(node)) {
      if (call->function->volatility == catalog::Volatility::kVolatile) out.is_volatile = true;
      if (call->function->volatility != catalog::Volatility::kImmutable) out.is_immutable = false;
      if (call->function->oid >= catalog::kFirstUserOid) out.functions.push_back(call->function->oid);
    }
    if (node->kind == ExprKind::kSqlValue) out.is_immutable = false;
    if (auto* constant = DynAs<ConstExpr>(node); constant != nullptr && constant->type.oid == kRegclassOid && !constant->value.is_null()) {
      if (constant->value.AsOid() >= catalog::kFirstUserOid) out.relations.push_back(constant->value.AsOid());
    }
    return true;
  });
  out.columns.assign(columns.begin(), columns.end());
}

}  // namespace

namespace {

// The expression, bound in its place and coerced to what that wants.
Result<Expr*> BindInPlace(BindContext& bind, Binder& binder, const parser::Node& expression, ExpressionUse use,
                          const catalog::Table* table, Type target, std::string_view target_name, Type value_type,
                          RangeEntry** entry) {
  Scope scope;
  Query query;
  scope.query = &query;
  if (table != nullptr) {
    // The caller's reference keeps the table for this call; nodes do not point at it.
    catalog::TableRef borrowed(std::shared_ptr<const void>(), table);
    ASSIGN_OR_RETURN(*entry, binder.TableEntry(scope, borrowed, {}, -1));
    if (use != ExpressionUse::kDefault && use != ExpressionUse::kExecuteParam) scope.items.push_back({.entry = *entry});
  }
  if (use == ExpressionUse::kDomainCheck) {
    auto* value = bind.arena.New<CaseTest>();
    value->slot = 0;
    value->type = value_type;
    if (const catalog::TypeRow* row = bind.TypeOf(value_type.oid)) value->collation = row->collation;
    scope.domain_value = value;
  }
  ASSIGN_OR_RETURN(Expr * expr, binder.Expression(scope, &expression, UseOf(use)));
  switch (use) {
    case ExpressionUse::kCheck:
    case ExpressionUse::kDomainCheck: {
      ASSIGN_OR_RETURN(expr, binder.coercion().ToBoolean(expr, "CHECK"));
      break;
    }
    case ExpressionUse::kIndexPredicate: {
      ASSIGN_OR_RETURN(expr, binder.coercion().ToBoolean(expr, "WHERE"));
      break;
    }
    case ExpressionUse::kDefault: {
      if (target.oid != 0) {
        ASSIGN_OR_RETURN(expr, binder.CoerceToColumn(expr, target_name, target, ExprUse::kColumnDefault, -1));
      }
      break;
    }
    case ExpressionUse::kGenerated: {
      if (target.oid != 0) {
        ASSIGN_OR_RETURN(expr, binder.CoerceToColumn(expr, target_name, target, ExprUse::kGenerated, -1));
      }
      break;
    }
    case ExpressionUse::kAlterUsing: {
      if (target.oid == 0) break;
      Oid source = expr->type.oid;
      ASSIGN_OR_RETURN(Expr * converted, binder.coercion().ToTarget(expr, target, CoercionContext::kAssignment,
                                                                    CallForm::kImplicitCast, -1));
      if (converted == nullptr) {
        return Errorf(sqlstate::kDatatypeMismatch, "result of USING clause for column \"%s\" cannot be cast automatically to type %s",
                      std::string(target_name).c_str(), bind.TypeName(target.oid).c_str())
            .Hint("You might need to add an explicit cast.");
      }
      (void)source;
      expr = converted;
      break;
    }
    case ExpressionUse::kExecuteParam: {
      if (target.oid == 0) break;
      Oid source = expr->type.oid;
      ASSIGN_OR_RETURN(Expr * converted, binder.coercion().ToTarget(expr, target, CoercionContext::kAssignment,
                                                                    CallForm::kImplicitCast, -1));
      if (converted == nullptr) {
        return Errorf(sqlstate::kDatatypeMismatch, "parameter %s of type %s cannot be coerced to the expected type %s",
                      std::string(target_name).c_str(), bind.TypeName(source).c_str(), bind.TypeName(target.oid).c_str())
            .Hint("You will need to rewrite or cast the expression.")
            .At(LocationOf(expr));
      }
      expr = converted;
      break;
    }
    case ExpressionUse::kIndexExpression:
      if (expr->type.oid == kUnknownOid) {
        ASSIGN_OR_RETURN(expr, binder.coercion().ToType(expr, kTextOid, -1, CoercionContext::kImplicit, CallForm::kImplicitCast, -1));
      }
      break;
  }
  return expr;
}

}  // namespace

Result<BoundExpression> BindExpression(const parser::Node& expression, ExpressionUse use, const catalog::Table* table,
                                       Type target, std::string_view target_name, const PlannerContext& context,
                                       Type value_type) {
  BoundExpression result;
  result.nodes = std::make_unique<NodeArena>();
  BindContext bind(*result.nodes, context);
  bind.params_variable = false;
  Binder binder(bind);
  RangeEntry* entry = nullptr;
  ASSIGN_OR_RETURN(Expr * expr, BindInPlace(bind, binder, expression, use, table, target, target_name, value_type, &entry));
  RETURN_IF_ERROR(binder.BindDomainChecks(expr));
  if (entry != nullptr) expr = ToFullRow(bind, expr, entry);
  Describe(expr, result);
  if (!result.is_immutable) {
    const char* message = nullptr;
    if (use == ExpressionUse::kIndexExpression) message = "functions in index expression must be marked IMMUTABLE";
    if (use == ExpressionUse::kIndexPredicate) message = "functions in index predicate must be marked IMMUTABLE";
    if (use == ExpressionUse::kGenerated) message = "generation expression is not immutable";
    if (message != nullptr) return Error(sqlstate::kInvalidObjectDefinition, message);
  }
  FoldConstants(bind, expr);
  if (use != ExpressionUse::kExecuteParam) {
    // Once more as it is to be kept: nothing folded, functions not replaced by their bodies.
    NodeArena text_nodes;
    BindContext text(text_nodes, context);
    text.params_variable = false;
    text.for_text = true;
    Binder text_binder(text);
    RangeEntry* text_entry = nullptr;
    ASSIGN_OR_RETURN(Expr * kept, BindInPlace(text, text_binder, expression, use, table, target, target_name, value_type,
                                              &text_entry));
    result.stored_sql = StoreExpression(*kept, context);
  }
  result.expr = expr;
  result.pinned = std::move(bind.pinned);
  return result;
}

Result<TableRules> BindTableRules(const catalog::Table& table, NodeArena& nodes,
                                  std::vector<std::shared_ptr<const void>>& pinned, const PlannerContext& context,
                                  int& next_case_slot) {
  TableRules rules;
  BindContext bind(nodes, context);
  bind.params_variable = false;
  bind.next_case_slot = std::max(next_case_slot, bind.next_case_slot);
  Binder binder(bind);
  RangeEntry entry;
  entry.kind = RangeKind::kTable;
  catalog::TableRef borrowed(std::shared_ptr<const void>(), &table);
  entry.table = borrowed;
  entry.name = table.name;
  for (const catalog::Column& column : table.columns) {
    entry.columns.push_back({column.name, column.type, column.collation, column.dropped});
  }
  entry.rel = bind.NewRel(&entry, nullptr);
  auto bound = [&](std::string_view sql) -> Result<Expr*> {
    ASSIGN_OR_RETURN(Expr * expr, binder.StoredExpression(sql, table, entry.rel));
    expr = ToFullRow(bind, expr, &entry);
    FoldConstants(bind, expr);
    return expr;
  };
  for (const catalog::Constraint& constraint : table.constraints) {
    if (constraint.kind != catalog::ConstraintKind::kCheck) continue;
    ASSIGN_OR_RETURN(Expr * condition, bound(constraint.check_sql));
    ASSIGN_OR_RETURN(condition, binder.coercion().ToBoolean(condition, "CHECK"));
    rules.checks.push_back({constraint.name, condition});
  }
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const catalog::Column& column = table.columns[i];
    if (column.dropped || column.generated == 0) continue;
    ASSIGN_OR_RETURN(Expr * value, bound(column.default_sql));
    ASSIGN_OR_RETURN(value, binder.CoerceToColumn(value, column.name, column.type, ExprUse::kGenerated, -1));
    rules.generated.push_back({static_cast<int>(i), value});
  }
  for (const catalog::Index& index : table.indexes) {
    if (!index.ready) continue;
    TableRules::IndexKeys keys;
    keys.index = std::shared_ptr<const catalog::Index>(std::shared_ptr<const void>(), &index);
    for (const catalog::IndexKey& key : index.keys) {
      if (key.column != 0) {
        auto* ref = nodes.New<InputRef>();
        ref->index = key.column - 1;
        ref->type = table.column(key.column).type;
        ref->collation = key.collation;
        keys.keys.push_back(ref);
      } else {
        ASSIGN_OR_RETURN(Expr * expr, bound(key.expression_sql));
        keys.keys.push_back(expr);
      }
    }
    if (!index.predicate_sql.empty()) {
      ASSIGN_OR_RETURN(keys.predicate, bound(index.predicate_sql));
    }
    rules.indexes.push_back(std::move(keys));
  }
  // Nodes may refer to parsed text; the table itself is the caller's to keep.
  pinned.insert(pinned.end(), bind.pinned.begin(), bind.pinned.end());
  next_case_slot = bind.next_case_slot;
  return rules;
}

Result<Expr*> BindColumnDefault(const catalog::Table& table, int column, NodeArena& nodes,
                                std::vector<std::shared_ptr<const void>>& pinned, const PlannerContext& context,
                                int& next_case_slot) {
  BindContext bind(nodes, context);
  bind.params_variable = false;
  bind.next_case_slot = std::max(next_case_slot, bind.next_case_slot);
  Binder binder(bind);
  ASSIGN_OR_RETURN(Expr * value, binder.ColumnDefault(table, column));
  FoldConstants(bind, value);
  pinned.insert(pinned.end(), bind.pinned.begin(), bind.pinned.end());
  next_case_slot = bind.next_case_slot;
  return value;
}

}  // namespace phantom::planner
