// session/result_sink.h
//
// Where a session delivers what a statement produces. The server's sink encodes protocol messages into the
// connection's buffer; tests collect values. Calls come in the order the client must see them.
//
// Thread safety: one thread at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/ids.h"
#include "common/status.h"

namespace phantom::types {
class Chunk;
struct FormatContext;
}  // namespace phantom::types

namespace phantom::session {

enum class Severity : uint8_t { kDebug, kLog, kInfo, kNotice, kWarning, kError, kFatal, kPanic };
const char* SeverityName(Severity severity);

struct ColumnDescription {
  std::string name;
  Oid table = 0;       // of a plain column reference, else 0
  int16_t number = 0;  // of the column in that table, from 1
  Oid type = 0;
  int16_t type_size = -1;
  int32_t typmod = -1;
};

// Format of values: 0 text, 1 binary. `formats` spans hold one per column, or one for all, or none (text).
inline int16_t FormatOf(std::span<const int16_t> formats, size_t column) {
  if (formats.empty()) return 0;
  return formats.size() == 1 ? formats[0] : formats[column];
}

class ResultSink {
 public:
  virtual ~ResultSink() = default;

  virtual void RowDescription(std::span<const ColumnDescription> columns, std::span<const int16_t> formats) = 0;
  // Rows [first, first + count) of the chunk. Fails when a value has no output in the format asked for.
  virtual Status Rows(const types::Chunk& chunk, size_t first, size_t count, std::span<const ColumnDescription> columns,
                      std::span<const int16_t> formats, const types::FormatContext& context) = 0;
  virtual void CommandComplete(std::string_view tag) = 0;
  virtual void EmptyQuery() = 0;
  virtual void PortalSuspended() = 0;

  virtual void ParseComplete() = 0;
  virtual void BindComplete() = 0;
  virtual void CloseComplete() = 0;
  virtual void ParameterDescription(std::span<const Oid> types) = 0;
  virtual void NoData() = 0;

  // FunctionCall's result, in the format asked for; nullopt is NULL.
  virtual void FunctionResult(const std::optional<std::string>& value) = 0;

  // COPY: format of the whole (0 text, 1 binary) and the number of columns, all in that format.
  virtual void CopyInResponse(int16_t format, size_t columns) = 0;
  virtual void CopyOutResponse(int16_t format, size_t columns) = 0;
  virtual void CopyData(std::string_view bytes) = 0;
  virtual void CopyDone() = 0;

  virtual void Report(Severity severity, const Status& status) = 0;
  void Error(const Status& status) { Report(status.error().fatal ? Severity::kFatal : Severity::kError, status); }
  virtual void ParameterStatus(std::string_view name, std::string_view value) = 0;
  virtual void Notification(int32_t sender_pid, std::string_view channel, std::string_view payload) = 0;
  // 'I' idle, 'T' in a transaction block, 'E' in a failed one.
  virtual void ReadyForQuery(char transaction_status) = 0;

  // True when what was delivered should reach the client before more is produced.
  virtual bool full() const { return false; }
};

}  // namespace phantom::session
