// What functions ask of the session: users, settings, sequences, the server's own functions (PostgreSQL 15, chapters 9.17,
// 9.26 and 9.27).
#include <cstdlib>
#include <optional>

#include "catalog/builtins.h"
#include "catalog/catalog.h"
#include "engine/functions/any_arguments.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "io/env.h"
#include "types/array.h"
#include "types/ascii.h"
#include "types/civil.h"
#include "types/compare.h"
#include "types/encoding.h"
#include "types/keywords.h"
#include "types/text_format.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using Args = std::span<const types::Vector* const>;
using Out = Writer<StringRef>;
using I = int32_t;
using L = int64_t;

Result<SessionServices*> Session(const KernelContext& context) {
  if (context.execution != nullptr && context.execution->session != nullptr) return context.execution->session;
  return Error(sqlstate::kFeatureNotSupported,
               "function " + std::string(context.function_name) + " needs a session");
}

// ---- Functions the session answers by itself ----------------------------------------------------

// Calls the session's function of this prosrc, arguments and answer as text.
Status Forward(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  const catalog::FunctionRow* function = catalog::Builtins::Get().Function(context.function);
  if (function == nullptr) return Error(sqlstate::kInternalError, "function without a row in pg_proc");
  std::vector<std::optional<std::string>> texts(args.size());
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    bool null = false;
    for (size_t a = 0; a < args.size(); ++a) {
      texts[a].reset();
      const AnyValue value = ValueAt(*args[a], row);
      if (value.is_null()) {
        null = true;
      } else {
        RETURN_IF_ERROR(AppendValue(context, value, texts[a].emplace()));
      }
    }
    if (null && function->strict) {
      result.SetNull(row);
      continue;
    }
    ASSIGN_OR_RETURN(const std::optional<std::string> answer, session->Call(function->source, texts));
    if (!answer) {
      result.SetNull(row);
    } else if (result.type().oid == types::kVoidOid) {
      result.SetString(row, {});
    } else {
      RETURN_IF_ERROR(
          types::ParseTextSlot(result.type(), *answer, *context.format, result.heap().arena(), result.slot(row)));
    }
  }
  return Status::Ok();
}

Status SequenceLastValue(KernelContext& context, const int32_t& sequence, int64_t& out, bool& null) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  const std::optional<std::string> oid = std::to_string(static_cast<Oid>(sequence));
  ASSIGN_OR_RETURN(const std::optional<std::string> answer, session->Call("pg_sequence_last_value", {&oid, 1}));
  null = !answer.has_value();
  if (!null) out = std::strtoll(answer->c_str(), nullptr, 10);
  return Status::Ok();
}

// pg_sleep_for and pg_sleep_until.
Status SleepSeconds(KernelContext& context, double seconds) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  const std::optional<std::string> text = Format("%.6f", seconds);
  return session->Call("pg_sleep", {&text, 1}).status();
}
Status SleepFor(KernelContext& context, const types::Interval& interval, Out& out) {
  out.SetText({});
  const double micros = static_cast<double>(types::IntervalLength(interval));
  return SleepSeconds(context, micros / 1000000.0);
}
Status SleepUntil(KernelContext& context, const L& moment, Out& out) {
  out.SetText({});
  const int64_t now = context.execution->env != nullptr
                          ? context.execution->env->WallMicros() + types::kUnixEpochSeconds * types::kMicrosPerSecond
                          : context.execution->statement_start_us;
  return SleepSeconds(context, static_cast<double>(moment - now) / 1000000.0);
}

// ---- Who and where ------------------------------------------------------------------------------

template <auto Member>
Status SessionText(KernelContext& context, Out& out) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  out.SetText((session->*Member)());
  return Status::Ok();
}
Status CurrentSchema(KernelContext& context, Out& out) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  const std::vector<std::string> path = session->SearchPath(false);
  path.empty() ? out.SetNull() : out.SetText(path[0]);
  return Status::Ok();
}
Status CurrentSchemas(KernelContext& context, const bool& implicit, Out& out) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  types::ArrayBuilder builder(types::kNameOid);
  for (const std::string& name : session->SearchPath(implicit)) {
    const StringRef text{std::string_view(name)};
    builder.Add(&text);
  }
  out.SetText(builder.Finish());
  return Status::Ok();
}
Status Version(KernelContext& context, Out& out) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  ASSIGN_OR_RETURN(const std::string version, session->GetSetting("server_version"));
  out.SetText("PostgreSQL " + version + " on x86_64-pc-linux-gnu, compiled by gcc, 64-bit");
  return Status::Ok();
}
Status CurrentQuery(KernelContext& context, Out& out) {
  if (context.execution == nullptr) {
    out.SetNull();
  } else {
    out.SetText(context.execution->query_text);
  }
  return Status::Ok();
}

template <bool kPort>
Status ClientPlace(KernelContext& context, Args, const Rows& rows, types::Vector& result) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  const std::string address = session->ClientAddress();
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (address.empty()) {
      result.SetNull(row);
    } else if (kPort) {
      result.data<I>()[row] = session->ClientPort();
    } else {
      result.SetString(row, address);
    }
  }
  return Status::Ok();
}

// ---- Settings -----------------------------------------------------------------------------------

Status CurrentSetting(KernelContext& context, const StringRef& name, Out& out) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  ASSIGN_OR_RETURN(const std::string value, session->GetSetting(name.view()));
  out.SetText(value);
  return Status::Ok();
}
Status CurrentSettingOrNull(KernelContext& context, const StringRef& name, const bool& missing_ok, Out& out) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  Result<std::string> value = session->GetSetting(name.view());
  if (!value.ok()) {
    if (!missing_ok || value.status().sqlstate() != sqlstate::kUndefinedObject) return std::move(value).status();
    out.SetNull();
    return Status::Ok();
  }
  out.SetText(*value);
  return Status::Ok();
}
Status SetConfig(KernelContext& context, const StringRef* name, const StringRef* value, const bool* is_local, Out& out) {
  if (name == nullptr) return Error(sqlstate::kNullValueNotAllowed, "SET requires parameter name");
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  RETURN_IF_ERROR(session->SetSetting(name->view(), value == nullptr ? std::string_view() : value->view(),
                                      is_local != nullptr && *is_local));
  ASSIGN_OR_RETURN(const std::string now, session->GetSetting(name->view()));
  out.SetText(now);
  return Status::Ok();
}

// ---- Encodings ----------------------------------------------------------------------------------

Status EncodingName(KernelContext&, const I& number, Out& out) {
  const auto names = types::EncodingNames();
  const bool known = number >= 0 && static_cast<size_t>(number) < names.size();
  out.SetText(known ? names[static_cast<size_t>(number)] : std::string_view());
  return Status::Ok();
}
I EncodingNumber(const StringRef& name) { return types::FindEncoding(name.view()); }
Status EncodingBytesMax(KernelContext&, const I& number, I& out, bool& null) {
  const auto names = types::EncodingNames();
  null = number < 0 || static_cast<size_t>(number) >= names.size();
  const std::string_view name = null ? std::string_view() : names[static_cast<size_t>(number)];
  out = name == "UTF8" || name == "EUC_TW" || name == "MULE_INTERNAL" || name == "GB18030" ? 4
        : name.starts_with("EUC") || name == "JOHAB"                                       ? 3
        : name == "SJIS" || name == "BIG5" || name == "GBK" || name == "UHC" || name == "SHIFT_JIS_2004" ? 2
                                                                                           : 1;
  return Status::Ok();
}
Status ClientEncoding(KernelContext& context, Out& out) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  ASSIGN_OR_RETURN(const std::string value, session->GetSetting("client_encoding"));
  out.SetText(value);
  return Status::Ok();
}
StringRef DatabaseEncoding() { return StringRef(std::string_view("UTF8")); }

// ---- Sequences ----------------------------------------------------------------------------------

Status NextValue(KernelContext& context, const I& sequence, L& out) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  ASSIGN_OR_RETURN(out, session->NextValue(static_cast<Oid>(sequence)));
  return Status::Ok();
}
Status CurrentValue(KernelContext& context, const I& sequence, L& out) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  ASSIGN_OR_RETURN(out, session->CurrentValue(static_cast<Oid>(sequence)));
  return Status::Ok();
}
Status LastValue(KernelContext& context, L& out) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  ASSIGN_OR_RETURN(out, session->LastValue());
  return Status::Ok();
}
Status SetValueCalled(KernelContext& context, const I& sequence, const L& value, const bool& is_called, L& out) {
  ASSIGN_OR_RETURN(SessionServices* const session, Session(context));
  out = value;
  return session->SetValue(static_cast<Oid>(sequence), value, is_called);
}
Status SetValue(KernelContext& context, const I& sequence, const L& value, L& out) {
  return SetValueCalled(context, sequence, value, true, out);
}

// ---- Types of arguments -------------------------------------------------------------------------

Status TypeOf(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  const Oid type = context.arg_types.empty() ? args[0]->type().oid : context.arg_types[0].oid;
  for (size_t i = 0; i < rows.count; ++i) result.data<I>()[rows[i]] = static_cast<I>(type);
  return Status::Ok();
}
Status CollationFor(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  const catalog::CollationRow* collation = catalog::Builtins::Get().Collation(context.collation);
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (collation == nullptr) {
      result.SetNull(row);
    } else {
      result.SetString(row, types::QuoteIdentifier(collation->name));
    }
  }
  return Status::Ok();
}
// The size of a value as PostgreSQL's storage counts it: fixed types by their width, others with a length word.
Status ColumnSize(KernelContext&, Args args, const Rows& rows, types::Vector& result) {
  const int16_t length = types::TypeLength(args[0]->type().oid);
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row)) {
      result.SetNull(row);
      continue;
    }
    I size = length;
    if (length < 0) {
      size = args[0]->layout() == types::Layout::kString ? static_cast<I>(args[0]->Get<StringRef>(row).size()) + 4 : 10;
    }
    result.data<I>()[row] = size;
  }
  return Status::Ok();
}

#define FORWARD(name) KernelEntry::Scalar(name, Forward)
#define ADVISORY(name) \
  FORWARD(name "_int8"), FORWARD(name "_int4"), FORWARD(name "_shared_int8"), FORWARD(name "_shared_int4")

constexpr KernelEntry kTable[] = {
    FORWARD("pg_backend_pid"), FORWARD("pg_notify"), FORWARD("pg_notification_queue_usage"),
    FORWARD("pg_sleep"), FORWARD("pg_cancel_backend"),
    FORWARD("pg_terminate_backend"), FORWARD("pg_current_xact_id"), FORWARD("pg_current_xact_id_if_assigned"),
    FORWARD("pg_xact_status"), FORWARD("pg_blocking_pids"),
    FORWARD("pg_safe_snapshot_blocking_pids"), FORWARD("pg_isolation_test_session_is_blocked"),
    FORWARD("pg_is_in_recovery"), FORWARD("pg_current_wal_lsn"),
    FORWARD("pg_current_wal_insert_lsn"), FORWARD("pg_current_wal_flush_lsn"), FORWARD("pg_switch_wal"),
    FORWARD("pg_postmaster_start_time"), FORWARD("pg_conf_load_time"), FORWARD("pg_reload_conf"),
    FORWARD("pg_my_temp_schema"), FORWARD("pg_is_other_temp_schema"), FORWARD("pg_settings_get_flags"),
    FORWARD("pg_stat_get_db_numbackends"), FORWARD("pg_database_size_oid"), FORWARD("pg_database_size_name"),
    FORWARD("pg_tablespace_size_oid"), FORWARD("pg_tablespace_size_name"),
    FORWARD("pg_export_snapshot"),
    FORWARD("pg_advisory_unlock_all"), ADVISORY("pg_advisory_lock"), ADVISORY("pg_advisory_xact_lock"),
    ADVISORY("pg_try_advisory_lock"), ADVISORY("pg_try_advisory_xact_lock"), ADVISORY("pg_advisory_unlock"),
    KernelEntry::Scalar(3935, Strict<SleepFor, StringRef, types::Interval>),
    KernelEntry::Scalar(3936, Strict<SleepUntil, StringRef, L>),
    KernelEntry::Scalar("current_user", Strict<SessionText<&SessionServices::CurrentUser>, StringRef>),
    KernelEntry::Scalar("session_user", Strict<SessionText<&SessionServices::SessionUser>, StringRef>),
    KernelEntry::Scalar("current_database", Strict<SessionText<&SessionServices::CurrentDatabase>, StringRef>),
    KernelEntry::Scalar("current_schema", Strict<CurrentSchema, StringRef>),
    KernelEntry::Scalar("current_schemas", Strict<CurrentSchemas, StringRef, bool>),
    KernelEntry::Scalar("pgsql_version", Strict<Version, StringRef>),
    KernelEntry::Scalar("current_query", Strict<CurrentQuery, StringRef>),
    KernelEntry::Scalar("inet_client_addr", ClientPlace<false>),
    KernelEntry::Scalar("inet_client_port", ClientPlace<true>),
    KernelEntry::Scalar("show_config_by_name", Strict<CurrentSetting, StringRef, StringRef>),
    KernelEntry::Scalar("show_config_by_name_missing_ok", Strict<CurrentSettingOrNull, StringRef, StringRef, bool>),
    KernelEntry::Scalar("set_config_by_name", Nullable<SetConfig, StringRef, StringRef, StringRef, bool>),
    KernelEntry::Scalar("PG_encoding_to_char", Strict<EncodingName, StringRef, I>),
    KernelEntry::Scalar("PG_char_to_encoding", Strict<EncodingNumber, I, StringRef>),
    KernelEntry::Scalar("pg_encoding_max_length_sql", Strict<EncodingBytesMax, I, I>),
    KernelEntry::Scalar("pg_client_encoding", Strict<ClientEncoding, StringRef>),
    KernelEntry::Scalar("getdatabaseencoding", Strict<DatabaseEncoding, StringRef>),
    KernelEntry::Scalar("nextval_oid", Strict<NextValue, L, I>),
    KernelEntry::Scalar("currval_oid", Strict<CurrentValue, L, I>),
    KernelEntry::Scalar("pg_sequence_last_value", Strict<SequenceLastValue, L, I>),
    KernelEntry::Scalar("lastval", Strict<LastValue, L>),
    KernelEntry::Scalar("setval_oid", Strict<SetValue, L, I, L>),
    KernelEntry::Scalar("setval3_oid", Strict<SetValueCalled, L, I, L, bool>),
    KernelEntry::Scalar("pg_typeof", TypeOf),
    KernelEntry::Scalar("pg_collation_for", CollationFor),
    KernelEntry::Scalar("pg_column_size", ColumnSize),
};

}  // namespace

std::span<const KernelEntry> SessionInfoKernels() { return kTable; }

}  // namespace phantom::engine
