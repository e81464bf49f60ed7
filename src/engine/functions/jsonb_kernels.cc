// Operators and functions that compare, test and change jsonb (PostgreSQL 15, chapter 9.16), and its casts.
#include <charconv>
#include <climits>
#include <optional>
#include <string>
#include <vector>

#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/array.h"
#include "types/ascii.h"
#include "types/jsonb.h"

namespace phantom::engine {

namespace {

using types::ArrayView;
using types::JsonbView;
using types::JsonKind;
using types::Numeric;
using types::StringRef;
using Out = Writer<StringRef>;
using I = int32_t;
using Pieces = std::vector<std::string_view>;
using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

bool IsArray(const JsonbView& value) { return value.kind() == JsonKind::kArray; }
bool IsObject(const JsonbView& value) { return value.kind() == JsonKind::kObject; }

// ---- Containment and existence ------------------------------------------------------------------

bool EqualScalars(const JsonbView& a, const JsonbView& b) {
  return a.kind() == b.kind() && types::CompareJsonb(a.bytes(), b.bytes()) == 0;
}

bool Contains(const JsonbView& a, const JsonbView& b) {
  if (a.is_scalar() || b.is_scalar()) return a.is_scalar() && b.is_scalar() && EqualScalars(a, b);
  if (a.kind() != b.kind()) return false;
  if (IsObject(a)) {
    for (uint32_t i = 0; i < b.size(); ++i) {
      const std::optional<JsonbView> value = a.Find(b.key(i));
      if (!value || !Contains(*value, b.value(i))) return false;
    }
    return true;
  }
  for (uint32_t i = 0; i < b.size(); ++i) {
    bool found = false;
    for (uint32_t j = 0; j < a.size() && !found; ++j) found = Contains(a.element(j), b.element(i));
    if (!found) return false;
  }
  return true;
}
// At the top an array contains a scalar that is one of its elements.
bool ContainsAtTop(const StringRef& a, const StringRef& b) {
  const JsonbView left(a.view()), right(b.view());
  if (!IsArray(left) || !right.is_scalar()) return Contains(left, right);
  for (uint32_t i = 0; i < left.size(); ++i) {
    if (Contains(left.element(i), right)) return true;
  }
  return false;
}
bool ContainedAtTop(const StringRef& a, const StringRef& b) { return ContainsAtTop(b, a); }

bool HasKey(const JsonbView& value, std::string_view key) {
  if (IsObject(value)) return value.Find(key).has_value();
  if (!IsArray(value)) return value.kind() == JsonKind::kString && value.AsString() == key;
  for (uint32_t i = 0; i < value.size(); ++i) {
    const JsonbView element = value.element(i);
    if (element.kind() == JsonKind::kString && element.AsString() == key) return true;
  }
  return false;
}
bool Exists(const StringRef& json, const StringRef& key) { return HasKey(JsonbView(json.view()), key.view()); }
template <bool kAll>
bool ExistsOf(const StringRef& json, const StringRef& keys) {
  const ArrayView array(keys.view());
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (!array.IsNull(i) && HasKey(JsonbView(json.view()), array.Raw(i)) != kAll) return !kAll;
  }
  return kAll;
}

// ---- Concatenation ------------------------------------------------------------------------------

Pieces ElementsOf(const JsonbView& value) {
  Pieces pieces;
  if (!IsArray(value)) {
    pieces.push_back(value.bytes());
  } else {
    for (uint32_t i = 0; i < value.size(); ++i) pieces.push_back(value.element(i).bytes());
  }
  return pieces;
}
Pairs PairsOf(const JsonbView& object) {
  Pairs pairs;
  for (uint32_t i = 0; i < object.size(); ++i) pairs.emplace_back(object.key(i), object.value(i).bytes());
  return pairs;
}

Status Concat(KernelContext&, const StringRef& a, const StringRef& b, Out& out) {
  const JsonbView left(a.view()), right(b.view());
  std::string bytes;
  if (IsObject(left) && IsObject(right)) {
    Pairs pairs = PairsOf(left);
    for (const auto& pair : PairsOf(right)) pairs.push_back(pair);
    types::AppendJsonbObject(std::move(pairs), bytes);
  } else {
    Pieces pieces = ElementsOf(left);
    for (const std::string_view piece : ElementsOf(right)) pieces.push_back(piece);
    types::AppendJsonbArray(pieces, bytes);
  }
  out.SetText(bytes);
  return Status::Ok();
}

// ---- Deleting -----------------------------------------------------------------------------------

Status CannotDeleteFromScalar() { return Error(sqlstate::kInvalidParameterValue, "cannot delete from scalar"); }

// Without the members or string elements for which drop(key) holds.
template <typename Drop>
Status DeleteKeys(const JsonbView& value, const Drop& drop, Out& out) {
  if (value.is_scalar()) return CannotDeleteFromScalar();
  std::string bytes;
  if (IsObject(value)) {
    Pairs pairs = PairsOf(value);
    std::erase_if(pairs, [&](const auto& pair) { return drop(pair.first); });
    types::AppendJsonbObject(std::move(pairs), bytes);
  } else {
    Pieces pieces;
    for (uint32_t i = 0; i < value.size(); ++i) {
      const JsonbView element = value.element(i);
      if (element.kind() != JsonKind::kString || !drop(element.AsString())) pieces.push_back(element.bytes());
    }
    types::AppendJsonbArray(pieces, bytes);
  }
  out.SetText(bytes);
  return Status::Ok();
}
Status DeleteKey(KernelContext&, const StringRef& json, const StringRef& key, Out& out) {
  return DeleteKeys(JsonbView(json.view()), [&](std::string_view name) { return name == key.view(); }, out);
}
Status DeleteAnyKey(KernelContext&, const StringRef& json, const StringRef& keys, Out& out) {
  const ArrayView array(keys.view());
  if (array.dimensions() > 1) return Error(sqlstate::kArraySubscriptError, "wrong number of array subscripts");
  const auto among = [&](std::string_view name) {
    for (uint32_t i = 0; i < array.size(); ++i) {
      if (!array.IsNull(i) && array.Raw(i) == name) return true;
    }
    return false;
  };
  return DeleteKeys(JsonbView(json.view()), among, out);
}
Status DeleteElement(KernelContext&, const StringRef& json, const I& index, Out& out) {
  const JsonbView value(json.view());
  if (value.is_scalar()) return CannotDeleteFromScalar();
  if (IsObject(value)) {
    return Error(sqlstate::kInvalidParameterValue, "cannot delete from object using integer index");
  }
  Pieces pieces = ElementsOf(value);
  const int64_t at = index < 0 ? int64_t{index} + static_cast<int64_t>(pieces.size()) : index;
  if (at >= 0 && at < static_cast<int64_t>(pieces.size())) pieces.erase(pieces.begin() + at);
  std::string bytes;
  types::AppendJsonbArray(pieces, bytes);
  out.SetText(bytes);
  return Status::Ok();
}

// ---- Changing at a path -------------------------------------------------------------------------

enum class PathChange { kDelete, kReplace, kCreate, kInsertBefore, kInsertAfter };

class PathEditor {
 public:
  PathEditor(const ArrayView& path, PathChange change, std::string_view value)
      : path_(path), change_(change), value_(value) {}

  Status Edit(const JsonbView& at, uint32_t level, std::string& out) {
    if (at.is_scalar()) {
      out += at.bytes();
      return Status::Ok();
    }
    if (path_.IsNull(level)) {
      return Errorf(sqlstate::kNullValueNotAllowed, "path element at position %u is null", level + 1);
    }
    return IsObject(at) ? EditObject(at, level, out) : EditArray(at, level, out);
  }

 private:
  bool creates() const { return change_ != PathChange::kDelete && change_ != PathChange::kReplace; }
  bool inserts() const { return change_ == PathChange::kInsertBefore || change_ == PathChange::kInsertAfter; }

  Status EditObject(const JsonbView& object, uint32_t level, std::string& out) {
    const std::string_view name = path_.Raw(level);
    const bool last = level + 1 == path_.size();
    Pairs pairs = PairsOf(object);
    std::string changed;
    bool found = false;
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (pairs[i].first != name) continue;
      found = true;
      if (!last) {
        RETURN_IF_ERROR(Edit(JsonbView(pairs[i].second), level + 1, changed));
        pairs[i].second = changed;
      } else if (inserts()) {
        return Error(sqlstate::kInvalidParameterValue, "cannot replace existing key")
            .Hint("Try using the function jsonb_set to replace key value.");
      } else if (change_ == PathChange::kDelete) {
        pairs.erase(pairs.begin() + static_cast<ptrdiff_t>(i));
      } else {
        pairs[i].second = value_;
      }
      break;
    }
    if (!found && last && creates()) pairs.emplace_back(name, value_);
    types::AppendJsonbObject(std::move(pairs), out);
    return Status::Ok();
  }

  Result<int64_t> IndexAt(uint32_t level, int64_t count) {
    std::string_view text = types::TrimSpace(path_.Raw(level));
    const std::string_view digits = !text.empty() && text[0] == '+' ? text.substr(1) : text;
    int32_t index = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      return Errorf(sqlstate::kInvalidTextRepresentation, "path element at position %u is not an integer: \"%s\"",
                    level + 1, std::string(path_.Raw(level)).c_str());
    }
    if (index >= 0) return std::min<int64_t>(index, count);
    return -int64_t{index} > count ? INT64_MIN : count + index;  // INT64_MIN: before the first
  }

  Status EditArray(const JsonbView& array, uint32_t level, std::string& out) {
    const bool last = level + 1 == path_.size();
    Pieces pieces = ElementsOf(array);
    const auto count = static_cast<int64_t>(pieces.size());
    ASSIGN_OR_RETURN(const int64_t index, IndexAt(level, count));
    std::string changed;
    const bool exists = index >= 0 && index < count;
    if (!last) {
      if (exists) {
        RETURN_IF_ERROR(Edit(JsonbView(pieces[static_cast<size_t>(index)]), level + 1, changed));
        pieces[static_cast<size_t>(index)] = changed;
      }
    } else if (!exists) {
      if (creates()) pieces.insert(index < 0 ? pieces.begin() : pieces.end(), value_);
    } else {
      const auto at = pieces.begin() + index;
      switch (change_) {
        case PathChange::kDelete:
          pieces.erase(at);
          break;
        case PathChange::kInsertBefore:
          pieces.insert(at, value_);
          break;
        case PathChange::kInsertAfter:
          pieces.insert(at + 1, value_);
          break;
        case PathChange::kReplace:
        case PathChange::kCreate:
          *at = value_;
          break;
      }
    }
    types::AppendJsonbArray(pieces, out);
    return Status::Ok();
  }

  const ArrayView& path_;
  const PathChange change_;
  const std::string_view value_;
};

Status Change(const StringRef& json, const StringRef& path_bytes, PathChange change, std::string_view value,
              const char* scalar_error, Out& out) {
  const ArrayView path(path_bytes.view());
  if (path.dimensions() > 1) return Error(sqlstate::kArraySubscriptError, "wrong number of array subscripts");
  const JsonbView root(json.view());
  if (root.is_scalar()) return Error(sqlstate::kInvalidParameterValue, scalar_error);
  const bool nothing = path.size() == 0 || (root.size() == 0 && (change == PathChange::kDelete || change == PathChange::kReplace));
  if (nothing) {
    out.SetText(json.view());
    return Status::Ok();
  }
  std::string bytes;
  RETURN_IF_ERROR(PathEditor(path, change, value).Edit(root, 0, bytes));
  out.SetText(bytes);
  return Status::Ok();
}

constexpr const char* kCannotSet = "cannot set path in scalar";
constexpr const char* kCannotDelete = "cannot delete path in scalar";

Status DeletePath(KernelContext&, const StringRef& json, const StringRef& path, Out& out) {
  return Change(json, path, PathChange::kDelete, {}, kCannotDelete, out);
}
Status Set(KernelContext&, const StringRef& json, const StringRef& path, const StringRef& value, const bool& create,
           Out& out) {
  return Change(json, path, create ? PathChange::kCreate : PathChange::kReplace, value.view(), kCannotSet, out);
}
Status Insert(KernelContext&, const StringRef& json, const StringRef& path, const StringRef& value, const bool& after,
              Out& out) {
  return Change(json, path, after ? PathChange::kInsertAfter : PathChange::kInsertBefore, value.view(), kCannotSet, out);
}
Status SetLax(KernelContext& context, const StringRef* json, const StringRef* path, const StringRef* value,
              const bool* create, const StringRef* null_treatment, Out& out) {
  if (json == nullptr || path == nullptr || create == nullptr) {
    out.SetNull();
    return Status::Ok();
  }
  if (value != nullptr) return Set(context, *json, *path, *value, *create, out);
  if (null_treatment == nullptr) {
    return Error(sqlstate::kInvalidParameterValue,
                 "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or "
                 "\"raise_exception\"");
  }
  const std::string_view treatment = null_treatment->view();
  if (treatment == "raise_exception") {
    return Error(sqlstate::kNullValueNotAllowed, "JSON value must not be null")
        .Detail("Exception was raised because null_value_treatment is \"raise_exception\".")
        .Hint("To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.");
  }
  if (treatment == "use_json_null") {
    std::string null;
    types::AppendJsonbNull(null);
    return Set(context, *json, *path, StringRef(std::string_view(null)), *create, out);
  }
  if (treatment == "delete_key") return DeletePath(context, *json, *path, out);
  if (treatment == "return_target") {
    out.SetText(json->view());
    return Status::Ok();
  }
  return Error(sqlstate::kInvalidParameterValue,
               "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or "
               "\"raise_exception\"");
}

// ---- Whole values -------------------------------------------------------------------------------

Status Pretty(KernelContext&, const StringRef& json, Out& out) {
  std::string text;
  types::AppendJsonb(JsonbView(json.view()), text, true);
  out.SetText(text);
  return Status::Ok();
}

void StripNulls(const JsonbView& value, std::string& out) {
  if (value.is_scalar()) {
    out += value.bytes();
    return;
  }
  std::vector<std::string> stripped(value.size());
  if (IsObject(value)) {
    Pairs pairs;
    for (uint32_t i = 0; i < value.size(); ++i) {
      if (value.value(i).kind() == JsonKind::kNull) continue;
      StripNulls(value.value(i), stripped[i]);
      pairs.emplace_back(value.key(i), stripped[i]);
    }
    types::AppendJsonbObject(std::move(pairs), out);
  } else {
    Pieces pieces;
    for (uint32_t i = 0; i < value.size(); ++i) {
      StripNulls(value.element(i), stripped[i]);
      pieces.push_back(stripped[i]);
    }
    types::AppendJsonbArray(pieces, out);
  }
}
Status StripNullsOf(KernelContext&, const StringRef& json, Out& out) {
  std::string bytes;
  StripNulls(JsonbView(json.view()), bytes);
  out.SetText(bytes);
  return Status::Ok();
}

// ---- Casts --------------------------------------------------------------------------------------

Status CannotCast(const JsonbView& value, const char* type) {
  constexpr const char* kNames[] = {"null", "boolean", "boolean", "numeric", "string", "array", "object"};
  // A container is named as such, scalars by their kind.
  return Errorf(sqlstate::kInvalidParameterValue, "cannot cast jsonb %s to type %s",
                kNames[static_cast<size_t>(value.kind())], type);
}
Status ToBool(KernelContext&, const StringRef& json, bool& out) {
  const JsonbView value(json.view());
  if (value.kind() != JsonKind::kTrue && value.kind() != JsonKind::kFalse) return CannotCast(value, "boolean");
  out = value.AsBool();
  return Status::Ok();
}
Status ToNumeric(KernelContext&, const StringRef& json, Writer<Numeric>& out) {
  const JsonbView value(json.view());
  if (value.kind() != JsonKind::kNumber) return CannotCast(value, "numeric");
  out.Set(out.heap().Add(value.AsNumber()));
  return Status::Ok();
}
template <typename T>
struct Target {
  const char* name;
  Result<T> (*convert)(const Numeric&);
};
template <typename T>
constexpr Target<T> TargetOf() {
  if constexpr (std::is_same_v<T, int16_t>) {
    return {"smallint", types::NumericToInt16};
  } else if constexpr (std::is_same_v<T, int32_t>) {
    return {"integer", types::NumericToInt32};
  } else if constexpr (std::is_same_v<T, int64_t>) {
    return {"bigint", types::NumericToInt64};
  } else if constexpr (std::is_same_v<T, float>) {
    return {"real", types::NumericToFloat};
  } else {
    return {"double precision", types::NumericToDouble};
  }
}
template <typename T>
Status ToNumber(KernelContext&, const StringRef& json, T& out) {
  const JsonbView value(json.view());
  if (value.kind() != JsonKind::kNumber) return CannotCast(value, TargetOf<T>().name);
  ASSIGN_OR_RETURN(out, TargetOf<T>().convert(value.AsNumber()));
  return Status::Ok();
}

template <auto F>
constexpr ScalarKernel kTest = Strict<F, bool, StringRef, StringRef>;
template <auto F, typename... A>
constexpr ScalarKernel kMake = Strict<F, StringRef, StringRef, A...>;

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("jsonb_contains", kTest<ContainsAtTop>),
    KernelEntry::Scalar("jsonb_contained", kTest<ContainedAtTop>),
    KernelEntry::Scalar("jsonb_exists", kTest<Exists>),
    KernelEntry::Scalar("jsonb_exists_any", kTest<ExistsOf<false>>),
    KernelEntry::Scalar("jsonb_exists_all", kTest<ExistsOf<true>>),
    KernelEntry::Scalar("jsonb_concat", kMake<Concat, StringRef>),
    KernelEntry::Scalar("jsonb_delete", kMake<DeleteKey, StringRef>),
    KernelEntry::Scalar("jsonb_delete_array", kMake<DeleteAnyKey, StringRef>),
    KernelEntry::Scalar("jsonb_delete_idx", kMake<DeleteElement, I>),
    KernelEntry::Scalar("jsonb_delete_path", kMake<DeletePath, StringRef>),
    KernelEntry::Scalar("jsonb_set", kMake<Set, StringRef, StringRef, bool>),
    KernelEntry::Scalar("jsonb_insert", kMake<Insert, StringRef, StringRef, bool>),
    KernelEntry::Scalar("jsonb_set_lax",
                        Nullable<SetLax, StringRef, StringRef, StringRef, StringRef, bool, StringRef>),
    KernelEntry::Scalar("jsonb_pretty", kMake<Pretty>),
    KernelEntry::Scalar("jsonb_strip_nulls", kMake<StripNullsOf>),
    KernelEntry::Scalar("jsonb_bool", Strict<ToBool, bool, StringRef>),
    KernelEntry::Scalar("jsonb_numeric", Strict<ToNumeric, Numeric, StringRef>),
    KernelEntry::Scalar("jsonb_int2", Strict<ToNumber<int16_t>, int16_t, StringRef>),
    KernelEntry::Scalar("jsonb_int4", Strict<ToNumber<int32_t>, int32_t, StringRef>),
    KernelEntry::Scalar("jsonb_int8", Strict<ToNumber<int64_t>, int64_t, StringRef>),
    KernelEntry::Scalar("jsonb_float4", Strict<ToNumber<float>, float, StringRef>),
    KernelEntry::Scalar("jsonb_float8", Strict<ToNumber<double>, double, StringRef>),
};

}  // namespace

std::span<const KernelEntry> JsonbKernels() { return kTable; }

}  // namespace phantom::engine
