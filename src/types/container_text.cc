#include "types/container_text.h"

#include <algorithm>

#include "types/array.h"
#include "types/ascii.h"
#include "types/datetime_fields.h"
#include "types/record.h"
#include "types/text_format.h"
#include "types/type_table.h"

namespace phantom::types {
namespace {

Status Malformed(const char* what, std::string_view text, std::string detail) {
  return Error(sqlstate::kInvalidTextRepresentation,
               Format("malformed %s literal: \"%.*s\"", what, static_cast<int>(text.size()), text.data()))
      .Detail(std::move(detail));
}

class ArrayParser {
 public:
  ArrayParser(std::string_view text, Type element, Layout layout, const FormatContext& context)
      : text_(text), element_(element), context_(context), builder_(element.oid, layout) {}

  Status Run(std::string& out) {
    SkipBlanks();
    std::vector<ArrayDimension> given;
    RETURN_IF_ERROR(Dimensions(&given));
    bool explicit_dimensions = !given.empty();
    if (Peek() != '{') {
      return explicit_dimensions ? Bad("Array contents must start with \"{\".")
                                 : Bad("Array value must start with \"{\" or dimension information.");
    }
    RETURN_IF_ERROR(Level(0));
    SkipBlanks();
    if (at_ != text_.size()) return Bad("Junk after closing right brace.");
    std::vector<ArrayDimension> dimensions;
    for (int32_t length : lengths_) dimensions.push_back({length, 1});
    if (builder_.size() == 0) dimensions.clear();
    if (explicit_dimensions) {
      bool match = given.size() == dimensions.size();
      for (size_t i = 0; match && i < given.size(); ++i) match = given[i].length == dimensions[i].length;
      if (!match) return Bad("Specified array dimensions do not match array contents.");
      dimensions = std::move(given);
    }
    RETURN_IF_ERROR(ArrayElementCount(dimensions).status());
    out = builder_.Finish(dimensions);
    return Status::Ok();
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipBlanks() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  Status Bad(std::string detail) { return Malformed("array", text_, std::move(detail)); }
  Status Unexpected() {
    return at_ >= text_.size() ? Bad("Unexpected end of input.")
                               : Bad(Format("Unexpected \"%c\" character.", text_[at_]));
  }

  // "[1:2][0:3]=", where given.
  Status Dimensions(std::vector<ArrayDimension>* given) {
    while (Peek() == '[') {
      ++at_;
      if (given->size() >= kArrayDimensionsMax) {
        return Error(sqlstate::kProgramLimitExceeded,
                     Format("number of array dimensions (%zu) exceeds the maximum allowed (%d)", given->size() + 1,
                            kArrayDimensionsMax));
      }
      int64_t lower = 1, upper = 0;
      if (!Bound(&upper)) return Bad("\"[\" must introduce explicitly-specified array dimensions.");
      if (Peek() == ':') {
        ++at_;
        lower = upper;
        if (!Bound(&upper)) return Bad("Missing array dimension value.");
      }
      if (Peek() != ']') return Bad("Missing \"]\" after array dimensions.");
      ++at_;
      if (upper < lower) {
        return Error(sqlstate::kArraySubscriptError, "upper bound cannot be less than lower bound");
      }
      if (lower < INT32_MIN || upper >= INT32_MAX || upper - lower >= INT32_MAX) {
        return Error(sqlstate::kNumericValueOutOfRange, "array bound is out of integer range");
      }
      given->push_back({static_cast<int32_t>(upper - lower + 1), static_cast<int32_t>(lower)});
      SkipBlanks();
    }
    if (given->empty()) return Status::Ok();
    if (Peek() != '=') return Bad("Missing \"=\" after array dimensions.");
    ++at_;
    SkipBlanks();
    return Status::Ok();
  }

  bool Bound(int64_t* value) {
    SkipBlanks();
    std::string_view rest = text_.substr(at_);
    bool overflow = false;
    if (!ReadInt(&rest, value, &overflow) || overflow) return false;
    at_ = text_.size() - rest.size();
    SkipBlanks();
    return true;
  }

  // One pair of braces.
  Status Level(size_t depth) {
    if (depth >= kArrayDimensionsMax) {
      return Error(sqlstate::kProgramLimitExceeded,
                   Format("number of array dimensions (%zu) exceeds the maximum allowed (%d)", depth + 1,
                          kArrayDimensionsMax));
    }
    ++at_;
    SkipBlanks();
    int32_t items = 0;
    if (Peek() == '}' && at_ < text_.size()) {
      if (depth > 0) return Unexpected();
      ++at_;
      return EndLevel(depth, 0);
    }
    while (true) {
      SkipBlanks();
      if (Peek() == '{') {
        if (element_depth_ != kNoDepth && depth >= element_depth_) return Unexpected();
        RETURN_IF_ERROR(Level(depth + 1));
      } else {
        if (element_depth_ != kNoDepth && depth < element_depth_) return Bad("Unexpected array element.");
        if (element_depth_ != kNoDepth && depth > element_depth_) return Mismatch();
        element_depth_ = depth;
        RETURN_IF_ERROR(Element());
      }
      ++items;
      SkipBlanks();
      if (Peek() == ',') {
        ++at_;
        continue;
      }
      if (Peek() != '}') {
        if (at_ >= text_.size()) return Unexpected();
        return Peek() == '{' || Peek() == '"' ? Unexpected() : Bad("Unexpected array element.");
      }
      ++at_;
      return EndLevel(depth, items);
    }
  }

  Status Mismatch() { return Bad("Multidimensional arrays must have sub-arrays with matching dimensions."); }

  Status EndLevel(size_t depth, int32_t items) {
    if (lengths_.size() <= depth) lengths_.resize(depth + 1, -1);
    if (lengths_[depth] == -1) {
      lengths_[depth] = items;
    } else if (lengths_[depth] != items) {
      return Mismatch();
    }
    return Status::Ok();
  }

  Status Element() {
    value_.clear();
    if (Peek() == '"') {
      ++at_;
      while (true) {
        if (at_ >= text_.size()) return Unexpected();
        char c = text_[at_++];
        if (c == '"') break;
        if (c == '\\') {
          if (at_ >= text_.size()) return Unexpected();
          c = text_[at_++];
        }
        value_.push_back(c);
      }
    } else {
      size_t kept = 0;  // without trailing blanks
      bool escaped = false;
      while (at_ < text_.size() && Peek() != ',' && Peek() != '}') {
        char c = text_[at_];
        if (c == '{') return Unexpected();
        if (c == '"') return Bad("Unexpected array element.");
        ++at_;
        if (c == '\\') {
          if (at_ >= text_.size()) return Unexpected();
          value_.push_back(text_[at_++]);
          escaped = true;
          kept = value_.size();
          continue;
        }
        value_.push_back(c);
        if (!IsSpace(c)) kept = value_.size();
      }
      value_.resize(kept);
      if (value_.empty()) return Unexpected();
      if (!escaped && EqualsIgnoreCase(value_, "null")) {
        builder_.AddNull();
        return Status::Ok();
      }
    }
    alignas(8) char slot[16];
    arena_.Reset();
    RETURN_IF_ERROR(ParseTextSlot(element_, value_, context_, arena_, slot));
    builder_.Add(slot);
    if (builder_.size() > kArrayElementsMax) {
      return Error(sqlstate::kProgramLimitExceeded,
                   Format("array size exceeds the maximum allowed (%u)", kArrayElementsMax));
    }
    return Status::Ok();
  }

  static constexpr size_t kNoDepth = ~size_t{0};

  std::string_view text_;
  Type element_;
  const FormatContext& context_;
  ArrayBuilder builder_;
  Arena arena_;
  size_t at_ = 0;
  size_t element_depth_ = kNoDepth;  // of the braces around elements
  std::vector<int32_t> lengths_;     // -1: not known
  std::string value_;
};

bool NeedsArrayQuotes(std::string_view text) {
  if (text.empty() || EqualsIgnoreCase(text, "null")) return true;
  return std::any_of(text.begin(), text.end(), [](char c) {
    return c == '"' || c == '\\' || c == '{' || c == '}' || c == ',' || IsSpace(c);
  });
}

Status AppendLevel(const ArrayView& array, int level, uint32_t* element, const FormatContext& context,
                   std::string& out) {
  out.push_back('{');
  std::string value;
  for (int32_t i = 0; i < array.dimension(level).length; ++i) {
    if (i != 0) out.push_back(',');
    if (level + 1 < array.dimensions()) {
      RETURN_IF_ERROR(AppendLevel(array, level + 1, element, context, out));
      continue;
    }
    uint32_t index = (*element)++;
    if (array.IsNull(index)) {
      out.append("NULL");
      continue;
    }
    alignas(8) char slot[16];
    array.Get(index, slot);
    value.clear();
    RETURN_IF_ERROR(AppendText(array.element_type(), slot, context, value));
    if (!NeedsArrayQuotes(value)) {
      out.append(value);
      continue;
    }
    out.push_back('"');
    for (char c : value) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  }
  out.push_back('}');
  return Status::Ok();
}

}  // namespace

Result<Layout> ResolveLayout(Oid type, const FormatContext& context) {
  if (type < kFirstDescribedOid || context.hooks == nullptr) return LayoutOf(type);
  ASSIGN_OR_RETURN(std::optional<UserType> user, context.hooks->Describe(type));
  if (!user) return LayoutOf(type);
  if (user->kind == UserType::Kind::kEnum) return Layout::kInt64;
  if (user->kind == UserType::Kind::kDomain) return ResolveLayout(user->base.oid, context);
  return Layout::kString;
}

Status ParseArrayText(std::string_view text, Type element, const FormatContext& context, std::string& out) {
  ASSIGN_OR_RETURN(Layout layout, ResolveLayout(element.oid, context));
  return ArrayParser(text, element, layout, context).Run(out);
}

Status AppendArrayText(std::string_view bytes, const FormatContext& context, std::string& out) {
  ArrayView array(bytes);
  if (array.dimensions() == 0) {
    out.append("{}");
    return Status::Ok();
  }
  bool bounds = false;
  for (int i = 0; i < array.dimensions(); ++i) bounds |= array.dimension(i).lower != 1;
  if (bounds) {
    for (int i = 0; i < array.dimensions(); ++i) {
      ArrayDimension d = array.dimension(i);
      out.append(Format("[%d:%d]", d.lower, d.lower + d.length - 1));
    }
    out.push_back('=');
  }
  uint32_t element = 0;
  return AppendLevel(array, 0, &element, context, out);
}

Status ParseVectorText(std::string_view text, Oid element, const FormatContext& context, std::string& out) {
  ArrayBuilder builder(element);
  size_t at = 0;
  while (true) {
    while (at < text.size() && IsSpace(text[at])) ++at;
    if (at == text.size()) break;
    size_t from = at;
    if (element == kOidOid) {
      // A number ends where its digits do.
      std::string_view rest = text.substr(at);
      int64_t number = 0;
      bool overflow = false;
      at = ReadInt(&rest, &number, &overflow) ? text.size() - rest.size() : text.size();
    } else {
      while (at < text.size() && !IsSpace(text[at])) ++at;
    }
    alignas(8) char slot[16];
    Arena arena;
    RETURN_IF_ERROR(ParseTextSlot(element, text.substr(from, at - from), context, arena, slot));
    builder.Add(slot);
  }
  out = builder.Finish(0);
  return Status::Ok();
}

Status AppendVectorText(std::string_view bytes, const FormatContext& context, std::string& out) {
  ArrayView array(bytes);
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (i != 0) out.push_back(' ');
    alignas(8) char slot[16];
    array.Get(i, slot);
    RETURN_IF_ERROR(AppendText(array.element_type(), slot, context, out));
  }
  return Status::Ok();
}

Status ParseRecordText(std::string_view text, const std::vector<Type>& columns, const FormatContext& context,
                       std::string& out) {
  size_t at = 0;
  auto skip = [&] {
    while (at < text.size() && IsSpace(text[at])) ++at;
  };
  auto bad = [&](const char* detail) { return Malformed("record", text, detail); };
  skip();
  if (at == text.size() || text[at] != '(') return bad("Missing left parenthesis.");
  ++at;
  RecordBuilder builder;
  std::string value;
  Arena arena;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i != 0) {
      if (at == text.size() || text[at] != ',') return bad("Too few columns.");
      ++at;
    }
    if (at < text.size() && (text[at] == ',' || text[at] == ')')) {
      builder.AddNull(columns[i].oid);
      continue;
    }
    value.clear();
    bool in_quotes = false;
    while (in_quotes || !(at < text.size() && (text[at] == ',' || text[at] == ')'))) {
      if (at == text.size()) return bad("Unexpected end of input.");
      char c = text[at++];
      if (c == '\\') {
        if (at == text.size()) return bad("Unexpected end of input.");
        value.push_back(text[at++]);
      } else if (c == '"') {
        if (in_quotes && at < text.size() && text[at] == '"') {
          value.push_back(text[at++]);
        } else {
          in_quotes = !in_quotes;
        }
      } else {
        value.push_back(c);
      }
    }
    alignas(8) char slot[16];
    ASSIGN_OR_RETURN(Layout layout, ResolveLayout(columns[i].oid, context));
    RETURN_IF_ERROR(ParseTextSlot(columns[i], value, context, arena, slot));
    builder.Add(columns[i].oid, layout, slot);
  }
  if (at == text.size() || text[at] != ')') return bad("Too many columns.");
  ++at;
  skip();
  if (at != text.size()) return bad("Junk after right parenthesis.");
  out = builder.Finish();
  return Status::Ok();
}

Status AppendRecordText(std::string_view bytes, const FormatContext& context, std::string& out) {
  RecordView record(bytes);
  out.push_back('(');
  std::string value;
  for (uint32_t i = 0; i < record.size(); ++i) {
    if (i != 0) out.push_back(',');
    if (record.IsNull(i)) continue;
    alignas(8) char slot[16];
    record.Get(i, slot);
    value.clear();
    RETURN_IF_ERROR(AppendText(record.type(i), slot, context, value));
    bool quotes = value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
                    return c == '"' || c == '\\' || c == '(' || c == ')' || c == ',' || IsSpace(c);
                  });
    if (quotes) out.push_back('"');
    for (char c : value) {
      if (c == '"' || c == '\\') out.push_back(c);
      out.push_back(c);
    }
    if (quotes) out.push_back('"');
  }
  out.push_back(')');
  return Status::Ok();
}

}  // namespace phantom::types
