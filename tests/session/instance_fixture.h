// tests/session/instance_fixture.h
//
// A whole instance on a simulated disk, and sessions that run statements on it.
#pragma once
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "io/sim_env.h"
#include "session/instance.h"
#include "session/quiet_sink.h"
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
class ErrorSink : public QuietSink {
 public:
  std::string errors;

  void Report(Severity severity, const Status& status) override {
    if (severity >= Severity::kError) errors += status.message() + "\n";
  }
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
