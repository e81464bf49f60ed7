#include "session/copy/copy_in.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "common/bytes.h"
#include "session/copy/copy_writer.h"
#include "session/copy/line_reader.h"
#include "session/copy/parse_thread.h"
#include "session/session_state.h"
#include "types/binary_format.h"
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
      : plan_(plan),
        writer_(writer),
        reader_(plan.options),
        parser_(plan.options, plan.table->name, writer.column_names(), writer.format()),
        may_thread_(writer.IsSelfContained()),
        batch_(writer.MakeBatch()) {}

  Status Data(std::string_view bytes) override {
    reader_.Feed(bytes);
    return ReadLines();
  }

  Status End() override {
    reader_.End();
    RETURN_IF_ERROR(ReadLines());
    if (batch_->rows() > 0) RETURN_IF_ERROR(Submit());
    while (thread_ != nullptr && thread_->pending() > 0) RETURN_IF_ERROR(WriteOldest());
    return Status::Ok();
  }

 private:
  // Parsed by this thread before another is worth it.
  static constexpr uint32_t kBatchesBeforeThread = 8;
  // With the other thread, or waiting for it or this one.
  static constexpr size_t kPendingMax = 4;

  Status ReadLines() {
    while (true) {
      std::string_view line;
      Result<CopyLineReader::Outcome> outcome = reader_.Next(&line);
      if (!outcome.ok()) return parser_.LineContext(std::move(outcome).status(), reader_.line_number());
      if (*outcome != CopyLineReader::Outcome::kLine) return Status::Ok();
      if (!header_done_) {
        header_done_ = true;
        if (plan_.options.header != CopyHeader::kNone) {
          RETURN_IF_ERROR(ReadHeader(line));
          continue;
        }
      }
      batch_->AddLine(line, reader_.line_number());
      if (batch_->full()) RETURN_IF_ERROR(Submit());
    }
  }

  Status ReadHeader(std::string_view line) {
    if (Status status = types::CheckUtf8(line); !status.ok()) {
      return parser_.LineContext(std::move(status), reader_.line_number());
    }
    return plan_.options.header == CopyHeader::kMatch ? parser_.MatchHeader(line, reader_.line_number()) : Status::Ok();
  }

  // The batch on its way, an empty one in its place.
  Status Submit() {
    ++batches_;
    if (batches_ > kBatchesBeforeThread && may_thread_ && thread_ == nullptr) StartThread();
    if (thread_ == nullptr) {
      parser_.Parse(*batch_);
      RETURN_IF_ERROR(writer_.Write(*batch_));
      batch_->Clear();
      return Status::Ok();
    }
    thread_->Put(std::move(batch_));
    if (thread_->pending() == kPendingMax) RETURN_IF_ERROR(WriteOldest());
    if (spare_ == nullptr) spare_ = writer_.MakeBatch();
    batch_ = std::move(spare_);
    return Status::Ok();
  }

  // There may be no more threads to have: then all goes on as before.
  void StartThread() {
    try {
      thread_ = std::make_unique<CopyParseThread>(parser_);
    } catch (const std::system_error&) {
      may_thread_ = false;
    }
  }

  Status WriteOldest() {
    spare_ = thread_->Take();
    RETURN_IF_ERROR(writer_.Write(*spare_));
    spare_->Clear();
    return Status::Ok();
  }

  const CopyInPlan& plan_;
  Writer& writer_;
  CopyLineReader reader_;
  CopyRowParser parser_;
  bool may_thread_;
  std::unique_ptr<CopyBatch> batch_;  // being filled with lines
  std::unique_ptr<CopyBatch> spare_;
  std::unique_ptr<CopyParseThread> thread_;
  uint64_t batches_ = 0;
  bool header_done_ = false;
};

class CopyInTask::BinarySource : public Source {
 public:
  BinarySource(const CopyInPlan& plan, Writer& writer)
      : plan_(plan), writer_(writer), columns_(writer.column_names()), batch_(writer.MakeBatch()) {}

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
    return writer_.Write(*batch_);
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
    if (count != static_cast<int>(columns_.size())) {
      ++row_number_;
      return RowContext(BadFormat(Format("row field count is %d, expected %zu", count, columns_.size())));
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
      types::Vector& vector = batch_->input[i];
      if (fields_[i].is_null) {
        vector.SetNull(batch_->rows());
        continue;
      }
      batch_->binary_bytes += fields_[i].text.size();
      vector.SetValid(batch_->rows());
      Status status = types::ParseBinarySlot(vector.type(), fields_[i].text, writer_.format(), vector.heap().arena(),
                                             vector.slot(batch_->rows()));
      if (!status.ok()) return ColumnContext(std::move(status), i);
    }
    at_ += at;
    *complete = true;
    batch_->AddLine({}, row_number_);
    if (!batch_->full()) return Status::Ok();
    RETURN_IF_ERROR(writer_.Write(*batch_));
    batch_->Clear();
    return Status::Ok();
  }

  Status RowContext(Status status) const {
    return std::move(status).Context(
        Format("COPY %s, line %llu", plan_.table->name.c_str(), static_cast<unsigned long long>(row_number_)));
  }
  Status ColumnContext(Status status, size_t column) const {
    return std::move(status).Context(Format("COPY %s, line %llu, column %s", plan_.table->name.c_str(),
                                            static_cast<unsigned long long>(row_number_),
                                            columns_[column].c_str()));
  }

  const CopyInPlan& plan_;
  Writer& writer_;
  const std::vector<std::string> columns_;
  std::unique_ptr<CopyBatch> batch_;
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
