#include "session/idle_portals.h"

#include <utility>

#include "session/portal.h"

namespace phantom::session {

namespace {
constexpr size_t kSweptSizeMin = 64;
}

IdlePortal::IdlePortal(std::shared_ptr<const planner::PhysicalPlan> of) : plan(std::move(of)) {}
IdlePortal::~IdlePortal() = default;

std::shared_ptr<IdlePortal> IdlePortals::PlaceOf(const std::shared_ptr<const planner::PhysicalPlan>& plan) {
  if (places_.size() > kSweptSizeMin + 2 * swept_size_) {
    std::erase_if(places_, [](const auto& entry) { return entry.second.expired(); });
    swept_size_ = places_.size();
  }
  // A place keeps its plan, so as long as it is there no other plan has the address.
  std::weak_ptr<IdlePortal>& known = places_[plan.get()];
  std::shared_ptr<IdlePortal> place = known.lock();
  if (place == nullptr) known = place = std::make_shared<IdlePortal>(plan);
  return place;
}

}  // namespace phantom::session
