#include "parser/convert.h"

#include "common/check.h"

namespace phantom::parser {

namespace {

Constant* NewConstant(Converter& converter, const ::Node& value) {
  auto* to = converter.New<Constant>();
  switch (value.type) {
    case T_Integer:
      to->type = ConstantType::kInteger;
      to->integer = reinterpret_cast<const ::Integer&>(value).ival;
      break;
    case T_Float:
      to->type = ConstantType::kFloat;
      converter.Set(to->text, reinterpret_cast<const ::Float&>(value).fval);
      break;
    case T_Boolean:
      to->type = ConstantType::kBoolean;
      to->boolean = reinterpret_cast<const ::Boolean&>(value).boolval;
      break;
    case T_String:
      to->type = ConstantType::kString;
      converter.Set(to->text, reinterpret_cast<const ::String&>(value).sval);
      break;
    case T_BitString:
      to->type = ConstantType::kBitString;
      converter.Set(to->text, reinterpret_cast<const ::BitString&>(value).bsval);
      break;
    default:
      converter.Fail("value of unknown type");
  }
  return to;
}

Constant* ConvertConstant(Converter& converter, const ::A_Const& from) {
  Constant* to = from.isnull ? converter.New<Constant>() : NewConstant(converter, from.val.node);
  to->location = from.location;
  return to;
}

template <typename T>
const T& As(const ::Node& node) {
  return reinterpret_cast<const T&>(node);
}

}  // namespace

const Node* Converter::Convert(const ::Node* from) {
  if (from == nullptr) return nullptr;
  if (depth_left_ == 0) too_deep_ = true;
  if (too_deep_) return nullptr;
  --depth_left_;
  const Node* to = Dispatch(*from);
  ++depth_left_;
  return to;
}

const Node* Converter::Dispatch(const ::Node& from) {
  switch (from.type) {
#define NODE(Name, PgName, ...) \
  case T_##PgName:              \
    return Convert##Name(*this, As<::PgName>(from));
#include "parser/nodes_core.inc"
#include "parser/nodes_expr.inc"
#include "parser/nodes_object.inc"
#include "parser/nodes_query.inc"
#include "parser/nodes_table.inc"
#include "parser/nodes_utility.inc"
#undef NODE
    case T_A_Const:
      return ConvertConstant(*this, As<::A_Const>(from));
    case T_Integer:
    case T_Float:
    case T_Boolean:
    case T_String:
    case T_BitString:
      return NewConstant(*this, from);
    case T_A_Star:
      return New<Star>();
    case T_List:
      return ConvertList(As<::List>(from));
    default:
      Fail("node of unknown kind");
      return nullptr;
  }
}

const Node* Converter::ConvertList(const ::List& from) {
  bool all_strings = from.length > 0;
  for (int i = 0; i < from.length; ++i) {
    const auto* item = static_cast<const ::Node*>(from.elements[i].ptr_value);
    all_strings = all_strings && item != nullptr && item->type == T_String;
  }
  if (all_strings) {
    auto* to = New<StringList>();
    Set(to->names, &from);
    return to;
  }
  auto* to = New<ListNode>();
  Set(to->items, &from);
  return to;
}

void Converter::Set(const CreateTableStmt*& to, const ::CreateStmt& from) {
  to = Checked<CreateTableStmt>(ConvertCreateTableStmt(*this, from));
}

void Converter::SetItem(std::string_view& to, const ::Node* from) {
  if (from == nullptr || from->type != T_String) return Fail("list element that is no string");
  Set(to, As<::String>(*from).sval);
}

void Converter::SetItem(int32_t& to, const ::Node* from) {
  if (from == nullptr || from->type != T_Integer) return Fail("list element that is no integer");
  to = As<::Integer>(*from).ival;
}

void Converter::SetItem(IndirectionStep& to, const ::Node* from) {
  if (from == nullptr) return Fail("null in an indirection");
  switch (from->type) {
    case T_String:
      to.kind = IndirectionStep::Kind::kField;
      Set(to.field, As<::String>(*from).sval);
      return;
    case T_A_Indices: {
      const auto& indices = As<::A_Indices>(*from);
      to.kind = indices.is_slice ? IndirectionStep::Kind::kSlice : IndirectionStep::Kind::kSubscript;
      Set(to.lower, indices.lidx);
      Set(to.upper, indices.uidx);
      return;
    }
    case T_A_Star:
      to.kind = IndirectionStep::Kind::kStar;
      return;
    default:
      Fail("unknown step of an indirection");
  }
}

// PostgreSQL has two-element lists here: a function and its column definitions.
void Converter::SetItem(RangeFunctionItem& to, const ::Node* from) {
  if (from == nullptr || from->type != T_List || As<::List>(*from).length != 2)
    return Fail("malformed function in FROM");
  const ::ListCell* pair = As<::List>(*from).elements;
  Set(to.function, static_cast<const ::Node*>(pair[0].ptr_value));
  Set(to.columns, static_cast<const ::List*>(pair[1].ptr_value));
}

// PostgreSQL has two-element lists here: an index element and an operator's name.
void Converter::SetItem(ExclusionItem& to, const ::Node* from) {
  if (from == nullptr || from->type != T_List || As<::List>(*from).length != 2)
    return Fail("malformed EXCLUDE element");
  const ::ListCell* pair = As<::List>(*from).elements;
  Set(to.element, static_cast<const ::Node*>(pair[0].ptr_value));
  Set(to.op, static_cast<const ::List*>(pair[1].ptr_value));
}

}  // namespace phantom::parser
