#include "session/copy/options.h"

#include <strings.h>

#include <cstring>
#include <optional>

#include "types/encoding.h"
#include "types/text_format.h"

namespace phantom::session {

namespace {

using parser::Constant;
using parser::ConstantType;
using parser::DefElem;

struct RawOptions {
  bool format = false;
  bool freeze = false;
  bool header = false;
  bool encoding = false;
  bool force_quote = false;
  bool force_not_null = false;
  bool force_null = false;
  std::optional<std::string> delimiter;
  std::optional<std::string> null_text;
  std::optional<std::string> quote;
  std::optional<std::string> escape;
};

Status Redundant(const DefElem& option) {
  return Error(sqlstate::kSyntaxError, "conflicting or redundant options").At(option.location);
}

std::string TextOf(const DefElem& option) {
  const auto* constant = parser::DynCast<Constant>(option.arg);
  if (constant == nullptr) {
    if (const auto* type = parser::DynCast<parser::TypeName>(option.arg); type != nullptr) {
      return std::string(type->names.back());
    }
    if (const auto* names = parser::DynCast<parser::StringList>(option.arg); names != nullptr) {
      return names->names.empty() ? std::string() : std::string(names->names.back());
    }
    return "true";
  }
  switch (constant->type) {
    case ConstantType::kInteger:
      return std::to_string(constant->integer);
    case ConstantType::kBoolean:
      return constant->boolean ? "true" : "false";
    default:
      return std::string(constant->text);
  }
}

Result<bool> BoolOf(const DefElem& option) {
  if (option.arg == nullptr) return true;
  const std::string text = TextOf(option);
  if (text == "1" || strcasecmp(text.c_str(), "true") == 0 || strcasecmp(text.c_str(), "on") == 0) return true;
  if (text == "0" || strcasecmp(text.c_str(), "false") == 0 || strcasecmp(text.c_str(), "off") == 0) return false;
  return Errorf(sqlstate::kSyntaxError, "%s requires a Boolean value", std::string(option.name).c_str());
}

Result<CopyHeader> HeaderOf(const DefElem& option, bool is_from) {
  if (option.arg == nullptr) return CopyHeader::kPresent;
  const std::string text = TextOf(option);
  if (strcasecmp(text.c_str(), "match") == 0) {
    if (is_from) return CopyHeader::kMatch;
    return Errorf(sqlstate::kFeatureNotSupported, "cannot use \"%s\" with HEADER in COPY TO", text.c_str());
  }
  if (Result<bool> flag = BoolOf(option); flag.ok()) return *flag ? CopyHeader::kPresent : CopyHeader::kNone;
  return Errorf(sqlstate::kSyntaxError, "%s requires a Boolean value or \"match\"", std::string(option.name).c_str());
}

Result<std::vector<std::string>> ColumnsOf(const DefElem& option) {
  std::vector<std::string> columns;
  if (const auto* names = parser::DynCast<parser::StringList>(option.arg); names != nullptr) {
    for (const std::string_view name : names->names) columns.emplace_back(name);
    return columns;
  }
  if (const auto* list = parser::DynCast<parser::ListNode>(option.arg); list != nullptr) {
    for (const parser::Node* item : list->items) {
      if (const auto* name = parser::DynCast<Constant>(item); name != nullptr) columns.emplace_back(name->text);
    }
    return columns;
  }
  return Errorf(sqlstate::kInvalidParameterValue, "argument to option \"%s\" must be a list of column names",
                std::string(option.name).c_str())
      .At(option.location);
}

Status ReadOption(const DefElem& option, bool is_from, RawOptions* raw, CopyOptions* options) {
  const auto once = [&](bool* seen) -> Status {
    if (*seen) return Redundant(option);
    *seen = true;
    return Status::Ok();
  };
  const auto text = [&](std::optional<std::string>* to) -> Status {
    if (to->has_value()) return Redundant(option);
    *to = TextOf(option);
    return Status::Ok();
  };
  if (option.name == "format") {
    RETURN_IF_ERROR(once(&raw->format));
    const std::string format = TextOf(option);
    if (format == "text") {
      options->format = CopyFormat::kText;
    } else if (format == "csv") {
      options->format = CopyFormat::kCsv;
    } else if (format == "binary") {
      options->format = CopyFormat::kBinary;
    } else {
      return Errorf(sqlstate::kInvalidParameterValue, "COPY format \"%s\" not recognized", format.c_str())
          .At(option.location);
    }
  } else if (option.name == "freeze") {
    RETURN_IF_ERROR(once(&raw->freeze));
    ASSIGN_OR_RETURN(options->freeze, BoolOf(option));
  } else if (option.name == "delimiter") {
    return text(&raw->delimiter);
  } else if (option.name == "null") {
    return text(&raw->null_text);
  } else if (option.name == "header") {
    RETURN_IF_ERROR(once(&raw->header));
    ASSIGN_OR_RETURN(options->header, HeaderOf(option, is_from));
  } else if (option.name == "quote") {
    return text(&raw->quote);
  } else if (option.name == "escape") {
    return text(&raw->escape);
  } else if (option.name == "force_quote") {
    RETURN_IF_ERROR(once(&raw->force_quote));
    options->force_quote_all = parser::Is<parser::Star>(option.arg);
    if (!options->force_quote_all) {
      ASSIGN_OR_RETURN(options->force_quote, ColumnsOf(option));
    }
  } else if (option.name == "force_not_null") {
    RETURN_IF_ERROR(once(&raw->force_not_null));
    ASSIGN_OR_RETURN(options->force_not_null, ColumnsOf(option));
  } else if (option.name == "force_null") {
    RETURN_IF_ERROR(once(&raw->force_null));
    ASSIGN_OR_RETURN(options->force_null, ColumnsOf(option));
  } else if (option.name == "encoding") {
    RETURN_IF_ERROR(once(&raw->encoding));
    const std::string encoding = TextOf(option);
    const int number = types::FindEncoding(encoding);
    if (number >= 0 && !types::ByteEncoding::IsSupported(number)) {
      return Errorf(sqlstate::kFeatureNotSupported, "conversion between %s and UTF8 is not supported",
                    std::string(types::EncodingNames()[static_cast<size_t>(number)]).c_str());
    }
    options->encoding_number = number;
    if (number >= 0) return Status::Ok();
    return Errorf(sqlstate::kInvalidParameterValue, "argument to option \"%s\" must be a valid encoding name",
                  "encoding")
        .At(option.location);
  } else {
    return Errorf(sqlstate::kSyntaxError, "option \"%s\" not recognized", std::string(option.name).c_str())
        .At(option.location);
  }
  return Status::Ok();
}

bool HasEndOfLine(const std::string& text) { return text.find_first_of("\r\n") != std::string::npos; }

Status Unsupported(const char* message) { return Error(sqlstate::kFeatureNotSupported, message); }
Status Invalid(const char* message) { return Error(sqlstate::kInvalidParameterValue, message); }

// The options together: what excludes what.
Status CheckOptions(const RawOptions& raw, bool is_from, CopyOptions* options) {
  const bool csv = options->is_csv();
  if (options->is_binary() && raw.delimiter.has_value()) {
    return Error(sqlstate::kSyntaxError, "cannot specify DELIMITER in BINARY mode");
  }
  if (options->is_binary() && raw.null_text.has_value()) {
    return Error(sqlstate::kSyntaxError, "cannot specify NULL in BINARY mode");
  }
  const std::string delimiter = raw.delimiter.value_or(csv ? "," : "\t");
  options->null_text = raw.null_text.value_or(csv ? "" : "\\N");
  const std::string quote = raw.quote.value_or("\"");
  const std::string escape = raw.escape.value_or(quote);
  if (delimiter.size() != 1) return Unsupported("COPY delimiter must be a single one-byte character");
  if (HasEndOfLine(delimiter)) return Invalid("COPY delimiter cannot be newline or carriage return");
  if (HasEndOfLine(options->null_text)) {
    return Invalid("COPY null representation cannot use newline or carriage return");
  }
  if (!csv && std::strchr("\\.abcdefghijklmnopqrstuvwxyz0123456789", delimiter[0]) != nullptr) {
    return Errorf(sqlstate::kInvalidParameterValue, "COPY delimiter cannot be \"%s\"", delimiter.c_str());
  }
  if (options->is_binary() && options->header != CopyHeader::kNone) {
    return Unsupported("cannot specify HEADER in BINARY mode");
  }
  if (!csv && raw.quote.has_value()) return Unsupported("COPY quote available only in CSV mode");
  if (csv && quote.size() != 1) return Unsupported("COPY quote must be a single one-byte character");
  if (csv && delimiter[0] == quote[0]) return Invalid("COPY delimiter and quote must be different");
  if (!csv && raw.escape.has_value()) return Unsupported("COPY escape available only in CSV mode");
  if (csv && escape.size() != 1) return Unsupported("COPY escape must be a single one-byte character");
  if (!csv && raw.force_quote) return Unsupported("COPY force quote available only in CSV mode");
  if (raw.force_quote && is_from) return Unsupported("COPY force quote only available using COPY TO");
  if (!csv && raw.force_not_null) return Unsupported("COPY force not null available only in CSV mode");
  if (raw.force_not_null && !is_from) return Unsupported("COPY force not null only available using COPY FROM");
  if (!csv && raw.force_null) return Unsupported("COPY force null available only in CSV mode");
  if (raw.force_null && !is_from) return Unsupported("COPY force null only available using COPY FROM");
  if (options->null_text.find(delimiter[0]) != std::string::npos) {
    return Unsupported("COPY delimiter must not appear in the NULL specification");
  }
  if (csv && options->null_text.find(quote[0]) != std::string::npos) {
    return Unsupported("CSV quote character must not appear in the NULL specification");
  }
  options->delimiter = delimiter[0];
  if (csv) {
    options->quote = quote[0];
    options->escape = escape[0];
  }
  return Status::Ok();
}

}  // namespace

Result<CopyOptions> ParseCopyOptions(const parser::CopyStmt& statement) {
  CopyOptions options;
  RawOptions raw;
  for (const DefElem* option : statement.options) {
    RETURN_IF_ERROR(ReadOption(*option, statement.is_from, &raw, &options));
  }
  RETURN_IF_ERROR(CheckOptions(raw, statement.is_from, &options));
  return options;
}

}  // namespace phantom::session
