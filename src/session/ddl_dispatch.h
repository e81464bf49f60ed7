// session/ddl_dispatch.h
//
// Where statements on the catalog go, and statistics.
#pragma once
#include "parser/ast_utility.h"
#include "session/session_state.h"

namespace phantom::session {

// Runs a statement of session/ddl. 0A000 when there is no such thing.
Result<UtilityResult> RunDdl(SessionState& state, Portal& portal);

// What a session leaves behind in its temporary schema.
Status DropTemporaryObjects(SessionState& state);

// ANALYZE of the tables the statement names, or of all.
Status AnalyzeTables(SessionState& state, const parser::VacuumStmt& statement);

}  // namespace phantom::session
