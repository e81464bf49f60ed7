// tests/kv/fixture.h
//
// A key-value database on a simulated disk, small enough that everything happens: splits, eviction, checkpoints, log
// files that end.
#pragma once
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>

#include "io/sim_env.h"
#include "kv/database.h"
#include "must.h"

namespace phantom::kv {

using Model = std::map<std::string, std::string>;

inline Options SmallOptions(io::Env& env) {
  Options options;
  options.env = &env;
  options.memory_bytes = 1 << 20;
  options.log_memory_bytes = 1 << 20;
  options.log_file_bytes = 4 << 20;
  options.log_bytes = 2 << 20;
  options.purge_interval_ms = 2;
  return options;
}

inline Model All(Database& database, const Snapshot* snapshot = nullptr, const Range& range = {},
                 bool reverse = false) {
  Model all;
  std::string previous;
  bool first = true, ordered = true;
  Must(database
           .Scan(range, {.reverse = reverse, .snapshot = snapshot},
                 [&](std::string_view key, std::string_view value) {
                   ordered &= first || (reverse ? key < previous : key > previous);
                   first = false;
                   previous = key;
                   all.emplace(key, value);
                   return true;
                 })
           .status());
  REQUIRE(ordered);
  return all;
}

}  // namespace phantom::kv
