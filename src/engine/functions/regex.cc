#include "engine/functions/regex.h"

#include <tcl8.6/tcl.h>

#include <algorithm>
#include <list>
#include <mutex>
#include <string>

#include "common/utf8.h"

namespace phantom::engine {

namespace {

constexpr size_t kCachedMax = 32;

Status InvalidRegex(const std::string& why) {
  return Error(sqlstate::kInvalidRegularExpression, "invalid regular expression: " + why);
}

class TclRegex : public Regex {
 public:
  TclRegex(std::string pattern, const RegexOptions& options) : pattern_(std::move(pattern)), options_(options) {
    object_ = Tcl_NewStringObj(pattern_.data(), static_cast<int>(pattern_.size()));
    Tcl_IncrRefCount(object_);
  }
  ~TclRegex() override { Tcl_DecrRefCount(object_); }
  TclRegex(const TclRegex&) = delete;
  TclRegex& operator=(const TclRegex&) = delete;

  Status Compile(Tcl_Interp* interpreter) {
    int flags = 0;
    switch (options_.syntax) {
      case RegexOptions::Syntax::kAdvanced: flags = TCL_REG_ADVANCED; break;
      case RegexOptions::Syntax::kExtended: flags = TCL_REG_EXTENDED; break;
      case RegexOptions::Syntax::kBasic: flags = TCL_REG_BASIC; break;
      case RegexOptions::Syntax::kLiteral: flags = TCL_REG_QUOTE; break;
    }
    if (options_.ignore_case) flags |= TCL_REG_NOCASE;
    if (options_.expanded) flags |= TCL_REG_EXPANDED;
    if (options_.newline_stops) flags |= TCL_REG_NLSTOP;
    if (options_.newline_anchors) flags |= TCL_REG_NLANCH;
    interpreter_ = interpreter;
    compiled_ = Tcl_GetRegExpFromObj(interpreter, object_, flags);
    if (compiled_ == nullptr) return InvalidRegex(Reason());
    Tcl_RegExpInfo info;
    Tcl_RegExpGetInfo(compiled_, &info);
    group_count_ = static_cast<size_t>(info.nsubs);
    return Status::Ok();
  }

  bool Is(std::string_view pattern, const RegexOptions& options) const {
    return pattern_ == pattern && options_ == options;
  }

  size_t group_count() const override { return group_count_; }

  Result<bool> Find(const RegexSubject& subject, size_t start, std::vector<RegexGroup>& groups) override {
    const size_t first = UnitOf(subject, start);
    const int found = Tcl_RegExpExecObj(interpreter_, compiled_, static_cast<Tcl_Obj*>(ObjectOf(subject)),
                                        static_cast<int>(first), static_cast<int>(group_count_ + 1),
                                        first == 0 ? 0 : TCL_REG_NOTBOL);
    if (found < 0) return Error(sqlstate::kInvalidRegularExpression, "regular expression failed: " + Reason());
    if (found == 0) return false;
    Tcl_RegExpInfo info;
    Tcl_RegExpGetInfo(compiled_, &info);
    groups.assign(group_count_ + 1, {});
    for (size_t i = 0; i <= group_count_; ++i) {
      if (info.matches[i].start < 0) continue;
      groups[i] = {true, ByteOf(subject, first + static_cast<size_t>(info.matches[i].start)),
                   ByteOf(subject, first + static_cast<size_t>(info.matches[i].end))};
    }
    return true;
  }

 private:
  // What the interpreter says went wrong, without its own introduction.
  std::string Reason() const {
    const std::string text = Tcl_GetStringResult(interpreter_);
    const size_t colon = text.find(": ");
    return colon == std::string::npos ? text : text.substr(colon + 2);
  }

  const std::string pattern_;
  const RegexOptions options_;
  Tcl_Obj* object_;
  Tcl_Interp* interpreter_ = nullptr;
  Tcl_RegExp compiled_ = nullptr;  // owned by object_
  size_t group_count_ = 0;
};

// One thread's interpreter and compiled expressions, the most recent first.
class ThreadRegexes {
 public:
  ThreadRegexes() {
    static std::once_flag initialised;
    std::call_once(initialised, [] { Tcl_FindExecutable(nullptr); });
    interpreter_ = Tcl_CreateInterp();
  }
  ~ThreadRegexes() {
    cached_.clear();
    Tcl_DeleteInterp(interpreter_);
    Tcl_FinalizeThread();
  }

  Result<Regex*> Get(std::string_view pattern, const RegexOptions& options) {
    auto known = std::find_if(cached_.begin(), cached_.end(), [&](auto& regex) { return regex->Is(pattern, options); });
    if (known != cached_.end()) {
      cached_.splice(cached_.begin(), cached_, known);
      return static_cast<Regex*>(cached_.front().get());
    }
    auto regex = std::make_unique<TclRegex>(std::string(pattern), options);
    RETURN_IF_ERROR(regex->Compile(interpreter_));
    if (cached_.size() == kCachedMax) cached_.pop_back();
    cached_.push_front(std::move(regex));
    return static_cast<Regex*>(cached_.front().get());
  }

 private:
  Tcl_Interp* interpreter_;
  std::list<std::unique_ptr<TclRegex>> cached_;
};

ThreadRegexes& Regexes() {
  thread_local ThreadRegexes regexes;
  return regexes;
}

}  // namespace

RegexSubject::RegexSubject(std::string_view text) : text_(text) {
  Regexes();  // Tcl must be up before its objects are
  std::vector<Tcl_UniChar> units;
  units.reserve(text.size());
  bool ascii = true;
  for (size_t at = 0; at < text.size();) {
    const auto begin = static_cast<uint32_t>(at);
    const char32_t c = utf8::Next(text, at);
    if (c >= 0x80 && ascii) {
      ascii = false;
      for (uint32_t i = 0; i < begin; ++i) offsets_.push_back(i);
    }
    if (c >= 0x10000) {
      units.push_back(static_cast<Tcl_UniChar>(0xD800 + ((c - 0x10000) >> 10)));
      offsets_.push_back(begin);
      units.push_back(static_cast<Tcl_UniChar>(0xDC00 + ((c - 0x10000) & 0x3FF)));
    } else {
      units.push_back(static_cast<Tcl_UniChar>(c));
    }
    if (!ascii) offsets_.push_back(begin);
  }
  if (!ascii) offsets_.push_back(static_cast<uint32_t>(text.size()));
  Tcl_Obj* object = Tcl_NewUnicodeObj(units.data(), static_cast<int>(units.size()));
  Tcl_IncrRefCount(object);
  object_ = object;
}

RegexSubject::~RegexSubject() { Tcl_DecrRefCount(static_cast<Tcl_Obj*>(object_)); }

size_t RegexSubject::UnitOf(size_t byte) const {
  if (offsets_.empty()) return byte;
  return static_cast<size_t>(std::lower_bound(offsets_.begin(), offsets_.end(), byte) - offsets_.begin());
}

Result<Regex*> GetRegex(std::string_view pattern, const RegexOptions& options) { return Regexes().Get(pattern, options); }

Result<RegexOptions> ParseRegexFlags(std::string_view flags) {
  RegexOptions options;
  for (char flag : flags) {
    switch (flag) {
      case 'g': options.global = true; break;
      case 'b': options.syntax = RegexOptions::Syntax::kBasic; break;
      case 'c': options.ignore_case = false; break;
      case 'e': options.syntax = RegexOptions::Syntax::kExtended; break;
      case 'i': options.ignore_case = true; break;
      case 'm':
      case 'n': options.newline_stops = options.newline_anchors = true; break;
      case 'p': options.newline_stops = true, options.newline_anchors = false; break;
      case 'q': options.syntax = RegexOptions::Syntax::kLiteral; break;
      case 's': options.newline_stops = options.newline_anchors = false; break;
      case 't': options.expanded = false; break;
      case 'w': options.newline_stops = false, options.newline_anchors = true; break;
      case 'x': options.expanded = true; break;
      default:
        return Errorf(sqlstate::kInvalidParameterValue, "invalid regular expression option: \"%.*s\"",
                      static_cast<int>(utf8::CharBytes(flag)), &flag);
    }
  }
  return options;
}

Result<std::string> SimilarToRegex(std::string_view pattern, const std::string_view* escape) {
  const std::string_view mark = escape == nullptr ? "\\" : *escape;
  if (utf8::Length(mark) > 1) {
    return Error(sqlstate::kInvalidEscapeSequence, "invalid escape string")
        .Hint("Escape string must be empty or one character.");
  }
  // The whole text has to match. Parts separated by escaped quotes mark what SUBSTRING returns: the first part is made
  // to match as little as it can, the second as much.
  std::string out = "^(?:";
  int quotes = 0, depth = 0;
  int class_position = 0;  // in a bracket expression: 1 after [, 2 after [^, 3 further on (there ] closes)
  bool escaped = false;
  for (size_t at = 0; at < pattern.size();) {
    const size_t bytes = std::min(utf8::CharBytes(pattern[at]), pattern.size() - at);
    const std::string_view character = pattern.substr(at, bytes);
    const char c = bytes == 1 ? character[0] : '\0';
    at += bytes;
    if (escaped) {
      escaped = false;
      if (c == '"' && depth == 0) {
        if (quotes > 1) {
          return Error(sqlstate::kInvalidUseOfEscapeCharacter,
                       "SQL regular expression may not contain more than two escape-double-quote separators");
        }
        out += quotes == 0 ? "){1,1}?(" : "){1,1}(?:";
        ++quotes;
      } else {
        out += '\\';
        out += character;
        class_position = 3;
      }
    } else if (!mark.empty() && character == mark) {
      escaped = true;
    } else if (depth > 0) {
      if (c == '\\') out += '\\';
      out += character;
      if (c == ']' && class_position > 2) {
        --depth;
      } else if (c == '[') {
        ++depth;
        class_position = 3;
      } else if (c == '^') {
        ++class_position;
      } else {
        class_position = 3;
      }
    } else if (c == '[') {
      out += c;
      depth = 1;
      class_position = 1;
    } else if (c == '%') {
      out += ".*";
    } else if (c == '_') {
      out += '.';
    } else if (c == '(') {
      out += "(?:";
    } else if (c == '\\' || c == '.' || c == '^' || c == '$') {
      out += '\\';
      out += c;
    } else {
      out += character;
    }
  }
  return out + ")$";
}

}  // namespace phantom::engine
