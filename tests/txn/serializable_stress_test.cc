// Many serializable transactions at once, by rules that each keeps: none is ever broken.
#include <random>
#include <thread>

#include "txn/serializable_world.h"

using namespace phantom;
using namespace phantom::txn;

namespace {

constexpr int32_t kPairs = 4, kThreads = 6, kRounds = 120;

class Worker {
 public:
  Worker(SerializableWorld& world, int32_t number)
      : w_(world), next_id_(1000 + 10000 * number), random_(static_cast<uint32_t>(number) + 1) {}

  void Run() {
    for (int32_t round = 0; round < kRounds; ++round) {
      const bool reads = Below(5) == 0;
      auto t = reads ? w_.BeginReading() : w_.Begin();
      Status status = reads ? Report(*t) : Below(2) == 0 ? Withdraw(*t) : Below(2) == 0 ? Claim(*t) : ClaimByScan(*t);
      if (status.ok()) status = t->Commit().status();
      if (status.ok()) {
        ++committed;
        broken |= reads && !Rules(seen_);
      } else if (status.sqlstate() != sqlstate::kTRSerializationFailure && status.sqlstate() != sqlstate::kTRDeadlockDetected) {
        failed = status;
      }
    }
  }

  static bool Rules(const TestRows& rows) {
    std::map<int32_t, int32_t> claims;
    for (const auto& [id, row] : rows) {
      if (row.k >= 10000 && ++claims[row.k] > 1) return false;
    }
    for (int32_t pair = 0; pair < kPairs; ++pair) {
      if (rows.at(100 + 2 * pair).k + rows.at(101 + 2 * pair).k < 0) return false;
    }
    return true;
  }

  Status failed;  // with anything but 40001 and 40P01
  int32_t committed = 0;
  bool broken = false;

 private:
  int32_t Below(int32_t n) { return static_cast<int32_t>(random_() % static_cast<uint32_t>(n)); }
  Result<int32_t> K(Transaction& t, int32_t id) {
    ASSIGN_OR_RETURN(auto found, w_.table->FindById(t.TakeSnapshot(), id));
    return found ? found->second.k : 0;
  }

  // Of a pair's two accounts one may be overdrawn as long as both together are not.
  Status Withdraw(Transaction& t) {
    const int32_t first = 100 + 2 * Below(kPairs), from = first + Below(2);
    ASSIGN_OR_RETURN(const int32_t a, K(t, first));
    ASSIGN_OR_RETURN(const int32_t b, K(t, first + 1));
    std::this_thread::yield();
    const int32_t amount = a + b > 50 ? -(1 + Below(a + b)) : 60;
    return w_.table->AddToK(t, from, amount).status();
  }
  // A number is claimed by one at most; found by the index on k.
  Status Claim(Transaction& t) {
    const int32_t number = 10000 + Below(40);
    ASSIGN_OR_RETURN(const std::vector<TestRow> taken, w_.table->FindByK(t.TakeSnapshot(), number));
    std::this_thread::yield();
    if (!taken.empty()) return w_.table->Delete(t, taken.front().id).status();
    return w_.Insert(t, next_id_++, number);
  }
  // The same by looking at all rows.
  Status ClaimByScan(Transaction& t) {
    const int32_t number = 20000 + Below(10);
    ASSIGN_OR_RETURN(const TestRows rows, w_.table->Scan(t.TakeSnapshot()));
    for (const auto& [id, row] : rows) {
      if (row.k == number) return w_.table->Delete(t, id).status();
    }
    return w_.Insert(t, next_id_++, number);
  }
  // The rules hold in everything that a committed reader has seen.
  Status Report(Transaction& t) {
    ASSIGN_OR_RETURN(seen_, w_.table->Scan(t.TakeSnapshot()));
    return Status::Ok();
  }

  SerializableWorld& w_;
  int32_t next_id_;
  std::mt19937 random_;
  TestRows seen_;
};

}  // namespace

TEST_CASE("rules that each serializable transaction keeps are kept by all together") {
  const size_t kept_max = GENERATE(size_t{2}, size_t{1000});
  SerializableWorld w({.purge_interval_ms = 1, .background_undo = true, .predicate_locks_max = 8, .serializable_kept_max = kept_max});
  auto t = w.Begin(Isolation::kReadCommitted);
  for (int32_t i = 0; i < 2 * kPairs; ++i) Must(w.Insert(*t, 100 + i, 100));
  Must(t->Commit());
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::thread> threads;
  for (int32_t i = 0; i < kThreads; ++i) workers.push_back(std::make_unique<Worker>(w, i));
  for (auto& worker : workers) threads.emplace_back([&] { worker->Run(); });
  for (std::thread& thread : threads) thread.join();
  int32_t committed = 0;
  for (auto& worker : workers) {
    Must(worker->failed);
    REQUIRE(!worker->broken);
    committed += worker->committed;
  }
  REQUIRE(committed > 0);
  REQUIRE(Worker::Rules(w.table->All()));
  REQUIRE(w.graph().CountKept().transactions == 0);
  REQUIRE(w.graph().Locks().empty());
  w.table->Check();
}
