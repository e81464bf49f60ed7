#include "txn/prepared_state.h"

#include "wal/log_writer.h"

namespace phantom::txn {

namespace {

constexpr uint32_t kStateVersion = 1;

struct StateHead {
  uint32_t version;
  uint8_t isolation;
  uint8_t read_only;
  uint16_t gid_bytes;
  uint32_t owner;
  uint32_t database;
  int64_t prepared_us;  // since 2000-01-01 UTC
  uint32_t locks;
  uint32_t row_locks;
  uint32_t drops;
  uint32_t reserved;  // 0
};
static_assert(sizeof(StateHead) == 40);

struct StateLock {
  uint64_t key;
  uint32_t database;
  uint32_t classid;
  uint32_t object;
  uint8_t kind;
  uint8_t subid;
  uint8_t mode;
  uint8_t reserved;  // 0
};
static_assert(sizeof(StateLock) == 24);

struct StateRowLock {
  uint32_t space;
  uint32_t tree;
  uint64_t group;
  uint64_t rows;
  uint8_t mode;
  uint8_t reserved[7];  // 0
};
static_assert(sizeof(StateRowLock) == 32);

struct StateDrop {
  uint32_t space;
  uint32_t tree;
};
static_assert(sizeof(StateDrop) == 8);

// Payload of kPrepare; the end of the state follows.
struct PrepareHead {
  uint32_t parts;     // kPreparePart records before it, with the beginning of the state
  uint32_t reserved;  // 0
};
static_assert(sizeof(PrepareHead) == 8);

template <typename T>
void Put(const T& value, std::string* to) {
  to->append(reinterpret_cast<const char*>(&value), sizeof(T));
}

class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}
  template <typename T>
  bool Take(T* value) {
    if (rest_.size() < sizeof(T)) return false;
    std::memcpy(value, rest_.data(), sizeof(T));
    rest_ = rest_.subspan(sizeof(T));
    return true;
  }
  bool TakeText(size_t bytes, std::string* text) {
    if (rest_.size() < bytes) return false;
    *text = AsText(rest_.first(bytes));
    rest_ = rest_.subspan(bytes);
    return true;
  }
  bool empty() const { return rest_.empty(); }

 private:
  Bytes rest_;
};

Status Malformed() { return Error(sqlstate::kDataCorrupted, "malformed state of a prepared transaction"); }

bool IsLockMode(uint8_t mode) { return mode >= 1 && mode <= kLockModeCount; }

// Kinds that a transaction holds to its end.
bool IsHeldToTheEnd(LockKind kind) {
  return kind == LockKind::kRelation || kind == LockKind::kObject || kind == LockKind::kAdvisory;
}

}  // namespace

std::string EncodePrepared(const PreparedState& state) {
  StateHead head{};
  head.version = kStateVersion;
  head.isolation = static_cast<uint8_t>(state.isolation);
  head.read_only = state.read_only ? 1 : 0;
  head.gid_bytes = static_cast<uint16_t>(state.info.gid.size());
  head.owner = state.info.owner;
  head.database = state.info.database;
  head.prepared_us = state.info.prepared_us;
  head.locks = static_cast<uint32_t>(state.locks.size());
  head.row_locks = static_cast<uint32_t>(state.row_locks.size());
  head.drops = static_cast<uint32_t>(state.drops.size());
  std::string bytes;
  Put(head, &bytes);
  bytes += state.info.gid;
  for (const auto& [tag, mode] : state.locks) {
    Put(StateLock{tag.key, tag.database, tag.classid, tag.object, static_cast<uint8_t>(tag.kind), tag.subid,
                  static_cast<uint8_t>(mode), 0},
        &bytes);
  }
  for (const RowLockGroup& group : state.row_locks) {
    StateRowLock lock{};
    lock.space = group.space.value;
    lock.tree = group.tree.value;
    lock.group = group.group.value;
    lock.rows = group.rows;
    lock.mode = static_cast<uint8_t>(group.mode);
    Put(lock, &bytes);
  }
  for (const auto& [space, tree] : state.drops) Put(StateDrop{space.value, tree.value}, &bytes);
  return bytes;
}

Result<PreparedState> DecodePrepared(Bytes bytes) {
  Reader reader(bytes);
  PreparedState state;
  StateHead head;
  if (!reader.Take(&head) || head.version != kStateVersion || head.isolation > static_cast<uint8_t>(Isolation::kSerializable) ||
      !reader.TakeText(head.gid_bytes, &state.info.gid)) {
    return Malformed();
  }
  state.info.owner = head.owner;
  state.info.database = head.database;
  state.info.prepared_us = head.prepared_us;
  state.isolation = static_cast<Isolation>(head.isolation);
  state.read_only = head.read_only != 0;
  for (uint32_t i = 0; i < head.locks; ++i) {
    StateLock lock;
    if (!reader.Take(&lock) || !IsLockMode(lock.mode) || !IsHeldToTheEnd(static_cast<LockKind>(lock.kind))) return Malformed();
    const LockTag tag{static_cast<LockKind>(lock.kind), lock.subid, lock.database, lock.classid, lock.object, lock.key};
    state.locks.push_back({tag, static_cast<LockMode>(lock.mode)});
  }
  for (uint32_t i = 0; i < head.row_locks; ++i) {
    StateRowLock lock;
    if (!reader.Take(&lock) || lock.mode > static_cast<uint8_t>(RowLockMode::kUpdate)) return Malformed();
    state.row_locks.push_back(
        {SpaceId(lock.space), TreeId(lock.tree), RowId(lock.group), static_cast<RowLockMode>(lock.mode), lock.rows});
  }
  for (uint32_t i = 0; i < head.drops; ++i) {
    StateDrop drop;
    if (!reader.Take(&drop)) return Malformed();
    state.drops.emplace_back(SpaceId(drop.space), TreeId(drop.tree));
  }
  if (!reader.empty()) return Malformed();
  return state;
}

Status AppendPrepared(const PreparedState& state, size_t record_bytes_max,
                      FunctionRef<Status(wal::RecordType type, std::initializer_list<Bytes> payload)> append) {
  const std::string encoded = EncodePrepared(state);
  const size_t part_bytes = record_bytes_max - wal::kRecordHeaderBytes - sizeof(PrepareHead);
  Bytes rest = AsBytes(encoded);
  PrepareHead head{};
  for (; rest.size() > part_bytes; rest = rest.subspan(part_bytes), ++head.parts) {
    RETURN_IF_ERROR(append(wal::RecordType::kPreparePart, {rest.first(part_bytes)}));
  }
  const Bytes head_bytes(reinterpret_cast<const std::byte*>(&head), sizeof(head));
  return append(wal::RecordType::kPrepare, {head_bytes, rest});
}

Result<PreparedState> ReadPrepared(wal::LogWriter& log, Lsn lsn) {
  wal::Record record;
  RETURN_IF_ERROR(log.ReadRecord(lsn, &record));
  PrepareHead head;
  if (record.type() != wal::RecordType::kPrepare || record.payload().size() < sizeof(head)) return Malformed();
  std::memcpy(&head, record.payload().data(), sizeof(head));
  std::vector<std::string> parts;
  parts.emplace_back(AsText(record.payload().subspan(sizeof(head))));
  for (uint32_t i = 0; i < head.parts; ++i) {
    RETURN_IF_ERROR(log.ReadRecord(record.prev(), &record));
    if (record.type() != wal::RecordType::kPreparePart) return Malformed();
    parts.emplace_back(AsText(record.payload()));
  }
  std::string state;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) state += *part;
  return DecodePrepared(AsBytes(state));
}

}  // namespace phantom::txn
