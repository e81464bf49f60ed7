// planner/binder/resolve.h
//
// Overload resolution: which function or operator a call means (PostgreSQL 15, sections 10.2 and 10.3), and the
// ordering and equality operators of a type.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "planner/binder/coerce.h"

namespace phantom::planner {

// A candidate with its signature as this call sees it: variadic expanded, named arguments reordered, defaults counted.
struct Candidate {
  const catalog::FunctionRow* function = nullptr;
  std::vector<Oid> args;       // declared types, in call order
  int variadic_count = 0;      // > 0: so many arguments at the end make up the variadic array
  int defaults = 0;            // arguments left to defaults
  std::vector<int> positions;  // named notation: argument i of the call is parameter positions[i]
};

enum class FunctionMatch : uint8_t { kNone, kMany, kFunction, kCoercion };

struct FunctionChoice {
  FunctionMatch match = FunctionMatch::kNone;
  Candidate candidate;       // kFunction
  Oid coercion_target = 0;   // kCoercion: the call is a cast to this type
};

class Resolver {
 public:
  Resolver(BindContext& context, Coercion& coercion) : ctx_(context), coerce_(coercion) {}

  // `name` may be qualified. `arg_names`: names of the last arguments in named notation. single_argument: the one argument, for functional-style casts.
  Result<FunctionChoice> Function(std::span<const std::string_view> name, std::span<const Oid> types,
                                  std::span<const std::string_view> arg_names, bool expand_variadic,
                                  bool allow_coercion, const Expr* single_argument);

  // left 0: prefix operator. 42883 with PostgreSQL's message and hint, 42725 when not unique.
  Result<const catalog::OperatorRow*> Operator(std::span<const std::string_view> name, Oid left, Oid right,
                                               int32_t location);

  // The default btree operators of a type (seeing through domains, arrays ...); null when there are none.
  const catalog::OperatorRow* SortOperator(Oid type, int strategy);
  const catalog::OperatorRow* EqualityOperator(Oid type);
  // 42883 when missing.
  Result<const catalog::OperatorRow*> LessOrError(Oid type, int32_t location);
  Result<const catalog::OperatorRow*> EqualOrError(Oid type, int32_t location);
  // Can rows be grouped by hashing values of this type?
  const catalog::FunctionRow* FunctionOf(const catalog::OperatorRow* op) { return ctx_.builtins.Function(op->function); }

  // "f(integer, unknown)"
  std::string Signature(std::span<const std::string_view> name, std::span<const Oid> types,
                        std::span<const std::string_view> arg_names);
  std::string OperatorSignature(std::span<const std::string_view> name, Oid left, Oid right);

 private:
  std::vector<Candidate> FunctionCandidates(std::span<const std::string_view> name, int count,
                                            std::span<const std::string_view> arg_names, bool expand_variadic);
  bool MatchNames(const catalog::FunctionRow& function, int count, std::span<const std::string_view> arg_names,
                  Candidate& out);
  // Indexes of the best candidates; empty: none fits; several: ambiguous.
  std::vector<int> Select(std::span<const Oid> types, std::vector<std::vector<Oid>> candidates);

  BindContext& ctx_;
  Coercion& coerce_;
};

// "a.b.c"
std::string NameToString(std::span<const std::string_view> name);

}  // namespace phantom::planner
