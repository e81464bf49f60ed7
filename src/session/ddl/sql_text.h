// session/ddl/sql_text.h
//
// Expressions back to SQL text, in the form the catalog stores (catalog/stored_sql.h): columns of the relation at hand
// and relations named by regclass constants are written as markers, so the text survives renames.
#pragma once
#include <string>

#include "catalog/catalog.h"
#include "common/status.h"
#include "parser/ast.h"

namespace phantom::session {

// `table` may be null when the expression has no columns. 0A000 for constructs no stored expression may have.
Result<std::string> StoredExpression(const parser::Node& expression, const catalog::Table* table,
                                     catalog::Catalog& catalog);

}  // namespace phantom::session
