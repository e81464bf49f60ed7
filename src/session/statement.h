// session/statement.h
//
// A parsed statement with the plan it was last given: the unnamed and named ones of the extended protocol, those of SQL
// PREPARE, and the statements of a simple query.
//
// Thread safety: the session's thread.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "parser/parser.h"
#include "session/result_sink.h"
#include "types/type.h"

namespace phantom::planner {
struct PhysicalPlan;
}

namespace phantom::session {

// The text of a request and its statements. Shared by the statements that point into it.
struct QueryText {
  std::string text;
  parser::ParsedText parsed;
};

struct IdlePortal;
struct PlanEnvironment;

struct Statement {
  Statement();
  ~Statement();

  std::string name;
  std::shared_ptr<const QueryText> source;
  const parser::Node* node = nullptr;  // null: an empty query
  int32_t begin = 0;                   // of the statement in the text
  int32_t length = 0;
  std::vector<Oid> given_types;  // of parameters, as the client gave them; 0: to be inferred
  std::vector<Oid> param_types;  // of all parameters, once analyzed
  std::vector<ColumnDescription> columns;
  bool returns_rows = false;
  bool analyzed = false;
  bool from_sql = false;  // PREPARE
  bool for_cursor = false;  // DECLARE CURSOR
  bool result_may_change = false;  // nobody has been told its columns for good: a simple query
  bool shareable = false;  // its text has no other statement: its plan may come from, and go to, other sessions
  int64_t prepared_us = 0;

  // The plan, and what it was made under. Null for utility statements.
  std::shared_ptr<const planner::PhysicalPlan> plan;
  uint64_t catalog_version = 0;
  std::shared_ptr<const PlanEnvironment> environment;  // a utility statement's: what its text was parsed under
  bool reads_now = false;          // the time when it was made is in the plan
  std::vector<double> table_rows;  // what the plan's tables had then, if the plan's worth depends on that and it is shareable

  std::shared_ptr<IdlePortal> idle;  // of the plan; null before the first run

  std::string_view text() const {
    return std::string_view(source->text).substr(static_cast<size_t>(begin), static_cast<size_t>(length));
  }
};

// 0A000 when somebody was told for good that the statement's result has other columns.
Status CheckResult(const Statement& statement, const std::vector<ColumnDescription>& columns);
// Is it planned (SELECT without INTO, INSERT, UPDATE, DELETE, MERGE), rather than a utility statement?
bool IsPlannable(const parser::Node* node);
// May it run in a failed transaction block: COMMIT, ROLLBACK, ROLLBACK TO, PREPARE TRANSACTION?
bool IsTransactionExit(const parser::Node* node);

}  // namespace phantom::session
