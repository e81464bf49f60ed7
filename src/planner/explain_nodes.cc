#include "planner/explain_nodes.h"

#include <algorithm>
#include <functional>
#include <set>

#include "catalog/catalog.h"
#include "catalog/stored_sql.h"
#include "planner/deparse.h"
#include "planner/expr_util.h"

namespace phantom::planner {

namespace {

class Describer {
 public:
  Describer(const PhysicalPlan& plan, const ExplainOptions& options, const PlannerContext& context, NodeArena& arena)
      : plan_(plan), options_(options), context_(context), arena_(arena) {
    std::function<void(const PhysicalNode*)> look = [&](const PhysicalNode* node) {
      if (node->kind == PhysicalKind::kIndexLookupJoin || node->kind == PhysicalKind::kHashJoin || node->kind == PhysicalKind::kNestedLoop) {
        qualify_ = true;
      }
      for (const PhysicalNode* child : node->children) look(child);
    };
    look(plan.root);
    qualify_ = qualify_ || options.verbose;
  }

  ShownNode* Show(const PhysicalNode* node) { return Show(node, {}); }

 private:
  std::string Name(const std::vector<std::string>& names, int index) {
    if (index < 0 || static_cast<size_t>(index) >= names.size()) return "?";
    const std::string& name = names[static_cast<size_t>(index)];
    size_t dot = name.find('.');
    return qualify_ || dot == std::string::npos ? name : name.substr(dot + 1);
  }

  std::string Print(const Expr* expr, const std::vector<std::string>& names, ShownNode* into) {
    DeparseContext context{.catalog = context_.catalog, .format = context_.format};
    context.names.input = [&](int index) { return Name(names, index); };
    context.names.subplan = [&, into](const SubPlanExpr& subplan) {
      std::string name = plan_.subplan_names[static_cast<size_t>(subplan.id)];
      bool known = std::any_of(into->children.begin(), into->children.end(), [&](const ShownNode::Child& child) { return child.label == name; });
      if (!known && subplan.plan != nullptr && shown_subplans_.insert(subplan.id).second) into->children.push_back({name, Show(subplan.plan)});
      const bool hashed = subplan.subquery == SubqueryKind::kAny && subplan.hashed;
      return (hashed ? "(hashed " : "(") + name + ")";
    };
    return Deparse(expr, context);
  }

  static std::vector<std::string> InputNames(const PhysicalNode* node) {
    std::vector<std::string> names;
    for (const PhysicalNode* child : node->children) names.insert(names.end(), child->column_names.begin(), child->column_names.end());
    return names;
  }

  std::string Keys(const std::vector<SortKey>& keys, const std::vector<std::string>& names, ShownNode* into) {
    std::string text;
    for (const SortKey& key : keys) {
      text += (text.empty() ? "" : ", ") + Print(key.expr, names, into) + (key.descending ? " DESC" : "");
      if (key.nulls_first != key.descending) text += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
    }
    return text;
  }

  std::string List(const std::vector<Expr*>& exprs, const std::vector<std::string>& names, ShownNode* into) {
    std::string text;
    for (const Expr* expr : exprs) text += (text.empty() ? "" : ", ") + Print(expr, names, into);
    return text;
  }

  std::string On(const TableUse& use) {
    std::string text = catalog::QuotedIfNeeded(use.table->name);
    if (options_.verbose && !use.table->schema_name.empty()) text = catalog::QuotedIfNeeded(use.table->schema_name) + "." + text;
    if (use.alias != use.table->name && !use.alias.empty()) text += " " + catalog::QuotedIfNeeded(use.alias);
    return text;
  }

  std::string IndexCond(const TableUse& use, const IndexAccess& access, const std::vector<std::string>& names, ShownNode* into) {
    std::string text;
    for (const IndexCondition& condition : access.conditions) {
      const catalog::IndexKey& key = access.index->keys[static_cast<size_t>(condition.key_column)];
      std::string column = key.column != 0 ? catalog::QuotedIfNeeded(use.table->column(key.column).name) : "(expression)";
      std::string part;
      using Op = IndexCondition::Op;
      auto compare = [&](const char* op) { return "(" + column + " " + op + " " + Print(condition.value, names, into) + ")"; };
      switch (condition.op) {
        case Op::kEqual:
          part = compare("=");
          break;
        case Op::kLess:
          part = compare("<");
          break;
        case Op::kLessEqual:
          part = compare("<=");
          break;
        case Op::kGreater:
          part = compare(">");
          break;
        case Op::kGreaterEqual:
          part = compare(">=");
          break;
        case Op::kIn:
          part = "(" + column + " = ANY (" + Print(condition.value, names, into) + "))";
          break;
        case Op::kIsNull:
          part = "(" + column + " IS NULL)";
          break;
        case Op::kIsNotNull:
          part = "(" + column + " IS NOT NULL)";
          break;
      }
      text += (text.empty() ? "" : " AND ") + part;
    }
    return access.conditions.size() > 1 ? "(" + text + ")" : text;
  }

  void Table(ShownNode* shown, const TableUse& use) {
    shown->identity.emplace_back("Relation Name", use.table->name);
    if (options_.verbose) shown->identity.emplace_back("Schema", use.table->schema_name);
    shown->identity.emplace_back("Alias", use.alias);
  }

  void IndexNode(ShownNode* shown, const TableUse& use, const IndexAccess& access, bool only, const std::vector<std::string>& names) {
    shown->type = only ? "Index Only Scan" : "Index Scan";
    shown->title = shown->type + (access.backward ? " Backward" : "") + " using " + catalog::QuotedIfNeeded(access.index->name) + " on " + On(use);
    shown->identity.emplace_back("Scan Direction", access.backward ? "Backward" : "Forward");
    shown->identity.emplace_back("Index Name", access.index->name);
    Table(shown, use);
    if (!access.conditions.empty()) shown->properties.emplace_back("Index Cond", IndexCond(use, access, names, shown));
  }

  void Filter(ShownNode* shown, const Expr* filter, const std::vector<std::string>& names) {
    if (filter != nullptr) shown->properties.emplace_back("Filter", Print(filter, names, shown));
  }

  ShownNode* Make() { return arena_.New<ShownNode>(); }

  // `filters`: conditions of Filter nodes above, shown with the node they filter.
  ShownNode* Show(const PhysicalNode* node, std::vector<std::string> filters) {
    // Projections are part of the node below; so are filters.
    if (node->kind == PhysicalKind::kProject) {
      ShownNode* shown = Show(node->children[0], std::move(filters));
      for (const Expr* expr : As<PhysicalProject>(node)->exprs) {
        if (ContainsSubquery(expr)) Print(expr, InputNames(node), shown);
      }
      return shown;
    }
    if (node->kind == PhysicalKind::kFilter && !As<PhysicalFilter>(node)->one_time) {
      ShownNode holder;
      std::string text = Print(As<PhysicalFilter>(node)->condition, InputNames(node), &holder);
      filters.push_back(text);
      ShownNode* shown = Show(node->children[0], std::move(filters));
      shown->children.insert(shown->children.end(), holder.children.begin(), holder.children.end());
      return shown;
    }
    if (node->kind == PhysicalKind::kWith) {
      ShownNode* shown = Show(node->children[1], std::move(filters));
      shown->children.insert(shown->children.begin(), {"CTE " + As<PhysicalWith>(node)->name, Show(node->children[0])});
      return shown;
    }
    ShownNode* shown = Make();
    shown->node = node;
    Describe(node, shown);
    if (shown->title.empty()) shown->title = shown->type;
    for (const std::string& filter : filters) shown->properties.emplace_back("Filter", filter);
    return shown;
  }

  void Children(const PhysicalNode* node, ShownNode* shown) {
    for (const PhysicalNode* child : node->children) shown->children.push_back({"", Show(child)});
  }

  static const char* JoinWord(JoinType type) {
    switch (type) {
      case JoinType::kLeft:
        return " Left";
      case JoinType::kRight:
        return " Right";
      case JoinType::kFull:
        return " Full";
      case JoinType::kSemi:
        return " Semi";
      case JoinType::kAnti:
        return " Anti";
      default:
        return "";
    }
  }

  void Describe(const PhysicalNode* node, ShownNode* shown) {
    std::vector<std::string> names = InputNames(node);
    switch (node->kind) {
      case PhysicalKind::kValues: {
        auto* values = As<PhysicalValues>(node);
        shown->type = values->types.empty() || values->rows.size() <= 1 ? "Result" : "Values Scan";
        shown->title = shown->type == "Result" ? "Result" : "Values Scan on \"*VALUES*\"";
        for (const auto& row : values->rows) {
          for (const Expr* expr : row) {
            if (ContainsSubquery(expr)) Print(expr, names, shown);
          }
        }
        break;
      }
      case PhysicalKind::kSeqScan: {
        auto* scan = As<PhysicalSeqScan>(node);
        shown->type = scan->ctid == nullptr ? "Seq Scan" : "Tid Scan";
        shown->title = shown->type + " on " + On(scan->use);
        Table(shown, scan->use);
        if (scan->ctid != nullptr) {
          std::string place = Print(scan->ctid, node->column_names, shown);
          if (scan->ctid->type.oid != types::kTidOid) place = "ANY (" + place + ")";
          shown->properties.emplace_back("TID Cond", scan->ctid->kind == ExprKind::kCurrentOf ? place : "(ctid = " + place + ")");
        }
        Filter(shown, scan->filter, node->column_names);
        break;
      }
      case PhysicalKind::kIndexScan: {
        auto* scan = As<PhysicalIndexScan>(node);
        IndexNode(shown, scan->use, scan->access, scan->index_only, {});
        Filter(shown, scan->filter, node->column_names);
        break;
      }
      case PhysicalKind::kPointSelect: {
        auto* scan = As<PhysicalPointSelect>(node);
        IndexNode(shown, scan->use, scan->access, false, {});
        std::vector<std::string> columns;
        for (int column : scan->columns) {
          columns.push_back(column >= 0 ? scan->use.alias + "." + scan->use.table->columns[static_cast<size_t>(column)].name : "ctid");
        }
        Filter(shown, scan->filter, columns);
        break;
      }
      case PhysicalKind::kFunctionScan: {
        auto* scan = As<PhysicalFunctionScan>(node);
        shown->type = "Function Scan";
        auto* call = scan->functions.empty() ? nullptr : DynAs<FunctionCall>(scan->functions[0].call);
        std::string function = call == nullptr ? scan->alias : std::string(call->function->name);
        shown->title = "Function Scan on " + function + (function == scan->alias ? "" : " " + scan->alias);
        Filter(shown, scan->filter, node->column_names);
        break;
      }
      case PhysicalKind::kCteScan: {
        auto* scan = As<PhysicalCteScan>(node);
        shown->type = "CTE Scan";
        shown->title = "CTE Scan on " + scan->name + (scan->name == scan->alias ? "" : " " + scan->alias);
        Filter(shown, scan->filter, node->column_names);
        break;
      }
      case PhysicalKind::kWorkTableScan: {
        auto* scan = As<PhysicalWorkTableScan>(node);
        shown->type = "WorkTable Scan";
        shown->title = "WorkTable Scan on " + scan->name + (scan->name == scan->alias ? "" : " " + scan->alias);
        Filter(shown, scan->filter, node->column_names);
        break;
      }
      case PhysicalKind::kFilter:
        shown->type = "Result";
        shown->properties.emplace_back("One-Time Filter", Print(As<PhysicalFilter>(node)->condition, names, shown));
        Children(node, shown);
        break;
      case PhysicalKind::kProject:
      case PhysicalKind::kWith:
        break;
      case PhysicalKind::kProjectSet:
        shown->type = "ProjectSet";
        Children(node, shown);
        break;
      case PhysicalKind::kHashJoin: {
        auto* join = As<PhysicalHashJoin>(node);
        shown->type = "Hash Join";
        shown->title = std::string("Hash") + JoinWord(join->join) + " Join";
        std::string condition;
        for (size_t i = 0; i < join->left_keys.size(); ++i) {
          condition += std::string(condition.empty() ? "" : " AND ") + "(" + Print(join->left_keys[i], node->children[0]->column_names, shown) +
                       " = " + Print(join->right_keys[i], node->children[1]->column_names, shown) + ")";
        }
        shown->properties.emplace_back("Hash Cond", join->left_keys.size() > 1 ? "(" + condition + ")" : condition);
        if (join->residual != nullptr) shown->properties.emplace_back("Join Filter", Print(join->residual, names, shown));
        shown->children.push_back({"", Show(node->children[0])});
        ShownNode* hash = Make();
        hash->type = hash->title = "Hash";
        hash->node = node->children[1];
        hash->children.push_back({"", Show(node->children[1])});
        shown->children.push_back({"", hash});
        break;
      }
      case PhysicalKind::kNestedLoop: {
        auto* join = As<PhysicalNestedLoop>(node);
        shown->type = "Nested Loop";
        shown->title = std::string("Nested Loop") + JoinWord(join->join) + (join->join == JoinType::kInner ? "" : " Join");
        if (join->condition != nullptr) shown->properties.emplace_back("Join Filter", Print(join->condition, names, shown));
        Children(node, shown);
        break;
      }
      case PhysicalKind::kIndexLookupJoin: {
        auto* join = As<PhysicalIndexLookupJoin>(node);
        shown->type = "Nested Loop";
        shown->title = std::string("Nested Loop") + JoinWord(join->join) + (join->join == JoinType::kInner ? "" : " Join");
        std::vector<std::string> inner;
        for (int column : join->columns) {
          inner.push_back(column >= 0 ? join->use.alias + "." + join->use.table->columns[static_cast<size_t>(column)].name : "ctid");
        }
        std::vector<std::string> both = node->children[0]->column_names;
        both.insert(both.end(), inner.begin(), inner.end());
        if (join->residual != nullptr) shown->properties.emplace_back("Join Filter", Print(join->residual, both, shown));
        Children(node, shown);
        ShownNode* scan = Make();
        scan->node = node;
        IndexNode(scan, join->use, join->access, false, node->children[0]->column_names);
        Filter(scan, join->filter, inner);
        shown->children.push_back({"", scan});
        break;
      }
      case PhysicalKind::kAggregate: {
        auto* aggregate = As<PhysicalAggregate>(node);
        shown->type = "Aggregate";
        shown->title = aggregate->strategy == AggregateStrategy::kPlain  ? "Aggregate"
                       : aggregate->strategy == AggregateStrategy::kHash ? (aggregate->sets.empty() ? "HashAggregate" : "MixedAggregate")
                                                                         : "GroupAggregate";
        shown->identity.emplace_back("Strategy", aggregate->strategy == AggregateStrategy::kPlain  ? "Plain"
                                                 : aggregate->strategy == AggregateStrategy::kHash ? "Hashed"
                                                                                                   : "Sorted");
        if (!aggregate->groups.empty()) shown->properties.emplace_back("Group Key", List(aggregate->groups, names, shown));
        Children(node, shown);
        break;
      }
      case PhysicalKind::kWindow:
        shown->type = "WindowAgg";
        Children(node, shown);
        break;
      case PhysicalKind::kSort:
        shown->type = "Sort";
        shown->properties.emplace_back("Sort Key", Keys(As<PhysicalSort>(node)->keys, names, shown));
        Children(node, shown);
        break;
      case PhysicalKind::kTopN: {
        // A limit over a sort, done in one.
        shown->type = "Limit";
        ShownNode* sort = Make();
        sort->type = sort->title = "Sort";
        sort->node = node;
        sort->properties.emplace_back("Sort Key", Keys(As<PhysicalTopN>(node)->keys, names, sort));
        Children(node, sort);
        shown->children.push_back({"", sort});
        break;
      }
      case PhysicalKind::kLimit:
        shown->type = "Limit";
        Children(node, shown);
        break;
      case PhysicalKind::kUnique:
        shown->type = "Unique";
        Children(node, shown);
        break;
      case PhysicalKind::kSetOp: {
        auto* set = As<PhysicalSetOp>(node);
        shown->type = "SetOp";
        shown->title = std::string("HashSetOp ") + (set->except ? "Except" : "Intersect") + (set->all ? " All" : "");
        Children(node, shown);
        break;
      }
      case PhysicalKind::kAppend:
        shown->type = "Append";
        Children(node, shown);
        break;
      case PhysicalKind::kRecursiveUnion:
        shown->type = "Recursive Union";
        Children(node, shown);
        break;
      case PhysicalKind::kMaterialize:
        shown->type = "Materialize";
        Children(node, shown);
        break;
      case PhysicalKind::kMemoize:
        shown->type = "Memoize";
        shown->properties.emplace_back("Cache Key", As<PhysicalMemoize>(node)->key);
        shown->properties.emplace_back("Cache Mode", "binary");
        Children(node, shown);
        break;
      case PhysicalKind::kLockRows:
        shown->type = "LockRows";
        Children(node, shown);
        break;
      case PhysicalKind::kInsert: {
        auto* insert = As<PhysicalInsert>(node);
        shown->type = "ModifyTable";
        shown->title = "Insert on " + On(insert->use);
        if (insert->conflict != ConflictAction::kNone) {
          shown->properties.emplace_back("Conflict Resolution", insert->conflict == ConflictAction::kNothing ? "NOTHING" : "UPDATE");
          std::string arbiters;
          for (const auto& index : insert->arbiters) arbiters += (arbiters.empty() ? "" : ", ") + index->name;
          if (!arbiters.empty()) shown->properties.emplace_back("Conflict Arbiter Indexes", arbiters);
        }
        Children(node, shown);
        break;
      }
      case PhysicalKind::kUpdate:
        shown->type = "ModifyTable";
        shown->title = "Update on " + On(As<PhysicalUpdate>(node)->use);
        Children(node, shown);
        break;
      case PhysicalKind::kDelete:
        shown->type = "ModifyTable";
        shown->title = "Delete on " + On(As<PhysicalDelete>(node)->use);
        Children(node, shown);
        break;
      case PhysicalKind::kMerge:
        shown->type = "ModifyTable";
        shown->title = "Merge on " + On(As<PhysicalMerge>(node)->use);
        Children(node, shown);
        break;
    }
    if (options_.verbose && !node->column_names.empty()) {
      std::string output;
      for (size_t i = 0; i < node->column_names.size(); ++i) output += (i > 0 ? ", " : "") + Name(node->column_names, static_cast<int>(i));
      shown->properties.insert(shown->properties.begin(), {"Output", output});
    }
  }

  const PhysicalPlan& plan_;
  const ExplainOptions& options_;
  const PlannerContext& context_;
  NodeArena& arena_;
  std::set<int> shown_subplans_;
  bool qualify_ = false;  // columns have their table's name
};

}  // namespace

ShownNode* DescribePlan(const PhysicalPlan& plan, const ExplainOptions& options, const PlannerContext& context,
                        NodeArena& arena) {
  return Describer(plan, options, context, arena).Show(plan.root);
}

}  // namespace phantom::planner
