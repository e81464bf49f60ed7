#include "session/copy/copy_out.h"

#include <cerrno>
#include <utility>

#include "engine/executor.h"
#include "session/result_sink.h"
#include "types/binary_format.h"
#include "types/encoding.h"
#include "types/text_format.h"

namespace phantom::session {

namespace {

constexpr std::string_view kBinaryHeader("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
constexpr std::string_view kBinaryTrailer("\377\377", 2);

template <typename T>
void AppendInteger(std::string& out, T value) {
  char bytes[sizeof(T)];
  StoreBE<T>(bytes, value);
  out.append(bytes, sizeof(T));
}

}  // namespace

CopyOutTask::CopyOutTask(std::unique_ptr<Portal> portal, CopyOptions options, std::string file,
                         std::vector<bool> force_quote)
    : portal_(std::move(portal)),
      options_(std::move(options)),
      file_name_(std::move(file)),
      force_quote_(std::move(force_quote)),
      file_(nullptr, std::fclose) {}

CopyOutTask::~CopyOutTask() = default;

Status CopyOutTask::Open() {
  if (file_name_.empty()) return Status::Ok();
  if (file_name_[0] != '/') return Error(sqlstate::kInvalidName, "relative path not allowed for COPY to file");
  file_.reset(std::fopen(file_name_.c_str(), "wb"));
  if (file_ != nullptr) return Status::Ok();
  return Errorf(errno == ENOENT ? sqlstate::kUndefinedFile : sqlstate::kInsufficientPrivilege,
                "could not open file \"%s\" for writing: %m", file_name_.c_str())
      .Hint(
          "COPY TO instructs the PostgreSQL server process to write a file. You may want a client-side facility such "
          "as "
          "psql's \\copy.");
}

Status CopyOutTask::Put(ResultSink& sink, std::string_view bytes) {
  std::string joined;
  if (!pending_.empty()) {
    joined = std::exchange(pending_, {}).append(bytes);
    bytes = joined;
  }
  std::string converted;
  if (options_.encoding != nullptr && !options_.is_binary()) {
    RETURN_IF_ERROR(options_.encoding->FromUtf8(bytes, converted));
    bytes = converted;
  }
  if (file_ == nullptr) {
    sink.CopyData(bytes);
  } else if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
    return Errorf(sqlstate::kIoError, "could not write to COPY file: %m");
  }
  return Status::Ok();
}

Status CopyOutTask::PutHeader(ResultSink& sink) {
  if (options_.is_binary()) {
    // Sent in front of the first row (or the trailer): drivers expect a message to begin with a row otherwise.
    pending_ = kBinaryHeader;
    return Status::Ok();
  }
  if (options_.header == CopyHeader::kNone) return Status::Ok();
  line_.clear();
  for (size_t i = 0; i < portal_->columns.size(); ++i) {
    if (i > 0) line_ += options_.delimiter;
    if (options_.is_csv()) {
      AppendCsvField(portal_->columns[i].name, false);
    } else {
      AppendTextField(portal_->columns[i].name);
    }
  }
  line_ += '\n';
  return Put(sink, line_);
}

void CopyOutTask::AppendTextField(std::string_view value) {
  for (const char c : value) {
    switch (c) {
      case '\b':
        line_ += "\\b";
        break;
      case '\f':
        line_ += "\\f";
        break;
      case '\n':
        line_ += "\\n";
        break;
      case '\r':
        line_ += "\\r";
        break;
      case '\t':
        // The delimiter, whatever it is, is told from data by the backslash alone.
        line_ += "\\t";
        break;
      case '\v':
        line_ += "\\v";
        break;
      default:
        if (c == '\\' || c == options_.delimiter) line_ += '\\';
        line_ += c;
        break;
    }
  }
}

void CopyOutTask::AppendCsvField(std::string_view value, bool force_quote) {
  bool quoted = force_quote || value == options_.null_text || (value == "\\." && portal_->columns.size() == 1);
  if (!quoted) {
    const char special[] = {options_.delimiter, options_.quote, '\n', '\r'};
    quoted = value.find_first_of(std::string_view(special, sizeof(special))) != std::string_view::npos;
  }
  if (!quoted) {
    line_ += value;
    return;
  }
  line_ += options_.quote;
  for (const char c : value) {
    if (c == options_.quote || c == options_.escape) line_ += options_.escape;
    line_ += c;
  }
  line_ += options_.quote;
}

Status CopyOutTask::FormatRow(const types::Chunk& chunk, uint32_t row) {
  line_.clear();
  if (options_.is_binary()) AppendInteger<uint16_t>(line_, static_cast<uint16_t>(chunk.column_count()));
  for (uint32_t i = 0; i < chunk.column_count(); ++i) {
    const types::Vector& column = chunk.column(i);
    if (options_.is_binary()) {
      if (column.IsNull(row)) {
        AppendInteger<uint32_t>(line_, UINT32_MAX);
        continue;
      }
      value_.clear();
      RETURN_IF_ERROR(types::AppendBinary(column.type(), column.row_slot(row), portal_->format, value_));
      AppendInteger<uint32_t>(line_, static_cast<uint32_t>(value_.size()));
      line_ += value_;
      continue;
    }
    if (i > 0) line_ += options_.delimiter;
    if (column.IsNull(row)) {
      line_ += options_.null_text;
      continue;
    }
    value_.clear();
    RETURN_IF_ERROR(types::AppendText(column.type(), column.row_slot(row), portal_->format, value_));
    if (options_.is_csv()) {
      AppendCsvField(value_, force_quote_[i]);
    } else {
      AppendTextField(value_);
    }
  }
  if (!options_.is_binary()) line_ += '\n';
  return Status::Ok();
}

Result<TaskState> CopyOutTask::Run(ResultSink& sink) {
  if (!started_) {
    started_ = true;
    if (file_ == nullptr) sink.CopyOutResponse(options_.is_binary() ? 1 : 0, portal_->columns.size());
    RETURN_IF_ERROR(PutHeader(sink));
  }
  while (true) {
    if (portal_->chunk_next == portal_->chunk.size()) {
      if (portal_->exhausted) break;
      RETURN_IF_ERROR(portal_->Pull());
      continue;
    }
    while (portal_->chunk_next < portal_->chunk.size()) {
      RETURN_IF_ERROR(FormatRow(portal_->chunk, portal_->chunk_next++));
      RETURN_IF_ERROR(Put(sink, line_));
      ++count_;
      if (sink.full()) return TaskState::kPaused;
    }
  }
  RETURN_IF_ERROR(portal_->CloseExecution());
  if (options_.is_binary()) RETURN_IF_ERROR(Put(sink, kBinaryTrailer));
  if (file_ == nullptr) {
    sink.CopyDone();
  } else if (std::fclose(file_.release()) != 0) {
    return Errorf(sqlstate::kIoError, "could not close file \"%s\": %m", file_name_.c_str());
  }
  return TaskState::kDone;
}

std::string CopyOutTask::Tag() const { return "COPY " + std::to_string(count_); }

}  // namespace phantom::session
