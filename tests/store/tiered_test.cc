// Trees with runs under them, beside a map: flushes, merges, tombstones, power cuts, and others at work meanwhile.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <numeric>
#include <random>
#include <thread>

#include "common/log.h"
#include "io/sim_env.h"
#include "store/mini_txn.h"
#include "store/run_load.h"
#include "store/store.h"
#include "store/tier_worker.h"
#include "store/tiered_scan.h"
#include "store/tiered_tree.h"

using namespace phantom;
using namespace phantom::store;

namespace {

using Map = std::map<std::string, std::string>;

std::unique_ptr<Store> OpenStore(io::Env& env) {
  SetLogLevel(LogLevel::kError);
  StoreOptions options;
  options.buffer_pool_bytes = 1 << 20;
  options.segment_cache_bytes = 100000;
  options.log = {.file_bytes = 1 << 20, .ring_bytes = 256 << 10};
  options.checkpoint_thread = false;
  options.tier_thread = false;
  return std::move(Store::Open(env, "db", options)).value();
}

bool Stays(Bytes value) { return AsText(value).starts_with("!"); }

std::shared_ptr<TieredTree> OpenTree(Store& store, TreeId id) {
  std::shared_ptr<TieredTree> tree = store.OpenTiered(kSharedSpace, id).value();
  tree->SetRules({.filter_trim = 0, .stays = Stays});
  return tree;
}

TreeId MakeTree(Store& store) {
  MiniTxns transactions(store);
  const TxnId txn = transactions.Begin();
  const TreeId id = transactions.CreateTree(kSharedSpace, txn).value();
  store.log().Flush(transactions.Commit(txn));
  return id;
}

void Put(TieredTree& tree, const std::string& key, const std::string& value, std::optional<std::string>* before) {
  REQUIRE(tree.Modify(AsBytes(key), [&](std::optional<Bytes> current, btree::Edit& edit) {
                before->reset();
                if (current) before->emplace(AsText(*current));
                edit.op = btree::Edit::Op::kPut;
                edit.body = AsBytes(value);
                return Status::Ok();
              }).ok());
}

void Remove(TieredTree& tree, const std::string& key, std::optional<std::string>* before) {
  REQUIRE(tree.Modify(AsBytes(key), [&](std::optional<Bytes> current, btree::Edit& edit) {
                before->reset();
                if (current) before->emplace(AsText(*current));
                edit.op = btree::Edit::Op::kRemove;
                return Status::Ok();
              }).ok());
}

std::optional<std::string> Get(const TieredTree& tree, const std::string& key) {
  std::optional<std::string> got;
  REQUIRE(tree.Read(AsBytes(key), [&](std::optional<Bytes> value) {
                if (value) got.emplace(AsText(*value));
              }).ok());
  return got;
}

// Entries from `from` (nullopt: the end) on, as many as there are up to the bound.
std::vector<std::pair<std::string, std::string>> Scan(const TieredTree& tree, bool forward,
                                                      const std::optional<std::string>& from, const std::string& bound) {
  std::vector<std::pair<std::string, std::string>> found;
  TieredScan scan(tree, forward ? TieredScan::Direction::kForward : TieredScan::Direction::kBackward);
  scan.Start(from ? std::optional(AsBytes(*from)) : std::nullopt);
  while (!scan.done()) {
    REQUIRE(scan.Next([&](Bytes key) { return forward ? AsText(key) >= bound : AsText(key) < bound; },
                      [&](Bytes key, Bytes value) { found.emplace_back(AsText(key), AsText(value)); })
                .ok());
  }
  return found;
}

void CheckScans(const TieredTree& tree, const Map& model, const std::string& low, const std::string& high) {
  std::vector<std::pair<std::string, std::string>> want(model.lower_bound(low), model.lower_bound(std::max(low, high)));
  REQUIRE(Scan(tree, true, low, high) == want);
  std::ranges::reverse(want);
  REQUIRE(Scan(tree, false, high, low) == want);
}

std::string Number(uint64_t n) { return Format("key %06llu", static_cast<unsigned long long>(n)); }

const auto kNeverStop = [] { return true; };

void CheckStore(Store& store) {
  REQUIRE(store.Check([](const std::string& fault) { FAIL(fault); }).ok());
}

size_t FileCount(io::Env& env) { return env.List("db/segments").value().size(); }

}  // namespace

TEST_CASE("a tree with runs is the map that was put into it, whatever moves") {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    io::SimEnv env(seed);
    std::mt19937_64 random(seed);
    Map model;
    TreeId id;
    {
      auto store = OpenStore(env);
      id = MakeTree(*store);
    }
    uint64_t flushes = 0, merges = 0;
    for (int life = 0; life < 4; ++life) {
      auto store = OpenStore(env);
      std::shared_ptr<TieredTree> tree = OpenTree(*store, id);
      for (int step = 0; step < 4000; ++step) {
        const std::string key = Number(random() % 700);
        std::optional<std::string> before;
        const auto there = model.find(key);
        const std::optional<std::string> want = there == model.end() ? std::nullopt : std::optional(there->second);
        const uint64_t what = random() % 1000;
        if (what < 450) {
          const std::string value = random() % 8 == 0 ? "!stays" : std::to_string(random() % 5);
          Put(*tree, key, value, &before);
          REQUIRE(before == want);
          model[key] = value;
        } else if (what < 750) {
          Remove(*tree, key, &before);
          REQUIRE(before == want);
          model.erase(key);
        } else if (what < 950) {
          REQUIRE(Get(*tree, key) == want);
        } else if (what < 990) {
          CheckScans(*tree, model, key, Number(random() % 800));
        } else if (what < 996) {
          flushes += tree->Flush(kNeverStop).value() ? 1 : 0;
        } else if (const auto runs = tree->runs(); runs != nullptr && runs->size() > 1) {
          const size_t first = random() % (runs->size() - 1);
          merges += tree->Merge(first, 2 + random() % (runs->size() - 1 - first), kNeverStop).value() ? 1 : 0;
        }
      }
      CheckScans(*tree, model, "", "z");
      REQUIRE(Scan(*tree, false, std::nullopt, "").size() == model.size());
      REQUIRE(FileCount(env) == (tree->runs() == nullptr ? 0 : tree->runs()->size()));
      CheckStore(*store);
      store->log().Flush(Lsn(store->log().appended().value - 1));
      tree.reset();
      if (life % 2 == 0) env.CutPowerAfter(0);
      store.reset();
      if (life % 2 == 0) env.Restart();
    }
    REQUIRE(flushes > 20);
    REQUIRE(merges > 5);
    auto store = OpenStore(env);
    std::shared_ptr<TieredTree> tree = OpenTree(*store, id);
    CheckScans(*tree, model, "", "z");
    // All in one run, nothing else but what stays.
    (void)tree->Flush(kNeverStop).value();
    if (tree->runs()->size() > 1) REQUIRE(tree->Merge(0, tree->runs()->size(), kNeverStop).value());
    REQUIRE(tree->runs()->size() == 1);
    // What stays in the tree may still have an older value in the run.
    REQUIRE(tree->runs()->front()->info.entries <= model.size());
    REQUIRE(tree->runs()->front()->info.entries >=
            static_cast<uint64_t>(std::ranges::count_if(model, [](const auto& e) { return e.second != "!stays"; })));
    CheckScans(*tree, model, "", "z");
  }
}

TEST_CASE("a transaction's run is there, goes with a rollback, and stays with a commit") {
  for (const std::string end : {"rollback", "crash", "commit"}) {
    io::SimEnv env(3);
    auto store = OpenStore(env);
    const TreeId id = MakeTree(*store);
    // In another life, where ids of transactions are others.
    store.reset();
    store = OpenStore(env);
    std::shared_ptr<TieredTree> tree = OpenTree(*store, id);
    std::optional<std::string> before;
    Put(*tree, "a", "1", &before);
    REQUIRE(tree->Flush(kNeverStop).value());
    auto transactions = std::make_unique<MiniTxns>(*store);
    const TxnId txn = transactions->Begin();
    {
      RunLoad load(*store, tree, 0);
      RunLoad forgotten(*store, tree, 0);
      for (uint64_t i = 0; i < 100; ++i) REQUIRE(load.Add(AsBytes(Number(i)), AsBytes("loaded")).ok());
      REQUIRE(forgotten.Add(AsBytes("b"), AsBytes("2")).ok());
      REQUIRE(!Get(*tree, Number(7)));
      REQUIRE(transactions->Publish(load, txn).ok());
    }
    REQUIRE(Get(*tree, Number(7)) == "loaded");
    REQUIRE(tree->runs()->size() == 2);
    // In progress it is not merged.
    REQUIRE(!tree->Merge(0, 2, kNeverStop).value());
    // Copies of its keys go with it, wherever they are.
    Put(*tree, Number(5), "!changed", &before);
    REQUIRE(before == "loaded");
    Put(*tree, Number(5), "loaded", &before);
    Put(*tree, Number(6), "!changed", &before);
    REQUIRE(tree->Flush(kNeverStop).value());
    if (end == "rollback") REQUIRE(transactions->Abort(txn).ok());
    store->log().Flush(end == "commit" ? transactions->Commit(txn) : Lsn(store->log().appended().value - 1));
    env.CutPowerAfter(0);
    transactions.reset();
    tree.reset();
    store.reset();
    env.Restart();
    store = OpenStore(env);
    transactions = std::make_unique<MiniTxns>(*store);
    REQUIRE(transactions->AbortLosers().ok());
    tree = OpenTree(*store, id);
    REQUIRE(Get(*tree, "a") == "1");
    REQUIRE(!Get(*tree, "b"));
    for (uint64_t i = 0; i < 100; ++i) {
      INFO(end << " " << i);
      REQUIRE(Get(*tree, Number(i)).has_value() == (end == "commit"));
    }
    REQUIRE(FileCount(env) == tree->runs()->size());
    if (end == "commit") REQUIRE(tree->Merge(0, 3, kNeverStop).value());
    CheckStore(*store);
  }
}

TEST_CASE("dropping a tree removes its runs, and a crash after it too") {
  io::SimEnv env(4);
  auto store = OpenStore(env);
  const TreeId id = MakeTree(*store);
  std::shared_ptr<TieredTree> tree = OpenTree(*store, id);
  std::optional<std::string> before;
  for (uint64_t i = 0; i < 100000; ++i) Put(*tree, Number(i * 7919 % 100000), "v", &before);
  REQUIRE(tree->Flush(kNeverStop).value());
  // Nearly nothing is left in the tree.
  btree::TreeStats stats;
  REQUIRE(tree->tree().Check([](PageId) {}, &stats).ok());
  REQUIRE(stats.entries == 0);
  REQUIRE(stats.leaf_pages <= 2);
  REQUIRE(stats.height <= 2);
  REQUIRE(FileCount(env) == 1);
  MiniTxns transactions(*store);
  const TxnId txn = transactions.Begin();
  REQUIRE(transactions.DropTree(kSharedSpace, id, txn).ok());
  store->log().Flush(transactions.Commit(txn));
  REQUIRE(store->FinishDrops(txn).ok());
  REQUIRE(FileCount(env) == 0);
  REQUIRE(!tree->Flush(kNeverStop).value());
  REQUIRE(store->OpenTiered(kSharedSpace, id).status().sqlstate() == sqlstate::kUndefinedFile);
  CheckStore(*store);
}

TEST_CASE("flushing and merging on a full disk are refused, leave nothing behind, and work when there is room again") {
  for (const uint64_t left : {0, 4 << 10, 30 << 10, 100 << 10}) {
    INFO("left " << left);
    io::SimEnv env(left + 1);
    std::unique_ptr<Store> store = OpenStore(env);
    const TreeId id = MakeTree(*store);
    const std::shared_ptr<TieredTree> tree = OpenTree(*store, id);
    Map map;
    std::optional<std::string> before;
    std::mt19937 random(1);
    auto attempt = [&](bool merge) {
      const auto act = [&] { return merge ? tree->Merge(0, 2, kNeverStop) : tree->Flush(kNeverStop); };
      const size_t files = FileCount(env);
      REQUIRE(store->Checkpoint().ok());
      env.SetCapacity(env.used() + left);
      const Result<bool> refused = act();
      REQUIRE(!refused.ok());
      REQUIRE(refused.status().sqlstate() == sqlstate::kDiskFull);
      REQUIRE(FileCount(env) == files);
      REQUIRE((merge || tree->fresh_bytes() > 0));
      CheckScans(*tree, map, "", "l");
      env.SetCapacity(UINT64_MAX);
      REQUIRE(act().value());
      CheckScans(*tree, map, "", "l");
    };
    for (int round = 0; round < 2; ++round) {
      for (uint64_t n = static_cast<uint64_t>(round); n < 3000; n += 2) {
        std::string value(120, '\0');
        for (char& c : value) c = static_cast<char>(random());
        Put(*tree, Number(n), value, &before);
        map[Number(n)] = value;
      }
      attempt(/*merge=*/false);
    }
    attempt(/*merge=*/true);
    REQUIRE(tree->runs()->size() == 1);
    CheckStore(*store);
  }
}

TEST_CASE("readers and writers go on while a tree is flushed and its runs are merged") {
  io::SimEnv env(5);
  auto store = OpenStore(env);
  const TreeId id = MakeTree(*store);
  std::shared_ptr<TieredTree> tree = OpenTree(*store, id);
  constexpr uint64_t kWriters = 3, kSteps = 4000, kKeys = 300;
  std::atomic<uint64_t> running{kWriters};
  std::atomic<bool> wrong{false};
  std::vector<Map> models(kWriters);
  std::vector<std::thread> threads;
  for (uint64_t w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      std::mt19937_64 random(w + 1);
      Map& model = models[w];
      for (uint64_t step = 0; step < kSteps && !wrong; ++step) {
        // Neighbouring keys belong to different writers.
        const std::string key = Number(random() % kKeys * kWriters + w);
        const auto there = model.find(key);
        const std::optional<std::string> want = there == model.end() ? std::nullopt : std::optional(there->second);
        std::optional<std::string> got;
        const uint64_t what = random() % 3;
        const std::string value = std::to_string(random() % 9);
        const Status status =
            what == 0 ? tree->Read(AsBytes(key), [&](std::optional<Bytes> v) { if (v) got.emplace(AsText(*v)); })
                      : tree->Modify(AsBytes(key), [&](std::optional<Bytes> v, btree::Edit& edit) {
                              got.reset();
                              if (v) got.emplace(AsText(*v));
                              edit.op = what == 1 ? btree::Edit::Op::kPut : btree::Edit::Op::kRemove;
                              if (what == 1) edit.body = AsBytes(value);
                              return Status::Ok();
                            }).status();
        if (!status.ok() || got != want) wrong = true;
        if (what == 1) model[key] = value;
        if (what == 2) model.erase(key);
      }
      --running;
    });
  }
  // Keys come in order, each once.
  threads.emplace_back([&] {
    for (bool forward = true; running > 0 && !wrong; forward = !forward) {
      std::string last;
      TieredScan scan(*tree, forward ? TieredScan::Direction::kForward : TieredScan::Direction::kBackward);
      scan.Start(forward ? std::optional(Bytes()) : std::nullopt);
      while (!scan.done() && !wrong) {
        const Status status = scan.Next([](Bytes) { return false; },
                                        [&](Bytes key, Bytes) {
                                          if (!last.empty() && (forward ? AsText(key) <= last : AsText(key) >= last)) {
                                            wrong = true;
                                          }
                                          last = AsText(key);
                                        });
        if (!status.ok()) wrong = true;
      }
    }
  });
  uint64_t flushes = 0, merges = 0;
  while (running > 0 && !wrong) {
    Result<bool> flushed = tree->Flush(kNeverStop);
    if (!flushed.ok()) wrong = true;
    flushes += flushed.ok() && *flushed ? 1 : 0;
    const auto runs = tree->runs();
    if (runs != nullptr && runs->size() >= 4) {
      Result<bool> merged = tree->Merge(flushes % 2, runs->size() - flushes % 2, kNeverStop);
      if (!merged.ok()) wrong = true;
      merges += merged.ok() && *merged ? 1 : 0;
    }
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(!wrong);
  REQUIRE(flushes > 0);
  Map all;
  for (const Map& model : models) all.insert(model.begin(), model.end());
  CheckScans(*tree, all, "", "z");
  CheckStore(*store);
}

TEST_CASE("runs are merged when there are several of like size, and all when the younger ones weigh enough") {
  using Pick = std::pair<size_t, size_t>;
  auto pick = [](std::vector<uint64_t> bytes, std::vector<bool> bound = {}) {
    bound.resize(bytes.size());
    return PickMerge(bytes, bound);
  };
  REQUIRE(pick({}) == Pick(0, 0));
  REQUIRE(pick({5}) == Pick(0, 0));
  REQUIRE(pick({5, 8}) == Pick(0, 2));
  REQUIRE(pick({5, 80}) == Pick(0, 0));
  REQUIRE(pick({5, 5, 6, 80}) == Pick(0, 0));
  REQUIRE(pick({5, 5, 6, 5, 800}) == Pick(0, 4));
  REQUIRE(pick({5, 20, 21, 20, 22, 800}) == Pick(1, 4));
  REQUIRE(pick({5, 5, 6, 5, 800}, {false, true}) == Pick(0, 0));
  REQUIRE(pick({5, 8}, {true, false}) == Pick(0, 0));
  // Random inserts of 80 times what a flush takes: what is written for each byte, and the runs to look at.
  std::vector<uint64_t> runs;
  uint64_t written = 0;
  size_t most = 0;
  for (int i = 0; i < 80; ++i) {
    runs.insert(runs.begin(), 100);
    written += 100;
    for (Pick merge = pick(runs); merge.second > 0; merge = pick(runs)) {
      const auto begin = runs.begin() + static_cast<ptrdiff_t>(merge.first);
      const uint64_t sum = std::accumulate(begin, begin + static_cast<ptrdiff_t>(merge.second), uint64_t{0});
      *begin = sum;
      runs.erase(begin + 1, begin + static_cast<ptrdiff_t>(merge.second));
      written += sum;
    }
    most = std::max(most, runs.size());
  }
  INFO(double(written) / 8000 << " " << most);
  REQUIRE(written <= 8000 * 5);
  REQUIRE(most <= 10);
}

// PHANTOM_LOOKUPS of them; perf stat tells what one costs, by the difference of two numbers.
TEST_CASE("look-ups by key, in a tree and in a run", "[.][lookups]") {
  io::SimEnv env(1);
  SetLogLevel(LogLevel::kError);
  StoreOptions options;
  options.checkpoint_thread = options.tier_thread = false;
  options.segment_cache_bytes = 64 << 20;
  auto store = std::move(Store::Open(env, "db", options)).value();
  std::shared_ptr<TieredTree> tree = store->OpenTiered(kSharedSpace, MakeTree(*store)).value();
  tree->SetRules({.filter_trim = 8, .stays = Stays});
  auto key = [](uint64_t n) {
    std::string bytes("\x01\x80\0\0\0\x01\x80\0\0\0\0\0\0\0\0\0\0\0", 18);
    StoreBE<uint32_t>(bytes.data() + 1, static_cast<uint32_t>(n / 4 | 0x80000000));
    bytes[9] = static_cast<char>(n % 4);
    StoreBE<uint64_t>(bytes.data() + 10, n);
    return bytes;
  };
  std::optional<std::string> before;
  constexpr uint64_t kKeys = 500'000;
  for (uint64_t n = 0; n < kKeys; ++n) Put(*tree, key(n), "", &before);
  if (std::getenv("PHANTOM_HOT") == nullptr) REQUIRE(tree->Flush(kNeverStop).value());
  const uint64_t lookups = std::getenv("PHANTOM_LOOKUPS") == nullptr ? 0 : std::strtoull(std::getenv("PHANTOM_LOOKUPS"), nullptr, 10);
  const bool scans = std::getenv("PHANTOM_SCAN") != nullptr;
  uint64_t found = 0;
  for (uint64_t i = 0, n = 1; i < lookups; ++i) {
    n = (n * 2862933555777941757ull + 3037000493ull);
    const std::string asked = key((n >> 32) % kKeys);
    if (scans) {
      TieredScan scan(*tree, TieredScan::Direction::kForward);
      const Bytes start = AsBytes(asked).first(10);
      scan.Start(start);
      while (!scan.done()) {
        (void)scan.Next([&](Bytes at) { return std::memcmp(at.data(), start.data(), start.size()) != 0; },
                        [&](Bytes, Bytes) { ++found; });
      }
    } else {
      (void)tree->Read(AsBytes(asked), [&](std::optional<Bytes> value) { found += value.has_value(); });
    }
  }
  REQUIRE(found == lookups);
}
