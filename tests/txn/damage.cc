#include "txn/damage.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "btree/tree.h"
#include "common/log.h"
#include "store/store.h"
#include "store/tiered_tree.h"

namespace phantom::txn {

namespace {

DatabaseOptions Options() {
  return {.pool_bytes = 512 * btree::kPageBytes, .log = {.file_bytes = 256 << 10, .ring_bytes = 128 << 10}};
}

std::string Text(std::mt19937_64& random, size_t bytes) {
  std::string text(bytes, 'a');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  return text;
}

void Commit(Database& database, Transaction& transaction) {
  database.manager().WaitDurable(Must(transaction.Commit()));
}

void Fill(Database& database, TestTable& table, int32_t count, std::mt19937_64& random, TestRows* rows) {
  auto t = database.Begin();
  for (int32_t id = 1; id <= count; ++id) {
    const TestRow row{id, id % 10, Text(random, id % 50 == 0 ? 6000 : 20 + random() % 200)};
    Must(table.Insert(*t, row).status());
    (*rows)[id] = row;
  }
  Commit(database, *t);
}

void Update(Database& database, TestTable& table, int32_t from, int32_t to, int32_t step, std::mt19937_64& random,
            TestRows* rows) {
  auto t = database.Begin();
  for (int32_t id = from; id < to; id += step) {
    if (!rows->contains(id)) continue;
    const TestRow row{id, static_cast<int32_t>(random() % 10), Text(random, 20 + random() % 200)};
    REQUIRE(Must(table.Update(*t, id, row.k, row.payload)));
    (*rows)[id] = row;
  }
  Commit(database, *t);
}

void FlushIndexes(Database& database, const TestTrees& trees) {
  for (const TreeId tree : {trees.by_id, trees.by_k}) {
    REQUIRE(Must(Must(database.store().OpenTiered(TestTable::kSpace, tree))->Flush([] { return true; })));
  }
}

}  // namespace

DamageStore::DamageStore(bool clean) {
  Build(clean);
  FindTargets(clean);
}

void DamageStore::Build(bool clean) {
  io::SimEnv env(5);
  std::mt19937_64 random(5);
  {
    auto database = Must(Database::Open(env, Options()));
    Must(TestTable::Create(*database));
    {
      auto t = database->Begin();
      cold_ = Must(TestTable::CreateIn(*database, *t, {}));
      Commit(*database, *t);
    }
    auto hot = Must(TestTable::Open(*database));
    auto cold = Must(TestTable::Open(*database, cold_));
    Fill(*database, *hot, 900, random, &hot_rows_);
    Fill(*database, *cold, 2500, random, &cold_rows_);
    REQUIRE(Must(cold->rows().Freeze(0)));
    FlushIndexes(*database, cold_);
    // More segments and runs, for writes that go astray.
    {
      auto t = database->Begin();
      for (int32_t id = 3001; id <= 5000; ++id) {
        cold_rows_[id] = {id, id % 10, Text(random, 20 + random() % 200)};
        Must(cold->Insert(*t, cold_rows_[id]).status());
      }
      Commit(*database, *t);
    }
    REQUIRE(Must(cold->rows().Freeze(1)));
    FlushIndexes(*database, cold_);
    // Changes and deletions on top.
    Update(*database, *cold, 10, 2000, 97, random, &cold_rows_);
    {
      auto t = database->Begin();
      for (int32_t id = 5; id < 2500; id += 61) {
        REQUIRE(Must(cold->Delete(*t, id)));
        cold_rows_.erase(id);
      }
      Commit(*database, *t);
    }
    Must(database->manager().RunPurge());
    Must(database->store().Checkpoint());
    older_ = env.Image();
    Update(*database, *hot, 1, 900, 1, random, &hot_rows_);
    Update(*database, *cold, 2001, 2400, 13, random, &cold_rows_);
    Must(database->store().Checkpoint());
    for (int32_t i = 0; i < 30; ++i) {
      Update(*database, *hot, 1 + i, 900, 29, random, &hot_rows_);
      earlier_.push_back(hot_rows_);
    }
    std::unique_ptr<Transaction> loser;
    if (!clean) {
      loser = database->Begin();
      Must(hot->Update(*loser, 700, 5, "never committed").status());
      last_flush_ = database->store().log().appended().value;
      auto t = database->Begin();
      const TestRow row{1, 3, "the last commit"};
      REQUIRE(Must(hot->Update(*t, row.id, row.k, row.payload)));
      hot_rows_[row.id] = row;
      Commit(*database, *t);
      env.CutPowerAfter(0);
    } else {
      Must(database->store().Close());
      env.CutPowerAfter(0);
    }
  }
  env.Restart();
  image_ = env.Image();
}

// False: nothing has changed.
bool DamageStore::Inject(const DamageTarget& target, Injection injection, std::mt19937_64& random,
                         io::DiskImage* image) const {
  std::vector<std::byte>& file = image->files.at(target.path);
  const std::vector<std::byte> before = file;
  const uint64_t at = target.offset + random() % target.bytes;
  auto put = [&](uint64_t unit, const std::vector<std::byte>* from, uint64_t offset) {
    const uint64_t start = at / unit * unit;
    for (uint64_t i = 0; i < unit && start + i < file.size(); ++i) {
      file[start + i] = from != nullptr && offset + i < from->size() ? (*from)[offset + i] : std::byte{0};
    }
  };
  switch (injection) {
    case Injection::kBitFlip:
      file[at] ^= std::byte{1} << random() % 8;
      break;
    case Injection::kZeroedSector:
      put(512, nullptr, 0);
      break;
    case Injection::kZeroedBlock:
      put(4096, nullptr, 0);
      break;
    case Injection::kMisdirected: {
      // What belongs to a place of the same kind.
      std::vector<const DamageTarget*> others;
      for (const DamageTarget& other : targets_) {
        if (other.unit == target.unit && other.kind == target.kind &&
            (other.path != target.path || other.offset / target.unit != target.offset / target.unit)) {
          others.push_back(&other);
        }
      }
      if (others.empty()) {
        for (const DamageTarget& other : targets_) {
          if (other.unit == target.unit && other.path == target.path) others.push_back(&other);
        }
      }
      const DamageTarget& from = *others[random() % others.size()];
      put(target.unit, &image_.files.at(from.path), from.offset / target.unit * target.unit);
      break;
    }
    case Injection::kLost: {
      auto older = older_.files.find(target.path);
      put(target.unit, older == older_.files.end() ? nullptr : &older->second, at / target.unit * target.unit);
      // A file that is written once: what was lost is as if never written.
      if (file == before && older != older_.files.end() && target.path.starts_with("db/segments/")) put(target.unit, nullptr, 0);
      break;
    }
  }
  return file != before;
}

// Everything is asked for; what answers must be right.
Outcome DamageStore::Examine(io::SimEnv& env, std::string* what) const {
  bool failed = false, wrong_error = false, wrong = false, found = false, shortened = false;
  auto note = [&](const Status& status) {
    if (what->empty()) *what = status.ToString();
    failed = true;
    wrong_error |= status.sqlstate() != sqlstate::kDataCorrupted;
  };
  auto note_wrong = [&](std::string text) {
    if (!wrong) *what = std::move(text);
    wrong = true;
  };
  {
    Result<std::unique_ptr<Database>> opened = Database::Open(env, Options());
    if (!opened.ok()) {
      *what = opened.status().ToString();
      return opened.status().sqlstate() == sqlstate::kDataCorrupted ? Outcome::kRefused : Outcome::kWrongError;
    }
    Database& database = **opened;
    // Twice: what has been read, and what is written then, must not bring anything back that is wrong.
    TestRows hot_expected = hot_rows_;
    for (int round = 0; round < 2; ++round) {
      for (const bool is_cold : {false, true}) {
        Result<std::unique_ptr<TestTable>> table =
            is_cold ? TestTable::Open(database, cold_) : TestTable::Open(database);
        if (!table.ok()) {
          note(table.status());
          continue;
        }
        auto t = database.Begin();
        const Snapshot snapshot = t->TakeSnapshot();
        Result<TestRows> rows = (*table)->Scan(snapshot);
        if (rows.ok() && round == 0 && !is_cold && *rows != hot_rows_) {
          if (auto earlier = std::ranges::find(earlier_, *rows); earlier != earlier_.end()) {
            shortened = true;
            hot_expected = *earlier;
          }
        }
        const TestRows& expected = is_cold ? cold_rows_ : hot_expected;
        if (!rows.ok()) {
          note(rows.status());
        } else if (*rows != expected) {
          note_wrong(Format("a scan gives %zu rows, expected %zu", rows->size(), expected.size()));
        }
        for (int32_t id = 1; id <= 5000; id += 7) {
          auto row = (*table)->FindById(snapshot, id);
          auto right = expected.find(id);
          if (!row.ok()) {
            note(row.status());
          } else if (row->has_value() != (right != expected.end()) || (*row && (*row)->second != right->second)) {
            note_wrong(Format("row %d is not as it was", id));
          }
        }
        for (int32_t k = 0; k < 10; ++k) {
          auto by_k = (*table)->FindByK(snapshot, k);
          if (!by_k.ok()) {
            note(by_k.status());
            continue;
          }
          const auto count = std::ranges::count_if(expected, [&](const auto& entry) { return entry.second.k == k; });
          if (static_cast<int64_t>(by_k->size()) != count && !shortened)
            note_wrong(Format("not all rows with k = %d", k));
        }
        Result<CheckReport> checked = (*table)->TryCheck();
        if (!checked.ok() || !checked->ok()) {
          found = true;
          if (what->empty()) *what = checked.ok() ? checked->problems.front().text : checked.status().ToString();
        }
        // Everybody goes on working.
        for (int32_t id = 2; round == 0 && !is_cold && id < 900; id += 111) {
          auto writer = database.Begin();
          Result<bool> updated = (*table)->AddToK(*writer, id, 1);
          if (updated.ok() && *updated) {
            Result<Lsn> lsn = writer->Commit();
            if (lsn.ok()) {
              ++hot_expected[id].k;
              continue;
            }
          } else if (updated.ok() && !shortened) {
            note_wrong(Format("row %d cannot be updated", id));
          }
          if (!updated.ok()) note(updated.status());
          static_cast<void>(writer->active() ? writer->Abort().ok() : false);
        }
      }
      std::string fault;
      Status checked = database.store().Check([&](const std::string& text) { fault = text; });
      if (!checked.ok() || !fault.empty()) {
        found = true;
        if (what->empty()) *what = checked.ok() ? fault : checked.ToString();
      }
      if (Status checkpoint = database.store().Checkpoint(); !checkpoint.ok()) note(checkpoint);
      if (Status purged = database.manager().RunPurge(); !purged.ok()) note(purged);
    }
  }
  if (wrong) return Outcome::kWrongRows;
  if (wrong_error) return Outcome::kWrongError;
  if (failed) return Outcome::kFailed;
  if (shortened) return Outcome::kShortened;
  return found ? Outcome::kFound : Outcome::kHarmless;
}

Outcome DamageStore::Try(const DamageTarget& target, Injection injection, uint64_t seed, std::string* what) const {
  std::mt19937_64 random(seed);
  io::DiskImage image = image_;
  if (!Inject(target, injection, random, &image)) return Outcome::kSame;
  int fds[2];
  REQUIRE(::pipe(fds) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    static_cast<void>(std::freopen("/dev/null", "w", stderr));
    SetLogLevel(LogLevel::kError);
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, SIG_DFL);
    ::alarm(60);
    io::SimEnv env(1, image);
    std::string text;
    const Outcome outcome = Examine(env, &text);
    static_cast<void>(::write(fds[1], text.data(), text.size()));
    std::_Exit(static_cast<int>(outcome));
  }
  ::close(fds[1]);
  char buffer[512];
  what->clear();
  for (ssize_t n; (n = ::read(fds[0], buffer, sizeof(buffer))) > 0;) what->append(buffer, static_cast<size_t>(n));
  ::close(fds[0]);
  int state = 0;
  REQUIRE(::waitpid(child, &state, 0) == child);
  if (!WIFEXITED(state)) {
    *what = Format("signal %d", WTERMSIG(state));
    return Outcome::kCrash;
  }
  return static_cast<Outcome>(WEXITSTATUS(state));
}

}  // namespace phantom::txn
