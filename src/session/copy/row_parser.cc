#include "session/copy/row_parser.h"

#include <algorithm>

#include "session/copy/copy_writer.h"
#include "types/oids.h"
#include "types/text_format.h"

namespace phantom::session {

static Status BadFormat(std::string message) { return Error(sqlstate::kBadCopyFileFormat, std::move(message)); }

CopyRowParser::CopyRowParser(const CopyOptions& options, const std::string& table, std::vector<std::string> columns,
                             const types::FormatContext& format)
    : options_(options), table_(table), columns_(std::move(columns)), format_(format), splitter_(options) {
  const auto flag = [&](const std::vector<std::string>& names, std::vector<bool>* flags) {
    for (const std::string& column : columns_) flags->push_back(std::ranges::find(names, column) != names.end());
  };
  flag(options.force_not_null, &force_not_null_);
  flag(options.force_null, &force_null_);
}

void CopyRowParser::Parse(CopyBatch& batch) {
  const bool valid = types::CheckUtf8(batch.text).ok();
  for (uint32_t row = 0; row < batch.rows() && batch.error.ok(); ++row) {
    if (!valid) {
      batch.error = types::CheckUtf8(batch.line(row));
      if (!batch.error.ok()) batch.error = LineContext(std::move(batch.error), batch.origins[row].number);
    }
    if (batch.error.ok()) batch.error = ParseLine(batch, row);
  }
}

Status CopyRowParser::ParseLine(CopyBatch& batch, uint32_t row) {
  const std::string_view line = batch.line(row);
  const uint64_t number = batch.origins[row].number;
  Result<const std::vector<CopyField>*> split = splitter_.Split(line);
  if (!split.ok()) return LineContext(std::move(split).status(), number, line);
  const std::vector<CopyField>& fields = **split;
  const size_t wanted = columns_.size();
  // A table without columns has empty lines.
  const bool too_many = wanted == 0 ? !line.empty() : fields.size() > wanted;
  if (too_many) return LineContext(BadFormat("extra data after last expected column"), number, line);
  for (size_t i = 0; i < wanted; ++i) {
    if (i >= fields.size()) {
      return LineContext(BadFormat(Format("missing data for column \"%s\"", columns_[i].c_str())), number, line);
    }
    CopyField field = fields[i];
    if (field.is_null && force_not_null_[i]) field = {false, options_.null_text};
    if (!field.is_null && force_null_[i] && field.text == options_.null_text) field.is_null = true;
    types::Vector& vector = batch.input[i];
    if (field.is_null) {
      vector.SetNull(row);
      continue;
    }
    Status status = types::ParseTextInto(field.text, format_, vector, row);
    if (!status.ok()) return ColumnContext(std::move(status), number, i, field);
  }
  return Status::Ok();
}

Status CopyRowParser::MatchHeader(std::string_view line, uint64_t number) {
  Result<const std::vector<CopyField>*> split = splitter_.Split(line);
  if (!split.ok()) return LineContext(std::move(split).status(), number, line);
  const std::vector<CopyField>& fields = **split;
  if (fields.size() != columns_.size()) {
    return LineContext(BadFormat(Format("wrong number of fields in header line: got %zu, expected %zu", fields.size(),
                                        columns_.size())),
                       number, line);
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string& name = columns_[i];
    if (fields[i].is_null) {
      return LineContext(BadFormat(Format("column name mismatch in header line field %zu: got null value (\"%s\"), "
                                          "expected \"%s\"",
                                          i + 1, options_.null_text.c_str(), name.c_str())),
                         number, line);
    }
    if (fields[i].text != name) {
      return LineContext(BadFormat(Format("column name mismatch in header line field %zu: got \"%s\", expected \"%s\"",
                                          i + 1, std::string(fields[i].text).c_str(), name.c_str())),
                         number, line);
    }
  }
  return Status::Ok();
}

Status CopyRowParser::LineContext(Status status, uint64_t number) const {
  return std::move(status).Context(Format("COPY %s, line %llu", table_.c_str(), static_cast<unsigned long long>(number)));
}

Status CopyRowParser::LineContext(Status status, uint64_t number, std::string_view line) const {
  return std::move(status).Context(Format("COPY %s, line %llu: \"%s\"", table_.c_str(),
                                          static_cast<unsigned long long>(number), CopyContextText(line).c_str()));
}

Status CopyRowParser::ColumnContext(Status status, uint64_t number, size_t column, const CopyField& field) const {
  std::string context = Format("COPY %s, line %llu, column %s", table_.c_str(), static_cast<unsigned long long>(number),
                               columns_[column].c_str());
  context += field.is_null ? ": null input" : ": \"" + CopyContextText(field.text) + "\"";
  return std::move(status).Context(std::move(context));
}

bool CopyRowParser::IsSelfContained(types::Type type) {
  switch (type.oid) {
    case types::kBoolOid:
    case types::kByteaOid:
    case types::kInt2Oid:
    case types::kInt4Oid:
    case types::kInt8Oid:
    case types::kFloat4Oid:
    case types::kFloat8Oid:
    case types::kNumericOid:
    case types::kTextOid:
    case types::kVarcharOid:
    case types::kBpcharOid:
    case types::kDateOid:
    case types::kTimeOid:
    case types::kTimestampOid:
    case types::kTimestamptzOid:
    case types::kIntervalOid:
    case types::kUuidOid:
    case types::kJsonOid:
    case types::kJsonbOid:
      return true;
    default:
      return false;
  }
}

}  // namespace phantom::session
