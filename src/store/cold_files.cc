#include "store/cold_files.h"

#include <algorithm>

#include "common/check.h"
#include "io/env.h"
#include "store/store.h"

namespace phantom::store {

std::string ColdFiles::Directory() const { return store_.directory() + "/segments"; }

std::string ColdFiles::PathOf(ColdFileKind kind, ColdFileId id) const {
  return Format("%s/%016llx.%s", Directory().c_str(), static_cast<unsigned long long>(id.value),
                kind == ColdFileKind::kSegment ? "seg" : "run");
}

// The log's end is past every id of an earlier life, each of which was followed by records.
Result<std::unique_ptr<io::File>> ColdFiles::Make(ColdFileKind kind, ColdFileId* id) {
  const uint64_t end = store_.log().appended().value;
  uint64_t last = last_.load();
  while (!last_.compare_exchange_weak(last, std::max(last + 1, end))) {
  }
  *id = ColdFileId(std::max(last + 1, end));
  return store_.env().Open(PathOf(kind, *id), io::OpenMode::kCreateNew);
}

Result<std::unique_ptr<io::File>> ColdFiles::Open(ColdFileKind kind, ColdFileId id) const {
  return store_.env().Open(PathOf(kind, id), io::OpenMode::kExisting);
}

Status ColdFiles::Sync(io::File& file) {
  io::Env& env = store_.env();
  env.Step("cold file: written");
  if (Status status = file.Sync(); !status.ok()) Panic("cold file: %s", status.message().c_str());
  env.Step("cold file: synced");
  RETURN_IF_ERROR(env.SyncDirectory(Directory()));
  env.Step("cold file: name synced");
  return Status::Ok();
}

void ColdFiles::FlushLog() { store_.log().Flush(Lsn(store_.log().appended().value - 1)); }

Status ColdFiles::Unlink(ColdFileKind kind, ColdFileId id) {
  Status removed = store_.env().Remove(PathOf(kind, id));
  if (!removed.ok() && removed.sqlstate() == sqlstate::kUndefinedFile) return Status::Ok();
  return removed;
}

Status ColdFiles::Remove(ColdFileKind kind, ColdFileId id) {
  FlushLog();
  store_.env().Step("cold file: no longer named");
  RETURN_IF_ERROR(Discard(kind, id));
  store_.env().Step("cold file: removed");
  return Status::Ok();
}

Status ColdFiles::Discard(ColdFileKind kind, ColdFileId id) {
  RETURN_IF_ERROR(Unlink(kind, id));
  return store_.env().SyncDirectory(Directory());
}

Status ColdFiles::RemoveOrphans(const std::unordered_set<std::string>& named_paths) {
  io::Env& env = store_.env();
  ASSIGN_OR_RETURN(bool exists, env.Exists(Directory()));
  if (!exists) {
    RETURN_IF_ERROR(env.MakeDirectory(Directory()));
    return env.SyncDirectory(store_.directory());
  }
  ASSIGN_OR_RETURN(std::vector<std::string> files, env.List(Directory()));
  for (const std::string& file : files) {
    const std::string path = Directory() + "/" + file;
    if (named_paths.contains(path)) continue;
    RETURN_IF_ERROR(env.Remove(path));
    env.Step("start: orphan file removed");
  }
  return Status::Ok();
}

}  // namespace phantom::store
