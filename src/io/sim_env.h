// io/sim_env.h
//
// A disk, a clock and randomness in memory, deterministic by seed. What was written but not synced
// is at risk. How much a power cut takes is drawn anew each time: all of it, nothing, everything
// after some moment, whole files, whole writes (so later ones survive earlier ones), or single
// sectors (512 bytes), each left in any of the states it had since the last sync. Of a directory's
// unsynced changes a random prefix survives. Space and errors can be limited and injected.
//
// A cut does not stop the running program: what survives is set aside at that moment, and the
// program goes on with a disk that leads nowhere. When it has been torn down, Restart() puts the
// surviving state in place. So a harness sees every cut without a single error path taken.
//
// Thread safety: all methods may be called from any thread.
// Lock order: one mutex of rank kIo, a leaf.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "io/env.h"

namespace phantom::io {

inline constexpr size_t kSectorBytes = 512;

// What is on a disk.
struct DiskImage {
  std::set<std::string> directories;
  std::map<std::string, std::vector<std::byte>> files;
};

class SimEnv final : public Env {
 public:
  explicit SimEnv(uint64_t seed);
  // A disk with this on it, all durable.
  SimEnv(uint64_t seed, const DiskImage& image);
  ~SimEnv() override;

  // Cuts the power right before the n-th next write, sync or change of names; 0 cuts now.
  void CutPowerAfter(uint64_t operations);
  // Cuts the power when the step is come to for the n-th time from now, 0 the next.
  void CutPowerAtStep(const std::string& name, uint64_t n);
  // Whether the present cut came at that step.
  bool cut_at_step();
  // How often each step has been come to.
  std::map<std::string, uint64_t> steps();
  bool power_cut();
  // Writes, syncs and changes of names so far.
  uint64_t operations();
  // Goes on with what survived the cut. Requires a cut, and every File and FileLock closed.
  void Restart();

  // The sum of file sizes beyond which writes and Allocate fail with 53100.
  void SetCapacity(uint64_t bytes);
  // That sum now.
  uint64_t used();
  // What readers see now.
  DiskImage Image();
  // Fails the n-th next read (or sync) with 58030, once; 0 fails the next one.
  void FailReadAfter(uint64_t reads);
  void FailSyncAfter(uint64_t syncs);
  // Flips bits in a file, durably.
  void Corrupt(const std::string& path, uint64_t offset, size_t bytes);
  void AdvanceClock(int64_t micros);

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Result<bool> Exists(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status MakeDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  int64_t WallMicros() override;
  int64_t MonotonicNanos() override;
  void Random(std::span<std::byte> to) override;
  void Step(const char* name) override;

 private:
  friend class SimFile;
  friend class SimLock;
  // What one write left in a sector.
  struct Sector {
    uint64_t operation = 0;
    std::array<std::byte, kSectorBytes> bytes;
  };
  // What a power cut leaves of unsynced writes.
  enum class Loss : uint8_t { kSectors, kWrites, kFiles, kAfterAMoment, kAll, kNothing };
  static constexpr uint64_t kLosses = 6;

  struct Inode {
    std::vector<std::byte> now;                        // what readers see
    std::vector<std::byte> durable;                    // as of the last sync
    std::map<uint64_t, std::vector<Sector>> unsynced;  // by sector number: its states since
  };
  using InodeRef = std::shared_ptr<Inode>;
  // One unsynced change of a directory: the name now stands for this inode (or for nothing).
  struct NameChange {
    std::string path;
    InodeRef inode;
    // Rename: takes effect together with the next change.
    bool with_next = false;
  };
  struct Directory {
    std::map<std::string, InodeRef> durable;
    std::vector<NameChange> unsynced;
  };

  uint64_t Next();
  void Count();
  void Cut();
  void CutFile(const Inode& inode, Loss loss, std::vector<std::byte>* content);
  Directory& DirectoryOf(const std::string& path);
  void ChangeName(const std::string& path, InodeRef inode, bool with_next);

  Mutex mutex_{LockRank::kIo};
  uint64_t random_state_;
  std::map<std::string, InodeRef> names_;
  std::map<std::string, Directory> directories_;
  std::set<std::string> locks_;
  std::map<std::string, std::vector<std::byte>> survivors_;
  std::set<std::string> surviving_directories_;
  bool cut_ = false;
  uint64_t operations_ = 0;
  uint64_t cut_at_ = UINT64_MAX;
  std::map<std::string, uint64_t> steps_;
  std::string cut_step_;  // empty: none
  uint64_t cut_step_at_ = 0;
  bool cut_at_step_ = false;
  uint64_t loss_seed_ = 0;    // of the present cut
  uint64_t last_moment_ = 0;  // kAfterAMoment: the last operation that survives
  uint64_t capacity_ = UINT64_MAX;
  uint64_t used_ = 0;
  uint64_t reads_to_failure_ = UINT64_MAX;
  uint64_t syncs_to_failure_ = UINT64_MAX;
  int open_files_ = 0;
  int64_t clock_micros_ = 1'700'000'000'000'000;
};

}  // namespace phantom::io
