#include <algorithm>

#include "planner/binder/resolve.h"

namespace phantom::planner {

using namespace types;
using catalog::ArgumentMode;
using catalog::FunctionRow;

std::string NameToString(std::span<const std::string_view> name) {
  std::string text;
  for (std::string_view part : name) {
    if (!text.empty()) text += '.';
    text += part;
  }
  return text;
}

std::string Resolver::Signature(std::span<const std::string_view> name, std::span<const Oid> types,
                                std::span<const std::string_view> arg_names) {
  std::string text = NameToString(name) + "(";
  size_t positional = types.size() - arg_names.size();
  for (size_t i = 0; i < types.size(); ++i) {
    if (i > 0) text += ", ";
    if (i >= positional) {
      text += arg_names[i - positional];
      text += " => ";
    }
    text += ctx_.TypeName(types[i]);
  }
  return text + ")";
}

bool Resolver::MatchNames(const FunctionRow& function, int count, std::span<const std::string_view> arg_names,
                          Candidate& out) {
  // Input parameters' names, by input position.
  std::vector<std::string_view> inputs;
  if (function.names.empty()) return false;
  if (function.modes.empty()) {
    inputs.assign(function.names.begin(), function.names.end());
  } else {
    for (size_t i = 0; i < function.modes.size(); ++i) {
      if (function.modes[i] != ArgumentMode::kOut && function.modes[i] != ArgumentMode::kTable) {
        inputs.push_back(function.names[i]);
      }
    }
  }
  int total = static_cast<int>(function.arguments.size());
  int positional = count - static_cast<int>(arg_names.size());
  std::vector<bool> given(static_cast<size_t>(total), false);
  for (int i = 0; i < positional; ++i) {
    out.positions.push_back(i);
    given[static_cast<size_t>(i)] = true;
  }
  for (std::string_view wanted : arg_names) {
    auto found = std::find(inputs.begin(), inputs.end(), wanted);
    if (found == inputs.end()) return false;
    auto at = static_cast<size_t>(found - inputs.begin());
    if (at >= given.size() || given[at]) return false;
    given[at] = true;
    out.positions.push_back(static_cast<int>(at));
  }
  int first_default = total - function.default_count;
  for (int i = 0; i < total; ++i) {
    if (given[static_cast<size_t>(i)]) continue;
    if (i < first_default) return false;
    out.positions.push_back(i);
    ++out.defaults;
  }
  return true;
}

std::vector<Candidate> Resolver::FunctionCandidates(std::span<const std::string_view> name, int count,
                                                    std::span<const std::string_view> arg_names,
                                                    bool expand_variadic) {
  std::vector<Candidate> candidates;
  Oid schema = 0;
  if (name.size() >= 2) {
    auto found = ctx_.catalog.FindSchema(name[name.size() - 2]);
    if (!found.ok() || found.value() == nullptr) return candidates;
    schema = found.value()->oid;
  }
  for (const FunctionRow* function : ctx_.catalog.FunctionCandidates(name.back())) {
    if (schema != 0 ? function->schema != schema : function->schema != catalog::oid::kSchemaPgCatalog) {
      // information_schema's functions are found unqualified when it is in the path.
      if (schema != 0) continue;
      auto path = ctx_.catalog.SearchPath(true);
      if (!path.ok() || std::find(path->begin(), path->end(), function->schema) == path->end()) continue;
    }
    int total = static_cast<int>(function->arguments.size());
    Candidate candidate{.function = function};
    if (!arg_names.empty()) {
      if (function->variadic != 0 && expand_variadic) continue;
      if (count > total || !MatchNames(*function, count, arg_names, candidate)) continue;
      for (int position : candidate.positions) {
        candidate.args.push_back(function->arguments[static_cast<size_t>(position)]);
      }
      candidates.push_back(std::move(candidate));
      continue;
    }
    bool variadic = expand_variadic && function->variadic != 0 && total <= count;
    if (!variadic) {
      if (count > total || total - count > function->default_count) continue;
      candidate.defaults = total - count;
    }
    candidate.args.assign(function->arguments.begin(), function->arguments.end());
    if (variadic) {
      candidate.variadic_count = count - total + 1;
      candidate.args.pop_back();
      candidate.args.resize(static_cast<size_t>(count), function->variadic);
    }
    // A plain function hides a variadic one with the same argument types, and fewer defaults hide more.
    bool hidden = false;
    for (size_t i = 0; i < candidates.size();) {
      Candidate& other = candidates[i];
      bool same = std::equal(candidate.args.begin(), candidate.args.begin() + count, other.args.begin(),
                             other.args.begin() + count);
      if (same) {
        bool prefer_other = candidate.variadic_count > 0 && other.variadic_count == 0;
        bool prefer_new = other.variadic_count > 0 && candidate.variadic_count == 0;
        if (!prefer_other && !prefer_new && candidate.variadic_count > 0 && other.variadic_count > 0) {
          prefer_other = candidate.variadic_count > other.variadic_count;
          prefer_new = candidate.variadic_count < other.variadic_count;
        }
        if (prefer_other) {
          hidden = true;
          break;
        }
        if (prefer_new) {
          candidates.erase(candidates.begin() + static_cast<ptrdiff_t>(i));
          continue;
        }
      }
      ++i;
    }
    if (!hidden) candidates.push_back(std::move(candidate));
  }
  return candidates;
}

Result<FunctionChoice> Resolver::Function(std::span<const std::string_view> name, std::span<const Oid> types,
                                          std::span<const std::string_view> arg_names, bool expand_variadic,
                                          bool allow_coercion, const Expr* single_argument) {
  FunctionChoice choice;
  auto count = types.size();
  std::vector<Candidate> candidates =
      FunctionCandidates(name, static_cast<int>(count), arg_names, expand_variadic);
  auto given_equal = [&](const Candidate& candidate) {
    return std::equal(types.begin(), types.end(), candidate.args.begin());
  };
  const Candidate* best = nullptr;
  for (const Candidate& candidate : candidates) {
    if (given_equal(candidate)) {
      best = &candidate;
      break;
    }
  }
  if (best == nullptr) {
    // typename(x) is a cast when no function fits exactly and the cast needs no function, or x is an unknown literal.
    if (count == 1 && allow_coercion && arg_names.empty() && single_argument != nullptr) {
      catalog::QualifiedName type_name{.name = name.back()};
      if (name.size() >= 2) type_name.schema = name[name.size() - 2];
      auto type = ctx_.catalog.FindType(type_name);
      // Only names that are types as pg_type spells them.
      if (type.ok() && type.value() != nullptr && type.value()->kind != catalog::TypeKind::kPseudo) {
        Oid target = type.value()->oid;
        Oid source = types[0];
        bool is_cast = false;
        if (source == kUnknownOid && single_argument->kind == ExprKind::kConst) {
          is_cast = true;
        } else {
          const FunctionRow* function;
          switch (coerce_.FindPath(target, source, CoercionContext::kExplicit, &function)) {
            case CoercionPath::kRelabel:
              is_cast = true;
              break;
            case CoercionPath::kViaIo: {
              // Not for composite sources: f(row) must stay a field selection.
              const catalog::TypeRow* row = ctx_.TypeOf(coerce_.BaseType(source));
              bool composite = source == kRecordOid || (row != nullptr && row->kind == catalog::TypeKind::kComposite);
              is_cast = !(composite && coerce_.Category(target) == 'S');
              break;
            }
            default:
              break;
          }
        }
        if (is_cast) {
          choice.match = FunctionMatch::kCoercion;
          choice.coercion_target = target;
          return choice;
        }
      }
    }
    if (candidates.empty()) return choice;
    std::vector<std::vector<Oid>> signatures;
    for (const Candidate& candidate : candidates) {
      signatures.emplace_back(candidate.args.begin(), candidate.args.begin() + static_cast<ptrdiff_t>(count));
    }
    std::vector<int> left = Select(types, std::move(signatures));
    if (left.empty()) return choice;
    if (left.size() > 1) {
      choice.match = FunctionMatch::kMany;
      return choice;
    }
    best = &candidates[static_cast<size_t>(left[0])];
  }
  choice.match = FunctionMatch::kFunction;
  choice.candidate = *best;
  return choice;
}

}  // namespace phantom::planner
