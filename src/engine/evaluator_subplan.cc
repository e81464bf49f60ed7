// Subqueries inside expressions, and the values SQL writes without parentheses (CURRENT_DATE).
#include "engine/array_stack.h"
#include "engine/evaluator_internal.h"
#include "engine/key_set.h"
#include "engine/operator.h"
#include "engine/paged_rows.h"
#include "engine/param_key.h"
#include "types/array.h"
#include "types/format_context.h"
#include "types/hash.h"

namespace phantom::engine::internal {

using planner::SubqueryKind;

namespace {

std::vector<types::Type> TypesOf(std::span<planner::Expr* const> exprs) {
  std::vector<types::Type> types;
  for (const planner::Expr* expr : exprs) types.push_back(expr->type);
  return types;
}

// Values a correlated subquery gave, by its parameters; all are forgotten when they outgrow their memory. Not kept any more
// when the parameters hardly ever come again.
class KnownValues {
 public:
  KnownValues(types::Type type, Runtime& runtime)
      : values_(runtime, std::span(&type, 1)), memory_(runtime.context.memory) {}

  void Start(bool keep) {
    Forget();
    keep_ = keep;
    sought_ = found_ = 0;
  }

  // The value for the parameters of a row goes to result[row]. False: it is not known.
  bool Find(std::span<const types::Vector* const> params, uint32_t row, types::Vector& result) {
    if (!keep_) return false;
    key_.clear();
    for (const types::Vector* param : params) AppendParamKey(*param, row, key_);
    hash_ = types::HashBytes(key_, 0);
    const uint32_t number = keys_.Find(key_, hash_);
    ++sought_;
    if (number == KeyTable::kNone) return false;
    ++found_;
    CopyValue(values_.ColumnOf(number, 0), number % types::kVectorSize, result, row);
    return true;
  }

  // Keeps the value for the parameters sought last.
  void Keep(const types::Vector& value) {
    if (!keep_) return;
    if (sought_ >= kTrialRows && found_ < sought_ / 16) {
      Start(false);
      return;
    }
    bool added = false;
    keys_.FindOrAdd(key_, hash_, added);
    const types::Vector* column = &value;
    values_.Append({{&column, 1}, {nullptr, 1}});
    if (!memory_.Resize(keys_.memory_bytes() + values_.memory_bytes())) Forget();
  }

 private:
  static constexpr uint64_t kTrialRows = 4096;

  void Forget() {
    keys_.Clear();
    values_.Clear();
    memory_.Reset();
  }

  KeyTable keys_;
  RowBuffer values_;  // by number of key
  MemoryReservation memory_;
  std::string key_;
  uint64_t hash_ = 0, sought_ = 0, found_ = 0;
  bool keep_ = false;
};

class SubPlanEvaluator final : public OwningEvaluator {
 public:
  SubPlanEvaluator(const planner::SubPlanExpr& expr, Runtime& runtime)
      : OwningEvaluator(expr.type, runtime),
        expr_(expr),
        value_(runtime.MakeVector(expr.type, 1)),
        known_values_(expr.type, runtime),
        rows_(runtime, expr.plan->types),
        left_keys_(runtime, TypesOf(expr.hash_left), false),
        right_keys_(runtime, std::span(expr.plan->types).first(expr.hash_left.size()), false),
        right_set_(runtime) {
    for (types::Type type : expr.plan->types) row_.push_back(runtime.MakeVector(type, 1));
  }

  Status Make() {
    ASSIGN_OR_RETURN(plan_, BuildOperator(*expr_.plan, runtime_));
    // A scalar subquery's second row is the error.
    if (expr_.subquery == SubqueryKind::kExists) plan_->SetBatchMax(1);
    if (expr_.subquery == SubqueryKind::kScalar || expr_.subquery == SubqueryKind::kMultiAssign) plan_->SetBatchMax(2);
    ASSIGN_OR_RETURN(args_, CompileAll(expr_.args, runtime_));
    values_.resize(args_.size());
    for (int slot : expr_.test_slots) {
      if (slot >= 0) runtime_.EnsureCaseSlot(slot);
    }
    if (expr_.test != nullptr) {
      ASSIGN_OR_RETURN(test_, Compile(*expr_.test, runtime_));
    }
    if (expr_.hashed) {
      ASSIGN_OR_RETURN(hash_left_, CompileAll(expr_.hash_left, runtime_));
      hash_values_.resize(hash_left_.size());
    }
    return Status::Ok();
  }

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    if (expr_.slots.empty()) {
      const bool fresh = run_epoch_ == runtime_.run_epoch &&
                         (!expr_.depends_on_outer_params || param_epoch_ == runtime_.param_epoch);
      if (!fresh) {
        RETURN_IF_ERROR(RunPlan());
        run_epoch_ = runtime_.run_epoch;
        param_epoch_ = runtime_.param_epoch;
      }
      if (IsTest()) {
        result_.Reset();
        RETURN_IF_ERROR(Test(batch));
        result = &result_;
      } else {
        result = &value_;
      }
      return Status::Ok();
    }
    for (size_t i = 0; i < args_.size(); ++i) RETURN_IF_ERROR(args_[i]->Evaluate(batch, values_[i]));
    result_.Reset();
    if (run_epoch_ != runtime_.run_epoch) {
      run_epoch_ = runtime_.run_epoch;
      known_values_.Start(!IsTest() && !expr_.is_volatile && !expr_.depends_on_outer_params);
    }
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const types::SelIndex row = static_cast<types::SelIndex>(batch.rows[i]);
      if (known_values_.Find(values_, row, result_)) continue;
      for (size_t a = 0; a < args_.size(); ++a) runtime_.SetParam(expr_.slots[a], *values_[a], row);
      RETURN_IF_ERROR(RunPlan());
      if (IsTest()) {
        RETURN_IF_ERROR(Test({batch.columns, {&row, 1}}));
      } else {
        CopyValue(value_, 0, result_, row);
        known_values_.Keep(value_);
      }
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  bool IsTest() const {
    return expr_.subquery == SubqueryKind::kAny || expr_.subquery == SubqueryKind::kAll ||
           expr_.subquery == SubqueryKind::kRowCompare;
  }

  bool HashDecides() const { return expr_.hashed && expr_.subquery == SubqueryKind::kAny && hash_left_.size() == 1; }

  // Leaves the result in value_, or the rows to be tested in rows_.
  Status RunPlan() {
    RETURN_IF_ERROR(runtime_.context.CheckCancelled());
    RETURN_IF_ERROR(plan_->Open());
    Batch in;
    value_.Reset();
    switch (expr_.subquery) {
      case SubqueryKind::kExists:
        RETURN_IF_ERROR(plan_->Next(in));
        value_.data<bool>()[0] = !in.empty();
        break;
      case SubqueryKind::kScalar:
      case SubqueryKind::kMultiAssign: {
        RETURN_IF_ERROR(plan_->Next(in));
        if (in.empty()) {
          value_.SetNull(0);
          break;
        }
        const uint32_t first = static_cast<uint32_t>(in.rows[0]);
        CopyValue(*in.columns[expr_.column], first, value_, 0);
        if (in.rows.count > 1) return TooManyRows();
        RETURN_IF_ERROR(plan_->Next(in));
        if (!in.empty()) return TooManyRows();
        break;
      }
      case SubqueryKind::kArray:
        RETURN_IF_ERROR(MakeArray());
        break;
      default:
        RETURN_IF_ERROR(KeepRows());
        return Status::Ok();
    }
    value_.SetConstant();
    return Status::Ok();
  }

  static Status TooManyRows() {
    return Error(sqlstate::kCardinalityViolation, "more than one row returned by a subquery used as an expression");
  }

  Status MakeArray() {
    const types::Type element = runtime_.StorageType(expr_.plan->types[0]);
    // Arrays make an array of one dimension more, of the same type.
    const bool of_arrays = expr_.type.oid == expr_.plan->types[0].oid && types::IsArrayType(expr_.type.oid) &&
                           expr_.type.oid != types::kOidvectorOid && expr_.type.oid != types::kInt2vectorOid;
    ArrayStack stack;
    types::ArrayBuilder builder(expr_.plan->types[0].oid, types::LayoutOf(element));
    Batch in;
    while (true) {
      RETURN_IF_ERROR(plan_->Next(in));
      if (in.empty()) break;
      for (size_t i = 0; i < in.rows.count; ++i) {
        const uint32_t row = static_cast<uint32_t>(in.rows[i]);
        if (of_arrays) {
          if (in.columns[0]->IsNull(row)) return Error(sqlstate::kNullValueNotAllowed, "cannot accumulate null arrays");
          RETURN_IF_ERROR(stack.Add(types::ArrayView(in.columns[0]->Get<types::StringRef>(row).view())));
        } else if (in.columns[0]->IsNull(row)) {
          builder.AddNull();
        } else {
          builder.Add(in.columns[0]->row_slot(row));
        }
      }
    }
    if (!of_arrays) {
      value_.SetString(0, builder.Finish());
    } else if (stack.empty()) {
      value_.SetString(0, types::EmptyArray(types::ElementTypeOf(expr_.type.oid)));
    } else {
      ASSIGN_OR_RETURN(const std::string bytes, stack.Finish());
      value_.SetString(0, bytes);
    }
    return Status::Ok();
  }

  Status KeepRows() {
    rows_.Clear();
    right_set_.Clear();
    row_count_ = 0;
    right_null_ = false;
    Batch in;
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      RETURN_IF_ERROR(plan_->Next(in));
      if (in.empty()) break;
      row_count_ += in.rows.count;
      // The keys of one column say everything about their rows.
      if (!HashDecides()) RETURN_IF_ERROR(rows_.Append(in));
      if (!expr_.hashed) continue;
      right_keys_.Encode(in.columns.first(hash_left_.size()), in.rows);
      for (size_t i = 0; i < in.rows.count; ++i) right_null_ |= right_keys_.has_null(i);
      RETURN_IF_ERROR(right_set_.Add(right_keys_, in.rows.count, known_));
    }
    if (expr_.subquery == SubqueryKind::kRowCompare && row_count_ > 1) return TooManyRows();
    return Status::Ok();
  }

  Status Test(const Batch& batch) {
    if (expr_.subquery == SubqueryKind::kRowCompare && row_count_ == 0) {
      for (size_t i = 0; i < batch.rows.count; ++i) result_.SetNull(static_cast<uint32_t>(batch.rows[i]));
      return Status::Ok();
    }
    // With NULLs in keys of several columns a comparison may still be false: those are tested pair by pair.
    if (expr_.hashed && expr_.subquery == SubqueryKind::kAny) {
      for (size_t i = 0; i < hash_left_.size(); ++i) RETURN_IF_ERROR(hash_left_[i]->Evaluate(batch, hash_values_[i]));
      left_keys_.Encode(hash_values_, batch.rows);
      RETURN_IF_ERROR(right_set_.Find(left_keys_, batch.rows.count, known_));
      size_t open = 0;
      for (size_t i = 0; i < batch.rows.count; ++i) {
        const types::SelIndex row = static_cast<types::SelIndex>(batch.rows[i]);
        const bool left_null = left_keys_.has_null(i);
        const bool found = !left_null && known_[i] != 0;
        result_.data<bool>()[row] = found;
        if (found || row_count_ == 0 || (!left_null && !right_null_)) continue;
        if (hash_left_.size() == 1) {
          result_.SetNull(row);
        } else {
          tested_.data()[open++] = row;
        }
      }
      return open == 0 ? Status::Ok() : TestPairs({batch.columns, tested_.rows(open)});
    }
    return TestPairs(batch);
  }

  // Tests each kept row against all rows of the batch that are still undecided.
  Status TestPairs(const Batch& batch) {
    const bool any = expr_.subquery != SubqueryKind::kAll;
    const bool single = expr_.subquery == SubqueryKind::kRowCompare;
    for (size_t i = 0; i < batch.rows.count; ++i) result_.data<bool>()[batch.rows[i]] = !any;
    Batch open = batch, kept;
    int list = 0;
    for (uint64_t number = 0; number < rows_.size() && open.rows.count > 0; ++number) {
      const uint32_t at = static_cast<uint32_t>(number % types::kVectorSize);
      if (at == 0) {
        RETURN_IF_ERROR(runtime_.context.CheckCancelled());
        RETURN_IF_ERROR(reader_.Read(rows_, number / types::kVectorSize, kept));
      }
      for (size_t c = 0; c < expr_.test_slots.size(); ++c) {
        if (expr_.test_slots[c] < 0) continue;  // the test does not read this column
        row_[c].Reset();
        CopyValue(*kept.columns[c], at, row_[c], 0);
        row_[c].SetConstant();
        runtime_.case_slots[expr_.test_slots[c]] = &row_[c];
      }
      const types::Vector* truth = nullptr;
      RETURN_IF_ERROR(test_->Evaluate(open, truth));
      size_t count = 0;
      for (size_t i = 0; i < open.rows.count; ++i) {
        const types::SelIndex row = static_cast<types::SelIndex>(open.rows[i]);
        if (truth->IsNull(row)) {
          result_.SetNull(row);
        } else if (single || truth->Get<bool>(row) == any) {
          result_.data<bool>()[row] = truth->Get<bool>(row);
          result_.SetValid(row);
          continue;
        }
        lists_[list].data()[count++] = row;
      }
      open.rows = lists_[list].rows(count);
      list ^= 1;
    }
    return Status::Ok();
  }

  const planner::SubPlanExpr& expr_;
  OperatorPtr plan_;
  std::vector<EvaluatorPtr> args_;
  std::vector<const types::Vector*> values_;
  EvaluatorPtr test_;
  std::vector<EvaluatorPtr> hash_left_;
  std::vector<const types::Vector*> hash_values_;
  types::Vector value_;
  KnownValues known_values_;
  PagedRows rows_;  // to be tested one by one
  PagedRows::Reader reader_;
  uint64_t row_count_ = 0;
  RowKeys left_keys_, right_keys_;
  KeySet right_set_;
  std::vector<uint8_t> known_;  // by key: met before, found
  std::vector<types::Vector> row_;  // one kept row
  RowList lists_[2], tested_;
  bool right_null_ = false;
  uint64_t run_epoch_ = 0, param_epoch_ = 0;
};

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kDayUs = 86'400 * kSecondUs;

class SqlValueEvaluator final : public OwningEvaluator {
 public:
  SqlValueEvaluator(const planner::SqlValueExpr& expr, Runtime& runtime)
      : OwningEvaluator(expr.type, runtime), op_(expr.op) {}

 protected:
  Status Compute(const Batch&, const types::Vector*& result) override {
    if (epoch_ != runtime_.run_epoch) {
      result_.Reset();
      RETURN_IF_ERROR(op_ < planner::SqlValueOp::kCurrentRole ? Time() : Name());
      result_.SetConstant();
      epoch_ = runtime_.run_epoch;
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  int64_t Rounded(int64_t micros) const {
    const int32_t precision = result_.type().typmod;
    if (precision < 0 || precision >= 6) return micros;
    int64_t unit = 1;
    for (int32_t i = precision; i < 6; ++i) unit *= 10;
    const int64_t half = micros >= 0 ? unit / 2 : -(unit / 2);
    return (micros + half) / unit * unit;
  }

  Status Time() {
    const int64_t utc = runtime_.context.transaction_start_us;
    const types::ZoneOffset zone = runtime_.format().time_zone.At(utc);
    const int64_t local = utc + zone.seconds_east * kSecondUs;
    const int64_t day = local >= 0 ? local / kDayUs : -((-local + kDayUs - 1) / kDayUs);
    switch (op_) {
      case planner::SqlValueOp::kCurrentDate:
        result_.data<int32_t>()[0] = static_cast<int32_t>(day);
        break;
      case planner::SqlValueOp::kCurrentTime:
        result_.data<types::TimeTz>()[0] = {Rounded(local - day * kDayUs), -zone.seconds_east, 0};
        break;
      case planner::SqlValueOp::kLocalTime:
        result_.data<int64_t>()[0] = Rounded(local - day * kDayUs);
        break;
      case planner::SqlValueOp::kLocalTimestamp:
        result_.data<int64_t>()[0] = Rounded(local);
        break;
      default:
        result_.data<int64_t>()[0] = Rounded(utc);
    }
    return Status::Ok();
  }

  Status Name() {
    SessionServices* session = runtime_.context.session;
    if (session == nullptr) return Error(sqlstate::kFeatureNotSupported, "this expression needs a session");
    switch (op_) {
      case planner::SqlValueOp::kSessionUser:
        result_.SetString(0, session->SessionUser());
        break;
      case planner::SqlValueOp::kCurrentCatalog:
        result_.SetString(0, session->CurrentDatabase());
        break;
      case planner::SqlValueOp::kCurrentSchema: {
        const std::vector<std::string> path = session->SearchPath(false);
        if (path.empty()) {
          result_.SetNull(0);
        } else {
          result_.SetString(0, path[0]);
        }
        break;
      }
      default:
        result_.SetString(0, session->CurrentUser());
    }
    return Status::Ok();
  }

  const planner::SqlValueOp op_;
  uint64_t epoch_ = 0;
};

}  // namespace

Result<EvaluatorPtr> CompileSubPlan(const planner::SubPlanExpr& subplan, Runtime& runtime) {
  // The subplan may see any number of rows and keeps state of its own.
  runtime.reusable = false;
  const uint32_t outer_rows_max = std::exchange(runtime.batch_rows_max, types::kVectorSize);
  auto evaluator = std::make_unique<SubPlanEvaluator>(subplan, runtime);
  RETURN_IF_ERROR(evaluator->Make());
  runtime.batch_rows_max = outer_rows_max;
  return EvaluatorPtr(std::move(evaluator));
}

Result<EvaluatorPtr> CompileSqlValue(const planner::SqlValueExpr& value, Runtime& runtime) {
  return EvaluatorPtr(std::make_unique<SqlValueEvaluator>(value, runtime));
}

}  // namespace phantom::engine::internal
