// sqllogictest/runner/player.h
//
// Plays one script against a server over libpq and judges each record.
// Every script gets a schema of its own, dropped afterwards, so that scripts run side by side.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "script.h"

struct pg_conn;

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

class Player {
 public:
  // `conninfo` is a libpq connection string; `schema` the name of the schema to make and drop.
  Player(std::string conninfo, std::string schema);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  // Calls `progress` after every record.
  Outcome Play(const Script& script, const std::function<void()>& progress);

 private:
  bool Connect(std::string* error);
  bool Run(const char* sql, std::string* error);
  std::string Judge(const Record& record);

  std::string conninfo_;
  std::string schema_;
  pg_conn* connection_ = nullptr;
  std::vector<std::pair<std::string, std::string>> labels_;  // label, hash of its first result
};

}  // namespace sqllogictest
