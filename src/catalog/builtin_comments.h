// catalog/builtin_comments.h
//
// The comments built-in objects are born with: the rows of pg_description and pg_shdescription, found by object.
#pragma once
#include <string_view>

#include "catalog/definitions.h"

namespace phantom::catalog {

// Empty when there is none. Indexed on first use; may be called from any thread.
std::string_view BuiltinComment(const ObjectAddress& object);

}  // namespace phantom::catalog
