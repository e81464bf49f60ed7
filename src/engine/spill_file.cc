#include "engine/spill_file.h"

#include <algorithm>
#include <cstring>

namespace phantom::engine {

namespace {

constexpr size_t kBufferBytes = 256 * 1024;

void AppendWord(std::string& out, uint32_t word) { out.append(reinterpret_cast<const char*>(&word), 4); }

}  // namespace

Result<std::unique_ptr<SpillFile>> SpillFile::Create(Runtime& runtime, std::span<const types::Type> types) {
  std::unique_ptr<SpillFile> spill(new SpillFile(runtime, types));
  io::Env& env = *runtime.context.env;
  RETURN_IF_ERROR(env.MakeDirectory(runtime.context.temp_directory));
  uint64_t name[2];
  env.Random(std::as_writable_bytes(std::span(name)));
  spill->path_ = runtime.context.temp_directory +
                 Format("/spill%016llx%016llx", static_cast<unsigned long long>(name[0]),
                        static_cast<unsigned long long>(name[1]));
  ASSIGN_OR_RETURN(spill->file_, env.Open(spill->path_, io::OpenMode::kCreateNew));
  return spill;
}

SpillFile::~SpillFile() {
  if (file_ == nullptr) return;
  file_.reset();
  // A file that cannot be removed now is removed with the directory when the server starts.
  static_cast<void>(runtime_.context.env->Remove(path_).ok());
}

// Of a batch: row count, then per column a byte a row for validity and the values: fixed slots, or lengths and bytes.
Status SpillFile::Write(const Batch& batch) {
  const size_t start = buffer_.size();
  AppendWord(buffer_, 0);
  AppendWord(buffer_, static_cast<uint32_t>(batch.rows.count));
  for (const types::Vector* column : batch.columns) {
    for (size_t i = 0; i < batch.rows.count; ++i) buffer_.push_back(column->IsNull(batch.rows[i]) ? '\0' : '\1');
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = batch.rows[i];
      if (column->IsNull(row)) continue;
      const std::byte* slot = column->row_slot(row);
      if (column->layout() == types::Layout::kString) {
        const types::StringRef& text = *reinterpret_cast<const types::StringRef*>(slot);
        AppendWord(buffer_, text.size());
        buffer_.append(text.view());
      } else if (column->layout() == types::Layout::kNumeric) {
        const types::Numeric& number = *reinterpret_cast<const types::Numeric*>(slot);
        if (number.is_big()) {
          AppendWord(buffer_, static_cast<uint32_t>(number.big_bytes().size()));
          buffer_.append(AsText(number.big_bytes()));
        } else {
          AppendWord(buffer_, 0);
          buffer_.append(reinterpret_cast<const char*>(slot), sizeof(types::Numeric));
        }
      } else {
        buffer_.append(reinterpret_cast<const char*>(slot), types::SizeOf(column->layout()));
      }
    }
  }
  StoreLE<uint32_t>(buffer_.data() + start, static_cast<uint32_t>(buffer_.size() - start - 4));
  rows_ += batch.rows.count;
  return buffer_.size() >= kBufferBytes ? Flush() : Status::Ok();
}

Status SpillFile::Flush() {
  if (buffer_.empty()) return Status::Ok();
  RETURN_IF_ERROR(file_->Write(end_, AsBytes(buffer_)));
  end_ += buffer_.size();
  buffer_.clear();
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
      static_cast<size_t>(std::min<uint64_t>(std::max(bytes - have, kBufferBytes), end_ - read_));
  PHANTOM_CHECK(have + more >= bytes);
  buffer_.resize(have + more);
  RETURN_IF_ERROR(file_->Read(read_, std::as_writable_bytes(std::span(buffer_.data() + have, more))));
  read_ += more;
  return Status::Ok();
}

Status SpillFile::Read(Batch& out) {
  columns_.Reset();
  if (buffer_at_ == buffer_.size() && read_ == end_) {
    out = {};
    return Status::Ok();
  }
  RETURN_IF_ERROR(Fill(4));
  const uint32_t bytes = LoadLE<uint32_t>(buffer_.data() + buffer_at_);
  buffer_at_ += 4;
  RETURN_IF_ERROR(Fill(bytes));
  const char* from = buffer_.data() + buffer_at_;
  buffer_at_ += bytes;
  const uint32_t count = LoadLE<uint32_t>(from);
  from += 4;
  for (types::Vector& column : columns_.vectors()) {
    const char* valid = from;
    from += count;
    for (uint32_t row = 0; row < count; ++row) {
      if (valid[row] == 0) {
        column.SetNull(row);
        continue;
      }
      if (column.layout() == types::Layout::kString) {
        const uint32_t size = LoadLE<uint32_t>(from);
        column.SetString(row, {from + 4, size});
        from += 4 + size;
      } else if (column.layout() == types::Layout::kNumeric) {
        const uint32_t size = LoadLE<uint32_t>(from);
        from += 4;
        types::Numeric& number = column.data<types::Numeric>()[row];
        if (size == 0) {
          std::memcpy(&number, from, sizeof(number));
          from += sizeof(number);
        } else {
          const std::string_view copy = column.heap().arena().Copy({from, size});
          number = types::Numeric::FromBig(AsBytes(copy));
          from += size;
        }
      } else {
        const size_t size = types::SizeOf(column.layout());
        std::memcpy(column.slot(row), from, size);
        from += size;
      }
    }
  }
  out = columns_.batch(count);
  return Status::Ok();
}

}  // namespace phantom::engine
