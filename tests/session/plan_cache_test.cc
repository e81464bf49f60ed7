#include "session/plan_cache.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

namespace phantom::session {
namespace {

SharedStatementRef StatementOf(std::string text) {
  auto source = std::make_shared<QueryText>();
  source->text = std::move(text);
  auto statement = std::make_shared<SharedStatement>();
  statement->source = std::move(source);
  return statement;
}

TEST_CASE("what was not found for the longest time leaves a full plan cache") {
  PlanCache cache;
  // All in one shard.
  constexpr size_t kPlaces = PlanCache::kEntriesMax / 16;
  for (uint64_t key = 0; key < 4 * kPlaces; ++key) {
    cache.Keep(key, StatementOf(std::to_string(key)));
    REQUIRE(cache.Find(0)->source->text == "0");
  }
  CHECK(cache.usage().entries == kPlaces);
  CHECK(cache.Find(1) == nullptr);
  CHECK(cache.Find(3 * kPlaces) == nullptr);
  CHECK(cache.Find(3 * kPlaces + 1) != nullptr);
  CHECK(cache.Find(4 * kPlaces - 1) != nullptr);
  cache.Keep(0, StatementOf("another"));
  CHECK(cache.Find(0)->source->text == "another");
  CHECK(cache.usage().entries == kPlaces);
  cache.Clear();
  CHECK(cache.usage().entries == 0);
  CHECK(cache.usage().bytes == 0);
}

TEST_CASE("a plan cache is bounded in bytes") {
  PlanCache cache;
  constexpr size_t kLarge = PlanCache::kBytesMax / 16 / 5;
  for (uint64_t key = 0; key < 20; ++key) cache.Keep(key, StatementOf(std::string(kLarge, 'x')));
  CHECK(cache.usage().entries == 4);
  CHECK(cache.usage().bytes <= PlanCache::kBytesMax / 16);
  // What takes too much of it is not kept, nor is what it replaces.
  cache.Keep(19, StatementOf(std::string(PlanCache::kBytesMax / 16, 'x')));
  CHECK(cache.Find(19) == nullptr);
  CHECK(cache.usage().entries == 3);
}

TEST_CASE("keys of plans tell texts, types of parameters, roles and settings apart") {
  const PlanEnvironment one(5, 10, "a"), role(5, 11, "a"), settings(5, 10, "b");
  const Oid types[] = {23};
  CHECK(one == PlanEnvironment(5, 10, "a"));
  CHECK(one != role);
  CHECK(one != settings);
  const uint64_t key = PlanCache::KeyOf("select 1", {}, one);
  CHECK(key == PlanCache::KeyOf("select 1", {}, PlanEnvironment(5, 10, "a")));
  CHECK(key != PlanCache::KeyOf("select 2", {}, one));
  CHECK(key != PlanCache::KeyOf("select 1", types, one));
  CHECK(key != PlanCache::KeyOf("select 1", {}, role));
  CHECK(key != PlanCache::KeyOf("select 1", {}, settings));
}

}  // namespace
}  // namespace phantom::session
