// wire/backend_messages.h
//
// Everything a server says, appended to an output buffer (PostgreSQL 15, chapter 55.7).
//
// Thread safety: free functions over the caller's buffer.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/function_ref.h"
#include "common/ids.h"
#include "common/status.h"

namespace phantom::wire {

struct FieldDescription {
  std::string_view name;
  Oid table = 0;
  int16_t number = 0;
  Oid type = 0;
  int16_t type_size = -1;
  int32_t typmod = -1;
  int16_t format = 0;
};

void AppendAuthenticationOk(std::string& out);
// Offers mechanisms, best first.
void AppendAuthenticationSasl(std::string& out, std::span<const std::string_view> mechanisms);
void AppendAuthenticationSaslContinue(std::string& out, std::string_view data);
void AppendAuthenticationSaslFinal(std::string& out, std::string_view data);
void AppendNegotiateProtocolVersion(std::string& out, int32_t newest_minor,
                                    std::span<const std::string> unknown_options);
void AppendBackendKeyData(std::string& out, int32_t pid, int32_t cancel_key);
void AppendParameterStatus(std::string& out, std::string_view name, std::string_view value);
void AppendReadyForQuery(std::string& out, char transaction_status);

void AppendRowDescription(std::string& out, size_t count, FunctionRef<FieldDescription(size_t)> field);
// A function's result: bytes in the format asked for, or NULL.
void AppendFunctionCallResponse(std::string& out, const std::optional<std::string>& value);
void AppendNoData(std::string& out);
void AppendParameterDescription(std::string& out, std::span<const Oid> types);
void AppendCommandComplete(std::string& out, std::string_view tag);
void AppendEmptyQueryResponse(std::string& out);
void AppendPortalSuspended(std::string& out);
void AppendParseComplete(std::string& out);
void AppendBindComplete(std::string& out);
void AppendCloseComplete(std::string& out);

void AppendCopyInResponse(std::string& out, int16_t format, size_t columns);
void AppendCopyOutResponse(std::string& out, int16_t format, size_t columns);
void AppendCopyData(std::string& out, std::string_view bytes);
void AppendCopyDone(std::string& out);

// Severity is one of PostgreSQL's words. ERROR, FATAL and PANIC make an ErrorResponse, all others a NoticeResponse.
void AppendReport(std::string& out, std::string_view severity, const ErrorFields& fields);
void AppendNotification(std::string& out, int32_t sender_pid, std::string_view channel, std::string_view payload);

}  // namespace phantom::wire
