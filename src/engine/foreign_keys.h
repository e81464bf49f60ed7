// engine/foreign_keys.h
//
// Foreign keys of one table that a statement changes: what its rows refer to, and who refers to them. Changes are noted
// row by row as constraint events; what they mean is decided when the statement has run, or at COMMIT for a constraint
// that is deferred (constraint_events.h).
//
// Thread safety: one thread.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "catalog/table.h"
#include "engine/constraint_events.h"
#include "engine/runtime.h"

namespace phantom::engine {

class ForeignKeys {
 public:
  // Null when the table has no foreign keys and nobody refers to it. The table outlives it.
  static std::unique_ptr<ForeignKeys> Make(const catalog::Table& table, Runtime& runtime);

  // Rows by full-row vectors, at one position.
  Status Inserted(RowId id, std::span<const types::Vector* const> full, uint32_t row);
  Status Updated(RowId id, std::span<const types::Vector* const> old, std::span<const types::Vector* const> full,
                 uint32_t row);
  Status Deleted(std::span<const types::Vector* const> old, uint32_t row);

 private:
  // Keys noted for one of the table's constraints, so that a key many rows share is noted once.
  struct Reference {
    const catalog::Constraint* constraint;
    bool deferred = false;
    std::unordered_set<std::string> noted = {};
  };

  ForeignKeys(const catalog::Table& table, Runtime& runtime) : table_(table), runtime_(runtime) {}

  // A new run of the statement knows nothing of the one before.
  void BeginRun();
  Status Note(Reference& reference, RowId id, std::span<const types::Vector* const> full, uint32_t row);
  Status NoteGone(const catalog::Constraint& constraint, std::span<const types::Vector* const> old,
                  std::span<const types::Vector* const> full, uint32_t row);
  bool SameKey(const std::vector<int16_t>& columns, std::span<const types::Vector* const> old,
               std::span<const types::Vector* const> full, uint32_t row);
  Status Append(bool deferred);

  const catalog::Table& table_;
  Runtime& runtime_;
  std::vector<Reference> references_;
  uint64_t run_epoch_ = 0;
  EventRecord record_;
};

}  // namespace phantom::engine
