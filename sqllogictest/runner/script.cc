#include "script.h"

#include <fstream>
#include <sstream>

namespace sqllogictest {
namespace {

std::vector<std::string> Words(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string word; in >> word;) {
    if (word[0] == '#') break;
    words.push_back(word);
  }
  return words;
}

bool IsBlank(const std::string& line) { return line.find_first_not_of(" \t") == std::string::npos; }

class Reader {
 public:
  Reader(std::istream& in, const std::string& engine) : in_(in), engine_(engine) {}

  bool ReadAll(Script* script, std::string* error) {
    bool applies = true;
    while (NextLine()) {
      std::vector<std::string> words = Words(line_);
      // A hash threshold only matters to a runner that writes expectations.
      if (words.empty() || words[0] == "hash-threshold") continue;
      if (words[0] == "skipif" || words[0] == "onlyif") {
        if (words.size() < 2) return Fail("an engine name is missing", error);
        if ((words[1] == engine_) == (words[0] == "skipif")) applies = false;
        continue;
      }
      Record record;
      record.line = number_;
      if (!ReadRecord(words, &record, error)) return false;
      if (applies) script->records.push_back(std::move(record));
      applies = true;
    }
    return true;
  }

 private:
  bool NextLine() {
    if (!std::getline(in_, line_)) return false;
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    ++number_;
    return true;
  }

  bool Fail(const std::string& what, std::string* error) {
    *error = "line " + std::to_string(number_) + ": " + what;
    return false;
  }

  bool ReadRecord(const std::vector<std::string>& words, Record* record, std::string* error) {
    if (words[0] == "halt") {
      record->kind = Record::Kind::kHalt;
      return true;
    }
    if (words[0] == "statement" && words.size() >= 2) {
      record->expect_error = words[1] == "error";
      if (words.size() > 2) record->sqlstate = words[2];
      ReadSql(record);
      return true;
    }
    if (words[0] == "query" && words.size() >= 2) {
      record->kind = Record::Kind::kQuery;
      if (words[1] == "error") {
        record->expect_error = true;
        if (words.size() > 2) record->sqlstate = words[2];
      } else {
        record->types = words[1];
        if (words.size() > 2) {
          if (words[2] == "rowsort") {
            record->sort = SortMode::kRow;
          } else if (words[2] == "valuesort") {
            record->sort = SortMode::kValue;
          } else if (words[2] != "nosort") {
            return Fail("unknown sort mode " + words[2], error);
          }
        }
        if (words.size() > 3) record->label = words[3];
      }
      ReadSql(record);
      return true;
    }
    return Fail("unknown record: " + line_, error);
  }

  // The SQL up to a blank line or "----", and for a query the expected values after it.
  void ReadSql(Record* record) {
    bool results = false;
    while (NextLine() && !IsBlank(line_)) {
      if (line_ == "----") {
        results = true;
        break;
      }
      if (!record->sql.empty()) record->sql += '\n';
      record->sql += line_;
    }
    if (!results) return;
    while (NextLine() && !IsBlank(line_)) record->expected.push_back(line_);
    record->hashed = record->expected.size() == 1 && record->expected[0].find(" values hashing to ") != std::string::npos;
  }

  std::istream& in_;
  const std::string& engine_;
  std::string line_;
  int number_ = 0;
};

}  // namespace

bool ReadScript(const std::string& path, const std::string& engine, Script* script, std::string* error) {
  std::ifstream in(path);
  if (!in) {
    *error = "cannot be opened";
    return false;
  }
  script->path = path;
  return Reader(in, engine).ReadAll(script, error);
}

}  // namespace sqllogictest
