#include "session/copy/copy_in.h"

#include <algorithm>
#include <cerrno>

#include "common/bytes.h"
#include "session/copy/copy_writer.h"
#include "session/copy/fields.h"
#include "session/copy/line_reader.h"
#include "session/session_state.h"
#include "types/encoding.h"
#include "types/text_format.h"

namespace phantom::session {

namespace {

constexpr size_t kFileBytes = 64 * 1024;
constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);

Status BadFormat(std::string message) { return Error(sqlstate::kBadCopyFileFormat, std::move(message)); }

}  // namespace

// Takes bytes as they come and gives rows to the writer.
class CopyInTask::Source {
 public:
  virtual ~Source() = default;
  virtual Status Data(std::string_view bytes) = 0;
  virtual Status End() = 0;
};

class CopyInTask::TextSource : public Source {
 public:
  TextSource(const CopyInPlan& plan, Writer& writer)
      : plan_(plan), writer_(writer), reader_(plan.options), splitter_(plan.options) {
    const auto flag = [&](const std::vector<std::string>& names, std::vector<bool>* flags) {
      for (size_t i = 0; i < writer_.column_count(); ++i) {
        flags->push_back(std::find(names.begin(), names.end(), writer_.column_name(i)) != names.end());
      }
    };
    flag(plan.options.force_not_null, &force_not_null_);
    flag(plan.options.force_null, &force_null_);
  }

  Status Data(std::string_view bytes) override {
    reader_.Feed(bytes);
    return ReadLines();
  }

  Status End() override {
    reader_.End();
    return ReadLines();
  }

 private:
  Status ReadLines() {
    while (true) {
      std::string_view line;
      Result<CopyLineReader::Outcome> outcome = reader_.Next(&line);
      if (!outcome.ok()) return LineContext(std::move(outcome).status(), {}, false);
      if (*outcome != CopyLineReader::Outcome::kLine) return Status::Ok();
      RETURN_IF_ERROR(ReadLine(line));
    }
  }

  Status ReadLine(std::string_view line) {
    if (Status status = types::CheckUtf8(line); !status.ok()) return LineContext(std::move(status), {}, false);
    if (!header_done_ && plan_.options.header != CopyHeader::kNone) {
      header_done_ = true;
      return plan_.options.header == CopyHeader::kMatch ? MatchHeader(line) : Status::Ok();
    }
    header_done_ = true;
    Result<const std::vector<CopyField>*> split = splitter_.Split(line);
    if (!split.ok()) return LineContext(std::move(split).status(), line, true);
    const std::vector<CopyField>& fields = **split;
    const size_t wanted = writer_.column_count();
    // A table without columns has empty lines.
    const bool too_many = wanted == 0 ? !line.empty() : fields.size() > wanted;
    if (too_many) return LineContext(BadFormat("extra data after last expected column"), line, true);
    for (size_t i = 0; i < wanted; ++i) {
      if (i >= fields.size()) {
        return LineContext(BadFormat(Format("missing data for column \"%s\"", writer_.column_name(i).c_str())), line,
                           true);
      }
      CopyField field = fields[i];
      if (field.is_null && force_not_null_[i]) field = {false, plan_.options.null_text};
      if (!field.is_null && force_null_[i] && field.text == plan_.options.null_text) field.is_null = true;
      Status status = field.is_null ? writer_.SetNull(i) : writer_.SetText(i, field.text);
      if (!status.ok()) return ColumnContext(std::move(status), i, field);
    }
    return writer_.EndRow(reader_.line_number(), line);
  }

  Status MatchHeader(std::string_view line) {
    Result<const std::vector<CopyField>*> split = splitter_.Split(line);
    if (!split.ok()) return LineContext(std::move(split).status(), line, true);
    const std::vector<CopyField>& fields = **split;
    if (fields.size() != writer_.column_count()) {
      return LineContext(BadFormat(Format("wrong number of fields in header line: got %zu, expected %zu", fields.size(),
                                          writer_.column_count())),
                         line, true);
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      const std::string& name = writer_.column_name(i);
      if (fields[i].is_null) {
        return LineContext(BadFormat(Format("column name mismatch in header line field %zu: got null value (\"%s\"), "
                                            "expected \"%s\"",
                                            i + 1, plan_.options.null_text.c_str(), name.c_str())),
                           line, true);
      }
      if (fields[i].text != name) {
        return LineContext(
            BadFormat(Format("column name mismatch in header line field %zu: got \"%s\", expected \"%s\"", i + 1,
                             std::string(fields[i].text).c_str(), name.c_str())),
            line, true);
      }
    }
    return Status::Ok();
  }

  Status LineContext(Status status, std::string_view line, bool with_line) const {
    std::string context =
        Format("COPY %s, line %llu", plan_.table->name.c_str(), static_cast<unsigned long long>(reader_.line_number()));
    if (with_line) context += ": \"" + CopyContextText(line) + "\"";
    return std::move(status).Context(std::move(context));
  }

  Status ColumnContext(Status status, size_t column, const CopyField& field) const {
    std::string context =
        Format("COPY %s, line %llu, column %s", plan_.table->name.c_str(),
               static_cast<unsigned long long>(reader_.line_number()), writer_.column_name(column).c_str());
    context += field.is_null ? ": null input" : ": \"" + CopyContextText(field.text) + "\"";
    return std::move(status).Context(std::move(context));
  }

  const CopyInPlan& plan_;
  Writer& writer_;
  CopyLineReader reader_;
  CopyFieldSplitter splitter_;
  std::vector<bool> force_not_null_;
  std::vector<bool> force_null_;
  bool header_done_ = false;
};

class CopyInTask::BinarySource : public Source {
 public:
  BinarySource(const CopyInPlan& plan, Writer& writer) : plan_(plan), writer_(writer) {}

  Status Data(std::string_view bytes) override {
    buffer_.erase(0, at_);
    at_ = 0;
    buffer_.append(bytes);
    return Read();
  }

  Status End() override {
    RETURN_IF_ERROR(Read());
    if (!header_done_) return BadFormat("COPY file signature not recognized");
    // PostgreSQL takes a file that ends without its trailer.
    if (!trailer_seen_ && at_ != buffer_.size()) return RowContext(BadFormat("unexpected EOF in COPY data"));
    return Status::Ok();
  }

 private:
  std::string_view rest() const { return std::string_view(buffer_).substr(at_); }

  Status Read() {
    if (!header_done_) {
      RETURN_IF_ERROR(ReadHeader());
      if (!header_done_) return Status::Ok();
    }
    while (!trailer_seen_) {
      bool complete = false;
      RETURN_IF_ERROR(ReadRow(&complete));
      if (!complete) return Status::Ok();
    }
    if (!rest().empty()) return RowContext(BadFormat("received copy data after EOF marker"));
    return Status::Ok();
  }

  Status ReadHeader() {
    const std::string_view bytes = rest();
    const size_t known = std::min(bytes.size(), kSignature.size());
    if (bytes.substr(0, known) != kSignature.substr(0, known)) return BadFormat("COPY file signature not recognized");
    if (bytes.size() < kSignature.size() + 8) return Status::Ok();
    const auto flags = LoadBE<uint32_t>(bytes.data() + kSignature.size());
    if ((flags & 0x10000) != 0) return BadFormat("invalid COPY file header (WITH OIDS)");
    if ((flags >> 16) != 0) return BadFormat("unrecognized critical flags in COPY file header");
    const auto extension = static_cast<int32_t>(LoadBE<uint32_t>(bytes.data() + kSignature.size() + 4));
    if (extension < 0) return BadFormat("invalid COPY file header (missing length)");
    const size_t length = kSignature.size() + 8 + static_cast<size_t>(extension);
    if (bytes.size() < length) return Status::Ok();
    at_ += length;
    header_done_ = true;
    return Status::Ok();
  }

  // Reads one whole row, or nothing while bytes are missing.
  Status ReadRow(bool* complete) {
    *complete = false;
    const std::string_view bytes = rest();
    if (bytes.size() < 2) return Status::Ok();
    const auto count = static_cast<int16_t>(LoadBE<uint16_t>(bytes.data()));
    if (count == -1) {
      at_ += 2;
      trailer_seen_ = *complete = true;
      return Status::Ok();
    }
    if (count != static_cast<int>(writer_.column_count())) {
      ++row_number_;
      return RowContext(BadFormat(Format("row field count is %d, expected %zu", count, writer_.column_count())));
    }
    fields_.clear();
    size_t at = 2;
    for (int i = 0; i < count; ++i) {
      if (bytes.size() < at + 4) return Status::Ok();
      const auto size = static_cast<int32_t>(LoadBE<uint32_t>(bytes.data() + at));
      at += 4;
      if (size < -1) {
        ++row_number_;
        return ColumnContext(BadFormat("invalid field size"), static_cast<size_t>(i));
      }
      if (size == -1) {
        fields_.push_back({true, {}});
        continue;
      }
      if (bytes.size() < at + static_cast<size_t>(size)) return Status::Ok();
      fields_.push_back({false, bytes.substr(at, static_cast<size_t>(size))});
      at += static_cast<size_t>(size);
    }
    ++row_number_;
    for (size_t i = 0; i < fields_.size(); ++i) {
      Status status = fields_[i].is_null ? writer_.SetNull(i) : writer_.SetBinary(i, fields_[i].text);
      if (!status.ok()) return ColumnContext(std::move(status), i);
    }
    at_ += at;
    *complete = true;
    return writer_.EndRow(row_number_, {});
  }

  Status RowContext(Status status) const {
    return std::move(status).Context(
        Format("COPY %s, line %llu", plan_.table->name.c_str(), static_cast<unsigned long long>(row_number_)));
  }
  Status ColumnContext(Status status, size_t column) const {
    return std::move(status).Context(Format("COPY %s, line %llu, column %s", plan_.table->name.c_str(),
                                            static_cast<unsigned long long>(row_number_),
                                            writer_.column_name(column).c_str()));
  }

  const CopyInPlan& plan_;
  Writer& writer_;
  std::string buffer_;
  size_t at_ = 0;
  std::vector<CopyField> fields_;
  bool header_done_ = false;
  bool trailer_seen_ = false;
  uint64_t row_number_ = 0;
};

CopyInTask::CopyInTask(SessionState& state, CopyInPlan plan) : state_(state), plan_(std::move(plan)) {}
CopyInTask::~CopyInTask() = default;

Result<std::unique_ptr<Task>> CopyInTask::Make(SessionState& state, CopyInPlan plan) {
  std::unique_ptr<CopyInTask> task(new CopyInTask(state, std::move(plan)));
  ASSIGN_OR_RETURN(task->writer_, Writer::Make(state, task->plan_));
  if (task->plan_.options.is_binary()) {
    task->source_ = std::make_unique<BinarySource>(task->plan_, *task->writer_);
  } else {
    task->source_ = std::make_unique<TextSource>(task->plan_, *task->writer_);
  }
  return std::unique_ptr<Task>(std::move(task));
}

Result<TaskState> CopyInTask::Run(ResultSink& sink) {
  if (ended_) return TaskState::kDone;
  if (!plan_.file.empty()) {
    RETURN_IF_ERROR(ReadFile());
    return TaskState::kDone;
  }
  if (!started_) {
    started_ = true;
    sink.CopyInResponse(plan_.options.is_binary() ? 1 : 0, plan_.columns.size());
  }
  return TaskState::kCopyIn;
}

Status CopyInTask::Data(std::string_view bytes) {
  if (plan_.options.encoding == nullptr || plan_.options.is_binary()) return source_->Data(bytes);
  std::string text;
  RETURN_IF_ERROR(plan_.options.encoding->ToUtf8(bytes, text));
  return source_->Data(text);
}

Status CopyInTask::DataEnd() {
  RETURN_IF_ERROR(source_->End());
  RETURN_IF_ERROR(writer_->Finish());
  ended_ = true;
  return Status::Ok();
}

Status CopyInTask::ReadFile() {
  std::FILE* const opened = std::fopen(plan_.file.c_str(), "rb");
  if (opened == nullptr) {
    return Errorf(errno == ENOENT ? sqlstate::kUndefinedFile : sqlstate::kInsufficientPrivilege,
                  "could not open file \"%s\" for reading: %m", plan_.file.c_str())
        .Hint(
            "COPY FROM instructs the PostgreSQL server process to read a file. You may want a client-side facility "
            "such "
            "as psql's \\copy.");
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(opened, std::fclose);
  std::string buffer(kFileBytes, '\0');
  while (true) {
    const size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (count == 0) break;
    RETURN_IF_ERROR(Data(std::string_view(buffer).substr(0, count)));
  }
  if (std::ferror(file.get()) != 0) {
    return Errorf(sqlstate::kIoError, "could not read from COPY file: %m");
  }
  return DataEnd();
}

std::string CopyInTask::Tag() const { return "COPY " + std::to_string(writer_->count()); }

}  // namespace phantom::session
