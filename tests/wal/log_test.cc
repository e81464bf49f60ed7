#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <random>
#include <thread>

#include "io/sim_env.h"
#include "wal/file_header.h"
#include "wal/log_files.h"
#include "wal/log_reader.h"
#include "wal/log_writer.h"

using namespace phantom;
using namespace phantom::wal;

static constexpr LogOptions kSmall{.file_bytes = 256 << 10, .ring_bytes = 128 << 10};

static std::string Payload(uint64_t n) { return std::string(n * 37 % 5000, static_cast<char>('a' + n % 26)); }

static Lsn AppendOne(LogWriter& log, uint64_t n) {
  RecordInfo info;
  info.type = RecordType::kNotice;
  info.txn = TxnId(n);
  std::string payload = Payload(n);
  return log.Append(info, {AsBytes(payload).first(payload.size() / 3), AsBytes(payload).subspan(payload.size() / 3)});
}

static std::unique_ptr<LogWriter> OpenLog(io::Env& env, Lsn end, uint32_t epoch) {
  REQUIRE(env.MakeDirectory("wal").ok());
  return std::move(LogWriter::Open(env, "wal", kSmall, end, epoch)).value();
}

TEST_CASE("records are read back from the ring, from the files and in order") {
  io::SimEnv env(1);
  std::vector<Lsn> lsns;
  Lsn end;
  {
    auto log = OpenLog(env, Lsn(0), 1);
    for (uint64_t n = 0; n < 1000; ++n) lsns.push_back(AppendOne(*log, n));
    REQUIRE(lsns[0] > Lsn(0));
    Record record;
    for (uint64_t n = 0; n < lsns.size(); ++n) {
      REQUIRE(log->ReadRecord(lsns[n], &record).ok());
      REQUIRE(record.lsn() == lsns[n]);
      REQUIRE(record.txn() == TxnId(n));
      REQUIRE(AsText(record.payload()) == Payload(n));
    }
    bool called = false;
    log->Flush(lsns.back());
    log->WhenDurable(lsns.back(), [&] { called = true; });
    REQUIRE(called);
    end = log->appended();
  }
  LogReader reader(env, "wal", kSmall.file_bytes, Lsn(0), 1);
  Record record;
  for (uint64_t n = 0; n < lsns.size(); ++n) {
    REQUIRE(reader.Next(&record).value());
    REQUIRE(record.lsn() == lsns[n]);
    REQUIRE(AsText(record.payload()) == Payload(n));
  }
  REQUIRE(!reader.Next(&record).value());
  REQUIRE(reader.position() == end);
}

TEST_CASE("who commits alone makes it durable himself") {
  io::SimEnv env(1);
  auto log = OpenLog(env, Lsn(0), 1);
  for (uint64_t n = 0; n < 100; ++n) {
    const Lsn lsn = AppendOne(*log, n);
    REQUIRE(log->FlushAlone(lsn));
    REQUIRE(log->IsDurable(lsn));
    REQUIRE(log->FlushAlone(lsn));
  }
}

TEST_CASE("old files are recycled and the log goes on after reopening") {
  io::SimEnv env(2);
  Lsn end;
  uint64_t n = 0;
  for (uint32_t epoch = 1; epoch <= 5; ++epoch) {
    Lsn start = end;
    auto log = OpenLog(env, end, epoch);
    for (int i = 0; i < 300; ++i) AppendOne(*log, n++);
    end = log->appended();
    REQUIRE(log->Truncate(start).ok());
    REQUIRE(log->oldest() <= start);
    REQUIRE(start.value - log->oldest().value < kSmall.file_bytes);
    log.reset();
    LogReader reader(env, "wal", kSmall.file_bytes, start, epoch);
    Record record;
    for (int i = 300; i > 0; --i) {
      REQUIRE(reader.Next(&record).value());
      REQUIRE(record.txn() == TxnId(n - static_cast<uint64_t>(i)));
    }
    REQUIRE(!reader.Next(&record).value());
    REQUIRE(reader.position() == end);
  }
}

TEST_CASE("after a cut at any moment the log holds all that was durable and a prefix of the rest") {
  for (uint64_t cut = 1; cut < 120; cut += 5) {
    io::SimEnv env(cut);
    uint32_t epoch = 0;
    Lsn end;
    uint64_t n = 0;
    for (int life = 0; life < 3; ++life) {
      env.CutPowerAfter(cut * (life == 0 ? 1 : 7));
      uint64_t durable = 0;
      {
        REQUIRE(env.MakeDirectory("wal").ok());
        auto opened = LogWriter::Open(env, "wal", kSmall, end, ++epoch);
        REQUIRE(opened.ok());
        std::mt19937_64 random(cut);
        uint64_t in_life = 0;
        while (!env.power_cut()) {
          Lsn lsn = AppendOne(**opened, n + in_life++);
          if (random() % 4 == 0) {
            (*opened)->Flush(lsn);
            if (!env.power_cut()) durable = in_life;
          }
        }
      }
      env.Restart();
      REQUIRE(env.MakeDirectory("wal").ok());
      LogReader reader(env, "wal", kSmall.file_bytes, end, epoch);
      Record record;
      uint64_t found = 0;
      while (reader.Next(&record).value()) {
        REQUIRE(record.txn() == TxnId(n + found));
        REQUIRE(AsText(record.payload()) == Payload(n + found));
        ++found;
      }
      REQUIRE(found >= durable);
      n += found;
      end = reader.position();
    }
  }
}

TEST_CASE("records can be read while others append") {
  io::SimEnv env(3);
  auto log = OpenLog(env, Lsn(0), 1);
  constexpr uint64_t kRecords = 4000;
  std::vector<std::atomic<uint64_t>> lsns(kRecords);
  std::atomic<uint64_t> appended = 0;
  std::thread writer([&] {
    for (uint64_t n = 0; n < kRecords; ++n) {
      lsns[n] = AppendOne(*log, n).value;
      appended = n + 1;
    }
  });
  std::mt19937_64 random(5);
  Record record;
  for (int i = 0; i < 4000; ++i) {
    uint64_t count = appended;
    if (count == 0) continue;
    uint64_t n = random() % count;
    REQUIRE(log->ReadRecord(Lsn(lsns[n]), &record).ok());
    REQUIRE(record.txn() == TxnId(n));
    REQUIRE(AsText(record.payload()) == Payload(n));
  }
  writer.join();
}

// Nobody needs such a record, but a reader may only learn so when it fails.
TEST_CASE("records may be read while their files are recycled") {
  io::SimEnv env(6);
  auto log = OpenLog(env, Lsn(0), 1);
  constexpr uint64_t kRecords = 20000;
  std::vector<std::atomic<uint64_t>> lsns(kRecords);
  std::atomic<uint64_t> appended = 0, dropped = 0;
  bool truncated = true;
  std::thread writer([&] {
    for (uint64_t n = 0; n < kRecords; ++n) {
      lsns[n] = AppendOne(*log, n).value;
      appended = n + 1;
      if (n % 100 != 99) continue;
      log->Flush(Lsn(lsns[n]));
      dropped = n - 99;
      truncated &= log->Truncate(Lsn(lsns[n - 99])).ok();
    }
  });
  std::mt19937_64 random(7);
  Record record;
  for (;;) {
    const uint64_t gone = dropped;  // before the other, which is always greater
    const uint64_t count = appended;
    if (count == kRecords) break;
    if (count == 0) continue;
    const uint64_t from = gone < 150 ? 0 : gone - 150;
    const uint64_t n = from + random() % (count - from);
    if (!log->ReadRecord(Lsn(lsns[n]), &record).ok()) {
      REQUIRE(n < dropped);
      continue;
    }
    REQUIRE(record.txn() == TxnId(n));
    REQUIRE(AsText(record.payload()) == Payload(n));
  }
  writer.join();
  REQUIRE(truncated);
}

TEST_CASE("a record's own length is not believed") {
  RecordHeader header{};
  header.lsn = 64;
  header.length = 1 << 30;
  REQUIRE(!IsRecord(header, 64, kRecordHeaderBytes));
}

TEST_CASE("a full disk is refused before the log is in danger and waited for in need") {
  io::SimEnv env(4);
  auto log = OpenLog(env, Lsn(0), 1);
  env.SetCapacity(kSmall.file_bytes + 1000);
  Status status;
  uint64_t n = 0;
  while ((status = log->Admit()).ok() && n < 10000) AppendOne(*log, n++);
  REQUIRE(status.sqlstate() == sqlstate::kDiskFull);
  // What may not fail goes on in the reserve, and waits when that is used up.
  std::atomic<bool> done = false;
  std::thread critical([&] {
    for (int i = 0; i < 100; ++i) AppendOne(*log, n++);
    done = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  REQUIRE(!done);
  env.SetCapacity(UINT64_MAX);
  critical.join();
  log->Flush(AppendOne(*log, n));
  while (!log->Admit().ok()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

TEST_CASE("the log's bytes are as documented") {
  io::SimEnv env(5);
  {
    auto log = OpenLog(env, Lsn(0), 7);
    RecordInfo info;
    info.type = RecordType::kCommit;
    info.flags = 0x21;
    info.txn = TxnId(0x1122334455667788);
    info.prev = Lsn(0x40);
    REQUIRE(log->Append(info, {AsBytes("golden")}) == Lsn(64));
  }
  auto file = std::move(env.Open("wal/0000000000000000.wal", io::OpenMode::kExisting)).value();
  std::array<std::byte, 112> bytes;
  REQUIRE(file->Read(0, bytes).ok());
  std::string hex;
  for (std::byte b : bytes) hex += Format("%02x", static_cast<unsigned>(b));
  REQUIRE(hex ==
          "c4cf11e440000000070000000200010000000000000000000000000000000000000000000000000050484e544d57414c"
          "0100000000000000000004000000000004268ac52e000000070000002021090040000000000000008877665544332211"
          "4000000000000000676f6c64656e0000");
}

TEST_CASE("a failed sync of the log stops the process") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    (void)std::freopen("/dev/null", "w", stderr);
    std::signal(SIGABRT, SIG_DFL);
    io::SimEnv env(6);
    auto log = OpenLog(env, Lsn(0), 1);
    env.FailSyncAfter(0);
    log->Flush(AppendOne(*log, 1));
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGABRT);
}

TEST_CASE("threads fill a ring that is much too small") {
  io::SimEnv env(9);
  auto log = OpenLog(env, Lsn(0), 1);
  constexpr uint64_t kThreads = 8, kRecords = 4000;
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint64_t n = 0; n < kRecords; ++n) {
        const Lsn lsn = AppendOne(*log, thread + n * kThreads);
        if (n % 64 == thread) log->Flush(lsn);
        if (n % 256 == 0) (void)log->Truncate(log->durable());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  log->Flush(Lsn(log->appended().value - 1));
  REQUIRE(log->durable() == log->appended());
}
