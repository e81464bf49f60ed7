// The statements of data/statements.sql, which together hold every kind of node.
#pragma once
#include <string>
#include <vector>

namespace phantom::parser {

std::vector<std::string> ReadStatements();

}  // namespace phantom::parser
