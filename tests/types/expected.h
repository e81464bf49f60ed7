// tests/types/expected.h
//
// Reads the tab-separated files of data/, which hold what PostgreSQL 15 answered (data/generate.py).
#pragma once
#include <string>
#include <vector>

#include "types/format_context.h"
#include "types/type.h"

namespace phantom::types {

using Fields = std::vector<std::string>;

std::vector<Fields> ReadExpected(const char* file);
// "datestyle=German;timezone=UTC"
FormatContext ContextOf(const std::string& settings);
// A type's SQL name as the files write it: "numeric(5,2)", "interval hour to second(2)", "int4[]".
Type TypeOf(std::string name);
// "!22P02 message DETAIL: ... CONTEXT: ..."
std::string ErrorText(const Status& status);

// Collects differences and reports them together.
class Differences {
 public:
  void Compare(const Fields& row, const std::string& expected, const std::string& actual);
  ~Differences();

 private:
  size_t compared_ = 0, different_ = 0;
  std::string report_;
};

}  // namespace phantom::types
