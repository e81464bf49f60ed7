// Polymorphic types: anyelement and its family (all must agree exactly), anycompatible and its family (their common type).
#include "planner/binder/coerce.h"

namespace phantom::planner {

using namespace types;

namespace {
constexpr Oid kAnymultirange = 4537;
constexpr Oid kAnycompatiblemultirange = 4538;

bool IsElementFamily(Oid type) {
  return type == kAnyelementOid || type == kAnyarrayOid || type == kAnynonarrayOid || type == kAnyenumOid ||
         type == kAnyrangeOid || type == kAnymultirange;
}
bool IsCompatibleFamily(Oid type) {
  return type == kAnycompatibleOid || type == kAnycompatiblearrayOid || type == kAnycompatiblenonarrayOid ||
         type == kAnycompatiblerangeOid || type == kAnycompatiblemultirange;
}
}  // namespace

bool IsPolymorphic(Oid type) { return IsElementFamily(type) || IsCompatibleFamily(type); }

Oid Coercion::CommonTypeOfOids(std::span<const Oid> types) {
  if (types.empty()) return 0;
  std::vector<Expr*> nodes;
  std::vector<CaseTest> storage(types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    storage[i].type = Type(types[i]);
    nodes.push_back(&storage[i]);
  }
  auto common = CommonType(nodes, nullptr);
  Oid type = common.ok() ? common.value() : 0;
  if (type == 0) return 0;
  for (Oid source : types) {
    if (source != type && !CanCoerce(source, type, CoercionContext::kImplicit)) return 0;
  }
  return type;
}

bool Coercion::PolymorphicFits(std::span<const Oid> actual, std::span<const Oid> declared) {
  Oid element = 0, array = 0, range = 0;
  bool nonarray = false, isenum = false, compatible_nonarray = false;
  std::vector<Oid> compatible;
  Oid compatible_range = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    Oid type = actual[i];
    switch (declared[i]) {
      case kAnyelementOid:
      case kAnynonarrayOid:
      case kAnyenumOid:
        nonarray |= declared[i] == kAnynonarrayOid;
        isenum |= declared[i] == kAnyenumOid;
        if (type == kUnknownOid) continue;
        if (element != 0 && element != type) return false;
        element = type;
        break;
      case kAnyarrayOid:
        if (type == kUnknownOid) continue;
        type = BaseType(type);
        if (array != 0 && array != type) return false;
        array = type;
        break;
      case kAnyrangeOid:
      case kAnymultirange:
        if (type == kUnknownOid) continue;
        type = BaseType(type);
        if (range != 0 && range != type) return false;
        range = type;
        break;
      case kAnycompatibleOid:
      case kAnycompatiblenonarrayOid:
        compatible_nonarray |= declared[i] == kAnycompatiblenonarrayOid;
        if (type == kUnknownOid) continue;
        compatible.push_back(type);
        break;
      case kAnycompatiblearrayOid: {
        if (type == kUnknownOid) continue;
        Oid item = ElementOf(type);
        if (item == 0) return false;
        compatible.push_back(item);
        break;
      }
      case kAnycompatiblerangeOid:
      case kAnycompatiblemultirange: {
        if (type == kUnknownOid) continue;
        type = BaseType(type);
        const catalog::RangeRow* row = ctx_.builtins.Range(type);
        if (row == nullptr) row = ctx_.builtins.RangeOfMultirange(type);
        if (row == nullptr) return false;
        if (compatible_range != 0 && compatible_range != row->subtype) return false;
        compatible_range = row->subtype;
        break;
      }
      default:
        break;
    }
  }
  if (array != 0) {
    if (array != kAnyarrayOid) {
      Oid item = ElementOf(array);
      if (item == 0) return false;
      if (element == 0) {
        element = item;
      } else if (element != item) {
        return false;
      }
    }
  }
  if (range != 0) {
    const catalog::RangeRow* row = ctx_.builtins.Range(range);
    if (row == nullptr) row = ctx_.builtins.RangeOfMultirange(range);
    if (row == nullptr) return false;
    if (element != 0 && element != row->subtype) return false;
  }
  if (nonarray && element != 0 && ElementOf(element) != 0) return false;
  if (isenum && element != 0) {
    const catalog::TypeRow* row = ctx_.TypeOf(BaseType(element));
    if (row == nullptr || row->kind != catalog::TypeKind::kEnum) return false;
  }
  if (compatible_range != 0) compatible.push_back(compatible_range);
  if (!compatible.empty()) {
    Oid common = CommonTypeOfOids(compatible);
    if (common == 0) return false;
    if (compatible_nonarray && ElementOf(common) != 0) return false;
  }
  return true;
}

Result<Oid> Coercion::ResolvePolymorphic(std::span<const Oid> actual, std::vector<Oid>& declared, Oid result) {
  Oid element = 0, array = 0, range = 0;
  bool any_element_family = false, any_compatible = false, unknown_element = false;
  std::vector<Oid> compatible;
  Oid compatible_range_type = 0;
  auto not_alike = [&](const char* what, Oid one, Oid two) {
    return Errorf(sqlstate::kDatatypeMismatch, "arguments declared \"%s\" are not all alike", what)
        .Detail(ctx_.TypeName(one) + " versus " + ctx_.TypeName(two));
  };
  for (size_t i = 0; i < actual.size(); ++i) {
    Oid type = actual[i];
    if (IsElementFamily(declared[i])) any_element_family = true;
    if (IsCompatibleFamily(declared[i])) any_compatible = true;
    switch (declared[i]) {
      case kAnyelementOid:
      case kAnynonarrayOid:
      case kAnyenumOid:
        if (type == kUnknownOid) {
          unknown_element = true;
          continue;
        }
        if (element != 0 && element != type) return not_alike("anyelement", element, type);
        element = type;
        break;
      case kAnyarrayOid:
        if (type == kUnknownOid) {
          unknown_element = true;
          continue;
        }
        type = BaseType(type);
        if (array != 0 && array != type) return not_alike("anyarray", array, type);
        array = type;
        break;
      case kAnyrangeOid:
      case kAnymultirange:
        if (type == kUnknownOid) continue;
        range = BaseType(type);
        break;
      case kAnycompatibleOid:
      case kAnycompatiblenonarrayOid:
        if (type != kUnknownOid) compatible.push_back(type);
        break;
      case kAnycompatiblearrayOid: {
        if (type == kUnknownOid) continue;
        Oid item = ElementOf(type);
        if (item == 0) {
          return Errorf(sqlstate::kDatatypeMismatch, "argument declared %s is not an array but type %s",
                        "anycompatiblearray", ctx_.TypeName(type).c_str());
        }
        compatible.push_back(item);
        break;
      }
      case kAnycompatiblerangeOid: {
        if (type == kUnknownOid) continue;
        const catalog::RangeRow* row = ctx_.builtins.Range(BaseType(type));
        if (row != nullptr) {
          compatible_range_type = row->type;
          compatible.push_back(row->subtype);
        }
        break;
      }
      default:
        break;
    }
  }
  if (!any_element_family && !any_compatible) return result;
  bool anyarray_array = false;
  if (array != 0) {
    if (array == kAnyarrayOid) {
      // pg_statistic's anyarray columns: the element type is not known.
      anyarray_array = true;
      if (element == 0) element = kAnyelementOid;
    } else {
      Oid item = ElementOf(array);
      if (item == 0) {
        return Errorf(sqlstate::kDatatypeMismatch, "argument declared %s is not an array but type %s", "anyarray",
                      ctx_.TypeName(array).c_str());
      }
      if (element == 0) {
        element = item;
      } else if (element != item) {
        return Errorf(sqlstate::kDatatypeMismatch,
                      "argument declared %s is not consistent with argument declared %s", "anyarray", "anyelement")
            .Detail(ctx_.TypeName(array) + " versus " + ctx_.TypeName(element));
      }
    }
  }
  if (range != 0 && element == 0) {
    const catalog::RangeRow* row = ctx_.builtins.Range(range);
    if (row == nullptr) row = ctx_.builtins.RangeOfMultirange(range);
    if (row != nullptr) element = row->subtype;
  }
  if (any_element_family && element == 0) {
    if (range == 0 && unknown_element) {
      return Errorf(sqlstate::kDatatypeMismatch, "could not determine polymorphic type because input has type %s",
                    "unknown");
    }
  }
  Oid common = 0;
  if (any_compatible) {
    if (compatible.empty()) {
      common = kTextOid;
    } else {
      common = CommonTypeOfOids(compatible);
      if (common == 0) {
        return Errorf(sqlstate::kDatatypeMismatch, "arguments of anycompatible family cannot be cast to a common type");
      }
    }
  }
  auto array_of = [&](Oid item) -> Result<Oid> {
    if (item == kAnyelementOid && anyarray_array) return Oid{kAnyarrayOid};
    Oid type = ArrayOf(item);
    if (type == 0) {
      return Errorf(sqlstate::kUndefinedObject, "could not find array type for data type %s", ctx_.TypeName(item).c_str());
    }
    return type;
  };
  auto resolve = [&](Oid type) -> Result<Oid> {
    switch (type) {
      case kAnyelementOid:
      case kAnynonarrayOid:
      case kAnyenumOid:
        return element == 0 ? type : element;
      case kAnyarrayOid:
        if (array != 0) return array;
        return element == 0 ? Result<Oid>(type) : array_of(element);
      case kAnyrangeOid:
      case kAnymultirange:
        return range == 0 ? type : range;
      case kAnycompatibleOid:
      case kAnycompatiblenonarrayOid:
        return common;
      case kAnycompatiblearrayOid:
        return array_of(common);
      case kAnycompatiblerangeOid:
        return compatible_range_type == 0 ? type : compatible_range_type;
      default:
        return type;
    }
  };
  for (Oid& type : declared) {
    ASSIGN_OR_RETURN(type, resolve(type));
  }
  return resolve(result);
}

}  // namespace phantom::planner
