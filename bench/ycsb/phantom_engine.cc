// PhantomDB's key-value database.
#include <algorithm>
#include <optional>

#include "engine.h"
#include "kv/database.h"

namespace ycsb {

namespace {

namespace kv = phantom::kv;

void Must(const phantom::Status& status) {
  if (!status.ok()) Fail(status.ToString());
}

class PhantomEngine final : public Engine {
 public:
  std::string name() const override { return "phantomdb"; }
  std::string settings() const override { return "pages in memory_bytes, log_memory 64 MB, log_bytes 1 GB"; }

  void Open(const EngineOptions& options) override {
    kv::Options opened;
    opened.memory_bytes = options.memory_bytes;
    opened.log_memory_bytes = 64 << 20;
    opened.log_bytes = uint64_t{1} << 30;
    auto database = kv::Database::Open(options.directory, opened);
    Must(database.status());
    database_ = std::move(database).value();
    SetSync(false);
  }
  void Close() override {
    Must(database_->Close());
    database_.reset();
  }
  void SetSync(bool sync) override { write_.sync = sync; }

  bool Get(std::string_view key, std::string* value) override {
    const phantom::Result<bool> found = database_->Get(key, value);
    Must(found.status());
    return *found;
  }
  void Put(std::string_view key, std::string_view value) override { Must(database_->Put(key, value, write_)); }
  void ReadModifyWrite(std::string_view key, std::string_view change) override {
    Must(database_->Update(
        key,
        [&](std::optional<std::string_view> present, std::string* value) {
          if (present) value->assign(*present);
          value->replace(0, std::min(change.size(), value->size()), change);
          return kv::Change::kPut;
        },
        write_));
  }
  uint64_t Scan(std::string_view key, uint64_t count) override {
    uint64_t bytes = 0;
    const phantom::Result<uint64_t> scanned = database_->Scan({.lower = key, .upper = {}}, {.limit = count},
                                                              [&](std::string_view found, std::string_view value) {
                                                                bytes += found.size() + value.size();
                                                                return true;
                                                              });
    Must(scanned.status());
    return bytes == 0 ? 0 : *scanned;
  }
  void Settle() override { Must(database_->Checkpoint()); }

 private:
  std::unique_ptr<kv::Database> database_;
  kv::WriteOptions write_;
};

}  // namespace

std::unique_ptr<Engine> MakeEngine() { return std::make_unique<PhantomEngine>(); }

}  // namespace ycsb
