#include "engine/foreign_keys.h"

#include <algorithm>

#include "catalog/catalog.h"
#include "engine/key_lookup.h"
#include "engine/table_writer.h"
#include "planner/planner.h"
#include "types/text_format.h"

namespace phantom::engine {

using catalog::ForeignKeyAction;
using Key = ForeignKeys::Key;

namespace {

Key ReadKey(const std::vector<int16_t>& columns, std::span<const types::Vector* const> full, uint32_t row) {
  Key key;
  for (int16_t column : columns) {
    const types::Vector& vector = *full[column - 1];
    key.push_back(vector.IsNull(row) ? types::Value::Null(vector.type())
                                     : types::Value::FromSlot(vector.type(), vector.layout(), vector.row_slot(row)));
  }
  return key;
}

size_t CountNulls(const Key& key) {
  return static_cast<size_t>(std::count_if(key.begin(), key.end(), [](const types::Value& v) { return v.is_null(); }));
}

// "(a, b)=(1, 2)"
Result<std::string> DescribeKey(const catalog::Table& table, const std::vector<int16_t>& columns, const Key& key,
                                const Runtime& runtime) {
  std::string names, values;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) {
      names += ", ";
      values += ", ";
    }
    names += table.column(columns[i]).name;
    if (key[i].is_null()) {
      values += "null";
    } else {
      RETURN_IF_ERROR(types::AppendText(key[i], runtime.format(), values));
    }
  }
  return "(" + names + ")=(" + values + ")";
}

Result<catalog::TableRef> OpenTable(Oid oid, Runtime& runtime) {
  ASSIGN_OR_RETURN(catalog::TableRef table, runtime.context.catalog->TableByOid(oid));
  if (table == nullptr) return Errorf(sqlstate::kInternalError, "could not open relation with OID %u", oid);
  return table;
}

// Does a row with the key exist? It is locked against going away.
Result<bool> LockReferenced(const catalog::TableRef& table, const catalog::Constraint& constraint, const Key& key,
                            Runtime& runtime) {
  while (true) {
    RETURN_IF_ERROR(runtime.context.CheckCancelled());
    FreshScope scope(runtime);
    ASSIGN_OR_RETURN(std::unique_ptr<KeyLookup> lookup,
                     KeyLookup::Make(table, constraint.referenced_columns, constraint.index, scope.runtime()));
    bool exists = false, again = false;
    RETURN_IF_ERROR(lookup->ForEach(key, [&](RowId id, std::span<const types::Vector* const>) -> Result<bool> {
      ASSIGN_OR_RETURN(const txn::LockedRow locked,
                       lookup->rows().Lock(*runtime.context.transaction, scope.snapshot(), id,
                                           txn::RowLockMode::kKeyShare));
      exists = locked.outcome == txn::WriteOutcome::kOk;
      again = !exists && locked.outcome != txn::WriteOutcome::kInvisible;
      return false;
    }));
    if (!again) return exists;
  }
}

// The other table opened for the changes an action makes to it. Lives until the statement ends.
struct ActionTarget {
  explicit ActionTarget(Runtime& runtime) : scope(runtime) {}

  static Result<std::shared_ptr<ActionTarget>> Make(catalog::TableRef table, Runtime& runtime) {
    auto target = std::make_shared<ActionTarget>(runtime);
    target->table = std::move(table);
    planner::PlannerContext context;
    context.catalog = runtime.context.catalog;
    context.format = runtime.context.format;
    ASSIGN_OR_RETURN(target->rules, planner::BindTableRules(*target->table, target->nodes, target->pinned, context));
    ASSIGN_OR_RETURN(target->writer, TableWriter::Make(*target->table, target->rules, {}, target->scope.runtime()));
    target->foreign_keys = ForeignKeys::Make(*target->table, target->scope.runtime());
    runtime.end_queue->kept.push_back(target);
    return target;
  }

  FreshScope scope;
  catalog::TableRef table;
  planner::NodeArena nodes;
  std::vector<std::shared_ptr<const void>> pinned;
  planner::TableRules rules;
  std::unique_ptr<TableWriter> writer;
  std::unique_ptr<ForeignKeys> foreign_keys;
};

}  // namespace

struct ForeignKeys::Reference {
  catalog::Constraint constraint;
  std::vector<Key> keys;
  bool queued = false;

  Status Check(const catalog::Table& table, Runtime& runtime);
};

struct ForeignKeys::Referrer {
  catalog::Constraint constraint;
  struct Change {
    Key old;
    Key fresh;  // empty: the row was deleted
  };
  std::vector<Change> changes;
  bool queued = false;

  Status CheckUnused(const catalog::Table& table, const Change& change, bool restrict, Runtime& runtime) const;
  Status Act(const catalog::Table& table, const Change& change, ForeignKeyAction action, Runtime& runtime) const;
  Status Run(const catalog::Table& table, bool actions, Runtime& runtime);
};

ForeignKeys::~ForeignKeys() = default;

std::unique_ptr<ForeignKeys> ForeignKeys::Make(const catalog::Table& table, Runtime& runtime) {
  std::unique_ptr<ForeignKeys> keys(new ForeignKeys(table, runtime));
  for (const catalog::Constraint& constraint : table.constraints) {
    if (constraint.kind != catalog::ConstraintKind::kForeignKey) continue;
    keys->references_.push_back(std::make_shared<Reference>());
    keys->references_.back()->constraint = constraint;
  }
  for (const catalog::Constraint& constraint : table.referenced_by) {
    keys->referrers_.push_back(std::make_shared<Referrer>());
    keys->referrers_.back()->constraint = constraint;
  }
  if (keys->references_.empty() && keys->referrers_.empty()) return nullptr;
  return keys;
}

void ForeignKeys::Note(Reference& reference, std::span<const types::Vector* const> full, uint32_t row) {
  Key key = ReadKey(reference.constraint.columns, full, row);
  const size_t nulls = CountNulls(key);
  if (nulls == key.size() || (nulls > 0 && reference.constraint.match != 'f')) return;
  if (!reference.keys.empty() && reference.keys.back() == key) return;
  reference.keys.push_back(std::move(key));
  if (reference.queued) return;
  reference.queued = true;
  std::shared_ptr<Reference> kept;
  for (const std::shared_ptr<Reference>& candidate : references_) {
    if (candidate.get() == &reference) kept = candidate;
  }
  runtime_.end_queue->checks.push_back(
      [kept, table = &table_, runtime = &runtime_] { return kept->Check(*table, *runtime); });
}

void ForeignKeys::Inserted(std::span<const types::Vector* const> full, uint32_t row) {
  for (const std::shared_ptr<Reference>& reference : references_) Note(*reference, full, row);
}

void ForeignKeys::Updated(std::span<const types::Vector* const> old, std::span<const types::Vector* const> full,
                          uint32_t row) {
  for (const std::shared_ptr<Reference>& reference : references_) {
    const std::vector<int16_t>& columns = reference->constraint.columns;
    if (ReadKey(columns, old, row) != ReadKey(columns, full, row)) Note(*reference, full, row);
  }
  for (const std::shared_ptr<Referrer>& referrer : referrers_) NoteGone(*referrer, old, full, row);
}

void ForeignKeys::Deleted(std::span<const types::Vector* const> old, uint32_t row) {
  for (const std::shared_ptr<Referrer>& referrer : referrers_) NoteGone(*referrer, old, {}, row);
}

void ForeignKeys::NoteGone(Referrer& referrer, std::span<const types::Vector* const> old,
                           std::span<const types::Vector* const> full, uint32_t row) {
  const catalog::Constraint& constraint = referrer.constraint;
  Referrer::Change change{ReadKey(constraint.referenced_columns, old, row), {}};
  if (CountNulls(change.old) > 0) return;
  if (!full.empty()) {
    change.fresh = ReadKey(constraint.referenced_columns, full, row);
    if (change.fresh == change.old) return;
  }
  referrer.changes.push_back(std::move(change));
  if (referrer.queued) return;
  referrer.queued = true;
  std::shared_ptr<Referrer> kept;
  for (const std::shared_ptr<Referrer>& candidate : referrers_) {
    if (candidate.get() == &referrer) kept = candidate;
  }
  const auto is_check = [](ForeignKeyAction action) {
    return action == ForeignKeyAction::kNone || action == ForeignKeyAction::kRestrict;
  };
  if (!is_check(constraint.on_delete) || !is_check(constraint.on_update)) {
    runtime_.end_queue->actions.push_back(
        [kept, table = &table_, runtime = &runtime_] { return kept->Run(*table, true, *runtime); });
  }
  runtime_.end_queue->checks.push_back(
      [kept, table = &table_, runtime = &runtime_] { return kept->Run(*table, false, *runtime); });
}

Status ForeignKeys::Reference::Check(const catalog::Table& table, Runtime& runtime) {
  queued = false;
  const std::vector<Key> noted = std::move(keys);
  keys.clear();
  ASSIGN_OR_RETURN(const catalog::TableRef referenced, OpenTable(constraint.referenced_table, runtime));
  for (const Key& key : noted) {
    bool exists = false;
    if (CountNulls(key) == 0) {
      ASSIGN_OR_RETURN(exists, LockReferenced(referenced, constraint, key, runtime));
    }
    if (exists) continue;
    Status error = Error(sqlstate::kForeignKeyViolation, "insert or update on table \"" + table.name +
                                                             "\" violates foreign key constraint \"" +
                                                             constraint.name + "\"")
                       .Schema(table.schema_name)
                       .Table(table.name)
                       .Constraint(constraint.name);
    if (CountNulls(key) > 0) {
      return std::move(error).Detail("MATCH FULL does not allow mixing of null and nonnull key values.");
    }
    ASSIGN_OR_RETURN(const std::string shown, DescribeKey(table, constraint.columns, key, runtime));
    return std::move(error).Detail("Key " + shown + " is not present in table \"" + referenced->name + "\".");
  }
  return Status::Ok();
}

Status ForeignKeys::Referrer::Run(const catalog::Table& table, bool actions, Runtime& runtime) {
  if (!actions) queued = false;
  // What an action notes meanwhile belongs to the next turn.
  const std::vector<Change> noted = actions ? changes : std::move(changes);
  if (!actions) changes.clear();
  for (const Change& change : noted) {
    const ForeignKeyAction action = change.fresh.empty() ? constraint.on_delete : constraint.on_update;
    const bool is_check = action == ForeignKeyAction::kNone || action == ForeignKeyAction::kRestrict;
    if (is_check && !actions) {
      RETURN_IF_ERROR(CheckUnused(table, change, action == ForeignKeyAction::kRestrict, runtime));
    } else if (!is_check) {
      RETURN_IF_ERROR(Act(table, change, action, runtime));
    }
  }
  return Status::Ok();
}

Status ForeignKeys::Referrer::CheckUnused(const catalog::Table& table, const Change& change, bool restrict,
                                          Runtime& runtime) const {
  FreshScope scope(runtime);
  if (!restrict) {
    // The key may be there again, from another row.
    ASSIGN_OR_RETURN(const catalog::TableRef self, OpenTable(table.oid, runtime));
    ASSIGN_OR_RETURN(std::unique_ptr<KeyLookup> lookup,
                     KeyLookup::Make(self, constraint.referenced_columns, constraint.index, scope.runtime()));
    bool exists = false;
    RETURN_IF_ERROR(lookup->ForEach(change.old, [&](RowId, std::span<const types::Vector* const>) -> Result<bool> {
      exists = true;
      return false;
    }));
    if (exists) return Status::Ok();
  }
  ASSIGN_OR_RETURN(const catalog::TableRef referring, OpenTable(constraint.table, runtime));
  ASSIGN_OR_RETURN(std::unique_ptr<KeyLookup> lookup,
                   KeyLookup::Make(referring, constraint.columns, 0, scope.runtime()));
  bool used = false;
  RETURN_IF_ERROR(lookup->ForEach(change.old, [&](RowId, std::span<const types::Vector* const>) -> Result<bool> {
    used = true;
    return false;
  }));
  if (!used) return Status::Ok();
  ASSIGN_OR_RETURN(const std::string shown, DescribeKey(table, constraint.referenced_columns, change.old, runtime));
  return Error(sqlstate::kForeignKeyViolation, "update or delete on table \"" + table.name +
                                                   "\" violates foreign key constraint \"" + constraint.name +
                                                   "\" on table \"" + referring->name + "\"")
      .Detail("Key " + shown + " is still referenced from table \"" + referring->name + "\".")
      .Schema(referring->schema_name)
      .Table(referring->name)
      .Constraint(constraint.name);
}

Status ForeignKeys::Referrer::Act(const catalog::Table&, const Change& change, ForeignKeyAction action,
                                  Runtime& runtime) const {
  ASSIGN_OR_RETURN(const catalog::TableRef referring, OpenTable(constraint.table, runtime));
  while (true) {
    RETURN_IF_ERROR(runtime.context.CheckCancelled());
    ASSIGN_OR_RETURN(const std::shared_ptr<ActionTarget> target, ActionTarget::Make(referring, runtime));
    Runtime& own = target->scope.runtime();
    ASSIGN_OR_RETURN(std::unique_ptr<KeyLookup> lookup, KeyLookup::Make(referring, constraint.columns, 0, own));
    std::vector<types::Type> types;
    for (const catalog::Column& column : referring->columns) types.push_back(column.type);
    RowBuffer rows(own, types);
    std::vector<RowId> ids;
    RETURN_IF_ERROR(lookup->ForEach(
        change.old, [&](RowId id, std::span<const types::Vector* const> row) -> Result<bool> {
          rows.Append({row, {nullptr, 1}});
          ids.push_back(id);
          return true;
        }));
    // What the columns become, on anything but a cascaded delete.
    std::vector<std::pair<int16_t, types::Vector>> assigned;
    for (size_t i = 0; i < constraint.columns.size() && (action != ForeignKeyAction::kCascade || !change.fresh.empty());
         ++i) {
      const int16_t column = constraint.columns[i];
      if (action != ForeignKeyAction::kCascade && change.fresh.empty() && !constraint.delete_set_columns.empty() &&
          std::find(constraint.delete_set_columns.begin(), constraint.delete_set_columns.end(), column) ==
              constraint.delete_set_columns.end()) {
        continue;
      }
      types::Vector value = own.MakeVector(referring->column(column).type, 1);
      types::Value coerced;
      if (action == ForeignKeyAction::kSetDefault && referring->column(column).has_default()) {
        return Error(sqlstate::kFeatureNotSupported, "SET DEFAULT of a column with a default value is not supported");
      }
      if (action == ForeignKeyAction::kCascade &&
          CoerceKey(change.fresh[i], referring->column(column).type, own, coerced) && !coerced.is_null()) {
        value.SetValue(0, coerced);
      } else {
        value.SetNull(0);
      }
      value.SetConstant();
      assigned.emplace_back(column, std::move(value));
    }
    bool again = false;
    size_t number = 0;
    for (size_t piece = 0; piece < rows.chunk_count(); ++piece) {
      const Batch old = rows.ReadChunk(piece);
      std::vector<const types::Vector*> fresh(old.columns.begin(), old.columns.end());
      for (const auto& [column, value] : assigned) fresh[column - 1] = &value;
      RETURN_IF_ERROR(target->writer->PrepareOld(old.columns, old.rows));
      if (!assigned.empty()) RETURN_IF_ERROR(target->writer->PrepareNew(fresh, old.rows));
      for (size_t i = 0; i < old.rows.count; ++i) {
        const uint32_t row = static_cast<uint32_t>(old.rows[i]);
        txn::WriteOutcome outcome;
        if (assigned.empty()) {
          ASSIGN_OR_RETURN(outcome, target->writer->Delete(i, ids[number++], txn::WriteBase::kSnapshot));
        } else {
          RETURN_IF_ERROR(target->writer->Check(i));
          ASSIGN_OR_RETURN(outcome, target->writer->Update(i, ids[number++], txn::WriteBase::kSnapshot));
        }
        again = again || outcome == txn::WriteOutcome::kUpdated;
        if (outcome != txn::WriteOutcome::kOk || target->foreign_keys == nullptr) continue;
        if (assigned.empty()) {
          target->foreign_keys->Deleted(old.columns, row);
        } else {
          target->foreign_keys->Updated(old.columns, fresh, row);
        }
      }
    }
    // A row changed under the scan is looked for again: it may still have the key.
    if (!again) return Status::Ok();
  }
}

}  // namespace phantom::engine
