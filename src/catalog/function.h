// catalog/function.h
//
// Functions, procedures, aggregates and window functions as pg_proc and pg_aggregate describe them. All are built in,
// so a pointer to a row is good for the whole process. The engine binds a kernel to a row by `source` (prosrc).
//
// Thread safety: immutable.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "common/ids.h"

namespace phantom::catalog {

enum class FunctionKind : char { kFunction = 'f', kProcedure = 'p', kAggregate = 'a', kWindow = 'w' };
enum class Volatility : char { kImmutable = 'i', kStable = 's', kVolatile = 'v' };
enum class ArgumentMode : char { kIn = 'i', kOut = 'o', kInOut = 'b', kVariadic = 'v', kTable = 't' };

struct FunctionRow {
  Oid oid = 0;
  std::string_view name;
  Oid schema = 0;
  Oid owner = 0;
  Oid language = 0;  // oid::kLanguageInternal: `source` names a kernel; oid::kLanguageSql: `source` is SQL text
  float cost = 1;
  float rows = 0;       // estimated result rows of a set-returning function
  Oid variadic = 0;     // element type of the variadic argument; 0: none
  Oid support = 0;      // planner support function
  FunctionKind kind = FunctionKind::kFunction;
  bool security_definer = false;
  bool leakproof = false;
  bool strict = false;
  bool returns_set = false;
  Volatility volatility = Volatility::kVolatile;
  char parallel = 'u';
  int16_t default_count = 0;  // how many of the last input arguments have defaults
  Oid return_type = 0;
  std::span<const Oid> arguments;             // input argument types (proargtypes)
  std::span<const Oid> all_arguments;         // every argument's type (proallargtypes); empty: all are IN
  std::span<const ArgumentMode> modes;        // parallel to all_arguments; empty: all are IN
  std::span<const std::string_view> names;    // parallel to all_arguments or arguments; empty: unnamed
  std::span<const std::string_view> defaults;  // SQL of the defaults, for the last default_count input arguments
  std::string_view source;                    // prosrc
  std::string_view sql_body;                  // prosqlbody as SQL; empty: none
};

struct AggregateRow {
  Oid function = 0;
  char kind = 'n';  // 'n' plain, 'o' ordered-set, 'h' hypothetical-set
  int16_t direct_arguments = 0;
  Oid transition = 0;  // pg_proc OIDs; 0: none
  Oid final = 0;
  Oid combine = 0;
  Oid serialize = 0;
  Oid deserialize = 0;
  Oid moving_transition = 0;
  Oid moving_inverse = 0;
  Oid moving_final = 0;
  bool final_extra = false;
  bool moving_final_extra = false;
  char final_modify = 'r';
  char moving_final_modify = 'r';
  Oid sort_operator = 0;  // min/max: the operator whose first value this is
  Oid transition_type = 0;
  int32_t transition_space = 0;
  Oid moving_transition_type = 0;
  int32_t moving_transition_space = 0;
  std::string_view initial;         // text of the initial state
  bool has_initial = false;
  std::string_view moving_initial;
  bool has_moving_initial = false;
};

}  // namespace phantom::catalog
