#include "engine/row_index_key.h"

#include "planner/planner.h"

namespace phantom::engine {

Result<std::unique_ptr<RowIndexKey>> RowIndexKey::Make(const catalog::Table& table, Oid index, Runtime& runtime) {
  std::unique_ptr<RowIndexKey> made(new RowIndexKey);
  planner::PlannerContext context;
  context.catalog = runtime.context.catalog;
  context.format = runtime.context.format;
  int case_slots = 0;
  ASSIGN_OR_RETURN(made->rules_, planner::BindTableRules(table, made->nodes_, made->pinned_, context, case_slots));
  for (const planner::TableRules::IndexKeys& rule : made->rules_.indexes) {
    if (rule.index->oid != index) continue;
    ASSIGN_OR_RETURN(made->keys_, IndexKeys::Make(rule, runtime));
  }
  if (made->keys_ == nullptr) return Error(sqlstate::kInternalError, "index of the plan is not one of its table");
  made->row_.reserve(table.columns.size());
  for (size_t c = 0; c < table.columns.size(); ++c) {
    made->row_.push_back(runtime.MakeVector(table.columns[c].type, 1));
    made->columns_.push_back(static_cast<uint32_t>(c));
  }
  for (const types::Vector& vector : made->row_) made->pointers_.push_back(&vector);
  return made;
}

Status RowIndexKey::Compute(const txn::RowTable& rows, std::string_view row) {
  for (types::Vector& vector : row_) vector.Reset();
  RETURN_IF_ERROR(rows.Decode(row, columns_, row_, 0));
  return keys_->Compute({pointers_, {nullptr, 1}}, batch_);
}

Status RowIndexKey::Compute(const txn::RowTable& rows, const txn::FetchedRow& row) {
  for (types::Vector& vector : row_) vector.Reset();
  RETURN_IF_ERROR(rows.Decode(row, columns_, row_, 0));
  return keys_->Compute({pointers_, {nullptr, 1}}, batch_);
}

}  // namespace phantom::engine
