// planner/deparse/printer.h
//
// The one who prints: expressions (expressions.cc, calls.cc), queries (queries.cc) and FROM with its names (from.cc).
// Layout and the places where implicit conversions show are those of PostgreSQL 15's ruleutils.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "planner/deparse.h"
#include "planner/query.h"

namespace phantom::planner {

class Printer {
 public:
  explicit Printer(const DeparseContext& context) : ctx_(context) {}

  void Expression(const Expr* expr, bool show_implicit);
  // colnames_visible: does the name of an unnamed column matter outside?
  void QueryText(const Query& query, const std::vector<std::string>* result_names, bool colnames_visible);
  std::string Take() { return std::move(out_); }

 private:
  // How a FROM item is called while its query is printed.
  struct Named {
    std::string name;                  // empty: a join without alias
    std::vector<std::string> columns;  // by number; empty for dropped ones
    bool print_columns = false;
  };

  bool indent() const { return ctx_.form == TextForm::kDefinition || ctx_.form == TextForm::kPretty; }
  bool few_parens() const { return ctx_.form == TextForm::kPretty; }
  bool stored() const { return ctx_.form == TextForm::kStored; }

  // ---- Text
  void Put(std::string_view text) { out_ += text; }
  void Keyword(std::string_view word, int before, int after, int plus);
  void TrimBlanks();
  void Open() { if (!few_parens()) out_ += '('; }
  void Close() { if (!few_parens()) out_ += ')'; }
  std::string Identifier(std::string_view name) const;
  std::string TypeName(types::Type type) const;
  std::string CollationName(Oid collation) const;

  // ---- Expressions (expressions.cc)
  void Within(const Expr* expr, bool show_implicit, const Expr* parent);
  void List(const std::vector<Expr*>& args, bool show_implicit = true);
  void TopLevel(const Expr* expr, bool show_implicit);
  bool IsSimple(const Expr* expr, const Expr* parent) const;
  void Bool(const BoolExpr& node);
  void Case(const CaseExpr& node);
  void NullTestOf(const NullTest& node);
  void Row(const RowExpr& node);
  void Subscripts(const SubscriptExpr& node, bool show_implicit);
  void Subquery(const SubqueryExpr& node);
  void SqlValue(const SqlValueExpr& node);

  // ---- Calls, casts, constants (calls.cc)
  void Function(const FunctionCall& call, bool show_implicit);
  void Operator(const FunctionCall& call);
  bool SqlSyntax(const FunctionCall& call);
  void Aggregate(const AggregateCall& call);
  void WindowFunction(const WindowCall& call);
  void SortKeys(const std::vector<SortKey>& keys);
  void SortOrder(const catalog::OperatorRow* less, bool descending, bool nulls_first, types::Type type);
  void Cast(const CastExpr& cast, bool show_implicit);
  void CastTo(const Expr* arg, types::Type type, const Expr* parent);
  // label: -1 never, 0 where the text alone would be read as another type, 1 always.
  void Constant(const ConstExpr& constant, int label);

  // ---- Columns (from.cc)
  // The column's name if it is shown as a column, else empty.
  std::string Column(const Expr* expr, bool top_level);
  std::string ColumnOf(RelId rel, int column, bool top_level, const Expr* expr);

  // ---- Queries (queries.cc)
  void Select(const Query& query, const std::vector<std::string>* result_names, bool colnames_visible);
  void Basic(const Query& query, const std::vector<std::string>* result_names, bool colnames_visible);
  void Targets(const Query& query, const std::vector<std::string>* result_names, bool colnames_visible);
  void SetOperation(const SetOpNode& node, const std::vector<std::string>* result_names, bool colnames_visible);
  void With(const Query& query);
  void SearchAndCycle(const CommonTable& cte);
  void Values(const RangeEntry& entry);
  void SortClause(const Expr* expr);
  void GroupBy(const Query& query);
  void GroupingItemText(const Query& query, const GroupingItem& item, bool omit_parens);
  void OrderBy(const Query& query, bool by_number);
  void Windows(const Query& query);
  void WindowSpec(const WindowDef& window);
  void Limits(const Query& query);
  void Locks(const Query& query);
  void Wrap(const std::string& text, bool first, bool last_was_multiline);

  // ---- FROM (from.cc)
  void NameEntries(const Query& query);
  void NameColumns(const RangeEntry& entry, Named& named);
  void PinUsing(const FromNode* node);
  void From(const Query& query);
  void FromItem(const FromNode& node, const Query& query);
  void Join(const FromNode& node, const Query& query);
  void FunctionItem(const RangeEntry& entry);
  void FunctionCallText(const Expr* expr);
  void AliasOf(const RangeEntry& entry);
  void ColumnDefinitions(const TableFunction& function, const std::vector<std::string>* names);

  const DeparseContext& ctx_;
  std::string out_;
  int level_ = 0;
  std::map<RelId, Named> names_;
  std::map<RelId, std::map<int, std::string>> pinned_;  // columns whose names USING needs as they are
  std::vector<std::set<std::string>> taken_;            // names of the queries around
  const Query* query_ = nullptr;                        // the innermost, for its windows
};

// A record-returning call whose columns the query lists.
bool HasColumnDefinitions(const TableFunction& function);

}  // namespace phantom::planner
