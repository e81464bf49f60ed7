// planner/rules/equalities.h
//
// What follows from the equalities between the relations of an inner join: a = b and b = c make a = c, and with a = 1 all
// are 1. PostgreSQL's equivalence classes, for columns of one type.
#pragma once
#include <cstdint>
#include <set>
#include <vector>

#include "planner/binder/bind_context.h"
#include "planner/logical_plan.h"

namespace phantom::planner {

class Estimator;

struct JoinCondition {
  Expr* expr = nullptr;
  uint64_t leaves = 0;    // bit set of the leaves it refers to
  int equality_class = -1;  // of conditions that follow from each other; a join of two sides needs one of them
  bool equal = false;     // can be hashed
};

class Equalities {
 public:
  Equalities(BindContext& context, Estimator& estimator, std::vector<LogicalNode*>& leaves)
      : ctx_(context), estimator_(estimator), leaves_(leaves) {}

  // The conditions, then what follows from them. Leaves get the comparisons with constants that follow.
  std::vector<JoinCondition> Derive(const std::vector<Expr*>& exprs);

 private:
  struct Member {
    ColumnId id;
    Expr* expr = nullptr;
    size_t leaf = 0;
  };
  struct Class {
    std::vector<Member> members;
    const FunctionCall* equal = nullptr;  // one of its conditions
    bool usable = true;
  };
  bool AsMember(Expr* expr, Member& member);
  void SpreadConstants(const Class& equals);

  BindContext& ctx_;
  Estimator& estimator_;
  std::vector<LogicalNode*>& leaves_;
  std::vector<std::set<RelId>> rels_;
  std::set<const FunctionCall*> constant_;  // classes (by Class::equal) whose columns all have one value
};

}  // namespace phantom::planner
