// engine/kernel.h
//
// What a function is to the engine: its kernel, a plain C++ function over vectors. Four kinds:
// scalar, aggregate, window and set-returning. kernel_adapters.h makes scalar kernels from
// lambdas over single values; most functions should be written that way.
//
// Kernels are found by a function's prosrc, or by its OID where prosrc does not name one function
// (every aggregate's is "aggregate_dummy", an SQL function's is its text). Each file of kernels
// exports its tables as constant spans; engine/functions/registry_tables.cc lists them.
//
// Rules for a scalar kernel:
//  * It computes result[row] for the rows of `rows` and no other, and reads args at the same rows.
//    Arguments may be flat, constant or dictionary vectors. The result is flat.
//  * It never evaluates a row it was not asked for, so errors come only from rows that count.
//  * Strictness is the kernel's own: the adapters give NULL for NULL; a kernel written by hand
//    for a strict function must do so too.
//  * Text it makes goes to the result's string heap; it may also refer to bytes of its arguments, which
//    outlive the result.
//
// Thread safety: kernels are called from many threads at once, each with its own context.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "common/arena.h"
#include "common/ids.h"
#include "common/status.h"
#include "engine/context.h"
#include "types/chunk.h"
#include "types/type.h"
#include "types/value.h"
#include "types/vector.h"

namespace phantom::engine {

// Which rows of a chunk are meant: positions in increasing order, or the first `count` when
// `index` is null.
struct Rows {
  const types::SelIndex* index = nullptr;
  size_t count = 0;

  size_t operator[](size_t i) const { return index == nullptr ? i : index[i]; }
  // One past the last position.
  size_t end() const { return count == 0 ? 0 : index == nullptr ? count : size_t{index[count - 1]} + 1; }
};

// What a call site keeps between calls (a compiled pattern, a resolved type). The kernel makes it when it first needs it.
class KernelState {
 public:
  virtual ~KernelState() = default;
};

// One call site of a function during one execution.
struct KernelContext {
  ExecutionContext* execution = nullptr;         // null while the planner folds constants without a session
  const types::FormatContext* format = nullptr;  // never null
  types::Type result_type;
  std::span<const types::Type> arg_types;
  Oid collation = 0;
  Oid function = 0;                              // pg_proc OID, 0 for what has none
  std::string_view function_name;
  bool variadic_array = false;                   // called as f(VARIADIC array)
  bool explicit_cast = false;                    // for casts: CAST or ::
  std::unique_ptr<KernelState> state;

  // The call site's state, made by T(args...) the first time.
  template <typename T, typename... Args>
  T& State(Args&&... args) {
    if (state == nullptr) state = std::make_unique<T>(std::forward<Args>(args)...);
    return static_cast<T&>(*state);
  }
};

using ScalarKernel = Status (*)(KernelContext& context, std::span<const types::Vector* const> args, const Rows& rows,
                                types::Vector& result);

// ---- Aggregates -------------------------------------------------------------------------------
// DISTINCT, ORDER BY and FILTER are the operator's work: update sees just the rows that count, in
// order when there is one. States live in memory the operator owns; bytes a state refers to come
// from context.arena, which lives as long as the states.
struct AggregateContext {
  KernelContext call;
  Arena* arena = nullptr;
};

struct AggregateKernel {
  size_t state_bytes = 0;
  size_t state_alignment = 16;
  // Makes the state of no rows.
  void (*init)(AggregateContext& context, std::byte* state) = nullptr;
  // Takes in row r of `rows` to states[r]. A strict transition skips rows with a NULL by itself.
  Status (*update)(AggregateContext& context, std::span<const types::Vector* const> args, const Rows& rows,
                   std::byte* const* states) = nullptr;
  // The same with one state for all rows. Null: the operator calls update.
  Status (*update_one)(AggregateContext& context, std::span<const types::Vector* const> args, const Rows& rows,
                       std::byte* state) = nullptr;
  // Adds `from` to `into`. `from` stays as it is, and its arena lives on. Null: rows have to be taken in one by one.
  Status (*combine)(AggregateContext& context, std::byte* into, std::byte* from) = nullptr;
  // result[i] = the aggregate of states[i], for i < count. A state may be finalized several times (windows).
  Status (*finalize)(AggregateContext& context, std::byte* const* states, size_t count, types::Vector& result) = nullptr;
  // Frees what the state holds outside the arena. Null when there is nothing.
  void (*destroy)(std::byte* state) = nullptr;
  // For ordered-set aggregates (WITHIN GROUP): args are first the direct ones, then the sorted ones.
  bool ordered_set = false;
  // A state keeps something of every row: states of many rows are made one after the other when memory is short.
  bool collects = false;
  // Takes row r of `rows` back out of the state, to which it was given before: the state is then as if it had never been
  // there. Null: that cannot be done exactly.
  Status (*remove)(AggregateContext& context, std::span<const types::Vector* const> args, const Rows& rows,
                   std::byte* state) = nullptr;
  // Whether the order in which rows are taken in, and states combined, may show in the result (rounding of floats).
  bool inexact = false;
};

// ---- Window functions -------------------------------------------------------------------------
// One partition's rows in window order, as a window function sees them. Positions are 0 .. size() - 1.
class WindowPartition {
 public:
  virtual ~WindowPartition() = default;
  virtual size_t size() const = 0;
  // Argument `arg` of the function for the row at `position`: copies it to result[at].
  virtual void CopyArgument(size_t arg, size_t position, types::Vector& result, size_t at) const = 0;
  virtual types::Value Argument(size_t arg, size_t position) const = 0;
  // The peers of `position`: [peer_begin, peer_end).
  virtual size_t PeerBegin(size_t position) const = 0;
  virtual size_t PeerEnd(size_t position) const = 0;
  virtual size_t PeerGroup(size_t position) const = 0;   // 0 for the first group
  // The frame of `position`, and whether EXCLUDE leaves `other` out of it.
  virtual Status Frame(size_t position, size_t& begin, size_t& end) const = 0;
  virtual bool Excluded(size_t position, size_t other) const = 0;
};

// Computes result[i] for positions first + i, i < count.
using WindowKernel = Status (*)(KernelContext& context, const WindowPartition& partition, size_t first, size_t count,
                                types::Vector& result);

// ---- Set-returning functions ------------------------------------------------------------------
class SetGenerator {
 public:
  virtual ~SetGenerator() = default;
  // Fills `out` (one column per result column, typed by the caller) with up to kVectorSize next rows and sets its count; zero
  // rows is the end.
  virtual Status Next(types::Chunk& out) = 0;
};

// Starts one call with the arguments at `row`, which stay valid until the generator dies. A null generator is no rows.
using SetKernel = Result<std::unique_ptr<SetGenerator>> (*)(KernelContext& context,
                                                            std::span<const types::Vector* const> args, size_t row);

// ---- Tables -----------------------------------------------------------------------------------
enum class KernelKind : uint8_t { kScalar, kAggregate, kWindow, kSet };

struct KernelEntry {
  std::string_view prosrc;  // empty: found by oid only
  Oid oid = 0;              // 0: found by prosrc only
  KernelKind kind = KernelKind::kScalar;
  ScalarKernel scalar = nullptr;
  const AggregateKernel* aggregate = nullptr;
  WindowKernel window = nullptr;
  SetKernel set = nullptr;

  static constexpr KernelEntry Scalar(std::string_view prosrc, ScalarKernel kernel) {
    return {prosrc, 0, KernelKind::kScalar, kernel};
  }
  static constexpr KernelEntry Scalar(Oid oid, ScalarKernel kernel) {
    return {{}, oid, KernelKind::kScalar, kernel};
  }
  static constexpr KernelEntry Aggregate(Oid oid, const AggregateKernel* kernel) {
    return {{}, oid, KernelKind::kAggregate, nullptr, kernel};
  }
  static constexpr KernelEntry Window(std::string_view prosrc, WindowKernel kernel) {
    return {prosrc, 0, KernelKind::kWindow, nullptr, nullptr, kernel};
  }
  static constexpr KernelEntry Set(std::string_view prosrc, SetKernel kernel) {
    return {prosrc, 0, KernelKind::kSet, nullptr, nullptr, nullptr, kernel};
  }
  static constexpr KernelEntry Set(Oid oid, SetKernel kernel) {
    return {{}, oid, KernelKind::kSet, nullptr, nullptr, nullptr, kernel};
  }
};

// The kernel of a function, looked up by OID, then by prosrc; null when there is none.
const KernelEntry* FindKernel(KernelKind kind, Oid oid, std::string_view prosrc);

}  // namespace phantom::engine
