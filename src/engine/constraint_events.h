// engine/constraint_events.h
//
// What a change to a row leaves to be decided about constraints, after PostgreSQL's constraint triggers. Events are noted
// row by row and worked off set by set: at the end of the statement (ConstraintQueue), or, when their constraint is
// deferred, at SET CONSTRAINTS ... IMMEDIATE or COMMIT (DeferredConstraints).
//
// Thread safety: one thread.
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/table.h"
#include "engine/event_log.h"
#include "types/value.h"
#include "types/vector.h"

namespace phantom::engine {

class Runtime;

struct ConstraintEvent {
  using Key = std::vector<types::Value>;
  enum class Kind : uint8_t {
    kReference,  // a row refers to another: that must be there
    kGone,       // a key went away (NO ACTION): nobody may refer to it, unless another row has it again
    kRestrict,   // a key went away (RESTRICT): nobody may refer to it
    kAction,     // a key went away: rows that refer to it are changed
    kUnique,     // a row had another's key when it was written
  };

  Kind kind{};
  bool initially_deferred = false;
  Oid table = 0;       // whose row changed
  Oid constraint = 0;  // a foreign key, or a unique or primary key
  RowId row;           // kReference, kUnique
  Key old_key;         // kReference: of the row; else: the key that went away
  Key new_key;         // empty: the row was deleted
};

// An event as bytes. Keys are read from full rows by attribute numbers.
class EventRecord {
 public:
  void Begin(ConstraintEvent::Kind kind, const catalog::Constraint& constraint, Oid table, RowId row);
  // The same change under another kind.
  void BeginAgain(ConstraintEvent::Kind kind, const ConstraintEvent& event);
  // The old key, then, unless the row is gone, the new one. How many of the values are NULL.
  size_t AddKey(std::span<const int16_t> columns, std::span<const types::Vector* const> full, uint32_t row);
  std::string_view bytes() const { return bytes_; }
  // The last key added.
  std::string_view key() const { return std::string_view(bytes_).substr(key_at_); }

  static ConstraintEvent Decode(std::string_view bytes);

 private:
  void AddValue(const types::Type& type, types::Layout layout, const void* slot);

  std::string bytes_;
  size_t key_at_ = 0;
};

// Decides events: actions change rows and may note more events in the runtime's queue. `window` is in the order in which
// the events happened; the error is that of the earliest one that fails.
Status DecideEvents(std::span<const ConstraintEvent> window, Runtime& runtime);

// The events of one statement.
class ConstraintQueue {
 public:
  Status Append(std::string_view record, const ExecutionContext& context) { return log_.Append(record, context); }
  // Decides all there are in the order in which they happened; what actions add comes last, as in PostgreSQL.
  Status Run(Runtime& runtime);

 private:
  EventLog log_;
};

// A transaction's deferred events, and which constraints are deferred in it (SET CONSTRAINTS). Savepoints are numbered
// by depth, from 1.
class DeferredConstraints {
 public:
  bool IsDeferred(const catalog::Constraint& constraint) const {
    return constraint.deferrable && IsDeferred(constraint.oid, constraint.deferred);
  }
  Status Append(std::string_view record, const ExecutionContext& context) { return log_.Append(record, context); }
  // False: certainly nothing is left to be decided.
  bool pending() const { return log_.end() > state_.decided; }
  // An event not decided yet that concerns rows of the table?
  Result<bool> HasEvents(Oid table) const;

  void SetAll(bool deferred);
  void Set(Oid constraint, bool deferred) { state_.by_constraint[constraint] = deferred; }
  // Decides the events of constraints that are not deferred (any more), or all of them.
  Status DecideImmediate(ExecutionContext& context) { return Decide(false, context); }
  Status DecideAll(ExecutionContext& context) { return Decide(true, context); }

  void Savepoint() { saved_.push_back({state_, log_.end()}); }
  void RollBackTo(size_t depth);
  void Release(size_t depth) { saved_.resize(std::min(depth, saved_.size())); }
  // The transaction is over.
  void Reset();

 private:
  struct State {
    std::optional<bool> all;
    std::map<Oid, bool> by_constraint;
    // Events of a constraint are decided up to this position of the log; of all constraints up to `decided`.
    std::map<Oid, uint64_t> decided_of;
    uint64_t decided = 0;
  };
  struct Saved {
    State state;
    uint64_t end = 0;
  };

  bool IsDeferred(Oid constraint, bool initially) const;
  bool IsDecided(Oid constraint, uint64_t end) const;
  Status Decide(bool all, ExecutionContext& context);

  EventLog log_;
  State state_;
  std::vector<Saved> saved_;
};

}  // namespace phantom::engine
