// planner/binder/coerce.h
//
// Type conversion as PostgreSQL resolves it (chapter 10): which conversions exist in a context, building them,
// common types, polymorphic types. Messages and SQLSTATEs are PostgreSQL's.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "planner/binder/bind_context.h"

namespace phantom::planner {

enum class CoercionContext : uint8_t { kImplicit, kAssignment, kExplicit };
enum class CoercionPath : uint8_t { kNone, kFunction, kRelabel, kArray, kViaIo };

class Coercion {
 public:
  explicit Coercion(BindContext& context) : ctx_(context) {}

  // A domain's base type (through several levels), with the typmod it implies.
  Oid BaseType(Oid type, int32_t* typmod = nullptr);
  char Category(Oid type);
  bool IsPreferred(Oid type);
  Oid ArrayOf(Oid element);        // 0: none
  Oid ElementOf(Oid array);        // 0: not a true array (looks through domains)

  CoercionPath FindPath(Oid target, Oid source, CoercionContext context, const catalog::FunctionRow** function);
  bool CanCoerce(std::span<const Oid> sources, std::span<const Oid> targets, CoercionContext context);
  bool CanCoerce(Oid source, Oid target, CoercionContext context) { return CanCoerce({&source, 1}, {&target, 1}, context); }

  // Converts to `target` with its typmod. Null result: there is no such conversion.
  Result<Expr*> ToTarget(Expr* expr, types::Type target, CoercionContext context, CallForm form, int32_t location);
  // Converts to the type alone. Requires CanCoerce (XX000 otherwise).
  Result<Expr*> ToType(Expr* expr, Oid target, int32_t target_typmod, CoercionContext context, CallForm form,
                       int32_t location);
  // To boolean for `construct` ("WHERE"); 42804 otherwise, also for set-returning expressions.
  Result<Expr*> ToBoolean(Expr* expr, std::string_view construct);
  // To a type that `construct` ("LIMIT") needs.
  Result<Expr*> ToSpecific(Expr* expr, Oid target, std::string_view construct);

  // UNION/CASE/VALUES resolution. `construct` names the culprit in the error; null construct: 0 instead of an error.
  Result<Oid> CommonType(std::span<Expr* const> exprs, const char* construct, int* which = nullptr);
  int32_t CommonTypmod(std::span<Expr* const> exprs, Oid type);
  // Converts to the common type ("could not convert type" 42846).
  Result<Expr*> ToCommon(Expr* expr, Oid type, const char* construct);

  // Do actual types fit a polymorphic signature?
  bool PolymorphicFits(std::span<const Oid> actual, std::span<const Oid> declared);
  // Replaces polymorphic types in `declared` by what the call makes of them, and gives the result type.
  Result<Oid> ResolvePolymorphic(std::span<const Oid> actual, std::vector<Oid>& declared, Oid result);

  // The type's pg_type input applied to an unknown literal.
  Result<Expr*> InputLiteral(const ConstExpr& literal, Oid type, int32_t typmod, CoercionContext context, CallForm form,
                             int32_t location);
  Result<Expr*> ApplyTypmod(Expr* expr, types::Type target, CoercionContext context, CallForm form, int32_t location,
                            bool hide);
  Result<Expr*> ToDomain(Expr* expr, Oid base, int32_t base_typmod, Oid domain, CoercionContext context, CallForm form,
                         int32_t location, bool hide);
  // A parameter comes as a value of its domain's base type, unchecked.
  Result<Expr*> CheckedParam(ParamExpr* param);

 private:
  Result<Expr*> BuildPath(CoercionPath path, Expr* expr, const catalog::FunctionRow* function, types::Type target,
                          CoercionContext context, CallForm form, int32_t location);
  Result<Expr*> RecordToComposite(Expr* expr, Oid target, CoercionContext context, CallForm form, int32_t location);
  CoercionPath TypmodPath(Oid type, const catalog::FunctionRow** function);
  Oid CommonTypeOfOids(std::span<const Oid> types);

  BindContext& ctx_;
};

bool IsPolymorphic(Oid type);

// The location an error about the expression should point at: its leftmost part's.
int32_t LocationOf(const Expr* expr);

}  // namespace phantom::planner
