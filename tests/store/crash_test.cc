// The crash harness: a random workload on a simulated disk whose power is cut before some write, also while recovering;
// then everything that was committed in the surviving log is there, nothing else is, and every structure is sound.
#include <random>
#include <set>

#include "btree/cursor.h"
#include "common/log.h"
#include "io/sim_env.h"
#include "store/mini_txn.h"

using namespace phantom;
using namespace phantom::store;

namespace {

using Content = std::map<std::string, std::string>;
using Database = std::map<uint32_t, Content>;  // by tree id

constexpr SpaceId kSpace{5};

StoreOptions SmallOptions(bool thread) {
  StoreOptions options;
  options.buffer_pool_bytes = 64 * btree::kPageBytes;
  options.log = {.file_bytes = 256 << 10, .ring_bytes = 128 << 10};
  options.checkpoint_thread = thread;
  options.checkpoint_log_bytes = 100 << 10;
  return options;
}

struct Committed {
  Lsn lsn;
  // Value nullopt: removed. Key nullopt: tree made (value) or dropped (no value).
  struct Step {
    uint32_t tree;
    std::optional<std::string> key;
    std::optional<std::string> value;
  };
  std::vector<Step> steps;
};

void ApplySteps(Database* database, const std::vector<Committed::Step>& steps) {
  for (const Committed::Step& step : steps) {
    if (!step.key) {
      if (step.value) {
        (*database)[step.tree];
      } else {
        database->erase(step.tree);
      }
    } else if (step.value) {
      (*database)[step.tree][*step.key] = *step.value;
    } else {
      (*database)[step.tree].erase(*step.key);
    }
  }
}

struct OpenTxn {
  TxnId id;
  std::vector<Committed::Step> steps;
  std::set<std::pair<uint32_t, std::string>> keys;
  std::set<uint32_t> trees;  // made or dropped
};

class Workload {
 public:
  Workload(io::SimEnv& env, uint64_t seed) : env_(env), random_(seed) {}

  // Until the power is cut. `database` holds what is committed now.
  void Run(Store& store, Database database, std::vector<Committed>* log, Lsn* durable) {
    MiniTxns txns(store);
    REQUIRE(txns.AbortLosers().ok());
    std::vector<OpenTxn> open(3);
    for (int i = 0; i < 100000 && !env_.power_cut(); ++i) {
      OpenTxn& txn = open[random_() % open.size()];
      if (!txn.id) txn.id = txns.Begin();
      const uint64_t action = random_() % 100;
      if (action < 6) {
        const bool commit = random_() % 4 != 0;
        if (!commit) {
          REQUIRE(txns.Abort(txn.id).ok());
        } else if (Lsn lsn = txns.Commit(txn.id)) {
          log->push_back({lsn, txn.steps});
          ApplySteps(&database, txn.steps);
          if (random_() % 3 == 0) {
            store.log().Flush(lsn);
            if (!env_.power_cut()) *durable = lsn;
          }
          REQUIRE(store.FinishDrops(txn.id).ok());
        }
        txn = OpenTxn();
        continue;
      }
      if (action < 7) {
        REQUIRE(store.Checkpoint().ok());
        continue;
      }
      // Trees another transaction is making or dropping are locked.
      std::vector<uint32_t> trees;
      Database view = VisibleTrees(database, txn);
      for (const auto& [tree, content] : view) {
        bool locked = false;
        for (OpenTxn& other : open) locked |= &other != &txn && other.trees.contains(tree);
        if (!locked) trees.push_back(tree);
      }
      if (trees.empty() || (action < 9 && trees.size() < 4)) {
        Result<TreeId> tree = txns.CreateTree(kSpace, txn.id);
        REQUIRE(tree.ok());
        txn.steps.push_back({tree->value, std::nullopt, "made"});
        txn.trees.insert(tree->value);
        continue;
      }
      const uint32_t tree = trees[random_() % trees.size()];
      if (action < 10 && trees.size() > 1) {
        bool used = txn.trees.contains(tree);
        for (OpenTxn& other : open) {
          for (const auto& [t, key] : other.keys) used |= t == tree && &other != &txn;
        }
        if (used) continue;
        REQUIRE(txns.DropTree(kSpace, TreeId(tree), txn.id).ok());
        txn.steps.push_back({tree, std::nullopt, std::nullopt});
        txn.trees.insert(tree);
        continue;
      }
      Change(store, txns, open, txn, tree);
    }
  }

 private:
  static Database VisibleTrees(const Database& database, const OpenTxn& txn) {
    Database trees;
    for (const auto& [tree, content] : database) trees[tree];
    ApplySteps(&trees, txn.steps);
    for (const Committed::Step& step : txn.steps) {
      if (!step.key && !step.value) trees.erase(step.tree);
    }
    return trees;
  }

  void Change(Store& store, MiniTxns& txns, std::vector<OpenTxn>& open, OpenTxn& txn, uint32_t tree) {
    std::string key = Format("key %llu", static_cast<unsigned long long>(random_() % 1500));
    if (key.back() == '7') key += std::string(random_() % 200, 'x');
    for (OpenTxn& other : open) {
      if (&other != &txn && other.keys.contains({tree, key})) return;
    }
    Result<std::shared_ptr<btree::Tree>> handle = store.OpenTree(kSpace, TreeId(tree));
    REQUIRE(handle.ok());
    txn.keys.insert({tree, key});
    if (random_() % 3 != 0) {
      const std::string value(random_() % 900, static_cast<char>('a' + random_() % 26));
      REQUIRE(txns.Put(**handle, AsBytes(key), value, txn.id).ok());
      txn.steps.push_back({tree, key, value});
    } else {
      REQUIRE(txns.Remove(**handle, AsBytes(key), txn.id).ok());
      txn.steps.push_back({tree, key, std::nullopt});
    }
  }

  io::SimEnv& env_;
  std::mt19937_64 random_;
};

void Compare(Store& store, const Database& database) {
  std::set<uint32_t> expected;
  for (const auto& [tree, content] : database) expected.insert(tree);
  std::set<uint32_t> found;
  std::vector<TreeInfo> infos = store.ListTrees(kSpace).value();
  for (const TreeInfo& info : infos) found.insert(info.id.value);
  REQUIRE(found == expected);
  for (const auto& [tree, content] : database) {
    std::shared_ptr<btree::Tree> handle = store.OpenTree(kSpace, TreeId(tree)).value();
    btree::Cursor cursor(*handle);
    REQUIRE(cursor.SeekFirst().ok());
    size_t wrong = 0;
    for (const auto& [key, value] : content) {
      REQUIRE(cursor.Valid());
      if (AsText(cursor.key()) != key || AsText(cursor.value()) != value) ++wrong;
      REQUIRE(cursor.Next().ok());
    }
    REQUIRE(wrong == 0);
    REQUIRE(!cursor.Valid());
  }
  size_t faults = 0;
  REQUIRE(store
              .Check([&](const std::string& fault) {
                UNSCOPED_INFO(fault);
                ++faults;
              })
              .ok());
  REQUIRE(faults == 0);
}

// Several lives of one store, each ended by a cut; sometimes recovery itself is cut.
void LiveAndCrash(uint64_t seed, uint64_t cut, int lives, bool thread) {
  INFO("seed " << seed << " cut " << cut);
  io::SimEnv env(seed);
  Database database;
  std::mt19937_64 random(seed * 31 + cut);
  {
    Result<std::unique_ptr<Store>> store = Store::Open(env, "db", SmallOptions(false));
    REQUIRE(store.ok());
    REQUIRE((*store)->CreateSpace(kSpace).ok());
    REQUIRE((*store)->Close().ok());
  }
  for (int life = 0; life < lives; ++life) {
    std::vector<Committed> log;
    Lsn durable;
    env.CutPowerAfter(cut + random() % 50);
    {
      Result<std::unique_ptr<Store>> store = Store::Open(env, "db", SmallOptions(thread));
      REQUIRE(store.ok());
      Workload(env, seed + static_cast<uint64_t>(life) * 1000 + cut).Run(**store, database, &log, &durable);
    }
    env.Restart();
    // Where the surviving log ends; a second recovery goes on from there.
    std::optional<Lsn> first_end;
    if (random() % 3 == 0) {
      env.CutPowerAfter(1 + random() % 40);
      {
        Result<std::unique_ptr<Store>> store = Store::Open(env, "db", SmallOptions(thread));
        REQUIRE(store.ok());
        first_end = (*store)->recovery().end;
        if (random() % 2 == 0) {
          MiniTxns txns(**store);
          REQUIRE(txns.AbortLosers().ok());
        }
        if (!env.power_cut()) env.CutPowerAfter(0);
      }
      env.Restart();
    }
    Result<std::unique_ptr<Store>> store = Store::Open(env, "db", SmallOptions(false));
    INFO(store.status().ToString());
    REQUIRE(store.ok());
    const Lsn end = first_end.value_or((*store)->recovery().end);
    REQUIRE(durable < end);
    {
      MiniTxns txns(**store);
      REQUIRE(txns.AbortLosers().ok());
      for (const Committed& committed : log) {
        if (committed.lsn < end) ApplySteps(&database, committed.steps);
      }
      Compare(**store, database);
    }
    REQUIRE((*store)->Close().ok());
    store = Error(sqlstate::kInternalError, "closed");
    store = Store::Open(env, "db", SmallOptions(false));
    REQUIRE(store.ok());
    REQUIRE((*store)->recovery().losers.empty());
    REQUIRE((*store)->recovery().clean);
    Compare(**store, database);
  }
}

}  // namespace

TEST_CASE("a store survives a power cut at many moments") {
  SetLogLevel(LogLevel::kError);
  for (uint64_t i = 0; i < 16; ++i) LiveAndCrash(i + 1, 1 + i * 67 % 900, 2, false);
}

TEST_CASE("a store survives a power cut while checkpoints go on in the background") {
  SetLogLevel(LogLevel::kError);
  for (uint64_t i = 0; i < 6; ++i) LiveAndCrash(100 + i, 100 + i * 113, 2, true);
}

TEST_CASE("a store survives a power cut at every write", "[.][slow]") {
  SetLogLevel(LogLevel::kError);
  for (uint64_t cut = 1; cut < 1500; ++cut) LiveAndCrash(7, cut, 1, false);
}

TEST_CASE("a store survives many lives", "[.][slow]") {
  SetLogLevel(LogLevel::kError);
  for (uint64_t seed = 1000; seed < 1100; ++seed) LiveAndCrash(seed, 600, 5, seed % 2 == 0);
}
