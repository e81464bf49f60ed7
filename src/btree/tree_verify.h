// btree/tree_verify.h
//
// Verifies a tree while it is in use: every page by itself, against the fences its parent gives it, and as the page file has it.
// A parent and a child are not read at the same instant; what does not fit is looked at anew when the parent has changed
// meanwhile, so only what stays wrong is reported.
//
// Thread safety: none; other threads may change the tree meanwhile, but it must not be freed.
#pragma once
#include <optional>
#include <string>

#include "btree/key.h"
#include "btree/tree.h"
#include "common/function_ref.h"
#include "common/status.h"

namespace phantom::btree {

class BufferPool;

// What is wrong with a node by itself or as the child with this level (UINT32_MAX: any) and these fences; null: nothing.
const char* FaultOfNode(const std::byte* page, PageId id, TreeId tree, TreeKind kind, uint32_t level, Bytes low,
                        const Bytes* high);

// A part of the tree that is damaged: keys from `low` up to `high`.
struct TreeFault {
  std::string text;
  std::string low;
  std::optional<std::string> high;  // nothing: to the end
};

class TreeVerifier {
 public:
  // `visited` is called after each page, with nothing latched; its error ends the verification.
  TreeVerifier(BufferPool& pool, const Tree& tree, FunctionRef<Status()> visited,
               FunctionRef<void(const TreeFault&)> report)
      : pool_(pool), tree_(tree), visited_(visited), report_(report) {}

  Status Run();

 private:
  // kUnfit: the node is not what its parent says, as far as is known; kStale: begin again at the root, a parent has changed.
  enum class Verdict : uint8_t { kGood, kUnfit, kStale };

  Result<Verdict> VerifyBelow(PageId page, uint32_t level, Bytes low, const Bytes* high);
  Result<bool> Copy(PageId page, std::byte* to);
  bool IsDone(const Bytes* high) const;
  void SetDone(const Bytes* high);
  void Report(std::string text, Bytes low, const Bytes* high);

  BufferPool& pool_;
  const Tree& tree_;
  FunctionRef<Status()> visited_;
  FunctionRef<void(const TreeFault&)> report_;
  // Keys below this have been verified; nothing: all.
  std::optional<std::string> done_ = std::string();
  std::string unfit_;  // what was wrong with the last that was not fit
};

}  // namespace phantom::btree
