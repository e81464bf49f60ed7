// Plays sqllogictest files against a PostgreSQL-speaking server, several files at a time.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "player.h"
#include "script.h"

namespace fs = std::filesystem;
using namespace sqllogictest;

namespace {

std::vector<std::string> FindFiles(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.path().extension() == ".test") files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// "file line" pairs whose failure is expected; the file is the end of a path.
class Exceptions {
 public:
  bool Read(const std::string& path) {
    std::ifstream in(path);
    std::string file;
    for (int line; in >> file >> line;) known_.insert({file, line});
    return in.eof();
  }
  bool Contains(const std::string& path, int line) const {
    for (size_t slash = path.size(); slash != std::string::npos && slash > 0;) {
      slash = path.rfind('/', slash - 1);
      if (known_.count({path.substr(slash == std::string::npos ? 0 : slash + 1), line})) return true;
    }
    return false;
  }

 private:
  std::set<std::pair<std::string, int>> known_;
};

// A line on standard error: how far the run is.
class ProgressBar {
 public:
  explicit ProgressBar(size_t total) : total_(total), shown_(isatty(STDERR_FILENO) != 0) {}
  void Step() {
    size_t done = ++done_;
    if (shown_ && (done % 256 == 0 || done == total_)) {
      constexpr size_t kWidth = 40;
      size_t filled = total_ == 0 ? kWidth : done * kWidth / total_;
      std::fprintf(stderr, "\r[%s%s] %zu/%zu", std::string(filled, '#').c_str(),
                   std::string(kWidth - filled, ' ').c_str(), done, total_);
      if (done == total_) std::fputc('\n', stderr);
    }
  }

 private:
  const size_t total_;
  const bool shown_;
  std::atomic<size_t> done_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Plays sqllogictest files against a PostgreSQL-speaking server.", "sqllogictest");
  std::vector<std::string> paths;
  std::string host = "127.0.0.1", user = "postgres", dbname = "postgres", engine = "postgresql", exceptions_path;
  int port = 5432, show = 20;
  unsigned jobs = 2;
  bool list = false, prepared = false;
  app.add_option("paths", paths, "test files, or folders searched for *.test")->required()->check(CLI::ExistingPath);
  app.add_option("--host", host, "server address")->capture_default_str();
  app.add_option("--port", port, "server port")->capture_default_str();
  app.add_option("--user", user, "role to connect as")->capture_default_str();
  app.add_option("--dbname", dbname, "database to connect to first")->capture_default_str();
  app.add_option("--engine", engine, "name that skipif and onlyif compare with")->capture_default_str();
  app.add_option("--jobs", jobs, "files played at a time")->capture_default_str()->check(CLI::Range(1, 64));
  app.add_flag("--prepared", prepared, "prepare each text once, and execute what reads several times");
  app.add_option("--exceptions", exceptions_path, "file of \"file line\" records whose failure is not counted")
      ->check(CLI::ExistingFile);
  app.add_option("--show", show, "failures to print")->capture_default_str();
  app.add_flag("--list", list, "print each failure as \"file line\" only");
  CLI11_PARSE(app, argc, argv);

  Exceptions exceptions;
  if (!exceptions_path.empty() && !exceptions.Read(exceptions_path)) {
    std::fprintf(stderr, "sqllogictest: %s is not a list of \"file line\"\n", exceptions_path.c_str());
    return 2;
  }
  std::vector<Script> scripts;
  size_t total = 0;
  for (const std::string& path : FindFiles(paths)) {
    Script script;
    std::string error;
    if (!ReadScript(path, engine, &script, &error)) {
      std::fprintf(stderr, "sqllogictest: %s: %s\n", path.c_str(), error.c_str());
      return 2;
    }
    total += static_cast<size_t>(std::count_if(script.records.begin(), script.records.end(), [](const Record& r) {
      return r.kind == Record::Kind::kStatement || r.kind == Record::Kind::kQuery;
    }));
    scripts.push_back(std::move(script));
  }

  const std::string conninfo = "host=" + host + " port=" + std::to_string(port) + " user=" + user +
                               " application_name=sqllogictest";
  ProgressBar progress(total);
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  long played = 0, failed = 0, excepted = 0, broken = 0;
  const auto begin = std::chrono::steady_clock::now();
  auto work = [&] {
    for (size_t i; (i = next++) < scripts.size();) {
      Player player(conninfo, dbname, "slt_" + std::to_string(getpid()) + "_" + std::to_string(i),
                    prepared ? Protocol::kPrepared : Protocol::kSimple);
      Outcome outcome = player.Play(scripts[i], [&] { progress.Step(); });
      std::lock_guard lock(mutex);
      played += outcome.played;
      for (const Failure& failure : outcome.failures) {
        if (exceptions.Contains(scripts[i].path, failure.line)) {
          ++excepted;
          continue;
        }
        ++failed;
        if (list) {
          std::printf("%s %d\n", scripts[i].path.c_str(), failure.line);
        } else if (failed <= show) {
          std::printf("%s:%d: %s\n    %s\n", scripts[i].path.c_str(), failure.line, failure.reason.c_str(),
                      failure.sql.substr(0, 400).c_str());
        }
      }
      if (!outcome.broken.empty()) {
        ++broken;
        std::printf("%s: %s\n", scripts[i].path.c_str(), outcome.broken.c_str());
      }
      std::fflush(stdout);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < jobs; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();

  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%zu files, %ld records: %ld passed, %ld failed, %ld excepted, %ld files broken off; %.1f s, %.0f records/s\n",
              scripts.size(), played, played - failed - excepted, failed, excepted, broken, seconds,
              static_cast<double>(played) / std::max(seconds, 1e-9));
  return failed == 0 && broken == 0 ? 0 : 1;
}
