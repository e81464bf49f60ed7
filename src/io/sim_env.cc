#include "io/sim_env.h"

#include <algorithm>
#include <cstring>

#include "common/check.h"

namespace phantom::io {

// States of a sector remembered between syncs; older ones are forgotten.
static constexpr size_t kSectorStatesMax = 4;

static std::string ParentOf(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string(".") : path.substr(0, slash);
}

static std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

static Status NoSuchFile(const std::string& path) {
  return Errorf(sqlstate::kUndefinedFile, "could not open file \"%s\": No such file or directory", path.c_str());
}

static Status Injected(const char* action) {
  return Errorf(sqlstate::kIoError, "could not %s: injected error", action);
}

class SimFile final : public File {
 public:
  SimFile(SimEnv& env, SimEnv::InodeRef inode) : env_(env), inode_(std::move(inode)) {}
  ~SimFile() override {
    MutexLock lock(env_.mutex_);
    --env_.open_files_;
  }

  Status Read(uint64_t offset, std::span<std::byte> to) override {
    MutexLock lock(env_.mutex_);
    if (env_.reads_to_failure_ != UINT64_MAX && env_.reads_to_failure_-- == 0) {
      env_.reads_to_failure_ = UINT64_MAX;
      return Injected("read file");
    }
    if (offset + to.size() > inode_->now.size())
      return Error(sqlstate::kIoError, "could not read file: it ends before");
    if (!to.empty()) std::memcpy(to.data(), inode_->now.data() + offset, to.size());
    return Status::Ok();
  }

  Status Write(uint64_t offset, Bytes from) override {
    MutexLock lock(env_.mutex_);
    env_.Count();
    RETURN_IF_ERROR(Extend(offset + from.size()));
    if (from.empty()) return Status::Ok();
    std::memcpy(inode_->now.data() + offset, from.data(), from.size());
    RememberSectors(offset, from.size());
    return Status::Ok();
  }

  Status Sync() override {
    MutexLock lock(env_.mutex_);
    env_.Count();
    if (env_.syncs_to_failure_ != UINT64_MAX && env_.syncs_to_failure_-- == 0) {
      env_.syncs_to_failure_ = UINT64_MAX;
      return Injected("fsync file");
    }
    std::vector<std::byte>& durable = inode_->durable;
    durable.resize(inode_->now.size());
    for (const auto& [sector, states] : inode_->unsynced) {
      uint64_t start = sector * kSectorBytes;
      if (start >= durable.size()) continue;
      std::memcpy(durable.data() + start, inode_->now.data() + start, std::min(kSectorBytes, durable.size() - start));
    }
    inode_->unsynced.clear();
    return Status::Ok();
  }

  Status Allocate(uint64_t size) override {
    MutexLock lock(env_.mutex_);
    env_.Count();
    return Extend(size);
  }

  Status Truncate(uint64_t size) override {
    MutexLock lock(env_.mutex_);
    env_.Count();
    if (size >= inode_->now.size()) return Extend(size);
    env_.used_ -= inode_->now.size() - size;
    uint64_t old_size = inode_->now.size();
    std::fill(inode_->now.begin() + static_cast<ptrdiff_t>(size), inode_->now.end(), std::byte{0});
    RememberSectors(size, old_size - size);
    inode_->now.resize(size);
    return Status::Ok();
  }

  Result<uint64_t> Size() override {
    MutexLock lock(env_.mutex_);
    return uint64_t{inode_->now.size()};
  }

 private:
  Status Extend(uint64_t size) {
    if (size <= inode_->now.size()) return Status::Ok();
    uint64_t more = size - inode_->now.size();
    if (env_.used_ + more > env_.capacity_) {
      return Error(sqlstate::kDiskFull, "could not extend file: No space left on device");
    }
    env_.used_ += more;
    inode_->now.resize(size);
    return Status::Ok();
  }

  void RememberSectors(uint64_t offset, uint64_t bytes) {
    if (env_.cut_) return;
    for (uint64_t sector = offset / kSectorBytes; sector * kSectorBytes < offset + bytes; ++sector) {
      SimEnv::Sector state{env_.operations_, {}};
      uint64_t start = sector * kSectorBytes;
      std::memcpy(state.bytes.data(), inode_->now.data() + start, std::min(kSectorBytes, inode_->now.size() - start));
      std::vector<SimEnv::Sector>& states = inode_->unsynced[sector];
      if (states.size() == kSectorStatesMax) states.erase(states.begin());
      states.push_back(state);
    }
  }

  SimEnv& env_;
  const SimEnv::InodeRef inode_;
};

class SimLock final : public FileLock {
 public:
  SimLock(SimEnv& env, std::string path) : env_(env), path_(std::move(path)) {}
  ~SimLock() override {
    MutexLock lock(env_.mutex_);
    env_.locks_.erase(path_);
  }

 private:
  SimEnv& env_;
  const std::string path_;
};

SimEnv::SimEnv(uint64_t seed) : random_state_(seed * 0x9E3779B97F4A7C15u + 1) {}
SimEnv::SimEnv(uint64_t seed, const DiskImage& image) : SimEnv(seed) {
  surviving_directories_ = image.directories;
  survivors_ = image.files;
  cut_ = true;
  Restart();
}
SimEnv::~SimEnv() = default;

// SplitMix64.
static uint64_t Mix(uint64_t z) {
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

uint64_t SimEnv::Next() { return Mix(random_state_ += 0x9E3779B97F4A7C15u); }

void SimEnv::Count() {
  if (operations_ == cut_at_) Cut();
  ++operations_;
}

void SimEnv::Cut() {
  if (cut_) return;
  cut_ = true;
  // Sector by sector is the worst, so it comes most often.
  const uint64_t draw = Next() % (2 * kLosses);
  const Loss loss = draw < kLosses ? static_cast<Loss>(draw) : Loss::kSectors;
  loss_seed_ = Next();
  uint64_t first_unsynced = operations_;
  for (const auto& [path, inode] : names_) {
    for (const auto& [sector, states] : inode->unsynced) {
      first_unsynced = std::min(first_unsynced, states.front().operation);
    }
  }
  last_moment_ = first_unsynced + Next() % (operations_ - first_unsynced + 1);
  for (auto& [path, directory] : directories_) {
    surviving_directories_.insert(path);
    size_t keep = Next() % (directory.unsynced.size() + 1);
    while (keep > 0 && directory.unsynced[keep - 1].with_next) --keep;
    std::map<std::string, InodeRef> names = directory.durable;
    for (size_t i = 0; i < keep; ++i) {
      const NameChange& change = directory.unsynced[i];
      if (change.inode) {
        names[change.path] = change.inode;
      } else {
        names.erase(change.path);
      }
    }
    for (const auto& [name, inode] : names) {
      std::vector<std::byte> content = inode->durable;
      CutFile(*inode, loss, &content);
      survivors_[name] = std::move(content);
    }
  }
}

// Puts into the durable content what survives of the unsynced.
void SimEnv::CutFile(const Inode& inode, Loss loss, std::vector<std::byte>* content) {
  const bool keep_file = Next() % 2 == 0;
  // A size set by Allocate or Truncate alone may or may not have made it.
  if (Next() % 2 == 0) content->resize(inode.now.size());
  const uint64_t size_max = std::max<uint64_t>(inode.now.size(), inode.durable.size());
  for (const auto& [sector, states] : inode.unsynced) {
    const Sector* kept = nullptr;
    auto keep_last = [&](auto&& survives) {
      for (const Sector& state : states) {
        if (survives(state)) kept = &state;
      }
    };
    switch (loss) {
      case Loss::kSectors:
        if (const size_t choice = Next() % (states.size() + 1); choice < states.size()) kept = &states[choice];
        break;
      case Loss::kWrites:
        keep_last([&](const Sector& state) { return Mix(loss_seed_ + state.operation) % 2 == 0; });
        break;
      case Loss::kFiles:
        if (keep_file) kept = &states.back();
        break;
      case Loss::kAfterAMoment:
        keep_last([&](const Sector& state) { return state.operation <= last_moment_; });
        break;
      case Loss::kAll:
        break;
      case Loss::kNothing:
        kept = &states.back();
        break;
    }
    if (kept == nullptr) continue;
    const uint64_t start = sector * kSectorBytes;
    if (content->size() < start + kSectorBytes) {
      content->resize(std::max<uint64_t>(content->size(), std::min<uint64_t>(start + kSectorBytes, size_max)));
    }
    if (start < content->size()) {
      std::memcpy(content->data() + start, kept->bytes.data(), std::min(kSectorBytes, content->size() - start));
    }
  }
}

void SimEnv::CutPowerAfter(uint64_t operations) {
  MutexLock lock(mutex_);
  if (operations == 0) {
    Cut();
  } else {
    cut_at_ = operations_ + operations - 1;
  }
}

void SimEnv::CutPowerAtStep(const std::string& name, uint64_t n) {
  MutexLock lock(mutex_);
  cut_step_ = name;
  cut_step_at_ = steps_[name] + n + 1;
}

void SimEnv::Step(const char* name) {
  MutexLock lock(mutex_);
  if (cut_) return;
  const uint64_t count = ++steps_[name];
  if (count != cut_step_at_ || cut_step_ != name) return;
  cut_at_step_ = true;
  Cut();
}

bool SimEnv::cut_at_step() {
  MutexLock lock(mutex_);
  return cut_at_step_;
}

std::map<std::string, uint64_t> SimEnv::steps() {
  MutexLock lock(mutex_);
  return steps_;
}

bool SimEnv::power_cut() {
  MutexLock lock(mutex_);
  return cut_;
}

uint64_t SimEnv::operations() {
  MutexLock lock(mutex_);
  return operations_;
}

void SimEnv::Restart() {
  MutexLock lock(mutex_);
  PHANTOM_CHECK(cut_ && open_files_ == 0 && locks_.empty());
  names_.clear();
  directories_.clear();
  used_ = 0;
  for (const std::string& directory : surviving_directories_) directories_[directory];
  for (auto& [path, content] : survivors_) {
    auto inode = std::make_shared<Inode>();
    inode->now = content;
    inode->durable = std::move(content);
    used_ += inode->now.size();
    directories_[ParentOf(path)].durable[path] = inode;
    names_[path] = std::move(inode);
  }
  survivors_.clear();
  surviving_directories_.clear();
  cut_ = false;
  cut_at_ = UINT64_MAX;
  cut_step_.clear();
  cut_at_step_ = false;
}

void SimEnv::SetCapacity(uint64_t bytes) {
  MutexLock lock(mutex_);
  capacity_ = bytes;
}

uint64_t SimEnv::used() {
  MutexLock lock(mutex_);
  return used_;
}

DiskImage SimEnv::Image() {
  MutexLock lock(mutex_);
  DiskImage image;
  for (const auto& [path, directory] : directories_) image.directories.insert(path);
  for (const auto& [path, inode] : names_) image.files[path] = inode->now;
  return image;
}

void SimEnv::FailReadAfter(uint64_t reads) {
  MutexLock lock(mutex_);
  reads_to_failure_ = reads;
}

void SimEnv::FailSyncAfter(uint64_t syncs) {
  MutexLock lock(mutex_);
  syncs_to_failure_ = syncs;
}

void SimEnv::Corrupt(const std::string& path, uint64_t offset, size_t bytes) {
  MutexLock lock(mutex_);
  Inode& inode = *names_.at(path);
  for (size_t i = 0; i < bytes && offset + i < inode.now.size(); ++i) {
    inode.now[offset + i] ^= std::byte{0x55};
    if (offset + i < inode.durable.size()) inode.durable[offset + i] ^= std::byte{0x55};
  }
}

void SimEnv::AdvanceClock(int64_t micros) {
  MutexLock lock(mutex_);
  clock_micros_ += micros;
}

SimEnv::Directory& SimEnv::DirectoryOf(const std::string& path) { return directories_[ParentOf(path)]; }

void SimEnv::ChangeName(const std::string& path, InodeRef inode, bool with_next) {
  DirectoryOf(path).unsynced.push_back({path, inode, with_next});
  if (inode) {
    names_[path] = std::move(inode);
  } else {
    names_.erase(path);
  }
}

Result<std::unique_ptr<File>> SimEnv::Open(const std::string& path, OpenMode mode) {
  MutexLock lock(mutex_);
  auto found = names_.find(path);
  if (found == names_.end()) {
    if (mode == OpenMode::kExisting || !directories_.contains(ParentOf(path))) return NoSuchFile(path);
    Count();
    ChangeName(path, std::make_shared<Inode>(), false);
    found = names_.find(path);
  } else if (mode == OpenMode::kCreateNew) {
    return Errorf(sqlstate::kIoError, "could not create file \"%s\": File exists", path.c_str());
  }
  ++open_files_;
  return std::unique_ptr<File>(std::make_unique<SimFile>(*this, found->second));
}

Result<std::vector<std::string>> SimEnv::List(const std::string& directory) {
  MutexLock lock(mutex_);
  if (!directories_.contains(directory)) return NoSuchFile(directory);
  std::vector<std::string> names;
  for (const auto& [path, inode] : names_) {
    if (ParentOf(path) == directory) names.push_back(NameOf(path));
  }
  for (const auto& [path, entry] : directories_) {
    if (path != directory && ParentOf(path) == directory) names.push_back(NameOf(path));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<bool> SimEnv::Exists(const std::string& path) {
  MutexLock lock(mutex_);
  return names_.contains(path) || directories_.contains(path);
}

Status SimEnv::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  auto found = names_.find(from);
  if (found == names_.end()) return NoSuchFile(from);
  Count();
  InodeRef inode = found->second;
  auto replaced = names_.find(to);
  if (replaced != names_.end()) used_ -= replaced->second->now.size();
  ChangeName(from, nullptr, true);
  ChangeName(to, std::move(inode), false);
  return Status::Ok();
}

Status SimEnv::Remove(const std::string& path) {
  MutexLock lock(mutex_);
  auto found = names_.find(path);
  if (found == names_.end()) return NoSuchFile(path);
  Count();
  used_ -= found->second->now.size();
  ChangeName(path, nullptr, false);
  return Status::Ok();
}

Status SimEnv::MakeDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  Count();
  directories_[path];
  return Status::Ok();
}

Status SimEnv::SyncDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  Count();
  Directory& directory = directories_[path];
  for (NameChange& change : directory.unsynced) {
    if (change.inode) {
      directory.durable[change.path] = std::move(change.inode);
    } else {
      directory.durable.erase(change.path);
    }
  }
  directory.unsynced.clear();
  return Status::Ok();
}

Result<std::unique_ptr<FileLock>> SimEnv::Lock(const std::string& path) {
  MutexLock lock(mutex_);
  if (!locks_.insert(path).second) {
    return Errorf(sqlstate::kObjectInUse, "lock file \"%s\" is held by another process", path.c_str());
  }
  return std::unique_ptr<FileLock>(std::make_unique<SimLock>(*this, path));
}

int64_t SimEnv::WallMicros() {
  MutexLock lock(mutex_);
  return clock_micros_;
}

int64_t SimEnv::MonotonicNanos() {
  MutexLock lock(mutex_);
  return clock_micros_ * 1000;
}

void SimEnv::Random(std::span<std::byte> to) {
  MutexLock lock(mutex_);
  for (std::byte& b : to) b = static_cast<std::byte>(Next());
}

}  // namespace phantom::io
