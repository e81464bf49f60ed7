// server/wire_sink.h
//
// Encodes what a session delivers as protocol messages in a connection's output buffer.
#pragma once
#include <string>
#include <string_view>

#include "session/result_sink.h"

namespace phantom::session {
class Session;
}
namespace phantom::types {
class ByteEncoding;
}

namespace phantom::server {

class WireSink : public session::ResultSink {
 public:
  // Above this much unsent output the session pauses.
  static constexpr size_t kFullBytes = 64 * 1024;

  explicit WireSink(std::string& out) : out_(out) {}
  // Text goes out in this session's client encoding from now on.
  void Serve(const session::Session* session) { session_ = session; }

  void RowDescription(std::span<const session::ColumnDescription> columns, std::span<const int16_t> formats) override;
  Status Rows(const types::Chunk& chunk, size_t first, size_t count,
              std::span<const session::ColumnDescription> columns, std::span<const int16_t> formats,
              const types::FormatContext& context) override;
  void CommandComplete(std::string_view tag) override;
  void EmptyQuery() override;
  void PortalSuspended() override;
  void ParseComplete() override;
  void BindComplete() override;
  void CloseComplete() override;
  void ParameterDescription(std::span<const Oid> types) override;
  void NoData() override;
  void FunctionResult(const std::optional<std::string>& value) override;
  void CopyInResponse(int16_t format, size_t columns) override;
  void CopyOutResponse(int16_t format, size_t columns) override;
  void CopyData(std::string_view bytes) override;
  void CopyDone() override;
  void Report(session::Severity severity, const Status& status) override;
  void ParameterStatus(std::string_view name, std::string_view value) override;
  void Notification(int32_t sender_pid, std::string_view channel, std::string_view payload) override;
  void ReadyForQuery(char transaction_status) override;
  bool full() const override { return out_.size() >= kFullBytes; }

 private:
  const types::ByteEncoding* encoding() const;
  // As the client reads it; what it has no character for becomes '?'.
  std::string ForClient(std::string_view text) const;

  std::string& out_;
  const session::Session* session_ = nullptr;
};

}  // namespace phantom::server
