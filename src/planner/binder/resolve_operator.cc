#include "planner/binder/resolve.h"

namespace phantom::planner {

using namespace types;
using catalog::OperatorRow;

std::string Resolver::OperatorSignature(std::span<const std::string_view> name, Oid left, Oid right) {
  std::string text;
  if (left != 0) text = ctx_.TypeName(left) + " ";
  return text + NameToString(name) + " " + ctx_.TypeName(right);
}

Result<const OperatorRow*> Resolver::Operator(std::span<const std::string_view> name, Oid left, Oid right,
                                              int32_t location) {
  Oid schema = 0;
  if (name.size() >= 2) {
    ASSIGN_OR_RETURN(auto found, ctx_.catalog.SchemaOrError(name[name.size() - 2]));
    schema = found->oid;
  }
  std::vector<const OperatorRow*> candidates;
  for (const OperatorRow* op : ctx_.catalog.OperatorCandidates(name.back())) {
    if (schema != 0 && op->schema != schema) continue;
    if ((op->left == 0) == (left == 0)) candidates.push_back(op);
  }
  auto exact = [&](Oid l, Oid r) -> const OperatorRow* {
    for (const OperatorRow* op : candidates) {
      if (op->left == l && op->right == r) return op;
    }
    return nullptr;
  };
  if (left == 0) {
    if (const OperatorRow* op = exact(0, right)) return op;
  } else {
    // An unknown literal is first taken for the other side's type.
    Oid l = left, r = right;
    bool was_unknown = false;
    if (l == kUnknownOid && r != kUnknownOid) {
      l = r;
      was_unknown = true;
    } else if (r == kUnknownOid && l != kUnknownOid) {
      r = l;
      was_unknown = true;
    }
    if (const OperatorRow* op = exact(l, r)) return op;
    if (was_unknown) {
      Oid base = coerce_.BaseType(l);
      if (base != l) {
        if (const OperatorRow* op = exact(base, base)) return op;
      }
    }
  }
  std::vector<std::vector<Oid>> signatures;
  std::vector<Oid> types;
  if (left != 0) types.push_back(left);
  types.push_back(right);
  // An unknown beside a known type is assumed to be of that type's base, when some operator takes it exactly so.
  for (const OperatorRow* op : candidates) {
    if (left != 0) {
      signatures.push_back({op->left, op->right});
    } else {
      signatures.push_back({op->right});
    }
  }
  if (left != 0) {
    // Domains: an exact match of base types wins.
    Oid l = left == kUnknownOid ? left : coerce_.BaseType(left);
    Oid r = right == kUnknownOid ? right : coerce_.BaseType(right);
    if (l != left || r != right) {
      Oid el = l == kUnknownOid ? r : l, er = r == kUnknownOid ? l : r;
      if (const OperatorRow* op = exact(el, er)) return op;
    }
  }
  std::vector<int> best = Select(types, std::move(signatures));
  if (best.size() == 1) return candidates[static_cast<size_t>(best[0])];
  if (!best.empty()) {
    return Errorf(sqlstate::kAmbiguousFunction, "operator is not unique: %s",
                  OperatorSignature(name, left, right).c_str())
        .Hint("Could not choose a best candidate operator. You might need to add explicit type casts.")
        .At(location);
  }
  return Errorf(sqlstate::kUndefinedFunction, "operator does not exist: %s",
                OperatorSignature(name, left, right).c_str())
      .Hint(left != 0 ? "No operator matches the given name and argument types. You might need to add explicit type casts."
                      : "No operator matches the given name and argument type. You might need to add an explicit type cast.")
      .At(location);
}

const OperatorRow* Resolver::SortOperator(Oid type, int strategy) {
  type = coerce_.BaseType(type);
  // Arrays of rows are a pseudo-type, which the class of arrays is not found for; they sort like other arrays.
  const Oid sorted = type == kRecordArrayOid ? Oid{kTextArrayOid} : type;
  const catalog::OpclassRow* opclass = ctx_.catalog.DefaultOpclass(sorted, catalog::oid::kAmBtree);
  if (opclass == nullptr) return nullptr;
  // An array sorts if its elements do.
  if (Oid element = coerce_.ElementOf(type); element != 0 && opclass->input_type == kAnyarrayOid) {
    if (SortOperator(element, strategy) == nullptr) return nullptr;
  }
  const catalog::AmopRow* amop = ctx_.builtins.Amop(opclass->family, opclass->input_type, opclass->input_type,
                                                    static_cast<int16_t>(strategy));
  return amop == nullptr ? nullptr : ctx_.builtins.Operator(amop->operator_oid);
}

const OperatorRow* Resolver::EqualityOperator(Oid type) {
  if (const OperatorRow* op = SortOperator(type, 3)) return op;
  const catalog::OpclassRow* opclass = ctx_.catalog.DefaultOpclass(coerce_.BaseType(type), catalog::oid::kAmHash);
  if (opclass == nullptr) return nullptr;
  const catalog::AmopRow* amop = ctx_.builtins.Amop(opclass->family, opclass->input_type, opclass->input_type, 1);
  return amop == nullptr ? nullptr : ctx_.builtins.Operator(amop->operator_oid);
}

Result<const OperatorRow*> Resolver::LessOrError(Oid type, int32_t location) {
  if (const OperatorRow* op = SortOperator(type, 1)) return op;
  return Errorf(sqlstate::kUndefinedFunction, "could not identify an ordering operator for type %s",
                ctx_.TypeName(type).c_str())
      .Hint("Use an explicit ordering operator or modify the query.")
      .At(location);
}

Result<const OperatorRow*> Resolver::EqualOrError(Oid type, int32_t location) {
  if (const OperatorRow* op = EqualityOperator(type)) return op;
  return Errorf(sqlstate::kUndefinedFunction, "could not identify an equality operator for type %s",
                ctx_.TypeName(type).c_str())
      .At(location);
}

}  // namespace phantom::planner
