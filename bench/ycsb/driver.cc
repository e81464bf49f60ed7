// Loads one engine and plays workloads on it; prints one line of tab-separated figures for the load and each workload.
//
//   ycsb_ENGINE --directory DIR [--keys N] [--seconds S] [--threads T] [--memory MB] [--distribution uniform|zipfian]
//               [--sync no|yes|both] [--workloads ABCFDE] [--header]
//
// The load is never synced; with `both` the workloads are played without sync, then with it.
#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include "engine.h"
#include "workload.h"

namespace ycsb {

void Fail(const std::string& what) {
  std::fprintf(stderr, "ycsb: %s\n", what.c_str());
  std::_Exit(1);
}

namespace {

struct Settings {
  EngineOptions engine;
  uint64_t keys = 500'000;
  double seconds = 5;
  int threads = 2;
  bool zipfian = false;
  bool header = false;
  std::vector<bool> syncs = {false};
  std::string workloads = "ABCFDE";
};

// Latencies in nanoseconds, in buckets an eighth of a power of two wide.
class Histogram {
 public:
  void Add(uint64_t ns) { ++counts_[IndexOf(ns)]; }
  void Add(const Histogram& other) {
    for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  }
  double Micros(double share) const {
    uint64_t total = 0;
    for (uint64_t count : counts_) total += count;
    auto left = static_cast<double>(total) * share;
    for (size_t i = 0; i < counts_.size(); ++i) {
      left -= static_cast<double>(counts_[i]);
      if (left <= 0) return static_cast<double>((8 + i % 8) << (i / 8)) / 8 / 1000;
    }
    return 0;
  }

 private:
  static size_t IndexOf(uint64_t ns) {
    ns = std::max<uint64_t>(ns, 8);
    const auto power = static_cast<size_t>(std::bit_width(ns)) - 1;
    return power * 8 + ((ns >> (power - 3)) & 7);
  }
  std::array<uint64_t, 64 * 8> counts_{};
};

using Clock = std::chrono::steady_clock;

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// What has been handed to the system; what that hands to the disk is counted by large pages of its cache.
uint64_t BytesWritten() {
  std::ifstream file("/proc/self/io");
  std::string name;
  uint64_t value = 0;
  while (file >> name >> value) {
    if (name == "wchar:") return value;
  }
  return 0;
}

uint64_t SpaceOf(const std::string& directory) {
  uint64_t bytes = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, ignored)) {
    struct stat info {};
    if (::stat(entry.path().c_str(), &info) == 0 && S_ISREG(info.st_mode))
      bytes += static_cast<uint64_t>(info.st_blocks) * 512;
  }
  return bytes;
}

// One of so many operations is timed.
constexpr uint64_t kTimed = 4;

class Bench {
 public:
  explicit Bench(const Settings& settings) : settings_(settings), engine_(MakeEngine()) {}

  void Run() {
    if (settings_.header) {
      std::printf(
          "engine\tworkload\tdistribution\tsync\tthreads\toperations\tseconds\tops_per_s\tp50_us\tp99_us\tMB_written\t"
          "written_per_byte\tcpu_s\tspace_MB\n");
    }
    std::fprintf(stderr, "%s: %s\n", engine_->name().c_str(), engine_->settings().c_str());
    engine_->Open(settings_.engine);
    Phase(
        "load", [&](int thread, Histogram* latencies) { return Load(thread, latencies); }, true);
    if (settings_.zipfian) zipfian_.emplace(settings_.keys);
    inserted_ = settings_.keys;
    for (const bool sync : settings_.syncs) {
      sync_ = sync;
      engine_->SetSync(sync);
      for (char letter : settings_.workloads) {
        const Mix* mix = MixOf(letter);
        if (mix == nullptr) Fail("there is no workload " + std::string(1, letter));
        Phase(
            std::string(1, letter), [&](int thread, Histogram* latencies) { return Play(*mix, thread, latencies); },
            false);
      }
    }
    engine_->Close();
  }

 private:
  struct Done {
    uint64_t operations = 0;
    uint64_t bytes_put = 0;
  };

  static std::string_view ViewOf(const std::array<char, kKeyBytes>& key) { return {key.data(), key.size()}; }

  template <typename Body>
  void Phase(const std::string& name, Body body, bool settle) {
    std::vector<Histogram> latencies(static_cast<size_t>(settings_.threads));
    std::vector<Done> done(static_cast<size_t>(settings_.threads));
    const double cpu = CpuSeconds();
    const uint64_t written = BytesWritten();
    const Clock::time_point start = Clock::now();
    deadline_ = start + std::chrono::nanoseconds(static_cast<int64_t>(settings_.seconds * 1e9));
    std::vector<std::thread> threads;
    for (int i = 0; i < settings_.threads; ++i) {
      threads.emplace_back([&, i] { done[static_cast<size_t>(i)] = body(i, &latencies[static_cast<size_t>(i)]); });
    }
    for (std::thread& thread : threads) thread.join();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    // What the load has left to do in the background counts for its bytes and its processor time.
    if (settle) engine_->Settle();
    Done sum;
    Histogram all;
    for (size_t i = 0; i < done.size(); ++i) {
      sum.operations += done[i].operations;
      sum.bytes_put += done[i].bytes_put;
      all.Add(latencies[i]);
    }
    const double megabytes = static_cast<double>(BytesWritten() - written) / 1e6;
    const double amplification = sum.bytes_put == 0 ? 0 : megabytes * 1e6 / static_cast<double>(sum.bytes_put);
    std::printf("%s\t%s\t%s\t%s\t%d\t%llu\t%.2f\t%.0f\t%.2f\t%.2f\t%.1f\t%.2f\t%.2f\t%.1f\n", engine_->name().c_str(),
                name.c_str(), settings_.zipfian ? "zipfian" : "uniform", sync_ ? "yes" : "no",
                settings_.threads, static_cast<unsigned long long>(sum.operations), seconds,
                static_cast<double>(sum.operations) / seconds, all.Micros(0.5), all.Micros(0.99), megabytes,
                amplification, CpuSeconds() - cpu, static_cast<double>(SpaceOf(settings_.engine.directory)) / 1e6);
    std::fflush(stdout);
  }

  // `count` operations, or until the deadline.
  template <typename Act>
  Done Repeat(uint64_t count, Histogram* latencies, Act act) {
    Done done;
    for (; done.operations < count; ++done.operations) {
      if (done.operations % kTimed != 0) {
        done.bytes_put += act();
        continue;
      }
      const Clock::time_point before = Clock::now();
      if (count == UINT64_MAX && before >= deadline_) break;
      done.bytes_put += act();
      latencies->Add(static_cast<uint64_t>((Clock::now() - before).count()));
    }
    return done;
  }

  static void FillValue(Random& random, std::string* value) {
    value->resize(kValueBytes);
    for (size_t i = 0; i + 8 <= kValueBytes; i += 8) {
      const uint64_t bits = random.Next();
      std::memcpy(value->data() + i, &bits, 8);
    }
  }

  Done Load(int thread, Histogram* latencies) {
    Random random(static_cast<uint64_t>(thread) + 1);
    const uint64_t from = settings_.keys * static_cast<uint64_t>(thread) / static_cast<uint64_t>(settings_.threads);
    const uint64_t to = settings_.keys * static_cast<uint64_t>(thread + 1) / static_cast<uint64_t>(settings_.threads);
    uint64_t next = from;
    std::string value;
    return Repeat(to - from, latencies, [&] {
      FillValue(random, &value);
      engine_->Put(ViewOf(KeyOf(next++)), value);
      return kKeyBytes + kValueBytes;
    });
  }

  Done Play(const Mix& mix, int thread, Histogram* latencies) {
    Chooser chooser(mix, zipfian_ ? &*zipfian_ : nullptr, inserted_, settings_.keys,
                    ++seed_ * 1000 + static_cast<uint64_t>(thread));
    std::string value, found;
    return Repeat(UINT64_MAX, latencies, [&]() -> uint64_t {
      const Operation operation = chooser.NextOperation();
      if (operation == Operation::kInsert) {
        // Counted before it is there: a reader of the latest key may come too early, as in YCSB.
        const auto key = KeyOf(inserted_.fetch_add(1));
        FillValue(chooser.random(), &value);
        engine_->Put(ViewOf(key), value);
        return kKeyBytes + kValueBytes;
      }
      const auto key = KeyOf(chooser.NextKey());
      switch (operation) {
        case Operation::kRead:
          if (!engine_->Get(ViewOf(key), &found) && !mix.latest) Fail("a key is missing");
          return 0;
        case Operation::kScan:
          engine_->Scan(ViewOf(key), chooser.NextScanLength());
          return 0;
        case Operation::kReadModifyWrite:
          FillValue(chooser.random(), &value);
          engine_->ReadModifyWrite(ViewOf(key), std::string_view(value).substr(0, 16));
          return kKeyBytes + kValueBytes;
        default:
          FillValue(chooser.random(), &value);
          engine_->Put(ViewOf(key), value);
          return kKeyBytes + kValueBytes;
      }
    });
  }

  const Settings settings_;
  std::unique_ptr<Engine> engine_;
  bool sync_ = false;
  std::optional<Zipfian> zipfian_;
  std::atomic<uint64_t> inserted_{0};
  std::atomic<uint64_t> seed_{0};
  Clock::time_point deadline_;
};

}  // namespace
}  // namespace ycsb

int main(int argc, char** argv) {
  ycsb::Settings settings;
  settings.engine.memory_bytes = 256 << 20;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--header") {
      settings.header = true;
    } else if (i + 1 == argc) {
      ycsb::Fail("what about " + std::string(flag) + "?");
    } else if (flag == "--directory") {
      settings.engine.directory = argv[++i];
    } else if (flag == "--keys") {
      settings.keys = std::strtoull(argv[++i], nullptr, 10);
    } else if (flag == "--seconds") {
      settings.seconds = std::strtod(argv[++i], nullptr);
    } else if (flag == "--threads") {
      settings.threads = std::atoi(argv[++i]);
    } else if (flag == "--memory") {
      settings.engine.memory_bytes = std::strtoull(argv[++i], nullptr, 10) << 20;
    } else if (flag == "--distribution") {
      settings.zipfian = std::string_view(argv[++i]) == "zipfian";
    } else if (flag == "--sync") {
      const std::string_view sync = argv[++i];
      if (sync != "no" && sync != "yes" && sync != "both") ycsb::Fail("--sync is no, yes or both");
      settings.syncs.clear();
      if (sync != "yes") settings.syncs.push_back(false);
      if (sync != "no") settings.syncs.push_back(true);
    } else if (flag == "--workloads") {
      settings.workloads = argv[++i];
    } else {
      ycsb::Fail("unknown flag " + std::string(flag));
    }
  }
  if (settings.engine.directory.empty() || settings.keys == 0 || settings.threads <= 0) {
    ycsb::Fail("--directory, --keys and --threads are needed");
  }
  ycsb::Bench(settings).Run();
  return 0;
}
