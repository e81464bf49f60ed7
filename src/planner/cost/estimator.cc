#include "planner/cost/estimator.h"

#include <algorithm>
#include <cmath>

#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;

namespace {
// PostgreSQL's defaults where nothing is known.
constexpr double kEqualSelectivity = 0.005;
constexpr double kRangeSelectivity = 1.0 / 3;
constexpr double kRangePairSelectivity = 0.005;
constexpr double kLikeSelectivity = 0.005;
constexpr double kUnknownSelectivity = 0.5;
constexpr double kNullSelectivity = 0.005;
constexpr double kDefaultDistinct = 200;
constexpr double kUnknownTablePages = 10;
constexpr double kPageBytes = 8192;
constexpr double kFunctionRows = 1000;

double Clamp(double selectivity) { return std::min(1.0, std::max(0.0, selectivity)); }
}  // namespace

int Estimator::Width(Type type) {
  int16_t length = TypeLength(type.oid);
  if (length > 0) return length;
  int32_t characters = LengthOfTypmod(type.typmod);
  if (characters > 0 && (type.oid == kVarcharOid || type.oid == kBpcharOid)) return std::min(characters, 32);
  return 32;
}

double Estimator::TableRows(const catalog::Table& table) {
  double rows = ctx_.planner.statistics == nullptr ? -1 : ctx_.planner.statistics->RowCount(table);
  if (rows < 0) rows = table.estimated_rows;
  if (rows >= 0) return std::max(1.0, rows);
  if (table.is_system()) return 500;
  int width = 28;
  for (const catalog::Column& column : table.columns) width += column.dropped ? 0 : Width(column.type);
  return std::max(1.0, std::floor(kUnknownTablePages * kPageBytes / width));
}

double Estimator::TablePages(const catalog::Table& table) {
  int width = 28;
  for (const catalog::Column& column : table.columns) width += column.dropped ? 0 : Width(column.type);
  return std::max(1.0, std::ceil(TableRows(table) * width / kPageBytes));
}

void Estimator::NoteColumns(const LogicalNode& node) {
  if (node.kind == LogicalKind::kProject) {
    auto* project = As<LogicalProject>(&node);
    for (size_t i = 0; i < project->exprs.size(); ++i) projected_[{project->rel, static_cast<int>(i)}] = project->exprs[i];
  } else if (node.kind == LogicalKind::kAggregate) {
    auto* aggregate = As<LogicalAggregate>(&node);
    for (size_t i = 0; i < aggregate->groups.size(); ++i) projected_[{aggregate->rel, static_cast<int>(i)}] = aggregate->groups[i];
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
      origin = {entry->table.get(), column->column};
      return true;
    }
    auto found = projected_.find({column->rel, column->column});
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
    if (index.unique && index.keys.size() == 1 && index.keys[0].column == origin.column + 1 && index.predicate_sql.empty()) return true;
  }
  return false;
}

double Estimator::Distinct(const Expr* expr) {
  if (expr->type.oid == kBoolOid) return 2;
  Origin origin;
  if (!OriginOf(expr, origin)) return 0;
  double rows = TableRows(*origin.table);
  if (IsUnique(origin)) return rows;
  auto statistics = Statistics(origin);
  if (statistics != nullptr && statistics->distinct != 0) {
    return std::max(1.0, statistics->distinct > 0 ? statistics->distinct : -statistics->distinct * rows);
  }
  // Part of a key: at most so many values as fit.
  return std::min(rows, kDefaultDistinct);
}

double Estimator::Comparison(const FunctionCall& call) {
  const Expr *left = call.args[0], *right = call.args.size() > 1 ? call.args[1] : nullptr;
  if (right == nullptr) return kUnknownSelectivity;
  std::string_view name = call.op->name;
  bool equal = name == "=", not_equal = name == "<>";
  bool less = name == "<" || name == "<=", greater = name == ">" || name == ">=";
  bool like = name == "~~" || name == "~~*" || name == "~" || name == "~*";
  bool not_like = name == "!~~" || name == "!~~*" || name == "!~" || name == "!~*";
  if (like) return kLikeSelectivity;
  if (not_like) return 1 - kLikeSelectivity;
  if (!equal && !not_equal && !less && !greater) {
    return call.type.oid == kBoolOid ? (name == "@>" || name == "<@" || name == "&&" ? 0.01 : kUnknownSelectivity) : kUnknownSelectivity;
  }
  const ConstExpr* constant = DynAs<ConstExpr>(right);
  const Expr* column = left;
  Origin origin;
  bool known = OriginOf(left, origin);
  if (!known && OriginOf(right, origin)) {
    known = true;
    constant = DynAs<ConstExpr>(left);
    column = right;
    std::swap(less, greater);
  }
  if (constant != nullptr && constant->value.is_null()) return 0;
  if (equal || not_equal) {
    double selectivity = kEqualSelectivity;
    if (known) {
      auto statistics = Statistics(origin);
      double distinct = Distinct(column);
      if (distinct > 0) selectivity = 1 / distinct;
      if (statistics != nullptr && constant != nullptr && !statistics->common_values.empty() &&
          statistics->common_values[0].layout() == constant->value.layout()) {
        double sum = 0;
        bool found = false;
        for (size_t i = 0; i < statistics->common_values.size() && i < statistics->common_frequencies.size(); ++i) {
          sum += statistics->common_frequencies[i];
          if (!found && statistics->common_values[i] == constant->value) {
            selectivity = statistics->common_frequencies[i];
            found = true;
          }
        }
        if (!found) {
          double others = std::max(1.0, distinct - static_cast<double>(statistics->common_values.size()));
          selectivity = Clamp(1 - sum - statistics->null_fraction) / others;
        }
      }
    } else {
      Origin other;
      if (constant == nullptr && OriginOf(right, other)) selectivity = 1 / std::max(1.0, Distinct(right));
    }
    return Clamp(equal ? selectivity : 1 - selectivity);
  }
  if (known && constant != nullptr) {
    auto statistics = Statistics(origin);
    if (statistics != nullptr && statistics->histogram.size() >= 2 &&
        statistics->histogram[0].layout() == constant->value.layout()) {
      const auto& bounds = statistics->histogram;
      size_t below = 0;
      while (below < bounds.size() && bounds[below] < constant->value) ++below;
      double fraction = below == 0 ? 0 : below == bounds.size() ? 1 : (static_cast<double>(below) - 0.5) / static_cast<double>(bounds.size() - 1);
      double common = 0, common_below = 0;
      for (size_t i = 0; i < statistics->common_values.size() && i < statistics->common_frequencies.size(); ++i) {
        common += statistics->common_frequencies[i];
        if (statistics->common_values[i] < constant->value) common_below += statistics->common_frequencies[i];
      }
      double rest = Clamp(1 - common - statistics->null_fraction);
      double low = common_below + fraction * rest;
      return Clamp(std::max(0.0001, less ? low : 1 - statistics->null_fraction - low));
    }
  }
  return kRangeSelectivity;
}

double Estimator::Selectivity(const Expr* condition) {
  switch (condition->kind) {
    case ExprKind::kConst: {
      auto& value = As<ConstExpr>(condition)->value;
      return value.is_null() || !value.AsBool() ? 0 : 1;
    }
    case ExprKind::kBool: {
      auto* node = As<BoolExpr>(condition);
      if (node->op == BoolOp::kNot) return Clamp(1 - Selectivity(node->args[0]));
      if (node->op == BoolOp::kAnd) return Selectivity(node->args);
      double none = 1;
      for (Expr* arg : node->args) none *= 1 - Selectivity(arg);
      return Clamp(1 - none);
    }
    case ExprKind::kFunction: {
      auto* call = As<FunctionCall>(condition);
      if (call->op != nullptr) return Comparison(*call);
      return 0.3333333;
    }
    case ExprKind::kNullTest: {
      auto* test = As<NullTest>(condition);
      double fraction = kNullSelectivity;
      Origin origin;
      if (OriginOf(test->arg, origin)) {
        auto statistics = Statistics(origin);
        if (statistics != nullptr) fraction = statistics->null_fraction;
        if (origin.table->columns[static_cast<size_t>(origin.column)].not_null) fraction = 0;
      }
      return Clamp(test->is_null ? fraction : 1 - fraction);
    }
    case ExprKind::kScalarArray: {
      auto* node = As<ScalarArrayExpr>(condition);
      double items = 10;
      if (auto* array = DynAs<ArrayExpr>(node->array)) items = static_cast<double>(array->elements.size());
      double one = kEqualSelectivity;
      double distinct = Distinct(node->scalar);
      if (distinct > 0) one = 1 / distinct;
      bool equal = node->op != nullptr && node->op->name == "=";
      if (!equal && node->op != nullptr && node->op->name == "<>") return Clamp(1 - items * one);
      return Clamp(node->any ? items * one : std::pow(kRangeSelectivity, items));
    }
    case ExprKind::kSubquery:
    case ExprKind::kSubPlan:
      return kUnknownSelectivity;
    case ExprKind::kColumnRef:
      return kUnknownSelectivity;
    default:
      return kUnknownSelectivity;
  }
}

double Estimator::Selectivity(const std::vector<Expr*>& conditions) {
  double product = 1;
  // Lower and upper bounds of one column belong together.
  std::map<ColumnId, std::pair<double, double>> ranges;
  for (const Expr* condition : conditions) {
    auto* call = DynAs<FunctionCall>(condition);
    auto* column = call != nullptr && call->op != nullptr && call->args.size() == 2 ? DynAs<ColumnRef>(call->args[0]) : nullptr;
    double selectivity = Selectivity(condition);
    if (column != nullptr && (call->op->name == "<" || call->op->name == "<=" || call->op->name == ">" || call->op->name == ">=")) {
      bool upper = call->op->name[0] == '<';
      auto [found, added] = ranges.try_emplace(ColumnId{column->rel, column->column}, -1.0, -1.0);
      (upper ? found->second.second : found->second.first) = selectivity;
      continue;
    }
    product *= selectivity;
  }
  for (const auto& [column, range] : ranges) {
    if (range.first >= 0 && range.second >= 0) {
      bool both_default = range.first == kRangeSelectivity && range.second == kRangeSelectivity;
      double both = range.first + range.second - 1;
      product *= both_default ? kRangePairSelectivity : std::max(0.0001, both);
    } else {
      product *= range.first >= 0 ? range.first : range.second;
    }
  }
  return Clamp(product);
}

double Estimator::JoinSelectivity(const Expr* condition) {
  auto* call = DynAs<FunctionCall>(condition);
  if (call == nullptr || call->op == nullptr || call->op->name != "=" || call->args.size() != 2) return Selectivity(condition);
  double distinct = std::max(Distinct(call->args[0]), Distinct(call->args[1]));
  return distinct > 0 ? 1 / distinct : kEqualSelectivity;
}

double Estimator::JoinRows(double left, double right, const std::vector<Expr*>& conditions) {
  double rows = left * right;
  for (const Expr* condition : conditions) rows *= JoinSelectivity(condition);
  return std::max(1.0, rows);
}

double Estimator::Groups(const std::vector<Expr*>& groups, double rows) {
  if (groups.empty()) return 1;
  double product = 1;
  for (const Expr* group : groups) {
    double distinct = Distinct(group);
    if (distinct <= 0) distinct = kDefaultDistinct;
    product *= distinct;
    if (product > rows) return std::max(1.0, groups.size() > 1 ? rows : std::min(rows, product));
  }
  return std::max(1.0, std::min(product, rows));
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
      rows = 1000 * Selectivity(As<LogicalCteScan>(&node)->filters);
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
    case LogicalKind::kJoin: {
      auto* join = As<LogicalJoin>(&node);
      double left = Rows(*node.children[0]), right = Rows(*node.children[1]);
      double inner = JoinRows(left, right, join->conditions);
      switch (join->type) {
        case JoinType::kInner:
          rows = inner;
          break;
        case JoinType::kLeft:
          rows = std::max(inner, left);
          break;
        case JoinType::kRight:
          rows = std::max(inner, right);
          break;
        case JoinType::kFull:
          rows = std::max(inner, left + right);
          break;
        case JoinType::kSemi:
          rows = std::min(left, inner);
          break;
        case JoinType::kAnti:
          rows = std::max(1.0, left - std::min(left, inner));
          break;
        case JoinType::kMark:
          rows = left;
          break;
      }
      break;
    }
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
    case LogicalKind::kProject:
    case LogicalKind::kWindow:
    case LogicalKind::kSort:
    case LogicalKind::kDistinctOn:
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
