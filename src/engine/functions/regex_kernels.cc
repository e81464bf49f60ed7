// Operators and functions of regular expressions that answer text, numbers or booleans (PostgreSQL 15, chapter 9.7).
#include <string>

#include "common/utf8.h"
#include "engine/functions/regex.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/string_ref.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using I = int32_t;
using T = StringRef;
using Out = Writer<StringRef>;

// ---- Operators ----------------------------------------------------------------------------------

template <bool kIgnoreCase, bool kNegate>
Status Matches(KernelContext&, const T& text, const T& pattern, bool& out) {
  RegexOptions options;
  options.ignore_case = kIgnoreCase;
  ASSIGN_OR_RETURN(Regex * regex, GetRegex(pattern.view(), options));
  std::vector<RegexGroup> groups;
  ASSIGN_OR_RETURN(bool found, regex->Find(RegexSubject(text.view()), 0, groups));
  out = found != kNegate;
  return Status::Ok();
}

// ---- substring(text, pattern) -------------------------------------------------------------------

Status Substring(KernelContext&, const T& text, const T& pattern, Out& out) {
  ASSIGN_OR_RETURN(Regex * regex, GetRegex(pattern.view(), {}));
  std::vector<RegexGroup> groups;
  ASSIGN_OR_RETURN(bool found, regex->Find(RegexSubject(text.view()), 0, groups));
  if (!found) {
    out.SetNull();
    return Status::Ok();
  }
  const RegexGroup& group = groups[regex->group_count() > 0 ? 1 : 0];
  group.present ? out.SetText(text.view().substr(group.begin, group.end - group.begin)) : out.SetNull();
  return Status::Ok();
}

// ---- Stepping through matches -------------------------------------------------------------------

Status InvalidParameter(const char* name, I value) {
  return Errorf(sqlstate::kInvalidParameterValue, "invalid value for parameter \"%s\": %d", name, value);
}
Status NoGlobal(const char* function) {
  return Errorf(sqlstate::kInvalidParameterValue, "%s does not support the \"global\" option", function);
}

// Matches of a text one after the other; an empty match moves on by a character.
class MatchWalker {
 public:
  MatchWalker(std::string_view text, Regex* regex, I start) : subject_(text), regex_(regex), at_(utf8::Offset(text, start - 1)) {
    // A start beyond the end finds nothing, not even an empty match.
    if (static_cast<size_t>(start) > utf8::Length(text) + 1) at_ = text.size() + 1;
  }
  Result<bool> Next() {
    if (at_ > subject_.text().size()) return false;
    ASSIGN_OR_RETURN(bool found, regex_->Find(subject_, at_, groups));
    if (!found) {
      at_ = subject_.text().size() + 1;
      return false;
    }
    at_ = groups[0].end;
    if (groups[0].begin == groups[0].end) {
      at_ += at_ < subject_.text().size() ? utf8::CharBytes(subject_.text()[at_]) : 1;
    }
    return true;
  }

  std::vector<RegexGroup> groups;

 private:
  RegexSubject subject_;
  Regex* regex_;
  size_t at_;
};

// ---- regexp_replace -----------------------------------------------------------------------------

// Replaces the n-th match from character `start` on, or every one when n is 0.
Status Replace(std::string_view text, std::string_view pattern, std::string_view replacement, const RegexOptions& options,
               I start, I n, Out& out) {
  ASSIGN_OR_RETURN(Regex * regex, GetRegex(pattern, options));
  MatchWalker walker(text, regex, start);
  std::string replaced;
  size_t copied = 0;
  for (I match = 1;; ++match) {
    ASSIGN_OR_RETURN(bool found, walker.Next());
    if (!found) break;
    if (n > 0 && match < n) continue;
    const RegexGroup whole = walker.groups[0];
    replaced += text.substr(copied, whole.begin - copied);
    for (size_t i = 0; i < replacement.size(); ++i) {
      if (replacement[i] != '\\' || i + 1 == replacement.size()) {
        replaced += replacement[i];
        continue;
      }
      const char what = replacement[++i];
      if (what == '&' || (what >= '1' && what <= '9')) {
        const size_t index = what == '&' ? 0 : static_cast<size_t>(what - '0');
        if (index < walker.groups.size() && walker.groups[index].present) {
          replaced += text.substr(walker.groups[index].begin, walker.groups[index].end - walker.groups[index].begin);
        }
      } else if (what == '\\') {
        replaced += '\\';
      } else {
        replaced += '\\';
        replaced += what;
      }
    }
    copied = whole.end;
    if (n > 0) break;
  }
  replaced += text.substr(copied);
  out.SetText(replaced);
  return Status::Ok();
}

Status ReplaceFirst(KernelContext&, const T& text, const T& pattern, const T& replacement, Out& out) {
  return Replace(text.view(), pattern.view(), replacement.view(), {}, 1, 1, out);
}
Status ReplaceWithFlags(KernelContext&, const T& text, const T& pattern, const T& replacement, const T& flags, Out& out) {
  if (!flags.empty() && flags.data()[0] >= '0' && flags.data()[0] <= '9') {
    return Errorf(sqlstate::kInvalidParameterValue, "invalid regular expression option: \"%c\"", flags.data()[0])
        .Hint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.");
  }
  ASSIGN_OR_RETURN(RegexOptions options, ParseRegexFlags(flags.view()));
  return Replace(text.view(), pattern.view(), replacement.view(), options, 1, options.global ? 0 : 1, out);
}
Status ReplaceFrom(KernelContext&, const T& text, const T& pattern, const T& replacement, I start, I n, const T& flags, Out& out) {
  if (start <= 0) return InvalidParameter("start", start);
  if (n < 0) return InvalidParameter("n", n);
  ASSIGN_OR_RETURN(RegexOptions options, ParseRegexFlags(flags.view()));
  return Replace(text.view(), pattern.view(), replacement.view(), options, start, n, out);
}
Status ReplaceNth(KernelContext& context, const T& text, const T& pattern, const T& replacement, I start, I n, Out& out) {
  return ReplaceFrom(context, text, pattern, replacement, start, n, T(), out);
}
Status ReplaceFirstFrom(KernelContext& context, const T& text, const T& pattern, const T& replacement, I start, Out& out) {
  return ReplaceFrom(context, text, pattern, replacement, start, 1, T(), out);
}

// ---- regexp_count, regexp_like, regexp_instr, regexp_substr -------------------------------------

Status Count(KernelContext&, const T& text, const T& pattern, I start, const T& flags, I& out) {
  if (start <= 0) return InvalidParameter("start", start);
  ASSIGN_OR_RETURN(RegexOptions options, ParseRegexFlags(flags.view()));
  if (options.global) return NoGlobal("regexp_count()");
  ASSIGN_OR_RETURN(Regex * regex, GetRegex(pattern.view(), options));
  MatchWalker walker(text.view(), regex, start);
  for (out = 0;; ++out) {
    ASSIGN_OR_RETURN(bool found, walker.Next());
    if (!found) return Status::Ok();
  }
}

Status Like(KernelContext&, const T& text, const T& pattern, const T& flags, bool& out) {
  ASSIGN_OR_RETURN(RegexOptions options, ParseRegexFlags(flags.view()));
  if (options.global) return NoGlobal("regexp_like()");
  ASSIGN_OR_RETURN(Regex * regex, GetRegex(pattern.view(), options));
  std::vector<RegexGroup> groups;
  ASSIGN_OR_RETURN(out, regex->Find(RegexSubject(text.view()), 0, groups));
  return Status::Ok();
}

// The group `subexpression` of the n-th match, absent when there is none.
Result<RegexGroup> FindGroup(const char* function, const T& text, const T& pattern, I start, I n, const T& flags, I subexpression) {
  if (start <= 0) return InvalidParameter("start", start);
  if (n <= 0) return InvalidParameter("n", n);
  if (subexpression < 0) return InvalidParameter("subexpr", subexpression);
  ASSIGN_OR_RETURN(RegexOptions options, ParseRegexFlags(flags.view()));
  if (options.global) return NoGlobal(function);
  ASSIGN_OR_RETURN(Regex * regex, GetRegex(pattern.view(), options));
  MatchWalker walker(text.view(), regex, start);
  for (I match = 1; match <= n; ++match) {
    ASSIGN_OR_RETURN(bool found, walker.Next());
    if (!found) return RegexGroup();
  }
  return static_cast<size_t>(subexpression) < walker.groups.size() ? walker.groups[static_cast<size_t>(subexpression)] : RegexGroup();
}

Status Instr(KernelContext&, const T& text, const T& pattern, I start, I n, I end_option, const T& flags, I subexpression, I& out) {
  if (end_option != 0 && end_option != 1) return InvalidParameter("endoption", end_option);
  ASSIGN_OR_RETURN(RegexGroup group, FindGroup("regexp_instr()", text, pattern, start, n, flags, subexpression));
  out = !group.present
            ? 0
            : static_cast<I>(utf8::Length(text.view().substr(0, end_option == 1 ? group.end : group.begin))) + 1;
  return Status::Ok();
}

Status Substr(KernelContext&, const T& text, const T& pattern, I start, I n, const T& flags, I subexpression, Out& out) {
  ASSIGN_OR_RETURN(RegexGroup group, FindGroup("regexp_substr()", text, pattern, start, n, flags, subexpression));
  group.present ? out.SetText(text.view().substr(group.begin, group.end - group.begin)) : out.SetNull();
  return Status::Ok();
}

// ---- SIMILAR TO ---------------------------------------------------------------------------------

Status SimilarEscape1(KernelContext&, const T& pattern, Out& out) {
  ASSIGN_OR_RETURN(std::string regex, SimilarToRegex(pattern.view(), nullptr));
  out.SetText(regex);
  return Status::Ok();
}
Status SimilarEscape2(KernelContext&, const T& pattern, const T& escape, Out& out) {
  const std::string_view mark = escape.view();
  ASSIGN_OR_RETURN(std::string regex, SimilarToRegex(pattern.view(), &mark));
  out.SetText(regex);
  return Status::Ok();
}
// The old form, which takes a NULL escape for none given.
Status SimilarEscape(KernelContext& context, const T* pattern, const T* escape, Out& out) {
  if (pattern == nullptr) {
    out.SetNull();
    return Status::Ok();
  }
  return escape == nullptr ? SimilarEscape1(context, *pattern, out) : SimilarEscape2(context, *pattern, *escape, out);
}

#define MATCHES(prefix)                                                            \
  KernelEntry::Scalar(prefix "regexeq", Strict<Matches<false, false>, bool, T, T>), \
  KernelEntry::Scalar(prefix "regexne", Strict<Matches<false, true>, bool, T, T>),  \
  KernelEntry::Scalar(prefix "icregexeq", Strict<Matches<true, false>, bool, T, T>), \
  KernelEntry::Scalar(prefix "icregexne", Strict<Matches<true, true>, bool, T, T>)

constexpr KernelEntry kTable[] = {
    MATCHES("text"), MATCHES("name"),
    KernelEntry::Scalar("textregexsubstr", Strict<Substring, T, T, T>),
    KernelEntry::Scalar("textregexreplace_noopt", Strict<ReplaceFirst, T, T, T, T>),
    KernelEntry::Scalar("textregexreplace", Strict<ReplaceWithFlags, T, T, T, T, T>),
    KernelEntry::Scalar("textregexreplace_extended", Strict<ReplaceFrom, T, T, T, T, I, I, T>),
    KernelEntry::Scalar("textregexreplace_extended_no_flags", Strict<ReplaceNth, T, T, T, T, I, I>),
    KernelEntry::Scalar("textregexreplace_extended_no_n", Strict<ReplaceFirstFrom, T, T, T, T, I>),
    KernelEntry::Scalar("regexp_count", Strict<Count, I, T, T, I, T>),
    KernelEntry::Scalar("regexp_count_no_flags", Strict<[](KernelContext& c, const T& t, const T& p, I start, I& out) {
                          return Count(c, t, p, start, T(), out);
                        }, I, T, T, I>),
    KernelEntry::Scalar("regexp_count_no_start", Strict<[](KernelContext& c, const T& t, const T& p, I& out) {
                          return Count(c, t, p, 1, T(), out);
                        }, I, T, T>),
    KernelEntry::Scalar("regexp_like", Strict<Like, bool, T, T, T>),
    KernelEntry::Scalar("regexp_like_no_flags", Strict<[](KernelContext& c, const T& t, const T& p, bool& out) {
                          return Like(c, t, p, T(), out);
                        }, bool, T, T>),
    KernelEntry::Scalar("regexp_instr", Strict<Instr, I, T, T, I, I, I, T, I>),
    KernelEntry::Scalar("regexp_instr_no_subexpr", Strict<[](KernelContext& c, const T& t, const T& p, I start, I n, I end, const T& flags, I& out) {
                          return Instr(c, t, p, start, n, end, flags, 0, out);
                        }, I, T, T, I, I, I, T>),
    KernelEntry::Scalar("regexp_instr_no_flags", Strict<[](KernelContext& c, const T& t, const T& p, I start, I n, I end, I& out) {
                          return Instr(c, t, p, start, n, end, T(), 0, out);
                        }, I, T, T, I, I, I>),
    KernelEntry::Scalar("regexp_instr_no_endoption", Strict<[](KernelContext& c, const T& t, const T& p, I start, I n, I& out) {
                          return Instr(c, t, p, start, n, 0, T(), 0, out);
                        }, I, T, T, I, I>),
    KernelEntry::Scalar("regexp_instr_no_n", Strict<[](KernelContext& c, const T& t, const T& p, I start, I& out) {
                          return Instr(c, t, p, start, 1, 0, T(), 0, out);
                        }, I, T, T, I>),
    KernelEntry::Scalar("regexp_instr_no_start", Strict<[](KernelContext& c, const T& t, const T& p, I& out) {
                          return Instr(c, t, p, 1, 1, 0, T(), 0, out);
                        }, I, T, T>),
    KernelEntry::Scalar("regexp_substr", Strict<Substr, T, T, T, I, I, T, I>),
    KernelEntry::Scalar("regexp_substr_no_subexpr", Strict<[](KernelContext& c, const T& t, const T& p, I start, I n, const T& flags, Out& out) {
                          return Substr(c, t, p, start, n, flags, 0, out);
                        }, T, T, T, I, I, T>),
    KernelEntry::Scalar("regexp_substr_no_flags", Strict<[](KernelContext& c, const T& t, const T& p, I start, I n, Out& out) {
                          return Substr(c, t, p, start, n, T(), 0, out);
                        }, T, T, T, I, I>),
    KernelEntry::Scalar("regexp_substr_no_n", Strict<[](KernelContext& c, const T& t, const T& p, I start, Out& out) {
                          return Substr(c, t, p, start, 1, T(), 0, out);
                        }, T, T, T, I>),
    KernelEntry::Scalar("regexp_substr_no_start", Strict<[](KernelContext& c, const T& t, const T& p, Out& out) {
                          return Substr(c, t, p, 1, 1, T(), 0, out);
                        }, T, T, T>),
    KernelEntry::Scalar("similar_to_escape_1", Strict<SimilarEscape1, T, T>),
    KernelEntry::Scalar("similar_to_escape_2", Strict<SimilarEscape2, T, T, T>),
    KernelEntry::Scalar("similar_escape", Nullable<SimilarEscape, T, T, T>),
};

}  // namespace

std::span<const KernelEntry> RegexKernels() { return kTable; }

}  // namespace phantom::engine
