#include "session/tiering/mover.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "catalog/catalog.h"
#include "catalog/oids.h"
#include "catalog/shared_catalog.h"
#include "common/log.h"
#include "io/env.h"
#include "session/in_catalog.h"
#include "session/instance.h"
#include "session/settings.h"
#include "session/tiering/mode.h"
#include "session/tiering/move_log.h"
#include "session/tiering/table_hold.h"
#include "txn/chunk_activity.h"
#include "txn/chunk_moves.h"
#include "txn/row_table.h"
#include "txn/transaction.h"

namespace phantom::session {

using namespace std::chrono_literals;

namespace {

constexpr double kPassSeconds = 1;
constexpr std::chrono::nanoseconds kBetweenPasses = 1s;
// A cold chunk that is being written is counted so often.
constexpr double kCountSeconds = 10;
constexpr int kFailuresMax = 10;
constexpr int64_t kEpochDifferenceUs = int64_t{946684800} * 1000000;
constexpr txn::ChunkMove kMoves[] = {txn::ChunkMove::kThaw, txn::ChunkMove::kTrim, txn::ChunkMove::kRewrite,
                                     txn::ChunkMove::kFreeze};

}  // namespace

struct Mover::Place {
  Oid database = 0;
  Oid oid = 0;
  TreeId tree;
  // Of the table when it was opened. Its tree is read under a TableHold only.
  std::shared_ptr<const catalog::Table> table;
  std::optional<txn::RowTable> rows;
  std::vector<Chunk> chunks;
};

struct Mover::Due {
  Place* place;
  uint64_t chunk;
  txn::ChunkMove move;
};

Mover::Mover(Instance& instance) : instance_(instance) {}

Mover::~Mover() {
  RequestStop();
  if (thread_.joinable()) thread_.join();
}

void Mover::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Mover::Run() {
  while (!pace_.stopped()) {
    const Result<int> moved = Pass();
    if (!moved.ok()) Log(LogLevel::kLog, "moving rows between tiers: %s", moved.status().message().c_str());
    if (!pace_.Settle()) return;
    if ((!moved.ok() || *moved == 0) && !pace_.Sleep(kBetweenPasses)) return;
  }
}

double Mover::Now() const { return static_cast<double>(instance_.env().MonotonicNanos()) * 1e-9; }

Status Mover::RefreshDatabases() {
  const uint64_t version = instance_.catalog().shared_version();
  if (version == shared_version_) return Status::Ok();
  ASSIGN_OR_RETURN(const std::vector<Oid> open, InCatalog(instance_, catalog::oid::kDatabaseTemplate1, [](catalog::Catalog& catalog) {
    return catalog.OpenDatabases();
  }));
  std::erase_if(databases_, [&](const auto& entry) { return std::ranges::find(open, entry.first) == open.end(); });
  std::erase_if(places_, [&](const auto& place) { return !databases_.contains(place->database); });
  for (const Oid database : open) databases_.emplace(database, 0);
  shared_version_ = version;
  return Status::Ok();
}

Status Mover::RefreshTables(Oid database) {
  const uint64_t version = instance_.catalog().cache(database).version();
  if (databases_[database] == version) return Status::Ok();
  std::vector<std::unique_ptr<Place>> found;
  RETURN_IF_ERROR(InCatalog(instance_, database, [&](catalog::Catalog& catalog) -> Status {
    // Only its own session reaches a temporary table.
    ASSIGN_OR_RETURN(const std::vector<Oid> tables, catalog.ReachableTables());
    for (const Oid oid : tables) {
      ASSIGN_OR_RETURN(const catalog::TableRef table, catalog.TableByOid(oid));
      if (table == nullptr) continue;
      auto place = std::make_unique<Place>();
      place->database = database;
      place->oid = table->oid;
      place->tree = table->tree;
      found.push_back(std::move(place));
    }
    return Status::Ok();
  }));
  // What is known of a table's chunks stays as long as its tree does.
  for (std::unique_ptr<Place>& place : found) {
    const auto known = std::ranges::find_if(places_, [&](const auto& old) {
      return old != nullptr && old->database == database && old->oid == place->oid && old->tree == place->tree;
    });
    if (known != places_.end()) place->chunks = std::move((*known)->chunks);
  }
  std::erase_if(places_, [&](const auto& place) { return place->database == database; });
  std::ranges::move(found, std::back_inserter(places_));
  databases_[database] = version;
  return Status::Ok();
}

Status Mover::Look(Place& place, double now, double elapsed) {
  if (!place.rows) {
    ASSIGN_OR_RETURN(const std::unique_ptr<TableHold> hold, TableHold::Try(instance_, place.database, place.oid));
    if (hold == nullptr) return Status::Ok();
    place.table = hold->table();
    place.tree = place.table->tree;
    ASSIGN_OR_RETURN(txn::RowTable rows, txn::RowTable::Open(instance_.transactions(), place.table->space, place.tree,
                                                             place.table->layout));
    place.rows.emplace(std::move(rows));
  }
  txn::ChunkActivity& activity = place.rows->activity();
  const uint64_t count = place.rows->ChunkCount();
  for (uint64_t i = place.chunks.size(); i < count; ++i) place.chunks.emplace_back().history.written_at = now;
  for (uint64_t i = 0; i < place.chunks.size(); ++i) {
    Chunk& chunk = place.chunks[i];
    const bool touched = activity.TakeTouched(i);
    chunk.history.Note(now, elapsed, touched, activity.Changes(i));
    const bool was_cold = chunk.look.cold;
    const txn::ChunkLook look = place.rows->LookAside(i);
    chunk.look.cold = look.cold;
    chunk.look.full = look.full;
    chunk.look.rows = look.rows;
    chunk.look.dead = look.dead;
    chunk.uncounted |= touched || look.cold != was_cold;
  }
  const bool count_now = std::ranges::any_of(place.chunks, [&](const Chunk& chunk) {
    return chunk.look.cold && chunk.uncounted &&
           (chunk.counted_at == 0 || now - chunk.counted_at >= std::min(kCountSeconds, rules_.rest));
  });
  return count_now ? Count(place, now) : Status::Ok();
}

Status Mover::Count(Place& place, double now) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TableHold> hold, TableHold::Try(instance_, place.database, place.oid));
  if (hold == nullptr || hold->table()->tree != place.tree) return Status::Ok();
  for (uint64_t i = 0; i < place.chunks.size() && !pace_.stopped() && !hold->IsAwaited(); ++i) {
    Chunk& chunk = place.chunks[i];
    if (!chunk.look.cold || !chunk.uncounted) continue;
    ASSIGN_OR_RETURN(chunk.look, hold->rows().LookAt(i));
    chunk.uncounted = false;
    chunk.counted_at = now;
  }
  return Status::Ok();
}

std::vector<Mover::Due> Mover::FindDue(double now) {
  const TieringMode mode = TieringModeOf(instance_.settings());
  std::vector<Due> due;
  if (mode != TieringMode::kAuto && mode != TieringMode::kHot) return due;
  for (const std::unique_ptr<Place>& place : places_) {
    for (uint64_t i = 0; i < place->chunks.size(); ++i) {
      Chunk& chunk = place->chunks[i];
      txn::ChunkMove move = txn::ChunkMove::kNone;
      if (mode == TieringMode::kHot) {
        if (chunk.look.cold && now >= chunk.history.not_before) move = txn::ChunkMove::kThaw;
      } else {
        move = Decide(rules_, chunk.look, now, &chunk.history);
      }
      if (move != txn::ChunkMove::kNone) due.push_back({place.get(), i, move});
    }
  }
  // First what others pay for every moment.
  std::ranges::stable_sort(due, {}, [](const Due& d) { return std::ranges::find(kMoves, d.move) - kMoves; });
  std::vector<std::pair<std::string_view, uint64_t>> queued;
  for (const txn::ChunkMove move : kMoves) queued.emplace_back(ChunkMoveName(move), std::ranges::count(due, move, &Due::move));
  instance_.moves().NoteQueue(queued);
  return due;
}

Result<bool> Mover::MoveChunk(TableHold& hold, const Due& due, uint64_t* bytes) {
  txn::MoveOptions options;
  options.give_up_ids = false;
  options.go_on = [&](uint64_t more) {
    *bytes += more;
    return pace_.Spend(more) && !hold.IsAwaited();
  };
  switch (due.move) {
    case txn::ChunkMove::kNone:
      return false;
    case txn::ChunkMove::kTrim:
      return hold.rows().Trim(due.chunk, options);
    case txn::ChunkMove::kThaw:
      return hold.rows().Thaw(due.chunk, options);
    case txn::ChunkMove::kFreeze:
    case txn::ChunkMove::kRewrite:
      return hold.rows().Freeze(due.chunk, options);
  }
  return false;
}

bool Mover::Move(const Due& due) {
  const double begin = Now();
  static_cast<void>(pace_.TakeSlept());  // what was slept off before
  Chunk& chunk = due.place->chunks[due.chunk];
  MoveCounts counts;
  counts.work = ChunkMoveName(due.move);
  bool busy = false;
  const auto move = [&]() -> Result<bool> {
    ASSIGN_OR_RETURN(const std::unique_ptr<TableHold> hold, TableHold::Try(instance_, due.place->database, due.place->oid));
    // Somebody changes it, or has: it is listed anew.
    busy = hold == nullptr || hold->table()->tree != due.place->tree;
    if (busy) return false;
    ASSIGN_OR_RETURN(const bool moved, MoveChunk(*hold, due, &counts.bytes));
    busy = !moved && (hold->IsAwaited() || pace_.stopped());
    return moved;
  };
  const Result<bool> moved = move();
  const double end = Now();
  counts.seconds = std::max(0.0, end - begin - 1e-9 * static_cast<double>(pace_.TakeSlept().count()));
  counts.slowed = pace_.TakeSlowed();
  const bool done = moved.ok() && *moved;
  if (done) {
    counts.done = 1;
    counts.last_us = instance_.env().WallMicros() - kEpochDifferenceUs;
    const bool was_overlaid = static_cast<double>(chunk.look.overlaid) >= rules_.rewrite_share * static_cast<double>(chunk.look.rows);
    if (due.move == txn::ChunkMove::kThaw || (due.move == txn::ChunkMove::kRewrite && was_overlaid)) {
      chunk.history.NoteReturn(end);
    }
    chunk.look.cold = due.move != txn::ChunkMove::kThaw;
    chunk.look.overlaid = chunk.look.copies = chunk.look.dead = 0;
    chunk.uncounted = true;
    chunk.failures = 0;
  } else {
    counts.gave_way = moved.ok() ? 1 : 0;
    // What somebody else is at is free again soon; what not everybody sees may stay so for long.
    chunk.failures = busy ? 0 : std::min(chunk.failures + 1, kFailuresMax);
    chunk.history.Postpone(end, std::ldexp(rules_.rest, chunk.failures));
    if (!moved.ok()) {
      counts.last_error = moved.status().message();
      Log(LogLevel::kLog, "could not %s chunk %llu of table \"%s\": %s", counts.work.c_str(),
          static_cast<unsigned long long>(due.chunk), due.place->table->name.c_str(), counts.last_error.c_str());
    }
  }
  instance_.moves().Add(counts);
  return done;
}

Result<int> Mover::Pass() {
  const ServerSettings& settings = instance_.settings();
  rules_.rest = static_cast<double>(settings.GetInteger("phantom.tiering_rest_time"));
  pace_.SetRate(static_cast<uint64_t>(settings.GetInteger("phantom.tiering_rate")) * 1024);
  const double now = Now();
  RETURN_IF_ERROR(RefreshDatabases());
  for (const auto& [database, version] : std::map(databases_)) RETURN_IF_ERROR(RefreshTables(database));
  const double elapsed = looked_at_ == 0 ? 0 : now - looked_at_;
  looked_at_ = now;
  for (const std::unique_ptr<Place>& place : places_) {
    if (pace_.stopped()) return 0;
    // A table that cannot be looked at keeps no other from moving.
    if (Status status = Look(*place, now, elapsed); !status.ok()) {
      Log(LogLevel::kLog, "could not look at table %u of database %u: %s", place->oid, place->database,
          status.message().c_str());
    }
  }
  int moved = 0;
  for (const Due& due : FindDue(now)) {
    if (pace_.stopped() || Now() - now >= kPassSeconds) break;
    moved += Move(due);
    if (!pace_.Settle()) break;
  }
  return moved;
}

}  // namespace phantom::session
