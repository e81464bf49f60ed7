#include "planner/definition.h"

#include "catalog/catalog.h"
#include "catalog/stored_sql.h"
#include "parser/ast_select.h"
#include "planner/binder/binder.h"
#include "planner/deparse.h"
#include "planner/planner.h"
#include "planner/stored_text.h"
#include "types/format_context.h"

namespace phantom::planner {

using namespace types;

namespace {

// A context that binds names alone: nothing is folded.
PlannerContext NamesOnly(const PlannerContext& context) {
  PlannerContext names = context;
  names.service = nullptr;
  return names;
}

DeparseContext StyleOf(DefinitionStyle style, const PlannerContext& context) {
  DeparseContext deparse;
  deparse.catalog = context.catalog;
  deparse.format = context.format;
  deparse.form = style.pretty ? TextForm::kPretty : TextForm::kDefinition;
  deparse.wrap_column = style.wrap_column;
  return deparse;
}

// Binds names and types, for the sake of the text or of what the query is.
struct NameBinder {
  explicit NameBinder(const PlannerContext& context, bool for_text) : names(NamesOnly(context)), bind(nodes, names), binder(bind) {
    bind.for_text = for_text;
    bind.params_variable = false;
  }
  const PlannerContext names;
  NodeArena nodes;
  BindContext bind;
  Binder binder;
};

}  // namespace

Result<StoredQuery> StoreQuery(const parser::Node& query, const PlannerContext& context) {
  NameBinder with(context, /*for_text=*/true);
  ASSIGN_OR_RETURN(Query * bound, with.binder.Statement(query));
  const StoredFormat format(*context.format);
  DeparseContext deparse;
  deparse.catalog = context.catalog;
  deparse.format = &format.context();
  deparse.form = TextForm::kStored;
  deparse.joins = &with.bind.joins;
  StoredQuery stored;
  stored.sql = DeparseQuery(*bound, {}, deparse);
  stored.columns = std::move(with.bind.used_columns);
  for (const UsedTable& used : with.bind.tables) stored.relations.push_back(used.table->oid);
  return stored;
}

std::string StoreExpression(const Expr& expr, const PlannerContext& context) {
  const StoredFormat format(*context.format);
  DeparseContext deparse;
  deparse.catalog = context.catalog;
  deparse.format = &format.context();
  deparse.form = TextForm::kStored;
  deparse.names.column = [](const ColumnRef& ref) {
    return ref.column < 0 ? SystemColumnName(ref.column) : '"' + catalog::ColumnMarker(ref.column + 1) + '"';
  };
  deparse.names.input = [](int input) { return '"' + catalog::ColumnMarker(input + 1) + '"'; };
  return Deparse(&expr, deparse, false);
}

Result<std::string> ShowView(const catalog::Table& view, DefinitionStyle style, const PlannerContext& context) {
  ASSIGN_OR_RETURN(std::string sql, context.catalog->ViewQuery(view));
  NameBinder with(context, /*for_text=*/true);
  with.bind.stored_text = !view.is_system();
  ASSIGN_OR_RETURN(const parser::Node* node, ParseQueryText(sql, with.bind.pinned));
  ASSIGN_OR_RETURN(Query * bound, with.binder.Statement(*node));
  DeparseContext deparse = StyleOf(style, context);
  deparse.joins = &with.bind.joins;
  std::vector<std::string> columns;
  for (const catalog::Column& column : view.columns) columns.push_back(column.name);
  return DeparseQuery(*bound, columns, deparse);
}

Result<ShownExpression> ShowExpression(std::string_view sql, const catalog::Table* table, DefinitionStyle style,
                                       const PlannerContext& context, Type value_type) {
  NameBinder with(context, /*for_text=*/true);
  ASSIGN_OR_RETURN(const parser::Node* node, ParseExpressionText(sql, with.bind.pinned));
  Scope scope;
  Query query;
  scope.query = &query;
  if (table != nullptr) {
    catalog::TableRef borrowed(std::shared_ptr<const void>(), table);
    ASSIGN_OR_RETURN(RangeEntry * entry, with.binder.TableEntry(scope, borrowed, {}, -1));
    scope.items.push_back({.entry = entry});
  }
  if (value_type.oid != 0) {
    auto* value = with.nodes.New<CaseTest>();
    value->type = value_type;
    if (const catalog::TypeRow* row = with.bind.TypeOf(value_type.oid)) value->collation = row->collation;
    scope.domain_value = value;
  }
  ASSIGN_OR_RETURN(Expr * expr, with.binder.Expression(scope, node, ExprUse::kOther));
  DeparseContext deparse = StyleOf(style, context);
  deparse.names.column = [table](const ColumnRef& ref) {
    return ref.column < 0 ? SystemColumnName(ref.column)
                          : catalog::QuotedIfNeeded(table->columns[static_cast<size_t>(ref.column)].name);
  };
  ShownExpression shown;
  shown.text = Deparse(expr, deparse, false);
  shown.is_call = LooksLikeFunction(expr);
  return shown;
}

Result<Updatable> DescribeUpdatable(const catalog::Table& table, const PlannerContext& context) {
  constexpr int kUpdate = 1 << 2, kInsert = 1 << 3, kDelete = 1 << 4;
  Updatable result;
  result.columns.resize(table.columns.size());
  if (table.kind == catalog::RelationKind::kTable) {
    result.commands = kUpdate | kInsert | kDelete;
    result.columns.assign(table.columns.size(), true);
    return result;
  }
  if (!table.is_view()) return result;
  NameBinder with(context, /*for_text=*/false);
  ASSIGN_OR_RETURN(ViewBase * base, with.binder.AnalyzeView(table));
  RangeEntry entry;
  entry.view_base = base;
  result.commands = kUpdate | kInsert | kDelete;
  for (const ViewBase* level = base; level != nullptr; level = level->entry->view_base) {
    if (level->refusal != nullptr) {
      result.commands = 0;
      return result;
    }
    if (!level->any_column) result.commands = kDelete;
  }
  for (size_t i = 0; i < result.columns.size(); ++i) {
    result.columns[i] = Binder::StoredColumn(entry, static_cast<int>(i)).first != nullptr;
  }
  return result;
}

Result<std::string> WhyNotUpdatable(const parser::Node& query, const PlannerContext& context) {
  NameBinder with(context, /*for_text=*/false);
  ASSIGN_OR_RETURN(Query * bound, with.binder.Statement(query));
  std::string reason = Binder::NotUpdatable(*bound);
  return reason;
}

}  // namespace phantom::planner
