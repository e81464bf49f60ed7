// Names, expressions and queries.
#include "parser/convert.h"

namespace phantom::parser {

namespace {

// PostgreSQL's list of names ends in an A_Star node for t.*.
void FillColumnRef(Converter& converter, ColumnRef* to, const ::ColumnRef& from) {
  ::List names = *from.fields;
  const auto* last = static_cast<const ::Node*>(names.elements[names.length - 1].ptr_value);
  to->star = last->type == T_A_Star;
  if (to->star) --names.length;
  converter.Set(to->names, &names);
}

// PostgreSQL marks a plain DISTINCT by a list of one null.
void FillSelectDistinct(Converter& converter, SelectStmt* to, const ::SelectStmt& from) {
  if (from.distinctClause == nullptr) return;
  to->distinct = true;
  if (from.distinctClause->elements[0].ptr_value != nullptr) converter.Set(to->distinct_on, from.distinctClause);
}

}  // namespace

#include "parser/convert_define.inc"
#include "parser/nodes_core.inc"
#include "parser/nodes_expr.inc"
#include "parser/nodes_query.inc"

}  // namespace phantom::parser
