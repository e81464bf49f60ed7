// session/tiering/mover.h
//
// Moves chunks of tables between trees and segments by itself (docs/decisions/0019-moving-rows.md): a thread that looks
// at the tables of all databases once a second and does what txn/chunk_policy.h finds due, one chunk after the other. It
// works in no session. Temporary tables are left alone.
//
// Settings: phantom.tiering, phantom.tiering_rest_time, phantom.tiering_rate.
//
// Thread safety: RequestStop() may be called from any thread.
#pragma once
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "session/tiering/pace.h"
#include "txn/chunk_policy.h"

namespace phantom::session {

class Instance;
class TableHold;

class Mover {
 public:
  // The instance must outlive this. Without Start() there is no thread, and passes are the caller's.
  explicit Mover(Instance& instance);
  // Stops and waits.
  ~Mover();
  void Start();
  // What is being moved is left where it is.
  void RequestStop() { pace_.Stop(); }

  // A look at everything, and moves that are due, for about a second of the instance's clock. Gives the number of chunks moved.
  Result<int> Pass();

 private:
  struct Chunk {
    txn::ChunkHistory history;
    txn::ChunkLook look;
    bool uncounted = true;  // the tree may have other rows of the cold chunk than `look` says
    double counted_at = 0;
    int failures = 0;  // in a row
  };
  struct Place;  // a table
  struct Due;    // a move

  void Run();
  double Now() const;
  Status RefreshDatabases();
  Status RefreshTables(Oid database);
  // Opens it once, and notes what of it has been written.
  Status Look(Place& place, double now, double elapsed);
  Status Count(Place& place, double now);
  std::vector<Due> FindDue(double now);
  // True: moved.
  bool Move(const Due& due);
  Result<bool> MoveChunk(TableHold& hold, const Due& due, uint64_t* bytes);

  Instance& instance_;
  Pace pace_;
  txn::MovingRules rules_;
  uint64_t shared_version_ = 0;
  std::map<Oid, uint64_t> databases_;  // their catalogs' versions when the tables were listed; 0: not yet
  std::vector<std::unique_ptr<Place>> places_;
  double looked_at_ = 0;
  std::thread thread_;
};

}  // namespace phantom::session
