// planner/explain_nodes.h
//
// What EXPLAIN shows of a plan's nodes, whatever the format. Private to EXPLAIN.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "planner/explain.h"
#include "planner/node_arena.h"

namespace phantom::planner {

struct ShownNode {
  struct Child {
    std::string label;  // "SubPlan 1", "CTE x"; empty: an ordinary child
    ShownNode* shown;
  };

  std::string type;   // "Hash Join"
  std::string title;  // type with what it works on, as the text format has it
  std::vector<std::pair<std::string, std::string>> properties;
  std::vector<std::pair<std::string, std::string>> identity;  // JSON: Relation Name, Alias, ...
  const PhysicalNode* node = nullptr;                         // whose costs and measurements
  std::vector<Child> children;
};

// The topmost node; all live in the arena.
ShownNode* DescribePlan(const PhysicalPlan& plan, const ExplainOptions& options, const PlannerContext& context,
                        NodeArena& arena);

}  // namespace phantom::planner
