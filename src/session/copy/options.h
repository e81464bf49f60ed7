// session/copy/options.h
//
// COPY's options, checked as PostgreSQL checks them (PostgreSQL 15, COPY).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "parser/ast_utility.h"

namespace phantom::types {
class ByteEncoding;
}

namespace phantom::session {

enum class CopyFormat { kText, kCsv, kBinary };
enum class CopyHeader { kNone, kPresent, kMatch };

struct CopyOptions {
  CopyFormat format = CopyFormat::kText;
  char delimiter = '\t';
  std::string null_text = "\\N";
  CopyHeader header = CopyHeader::kNone;
  char quote = '"';
  char escape = '"';
  bool force_quote_all = false;
  std::vector<std::string> force_quote;
  std::vector<std::string> force_not_null;
  std::vector<std::string> force_null;
  bool freeze = false;
  std::optional<int> encoding_number;             // ENCODING
  const types::ByteEncoding* encoding = nullptr;  // of text and CSV data, unless it is UTF-8

  bool is_csv() const { return format == CopyFormat::kCsv; }
  bool is_binary() const { return format == CopyFormat::kBinary; }
};

// 42601, 22023, 0A000 in PostgreSQL's words.
Result<CopyOptions> ParseCopyOptions(const parser::CopyStmt& statement);

}  // namespace phantom::session
