#include "store/store.h"

#include <atomic>
#include <random>
#include <thread>

#include "btree/buffer_pool.h"
#include "btree/cursor.h"
#include "btree/page_map.h"
#include "common/log.h"
#include "io/sim_env.h"
#include "store/mini_txn.h"

using namespace phantom;
using namespace phantom::store;

static StoreOptions SmallOptions() {
  StoreOptions options;
  options.buffer_pool_bytes = 64 * btree::kPageBytes;
  options.log = {.file_bytes = 256 << 10, .ring_bytes = 128 << 10};
  options.checkpoint_thread = false;
  return options;
}

static std::unique_ptr<Store> OpenStore(io::Env& env, const StoreOptions& options = SmallOptions()) {
  SetLogLevel(LogLevel::kError);
  Result<std::unique_ptr<Store>> store = Store::Open(env, "db", options);
  INFO(store.status().ToString());
  REQUIRE(store.ok());
  return std::move(store).value();
}

static void RequireSound(Store& store) {
  size_t faults = 0;
  REQUIRE(store
              .Check([&](const std::string& fault) {
                UNSCOPED_INFO(fault);
                ++faults;
              })
              .ok());
  REQUIRE(faults == 0);
}

static std::string Key(uint64_t n) { return Format("key %08llu", static_cast<unsigned long long>(n)); }

static TreeId MakeTree(MiniTxns& txns, SpaceId space = kSharedSpace) {
  const TxnId txn = txns.Begin();
  const TreeId tree = txns.CreateTree(space, txn).value();
  txns.Commit(txn);
  return tree;
}

static std::optional<std::string> Get(Store& store, TreeId tree, const std::string& key) {
  std::optional<std::string> found;
  REQUIRE(store.OpenTree(kSharedSpace, tree)
              .value()
              ->Read(AsBytes(key),
                     [&](std::optional<Bytes> value) {
                       if (value) found = AsText(*value);
                     })
              .ok());
  return found;
}

TEST_CASE("a store is made, closed and opened again") {
  io::SimEnv env(1);
  TreeId tree;
  {
    auto store = OpenStore(env);
    REQUIRE(store->recovery().created);
    MiniTxns txns(*store);
    tree = MakeTree(txns);
    REQUIRE(tree >= kFirstTree);
    const TxnId txn = txns.Begin();
    auto handle = store->OpenTree(kSharedSpace, tree).value();
    for (uint64_t n = 0; n < 3000; ++n) REQUIRE(txns.Put(*handle, AsBytes(Key(n)), Key(n), txn).ok());
    txns.Commit(txn);
    REQUIRE(store->Close().ok());
  }
  auto store = OpenStore(env);
  REQUIRE(!store->recovery().created);
  REQUIRE(store->recovery().clean);
  REQUIRE(store->recovery().losers.empty());
  REQUIRE(store->recovery().next_txn > TxnId(2));
  TreeInfo info = store->GetTreeInfo(kSharedSpace, tree).value();
  REQUIRE(info.attributes == "attributes");
  REQUIRE(info.kind == btree::TreeKind::kKeyed);
  for (uint64_t n = 0; n < 3000; n += 7) REQUIRE(Get(*store, tree, Key(n)) == Key(n));
  RequireSound(*store);
  REQUIRE(store->OpenTree(kSharedSpace, TreeId(77)).status().sqlstate() == sqlstate::kUndefinedFile);
}

TEST_CASE("a directory is opened once at a time") {
  io::SimEnv env(2);
  auto store = OpenStore(env);
  REQUIRE(Store::Open(env, "db", SmallOptions()).status().sqlstate() == sqlstate::kObjectInUse);
}

TEST_CASE("making a store can be cut at any moment") {
  for (uint64_t cut = 1; cut < 60; ++cut) {
    io::SimEnv env(cut);
    env.CutPowerAfter(cut);
    OpenStore(env).reset();
    if (!env.power_cut()) env.CutPowerAfter(0);
    env.Restart();
    auto store = OpenStore(env);
    RequireSound(*store);
  }
}

TEST_CASE("a directory without its control file is not taken for an empty one") {
  io::SimEnv env(3);
  REQUIRE(OpenStore(env)->Close().ok());
  REQUIRE(env.Remove("db/control").ok());
  REQUIRE(Store::Open(env, "db", SmallOptions()).status().sqlstate() == sqlstate::kDataCorrupted);
}

TEST_CASE("one bad copy of the control file is survived, two are not") {
  for (uint64_t copy = 0; copy < 2; ++copy) {
    io::SimEnv env(4);
    // Two checkpoints with nothing in between, so that either copy will do.
    {
      auto store = OpenStore(env);
      REQUIRE(store->Checkpoint().ok());
      REQUIRE(store->Close().ok());
    }
    env.Corrupt("db/control", copy * 4096 + 20, 1);
    if (copy == 0) RequireSound(*OpenStore(env));
    env.Corrupt("db/control", 60, 1);
    env.Corrupt("db/control", 4096 + 60, 1);
    REQUIRE(Store::Open(env, "db", SmallOptions()).status().sqlstate() == sqlstate::kDataCorrupted);
  }
}

TEST_CASE("trees come and go with their transactions") {
  io::SimEnv env(5);
  auto store = OpenStore(env);
  MiniTxns txns(*store);
  const size_t pages_before = store->pool().map().ListPages(kSharedSpace).size();
  const TxnId aborted = txns.Begin();
  const TreeId gone = txns.CreateTree(kSharedSpace, aborted).value();
  auto handle = store->OpenTree(kSharedSpace, gone).value();
  for (uint64_t n = 0; n < 500; ++n) REQUIRE(txns.Put(*handle, AsBytes(Key(n)), std::string(200, 'v'), aborted).ok());
  REQUIRE(txns.Abort(aborted).ok());
  REQUIRE(store->OpenTree(kSharedSpace, gone).status().sqlstate() == sqlstate::kUndefinedFile);

  const TreeId tree = MakeTree(txns);
  handle = store->OpenTree(kSharedSpace, tree).value();
  const TxnId fill = txns.Begin();
  for (uint64_t n = 0; n < 500; ++n) REQUIRE(txns.Put(*handle, AsBytes(Key(n)), std::string(200, 'v'), fill).ok());
  txns.Commit(fill);
  const TxnId undropped = txns.Begin();
  REQUIRE(txns.DropTree(kSharedSpace, tree, undropped).ok());
  REQUIRE(txns.Abort(undropped).ok());
  REQUIRE(Get(*store, tree, Key(5)));
  const TxnId dropped = txns.Begin();
  REQUIRE(txns.DropTree(kSharedSpace, tree, dropped).ok());
  txns.Commit(dropped);
  REQUIRE(store->FinishDrops(dropped).ok());
  REQUIRE(store->OpenTree(kSharedSpace, tree).status().sqlstate() == sqlstate::kUndefinedFile);
  REQUIRE(store->pool().map().ListPages(kSharedSpace).size() == pages_before);
  RequireSound(*store);

  Lsn last;
  REQUIRE(store->CreateTree(kSharedSpace, TreeId(7), btree::TreeKind::kRowId, "", txns.Begin(), &last).ok());
  REQUIRE(store->CreateTree(kSharedSpace, TreeId(7), btree::TreeKind::kRowId, "", txns.Begin(), &last)
              .status()
              .sqlstate() == sqlstate::kDuplicateObject);
}

TEST_CASE("spaces are separate, and dropping one frees it") {
  io::SimEnv env(6);
  {
    auto store = OpenStore(env);
    MiniTxns txns(*store);
    for (uint32_t round = 0; round < 3; ++round) {
      REQUIRE(store->CreateSpace(SpaceId(9)).ok());
      REQUIRE(store->CreateSpace(SpaceId(9)).sqlstate() == sqlstate::kDuplicateObject);
      const TreeId tree = MakeTree(txns, SpaceId(9));
      auto handle = store->OpenTree(SpaceId(9), tree).value();
      const TxnId fill = txns.Begin();
      for (uint64_t n = 0; n < 500; ++n) REQUIRE(txns.Put(*handle, AsBytes(Key(n)), std::string(200, 'v'), fill).ok());
      txns.Commit(fill);
      if (round == 1) REQUIRE(store->Checkpoint().ok());
      REQUIRE(store->DropSpace(SpaceId(9)).ok());
      REQUIRE(store->DropSpace(SpaceId(9)).sqlstate() == sqlstate::kUndefinedObject);
      REQUIRE(!store->OpenTree(SpaceId(9), tree).ok());
    }
    REQUIRE(store->ListSpaces() == std::vector<SpaceId>{kSharedSpace});
    store->log().Flush(Lsn(store->log().appended().value - 1));
  }
  auto store = OpenStore(env);
  REQUIRE(store->ListSpaces() == std::vector<SpaceId>{kSharedSpace});
  RequireSound(*store);
}

TEST_CASE("the log is kept as far back as someone needs it, and no farther") {
  io::SimEnv env(7);
  auto store = OpenStore(env);
  MiniTxns txns(*store);
  const TreeId tree = MakeTree(txns);
  auto handle = store->OpenTree(kSharedSpace, tree).value();
  const TxnId holder = txns.Begin();
  REQUIRE(txns.Put(*handle, AsBytes("held"), "value", holder).ok());
  const Lsn first = txns.ActiveTransactions()[0].first;
  auto churn = [&] {
    const TxnId txn = txns.Begin();
    for (uint64_t n = 0; n < 3000; ++n) REQUIRE(txns.Put(*handle, AsBytes(Key(n)), std::string(300, 'v'), txn).ok());
    txns.Commit(txn);
    REQUIRE(store->Checkpoint().ok());
  };
  churn();
  REQUIRE(store->log().oldest() <= first);
  wal::Record record;
  REQUIRE(store->log().ReadRecord(first, &record).ok());
  REQUIRE(txns.Abort(holder).ok());
  churn();
  REQUIRE(store->log().oldest() > first);
  REQUIRE(!Get(*store, tree, "held"));
}

TEST_CASE("whether a transaction is in progress is told while a checkpoint waits for one") {
  struct Hooks final : TransactionHooks {
    std::vector<ActiveTransaction> ActiveTransactions() override {
      asked = true;
      asked.notify_all();
      answer.wait(false);
      return {};
    }
    bool InProgress(TxnId id) const override { return id == TxnId(7); }
    TxnId NextTxnId() override { return TxnId(8); }
    Lsn RetainLsn() override { return Lsn(); }
    std::atomic<bool> asked = false, answer = false;
  };
  io::SimEnv env(1);
  auto store = OpenStore(env);
  Hooks hooks;
  store->SetHooks(&hooks);
  std::thread checkpoint([&] { static_cast<void>(store->Checkpoint()); });
  hooks.asked.wait(false);
  CHECK(store->IsInProgress(TxnId(7)));
  CHECK(!store->IsInProgress(TxnId(6)));
  hooks.answer = true;
  hooks.answer.notify_all();
  checkpoint.join();
  store->SetHooks(nullptr);
}

TEST_CASE("a full disk fails changes cleanly and they go on when there is room") {
  io::SimEnv env(8);
  TreeId tree;
  std::map<std::string, std::string> committed;
  {
    auto store = OpenStore(env);
    MiniTxns txns(*store);
    tree = MakeTree(txns);
    auto handle = store->OpenTree(kSharedSpace, tree).value();
    env.SetCapacity(4 << 20);
    Status failure;
    for (uint64_t round = 0; round < 200 && failure.ok(); ++round) {
      const TxnId txn = txns.Begin();
      std::map<std::string, std::string> changes;
      for (uint64_t n = 0; n < 100 && failure.ok(); ++n) {
        const std::string key = Key(round * 100 + n);
        failure = txns.Put(*handle, AsBytes(key), std::string(300, 'v'), txn);
        changes[key] = std::string(300, 'v');
      }
      if (failure.ok()) {
        txns.Commit(txn);
        committed.insert(changes.begin(), changes.end());
        if (round % 8 == 0) (void)store->Checkpoint();
      } else {
        env.SetCapacity(UINT64_MAX);
        REQUIRE(txns.Abort(txn).ok());
      }
    }
    REQUIRE(failure.sqlstate() == sqlstate::kDiskFull);
    const TxnId txn = txns.Begin();
    for (int attempt = 0; attempt < 100; ++attempt) {
      failure = txns.Put(*handle, AsBytes("after"), "room", txn);
      if (failure.ok()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    REQUIRE(failure.ok());
    store->log().Flush(txns.Commit(txn));
    committed["after"] = "room";
    RequireSound(*store);
  }
  auto store = OpenStore(env);
  MiniTxns txns(*store);
  REQUIRE(txns.AbortLosers().ok());
  for (const auto& [key, value] : committed) REQUIRE(Get(*store, tree, key) == value);
  RequireSound(*store);
}

TEST_CASE("a damaged or unreadable page is an error, not an answer") {
  io::SimEnv env(9);
  TreeId tree;
  {
    auto store = OpenStore(env);
    MiniTxns txns(*store);
    tree = MakeTree(txns);
    auto handle = store->OpenTree(kSharedSpace, tree).value();
    const TxnId txn = txns.Begin();
    for (uint64_t n = 0; n < 2000; ++n) REQUIRE(txns.Put(*handle, AsBytes(Key(n)), std::string(100, 'v'), txn).ok());
    txns.Commit(txn);
    REQUIRE(store->Close().ok());
  }
  {
    auto store = OpenStore(env);
    auto handle = store->OpenTree(kSharedSpace, tree).value();
    REQUIRE(Get(*store, tree, Key(0)));
    env.FailReadAfter(0);
    Status status = handle->Read(AsBytes(Key(1999)), [](std::optional<Bytes>) {});
    REQUIRE(status.sqlstate() == sqlstate::kIoError);
    REQUIRE(Get(*store, tree, Key(1999)));
    const auto place = store->pool().map().Get(handle->root());
    env.Corrupt("db/pages", uint64_t{place.slot()} * btree::kPageBytes + 5000, 1);
  }
  auto store = OpenStore(env);
  auto handle = store->OpenTree(kSharedSpace, tree).value();
  REQUIRE(handle->Read(AsBytes(Key(3)), [](std::optional<Bytes>) {}).sqlstate() == sqlstate::kDataCorrupted);
}

namespace {

// One thread's keys are its own; leaves, pool and log are everybody's.
struct ThreadModel {
  struct Commit {
    Lsn lsn;
    std::map<std::string, std::optional<std::string>> changes;
  };
  std::map<std::string, std::string> content;
  std::vector<Commit> commits;
  Lsn durable;
};

void ChangeUntilCut(io::SimEnv& env, Store& store, MiniTxns& txns, TreeId tree, uint64_t self, uint64_t threads,
                    std::mt19937_64 random, ThreadModel* model, std::atomic<bool>* failed) {
  auto handle = store.OpenTree(kSharedSpace, tree).value();
  while (!env.power_cut() && !*failed) {
    const TxnId txn = txns.Begin();
    ThreadModel::Commit commit;
    for (int i = 0; i < 20; ++i) {
      const std::string key = Key(random() % 400 * threads + self);
      if (random() % 3 != 0) {
        const std::string value(random() % 500, static_cast<char>('a' + i));
        if (!txns.Put(*handle, AsBytes(key), value, txn).ok()) *failed = true;
        commit.changes[key] = value;
      } else {
        if (!txns.Remove(*handle, AsBytes(key), txn).ok()) *failed = true;
        commit.changes[key] = std::nullopt;
      }
    }
    if (random() % 4 == 0) {
      if (!txns.Abort(txn).ok()) *failed = true;
      continue;
    }
    commit.lsn = txns.Commit(txn);
    if (!commit.lsn) continue;
    store.log().Flush(commit.lsn);
    if (!env.power_cut()) model->durable = commit.lsn;
    model->commits.push_back(std::move(commit));
  }
}

void CutThreads(uint64_t seed) {
  INFO("seed " << seed);
  io::SimEnv env(seed);
  StoreOptions options = SmallOptions();
  options.log = {.file_bytes = 512 << 10, .ring_bytes = 256 << 10};
  constexpr uint64_t kThreads = 4;
  std::array<ThreadModel, kThreads> models;
  TreeId tree;
  {
    auto store = OpenStore(env, options);
    MiniTxns txns(*store);
    tree = MakeTree(txns);
    REQUIRE(store->Checkpoint().ok());
  }
  for (uint64_t life = 0; life < 3; ++life) {
    env.CutPowerAfter(50 + seed * 97 % 700);
    std::atomic<bool> failed = false;
    {
      auto store = OpenStore(env, options);
      MiniTxns txns(*store);
      REQUIRE(txns.AbortLosers().ok());
      std::vector<std::thread> threads;
      for (uint64_t self = 0; self < kThreads; ++self) {
        threads.emplace_back([&, self] {
          ChangeUntilCut(env, *store, txns, tree, self, kThreads, std::mt19937_64(seed * 100 + life * 10 + self),
                         &models[self], &failed);
        });
      }
      while (!env.power_cut() && !failed) {
        if (!store->Checkpoint().ok()) failed = true;
      }
      for (std::thread& thread : threads) thread.join();
    }
    REQUIRE(!failed);
    env.Restart();
    auto store = OpenStore(env, options);
    const Lsn end = store->recovery().end;
    std::map<std::string, std::string> all;
    for (ThreadModel& model : models) {
      REQUIRE(model.durable < end);
      for (const ThreadModel::Commit& commit : model.commits) {
        if (commit.lsn >= end) break;
        for (const auto& [key, value] : commit.changes) {
          if (value) {
            model.content[key] = *value;
          } else {
            model.content.erase(key);
          }
        }
      }
      model.commits.clear();
      all.insert(model.content.begin(), model.content.end());
    }
    MiniTxns txns(*store);
    REQUIRE(txns.AbortLosers().ok());
    auto handle = store->OpenTree(kSharedSpace, tree).value();
    btree::Cursor cursor(*handle);
    REQUIRE(cursor.SeekFirst().ok());
    for (const auto& [key, value] : all) {
      REQUIRE(cursor.Valid());
      REQUIRE(AsText(cursor.key()) == key);
      REQUIRE(AsText(cursor.value()) == value);
      REQUIRE(cursor.Next().ok());
    }
    REQUIRE(!cursor.Valid());
    RequireSound(*store);
    REQUIRE(store->Checkpoint().ok());
  }
}

}  // namespace

TEST_CASE("threads change a tree while checkpoints go on, until the power is cut") {
  for (uint64_t seed = 1; seed <= 6; ++seed) CutThreads(seed);
}

TEST_CASE("threads change a tree while checkpoints go on, until the power is cut, often", "[.][slow]") {
  for (uint64_t seed = 100; seed < 300; ++seed) CutThreads(seed);
}
