// Utility statements.
#include "parser/convert.h"

namespace phantom::parser {

#include "parser/convert_define.inc"
#include "parser/nodes_utility.inc"

}  // namespace phantom::parser
