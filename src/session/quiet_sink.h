// session/quiet_sink.h
//
// A sink for statements whose results nobody reads: derived classes hear what they care for, above all errors (Report).
#pragma once
#include "session/result_sink.h"

namespace phantom::session {

class QuietSink : public ResultSink {
 public:
  void RowDescription(std::span<const ColumnDescription>, std::span<const int16_t>) override {}
  Status Rows(const types::Chunk&, size_t, size_t, std::span<const ColumnDescription>, std::span<const int16_t>,
              const types::FormatContext&) override {
    return Status::Ok();
  }
  void CommandComplete(std::string_view) override {}
  void EmptyQuery() override {}
  void PortalSuspended() override {}
  void ParseComplete() override {}
  void BindComplete() override {}
  void CloseComplete() override {}
  void ParameterDescription(std::span<const Oid>) override {}
  void NoData() override {}
  void FunctionResult(const std::optional<std::string>&) override {}
  void CopyInResponse(int16_t, size_t) override {}
  void CopyOutResponse(int16_t, size_t) override {}
  void CopyData(std::string_view) override {}
  void CopyDone() override {}
  void Report(Severity, const Status&) override {}
  void ParameterStatus(std::string_view, std::string_view) override {}
  void Notification(int32_t, std::string_view, std::string_view) override {}
  void ReadyForQuery(char) override {}
};

}  // namespace phantom::session
