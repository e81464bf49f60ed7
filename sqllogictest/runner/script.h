// sqllogictest/runner/script.h
//
// A sqllogictest file as records. The language is SQLite's (sqlite.org/sqllogictest), with one
// addition: "statement error" and "query error" may be followed by the SQLSTATE to expect.
#pragma once
#include <string>
#include <vector>

namespace sqllogictest {

enum class SortMode { kNone, kRow, kValue };

struct Record {
  enum class Kind { kStatement, kQuery, kHalt };
  Kind kind = Kind::kStatement;
  int line = 0;  // of the record's first line, from 1
  std::string sql;
  bool expect_error = false;
  std::string sqlstate;  // expected with an error; empty: any
  std::string types;     // one of I, R, T a column
  SortMode sort = SortMode::kNone;
  std::string label;
  std::vector<std::string> expected;  // values, or one "N values hashing to H"
  bool hashed = false;
};

struct Script {
  std::string path;
  std::vector<Record> records;  // only those that apply to the engine
};

// Reads the records of a file that apply to `engine` (skipif/onlyif). On failure returns false
// and says in `error` what is wrong and where.
bool ReadScript(const std::string& path, const std::string& engine, Script* script, std::string* error);

}  // namespace sqllogictest
