#include "engine/table_writer.h"

#include <algorithm>

#include "catalog/open_table.h"
#include "engine/table_reader.h"
#include "txn/wait_context.h"
#include "types/text_format.h"

namespace phantom::engine {

namespace {

// PostgreSQL shows at most this many bytes of a value in "Failing row contains".
constexpr size_t kShownBytesMax = 64;

// Of a wait for whoever is about to have the same key: for which entry of which index it was.
Status WhileInserting(Status status, RowId id, const std::string& index) {
  const SqlState state = status.sqlstate();
  if (state != sqlstate::kTRDeadlockDetected && state != sqlstate::kLockNotAvailable && state != sqlstate::kQueryCanceled) return status;
  return txn::WhileWaiting(std::move(status), "inserting index tuple", id, index);
}

// Cuts text to at most `bytes`, not within a character.
std::string_view Clip(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<uint8_t>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

Result<std::unique_ptr<TableWriter>> TableWriter::Make(const catalog::Table& table, const planner::TableRules& rules,
                                                       std::span<const planner::ViewCheck> view_checks,
                                                       Runtime& runtime) {
  std::unique_ptr<TableWriter> writer(new TableWriter(table, runtime));
  txn::TransactionManager& manager = runtime.context.transaction->manager();
  ASSIGN_OR_RETURN(writer->rows_, OpenStored(table, runtime));
  for (const planner::TableRules::IndexKeys& rule : rules.indexes) {
    IndexState& state = writer->indexes_.emplace_back();
    ASSIGN_OR_RETURN(state.keys, IndexKeys::Make(rule, runtime));
    ASSIGN_OR_RETURN(txn::Index index, catalog::OpenIndex(manager, table, rule.index->tree));
    state.index = std::make_unique<txn::Index>(std::move(index));
    state.unique = rule.index->unique;
    state.referable = rule.index->unique && rule.index->predicate_sql.empty() &&
                      std::ranges::none_of(rule.index->keys, [](const catalog::IndexKey& key) { return key.column == 0; });
    state.nulls_conflict = rule.index->nulls_not_distinct;
    state.filling = !rule.index->valid;
    if (rule.index->immediate) continue;
    for (const catalog::Constraint& constraint : table.constraints) {
      if (constraint.index != rule.index->oid || constraint.kind == catalog::ConstraintKind::kForeignKey) continue;
      state.deferrable = &constraint;
    }
  }
  for (const planner::TableRules::Check& check : rules.checks) {
    CheckRule& made = writer->checks_.emplace_back();
    made.name = check.name;
    ASSIGN_OR_RETURN(made.condition, Compile(*check.condition, runtime));
  }
  std::sort(writer->checks_.begin(), writer->checks_.end(),
            [](const CheckRule& a, const CheckRule& b) { return a.name < b.name; });
  for (const planner::ViewCheck& check : view_checks) {
    CheckRule& made = writer->views_.emplace_back();
    made.name = check.view;
    ASSIGN_OR_RETURN(made.condition, Compile(*check.condition, runtime));
  }
  for (const planner::TableRules::Generated& generated : rules.generated) {
    ASSIGN_OR_RETURN(EvaluatorPtr value, Compile(*generated.value, runtime));
    writer->generated_.emplace_back(generated.column, std::move(value));
  }
  return writer;
}

int TableWriter::FindIndex(Oid index) const {
  for (size_t i = 0; i < indexes_.size(); ++i) {
    if (indexes_[i].keys->index().oid == index) return static_cast<int>(i);
  }
  return -1;
}

Status TableWriter::PrepareNew(std::vector<const types::Vector*>& full, const Rows& rows) {
  // Generated columns do not refer to each other.
  std::vector<const types::Vector*> values(generated_.size());
  for (size_t g = 0; g < generated_.size(); ++g) {
    RETURN_IF_ERROR(generated_[g].second->Evaluate({full, rows}, values[g]));
  }
  for (size_t g = 0; g < generated_.size(); ++g) full[generated_[g].first] = values[g];
  full_ = full;
  fresh_ = {full_, rows};
  // What fails for one row may be preceded by another constraint's or row's violation: then each is tried in its turn.
  checks_fail_ = views_fail_ = false;
  for (CheckRule& check : checks_) {
    checks_fail_ = checks_fail_ || !check.condition->Evaluate(fresh_, check.truth).ok();
  }
  for (CheckRule& check : views_) views_fail_ = views_fail_ || !check.condition->Evaluate(fresh_, check.truth).ok();
  for (IndexState& index : indexes_) RETURN_IF_ERROR(index.keys->Compute(fresh_, index.fresh));
  return Status::Ok();
}

Status TableWriter::PrepareOld(std::span<const types::Vector* const> full, const Rows& rows) {
  for (IndexState& index : indexes_) RETURN_IF_ERROR(index.keys->Compute({full, rows}, index.old));
  return Status::Ok();
}

Result<std::string> TableWriter::DescribeRow(std::span<const types::Vector* const> full, uint32_t row) const {
  std::string text = "(";
  bool first = true;
  for (size_t c = 0; c < table_.columns.size(); ++c) {
    if (table_.columns[c].dropped) continue;
    if (!first) text += ", ";
    first = false;
    if (full[c]->IsNull(row)) {
      text += "null";
      continue;
    }
    std::string value;
    RETURN_IF_ERROR(types::AppendText(table_.columns[c].type, full[c]->row_slot(row), runtime_.format(), value));
    text += Clip(value, kShownBytesMax);
    if (value.size() > kShownBytesMax) text += "...";
  }
  return text + ")";
}

Status TableWriter::Check(size_t i) {
  const uint32_t row = static_cast<uint32_t>(fresh_.rows[i]);
  for (size_t c = 0; c < table_.columns.size(); ++c) {
    const catalog::Column& column = table_.columns[c];
    if (!column.not_null || column.dropped || !full_[c]->IsNull(row)) continue;
    ASSIGN_OR_RETURN(const std::string shown, DescribeRow(full_, row));
    return Error(sqlstate::kNotNullViolation, "null value in column \"" + column.name + "\" of relation \"" +
                                                  table_.name + "\" violates not-null constraint")
        .Detail("Failing row contains " + shown + ".")
        .Schema(table_.schema_name)
        .Table(table_.name)
        .Column(column.name);
  }
  for (CheckRule& check : checks_) {
    if (checks_fail_) RETURN_IF_ERROR(EvaluateAt(check, row));
    if (check.truth->IsNull(row) || check.truth->Get<bool>(row)) continue;
    ASSIGN_OR_RETURN(const std::string shown, DescribeRow(full_, row));
    return Error(sqlstate::kCheckViolation, "new row for relation \"" + table_.name +
                                                "\" violates check constraint \"" + check.name + "\"")
        .Detail("Failing row contains " + shown + ".")
        .Schema(table_.schema_name)
        .Table(table_.name)
        .Constraint(check.name);
  }
  return Status::Ok();
}

Status TableWriter::EvaluateAt(CheckRule& check, uint32_t row) {
  const types::SelIndex at = static_cast<types::SelIndex>(row);
  return check.condition->Evaluate({full_, {&at, 1}}, check.truth);
}

Status TableWriter::CheckViews(size_t i) {
  const uint32_t row = static_cast<uint32_t>(fresh_.rows[i]);
  for (CheckRule& check : views_) {
    if (views_fail_) RETURN_IF_ERROR(EvaluateAt(check, row));
    if (!check.truth->IsNull(row) && check.truth->Get<bool>(row)) continue;
    ASSIGN_OR_RETURN(const std::string shown, DescribeRow(full_, row));
    return Error(sqlstate::kWithCheckOptionViolation, "new row violates check option for view \"" + check.name + "\"")
        .Detail("Failing row contains " + shown + ".");
  }
  return Status::Ok();
}

std::string_view TableWriter::Encode(size_t i) {
  const uint32_t row = static_cast<uint32_t>(fresh_.rows[i]);
  encoder_.Begin();
  for (const types::Vector* column : full_) {
    if (column->IsNull(row)) {
      encoder_.AddNull();
    } else {
      encoder_.Add(column->row_slot(row));
    }
  }
  const std::string_view encoded = encoder_.Finish();
  runtime_.NoteHeld(encoded.size());
  return encoded;
}

Status TableWriter::UniqueViolation(const IndexState& index, size_t i) {
  ASSIGN_OR_RETURN(const std::string key, index.keys->Describe(table_, static_cast<uint32_t>(fresh_.rows[i])));
  return UniqueViolation(index.keys->index(), key);
}

Status TableWriter::UniqueViolation(const catalog::Index& index, const std::string& key) const {
  const std::string& name = index.name;
  return Error(sqlstate::kUniqueViolation, "duplicate key value violates unique constraint \"" + name + "\"")
      .Detail("Key " + key + " already exists.")
      .Schema(table_.schema_name)
      .Table(table_.name)
      .Constraint(name);
}

Status TableWriter::NoteDuplicate(IndexState& index, size_t i, RowId id) {
  txn::Transaction& transaction = *runtime_.context.transaction;
  RETURN_IF_ERROR(index.index->Insert(transaction, index.fresh.key(i), id));
  ASSIGN_OR_RETURN(const bool doubtful, index.index->MayConflict(transaction, index.fresh.key(i), id, *rows_));
  if (!doubtful) return Status::Ok();
  record_.Begin(ConstraintEvent::Kind::kUnique, *index.deferrable, table_.oid, id);
  DeferredConstraints* deferred = runtime_.context.deferred;
  if (deferred != nullptr && deferred->IsDeferred(*index.deferrable)) return deferred->Append(record_.bytes(), runtime_.context);
  return runtime_.end_queue->Append(record_.bytes(), runtime_.context);
}

Result<std::optional<RowId>> TableWriter::AddEntry(IndexState& index, size_t i, RowId id, bool report) {
  if (!index.fresh.indexed(i)) return std::optional<RowId>();
  txn::Transaction& transaction = *runtime_.context.transaction;
  const std::string_view key = index.fresh.key(i);
  if (!IsUniqueKey(index, i)) {
    RETURN_IF_ERROR(index.index->Insert(transaction, key, id));
    return std::optional<RowId>();
  }
  if (index.deferrable != nullptr) {
    RETURN_IF_ERROR(NoteDuplicate(index, i, id));
    return std::optional<RowId>();
  }
  Result<std::optional<RowId>> conflict = index.index->InsertUnique(transaction, key, id, *rows_);
  if (!conflict.ok()) return WhileInserting(std::move(conflict).status(), id, index.keys->index().name);
  if (conflict->has_value() && report) return UniqueViolation(index, i);
  return conflict;
}

Result<RowId> TableWriter::Insert(size_t i) {
  ASSIGN_OR_RETURN(const RowId id, rows_->Insert(*runtime_.context.transaction, Encode(i)));
  for (IndexState& index : indexes_) {
    Result<std::optional<RowId>> added = AddEntry(index, i, id, true);
    if (!added.ok()) return std::move(added).status();
  }
  ++inserted_;
  return id;
}

Result<std::optional<RowId>> TableWriter::FindConflict(size_t i, std::span<const int> arbiters) {
  for (size_t n = 0; n < indexes_.size(); ++n) {
    IndexState& index = indexes_[n];
    if (!arbiters.empty() && std::find(arbiters.begin(), arbiters.end(), static_cast<int>(n)) == arbiters.end()) continue;
    if (index.deferrable != nullptr) {
      return Error(sqlstate::kObjectNotInPrerequisiteState,
                   "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters")
          .Schema(table_.schema_name)
          .Table(table_.name)
          .Constraint(index.deferrable->name);
    }
    if (!index.fresh.indexed(i) || !IsUniqueKey(index, i)) continue;
    ASSIGN_OR_RETURN(std::optional<RowId> conflict,
                     index.index->FindConflict(*runtime_.context.transaction, index.fresh.key(i), RowId(), *rows_));
    if (conflict.has_value()) return conflict;
  }
  return std::optional<RowId>();
}

Result<std::optional<RowId>> TableWriter::InsertUnlessConflict(size_t i, std::span<const int> arbiters,
                                                               RowId& inserted) {
  txn::Transaction& transaction = *runtime_.context.transaction;
  const Lsn before = transaction.last_lsn();
  ASSIGN_OR_RETURN(inserted, rows_->Insert(transaction, Encode(i)));
  for (size_t n = 0; n < indexes_.size(); ++n) {
    const bool arbiter =
        arbiters.empty() || std::find(arbiters.begin(), arbiters.end(), static_cast<int>(n)) != arbiters.end();
    ASSIGN_OR_RETURN(const std::optional<RowId> conflict, AddEntry(indexes_[n], i, inserted, !arbiter));
    if (!conflict.has_value()) continue;
    // Somebody was faster between the look and the insert: the row goes again, with its entries. It is of this very command,
    // which a delete would take for a row that the command has changed already.
    RETURN_IF_ERROR(transaction.UndoTo(before));
    return conflict;
  }
  return std::optional<RowId>();
}

Result<txn::WriteOutcome> TableWriter::Update(size_t i, RowId id, txn::WriteBase base) {
  txn::Transaction& transaction = *runtime_.context.transaction;
  txn::UpdateOptions options;
  options.base = base;
  options.key_changed = false;
  for (const IndexState& index : indexes_) {
    if (index.referable && index.fresh.key(i) != index.old.key(i)) options.key_changed = true;
  }
  ASSIGN_OR_RETURN(const txn::WriteOutcome outcome,
                   rows_->Update(transaction, *runtime_.context.snapshot, id, Encode(i), options));
  if (outcome != txn::WriteOutcome::kOk) return outcome;
  for (IndexState& index : indexes_) {
    const bool was = index.old.indexed(i), is = index.fresh.indexed(i);
    if (was && is && index.old.key(i) == index.fresh.key(i)) continue;
    if (was) RETURN_IF_ERROR(index.index->Delete(transaction, index.old.key(i), id, index.filling));
    Result<std::optional<RowId>> added = AddEntry(index, i, id, true);
    if (!added.ok()) return std::move(added).status();
  }
  return outcome;
}

Result<txn::WriteOutcome> TableWriter::Delete(size_t i, RowId id, txn::WriteBase base) {
  txn::Transaction& transaction = *runtime_.context.transaction;
  ASSIGN_OR_RETURN(const txn::WriteOutcome outcome,
                   rows_->Delete(transaction, *runtime_.context.snapshot, id, base));
  if (outcome != txn::WriteOutcome::kOk) return outcome;
  for (IndexState& index : indexes_) {
    if (index.old.indexed(i)) RETURN_IF_ERROR(index.index->Delete(transaction, index.old.key(i), id, index.filling));
  }
  return outcome;
}

}  // namespace phantom::engine
