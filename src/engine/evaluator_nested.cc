// Arrays, rows and their parts.
#include <algorithm>

#include "catalog/function.h"
#include "engine/evaluator_internal.h"
#include "types/array.h"
#include "types/format_context.h"
#include "types/jsonb.h"
#include "types/record.h"

namespace phantom::engine::internal {

using planner::ExprKind;

namespace {

// Values of several expressions for one batch.
class ValueList {
 public:
  explicit ValueList(std::vector<EvaluatorPtr> exprs) : exprs_(std::move(exprs)), values_(exprs_.size()) {}
  Status Evaluate(const Batch& batch) {
    for (size_t i = 0; i < exprs_.size(); ++i) {
      if (exprs_[i] != nullptr) RETURN_IF_ERROR(exprs_[i]->Evaluate(batch, values_[i]));
    }
    return Status::Ok();
  }
  size_t size() const { return exprs_.size(); }
  bool present(size_t i) const { return exprs_[i] != nullptr; }
  const types::Vector& operator[](size_t i) const { return *values_[i]; }

 private:
  std::vector<EvaluatorPtr> exprs_;  // null: absent
  std::vector<const types::Vector*> values_;
};

class ArrayEvaluator final : public OwningEvaluator {
 public:
  ArrayEvaluator(const planner::ArrayExpr& expr, std::vector<EvaluatorPtr> elements, Runtime& runtime)
      : OwningEvaluator(expr.type, runtime),
        element_(expr.element),
        layout_(runtime.LayoutOf(expr.element)),
        stacked_(expr.multidimensional),
        elements_(std::move(elements)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    RETURN_IF_ERROR(elements_.Evaluate(batch));
    result_.Reset();
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = static_cast<uint32_t>(batch.rows[i]);
      if (stacked_) {
        RETURN_IF_ERROR(Stack(row));
        continue;
      }
      types::ArrayBuilder builder(element_.oid, layout_);
      for (size_t e = 0; e < elements_.size(); ++e) {
        if (elements_[e].IsNull(row)) {
          builder.AddNull();
        } else {
          builder.Add(elements_[e].row_slot(row));
        }
      }
      result_.SetString(row, builder.Finish());
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  // Arrays of equal dimensions become one of one dimension more; empty ones vanish, if all are empty.
  Status Stack(uint32_t row) {
    types::ArrayBuilder builder(element_.oid, layout_);
    std::vector<types::ArrayDimension> inner;
    int32_t arrays = 0, empty = 0;
    const auto mismatch = [] {
      return Error(sqlstate::kArraySubscriptError,
                   "multidimensional arrays must have array expressions with matching dimensions");
    };
    for (size_t e = 0; e < elements_.size(); ++e) {
      if (elements_[e].IsNull(row)) {
        ++empty;
        continue;
      }
      const types::ArrayView array(elements_[e].Get<types::StringRef>(row).view());
      if (array.dimensions() == 0) {
        ++empty;
        continue;
      }
      std::vector<types::ArrayDimension> dimensions;
      for (int d = 0; d < array.dimensions(); ++d) dimensions.push_back(array.dimension(d));
      if (arrays++ == 0) {
        inner = dimensions;
        if (inner.size() + 1 > types::kArrayDimensionsMax) {
          return Errorf(sqlstate::kProgramLimitExceeded,
                        "number of array dimensions (%zu) exceeds the maximum allowed (%d)", inner.size() + 1,
                        types::kArrayDimensionsMax);
        }
      } else if (inner != dimensions) {
        return mismatch();
      }
      builder.AddFrom(array, 0, array.size());
    }
    if (arrays == 0) {
      result_.SetString(row, types::EmptyArray(element_.oid));
      return Status::Ok();
    }
    if (empty > 0) return mismatch();
    inner.insert(inner.begin(), types::ArrayDimension{arrays, 1});
    result_.SetString(row, builder.Finish(inner));
    return Status::Ok();
  }

  const types::Type element_;
  const types::Layout layout_;
  const bool stacked_;
  ValueList elements_;
};

// The names a row's records carry: those of an anonymous row that are not f1, f2, ... anyway.
std::vector<std::string> CarriedNames(const planner::RowExpr& row) {
  if (row.type.oid != types::kRecordOid) return {};
  for (size_t i = 0; i < row.names.size(); ++i) {
    if (row.names[i] != "f" + std::to_string(i + 1)) return row.names;
  }
  return {};
}

class RowEvaluator final : public OwningEvaluator {
 public:
  // names: those the records carry; empty: none.
  RowEvaluator(types::Type type, std::vector<types::Type> field_types, std::vector<EvaluatorPtr> fields,
               std::vector<std::string> names, Runtime& runtime)
      : OwningEvaluator(type, runtime),
        types_(std::move(field_types)),
        names_(std::move(names)),
        fields_(std::move(fields)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    RETURN_IF_ERROR(fields_.Evaluate(batch));
    result_.Reset();
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = static_cast<uint32_t>(batch.rows[i]);
      types::RecordBuilder record;
      for (size_t f = 0; f < fields_.size(); ++f) {
        const types::Vector& value = fields_[f];
        if (value.IsNull(row)) {
          record.AddNull(types_[f].oid);
        } else {
          record.Add(types_[f].oid, value.layout(), value.row_slot(row));
        }
      }
      if (!names_.empty()) record.SetNames(names_);
      result_.SetString(row, record.Finish());
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  const std::vector<types::Type> types_;
  const std::vector<std::string> names_;
  ValueList fields_;
};

class FieldSelectEvaluator final : public OwningEvaluator {
 public:
  FieldSelectEvaluator(const planner::FieldSelect& expr, EvaluatorPtr arg, Runtime& runtime)
      : OwningEvaluator(expr.type, runtime), field_(static_cast<uint32_t>(expr.field)), arg_(std::move(arg)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    const types::Vector* value = nullptr;
    RETURN_IF_ERROR(arg_->Evaluate(batch, value));
    result_.Reset();
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = static_cast<uint32_t>(batch.rows[i]);
      result_.SetNull(row);
      if (value->IsNull(row)) continue;
      const types::StringRef& bytes = value->Get<types::StringRef>(row);
      const types::RecordView record(bytes.view());
      if (field_ >= record.size() || record.IsNull(field_)) continue;
      result_.SetValid(row);
      record.Get(field_, result_.slot(row));
      // A short record lies inside its slot, which may go before the field does.
      if (bytes.is_inline() && result_.layout() == types::Layout::kString) {
        result_.data<types::StringRef>()[row] = result_.heap().Add(result_.data<types::StringRef>()[row]);
      }
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  const uint32_t field_;
  EvaluatorPtr arg_;
};

class FieldStoreEvaluator final : public OwningEvaluator {
 public:
  FieldStoreEvaluator(const planner::FieldStore& expr, EvaluatorPtr arg, std::vector<EvaluatorPtr> values,
                      std::vector<types::Type> columns, Runtime& runtime)
      : OwningEvaluator(expr.type, runtime),
        expr_(expr),
        arg_(std::move(arg)),
        values_(std::move(values)),
        columns_(std::move(columns)) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    const types::Vector* base = nullptr;
    RETURN_IF_ERROR(arg_->Evaluate(batch, base));
    RETURN_IF_ERROR(values_.Evaluate(batch));
    result_.Reset();
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = static_cast<uint32_t>(batch.rows[i]);
      std::unique_ptr<types::RecordView> old;
      if (!base->IsNull(row)) old = std::make_unique<types::RecordView>(base->Get<types::StringRef>(row).view());
      types::RecordBuilder record;
      for (uint32_t c = 0; c < columns_.size(); ++c) {
        const auto stored = std::find(expr_.fields.begin(), expr_.fields.end(), static_cast<int>(c));
        if (stored != expr_.fields.end()) {
          const types::Vector& value = values_[static_cast<size_t>(stored - expr_.fields.begin())];
          if (value.IsNull(row)) {
            record.AddNull(columns_[c].oid);
          } else {
            record.Add(columns_[c].oid, value.layout(), value.row_slot(row));
          }
        } else if (old == nullptr || c >= old->size() || old->IsNull(c)) {
          record.AddNull(columns_[c].oid);
        } else {
          alignas(8) std::byte slot[16];
          old->Get(c, slot);
          record.Add(columns_[c].oid, old->layout(c), slot);
        }
      }
      result_.SetString(row, record.Finish());
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  const planner::FieldStore& expr_;
  EvaluatorPtr arg_;
  ValueList values_;
  const std::vector<types::Type> columns_;
};

// scalar op ANY/ALL (array): each element is compared with all rows still undecided when the array is constant, else
// row by row.
class ScalarArrayEvaluator final : public OwningEvaluator {
 public:
  ScalarArrayEvaluator(const planner::ScalarArrayExpr& expr, KernelCall call, EvaluatorPtr scalar, EvaluatorPtr array,
                       types::Type element, Runtime& runtime)
      : OwningEvaluator(types::kBoolOid, runtime),
        any_(expr.any),
        call_(std::move(call)),
        scalar_(std::move(scalar)),
        array_(std::move(array)),
        element_(runtime.MakeVector(element, 1)),
        truth_(types::kBoolOid) {}

 protected:
  Status Compute(const Batch& batch, const types::Vector*& result) override {
    const types::Vector *scalar = nullptr, *array = nullptr;
    RETURN_IF_ERROR(scalar_->Evaluate(batch, scalar));
    RETURN_IF_ERROR(array_->Evaluate(batch, array));
    result_.Reset();
    if (array->is_constant()) {
      RETURN_IF_ERROR(Test(*scalar, *array, batch.rows));
    } else {
      for (size_t i = 0; i < batch.rows.count; ++i) {
        const types::SelIndex row = static_cast<types::SelIndex>(batch.rows[i]);
        RETURN_IF_ERROR(Test(*scalar, *array, {&row, 1}));
      }
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  Status Test(const types::Vector& scalar, const types::Vector& array, const Rows& rows) {
    const uint32_t first = static_cast<uint32_t>(rows[0]);
    if (array.IsNull(first)) {
      for (size_t i = 0; i < rows.count; ++i) result_.SetNull(static_cast<uint32_t>(rows[i]));
      return Status::Ok();
    }
    const types::ArrayView view(array.Get<types::StringRef>(first).view());
    for (size_t i = 0; i < rows.count; ++i) result_.data<bool>()[rows[i]] = !any_;
    Rows open = rows;
    int list = 0;
    for (uint32_t e = 0; e < view.size() && open.count > 0; ++e) {
      element_.Reset();
      if (view.IsNull(e)) {
        element_.SetNull(0);
      } else {
        view.Get(e, element_.slot(0));
      }
      element_.SetConstant();
      const types::Vector* args[2] = {&scalar, &element_};
      if (call_.is_strict() && view.IsNull(e)) {
        truth_.SetConstantNull();
      } else {
        RETURN_IF_ERROR(call_.Run(args, open, truth_));
      }
      size_t count = 0;
      for (size_t i = 0; i < open.count; ++i) {
        const types::SelIndex row = static_cast<types::SelIndex>(open[i]);
        if (truth_.IsNull(row)) {
          result_.SetNull(row);
        } else if (truth_.Get<bool>(row) == any_) {
          result_.data<bool>()[row] = any_;
          result_.SetValid(row);
          continue;
        }
        lists_[list].data()[count++] = row;
      }
      open = lists_[list].rows(count);
      list ^= 1;
    }
    return Status::Ok();
  }

  const bool any_;
  KernelCall call_;
  EvaluatorPtr scalar_, array_;
  types::Vector element_;
  types::Vector truth_;
  RowList lists_[2];
};

Result<EvaluatorPtr> CompileScalarArray(const planner::ScalarArrayExpr& expr, Runtime& runtime) {
  types::Type element = types::ElementTypeOf(expr.array->type.oid);
  if (element.oid == types::kInvalidOid) element = expr.scalar->type;
  ASSIGN_OR_RETURN(KernelCall call,
                   KernelCall::Make(*expr.function, {expr.scalar->type, element}, types::kBoolOid,
                                    expr.collation != 0 ? expr.collation : expr.scalar->collation, runtime));
  ASSIGN_OR_RETURN(EvaluatorPtr scalar, Compile(*expr.scalar, runtime));
  ASSIGN_OR_RETURN(EvaluatorPtr array, Compile(*expr.array, runtime));
  return EvaluatorPtr(std::make_unique<ScalarArrayEvaluator>(expr, std::move(call), std::move(scalar),
                                                             std::move(array), element, runtime));
}

Result<EvaluatorPtr> CompileFieldStore(const planner::FieldStore& expr, Runtime& runtime) {
  ASSIGN_OR_RETURN(EvaluatorPtr arg, Compile(*expr.arg, runtime));
  ASSIGN_OR_RETURN(std::vector<EvaluatorPtr> values, CompileAll(expr.values, runtime));
  if (runtime.format().hooks == nullptr) return Error(sqlstate::kInternalError, "composite type without a catalog");
  ASSIGN_OR_RETURN(std::optional<types::UserType> described, runtime.format().hooks->Describe(expr.type.oid));
  if (!described.has_value()) return Error(sqlstate::kUndefinedObject, "type does not exist");
  return EvaluatorPtr(std::make_unique<FieldStoreEvaluator>(expr, std::move(arg), std::move(values),
                                                            described->columns, runtime));
}

}  // namespace

Result<EvaluatorPtr> CompileSubscript(const planner::SubscriptExpr& expr, Runtime& runtime);

Result<EvaluatorPtr> CompileNested(const planner::Expr& expr, Runtime& runtime) {
  switch (expr.kind) {
    case ExprKind::kArray: {
      const auto& node = *planner::As<planner::ArrayExpr>(&expr);
      ASSIGN_OR_RETURN(std::vector<EvaluatorPtr> elements, CompileAll(node.elements, runtime));
      return EvaluatorPtr(std::make_unique<ArrayEvaluator>(node, std::move(elements), runtime));
    }
    case ExprKind::kRow: {
      const auto& node = *planner::As<planner::RowExpr>(&expr);
      std::vector<types::Type> field_types;
      for (const planner::Expr* field : node.fields) field_types.push_back(field->type);
      ASSIGN_OR_RETURN(std::vector<EvaluatorPtr> fields, CompileAll(node.fields, runtime));
      return EvaluatorPtr(std::make_unique<RowEvaluator>(expr.type, std::move(field_types), std::move(fields),
                                                         CarriedNames(node), runtime));
    }
    case ExprKind::kFieldSelect: {
      const auto& node = *planner::As<planner::FieldSelect>(&expr);
      ASSIGN_OR_RETURN(EvaluatorPtr arg, Compile(*node.arg, runtime));
      return EvaluatorPtr(std::make_unique<FieldSelectEvaluator>(node, std::move(arg), runtime));
    }
    case ExprKind::kFieldStore:
      return CompileFieldStore(*planner::As<planner::FieldStore>(&expr), runtime);
    case ExprKind::kScalarArray:
      return CompileScalarArray(*planner::As<planner::ScalarArrayExpr>(&expr), runtime);
    default:
      return CompileSubscript(*planner::As<planner::SubscriptExpr>(&expr), runtime);
  }
}

}  // namespace phantom::engine::internal
