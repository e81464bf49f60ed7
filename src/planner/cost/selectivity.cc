// The fraction of rows a condition lets through.
#include <algorithm>
#include <cmath>
#include <optional>

#include "planner/cost/estimator.h"
#include "planner/cost/value_statistics.h"
#include "planner/expr_util.h"
#include "types/array.h"

namespace phantom::planner {

using namespace types;

namespace {

// PostgreSQL's defaults where nothing is known.
constexpr double kEqualSelectivity = 0.005;
constexpr double kRangeSelectivity = 1.0 / 3;
constexpr double kRangePairSelectivity = 0.005;
constexpr double kLikeSelectivity = 0.005;
constexpr double kContainsSelectivity = 0.01;
constexpr double kUnknownSelectivity = 0.5;
constexpr double kFunctionSelectivity = 0.3333333;
constexpr double kNullSelectivity = 0.005;
constexpr double kPatternMin = 0.0001;
constexpr double kArrayItems = 10;
// Fewer values of a histogram than this tell little of a pattern.
constexpr size_t kHistogramMin = 10;
constexpr size_t kHistogramEnough = 100;

double Clamp(double selectivity) { return std::min(1.0, std::max(0.0, selectivity)); }

bool IsRange(std::string_view name) { return name == "<" || name == "<=" || name == ">" || name == ">="; }
bool IsLike(std::string_view name) { return name == "~~" || name == "~~*" || name == "~" || name == "~*"; }
bool IsNotLike(std::string_view name) { return name == "!~~" || name == "!~~*" || name == "!~" || name == "!~*"; }

// A pattern without statistics: letters narrow, wildcards widen.
double PatternGuess(std::string_view pattern, bool like) {
  double selectivity = 1;
  for (char c : pattern) {
    if (c == '%' || (!like && c == '*')) {
      selectivity *= 5;
    } else if (c == '_' || (!like && c == '.')) {
      selectivity *= 0.9;
    } else {
      selectivity *= 0.2;
    }
    selectivity = std::min(selectivity, 1.0);
  }
  return std::max(selectivity, kPatternMin);
}

}  // namespace

double Estimator::Equality(const Expr* column, const Expr* value) {
  const auto* constant = DynAs<ConstExpr>(value);
  double distinct = Distinct(column);
  Origin origin;
  if (OriginOf(column, origin)) {
    if (IsUnique(origin)) return 1 / std::max(1.0, TableRows(*origin.table));
    if (auto statistics = Statistics(origin); statistics != nullptr && distinct > 0) {
      return constant != nullptr ? EqualFraction(*statistics, constant->value, distinct)
                                 : EqualFractionUnknown(*statistics, distinct);
    }
  }
  return distinct > 0 ? 1 / distinct : kEqualSelectivity;
}

double Estimator::Pattern(const FunctionCall& call) {
  const bool negated = IsNotLike(call.op->name);
  const bool like = IsLike(call.op->name) || negated;
  const double unknown = like ? (negated ? 1 - kLikeSelectivity : kLikeSelectivity)
                              : (call.op->name == "@>" || call.op->name == "<@" || call.op->name == "&&" ? kContainsSelectivity
                                                                                                        : kUnknownSelectivity);
  const auto* constant = DynAs<ConstExpr>(call.args[1]);
  if (constant == nullptr || constant->value.is_null()) return unknown;
  Origin origin;
  auto statistics = OriginOf(call.args[0], origin) ? Statistics(origin) : nullptr;
  if (statistics == nullptr || ctx_.planner.service == nullptr || call.type.oid != kBoolOid) return unknown;

  // The operator itself says which of the known values match.
  FunctionCall probe = call;
  ConstExpr sample;
  sample.type = call.args[0]->type;
  sample.collation = call.args[0]->collation;
  probe.args[0] = &sample;
  auto matches = [&](const Value& value) {
    sample.value = value;
    sample.value.Retype(sample.type);
    Result<Value> result = ctx_.planner.service->Evaluate(probe);
    return result.ok() && !result->is_null() && result->AsBool();
  };
  if (!statistics->common_values.empty() && statistics->common_values[0].layout() != LayoutOf(sample.type)) return unknown;
  double common = 0, matched = 0;
  for (size_t i = 0; i < statistics->common_values.size(); ++i) {
    common += statistics->common_frequencies[i];
    if (matches(statistics->common_values[i])) matched += statistics->common_frequencies[i];
  }
  const std::vector<Value>& bounds = statistics->histogram;
  double rest = like ? PatternGuess(constant->value.layout() == Layout::kString ? constant->value.AsString() : "",
                                    call.op->name.find("~~") != std::string_view::npos)
                     : unknown;
  if (negated) rest = 1 - rest;
  if (bounds.size() > kHistogramMin) {
    // The outermost values are no random sample.
    size_t hits = 0, tried = bounds.size() - 2;
    for (size_t i = 1; i + 1 < bounds.size(); ++i) hits += matches(bounds[i]);
    double seen = static_cast<double>(hits) / static_cast<double>(tried);
    double weight = std::min(1.0, static_cast<double>(tried) / kHistogramEnough);
    rest = std::clamp(seen * weight + rest * (1 - weight), kPatternMin, 1 - kPatternMin);
  }
  return Clamp(matched + rest * Clamp(1 - common - statistics->null_fraction));
}

double Estimator::Comparison(const FunctionCall& call) {
  if (call.args.size() < 2) return kUnknownSelectivity;
  const std::string_view name = call.op->name;
  const bool equal = name == "=", not_equal = name == "<>";
  if (!equal && !not_equal && !IsRange(name)) return Pattern(call);
  const Expr *left = call.args[0], *right = call.args[1];
  for (const Expr* arg : call.args) {
    if (IsConstNull(arg)) return 0;
  }
  Origin origin, other;
  bool known = OriginOf(left, origin);
  const bool other_known = OriginOf(right, other);
  bool upper = name[0] == '<' && !not_equal;
  const bool turned = (!known && other_known) || (IsConstant(left) && !IsConstant(right));
  if (turned) {
    std::swap(left, right);
    std::swap(origin, other);
    known = other_known;
    upper = !upper;
  }
  auto statistics = known ? Statistics(origin) : nullptr;
  const double nulls = statistics != nullptr ? statistics->null_fraction : 0;
  if (equal || not_equal) {
    // Between two columns the one with more values decides.
    const bool swap = known && other_known && Distinct(right) > Distinct(left);
    double selectivity = swap ? Equality(right, left) : Equality(left, right);
    return Clamp(equal ? selectivity : 1 - selectivity - nulls);
  }
  const auto* constant = DynAs<ConstExpr>(right);
  if (constant == nullptr || statistics == nullptr) return kRangeSelectivity;
  // Above is what is neither below nor null.
  const bool inclusive = upper ? name.size() == 2 : name.size() == 1;
  std::optional<double> below = BelowFraction(*statistics, constant->value, inclusive);
  if (!below) return kRangeSelectivity;
  return Clamp(upper ? *below : 1 - nulls - *below);
}

double Estimator::InList(const ScalarArrayExpr& in) {
  const bool equal = in.op != nullptr && in.op->name == "=", not_equal = in.op != nullptr && in.op->name == "<>";
  std::vector<const Expr*> items;
  std::vector<ConstExpr> constants;
  if (auto* array = DynAs<ArrayExpr>(in.array)) {
    items.assign(array->elements.begin(), array->elements.end());
  } else if (auto* constant = DynAs<ConstExpr>(in.array);
             constant != nullptr && !constant->value.is_null() && constant->value.layout() == Layout::kString &&
             ArrayView::IsValid(constant->value.AsString())) {
    ArrayView view(constant->value.AsString());
    constants.resize(view.size());
    alignas(16) std::byte slot[16];
    for (uint32_t i = 0; i < view.size(); ++i) {
      constants[i].type = Type(view.element_type());
      if (!view.IsNull(i)) {
        view.Get(i, slot);
        constants[i].value = Value::FromSlot(constants[i].type, view.element_layout(), slot);
      }
    }
    for (const ConstExpr& item : constants) items.push_back(&item);
  }
  if (equal || not_equal) {
    double sum = 0;
    if (items.empty() && DynAs<ConstExpr>(in.array) == nullptr) {
      sum = kArrayItems * Equality(in.scalar, in.array);
    }
    for (const Expr* item : items) sum += IsConstNull(item) ? 0 : Equality(in.scalar, item);
    if (equal && in.any) return Clamp(sum);
    if (not_equal && !in.any) return Clamp(1 - sum);
  }
  double count = items.empty() ? kArrayItems : static_cast<double>(items.size());
  double one = equal ? kEqualSelectivity : not_equal ? 1 - kEqualSelectivity : kRangeSelectivity;
  return Clamp(in.any ? 1 - std::pow(1 - one, count) : std::pow(one, count));
}

double Estimator::Selectivity(const Expr* condition) {
  auto true_fraction = [&](const Expr* expr) -> std::optional<double> {
    Origin origin;
    auto statistics = expr->type.oid == kBoolOid && OriginOf(expr, origin) ? Statistics(origin) : nullptr;
    if (statistics == nullptr) return std::nullopt;
    return EqualFraction(*statistics, Value::Bool(true), 2);
  };
  auto null_fraction = [&](const Expr* expr) {
    Origin origin;
    if (!OriginOf(expr, origin)) return kNullSelectivity;
    if (origin.table->columns[static_cast<size_t>(origin.column)].not_null) return 0.0;
    auto statistics = Statistics(origin);
    return statistics != nullptr ? statistics->null_fraction : kNullSelectivity;
  };
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
      return call->op != nullptr ? Comparison(*call) : kFunctionSelectivity;
    }
    case ExprKind::kNullTest: {
      auto* test = As<NullTest>(condition);
      double fraction = null_fraction(test->arg);
      return Clamp(test->is_null ? fraction : 1 - fraction);
    }
    case ExprKind::kBooleanTest: {
      auto* test = As<BooleanTest>(condition);
      double truth = true_fraction(test->arg).value_or(Selectivity(test->arg));
      double nulls = null_fraction(test->arg);
      switch (test->test) {
        case TruthTest::kTrue: return Clamp(truth);
        case TruthTest::kNotTrue: return Clamp(1 - truth);
        case TruthTest::kFalse: return Clamp(1 - truth - nulls);
        case TruthTest::kNotFalse: return Clamp(truth + nulls);
        case TruthTest::kUnknown: return nulls;
        case TruthTest::kNotUnknown: return 1 - nulls;
      }
      return kUnknownSelectivity;
    }
    case ExprKind::kScalarArray:
      return InList(*As<ScalarArrayExpr>(condition));
    case ExprKind::kColumnRef:
      return true_fraction(condition).value_or(kUnknownSelectivity);
    default:
      return kUnknownSelectivity;
  }
}

double Estimator::Selectivity(const std::vector<Expr*>& conditions) {
  double product = 1;
  // Lower and upper bounds of one column belong together.
  struct Range {
    double above = -1, below = -1;
  };
  std::map<ColumnId, Range> ranges;
  for (const Expr* condition : conditions) {
    double selectivity = Selectivity(condition);
    auto* call = DynAs<FunctionCall>(condition);
    if (call == nullptr || call->op == nullptr || call->args.size() != 2 || !IsRange(call->op->name)) {
      product *= selectivity;
      continue;
    }
    const bool turned = DynAs<ColumnRef>(call->args[0]) == nullptr;
    auto* column = DynAs<ColumnRef>(call->args[turned ? 1 : 0]);
    if (column == nullptr) {
      product *= selectivity;
      continue;
    }
    Range& range = ranges[{column->rel, column->column}];
    double& side = (call->op->name[0] == '<') != turned ? range.below : range.above;
    // Of two bounds on one side the narrower one counts.
    side = side < 0 ? selectivity : std::min(side, selectivity);
  }
  for (const auto& [id, range] : ranges) {
    if (range.above < 0 || range.below < 0) {
      product *= range.above >= 0 ? range.above : range.below;
    } else if (range.above == kRangeSelectivity && range.below == kRangeSelectivity) {
      product *= kRangePairSelectivity;
    } else {
      ColumnRef column;
      column.rel = id.rel;
      column.column = id.column;
      Origin origin;
      auto statistics = OriginOf(&column, origin) ? Statistics(origin) : nullptr;
      double nulls = statistics != nullptr ? statistics->null_fraction : 0;
      product *= std::max(kPatternMin, range.above + range.below + nulls - 1);
    }
  }
  return Clamp(product);
}

}  // namespace phantom::planner
