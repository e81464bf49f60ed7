#include "session/recent_statements.h"

#include <algorithm>

namespace phantom::session {

void RecentStatements::Add(std::shared_ptr<Statement> statement) {
  if (statement->source->text.size() > kTextBytesMax) return;
  if (statements_.size() == kStatementsMax) statements_.erase(statements_.begin());
  statements_.push_back(std::move(statement));
}

std::shared_ptr<Statement> RecentStatements::Take(std::string_view text, std::span<const Oid> types) {
  const auto found = std::find_if(statements_.rbegin(), statements_.rend(), [&](const std::shared_ptr<Statement>& each) {
    return each->source->text == text && std::ranges::equal(each->given_types, types);
  });
  if (found == statements_.rend()) return nullptr;
  std::shared_ptr<Statement> statement = std::move(*found);
  statements_.erase(std::next(found).base());
  return statement;
}

}  // namespace phantom::session
