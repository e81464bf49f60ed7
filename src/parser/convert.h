// parser/convert.h
//
// Turns PostgreSQL's raw parse nodes into ours. Internal to this room: only the convert*.cc files include it, and it is
// the only place (with them) where PostgreSQL's headers are seen. PostgreSQL's types are written ::Name here, ours
// Name.
//
// What becomes of which field is listed in nodes_*.inc; the overloads of Converter::Set say how a value of a field's
// type is converted.
#pragma once
#include <cstring>
#include <type_traits>

#include "common/arena.h"
#include "parser/ast.h"
#include "parser/ast_expr.h"
#include "parser/ast_object.h"
#include "parser/ast_select.h"
#include "parser/ast_table.h"
#include "parser/ast_utility.h"
#include "parser/pg_nodes.inc"

namespace phantom::parser {

class Converter {
 public:
  // Nodes are made in arena. A path of more than depth_max nodes fails.
  Converter(Arena* arena, int depth_max) : arena_(*arena), depth_left_(depth_max) {}

  // Null for null, and after a failure.
  const Node* Convert(const ::Node* from);

  bool too_deep() const { return too_deep_; }
  // A node that PostgreSQL's grammar is not known to produce at its place; null if none.
  const char* unexpected() const { return unexpected_; }

  template <typename T>
  T* New() {
    return arena_.New<T>();
  }

  void Set(bool& to, bool from) { to = from; }
  void Set(char& to, char from) { to = from; }
  void Set(int32_t& to, int32_t from) { to = from; }
  void Set(int32_t& to, uint32_t from) { to = static_cast<int32_t>(from); }
  void Set(int64_t& to, int64_t from) { to = from; }
  template <typename To, typename From>
  requires std::is_enum_v<To>
  void Set(To& to, From from) { to = static_cast<To>(from); }

  void Set(std::string_view& to, const char* from) {
    if (from == nullptr) return;
    size_t length = std::strlen(from);
    to = length == 0 ? std::string_view("", 0) : arena_.Copy({from, length});
  }
  void Set(std::string_view& to, const ::String* from) {
    if (from != nullptr) Set(to, from->sval);
  }

  // A node, of any kind or of one kind.
  template <typename T, typename From>
  requires std::is_base_of_v<Node, T>
  void Set(const T*& to, const From* from) { to = Checked<T>(Convert(reinterpret_cast<const ::Node*>(from))); }
  // The node inside CreateForeignTableStmt, whose own tag is that of the outer one.
  void Set(const CreateTableStmt*& to, const ::CreateStmt& from);

  // Lists. An absent list is an empty one.
  template <typename T>
  void Set(std::span<const T>& to, const ::List* from) {
    if (from == nullptr || from->length == 0) return;
    T* items = static_cast<T*>(arena_.Allocate(sizeof(T) * from->length, alignof(T)));
    for (int i = 0; i < from->length; ++i) {
      T* item = new (items + i) T();
      SetItem(*item, static_cast<const ::Node*>(from->elements[i].ptr_value));
    }
    to = {items, static_cast<size_t>(from->length)};
  }

  void Fail(const char* what) {
    if (unexpected_ == nullptr) unexpected_ = what;
  }

 private:
  template <typename T>
  void SetItem(const T*& to, const ::Node* from) {
    to = Checked<T>(Convert(from));
  }
  void SetItem(std::string_view& to, const ::Node* from);
  void SetItem(int32_t& to, const ::Node* from);
  template <typename T>
  void SetItem(std::span<const T>& to, const ::Node* from) {
    Set(to, reinterpret_cast<const ::List*>(from));
  }
  void SetItem(IndirectionStep& to, const ::Node* from);
  void SetItem(RangeFunctionItem& to, const ::Node* from);
  void SetItem(ExclusionItem& to, const ::Node* from);

  template <typename T>
  const T* Checked(const Node* node) {
    if constexpr (!std::is_same_v<T, Node>) {
      if (node != nullptr && node->kind != T::kKind) {
        Fail("node of another kind");
        return nullptr;
      }
    }
    return static_cast<const T*>(node);
  }

  const Node* Dispatch(const ::Node& from);
  const Node* ConvertList(const ::List& from);

  Arena& arena_;
  int depth_left_;
  bool too_deep_ = false;
  const char* unexpected_ = nullptr;
};

// One function a node, defined in the convert_*.cc of its theme.
#define NODE(Name, PgName, ...) const Node* Convert##Name(Converter& converter, const ::PgName& from);
#include "parser/nodes_core.inc"
#include "parser/nodes_expr.inc"
#include "parser/nodes_object.inc"
#include "parser/nodes_query.inc"
#include "parser/nodes_table.inc"
#include "parser/nodes_utility.inc"
#undef NODE

// Sets to.location where PostgreSQL's node has one.
template <typename From>
void SetLocation(Node* to, const From& from) {
  if constexpr (requires {
                  { from.location } -> std::same_as<const int&>;
                }) {
    to->location = from.location;
  }
}

}  // namespace phantom::parser
