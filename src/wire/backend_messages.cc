#include "wire/backend_messages.h"

#include "wire/message_writer.h"

namespace phantom::wire {

namespace {

constexpr int32_t kAuthOk = 0;
constexpr int32_t kAuthSasl = 10;
constexpr int32_t kAuthSaslContinue = 11;
constexpr int32_t kAuthSaslFinal = 12;

void AppendEmpty(std::string& out, char type) { MessageWriter(out, type).End(); }

void AppendAuthentication(std::string& out, int32_t code, std::string_view data) {
  MessageWriter message(out, 'R');
  message.AddInt32(code);
  message.AddBytes(data);
  message.End();
}

void AppendCopyResponse(std::string& out, char type, int16_t format, size_t columns) {
  MessageWriter message(out, type);
  message.AddByte(static_cast<char>(format));
  message.AddInt16(static_cast<int16_t>(columns));
  for (size_t i = 0; i < columns; ++i) message.AddInt16(format);
  message.End();
}

}  // namespace

void AppendAuthenticationOk(std::string& out) { AppendAuthentication(out, kAuthOk, {}); }

void AppendAuthenticationSasl(std::string& out, std::span<const std::string_view> mechanisms) {
  MessageWriter message(out, 'R');
  message.AddInt32(kAuthSasl);
  for (const std::string_view mechanism : mechanisms) message.AddString(mechanism);
  message.AddByte('\0');
  message.End();
}

void AppendAuthenticationSaslContinue(std::string& out, std::string_view data) {
  AppendAuthentication(out, kAuthSaslContinue, data);
}

void AppendAuthenticationSaslFinal(std::string& out, std::string_view data) {
  AppendAuthentication(out, kAuthSaslFinal, data);
}

void AppendNegotiateProtocolVersion(std::string& out, int32_t newest_minor,
                                    std::span<const std::string> unknown_options) {
  MessageWriter message(out, 'v');
  message.AddInt32(newest_minor);
  message.AddInt32(static_cast<int32_t>(unknown_options.size()));
  for (const std::string& option : unknown_options) message.AddString(option);
  message.End();
}

void AppendBackendKeyData(std::string& out, int32_t pid, int32_t cancel_key) {
  MessageWriter message(out, 'K');
  message.AddInt32(pid);
  message.AddInt32(cancel_key);
  message.End();
}

void AppendParameterStatus(std::string& out, std::string_view name, std::string_view value) {
  MessageWriter message(out, 'S');
  message.AddString(name);
  message.AddString(value);
  message.End();
}

void AppendReadyForQuery(std::string& out, char transaction_status) {
  MessageWriter message(out, 'Z');
  message.AddByte(transaction_status);
  message.End();
}

void AppendRowDescription(std::string& out, size_t count, FunctionRef<FieldDescription(size_t)> describe) {
  MessageWriter message(out, 'T');
  message.AddInt16(static_cast<int16_t>(count));
  for (size_t i = 0; i < count; ++i) {
    const FieldDescription field = describe(i);
    message.AddString(field.name);
    message.AddInt32(static_cast<int32_t>(field.table));
    message.AddInt16(field.number);
    message.AddInt32(static_cast<int32_t>(field.type));
    message.AddInt16(field.type_size);
    message.AddInt32(field.typmod);
    message.AddInt16(field.format);
  }
  message.End();
}

void AppendFunctionCallResponse(std::string& out, const std::optional<std::string>& value) {
  MessageWriter message(out, 'V');
  message.AddInt32(value.has_value() ? static_cast<int32_t>(value->size()) : -1);
  if (value.has_value()) message.AddBytes(*value);
  message.End();
}

void AppendNoData(std::string& out) { AppendEmpty(out, 'n'); }

void AppendParameterDescription(std::string& out, std::span<const Oid> types) {
  MessageWriter message(out, 't');
  message.AddInt16(static_cast<int16_t>(types.size()));
  for (const Oid type : types) message.AddInt32(static_cast<int32_t>(type));
  message.End();
}

void AppendCommandComplete(std::string& out, std::string_view tag) {
  MessageWriter message(out, 'C');
  message.AddString(tag);
  message.End();
}

void AppendEmptyQueryResponse(std::string& out) { AppendEmpty(out, 'I'); }
void AppendPortalSuspended(std::string& out) { AppendEmpty(out, 's'); }
void AppendParseComplete(std::string& out) { AppendEmpty(out, '1'); }
void AppendBindComplete(std::string& out) { AppendEmpty(out, '2'); }
void AppendCloseComplete(std::string& out) { AppendEmpty(out, '3'); }

void AppendCopyInResponse(std::string& out, int16_t format, size_t columns) {
  AppendCopyResponse(out, 'G', format, columns);
}
void AppendCopyOutResponse(std::string& out, int16_t format, size_t columns) {
  AppendCopyResponse(out, 'H', format, columns);
}

void AppendCopyData(std::string& out, std::string_view bytes) {
  MessageWriter message(out, 'd');
  message.AddBytes(bytes);
  message.End();
}

void AppendCopyDone(std::string& out) { AppendEmpty(out, 'c'); }

void AppendReport(std::string& out, std::string_view severity, const ErrorFields& fields) {
  const bool is_error = severity == "ERROR" || severity == "FATAL" || severity == "PANIC";
  MessageWriter message(out, is_error ? 'E' : 'N');
  const auto add = [&message](char code, std::string_view text) {
    if (text.empty()) return;
    message.AddByte(code);
    message.AddString(text);
  };
  add('S', severity);
  add('V', severity);
  add('C', SqlStateText(fields.sqlstate));
  // The message is never absent, however short.
  message.AddByte('M');
  message.AddString(fields.message);
  add('D', fields.detail);
  add('H', fields.hint);
  if (fields.position > 0) add('P', std::to_string(fields.position));
  if (fields.internal_position > 0) add('p', std::to_string(fields.internal_position));
  add('q', fields.internal_query);
  add('W', fields.context);
  add('s', fields.schema);
  add('t', fields.table);
  add('c', fields.column);
  add('d', fields.data_type);
  add('n', fields.constraint);
  message.AddByte('\0');
  message.End();
}

void AppendNotification(std::string& out, int32_t sender_pid, std::string_view channel, std::string_view payload) {
  MessageWriter message(out, 'A');
  message.AddInt32(sender_pid);
  message.AddString(channel);
  message.AddString(payload);
  message.End();
}

}  // namespace phantom::wire
