// Set-returning functions whose rows the session knows: settings, activity, locks, cursors, prepared statements.
#include "catalog/builtins.h"
#include "engine/functions/tables.h"
#include "engine/text_rows.h"
#include "types/text_format.h"

namespace phantom::engine {

namespace {

class SessionRows final : public SetGenerator {
 public:
  SessionRows(std::string rows, const types::FormatContext& format)
      : rows_(std::move(rows)), reader_(rows_), format_(format) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    uint32_t count = 0;
    for (; count < types::kVectorSize && !reader_.at_end(); ++count) {
      std::optional<std::string_view> field;
      for (uint32_t column = 0; reader_.NextField(&field); ++column) {
        if (column >= out.column_count()) continue;
        types::Vector& vector = out.column(column);
        if (!field.has_value()) {
          vector.SetNull(count);
        } else if (vector.type().oid == types::kInetOid) {
          vector.SetString(count, *field);  // the session has it from the socket
        } else {
          RETURN_IF_ERROR(types::ParseTextInto(*field, format_, vector, count));
        }
      }
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  const std::string rows_;
  TextRowReader reader_;
  const types::FormatContext& format_;
};

// The session answers by the function's prosrc. The one argument there may be is an integer.
Result<std::unique_ptr<SetGenerator>> Start(KernelContext& context, std::span<const types::Vector* const> args,
                                            size_t row) {
  if (context.execution == nullptr || context.execution->session == nullptr) {
    return Error(sqlstate::kFeatureNotSupported, "function " + std::string(context.function_name) + " needs a session");
  }
  const catalog::FunctionRow* function = catalog::Builtins::Get().Function(context.function);
  if (function == nullptr) return Error(sqlstate::kInternalError, "function without a row in pg_proc");
  std::vector<std::optional<std::string>> texts;
  for (const types::Vector* arg : args) {
    const auto r = static_cast<uint32_t>(row);
    texts.push_back(arg->IsNull(r) ? std::nullopt : std::optional(std::to_string(arg->Get<int32_t>(r))));
  }
  ASSIGN_OR_RETURN(std::optional<std::string> rows, context.execution->session->Call(function->source, texts));
  if (!rows.has_value()) return std::unique_ptr<SetGenerator>();
  return std::unique_ptr<SetGenerator>(std::make_unique<SessionRows>(std::move(*rows), *context.format));
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Set("show_all_settings", Start),     KernelEntry::Set("pg_stat_get_activity", Start),
    KernelEntry::Set("pg_lock_status", Start),        KernelEntry::Set("pg_cursor", Start),
    KernelEntry::Set("pg_prepared_statement", Start), KernelEntry::Set("pg_listening_channels", Start),
    KernelEntry::Set("pg_timezone_names", Start),     KernelEntry::Set("pg_timezone_abbrevs", Start),
    KernelEntry::Set("phantom_check", Start),         KernelEntry::Set("pg_prepared_xact", Start),
    KernelEntry::Set("phantom_get_storage", Start),   KernelEntry::Set("phantom_get_segment_columns", Start),
    KernelEntry::Set("phantom_get_compaction", Start),
};

}  // namespace

std::span<const KernelEntry> SessionRowKernels() { return kTable; }

}  // namespace phantom::engine
