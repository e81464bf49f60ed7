#include "types/jsonb.h"

#include <algorithm>
#include <cstring>

#include "common/bytes.h"
#include "types/hash.h"
#include "types/json_parser.h"
#include "types/slot_bytes.h"

namespace phantom::types {
namespace {

// A container: kind u8, count u32, end offsets u32 (of the elements; of the keys, then the values), their bytes.
constexpr size_t kHeaderBytes = 5;
constexpr size_t kStringBytesMax = 0x0fffffff;

// Order of keys in an object: the shorter first.
bool KeyLess(std::string_view a, std::string_view b) { return a.size() != b.size() ? a.size() < b.size() : a < b; }

void AppendContainer(JsonKind kind, uint32_t count, std::span<const std::string_view> items, std::string& out) {
  char header[kHeaderBytes];
  header[0] = static_cast<char>(kind);
  StoreLE<uint32_t>(header + 1, count);
  out.append(header, sizeof(header));
  uint32_t end = 0;
  for (std::string_view item : items) {
    end += static_cast<uint32_t>(item.size());
    char raw[4];
    StoreLE<uint32_t>(raw, end);
    out.append(raw, sizeof(raw));
  }
  for (std::string_view item : items) out.append(item);
}

bool ValidDepth(std::string_view bytes, int depth) {
  if (bytes.empty() || depth > kJsonDepthMax) return false;
  auto kind = static_cast<uint8_t>(bytes[0]);
  if (kind <= static_cast<uint8_t>(JsonKind::kTrue)) return bytes.size() == 1;
  if (kind == static_cast<uint8_t>(JsonKind::kNumber)) return IsValidNumericBytes(bytes.substr(1));
  if (kind == static_cast<uint8_t>(JsonKind::kString)) return true;
  if (kind > static_cast<uint8_t>(JsonKind::kObject) || bytes.size() < kHeaderBytes) return false;
  bool object = kind == static_cast<uint8_t>(JsonKind::kObject);
  uint64_t count = LoadLE<uint32_t>(bytes.data() + 1);
  uint64_t items = object ? count * 2 : count;
  if ((bytes.size() - kHeaderBytes) / 4 < items) return false;
  std::string_view data = bytes.substr(kHeaderBytes + items * 4);
  uint32_t begin = 0;
  for (uint64_t i = 0; i < items; ++i) {
    auto end = LoadLE<uint32_t>(bytes.data() + kHeaderBytes + i * 4);
    if (end < begin || end > data.size()) return false;
    if (!(object && i < count) && !ValidDepth(data.substr(begin, end - begin), depth + 1)) return false;
    begin = end;
  }
  return begin == data.size();
}

// Builds jsonb bytes from the parser's calls. Finished values lie one behind the other in values_; a container takes
// those of its level and puts itself in their place.
class Builder : public JsonHandler {
 public:
  explicit Builder(std::string& out) : out_(out) {}

  Status Null() override { return Add([](std::string& to) { AppendJsonbNull(to); }); }
  Status Bool(bool value) override { return Add([=](std::string& to) { AppendJsonbBool(value, to); }); }
  Status Number(std::string_view token) override {
    arena_.Reset();
    ASSIGN_OR_RETURN(Numeric number, ParseNumeric(token, arena_));
    return Add([&](std::string& to) { AppendJsonbNumber(number, to); });
  }
  Status String(std::string_view text) override {
    RETURN_IF_ERROR(CheckLength(text));
    return Add([&](std::string& to) { AppendJsonbString(text, to); });
  }
  Status StartObject() override { return Start(); }
  Status StartArray() override { return Start(); }
  Status Key(std::string_view text) override {
    RETURN_IF_ERROR(CheckLength(text));
    levels_.back().keys.emplace_back(text);
    return Status::Ok();
  }
  Status EndObject() override {
    Level level = End();
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
    for (size_t i = 0; i < level.keys.size(); ++i) pairs.emplace_back(level.keys[i], Item(level, i));
    return Replace(level, [&](std::string& to) { AppendJsonbObject(std::move(pairs), to); });
  }
  Status EndArray() override {
    Level level = End();
    std::vector<std::string_view> elements;
    for (size_t i = 0; i < level.ends.size(); ++i) elements.push_back(Item(level, i));
    return Replace(level, [&](std::string& to) { AppendJsonbArray(elements, to); });
  }

 private:
  struct Level {
    size_t begin;  // in values_
    std::vector<size_t> ends;
    std::vector<std::string> keys;
  };

  static Status CheckLength(std::string_view text) {
    if (text.size() <= kStringBytesMax) return Status::Ok();
    return Error(sqlstate::kProgramLimitExceeded, "string too long to represent as jsonb string")
        .Detail(Format("Due to an implementation restriction, jsonb strings cannot exceed %zu bytes.",
                       kStringBytesMax));
  }

  template <typename Append>
  Status Add(Append append) {
    if (levels_.empty()) {
      append(out_);
    } else {
      append(values_);
      levels_.back().ends.push_back(values_.size());
    }
    return Status::Ok();
  }
  Status Start() {
    levels_.push_back({values_.size(), {}, {}});
    return Status::Ok();
  }
  Level End() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    return level;
  }
  std::string_view Item(const Level& level, size_t i) const {
    size_t begin = i == 0 ? level.begin : level.ends[i - 1];
    return std::string_view(values_).substr(begin, level.ends[i] - begin);
  }
  template <typename Append>
  Status Replace(const Level& level, Append append) {
    scratch_.clear();
    append(scratch_);
    values_.resize(level.begin);
    return Add([&](std::string& to) { to.append(scratch_); });
  }

  std::string& out_;
  std::string values_, scratch_;
  std::vector<Level> levels_;
  Arena arena_;
};

int ThreeWay(uint64_t a, uint64_t b) { return a == b ? 0 : a < b ? -1 : 1; }

// Ranks of PostgreSQL's order.
int Rank(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return 0;
    case JsonKind::kString:
      return 1;
    case JsonKind::kNumber:
      return 2;
    case JsonKind::kFalse:
    case JsonKind::kTrue:
      return 3;
    case JsonKind::kArray:
      return 4;
    case JsonKind::kObject:
      return 5;
  }
  return 0;
}

int CompareViews(const JsonbView& a, const JsonbView& b) {
  if (int order = Rank(a.kind()) - Rank(b.kind())) return order < 0 ? -1 : 1;
  switch (a.kind()) {
    case JsonKind::kNull:
      return 0;
    case JsonKind::kFalse:
    case JsonKind::kTrue:
      return ThreeWay(a.AsBool(), b.AsBool());
    case JsonKind::kNumber:
      return CompareNumeric(a.AsNumber(), b.AsNumber());
    case JsonKind::kString:
      return StringRef(a.AsString()).Compare(StringRef(b.AsString()));
    case JsonKind::kArray:
      if (int order = ThreeWay(a.size(), b.size())) return order;
      for (uint32_t i = 0; i < a.size(); ++i) {
        if (int order = CompareViews(a.element(i), b.element(i))) return order;
      }
      return 0;
    case JsonKind::kObject:
      if (int order = ThreeWay(a.size(), b.size())) return order;
      for (uint32_t i = 0; i < a.size(); ++i) {
        if (int order = StringRef(a.key(i)).Compare(StringRef(b.key(i)))) return order;
        if (int order = CompareViews(a.value(i), b.value(i))) return order;
      }
      return 0;
  }
  return 0;
}

uint64_t HashView(const JsonbView& value, uint64_t seed) {
  uint64_t hash = HashInt64(static_cast<uint64_t>(Rank(value.kind())), seed);
  switch (value.kind()) {
    case JsonKind::kNull:
      return hash;
    case JsonKind::kFalse:
    case JsonKind::kTrue:
      return HashInt64(value.AsBool(), hash);
    case JsonKind::kNumber:
      return HashNumeric(value.AsNumber(), hash);
    case JsonKind::kString:
      return HashBytes(value.AsString(), hash);
    case JsonKind::kArray:
      for (uint32_t i = 0; i < value.size(); ++i) hash = HashView(value.element(i), hash);
      return HashInt64(value.size(), hash);
    case JsonKind::kObject:
      for (uint32_t i = 0; i < value.size(); ++i) hash = HashView(value.value(i), HashBytes(value.key(i), hash));
      return HashInt64(value.size(), hash);
  }
  return hash;
}

void Indent(int depth, std::string& out) { out.append("\n").append(static_cast<size_t>(depth) * 4, ' '); }

void AppendView(const JsonbView& value, bool pretty, int depth, std::string& out) {
  switch (value.kind()) {
    case JsonKind::kNull:
      out.append("null");
      return;
    case JsonKind::kFalse:
      out.append("false");
      return;
    case JsonKind::kTrue:
      out.append("true");
      return;
    case JsonKind::kNumber:
      AppendNumeric(value.AsNumber(), out);
      return;
    case JsonKind::kString:
      AppendJsonString(value.AsString(), out);
      return;
    case JsonKind::kArray:
    case JsonKind::kObject:
      break;
  }
  bool object = value.kind() == JsonKind::kObject;
  out.push_back(object ? '{' : '[');
  for (uint32_t i = 0; i < value.size(); ++i) {
    if (i != 0) out.append(pretty ? "," : ", ");
    if (pretty) Indent(depth + 1, out);
    if (object) {
      AppendJsonString(value.key(i), out);
      out.append(": ");
    }
    AppendView(object ? value.value(i) : value.element(i), pretty, depth + 1, out);
  }
  if (pretty) Indent(depth, out);
  out.push_back(object ? '}' : ']');
}

}  // namespace

bool JsonbView::IsValid(std::string_view bytes) { return ValidDepth(bytes, 0); }

Numeric JsonbView::AsNumber() const { return NumericFromBytes(bytes_.substr(1)); }

uint32_t JsonbView::size() const { return LoadLE<uint32_t>(bytes_.data() + 1); }

std::string_view JsonbView::Item(uint32_t i, uint32_t items) const {
  const char* ends = bytes_.data() + kHeaderBytes;
  uint32_t begin = i == 0 ? 0 : LoadLE<uint32_t>(ends + (i - 1) * size_t{4});
  uint32_t end = LoadLE<uint32_t>(ends + i * size_t{4});
  return bytes_.substr(kHeaderBytes + size_t{items} * 4 + begin, end - begin);
}

JsonbView JsonbView::element(uint32_t i) const { return JsonbView(Item(i, size())); }
std::string_view JsonbView::key(uint32_t i) const { return Item(i, size() * 2); }
JsonbView JsonbView::value(uint32_t i) const { return JsonbView(Item(size() + i, size() * 2)); }

std::optional<JsonbView> JsonbView::Find(std::string_view wanted) const {
  uint32_t low = 0, high = size();
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (KeyLess(key(middle), wanted)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low < size() && key(low) == wanted) return value(low);
  return std::nullopt;
}

Status ParseJsonb(std::string_view text, std::string& out) {
  Builder builder(out);
  return ParseJson(text, true, builder);
}

void AppendJsonb(const JsonbView& value, std::string& out, bool pretty) { AppendView(value, pretty, 0, out); }

void AppendJsonString(std::string_view text, std::string& out) {
  out.push_back('"');
  for (char c : text) {
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\b':
        out.append("\\b");
        break;
      case '\f':
        out.append("\\f");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      default:
        if (static_cast<uint8_t>(c) < 0x20) {
          out.append(Format("\\u%04x", static_cast<unsigned>(c)));
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

int CompareJsonb(std::string_view a, std::string_view b) {
  JsonbView left(a), right(b);
  // As whole values, PostgreSQL takes a scalar for an array of one element with a mark, which puts the empty array below
  // all else.
  auto empty_array = [](const JsonbView& v) { return v.kind() == JsonKind::kArray && v.size() == 0; };
  if (empty_array(left) || empty_array(right)) return ThreeWay(empty_array(right), empty_array(left));
  return CompareViews(left, right);
}

uint64_t HashJsonb(std::string_view value, uint64_t seed) { return HashView(JsonbView(value), seed); }

void AppendJsonbNull(std::string& out) { out.push_back(static_cast<char>(JsonKind::kNull)); }

void AppendJsonbBool(bool value, std::string& out) {
  out.push_back(static_cast<char>(value ? JsonKind::kTrue : JsonKind::kFalse));
}

void AppendJsonbNumber(const Numeric& value, std::string& out) {
  out.push_back(static_cast<char>(JsonKind::kNumber));
  AppendNumericBytes(value, out);
}

void AppendJsonbString(std::string_view text, std::string& out) {
  out.push_back(static_cast<char>(JsonKind::kString));
  out.append(text);
}

void AppendJsonbArray(std::span<const std::string_view> elements, std::string& out) {
  AppendContainer(JsonKind::kArray, static_cast<uint32_t>(elements.size()), elements, out);
}

void AppendJsonbObject(std::vector<std::pair<std::string_view, std::string_view>> pairs, std::string& out) {
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return KeyLess(a.first, b.first); });
  std::vector<std::string_view> items;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (i + 1 < pairs.size() && pairs[i].first == pairs[i + 1].first) continue;  // the last one wins
    items.push_back(pairs[i].first);
  }
  auto count = static_cast<uint32_t>(items.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (i + 1 < pairs.size() && pairs[i].first == pairs[i + 1].first) continue;
    items.push_back(pairs[i].second);
  }
  AppendContainer(JsonKind::kObject, count, items, out);
}

}  // namespace phantom::types
