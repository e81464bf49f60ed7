// parse_ident: a qualified name's parts, as the parser would fold them (PostgreSQL 15, table 9.10).
#include <string>

#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/array.h"
#include "types/string_ref.h"

namespace phantom::engine {

namespace {

using types::StringRef;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool StartsName(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool ContinuesName(char c) { return StartsName(c) || (c >= '0' && c <= '9') || c == '$'; }

class NameParser {
 public:
  explicit NameParser(std::string_view text) : text_(text), rest_(text) {}

  Status Parse(bool strict, types::ArrayBuilder& parts) {
    bool after_dot = false;
    SkipSpace();
    while (true) {
      std::string part;
      RETURN_IF_ERROR(Part(after_dot, part));
      const StringRef bytes(part);
      parts.Add(&bytes);
      SkipSpace();
      if (rest_.empty()) return Status::Ok();
      if (rest_[0] != '.') return strict ? Invalid() : Status::Ok();
      rest_.remove_prefix(1);
      after_dot = true;
      SkipSpace();
    }
  }

 private:
  void SkipSpace() {
    while (!rest_.empty() && IsSpace(rest_[0])) rest_.remove_prefix(1);
  }
  Status Invalid() const {
    return Error(sqlstate::kInvalidParameterValue, "string is not a valid identifier: \"" + std::string(text_) + '"');
  }

  Status Part(bool after_dot, std::string& part) {
    if (!rest_.empty() && rest_[0] == '"') return Quoted(part);
    if (rest_.empty() || !StartsName(rest_[0])) {
      if (after_dot) return Invalid().Detail("No valid identifier after \".\".");
      if (!rest_.empty() && rest_[0] == '.') return Invalid().Detail("No valid identifier before \".\".");
      return Invalid();
    }
    for (; !rest_.empty() && ContinuesName(rest_[0]); rest_.remove_prefix(1)) {
      const char c = rest_[0];
      part += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return Status::Ok();
  }

  Status Quoted(std::string& part) {
    rest_.remove_prefix(1);
    while (true) {
      const size_t quote = rest_.find('"');
      if (quote == std::string_view::npos) return Invalid().Detail("String has unclosed double quotes.");
      part += rest_.substr(0, quote);
      rest_.remove_prefix(quote + 1);
      if (rest_.empty() || rest_[0] != '"') break;
      part += '"';
      rest_.remove_prefix(1);
    }
    return part.empty() ? Invalid().Detail("Quoted identifier must not be empty.") : Status::Ok();
  }

  const std::string_view text_;
  std::string_view rest_;
};

Status ParseIdent(KernelContext&, const StringRef& text, const bool& strict, Writer<StringRef>& out) {
  types::ArrayBuilder parts(types::kTextOid);
  RETURN_IF_ERROR(NameParser(text.view()).Parse(strict, parts));
  out.SetText(parts.Finish());
  return Status::Ok();
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("parse_ident", Strict<ParseIdent, StringRef, StringRef, bool>),
};

}  // namespace

std::span<const KernelEntry> ParseIdentKernels() { return kTable; }

}  // namespace phantom::engine
