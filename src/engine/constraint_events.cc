#include "engine/constraint_events.h"

#include <algorithm>

#include "common/bytes.h"
#include "engine/runtime.h"
#include "types/slot_bytes.h"

namespace phantom::engine {

namespace {

// Events decided at a time.
constexpr size_t kWindowBytes = 256 * 1024;

template <typename T>
void AppendNumber(std::string& out, T value) {
  char bytes[sizeof(T)];
  StoreLE<T>(bytes, value);
  out.append(bytes, sizeof(T));
}

template <typename T>
T TakeNumber(std::string_view& from) {
  const T value = LoadLE<T>(from.data());
  from.remove_prefix(sizeof(T));
  return value;
}

ConstraintEvent::Key TakeKey(std::string_view& from) {
  ConstraintEvent::Key key;
  if (from.empty()) return key;
  const auto count = TakeNumber<uint16_t>(from);
  key.reserve(count);
  for (uint16_t i = 0; i < count; ++i) {
    const auto oid = TakeNumber<uint32_t>(from);
    const auto typmod = static_cast<int32_t>(TakeNumber<uint32_t>(from));
    const types::Type type(oid, typmod);
    const auto layout = static_cast<types::Layout>(TakeNumber<uint8_t>(from));
    const auto size = TakeNumber<uint32_t>(from);
    if (size == UINT32_MAX) {
      key.push_back(types::Value::Null(type));
      continue;
    }
    alignas(16) std::byte slot[16] = {};
    types::SlotFromBytes(layout, from.substr(0, size), slot);
    key.push_back(types::Value::FromSlot(type, layout, slot));
    from.remove_prefix(size);
  }
  return key;
}

// The head of a record, without its keys.
ConstraintEvent TakeHeader(std::string_view& from) {
  ConstraintEvent event;
  event.kind = static_cast<ConstraintEvent::Kind>(TakeNumber<uint8_t>(from));
  event.initially_deferred = TakeNumber<uint8_t>(from) != 0;
  event.table = TakeNumber<uint32_t>(from);
  event.constraint = TakeNumber<uint32_t>(from);
  event.row = RowId(TakeNumber<uint64_t>(from));
  return event;
}

}  // namespace

void EventRecord::Begin(ConstraintEvent::Kind kind, const catalog::Constraint& constraint, Oid table, RowId row) {
  bytes_.clear();
  AppendNumber<uint8_t>(bytes_, static_cast<uint8_t>(kind));
  AppendNumber<uint8_t>(bytes_, constraint.deferred ? 1 : 0);
  AppendNumber<uint32_t>(bytes_, table);
  AppendNumber<uint32_t>(bytes_, constraint.oid);
  AppendNumber<uint64_t>(bytes_, row.value);
  key_at_ = bytes_.size();
}

// Of a value: type, layout, length (all ones: NULL) and bytes.
void EventRecord::AddValue(const types::Type& type, types::Layout layout, const void* slot) {
  AppendNumber<uint32_t>(bytes_, type.oid);
  AppendNumber<uint32_t>(bytes_, static_cast<uint32_t>(type.typmod));
  AppendNumber<uint8_t>(bytes_, static_cast<uint8_t>(layout));
  const size_t length_at = bytes_.size();
  AppendNumber<uint32_t>(bytes_, UINT32_MAX);
  if (slot == nullptr) return;
  types::AppendSlotBytes(layout, slot, bytes_);
  StoreLE<uint32_t>(bytes_.data() + length_at, static_cast<uint32_t>(bytes_.size() - length_at - 4));
}

size_t EventRecord::AddKey(std::span<const int16_t> columns, std::span<const types::Vector* const> full, uint32_t row) {
  key_at_ = bytes_.size();
  AppendNumber<uint16_t>(bytes_, static_cast<uint16_t>(columns.size()));
  size_t nulls = 0;
  for (const int16_t column : columns) {
    const types::Vector& vector = *full[column - 1];
    const bool null = vector.IsNull(row);
    if (null) ++nulls;
    AddValue(vector.type(), vector.layout(), null ? nullptr : vector.row_slot(row));
  }
  return nulls;
}

void EventRecord::BeginAgain(ConstraintEvent::Kind kind, const ConstraintEvent& event) {
  catalog::Constraint constraint;
  constraint.oid = event.constraint;
  constraint.deferred = event.initially_deferred;
  Begin(kind, constraint, event.table, event.row);
  for (const ConstraintEvent::Key* key : {&event.old_key, &event.new_key}) {
    if (key->empty()) continue;
    AppendNumber<uint16_t>(bytes_, static_cast<uint16_t>(key->size()));
    for (const types::Value& value : *key) {
      AddValue(value.type(), value.layout(), value.is_null() ? nullptr : value.slot());
    }
  }
}

ConstraintEvent EventRecord::Decode(std::string_view bytes) {
  ConstraintEvent event = TakeHeader(bytes);
  event.old_key = TakeKey(bytes);
  event.new_key = TakeKey(bytes);
  return event;
}

Status ConstraintQueue::Run(Runtime& runtime) {
  std::string bytes;
  for (uint64_t at = 0; at < log_.end();) {
    RETURN_IF_ERROR(runtime.context.CheckCancelled());
    RETURN_IF_ERROR(log_.Read(at, kWindowBytes, bytes, at));
    std::vector<ConstraintEvent> window;
    for (std::string_view rest = bytes; !rest.empty();) window.push_back(EventRecord::Decode(EventLog::NextRecord(rest)));
    RETURN_IF_ERROR(DecideEvents(window, runtime));
  }
  log_.Truncate(0);
  return Status::Ok();
}

bool DeferredConstraints::IsDeferred(Oid constraint, bool initially) const {
  const auto own = state_.by_constraint.find(constraint);
  return own != state_.by_constraint.end() ? own->second : state_.all.value_or(initially);
}

void DeferredConstraints::SetAll(bool deferred) {
  state_.by_constraint.clear();
  state_.all = deferred;
}

bool DeferredConstraints::IsDecided(Oid constraint, uint64_t end) const {
  if (end <= state_.decided) return true;
  const auto found = state_.decided_of.find(constraint);
  return found != state_.decided_of.end() && end <= found->second;
}

Status DeferredConstraints::Decide(bool all, ExecutionContext& context) {
  const uint64_t end = log_.end();
  if (state_.decided == end) return Status::Ok();
  Runtime runtime(context, 0, 0, 0);
  std::string bytes;
  std::map<Oid, uint64_t> decided_of = state_.decided_of;
  for (uint64_t at = state_.decided; at < end;) {
    RETURN_IF_ERROR(context.CheckCancelled());
    uint64_t position = at;
    RETURN_IF_ERROR(log_.Read(at, kWindowBytes, bytes, at));
    std::vector<ConstraintEvent> window;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const size_t before = rest.size();
      const std::string_view record = EventLog::NextRecord(rest);
      position += before - rest.size();
      std::string_view head = record;
      const ConstraintEvent event = TakeHeader(head);
      if (IsDecided(event.constraint, position)) continue;
      if (!all && IsDeferred(event.constraint, event.initially_deferred)) continue;
      decided_of[event.constraint] = end;
      window.push_back(EventRecord::Decode(record));
    }
    RETURN_IF_ERROR(DecideEvents(window, runtime));
  }
  RETURN_IF_ERROR(runtime.end_queue->Run(runtime));
  state_.decided_of = std::move(decided_of);
  if (all) {
    state_.decided = end;
    state_.decided_of.clear();
  }
  return Status::Ok();
}

Result<bool> DeferredConstraints::HasEvents(Oid table) const {
  std::string bytes;
  for (uint64_t at = state_.decided; at < log_.end();) {
    uint64_t position = at;
    RETURN_IF_ERROR(log_.Read(at, kWindowBytes, bytes, at));
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const size_t before = rest.size();
      std::string_view record = EventLog::NextRecord(rest);
      position += before - rest.size();
      const ConstraintEvent event = TakeHeader(record);
      if (event.table == table && !IsDecided(event.constraint, position)) return true;
    }
  }
  return false;
}

void DeferredConstraints::RollBackTo(size_t depth) {
  if (depth == 0 || depth > saved_.size()) return;
  state_ = saved_[depth - 1].state;
  log_.Truncate(saved_[depth - 1].end);
  saved_.resize(depth);
}

void DeferredConstraints::Reset() {
  log_.Truncate(0);
  saved_.clear();
  state_ = State();
}

}  // namespace phantom::engine
