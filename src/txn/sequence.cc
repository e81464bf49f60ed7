#include "txn/sequence.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "btree/tree.h"
#include "common/mutex.h"
#include "txn/manager_impl.h"
#include "txn/row_header.h"

namespace phantom::txn {

namespace {

// Behind the 16 bytes that every value of this room begins with. On disk last_value is the last one logged ahead.
struct SequenceBytes {
  int64_t last_value;
  uint8_t is_called;
  uint8_t reserved[7];
  int64_t reserved2;
};
static_assert(sizeof(SequenceBytes) == 24);
constexpr size_t kValueBytes = RowHeader::kBytes + sizeof(SequenceBytes);

class SequenceKey {
 public:
  explicit SequenceKey(Oid sequence) { StoreBE(bytes_.data(), sequence); }
  operator Bytes() const { return bytes_; }

 private:
  std::array<std::byte, 4> bytes_;
};

std::array<std::byte, kValueBytes> Encode(int64_t last_value, bool is_called) {
  std::array<std::byte, kValueBytes> value{};
  RowHeader header;
  header.flags = kSystemValue;
  header.Store(value.data());
  SequenceBytes bytes{};
  bytes.last_value = last_value;
  bytes.is_called = is_called ? 1 : 0;
  std::memcpy(value.data() + RowHeader::kBytes, &bytes, sizeof(bytes));
  return value;
}

// One step on; false at the end of the range.
bool Advance(const SequenceOptions& options, int64_t* value) {
  int64_t next;
  if (__builtin_add_overflow(*value, options.increment, &next)) return false;
  if (options.increment > 0 ? next > options.maximum : next < options.minimum) return false;
  *value = next;
  return true;
}

}  // namespace

struct SequenceStore::Impl {
  struct Name {
    SpaceId space;
    TreeId tree;
    Oid sequence;
    bool operator==(const Name&) const = default;
  };
  struct Hash {
    size_t operator()(const Name& name) const {
      return (uint64_t{name.space.value} << 32 | name.sequence) * 0x9E3779B97F4A7C15u ^ name.tree.value;
    }
  };
  struct Entry {
    Mutex mutex{LockRank::kSequence};
    bool loaded = false;
    SequenceValue value;
    std::shared_ptr<btree::Tree> tree;
  };

  explicit Impl(TransactionManager& m) : manager(m) {}

  std::shared_ptr<Entry> Find(const Name& name) {
    MutexLock lock(mutex);
    std::shared_ptr<Entry>& entry = entries[name];
    if (entry == nullptr) entry = std::make_shared<Entry>();
    return entry;
  }
  void Forget(const Name& name) {
    MutexLock lock(mutex);
    entries.erase(name);
  }

  // entry.mutex is held.
  Status Load(const Name& name, Entry& entry) {
    if (entry.loaded) return Status::Ok();
    ASSIGN_OR_RETURN(entry.tree, manager.store().OpenTree(name.space, name.tree));
    bool found = false;
    RETURN_IF_ERROR(entry.tree->Read(SequenceKey(name.sequence), [&](std::optional<Bytes> value) {
      if (!value || value->size() != kValueBytes) return;
      SequenceBytes bytes;
      std::memcpy(&bytes, value->data() + RowHeader::kBytes, sizeof(bytes));
      entry.value = {bytes.last_value, bytes.is_called != 0, 0};
      found = true;
    }));
    if (!found) return Errorf(sqlstate::kDataCorrupted, "sequence %u has no value", name.sequence);
    entry.loaded = true;
    return Status::Ok();
  }

  Status Store(const Name& name, Entry& entry, int64_t last_value, bool is_called) {
    const std::array<std::byte, kValueBytes> value = Encode(last_value, is_called);
    ASSIGN_OR_RETURN(Lsn lsn, manager.impl().WriteSystem(*entry.tree, SequenceKey(name.sequence),
                                                         [&](std::optional<Bytes>, btree::Edit& edit) -> Status {
                                                           edit.op = btree::Edit::Op::kPut;
                                                           edit.head = value;
                                                           return Status::Ok();
                                                         }));
    uint64_t seen = logged.load();
    while (seen < lsn.value && !logged.compare_exchange_weak(seen, lsn.value)) {
    }
    return Status::Ok();
  }

  TransactionManager& manager;
  std::atomic<uint64_t> logged{0};
  Mutex mutex{LockRank::kPurge};
  std::unordered_map<Name, std::shared_ptr<Entry>, Hash> entries;
};

SequenceStore::SequenceStore(TransactionManager& manager) : impl_(std::make_unique<Impl>(manager)) {}
SequenceStore::~SequenceStore() = default;

Lsn SequenceStore::logged() const { return Lsn(impl_->logged.load()); }

Status SequenceStore::Create(Transaction& transaction, SpaceId space, TreeId tree, Oid sequence, int64_t start) {
  const Impl::Name name{space, tree, sequence};
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> opened, impl_->manager.store().OpenTree(space, tree));
  const std::array<std::byte, kValueBytes> value = Encode(start, false);
  RETURN_IF_ERROR(impl_->manager.impl()
                      .Write(transaction, *opened, SequenceKey(sequence),
                             [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
                               if (current) return Error(sqlstate::kDuplicateObject, "sequence has a value already");
                               edit.op = btree::Edit::Op::kPut;
                               edit.head = value;
                               return Status::Ok();
                             })
                      .status());
  impl_->Forget(name);
  transaction.OnAbort([impl = impl_.get(), name] { impl->Forget(name); });
  return Status::Ok();
}

Result<SequenceRange> SequenceStore::Next(SpaceId space, TreeId tree, Oid sequence, const SequenceOptions& options,
                                          std::string_view name) {
  const Impl::Name key{space, tree, sequence};
  std::shared_ptr<Impl::Entry> entry = impl_->Find(key);
  MutexLock lock(entry->mutex);
  RETURN_IF_ERROR(impl_->Load(key, *entry));
  SequenceValue& state = entry->value;
  SequenceRange range;
  int64_t logged_left = state.log_count;
  range.first = state.last_value;
  if (state.is_called) {
    if (!Advance(options, &range.first)) {
      const bool up = options.increment > 0;
      if (!options.cycle) {
        return Errorf(sqlstate::kSequenceGeneratorLimitExceeded, "nextval: reached %s value of sequence \"%.*s\" (%lld)",
                      up ? "maximum" : "minimum", static_cast<int>(name.size()), name.data(),
                      static_cast<long long>(up ? options.maximum : options.minimum));
      }
      range.first = up ? options.minimum : options.maximum;
      logged_left = 0;
    }
    --logged_left;
  } else {
    logged_left = -1;
  }
  range.last = range.first;
  for (int64_t i = 1; i < options.cache && Advance(options, &range.last); ++i) --logged_left;
  if (logged_left < 0) {
    int64_t ahead = range.last;
    logged_left = 0;
    while (logged_left < kLogAhead && Advance(options, &ahead)) ++logged_left;
    RETURN_IF_ERROR(impl_->Store(key, *entry, ahead, true));
  }
  state = {range.last, true, logged_left};
  return range;
}

Status SequenceStore::Set(SpaceId space, TreeId tree, Oid sequence, int64_t value, bool is_called) {
  const Impl::Name key{space, tree, sequence};
  std::shared_ptr<Impl::Entry> entry = impl_->Find(key);
  MutexLock lock(entry->mutex);
  RETURN_IF_ERROR(impl_->Load(key, *entry));
  RETURN_IF_ERROR(impl_->Store(key, *entry, value, is_called));
  entry->value = {value, is_called, 0};
  return Status::Ok();
}

Result<SequenceValue> SequenceStore::Read(SpaceId space, TreeId tree, Oid sequence) {
  const Impl::Name key{space, tree, sequence};
  std::shared_ptr<Impl::Entry> entry = impl_->Find(key);
  MutexLock lock(entry->mutex);
  RETURN_IF_ERROR(impl_->Load(key, *entry));
  return entry->value;
}

}  // namespace phantom::txn
