#include "engine/foreign_keys.h"

namespace phantom::engine {

using catalog::ForeignKeyAction;
using Kind = ConstraintEvent::Kind;

namespace {

// Different keys remembered for each constraint.
constexpr size_t kNotedKeysMax = 4096;

Kind KindOf(ForeignKeyAction action) {
  switch (action) {
    case ForeignKeyAction::kNone:
      return Kind::kGone;
    case ForeignKeyAction::kRestrict:
      return Kind::kRestrict;
    default:
      return Kind::kAction;
  }
}

}  // namespace

std::unique_ptr<ForeignKeys> ForeignKeys::Make(const catalog::Table& table, Runtime& runtime) {
  std::unique_ptr<ForeignKeys> keys(new ForeignKeys(table, runtime));
  for (const catalog::Constraint& constraint : table.constraints) {
    if (constraint.kind != catalog::ConstraintKind::kForeignKey) continue;
    keys->references_.push_back({&constraint});
  }
  if (keys->references_.empty() && table.referenced_by.empty()) return nullptr;
  runtime.reusable = false;
  return keys;
}

void ForeignKeys::BeginRun() {
  run_epoch_ = runtime_.run_epoch;
  for (Reference& reference : references_) {
    reference.deferred = runtime_.context.deferred != nullptr && runtime_.context.deferred->IsDeferred(*reference.constraint);
    reference.noted.clear();
  }
}

Status ForeignKeys::Append(bool deferred) {
  if (deferred) return runtime_.context.deferred->Append(record_.bytes(), runtime_.context);
  return runtime_.end_queue->Append(record_.bytes(), runtime_.context);
}

Status ForeignKeys::Note(Reference& reference, RowId id, std::span<const types::Vector* const> full, uint32_t row) {
  if (run_epoch_ != runtime_.run_epoch) BeginRun();
  const catalog::Constraint& constraint = *reference.constraint;
  record_.Begin(Kind::kReference, constraint, table_.oid, id);
  const size_t nulls = record_.AddKey(constraint.columns, full, row);
  if (nulls == constraint.columns.size() || (nulls > 0 && constraint.match != 'f')) return Status::Ok();
  if (!reference.deferred) {
    if (reference.noted.size() >= kNotedKeysMax) reference.noted.clear();
    if (!reference.noted.emplace(record_.key()).second) return Status::Ok();
  }
  return Append(reference.deferred);
}

bool ForeignKeys::SameKey(const std::vector<int16_t>& columns, std::span<const types::Vector* const> old,
                          std::span<const types::Vector* const> full, uint32_t row) {
  for (const int16_t column : columns) {
    if (old[column - 1] == full[column - 1]) continue;
    const types::Vector &before = *old[column - 1], &after = *full[column - 1];
    if (before.IsNull(row) != after.IsNull(row)) return false;
    if (before.IsNull(row)) continue;
    if (types::Value::FromSlot(before.type(), before.layout(), before.row_slot(row)) !=
        types::Value::FromSlot(after.type(), after.layout(), after.row_slot(row))) {
      return false;
    }
  }
  return true;
}

Status ForeignKeys::Inserted(RowId id, std::span<const types::Vector* const> full, uint32_t row) {
  for (Reference& reference : references_) RETURN_IF_ERROR(Note(reference, id, full, row));
  return Status::Ok();
}

Status ForeignKeys::Updated(RowId id, std::span<const types::Vector* const> old,
                            std::span<const types::Vector* const> full, uint32_t row) {
  for (Reference& reference : references_) {
    if (!SameKey(reference.constraint->columns, old, full, row)) RETURN_IF_ERROR(Note(reference, id, full, row));
  }
  for (const catalog::Constraint& constraint : table_.referenced_by) {
    if (!SameKey(constraint.referenced_columns, old, full, row)) RETURN_IF_ERROR(NoteGone(constraint, old, full, row));
  }
  return Status::Ok();
}

Status ForeignKeys::Deleted(std::span<const types::Vector* const> old, uint32_t row) {
  for (const catalog::Constraint& constraint : table_.referenced_by) {
    RETURN_IF_ERROR(NoteGone(constraint, old, {}, row));
  }
  return Status::Ok();
}

Status ForeignKeys::NoteGone(const catalog::Constraint& constraint, std::span<const types::Vector* const> old,
                             std::span<const types::Vector* const> full, uint32_t row) {
  const Kind kind = KindOf(full.empty() ? constraint.on_delete : constraint.on_update);
  record_.Begin(kind, constraint, table_.oid, RowId());
  if (record_.AddKey(constraint.referenced_columns, old, row) > 0) return Status::Ok();
  if (!full.empty()) record_.AddKey(constraint.referenced_columns, full, row);
  const bool deferred =
      kind == Kind::kGone && runtime_.context.deferred != nullptr && runtime_.context.deferred->IsDeferred(constraint);
  return Append(deferred);
}

}  // namespace phantom::engine
