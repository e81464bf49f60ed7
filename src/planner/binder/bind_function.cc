// Calls: plain functions, aggregates, window functions, casts and field selection in call notation.
#include <algorithm>

#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;
using catalog::FunctionKind;
using parser::DynCast;

namespace {

constexpr size_t kArgumentsMax = 100;

const char* SetFunctionForbidden(ExprUse use) {
  switch (use) {
    case ExprUse::kJoinOn:
    case ExprUse::kJoinUsing:
      return "set-returning functions are not allowed in JOIN conditions";
    case ExprUse::kWhere:
    case ExprUse::kHaving:
    case ExprUse::kFilter:
    case ExprUse::kLimit:
    case ExprUse::kOffset:
    case ExprUse::kReturning:
    case ExprUse::kValues:
    case ExprUse::kMergeWhen:
    case ExprUse::kUpdateSource:
    case ExprUse::kUpdateTarget:
      return "";
    case ExprUse::kWindowPartition:
    case ExprUse::kWindowOrder:
    case ExprUse::kWindowFrameRange:
    case ExprUse::kWindowFrameRows:
    case ExprUse::kWindowFrameGroups:
      return use == ExprUse::kWindowPartition || use == ExprUse::kWindowOrder
                 ? nullptr
                 : "set-returning functions are not allowed in window definitions";
    case ExprUse::kCheck:
    case ExprUse::kDomainCheck:
      return "set-returning functions are not allowed in check constraints";
    case ExprUse::kColumnDefault:
    case ExprUse::kFunctionDefault:
      return "set-returning functions are not allowed in DEFAULT expressions";
    case ExprUse::kIndexExpression:
      return "set-returning functions are not allowed in index expressions";
    case ExprUse::kIndexPredicate:
      return "set-returning functions are not allowed in index predicates";
    case ExprUse::kAlterTransform:
      return "set-returning functions are not allowed in transform expressions";
    case ExprUse::kExecuteParameter:
      return "set-returning functions are not allowed in EXECUTE parameters";
    case ExprUse::kGenerated:
      return "set-returning functions are not allowed in column generation expressions";
    case ExprUse::kCallArgument:
      return "set-returning functions are not allowed in CALL arguments";
    default:
      return nullptr;
  }
}

}  // namespace

Status Binder::CheckSetFunction(Scope& scope, Expr* call, const Expr* last_set_function, int32_t location) {
  if (const char* message = SetFunctionForbidden(scope.use)) {
    std::string text = *message != '\0' ? message
                                        : std::string("set-returning functions are not allowed in ") + ExprUseName(scope.use);
    return Error(sqlstate::kFeatureNotSupported, text).At(location);
  }
  if (scope.use == ExprUse::kFromFunction && scope.last_set_function != last_set_function) {
    return Error(sqlstate::kFeatureNotSupported, "set-returning functions must appear at top level of FROM")
        .At(LocationOf(scope.last_set_function));
  }
  scope.last_set_function = call;
  scope.has_set_functions = true;
  return Status::Ok();
}

Result<Expr*> Binder::Call(Scope& scope, const ast::FuncCall& node) {
  const Expr* last_set = scope.last_set_function;
  std::vector<Expr*> args;
  for (const ast::Node* item : node.args) {
    auto* named = DynCast<ast::NamedArgExpr>(item);
    ASSIGN_OR_RETURN(Expr * arg, Transform(scope, named != nullptr ? named->arg : item));
    args.push_back(arg);
  }
  // WITHIN GROUP's keys are the last arguments as far as resolution goes.
  if (node.within_group) {
    for (const ast::SortBy* key : node.order_by) {
      ASSIGN_OR_RETURN(Expr * arg, Transform(scope, key->node));
      args.push_back(arg);
    }
  }
  ASSIGN_OR_RETURN(Expr * result, MakeCall(scope, node.name, std::move(args), &node, node.location));
  if (auto* call = DynAs<FunctionCall>(result); call != nullptr && call->returns_set) {
    RETURN_IF_ERROR(CheckSetFunction(scope, result, last_set, node.location));
  }
  return result;
}

Status Binder::AddDefaults(const catalog::FunctionRow& function, const Candidate& candidate, std::vector<Expr*>& args) {
  if (candidate.defaults == 0) return Status::Ok();
  size_t given = args.size();
  size_t first_default = function.arguments.size() - static_cast<size_t>(function.default_count);
  for (int i = 0; i < candidate.defaults; ++i) {
    size_t position = candidate.positions.empty() ? given + static_cast<size_t>(i)
                                                  : static_cast<size_t>(candidate.positions[given + static_cast<size_t>(i)]);
    ASSIGN_OR_RETURN(const ast::Node* parsed, ParseExpressionText(function.defaults[position - first_default], ctx_.pinned));
    Scope empty;
    ASSIGN_OR_RETURN(Expr * value, Expression(empty, parsed, ExprUse::kFunctionDefault));
    args.push_back(value);
  }
  return Status::Ok();
}

Result<Expr*> Binder::MakeCall(Scope& scope, ast::NameList name, std::vector<Expr*> args, const ast::FuncCall* node,
                               int32_t location) {
  if (args.size() > kArgumentsMax) {
    return Errorf(sqlstate::kTooManyArguments, "cannot pass more than %zu arguments to a function", kArgumentsMax).At(location);
  }
  std::vector<std::string_view> arg_names;
  bool has_decoration = false;
  if (node != nullptr) {
    for (const ast::Node* item : node->args) {
      auto* named = DynCast<ast::NamedArgExpr>(item);
      if (named != nullptr) {
        if (std::find(arg_names.begin(), arg_names.end(), named->name) != arg_names.end()) {
          return Errorf(sqlstate::kSyntaxError, "argument name \"%s\" used more than once",
                        std::string(named->name).c_str())
              .At(named->location);
        }
        arg_names.push_back(named->name);
      } else if (!arg_names.empty()) {
        return Error(sqlstate::kSyntaxError, "positional argument cannot follow named argument").At(item->location);
      }
    }
    has_decoration = node->star || node->distinct || !node->order_by.empty() || node->filter != nullptr ||
                     node->over != nullptr || node->within_group;
  }
  bool variadic = node != nullptr && node->variadic;
  std::vector<Oid> types;
  for (Expr* arg : args) types.push_back(arg->type.oid);

  // f(row) may be a column of the row.
  if (args.size() == 1 && !has_decoration && !variadic && arg_names.empty() && name.size() == 1) {
    const catalog::TypeRow* row = ctx_.TypeOf(coerce_.BaseType(types[0]));
    if (types[0] == kRecordOid || (row != nullptr && row->kind == catalog::TypeKind::kComposite)) {
      if (node != nullptr || true) {
        ASSIGN_OR_RETURN(Expr * field, Field(scope, args[0], name[0], location));
        if (field != nullptr) return field;
      }
    }
  }
  ASSIGN_OR_RETURN(FunctionChoice choice,
                   resolver_.Function(name, types, arg_names, !variadic, !has_decoration && !variadic,
                                      args.size() == 1 ? args[0] : nullptr));
  if (choice.match == FunctionMatch::kCoercion) {
    return coerce_.ToType(args[0], choice.coercion_target, -1, CoercionContext::kExplicit, CallForm::kExplicitCast, location);
  }
  if (choice.match == FunctionMatch::kMany) {
    return Errorf(sqlstate::kAmbiguousFunction, "function %s is not unique",
                  resolver_.Signature(name, types, arg_names).c_str())
        .Hint("Could not choose a best candidate function. You might need to add explicit type casts.")
        .At(location);
  }
  if (choice.match == FunctionMatch::kNone) {
    std::string signature = resolver_.Signature(name, types, arg_names);
    if (node != nullptr && !node->order_by.empty() && !node->within_group) {
      return Errorf(sqlstate::kUndefinedFunction, "function %s does not exist", signature.c_str())
          .Hint("No aggregate function matches the given name and argument types. Perhaps you misplaced ORDER BY; ORDER "
                "BY must appear after all regular arguments of the aggregate.")
          .At(location);
    }
    return Errorf(sqlstate::kUndefinedFunction, "function %s does not exist", signature.c_str())
        .Hint("No function matches the given name and argument types. You might need to add explicit type casts.")
        .At(location);
  }
  Candidate& candidate = choice.candidate;
  const catalog::FunctionRow* function = candidate.function;
  std::string shown = NameToString(name);
  auto wrong = [&](const std::string& text) { return Error(sqlstate::kWrongObjectType, text).At(location); };
  FunctionKind kind = function->kind;
  if (kind == FunctionKind::kProcedure && scope.use != ExprUse::kCallArgument) {
    return wrong(resolver_.Signature(name, types, arg_names) + " is a procedure").Hint("To call a procedure, use CALL.");
  }
  const ast::WindowDef* over = node == nullptr ? nullptr : node->over;
  if (kind == FunctionKind::kFunction || kind == FunctionKind::kProcedure) {
    if (node != nullptr && node->star) {
      return wrong(Format("%s(*) specified, but %s is not an aggregate function", shown.c_str(), shown.c_str()));
    }
    if (node != nullptr && node->distinct) {
      return wrong(Format("DISTINCT specified, but %s is not an aggregate function", shown.c_str()));
    }
    if (node != nullptr && node->within_group) {
      return wrong(Format("WITHIN GROUP specified, but %s is not an aggregate function", shown.c_str()));
    }
    if (node != nullptr && !node->order_by.empty()) {
      return wrong(Format("ORDER BY specified, but %s is not an aggregate function", shown.c_str()));
    }
    if (node != nullptr && node->filter != nullptr) {
      return wrong(Format("FILTER specified, but %s is not an aggregate function", shown.c_str()));
    }
    if (over != nullptr) {
      return wrong(Format("OVER specified, but %s is not a window function nor an aggregate function", shown.c_str()));
    }
  }
  if (kind == FunctionKind::kWindow) {
    if (over == nullptr) {
      return Errorf(sqlstate::kWrongObjectType, "window function %s requires an OVER clause", shown.c_str()).At(location);
    }
    if (node->within_group) {
      return wrong(Format("window function %s cannot have WITHIN GROUP", shown.c_str()));
    }
  }
  const catalog::AggregateRow* aggregate = kind == FunctionKind::kAggregate ? ctx_.builtins.Aggregate(function->oid) : nullptr;
  if (aggregate != nullptr) {
    if (aggregate->kind != 'n') {
      if (!node->within_group) {
        return wrong(Format("WITHIN GROUP is required for ordered-set aggregate %s", shown.c_str()));
      }
      if (over != nullptr) {
        return Errorf(sqlstate::kFeatureNotSupported, "OVER is not supported for ordered-set aggregate %s", shown.c_str()).At(location);
      }
      if (node->distinct) {
        return Error(sqlstate::kFeatureNotSupported, "cannot use DISTINCT with WITHIN GROUP").At(location);
      }
    } else if (node != nullptr && node->within_group) {
      return wrong(Format("%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", shown.c_str()));
    }
  }
  RETURN_IF_ERROR(AddDefaults(*function, candidate, args));
  types.clear();
  for (Expr* arg : args) types.push_back(arg->type.oid);
  std::vector<Oid> declared = candidate.args;
  if (declared.size() > args.size()) declared.resize(args.size());
  auto resolved = coerce_.ResolvePolymorphic(types, declared, function->return_type);
  if (!resolved.ok()) return std::move(resolved).status().At(location);
  Oid result_oid = *resolved;
  // Hypothetical-set aggregates compare the direct arguments with the sorted ones: the same types.
  if (aggregate != nullptr && aggregate->kind == 'h') {
    size_t sorted = node->order_by.size();
    size_t direct = args.size() - sorted;
    if (direct != sorted) {
      return Errorf(sqlstate::kUndefinedFunction, "function %s does not exist",
                    resolver_.Signature(name, types, arg_names).c_str())
          .Hint(Format("To use the hypothetical-set aggregate %s, the number of hypothetical direct arguments (here %zu) "
                       "must match the number of ordering columns (here %zu).",
                       shown.c_str(), direct, sorted))
          .At(location);
    }
    for (size_t i = 0; i < sorted; ++i) {
      Expr* pair[] = {args[direct + i], args[i]};
      ASSIGN_OR_RETURN(Oid common, coerce_.CommonType(pair, "WITHIN GROUP"));
      ASSIGN_OR_RETURN(args[i], coerce_.ToCommon(args[i], common, "WITHIN GROUP"));
      ASSIGN_OR_RETURN(args[direct + i], coerce_.ToCommon(args[direct + i], common, "WITHIN GROUP"));
    }
  } else {
    for (size_t i = 0; i < args.size(); ++i) {
      if (candidate.variadic_count > 0 && function->variadic == kAnyOid && declared[i] == kAnyOid) {
        continue;
      }
      ASSIGN_OR_RETURN(args[i], coerce_.ToType(args[i], declared[i], -1, CoercionContext::kImplicit,
                                               CallForm::kImplicitCast, -1));
    }
  }
  // Named notation: back to the parameters' order.
  if (!candidate.positions.empty()) {
    std::vector<Expr*> ordered(args.size());
    for (size_t i = 0; i < args.size(); ++i) ordered[static_cast<size_t>(candidate.positions[i])] = args[i];
    args = std::move(ordered);
  }
  // Variadic arguments become one array, except for "any".
  if (candidate.variadic_count > 0 && function->variadic != kAnyOid) {
    auto* array = ctx_.arena.New<ArrayExpr>();
    size_t begin = args.size() - static_cast<size_t>(candidate.variadic_count);
    array->elements.assign(args.begin() + static_cast<ptrdiff_t>(begin), args.end());
    for (Expr* element : array->elements) {
      if (element->type.oid == kUnknownOid && element->kind != ExprKind::kParam) {
        ASSIGN_OR_RETURN(element, coerce_.ToType(element, kTextOid, -1, CoercionContext::kImplicit, CallForm::kImplicitCast, -1));
      }
    }
    Oid element_type = array->elements[0]->type.oid;
    array->element = Type(element_type);
    array->type = Type(coerce_.ArrayOf(element_type));
    array->location = LocationOf(array->elements[0]);
    args.resize(begin);
    args.push_back(array);
    variadic = variadic || ctx_.for_text;  // printed so
  }
  if (variadic && function->variadic == kAnyOid && !args.empty()) {
    Oid last = args.back()->type.oid;
    if (coerce_.ElementOf(last) == 0) {
      return Error(sqlstate::kDatatypeMismatch, "VARIADIC argument must be an array").At(LocationOf(args.back()));
    }
  }
  Oid collation = 0;
  for (Expr* arg : args) {
    if (collation == 0) collation = arg->collation;
  }
  const catalog::TypeRow* result_row = ctx_.TypeOf(result_oid);
  Oid result_collation = result_row != nullptr && result_row->collation != 0 ? (collation != 0 ? collation : result_row->collation) : 0;
  Type result_type(result_oid);
  if (kind == FunctionKind::kFunction || kind == FunctionKind::kProcedure) {
    auto* call = ctx_.arena.New<FunctionCall>();
    call->function = function;
    call->args = std::move(args);
    call->variadic = variadic;
    call->form = node != nullptr && node->form == ast::CoercionForm::kSqlSyntax ? CallForm::kSqlSyntax : CallForm::kCall;
    call->type = result_type;
    call->collation = result_collation;
    call->returns_set = function->returns_set;
    call->location = location;
    if (!arg_names.empty() || candidate.defaults > 0) {
      call->written.assign(call->args.size(), std::string());
      size_t given = node == nullptr ? 0 : node->args.size();
      size_t positional = given - std::min(given, arg_names.size());
      for (size_t i = 0; i < call->args.size(); ++i) {
        size_t parameter = candidate.positions.empty() ? i : static_cast<size_t>(candidate.positions[i]);
        if (parameter >= call->written.size()) continue;
        if (i >= given) {
          call->written[parameter] = kArgumentDefault;
        } else if (i >= positional) {
          call->written[parameter] = arg_names[i - positional];
        }
      }
    }
    if (function->language == catalog::oid::kLanguageSql && !ctx_.for_text) return InlineSqlFunction(scope, call);
    return call;
  }
  Expr* result;
  if (kind == FunctionKind::kAggregate && over == nullptr) {
    if (node != nullptr && args.empty() && !node->star && !node->within_group) {
      return wrong(Format("%s(*) must be used to call a parameterless aggregate function", shown.c_str()));
    }
    ast::FuncCall bare;
    bare.location = location;
    ASSIGN_OR_RETURN(result, MakeAggregate(scope, candidate, std::move(args), declared, result_type, node != nullptr ? *node : bare));
  } else {
    if (kind == FunctionKind::kAggregate && args.empty() && !node->star) {
      return wrong(Format("%s(*) must be used to call a parameterless aggregate function", shown.c_str()));
    }
    ASSIGN_OR_RETURN(result, MakeWindowCall(scope, function, std::move(args), result_type, *node));
  }
  result->collation = result_collation;
  return result;
}

// Functions whose body is one SQL expression are replaced by it; arguments used more than once stay what they were.
Result<Expr*> Binder::InlineSqlFunction(Scope& scope, FunctionCall* call) {
  (void)scope;
  std::string_view body = call->function->sql_body.empty() ? call->function->source : call->function->sql_body;
  if (call->returns_set) return call;
  if (body.starts_with("RETURN ")) {
    // A new-style body is the expression after RETURN.
    body.remove_prefix(7);
  }
  auto parsed = body.starts_with("select ") || body.starts_with("SELECT ") || body.starts_with("select\n")
                    ? ParseQueryText(body, ctx_.pinned)
                    : ParseExpressionText(body, ctx_.pinned);
  if (!parsed.ok()) return call;
  const ast::Node* expression = parsed.value();
  if (auto* select = DynCast<ast::SelectStmt>(expression)) {
    bool simple = select->targets.size() == 1 && select->from.empty() && select->where == nullptr && select->group_by.empty() &&
                  select->having == nullptr && select->values.empty() && select->order_by.empty() && select->limit == nullptr &&
                  select->op == ast::SetOperation::kNone && select->with == nullptr && !select->distinct;
    if (!simple) return call;
    expression = select->targets[0]->value;
  }
  // The body's $n and argument names are bound as parameters of their own and then replaced.
  std::vector<Type> saved_types;
  for (Expr* arg : call->args) saved_types.push_back(arg->type);
  std::swap(saved_types, ctx_.param_types);
  bool saved_variable = ctx_.params_variable;
  ctx_.params_variable = false;
  for (size_t i = 0; i < call->args.size(); ++i) {
    // Declared types, unless polymorphic.
    Oid declared = call->function->arguments[i];
    ctx_.param_types[i] = IsPolymorphic(declared) || declared == kAnyOid ? call->args[i]->type : Type(declared);
  }
  Scope body_scope;
  auto bound = Expression(body_scope, expression, ExprUse::kSelectTarget);
  Result<Expr*> converted = static_cast<Expr*>(nullptr);
  if (bound.ok()) {
    converted = coerce_.ToTarget(bound.value(), call->type, CoercionContext::kAssignment, CallForm::kImplicitCast, -1);
  }
  ctx_.params_variable = saved_variable;
  std::swap(saved_types, ctx_.param_types);
  if (!bound.ok() || !converted.ok() || converted.value() == nullptr || body_scope.has_subqueries) return call;
  Expr* result = converted.value();
  std::vector<int> uses(call->args.size(), 0);
  Walk(result, [&](const Expr* node) {
    if (auto* param = DynAs<ParamExpr>(node)) ++uses[static_cast<size_t>(param->number) - 1];
    return true;
  });
  for (size_t i = 0; i < uses.size(); ++i) {
    // Evaluating a volatile or subquery argument twice (or never) would show.
    if (uses[i] != 1 && (IsVolatile(call->args[i]) || ContainsSubquery(call->args[i]))) return call;
    if (uses[i] != 1 && ContainsAggregate(call->args[i])) return call;
  }
  if (call->function->strict) {
    // A strict function gives NULL for NULL; so must the body, or it is guarded.
    auto* guard = ctx_.arena.New<CaseExpr>();
    std::vector<Expr*> tests;
    for (Expr* arg : call->args) {
      if (arg->kind == ExprKind::kConst && !IsConstNull(arg)) continue;
      auto* test = ctx_.arena.New<NullTest>();
      test->arg = Copy(ctx_.arena, arg);
      test->type = kBoolOid;
      tests.push_back(test);
    }
    bool body_strict = true;
    Walk(result, [&](const Expr* node) {
      auto* inner = DynAs<FunctionCall>(node);
      if (inner != nullptr && !inner->function->strict) body_strict = false;
      if (inner == nullptr && node->kind != ExprKind::kParam && node->kind != ExprKind::kConst && node->kind != ExprKind::kCast) {
        body_strict = false;
      }
      return true;
    });
    for (int count : uses) body_strict = body_strict && count > 0;
    if (!body_strict && !tests.empty()) {
      for (Expr* arg : call->args) {
        if (IsVolatile(arg) || ContainsSubquery(arg) || ContainsAggregate(arg)) return call;
      }
      guard->type = call->type;
      guard->collation = call->collation;
      Expr* any_null = tests.size() == 1 ? tests[0] : MakeBool(BoolOp::kOr, tests, -1);
      guard->whens.push_back({any_null, ctx_.MakeNull(call->type)});
      guard->otherwise = result;
      result = guard;
    }
  }
  std::vector<bool> taken(call->args.size(), false);
  return Copy(ctx_.arena, result, [&](const Expr* node) -> Expr* {
    auto* param = DynAs<ParamExpr>(node);
    if (param == nullptr) return nullptr;
    auto index = static_cast<size_t>(param->number) - 1;
    if (!taken[index]) {
      taken[index] = true;
      return call->args[index];
    }
    return Copy(ctx_.arena, call->args[index]);
  });
}

}  // namespace phantom::planner
