// engine/window_aggregate.h
//
// An aggregate over the frames of a partition's rows. From frame to frame its state grows where the frame only grows, gives
// rows back where the kernel can (AggregateKernel::remove), and is else put together from a tree of states: of each
// kFanOut rows one, of each kFanOut of these one, and so on, made when it is first needed (Leis et al., "Efficient
// Processing of Window Functions in Analytical SQL Queries", VLDB 2015). So n frames take O(n) or O(n log n) steps, whatever
// they hold; only states that keep every row (array_agg) are made anew row by row.
//
// Sums of floats depend on the order of adding: those over frames of up to kInexactRowsMax rows are made row by row, which is
// what PostgreSQL does.
//
// Thread safety: one thread.
#pragma once
#include <memory>
#include <vector>

#include "engine/memory_broker.h"
#include "engine/window_frame.h"

namespace phantom::engine {

class WindowAggregate {
 public:
  static constexpr size_t kFanOut = 32;
  static constexpr size_t kTreeRowsMin = 256;  // smaller frames are quicker row by row
  static constexpr size_t kInexactRowsMax = 1024;

  // Arguments lie in the columns from first_arg on, the condition of FILTER in `filter` (-1: none). `context` outlives it.
  WindowAggregate(const AggregateKernel& kernel, AggregateContext& context, types::Type type, size_t first_arg, size_t args,
                  int filter, const Runtime& runtime);
  ~WindowAggregate() { Clear(); }
  WindowAggregate(const WindowAggregate&) = delete;
  WindowAggregate& operator=(const WindowAggregate&) = delete;

  // Forgets the partition.
  void Clear();
  // result[i]: of the frame of row first + i, for i < count. `rows`: the arguments of the partition's rows.
  Status Compute(const Partition& partition, RandomReader& rows, size_t first, size_t count, types::Vector& result);

 private:
  // States of one height of the tree, in blocks.
  struct Level {
    std::vector<std::unique_ptr<std::byte[]>> blocks;
    size_t nodes = 0;
  };

  void Restart();
  Status MoveTo(const RowRange& frame);
  Status Assemble(const RowRange (&pieces)[Partition::kPiecesMax]);
  // Gives the rows to the state, or takes them back.
  Status GiveRows(RowRange range, std::byte* state, bool back);
  Status BuildTree(size_t rows);
  std::byte* AddNode(Level& level);
  std::byte* Node(const Level& level, size_t i) const;
  Status GiveNodes(size_t height, size_t begin, size_t end);
  Status GiveFromTree(RowRange range);
  Status FinalizeAt(types::Vector& result, uint32_t at);

  const AggregateKernel& kernel_;
  AggregateContext& context_;
  const size_t first_arg_, args_;
  const int filter_;
  const size_t stride_;  // bytes of a state
  const Runtime& runtime_;
  RandomReader* rows_ = nullptr;
  size_t size_ = 0;  // of the partition
  std::unique_ptr<std::byte[]> state_;
  bool running_ = false;  // the state is of the rows held_
  RowRange held_;
  Arena scratch_, tree_bytes_;  // what the state and those of the tree refer to
  std::vector<Level> levels_;
  MemoryReservation memory_;
  types::Vector one_;
  std::vector<std::byte*> states_;
  RowList list_;
};

}  // namespace phantom::engine
