// Opening and closing a directory.
#include <cstring>
#include <unordered_set>

#include "common/check.h"
#include "common/log.h"
#include "store/store_impl.h"

namespace phantom::store {

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->self = this;
  impl_->files = std::make_unique<ColdFiles>(*this, impl_->options.segment_cache_bytes);
  impl_->chunks = std::make_unique<Chunks>(*this, *impl_->files);
}
Store::~Store() = default;

Store::Impl::~Impl() {
  tier_worker.reset();
  StopCheckpointer();
  // The flusher stops before the files close.
  log.reset();
}

Result<std::unique_ptr<Store>> Store::Open(io::Env& env, const std::string& directory, const StoreOptions& options) {
  auto impl = std::make_unique<Impl>(env, directory, options);
  RETURN_IF_ERROR(impl->Open());
  std::unique_ptr<Store> store(new Store(std::move(impl)));
  std::unordered_set<std::string> named;
  for (SpaceId space : store->ListSpaces()) {
    ASSIGN_OR_RETURN(std::vector<std::string> paths, store->impl_->ColdFilesOf(space));
    named.insert(paths.begin(), paths.end());
  }
  RETURN_IF_ERROR(store->files().RemoveOrphans(named));
  store->impl_->tier_worker = std::make_unique<TierWorker>(*store);
  if (options.tier_thread) store->impl_->tier_worker->Start();
  return store;
}

Status Store::Impl::Open() {
  RETURN_IF_ERROR(env.MakeDirectory(directory));
  ASSIGN_OR_RETURN(lock, env.Lock(directory + "/lock"));
  ASSIGN_OR_RETURN(bool creating, env.Exists(directory + "/creating"));
  ASSIGN_OR_RETURN(bool has_control, env.Exists(directory + "/control"));
  if (!creating && !has_control) {
    ASSIGN_OR_RETURN(bool has_pages, env.Exists(directory + "/pages"));
    if (has_pages) {
      return Errorf(sqlstate::kDataCorrupted, "directory \"%s\" has data but no control file", directory.c_str());
    }
    creating = true;
  }
  RETURN_IF_ERROR(creating ? CreateNew() : OpenExisting());
  recovery.end = log->appended();
  if (options.checkpoint_thread) checkpointer = std::thread([this] { RunCheckpointer(); });
  return Status::Ok();
}

Status Store::Impl::StartLog(Lsn end) {
  wal::LogOptions log_options = options.log;
  log_options.file_bytes = control->data().log_file_bytes;
  log_options.ring_bytes = std::min(log_options.ring_bytes, log_options.file_bytes);
  ASSIGN_OR_RETURN(log, wal::LogWriter::Open(env, directory + "/wal", log_options, end, control->data().epoch));
  pool->SetLog(log.get());
  return Status::Ok();
}

// While the file "creating" exists, all else in the directory is worthless.
Status Store::Impl::CreateNew() {
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> marker, env.Open(directory + "/creating", io::OpenMode::kCreate));
  marker.reset();
  RETURN_IF_ERROR(env.SyncDirectory(directory));
  RETURN_IF_ERROR(env.MakeDirectory(directory + "/wal"));
  ASSIGN_OR_RETURN(std::vector<std::string> old_logs, env.List(directory + "/wal"));
  for (const std::string& name : old_logs) RETURN_IF_ERROR(env.Remove(directory + "/wal/" + name));
  for (const char* name : {"/control", "/pages"}) {
    ASSIGN_OR_RETURN(bool exists, env.Exists(directory + name));
    if (exists) RETURN_IF_ERROR(env.Remove(directory + name));
  }
  ASSIGN_OR_RETURN(page_file, env.Open(directory + "/pages", io::OpenMode::kCreateNew));
  ASSIGN_OR_RETURN(control, ControlFile::Open(env, directory + "/control", true));
  ControlData& data = control->mutable_data();
  data.epoch = 1;
  data.log_file_bytes = options.log.file_bytes;
  data.page_bytes = btree::kPageBytes;
  env.Random({reinterpret_cast<std::byte*>(data.store_id), sizeof(data.store_id)});
  map = std::make_unique<btree::PageMap>(*page_file);
  map->Create();
  pool = std::make_unique<btree::BufferPool>(*map, options.buffer_pool_bytes);
  RETURN_IF_ERROR(StartLog(Lsn()));
  recovery.created = true;
  recovery.clean = true;
  recovery.next_txn = TxnId(1);
  next_txn_without_hooks = recovery.next_txn;
  RETURN_IF_ERROR(CreateSpaceEntered(kSharedSpace));
  RETURN_IF_ERROR(Checkpoint());
  RETURN_IF_ERROR(env.SyncDirectory(directory));
  RETURN_IF_ERROR(env.Remove(directory + "/creating"));
  return env.SyncDirectory(directory);
}

Status Store::Impl::OpenExisting() {
  ASSIGN_OR_RETURN(control, ControlFile::Open(env, directory + "/control", false));
  RETURN_IF_ERROR(control->Read());
  if (control->data().page_bytes != btree::kPageBytes) {
    return Error(sqlstate::kDataCorrupted, "the data directory was made with another page size");
  }
  ASSIGN_OR_RETURN(page_file, env.Open(directory + "/pages", io::OpenMode::kExisting));
  map = std::make_unique<btree::PageMap>(*page_file);
  RETURN_IF_ERROR(map->Load(btree::PageEntry(control->data().meta)));
  pool = std::make_unique<btree::BufferPool>(*map, options.buffer_pool_bytes);
  redo = Lsn(control->data().redo);
  next_tree = control->data().next_tree;
  recovery.next_txn = TxnId(control->data().next_txn);

  Lsn end;
  RETURN_IF_ERROR(Recover(&end));
  // The new life's epoch is durable before any of its records.
  ++control->mutable_data().epoch;
  RETURN_IF_ERROR(control->Write());
  RETURN_IF_ERROR(StartLog(end));
  RETURN_IF_ERROR(SeparatePrepared());
  RETURN_IF_ERROR(MakeMissingDirectories());
  active_without_hooks = recovery.losers;
  active_without_hooks.insert(active_without_hooks.end(), recovery.prepared.begin(), recovery.prepared.end());
  next_txn_without_hooks = recovery.next_txn;
  checkpoint_end = recovery.clean ? log->appended() : redo;
  return Status::Ok();
}

Status Store::Close() {
  impl_->tier_worker.reset();
  impl_->StopCheckpointer();
  return impl_->Checkpoint();
}

const Recovery& Store::recovery() const { return impl_->recovery; }
io::Env& Store::env() { return impl_->env; }
wal::LogWriter& Store::log() { return *impl_->log; }
btree::BufferPool& Store::pool() { return *impl_->pool; }
Chunks& Store::chunks() { return *impl_->chunks; }
ColdFiles& Store::files() { return *impl_->files; }
const std::string& Store::directory() const { return impl_->directory; }

StoreStats Store::Stats() {
  StoreStats stats;
  stats.slots = impl_->map->slot_count();
  stats.slots_free = impl_->map->free_slot_count();
  stats.appended = impl_->log->appended();
  MutexLock lock(impl_->checkpoint_mutex);
  stats.redo = impl_->redo;
  stats.checkpoints = impl_->checkpoints;
  return stats;
}

}  // namespace phantom::store
