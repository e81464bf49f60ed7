// planner/explain_format.h
//
// EXPLAIN's JSON document as PostgreSQL's XML or YAML one.
#pragma once
#include <string>
#include <string_view>

namespace phantom::planner {

std::string ExplainAsXml(std::string_view json);
std::string ExplainAsYaml(std::string_view json);

}  // namespace phantom::planner
