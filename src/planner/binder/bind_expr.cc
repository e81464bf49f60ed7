#include "planner/binder/binder.h"
#include "planner/expr_util.h"
#include "types/text_format.h"

namespace phantom::planner {

using namespace types;
using parser::DynCast;

namespace {
// Deeper expressions would overflow the stack.
constexpr int kExpressionDepthMax = 1500;

class DepthGuard {
 public:
  explicit DepthGuard(int& depth) : depth_(depth) { ++depth_; }
  ~DepthGuard() { --depth_; }

 private:
  int& depth_;
};
}  // namespace

const char* ExprUseName(ExprUse use) {
  switch (use) {
    case ExprUse::kNone:
      return "invalid expression context";
    case ExprUse::kOther:
      return "extension expression";
    case ExprUse::kJoinOn:
      return "JOIN/ON";
    case ExprUse::kJoinUsing:
      return "JOIN/USING";
    case ExprUse::kFromSubselect:
      return "sub-SELECT in FROM";
    case ExprUse::kFromFunction:
      return "function in FROM";
    case ExprUse::kWhere:
      return "WHERE";
    case ExprUse::kHaving:
      return "HAVING";
    case ExprUse::kFilter:
      return "FILTER";
    case ExprUse::kWindowPartition:
      return "window PARTITION BY";
    case ExprUse::kWindowOrder:
      return "window ORDER BY";
    case ExprUse::kWindowFrameRange:
      return "window RANGE";
    case ExprUse::kWindowFrameRows:
      return "window ROWS";
    case ExprUse::kWindowFrameGroups:
      return "window GROUPS";
    case ExprUse::kSelectTarget:
      return "SELECT";
    case ExprUse::kInsertTarget:
      return "INSERT";
    case ExprUse::kUpdateSource:
    case ExprUse::kUpdateTarget:
      return "UPDATE";
    case ExprUse::kMergeWhen:
      return "MERGE WHEN";
    case ExprUse::kGroupBy:
      return "GROUP BY";
    case ExprUse::kOrderBy:
      return "ORDER BY";
    case ExprUse::kDistinctOn:
      return "DISTINCT ON";
    case ExprUse::kLimit:
      return "LIMIT";
    case ExprUse::kOffset:
      return "OFFSET";
    case ExprUse::kReturning:
      return "RETURNING";
    case ExprUse::kValues:
    case ExprUse::kValuesSingle:
      return "VALUES";
    case ExprUse::kCheck:
    case ExprUse::kDomainCheck:
      return "CHECK";
    case ExprUse::kColumnDefault:
    case ExprUse::kFunctionDefault:
      return "DEFAULT";
    case ExprUse::kIndexExpression:
      return "index expression";
    case ExprUse::kIndexPredicate:
      return "index predicate";
    case ExprUse::kAlterTransform:
      return "USING";
    case ExprUse::kExecuteParameter:
      return "EXECUTE";
    case ExprUse::kGenerated:
      return "GENERATED AS";
    case ExprUse::kCallArgument:
      return "CALL";
  }
  return "";
}

Result<Expr*> Binder::Expression(Scope& scope, const ast::Node* node, ExprUse use) {
  ExprUse saved = scope.use;
  scope.use = use;
  auto result = Transform(scope, node);
  scope.use = saved;
  return result;
}

Result<Expr*> Binder::Transform(Scope& scope, const ast::Node* node) {
  if (node == nullptr) return static_cast<Expr*>(nullptr);
  DepthGuard guard(ctx_.depth);
  if (ctx_.depth > kExpressionDepthMax) {
    return Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded")
        .Hint("Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's "
              "stack depth limit is adequate.");
  }
  return TransformNode(scope, *node);
}

Result<Expr*> Binder::TransformNode(Scope& scope, const ast::Node& node) {
  using ast::NodeKind;
  switch (node.kind) {
    case NodeKind::kColumnRef:
      return Column(scope, static_cast<const ast::ColumnRef&>(node));
    case NodeKind::kParamRef:
      return Parameter(static_cast<const ast::ParamRef&>(node));
    case NodeKind::kConstant:
      return Constant(static_cast<const ast::Constant&>(node));
    case NodeKind::kIndirection:
      return Indirect(scope, static_cast<const ast::Indirection&>(node));
    case NodeKind::kArrayExpr:
      return Array(scope, static_cast<const ast::ArrayExpr&>(node), 0, 0, -1);
    case NodeKind::kTypeCast:
      return Cast(scope, static_cast<const ast::TypeCast&>(node));
    case NodeKind::kCollateClause:
      return Collate(scope, static_cast<const ast::CollateClause&>(node));
    case NodeKind::kOperatorExpr:
      return Operation(scope, static_cast<const ast::OperatorExpr&>(node));
    case NodeKind::kBoolExpr:
      return Bool(scope, static_cast<const ast::BoolExpr&>(node));
    case NodeKind::kFuncCall:
      return Call(scope, static_cast<const ast::FuncCall&>(node));
    case NodeKind::kGroupingFunc:
      return Grouping(scope, static_cast<const ast::GroupingFunc&>(node));
    case NodeKind::kSubLink:
      return SubLink(scope, static_cast<const ast::SubLink&>(node));
    case NodeKind::kCaseExpr:
      return Case(scope, static_cast<const ast::CaseExpr&>(node));
    case NodeKind::kRowExpr:
      return Row(scope, static_cast<const ast::RowExpr&>(node));
    case NodeKind::kCoalesceExpr:
      return Coalesce(scope, static_cast<const ast::CoalesceExpr&>(node));
    case NodeKind::kMinMaxExpr:
      return MinMax(scope, static_cast<const ast::MinMaxExpr&>(node));
    case NodeKind::kSqlValueFunction:
      return SqlValue(static_cast<const ast::SqlValueFunction&>(node));
    case NodeKind::kNullTest: {
      auto& test = static_cast<const ast::NullTest&>(node);
      auto* result = ctx_.arena.New<NullTest>();
      ASSIGN_OR_RETURN(result->arg, Transform(scope, test.arg));
      result->is_null = test.test == ast::NullTestType::kIsNull;
      const catalog::TypeRow* row = ctx_.TypeOf(coerce_.BaseType(result->arg->type.oid));
      result->row = result->arg->type.oid == kRecordOid ||
                    (row != nullptr && row->kind == catalog::TypeKind::kComposite);
      result->type = kBoolOid;
      result->location = test.location;
      return result;
    }
    case NodeKind::kBooleanTest: {
      auto& test = static_cast<const ast::BooleanTest&>(node);
      static constexpr const char* kNames[] = {"IS TRUE",      "IS NOT TRUE", "IS FALSE",
                                               "IS NOT FALSE", "IS UNKNOWN",  "IS NOT UNKNOWN"};
      auto* result = ctx_.arena.New<BooleanTest>();
      ASSIGN_OR_RETURN(Expr * arg, Transform(scope, test.arg));
      ASSIGN_OR_RETURN(result->arg, coerce_.ToBoolean(arg, kNames[static_cast<int>(test.test)]));
      result->test = static_cast<TruthTest>(test.test);
      result->type = kBoolOid;
      result->location = test.location;
      return result;
    }
    case NodeKind::kCurrentOfExpr: {
      auto& current = static_cast<const ast::CurrentOfExpr&>(node);
      const RangeEntry& target = *scope.query->target;
      if (target.kind != RangeKind::kTable || target.table->is_view()) {
        return Error(sqlstate::kFeatureNotSupported, "WHERE CURRENT OF on a view is not implemented");
      }
      auto* result = ctx_.arena.New<CurrentOfExpr>();
      result->cursor = current.cursor;
      result->table = target.table->oid;
      result->type = kTidOid;
      Expr* place = ctx_.MakeColumn(target.rel, kCtidColumn, kTidOid, 0);
      return MakeOperator("=", place, result, -1);
    }
    case NodeKind::kSetToDefault:
      // Where DEFAULT is allowed its callers see to it before they come here.
      return Error(sqlstate::kSyntaxError, "DEFAULT is not allowed in this context").At(node.location);
    case NodeKind::kMultiAssignRef:
      return Error(sqlstate::kFeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
          .At(node.location);
    case NodeKind::kNamedArgExpr:
      return Error(sqlstate::kSyntaxError, "named argument is not allowed in this context").At(node.location);
    case NodeKind::kXmlExpr:
    case NodeKind::kXmlSerialize:
      return Error(sqlstate::kFeatureNotSupported, "unsupported XML feature")
          .Detail("This functionality requires the server to be built with libxml support.");
    default:
      return Errorf(sqlstate::kInternalError, "unrecognized node type: %d", static_cast<int>(node.kind));
  }
}

Result<Expr*> Binder::Constant(const ast::Constant& constant) {
  switch (constant.type) {
    case ast::ConstantType::kNull:
      return ctx_.MakeNull(kUnknownOid, constant.location);
    case ast::ConstantType::kInteger:
      return ctx_.MakeConst(Value::Int4(constant.integer), kInt4Oid, constant.location);
    case ast::ConstantType::kBoolean:
      return ctx_.MakeConst(Value::Bool(constant.boolean), kBoolOid, constant.location);
    case ast::ConstantType::kFloat: {
      // Digits that fit int8 are int8, everything else numeric.
      const size_t sign = constant.text.starts_with('-') ? 1 : 0;
      if (constant.text.find_first_not_of("0123456789", sign) == std::string_view::npos) {
        auto value = ParseInt64(constant.text);
        if (value.ok()) {
          if (*value >= INT32_MIN && *value <= INT32_MAX) {
            return ctx_.MakeConst(Value::Int4(static_cast<int32_t>(*value)), kInt4Oid, constant.location);
          }
          return ctx_.MakeConst(Value::Int8(*value), kInt8Oid, constant.location);
        }
      }
      auto value = ParseText(kNumericOid, constant.text, *ctx_.planner.format);
      if (!value.ok()) return std::move(value).status().At(constant.location);
      return ctx_.MakeConst(std::move(value).value(), kNumericOid, constant.location);
    }
    case ast::ConstantType::kString:
      return ctx_.MakeConst(Value::String(kUnknownOid, constant.text), kUnknownOid, constant.location);
    case ast::ConstantType::kBitString: {
      // b101 or x1F as the scanner leaves it, which is what bit's input takes.
      auto value = ParseText(kBitOid, constant.text, *ctx_.planner.format);
      if (!value.ok()) return std::move(value).status().At(constant.location);
      return ctx_.MakeConst(std::move(value).value(), kBitOid, constant.location);
    }
  }
  return Errorf(sqlstate::kInternalError, "unrecognized constant type");
}

Result<Expr*> Binder::Parameter(const ast::ParamRef& param) {
  constexpr int kParametersMax = 65535;
  auto missing = [&] {
    return Errorf(sqlstate::kUndefinedParameter, "there is no parameter $%d", param.number).At(param.location);
  };
  if (param.number <= 0 || param.number > kParametersMax) return missing();
  auto index = static_cast<size_t>(param.number) - 1;
  if (index >= ctx_.param_types.size()) {
    if (!ctx_.params_variable) return missing();
    ctx_.param_types.resize(index + 1);
  }
  Type& type = ctx_.param_types[index];
  if (type.oid == 0) {
    if (!ctx_.params_variable) return missing();
    type = Type(kUnknownOid);
  }
  auto* node = ctx_.arena.New<ParamExpr>();
  node->number = param.number;
  node->type = type;
  if (const catalog::TypeRow* row = ctx_.TypeOf(type.oid)) node->collation = row->collation;
  node->location = param.location;
  ASSIGN_OR_RETURN(Expr * checked, coerce_.CheckedParam(node));
  RETURN_IF_ERROR(BindDomainChecks(checked));
  return checked;
}

Status Binder::FinishParameters() {
  for (size_t i = 0; i < ctx_.param_types.size(); ++i) {
    Type& type = ctx_.param_types[i];
    if (type.oid == kUnknownOid || type.oid == 0) {
      return Errorf(sqlstate::kIndeterminateDatatype, "could not determine data type of parameter $%zu", i + 1);
    }
  }
  return Status::Ok();
}

Result<Expr*> Binder::Cast(Scope& scope, const ast::TypeCast& cast) {
  Oid collation = 0;
  ASSIGN_OR_RETURN(Type target, ResolveTypeName(*cast.type, &collation));
  Expr* arg;
  // ARRAY[...]::type[] gives the elements their type at once, so that empty and mixed arrays work.
  if (auto* array = DynCast<ast::ArrayExpr>(cast.arg)) {
    int32_t typmod = target.typmod;
    Oid base = coerce_.BaseType(target.oid, &typmod);
    Oid element = coerce_.ElementOf(base);
    if (element != 0) {
      ASSIGN_OR_RETURN(arg, Array(scope, *array, base, element, typmod));
    } else {
      ASSIGN_OR_RETURN(arg, Transform(scope, cast.arg));
    }
  } else {
    ASSIGN_OR_RETURN(arg, Transform(scope, cast.arg));
  }
  if (arg->type.oid == 0) return arg;
  int32_t location = cast.location >= 0 ? cast.location : cast.type->location;
  Oid source = arg->type.oid;
  ASSIGN_OR_RETURN(Expr * result,
                   coerce_.ToTarget(arg, target, CoercionContext::kExplicit, CallForm::kExplicitCast, location));
  if (result == nullptr) {
    return Errorf(sqlstate::kCannotCoerce, "cannot cast type %s to %s", ctx_.TypeName(source).c_str(),
                  ctx_.TypeName(target.oid).c_str())
        .At(location);
  }
  RETURN_IF_ERROR(BindDomainChecks(result));
  return result;
}

Result<Expr*> Binder::Collate(Scope& scope, const ast::CollateClause& collate) {
  auto* node = ctx_.arena.New<CastExpr>();
  node->method = CastMethod::kCollate;
  ASSIGN_OR_RETURN(node->arg, Transform(scope, collate.arg));
  Oid type = node->arg->type.oid;
  const catalog::TypeRow* row = ctx_.TypeOf(type);
  if ((row == nullptr || row->collation == 0) && type != kUnknownOid) {
    return Errorf(sqlstate::kDatatypeMismatch, "collations are not supported by type %s", ctx_.TypeName(type).c_str())
        .At(collate.location);
  }
  ASSIGN_OR_RETURN(node->collation, ResolveCollation(collate.collation, collate.location));
  if (type == kUnknownOid) {
    ASSIGN_OR_RETURN(node->arg, coerce_.ToType(node->arg, kTextOid, -1, CoercionContext::kImplicit,
                                               CallForm::kImplicitCast, -1));
  }
  node->type = node->arg->type;
  node->form = CallForm::kExplicitCast;
  node->location = collate.location;
  return node;
}

Expr* Binder::MakeBool(BoolOp op, std::vector<Expr*> args, int32_t location) {
  auto* node = ctx_.arena.New<BoolExpr>();
  node->op = op;
  node->args = std::move(args);
  node->type = kBoolOid;
  node->location = location;
  return node;
}

Result<Expr*> Binder::Bool(Scope& scope, const ast::BoolExpr& node) {
  static constexpr const char* kNames[] = {"AND", "OR", "NOT"};
  std::vector<Expr*> args;
  for (const ast::Node* item : node.args) {
    ASSIGN_OR_RETURN(Expr * arg, Transform(scope, item));
    ASSIGN_OR_RETURN(arg, coerce_.ToBoolean(arg, kNames[static_cast<int>(node.op)]));
    args.push_back(arg);
  }
  return MakeBool(static_cast<BoolOp>(node.op), std::move(args), node.location);
}

Result<Expr*> Binder::Case(Scope& scope, const ast::CaseExpr& node) {
  auto* result = ctx_.arena.New<CaseExpr>();
  result->location = node.location;
  const Expr* last_set = scope.last_set_function;
  ASSIGN_OR_RETURN(Expr * arg, Transform(scope, node.arg));
  CaseTest* test = nullptr;
  if (arg != nullptr) {
    if (arg->type.oid == kUnknownOid) {
      ASSIGN_OR_RETURN(arg, coerce_.ToCommon(arg, kTextOid, "CASE"));
    }
    result->arg = arg;
    result->slot = ctx_.next_case_slot++;
    test = ctx_.arena.New<CaseTest>();
    test->slot = result->slot;
    test->type = arg->type;
    test->collation = arg->collation;
  }
  std::vector<Expr*> results;
  for (const ast::CaseWhen* when : node.whens) {
    ASSIGN_OR_RETURN(Expr * condition, Transform(scope, when->condition));
    if (test != nullptr) {
      ASSIGN_OR_RETURN(condition, MakeOperator("=", ctx_.arena.New<CaseTest>(*test), condition, when->location));
    }
    ASSIGN_OR_RETURN(condition, coerce_.ToBoolean(condition, "CASE/WHEN"));
    ASSIGN_OR_RETURN(Expr * value, Transform(scope, when->result));
    result->whens.push_back({condition, value});
    results.push_back(value);
  }
  if (node.default_result != nullptr) {
    ASSIGN_OR_RETURN(result->otherwise, Transform(scope, node.default_result));
  } else {
    result->otherwise = ctx_.MakeNull(kUnknownOid);
  }
  // ELSE counts first, as PostgreSQL has it.
  results.insert(results.begin(), result->otherwise);
  ASSIGN_OR_RETURN(Oid type, coerce_.CommonType(results, "CASE"));
  result->type = Type(type);
  ASSIGN_OR_RETURN(result->otherwise, coerce_.ToCommon(result->otherwise, type, "CASE/ELSE"));
  for (CaseExpr::When& when : result->whens) {
    ASSIGN_OR_RETURN(when.result, coerce_.ToCommon(when.result, type, "CASE/WHEN"));
  }
  results.clear();
  for (CaseExpr::When& when : result->whens) results.push_back(when.result);
  results.push_back(result->otherwise);
  result->type.typmod = coerce_.CommonTypmod(results, type);
  result->collation = results[0]->collation;
  if (scope.last_set_function != last_set) {
    return Error(sqlstate::kFeatureNotSupported, "set-returning functions are not allowed in CASE")
        .Hint("You might be able to move the set-returning function into a LATERAL FROM item.")
        .At(LocationOf(scope.last_set_function));
  }
  return result;
}

Result<Expr*> Binder::Coalesce(Scope& scope, const ast::CoalesceExpr& node) {
  auto* result = ctx_.arena.New<CoalesceExpr>();
  const Expr* last_set = scope.last_set_function;
  for (const ast::Node* item : node.args) {
    ASSIGN_OR_RETURN(Expr * arg, Transform(scope, item));
    result->args.push_back(arg);
  }
  ASSIGN_OR_RETURN(Oid type, coerce_.CommonType(result->args, "COALESCE"));
  for (Expr*& arg : result->args) {
    ASSIGN_OR_RETURN(arg, coerce_.ToCommon(arg, type, "COALESCE"));
  }
  result->type = Type(type, coerce_.CommonTypmod(result->args, type));
  result->collation = result->args[0]->collation;
  result->location = node.location;
  if (scope.last_set_function != last_set) {
    return Error(sqlstate::kFeatureNotSupported, "set-returning functions are not allowed in COALESCE")
        .Hint("You might be able to move the set-returning function into a LATERAL FROM item.")
        .At(LocationOf(scope.last_set_function));
  }
  return result;
}

Result<Expr*> Binder::MinMax(Scope& scope, const ast::MinMaxExpr& node) {
  const char* name = node.op == ast::MinMaxOp::kGreatest ? "GREATEST" : "LEAST";
  auto* result = ctx_.arena.New<MinMaxExpr>();
  result->greatest = node.op == ast::MinMaxOp::kGreatest;
  for (const ast::Node* item : node.args) {
    ASSIGN_OR_RETURN(Expr * arg, Transform(scope, item));
    result->args.push_back(arg);
  }
  ASSIGN_OR_RETURN(Oid type, coerce_.CommonType(result->args, name));
  for (Expr*& arg : result->args) {
    ASSIGN_OR_RETURN(arg, coerce_.ToCommon(arg, type, name));
  }
  const catalog::OperatorRow* less = resolver_.SortOperator(type, 1);
  if (less == nullptr) {
    return Errorf(sqlstate::kUndefinedFunction, "could not identify a comparison function for type %s",
                  ctx_.TypeName(type).c_str())
        .At(node.location);
  }
  result->less = resolver_.FunctionOf(less);
  result->type = Type(type, coerce_.CommonTypmod(result->args, type));
  result->collation = result->args[0]->collation;
  result->location = node.location;
  return result;
}

Result<Expr*> Binder::Array(Scope& scope, const ast::ArrayExpr& node, Oid array_type, Oid element_type,
                            int32_t typmod) {
  auto* result = ctx_.arena.New<ArrayExpr>();
  result->location = node.location;
  bool explicit_type = array_type != 0;
  for (const ast::Node* item : node.elements) {
    Expr* element;
    if (auto* nested = DynCast<ast::ArrayExpr>(item)) {
      ASSIGN_OR_RETURN(element, Array(scope, *nested, array_type, element_type, typmod));
      result->multidimensional = true;
    } else {
      ASSIGN_OR_RETURN(element, Transform(scope, item));
      // An element that is itself an array makes the whole multidimensional.
      if (coerce_.ElementOf(element->type.oid) != 0 && element->type.oid != kInt2vectorOid &&
          element->type.oid != kOidvectorOid) {
        result->multidimensional = true;
      }
    }
    result->elements.push_back(element);
  }
  Oid coerce_to;
  if (explicit_type) {
    coerce_to = result->multidimensional ? array_type : element_type;
  } else {
    if (result->elements.empty()) {
      return Error(sqlstate::kIndeterminateDatatype, "cannot determine type of empty array")
          .Hint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
          .At(node.location);
    }
    ASSIGN_OR_RETURN(coerce_to, coerce_.CommonType(result->elements, "ARRAY"));
    if (result->multidimensional) {
      array_type = coerce_to;
      element_type = coerce_.ElementOf(array_type);
      if (element_type == 0) {
        return Errorf(sqlstate::kUndefinedObject, "could not find element type for data type %s",
                      ctx_.TypeName(array_type).c_str())
            .At(node.location);
      }
    } else {
      element_type = coerce_to;
      array_type = coerce_.ArrayOf(element_type);
      if (array_type == 0) {
        return Errorf(sqlstate::kUndefinedObject, "could not find array type for data type %s",
                      ctx_.TypeName(element_type).c_str())
            .At(node.location);
      }
    }
  }
  for (Expr*& element : result->elements) {
    if (explicit_type) {
      Oid source = element->type.oid;
      int32_t location = LocationOf(element);
      ASSIGN_OR_RETURN(Expr * converted, coerce_.ToTarget(element, Type(coerce_to, typmod), CoercionContext::kExplicit,
                                                          CallForm::kExplicitCast, -1));
      if (converted == nullptr) {
        return Errorf(sqlstate::kCannotCoerce, "cannot cast type %s to %s", ctx_.TypeName(source).c_str(),
                      ctx_.TypeName(coerce_to).c_str())
            .At(location);
      }
      element = converted;
    } else {
      ASSIGN_OR_RETURN(element, coerce_.ToCommon(element, coerce_to, "ARRAY"));
    }
  }
  result->element = Type(element_type);
  result->type = Type(array_type, explicit_type ? typmod : -1);
  if (const catalog::TypeRow* row = ctx_.TypeOf(array_type)) result->collation = row->collation;
  return result;
}

Result<Expr*> Binder::SqlValue(const ast::SqlValueFunction& node) {
  using Op = ast::SqlValueFunctionOp;
  auto* result = ctx_.arena.New<SqlValueExpr>();
  result->location = node.location;
  int32_t typmod = node.typmod > 6 ? 6 : node.typmod;
  switch (node.op) {
    case Op::kCurrentDate:
      result->op = SqlValueOp::kCurrentDate;
      result->type = kDateOid;
      break;
    case Op::kCurrentTime:
    case Op::kCurrentTimeN:
      result->op = SqlValueOp::kCurrentTime;
      result->type = Type(kTimetzOid, typmod);
      break;
    case Op::kCurrentTimestamp:
    case Op::kCurrentTimestampN:
      result->op = SqlValueOp::kCurrentTimestamp;
      result->type = Type(kTimestamptzOid, typmod);
      break;
    case Op::kLocalTime:
    case Op::kLocalTimeN:
      result->op = SqlValueOp::kLocalTime;
      result->type = Type(kTimeOid, typmod);
      break;
    case Op::kLocalTimestamp:
    case Op::kLocalTimestampN:
      result->op = SqlValueOp::kLocalTimestamp;
      result->type = Type(kTimestampOid, typmod);
      break;
    case Op::kCurrentRole:
      result->op = SqlValueOp::kCurrentRole;
      result->type = kNameOid;
      break;
    case Op::kCurrentUser:
      result->op = SqlValueOp::kCurrentUser;
      result->type = kNameOid;
      break;
    case Op::kUser:
      result->op = SqlValueOp::kUser;
      result->type = kNameOid;
      break;
    case Op::kSessionUser:
      result->op = SqlValueOp::kSessionUser;
      result->type = kNameOid;
      break;
    case Op::kCurrentCatalog:
      result->op = SqlValueOp::kCurrentCatalog;
      result->type = kNameOid;
      break;
    case Op::kCurrentSchema:
      result->op = SqlValueOp::kCurrentSchema;
      result->type = kNameOid;
      break;
  }
  if (const catalog::TypeRow* row = ctx_.TypeOf(result->type.oid)) result->collation = row->collation;
  return result;
}

int32_t LocationOf(const Expr* expr) {
  if (expr == nullptr) return -1;
  int32_t location = expr->location;
  // An operator or cast begins with its leftmost argument.
  ForEachChild(expr, [&](const Expr* child) {
    if (expr->kind == ExprKind::kFunction && As<FunctionCall>(expr)->form == CallForm::kCall && location >= 0) return;
    int32_t at = LocationOf(child);
    if (at >= 0 && (location < 0 || at < location)) location = at;
  });
  return location;
}

}  // namespace phantom::planner
