// planner/binder/bind_context.h
//
// What all parts of binding one statement share: the arena, the catalog, counters for ids, the parameters' types.
#pragma once
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "planner/expr.h"
#include "planner/planner.h"
#include "planner/query.h"

namespace phantom::planner {

struct BindContext {
  BindContext(NodeArena& nodes, const PlannerContext& planner_context)
      : arena(nodes), planner(planner_context), catalog(*planner_context.catalog), builtins(catalog.builtins()) {}

  NodeArena& arena;
  const PlannerContext& planner;
  catalog::Catalog& catalog;
  const catalog::Builtins& builtins;

  std::vector<RangeEntry*> entries{nullptr};  // by RelId
  std::vector<struct Scope*> scopes{nullptr};  // by RelId; good while that scope is being bound
  int next_case_slot = 1;
  int next_cte = 1;
  int depth = 0;

  std::vector<types::Type> param_types;  // oid 0: not referenced; kUnknownOid: not yet known
  bool params_variable = true;           // parameters may be introduced and inferred
  std::vector<UsedTable> tables;
  std::vector<std::pair<Oid, int>> used_columns;
  std::vector<std::shared_ptr<const void>> pinned;
  std::vector<Oid> view_stack;           // views being expanded, and whose privileges count
  Oid check_as = 0;

  // Binding a definition in order to print it: views stay names, SQL functions calls, and what was named through a join
  // is noted.
  bool for_text = false;
  bool stored_text = false;  // the text's names may be markers (catalog/stored_sql.h)
  std::map<const Expr*, std::pair<const RangeEntry*, int>> joins;

  // A RelId for an entry (which may be null: an operator's own columns).
  RelId NewRel(RangeEntry* entry, struct Scope* scope) {
    entries.push_back(entry);
    scopes.push_back(scope);
    return static_cast<RelId>(entries.size()) - 1;
  }

  // The type's row; null when there is no such type. Lives as long as this context (and the plan it pins into).
  const catalog::TypeRow* TypeOf(Oid oid);
  // format_type_be: the type's SQL name without modifier.
  std::string TypeName(Oid oid);
  std::string TypeName(types::Type type);
  UsedTable& Use(const catalog::TableRef& table);
  void Pin(std::shared_ptr<const void> object) { pinned.push_back(std::move(object)); }

  ConstExpr* MakeConst(types::Value value, types::Type type, int32_t location = -1);
  ConstExpr* MakeNull(types::Type type, int32_t location = -1);
  ConstExpr* MakeBool(bool value);
  ConstExpr* MakeInt4(int32_t value);
  ColumnRef* MakeColumn(RelId rel, int column, types::Type type, Oid collation, int32_t location = -1);
  // Adds a conjunct; either may be null.
  Expr* And(Expr* left, Expr* right);

 private:
  std::map<Oid, catalog::TypeRef> user_types_;
};

}  // namespace phantom::planner
