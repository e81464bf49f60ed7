// Expressions that decide which of their parts are evaluated for which rows.
#include "catalog/builtins.h"
#include "catalog/function.h"
#include "engine/evaluator_internal.h"
#include "types/record.h"

namespace phantom::engine::internal {

using planner::ExprKind;

namespace {

// Splits rows by a predicate on the row number.
template <typename F>
void Split(const Rows& rows, RowList& yes, size_t& yes_count, RowList& no, size_t& no_count, F&& test) {
  yes_count = no_count = 0;
  for (size_t i = 0; i < rows.count; ++i) {
    const types::SelIndex row = rows[i];
    if (test(row)) {
      yes.data()[yes_count++] = row;
    } else {
      no.data()[no_count++] = row;
    }
  }
}

// AND and OR: left to right; a row is decided by the first argument that is false (AND) or true (OR).
class AndOrEvaluator final : public OwningEvaluator {
 public:
  AndOrEvaluator(bool is_and, std::vector<EvaluatorPtr> args, Runtime& runtime)
      : OwningEvaluator(types::kBoolOid, runtime), deciding_(!is_and), args_(std::move(args)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    result_.Reset();
    bool* out = result_.data<bool>();
    for (size_t i = 0; i < batch.rows.count; ++i) out[batch.rows[i]] = !deciding_;
    Batch open = batch;
    int list = 0;
    for (const EvaluatorPtr& arg : args_) {
      if (open.rows.count == 0) break;
      const types::Vector* value = nullptr;
      RETURN_IF_ERROR(arg->Evaluate(open, value));
      const types::UnifiedView view = value->View();
      types::SelIndex* next = lists_[list].data();
      size_t count = 0;
      for (size_t i = 0; i < open.rows.count; ++i) {
        const types::SelIndex row = open.rows[i];
        const uint32_t slot = view.index(row);
        if (!view.slot_valid(slot)) {
          result_.SetNull(row);
          next[count++] = row;
        } else if (view.slot<bool>(slot) == deciding_) {
          out[row] = deciding_;
          result_.SetValid(row);
        } else {
          next[count++] = row;
        }
      }
      open.rows = {next, count};
      list ^= 1;
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  const bool deciding_;
  std::vector<EvaluatorPtr> args_;
  RowList lists_[2];
};

class NotEvaluator final : public OwningEvaluator {
 public:
  NotEvaluator(EvaluatorPtr arg, Runtime& runtime) : OwningEvaluator(types::kBoolOid, runtime), arg_(std::move(arg)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    const types::Vector* value = nullptr;
    RETURN_IF_ERROR(arg_->Evaluate(batch, value));
    result_.Reset();
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = batch.rows[i];
      if (value->IsNull(row)) {
        result_.SetNull(row);
      } else {
        result_.data<bool>()[row] = !value->Get<bool>(row);
      }
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  EvaluatorPtr arg_;
};

class CaseEvaluator final : public OwningEvaluator {
 public:
  CaseEvaluator(types::Type type, Runtime& runtime) : OwningEvaluator(type, runtime) {}

  EvaluatorPtr arg;
  int slot = -1;
  std::vector<std::pair<EvaluatorPtr, EvaluatorPtr>> whens;
  EvaluatorPtr otherwise;

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    if (arg != nullptr) {
      const types::Vector* value = nullptr;
      RETURN_IF_ERROR(arg->Evaluate(batch, value));
      runtime_.case_slots[slot] = value;
    }
    result_.Reset();
    Batch open = batch;
    int list = 0;
    for (auto& [condition, then] : whens) {
      if (open.rows.count == 0) break;
      const types::Vector* truth = nullptr;
      RETURN_IF_ERROR(condition->Evaluate(open, truth));
      const types::UnifiedView view = truth->View();
      size_t taken, left;
      Split(open.rows, taken_, taken, lists_[list], left, [&](uint32_t row) { return IsTrue(view, row); });
      RETURN_IF_ERROR(Take(*then, {batch.columns, taken_.rows(taken)}));
      open.rows = lists_[list].rows(left);
      list ^= 1;
    }
    if (otherwise != nullptr) {
      RETURN_IF_ERROR(Take(*otherwise, open));
    } else {
      for (size_t i = 0; i < open.rows.count; ++i) result_.SetNull(open.rows[i]);
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  Status Take(Evaluator& branch, const Batch& batch) {
    if (batch.rows.count == 0) return Status::Ok();
    const types::Vector* value = nullptr;
    RETURN_IF_ERROR(branch.Evaluate(batch, value));
    CopySlots(*value, batch.rows, result_);
    return Status::Ok();
  }

  RowList taken_, lists_[2];
};

class CoalesceEvaluator final : public OwningEvaluator {
 public:
  CoalesceEvaluator(types::Type type, std::vector<EvaluatorPtr> args, Runtime& runtime)
      : OwningEvaluator(type, runtime), args_(std::move(args)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    Batch open = batch;
    int list = 0;
    for (size_t i = 0; i < args_.size() && open.rows.count > 0; ++i) {
      const types::Vector* value = nullptr;
      RETURN_IF_ERROR(args_[i]->Evaluate(open, value));
      if (i == 0) {
        if (value->all_valid()) {
          result = value;
          return Status::Ok();
        }
        result_.Reset();
      }
      size_t taken, left;
      Split(open.rows, taken_, taken, lists_[list], left, [&](uint32_t row) { return !value->IsNull(row); });
      CopySlots(*value, taken_.rows(taken), result_);
      open.rows = lists_[list].rows(left);
      list ^= 1;
    }
    for (size_t i = 0; i < open.rows.count; ++i) result_.SetNull(open.rows[i]);
    result = &result_;
    return Status::Ok();
  }

 private:
  std::vector<EvaluatorPtr> args_;
  RowList taken_, lists_[2];
};

// GREATEST and LEAST: NULL arguments are ignored.
class MinMaxEvaluator final : public OwningEvaluator {
 public:
  MinMaxEvaluator(types::Type type, bool greatest, KernelCall less, std::vector<EvaluatorPtr> args, Runtime& runtime)
      : OwningEvaluator(type, runtime),
        greatest_(greatest),
        less_(std::move(less)),
        args_(std::move(args)),
        truth_(types::kBoolOid) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    result_.Reset();
    for (size_t i = 0; i < batch.rows.count; ++i) result_.SetNull(batch.rows[i]);
    for (const EvaluatorPtr& arg : args_) {
      const types::Vector* value = nullptr;
      RETURN_IF_ERROR(arg->Evaluate(batch, value));
      size_t compared = 0, taken = 0;
      for (size_t i = 0; i < batch.rows.count; ++i) {
        const types::SelIndex row = batch.rows[i];
        if (value->IsNull(row)) continue;
        if (result_.IsNull(row)) {
          taken_.data()[taken++] = row;
        } else {
          compared_.data()[compared++] = row;
        }
      }
      for (size_t i = 0; i < taken; ++i) result_.SetValid(taken_.data()[i]);
      CopySlots(*value, taken_.rows(taken), result_);
      if (compared == 0) continue;
      const types::Vector* pair[2] = {value, &result_};
      if (greatest_) std::swap(pair[0], pair[1]);
      RETURN_IF_ERROR(less_.Run(pair, compared_.rows(compared), truth_));
      taken = 0;
      for (size_t i = 0; i < compared; ++i) {
        const types::SelIndex row = compared_.data()[i];
        if (truth_.Get<bool>(row)) taken_.data()[taken++] = row;
      }
      CopySlots(*value, taken_.rows(taken), result_);
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  const bool greatest_;
  KernelCall less_;
  std::vector<EvaluatorPtr> args_;
  types::Vector truth_;
  RowList taken_, compared_;
};

// Where both sides are not NULL, truth = equal(left, right); other rows are not touched.
class Equality {
 public:
  Equality(KernelCall equal) : equal_(std::move(equal)), truth_(types::kBoolOid) {}

  Status Compare(const types::Vector& left, const types::Vector& right, const Rows& rows) {
    size_t count = 0;
    for (size_t i = 0; i < rows.count; ++i) {
      const types::SelIndex row = rows[i];
      if (!left.IsNull(row) && !right.IsNull(row)) both_.data()[count++] = row;
    }
    const types::Vector* pair[2] = {&left, &right};
    if (count == 0) return Status::Ok();
    return equal_.Run(pair, both_.rows(count), truth_);
  }
  bool IsEqual(uint32_t row) const { return !truth_.IsNull(row) && truth_.Get<bool>(row); }

 private:
  KernelCall equal_;
  types::Vector truth_;
  RowList both_;
};

class NullIfEvaluator final : public OwningEvaluator {
 public:
  NullIfEvaluator(types::Type type, EvaluatorPtr left, EvaluatorPtr compared, EvaluatorPtr right, KernelCall equal,
                  Runtime& runtime)
      : OwningEvaluator(type, runtime),
        left_(std::move(left)),
        compared_(std::move(compared)),
        right_(std::move(right)),
        equality_(std::move(equal)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    const types::Vector *left = nullptr, *compared = nullptr, *right = nullptr;
    RETURN_IF_ERROR(left_->Evaluate(batch, left));
    compared = left;
    if (compared_ != nullptr) RETURN_IF_ERROR(compared_->Evaluate(batch, compared));
    RETURN_IF_ERROR(right_->Evaluate(batch, right));
    RETURN_IF_ERROR(equality_.Compare(*compared, *right, batch.rows));
    result_.Reset();
    CopySlots(*left, batch.rows, result_);
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = batch.rows[i];
      if (!compared->IsNull(row) && !right->IsNull(row) && equality_.IsEqual(row)) result_.SetNull(row);
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  EvaluatorPtr left_, compared_, right_;
  Equality equality_;
};

class DistinctEvaluator final : public OwningEvaluator {
 public:
  DistinctEvaluator(bool negated, EvaluatorPtr left, EvaluatorPtr right, KernelCall equal, Runtime& runtime)
      : OwningEvaluator(types::kBoolOid, runtime),
        negated_(negated),
        left_(std::move(left)),
        right_(std::move(right)),
        equality_(std::move(equal)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    const types::Vector *left = nullptr, *right = nullptr;
    RETURN_IF_ERROR(left_->Evaluate(batch, left));
    RETURN_IF_ERROR(right_->Evaluate(batch, right));
    RETURN_IF_ERROR(equality_.Compare(*left, *right, batch.rows));
    result_.Reset();
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = batch.rows[i];
      const bool left_null = left->IsNull(row), right_null = right->IsNull(row);
      const bool same = left_null || right_null ? left_null == right_null : equality_.IsEqual(row);
      result_.data<bool>()[row] = same == negated_;
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  const bool negated_;
  EvaluatorPtr left_, right_;
  Equality equality_;
};

class NullTestEvaluator final : public OwningEvaluator {
 public:
  NullTestEvaluator(bool is_null, bool row, EvaluatorPtr arg, Runtime& runtime)
      : OwningEvaluator(types::kBoolOid, runtime), is_null_(is_null), row_(row), arg_(std::move(arg)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    const types::Vector* value = nullptr;
    RETURN_IF_ERROR(arg_->Evaluate(batch, value));
    result_.Reset();
    bool* out = result_.data<bool>();
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = batch.rows[i];
      const bool null = value->IsNull(row);
      out[row] = null == is_null_;
      if (row_ && !null) {
        const types::RecordView record(value->Get<types::StringRef>(row).view());
        bool all = true;
        for (uint32_t field = 0; field < record.size(); ++field) {
          all = all && record.IsNull(field) == is_null_;
        }
        out[row] = all;
      }
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  const bool is_null_, row_;
  EvaluatorPtr arg_;
};

class BooleanTestEvaluator final : public OwningEvaluator {
 public:
  BooleanTestEvaluator(planner::TruthTest test, EvaluatorPtr arg, Runtime& runtime)
      : OwningEvaluator(types::kBoolOid, runtime), test_(test), arg_(std::move(arg)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    using planner::TruthTest;
    const types::Vector* value = nullptr;
    RETURN_IF_ERROR(arg_->Evaluate(batch, value));
    result_.Reset();
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = batch.rows[i];
      const bool null = value->IsNull(row);
      const bool truth = !null && value->Get<bool>(row);
      bool& out = result_.data<bool>()[row];
      switch (test_) {
        case TruthTest::kTrue:
          out = truth;
          break;
        case TruthTest::kNotTrue:
          out = !truth;
          break;
        case TruthTest::kFalse:
          out = !null && !truth;
          break;
        case TruthTest::kNotFalse:
          out = null || truth;
          break;
        case TruthTest::kUnknown:
          out = null;
          break;
        case TruthTest::kNotUnknown:
          out = !null;
          break;
      }
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  const planner::TruthTest test_;
  EvaluatorPtr arg_;
};

// (a, b) < (c, d): each pair is evaluated just for the rows the pairs before left equal.
class RowCompareEvaluator final : public OwningEvaluator {
 public:
  struct Pair {
    EvaluatorPtr left, right;
    KernelCall compare, equal;
  };

  RowCompareEvaluator(bool or_equal, std::vector<Pair> pairs, Runtime& runtime)
      : OwningEvaluator(types::kBoolOid, runtime), or_equal_(or_equal), pairs_(std::move(pairs)), truth_(types::kBoolOid) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    result_.Reset();
    Batch open = batch;
    int list = 0;
    for (Pair& pair : pairs_) {
      if (open.rows.count == 0) break;
      const types::Vector* sides[2];
      RETURN_IF_ERROR(pair.left->Evaluate(open, sides[0]));
      RETURN_IF_ERROR(pair.right->Evaluate(open, sides[1]));
      size_t known = 0;
      for (size_t i = 0; i < open.rows.count; ++i) {
        const types::SelIndex row = open.rows[i];
        if (sides[0]->IsNull(row) || sides[1]->IsNull(row)) {
          result_.SetNull(row);
        } else {
          known_.data()[known++] = row;
        }
      }
      if (known == 0) {
        open.rows.count = 0;
        break;
      }
      RETURN_IF_ERROR(pair.equal.Run(sides, known_.rows(known), truth_));
      size_t equal, unequal;
      Split(known_.rows(known), lists_[list], equal, unequal_, unequal, [&](uint32_t row) { return truth_.Get<bool>(row); });
      if (unequal > 0) {
        RETURN_IF_ERROR(pair.compare.Run(sides, unequal_.rows(unequal), truth_));
        for (size_t i = 0; i < unequal; ++i) {
          const uint32_t row = unequal_.data()[i];
          result_.data<bool>()[row] = truth_.Get<bool>(row);
        }
      }
      open.rows = lists_[list].rows(equal);
      list ^= 1;
    }
    for (size_t i = 0; i < open.rows.count; ++i) result_.data<bool>()[open.rows[i]] = or_equal_;
    result = &result_;
    return Status::Ok();
  }

 private:
  const bool or_equal_;
  std::vector<Pair> pairs_;
  types::Vector truth_;
  RowList known_, unequal_, lists_[2];
};

Result<KernelCall> BooleanCall(const catalog::FunctionRow& function, const planner::Expr& left,
                               const planner::Expr& right, Runtime& runtime) {
  return KernelCall::Make(function, {left.type, right.type}, types::kBoolOid,
                          left.collation != 0 ? left.collation : right.collation, runtime);
}

Result<EvaluatorPtr> CompileRowCompare(const planner::RowCompareExpr& expr, Runtime& runtime) {
  std::vector<RowCompareEvaluator::Pair> pairs;
  for (size_t i = 0; i < expr.left.size(); ++i) {
    RowCompareEvaluator::Pair pair;
    ASSIGN_OR_RETURN(pair.left, Compile(*expr.left[i], runtime));
    ASSIGN_OR_RETURN(pair.right, Compile(*expr.right[i], runtime));
    ASSIGN_OR_RETURN(pair.compare, BooleanCall(*expr.compare[i], *expr.left[i], *expr.right[i], runtime));
    ASSIGN_OR_RETURN(pair.equal, BooleanCall(*expr.equal[i], *expr.left[i], *expr.right[i], runtime));
    pairs.push_back(std::move(pair));
  }
  const bool or_equal =
      expr.op == planner::RowCompareOp::kLessEqual || expr.op == planner::RowCompareOp::kGreaterEqual;
  return EvaluatorPtr(std::make_unique<RowCompareEvaluator>(or_equal, std::move(pairs), runtime));
}

Result<EvaluatorPtr> CompileCase(const planner::CaseExpr& expr, Runtime& runtime) {
  auto evaluator = std::make_unique<CaseEvaluator>(expr.type, runtime);
  if (expr.arg != nullptr) {
    ASSIGN_OR_RETURN(evaluator->arg, Compile(*expr.arg, runtime));
    evaluator->slot = expr.slot;
    runtime.EnsureCaseSlot(expr.slot);
  }
  for (const planner::CaseExpr::When& when : expr.whens) {
    ASSIGN_OR_RETURN(EvaluatorPtr condition, Compile(*when.condition, runtime));
    ASSIGN_OR_RETURN(EvaluatorPtr then, Compile(*when.result, runtime));
    evaluator->whens.emplace_back(std::move(condition), std::move(then));
  }
  if (expr.otherwise != nullptr) {
    ASSIGN_OR_RETURN(evaluator->otherwise, Compile(*expr.otherwise, runtime));
  }
  return EvaluatorPtr(std::move(evaluator));
}

}  // namespace

Result<EvaluatorPtr> CompileLogic(const planner::Expr& expr, Runtime& runtime) {
  switch (expr.kind) {
    case ExprKind::kBool: {
      const auto& node = *planner::As<planner::BoolExpr>(&expr);
      ASSIGN_OR_RETURN(std::vector<EvaluatorPtr> args, CompileAll(node.args, runtime));
      if (node.op == planner::BoolOp::kNot) {
        return EvaluatorPtr(std::make_unique<NotEvaluator>(std::move(args[0]), runtime));
      }
      return EvaluatorPtr(std::make_unique<AndOrEvaluator>(node.op == planner::BoolOp::kAnd, std::move(args), runtime));
    }
    case ExprKind::kCase:
      return CompileCase(*planner::As<planner::CaseExpr>(&expr), runtime);
    case ExprKind::kCoalesce: {
      ASSIGN_OR_RETURN(std::vector<EvaluatorPtr> args,
                       CompileAll(planner::As<planner::CoalesceExpr>(&expr)->args, runtime));
      return EvaluatorPtr(std::make_unique<CoalesceEvaluator>(expr.type, std::move(args), runtime));
    }
    case ExprKind::kMinMax: {
      const auto& node = *planner::As<planner::MinMaxExpr>(&expr);
      ASSIGN_OR_RETURN(KernelCall less, BooleanCall(*node.less, *node.args[0], *node.args[0], runtime));
      ASSIGN_OR_RETURN(std::vector<EvaluatorPtr> args, CompileAll(node.args, runtime));
      return EvaluatorPtr(
          std::make_unique<MinMaxEvaluator>(expr.type, node.greatest, std::move(less), std::move(args), runtime));
    }
    case ExprKind::kNullIf: {
      const auto& node = *planner::As<planner::NullIfExpr>(&expr);
      const planner::Expr& compared = node.left_compared != nullptr ? *node.left_compared : *node.left;
      ASSIGN_OR_RETURN(KernelCall equal, BooleanCall(*node.equal, compared, *node.right, runtime));
      ASSIGN_OR_RETURN(EvaluatorPtr left, Compile(*node.left, runtime));
      ASSIGN_OR_RETURN(EvaluatorPtr right, Compile(*node.right, runtime));
      EvaluatorPtr left_compared;
      if (&compared != node.left) {
        ASSIGN_OR_RETURN(left_compared, Compile(compared, runtime));
      }
      return EvaluatorPtr(std::make_unique<NullIfEvaluator>(expr.type, std::move(left), std::move(left_compared),
                                                            std::move(right), std::move(equal), runtime));
    }
    case ExprKind::kNullTest: {
      const auto& node = *planner::As<planner::NullTest>(&expr);
      ASSIGN_OR_RETURN(EvaluatorPtr arg, Compile(*node.arg, runtime));
      return EvaluatorPtr(std::make_unique<NullTestEvaluator>(node.is_null, node.row, std::move(arg), runtime));
    }
    case ExprKind::kBooleanTest: {
      const auto& node = *planner::As<planner::BooleanTest>(&expr);
      ASSIGN_OR_RETURN(EvaluatorPtr arg, Compile(*node.arg, runtime));
      return EvaluatorPtr(std::make_unique<BooleanTestEvaluator>(node.test, std::move(arg), runtime));
    }
    case ExprKind::kDistinct: {
      const auto& node = *planner::As<planner::DistinctExpr>(&expr);
      ASSIGN_OR_RETURN(KernelCall equal, BooleanCall(*node.equal, *node.left, *node.right, runtime));
      ASSIGN_OR_RETURN(EvaluatorPtr left, Compile(*node.left, runtime));
      ASSIGN_OR_RETURN(EvaluatorPtr right, Compile(*node.right, runtime));
      return EvaluatorPtr(std::make_unique<DistinctEvaluator>(node.negated, std::move(left), std::move(right),
                                                              std::move(equal), runtime));
    }
    default:
      return CompileRowCompare(*planner::As<planner::RowCompareExpr>(&expr), runtime);
  }
}

}  // namespace phantom::engine::internal
