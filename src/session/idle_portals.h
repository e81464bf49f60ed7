// session/idle_portals.h
//
// Finished portals that a session uses again, with their memory and their executions: one for each plan, whichever of the statements
// that have it runs next. Drivers prepare one text under many names.
//
// Thread safety: the session's thread.
#pragma once
#include <memory>
#include <unordered_map>

namespace phantom::planner {
struct PhysicalPlan;
}

namespace phantom::session {

class Portal;

// Where the portal of a plan waits. Belongs to the statements that have the plan.
struct IdlePortal {
  explicit IdlePortal(std::shared_ptr<const planner::PhysicalPlan> of);
  ~IdlePortal();

  const std::shared_ptr<const planner::PhysicalPlan> plan;
  std::unique_ptr<Portal> portal;  // null while it runs, and before it ever did
};

class IdlePortals {
 public:
  std::shared_ptr<IdlePortal> PlaceOf(const std::shared_ptr<const planner::PhysicalPlan>& plan);

 private:
  std::unordered_map<const planner::PhysicalPlan*, std::weak_ptr<IdlePortal>> places_;
  size_t swept_size_ = 0;  // of the map, when what had gone was last removed from it
};

}  // namespace phantom::session
