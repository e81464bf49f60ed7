// engine/jsonb_assign.h
//
// container['a'][1] = value: a jsonb with one place of it changed, as PostgreSQL's subscript assignment does.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "common/status.h"

namespace phantom::engine {

// Appends `container` (jsonb bytes) with `value` at the path. What the path needs and is not there is made: objects for
// names, arrays for numbers, gaps of arrays filled with nulls. 22023 when the path leads through a scalar or before an
// array's start, 22P02 when an array's element is not named by a number.
Status AssignJsonb(std::string_view container, std::span<const std::string> path, std::string_view value,
                   std::string& out);

}  // namespace phantom::engine
