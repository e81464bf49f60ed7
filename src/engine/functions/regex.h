// engine/functions/regex.h
//
// Regular expressions as PostgreSQL understands them ("advanced", chapter 9.7.3). PostgreSQL's engine is Henry
// Spencer's, from Tcl; ours is Tcl's own library, so that syntax, greediness and longest matches are the same. What
// PostgreSQL added since is not there: lookbehind constraints are an error (2201B).
//
// Compiled expressions belong to the thread that compiled them (Tcl's rule), which keeps its most recent ones.
//
// Thread safety: a Regex is used only within the call that got it from GetRegex, on that thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace phantom::engine {

struct RegexOptions {
  enum class Syntax : uint8_t { kAdvanced, kExtended, kBasic, kLiteral };
  Syntax syntax = Syntax::kAdvanced;
  bool ignore_case = false;
  bool expanded = false;         // blanks and comments in the pattern are ignored
  bool newline_stops = false;    // . and [^...] do not match a newline
  bool newline_anchors = false;  // ^ and $ match at newlines
  bool global = false;           // the flag g: not the expression's, the caller's
  bool operator==(const RegexOptions&) const = default;
};

// The letters of PostgreSQL's flags argument. 22023 for others.
Result<RegexOptions> ParseRegexFlags(std::string_view flags);

// A stretch of the text in bytes; absent when the group took no part in the match.
struct RegexGroup {
  bool present = false;
  size_t begin = 0;
  size_t end = 0;
};

// The text to be searched, in the form the engine wants.
class RegexSubject {
 public:
  explicit RegexSubject(std::string_view text);
  ~RegexSubject();
  RegexSubject(const RegexSubject&) = delete;
  RegexSubject& operator=(const RegexSubject&) = delete;

  std::string_view text() const { return text_; }

 private:
  friend class Regex;
  size_t ByteOf(size_t unit) const { return offsets_.empty() ? unit : offsets_[unit]; }
  size_t UnitOf(size_t byte) const;

  std::string_view text_;
  std::vector<uint32_t> offsets_;  // byte offset of each UTF-16 unit and of the end; empty when all is ASCII
  void* object_;                   // Tcl_Obj*
};

class Regex {
 public:
  virtual ~Regex() = default;
  // Capturing groups, the whole match not counted.
  virtual size_t group_count() const = 0;
  // The first match that begins at byte `start` or later. groups[0] is the whole match.
  // False: none. 2201B when the expression is too complex to run.
  virtual Result<bool> Find(const RegexSubject& subject, size_t start, std::vector<RegexGroup>& groups) = 0;

 protected:
  static size_t ByteOf(const RegexSubject& subject, size_t unit) { return subject.ByteOf(unit); }
  static size_t UnitOf(const RegexSubject& subject, size_t byte) { return subject.UnitOf(byte); }
  static void* ObjectOf(const RegexSubject& subject) { return subject.object_; }
};

// This thread's compiled form of the pattern, valid until the thread's next GetRegex.
// 2201B "invalid regular expression: ..." when the pattern is none.
Result<Regex*> GetRegex(std::string_view pattern, const RegexOptions& options);

// The pattern of SIMILAR TO (and SUBSTRING ... SIMILAR) as an advanced regular expression. `escape` null: none given, a backslash.
Result<std::string> SimilarToRegex(std::string_view pattern, const std::string_view* escape);

}  // namespace phantom::engine
