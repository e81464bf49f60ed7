// server/options.h
//
// The command line.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace phantom::server {

struct Options {
  enum class Command { kStart, kCheck };
  Command command = Command::kStart;
  std::string data;
  std::string host;
  int port = -1;
  std::string authentication;  // "trust" or "scram-sha-256"
  std::string config;
  std::string ssl_cert;
  std::string ssl_key;
  std::vector<std::pair<std::string, std::string>> settings;  // --set
};

// Reads the command line. Without a value the program is to end with *exit_code: help or the version was printed on
// standard output, or an error on standard error.
std::optional<Options> ParseOptions(int argc, char** argv, int* exit_code);

}  // namespace phantom::server
