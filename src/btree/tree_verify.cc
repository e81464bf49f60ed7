#include "btree/tree_verify.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "btree/buffer_pool.h"
#include "btree/node.h"
#include "btree/page_map.h"

namespace phantom::btree {

// So many attempts in a row may meet a tree that has just changed, without getting any further.
static constexpr int kAttemptsMax = 1000;

const char* FaultOfNode(const std::byte* page, PageId id, TreeId tree, TreeKind kind, uint32_t level, Bytes low,
                        const Bytes* high) {
  const PageHeader& header = HeaderOf(page);
  if (header.page != id.value) return "page carries another page's id";
  if (header.tree != tree.value) return "page belongs to another tree";
  if (header.kind != kind) return "page is of the wrong kind";
  if (const char* what = node::Verify(page)) return what;
  if (level != UINT32_MAX && header.level != level) return "wrong level";
  if (!std::ranges::equal(node::LowFence(page), low)) return "low fence differs from the parent's separator";
  if (node::HasHighFence(page) != (high != nullptr) ||
      (high != nullptr && !std::ranges::equal(node::HighFence(page), *high))) {
    return "high fence differs from the parent's separator";
  }
  for (uint32_t i = 0; header.level == 0 && kind == TreeKind::kRowId && i < node::Count(page); ++i) {
    if (header.prefix_bytes + node::Suffix(page, i).size() != 8) return "row id of a wrong size";
  }
  return nullptr;
}

bool TreeVerifier::IsDone(const Bytes* high) const {
  if (!done_) return true;
  return high != nullptr && CompareKeys(*high, AsBytes(*done_)) <= 0;
}

void TreeVerifier::SetDone(const Bytes* high) {
  if (high == nullptr) {
    done_.reset();
  } else {
    done_ = std::string(AsText(*high));
  }
}

void TreeVerifier::Report(std::string text, Bytes low, const Bytes* high) {
  TreeFault fault{std::move(text), std::string(AsText(low)), std::nullopt};
  if (high != nullptr) fault.high = std::string(AsText(*high));
  report_(fault);
  SetDone(high);
}

// False: there is no such page.
Result<bool> TreeVerifier::Copy(PageId page, std::byte* to) {
  for (;;) {
    ASSIGN_OR_RETURN(Frame * frame, pool_.Fetch(page));
    if (frame == nullptr) return false;
    frame->latch.LockShared();
    const bool read = frame->page_id() == page;
    if (read) std::memcpy(to, frame->data, kPageBytes);
    frame->latch.UnlockShared();
    if (read) return true;
  }
}

Result<TreeVerifier::Verdict> TreeVerifier::VerifyBelow(PageId page, uint32_t level, Bytes low, const Bytes* high) {
  struct Content {
    alignas(64) std::byte bytes[kPageBytes];
  };
  auto content = std::make_unique<Content>();
  Result<bool> found = Copy(page, content->bytes);
  if (!found.ok()) {
    if (found.status().sqlstate() != sqlstate::kDataCorrupted) return std::move(found).status();
    Report(found.status().message(), low, high);
    return Verdict::kGood;
  }
  const char* what =
      *found ? FaultOfNode(content->bytes, page, tree_.id(), tree_.kind(), level, low, high) : "page does not exist";
  if (what != nullptr) {
    unfit_ = Format("page %u of space %u: %s", page.number(), page.space().value, what);
    return Verdict::kUnfit;
  }
  const Status stored = pool_.map().VerifyStored(page);
  RETURN_IF_ERROR(visited_());
  const PageHeader& header = HeaderOf(content->bytes);
  if (!stored.ok()) {
    // Its content is in memory and good, so what is below can be verified too.
    if (stored.sqlstate() != sqlstate::kDataCorrupted) return stored;
    const std::optional<std::string> done = done_;
    Report(stored.message(), low, high);
    done_ = done;
  }
  if (header.level == 0) {
    SetDone(high);
    return Verdict::kGood;
  }
  const uint32_t count = node::Count(content->bytes);
  if (count == 0) {
    unfit_ = Format("page %u of space %u: inner node without children", page.number(), page.space().value);
    return Verdict::kUnfit;
  }
  std::byte keys[2][kKeyBytesMax];
  Bytes child_low(keys[0], node::CopyKey(content->bytes, 0, keys[0]));
  for (uint32_t i = 0; i < count; ++i) {
    Bytes next;
    const Bytes* child_high = high;
    if (i + 1 < count) {
      next = Bytes(keys[(i + 1) % 2], node::CopyKey(content->bytes, i + 1, keys[(i + 1) % 2]));
      child_high = &next;
    }
    if (!IsDone(child_high)) {
      const PageId child(tree_.space(), node::Child(content->bytes, i));
      ASSIGN_OR_RETURN(const Verdict verdict, VerifyBelow(child, header.level - 1u, child_low, child_high));
      if (verdict == Verdict::kStale) return verdict;
      if (verdict == Verdict::kUnfit) {
        // Has the parent changed since it was copied?
        auto now = std::make_unique<Content>();
        ASSIGN_OR_RETURN(const bool there, Copy(page, now->bytes));
        if (!there || HeaderOf(now->bytes).lsn != header.lsn) return Verdict::kStale;
        Report(unfit_, child_low, child_high);
      }
    }
    child_low = next;
  }
  return Verdict::kGood;
}

Status TreeVerifier::Run() {
  int attempts = 0;
  while (done_) {
    const std::optional<std::string> before = done_;
    ASSIGN_OR_RETURN(const Verdict verdict, VerifyBelow(tree_.root(), UINT32_MAX, {}, nullptr));
    if (verdict == Verdict::kGood) break;
    attempts = done_ == before ? attempts + 1 : 0;
    if (attempts < kAttemptsMax) continue;
    Report(unfit_, {}, nullptr);
  }
  return Status::Ok();
}

}  // namespace phantom::btree
