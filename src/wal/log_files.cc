#include "wal/log_files.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "common/check.h"

namespace phantom::wal {

std::string LogFilePath(const std::string& directory, uint64_t start) {
  return Format("%s/%016llx.wal", directory.c_str(), static_cast<unsigned long long>(start));
}

static bool ParseName(const std::string& name, uint64_t* start) {
  if (name.size() != 20 || name.compare(16, 4, ".wal") != 0) return false;
  char* end = nullptr;
  *start = std::strtoull(name.c_str(), &end, 16);
  return end == name.c_str() + 16;
}

Result<std::unique_ptr<LogFiles>> LogFiles::Open(io::Env& env, const std::string& directory, uint64_t file_bytes,
                                                 uint64_t end) {
  std::unique_ptr<LogFiles> files(new LogFiles(env, directory, file_bytes));
  ASSIGN_OR_RETURN(std::vector<std::string> names, env.List(directory));
  std::vector<uint64_t> starts;
  for (const std::string& name : names) {
    uint64_t start;
    if (ParseName(name, &start) && start % file_bytes == 0) {
      starts.push_back(start);
    } else {
      RETURN_IF_ERROR(env.Remove(directory + "/" + name));
    }
  }
  // The run of adjacent files around `end` is the log; others are leftovers of a crash.
  const uint64_t current = end / file_bytes * file_bytes;
  auto exists = [&](uint64_t start) { return std::binary_search(starts.begin(), starts.end(), start); };
  uint64_t first = current;
  while (first >= file_bytes && exists(first - file_bytes)) first -= file_bytes;
  uint64_t last = current;
  while (exists(last)) last += file_bytes;
  for (uint64_t start : starts) {
    if (start < first || start >= last) RETURN_IF_ERROR(env.Remove(LogFilePath(directory, start)));
  }
  files->oldest_ = first;
  files->prepared_end_ = last;
  if (last == current) RETURN_IF_ERROR(files->Prepare());
  return files;
}

void LogFiles::BeginNaming() {
  MutexLock lock(mutex_);
  naming_done_.wait(lock, [&] { return !naming_; });
  naming_ = true;
}

void LogFiles::EndNaming() {
  MutexLock lock(mutex_);
  naming_ = false;
  naming_done_.notify_all();
}

// A file gets its name only when it is whole, so any file with a name has all its space.
static Status MakeFile(io::Env& env, const std::string& path, uint64_t bytes) {
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, env.Open(path, io::OpenMode::kCreate));
  RETURN_IF_ERROR(file->Allocate(bytes));
  std::vector<std::byte> zeros(std::min<uint64_t>(bytes, 1 << 20));
  for (uint64_t offset = 0; offset < bytes; offset += zeros.size()) RETURN_IF_ERROR(file->Write(offset, zeros));
  if (Status status = file->Sync(); !status.ok()) Panic("log file: %s", status.message().c_str());
  return Status::Ok();
}

Status LogFiles::Prepare() {
  BeginNaming();
  uint64_t start = prepared_end_;
  std::string made = directory_ + "/new";
  Status status = MakeFile(env_, made, file_bytes_);
  if (status.ok()) {
    status = env_.Rename(made, LogFilePath(directory_, start));
  } else {
    (void)env_.Remove(made);
  }
  if (status.ok()) status = env_.SyncDirectory(directory_);
  if (status.ok()) prepared_end_.store(start + file_bytes_, std::memory_order_release);
  EndNaming();
  return status;
}

Result<std::shared_ptr<io::File>> LogFiles::FileAt(uint64_t lsn) {
  const uint64_t start = lsn / file_bytes_ * file_bytes_;
  {
    MutexLock lock(mutex_);
    auto found = open_.find(start);
    if (found != open_.end()) return found->second;
  }
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> opened,
                   env_.Open(LogFilePath(directory_, start), io::OpenMode::kExisting));
  MutexLock lock(mutex_);
  return open_.emplace(start, std::move(opened)).first->second;
}

Status LogFiles::Write(uint64_t lsn, Bytes bytes) {
  PHANTOM_CHECK(lsn + bytes.size() <= prepared_end());
  while (!bytes.empty()) {
    uint64_t offset = lsn % file_bytes_;
    uint64_t size = std::min<uint64_t>(bytes.size(), file_bytes_ - offset);
    ASSIGN_OR_RETURN(std::shared_ptr<io::File> file, FileAt(lsn));
    RETURN_IF_ERROR(file->Write(offset, bytes.first(size)));
    lsn += size;
    bytes = bytes.subspan(size);
  }
  return Status::Ok();
}

Status LogFiles::Sync(uint64_t from, uint64_t to) {
  for (uint64_t lsn = from; lsn < to; lsn = (lsn / file_bytes_ + 1) * file_bytes_) {
    ASSIGN_OR_RETURN(std::shared_ptr<io::File> file, FileAt(lsn));
    RETURN_IF_ERROR(file->Sync());
  }
  return Status::Ok();
}

Status LogFiles::Read(uint64_t lsn, std::span<std::byte> to, uint64_t durable) {
  const uint64_t block_bytes = std::min(kBlockBytes, file_bytes_);
  while (!to.empty()) {
    const uint64_t start = lsn / block_bytes * block_bytes;
    const uint64_t size = std::min<uint64_t>(to.size(), start + block_bytes - lsn);
    if (start + block_bytes > durable) {
      ASSIGN_OR_RETURN(std::shared_ptr<io::File> file, FileAt(lsn));
      RETURN_IF_ERROR(file->Read(lsn % file_bytes_, to.first(size)));
    } else {
      Block& block = blocks_[start / block_bytes % kBlocks];
      bool found = false;
      {
        MutexLock lock(block.mutex);
        found = block.start == start;
        if (found) std::memcpy(to.data(), block.bytes.get() + (lsn - start), size);
      }
      if (!found) {
        ASSIGN_OR_RETURN(std::shared_ptr<io::File> file, FileAt(start));
        std::unique_ptr<std::byte[]> bytes(new std::byte[block_bytes]);
        RETURN_IF_ERROR(file->Read(start % file_bytes_, {bytes.get(), block_bytes}));
        std::memcpy(to.data(), bytes.get() + (lsn - start), size);
        MutexLock lock(block.mutex);
        block.start = start;
        block.bytes = std::move(bytes);
      }
    }
    lsn += size;
    to = to.subspan(size);
  }
  return Status::Ok();
}

Status LogFiles::Truncate(uint64_t lsn) {
  BeginNaming();
  Status status;
  bool changed = false;
  const uint64_t keep = lsn / file_bytes_ * file_bytes_;
  while (status.ok() && oldest_ < keep) {
    const uint64_t start = oldest_;
    {
      MutexLock lock(mutex_);
      open_.erase(start);
    }
    std::string path = LogFilePath(directory_, start);
    if (prepared_end_ < lsn + (kSparesMax + 1) * file_bytes_) {
      status = env_.Rename(path, LogFilePath(directory_, prepared_end_));
      if (status.ok()) status = env_.SyncDirectory(directory_);
      if (status.ok()) prepared_end_ += file_bytes_;
    } else {
      status = env_.Remove(path);
    }
    if (status.ok()) oldest_ += file_bytes_;
    changed = true;
  }
  if (status.ok() && changed) status = env_.SyncDirectory(directory_);
  EndNaming();
  return status;
}

}  // namespace phantom::wal
