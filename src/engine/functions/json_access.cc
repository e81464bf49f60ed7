// Reading json and jsonb: members, elements, paths, keys, kinds, as values and as rows (PostgreSQL 15, chapter 9.16).
#include <charconv>
#include <optional>
#include <string>

#include "engine/functions/json_text.h"
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
using types::StringRef;
using Args = std::span<const types::Vector* const>;
using Out = Writer<StringRef>;
using I = int32_t;

enum class Shape { kScalar, kArray, kObject };

// What json and jsonb differ in, for the templates below. Values are views.
struct Text {
  using Value = std::string_view;
  static constexpr bool kBinary = false;
  static constexpr const char* kPrefix = "json";

  static Value Open(std::string_view bytes) { return TrimJson(bytes); }
  static Shape ShapeOf(Value value) {
    const JsonTextKind kind = KindOfJson(value);
    return kind == JsonTextKind::kArray ? Shape::kArray : kind == JsonTextKind::kObject ? Shape::kObject : Shape::kScalar;
  }
  static std::string_view KindName(Value value) {
    constexpr std::string_view kNames[] = {"null", "boolean", "number", "string", "array", "object"};
    return kNames[static_cast<size_t>(KindOfJson(value))];
  }
  static Result<std::optional<Value>> Member(Value object, std::string_view key) { return JsonMember(object, key); }
  static std::optional<Value> Element(Value array, int64_t index) { return JsonElement(array, index); }
  static uint32_t Count(Value value) { return CountJsonItems(value); }
  static std::string_view Bytes(Value value) { return value; }
  static bool IsNull(Value value) { return KindOfJson(value) == JsonTextKind::kNull; }
  static Status AppendText(Value value, std::string& out) {
    if (KindOfJson(value) == JsonTextKind::kString) return UnescapeJson(value, out);
    out += value;
    return Status::Ok();
  }

  class Items {
   public:
    explicit Items(Value container) : items_(container) {}
    bool Next() { return items_.Next(); }
    Value value() const { return items_.value(); }
    Status AppendKey(std::string& out) const { return UnescapeJson(items_.key(), out); }

   private:
    JsonItems items_;
  };
};

struct Binary {
  using Value = JsonbView;
  static constexpr bool kBinary = true;
  static constexpr const char* kPrefix = "jsonb";

  static Value Open(std::string_view bytes) { return JsonbView(bytes); }
  static Shape ShapeOf(const Value& value) {
    return value.kind() == JsonKind::kArray ? Shape::kArray : value.kind() == JsonKind::kObject ? Shape::kObject : Shape::kScalar;
  }
  static std::string_view KindName(const Value& value) {
    constexpr std::string_view kNames[] = {"null", "boolean", "boolean", "number", "string", "array", "object"};
    return kNames[static_cast<size_t>(value.kind())];
  }
  static Result<std::optional<Value>> Member(const Value& object, std::string_view key) { return object.Find(key); }
  static std::optional<Value> Element(const Value& array, int64_t index) {
    if (index < 0) index += array.size();
    if (index < 0 || index >= array.size()) return std::nullopt;
    return array.element(static_cast<uint32_t>(index));
  }
  static uint32_t Count(const Value& value) { return value.size(); }
  static std::string_view Bytes(const Value& value) { return value.bytes(); }
  static bool IsNull(const Value& value) { return value.kind() == JsonKind::kNull; }
  static Status AppendText(const Value& value, std::string& out) {
    if (value.kind() == JsonKind::kString) {
      out += value.AsString();
    } else {
      types::AppendJsonb(value, out);
    }
    return Status::Ok();
  }

  class Items {
   public:
    explicit Items(const Value& container) : container_(container), object_(ShapeOf(container) == Shape::kObject) {}
    bool Next() { return next_++ < container_.size(); }
    Value value() const { return object_ ? container_.value(next_ - 1) : container_.element(next_ - 1); }
    Status AppendKey(std::string& out) const {
      out += container_.key(next_ - 1);
      return Status::Ok();
    }

   private:
    const Value container_;
    const bool object_;
    uint32_t next_ = 0;
  };
};

// Writes a value found, or NULL: as it is, or as text.
template <typename J, bool kAsText>
Status Put(const std::optional<typename J::Value>& value, types::Vector& result, uint32_t row) {
  if (!value || (kAsText && J::IsNull(*value))) {
    result.SetNull(row);
  } else if (kAsText) {
    std::string text;
    RETURN_IF_ERROR(J::AppendText(*value, text));
    result.SetString(row, text);
  } else {
    result.SetString(row, J::Bytes(*value));
  }
  return Status::Ok();
}

// ---- Operators ----------------------------------------------------------------------------------

template <typename J, bool kAsText>
Status Field(KernelContext&, const StringRef& json, const StringRef& key, Out& out) {
  const auto value = J::Open(json.view());
  std::optional<typename J::Value> found;
  if (J::ShapeOf(value) == Shape::kObject) {
    ASSIGN_OR_RETURN(found, J::Member(value, key.view()));
  }
  return Put<J, kAsText>(found, out.vector(), out.row());
}

template <typename J, bool kAsText>
Status Element(KernelContext&, const StringRef& json, const I& index, Out& out) {
  const auto value = J::Open(json.view());
  std::optional<typename J::Value> found;
  if (J::ShapeOf(value) == Shape::kArray) found = J::Element(value, index);
  // A jsonb scalar is the one element of an array here.
  if (J::kBinary && J::ShapeOf(value) == Shape::kScalar && (index == 0 || index == -1)) found = value;
  return Put<J, kAsText>(found, out.vector(), out.row());
}

// An array's index as a path spells it.
std::optional<int64_t> PathIndex(std::string_view text) {
  text = types::TrimSpace(text);
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  int32_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return index;
}

template <typename J, bool kAsText>
Status Path(KernelContext&, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row) || args[1]->IsNull(row)) {
      result.SetNull(row);
      continue;
    }
    const ArrayView path(args[1]->Get<StringRef>(row).view());
    std::optional<typename J::Value> found = J::Open(args[0]->Get<StringRef>(row).view());
    for (uint32_t step = 0; step < path.size() && found; ++step) {
      if (path.IsNull(step)) {
        found.reset();
        break;
      }
      const std::string_view name = path.Raw(step);
      const typename J::Value at = *found;
      found.reset();
      if (J::ShapeOf(at) == Shape::kObject) {
        ASSIGN_OR_RETURN(auto member, J::Member(at, name));
        if (member) found.emplace(*member);
      } else if (J::ShapeOf(at) == Shape::kArray) {
        const std::optional<int64_t> index = PathIndex(name);
        if (index) {
          if (const auto element = J::Element(at, *index)) found.emplace(*element);
        }
      }
    }
    RETURN_IF_ERROR((Put<J, kAsText>(found, result, row)));
  }
  return Status::Ok();
}

template <typename J>
Status TypeName(KernelContext&, const StringRef& json, Out& out) {
  out.SetText(J::KindName(J::Open(json.view())));
  return Status::Ok();
}

template <typename J>
Status ArrayLength(KernelContext&, const StringRef& json, I& out) {
  const auto value = J::Open(json.view());
  switch (J::ShapeOf(value)) {
    case Shape::kArray:
      out = static_cast<I>(J::Count(value));
      return Status::Ok();
    case Shape::kObject:
      return Error(sqlstate::kInvalidParameterValue, "cannot get array length of a non-array");
    case Shape::kScalar:
      return Error(sqlstate::kInvalidParameterValue, "cannot get array length of a scalar");
  }
  return Status::Ok();
}

// ---- As rows ------------------------------------------------------------------------------------

enum class RowsOf { kElements, kMembers, kKeys };

template <typename J, RowsOf kRows, bool kAsText>
class JsonRows final : public SetGenerator {
 public:
  explicit JsonRows(const typename J::Value& container) : items_(container) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    uint32_t count = 0;
    std::string key;
    for (; count < types::kVectorSize && items_.Next(); ++count) {
      if constexpr (kRows != RowsOf::kElements) {
        key.clear();
        RETURN_IF_ERROR(items_.AppendKey(key));
        out.column(0).SetString(count, key);
      }
      if constexpr (kRows != RowsOf::kKeys) {
        const std::optional<typename J::Value> value = items_.value();
        RETURN_IF_ERROR((Put<J, kAsText>(value, out.column(kRows == RowsOf::kMembers ? 1 : 0), count)));
      }
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  typename J::Items items_;
};

// What each function says to a value of the wrong shape.
Status WrongShape(const KernelContext& context, bool binary, RowsOf rows, Shape shape) {
  const auto error = [](std::string message) { return Error(sqlstate::kInvalidParameterValue, std::move(message)); };
  const std::string name(context.function_name);
  const bool scalar = shape == Shape::kScalar;
  switch (rows) {
    case RowsOf::kKeys:
      return error("cannot call " + name + (scalar ? " on a scalar" : " on an array"));
    case RowsOf::kMembers:
      if (binary) return error("cannot call " + name + " on a non-object");
      return error(scalar ? "cannot deconstruct a scalar" : "cannot deconstruct an array as an object");
    case RowsOf::kElements:
      if (binary) return error(scalar ? "cannot extract elements from a scalar" : "cannot extract elements from an object");
      return error("cannot call " + name + (scalar ? " on a scalar" : " on a non-array"));
  }
  return Status::Ok();
}

template <typename J, RowsOf kRows, bool kAsText>
Result<std::unique_ptr<SetGenerator>> Start(KernelContext& context, Args args, size_t row) {
  const auto r = static_cast<uint32_t>(row);
  if (args[0]->IsNull(r)) return std::unique_ptr<SetGenerator>();
  const auto value = J::Open(args[0]->Get<StringRef>(r).view());
  const Shape shape = J::ShapeOf(value);
  if (shape != (kRows == RowsOf::kElements ? Shape::kArray : Shape::kObject)) {
    return WrongShape(context, J::kBinary, kRows, shape);
  }
  return std::unique_ptr<SetGenerator>(std::make_unique<JsonRows<J, kRows, kAsText>>(value));
}

#define ACCESS(prefix, J)                                                                                       \
  KernelEntry::Scalar(prefix "_object_field", Strict<Field<J, false>, StringRef, StringRef, StringRef>),        \
      KernelEntry::Scalar(prefix "_object_field_text", Strict<Field<J, true>, StringRef, StringRef, StringRef>), \
      KernelEntry::Scalar(prefix "_array_element", Strict<Element<J, false>, StringRef, StringRef, I>),         \
      KernelEntry::Scalar(prefix "_array_element_text", Strict<Element<J, true>, StringRef, StringRef, I>),     \
      KernelEntry::Scalar(prefix "_extract_path", Path<J, false>),                                              \
      KernelEntry::Scalar(prefix "_extract_path_text", Path<J, true>),                                          \
      KernelEntry::Scalar(prefix "_typeof", Strict<TypeName<J>, StringRef, StringRef>),                         \
      KernelEntry::Scalar(prefix "_array_length", Strict<ArrayLength<J>, I, StringRef>),                        \
      KernelEntry::Set(prefix "_array_elements", Start<J, RowsOf::kElements, false>),                           \
      KernelEntry::Set(prefix "_array_elements_text", Start<J, RowsOf::kElements, true>),                       \
      KernelEntry::Set(prefix "_each", Start<J, RowsOf::kMembers, false>),                                      \
      KernelEntry::Set(prefix "_each_text", Start<J, RowsOf::kMembers, true>),                                  \
      KernelEntry::Set(prefix "_object_keys", Start<J, RowsOf::kKeys, false>)

constexpr KernelEntry kTable[] = {ACCESS("json", Text), ACCESS("jsonb", Binary)};

}  // namespace

std::span<const KernelEntry> JsonAccessKernels() { return kTable; }

}  // namespace phantom::engine
