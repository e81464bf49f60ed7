#include "server/wire_sink.h"

#include <vector>

#include "session/session.h"
#include "types/encoding.h"
#include "wire/backend_messages.h"
#include "wire/data_row.h"

namespace phantom::server {

const types::ByteEncoding* WireSink::encoding() const { return session_ == nullptr ? nullptr : session_->encoding(); }

std::string WireSink::ForClient(std::string_view text) const { return encoding()->FromUtf8Lossy(text); }

void WireSink::RowDescription(std::span<const session::ColumnDescription> columns, std::span<const int16_t> formats) {
  std::string converted;
  wire::AppendRowDescription(out_, columns.size(), [&](size_t i) -> wire::FieldDescription {
    const session::ColumnDescription& column = columns[i];
    std::string_view name = column.name;
    if (encoding() != nullptr) name = converted = ForClient(name);
    return {name, column.table, column.number, column.type, column.type_size, column.typmod, session::FormatOf(formats, i)};
  });
}

Status WireSink::Rows(const types::Chunk& chunk, size_t first, size_t count,
                      std::span<const session::ColumnDescription> columns, std::span<const int16_t> formats,
                      const types::FormatContext& context) {
  return wire::AppendDataRows(out_, chunk, static_cast<uint32_t>(first), static_cast<uint32_t>(count),
                              static_cast<uint32_t>(columns.size()), formats, context, encoding());
}

void WireSink::CommandComplete(std::string_view tag) { wire::AppendCommandComplete(out_, tag); }
void WireSink::EmptyQuery() { wire::AppendEmptyQueryResponse(out_); }
void WireSink::PortalSuspended() { wire::AppendPortalSuspended(out_); }
void WireSink::ParseComplete() { wire::AppendParseComplete(out_); }
void WireSink::BindComplete() { wire::AppendBindComplete(out_); }
void WireSink::CloseComplete() { wire::AppendCloseComplete(out_); }
void WireSink::ParameterDescription(std::span<const Oid> types) { wire::AppendParameterDescription(out_, types); }
void WireSink::NoData() { wire::AppendNoData(out_); }
void WireSink::FunctionResult(const std::optional<std::string>& value) { wire::AppendFunctionCallResponse(out_, value); }
void WireSink::CopyInResponse(int16_t format, size_t columns) { wire::AppendCopyInResponse(out_, format, columns); }
void WireSink::CopyOutResponse(int16_t format, size_t columns) { wire::AppendCopyOutResponse(out_, format, columns); }
void WireSink::CopyData(std::string_view bytes) { wire::AppendCopyData(out_, bytes); }
void WireSink::CopyDone() { wire::AppendCopyDone(out_); }
void WireSink::Report(session::Severity severity, const Status& status) {
  if (encoding() == nullptr) return wire::AppendReport(out_, session::SeverityName(severity), status.error());
  ErrorFields fields = status.error();
  for (std::string* text : {&fields.message, &fields.detail, &fields.hint, &fields.context, &fields.schema, &fields.table,
                            &fields.column, &fields.data_type, &fields.constraint}) {
    *text = ForClient(*text);
  }
  wire::AppendReport(out_, session::SeverityName(severity), fields);
}
void WireSink::ParameterStatus(std::string_view name, std::string_view value) {
  wire::AppendParameterStatus(out_, name, value);
}
void WireSink::Notification(int32_t sender_pid, std::string_view channel, std::string_view payload) {
  if (encoding() == nullptr) return wire::AppendNotification(out_, sender_pid, channel, payload);
  wire::AppendNotification(out_, sender_pid, ForClient(channel), ForClient(payload));
}
void WireSink::ReadyForQuery(char transaction_status) { wire::AppendReadyForQuery(out_, transaction_status); }

}  // namespace phantom::server
