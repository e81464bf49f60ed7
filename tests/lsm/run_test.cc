// Runs: what was written is found, walked and sought in both directions; damage is noticed; old files are read for ever.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "io/sim_env.h"
#include "lsm/run_reader.h"
#include "lsm/run_writer.h"
#include "segment_fixture.h"
#include "test_paths.h"

using namespace phantom;
using namespace phantom::lsm;

namespace {

using Map = std::map<std::string, std::string>;

std::string BigEndian(uint64_t number, size_t bytes) {
  std::string out(8, '\0');
  StoreBE(out.data(), number);
  return out.substr(8 - bytes);
}

std::string Write(io::Env& env, const std::string& path, const Map& entries, uint8_t trim, bool filters = true) {
  (void)env.MakeDirectory("/d");
  auto file = env.Open(path, io::OpenMode::kCreate).value();
  RunWriter writer(*file, {.tree = 77, .filter_trim = trim, .filters = filters});
  for (const auto& [key, value] : entries) REQUIRE(writer.Add(AsBytes(key), AsBytes(value), value == "gone").ok());
  const uint64_t size = writer.Finish().value();
  REQUIRE(file->Size().value() == size);
  std::string bytes(size, '\0');
  REQUIRE(file->Read(0, {reinterpret_cast<std::byte*>(bytes.data()), size}).ok());
  return bytes;
}

Result<std::unique_ptr<RunReader>> OpenRun(io::Env& env, const std::string& path, BlockCache& cache) {
  return RunReader::Open(env.Open(path, io::OpenMode::kExisting).value(), path, cache);
}

// An index of two int4 in TPC-H's manner, ascending.
Map OrderLines(uint32_t count) {
  Numbers numbers(3);
  Map entries;
  for (uint64_t order = 1, row = 1; entries.size() < count; order += order % 32 == 8 ? 25 : 1) {
    for (uint64_t line = 1, lines = 1 + numbers.Below(7); line <= lines; ++line) {
      entries["\x01" + BigEndian(order | 0x80000000, 4) + "\x01" + BigEndian(line | 0x80000000, 4) + BigEndian(row++, 8)];
    }
  }
  return entries;
}

Map Named(const std::string& name) {
  Numbers numbers(7);
  Map entries;
  if (name == "order lines") return OrderLines(20000);
  if (name == "one") return {{"only", "value"}};
  if (name == "none") return {};
  for (int i = 0; i < 6000; ++i) {
    std::string key, value;
    if (name == "random") {
      key = BigEndian(numbers.Next(), 8) + BigEndian(numbers.Next(), 8) + BigEndian(static_cast<uint64_t>(i), 8);
    } else if (name == "words") {
      for (uint64_t n = 1 + numbers.Below(5); n > 0; --n) key += std::string(1 + numbers.Below(3), static_cast<char>('a' + numbers.Below(4)));
      value = std::string(numbers.Below(100), 'v');
      if (i % 7 == 0) value = "gone";
    } else if (name == "long") {
      key = std::string(numbers.Below(1500), 'k') + BigEndian(numbers.Below(300), 2);
      value = std::string(numbers.Below(2000), static_cast<char>(numbers.Below(3)));
      if (i > 500) break;
    } else if (name == "few bits") {
      key = "const" + BigEndian(numbers.Below(100) << 20 | (numbers.Below(4) << 3), 6) + "end";
      value = "same";
    } else {
      // Bits at word borders.
      key = BigEndian(numbers.Below(1 << 10) << 59 >> 3, 8) + BigEndian(numbers.Below(1 << 20), 5);
    }
    entries[key] = value;
  }
  return entries;
}

void CheckAt(const Map& entries, RunCursor& cursor, Map::const_iterator want) {
  REQUIRE(cursor.Valid() == (want != entries.end()));
  if (!cursor.Valid()) return;
  REQUIRE(std::string(AsText(cursor.key())) == want->first);
  REQUIRE(std::string(AsText(cursor.value())) == want->second);
}

void CheckSeeks(const Map& entries, const RunReader& run, const std::string& asked) {
  RunCursor cursor(run);
  REQUIRE(cursor.Seek(AsBytes(asked)).ok());
  auto want = entries.lower_bound(asked);
  CheckAt(entries, cursor, want);
  if (want != entries.end()) {
    REQUIRE(cursor.Next().ok());
    CheckAt(entries, cursor, std::next(want));
  }
  REQUIRE(cursor.SeekBelow(AsBytes(asked)).ok());
  CheckAt(entries, cursor, want == entries.begin() ? entries.end() : std::prev(want));
  if (cursor.Valid() && std::prev(want) != entries.begin()) {
    REQUIRE(cursor.Previous().ok());
    CheckAt(entries, cursor, std::prev(want, 2));
  }
  bool shown = false;
  const bool found = run.Read(AsBytes(asked), [&](Bytes value) {
                          shown = true;
                          REQUIRE(std::string(AsText(value)) == entries.at(asked));
                        }).value();
  REQUIRE(found == entries.contains(asked));
  REQUIRE(shown == found);
  if (found) {
    REQUIRE(run.MayHave(AsBytes(asked)).value());
    REQUIRE(run.MayHaveTrimmed(AsBytes(asked).first(asked.size() - std::min<size_t>(asked.size(), run.filter_trim()))).value());
  }
}

}  // namespace

TEST_CASE("runs give back what was put in") {
  for (const std::string name : {"order lines", "one", "none", "random", "words", "long", "few bits", "borders"}) {
    INFO(name);
    io::SimEnv env(1);
    BlockCache cache(200000);
    const Map entries = Named(name);
    const uint8_t trim = name == "order lines" || name == "random" ? 8 : 0;
    Write(env, "/d/run", entries, trim, name != "words");
    auto opened = OpenRun(env, "/d/run", cache);
    REQUIRE(opened.status().ToString() == "OK");
    const RunReader& run = *opened.value();
    REQUIRE(run.tree() == 77);
    REQUIRE(run.entries() == entries.size());
    REQUIRE(run.Check().ToString() == "OK");

    RunCursor cursor(run);
    REQUIRE(cursor.SeekFirst().ok());
    for (auto want = entries.begin(); want != entries.end(); ++want) {
      CheckAt(entries, cursor, want);
      REQUIRE(cursor.Next().ok());
    }
    REQUIRE(!cursor.Valid());
    REQUIRE(cursor.SeekLast().ok());
    for (auto want = entries.rbegin(); want != entries.rend(); ++want) {
      CheckAt(entries, cursor, std::prev(want.base()));
      REQUIRE(cursor.Previous().ok());
    }
    REQUIRE(!cursor.Valid());

    Numbers numbers(11);
    std::vector<std::string> keys;
    for (const auto& [key, value] : entries) keys.push_back(key);
    CheckSeeks(entries, run, "");
    CheckSeeks(entries, run, std::string(30, '\xff'));
    for (int i = 0; i < 3000 && !keys.empty(); ++i) {
      std::string asked = keys[numbers.Below(keys.size())];
      if (i % 4 == 1) asked.resize(numbers.Below(asked.size() + 1));
      if (i % 4 == 2 && !asked.empty()) asked[numbers.Below(asked.size())] ^= static_cast<char>(1 << numbers.Below(8));
      if (i % 4 == 3) asked += static_cast<char>(numbers.Below(3));
      CheckSeeks(entries, run, asked);
    }
  }
}

TEST_CASE("filters of runs keep most keys out, and entries of an index are small") {
  io::SimEnv env(1);
  BlockCache cache(1 << 24);
  const Map entries = OrderLines(150000);
  const std::string bytes = Write(env, "/d/run", entries, 8);
  INFO(double(bytes.size()) / double(entries.size()));
  REQUIRE(bytes.size() < entries.size() * 6);
  auto run = std::move(OpenRun(env, "/d/run", cache)).value();
  int kept = 0;
  for (uint64_t order = 1; order < 20000; ++order) {
    kept += run->MayHaveTrimmed(AsBytes("\x01" + BigEndian(order | 0x80000000, 4) + "\x01" + BigEndian(0x80000009, 4))).value();
  }
  REQUIRE(kept < 20000 * 3 / 100);
}

TEST_CASE("golden runs") {
  io::SimEnv env(1);
  Map entries = OrderLines(3000);
  // Front-coded, narrow and wide, plain and compressed.
  Numbers numbers(5);
  for (int i = 0; i < 500; ++i) entries["b" + std::string(numbers.Below(20), 'x') + BigEndian(numbers.Next(), 8)] = "v";
  for (int i = 0; i < 200; ++i) entries["c" + BigEndian(numbers.Next(), 8)] = BigEndian(numbers.Next(), 8) + BigEndian(numbers.Next(), 8);
  entries["d"] = std::string(1000, 'd');
  const std::string written = Write(env, "/d/written", entries, 8);
  const std::string name = TestsDirectory() + "/lsm/golden/run-1.bin";
  if (std::getenv("PHANTOM_WRITE_GOLDEN_RUN") != nullptr) std::ofstream(name, std::ios::binary) << written;
  std::ostringstream golden;
  golden << std::ifstream(name, std::ios::binary).rdbuf();
  REQUIRE(!golden.str().empty());
  // What LZ4 makes of a block depends on its version: content is what counts.
  WriteFile(env, "/d/golden", golden.str());
  BlockCache cache(1 << 20);
  auto run = OpenRun(env, "/d/golden", cache);
  REQUIRE(run.status().ToString() == "OK");
  REQUIRE(run.value()->Check().ToString() == "OK");
  RunCursor cursor(*run.value());
  REQUIRE(cursor.SeekFirst().ok());
  for (auto want = entries.begin(); want != entries.end(); ++want) {
    CheckAt(entries, cursor, want);
    REQUIRE(cursor.Next().ok());
  }
}

TEST_CASE("damaged runs are noticed") {
  io::SimEnv env(1);
  Map entries = Named("words");
  for (const auto& [key, value] : OrderLines(3000)) entries[key] = value;
  const std::string bytes = Write(env, "/d/run", entries, 0);
  Numbers numbers(9);
  for (int i = 0; i < 400; ++i) {
    std::string damaged = bytes;
    const size_t at = i < 64 ? (i < 32 ? static_cast<size_t>(i) : bytes.size() - 32 + static_cast<size_t>(i) - 32)
                             : numbers.Below(bytes.size());
    if (i % 3 == 0) {
      const size_t end = std::min(bytes.size(), at / 512 * 512 + 512);
      std::fill(damaged.begin() + static_cast<ptrdiff_t>(at / 512 * 512), damaged.begin() + static_cast<ptrdiff_t>(end), '\0');
    } else if (i % 3 == 1) {
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << numbers.Below(8)));
    } else {
      damaged.resize(at);
    }
    if (damaged == bytes) continue;
    (void)env.Remove("/d/damaged");
    WriteFile(env, "/d/damaged", damaged);
    BlockCache cache(1 << 20);
    auto run = OpenRun(env, "/d/damaged", cache);
    const Status status = run.ok() ? run.value()->Check() : run.status();
    INFO(at);
    REQUIRE(status.sqlstate() == sqlstate::kDataCorrupted);
    REQUIRE(status.message().starts_with("run file \"/d/damaged\" is damaged: "));
  }
}
