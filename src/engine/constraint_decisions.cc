#include "engine/constraint_decisions.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "catalog/catalog.h"
#include "catalog/open_table.h"
#include "engine/key_lookup.h"
#include "engine/row_index_key.h"
#include "txn/index.h"
#include "types/text_format.h"

namespace phantom::engine {

using Kind = ConstraintEvent::Kind;
using Key = ConstraintEvent::Key;

namespace {

struct KeyHash {
  size_t operator()(const Key* key) const {
    uint64_t hash = 0;
    for (const types::Value& value : *key) hash = value.Hash(hash);
    return hash;
  }
};
struct KeyEqual {
  bool operator()(const Key* a, const Key* b) const { return *a == *b; }
};
template <typename T>
using ByKey = std::unordered_map<const Key*, T, KeyHash, KeyEqual>;

bool HasNull(const Key& key) {
  return std::any_of(key.begin(), key.end(), [](const types::Value& value) { return value.is_null(); });
}

const catalog::Constraint* FindConstraint(const catalog::Table& table, Oid constraint) {
  for (const std::vector<catalog::Constraint>* list : {&table.constraints, &table.referenced_by}) {
    for (const catalog::Constraint& candidate : *list) {
      if (candidate.oid == constraint) return &candidate;
    }
  }
  return nullptr;
}

// The rows of a referenced table, looked up and locked against going away.
class ReferencedRows {
 public:
  ReferencedRows(catalog::TableRef table, const catalog::Constraint& constraint, Runtime& runtime)
      : table_(std::move(table)), constraint_(constraint), runtime_(runtime) {}

  Result<bool> Lock(const Key& key) {
    while (true) {
      RETURN_IF_ERROR(runtime_.context.CheckCancelled());
      if (lookup_ == nullptr) {
        scope_ = std::make_unique<FreshScope>(runtime_);
        ASSIGN_OR_RETURN(lookup_, KeyLookup::Make(table_, constraint_.referenced_columns, constraint_.index,
                                                  scope_->runtime()));
      }
      bool exists = false, again = false;
      RETURN_IF_ERROR(lookup_->ForEach(key, [&](RowId id, std::span<const types::Vector* const>) -> Result<bool> {
        ASSIGN_OR_RETURN(const txn::LockedRow locked,
                         lookup_->rows().Lock(*runtime_.context.transaction, scope_->snapshot(), id,
                                              txn::RowLockMode::kKeyShare));
        exists = locked.outcome == txn::WriteOutcome::kOk;
        again = !exists && locked.outcome != txn::WriteOutcome::kInvisible;
        return false;
      }));
      if (!again) return exists;
      lookup_.reset();  // changed since: look again with a new snapshot
    }
  }

 private:
  const catalog::TableRef table_;
  const catalog::Constraint& constraint_;
  Runtime& runtime_;
  std::unique_ptr<FreshScope> scope_;
  std::unique_ptr<KeyLookup> lookup_;
};

Status Violated(const catalog::Table& table, const catalog::Constraint& constraint, std::string message) {
  return Error(sqlstate::kForeignKeyViolation, std::move(message))
      .Schema(table.schema_name)
      .Table(table.name)
      .Constraint(constraint.name);
}

}  // namespace

Result<catalog::TableRef> OpenTableByOid(Oid oid, Runtime& runtime) {
  ASSIGN_OR_RETURN(catalog::TableRef table, runtime.context.catalog->TableByOid(oid));
  if (table == nullptr) return Errorf(sqlstate::kInternalError, "could not open relation with OID %u", oid);
  return table;
}

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

Result<std::optional<Violation>> CheckReferences(const EventGroup& group, Runtime& runtime) {
  const catalog::Constraint& constraint = *group.constraint;
  ASSIGN_OR_RETURN(const catalog::TableRef referenced, OpenTableByOid(constraint.referenced_table, runtime));
  ReferencedRows rows(referenced, constraint, runtime);
  ByKey<bool> known;
  for (const ConstraintEvent* event : group.events) {
    const Key& key = event->old_key;
    const bool mixed = HasNull(key);  // MATCH FULL
    if (!mixed) {
      const auto [entry, fresh] = known.try_emplace(&key, true);
      if (fresh) {
        ASSIGN_OR_RETURN(entry->second, rows.Lock(key));
      }
      if (entry->second) continue;
    }
    // Is the row, or another, still there with that key? The event may have been overtaken.
    FreshScope scope(runtime);
    ASSIGN_OR_RETURN(std::unique_ptr<KeyLookup> own,
                     KeyLookup::Make(group.table, constraint.columns, 0, scope.runtime()));
    bool stands = mixed;
    ASSIGN_OR_RETURN(const txn::FetchedRow written, own->rows().Fetch(scope.snapshot(), event->row));
    if (written.found) {
      std::vector<types::Vector> values;
      std::vector<uint32_t> columns;
      for (const int16_t column : constraint.columns) {
        columns.push_back(static_cast<uint32_t>(column - 1));
        values.push_back(runtime.MakeVector(group.table->column(column).type, 1));
      }
      RETURN_IF_ERROR(own->rows().Decode(written.row, columns, values, 0));
      stands = true;
      for (size_t i = 0; i < key.size() && stands; ++i) {
        stands = values[i].IsNull(0) == key[i].is_null() &&
                 (key[i].is_null() ||
                  types::Value::FromSlot(values[i].type(), values[i].layout(), values[i].row_slot(0)) == key[i]);
      }
    }
    if (!stands && !mixed) {
      RETURN_IF_ERROR(own->ForEach(key, [&](RowId, std::span<const types::Vector* const>) -> Result<bool> {
        stands = true;
        return false;
      }));
    }
    if (!stands || (mixed && !written.found)) continue;
    Status error = Violated(*group.table, constraint, "insert or update on table \"" + group.table->name +
                                                          "\" violates foreign key constraint \"" +
                                                          constraint.name + "\"");
    if (mixed) {
      return std::optional<Violation>(
          {event, std::move(error).Detail("MATCH FULL does not allow mixing of null and nonnull key values.")});
    }
    ASSIGN_OR_RETURN(const std::string shown, DescribeKey(*group.table, constraint.columns, key, runtime));
    return std::optional<Violation>(
        {event, std::move(error).Detail("Key " + shown + " is not present in table \"" + referenced->name + "\".")});
  }
  return std::optional<Violation>();
}

Result<std::optional<Violation>> CheckUnused(const EventGroup& group, Runtime& runtime) {
  const catalog::Constraint& constraint = *group.constraint;
  ASSIGN_OR_RETURN(const catalog::TableRef referring, OpenTableByOid(constraint.table, runtime));
  FreshScope scope(runtime, FreshScope::View::kLatest);
  ASSIGN_OR_RETURN(std::unique_ptr<KeyLookup> lookup,
                   KeyLookup::Make(referring, constraint.columns, 0, scope.runtime()));
  std::vector<const Key*> keys;
  for (const ConstraintEvent* event : group.events) keys.push_back(&event->old_key);
  std::vector<bool> used(keys.size());
  RETURN_IF_ERROR(lookup->ForEachOf(
      keys, [&](size_t key, RowId, std::span<const types::Vector* const>) -> Result<bool> {
        used[key] = true;
        return false;
      }));
  std::unique_ptr<KeyLookup> self;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!used[i]) continue;
    const ConstraintEvent& event = *group.events[i];
    if (event.kind != Kind::kRestrict) {
      // The key may be there again, from another row.
      if (self == nullptr) {
        ASSIGN_OR_RETURN(self, KeyLookup::Make(group.table, constraint.referenced_columns, constraint.index,
                                               scope.runtime()));
      }
      bool exists = false;
      RETURN_IF_ERROR(self->ForEach(*keys[i], [&](RowId, std::span<const types::Vector* const>) -> Result<bool> {
        exists = true;
        return false;
      }));
      if (exists) continue;
    }
    ASSIGN_OR_RETURN(const std::string shown,
                     DescribeKey(*group.table, constraint.referenced_columns, *keys[i], runtime));
    return std::optional<Violation>(
        {&event, Violated(*referring, constraint, "update or delete on table \"" + group.table->name +
                                                      "\" violates foreign key constraint \"" + constraint.name +
                                                      "\" on table \"" + referring->name + "\"")
                     .Detail("Key " + shown + " is still referenced from table \"" + referring->name + "\".")});
  }
  return std::optional<Violation>();
}

Result<std::optional<Violation>> CheckUnique(const EventGroup& group, Runtime& runtime) {
  const catalog::Table& table = *group.table;
  const catalog::Constraint& constraint = *group.constraint;
  const auto definition = std::find_if(table.indexes.begin(), table.indexes.end(),
                                       [&](const catalog::Index& index) { return index.oid == constraint.index; });
  if (definition == table.indexes.end()) return std::optional<Violation>();
  txn::TransactionManager& manager = runtime.context.transaction->manager();
  ASSIGN_OR_RETURN(const txn::RowTable rows, catalog::OpenRows(manager, table));
  ASSIGN_OR_RETURN(txn::Index index, catalog::OpenIndex(manager, table, definition->tree));
  ASSIGN_OR_RETURN(std::unique_ptr<RowIndexKey> keys, RowIndexKey::Make(table, definition->oid, runtime));
  for (const ConstraintEvent* event : group.events) {
    RETURN_IF_ERROR(runtime.context.CheckCancelled());
    txn::FetchedRow written;
    RETURN_IF_ERROR(rows.FetchNewest(event->row, &written));
    if (!written.found) continue;
    RETURN_IF_ERROR(keys->Compute(rows, written.row));
    if (!keys->indexed() || (keys->has_null() && !definition->nulls_not_distinct)) continue;
    ASSIGN_OR_RETURN(const std::optional<RowId> other,
                     index.FindConflict(*runtime.context.transaction, keys->key(), event->row, rows));
    if (!other.has_value()) continue;
    ASSIGN_OR_RETURN(const std::string shown, keys->Describe(table));
    return std::optional<Violation>(
        {event, Error(sqlstate::kUniqueViolation,
                      "duplicate key value violates unique constraint \"" + definition->name + "\"")
                    .Detail("Key " + shown + " already exists.")
                    .Schema(table.schema_name)
                    .Table(table.name)
                    .Constraint(definition->name)});
  }
  return std::optional<Violation>();
}

Status DecideEvents(std::span<const ConstraintEvent> window, Runtime& runtime) {
  // Groups in the order of their first events.
  std::vector<EventGroup> groups;
  std::map<std::tuple<Oid, Kind, bool, Oid>, size_t> group_of;
  for (const ConstraintEvent& event : window) {
    const auto [entry, fresh] = group_of.try_emplace(
        {event.constraint, event.kind, event.new_key.empty(), event.table}, groups.size());
    if (fresh) {
      ASSIGN_OR_RETURN(catalog::TableRef table, OpenTableByOid(event.table, runtime));
      const catalog::Constraint* constraint = FindConstraint(*table, event.constraint);
      groups.push_back({std::move(table), constraint, {}});
    }
    groups[entry->second].events.push_back(&event);
  }
  std::optional<Violation> first;
  for (const EventGroup& group : groups) {
    if (group.constraint == nullptr) continue;
    std::optional<Violation> violation;
    switch (group.events.front()->kind) {
      case Kind::kReference: {
        ASSIGN_OR_RETURN(violation, CheckReferences(group, runtime));
        break;
      }
      case Kind::kGone:
      case Kind::kRestrict: {
        ASSIGN_OR_RETURN(violation, CheckUnused(group, runtime));
        break;
      }
      case Kind::kUnique: {
        ASSIGN_OR_RETURN(violation, CheckUnique(group, runtime));
        break;
      }
      case Kind::kAction:
        if (first.has_value()) return std::move(first->error);
        RETURN_IF_ERROR(ActOnReferrers(group, runtime));
        break;
    }
    if (violation.has_value() && (!first.has_value() || violation->event < first->event)) first = std::move(violation);
  }
  return first.has_value() ? std::move(first->error) : Status::Ok();
}

}  // namespace phantom::engine
