// wire/startup.h
//
// The packets a client may open a connection with (PostgreSQL 15, chapter 55.2.1).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/status.h"

namespace phantom::wire {

enum class StartupKind { kStartup, kSslRequest, kGssRequest, kCancel };

struct StartupPacket {
  StartupKind kind = StartupKind::kStartup;
  // kCancel
  int32_t pid = 0;
  int32_t cancel_key = 0;
  // kStartup
  int32_t minor_version = 0;
  std::string user;
  std::string database;  // the user's name when the client gave none
  std::string options;   // command-line options, as PGOPTIONS
  bool replication = false;
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::string> unknown_options;  // "_pq_." options, all of which we do not know
};

// Reads the body of a startup packet. All errors are fatal: 08P01, 0A000 for other protocol versions, 28000 without a
// user.
Result<StartupPacket> ParseStartup(std::string_view body);

// Splits PGOPTIONS text at blanks ("\ " is a blank in a word) into settings: "-c name=value", "--name=value". Other
// switches are refused with 42601.
Status ParseCommandLineOptions(std::string_view text, std::vector<std::pair<std::string, std::string>>* settings);

}  // namespace phantom::wire
