// store/control_file.h
//
// The file "control": where recovery begins. Two copies, written in turn, each with a checksum, so
// that one is always whole. Bytes: docs/formats/control.md.
//
// Thread safety: none; the store uses it from one place at a time.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "common/status.h"

namespace phantom::io {
class Env;
class File;
}  // namespace phantom::io

namespace phantom::store {

inline constexpr char kControlMagic[8] = {'P', 'H', 'N', 'T', 'M', 'C', 'T', 'L'};
inline constexpr uint32_t kControlVersion = 1;
inline constexpr uint64_t kControlCopyBytes = 4096;  // distance of the copies

struct ControlData {
  char magic[8];
  uint32_t version;
  uint32_t epoch;       // how often the log has been opened
  uint64_t sequence;    // of this control record; the greater one counts
  uint64_t redo;        // recovery reads the log from here
  uint64_t checkpoint;  // LSN of the checkpoint's record
  uint64_t meta;        // PageEntry of the page map's first meta page
  uint64_t log_file_bytes;
  uint32_t page_bytes;
  uint32_t next_tree;    // greater than every tree id given out
  uint64_t next_txn;     // greater than every transaction id given out
  int64_t written_at;    // microseconds since 1970-01-01 UTC
  uint8_t store_id[16];  // random, made with the store
  uint8_t reserved[24];  // 0
  uint64_t checksum;     // XXH3-64 of all before
};
static_assert(sizeof(ControlData) == 128);

class ControlFile {
 public:
  // Opens the file; `create`: makes it, empty.
  static Result<std::unique_ptr<ControlFile>> Open(io::Env& env, const std::string& path, bool create);
  ~ControlFile();

  // The newer of the valid copies; XX001 when there is none or its version is not ours.
  Status Read();

  const ControlData& data() const { return data_; }
  // Changed by the caller, then made durable with Write(). A failed sync panics; a failed write leaves the other copy.
  ControlData& mutable_data() { return data_; }
  Status Write();

 private:
  explicit ControlFile(std::unique_ptr<io::File> file);

  std::unique_ptr<io::File> file_;
  ControlData data_{};
};

}  // namespace phantom::store
