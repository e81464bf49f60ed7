// Storing values into columns: defaults, conversions for assignment, SET col[i] / col.f.
#include "catalog/stored_sql.h"
#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;
using Step = ast::IndirectionStep;

Result<Expr*> Binder::StoredExpression(std::string_view sql, const catalog::Table& table, RelId rel) {
  ASSIGN_OR_RETURN(std::string text,
                   catalog::ExpandSql(sql, &table, [&](Oid oid) { return ctx_.catalog.TableByOid(oid); }));
  ASSIGN_OR_RETURN(const ast::Node* node, ParseExpressionText(text, ctx_.pinned));
  Scope scope;
  RangeEntry* entry = ctx_.arena.New<RangeEntry>();
  entry->name = table.name;
  entry->rel = rel;
  for (const catalog::Column& column : table.columns) {
    entry->columns.push_back({column.name, column.type, column.collation, column.dropped});
  }
  // Bound under the relation id the caller gave, whatever entry that has.
  RangeEntry* saved_entry = rel > 0 ? ctx_.entries[static_cast<size_t>(rel)] : nullptr;
  if (rel > 0) ctx_.entries[static_cast<size_t>(rel)] = entry;
  scope.items.push_back({.entry = entry});
  auto bound = Expression(scope, node, ExprUse::kOther);
  if (rel > 0) ctx_.entries[static_cast<size_t>(rel)] = saved_entry;
  if (!bound.ok()) {
    Status status = std::move(bound).status();
    status.mutable_error().location = -1;
    return status;
  }
  RETURN_IF_ERROR(BindDomainChecks(bound.value()));
  return bound;
}

Result<Expr*> Binder::ColumnDefault(const catalog::Table& table, int index) {
  const catalog::Column& column = table.columns[static_cast<size_t>(index)];
  Expr* value = nullptr;
  if (column.identity != 0) {
    ASSIGN_OR_RETURN(Oid sequence, ctx_.catalog.OwnedSequence(table.oid, index + 1));
    auto* regclass = ctx_.MakeConst(Value::FromSlot(kRegclassOid, &sequence), kRegclassOid);
    static constexpr std::string_view kName[] = {"pg_catalog", "nextval"};
    Scope scope;
    ASSIGN_OR_RETURN(value, MakeCall(scope, kName, {regclass}, nullptr, -1));
  } else if (column.has_default() && column.generated == 0) {
    ASSIGN_OR_RETURN(value, StoredExpression(column.default_sql, table, 0));
  } else {
    // A domain may bring its own.
    const catalog::TypeRow* row = ctx_.TypeOf(column.type.oid);
    if (row != nullptr && row->kind == catalog::TypeKind::kDomain && !row->default_text.empty()) {
      ASSIGN_OR_RETURN(const ast::Node* node, ParseExpressionText(row->default_text, ctx_.pinned));
      Scope scope;
      ASSIGN_OR_RETURN(value, Expression(scope, node, ExprUse::kColumnDefault));
    }
  }
  if (value == nullptr) {
    const catalog::TypeRow* row = ctx_.TypeOf(column.type.oid);
    if (row != nullptr && row->kind == catalog::TypeKind::kDomain) {
      value = ctx_.MakeNull(kUnknownOid);
    } else {
      return ctx_.MakeNull(column.type);
    }
  }
  ASSIGN_OR_RETURN(value, CoerceToColumn(value, column.name, column.type, ExprUse::kColumnDefault, -1));
  RETURN_IF_ERROR(BindDomainChecks(value));
  return value;
}

Result<Expr*> Binder::CoerceToColumn(Expr* expr, std::string_view column, Type target, ExprUse use, int32_t location) {
  Oid source = expr->type.oid;
  ASSIGN_OR_RETURN(Expr * result, coerce_.ToTarget(expr, target, CoercionContext::kAssignment, CallForm::kImplicitCast, -1));
  if (result != nullptr) return result;
  std::string message;
  if (use == ExprUse::kColumnDefault) {
    message = Format("column \"%s\" is of type %s but default expression is of type %s", std::string(column).c_str(),
                     ctx_.TypeName(target.oid).c_str(), ctx_.TypeName(source).c_str());
  } else if (use == ExprUse::kGenerated) {
    message = Format("column \"%s\" is of type %s but default expression is of type %s", std::string(column).c_str(),
                     ctx_.TypeName(target.oid).c_str(), ctx_.TypeName(source).c_str());
  } else {
    message = Format("column \"%s\" is of type %s but expression is of type %s", std::string(column).c_str(),
                     ctx_.TypeName(target.oid).c_str(), ctx_.TypeName(source).c_str());
  }
  int32_t at = LocationOf(expr);
  return Error(sqlstate::kDatatypeMismatch, message)
      .Hint("You will need to rewrite or cast the expression.")
      .At(at >= 0 ? at : location);
}

// container with the place `steps` name replaced by value. `current` may be null: INSERT into a part of a column.
Result<Expr*> Binder::AssignIndirection(Scope& scope, Expr* current, std::string_view name, Type type,
                                        std::span<const Step> steps, Expr* value, int32_t location, ExprUse use) {
  if (steps.empty()) return CoerceToColumn(value, name, type, use, location);
  int32_t typmod = type.typmod;
  Oid base = coerce_.BaseType(type.oid, &typmod);
  if (current == nullptr) current = ctx_.MakeNull(Type(base, typmod));
  if (steps[0].kind == Step::Kind::kField) {
    const catalog::TypeRow* row = ctx_.TypeOf(base);
    if (row == nullptr || row->kind != catalog::TypeKind::kComposite) {
      return Errorf(sqlstate::kDatatypeMismatch,
                    "cannot assign to field \"%s\" of column \"%s\" because its type %s is not a composite type",
                    std::string(steps[0].field).c_str(), std::string(name).c_str(), ctx_.TypeName(type.oid).c_str())
          .At(location);
    }
    ASSIGN_OR_RETURN(catalog::TableRef table, ctx_.catalog.TableByOid(row->relation));
    ctx_.Pin(table);
    int column = table->FindColumn(steps[0].field);
    if (column == 0) {
      return Errorf(sqlstate::kUndefinedColumn,
                    "cannot assign to field \"%s\" of column \"%s\" because there is no such column in data type %s",
                    std::string(steps[0].field).c_str(), std::string(name).c_str(), ctx_.TypeName(type.oid).c_str())
          .At(location);
    }
    const catalog::Column& field = table->column(column);
    auto* select = ctx_.arena.New<FieldSelect>();
    select->arg = Copy(ctx_.arena, current);
    select->field = column - 1;
    select->name = field.name;
    select->type = field.type;
    ASSIGN_OR_RETURN(value, AssignIndirection(scope, select, steps[0].field, field.type, steps.subspan(1), value, location, use));
    auto* store = ctx_.arena.New<FieldStore>();
    store->arg = current;
    store->fields = {column - 1};
    store->values = {value};
    store->type = Type(base, typmod);
    return store;
  }
  if (steps[0].kind == Step::Kind::kStar) {
    return Error(sqlstate::kFeatureNotSupported, "row expansion via \"*\" is not supported here").At(location);
  }
  size_t count = 0;
  while (count < steps.size() && (steps[count].kind == Step::Kind::kSubscript || steps[count].kind == Step::Kind::kSlice)) ++count;
  ASSIGN_OR_RETURN(Expr * place, Subscript(scope, Copy(ctx_.arena, current), steps.first(count), nullptr));
  auto* subscript = As<SubscriptExpr>(place);
  Type element = subscript->jsonb ? Type(kJsonbOid) : subscript->slice ? Type(base, typmod) : subscript->element;
  ASSIGN_OR_RETURN(subscript->assigned,
                   AssignIndirection(scope, count < steps.size() ? place : nullptr, name, element, steps.subspan(count), value, location, use));
  if (count < steps.size()) {
    auto* outer = ctx_.arena.New<SubscriptExpr>(*subscript);
    subscript->assigned = nullptr;
    subscript = outer;
  }
  subscript->container = current;
  subscript->type = Type(base, typmod);
  return subscript;
}

Result<Expr*> Binder::AssignValue(Scope& scope, RangeEntry& target, Expr* value, std::string_view name, int column,
                                  std::span<const Step> steps, Expr* current, int32_t location, ExprUse use) {
  const RangeColumn& info = target.columns[static_cast<size_t>(column)];
  if (steps.empty()) return CoerceToColumn(value, name, info.type, use, location);
  ASSIGN_OR_RETURN(Expr * result, AssignIndirection(scope, current, name, info.type, steps, value, location, use));
  return CoerceToColumn(result, name, info.type, use, location);
}

}  // namespace phantom::planner
