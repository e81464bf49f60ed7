// Rows of the views on sessions: pg_settings, pg_stat_activity, pg_locks, pg_cursors, pg_prepared_statements.
#include <map>

#include "session/read_lock_rows.h"
#include "session/row_writer.h"
#include "session/services.h"
#include "session/session_state.h"
#include "session/tiering/storage_rows.h"
#include "txn/lock_modes.h"
#include "txn/serializable.h"
#include "types/format_context.h"
#include "types/text_format.h"
#include "types/zone_abbreviations.h"

namespace phantom::session {

namespace {

// An array's text; elements are quoted as they may hold anything.
std::string ArrayText(std::string_view list) {
  std::string array;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view item = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    if (item.starts_with('~')) continue;
    array += (array.empty() ? "\"" : ",\"") + std::string(item) + "\"";
  }
  return "{" + array + "}";
}

std::string SettingRowsText(SessionState& state) {
  RowWriter rows;
  for (const SettingView& view : state.settings.List()) {
    const SettingRow& row = *view.row;
    if ((row.flags & setting_flag::kSuperuserOnly) != 0 && !state.superuser) continue;
    const bool number = row.type == SettingType::kInteger || row.type == SettingType::kReal;
    rows.Add(row.name).Add(view.setting).Add(row.unit).Add(row.category).Add(row.short_description);
    rows.Add(row.extra_description).Add(SettingContextName(row.context)).Add(SettingTypeName(row.type));
    rows.Add(SettingSourceName(view.source));
    rows.Add(number ? Field(Format("%.15g", row.min)) : Field())
        .Add(number ? Field(Format("%.15g", row.max)) : Field());
    rows.Add(row.choices == nullptr ? Field() : Field(ArrayText(row.choices)));
    rows.Add(row.boot).Add(view.reset_value).Null(2).Bool(false).End();
  }
  return rows.Take();
}

// What a READ ONLY DEFERRABLE transaction waits for.
constexpr const char* kSafeSnapshot = "SafeSnapshot";

// What a session waits for, by PostgreSQL's names: the client while it is idle, a lock while it is not.
std::pair<const char*, const char*> WaitEventOf(const Activity& activity,
                                                const std::map<int32_t, const char*>& waits_for_lock) {
  if (activity.state.starts_with("idle")) return {"Client", "ClientRead"};
  const auto waiting = waits_for_lock.find(activity.pid);
  if (waiting == waits_for_lock.end()) return {nullptr, nullptr};
  return {waiting->second == kSafeSnapshot ? "IPC" : "Lock", waiting->second};
}

const char* LockKindName(txn::LockKind kind) {
  switch (kind) {
    case txn::LockKind::kRelation: return "relation";
    case txn::LockKind::kTuple: return "tuple";
    case txn::LockKind::kTransaction: return "transactionid";
    case txn::LockKind::kVirtualTransaction: return "virtualxid";
    case txn::LockKind::kObject: return "object";
    case txn::LockKind::kAdvisory: return "advisory";
  }
  return "";
}

std::string Activities(SessionState& state, const Field& pid) {
  RowWriter rows;
  std::map<int32_t, const char*> waits_for_lock;
  for (const txn::LockInfo& lock : state.instance.transactions().locks().Locks()) {
    if (lock.granted) continue;
    const bool snapshot = lock.tag.kind == txn::LockKind::kTransaction && txn::SerializableGraph::IsWaitName(lock.tag.key);
    waits_for_lock[lock.process_id] = snapshot ? kSafeSnapshot : LockKindName(lock.tag.kind);
  }
  for (const Activity& activity : state.instance.sessions().List()) {
    if (activity.pid == 0) continue;  // still opening
    if (pid.has_value() && *pid != std::to_string(activity.pid)) continue;
    const bool visible = state.superuser || activity.user_oid == state.current_user;
    rows.Number(activity.database_oid).Number(activity.pid).Number(activity.user_oid).Add(activity.application_name);
    rows.Add(visible ? Field(activity.state) : Field()).Add(visible ? activity.query : "<insufficient privilege>");
    const auto [wait_type, wait_event] = WaitEventOf(activity, waits_for_lock);
    rows.Add(visible ? wait_type : nullptr).Add(visible ? wait_event : nullptr);
    rows.Time(activity.transaction_start).Time(activity.query_start).Time(activity.backend_start);
    rows.Time(activity.state_change);
    // Addresses have no type of their own here.
    rows.Null(2).Number(activity.client_port).Null(2).Add("client backend").Bool(activity.tls).Null(6);
    rows.Bool(false).Null().Bool(false).Null(2).End();
  }
  return rows.Take();
}

std::string Locks(SessionState& state) {
  RowWriter rows;
  for (const txn::LockInfo& lock : state.instance.transactions().locks().Locks()) {
    const txn::LockTag& tag = lock.tag;
    if (tag.kind == txn::LockKind::kTransaction && txn::SerializableGraph::IsWaitName(tag.key)) continue;
    const auto common = [&] {
      if (lock.prepared) {
        rows.Add(Format("-1/%u", static_cast<uint32_t>(lock.prepared.value))).Null();
      } else {
        rows.Add(Format("%d/0", lock.process_id)).Number(lock.process_id);
      }
      rows.Add(txn::LockModeName(lock.mode));
      rows.Bool(lock.granted).Bool(lock.fast_path).Null().End();
    };
    switch (tag.kind) {
      case txn::LockKind::kRelation:
        rows.Add(LockKindName(tag.kind)).Number(tag.database).Number(tag.object).Null(7);
        break;
      case txn::LockKind::kTuple:
        rows.Add(LockKindName(tag.kind)).Number(tag.database).Number(tag.object).Null(7);
        break;
      case txn::LockKind::kTransaction:
        rows.Add(LockKindName(tag.kind)).Null(5).Number(static_cast<uint32_t>(tag.key)).Null(3);
        break;
      case txn::LockKind::kVirtualTransaction:
        rows.Add(LockKindName(tag.kind)).Null(4);
        rows.Add(Format("%u/%llu", tag.object, static_cast<unsigned long long>(tag.key))).Null(4);
        break;
      case txn::LockKind::kObject:
        rows.Add(LockKindName(tag.kind)).Number(tag.database).Null(5).Number(tag.classid).Number(tag.object).Number(0);
        break;
      case txn::LockKind::kAdvisory:
        rows.Add(LockKindName(tag.kind)).Number(tag.database).Null(5).Number(static_cast<uint32_t>(tag.key >> 32));
        rows.Number(static_cast<uint32_t>(tag.key)).Number(tag.subid);
        break;
    }
    common();
  }
  return rows.Take();
}

std::string OffsetText(int32_t seconds) {
  const int magnitude = std::abs(seconds);
  return Format("%s%02d:%02d:%02d", seconds < 0 ? "-" : "", magnitude / 3600, magnitude / 60 % 60, magnitude % 60);
}

// What zones, or abbreviations, mean at an instant.
void ZoneRows(bool names, int64_t now_us, RowWriter& rows) {
  if (names) {
    for (const std::string& name : types::ZoneNameList()) {
      const std::optional<types::TimeZone> zone = types::TimeZone::Find(name);
      if (!zone.has_value()) continue;
      const types::ZoneOffset offset = zone->At(now_us);
      rows.Add(name).Add(std::string(offset.abbreviation)).Add(OffsetText(offset.seconds_east)).Bool(offset.is_dst).End();
    }
    return;
  }
  for (const types::ZoneAbbreviation& abbreviation : types::ZoneAbbreviations()) {
    types::ZoneOffset offset{abbreviation.seconds_east, abbreviation.is_dst, {}};
    if (!abbreviation.zone.empty()) {
      const std::optional<types::TimeZone> zone = types::TimeZone::Find(abbreviation.zone);
      if (zone.has_value()) offset = zone->Meaning(abbreviation.name, now_us).value_or(zone->At(now_us));
    }
    std::string upper(abbreviation.name);
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    rows.Add(upper).Add(OffsetText(offset.seconds_east)).Bool(offset.is_dst).End();
  }
}

}  // namespace

Result<std::optional<std::string>> Services::CallRows(std::string_view function,
                                                      std::span<const std::optional<std::string>> args) {
  if (function == "phantom_get_storage") return StorageRows(state_);
  if (function == "phantom_get_segment_columns") return SegmentColumnRows(state_);
  if (function == "phantom_get_compaction") return CompactionRows(state_);
  if (function == "show_all_settings") return Field(SettingRowsText(state_));
  if (function == "pg_stat_get_activity") return Field(Activities(state_, args[0]));
  if (function == "pg_lock_status") {
    std::string locks = Locks(state_);
    RETURN_IF_ERROR(AppendReadLocks(state_, &locks));
    return Field(std::move(locks));
  }
  if (function == "pg_prepared_xact") return Field(PreparedTransactionRows(state_.instance));
  RowWriter rows;
  if (function == "pg_cursor") {
    for (const auto& [name, portal] : state_.portals) {
      if (!portal->is_cursor) continue;
      rows.Add(name).Add(portal->query).Bool(portal->is_holdable).Bool(portal->is_binary).Bool(!portal->is_no_scroll);
      rows.Time(portal->created_us).End();
    }
    return Field(rows.Take());
  }
  if (function == "pg_prepared_statement") {
    for (const auto& [name, statement] : state_.statements) {
      if (name.empty()) continue;
      std::string types;
      for (const Oid type : statement->param_types) types += (types.empty() ? "" : ",") + std::to_string(type);
      rows.Add(name).Add(std::string(statement->text())).Time(statement->prepared_us).Add("{" + types + "}");
      rows.Bool(statement->from_sql).Number(0).Number(0).End();
    }
    return Field(rows.Take());
  }
  if (function == "pg_timezone_names" || function == "pg_timezone_abbrevs") {
    ZoneRows(function == "pg_timezone_names", state_.block.start_us(), rows);
    return Field(rows.Take());
  }
  if (function == "pg_listening_channels") {
    for (const std::string& channel : state_.instance.notifications().ChannelsOf(*state_.control))
      rows.Add(channel).End();
    return Field(rows.Take());
  }
  return Errorf(sqlstate::kFeatureNotSupported, "function %s is not supported", std::string(function).c_str());
}

}  // namespace phantom::session
