// store/run_file.h
//
// A run being made: a file that goes again unless it is kept.
//
// Thread safety: one thread at a time.
#pragma once
#include <memory>
#include <optional>

#include "common/bytes.h"
#include "common/ids.h"
#include "common/status.h"
#include "store/cold_files.h"

namespace phantom::lsm {
class RunWriter;
}

namespace phantom::store {

class Store;
struct Run;

class RunFile {
 public:
  RunFile(Store& store, TreeId tree, uint8_t filter_trim);
  ~RunFile();

  // The key must be above the one before. The file is made with the first.
  Status Add(Bytes key, Bytes value);
  uint64_t entries() const;
  uint64_t size() const;
  // Makes the file durable and opens it. Requires entries.
  Result<std::shared_ptr<const Run>> Finish(TxnId added_by);
  // An entry names it now.
  void Keep() { named_ = true; }

 private:
  Store& store_;
  const TreeId tree_;
  const uint8_t filter_trim_;
  ColdFileId id_;
  bool named_ = false;
  std::unique_ptr<io::File> file_;
  std::unique_ptr<lsm::RunWriter> writer_;
};

}  // namespace phantom::store
