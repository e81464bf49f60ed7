// engine/runtime.h
//
// What the operators and expressions of one execution share: the context, the slots outer plans set for inner ones, the
// results of CTEs. And Batch, the unit that flows between them.
//
// Thread safety: one thread; a parallel worker has a runtime of its own.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/check.h"
#include "engine/constraint_events.h"
#include "engine/context.h"
#include "engine/executor.h"
#include "engine/kernel.h"
#include "planner/expr.h"

namespace phantom::engine {

class PagedRows;
class CteStore;
class IndexProbe;

// Rows on their way: columns by pointer (an operator that passes a column on copies nothing) and which of their rows
// count. Valid until whoever made it is asked for the next one.
struct Batch {
  std::span<const types::Vector* const> columns;
  Rows rows;

  bool empty() const { return rows.count == 0; }
};

// Room for row positions of one batch, made when it is first written to.
class RowList {
 public:
  types::SelIndex* data() {
    if (positions_ == nullptr) positions_ = std::make_unique_for_overwrite<types::SelIndex[]>(types::kVectorSize);
    return positions_.get();
  }
  Rows rows(size_t count) const { return {positions_.get(), count}; }

 private:
  std::unique_ptr<types::SelIndex[]> positions_;
};

class Runtime {
 public:
  Runtime(ExecutionContext& execution_context, int exec_params, int case_slot_count, int node_count);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // How values of a type lie in memory, and the built-in type they are stored, compared and hashed as: a domain's base,
  // oid for an enum.
  types::Layout LayoutOf(types::Type type) const;
  types::Type StorageType(types::Type type) const;
  types::Vector MakeVector(types::Type type, uint32_t capacity) const {
    return types::Vector(type, LayoutOf(type), capacity);
  }
  // For as many rows as a batch may have.
  types::Vector MakeVector(types::Type type) const { return MakeVector(type, batch_rows_max); }

  const types::FormatContext& format() const { return *context.format; }

  // Sets an ExecParam slot from a row of a vector.
  void SetParam(int slot, const types::Vector& from, uint32_t row);
  void SetParam(int slot, const types::Value& value);
  const types::Vector& Param(int slot) const { return *params_[slot]; }

  // Makes room for a CaseTest slot.
  void EnsureCaseSlot(int slot) {
    PHANTOM_CHECK(slot >= 0);
    if (static_cast<size_t>(slot) >= case_slots.size()) case_slots.resize(slot + 1);
  }

  ExecutionContext& context;
  uint32_t batch_rows_max = types::kVectorSize;
  const LiteralBindings* literals = nullptr;          // constants to be taken from parameters
  std::vector<const planner::ConstExpr*> constants;  // compiled so far, unless literals are bound
  bool reusable = true;      // may be opened again by a later statement, in another transaction
  // Who has held that many bytes at a time does not stay to hold them while nothing is run.
  void NoteHeld(size_t bytes) { reusable = reusable && bytes <= kHeldBytesMax; }
  static constexpr size_t kHeldBytesMax = size_t{256} << 10;
  uint64_t run_epoch = 1;    // changes when the statement is run again
  uint64_t param_epoch = 1;  // changes when an ExecParam is set
  std::vector<const types::Vector*> case_slots;
  std::unordered_map<int, CteStore*> ctes;
  std::unordered_map<int, const PagedRows*> work_tables;
  std::vector<IndexProbe*> probes;                    // all there are, to be stopped at the end of a run
  std::vector<OperatorMetrics> metrics;
  ConstraintQueue* end_queue;  // its own, or that of the runtime whose statement it works for

 private:
  ConstraintQueue own_queue_;
  std::vector<std::unique_ptr<types::Vector>> params_;
};

// Copies the slots of the rows, bytes they point to staying where they are. `to` is flat and writable.
void CopySlots(const types::Vector& from, const Rows& rows, types::Vector& to);

// to[i] = from[rows[i]] for i < count, bytes staying where they are. `to` is reset first.
void GatherSlots(const types::Vector& from, const types::SelIndex* rows, size_t count, types::Vector& to);

// One value, from row to slot, with the bytes.
void CopyValue(const types::Vector& from, uint32_t row, types::Vector& to, uint32_t slot);

}  // namespace phantom::engine
