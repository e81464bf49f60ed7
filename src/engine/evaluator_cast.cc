// Conversions that no function does: relabelling, through text, array by element, row by field, domain checks.
#include "catalog/catalog.h"
#include "catalog/type.h"
#include "engine/evaluator_internal.h"
#include "types/array.h"
#include "types/record.h"
#include "types/text_format.h"

namespace phantom::engine::internal {

using planner::CastMethod;

namespace {

// Same bytes under another type.
class RelabelEvaluator final : public OwningEvaluator {
 public:
  RelabelEvaluator(const planner::CastExpr& cast, EvaluatorPtr arg, Runtime& runtime)
      : OwningEvaluator(cast.type, runtime), type_(cast.type), arg_(std::move(arg)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    const types::Vector* value = nullptr;
    RETURN_IF_ERROR(arg_->Evaluate(batch, value));
    if (value->type() == type_) {
      result = value;
      return Status::Ok();
    }
    result_.ReferenceAs(type_, *value);
    result = &result_;
    return Status::Ok();
  }

 private:
  const types::Type type_;
  EvaluatorPtr arg_;
};

class ViaTextEvaluator final : public OwningEvaluator {
 public:
  ViaTextEvaluator(const planner::CastExpr& cast, EvaluatorPtr arg, Runtime& runtime)
      : OwningEvaluator(cast.type, runtime), from_(cast.arg->type), to_(cast.type), arg_(std::move(arg)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    const types::Vector* value = nullptr;
    RETURN_IF_ERROR(arg_->Evaluate(batch, value));
    result_.Reset();
    if (value->is_constant()) {
      RETURN_IF_ERROR(Convert(*value, 0));
      result_.SetConstant();
    } else {
      for (size_t i = 0; i < batch.rows.count; ++i) {
        RETURN_IF_ERROR(Convert(*value, static_cast<uint32_t>(batch.rows[i])));
      }
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  Status Convert(const types::Vector& value, uint32_t row) {
    if (value.IsNull(row)) {
      result_.SetNull(row);
      return Status::Ok();
    }
    text_.clear();
    RETURN_IF_ERROR(types::AppendText(from_, value.row_slot(row), runtime_.format(), text_));
    return types::ParseTextSlot(to_, text_, runtime_.format(), result_.heap().arena(), result_.slot(row));
  }

  const types::Type from_, to_;
  EvaluatorPtr arg_;
  std::string text_;
};

// Evaluates an expression over single values that it reads through a CaseTest slot.
class SlotExpression {
 public:
  SlotExpression(int slot, EvaluatorPtr expr, types::Type from, Runtime& runtime)
      : runtime_(runtime), slot_(slot), expr_(std::move(expr)), value_(runtime.MakeVector(from, 1)) {
    runtime.EnsureCaseSlot(slot);
  }
  types::Vector& input() { return value_; }
  // The input's slot 0 was set.
  Status Evaluate(const types::Vector*& result) {
    value_.SetConstant();
    const types::Vector* outer = runtime_.case_slots[slot_];
    runtime_.case_slots[slot_] = &value_;
    Status status = expr_->Evaluate({{}, {nullptr, 1}}, result);
    runtime_.case_slots[slot_] = outer;
    return status;
  }

 private:
  Runtime& runtime_;
  const int slot_;
  EvaluatorPtr expr_;
  types::Vector value_;
};

class ArrayCastEvaluator final : public OwningEvaluator {
 public:
  ArrayCastEvaluator(const planner::CastExpr& cast, EvaluatorPtr arg, SlotExpression element, types::Type to,
                     Runtime& runtime)
      : OwningEvaluator(cast.type, runtime),
        arg_(std::move(arg)),
        element_(std::move(element)),
        to_(to),
        to_layout_(runtime.LayoutOf(to)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    const types::Vector* value = nullptr;
    RETURN_IF_ERROR(arg_->Evaluate(batch, value));
    result_.Reset();
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = static_cast<uint32_t>(batch.rows[i]);
      if (value->IsNull(row)) {
        result_.SetNull(row);
        continue;
      }
      const types::ArrayView array(value->Get<types::StringRef>(row).view());
      types::ArrayBuilder builder(to_.oid, to_layout_);
      for (uint32_t e = 0; e < array.size(); ++e) {
        element_.input().Reset();
        if (array.IsNull(e)) {
          element_.input().SetNull(0);
        } else {
          array.Get(e, element_.input().slot(0));
        }
        const types::Vector* converted = nullptr;
        RETURN_IF_ERROR(element_.Evaluate(converted));
        if (converted->IsNull(0)) {
          builder.AddNull();
        } else {
          builder.Add(converted->row_slot(0));
        }
      }
      std::vector<types::ArrayDimension> dimensions;
      for (int d = 0; d < array.dimensions(); ++d) dimensions.push_back(array.dimension(d));
      result_.SetString(row, builder.Finish(dimensions));
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  EvaluatorPtr arg_;
  SlotExpression element_;
  const types::Type to_;
  const types::Layout to_layout_;
};

// A domain's value passes when it passes the checks.
class DomainEvaluator final : public OwningEvaluator {
 public:
  struct Check {
    std::string name;  // empty: NOT NULL
    EvaluatorPtr condition;
  };

  DomainEvaluator(const planner::CastExpr& cast, EvaluatorPtr arg, std::vector<Check> checks, Runtime& runtime)
      : OwningEvaluator(cast.type, runtime), cast_(cast), arg_(std::move(arg)), checks_(std::move(checks)) {
    runtime.EnsureCaseSlot(std::max(cast.slot, 0));
  }

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    const types::Vector* value = nullptr;
    RETURN_IF_ERROR(arg_->Evaluate(batch, value));
    for (const Check& check : checks_) {
      if (check.condition == nullptr) {
        for (size_t i = 0; i < batch.rows.count; ++i) {
          if (value->IsNull(static_cast<uint32_t>(batch.rows[i]))) {
            return OfDomain(Error(sqlstate::kNotNullViolation, "domain " + cast_.domain_name + " does not allow null values"));
          }
        }
        continue;
      }
      runtime_.case_slots[cast_.slot] = value;
      const types::Vector* truth = nullptr;
      RETURN_IF_ERROR(check.condition->Evaluate(batch, truth));
      for (size_t i = 0; i < batch.rows.count; ++i) {
        const uint32_t row = static_cast<uint32_t>(batch.rows[i]);
        if (truth->IsNull(row) || truth->Get<bool>(row)) continue;
        return OfDomain(Error(sqlstate::kCheckViolation, "value for domain " + cast_.domain_name +
                                                             " violates check constraint \"" + check.name + "\""))
            .Constraint(check.name);
      }
    }
    if (value->type() == cast_.type) {
      result = value;
    } else {
      result_.ReferenceAs(cast_.type, *value);
      result = &result_;
    }
    return Status::Ok();
  }

 private:
  // The error's fields name the domain, whatever the search path.
  Status&& OfDomain(Status&& status) const {
    catalog::Catalog& catalog = *runtime_.context.catalog;
    const catalog::TypeRef domain = catalog.TypeByOid(cast_.type.oid);
    if (domain == nullptr) return std::move(status).DataType(cast_.domain_name);
    const auto schema = catalog.SchemaByOid(domain->schema);
    if (schema.ok() && schema.value() != nullptr) status.mutable_error().schema = schema.value()->name;
    return std::move(status).DataType(domain->name);
  }

  const planner::CastExpr& cast_;
  EvaluatorPtr arg_;
  std::vector<Check> checks_;
};

}  // namespace

Result<EvaluatorPtr> CompileCast(const planner::CastExpr& cast, Runtime& runtime) {
  ASSIGN_OR_RETURN(EvaluatorPtr arg, Compile(*cast.arg, runtime));
  switch (cast.method) {
    case CastMethod::kRelabel:
    case CastMethod::kRow:
      return EvaluatorPtr(std::make_unique<RelabelEvaluator>(cast, std::move(arg), runtime));
    case CastMethod::kCollate:
      return arg;
    case CastMethod::kViaIo:
      return EvaluatorPtr(std::make_unique<ViaTextEvaluator>(cast, std::move(arg), runtime));
    case CastMethod::kArray: {
      ASSIGN_OR_RETURN(EvaluatorPtr element, Compile(*cast.element, runtime));
      types::Type from = types::ElementTypeOf(cast.arg->type.oid);
      if (from.oid == types::kInvalidOid) {
        return Error(sqlstate::kFeatureNotSupported, "cannot cast arrays of this type").At(cast.location);
      }
      SlotExpression expression(cast.slot, std::move(element), from, runtime);
      return EvaluatorPtr(std::make_unique<ArrayCastEvaluator>(cast, std::move(arg), std::move(expression),
                                                               cast.element->type, runtime));
    }
    case CastMethod::kDomain: {
      std::vector<DomainEvaluator::Check> checks;
      for (const planner::CastExpr::Check& check : cast.checks) {
        DomainEvaluator::Check& made = checks.emplace_back();
        made.name = check.name;
        if (check.condition != nullptr) {
          ASSIGN_OR_RETURN(made.condition, Compile(*check.condition, runtime));
        }
      }
      return EvaluatorPtr(std::make_unique<DomainEvaluator>(cast, std::move(arg), std::move(checks), runtime));
    }
  }
  return Error(sqlstate::kInternalError, "unrecognized cast method");
}

}  // namespace phantom::engine::internal
