// Making json and jsonb from SQL values: to_json, json_build_object and their like, and the aggregates (PostgreSQL 15,
// chapters 9.16 and 9.21).
#include <memory>
#include <string>
#include <vector>

#include "engine/functions/collecting_aggregate.h"
#include "engine/functions/json_text.h"
#include "engine/functions/json_values.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/array.h"
#include "types/jsonb.h"

namespace phantom::engine {

namespace {

using types::ArrayView;
using types::StringRef;
using Args = std::span<const types::Vector* const>;
using Out = Writer<StringRef>;
using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

// ---- One value ----------------------------------------------------------------------------------

// to_json, to_jsonb, array_to_json, row_to_json; a second argument asks for line feeds.
template <bool kBinary>
Status ToJson(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  std::string json;
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row) || (args.size() > 1 && args[1]->IsNull(row))) {
      result.SetNull(row);
      continue;
    }
    json.clear();
    const AnyValue value = ValueAt(*args[0], row);
    if (kBinary) {
      RETURN_IF_ERROR(AppendJsonb(context, value, json));
    } else {
      RETURN_IF_ERROR(AppendJson(context, value, args.size() > 1 && args[1]->Get<bool>(row), json));
    }
    result.SetString(row, json);
  }
  return Status::Ok();
}

// ---- Arrays and objects of arguments ------------------------------------------------------------

Status OddArguments(const KernelContext& context) {
  return Error(sqlstate::kInvalidParameterValue, "argument list must have even number of elements")
      .Hint("The arguments of " + std::string(context.function_name) +
            "() must consist of alternating keys and values.");
}

Status BuildText(const KernelContext& context, const AnyArguments& values, bool object, std::string& out) {
  out += object ? '{' : '[';
  for (size_t v = 0; v < values.size(); ++v) {
    if (object) {
      if (v > 0) out += ", ";
      if (values[v].is_null()) {
        return Errorf(sqlstate::kInvalidParameterValue, "argument %zu cannot be null", v + 1)
            .Hint("Object keys should be text.");
      }
      std::string key;
      RETURN_IF_ERROR(JsonKey(context, values[v], key));
      types::AppendJsonString(key, out);
      out += " : ";
      ++v;
    } else if (v > 0) {
      out += ", ";
    }
    RETURN_IF_ERROR(AppendJson(context, values[v], false, out));
  }
  out += object ? '}' : ']';
  return Status::Ok();
}

Status BuildBinary(const KernelContext& context, const AnyArguments& values, bool object, std::string& out) {
  std::vector<std::string> keys(values.size()), items(values.size());
  Pairs pairs;
  std::vector<std::string_view> elements;
  for (size_t v = 0; v < values.size(); ++v) {
    if (object) {
      if (values[v].is_null()) {
        return Errorf(sqlstate::kInvalidParameterValue, "argument %zu: key must not be null", v + 1);
      }
      RETURN_IF_ERROR(JsonKey(context, values[v], keys[v]));
      ++v;
    }
    RETURN_IF_ERROR(AppendJsonb(context, values[v], items[v]));
    object ? (void)pairs.emplace_back(keys[v - 1], items[v]) : (void)elements.push_back(items[v]);
  }
  object ? types::AppendJsonbObject(std::move(pairs), out) : types::AppendJsonbArray(elements, out);
  return Status::Ok();
}

template <bool kBinary, bool kObject>
Status Build(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  std::string json;
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    const AnyArguments values(context, args, 0, row);
    if (values.is_null()) {
      result.SetNull(row);
      continue;
    }
    if (kObject && values.size() % 2 != 0) return OddArguments(context);
    json.clear();
    RETURN_IF_ERROR((kBinary ? BuildBinary : BuildText)(context, values, kObject, json));
    result.SetString(row, json);
  }
  return Status::Ok();
}

// ---- Objects of text arrays ---------------------------------------------------------------------

struct Member {
  std::string_view key;
  bool null;
  std::string_view value;
};
Status NullKey() { return Error(sqlstate::kNullValueNotAllowed, "null value not allowed for object key"); }

// {k, v, k, v} or {{k, v}, {k, v}}.
Result<std::vector<Member>> MembersOf(const ArrayView& array) {
  if (array.dimensions() > 2) return Error(sqlstate::kArraySubscriptError, "wrong number of array subscripts");
  if (array.dimensions() == 1 && array.size() % 2 != 0) {
    return Error(sqlstate::kArraySubscriptError, "array must have even number of elements");
  }
  if (array.dimensions() == 2 && array.dimension(1).length != 2) {
    return Error(sqlstate::kArraySubscriptError, "array must have two columns");
  }
  std::vector<Member> members;
  for (uint32_t i = 0; i < array.size(); i += 2) {
    if (array.IsNull(i)) return NullKey();
    const bool null = array.IsNull(i + 1);
    members.push_back({array.Raw(i), null, null ? std::string_view() : array.Raw(i + 1)});
  }
  return members;
}
Result<std::vector<Member>> MembersOf(const ArrayView& keys, const ArrayView& values) {
  if (keys.dimensions() > 1 || keys.dimensions() != values.dimensions()) {
    return Error(sqlstate::kArraySubscriptError, "wrong number of array subscripts");
  }
  if (keys.size() != values.size()) return Error(sqlstate::kArraySubscriptError, "mismatched array dimensions");
  std::vector<Member> members;
  for (uint32_t i = 0; i < keys.size(); ++i) {
    if (keys.IsNull(i)) return NullKey();
    const bool null = values.IsNull(i);
    members.push_back({keys.Raw(i), null, null ? std::string_view() : values.Raw(i)});
  }
  return members;
}

void PutObject(const std::vector<Member>& members, bool binary, Out& out) {
  std::string json;
  if (!binary) {
    json = "{";
    for (const Member& member : members) {
      if (json.size() > 1) json += ", ";
      types::AppendJsonString(member.key, json);
      json += " : ";
      member.null ? (void)(json += "null") : types::AppendJsonString(member.value, json);
    }
    json += '}';
  } else {
    std::vector<std::string> values(members.size());
    Pairs pairs;
    for (size_t i = 0; i < members.size(); ++i) {
      members[i].null ? types::AppendJsonbNull(values[i]) : types::AppendJsonbString(members[i].value, values[i]);
      pairs.emplace_back(members[i].key, values[i]);
    }
    types::AppendJsonbObject(std::move(pairs), json);
  }
  out.SetText(json);
}
template <bool kBinary>
Status ObjectOfOne(KernelContext&, const StringRef& array, Out& out) {
  ASSIGN_OR_RETURN(const std::vector<Member> members, MembersOf(ArrayView(array.view())));
  PutObject(members, kBinary, out);
  return Status::Ok();
}
template <bool kBinary>
Status ObjectOfTwo(KernelContext&, const StringRef& keys, const StringRef& values, Out& out) {
  ASSIGN_OR_RETURN(const std::vector<Member> members, MembersOf(ArrayView(keys.view()), ArrayView(values.view())));
  PutObject(members, kBinary, out);
  return Status::Ok();
}

// ---- json_strip_nulls ---------------------------------------------------------------------------

void StripNulls(std::string_view value, std::string& out) {
  const JsonTextKind kind = KindOfJson(value);
  if (kind != JsonTextKind::kArray && kind != JsonTextKind::kObject) {
    out += value;
    return;
  }
  const bool object = kind == JsonTextKind::kObject;
  out += object ? '{' : '[';
  bool first = true;
  for (JsonItems items(value); items.Next();) {
    if (object && KindOfJson(items.value()) == JsonTextKind::kNull) continue;
    if (!first) out += ',';
    first = false;
    if (object) (out += items.key()) += ':';
    StripNulls(items.value(), out);
  }
  out += object ? '}' : ']';
}
Status StripNullsOf(KernelContext&, const StringRef& json, Out& out) {
  std::string stripped;
  StripNulls(TrimJson(json.view()), stripped);
  out.SetText(stripped);
  return Status::Ok();
}

// ---- Aggregates ---------------------------------------------------------------------------------

// Pieces are texts of elements (or "key" : value) for json, jsonb bytes (alternating with keys) for jsonb.
struct Gathered {
  std::unique_ptr<std::vector<std::string>> pieces;  // null: no rows
  bool lines = false;
};
std::vector<std::string>& PiecesOf(Gathered& state) {
  if (state.pieces == nullptr) state.pieces = std::make_unique<std::vector<std::string>>();
  return *state.pieces;
}

template <bool kBinary>
Status AddElement(AggregateContext& context, Gathered& state, Args args, uint32_t row) {
  std::string& piece = PiecesOf(state).emplace_back();
  const AnyValue value = ValueAt(*args[0], row);
  if (kBinary) return AppendJsonb(context.call, value, piece);
  state.lines = state.lines || IsJsonContainer(context.call, value);
  return AppendJson(context.call, value, false, piece);
}
template <bool kBinary>
Status AddMember(AggregateContext& context, Gathered& state, Args args, uint32_t row) {
  const AnyValue key = ValueAt(*args[0], row);
  if (key.is_null()) return Error(sqlstate::kInvalidParameterValue, "field name must not be null");
  std::string name;
  RETURN_IF_ERROR(JsonKey(context.call, key, name));
  std::vector<std::string>& pieces = PiecesOf(state);
  if (kBinary) {
    pieces.push_back(std::move(name));
    return AppendJsonb(context.call, ValueAt(*args[1], row), pieces.emplace_back());
  }
  std::string& piece = pieces.emplace_back();
  types::AppendJsonString(name, piece);
  piece += " : ";
  return AppendJson(context.call, ValueAt(*args[1], row), false, piece);
}

template <bool kObject>
Status FinishText(AggregateContext&, Gathered& state, types::Vector& result, uint32_t at) {
  if (state.pieces == nullptr) {
    result.SetNull(at);
    return Status::Ok();
  }
  std::string json = kObject ? "{ " : "[";
  for (size_t i = 0; i < state.pieces->size(); ++i) {
    if (i > 0) json += !kObject && state.lines ? ", \n " : ", ";
    json += (*state.pieces)[i];
  }
  json += kObject ? " }" : "]";
  result.SetString(at, json);
  return Status::Ok();
}
template <bool kObject>
Status FinishBinary(AggregateContext&, Gathered& state, types::Vector& result, uint32_t at) {
  if (state.pieces == nullptr) {
    result.SetNull(at);
    return Status::Ok();
  }
  const std::vector<std::string>& pieces = *state.pieces;
  std::string json;
  if (kObject) {
    Pairs pairs;
    for (size_t i = 0; i < pieces.size(); i += 2) pairs.emplace_back(pieces[i], pieces[i + 1]);
    types::AppendJsonbObject(std::move(pairs), json);
  } else {
    const std::vector<std::string_view> views(pieces.begin(), pieces.end());
    types::AppendJsonbArray(views, json);
  }
  result.SetString(at, json);
  return Status::Ok();
}

constexpr AggregateKernel kJsonArray = CollectingAggregate<Gathered, AddElement<false>, FinishText<false>>();
constexpr AggregateKernel kJsonbArray = CollectingAggregate<Gathered, AddElement<true>, FinishBinary<false>>();
constexpr AggregateKernel kJsonObject = CollectingAggregate<Gathered, AddMember<false>, FinishText<true>>();
constexpr AggregateKernel kJsonbObject = CollectingAggregate<Gathered, AddMember<true>, FinishBinary<true>>();

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("to_json", ToJson<false>),
    KernelEntry::Scalar("to_jsonb", ToJson<true>),
    KernelEntry::Scalar("array_to_json", ToJson<false>),
    KernelEntry::Scalar("array_to_json_pretty", ToJson<false>),
    KernelEntry::Scalar("row_to_json", ToJson<false>),
    KernelEntry::Scalar("row_to_json_pretty", ToJson<false>),
    KernelEntry::Scalar("json_build_array", Build<false, false>),
    KernelEntry::Scalar("json_build_array_noargs", Build<false, false>),
    KernelEntry::Scalar("json_build_object", Build<false, true>),
    KernelEntry::Scalar("json_build_object_noargs", Build<false, true>),
    KernelEntry::Scalar("jsonb_build_array", Build<true, false>),
    KernelEntry::Scalar("jsonb_build_array_noargs", Build<true, false>),
    KernelEntry::Scalar("jsonb_build_object", Build<true, true>),
    KernelEntry::Scalar("jsonb_build_object_noargs", Build<true, true>),
    KernelEntry::Scalar("json_object", Strict<ObjectOfOne<false>, StringRef, StringRef>),
    KernelEntry::Scalar("json_object_two_arg", Strict<ObjectOfTwo<false>, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("jsonb_object", Strict<ObjectOfOne<true>, StringRef, StringRef>),
    KernelEntry::Scalar("jsonb_object_two_arg", Strict<ObjectOfTwo<true>, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("json_strip_nulls", Strict<StripNullsOf, StringRef, StringRef>),
    KernelEntry::Aggregate(3175, &kJsonArray),
    KernelEntry::Aggregate(3267, &kJsonbArray),
    KernelEntry::Aggregate(3197, &kJsonObject),
    KernelEntry::Aggregate(3270, &kJsonbObject),
};

}  // namespace

std::span<const KernelEntry> JsonBuildKernels() { return kTable; }

}  // namespace phantom::engine
