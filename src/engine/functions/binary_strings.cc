// Functions of bytea (PostgreSQL 15, chapter 9.5), encodings of bytes as text, digests.
#include <bit>
#include <limits>
#include <optional>

#include "common/crypto.h"
#include "common/utf8.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/ascii.h"
#include "types/string_ref.h"
#include "types/text_format.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using I = int32_t;
using L = int64_t;
using Out = Writer<StringRef>;

// ---- Parts --------------------------------------------------------------------------------------

Result<std::string_view> Part(std::string_view bytes, int64_t start, std::optional<int64_t> length) {
  int64_t end = std::numeric_limits<int64_t>::max();
  if (length) {
    if (*length < 0) return Error(sqlstate::kSubstringError, "negative substring length not allowed");
    end = start + *length;
  }
  start = std::max<int64_t>(start, 1);
  if (end <= start || start > static_cast<int64_t>(bytes.size())) return std::string_view();
  return bytes.substr(static_cast<size_t>(start - 1), static_cast<size_t>(end - start));
}
Status Substring(KernelContext&, const StringRef& bytes, I start, I length, Out& out) {
  ASSIGN_OR_RETURN(const std::string_view part, Part(bytes.view(), start, length));
  out.SetText(part);
  return Status::Ok();
}
Status SubstringToEnd(KernelContext&, const StringRef& bytes, I start, Out& out) {
  ASSIGN_OR_RETURN(const std::string_view part, Part(bytes.view(), start, std::nullopt));
  out.SetText(part);
  return Status::Ok();
}

Status Overlay(std::string_view bytes, std::string_view replacement, int64_t start, int64_t length, Out& out) {
  if (start <= 0) return Error(sqlstate::kSubstringError, "negative substring length not allowed");
  if (start + length > std::numeric_limits<I>::max()) {
    return Error(sqlstate::kNumericValueOutOfRange, "integer out of range");
  }
  ASSIGN_OR_RETURN(const std::string_view before, Part(bytes, 1, start - 1));
  ASSIGN_OR_RETURN(const std::string_view after, Part(bytes, start + length, std::nullopt));
  std::string whole(before);
  whole += replacement;
  whole += after;
  out.SetText(whole);
  return Status::Ok();
}
Status OverlayOfLength(KernelContext&, const StringRef& bytes, const StringRef& with, I start, I length, Out& out) {
  return Overlay(bytes.view(), with.view(), start, length, out);
}
Status OverlayWhole(KernelContext&, const StringRef& bytes, const StringRef& with, I start, Out& out) {
  return Overlay(bytes.view(), with.view(), start, with.size(), out);
}

I Position(const StringRef& bytes, const StringRef& wanted) {
  const size_t at = bytes.view().find(wanted.view());
  return at == std::string_view::npos ? 0 : static_cast<I>(at) + 1;
}

template <bool kLeft, bool kRight>
Status Trim(KernelContext&, const StringRef& bytes, const StringRef& set, Out& out) {
  std::string_view rest = bytes.view();
  const auto in_set = [&set](char c) { return set.view().find(c) != std::string_view::npos; };
  while (kLeft && !rest.empty() && in_set(rest.front())) rest.remove_prefix(1);
  while (kRight && !rest.empty() && in_set(rest.back())) rest.remove_suffix(1);
  out.SetText(rest);
  return Status::Ok();
}

// ---- Bytes and bits -----------------------------------------------------------------------------

Status OutOfRange(int64_t index, int64_t last) {
  return Errorf(sqlstate::kArraySubscriptError, "index %lld out of valid range, 0..%lld", static_cast<long long>(index),
                static_cast<long long>(last));
}
Status GetByte(KernelContext&, const StringRef& bytes, I index, I& out) {
  if (index < 0 || index >= static_cast<int64_t>(bytes.size())) return OutOfRange(index, int64_t{bytes.size()} - 1);
  out = static_cast<unsigned char>(bytes.data()[index]);
  return Status::Ok();
}
Status SetByte(KernelContext&, const StringRef& bytes, I index, I value, Out& out) {
  if (index < 0 || index >= static_cast<int64_t>(bytes.size())) return OutOfRange(index, int64_t{bytes.size()} - 1);
  std::string changed(bytes.view());
  changed[static_cast<size_t>(index)] = static_cast<char>(value);
  out.SetText(changed);
  return Status::Ok();
}
Status GetBit(KernelContext&, const StringRef& bytes, L index, I& out) {
  const int64_t bits = int64_t{bytes.size()} * 8;
  if (index < 0 || index >= bits) return OutOfRange(index, bits - 1);
  out = static_cast<unsigned char>(bytes.data()[index / 8]) >> (index % 8) & 1;
  return Status::Ok();
}
Status SetBit(KernelContext&, const StringRef& bytes, L index, I value, Out& out) {
  const int64_t bits = int64_t{bytes.size()} * 8;
  if (index < 0 || index >= bits) return OutOfRange(index, bits - 1);
  if (value != 0 && value != 1) return Error(sqlstate::kInvalidParameterValue, "new bit must be 0 or 1");
  std::string changed(bytes.view());
  char& byte = changed[static_cast<size_t>(index / 8)];
  const auto bit = static_cast<char>(1 << (index % 8));
  byte = static_cast<char>(value == 1 ? byte | bit : byte & ~bit);
  out.SetText(changed);
  return Status::Ok();
}
L BitCount(const StringRef& bytes) {
  L count = 0;
  for (const char c : bytes.view()) count += std::popcount(static_cast<unsigned char>(c));
  return count;
}

// ---- encode, decode -----------------------------------------------------------------------------

std::string_view CharacterAt(std::string_view text, size_t at) { return text.substr(at, utf8::CharBytes(text[at])); }

void EncodeHex(std::string_view bytes, std::string& text) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[c & 15];
  }
}

Status DecodeHex(std::string_view text, std::string& bytes) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  for (size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    int value = 0;
    for (int digit = 0; digit < 2; ++digit, ++at) {
      if (at >= text.size()) {
        return Error(sqlstate::kInvalidParameterValue, "invalid hexadecimal data: odd number of digits");
      }
      const int nibble = types::HexDigit(text[at]);
      if (nibble < 0) {
        return Error(sqlstate::kInvalidParameterValue,
                     "invalid hexadecimal digit: \"" + std::string(CharacterAt(text, at)) + "\"");
      }
      value = value << 4 | nibble;
    }
    bytes += static_cast<char>(value);
  }
  return Status::Ok();
}

// Lines of 76 characters, as MIME has them.
void EncodeBase64(std::string_view bytes, std::string& text) {
  const std::string encoded = Base64Encode(bytes);
  for (size_t at = 0; at < encoded.size(); at += 76) {
    if (at > 0) text += '\n';
    text += std::string_view(encoded).substr(at, 76);
  }
}

Status DecodeBase64(std::string_view text, std::string& bytes) {
  const auto value_of = [](char c) {
    if (types::IsUpper(c)) return c - 'A';
    if (types::IsLower(c)) return c - 'a' + 26;
    if (types::IsDigit(c)) return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
  };
  uint32_t group = 0;
  int count = 0, kept = 3;  // bytes of the group that count, fewer once '=' was seen
  bool ended = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    int value = 0;
    if (c == '=') {
      if (!ended) {
        if (count != 2 && count != 3) {
          return Error(sqlstate::kInvalidParameterValue, "unexpected \"=\" while decoding base64 sequence");
        }
        kept = count - 1;
        ended = true;
      }
    } else {
      value = value_of(c);
      if (value < 0) {
        return Error(sqlstate::kInvalidParameterValue, "invalid symbol \"" + std::string(CharacterAt(text, at)) +
                                                           "\" found while decoding base64 sequence");
      }
    }
    group = group << 6 | static_cast<uint32_t>(value);
    if (++count < 4) continue;
    for (int i = 0; i < kept; ++i) bytes += static_cast<char>(group >> (16 - 8 * i));
    group = 0;
    count = 0;
  }
  if (count == 0) return Status::Ok();
  return Error(sqlstate::kInvalidParameterValue, "invalid base64 end sequence")
      .Hint("Input data is missing padding, is truncated, or is otherwise corrupted.");
}

void EncodeEscape(std::string_view bytes, std::string& text) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0 || byte >= 128) {
      text += Format("\\%03o", byte);
    } else {
      if (c == '\\') text += '\\';
      text += c;
    }
  }
}

Status DecodeEscape(std::string_view text, std::string& bytes) {
  for (size_t at = 0; at < text.size();) {
    const auto octal = [&](size_t i, char most) {
      return at + i < text.size() && text[at + i] >= '0' && text[at + i] <= most;
    };
    if (text[at] != '\\') {
      bytes += text[at++];
    } else if (octal(1, '3') && octal(2, '7') && octal(3, '7')) {
      bytes += static_cast<char>((text[at + 1] - '0') << 6 | (text[at + 2] - '0') << 3 | (text[at + 3] - '0'));
      at += 4;
    } else if (at + 1 < text.size() && text[at + 1] == '\\') {
      bytes += '\\';
      at += 2;
    } else {
      return Error(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type bytea");
    }
  }
  return Status::Ok();
}

Status UnknownEncoding(std::string_view name) {
  return Error(sqlstate::kInvalidParameterValue, "unrecognized encoding: \"" + std::string(name) + "\"");
}
Status Encode(KernelContext&, const StringRef& bytes, const StringRef& encoding, Out& out) {
  std::string text;
  if (types::EqualsIgnoreCase(encoding.view(), "hex")) {
    EncodeHex(bytes.view(), text);
  } else if (types::EqualsIgnoreCase(encoding.view(), "base64")) {
    EncodeBase64(bytes.view(), text);
  } else if (types::EqualsIgnoreCase(encoding.view(), "escape")) {
    EncodeEscape(bytes.view(), text);
  } else {
    return UnknownEncoding(encoding.view());
  }
  out.SetText(text);
  return Status::Ok();
}
Status Decode(KernelContext&, const StringRef& text, const StringRef& encoding, Out& out) {
  std::string bytes;
  if (types::EqualsIgnoreCase(encoding.view(), "hex")) {
    RETURN_IF_ERROR(DecodeHex(text.view(), bytes));
  } else if (types::EqualsIgnoreCase(encoding.view(), "base64")) {
    RETURN_IF_ERROR(DecodeBase64(text.view(), bytes));
  } else if (types::EqualsIgnoreCase(encoding.view(), "escape")) {
    RETURN_IF_ERROR(DecodeEscape(text.view(), bytes));
  } else {
    return UnknownEncoding(encoding.view());
  }
  out.SetText(bytes);
  return Status::Ok();
}

// ---- Character encodings: all text is UTF-8 -----------------------------------------------------

bool IsUtf8Name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (types::IsAlnum(c)) plain += types::ToLower(c);
  }
  return plain == "utf8" || plain == "unicode";
}
Status NoSuchEncoding(const char* which, std::string_view name) {
  if (IsUtf8Name(name)) return Status::Ok();
  return Error(sqlstate::kInvalidParameterValue,
               std::string("invalid ") + which + " encoding name \"" + std::string(name) + "\"");
}
Status ConvertFrom(KernelContext&, const StringRef& bytes, const StringRef& encoding, Out& out) {
  RETURN_IF_ERROR(NoSuchEncoding("source", encoding.view()));
  RETURN_IF_ERROR(types::CheckUtf8(bytes.view()));
  out.SetText(bytes.view());
  return Status::Ok();
}
Status ConvertTo(KernelContext&, const StringRef& text, const StringRef& encoding, Out& out) {
  RETURN_IF_ERROR(NoSuchEncoding("destination", encoding.view()));
  out.SetText(text.view());
  return Status::Ok();
}
Status Convert(KernelContext&, const StringRef& bytes, const StringRef& from, const StringRef& to, Out& out) {
  RETURN_IF_ERROR(NoSuchEncoding("source", from.view()));
  RETURN_IF_ERROR(NoSuchEncoding("destination", to.view()));
  RETURN_IF_ERROR(types::CheckUtf8(bytes.view()));
  out.SetText(bytes.view());
  return Status::Ok();
}
Status LengthInEncoding(KernelContext&, const StringRef& bytes, const StringRef& encoding, I& out) {
  if (!IsUtf8Name(encoding.view())) {
    return Error(sqlstate::kInvalidParameterValue, "invalid encoding name \"" + std::string(encoding.view()) + "\"");
  }
  RETURN_IF_ERROR(types::CheckUtf8(bytes.view()));
  out = static_cast<I>(utf8::Length(bytes.view()));
  return Status::Ok();
}

// ---- Digests ------------------------------------------------------------------------------------

Status Md5(KernelContext&, const StringRef& bytes, Out& out) {
  std::string text;
  EncodeHex(Digest(DigestKind::kMd5, bytes.view()), text);
  out.SetText(text);
  return Status::Ok();
}
template <DigestKind kKind>
Status Sha(KernelContext&, const StringRef& bytes, Out& out) {
  out.SetText(Digest(kKind, bytes.view()));
  return Status::Ok();
}

template <auto F>
constexpr ScalarKernel kUnary = Strict<F, StringRef, StringRef>;

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("bytea_substr", Strict<Substring, StringRef, StringRef, I, I>),
    KernelEntry::Scalar("bytea_substr_no_len", Strict<SubstringToEnd, StringRef, StringRef, I>),
    KernelEntry::Scalar("byteaoverlay", Strict<OverlayOfLength, StringRef, StringRef, StringRef, I, I>),
    KernelEntry::Scalar("byteaoverlay_no_len", Strict<OverlayWhole, StringRef, StringRef, StringRef, I>),
    KernelEntry::Scalar("byteapos", Strict<Position, I, StringRef, StringRef>),
    KernelEntry::Scalar("byteatrim", Strict<Trim<true, true>, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("bytealtrim", Strict<Trim<true, false>, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("byteartrim", Strict<Trim<false, true>, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("byteaGetByte", Strict<GetByte, I, StringRef, I>),
    KernelEntry::Scalar("byteaSetByte", Strict<SetByte, StringRef, StringRef, I, I>),
    KernelEntry::Scalar("byteaGetBit", Strict<GetBit, I, StringRef, L>),
    KernelEntry::Scalar("byteaSetBit", Strict<SetBit, StringRef, StringRef, L, I>),
    KernelEntry::Scalar("bytea_bit_count", Strict<BitCount, L, StringRef>),
    KernelEntry::Scalar("binary_encode", Strict<Encode, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("binary_decode", Strict<Decode, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("pg_convert_from", Strict<ConvertFrom, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("pg_convert_to", Strict<ConvertTo, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("pg_convert", Strict<Convert, StringRef, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("length_in_encoding", Strict<LengthInEncoding, I, StringRef, StringRef>),
    KernelEntry::Scalar("md5_text", kUnary<Md5>),
    KernelEntry::Scalar("md5_bytea", kUnary<Md5>),
    KernelEntry::Scalar("sha224_bytea", kUnary<Sha<DigestKind::kSha224>>),
    KernelEntry::Scalar("sha256_bytea", kUnary<Sha<DigestKind::kSha256>>),
    KernelEntry::Scalar("sha384_bytea", kUnary<Sha<DigestKind::kSha384>>),
    KernelEntry::Scalar("sha512_bytea", kUnary<Sha<DigestKind::kSha512>>),
};

}  // namespace

std::span<const KernelEntry> BinaryStringKernels() { return kTable; }

}  // namespace phantom::engine
