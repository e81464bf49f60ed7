// ON DELETE and ON UPDATE of foreign keys: what becomes of rows that refer to keys that went away.
#include <algorithm>

#include "catalog/catalog.h"
#include "engine/constraint_decisions.h"
#include "engine/foreign_keys.h"
#include "engine/key_lookup.h"
#include "engine/table_writer.h"
#include "planner/planner.h"

namespace phantom::engine {

using catalog::ForeignKeyAction;
using Key = ConstraintEvent::Key;

namespace {

// Rows of the referring table on their way to their new versions, a batch at a time.
class ReferrerWriter {
 public:
  ReferrerWriter(const EventGroup& group, catalog::TableRef referring, ForeignKeyAction action, Runtime& parent)
      : group_(group),
        table_(std::move(referring)),
        action_(action),
        scope_(parent, FreshScope::View::kLatest),
        runtime_(scope_.runtime()) {}

  Status Make() {
    planner::PlannerContext context;
    context.catalog = runtime_.context.catalog;
    context.format = runtime_.context.format;
    int case_slots = 0;
    ASSIGN_OR_RETURN(rules_, planner::BindTableRules(*table_, nodes_, pinned_, context, case_slots));
    ASSIGN_OR_RETURN(writer_, TableWriter::Make(*table_, rules_, {}, runtime_));
    foreign_keys_ = ForeignKeys::Make(*table_, runtime_);
    for (const catalog::Column& column : table_->columns) types_.push_back(column.type);
    rows_ = RowBuffer(runtime_, types_);
    for (const int16_t column : AssignedColumns()) {
      Assigned& assigned = assigned_.emplace_back(column, runtime_.MakeVector(table_->column(column).type));
      if (action_ == ForeignKeyAction::kCascade) {
        const auto at = std::find(group_.constraint->columns.begin(), group_.constraint->columns.end(), column);
        assigned.key_position = static_cast<size_t>(at - group_.constraint->columns.begin());
      } else if (action_ == ForeignKeyAction::kSetDefault) {
        ASSIGN_OR_RETURN(const planner::Expr* value,
                         planner::BindColumnDefault(*table_, column - 1, nodes_, pinned_, context, case_slots));
        ASSIGN_OR_RETURN(assigned.default_value, Compile(*value, runtime_));
      }
    }
    if (runtime_.context.transaction->keeps_snapshot()) own_view_ = runtime_.context.transaction->TakeSnapshot();
    return Status::Ok();
  }

  // Changes all rows that refer to the group's keys. True: some were changed by others meanwhile and must be looked for
  // again.
  Result<bool> Run() {
    ASSIGN_OR_RETURN(std::unique_ptr<KeyLookup> lookup,
                     KeyLookup::Make(table_, group_.constraint->columns, 0, runtime_));
    std::vector<const Key*> keys;
    for (const ConstraintEvent* event : group_.events) keys.push_back(&event->old_key);
    RETURN_IF_ERROR(lookup->ForEachOf(
        keys, [&](size_t key, RowId id, std::span<const types::Vector* const> row) -> Result<bool> {
          RETURN_IF_ERROR(CheckVisible(lookup->rows(), id));
          rows_.Append({row, {nullptr, 1}});
          ids_.push_back(id);
          key_of_.push_back(key);
          if (ids_.size() == types::kVectorSize) RETURN_IF_ERROR(Write());
          return true;
        }));
    if (!ids_.empty()) RETURN_IF_ERROR(Write());
    return again_;
  }

 private:
  struct Assigned {
    Assigned(int16_t number, types::Vector vector) : column(number), values(std::move(vector)) {}
    int16_t column;
    types::Vector values;
    size_t key_position = 0;     // CASCADE
    EvaluatorPtr default_value;  // SET DEFAULT
  };

  bool deletes() const { return action_ == ForeignKeyAction::kCascade && group_.events.front()->new_key.empty(); }

  std::vector<int16_t> AssignedColumns() const {
    if (deletes()) return {};
    const catalog::Constraint& constraint = *group_.constraint;
    const bool some = action_ != ForeignKeyAction::kCascade && group_.events.front()->new_key.empty() &&
                      !constraint.delete_set_columns.empty();
    return some ? constraint.delete_set_columns : constraint.columns;
  }

  // A transaction that keeps one snapshot may not change what it cannot see.
  Status CheckVisible(const txn::RowTable& rows, RowId id) const {
    if (!own_view_.valid()) return Status::Ok();
    ASSIGN_OR_RETURN(const txn::FetchedRow seen, rows.Fetch(own_view_, id));
    txn::FetchedRow newest;
    RETURN_IF_ERROR(rows.FetchNewest(id, &newest));
    if (seen.found && newest.found && seen.version == newest.version) return Status::Ok();
    return Error(sqlstate::kTRSerializationFailure, "could not serialize access due to concurrent update");
  }

  Status Assign(const Batch& old, Assigned& assigned, const types::Vector*& out) {
    if (assigned.default_value != nullptr) return assigned.default_value->Evaluate(old, out);
    assigned.values.Reset();
    for (size_t i = 0; i < old.rows.count; ++i) {
      types::Value value;
      const bool known = action_ == ForeignKeyAction::kCascade &&
                         CoerceKey(group_.events[key_of_[i]]->new_key[assigned.key_position],
                                   table_->column(assigned.column).type, runtime_, value) &&
                         !value.is_null();
      if (known) {
        assigned.values.SetValue(static_cast<uint32_t>(i), value);
      } else {
        assigned.values.SetNull(static_cast<uint32_t>(i));
      }
    }
    out = &assigned.values;
    return Status::Ok();
  }

  Status Write() {
    RETURN_IF_ERROR(runtime_.context.CheckCancelled());
    const Batch old = rows_.ReadChunk(0);
    std::vector<const types::Vector*> fresh(old.columns.begin(), old.columns.end());
    for (Assigned& assigned : assigned_) RETURN_IF_ERROR(Assign(old, assigned, fresh[assigned.column - 1]));
    RETURN_IF_ERROR(writer_->PrepareOld(old.columns, old.rows));
    if (!deletes()) RETURN_IF_ERROR(writer_->PrepareNew(fresh, old.rows));
    for (size_t i = 0; i < ids_.size(); ++i) {
      const auto row = static_cast<uint32_t>(i);
      txn::WriteOutcome outcome;
      if (deletes()) {
        ASSIGN_OR_RETURN(outcome, writer_->Delete(i, ids_[i], txn::WriteBase::kSnapshot));
      } else {
        RETURN_IF_ERROR(writer_->Check(i));
        ASSIGN_OR_RETURN(outcome, writer_->Update(i, ids_[i], txn::WriteBase::kSnapshot));
      }
      again_ = again_ || outcome == txn::WriteOutcome::kUpdated;
      if (outcome != txn::WriteOutcome::kOk || foreign_keys_ == nullptr) continue;
      if (deletes()) {
        RETURN_IF_ERROR(foreign_keys_->Deleted(old.columns, row));
      } else {
        RETURN_IF_ERROR(foreign_keys_->Updated(ids_[i], old.columns, fresh, row));
      }
    }
    rows_.Clear();
    ids_.clear();
    key_of_.clear();
    return Status::Ok();
  }

  const EventGroup& group_;
  const catalog::TableRef table_;
  const ForeignKeyAction action_;
  FreshScope scope_;
  Runtime& runtime_;
  txn::Snapshot own_view_;  // the transaction's, when it keeps one
  planner::NodeArena nodes_;
  std::vector<std::shared_ptr<const void>> pinned_;
  planner::TableRules rules_;
  std::unique_ptr<TableWriter> writer_;
  std::unique_ptr<ForeignKeys> foreign_keys_;
  std::vector<types::Type> types_;
  std::vector<Assigned> assigned_;
  RowBuffer rows_;
  std::vector<RowId> ids_;
  std::vector<size_t> key_of_;  // which of the group's events each row belongs to
  bool again_ = false;
};

}  // namespace

Status ActOnReferrers(const EventGroup& group, Runtime& runtime) {
  const catalog::Constraint& constraint = *group.constraint;
  const bool deleted = group.events.front()->new_key.empty();
  const ForeignKeyAction action = deleted ? constraint.on_delete : constraint.on_update;
  ASSIGN_OR_RETURN(const catalog::TableRef referring, OpenTableByOid(constraint.table, runtime));
  for (bool again = true; again;) {
    ReferrerWriter writer(group, referring, action, runtime);
    RETURN_IF_ERROR(writer.Make());
    ASSIGN_OR_RETURN(again, writer.Run());
  }
  if (action != ForeignKeyAction::kSetDefault) return Status::Ok();
  // The default may be the key that went away: then rows still refer to it.
  EventRecord record;
  for (const ConstraintEvent* event : group.events) {
    record.BeginAgain(ConstraintEvent::Kind::kGone, *event);
    RETURN_IF_ERROR(runtime.end_queue->Append(record.bytes(), runtime.context));
  }
  return Status::Ok();
}

}  // namespace phantom::engine
