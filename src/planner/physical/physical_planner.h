// planner/physical/physical_planner.h
//
// From a rewritten logical plan to the physical one: access paths and join methods by estimated cost, columns by
// position, correlated references by execution parameter.
#pragma once
#include <map>
#include <set>
#include <vector>

#include "planner/binder/binder.h"
#include "planner/cost/estimator.h"
#include "planner/logical_plan.h"
#include "planner/physical_plan.h"

namespace phantom::planner {

struct LayoutColumn {
  ColumnId id;
  types::Type type;
  Oid collation = 0;
  std::string name;
};
using Layout = std::vector<LayoutColumn>;

class PhysicalPlanner {
 public:
  PhysicalPlanner(BindContext& context, Binder& binder, PhysicalPlan& plan)
      : ctx_(context), binder_(binder), plan_(plan), estimator_(context) {}

  // Plans a bound query; the root's output is the query's visible columns.
  Status PlanRoot(Query& query);

 private:
  struct Planned {
    PhysicalNode* node = nullptr;
    Layout layout;
    bool ordered = false;  // rows come in the order that was wanted
  };
  using Columns = std::set<ColumnId>;
  // The order a parent would like, and how many rows it will take at most (< 0: all).
  struct Wanted {
    std::vector<SortKey> keys;
    double limit = -1;
    size_t strict = SIZE_MAX;  // keys from here on may come in any order and direction (rows of one group together)
    double otherwise = -1;     // what it costs to do without the order; < 0: sorting
  };

  // Builds, rewrites and plans a query; its columns are (rel, i).
  Result<LogicalNode*> Rewritten(Query& query, RelId rel);
  Result<Planned> Plan(LogicalNode& node, const Columns& required, const Wanted* wanted = nullptr);
  // With exactly these columns, in this order.
  Result<Planned> PlanExact(LogicalNode& node, const std::vector<ColumnId>& columns);

  Result<Planned> PlanScan(LogicalScan& node, const Columns& required, const Wanted* wanted);
  // By filter number `place`, which names the row's ctid.
  Result<Planned> PlanRowScan(LogicalScan& node, const Columns& needed, size_t place);
  Result<Planned> PlanValues(LogicalValues& node);
  Result<Planned> PlanFunctionScan(LogicalFunctionScan& node, const Columns& required);
  Result<Planned> PlanCteScan(RangeEntry& entry, CommonTable& cte, std::vector<Expr*>& filters, bool work_table);
  Result<Planned> PlanFilter(LogicalFilter& node, const Columns& required, const Wanted* wanted);
  Result<Planned> PlanProject(LogicalProject& node, const Columns& required, const Wanted* wanted);
  Result<Planned> PlanProjectSet(LogicalProjectSet& node, const Columns& required);
  Result<Planned> PlanJoin(LogicalJoin& node, const Columns& required);
  Result<Planned> PlanLateral(LogicalJoin& node, const Columns& required);
  double Memoize(PhysicalNestedLoop& join, const Columns& params, const Planned& left);
  Result<Planned> PlanAggregate(LogicalAggregate& node, const Wanted* wanted);
  // min() and max() of a table, each from an end of an index (plan_group.cc). False when that is not possible or no cheaper.
  Result<bool> PlanExtremes(LogicalAggregate& node, Planned& result);
  Layout LayoutOf(const LogicalAggregate& node, const Layout& input);
  Result<Planned> PlanWindow(LogicalWindow& node, const Columns& required);
  // `limit` stands right above it; `above` is what a parent further up says of the number of rows.
  Result<Planned> PlanSort(LogicalSort& node, const Columns& required, const LogicalLimit* limit, const Wanted* above);
  Result<Planned> PlanLimit(LogicalLimit& node, const Columns& required);
  Result<Planned> PlanDistinctOn(LogicalDistinctOn& node, const Columns& required, const Wanted* wanted);
  Result<Planned> PlanSetOp(LogicalSetOp& node);
  Result<Planned> PlanRecursive(LogicalRecursiveUnion& node);
  Result<Planned> PlanWith(LogicalWith& node, const Columns& required, const Wanted* wanted);
  Result<Planned> PlanLockRows(LogicalLockRows& node, const Columns& required);
  Result<Planned> PlanModify(LogicalModify& node);
  Status PlanInsert(LogicalModify& node, PhysicalInsert& insert);

  // ---- Access paths (access_path.cc)
  struct Path {
    const catalog::Index* index = nullptr;
    IndexAccess access;
    std::vector<bool> used;   // per filter: answered by the index (exactly)
    double selectivity = 1;
    double cost = 0;
    bool ordered = false;
    bool index_only = false;
  };
  // One condition as an index sees it: column (or expression) op value.
  struct Sargable {
    IndexCondition::Op op = IndexCondition::Op::kEqual;
    const Expr* key = nullptr;
    Expr* value = nullptr;
    bool tested = false;  // what the index gives has to be tested with the condition besides
  };
  bool AsSargable(const Expr* condition, RelId rel, Sargable& out);
  Result<Path> BestPath(RangeEntry& entry, const std::vector<Expr*>& filters, const Columns& needed, const Wanted* wanted);
  // Matches filters with an index's keys. False when it is of no use.
  Result<bool> MatchIndex(RangeEntry& entry, const catalog::Index& index, const std::vector<Expr*>& filters, Path& path);
  // Makes the sargable's value one that an index on the type can look for. False when there is none.
  bool FitToKey(Oid key_type, Sargable& sargable);
  bool OrderOfIndex(RangeEntry& entry, const catalog::Index& index, const Path& path, const Wanted& wanted, bool& backward);
  Result<std::vector<Expr*>> IndexKeyExprs(RangeEntry& entry, const catalog::Index& index);
  Result<bool> PredicateImplied(RangeEntry& entry, const catalog::Index& index, const std::vector<Expr*>& filters);

  // ---- Expressions (resolve.cc)
  Result<Expr*> Resolve(const Expr* expr, const Layout& layout);
  Result<std::vector<Expr*>> ResolveAll(const std::vector<Expr*>& exprs, const Layout& layout);
  Result<Expr*> ResolveAnd(const std::vector<Expr*>& conditions, const Layout& layout);
  Result<Expr*> ResolveRechecks(const std::vector<Expr*>& conditions, const std::set<RelId>& rels, const Layout& layout);
  Result<std::vector<SortKey>> ResolveKeys(const std::vector<SortKey>& keys, const Layout& layout);
  Result<Expr*> ResolveSubquery(const SubqueryExpr& expr, const Layout& layout);
  void Use(const Expr* expr, Columns& columns);

  template <typename T>
  T* New() {
    T* node = ctx_.arena.New<T>();
    node->id = plan_.node_count++;
    return node;
  }
  void Finish(PhysicalNode* node, const Layout& layout);
  Planned Project(Planned input, const std::vector<ColumnId>& columns);
  // Adds a Filter unless there is nothing to test.
  Result<Planned> AddFilter(Planned input, const std::vector<Expr*>& conditions, double rows);
  Planned AddSort(Planned input, std::vector<SortKey> keys);
  Layout LayoutOfEntry(const RangeEntry& entry, const std::vector<int>& columns);
  TableUse UseOf(const RangeEntry& entry) { return {entry.table, entry.name}; }

  BindContext& ctx_;
  Binder& binder_;
  PhysicalPlan& plan_;
  Estimator estimator_;
  std::map<ColumnId, int> slots_;
  std::map<ColumnId, types::Type> slot_types_;
  Columns* free_ = nullptr;  // outer columns the subtree being planned turned out to need

  struct PlannedSubquery {
    PhysicalNode* plan = nullptr;
    int id = 0;
    Columns free;
    Layout layout;
    bool is_volatile = false;
  };
  std::map<const Query*, PlannedSubquery> subqueries_;
};

}  // namespace phantom::planner
