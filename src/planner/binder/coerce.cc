#include "planner/binder/coerce.h"

#include "planner/expr_util.h"
#include "types/text_format.h"

namespace phantom::planner {

using namespace types;
using catalog::CastContext;
using catalog::TypeKind;
using catalog::TypeRow;

Oid Coercion::BaseType(Oid type, int32_t* typmod) {
  for (;;) {
    const TypeRow* row = ctx_.TypeOf(type);
    if (row == nullptr || row->kind != TypeKind::kDomain) return type;
    type = row->base_type;
    if (typmod != nullptr && *typmod < 0) *typmod = row->typmod;
  }
}

char Coercion::Category(Oid type) {
  const TypeRow* row = ctx_.TypeOf(type);
  return row == nullptr ? '\0' : row->category;
}

bool Coercion::IsPreferred(Oid type) {
  const TypeRow* row = ctx_.TypeOf(type);
  return row != nullptr && row->preferred;
}

Oid Coercion::ArrayOf(Oid element) {
  const TypeRow* row = ctx_.TypeOf(element);
  return row == nullptr ? 0 : row->array;
}

Oid Coercion::ElementOf(Oid array) {
  const TypeRow* row = ctx_.TypeOf(BaseType(array));
  return row != nullptr && row->is_array() ? row->element : 0;
}

CoercionPath Coercion::FindPath(Oid target, Oid source, CoercionContext context,
                                const catalog::FunctionRow** function) {
  *function = nullptr;
  source = BaseType(source);
  target = BaseType(target);
  if (source == target) return CoercionPath::kRelabel;
  if (const catalog::CastRow* cast = ctx_.builtins.Cast(source, target)) {
    CoercionContext needed = cast->context == CastContext::kImplicit     ? CoercionContext::kImplicit
                             : cast->context == CastContext::kAssignment ? CoercionContext::kAssignment
                                                                         : CoercionContext::kExplicit;
    if (context < needed) return CoercionPath::kNone;
    switch (cast->method) {
      case catalog::CastMethod::kFunction:
        *function = ctx_.builtins.Function(cast->function);
        return *function == nullptr ? CoercionPath::kNone : CoercionPath::kFunction;
      case catalog::CastMethod::kInOut:
        return CoercionPath::kViaIo;
      case catalog::CastMethod::kBinary:
        return CoercionPath::kRelabel;
    }
  }
  // Arrays convert as their elements do. oidvector and int2vector are no targets: they must stay one-dimensional.
  if (target != kOidvectorOid && target != kInt2vectorOid) {
    Oid target_element = ElementOf(target);
    Oid source_element = target_element == 0 ? 0 : ElementOf(source);
    if (source_element != 0) {
      const catalog::FunctionRow* element_function;
      CoercionPath path = FindPath(target_element, source_element, context, &element_function);
      if (path != CoercionPath::kNone) return CoercionPath::kArray;
    }
  }
  // Any type converts to and from strings by its text: to a string for assignment, from one when asked for.
  if (context >= CoercionContext::kAssignment && Category(target) == 'S') return CoercionPath::kViaIo;
  if (context >= CoercionContext::kExplicit && Category(source) == 'S') return CoercionPath::kViaIo;
  return CoercionPath::kNone;
}

CoercionPath Coercion::TypmodPath(Oid type, const catalog::FunctionRow** function) {
  *function = nullptr;
  const TypeRow* row = ctx_.TypeOf(type);
  if (row == nullptr) return CoercionPath::kNone;
  bool array = row->is_array();
  Oid base = array ? row->element : type;
  const catalog::CastRow* cast = ctx_.builtins.Cast(base, base);
  if (cast == nullptr || cast->function == 0) return CoercionPath::kNone;
  *function = ctx_.builtins.Function(cast->function);
  return array ? CoercionPath::kArray : CoercionPath::kFunction;
}

bool Coercion::CanCoerce(std::span<const Oid> sources, std::span<const Oid> targets, CoercionContext context) {
  bool polymorphic = false;
  for (size_t i = 0; i < sources.size(); ++i) {
    Oid source = sources[i], target = targets[i];
    if (source == target || target == kAnyOid) continue;
    if (IsPolymorphic(target)) {
      polymorphic = true;
      continue;
    }
    if (source == kUnknownOid) continue;
    const catalog::FunctionRow* function;
    if (FindPath(target, source, context, &function) != CoercionPath::kNone) continue;
    const TypeRow* source_row = ctx_.TypeOf(source);
    const TypeRow* target_row = ctx_.TypeOf(BaseType(target));
    bool source_composite = source_row != nullptr && ctx_.TypeOf(BaseType(source))->kind == TypeKind::kComposite;
    bool target_composite = target_row != nullptr && target_row->kind == TypeKind::kComposite;
    if (source == kRecordOid && target_composite) continue;
    if (target == kRecordOid && source_composite) continue;
    if (target == kRecordArrayOid && source_row != nullptr && source_row->is_array()) {
      const TypeRow* element = ctx_.TypeOf(source_row->element);
      if (element != nullptr && element->kind == TypeKind::kComposite) continue;
    }
    return false;
  }
  return !polymorphic || PolymorphicFits(sources, targets);
}

Result<Expr*> Coercion::InputLiteral(const ConstExpr& literal, Oid type, int32_t typmod, CoercionContext context,
                                     CallForm form, int32_t location) {
  int32_t base_typmod = typmod;
  Oid base = BaseType(type, &base_typmod);
  // Only interval's input must see its typmod: it tells what the digits mean. Others are adjusted by a cast later.
  int32_t input_typmod = base == kIntervalOid ? base_typmod : -1;
  ConstExpr* node;
  if (literal.value.is_null()) {
    node = ctx_.MakeNull(Type(base, input_typmod), literal.location);
  } else {
    auto value = ParseText(Type(base, input_typmod), literal.value.AsString(), *ctx_.planner.format);
    if (!value.ok()) return std::move(value).status().At(literal.location);
    node = ctx_.MakeConst(std::move(value).value(), Type(base, input_typmod), literal.location);
  }
  if (base == type) return node;
  return ToDomain(node, base, base_typmod, type, context, form, location, false);
}

Result<Expr*> Coercion::ToTarget(Expr* expr, Type target, CoercionContext context, CallForm form, int32_t location) {
  Oid source = expr->type.oid;
  if (!CanCoerce(source, target.oid, context)) return static_cast<Expr*>(nullptr);
  // A collation clause stays outermost.
  if (auto* collate = DynAs<CastExpr>(expr); collate != nullptr && collate->method == CastMethod::kCollate) {
    ASSIGN_OR_RETURN(Expr * inner, ToTarget(collate->arg, target, context, form, location));
    if (inner == nullptr || ctx_.TypeOf(inner->type.oid)->collation == 0) return inner;
    auto* copy = ctx_.arena.New<CastExpr>(*collate);
    copy->arg = inner;
    copy->type = inner->type;
    return copy;
  }
  ASSIGN_OR_RETURN(Expr * result, ToType(expr, target.oid, target.typmod, context, form, location));
  bool hide = result != expr && result->kind != ExprKind::kConst;
  return ApplyTypmod(result, target, context, form, location, hide);
}

Result<Expr*> Coercion::ToType(Expr* expr, Oid target, int32_t target_typmod, CoercionContext context, CallForm form,
                               int32_t location) {
  Oid source = expr->type.oid;
  if (source == target) return expr;
  if (target == kAnyOid || target == kAnyelementOid || target == kAnynonarrayOid || target == kAnycompatibleOid ||
      target == kAnycompatiblenonarrayOid) {
    return expr;
  }
  if (target == kAnyarrayOid || target == kAnyenumOid || target == kAnyrangeOid || target == kAnycompatiblearrayOid ||
      target == kAnycompatiblerangeOid) {
    // A polymorphic function sees domains over such types as their base.
    if (source == kUnknownOid) return expr;
    Oid base = BaseType(source);
    if (base == source) return expr;
    auto* relabel = ctx_.arena.New<CastExpr>();
    relabel->arg = expr;
    relabel->type = Type(base);
    relabel->collation = expr->collation;
    relabel->location = location;
    relabel->form = CallForm::kImplicitCast;
    return relabel;
  }
  if (source == kUnknownOid) {
    if (auto* literal = DynAs<ConstExpr>(expr)) {
      return InputLiteral(*literal, target, target_typmod, context, form, location);
    }
    if (auto* param = DynAs<ParamExpr>(expr); param != nullptr && ctx_.params_variable) {
      Type& known = ctx_.param_types[static_cast<size_t>(param->number) - 1];
      if (known.oid == kUnknownOid) {
        known = Type(target);
      } else if (known.oid != target) {
        return Errorf(sqlstate::kAmbiguousParameter, "inconsistent types deduced for parameter $%d", param->number)
            .Detail(ctx_.TypeName(known.oid) + " versus " + ctx_.TypeName(target))
            .At(param->location);
      }
      param->type = known;
      if (const TypeRow* row = ctx_.TypeOf(target)) param->collation = row->collation;
      if (location >= 0 && (param->location < 0 || location < param->location)) param->location = location;
      return CheckedParam(param);
    }
  }
  if (auto* collate = DynAs<CastExpr>(expr); collate != nullptr && collate->method == CastMethod::kCollate) {
    ASSIGN_OR_RETURN(Expr * inner, ToType(collate->arg, target, target_typmod, context, form, location));
    const TypeRow* row = ctx_.TypeOf(target);
    if (row == nullptr || row->collation == 0) return inner;
    auto* copy = ctx_.arena.New<CastExpr>(*collate);
    copy->arg = inner;
    copy->type = inner->type;
    return copy;
  }
  const catalog::FunctionRow* function;
  CoercionPath path = FindPath(target, source, context, &function);
  if (path != CoercionPath::kNone) {
    int32_t base_typmod = target_typmod;
    Oid base = BaseType(target, &base_typmod);
    if (path != CoercionPath::kRelabel) {
      ASSIGN_OR_RETURN(Expr * result, BuildPath(path, expr, function, Type(base, base_typmod), context, form, location));
      if (base == target) return result;
      return ToDomain(result, base, base_typmod, target, context, form, location, true);
    }
    ASSIGN_OR_RETURN(Expr * result, ToDomain(expr, base, base_typmod, target, context, form, location, false));
    if (result == expr) {
      auto* relabel = ctx_.arena.New<CastExpr>();
      relabel->arg = expr;
      relabel->type = Type(target);
      const TypeRow* row = ctx_.TypeOf(target);
      relabel->collation = row != nullptr && row->collation != 0 ? (expr->collation != 0 ? expr->collation : row->collation) : 0;
      relabel->location = location;
      relabel->form = form;
      result = relabel;
    }
    return result;
  }
  const TypeRow* base_row = ctx_.TypeOf(BaseType(target));
  if (source == kRecordOid && base_row != nullptr && base_row->kind == TypeKind::kComposite) {
    return RecordToComposite(expr, target, context, form, location);
  }
  if (target == kRecordOid || target == kRecordArrayOid) return expr;
  return Errorf(sqlstate::kInternalError, "failed to find conversion function from %s to %s",
                ctx_.TypeName(source).c_str(), ctx_.TypeName(target).c_str());
}

Result<Expr*> Coercion::BuildPath(CoercionPath path, Expr* expr, const catalog::FunctionRow* function, Type target,
                                  CoercionContext context, CallForm form, int32_t location) {
  const TypeRow* row = ctx_.TypeOf(target.oid);
  Oid collation = row == nullptr ? 0 : row->collation;
  if (path == CoercionPath::kFunction) {
    auto* call = ctx_.arena.New<FunctionCall>();
    call->function = function;
    call->args = {expr};
    if (function->arguments.size() >= 2) call->args.push_back(ctx_.MakeInt4(target.typmod));
    if (function->arguments.size() >= 3) call->args.push_back(ctx_.MakeBool(context == CoercionContext::kExplicit));
    call->type = Type(target.oid, function->arguments.size() >= 2 ? target.typmod : -1);
    call->collation = collation;
    call->form = form;
    call->location = location;
    return call;
  }
  auto* cast = ctx_.arena.New<CastExpr>();
  cast->arg = expr;
  cast->collation = collation;
  cast->form = form;
  cast->location = location;
  cast->type = Type(target.oid);
  if (path == CoercionPath::kViaIo) {
    cast->method = CastMethod::kViaIo;
    return cast;
  }
  PHANTOM_CHECK(path == CoercionPath::kArray);
  cast->method = CastMethod::kArray;
  cast->slot = ctx_.next_case_slot++;
  auto* element = ctx_.arena.New<CaseTest>();
  element->slot = cast->slot;
  Oid source = expr->type.oid;
  Oid source_element = ElementOf(source);
  element->type = Type(source_element, BaseType(source) == source ? expr->type.typmod : -1);
  if (const TypeRow* element_row = ctx_.TypeOf(source_element)) element->collation = element_row->collation;
  ASSIGN_OR_RETURN(cast->element, ToTarget(element, Type(ElementOf(target.oid), target.typmod), context, form, location));
  if (cast->element == nullptr) {
    return Errorf(sqlstate::kInternalError, "failed to coerce array element type as expected");
  }
  cast->type.typmod = cast->element->type.typmod;
  return cast;
}

Result<Expr*> Coercion::ApplyTypmod(Expr* expr, Type target, CoercionContext context, CallForm form, int32_t location,
                                    bool hide) {
  if (target.typmod < 0 || target.typmod == expr->type.typmod) return expr;
  const catalog::FunctionRow* function;
  CoercionPath path = TypmodPath(target.oid, &function);
  if (path == CoercionPath::kNone) {
    // Types without a length function keep the modifier as a label.
    const TypeRow* row = ctx_.TypeOf(target.oid);
    if (row != nullptr && row->kind == TypeKind::kDomain) return expr;
    auto* relabel = ctx_.arena.New<CastExpr>();
    relabel->arg = expr;
    relabel->type = target;
    relabel->collation = expr->collation;
    relabel->location = location;
    relabel->form = form;
    return relabel;
  }
  Expr* arg = expr;
  if (hide) {
    // The inner conversion is part of this one and is not shown.
    if (auto* call = DynAs<FunctionCall>(arg)) call->form = CallForm::kImplicitCast;
    if (auto* cast = DynAs<CastExpr>(arg); cast != nullptr && cast->method != CastMethod::kCollate) {
      cast->form = CallForm::kImplicitCast;
    }
  }
  ASSIGN_OR_RETURN(Expr * result, BuildPath(path, arg, function, target, context, form, location));
  result->type = target;
  return result;
}

Result<Expr*> Coercion::ToDomain(Expr* expr, Oid base, int32_t base_typmod, Oid domain, CoercionContext context,
                                 CallForm form, int32_t location, bool hide) {
  const TypeRow* row = ctx_.TypeOf(domain);
  if (row == nullptr || row->kind != TypeKind::kDomain) return expr;
  Expr* arg = expr;
  if (hide) {
    if (auto* call = DynAs<FunctionCall>(arg)) call->form = CallForm::kImplicitCast;
    if (auto* cast = DynAs<CastExpr>(arg)) cast->form = CallForm::kImplicitCast;
  }
  if (arg->type.oid != base && BaseType(arg->type.oid) == base && arg->type.oid != domain) {
    auto* relabel = ctx_.arena.New<CastExpr>();
    relabel->arg = arg;
    relabel->type = Type(base, arg->type.typmod);
    relabel->collation = arg->collation;
    arg = relabel;
  } else if (arg->type.oid != base) {
    auto* relabel = ctx_.arena.New<CastExpr>();
    relabel->arg = arg;
    relabel->type = Type(base);
    relabel->collation = arg->collation;
    arg = relabel;
  }
  ASSIGN_OR_RETURN(arg, ApplyTypmod(arg, Type(base, base_typmod), context, CallForm::kImplicitCast, location, false));
  auto* node = ctx_.arena.New<CastExpr>();
  node->method = CastMethod::kDomain;
  node->arg = arg;
  node->type = Type(domain);
  node->collation = row->collation;
  node->form = form;
  node->location = location;
  node->slot = ctx_.next_case_slot++;
  node->domain_name = ctx_.TypeName(domain);
  // The checks are bound where expressions can be: see BindDomainChecks.
  return node;
}

Result<Expr*> Coercion::CheckedParam(ParamExpr* param) {
  int32_t typmod = -1;
  const Oid base = BaseType(param->type.oid, &typmod);
  return ToDomain(param, base, typmod, param->type.oid, CoercionContext::kImplicit, CallForm::kImplicitCast, param->location, false);
}

Result<Expr*> Coercion::RecordToComposite(Expr* expr, Oid target, CoercionContext context, CallForm form,
                                          int32_t location) {
  Oid base = BaseType(target);
  const TypeRow* row = ctx_.TypeOf(base);
  auto cannot = [&](std::string detail) {
    return Errorf(sqlstate::kCannotCoerce, "cannot cast type %s to %s", ctx_.TypeName(expr->type.oid).c_str(),
                  ctx_.TypeName(target).c_str())
        .Detail(std::move(detail))
        .At(location);
  };
  auto* source = DynAs<RowExpr>(expr);
  ASSIGN_OR_RETURN(catalog::TableRef table, ctx_.catalog.TableByOid(row->relation));
  if (source == nullptr || table == nullptr) {
    return Errorf(sqlstate::kCannotCoerce, "cannot cast type %s to %s", ctx_.TypeName(expr->type.oid).c_str(),
                  ctx_.TypeName(target).c_str())
        .At(location);
  }
  auto* result = ctx_.arena.New<RowExpr>();
  result->type = Type(base);
  result->location = location;
  size_t next = 0;
  for (size_t i = 0; i < table->columns.size(); ++i) {
    const catalog::Column& column = table->columns[i];
    result->names.push_back(column.name);
    if (column.dropped) {
      result->fields.push_back(ctx_.MakeNull(kInt4Oid));
      continue;
    }
    if (next >= source->fields.size()) return cannot("Input has too few columns.");
    Expr* field = source->fields[next];
    Oid from = field->type.oid;
    ASSIGN_OR_RETURN(Expr * converted, ToTarget(field, column.type, context, CallForm::kImplicitCast, -1));
    if (converted == nullptr) {
      return cannot(Format("Cannot cast type %s to %s in column %zu.", ctx_.TypeName(from).c_str(),
                           ctx_.TypeName(column.type.oid).c_str(), next + 1));
    }
    result->fields.push_back(converted);
    ++next;
  }
  if (next < source->fields.size()) return cannot("Input has too many columns.");
  if (base != target) return ToDomain(result, base, -1, target, context, form, location, false);
  return result;
}

Result<Expr*> Coercion::ToBoolean(Expr* expr, std::string_view construct) {
  if (expr->type.oid != kBoolOid) {
    Oid source = expr->type.oid;
    ASSIGN_OR_RETURN(Expr * converted,
                     ToTarget(expr, kBoolOid, CoercionContext::kAssignment, CallForm::kImplicitCast, -1));
    if (converted == nullptr) {
      return Errorf(sqlstate::kDatatypeMismatch, "argument of %.*s must be type boolean, not type %s",
                    static_cast<int>(construct.size()), construct.data(), ctx_.TypeName(source).c_str())
          .At(LocationOf(expr));
    }
    expr = converted;
  }
  if (ReturnsSet(expr)) {
    return Errorf(sqlstate::kDatatypeMismatch, "argument of %.*s must not return a set",
                  static_cast<int>(construct.size()), construct.data())
        .At(LocationOf(expr));
  }
  return expr;
}

Result<Expr*> Coercion::ToSpecific(Expr* expr, Oid target, std::string_view construct) {
  if (expr->type.oid != target) {
    Oid source = expr->type.oid;
    ASSIGN_OR_RETURN(Expr * converted,
                     ToTarget(expr, target, CoercionContext::kAssignment, CallForm::kImplicitCast, -1));
    if (converted == nullptr) {
      return Errorf(sqlstate::kDatatypeMismatch, "argument of %.*s must be type %s, not type %s",
                    static_cast<int>(construct.size()), construct.data(), ctx_.TypeName(target).c_str(),
                    ctx_.TypeName(source).c_str())
          .At(LocationOf(expr));
    }
    expr = converted;
  }
  if (ReturnsSet(expr)) {
    return Errorf(sqlstate::kDatatypeMismatch, "argument of %.*s must not return a set",
                  static_cast<int>(construct.size()), construct.data())
        .At(LocationOf(expr));
  }
  return expr;
}

Result<Oid> Coercion::CommonType(std::span<Expr* const> exprs, const char* construct, int* which) {
  PHANTOM_CHECK(!exprs.empty());
  int chosen = 0;
  Oid type = exprs[0]->type.oid;
  if (which != nullptr) *which = 0;
  // All alike: that type, domains included.
  if (type != kUnknownOid) {
    bool same = true;
    for (Expr* expr : exprs) same = same && expr->type.oid == type;
    if (same) return type;
  }
  type = BaseType(type);
  char category = Category(type);
  bool preferred = IsPreferred(type);
  for (size_t i = 1; i < exprs.size(); ++i) {
    Oid next = BaseType(exprs[i]->type.oid);
    if (next == kUnknownOid || next == type) continue;
    char next_category = Category(next);
    const catalog::FunctionRow* function;
    if (type == kUnknownOid) {
      type = next;
      category = next_category;
      preferred = IsPreferred(next);
      chosen = static_cast<int>(i);
    } else if (next_category != category) {
      if (construct == nullptr) return Oid{0};
      return Errorf(sqlstate::kDatatypeMismatch, "%s types %s and %s cannot be matched", construct,
                    ctx_.TypeName(type).c_str(), ctx_.TypeName(next).c_str())
          .At(LocationOf(exprs[i]));
    } else if (!preferred && FindPath(next, type, CoercionContext::kImplicit, &function) != CoercionPath::kNone &&
               FindPath(type, next, CoercionContext::kImplicit, &function) == CoercionPath::kNone) {
      type = next;
      preferred = IsPreferred(next);
      chosen = static_cast<int>(i);
    }
  }
  if (type == kUnknownOid) type = kTextOid;
  if (which != nullptr) *which = chosen;
  return type;
}

int32_t Coercion::CommonTypmod(std::span<Expr* const> exprs, Oid type) {
  int32_t typmod = -1;
  bool first = true;
  for (Expr* expr : exprs) {
    if (expr->type.oid != type) return -1;
    if (first) {
      typmod = expr->type.typmod;
      first = false;
    } else if (typmod != expr->type.typmod) {
      return -1;
    }
  }
  return typmod;
}

Result<Expr*> Coercion::ToCommon(Expr* expr, Oid type, const char* construct) {
  Oid source = expr->type.oid;
  if (source == type) return expr;
  if (!CanCoerce(source, type, CoercionContext::kImplicit)) {
    return Errorf(sqlstate::kCannotCoerce, "%s could not convert type %s to %s", construct,
                  ctx_.TypeName(source).c_str(), ctx_.TypeName(type).c_str())
        .At(LocationOf(expr));
  }
  return ToType(expr, type, -1, CoercionContext::kImplicit, CallForm::kImplicitCast, -1);
}

}  // namespace phantom::planner
