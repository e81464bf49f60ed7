#include "engine/set_call.h"

#include "catalog/catalog.h"
#include "catalog/function.h"
#include "types/record.h"

namespace phantom::engine {

namespace {

// An OUT column of type anyelement is of the type of the elements of the anyarray argument.
types::Type ColumnType(const planner::FunctionCall& call, Oid declared, Runtime& runtime) {
  if (declared != types::kAnyelementOid) return types::Type(declared);
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (call.function->arguments[i] != types::kAnyarrayOid) continue;
    const catalog::TypeRef array = runtime.context.catalog->TypeByOid(call.args[i]->type.oid);
    if (array != nullptr && array->element != 0) return types::Type(array->element);
  }
  return types::Type(declared);
}

std::vector<types::Type> ResultColumns(const planner::FunctionCall& call, Runtime& runtime) {
  std::vector<types::Type> columns;
  const catalog::FunctionRow& function = *call.function;
  for (size_t i = 0; i < function.modes.size(); ++i) {
    const catalog::ArgumentMode mode = function.modes[i];
    if (mode == catalog::ArgumentMode::kOut || mode == catalog::ArgumentMode::kInOut ||
        mode == catalog::ArgumentMode::kTable) {
      columns.push_back(ColumnType(call, function.all_arguments[i], runtime));
    }
  }
  if (columns.size() < 2) columns.assign(1, call.type);
  return columns;
}

}  // namespace

Result<SetCall> SetCall::Make(const planner::FunctionCall& call, std::span<const types::Type> columns,
                              Runtime& runtime) {
  const KernelEntry* entry = FindKernel(KernelKind::kSet, call.function->oid, call.function->source);
  if (entry == nullptr) {
    return Error(sqlstate::kFeatureNotSupported,
                 "function " + std::string(call.function->name) + " is not supported")
        .At(call.location);
  }
  SetCall made;
  made.kernel_ = entry->set;
  made.strict_ = call.function->strict;
  made.arg_types_ = std::make_unique<std::vector<types::Type>>();
  for (const planner::Expr* arg : call.args) made.arg_types_->push_back(arg->type);
  made.context_ = std::make_unique<KernelContext>();
  made.context_->execution = &runtime.context;
  made.context_->format = runtime.context.format;
  made.context_->result_type = call.type;
  made.context_->arg_types = *made.arg_types_;
  made.context_->collation = call.collation;
  made.context_->function = call.function->oid;
  made.context_->function_name = call.function->name;
  made.context_->variadic_array = call.variadic;
  ASSIGN_OR_RETURN(made.args_, CompileAll(call.args, runtime));
  made.values_.reserve(call.args.size());
  for (const planner::Expr* arg : call.args) made.values_.push_back(runtime.MakeVector(arg->type, 1));
  for (const types::Vector& value : made.values_) made.value_pointers_.push_back(&value);
  const std::vector<types::Type> own = ResultColumns(call, runtime);
  made.rows_ = std::make_unique<types::Chunk>();
  for (types::Type type : columns.empty() ? std::span<const types::Type>(own) : columns) {
    made.rows_->AddColumn(runtime.MakeVector(type));
  }
  return made;
}

Status SetCall::Start(const Batch& batch, types::SelIndex row) {
  generator_.reset();
  context_->state.reset();
  rows_->SetSize(0);
  at_ = 0;
  const Batch one{batch.columns, {&row, 1}};
  bool null = false;
  for (size_t i = 0; i < args_.size(); ++i) {
    const types::Vector* value = nullptr;
    RETURN_IF_ERROR(args_[i]->Evaluate(one, value));
    values_[i].Reset();
    CopyValue(*value, row, values_[i], 0);
    null = null || values_[i].IsNull(0);
  }
  if (null && strict_) return Status::Ok();
  ASSIGN_OR_RETURN(generator_, kernel_(*context_, value_pointers_, 0));
  return Status::Ok();
}

Result<bool> SetCall::Advance() {
  if (generator_ == nullptr) return false;
  if (++at_ < rows_->size()) return true;
  at_ = 0;
  RETURN_IF_ERROR(generator_->Next(*rows_));
  if (!rows_->empty()) return true;
  generator_.reset();
  return false;
}

void SetCall::CopyTo(types::Vector& out, uint32_t at) const {
  if (rows_->column_count() == 1) {
    CopyValue(rows_->column(0), at_, out, at);
    return;
  }
  types::RecordBuilder record;
  for (const types::Vector& column : rows_->columns()) {
    if (column.IsNull(at_)) {
      record.AddNull(column.type().oid);
    } else {
      record.Add(column.type().oid, column.layout(), column.row_slot(at_));
    }
  }
  out.SetValid(at);
  out.SetString(at, record.Finish());
}

}  // namespace phantom::engine
