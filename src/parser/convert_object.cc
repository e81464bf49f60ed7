// Objects other than relations.
#include "parser/convert.h"

namespace phantom::parser {

namespace {

// PostgreSQL has a two-element list for an aggregate with arguments: the parameters and the number of direct arguments.
void FillAggregateArgs(Converter& converter, DefineStmt* to, const ::DefineStmt& from) {
  to->direct_arg_count = -1;
  if (from.kind != OBJECT_AGGREGATE || from.args == nullptr || from.oldstyle) return;
  if (from.args->length != 2) return converter.Fail("malformed arguments of an aggregate");
  to->has_args = true;
  converter.Set(to->args, static_cast<const ::List*>(from.args->elements[0].ptr_value));
  to->direct_arg_count = static_cast<const ::Integer*>(from.args->elements[1].ptr_value)->ival;
}

}  // namespace

#include "parser/convert_define.inc"
#include "parser/nodes_object.inc"

}  // namespace phantom::parser
