#include "io/sim_env.h"

#include <catch2/catch.hpp>
#include <set>

#include "io/posix_env.h"

using namespace phantom;
using namespace phantom::io;

static std::string ReadAll(Env& env, const std::string& path) {
  auto file = std::move(env.Open(path, OpenMode::kExisting)).value();
  std::string text(file->Size().value(), '\0');
  REQUIRE(file->Read(0, {reinterpret_cast<std::byte*>(text.data()), text.size()}).ok());
  return text;
}

static void Exercise(Env& env, const std::string& dir) {
  REQUIRE(env.MakeDirectory(dir).ok());
  REQUIRE(env.MakeDirectory(dir).ok());
  REQUIRE(env.Open(dir + "/none", OpenMode::kExisting).status().sqlstate() == sqlstate::kUndefinedFile);
  {
    auto file = std::move(env.Open(dir + "/a", OpenMode::kCreateNew)).value();
    REQUIRE(file->Write(3, AsBytes("hello")).ok());
    REQUIRE(file->Sync().ok());
    REQUIRE(file->Allocate(100).ok());
    REQUIRE(file->Size().value() == 100);
    REQUIRE(file->Truncate(8).ok());
    std::byte past[9];
    REQUIRE(file->Read(0, past).sqlstate() == sqlstate::kIoError);
  }
  REQUIRE(!env.Open(dir + "/a", OpenMode::kCreateNew).ok());
  REQUIRE(env.Rename(dir + "/a", dir + "/b").ok());
  REQUIRE(env.SyncDirectory(dir).ok());
  REQUIRE(ReadAll(env, dir + "/b") == std::string("\0\0\0hello", 8));
  REQUIRE(env.List(dir).value() == std::vector<std::string>{"b"});
  {
    auto lock = env.Lock(dir + "/lock");
    REQUIRE(lock.ok());
    REQUIRE(env.Lock(dir + "/lock").status().sqlstate() == sqlstate::kObjectInUse);
  }
  REQUIRE(env.Lock(dir + "/lock").ok());
  REQUIRE(env.Remove(dir + "/b").ok());
  REQUIRE(!env.Exists(dir + "/b").value());
}

TEST_CASE("both environments behave alike") {
  SimEnv sim(1);
  Exercise(sim, "data");
  char dir[] = "/tmp/phantom_io_XXXXXX";
  REQUIRE(mkdtemp(dir) != nullptr);
  auto posix = MakePosixEnv();
  Exercise(*posix, std::string(dir) + "/data");
  (void)posix->Remove(std::string(dir) + "/data/lock");
  rmdir((std::string(dir) + "/data").c_str());
  rmdir(dir);
}

TEST_CASE("a power cut keeps what was synced and a random part of the rest, sector by sector") {
  std::set<std::string> outcomes;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    SimEnv env(seed);
    REQUIRE(env.MakeDirectory("d").ok());
    {
      auto file = std::move(env.Open("d/f", OpenMode::kCreate)).value();
      REQUIRE(file->Write(0, AsBytes(std::string(1024, 'a'))).ok());
      REQUIRE(file->Sync().ok());
      REQUIRE(env.SyncDirectory("d").ok());
      REQUIRE(file->Write(0, AsBytes(std::string(1024, 'b'))).ok());
      REQUIRE(env.Open("d/unsynced", OpenMode::kCreate).ok());
      env.CutPowerAfter(0);
      REQUIRE(file->Write(0, AsBytes(std::string(1024, 'c'))).ok());
    }
    env.Restart();
    std::string text = ReadAll(env, "d/f");
    REQUIRE(text.size() == 1024);
    for (size_t i = 0; i < 1024; ++i) REQUIRE(text[i] == text[i / 512 * 512]);
    outcomes.insert({text[0], text[1023], env.Exists("d/unsynced").value() ? 'y' : 'n'});
  }
  REQUIRE(outcomes.size() == 8);
  for (const std::string& outcome : outcomes) REQUIRE(outcome.find('c') == std::string::npos);
}

TEST_CASE("a simulated disk can be full and can fail") {
  SimEnv env(7);
  REQUIRE(env.MakeDirectory("d").ok());
  auto file = std::move(env.Open("d/f", OpenMode::kCreate)).value();
  env.SetCapacity(1000);
  REQUIRE(file->Write(0, AsBytes(std::string(1000, 'x'))).ok());
  REQUIRE(file->Write(1000, AsBytes("y")).sqlstate() == sqlstate::kDiskFull);
  REQUIRE(file->Write(0, AsBytes("z")).ok());
  env.FailSyncAfter(1);
  REQUIRE(file->Sync().ok());
  REQUIRE(file->Sync().sqlstate() == sqlstate::kIoError);
  REQUIRE(file->Sync().ok());
}
