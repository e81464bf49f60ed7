// session/ddl_dispatch.h
//
// Where statements on the catalog go, and statistics.
#pragma once
#include "parser/ast_utility.h"
#include "session/session_state.h"

namespace phantom::session {

struct DdlContext;

// Runs a statement of session/ddl. 0A000 when there is no such thing.
Result<UtilityResult> RunDdl(SessionState& state, Portal& portal);

// What a session leaves behind in its temporary schema.
Status DropTemporaryObjects(SessionState& state);

// VACUUM and ANALYZE (vacuum.cc) of the tables the statement names, or of all there are in the database.
Result<UtilityResult> RunVacuum(SessionState& state, const parser::VacuumStmt& statement);

// What a statement's inner queries may use of the session; the portal runs them in its name.
DdlContext MakeDdlContext(SessionState& state, Portal& portal);

}  // namespace phantom::session
