// Store::Check: every tree, every page, every slot.
#include <unordered_set>

#include "store/store_impl.h"

namespace phantom::store {

Status Store::Check(const std::function<void(const std::string&)>& report) {
  for (SpaceId space : ListSpaces()) {
    std::unordered_set<PageId> seen;
    auto visit = [&](PageId page) {
      if (!seen.insert(page).second) report(Format("page %u of space %u is in two places", page.number(), space.value));
    };
    auto check = [&](const btree::Tree& tree) {
      btree::TreeStats stats;
      Status status = tree.Check(visit, &stats);
      if (!status.ok()) report(status.message());
    };
    ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, impl_->Directory(space));
    check(*entries);
    Result<std::vector<TreeInfo>> infos = ListTrees(space);
    if (!infos.ok()) {
      report(infos.status().message());
      continue;
    }
    for (const TreeInfo& info : *infos) {
      check(btree::Tree(*impl_->pool, *impl_->log, info.id, info.root, info.kind));
    }
    for (PageId page : impl_->map->ListPages(space)) {
      if (!seen.contains(page)) report(Format("page %u of space %u is in no tree", page.number(), space.value));
      seen.erase(page);
    }
    for (PageId page : seen) report(Format("page %u of space %u is used but free", page.number(), space.value));
  }
  if (std::string fault = impl_->map->Verify(); !fault.empty()) report(fault);
  return Status::Ok();
}

}  // namespace phantom::store
