// Random histories beside a std::map: every operation, snapshots that live on, long values, restarts.
#include <deque>
#include <optional>
#include <random>

#include "kv/fixture.h"

namespace phantom::kv {

namespace {

class History {
 public:
  explicit History(uint64_t seed) : env_(seed), random_(seed) { Open(); }
  ~History() { snapshots_.clear(); }

  void Play(int steps) {
    for (int i = 0; i < steps; ++i) Step();
    Compare();
    Must(database_->Check());
  }

 private:
  struct Kept {
    Snapshot snapshot;
    Model model;
  };

  uint64_t Draw(uint64_t below) { return random_() % below; }

  void Open() { database_ = Must(Database::Open("db", SmallOptions(env_))); }

  std::string Key() {
    std::string key = std::to_string(Draw(400));
    if (Draw(40) == 0) key += std::string(Draw(kKeyBytesMax - 10), 'k');
    if (Draw(100) == 0) key.clear();
    return key;
  }
  std::string Value() {
    const uint64_t kind = Draw(100);
    const size_t size = kind < 80 ? Draw(150) : kind < 97 ? Draw(2500) : Draw(60'000);
    std::string value(size, '\0');
    const bool compressible = Draw(2) == 0;
    for (char& c : value) c = static_cast<char>(compressible ? 'x' : random_());
    return value;
  }

  void Step() {
    switch (Draw(25)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5: {
        const std::string key = Key(), value = Value();
        Must(database_->Put(key, value, {.sync = Draw(4) == 0}));
        model_[key] = value;
        break;
      }
      case 6:
      case 7:
      case 8: {
        const std::string key = Key();
        Must(database_->Delete(key, {.sync = false}));
        model_.erase(key);
        break;
      }
      case 9:
      case 10: {
        Batch batch;
        Model after = model_;
        for (uint64_t n = Draw(12); n > 0; --n) {
          const std::string key = Key();
          if (Draw(3) == 0) {
            batch.Delete(key);
            after.erase(key);
          } else {
            const std::string value = Value();
            batch.Put(key, value);
            after[key] = value;
          }
        }
        Must(database_->Write(batch, {.sync = false}));
        model_ = after;
        break;
      }
      case 11:
      case 12: {
        const std::string key = Key(), value = Value();
        const Change change = static_cast<Change>(Draw(3));
        const auto found = model_.find(key);
        bool right = true;
        Must(database_->Update(key,
                               [&](std::optional<std::string_view> present, std::string* to) {
                                 right = present.has_value() == (found != model_.end()) &&
                                         (!present || *present == found->second) && to->empty();
                                 *to = value;
                                 return change;
                               },
                               {.sync = false}));
        REQUIRE(right);
        if (change == Change::kPut) model_[key] = value;
        if (change == Change::kDelete) model_.erase(key);
        break;
      }
      case 13:
      case 14:
      case 15:
      case 16: {
        const std::string key = Key();
        std::string value = "as it was";
        const bool found = Must(database_->Get(key, &value));
        const auto expected = model_.find(key);
        REQUIRE(found == (expected != model_.end()));
        REQUIRE(value == (found ? expected->second : "as it was"));
        break;
      }
      case 17:
        if (snapshots_.size() < 6) snapshots_.push_back({database_->TakeSnapshot(), model_});
        break;
      case 18:
        if (!snapshots_.empty()) snapshots_.erase(snapshots_.begin() + static_cast<ptrdiff_t>(Draw(snapshots_.size())));
        break;
      case 19:
      case 20:
        if (!snapshots_.empty()) {
          Kept& kept = snapshots_[Draw(snapshots_.size())];
          for (int i = 0; i < 5; ++i) {
            const std::string key = Key();
            std::string value;
            const auto expected = kept.model.find(key);
            REQUIRE(Must(database_->Get(kept.snapshot, key, &value)) == (expected != kept.model.end()));
            if (expected != kept.model.end()) REQUIRE(value == expected->second);
          }
          if (Draw(20) == 0) REQUIRE(All(*database_, &kept.snapshot) == kept.model);
        }
        break;
      case 21: {
        std::string lower = Key(), upper = Key();
        if (upper < lower) std::swap(lower, upper);
        Model expected(model_.lower_bound(lower), model_.lower_bound(upper));
        REQUIRE(All(*database_, nullptr, {lower, upper}, Draw(2) == 0) == expected);
        break;
      }
      case 22: {
        // A cursor that turns round.
        Cursor cursor = database_->NewCursor();
        const std::string from = Key();
        auto place = model_.lower_bound(from);
        Must(cursor.Seek(from));
        for (int i = 0; i < 12; ++i) {
          REQUIRE(cursor.Valid() == (place != model_.end()));
          if (!cursor.Valid()) break;
          REQUIRE(cursor.key() == place->first);
          REQUIRE(cursor.value() == place->second);
          if (Draw(3) == 0 && place != model_.begin()) {
            --place;
            Must(cursor.Previous());
          } else {
            ++place;
            Must(cursor.Next());
          }
        }
        Must(cursor.SeekAtOrBelow(from));
        auto below = model_.upper_bound(from);
        REQUIRE(cursor.Valid() == (below != model_.begin()));
        if (cursor.Valid()) REQUIRE(cursor.key() == std::prev(below)->first);
        break;
      }
      case 23:
        if (Draw(15) == 0) Must(database_->Compact(Draw(3) == 0));
        break;
      default:
        if (Draw(60) == 0) {
          snapshots_.clear();
          if (Draw(2) == 0)
            Must(database_->Close());
          else
            Must(database_->Sync());
          database_.reset();
          Open();
          Compare();
        }
    }
  }

  void Compare() {
    REQUIRE(All(*database_) == model_);
    REQUIRE(All(*database_, nullptr, {}, true) == model_);
    for (const Kept& kept : snapshots_) REQUIRE(All(*database_, &kept.snapshot) == kept.model);
  }

  io::SimEnv env_;
  std::mt19937_64 random_;
  std::unique_ptr<Database> database_;
  Model model_;
  std::deque<Kept> snapshots_;
};

}  // namespace

TEST_CASE("a key-value database does what a map does") {
  const uint64_t seed = GENERATE(1u, 2u, 3u, 4u);
  INFO("seed " << seed);
  History(seed).Play(8000);
}

TEST_CASE("key-value limits are errors") {
  io::SimEnv env(1);
  auto database = Must(Database::Open("db", SmallOptions(env)));
  const std::string key(kKeyBytesMax, 'a');
  Must(database->Put(key, "value"));
  std::string value;
  REQUIRE(Must(database->Get(key, &value)));
  REQUIRE(value == "value");
  REQUIRE(database->Put(key + 'a', "value").sqlstate() == sqlstate::kProgramLimitExceeded);
  REQUIRE_FALSE(Must(database->Get(key + 'a', &value)));
  Options missing = SmallOptions(env);
  missing.create = false;
  REQUIRE(Database::Open("elsewhere", missing).status().sqlstate() == sqlstate::kUndefinedFile);
  for (uint64_t bytes : {uint64_t{0}, uint64_t{32} << 10, uint64_t{3} << 20}) {
    Options odd = SmallOptions(env);
    odd.log_memory_bytes = bytes;
    REQUIRE(Database::Open("odd", odd).status().sqlstate() == sqlstate::kInvalidParameterValue);
    odd = SmallOptions(env);
    odd.log_file_bytes = bytes;
    REQUIRE(Database::Open("odd", odd).status().sqlstate() == sqlstate::kInvalidParameterValue);
  }
  REQUIRE(Database::Open("db", missing).status().sqlstate() == sqlstate::kObjectInUse);
}

TEST_CASE("a hot key under an old snapshot keeps a short chain, and the old value") {
  io::SimEnv env(2);
  auto database = Must(Database::Open("db", SmallOptions(env)));
  Must(database->Put("key", "old", {.sync = false}));
  const Snapshot old = database->TakeSnapshot();
  for (int i = 0; i < 20'000; ++i) {
    Must(database->Put("key", std::to_string(i), {.sync = false}));
    if (i % 100 == 0) {
      const Snapshot now = database->TakeSnapshot();
      std::string value;
      REQUIRE(Must(database->Get(now, "key", &value)));
      REQUIRE(value == std::to_string(i));
    }
  }
  std::string value;
  REQUIRE(Must(database->Get(old, "key", &value)));
  REQUIRE(value == "old");
}

TEST_CASE("keys of any length are found in sorted files, one by one and in order") {
  io::SimEnv env(4);
  auto database = Must(Database::Open("db", SmallOptions(env)));
  Model model;
  for (const std::string& key : {std::string(), std::string("a"), std::string(kKeyBytesMax, 'a'), std::string(1, '\0'),
                                 std::string(kKeyBytesMax, '\xff')}) {
    model[key] = "value of " + std::to_string(key.size());
    Must(database->Put(key, model[key], {.sync = false}));
  }
  const Snapshot before = database->TakeSnapshot();
  Must(database->Compact());
  const Snapshot after = database->TakeSnapshot();
  for (const Snapshot* snapshot : {&before, &after}) {
    REQUIRE(All(*database, snapshot) == model);
    REQUIRE(All(*database, snapshot, {}, true) == model);
    Cursor cursor = database->NewCursor(snapshot);
    for (const auto& [key, expected] : model) {
      std::string value;
      REQUIRE(Must(database->Get(*snapshot, key, &value)));
      REQUIRE(value == expected);
      Must(cursor.SeekAtOrBelow(key));
      REQUIRE(cursor.Valid());
      REQUIRE(cursor.key() == key);
    }
  }
  std::string value;
  REQUIRE_FALSE(Must(database->Get("b", &value)));
}

TEST_CASE("a key that was removed over a sorted file is not there for a snapshot, though it comes again") {
  for (const bool in_batch : {false, true}) {
    io::SimEnv env(5);
    auto database = Must(Database::Open("db", SmallOptions(env)));
    const std::string key = "key", other = "other";
    Must(database->Put(key, "old", {.sync = false}));
    Must(database->Put(other, "other", {.sync = false}));
    Must(database->Compact());
    std::optional<Snapshot> with(database->TakeSnapshot());
    Must(database->Delete(key, {.sync = false}));
    std::string value;
    REQUIRE_FALSE(Must(database->Get(key, &value)));
    REQUIRE(Must(database->Get(*with, key, &value)));
    REQUIRE(value == "old");
    with.reset();
    // Purges: a tombstone is left.
    Must(database->Check());
    const Snapshot without = database->TakeSnapshot();
    if (in_batch) {
      Batch batch;
      batch.Put(key, "new");
      batch.Put(other, "changed");
      Must(database->Write(batch, {.sync = false}));
    } else {
      Must(database->Put(key, "new", {.sync = false}));
    }
    for (int i = 0; i < 3; ++i) {
      value.clear();
      REQUIRE_FALSE(Must(database->Get(without, key, &value)));
      REQUIRE(All(*database, &without) == Model{{other, "other"}});
      REQUIRE(Must(database->Get(key, &value)));
      REQUIRE(value == "new");
      Must(database->Compact(i == 1));
    }
    Must(database->Check());
  }
}

TEST_CASE("a cursor goes on where it is when entries leave the pages under it") {
  io::SimEnv env(6);
  auto database = Must(Database::Open("db", SmallOptions(env)));
  constexpr int kKeys = 3000;
  auto key = [](int i) { return std::to_string(100'000 + i); };
  for (int i = 0; i < kKeys; ++i) Must(database->Put(key(i), std::string(100, 'v'), {.sync = false}));
  for (const bool forward : {true, false}) {
    Cursor cursor = database->NewCursor();
    Must(forward ? cursor.SeekFirst() : cursor.SeekLast());
    for (int i = 0; i < kKeys; ++i) {
      REQUIRE(cursor.Valid());
      REQUIRE(cursor.key() == key(forward ? i : kKeys - 1 - i));
      if (i == 10 || i == kKeys / 2) Must(database->Compact(i == 10));
      if (i % 1000 == 999) {
        Must(database->Put(key(i), "changed", {.sync = false}));
        Must(database->Delete(key(i), {.sync = false}));
        Must(database->Put(key(i), "again", {.sync = false}));
      }
      Must(forward ? cursor.Next() : cursor.Previous());
    }
    REQUIRE_FALSE(cursor.Valid());
  }
}

TEST_CASE("a database larger than memory moves to sorted files, and takes less room there") {
  io::SimEnv env(7);
  auto database = Must(Database::Open("db", SmallOptions(env)));
  Model model;
  std::mt19937_64 random(7);
  for (int i = 0; i < 40'000; ++i) {
    const std::string key = std::to_string(random() % 20'000);
    model[key] = std::to_string(i) + std::string(150, 'v');
    Must(database->Put(key, model[key], {.sync = false}));
  }
  const uint64_t before = database->GetStats().disk_bytes;
  Must(database->Compact());
  REQUIRE(database->GetStats().disk_bytes < before);
  REQUIRE(All(*database) == model);
  Must(database->Close());
  database.reset();
  database = Must(Database::Open("db", SmallOptions(env)));
  REQUIRE(All(*database, nullptr, {}, true) == model);
  for (const auto& [key, value] : model) Must(database->Delete(key, {.sync = false}));
  REQUIRE(All(*database).empty());
  Must(database->Check());
  Must(database->Compact());
  REQUIRE(database->GetStats().disk_bytes < 1 << 20);
  REQUIRE(All(*database).empty());
}

TEST_CASE("puts without snapshots do not let the log grow") {
  io::SimEnv env(3);
  Options options = SmallOptions(env);
  auto database = Must(Database::Open("db", options));
  const std::string value(1000, 'v');
  for (int i = 0; i < 40'000; ++i) Must(database->Put(std::to_string(i % 100), value, {.sync = false}));
  // 40 MB have been logged; four files and what is prepared may be left.
  REQUIRE(database->GetStats().log_bytes > 40u << 20);
  REQUIRE(env.used() < 40u << 20);
}

}  // namespace phantom::kv
