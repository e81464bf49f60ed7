// RocksDB.
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <chrono>
#include <thread>

#include "engine.h"

namespace ycsb {

namespace {

void Must(const rocksdb::Status& status) {
  if (!status.ok()) Fail(status.ToString());
}
rocksdb::Slice SliceOf(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

class RocksEngine final : public Engine {
 public:
  std::string name() const override { return "rocksdb"; }
  std::string settings() const override {
    return "LRU block cache of memory_bytes, Bloom filter 10 bits, log on, no compression (values are random), 2 "
           "background "
           "jobs, buffered I/O, other options default";
  }

  void Open(const EngineOptions& options) override {
    rocksdb::Options opened;
    opened.create_if_missing = true;
    opened.max_background_jobs = 2;
    opened.compression = rocksdb::kNoCompression;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(options.memory_bytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
    opened.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DB* database = nullptr;
    Must(rocksdb::DB::Open(opened, options.directory, &database));
    database_.reset(database);
    SetSync(false);
  }
  void Close() override {
    Must(database_->Close());
    database_.reset();
  }
  void SetSync(bool sync) override { write_.sync = sync; }

  bool Get(std::string_view key, std::string* value) override {
    const rocksdb::Status status = database_->Get(rocksdb::ReadOptions(), SliceOf(key), value);
    if (status.IsNotFound()) return false;
    Must(status);
    return true;
  }
  void Put(std::string_view key, std::string_view value) override {
    Must(database_->Put(write_, SliceOf(key), SliceOf(value)));
  }
  // As YCSB does it: not atomic.
  void ReadModifyWrite(std::string_view key, std::string_view change) override {
    std::string value;
    Get(key, &value);
    value.replace(0, std::min(change.size(), value.size()), change);
    Put(key, value);
  }
  uint64_t Scan(std::string_view key, uint64_t count) override {
    const std::unique_ptr<rocksdb::Iterator> iterator(database_->NewIterator(rocksdb::ReadOptions()));
    uint64_t found = 0, bytes = 0;
    for (iterator->Seek(SliceOf(key)); iterator->Valid() && found < count; iterator->Next()) {
      bytes += iterator->key().size() + iterator->value().size();
      ++found;
    }
    Must(iterator->status());
    return bytes == 0 ? 0 : found;
  }
  void Settle() override {
    Must(database_->Flush(rocksdb::FlushOptions()));
    auto busy = [&](const char* property) {
      uint64_t value = 0;
      return database_->GetIntProperty(property, &value) && value != 0;
    };
    while (busy("rocksdb.num-running-compactions") || busy("rocksdb.compaction-pending") ||
           busy("rocksdb.num-running-flushes")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

 private:
  std::unique_ptr<rocksdb::DB> database_;
  rocksdb::WriteOptions write_;
};

}  // namespace

std::unique_ptr<Engine> MakeEngine() { return std::make_unique<RocksEngine>(); }

}  // namespace ycsb
