// Casts between the string types, the character type "char", name and boolean, and the functions that apply a length.
#include <algorithm>

#include "common/utf8.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/compare.h"
#include "types/format_context.h"
#include "types/string_ref.h"
#include "types/text_format.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using I = int32_t;
using Out = Writer<StringRef>;

constexpr size_t kNameBytesMax = 63;

// varchar(n) and bpchar(n).
template <Oid kType>
Status FitLength(KernelContext&, const StringRef& text, I typmod, bool is_explicit, Out& out) {
  StringRef fitted = text;
  RETURN_IF_ERROR(types::ApplyTypmod(types::Type(kType, typmod), is_explicit, out.arena(), &fitted));
  out.Set(fitted);
  return Status::Ok();
}

// The longest prefix of whole characters that a name can hold.
std::string_view NamePrefix(std::string_view text, size_t bytes_max = kNameBytesMax) {
  size_t end = std::min(text.size(), bytes_max);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}
Status TextToName(KernelContext&, const StringRef& text, Out& out) {
  out.SetText(NamePrefix(text.view()));
  return Status::Ok();
}
Status BpcharToName(KernelContext&, const StringRef& text, Out& out) {
  out.SetText(types::TrimBlanks(NamePrefix(text.view())));
  return Status::Ok();
}
Status Same(KernelContext&, const StringRef& text, Out& out) {
  out.SetText(text.view());
  return Status::Ok();
}
// A name made unique by an OID, shortened where needed.
Status NameWithOid(KernelContext&, const StringRef& name, I oid, Out& out) {
  const std::string suffix = Format("_%u", static_cast<uint32_t>(oid));
  std::string text(NamePrefix(name.view(), kNameBytesMax - suffix.size()));
  out.SetText(text += suffix);
  return Status::Ok();
}

// The type "char".
Status TextToChar(KernelContext& context, const StringRef& text, StringRef& out) {
  Arena scratch;
  return types::ParseTextSlot(types::kCharOid, text.view(), *context.format, scratch, &out);
}
Status CharToText(KernelContext& context, const StringRef& character, Out& out) {
  std::string text;
  RETURN_IF_ERROR(types::AppendText(types::kCharOid, &character, *context.format, text));
  out.SetText(text);
  return Status::Ok();
}
I CharToInt(const StringRef& character) { return character.empty() ? 0 : static_cast<signed char>(character.data()[0]); }
Status IntToChar(KernelContext&, I code, StringRef& out) {
  if (code < -128 || code > 127) return Error(sqlstate::kNumericValueOutOfRange, "\"char\" out of range");
  const char byte = static_cast<char>(code);
  out = StringRef(std::string_view(&byte, byte == '\0' ? 0 : 1));
  return Status::Ok();
}

StringRef BoolToText(bool value) { return StringRef(std::string_view(value ? "true" : "false")); }

Status TextToRegclass(KernelContext& context, const StringRef& text, I& out) {
  Arena scratch;
  return types::ParseTextSlot(types::kRegclassOid, text.view(), *context.format, scratch, &out);
}

I Xid8ToXid(const int64_t& id) { return static_cast<I>(id); }

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("bpchar", Strict<FitLength<types::kBpcharOid>, StringRef, StringRef, I, bool>),
    KernelEntry::Scalar("varchar", Strict<FitLength<types::kVarcharOid>, StringRef, StringRef, I, bool>),
    KernelEntry::Scalar("text_name", Strict<TextToName, StringRef, StringRef>),
    KernelEntry::Scalar("bpchar_name", Strict<BpcharToName, StringRef, StringRef>),
    KernelEntry::Scalar("name_text", Strict<Same, StringRef, StringRef>),
    KernelEntry::Scalar("name_bpchar", Strict<Same, StringRef, StringRef>),
    KernelEntry::Scalar("nameconcatoid", Strict<NameWithOid, StringRef, StringRef, I>),
    KernelEntry::Scalar("text_char", Strict<TextToChar, StringRef, StringRef>),
    KernelEntry::Scalar("char_text", Strict<CharToText, StringRef, StringRef>),
    KernelEntry::Scalar("char_bpchar", Strict<CharToText, StringRef, StringRef>),
    KernelEntry::Scalar("chartoi4", Strict<CharToInt, I, StringRef>),
    KernelEntry::Scalar("i4tochar", Strict<IntToChar, StringRef, I>),
    KernelEntry::Scalar("booltext", Strict<BoolToText, StringRef, bool>),
    KernelEntry::Scalar("text_regclass", Strict<TextToRegclass, I, StringRef>),
    KernelEntry::Scalar("xid8toxid", Strict<Xid8ToXid, I, int64_t>),
};

}  // namespace

std::span<const KernelEntry> CastKernels() { return kTable; }

}  // namespace phantom::engine
