// tests/txn/power_cuts.h
//
// Plays histories of many lives each: several sessions' transactions (rows, savepoints, tables and indexes made and
// dropped, index builds, sequences, row locks) beside checkpoints and purge on a simulated disk whose power is cut at a
// random write, also while it recovers; some are prepared before they end. After every recovery all must be as a model says: what was acknowledged is there;
// of a transaction whose commit was not, all or nothing; nothing that was rolled back; no acknowledged read was of
// something that is gone; every tree is somebody's, every page and every index entry right.
//
// Each session has rows and tables of its own, so its part of the model is sequential; all of them move money between
// shared accounts, whose sum stays zero, and count up one shared row.
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "io/sim_env.h"
#include "txn/fixture.h"
#include "txn/sequence.h"

namespace phantom::txn {

// Something that must hold does not.
inline Status Wrong(std::string what) { return Error(sqlstate::kDataCorrupted, std::move(what)); }

struct PowerCutCounts {
  uint64_t cuts = 0;
  uint64_t cuts_in_recovery = 0;
  uint64_t commits = 0;      // acknowledged
  uint64_t rollbacks = 0;
  uint64_t checkpoints = 0;
  uint64_t tables = 0;       // made, or made anew by TRUNCATE
  uint64_t indexes = 0;      // built
  uint64_t losers = 0;       // rolled back by recovery
  uint64_t prepared = 0;     // acknowledged
  uint64_t brought_back = 0; // prepared ones, by recovery
  uint64_t moves = 0;        // of chunks, to segments and back
  uint64_t loads = 0;        // of rows into segments
  uint64_t flushes = 0;      // of indexes, into runs
  uint64_t merges = 0;       // of runs
  uint64_t cuts_at_step = 0;
  void Add(const PowerCutCounts& other);
  std::string ToString() const;
};

class PowerCuts {
 public:
  // With a step (io/env.h) the power is cut there and nowhere else, as long as it is come to.
  explicit PowerCuts(uint64_t seed, std::string step = {});
  // Plays until the power has been cut so often. What does not hold is the error.
  Status Play(uint64_t cuts);
  const PowerCutCounts& counts() const { return counts_; }

 private:
  static constexpr size_t kSessions = 3;
  static constexpr int32_t kAccounts = 5;
  static constexpr int32_t kCounter = 10;     // id of the row that is counted up
  static constexpr int32_t kIdsOfSession = 30;
  static constexpr int32_t kTablesOfSession = 3;
  static constexpr TreeId kSequences{1010};
  static constexpr Oid kSequence = 77;

  struct OwnTable {
    TestTrees trees;
    TestRows rows;
    bool operator==(const OwnTable&) const = default;
  };
  // What a session has committed.
  struct Content {
    TestRows rows;                       // in the shared table, the descriptions of its tables included
    std::map<int32_t, OwnTable> tables;  // by the id of their description
  };
  // A session's transaction that is prepared, or was to be.
  struct Pending {
    std::string gid;
    Content content;         // if it is committed
    int64_t counter = 0;
    bool prepared = false;   // acknowledged
    bool committing = false, rolling_back = false;  // its end was begun
  };
  struct Session {
    size_t number = 0;
    std::mt19937_64 random;
    Content acknowledged;
    std::optional<Content> uncertain;  // if the last commit survived
    std::optional<Pending> pending;
    uint64_t prepared = 0;  // gids used
    int64_t sequence_value = 0;        // acknowledged
    int64_t counter = 0;               // acknowledged as read
    Status failure;
    PowerCutCounts counts;
  };

  Status MoveKeys(store::Store& store, std::mt19937_64& random);
  int32_t FirstId(size_t session) const { return 1000 * (static_cast<int32_t>(session) + 1); }
  Status Create();
  Status Life();
  Status Work(Database& database);
  void RunSession(Database& database, SequenceStore& sequences, Session& session);
  Status Transact(Database& database, TestTable& shared, SequenceStore& sequences, Session& session);
  Status ChangeRow(Transaction& transaction, TestTable& table, Session& session, int32_t first_id, TestRows* rows);
  Status LoadRows(Transaction& transaction, TestTable& table, Session& session, int32_t first_id, TestRows* rows);
  Status AddMuch(Transaction& transaction, TestTable& table, Session& session, TestRows* rows);
  Status ChangeTables(Database& database, Transaction& transaction, TestTable& shared, Session& session,
                      Content* content);
  Status Prepare(Database& database, Session& session, std::unique_ptr<Transaction> transaction, Pending pending);
  // Commits or rolls back what is prepared.
  Status EndPrepared(Database& database, Session& session, bool commit);
  // Judges what recovery has brought back, and ends it.
  Status EndBroughtBack(Database& database, TestTable& shared);
  Status Verify(Database& database);
  Status VerifyTables(Database& database, Transaction& transaction, const Content& content);

  void CutSometime();
  Status MoveOwnTable(Database& database, Session& session);

  const uint64_t seed_;
  const std::string step_;
  const bool bulky_;  // for steps that take a page file of some size
  io::SimEnv env_;
  std::mt19937_64 random_;
  DatabaseOptions options_;
  std::vector<Session> sessions_;
  bool made_ = false;  // the tables are there, durably
  PowerCutCounts counts_;
};

}  // namespace phantom::txn
