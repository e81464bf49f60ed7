// Rows of the views on sessions: pg_settings, pg_cursors, pg_prepared_statements and others.
#include "session/activity_rows.h"
#include "session/read_lock_rows.h"
#include "session/row_writer.h"
#include "session/services.h"
#include "session/session_state.h"
#include "session/tiering/storage_rows.h"
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
  if (function == "pg_stat_get_activity") return ActivityRows(state_, args[0]);
  if (function == "pg_lock_status") {
    std::string locks = LockRows(state_);
    RETURN_IF_ERROR(AppendReadLocks(state_, &locks));
    return Field(std::move(locks));
  }
  if (function == "pg_prepared_xact") return Field(PreparedTransactionRows(state_.instance));
  RowWriter rows;
  if (function == "pg_cursor") {
    for (const auto& [name, portal] : state_.portals) {
      // A portal of the protocol only goes forward.
      const bool may_scroll = portal->is_cursor && !portal->is_no_scroll;
      const std::string query = portal->is_cursor ? portal->query : portal->source->text;
      rows.Add(name).Add(query).Bool(portal->is_holdable).Bool(portal->is_binary).Bool(may_scroll);
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
