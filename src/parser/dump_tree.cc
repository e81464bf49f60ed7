// DumpTree and NodeKindName, from the lists of nodes and fields.
#include <string>

#include "parser/ast_expr.h"
#include "parser/ast_object.h"
#include "parser/ast_select.h"
#include "parser/ast_table.h"
#include "parser/ast_utility.h"
#include "parser/parser.h"

namespace phantom::parser {

namespace {

// Writes only what differs from a field's default: false, zero, null and empty are left out.
class Dumper {
 public:
  void Field(const char* name, bool value) {
    if (value) Line(name, "true");
  }
  void Field(const char* name, char value) {
    if (value != 0) Line(name, std::string{'\'', value, '\''});
  }
  void Field(const char* name, int32_t value) {
    if (value != 0) Line(name, std::to_string(value));
  }
  void Field(const char* name, int64_t value) {
    if (value != 0) Line(name, std::to_string(value));
  }
  template <typename E>
  requires std::is_enum_v<E>
  void Field(const char* name, E value) { Field(name, static_cast<int32_t>(value)); }
  void Field(const char* name, std::string_view value) {
    if (!IsNull(value)) Line(name, Quoted(value));
  }
  void Field(const char* name, NameList value) {
    if (value.empty()) return;
    std::string text;
    for (std::string_view item : value) text += (text.empty() ? "" : " ") + Quoted(item);
    Line(name, text);
  }
  void Field(const char* name, std::span<const int32_t> value) {
    if (value.empty()) return;
    std::string text;
    for (int32_t item : value) text += (text.empty() ? "" : " ") + std::to_string(item);
    Line(name, text);
  }
  template <typename T>
  requires std::is_base_of_v<Node, T>
  void Field(const char* name, const T* node) {
    if (node == nullptr) return;
    Begin(name);
    Dump(node);
  }
  template <typename T>
  void Field(const char* name, std::span<const T> items) {
    if (items.empty()) return;
    Line(name, "[");
    ++indent_;
    for (const T& item : items) Item(item);
    --indent_;
    Line(nullptr, "]");
  }

  void Dump(const Node* node);

  std::string Take() { return std::move(text_); }

 private:
  template <typename T>
  void Item(const T* node) {
    Begin(nullptr);
    Dump(node);
  }
  template <typename T>
  void Item(std::span<const T> items) {
    if (items.empty()) Line(nullptr, "[]");
    Field(nullptr, items);
  }
  void Item(const IndirectionStep& step) {
    static constexpr const char* kNames[] = {"field", "subscript", "slice", "star"};
    Line(nullptr, kNames[static_cast<int>(step.kind)]);
    Nested([&] {
      Field("field", step.field);
      Field("lower", step.lower);
      Field("upper", step.upper);
    });
  }
  void Item(const RangeFunctionItem& item) {
    Field("function", item.function);
    Field("columns", item.columns);
  }
  void Item(const ExclusionItem& item) {
    Field("element", item.element);
    Field("op", item.op);
  }

  template <typename Body>
  void Nested(Body body) {
    ++indent_;
    body();
    --indent_;
  }
  static std::string Quoted(std::string_view text) {
    std::string quoted = "\"";
    for (char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c == '\n' ? "\\n" : std::string(1, c);
    }
    return quoted += '"';
  }
  void Begin(const char* name) {
    text_.append(2 * indent_, ' ');
    if (name != nullptr) text_.append(name).append(": ");
  }
  void Line(const char* name, std::string_view value) {
    Begin(name);
    text_.append(value).push_back('\n');
  }

  int indent_ = 0;
  std::string text_;
};

void Dumper::Dump(const Node* node) {
  if (node == nullptr) {
    text_ += "null\n";
    return;
  }
  text_.append(NodeKindName(node->kind));
  if (node->location >= 0) text_.append(" @").append(std::to_string(node->location));
  text_ += '\n';
  ++indent_;
  switch (node->kind) {
    case NodeKind::kConstant: {
      const auto& constant = Cast<Constant>(*node);
      switch (constant.type) {
        case ConstantType::kNull:
          Line(nullptr, "null");
          break;
        case ConstantType::kInteger:
          Line("integer", std::to_string(constant.integer));
          break;
        case ConstantType::kFloat:
          Line("float", constant.text);
          break;
        case ConstantType::kBoolean:
          Line("boolean", constant.boolean ? "true" : "false");
          break;
        case ConstantType::kString:
          Field("string", constant.text);
          break;
        case ConstantType::kBitString:
          Field("bits", constant.text);
          break;
      }
      break;
    }
    case NodeKind::kStringList:
      Field("names", Cast<StringList>(*node).names);
      break;
    case NodeKind::kListNode:
      Field("items", Cast<ListNode>(*node).items);
      break;
    case NodeKind::kStar:
      break;
#define NODE(Name, PgName, ...)                            \
  case NodeKind::k##Name: {                                \
    [[maybe_unused]] const auto& from = Cast<Name>(*node); \
    __VA_ARGS__                                            \
    break;                                                 \
  }
#define F(field, pg_field) Field(#field, from.field);
#define D(field, function) Field(#field, from.field);
#define X(field) Field(#field, from.field);
#include "parser/nodes_core.inc"
#include "parser/nodes_expr.inc"
#include "parser/nodes_object.inc"
#include "parser/nodes_query.inc"
#include "parser/nodes_table.inc"
#include "parser/nodes_utility.inc"
#undef NODE
#undef F
#undef D
#undef X
  }
  --indent_;
}

}  // namespace

std::string_view NodeKindName(NodeKind kind) {
  switch (kind) {
    case NodeKind::kConstant:
      return "Constant";
    case NodeKind::kStringList:
      return "StringList";
    case NodeKind::kListNode:
      return "ListNode";
    case NodeKind::kStar:
      return "Star";
#define NODE(Name, PgName, ...) \
  case NodeKind::k##Name:       \
    return #Name;
#include "parser/nodes_core.inc"
#include "parser/nodes_expr.inc"
#include "parser/nodes_object.inc"
#include "parser/nodes_query.inc"
#include "parser/nodes_table.inc"
#include "parser/nodes_utility.inc"
#undef NODE
  }
  return "unknown";
}

std::string DumpTree(const Node* node) {
  Dumper dumper;
  dumper.Dump(node);
  return dumper.Take();
}

}  // namespace phantom::parser
