// LIKE and ILIKE (PostgreSQL 15, chapter 9.7.1). A pattern is compiled once a call site when it is the same for all rows.
#include <string>
#include <vector>

#include "common/utf8.h"
#include "engine/functions/case_mapping.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/string_ref.h"

namespace phantom::engine {

namespace {

using types::StringRef;

// A LIKE pattern as runs of literal text and single-character wildcards between % signs.
class LikePattern : public KernelState {
 public:
  void Compile(std::string_view pattern) {
    text_.assign(pattern);
    pieces_.assign(1, {});
    for (size_t at = 0; at < pattern.size();) {
      const char c = pattern[at];
      if (c == '%') {
        pieces_.emplace_back();
        ++at;
        continue;
      }
      Piece& piece = pieces_.back();
      if (c == '_') {
        piece.elements.push_back({true, {}});
        ++at;
        continue;
      }
      if (c == '\\') {
        if (++at == pattern.size()) {
          piece.elements.push_back({false, {}});
          break;
        }
      }
      const size_t bytes = std::min(utf8::CharBytes(pattern[at]), pattern.size() - at);
      if (piece.elements.empty() || piece.elements.back().any) piece.elements.push_back({false, {}});
      piece.elements.back().text.append(pattern.substr(at, bytes));
      at += bytes;
    }
  }

  bool Is(std::string_view pattern) const { return !pieces_.empty() && text_ == pattern; }

  // 22025 when the pattern ends with its escape character and the text has something to be compared with that.
  Result<bool> Matches(std::string_view text) {
    met_open_escape_ = false;
    const bool matches = MatchAll(text);
    if (!met_open_escape_) return matches;
    return Error(sqlstate::kInvalidEscapeSequence, "LIKE pattern must not end with escape character");
  }

 private:
  // One character of any kind, or literal text; none: an escape character with nothing after it.
  struct Element {
    bool any;
    std::string text;
  };
  struct Piece {
    std::vector<Element> elements;
  };

  bool MatchAll(std::string_view text) {
    const Piece& first = pieces_.front();
    size_t at = 0;
    if (!MatchHere(first, text, at)) return false;
    if (pieces_.size() == 1) return at == text.size();
    for (size_t i = 1; i + 1 < pieces_.size(); ++i) {
      if (!Find(pieces_[i], text, at)) return false;
    }
    return MatchEnd(pieces_.back(), text, at);
  }

  // Matches the piece at `at` and moves past it.
  bool MatchHere(const Piece& piece, std::string_view text, size_t& at) {
    size_t position = at;
    for (const Element& element : piece.elements) {
      if (element.any) {
        if (position >= text.size()) return false;
        position += utf8::CharBytes(text[position]);
      } else if (element.text.empty()) {
        met_open_escape_ |= position < text.size();
        return false;
      } else {
        if (text.compare(position, element.text.size(), element.text) != 0) return false;
        position += element.text.size();
      }
    }
    if (position > text.size()) return false;
    at = position;
    return true;
  }

  // Finds the piece at or after `at` and moves past its first occurrence.
  bool Find(const Piece& piece, std::string_view text, size_t& at) {
    if (piece.elements.empty()) return true;
    if (!piece.elements[0].any) {
      const std::string& literal = piece.elements[0].text;
      for (size_t found = at; (found = text.find(literal, found)) != std::string_view::npos; ++found) {
        size_t position = found;
        if (MatchHere(piece, text, position)) {
          at = position;
          return true;
        }
      }
      return false;
    }
    for (size_t start = at; start < text.size(); start += utf8::CharBytes(text[start])) {
      size_t position = start;
      if (MatchHere(piece, text, position)) {
        at = position;
        return true;
      }
    }
    return false;
  }

  // Matches the piece at the very end of the text, not before `at`.
  bool MatchEnd(const Piece& piece, std::string_view text, size_t at) {
    if (piece.elements.empty()) return true;
    if (piece.elements.size() == 1 && !piece.elements[0].any && !piece.elements[0].text.empty()) {
      return text.size() - at >= piece.elements[0].text.size() && text.ends_with(piece.elements[0].text);
    }
    for (size_t start = at; start <= text.size();) {
      size_t position = start;
      if (MatchHere(piece, text, position) && position == text.size()) return true;
      if (start == text.size()) break;
      start += utf8::CharBytes(text[start]);
    }
    return false;
  }

  std::string text_;
  std::vector<Piece> pieces_;  // between % signs; at least one once compiled
  bool met_open_escape_ = false;
};

std::string Lowered(std::string_view text) {
  std::string lowered;
  lowered.reserve(text.size());
  for (size_t at = 0; at < text.size();) utf8::Append(ToLower(utf8::Next(text, at)), lowered);
  return lowered;
}

// Each byte as a character of its own.
std::string Widened(std::string_view bytes) {
  std::string wide;
  wide.reserve(bytes.size());
  for (const char c : bytes) utf8::Append(static_cast<unsigned char>(c), wide);
  return wide;
}

Status LikeCompiled(KernelContext& context, std::string_view text, std::string_view pattern, bool negate, bool& out) {
  LikePattern& compiled = context.State<LikePattern>();
  if (!compiled.Is(pattern)) compiled.Compile(pattern);
  ASSIGN_OR_RETURN(const bool matches, compiled.Matches(text));
  out = matches != negate;
  return Status::Ok();
}

template <bool kNegate>
Status LikeBytes(KernelContext& context, const StringRef& bytes, const StringRef& pattern, bool& out) {
  return LikeCompiled(context, Widened(bytes.view()), Widened(pattern.view()), kNegate, out);
}

template <bool kIgnoreCase, bool kNegate>
Status Like(KernelContext& context, const StringRef& text, const StringRef& pattern, bool& out) {
  if constexpr (kIgnoreCase) return LikeCompiled(context, Lowered(text.view()), Lowered(pattern.view()), kNegate, out);
  return LikeCompiled(context, text.view(), pattern.view(), kNegate, out);
}

// Rewrites a pattern with another escape character to one with a backslash.
template <bool kBytes>
Status LikeEscape(KernelContext&, const StringRef& pattern, const StringRef& escape, Writer<StringRef>& out) {
  const std::string_view mark = escape.view();
  if ((kBytes ? mark.size() : utf8::Length(mark)) > 1) {
    return Error(sqlstate::kInvalidEscapeSequence, "invalid escape string")
        .Hint("Escape string must be empty or one character.");
  }
  if (mark == "\\") {
    out.SetText(pattern.view());
    return Status::Ok();
  }
  std::string rewritten;
  bool after_escape = false;
  for (size_t at = 0; at < pattern.size();) {
    const size_t bytes = kBytes ? 1 : std::min(utf8::CharBytes(pattern.data()[at]), pattern.size() - at);
    const std::string_view character = pattern.view().substr(at, bytes);
    at += bytes;
    if (!mark.empty() && character == mark && !after_escape) {
      rewritten += '\\';
      after_escape = true;
    } else {
      // A backslash means itself; after the escape character it is escaped already.
      if (character == "\\" && !after_escape) rewritten += '\\';
      rewritten += character;
      after_escape = false;
    }
  }
  out.SetText(rewritten);
  return Status::Ok();
}

template <bool kIgnoreCase, bool kNegate>
constexpr ScalarKernel kLike = Strict<Like<kIgnoreCase, kNegate>, bool, StringRef, StringRef>;

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("textlike", kLike<false, false>),
    KernelEntry::Scalar("textnlike", kLike<false, true>),
    KernelEntry::Scalar("texticlike", kLike<true, false>),
    KernelEntry::Scalar("texticnlike", kLike<true, true>),
    KernelEntry::Scalar("namelike", kLike<false, false>),
    KernelEntry::Scalar("namenlike", kLike<false, true>),
    KernelEntry::Scalar("nameiclike", kLike<true, false>),
    KernelEntry::Scalar("nameicnlike", kLike<true, true>),
    KernelEntry::Scalar("like_escape", Strict<LikeEscape<false>, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("like_escape_bytea", Strict<LikeEscape<true>, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("bytealike", Strict<LikeBytes<false>, bool, StringRef, StringRef>),
    KernelEntry::Scalar("byteanlike", Strict<LikeBytes<true>, bool, StringRef, StringRef>),
};

}  // namespace

std::span<const KernelEntry> PatternKernels() { return kTable; }

}  // namespace phantom::engine
