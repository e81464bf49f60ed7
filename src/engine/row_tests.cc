#include "engine/row_tests.h"

#include <optional>
#include <string_view>

#include "catalog/function.h"
#include "catalog/operator.h"
#include "catalog/table.h"
#include "types/type.h"

namespace phantom::engine {

using planner::DynAs;
using types::RowTest;

namespace {

bool IsInteger(Oid type) { return type == types::kInt2Oid || type == types::kInt4Oid || type == types::kInt8Oid; }
bool IsTime(Oid type) {
  return type == types::kDateOid || type == types::kTimestampOid || type == types::kTimestamptzOid;
}

std::optional<int64_t> NumberOf(const types::Value& value) {
  if (value.is_null()) return std::nullopt;
  switch (value.layout()) {
    case types::Layout::kInt16:
      return value.AsInt16();
    case types::Layout::kInt32:
      return value.AsInt32();
    case types::Layout::kInt64:
      return value.AsInt64();
    default:
      return std::nullopt;
  }
}

std::optional<RowTest::Op> OpOf(std::string_view name, bool turned) {
  using Op = RowTest::Op;
  if (name == "=") return Op::kEqual;
  if (name == "<>") return Op::kNotEqual;
  if (name == "<") return turned ? Op::kGreater : Op::kLess;
  if (name == "<=") return turned ? Op::kGreaterEqual : Op::kLessEqual;
  if (name == ">") return turned ? Op::kLess : Op::kGreater;
  if (name == ">=") return turned ? Op::kLessEqual : Op::kGreaterEqual;
  return std::nullopt;
}

// Compared as their bytes or numbers are, which segments can do as well.
bool IsOrdered(Oid type) {
  return type == types::kNumericOid || type == types::kFloat4Oid || type == types::kFloat8Oid || type == types::kTextOid ||
         type == types::kBpcharOid;
}

// A varchar column is compared as text.
const planner::Expr* WithoutRelabel(const planner::Expr* expr) {
  auto* cast = DynAs<planner::CastExpr>(expr);
  const bool same = cast != nullptr && cast->method == planner::CastMethod::kRelabel && cast->type.oid == types::kTextOid &&
                    cast->arg->type.oid == types::kVarcharOid;
  return same ? cast->arg : expr;
}

// A built-in comparison of columns and constants of such types: it cannot fail.
const planner::FunctionCall* AsComparison(const planner::Expr* expr) {
  auto* call = DynAs<planner::FunctionCall>(expr);
  if (call == nullptr || call->op == nullptr || call->op->oid >= catalog::kFirstUserOid || call->args.size() != 2 ||
      !OpOf(call->op->name, false)) {
    return nullptr;
  }
  for (const planner::Expr* arg : call->args) {
    const planner::ExprKind kind = WithoutRelabel(arg)->kind;
    if (kind != planner::ExprKind::kInputRef && kind != planner::ExprKind::kConst) return nullptr;
    if (!IsInteger(arg->type.oid) && !IsTime(arg->type.oid) && !IsOrdered(arg->type.oid)) return nullptr;
  }
  const Oid left = call->args[0]->type.oid, right = call->args[1]->type.oid;
  return left == right || (IsInteger(left) && IsInteger(right)) ? call : nullptr;
}

}  // namespace

ScanTests ScanTestsOf(const planner::Expr* filter, const std::vector<int>& columns) {
  ScanTests tests;
  if (filter == nullptr) return tests;
  auto add = [&](const planner::Expr* condition) {
    const planner::FunctionCall* call = AsComparison(condition);
    if (call == nullptr) return false;
    const bool turned = call->args[0]->kind == planner::ExprKind::kConst;
    auto* column = DynAs<planner::InputRef>(WithoutRelabel(call->args[turned ? 1 : 0]));
    auto* constant = DynAs<planner::ConstExpr>(call->args[turned ? 0 : 1]);
    if (column == nullptr || constant == nullptr) return true;
    const int number = columns[static_cast<size_t>(column->index)];
    if (number < 0 || constant->value.is_null()) return true;
    const RowTest::Op op = *OpOf(call->op->name, turned);
    if (const std::optional<int64_t> value = NumberOf(constant->value)) {
      tests.rows.push_back({static_cast<uint32_t>(number), op, *value});
    } else if (IsOrdered(call->args[0]->type.oid)) {
      tests.segments.push_back({static_cast<uint32_t>(number), op, constant->value});
    }
    return true;
  };
  auto* all = DynAs<planner::BoolExpr>(filter);
  if (all == nullptr || all->op != planner::BoolOp::kAnd) {
    add(filter);
    return tests;
  }
  for (const planner::Expr* condition : all->args) {
    if (!add(condition)) break;
  }
  return tests;
}

}  // namespace phantom::engine
