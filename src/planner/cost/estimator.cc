#include "planner/cost/estimator.h"

#include <algorithm>
#include <cmath>

#include "planner/expr_util.h"
#include "planner/logical_util.h"

namespace phantom::planner {

using namespace types;

namespace {
constexpr double kUnknownTablePages = 10;
constexpr double kPageBytes = 8192;
constexpr int kRowOverhead = 28;
constexpr double kFunctionRows = 1000;
}  // namespace

int Estimator::Width(Type type) {
  int16_t length = TypeLength(type.oid);
  if (length > 0) return length;
  int32_t characters = LengthOfTypmod(type.typmod);
  if (characters > 0 && (type.oid == kVarcharOid || type.oid == kBpcharOid)) return std::min(characters, 32);
  return 32;
}

double Estimator::TableRows(const catalog::Table& table) {
  auto [known, added] = table_rows_.try_emplace(table.oid, 0.0);
  if (!added) return known->second;
  double rows = ctx_.planner.statistics == nullptr ? -1 : ctx_.planner.statistics->RowCount(table);
  if (rows < 0) rows = table.estimated_rows;
  if (rows >= 0) return known->second = std::max(1.0, rows);
  if (table.is_system()) return known->second = 500;
  int width = kRowOverhead;
  for (const catalog::Column& column : table.columns) width += column.dropped ? 0 : Width(column.type);
  return known->second = std::max(1.0, std::floor(kUnknownTablePages * kPageBytes / width));
}

double Estimator::TablePages(const catalog::Table& table) {
  auto [known, added] = table_pages_.try_emplace(table.oid, 0.0);
  if (!added) return known->second;
  int width = kRowOverhead;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    width += table.columns[i].dropped ? 0 : Width(table, static_cast<int>(i) + 1);
  }
  return known->second = std::max(1.0, std::ceil(TableRows(table) * width / kPageBytes));
}

int Estimator::Width(const catalog::Table& table, int attribute) {
  auto statistics = ctx_.planner.statistics == nullptr || table.is_system()
                        ? nullptr
                        : ctx_.planner.statistics->Column(table, attribute);
  if (statistics != nullptr && statistics->width > 0) return statistics->width;
  return Width(table.column(attribute).type);
}

int Estimator::Width(ColumnId id, Type type) {
  ColumnRef column;
  column.rel = id.rel;
  column.column = id.column;
  Origin origin;
  return id.rel > 0 && OriginOf(&column, origin) ? Width(*origin.table, origin.column + 1) : Width(type);
}

void Estimator::NoteColumns(const LogicalNode& node) {
  if (node.kind == LogicalKind::kProject) {
    auto* project = As<LogicalProject>(&node);
    for (size_t i = 0; i < project->exprs.size(); ++i) projected_[{project->rel, static_cast<int>(i)}] = project->exprs[i];
  } else if (node.kind == LogicalKind::kAggregate) {
    auto* aggregate = As<LogicalAggregate>(&node);
    for (size_t i = 0; i < aggregate->groups.size(); ++i) projected_[{aggregate->rel, static_cast<int>(i)}] = aggregate->groups[i];
  }
  if (node.kind == LogicalKind::kWith) {
    // The body's references need to know the definition.
    auto* with = As<LogicalWith>(&node);
    NoteColumns(*with->children[0]);
    common_tables_[with->cte] = with;
    common_table_rows_[with->cte] = Rows(*with->children[0]);
    NoteColumns(*with->children[1]);
    return;
  }
  if (node.kind == LogicalKind::kCteScan) {
    auto* scan = As<LogicalCteScan>(&node);
    auto with = common_tables_.find(scan->cte);
    for (size_t i = 0; with != common_tables_.end() && i < with->second->outputs.size(); ++i) {
      renamed_[{scan->entry->rel, static_cast<int>(i)}] = with->second->outputs[i];
    }
  }
  for (const LogicalNode* child : node.children) NoteColumns(*child);
}

bool Estimator::OriginOf(const Expr* expr, Origin& origin) {
  for (int depth = 0; depth < 32; ++depth) {
    while (auto* cast = DynAs<CastExpr>(expr)) {
      if (cast->method != CastMethod::kRelabel && cast->method != CastMethod::kCollate) return false;
      expr = cast->arg;
    }
    auto* column = DynAs<ColumnRef>(expr);
    if (column == nullptr) return false;
    const RangeEntry* entry = ctx_.entries[static_cast<size_t>(column->rel)];
    if (entry != nullptr && entry->kind == RangeKind::kTable && column->column >= 0) {
      origin = {entry->table.get(), column->column, column->rel};
      return true;
    }
    ColumnId id{column->rel, column->column};
    if (auto renamed = renamed_.find(id); renamed != renamed_.end()) id = renamed->second;
    if (id != ColumnId{column->rel, column->column}) {
      const RangeEntry* source = ctx_.entries[static_cast<size_t>(id.rel)];
      if (source != nullptr && source->kind == RangeKind::kTable && id.column >= 0) {
        origin = {source->table.get(), id.column, id.rel};
        return true;
      }
    }
    auto found = projected_.find(id);
    if (found == projected_.end()) return false;
    expr = found->second;
  }
  return false;
}

std::shared_ptr<const ColumnStatistics> Estimator::Statistics(const Origin& origin) {
  if (ctx_.planner.statistics == nullptr) return nullptr;
  return ctx_.planner.statistics->Column(*origin.table, origin.column + 1);
}

bool Estimator::IsUnique(const Origin& origin) {
  for (const catalog::Index& index : origin.table->indexes) {
    if (index.unique && index.valid && index.keys.size() == 1 && index.keys[0].column == origin.column + 1 && index.predicate_sql.empty()) return true;
  }
  return false;
}

double Estimator::Correlation(const catalog::Table& table, int attribute) {
  if (ctx_.planner.statistics == nullptr || attribute < 1) return 0;
  auto statistics = ctx_.planner.statistics->Column(table, attribute);
  return statistics == nullptr ? 0 : statistics->correlation;
}

double Estimator::CommonTableRows(const CommonTable* table) {
  auto known = common_table_rows_.find(table);
  return known != common_table_rows_.end() ? known->second : kFunctionRows;
}

double Estimator::JoinRowsOf(const LogicalJoin& join) {
  const double left = Rows(*join.children[0]), right = Rows(*join.children[1]);
  if (join.type == JoinType::kMark) return left;
  if (join.type == JoinType::kSemi || join.type == JoinType::kAnti) {
    double kept = SemiSelectivity(join.conditions, left, right, OutputRels(*join.children[1]));
    return std::max(1.0, left * (join.type == JoinType::kSemi ? kept : 1 - kept));
  }
  const double inner = JoinRows(left, right, join.conditions);
  switch (join.type) {
    case JoinType::kLeft:
      return join.at_most_one ? left : std::max(inner, left);
    case JoinType::kRight:
      return std::max(inner, right);
    case JoinType::kFull:
      return std::max(inner, std::max(left, right));
    default:
      return inner;
  }
}

double Estimator::Rows(const LogicalNode& node) {
  auto known = rows_.find(&node);
  if (known != rows_.end()) return known->second;
  double rows = 1;
  switch (node.kind) {
    case LogicalKind::kScan: {
      auto* scan = As<LogicalScan>(&node);
      rows = TableRows(*scan->entry->table) * Selectivity(scan->filters);
      break;
    }
    case LogicalKind::kValues:
      rows = static_cast<double>(As<LogicalValues>(&node)->rows.size());
      break;
    case LogicalKind::kFunctionScan: {
      auto* scan = As<LogicalFunctionScan>(&node);
      rows = 1;
      for (const TableFunction& function : scan->entry->functions) {
        auto* call = DynAs<FunctionCall>(function.call);
        double set = call != nullptr && call->returns_set ? (call->function->rows > 0 ? call->function->rows : kFunctionRows) : 1;
        rows = std::max(rows, set);
      }
      rows *= Selectivity(scan->filters);
      break;
    }
    case LogicalKind::kCteScan:
      rows = CommonTableRows(As<LogicalCteScan>(&node)->cte) * Selectivity(As<LogicalCteScan>(&node)->filters);
      break;
    case LogicalKind::kWorkTableScan:
      rows = 100 * Selectivity(As<LogicalWorkTableScan>(&node)->filters);
      break;
    case LogicalKind::kFilter:
      rows = Rows(*node.children[0]) * Selectivity(As<LogicalFilter>(&node)->conditions);
      break;
    case LogicalKind::kProjectSet:
      rows = Rows(*node.children[0]) * 10;
      break;
    case LogicalKind::kJoin:
      rows = JoinRowsOf(*As<LogicalJoin>(&node));
      break;
    case LogicalKind::kAggregate: {
      auto* aggregate = As<LogicalAggregate>(&node);
      rows = Groups(aggregate->groups, Rows(*node.children[0])) * static_cast<double>(std::max<size_t>(1, aggregate->sets.size()));
      break;
    }
    case LogicalKind::kLimit: {
      rows = Rows(*node.children[0]);
      auto* count = DynAs<ConstExpr>(As<LogicalLimit>(&node)->limit);
      if (count != nullptr && !count->value.is_null()) rows = std::min(rows, std::max(1.0, static_cast<double>(count->value.AsInt64())));
      break;
    }
    case LogicalKind::kSetOp: {
      rows = 0;
      for (const LogicalNode* child : node.children) rows += Rows(*child);
      if (As<LogicalSetOp>(&node)->op != SetOpKind::kUnion) rows = Rows(*node.children[0]);
      break;
    }
    case LogicalKind::kRecursiveUnion:
      rows = Rows(*node.children[0]) + 10 * Rows(*node.children[1]);
      break;
    case LogicalKind::kWith:
      rows = Rows(*node.children[1]);
      break;
    case LogicalKind::kDistinctOn: {
      std::vector<Expr*> groups;
      for (const SortKey& key : As<LogicalDistinctOn>(&node)->keys) groups.push_back(key.expr);
      rows = Groups(groups, Rows(*node.children[0]));
      break;
    }
    case LogicalKind::kProject:
    case LogicalKind::kWindow:
    case LogicalKind::kSort:
    case LogicalKind::kLockRows:
    case LogicalKind::kModify:
      rows = Rows(*node.children[0]);
      break;
  }
  rows = std::max(1.0, std::round(rows));
  rows_[&node] = rows;
  return rows;
}

}  // namespace phantom::planner
