// expr[...], (expr).field, (expr).*
#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;
using Step = ast::IndirectionStep;

Result<Expr*> Binder::Indirect(Scope& scope, const ast::Indirection& node) {
  const Expr* last_set = scope.last_set_function;
  ASSIGN_OR_RETURN(Expr * result, Transform(scope, node.arg));
  int32_t location = LocationOf(result);
  size_t begin = 0;
  for (size_t i = 0; i <= node.steps.size(); ++i) {
    bool subscript = i < node.steps.size() &&
                     (node.steps[i].kind == Step::Kind::kSubscript || node.steps[i].kind == Step::Kind::kSlice);
    if (subscript) continue;
    if (i > begin) {
      ASSIGN_OR_RETURN(result, Subscript(scope, result, node.steps.subspan(begin, i - begin), nullptr));
    }
    begin = i + 1;
    if (i == node.steps.size()) break;
    if (node.steps[i].kind == Step::Kind::kStar) {
      return Error(sqlstate::kFeatureNotSupported, "row expansion via \"*\" is not supported here").At(location);
    }
    // A field; or a function call in field notation.
    auto field = Field(scope, result, node.steps[i].field, location);
    if (!field.ok()) return field;
    if (field.value() != nullptr) {
      result = field.value();
      continue;
    }
    std::string_view name = node.steps[i].field;
    Oid type = result->type.oid;
    auto call = MakeCall(scope, ast::NameList(&name, 1), {result}, nullptr, location);
    if (!call.ok()) {
      const catalog::TypeRow* row = ctx_.TypeOf(coerce_.BaseType(type));
      if (row != nullptr && row->kind == catalog::TypeKind::kComposite) {
        return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" not found in data type %s", std::string(name).c_str(),
                      ctx_.TypeName(type).c_str())
            .At(location);
      }
      if (type == kRecordOid) {
        return Errorf(sqlstate::kUndefinedColumn, "could not identify column \"%s\" in record data type",
                      std::string(name).c_str())
            .At(location);
      }
      return Errorf(sqlstate::kWrongObjectType,
                    "column notation .%s applied to type %s, which is not a composite type", std::string(name).c_str(),
                    ctx_.TypeName(type).c_str())
          .At(location);
    }
    result = call.value();
  }
  (void)last_set;
  return result;
}

Result<Expr*> Binder::Field(Scope& scope, Expr* expr, std::string_view name, int32_t location) {
  // A row written out, or a relation's row, gives its column itself.
  if (auto* row = DynAs<RowExpr>(expr); row != nullptr && row->type.oid == kRecordOid) {
    for (size_t i = 0; i < row->names.size(); ++i) {
      if (row->names[i] == name) return row->fields[i];
    }
    return static_cast<Expr*>(nullptr);
  }
  if (auto* whole = DynAs<WholeRowRef>(expr)) {
    RangeEntry* entry = ctx_.entries[static_cast<size_t>(whole->rel)];
    for (size_t i = 0; i < entry->columns.size(); ++i) {
      if (!entry->columns[i].dropped && entry->columns[i].name == name) {
        return ColumnAt(*entry, static_cast<int>(i), location);
      }
    }
    return static_cast<Expr*>(nullptr);
  }
  const catalog::TypeRow* type = ctx_.TypeOf(coerce_.BaseType(expr->type.oid));
  if (type != nullptr && type->kind == catalog::TypeKind::kComposite) {
    ASSIGN_OR_RETURN(catalog::TableRef table, ctx_.catalog.TableByOid(type->relation));
    if (table == nullptr) return static_cast<Expr*>(nullptr);
    int column = table->FindColumn(name);
    if (column == 0) return static_cast<Expr*>(nullptr);
    ctx_.Pin(table);
    auto* field = ctx_.arena.New<FieldSelect>();
    field->arg = expr;
    field->field = column - 1;
    field->name = name;
    field->type = table->column(column).type;
    field->collation = table->column(column).collation;
    field->location = location;
    return field;
  }
  // A function whose OUT parameters make the record.
  if (const FunctionCall* call = RecordSource(expr)) {
    const std::vector<RangeColumn> columns = OutColumns(*call);
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].name != name) continue;
      auto* field = ctx_.arena.New<FieldSelect>();
      field->arg = expr;
      field->field = static_cast<int>(i);
      field->name = name;
      field->type = columns[i].type;
      field->collation = columns[i].collation;
      field->location = location;
      return field;
    }
  }
  return static_cast<Expr*>(nullptr);
}

const FunctionCall* Binder::RecordSource(const Expr* expr) const {
  while (expr->type.oid == kRecordOid) {
    if (auto* call = DynAs<FunctionCall>(expr)) return call;
    auto* column = DynAs<ColumnRef>(expr);
    if (column == nullptr || column->column < 0) break;
    const RangeEntry& entry = *ctx_.entries[static_cast<size_t>(column->rel)];
    const Query* query = entry.subquery != nullptr ? entry.subquery : entry.cte != nullptr ? entry.cte->query : nullptr;
    const auto index = static_cast<size_t>(column->column);
    if (entry.kind == RangeKind::kJoin && index < entry.join_columns.size()) {
      expr = entry.join_columns[index];
    } else if (query != nullptr && index < query->targets.size()) {
      expr = query->targets[index].expr;
    } else {
      break;
    }
  }
  return nullptr;
}

std::vector<RangeColumn> Binder::OutColumns(const FunctionCall& call) {
  std::vector<RangeColumn> columns;
  const catalog::FunctionRow& function = *call.function;
  for (size_t i = 0; i < function.modes.size(); ++i) {
    const catalog::ArgumentMode mode = function.modes[i];
    if (mode == catalog::ArgumentMode::kIn || mode == catalog::ArgumentMode::kVariadic) continue;
    Type type(function.all_arguments[i]);
    // Polymorphic columns follow the arguments.
    if (IsPolymorphic(type.oid)) {
      std::vector<Oid> actual;
      for (const Expr* arg : call.args) actual.push_back(arg->type.oid);
      std::vector<Oid> declared(function.arguments.begin(), function.arguments.end());
      auto resolved = coerce_.ResolvePolymorphic(actual, declared, type.oid);
      if (resolved.ok()) type = Type(resolved.value());
    }
    const catalog::TypeRow* row = ctx_.TypeOf(type.oid);
    columns.push_back({std::string(function.names[i]), type, row == nullptr ? 0 : row->collation, false});
  }
  return columns;
}

Result<Expr*> Binder::Subscript(Scope& scope, Expr* container, std::span<const Step> steps, Expr* assigned) {
  int32_t container_typmod = container->type.typmod;
  Oid type = coerce_.BaseType(container->type.oid, &container_typmod);
  if (type == kInt2vectorOid) type = kInt2ArrayOid;
  if (type == kOidvectorOid) type = kOidArrayOid;
  if (type == kNameOid && steps.size() == 1 && steps[0].kind != Step::Kind::kSlice && assigned == nullptr && !ctx_.for_text) {
    // A name is characters counted from 0.
    static constexpr std::string_view kSubstr[] = {"pg_catalog", "substr"};
    ASSIGN_OR_RETURN(Expr * index, Transform(scope, steps[0].upper));
    ASSIGN_OR_RETURN(index, coerce_.ToSpecific(index, kInt4Oid, "SUBSCRIPT"));
    ASSIGN_OR_RETURN(Expr * position, MakeOperator("+", index, ctx_.MakeInt4(1), -1));
    ASSIGN_OR_RETURN(Expr * text, coerce_.ToType(container, kTextOid, -1, CoercionContext::kImplicit,
                                                 CallForm::kImplicitCast, -1));
    ASSIGN_OR_RETURN(Expr * letter, MakeCall(scope, kSubstr, {text, position, ctx_.MakeInt4(1)}, nullptr, -1));
    return coerce_.ToType(letter, kCharOid, -1, CoercionContext::kExplicit, CallForm::kExplicitCast, -1);
  }
  const catalog::TypeRow* row = ctx_.TypeOf(type);
  bool jsonb = type == kJsonbOid;
  if (!jsonb && (row == nullptr || row->element == 0 || row->subscript == 0)) {
    return Errorf(sqlstate::kDatatypeMismatch, "cannot subscript type %s because it does not support subscripting",
                  ctx_.TypeName(container->type.oid).c_str())
        .At(LocationOf(container));
  }
  auto* node = ctx_.arena.New<SubscriptExpr>();
  node->location = LocationOf(container);
  node->jsonb = jsonb;
  node->container = container;
  node->element = Type(jsonb ? kJsonbOid : row->element, container_typmod);
  for (const Step& step : steps) node->slice = node->slice || step.kind == Step::Kind::kSlice;
  if (jsonb && node->slice) {
    const ast::Node* written = steps[0].upper != nullptr ? steps[0].upper : steps[0].lower;
    int32_t location = -1;
    if (written != nullptr) {
      Result<Expr*> shown = Transform(scope, written);
      location = shown.ok() ? LocationOf(shown.value()) : written->location;
    }
    return Error(sqlstate::kDatatypeMismatch, "jsonb subscript does not support slices").At(location);
  }
  constexpr size_t kDimensionsMax = 6;
  if (!jsonb && steps.size() > kDimensionsMax) {
    return Errorf(sqlstate::kProgramLimitExceeded, "number of array dimensions (%zu) exceeds the maximum allowed (%zu)",
                  steps.size(), kDimensionsMax);
  }
  auto bound = [&](const ast::Node* written) -> Result<Expr*> {
    if (written == nullptr) return static_cast<Expr*>(nullptr);
    ASSIGN_OR_RETURN(Expr * expr, Transform(scope, written));
    int32_t location = LocationOf(expr);
    if (jsonb) {
      Oid source = expr->type.oid;
      Oid target = source == kUnknownOid ? kTextOid : 0;
      if (target == 0) {
        bool to_int = coerce_.CanCoerce(source, kInt4Oid, CoercionContext::kImplicit);
        bool to_text = coerce_.CanCoerce(source, kTextOid, CoercionContext::kImplicit);
        if (source == kInt4Oid || source == kTextOid) {
          target = source;
        } else if (to_int != to_text) {
          target = to_int ? kInt4Oid : kTextOid;
        } else {
          return Errorf(sqlstate::kDatatypeMismatch, "subscript type %s is not supported", ctx_.TypeName(source).c_str())
              .Hint(to_int ? "jsonb subscript must be coercible to only one type, integer or text."
                           : "jsonb subscript must be coercible to either integer or text.")
              .At(location);
        }
      }
      return coerce_.ToType(expr, target, -1, CoercionContext::kImplicit, CallForm::kImplicitCast, -1);
    }
    ASSIGN_OR_RETURN(Expr * converted, coerce_.ToTarget(expr, kInt4Oid, CoercionContext::kAssignment, CallForm::kImplicitCast, -1));
    if (converted == nullptr) {
      return Error(sqlstate::kDatatypeMismatch, "array subscript must have type integer").At(location);
    }
    return converted;
  };
  for (const Step& step : steps) {
    SubscriptExpr::Index index;
    if (node->slice) {
      if (step.kind == Step::Kind::kSlice) {
        ASSIGN_OR_RETURN(index.lower, bound(step.lower));
      } else {
        // In a slice a plain [n] means [1:n].
        index.lower = ctx_.MakeInt4(1);
      }
    }
    ASSIGN_OR_RETURN(index.upper, bound(step.upper));
    node->indexes.push_back(index);
  }
  node->assigned = assigned;
  if (assigned != nullptr || node->slice) {
    node->type = Type(type == coerce_.BaseType(container->type.oid) ? type : container->type.oid, container_typmod);
    if (assigned != nullptr) node->type = container->type;
  } else {
    node->type = node->element;
  }
  if (const catalog::TypeRow* result = ctx_.TypeOf(node->type.oid)) node->collation = result->collation;
  return node;
}

}  // namespace phantom::planner
