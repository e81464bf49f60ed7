// sqllogictest/runner/player.h
//
// Plays one script against a server over libpq and judges each record.
// Every script gets a database of its own, dropped afterwards, so that scripts run side by side.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "script.h"

struct pg_conn;
struct pg_result;

namespace sqllogictest {

struct Failure {
  int line;
  std::string sql;
  std::string reason;
};

struct Outcome {
  int played = 0;
  std::vector<Failure> failures;
  std::string broken;  // why the script could not be played to its end; empty when it was
};

// How statements are sent.
enum class Protocol {
  kSimple,
  // Parse, Bind and Execute. A text is prepared once for all the script and its prepared statement kept, through whatever comes
  // between; what only reads is executed several times, each time with the same result.
  kPrepared,
};

class Player {
 public:
  // `conninfo` is a libpq connection string without a database; `maintenance` a database to connect to first, `database`
  // the name of the one to make and drop.
  Player(std::string conninfo, std::string maintenance, std::string database, Protocol protocol);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  // Calls `progress` after every record.
  Outcome Play(const Script& script, const std::function<void()>& progress);

 private:
  bool Connect(const std::string& database, std::string* error);
  bool Run(const std::string& sql, std::string* error);
  bool MakeDatabase(std::string* error);
  void DropDatabase();
  pg_result* Send(const std::string& sql);
  pg_result* SendPrepared(const std::string& sql);
  std::string Judge(const Record& record);
  std::string JudgeResult(const Record& record, pg_result* result);

  std::string conninfo_;
  std::string maintenance_;
  std::string database_;
  const Protocol protocol_;
  pg_conn* connection_ = nullptr;
  std::vector<std::pair<std::string, std::string>> labels_;  // label, hash of its first result
  std::unordered_map<std::string, std::string> prepared_;     // by text, the statement's name
  int prepared_count_ = 0;
};

}  // namespace sqllogictest
