#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "session/notification_hub.h"
#include "session/session_registry.h"
#include "session/timer_queue.h"

namespace phantom::session {
namespace {

TEST_CASE("timers fire in the order they are due, and not when cancelled") {
  std::atomic<int> fired{0};
  std::atomic<int> first{0};
  std::atomic<bool> held{false};
  std::atomic<bool> queued{false};
  TimerQueue timers;
  // Holds the queue's thread until all is queued: what a busy machine makes of the times does not matter then.
  timers.Schedule(0, [&] {
    held = true;
    while (!queued) std::this_thread::yield();
  });
  while (!held) std::this_thread::yield();
  constexpr int64_t kLongAgoMs = -3'600'000;
  const TimerQueue::TimerId cancelled = timers.Schedule(2 * kLongAgoMs, [&] { fired += 100; });
  timers.Schedule(0, [&] { first = first == 0 ? 2 : first.load(), ++fired; });
  timers.Schedule(kLongAgoMs, [&] { first = first == 0 ? 1 : first.load(), ++fired; });
  timers.Cancel(cancelled);
  queued = true;
  while (fired < 2) std::this_thread::yield();
  CHECK(fired == 2);
  CHECK(first == 1);
}

TEST_CASE("the registry limits sessions and cancels only with the right key") {
  SessionRegistry registry(1);
  Result<std::shared_ptr<SessionControl>> control = registry.Add();
  REQUIRE(control.ok());
  const Status refused = registry.Add().status();
  CHECK(refused.message() == "sorry, too many clients already");
  CHECK(refused.error().fatal);
  SessionControl& session = **control;
  const uint64_t statement = session.BeginStatement();
  registry.Cancel(session.pid, session.cancel_key + 1);
  CHECK(!session.cancelled);
  registry.Cancel(session.pid, session.cancel_key);
  CHECK(session.cancelled);
  session.EndStatement();
  CHECK(!session.cancelled);
  session.TimeOut(statement);
  CHECK(!session.cancelled);
  registry.Remove(session.pid);
  CHECK(registry.size() == 0);
}

TEST_CASE("notifications reach the channel's listeners and nobody else") {
  SessionRegistry registry(3);
  NotificationHub hub;
  const std::shared_ptr<SessionControl> a = *registry.Add();
  const std::shared_ptr<SessionControl> b = *registry.Add();
  int woken = 0;
  a->SetWakeUp([&] { ++woken; });
  hub.Listen("news", a);
  hub.Publish({{b->pid, "news", "1"}, {b->pid, "other", "2"}, {b->pid, "news", "3"}});
  CHECK(woken == 2);
  CHECK(hub.usage() > 0);
  CHECK(hub.CheckRoom(1000).ok());
  CHECK(hub.CheckRoom(NotificationHub::kQueuedBytesMax).message() == "too many notifications in the NOTIFY queue");
  {
    const auto received = a->TakeNotifications();
    REQUIRE(received.size() == 2);
    CHECK(received[1]->payload == "3");
  }
  CHECK(hub.usage() == 0);
  CHECK(b->TakeNotifications().empty());
  hub.UnlistenAll(*a);
  hub.Publish({{b->pid, "news", "4"}});
  CHECK(a->TakeNotifications().empty());
  CHECK(hub.CheckRoom(NotificationHub::kQueuedBytesMax + 1).ok());
  a->SetWakeUp(nullptr);
}

}  // namespace
}  // namespace phantom::session
