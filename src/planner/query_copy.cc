#include "planner/query_copy.h"

#include <map>

#include "common/check.h"
#include "planner/expr_util.h"
#include "planner/query_util.h"

namespace phantom::planner {

namespace {

class QueryCopier {
 public:
  explicit QueryCopier(BindContext& context) : ctx_(context) {}

  Query* Copy(const Query& original) {
    ForEachQuery(const_cast<Query&>(original), [&](Query& query) { Announce(query); });
    for (const auto& [query, copy] : queries_) Fill(*copy);
    return queries_.at(&original);
  }

  Expr* Copy(const Expr* expr) {
    Walk(expr, [&](const Expr* node) {
      AnnounceOutput(node);
      auto* subquery = DynAs<SubqueryExpr>(node);
      if (subquery != nullptr) ForEachQuery(*subquery->query, [&](Query& query) { Announce(query); });
      return true;
    });
    for (const auto& [query, copy] : queries_) Fill(*copy);
    return Mapped(expr);
  }

 private:
  // Gives everything that a query makes its new name, before anything refers to it.
  void Announce(Query& query) {
    PHANTOM_CHECK(query.command == CommandKind::kSelect);
    if (!queries_.emplace(&query, ctx_.arena.New<Query>(query)).second) return;
    for (CommonTable* cte : query.ctes) {
      auto* copy = ctx_.arena.New<CommonTable>(*cte);
      copy->id = ctx_.next_cte++;
      tables_[cte] = copy;
    }
    for (RangeEntry* entry : query.entries) {
      auto* copy = ctx_.arena.New<RangeEntry>(*entry);
      copy->rel = ctx_.NewRel(copy, ctx_.scopes[static_cast<size_t>(entry->rel)]);
      entries_[entry] = copy;
      rels_[entry->rel] = copy->rel;
    }
    AnnounceSets(query.set_operation);
    ForEachQueryExpr(query, [&](Expr*& expr) {
      Walk(expr, [&](const Expr* node) {
        AnnounceOutput(node);
        return true;
      });
    });
  }

  void AnnounceSets(const SetOpNode* node) {
    if (node == nullptr) return;
    NewRel(node->rel);
    AnnounceSets(node->left);
    AnnounceSets(node->right);
  }

  void AnnounceOutput(const Expr* node) {
    if (auto* subquery = DynAs<SubqueryExpr>(node)) NewRel(subquery->output_rel);
  }

  void NewRel(RelId rel) {
    if (!rels_.contains(rel)) rels_[rel] = ctx_.NewRel(nullptr, nullptr);
  }

  template <typename T>
  static T* Find(const std::map<const T*, T*>& map, T* original) {
    auto found = map.find(original);
    return found == map.end() ? original : found->second;
  }

  RelId Rel(RelId rel) const {
    auto found = rels_.find(rel);
    return found == rels_.end() ? rel : found->second;
  }

  Expr* Mapped(const Expr* expr) {
    Expr* copy = planner::Copy(ctx_.arena, expr);
    Rename(copy);
    return copy;
  }

  void Rename(Expr* expr) {
    Walk(expr, [&](const Expr* seen) {
      auto* node = const_cast<Expr*>(seen);
      if (auto* column = DynAs<ColumnRef>(node)) column->rel = Rel(column->rel);
      if (auto* row = DynAs<WholeRowRef>(node)) row->rel = Rel(row->rel);
      if (auto* call = DynAs<AggregateCall>(node)) call->query = Find(queries_, const_cast<Query*>(call->query));
      if (auto* call = DynAs<GroupingCall>(node)) call->query = Find(queries_, const_cast<Query*>(call->query));
      if (auto* subquery = DynAs<SubqueryExpr>(node)) {
        subquery->query = Find(queries_, subquery->query);
        subquery->output_rel = Rel(subquery->output_rel);
        for (Expr* left : subquery->left) Rename(left);
      }
      return true;
    });
  }

  void Map(Expr*& expr) { expr = Mapped(expr); }

  void Fill(Query& query) {
    for (CommonTable*& cte : query.ctes) {
      cte = Find(tables_, cte);
      cte->query = Find(queries_, cte->query);
    }
    for (RangeEntry*& entry : query.entries) {
      entry = Find(entries_, entry);
      entry->subquery = Find(queries_, entry->subquery);
      entry->cte = Find(tables_, entry->cte);
      for (Expr*& column : entry->join_columns) Map(column);
    }
    query.from = From(query.from);
    query.set_operation = Sets(query.set_operation);
    for (RowMark& mark : query.row_marks) mark.entry = Find(entries_, mark.entry);
    query.target = Find(entries_, query.target);
    ForEachOwnExpr(query, [&](Expr*& expr) { Map(expr); });
  }

  FromNode* From(const FromNode* node) {
    if (node == nullptr) return nullptr;
    auto* copy = ctx_.arena.New<FromNode>(*node);
    copy->entry = Find(entries_, copy->entry);
    copy->using_alias = Find(entries_, copy->using_alias);
    copy->left = From(copy->left);
    copy->right = From(copy->right);
    return copy;
  }

  SetOpNode* Sets(const SetOpNode* node) {
    if (node == nullptr) return nullptr;
    auto* copy = ctx_.arena.New<SetOpNode>(*node);
    copy->rel = Rel(copy->rel);
    copy->query = Find(queries_, copy->query);
    copy->left = Sets(copy->left);
    copy->right = Sets(copy->right);
    return copy;
  }

  BindContext& ctx_;
  std::map<const Query*, Query*> queries_;
  std::map<const CommonTable*, CommonTable*> tables_;
  std::map<const RangeEntry*, RangeEntry*> entries_;
  std::map<RelId, RelId> rels_;
};

}  // namespace

Query* CopyQuery(BindContext& context, const Query& query) { return QueryCopier(context).Copy(query); }

Expr* CopyWithSubqueries(BindContext& context, const Expr* expr) { return QueryCopier(context).Copy(expr); }

}  // namespace phantom::planner
