// Functions of text (PostgreSQL 15, chapter 9.4): length, parts, case, padding, trimming, searching, replacing.
#include <algorithm>
#include <limits>
#include <optional>

#include "common/utf8.h"
#include "engine/functions/case_mapping.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/compare.h"
#include "types/string_ref.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using I = int32_t;
using Out = Writer<StringRef>;

constexpr size_t kTextBytesMax = (size_t{1} << 30) - 5;  // PostgreSQL's: one gigabyte less a header

Status TooLong() { return Error(sqlstate::kProgramLimitExceeded, "requested length too large"); }

// ---- Length -------------------------------------------------------------------------------------

I Length(const StringRef& text) { return static_cast<I>(utf8::Length(text.view())); }
I BpcharLength(const StringRef& text) { return static_cast<I>(utf8::Length(types::TrimBlanks(text.view()))); }
I Bytes(const StringRef& text) { return static_cast<I>(text.size()); }
I Bits(const StringRef& text) { return static_cast<I>(text.size() * 8); }

// ---- Parts --------------------------------------------------------------------------------------

Status Concat(KernelContext&, const StringRef& a, const StringRef& b, Out& out) {
  const size_t size = size_t{a.size()} + b.size();
  if (size > kTextBytesMax) return TooLong();
  char buffer[StringRef::kInlineBytes];
  char* to = size <= sizeof buffer ? buffer : out.heap().Allocate(size);
  std::memcpy(to, a.data(), a.size());
  std::memcpy(to + a.size(), b.data(), b.size());
  out.Set(StringRef(to, static_cast<uint32_t>(size)));
  return Status::Ok();
}

// The characters [start, start + length) counted from 1, clipped; `length` nullopt: to the end.
Result<std::string_view> Part(std::string_view text, int64_t start, std::optional<int64_t> length) {
  int64_t end = std::numeric_limits<int64_t>::max();
  if (length) {
    if (*length < 0 && start + *length < start) {
      return Error(sqlstate::kSubstringError, "negative substring length not allowed");
    }
    end = start + *length;
  }
  start = std::max<int64_t>(start, 1);
  if (end <= start) return std::string_view();
  const size_t from = utf8::Offset(text, static_cast<size_t>(start - 1));
  std::string_view rest = text.substr(from);
  return end - start > static_cast<int64_t>(rest.size()) ? rest
                                                         : rest.substr(0, utf8::Offset(rest, static_cast<size_t>(end - start)));
}

Status Substring(KernelContext&, const StringRef& text, I start, I length, Out& out) {
  ASSIGN_OR_RETURN(std::string_view part, Part(text.view(), start, length));
  out.SetText(part);
  return Status::Ok();
}
Status SubstringToEnd(KernelContext&, const StringRef& text, I start, Out& out) {
  ASSIGN_OR_RETURN(std::string_view part, Part(text.view(), start, std::nullopt));
  out.SetText(part);
  return Status::Ok();
}
Status Left(KernelContext&, const StringRef& text, I count, Out& out) {
  const int64_t keep = count >= 0 ? count : std::max<int64_t>(0, static_cast<int64_t>(utf8::Length(text.view())) + count);
  out.SetText(text.view().substr(0, utf8::Offset(text.view(), static_cast<size_t>(keep))));
  return Status::Ok();
}
Status Right(KernelContext&, const StringRef& text, I count, Out& out) {
  const int64_t skip =
      count < 0 ? -int64_t{count} : std::max<int64_t>(0, static_cast<int64_t>(utf8::Length(text.view())) - count);
  out.SetText(text.view().substr(utf8::Offset(text.view(), static_cast<size_t>(skip))));
  return Status::Ok();
}

Status Overlay(std::string_view text, std::string_view replacement, int64_t start, int64_t length, Out& out) {
  if (start <= 0) return Error(sqlstate::kSubstringError, "negative substring length not allowed");
  if (start + length > std::numeric_limits<I>::max()) {
    return Error(sqlstate::kNumericValueOutOfRange, "integer out of range");
  }
  ASSIGN_OR_RETURN(std::string_view before, Part(text, 1, start - 1));
  ASSIGN_OR_RETURN(std::string_view after, Part(text, start + length, std::nullopt));
  std::string whole(before);
  whole += replacement;
  whole += after;
  out.SetText(whole);
  return Status::Ok();
}
Status OverlayOfLength(KernelContext&, const StringRef& text, const StringRef& replacement, I start, I length, Out& out) {
  return Overlay(text.view(), replacement.view(), start, length, out);
}
Status OverlayWhole(KernelContext&, const StringRef& text, const StringRef& replacement, I start, Out& out) {
  return Overlay(text.view(), replacement.view(), start, static_cast<int64_t>(utf8::Length(replacement.view())), out);
}

Status SplitPart(KernelContext&, const StringRef& text, const StringRef& separator, I field, Out& out) {
  if (field == 0) return Error(sqlstate::kInvalidParameterValue, "field position must not be zero");
  std::string_view rest = text.view();
  const std::string_view by = separator.view();
  if (rest.empty() || by.empty()) {
    out.SetText((field == 1 || field == -1) ? rest : std::string_view());
    return Status::Ok();
  }
  if (field < 0) {
    int64_t fields = 1;
    for (size_t at = 0; (at = rest.find(by, at)) != std::string_view::npos; at += by.size()) ++fields;
    if (-int64_t{field} > fields) {
      out.SetText({});
      return Status::Ok();
    }
    field = static_cast<I>(fields + field + 1);
  }
  for (; field > 1; --field) {
    const size_t at = rest.find(by);
    if (at == std::string_view::npos) {
      out.SetText({});
      return Status::Ok();
    }
    rest.remove_prefix(at + by.size());
  }
  out.SetText(rest.substr(0, rest.find(by)));
  return Status::Ok();
}

// ---- Case ---------------------------------------------------------------------------------------

template <typename Map>
void MapCharacters(std::string_view text, std::string& out, Map map) {
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) utf8::Append(map(utf8::Next(text, at)), out);
}

Status Upper(KernelContext&, const StringRef& text, Out& out) {
  std::string mapped;
  MapCharacters(text.view(), mapped, ToUpper);
  out.SetText(mapped);
  return Status::Ok();
}
Status Lower(KernelContext&, const StringRef& text, Out& out) {
  std::string mapped;
  MapCharacters(text.view(), mapped, ToLower);
  out.SetText(mapped);
  return Status::Ok();
}
Status InitialCapitals(KernelContext&, const StringRef& text, Out& out) {
  std::string mapped;
  bool in_word = false;
  MapCharacters(text.view(), mapped, [&](char32_t c) {
    const char32_t result = in_word ? ToLower(c) : ToUpper(c);
    in_word = IsAlphanumeric(c);
    return result;
  });
  out.SetText(mapped);
  return Status::Ok();
}

// ---- Padding, trimming, repeating ---------------------------------------------------------------

// `fill` repeated to `count` characters.
void AppendFill(std::string_view fill, size_t count, std::string& out) {
  const size_t characters = utf8::Length(fill);
  for (; count >= characters; count -= characters) out += fill;
  out += fill.substr(0, utf8::Offset(fill, count));
}

Status Pad(const StringRef& text, I length, const StringRef& fill, bool left, Out& out) {
  const size_t wanted = length < 0 ? 0 : static_cast<size_t>(length);
  if (wanted > kTextBytesMax) return TooLong();
  const size_t have = utf8::Length(text.view());
  if (have >= wanted || fill.empty()) {
    out.SetText(text.view().substr(0, utf8::Offset(text.view(), wanted)));
    return Status::Ok();
  }
  if ((wanted - have) * 4 + text.size() > kTextBytesMax) return TooLong();
  std::string padded;
  if (!left) padded += text.view();
  AppendFill(fill.view(), wanted - have, padded);
  if (left) padded += text.view();
  out.SetText(padded);
  return Status::Ok();
}
template <bool kLeft>
Status PadWith(KernelContext&, const StringRef& text, I length, const StringRef& fill, Out& out) {
  return Pad(text, length, fill, kLeft, out);
}
template <bool kLeft>
Status PadBlank(KernelContext&, const StringRef& text, I length, Out& out) {
  return Pad(text, length, StringRef(" "), kLeft, out);
}

// True when the character text[from, to) is one of `set`.
bool IsIn(std::string_view character, std::string_view set) {
  for (size_t at = 0; at < set.size();) {
    const size_t bytes = utf8::CharBytes(set[at]);
    if (set.substr(at, bytes) == character) return true;
    at += bytes;
  }
  return false;
}

template <bool kLeft, bool kRight>
std::string_view Trim(std::string_view text, std::string_view set) {
  while (kLeft && !text.empty()) {
    const size_t bytes = utf8::CharBytes(text[0]);
    if (!IsIn(text.substr(0, bytes), set)) break;
    text.remove_prefix(bytes);
  }
  while (kRight && !text.empty()) {
    size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    if (!IsIn(text.substr(start), set)) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}
template <bool kLeft, bool kRight>
Status TrimSet(KernelContext&, const StringRef& text, const StringRef& set, Out& out) {
  out.SetText(Trim<kLeft, kRight>(text.view(), set.view()));
  return Status::Ok();
}
template <bool kLeft, bool kRight>
Status TrimBlanks(KernelContext&, const StringRef& text, Out& out) {
  out.SetText(Trim<kLeft, kRight>(text.view(), " "));
  return Status::Ok();
}

Status Repeat(KernelContext&, const StringRef& text, I count, Out& out) {
  if (count <= 0 || text.empty()) {
    out.SetText({});
    return Status::Ok();
  }
  const size_t size = size_t{text.size()} * static_cast<size_t>(count);
  if (size > kTextBytesMax) return TooLong();
  if (size <= StringRef::kInlineBytes) {
    std::string repeated;
    for (I i = 0; i < count; ++i) repeated += text.view();
    out.SetText(repeated);
    return Status::Ok();
  }
  char* to = out.heap().Allocate(size);
  if (text.size() == 1) {
    std::memset(to, text.data()[0], size);
  } else {
    for (I i = 0; i < count; ++i) std::memcpy(to + static_cast<size_t>(i) * text.size(), text.data(), text.size());
  }
  out.Set(StringRef(to, static_cast<uint32_t>(size)));
  return Status::Ok();
}

Status Reverse(KernelContext&, const StringRef& text, Out& out) {
  const std::string_view view = text.view();
  std::string reversed(view.size(), '\0');
  for (size_t at = 0, end = view.size(); at < view.size();) {
    const size_t bytes = std::min(utf8::CharBytes(view[at]), view.size() - at);
    end -= bytes;
    std::memcpy(reversed.data() + end, view.data() + at, bytes);
    at += bytes;
  }
  out.SetText(reversed);
  return Status::Ok();
}

// ---- Searching and replacing --------------------------------------------------------------------

I Position(const StringRef& text, const StringRef& wanted) {
  const size_t at = text.view().find(wanted.view());
  return at == std::string_view::npos ? 0 : static_cast<I>(utf8::Length(text.view().substr(0, at))) + 1;
}
bool StartsWith(const StringRef& text, const StringRef& prefix) { return text.view().starts_with(prefix.view()); }

Status Replace(KernelContext&, const StringRef& text, const StringRef& from, const StringRef& to, Out& out) {
  const std::string_view view = text.view(), wanted = from.view();
  if (view.empty() || wanted.empty()) {
    out.SetText(view);
    return Status::Ok();
  }
  std::string replaced;
  size_t begin = 0;
  for (size_t at; (at = view.find(wanted, begin)) != std::string_view::npos; begin = at + wanted.size()) {
    replaced += view.substr(begin, at - begin);
    replaced += to.view();
    if (replaced.size() > kTextBytesMax) return TooLong();
  }
  replaced += view.substr(begin);
  out.SetText(replaced);
  return Status::Ok();
}

Status Translate(KernelContext&, const StringRef& text, const StringRef& from, const StringRef& to, Out& out) {
  std::u32string sources, targets;
  for (size_t at = 0; at < from.size();) sources.push_back(utf8::Next(from.view(), at));
  for (size_t at = 0; at < to.size();) targets.push_back(utf8::Next(to.view(), at));
  std::string translated;
  for (size_t at = 0; at < text.size();) {
    const char32_t character = utf8::Next(text.view(), at);
    const size_t index = sources.find(character);
    if (index == std::u32string::npos) {
      utf8::Append(character, translated);
    } else if (index < targets.size()) {
      utf8::Append(targets[index], translated);
    }
  }
  out.SetText(translated);
  return Status::Ok();
}

// ---- Single characters and numbers --------------------------------------------------------------

I Ascii(const StringRef& text) {
  if (text.empty()) return 0;
  size_t at = 0;
  return static_cast<I>(utf8::Next(text.view(), at));
}
Status Character(KernelContext&, I code, Out& out) {
  if (code < 0) return Error(sqlstate::kInvalidParameterValue, "character number must be positive");
  if (code == 0) return Error(sqlstate::kProgramLimitExceeded, "null character not permitted");
  if (code > 0x10FFFF) {
    return Errorf(sqlstate::kProgramLimitExceeded, "requested character too large for encoding: %u",
                  static_cast<unsigned>(code));
  }
  if (code >= 0xD800 && code <= 0xDFFF) {
    return Errorf(sqlstate::kProgramLimitExceeded, "requested character not valid for encoding: %u",
                  static_cast<unsigned>(code));
  }
  std::string text;
  utf8::Append(static_cast<char32_t>(code), text);
  out.SetText(text);
  return Status::Ok();
}
template <typename T>
Status Hexadecimal(KernelContext&, T value, Out& out) {
  out.SetText(Format("%llx", static_cast<unsigned long long>(static_cast<std::make_unsigned_t<T>>(value))));
  return Status::Ok();
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("textlen", Strict<Length, I, StringRef>),
    KernelEntry::Scalar("bpcharlen", Strict<BpcharLength, I, StringRef>),
    KernelEntry::Scalar("textoctetlen", Strict<Bytes, I, StringRef>),
    KernelEntry::Scalar("bpcharoctetlen", Strict<Bytes, I, StringRef>),
    KernelEntry::Scalar("byteaoctetlen", Strict<Bytes, I, StringRef>),
    KernelEntry::Scalar(1811, Strict<Bits, I, StringRef>),
    KernelEntry::Scalar(1810, Strict<Bits, I, StringRef>),
    KernelEntry::Scalar("textcat", Strict<Concat, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("byteacat", Strict<Concat, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("text_substr", Strict<Substring, StringRef, StringRef, I, I>),
    KernelEntry::Scalar("text_substr_no_len", Strict<SubstringToEnd, StringRef, StringRef, I>),
    KernelEntry::Scalar("text_left", Strict<Left, StringRef, StringRef, I>),
    KernelEntry::Scalar("text_right", Strict<Right, StringRef, StringRef, I>),
    KernelEntry::Scalar("textoverlay", Strict<OverlayOfLength, StringRef, StringRef, StringRef, I, I>),
    KernelEntry::Scalar("textoverlay_no_len", Strict<OverlayWhole, StringRef, StringRef, StringRef, I>),
    KernelEntry::Scalar("split_part", Strict<SplitPart, StringRef, StringRef, StringRef, I>),
    KernelEntry::Scalar("upper", Strict<Upper, StringRef, StringRef>),
    KernelEntry::Scalar("lower", Strict<Lower, StringRef, StringRef>),
    KernelEntry::Scalar("initcap", Strict<InitialCapitals, StringRef, StringRef>),
    KernelEntry::Scalar("lpad", Strict<PadWith<true>, StringRef, StringRef, I, StringRef>),
    KernelEntry::Scalar("rpad", Strict<PadWith<false>, StringRef, StringRef, I, StringRef>),
    KernelEntry::Scalar(879, Strict<PadBlank<true>, StringRef, StringRef, I>),
    KernelEntry::Scalar(880, Strict<PadBlank<false>, StringRef, StringRef, I>),
    KernelEntry::Scalar("btrim", Strict<TrimSet<true, true>, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("btrim1", Strict<TrimBlanks<true, true>, StringRef, StringRef>),
    KernelEntry::Scalar("ltrim", Strict<TrimSet<true, false>, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("ltrim1", Strict<TrimBlanks<true, false>, StringRef, StringRef>),
    KernelEntry::Scalar("rtrim", Strict<TrimSet<false, true>, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("rtrim1", Strict<TrimBlanks<false, true>, StringRef, StringRef>),
    KernelEntry::Scalar("repeat", Strict<Repeat, StringRef, StringRef, I>),
    KernelEntry::Scalar("text_reverse", Strict<Reverse, StringRef, StringRef>),
    KernelEntry::Scalar("textpos", Strict<Position, I, StringRef, StringRef>),
    KernelEntry::Scalar("text_starts_with", Strict<StartsWith, bool, StringRef, StringRef>),
    KernelEntry::Scalar("replace_text", Strict<Replace, StringRef, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("translate", Strict<Translate, StringRef, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("ascii", Strict<Ascii, I, StringRef>),
    KernelEntry::Scalar("chr", Strict<Character, StringRef, I>),
    KernelEntry::Scalar("to_hex32", Strict<Hexadecimal<int32_t>, StringRef, int32_t>),
    KernelEntry::Scalar("to_hex64", Strict<Hexadecimal<int64_t>, StringRef, int64_t>),
};

}  // namespace

std::span<const KernelEntry> StringKernels() { return kTable; }

}  // namespace phantom::engine
