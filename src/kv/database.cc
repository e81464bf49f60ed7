#include "kv/database.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <vector>

#include "btree/buffer_pool.h"
#include "io/posix_env.h"
#include "store/space_size.h"
#include "store/store.h"
#include "store/tiered_tree.h"
#include "txn/key_table.h"
#include "txn/transaction.h"

namespace phantom::kv {

static_assert(kKeyBytesMax == txn::KeyTable::kKeyBytesMax && kValueBytesMax == txn::KeyTable::kValueBytesMax);

// On disk: docs/formats/row_header.md.
static constexpr SpaceId kSpace = store::kSharedSpace;
static constexpr TreeId kKeysTree{2};

// Of the memory this part is for what has been read of runs, the others are for pages; and for that as well, as long as there are not
// so many pages.
static constexpr uint64_t kRunShare = 16;
static constexpr uint64_t kLogBytesMin = 64 << 10;

struct Snapshot::Impl {
  txn::Snapshot snapshot;
};
Snapshot::Snapshot(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot& Snapshot::operator=(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

struct Batch::Impl {
  struct Entry {
    std::string key;
    std::optional<std::string> value;
  };
  std::vector<Entry> entries;
};
Batch::Batch() : impl_(std::make_unique<Impl>()) {}
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;
void Batch::Put(std::string_view key, std::string_view value) {
  impl_->entries.push_back({std::string(key), std::string(value)});
}
void Batch::Delete(std::string_view key) { impl_->entries.push_back({std::string(key), std::nullopt}); }
void Batch::Clear() { impl_->entries.clear(); }
size_t Batch::size() const { return impl_->entries.size(); }

struct Cursor::Impl {
  Impl(const txn::KeyTable& table, txn::Snapshot taken) : own(std::move(taken)), cursor(table, own) {}
  Impl(const txn::KeyTable& table, const txn::Snapshot& snapshot, std::nullptr_t) : cursor(table, snapshot) {}

  const txn::Snapshot own;
  txn::KeyCursor cursor;
};
Cursor::Cursor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;
Status Cursor::Seek(std::string_view key) { return impl_->cursor.Seek(key); }
Status Cursor::SeekAtOrBelow(std::string_view key) { return impl_->cursor.SeekAtOrBelow(key); }
Status Cursor::SeekFirst() { return impl_->cursor.SeekFirst(); }
Status Cursor::SeekLast() { return impl_->cursor.SeekLast(); }
bool Cursor::Valid() const { return impl_->cursor.Valid(); }
std::string_view Cursor::key() const { return impl_->cursor.key(); }
std::string_view Cursor::value() const { return impl_->cursor.value(); }
Status Cursor::Next() { return impl_->cursor.Next(); }
Status Cursor::Previous() { return impl_->cursor.Previous(); }

struct Database::Impl {
  Status Open(const std::string& directory, const Options& options);
  // The write is in the log; the caller may want more.
  Status Acknowledge(Result<Lsn> written, const WriteOptions& options) {
    if (!written.ok()) return std::move(written).status();
    // What found nothing to do relies on what was there, which may not be durable yet.
    if (options.sync) store->log().Flush(*written ? *written : Lsn(store->log().appended().value - 1));
    return Status::Ok();
  }

  std::unique_ptr<io::Env> own_env;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<txn::TransactionManager> manager;
  std::optional<txn::KeyTable> keys;
};

static Status CheckLogBytes(const char* option, uint64_t bytes) {
  if (std::has_single_bit(bytes) && bytes >= kLogBytesMin) return Status::Ok();
  return Errorf(sqlstate::kInvalidParameterValue, "%s must be a power of two, at least %llu", option,
                static_cast<unsigned long long>(kLogBytesMin));
}

Status Database::Impl::Open(const std::string& directory, const Options& options) {
  RETURN_IF_ERROR(CheckLogBytes("log_memory_bytes", options.log_memory_bytes));
  RETURN_IF_ERROR(CheckLogBytes("log_file_bytes", options.log_file_bytes));
  io::Env* env = options.env;
  if (env == nullptr) {
    own_env = io::MakePosixEnv();
    env = own_env.get();
  }
  if (!options.create) {
    ASSIGN_OR_RETURN(const bool exists, env->Exists(directory + "/control"));
    if (!exists) return Errorf(sqlstate::kUndefinedFile, "there is no database in \"%s\"", directory.c_str());
  }
  store::StoreOptions of_store;
  of_store.segment_cache_bytes = options.memory_bytes / kRunShare;
  of_store.buffer_pool_bytes = options.memory_bytes - of_store.segment_cache_bytes;
  of_store.log.file_bytes = options.log_file_bytes;
  of_store.log.ring_bytes = std::min(options.log_memory_bytes, options.log_file_bytes);
  of_store.checkpoint_log_bytes = options.log_bytes;
  ASSIGN_OR_RETURN(store, store::Store::Open(*env, directory, of_store));
  txn::TransactionOptions of_transactions;
  of_transactions.purge_interval_ms = options.purge_interval_ms;
  ASSIGN_OR_RETURN(manager, txn::TransactionManager::Create(*store, of_transactions));
  manager->WaitForRecovery();
  ASSIGN_OR_RETURN(const std::vector<store::TreeInfo> trees, store->ListTrees(kSpace));
  const bool found = std::ranges::any_of(trees, [](const store::TreeInfo& tree) { return tree.id == kKeysTree; });
  if (!found) {
    if (!trees.empty()) {
      return Errorf(sqlstate::kObjectNotInPrerequisiteState, "directory \"%s\" is not a key-value database",
                    directory.c_str());
    }
    const std::unique_ptr<txn::Transaction> transaction = manager->Begin();
    RETURN_IF_ERROR(manager->CreateKeyTree(*transaction, kSpace, kKeysTree).status());
    ASSIGN_OR_RETURN(const Lsn made, transaction->Commit());
    manager->WaitDurable(made);
  }
  ASSIGN_OR_RETURN(keys, txn::KeyTable::Open(*manager, kSpace, kKeysTree));
  return Status::Ok();
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::Open(const std::string& directory, const Options& options) {
  auto impl = std::make_unique<Impl>();
  RETURN_IF_ERROR(impl->Open(directory, options));
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Status Database::Close() {
  impl_->keys.reset();
  impl_->manager.reset();
  return impl_->store->Close();
}

Result<bool> Database::Get(std::string_view key, std::string* value) { return impl_->keys->Get(key, value); }
Result<bool> Database::Get(const Snapshot& snapshot, std::string_view key, std::string* value) {
  return impl_->keys->Get(snapshot.impl_->snapshot, key, value);
}

Status Database::Put(std::string_view key, std::string_view value, const WriteOptions& options) {
  return impl_->Acknowledge(impl_->keys->Write(key, value), options);
}

Status Database::Delete(std::string_view key, const WriteOptions& options) {
  return impl_->Acknowledge(impl_->keys->Write(key, std::nullopt), options);
}

Status Database::Update(std::string_view key, FunctionRef<Change(std::optional<std::string_view>, std::string*)> decide,
                        const WriteOptions& options) {
  auto translated = [&](std::optional<std::string_view> present, std::string* value) {
    switch (decide(present, value)) {
      case Change::kPut:
        return txn::KeyTable::Decision::kPut;
      case Change::kDelete:
        return txn::KeyTable::Decision::kDelete;
      case Change::kNone:
        break;
    }
    return txn::KeyTable::Decision::kNone;
  };
  return impl_->Acknowledge(impl_->keys->Update(key, translated), options);
}

Status Database::Write(const Batch& batch, const WriteOptions& options) {
  const std::vector<Batch::Impl::Entry>& entries = batch.impl_->entries;
  if (entries.size() == 1) {
    return impl_->Acknowledge(impl_->keys->Write(entries[0].key, entries[0].value), options);
  }
  // In the order of keys, so that batches do not wait for each other in a circle; the last of a key counts.
  std::vector<uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, {}, [&](uint32_t i) -> const std::string& { return entries[i].key; });
  const std::unique_ptr<txn::Transaction> transaction = impl_->manager->Begin();
  for (size_t i = 0; i < order.size(); ++i) {
    const Batch::Impl::Entry& entry = entries[order[i]];
    if (i + 1 < order.size() && entries[order[i + 1]].key == entry.key) continue;
    RETURN_IF_ERROR(impl_->keys->Write(*transaction, entry.key, entry.value));
  }
  return impl_->Acknowledge(transaction->Commit(), options);
}

Snapshot Database::TakeSnapshot() {
  return Snapshot(std::unique_ptr<Snapshot::Impl>(new Snapshot::Impl{impl_->manager->TakeKeySnapshot()}));
}

Cursor Database::NewCursor(const Snapshot* snapshot) {
  if (snapshot == nullptr)
    return Cursor(std::make_unique<Cursor::Impl>(*impl_->keys, impl_->manager->TakeKeySnapshot()));
  return Cursor(std::make_unique<Cursor::Impl>(*impl_->keys, snapshot->impl_->snapshot, nullptr));
}

Result<uint64_t> Database::Scan(const Range& range, const ScanOptions& options,
                                FunctionRef<bool(std::string_view, std::string_view)> visit) {
  txn::Snapshot own;
  if (options.snapshot == nullptr) own = impl_->manager->TakeKeySnapshot();
  txn::KeyCursor cursor(*impl_->keys, options.snapshot == nullptr ? own : options.snapshot->impl_->snapshot);
  if (options.limit != UINT64_MAX) cursor.Expect(options.limit);
  if (options.reverse) {
    RETURN_IF_ERROR(range.upper ? cursor.SeekBelow(*range.upper) : cursor.SeekLast());
  } else {
    RETURN_IF_ERROR(range.lower ? cursor.Seek(*range.lower) : cursor.SeekFirst());
  }
  uint64_t count = 0;
  while (cursor.Valid() && count < options.limit) {
    if (options.reverse ? range.lower && cursor.key() < *range.lower : range.upper && cursor.key() >= *range.upper)
      break;
    ++count;
    if (!visit(cursor.key(), cursor.value()) || count == options.limit) break;
    RETURN_IF_ERROR(options.reverse ? cursor.Previous() : cursor.Next());
  }
  return count;
}

Status Database::Sync() {
  const Lsn end = impl_->store->log().appended();
  impl_->store->log().Flush(Lsn(end.value - 1));
  return Status::Ok();
}

Status Database::Checkpoint() { return impl_->store->Checkpoint(); }

Status Database::Compact(bool join) {
  ASSIGN_OR_RETURN(const std::shared_ptr<store::TieredTree> entries, impl_->store->OpenTiered(kSpace, kKeysTree));
  const auto go_on = [] { return true; };
  RETURN_IF_ERROR(entries->Flush(go_on).status());
  const std::shared_ptr<const store::RunList> runs = entries->runs();
  if (!join || runs == nullptr) return Status::Ok();
  return entries->Merge(0, runs->size(), go_on).status();
}

Status Database::Check() {
  // The background has nothing to do meanwhile. Two purges: the first moves the floor up to which the second goes.
  RETURN_IF_ERROR(impl_->manager->RunPurge());
  RETURN_IF_ERROR(impl_->manager->RunPurge());
  RETURN_IF_ERROR(impl_->store->Checkpoint());
  Status first;
  RETURN_IF_ERROR(impl_->store->Check([&](const std::string& fault) {
    if (first.ok()) first = Error(sqlstate::kDataCorrupted, fault);
  }));
  RETURN_IF_ERROR(first);
  return impl_->keys->Check();
}

Database::Stats Database::GetStats() {
  const btree::PoolStats pool = impl_->store->pool().Stats();
  Stats stats;
  stats.log_bytes = impl_->store->log().appended().value;
  stats.disk_bytes = store::SpaceBytes(*impl_->store, kSpace);
  stats.pages_read = pool.reads;
  stats.pages_written = pool.writes;
  return stats;
}

}  // namespace phantom::kv
