// Serializable transactions: histories that no serial order explains end with 40001, others do not.
#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include "txn/serializable_world.h"

using namespace phantom;
using namespace phantom::txn;
using World = SerializableWorld;

namespace {

bool IsClean(World& w) {
  const SerializableGraph::Kept kept = w.graph().CountKept();
  return kept.transactions == 0 && kept.summarised == 0 && w.graph().Locks().empty();
}

}  // namespace

TEST_CASE("write skew: one of two that each read what the other writes fails") {
  World w;
  const bool scan = GENERATE(false, true);
  auto a = w.Begin(), b = w.Begin();
  for (Transaction* t : {a.get(), b.get()}) {
    if (scan) {
      REQUIRE(w.Rows(*t) == 4);
    } else {
      REQUIRE(w.K(*t, 1) + w.K(*t, 2) == 30);
    }
  }
  Must(w.SetK(*a, 1, -10));
  Must(w.SetK(*b, 2, -10));
  Must(w.Commit(*a));
  REQUIRE(IsReadWriteFailure(w.Commit(*b)));
  REQUIRE(b->state() == TransactionState::kAborted);
  // Again it succeeds, seeing what the other did.
  b = w.Begin();
  REQUIRE(w.K(*b, 1) == -10);
  Must(w.SetK(*b, 2, 0));
  Must(w.Commit(*b));
  REQUIRE(IsClean(w));
}

TEST_CASE("REPEATABLE READ permits write skew, and is not watched") {
  World w;
  auto a = w.Begin(Isolation::kRepeatableRead), b = w.Begin();
  REQUIRE(w.K(*a, 1) + w.K(*b, 1) == 20);
  REQUIRE(w.K(*a, 2) + w.K(*b, 2) == 40);
  Must(w.SetK(*a, 1, -10));
  Must(w.SetK(*b, 2, -10));
  Must(w.Commit(*a));
  Must(w.Commit(*b));
}

TEST_CASE("who reads what the other does not touch is not in its way") {
  World w;
  auto a = w.Begin(), b = w.Begin();
  REQUIRE(w.K(*a, 1) == 10);
  REQUIRE(w.K(*b, 2) == 20);
  Must(w.SetK(*a, 1, 11));
  Must(w.SetK(*b, 2, 21));
  Must(w.Insert(*a, 5, 50));
  Must(w.Insert(*b, 6, 60));
  Must(w.Commit(*a));
  Must(w.Commit(*b));
  REQUIRE(IsClean(w));
}

TEST_CASE("one conflict alone is a serial order") {
  World w;
  auto a = w.Begin(), b = w.Begin();
  REQUIRE(w.K(*a, 2) == 20);
  Must(w.SetK(*b, 2, 21));
  Must(w.Commit(*b));
  REQUIRE(w.K(*a, 2) == 20);
  Must(w.SetK(*a, 3, 31));
  Must(w.Commit(*a));
}

TEST_CASE("a reader that comes after the writer learns of it from the version") {
  World w;
  auto a = w.Begin(), b = w.Begin();
  REQUIRE(w.K(*a, 4) == 40);
  REQUIRE(w.K(*b, 4) == 40);
  Must(w.SetK(*a, 1, 11));
  Must(w.SetK(*b, 2, 21));
  REQUIRE(w.K(*a, 2) == 20);  // a comes before b
  Must(w.Commit(*b));
  const int32_t k = w.K(*a, 2);
  REQUIRE(k == 20);
  auto c = w.Begin();
  Must(w.Commit(*a));
  Must(w.Commit(*c));
  // And the other way round it is an anomaly, found at the read or at the commit.
  a = w.Begin(), b = w.Begin();
  REQUIRE(w.K(*a, 4) == 40);
  REQUIRE(w.K(*b, 4) == 40);
  Must(w.SetK(*a, 1, 12));
  Must(w.SetK(*b, 2, 22));
  REQUIRE(w.K(*a, 2) == 21);
  REQUIRE(w.K(*b, 1) == 11);
  Must(w.Commit(*a));
  REQUIRE(IsReadWriteFailure(w.Commit(*b)));
}

TEST_CASE("phantoms: what is looked for in a range or a table and not there") {
  World w;
  const bool range = GENERATE(true, false);
  auto a = w.Begin(), b = w.Begin();
  int32_t id = 100;
  for (Transaction* t : {a.get(), b.get()}) {
    if (range) {
      REQUIRE(Must(w.table->FindByK(t->TakeSnapshot(), 77)).empty());
    } else {
      REQUIRE(w.Rows(*t) == 4);
    }
    Must(w.Insert(*t, id++, 77));
  }
  Must(w.Commit(*a));
  REQUIRE(IsReadWriteFailure(w.Commit(*b)));
  REQUIRE(w.table->All().size() == 5);
}

TEST_CASE("a row that comes into a range by a change of its key") {
  World w;
  auto a = w.Begin(), b = w.Begin();
  REQUIRE(Must(w.table->FindByK(a->TakeSnapshot(), 77)).empty());
  REQUIRE(Must(w.table->FindByK(b->TakeSnapshot(), 78)).empty());
  Must(w.SetK(*b, 1, 77));
  Must(w.SetK(*a, 2, 78));
  Must(w.Commit(*b));
  REQUIRE(IsReadWriteFailure(w.Commit(*a)));
}

TEST_CASE("a deleted row that has been read") {
  World w;
  auto a = w.Begin(), b = w.Begin();
  REQUIRE(w.K(*a, 1) + w.K(*a, 2) == 30);
  REQUIRE(w.K(*b, 1) + w.K(*b, 2) == 30);
  REQUIRE(Must(w.table->Delete(*a, 1)));
  REQUIRE(Must(w.table->Delete(*b, 2)));
  Must(w.Commit(*b));
  REQUIRE(IsReadWriteFailure(w.Commit(*a)));
}

TEST_CASE("the read-only anomaly: who only reads makes two others' order wrong") {
  World w;
  auto withdraw = w.Begin(), deposit = w.Begin();
  REQUIRE(w.K(*withdraw, 1) + w.K(*withdraw, 2) == 30);
  REQUIRE(w.K(*deposit, 2) == 20);
  Must(w.SetK(*deposit, 2, 40));
  Must(w.Commit(*deposit));
  SECTION("without the report all is well") {
    Must(w.SetK(*withdraw, 1, -21));
    Must(w.Commit(*withdraw));
  }
  SECTION("the report has seen the deposit, so the withdrawal comes too late") {
    auto report = w.BeginReading();
    REQUIRE(w.K(*report, 1) + w.K(*report, 2) == 50);
    Must(w.Commit(*report));
    Status late = w.SetK(*withdraw, 1, -21);
    if (late.ok()) late = w.Commit(*withdraw);
    REQUIRE(IsReadWriteFailure(late));
  }
}

TEST_CASE("who only reads and is alone with readers is not watched at all") {
  World w;
  auto other = w.BeginReading();
  REQUIRE(w.K(*other, 1) == 10);
  REQUIRE(other->serializable() == nullptr);
  auto writer = w.Begin();
  REQUIRE(w.K(*writer, 1) == 10);
  auto reader = w.BeginReading();
  REQUIRE(w.K(*reader, 1) == 10);
  REQUIRE(reader->serializable() != nullptr);
  REQUIRE(!reader->serializable()->safe());
  // The writer has read past nobody who committed before the reader's snapshot.
  Must(w.SetK(*writer, 1, 11));
  Must(w.Commit(*writer));
  REQUIRE(reader->serializable()->safe());
  REQUIRE(w.K(*reader, 1) == 10);
  REQUIRE(w.Rows(*reader) == 4);
  Must(w.Commit(*reader));
  REQUIRE(IsClean(w));
}

TEST_CASE("a deferrable transaction waits for a safe snapshot") {
  World w;
  LockHolder locks(w.database->manager().locks(), 7);
  // It is no lock that it waits for.
  locks.SetTimeouts(/*lock_timeout_ms=*/1, /*deadlock_timeout_ms=*/1);
  auto begin = [&] {
    return w.database->manager().Begin(
        {.isolation = Isolation::kSerializable, .read_only = true, .locks = &locks, .deferrable = true});
  };
  auto withdraw = w.Begin(), deposit = w.Begin();
  REQUIRE(w.K(*withdraw, 1) + w.K(*withdraw, 2) == 30);
  REQUIRE(w.K(*deposit, 2) == 20);
  Must(w.SetK(*deposit, 2, 40));
  Must(w.Commit(*deposit));
  auto report = begin();
  auto waiting = std::async(std::launch::async, [&] { return report->AwaitSafeSnapshot(); });
  while (w.graph().SafeSnapshotBlockers(7).empty()) std::this_thread::yield();
  REQUIRE(w.graph().SafeSnapshotBlockers(8).empty());
  REQUIRE(waiting.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
  SECTION("a snapshot that turns out unsafe is left for another") {
    Must(w.SetK(*withdraw, 1, -21));
    Must(w.Commit(*withdraw));
    Must(waiting.get());
    REQUIRE(w.K(*report, 1) + w.K(*report, 2) == 19);
  }
  SECTION("one that turns out safe is kept") {
    Must(withdraw->Abort());
    Must(waiting.get());
    REQUIRE(w.K(*report, 1) + w.K(*report, 2) == 50);
  }
  SECTION("the wait can be cancelled") {
    std::atomic<bool> cancelled{true};
    locks.SetCancelFlags(&cancelled, nullptr);
    locks.Interrupt();
    REQUIRE(waiting.get().sqlstate() == sqlstate::kQueryCanceled);
    locks.SetCancelFlags(nullptr, nullptr);
    Must(report->Abort());
    return;
  }
  Must(w.Commit(*report));
  if (withdraw->active()) Must(withdraw->Abort());
  REQUIRE(IsClean(w));
}

TEST_CASE("the snapshot of one who only reads can be adopted, safe or not, until that one has ended") {
  World w;
  auto writer = w.Begin();
  REQUIRE(w.K(*writer, 1) == 10);
  auto exporter = w.BeginReading();
  KeptSnapshot kept;
  {
    const Snapshot seen = exporter->TakeSnapshot();
    kept = w.database->manager().KeepSnapshot(seen);
  }
  Must(w.SetK(*writer, 1, 11));
  auto importer = w.BeginReading();
  SECTION("while it is watched") {
    Must(importer->AdoptSnapshot(kept));
    REQUIRE(importer->serializable() != nullptr);
    REQUIRE(!importer->serializable()->safe());
    REQUIRE(w.K(*importer, 1) == 10);
    Must(w.Commit(*writer));
    REQUIRE(importer->serializable()->safe());
  }
  SECTION("when it has become safe") {
    Must(w.Commit(*writer));
    REQUIRE(exporter->serializable()->safe());
    Must(importer->AdoptSnapshot(kept));
    REQUIRE(importer->serializable() == nullptr);
    // It goes on alone.
    Must(w.Commit(*exporter));
    REQUIRE(w.K(*importer, 1) == 10);
    REQUIRE(w.Rows(*importer) == 4);
  }
  SECTION("not afterwards, though another may be found where it was") {
    const bool safe = GENERATE(false, true);
    if (safe) Must(w.Commit(*writer));
    Must(w.Commit(*exporter));
    exporter.reset();
    std::vector<std::unique_ptr<Transaction>> others;
    auto late = w.Begin();
    REQUIRE(w.K(*late, 2) == 20);
    for (int i = 0; i < 20; ++i) {
      others.push_back(w.BeginReading());
      REQUIRE(w.K(*others.back(), 2) == 20);
      REQUIRE(others.back()->serializable() != nullptr);
      const Status adopted = importer->AdoptSnapshot(kept);
      REQUIRE(adopted.sqlstate() == sqlstate::kObjectNotInPrerequisiteState);
    }
  }
  for (Transaction* t : {importer.get(), exporter.get(), writer.get()}) {
    if (t != nullptr && t->active()) Must(w.Commit(*t));
  }
}

TEST_CASE("a scan that is started again reads for the transaction whose snapshot it has then") {
  World w;
  const std::string key = TestTable::Key(1);
  const bool first_watched = GENERATE(false, true);
  auto before = w.Begin(first_watched ? Isolation::kSerializable : Isolation::kReadCommitted);
  Snapshot seen = before->TakeSnapshot();
  IndexScan scan(w.table->by_id(), seen, {key, true, key, true});
  IndexEntry entry;
  REQUIRE(Must(scan.Next(&entry)));
  REQUIRE(w.graph().Locks().size() == (first_watched ? 1 : 0));
  seen.Release();
  Must(before->Abort());
  before.reset();
  REQUIRE(IsClean(w));
  auto after = w.Begin();
  seen = after->TakeSnapshot();
  scan.Restart({key, true, key, true});
  REQUIRE(Must(scan.Next(&entry)));
  REQUIRE(w.graph().Locks().size() == 1);
  Must(after->Abort());
  seen.Release();
  REQUIRE(IsClean(w));
}

TEST_CASE("a table that is nobody else's is not watched") {
  World w;
  w.table->rows().SetPrivate();
  w.table->by_id().SetPrivate();
  w.table->by_k().SetPrivate();
  auto beside = w.Begin(), t = w.Begin();
  beside->EnsureSerializable();
  REQUIRE(w.Rows(*t) == 4);
  REQUIRE(w.K(*t, 1) == 10);
  REQUIRE(w.table->FindByK(t->TakeSnapshot(), 20).ok());
  Must(w.Insert(*t, 5, 50));
  Must(w.SetK(*t, 2, 21));
  REQUIRE(w.graph().Locks().empty());
  SECTION("who has written nothing else has only read") {
    Must(w.Commit(*t));
    REQUIRE(w.graph().Locks().empty());
  }
  SECTION("nor is its going") {
    Must(w.database->manager().DropTree(*t, TestTable::kSpace, w.trees.rows, /*is_private=*/true));
    Must(w.Commit(*t));
  }
  Must(w.Commit(*beside));
  REQUIRE(IsClean(w));
}

TEST_CASE("a key that another has looked for and inserted is a matter of order, not a duplicate") {
  World w;
  auto a = w.Begin(), b = w.Begin();
  REQUIRE(w.K(*a, 42) == -1);
  REQUIRE(w.K(*b, 42) == -1);
  Must(w.Insert(*a, 42, 1));
  Must(w.Commit(*a));
  REQUIRE(IsReadWriteFailure(w.Insert(*b, 42, 1)));
  // Who had not looked is told the plain truth.
  auto c = w.Begin();
  REQUIRE(w.Insert(*c, 42, 1).sqlstate() == sqlstate::kUniqueViolation);
}

TEST_CASE("the first who wrote after the snapshot is met, however many wrote after") {
  World w;
  auto old = w.Begin(), first = w.Begin();
  REQUIRE(w.K(*old, 4) == 40);
  REQUIRE(w.K(*first, 2) == 20);
  Must(w.SetK(*first, 1, 11));
  Must(w.Commit(*first));
  for (int32_t i = 0; i < 40; ++i) {
    auto t = w.Begin(Isolation::kReadCommitted);
    Must(w.SetK(*t, 1, 100 + i));
    Must(w.Commit(*t));
    Must(w.database->manager().RunPurge());
  }
  Must(w.SetK(*old, 2, 21));  // after first, which has read it,
  const bool read = w.K(*old, 1) == 10;  // ... and before it
  REQUIRE((!read || IsReadWriteFailure(w.Commit(*old))));
}

TEST_CASE("a row inserted and deleted since the snapshot, or loaded into segments, is met") {
  World w;
  auto old = w.Begin(), writer = w.Begin();
  REQUIRE(w.K(*old, 4) == 40);
  REQUIRE(w.K(*writer, 2) == 20);
  SECTION("deleted") {
    Must(w.Insert(*writer, 50, 50));
    Must(w.Commit(*writer));
    auto t = w.Begin(Isolation::kReadCommitted);
    REQUIRE(Must(w.table->Delete(*t, 50)));
    Must(w.Commit(*t));
    Must(w.database->manager().RunPurge());
  }
  SECTION("loaded") {
    Must(w.table->Load(*writer, TestTable::Rows(50, 60)));
    Must(w.Commit(*writer));
  }
  Must(w.SetK(*old, 2, 21));
  bool failed = false;
  if (GENERATE(true, false)) {
    failed = !w.table->Scan(old->TakeSnapshot()).ok();
  } else {
    failed = w.K(*old, 50) == -40001;
  }
  REQUIRE((failed || IsReadWriteFailure(w.Commit(*old))));
}

TEST_CASE("loaded rows are a table reader's phantoms") {
  World w;
  auto reader = w.Begin(), loader = w.Begin();
  REQUIRE(w.Rows(*reader) == 4);
  REQUIRE(w.Rows(*loader) == 4);
  Must(w.SetK(*reader, 1, 11));
  Status loaded = w.table->Load(*loader, TestTable::Rows(50, 60));
  Must(w.Commit(*reader));
  REQUIRE((!loaded.ok() || IsReadWriteFailure(w.Commit(*loader))));
}

TEST_CASE("cold rows are read and written like others") {
  World w;
  Must(w.database->manager().RunPurge());
  REQUIRE(Must(w.table->rows().Freeze(0)));
  auto a = w.Begin(), b = w.Begin();
  for (Transaction* t : {a.get(), b.get()}) REQUIRE(w.K(*t, 1) + w.K(*t, 2) == 30);
  Must(w.SetK(*a, 1, -10));
  Must(w.SetK(*b, 2, -10));
  Must(w.Commit(*a));
  REQUIRE(IsReadWriteFailure(w.Commit(*b)));
}

TEST_CASE("who reads many rows through an index has read the table") {
  World w({.predicate_locks_max = 4});
  auto t = w.Begin(Isolation::kReadCommitted);
  for (const TestRow& row : TestTable::Rows(100, 1000)) Must(w.table->Insert(*t, row));
  Must(w.Commit(*t));
  auto a = w.Begin();
  for (int32_t id = 100; id < 1000; ++id) REQUIRE(w.K(*a, id) >= 0);
  bool table = false;
  const auto locks = w.graph().Locks();
  REQUIRE(locks.size() <= 1 + 4);
  for (const auto& row : locks) table |= row.lock.kind == PredicateLockInfo::Kind::kTree && row.lock.tree.tree == w.trees.rows;
  REQUIRE(table);
  auto b = w.Begin();
  REQUIRE(w.K(*b, 1) == 10);
  Must(w.SetK(*a, 1, 11));
  Must(w.Insert(*b, 5000, 1));
  Must(w.Commit(*a));
  REQUIRE(IsReadWriteFailure(w.Commit(*b)));
}

TEST_CASE("who writes a row it has read is found by its version") {
  World w;
  auto a = w.Begin();
  REQUIRE(w.K(*a, 1) == 10);
  const auto rows = [&] {
    const auto locks = w.graph().Locks();
    return std::ranges::count_if(locks, [](const auto& row) { return row.lock.kind == PredicateLockInfo::Kind::kRow; });
  };
  REQUIRE(rows() == 1);
  Must(w.SetK(*a, 1, 11));
  REQUIRE(rows() == 0);
  auto savepoint = a->Savepoint();
  Must(w.SetK(*a, 2, 21));
  REQUIRE(rows() == 1);
  Must(a->RollbackTo(savepoint));
  Must(a->Abort());
  REQUIRE(IsClean(w));
}

TEST_CASE("few of those that committed are kept in full, and what is left of the others still counts") {
  World w({.serializable_kept_max = 5});
  auto old = w.Begin();
  REQUIRE(w.K(*old, 1) == 10);
  {
    auto writer = w.Begin();
    REQUIRE(w.K(*writer, 2) == 20);
    Must(w.SetK(*writer, 1, 11));
    Must(w.Commit(*writer));
  }
  for (int32_t i = 0; i < 100; ++i) {
    auto t = w.Begin();
    REQUIRE(w.K(*t, 3) == 30 + i);
    Must(w.SetK(*t, 3, 31 + i));
    Must(w.Commit(*t));
    REQUIRE(w.graph().CountKept().transactions <= 8);
  }
  REQUIRE(w.graph().CountKept().summarised >= 90);
  REQUIRE(w.graph().Locks().size() < 60);
  SECTION("one that read what is written now") {
    Status late = w.SetK(*old, 2, 21);
    if (late.ok()) late = w.Commit(*old);
    REQUIRE(IsReadWriteFailure(late));
  }
  SECTION("one that wrote what is read now") {
    Must(w.SetK(*old, 4, 41));
    const bool read = w.K(*old, 3) == 30;
    Status late = read ? w.SetK(*old, 2, 21) : Error(sqlstate::kTRSerializationFailure, "");
    if (late.ok()) late = w.Commit(*old);
    REQUIRE(late.sqlstate() == sqlstate::kTRSerializationFailure);
  }
  SECTION("one that is in nobody's way may commit") {
    Must(w.Commit(*old));
  }
  if (old->active()) Must(old->Abort());
  auto last = w.Begin();
  REQUIRE(w.K(*last, 4) >= 40);
  Must(w.Commit(*last));
  REQUIRE(IsClean(w));
}

TEST_CASE("of a thousand at once and thousands that have ended no more is kept than there is room for") {
  constexpr size_t kBytesMax = 1 << 20, kTransactions = 1000, kKept = 100;
  constexpr TreeName kRows{SpaceId(1), TreeId(20000)}, kEntries{SpaceId(1), TreeId(20001)};
  SerializableGraph graph({.committed_max = kKept, .read_bytes_max = kBytesMax}, [](uint64_t) {});
  auto take = [] {};
  uint32_t next = 0;
  auto read = [&](SerializableTransaction& t) {
    for (int i = 0; i < 50; ++i, next = (next + 7919) % 1000000) {
      graph.locks().LockRow(t, kRows, RowId(next));
      graph.locks().LockStretch(t, kEntries, Format("%08u", next), Format("%08u", next + 1));
    }
  };
  SerializableTransaction* const old = graph.Begin({}, take);
  for (int turn = 0; turn < 4; ++turn) {
    std::vector<SerializableTransaction*> open;
    for (size_t i = 0; i < kTransactions; ++i) {
      open.push_back(graph.Begin({}, take));
      read(*open.back());
    }
    REQUIRE(graph.locks().bytes() < 2 * kBytesMax);
    for (SerializableTransaction* t : open) {
      Must(graph.Prepare(*t));
      graph.Commit(*t);
    }
    // The next to begin makes room.
    SerializableTransaction* const one = graph.Begin({}, take);
    REQUIRE(graph.CountKept().transactions <= kKept + 2);
    REQUIRE(graph.locks().bytes() < 2 * kBytesMax);
    graph.Abort(*one);
  }
  graph.Abort(*old);
  REQUIRE(graph.CountKept().transactions == 0);
  REQUIRE(graph.locks().bytes() == 0);
}

TEST_CASE("a prepared transaction cannot fail any more: the others do") {
  World w;
  auto a = w.Begin(), b = w.Begin();
  REQUIRE(w.K(*a, 1) + w.K(*a, 2) == 30);
  REQUIRE(w.K(*b, 1) + w.K(*b, 2) == 30);
  Must(w.SetK(*a, 1, -10));
  Must(w.graph().Prepare(*a->serializable()));
  REQUIRE(IsReadWriteFailure(w.SetK(*b, 2, -10)));
  Must(b->Abort());
  Must(a->Abort());
  REQUIRE(IsClean(w));
}

TEST_CASE("a restored transaction may have had conflicts with anybody, and may have read anything") {
  World w;
  SerializableTransaction* restored = w.graph().Restore(TxnId(1), false);
  auto t = w.Begin();
  REQUIRE(w.K(*t, 1) == 10);
  REQUIRE(IsReadWriteFailure(w.graph().ReadPast(*t->serializable(), TxnId(1))));
  Must(t->Abort());
  auto other = w.Begin();
  t = w.Begin();
  REQUIRE(w.K(*t, 2) == 20);
  Must(w.SetK(*other, 2, 21));
  Must(w.Commit(*other));
  // What restored has read and t writes, t has read before other wrote it.
  Status late = w.SetK(*t, 1, 11);
  if (late.ok()) late = w.Commit(*t);
  REQUIRE(IsReadWriteFailure(late));
  if (t->active()) Must(t->Abort());
  w.graph().Commit(*restored);
  REQUIRE(IsClean(w));
}

TEST_CASE("truncation is a write of all that was read") {
  World w;
  auto a = w.Begin(), b = w.Begin();
  REQUIRE(w.K(*a, 1) + w.K(*a, 2) == 30);
  REQUIRE(w.Rows(*b) == 4);
  Must(w.SetK(*a, 1, 11));
  Must(TestTable::DropIn(*w.database, *b, w.trees));
  Must(w.Commit(*a));
  REQUIRE(IsReadWriteFailure(w.Commit(*b)));
}
