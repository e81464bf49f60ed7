// engine/constraint_decisions.h
//
// How events of one constraint are decided, many at a time. Each gets a group: events of one kind, one constraint and one
// command (deleted or updated), in the order in which they happened.
//
// Thread safety: one thread.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/table.h"
#include "engine/constraint_events.h"

namespace phantom::engine {

struct EventGroup {
  catalog::TableRef table;  // whose rows changed
  const catalog::Constraint* constraint = nullptr;
  std::vector<const ConstraintEvent*> events;
};

// The first event of a group that violates its constraint.
struct Violation {
  const ConstraintEvent* event;
  Status error;
};

// kReference, kGone and kRestrict, kUnique. An error is one that is no violation (cancelled, deadlock, 40001).
Result<std::optional<Violation>> CheckReferences(const EventGroup& group, Runtime& runtime);
Result<std::optional<Violation>> CheckUnused(const EventGroup& group, Runtime& runtime);
Result<std::optional<Violation>> CheckUnique(const EventGroup& group, Runtime& runtime);

// kAction: CASCADE, SET NULL, SET DEFAULT.
Status ActOnReferrers(const EventGroup& group, Runtime& runtime);

Result<catalog::TableRef> OpenTableByOid(Oid oid, Runtime& runtime);
// "(a, b)=(1, 2)"
Result<std::string> DescribeKey(const catalog::Table& table, const std::vector<int16_t>& columns,
                                const ConstraintEvent::Key& key, const Runtime& runtime);

}  // namespace phantom::engine
