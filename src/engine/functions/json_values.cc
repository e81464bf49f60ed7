#include "engine/functions/json_values.h"

#include <cmath>

#include "catalog/catalog.h"
#include "types/array.h"
#include "types/civil.h"
#include "types/datetime.h"
#include "types/format_context.h"
#include "types/jsonb.h"
#include "types/record.h"
#include "types/text_format.h"

namespace phantom::engine {

namespace {

using types::ArrayView;
using types::RecordView;
using types::StringRef;

enum class Category : uint8_t { kBool, kNumber, kDate, kTimestamp, kTimestampTz, kJson, kJsonb, kArray, kRow, kOther };

std::string_view BytesOf(const AnyValue& value) { return static_cast<const StringRef*>(value.slot)->view(); }

Category CategoryOf(const KernelContext& context, types::Type type) {
  switch (type.oid) {
    case types::kBoolOid:
      return Category::kBool;
    case types::kInt2Oid:
    case types::kInt4Oid:
    case types::kInt8Oid:
    case types::kFloat4Oid:
    case types::kFloat8Oid:
    case types::kNumericOid:
      return Category::kNumber;
    case types::kDateOid:
      return Category::kDate;
    case types::kTimestampOid:
      return Category::kTimestamp;
    case types::kTimestamptzOid:
      return Category::kTimestampTz;
    case types::kJsonOid:
      return Category::kJson;
    case types::kJsonbOid:
      return Category::kJsonb;
    case types::kRecordOid:
      return Category::kRow;
    default:
      break;
  }
  if (types::IsArrayType(type.oid) && type.oid != types::kInt2vectorOid && type.oid != types::kOidvectorOid) {
    return Category::kArray;
  }
  if (type.oid < types::kFirstUserOid || context.execution == nullptr || context.execution->catalog == nullptr) {
    return Category::kOther;
  }
  const catalog::TypeRef row = context.execution->catalog->TypeByOid(type.oid);
  if (row == nullptr) return Category::kOther;
  if (row->kind == catalog::TypeKind::kDomain) return CategoryOf(context, {row->base_type, row->typmod});
  if (row->kind == catalog::TypeKind::kComposite) return Category::kRow;
  return row->is_array() ? Category::kArray : Category::kOther;
}

// The names of a row's fields: its type's columns, those it carries, or f1, f2, ...
Status FieldNames(const KernelContext& context, types::Type type, const RecordView& record,
                  std::vector<std::string>& names) {
  const uint32_t count = record.size();
  for (const std::string_view name : record.Names()) names.emplace_back(name);
  if (type.oid >= types::kFirstUserOid && context.execution != nullptr && context.execution->catalog != nullptr) {
    catalog::Catalog& catalog = *context.execution->catalog;
    const catalog::TypeRef row = catalog.TypeByOid(type.oid);
    if (row != nullptr && row->relation != 0) {
      ASSIGN_OR_RETURN(const catalog::TableRef table, catalog.TableByOid(row->relation));
      if (table != nullptr) {
        for (const catalog::Column& column : table->columns) names.push_back(column.dropped ? "" : column.name);
      }
    }
  }
  while (names.size() < count) names.push_back("f" + std::to_string(names.size() + 1));
  return Status::Ok();
}

// A field or element, whose slot lies in `slot`.
struct alignas(8) Slot {
  std::byte bytes[16];
};
AnyValue ElementOf(const ArrayView& array, uint32_t i, Slot& slot) {
  if (array.IsNull(i)) return {array.element_type(), nullptr};
  array.Get(i, slot.bytes);
  return {array.element_type(), slot.bytes};
}
AnyValue FieldOf(const RecordView& record, uint32_t i, Slot& slot) {
  if (record.IsNull(i)) return {record.type(i), nullptr};
  record.Get(i, slot.bytes);
  return {record.type(i), slot.bytes};
}

// NaN and the infinities are no JSON numbers.
bool IsJsonNumber(std::string_view text) { return text.find_first_not_of("0123456789+-.eE") == std::string_view::npos; }

Status AppendMoment(const KernelContext& context, Category category, const AnyValue& value, std::string& out) {
  if (category == Category::kDate) {
    types::FormatContext iso;
    types::AppendDate(*static_cast<const int32_t*>(value.slot), iso, out);
  } else {
    types::AppendTimestampXsd(*static_cast<const int64_t*>(value.slot),
                              category == Category::kTimestampTz ? context.format : nullptr, out);
  }
  return Status::Ok();
}

// The elements of dimension `dimension` on, from element `at`.
Status AppendArrayJson(const KernelContext& context, const ArrayView& array, int dimension, uint32_t& at, bool pretty,
                       std::string& out) {
  out += '[';
  for (int32_t i = 0; i < array.dimension(dimension).length; ++i) {
    if (i > 0) out += pretty ? ",\n " : ",";
    if (dimension + 1 < array.dimensions()) {
      RETURN_IF_ERROR(AppendArrayJson(context, array, dimension + 1, at, false, out));
    } else {
      Slot slot;
      RETURN_IF_ERROR(AppendJson(context, ElementOf(array, at++, slot), false, out));
    }
  }
  out += ']';
  return Status::Ok();
}

Status AppendRowJson(const KernelContext& context, const AnyValue& value, bool pretty, std::string& out) {
  const RecordView record(BytesOf(value));
  std::vector<std::string> names;
  RETURN_IF_ERROR(FieldNames(context, value.type, record, names));
  out += '{';
  bool first = true;
  for (uint32_t i = 0; i < record.size(); ++i) {
    if (names[i].empty()) continue;
    if (!first) out += pretty ? ",\n " : ",";
    first = false;
    types::AppendJsonString(names[i], out);
    out += ':';
    Slot slot;
    RETURN_IF_ERROR(AppendJson(context, FieldOf(record, i, slot), false, out));
  }
  out += '}';
  return Status::Ok();
}

Status AppendArrayJsonb(const KernelContext& context, const ArrayView& array, int dimension, uint32_t& at,
                        std::string& out) {
  std::vector<std::string> elements(array.dimensions() == 0 ? 0 : static_cast<size_t>(array.dimension(dimension).length));
  for (std::string& element : elements) {
    if (dimension + 1 < array.dimensions()) {
      RETURN_IF_ERROR(AppendArrayJsonb(context, array, dimension + 1, at, element));
    } else {
      Slot slot;
      RETURN_IF_ERROR(AppendJsonb(context, ElementOf(array, at++, slot), element));
    }
  }
  const std::vector<std::string_view> views(elements.begin(), elements.end());
  types::AppendJsonbArray(views, out);
  return Status::Ok();
}

Status AppendRowJsonb(const KernelContext& context, const AnyValue& value, std::string& out) {
  const RecordView record(BytesOf(value));
  std::vector<std::string> names;
  RETURN_IF_ERROR(FieldNames(context, value.type, record, names));
  std::vector<std::string> fields(record.size());
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (uint32_t i = 0; i < record.size(); ++i) {
    if (names[i].empty()) continue;
    Slot slot;
    RETURN_IF_ERROR(AppendJsonb(context, FieldOf(record, i, slot), fields[i]));
    pairs.emplace_back(names[i], fields[i]);
  }
  types::AppendJsonbObject(std::move(pairs), out);
  return Status::Ok();
}

}  // namespace

bool IsJsonContainer(const KernelContext& context, const AnyValue& value) {
  const Category category = CategoryOf(context, value.type);
  return category == Category::kArray || category == Category::kRow;
}

Status AppendJson(const KernelContext& context, const AnyValue& value, bool pretty, std::string& out) {
  if (value.is_null()) {
    out += "null";
    return Status::Ok();
  }
  const Category category = CategoryOf(context, value.type);
  std::string text;
  switch (category) {
    case Category::kBool:
      out += *static_cast<const bool*>(value.slot) ? "true" : "false";
      return Status::Ok();
    case Category::kNumber:
      RETURN_IF_ERROR(AppendValue(context, value, text));
      IsJsonNumber(text) ? out += text : out += '"' + text + '"';
      return Status::Ok();
    case Category::kDate:
    case Category::kTimestamp:
    case Category::kTimestampTz:
      out += '"';
      RETURN_IF_ERROR(AppendMoment(context, category, value, out));
      out += '"';
      return Status::Ok();
    case Category::kJson:
      out += BytesOf(value);
      return Status::Ok();
    case Category::kJsonb:
      types::AppendJsonb(types::JsonbView(BytesOf(value)), out);
      return Status::Ok();
    case Category::kArray: {
      const ArrayView array(BytesOf(value));
      if (array.dimensions() == 0) {
        out += "[]";
        return Status::Ok();
      }
      uint32_t at = 0;
      return AppendArrayJson(context, array, 0, at, pretty, out);
    }
    case Category::kRow:
      return AppendRowJson(context, value, pretty, out);
    case Category::kOther:
      RETURN_IF_ERROR(AppendValue(context, value, text));
      types::AppendJsonString(text, out);
      return Status::Ok();
  }
  return Status::Ok();
}

Status AppendJsonb(const KernelContext& context, const AnyValue& value, std::string& out) {
  if (value.is_null()) {
    types::AppendJsonbNull(out);
    return Status::Ok();
  }
  const Category category = CategoryOf(context, value.type);
  std::string text;
  switch (category) {
    case Category::kBool:
      types::AppendJsonbBool(*static_cast<const bool*>(value.slot), out);
      return Status::Ok();
    case Category::kNumber: {
      RETURN_IF_ERROR(AppendValue(context, value, text));
      if (!IsJsonNumber(text)) {
        types::AppendJsonbString(text, out);
        return Status::Ok();
      }
      Arena scratch;
      ASSIGN_OR_RETURN(const types::Numeric number, types::ParseNumeric(text, scratch));
      types::AppendJsonbNumber(number, out);
      return Status::Ok();
    }
    case Category::kDate:
    case Category::kTimestamp:
    case Category::kTimestampTz:
      RETURN_IF_ERROR(AppendMoment(context, category, value, text));
      types::AppendJsonbString(text, out);
      return Status::Ok();
    case Category::kJson:
      RETURN_IF_ERROR(types::ParseJsonb(BytesOf(value), text));
      out += text;
      return Status::Ok();
    case Category::kJsonb:
      out += BytesOf(value);
      return Status::Ok();
    case Category::kArray: {
      const ArrayView array(BytesOf(value));
      uint32_t at = 0;
      return AppendArrayJsonb(context, array, 0, at, out);
    }
    case Category::kRow:
      return AppendRowJsonb(context, value, out);
    case Category::kOther:
      RETURN_IF_ERROR(AppendValue(context, value, text));
      types::AppendJsonbString(text, out);
      return Status::Ok();
  }
  return Status::Ok();
}

Status JsonKey(const KernelContext& context, const AnyValue& value, std::string& out) {
  const Category category = CategoryOf(context, value.type);
  switch (category) {
    case Category::kJson:
    case Category::kJsonb:
    case Category::kArray:
    case Category::kRow:
      return Error(sqlstate::kInvalidParameterValue,
                   "key value must be scalar, not array, composite, or json");
    case Category::kBool:
      out += *static_cast<const bool*>(value.slot) ? "true" : "false";
      return Status::Ok();
    case Category::kDate:
    case Category::kTimestamp:
    case Category::kTimestampTz:
      return AppendMoment(context, category, value, out);
    default:
      return AppendValue(context, value, out);
  }
}

}  // namespace phantom::engine
