// session/recent_statements.h
//
// The last unnamed statements of a session, with their portals and executions: a driver that goes through a few texts finds each again.
//
// Thread safety: the session's thread.
#pragma once
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "session/statement.h"

namespace phantom::session {

class RecentStatements {
 public:
  static constexpr size_t kStatementsMax = 8;
  static constexpr size_t kTextBytesMax = 2048;

  // Texts that are too long are not kept; the oldest statement goes when there are too many.
  void Add(std::shared_ptr<Statement> statement);
  // Takes the one of this text and these types of parameters away, or null.
  std::shared_ptr<Statement> Take(std::string_view text, std::span<const Oid> types);
  void Clear() { statements_.clear(); }

 private:
  std::vector<std::shared_ptr<Statement>> statements_;  // newest last
};

}  // namespace phantom::session
