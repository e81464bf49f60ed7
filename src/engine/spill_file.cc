#include "engine/spill_file.h"

#include <algorithm>

#include "engine/batch_codec.h"

namespace phantom::engine {

namespace {

constexpr size_t kWriteBytes = 64 * 1024;  // many files may be written side by side
constexpr size_t kReadBytes = 256 * 1024;

void AppendWord(std::string& out, uint32_t word) { out.append(reinterpret_cast<const char*>(&word), 4); }

}  // namespace

Result<std::unique_ptr<io::File>> CreateTemporaryFile(io::Env& env, const std::string& directory, std::string& path) {
  RETURN_IF_ERROR(env.MakeDirectory(directory));
  uint64_t name[2];
  env.Random(std::as_writable_bytes(std::span(name)));
  path = directory + Format("/spill%016llx%016llx", static_cast<unsigned long long>(name[0]),
                                         static_cast<unsigned long long>(name[1]));
  return env.Open(path, io::OpenMode::kCreateNew);
}

Result<std::unique_ptr<SpillFile>> SpillFile::Create(Runtime& runtime, std::span<const types::Type> types) {
  std::unique_ptr<SpillFile> spill(new SpillFile(runtime, types));
  ASSIGN_OR_RETURN(spill->file_, CreateTemporaryFile(*runtime.context.env, runtime.context.temp_directory, spill->path_));
  return spill;
}

SpillFile::~SpillFile() {
  if (file_ == nullptr) return;
  file_.reset();
  // A file that cannot be removed now is removed with the directory when the server starts.
  static_cast<void>(runtime_.context.env->Remove(path_).ok());
}

Status SpillFile::Write(const Batch& batch) {
  const size_t start = buffer_.size();
  AppendWord(buffer_, 0);
  EncodeBatch(batch, buffer_);
  StoreLE<uint32_t>(buffer_.data() + start, static_cast<uint32_t>(buffer_.size() - start - 4));
  rows_ += batch.rows.count;
  return buffer_.size() >= kWriteBytes ? Flush() : Status::Ok();
}

Status SpillFile::Flush() {
  if (buffer_.empty()) return Status::Ok();
  RETURN_IF_ERROR(file_->Write(end_, AsBytes(buffer_)));
  end_ += buffer_.size();
  buffer_.clear();
  return Status::Ok();
}

Status SpillFile::Rest() {
  RETURN_IF_ERROR(Flush());
  buffer_ = {};
  return Status::Ok();
}

Status SpillFile::Rewind() {
  if (read_ == 0) RETURN_IF_ERROR(Flush());
  buffer_.clear();
  buffer_at_ = 0;
  read_ = 0;
  return Status::Ok();
}

Status SpillFile::Fill(size_t bytes) {
  if (buffer_.size() - buffer_at_ >= bytes) return Status::Ok();
  buffer_.erase(0, buffer_at_);
  buffer_at_ = 0;
  const size_t have = buffer_.size();
  const size_t more =
      static_cast<size_t>(std::min<uint64_t>(std::max(bytes - have, kReadBytes), end_ - read_));
  PHANTOM_CHECK(have + more >= bytes);
  buffer_.resize(have + more);
  RETURN_IF_ERROR(file_->Read(read_, std::as_writable_bytes(std::span(buffer_.data() + have, more))));
  read_ += more;
  return Status::Ok();
}

Status SpillFile::Read(Batch& out) {
  if (columns_.size() == 0 && !types_.empty()) columns_ = OutputColumns(runtime_, types_);
  columns_.Reset();
  if (buffer_at_ == buffer_.size() && read_ == end_) {
    out = {};
    return Status::Ok();
  }
  // Small batches, which rows scattered over many files are written in, are put together.
  uint32_t count = 0;
  do {
    RETURN_IF_ERROR(Fill(8));
    const uint32_t bytes = LoadLE<uint32_t>(buffer_.data() + buffer_at_);
    const uint32_t more = LoadLE<uint32_t>(buffer_.data() + buffer_at_ + 4);  // a batch begins with the number of its rows
    if (count > 0 && count + more > runtime_.batch_rows_max) break;
    RETURN_IF_ERROR(Fill(4 + bytes));
    count += DecodeBatch({buffer_.data() + buffer_at_ + 4, bytes}, columns_.vectors(), count);
    buffer_at_ += 4 + bytes;
  } while (buffer_at_ < buffer_.size() || read_ < end_);
  out = columns_.batch(count);
  return Status::Ok();
}

}  // namespace phantom::engine
