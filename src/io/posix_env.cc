#include "io/posix_env.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "common/blocking_region.h"

namespace phantom::io {
namespace {

Status IoError(int error, const char* action, const std::string& path) {
  SqlState state = sqlstate::kIoError;
  if (error == ENOSPC || error == EDQUOT) state = sqlstate::kDiskFull;
  if (error == ENOENT) state = sqlstate::kUndefinedFile;
  return Errorf(state, "could not %s \"%s\": %s", action, path.c_str(), std::strerror(error));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  Status Read(uint64_t offset, std::span<std::byte> to) override {
    while (!to.empty()) {
      // What the system has in memory is there at once; only the rest is worth another thread.
      const iovec part{to.data(), to.size()};
      ssize_t n = ::preadv2(fd_.get(), &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EOPNOTSUPP)) {
        const BlockingRegion region;
        n = ::pread(fd_.get(), to.data(), to.size(), static_cast<off_t>(offset));
      }
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return IoError(errno, "read file", path_);
      if (n == 0) {
        return Errorf(sqlstate::kIoError, "could not read file \"%s\": it ends before offset %llu", path_.c_str(),
                      static_cast<unsigned long long>(offset + to.size()));
      }
      to = to.subspan(static_cast<size_t>(n));
      offset += static_cast<uint64_t>(n);
    }
    return Status::Ok();
  }

  Status Write(uint64_t offset, Bytes from) override {
    while (!from.empty()) {
      ssize_t n = ::pwrite(fd_.get(), from.data(), from.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return IoError(errno, "write file", path_);
      from = from.subspan(static_cast<size_t>(n));
      offset += static_cast<uint64_t>(n);
    }
    return Status::Ok();
  }

  Status Sync() override {
    if (::fdatasync(fd_.get()) != 0) return IoError(errno, "fsync file", path_);
    return Status::Ok();
  }

  Status Allocate(uint64_t size) override {
    ASSIGN_OR_RETURN(uint64_t present, Size());
    if (present >= size) return Status::Ok();
    int error = ::posix_fallocate(fd_.get(), static_cast<off_t>(present), static_cast<off_t>(size - present));
    if (error != 0) return IoError(error, "extend file", path_);
    return Status::Ok();
  }

  Status Truncate(uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return IoError(errno, "truncate file", path_);
    return Status::Ok();
  }

  Result<uint64_t> Size() override {
    struct stat info;
    if (::fstat(fd_.get(), &info) != 0) return IoError(errno, "stat file", path_);
    return static_cast<uint64_t>(info.st_size);
  }

 private:
  const Descriptor fd_;
  const std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}

 private:
  const Descriptor fd_;
};

class PosixEnv final : public Env {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    int flags = O_RDWR | O_CLOEXEC;
    if (mode != OpenMode::kExisting) flags |= O_CREAT;
    if (mode == OpenMode::kCreateNew) flags |= O_EXCL;
    int fd = ::open(path.c_str(), flags, 0600);
    if (fd < 0) return IoError(errno, "open file", path);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(fd, path));
  }

  Result<std::vector<std::string>> List(const std::string& directory) override {
    DIR* dir = ::opendir(directory.c_str());
    if (dir == nullptr) return IoError(errno, "open directory", directory);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(dir)) {
      std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(std::move(name));
    }
    int error = errno;
    ::closedir(dir);
    if (error != 0) return IoError(error, "read directory", directory);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<bool> Exists(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) == 0) return true;
    if (errno == ENOENT) return false;
    return IoError(errno, "stat file", path);
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return IoError(errno, "rename file", from);
    return Status::Ok();
  }

  Status Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return IoError(errno, "remove file", path);
    return Status::Ok();
  }

  Status MakeDirectory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return IoError(errno, "create directory", path);
    return Status::Ok();
  }

  Status SyncDirectory(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return IoError(errno, "open directory", path);
    if (::fsync(fd.get()) != 0) return IoError(errno, "fsync directory", path);
    return Status::Ok();
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return IoError(errno, "open lock file", path);
    auto lock = std::make_unique<PosixLock>(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return IoError(errno, "lock file", path);
      return Errorf(sqlstate::kObjectInUse, "lock file \"%s\" is held by another process", path.c_str());
    }
    return std::unique_ptr<FileLock>(std::move(lock));
  }

  int64_t WallMicros() override { return Now(CLOCK_REALTIME) / 1000; }
  int64_t MonotonicNanos() override { return Now(CLOCK_MONOTONIC); }

  void Random(std::span<std::byte> to) override {
    while (!to.empty()) {
      ssize_t n = ::getrandom(to.data(), to.size(), 0);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) Panic("could not read random bytes: %s", std::strerror(errno));
      to = to.subspan(static_cast<size_t>(n));
    }
  }

 private:
  static int64_t Now(clockid_t clock) {
    timespec now;
    ::clock_gettime(clock, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }
};

}  // namespace

std::unique_ptr<Env> MakePosixEnv() { return std::make_unique<PosixEnv>(); }

}  // namespace phantom::io
