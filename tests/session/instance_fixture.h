// tests/session/instance_fixture.h
//
// A whole instance on a simulated disk, and sessions that run statements on it.
#pragma once
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "io/sim_env.h"
#include "session/instance.h"
#include "session/result_sink.h"
#include "session/session.h"
#include "session/settings.h"

namespace phantom::session {

template <typename T>
T Value(Result<T> result) {
  INFO((result.ok() ? std::string("OK") : result.status().ToString()));
  REQUIRE(result.ok());
  return std::move(result).value();
}

// Keeps errors, drops everything else.
class ErrorSink : public ResultSink {
 public:
  std::string errors;

  void Report(Severity severity, const Status& status) override {
    if (severity >= Severity::kError) errors += status.message() + "\n";
  }
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
  void ParameterStatus(std::string_view, std::string_view) override {}
  void Notification(int32_t, std::string_view, std::string_view) override {}
  void ReadyForQuery(char) override {}
};

class InstanceFixture {
 public:
  InstanceFixture() { Open(); }

  void Open() {
    auto settings = std::make_unique<ServerSettings>();
    REQUIRE(settings->Set("shared_buffers", "16MB", SettingSource::kCommandLine).ok());
    instance = Value(Instance::Open(env, "data", std::move(settings)));
  }
  void Close() {
    REQUIRE(instance->Close().ok());
    instance.reset();
  }

  // The errors of the statements.
  std::string Run(const std::string& sql) {
    const std::unique_ptr<Session> session =
        Value(Session::Create(*instance, {.user = "postgres", .database = "postgres"}));
    ErrorSink sink;
    Progress progress = session->SimpleQuery(sql, sink);
    while (progress == Progress::kMore) progress = session->Continue(sink);
    return sink.errors;
  }

  io::SimEnv env{1};
  std::unique_ptr<Instance> instance;
};

}  // namespace phantom::session
