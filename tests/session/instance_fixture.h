// tests/session/instance_fixture.h
//
// A whole instance on a simulated disk, and sessions that run statements on it.
#pragma once
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/sim_env.h"
#include "must.h"
#include "rows_text.h"
#include "session/instance.h"
#include "session/quiet_sink.h"
#include "session/session.h"
#include "session/settings.h"
#include "txn/transaction.h"

namespace phantom::session {

// A session of the superuser's.
class TestSession {
 public:
  explicit TestSession(Instance& instance)
      : instance_(instance),
        session_(Must(Session::Create(instance, {.user = "postgres", .database = "postgres"}))) {}

  // The rows that the statements give as "a|b;c|d"; or else their errors, a line each, with the context of those that have one.
  // As a client would, it gets them when they are durable.
  std::string Run(const std::string& sql) {
    Sink sink;
    Progress progress = session_->SimpleQuery(sql, sink);
    while (progress == Progress::kMore) progress = session_->Continue(sink);
    instance_.transactions().WaitDurable(session_->DurableLsn());
    return sink.errors.empty() ? sink.rows : sink.errors;
  }

  // The same of one statement by the extended protocol: the unnamed statement, with parameters as text.
  std::string Extended(const std::string& sql, const std::vector<std::string>& parameters = {}) {
    Sink sink;
    session_->Parse("", sql, {}, sink);
    return Finish("", parameters, sink);
  }
  std::string Prepare(const std::string& statement, const std::string& sql) {
    Sink sink;
    session_->Parse(statement, sql, {}, sink);
    session_->Sync(sink);
    return sink.errors;
  }
  std::string Execute(const std::string& statement, const std::vector<std::string>& parameters = {}) {
    Sink sink;
    return Finish(statement, parameters, sink);
  }
  // The first rows, of a portal that stays open; FetchMore() gives more of them.
  std::string Fetch(const std::string& portal, const std::string& statement, int32_t rows) {
    Sink sink;
    session_->Bind(portal, statement, {}, {}, {}, sink);
    session_->Execute(portal, rows, sink);
    return sink.errors.empty() ? sink.rows : sink.errors;
  }
  std::string FetchMore(const std::string& portal, int32_t rows) {
    Sink sink;
    session_->Execute(portal, rows, sink);
    return sink.errors.empty() ? sink.rows : sink.errors;
  }

 private:
  class Sink : public QuietSink {
   public:
    std::string rows, errors;

    Status Rows(const types::Chunk& chunk, size_t first, size_t count, std::span<const ColumnDescription>,
                std::span<const int16_t>, const types::FormatContext& context) override {
      return AppendRows(chunk, first, count, context, &rows);
    }
    void Report(Severity severity, const Status& status) override {
      if (severity < Severity::kError) return;
      if (!errors.empty()) errors += '\n';
      errors += status.message();
      if (!status.error().context.empty()) errors += " | " + status.error().context;
    }
  };

  // From Bind to Sync, unless something has failed.
  std::string Finish(const std::string& statement, const std::vector<std::string>& parameters, Sink& sink) {
    const std::vector<Session::BoundValue> values(parameters.begin(), parameters.end());
    if (!session_->skipping_to_sync()) session_->Bind("", statement, {}, values, {}, sink);
    if (!session_->skipping_to_sync()) {
      Progress progress = session_->Execute("", 0, sink);
      while (progress == Progress::kMore) progress = session_->Continue(sink);
    }
    session_->Sync(sink);
    instance_.transactions().WaitDurable(session_->DurableLsn());
    return sink.errors.empty() ? sink.rows : sink.errors;
  }

  Instance& instance_;
  std::unique_ptr<Session> session_;
};

class InstanceFixture {
 public:
  using NamedValues = std::vector<std::pair<std::string, std::string>>;
  explicit InstanceFixture(NamedValues more_settings = {}) : more_settings_(std::move(more_settings)) { Open(); }

  void Open() {
    auto settings = std::make_unique<ServerSettings>();
    REQUIRE(settings->Set("shared_buffers", "16MB", SettingSource::kCommandLine).ok());
    for (const auto& [name, value] : more_settings_) {
      REQUIRE(settings->Set(name, value, SettingSource::kCommandLine).ok());
    }
    instance = Must(Instance::Open(env, "data", std::move(settings)));
  }
  void Close() {
    REQUIRE(instance->Close().ok());
    instance.reset();
  }
  // With the power cut, and back.
  void Crash() {
    env.CutPowerAfter(0);
    instance.reset();
    env.Restart();
    Open();
  }

  // In a session of its own.
  std::string Run(const std::string& sql) { return TestSession(*instance).Run(sql); }

  io::SimEnv env{1};
  std::unique_ptr<Instance> instance;

 private:
  const NamedValues more_settings_;
};

}  // namespace phantom::session
