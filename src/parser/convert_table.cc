// Tables, indexes and other relations.
#include "parser/convert.h"

namespace phantom::parser {

#include "parser/convert_define.inc"
#include "parser/nodes_table.inc"

}  // namespace phantom::parser
