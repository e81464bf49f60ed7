// Requests of a client: the simple query, the running of what it and Execute started, errors, and what ends a request.
#include "engine/executor.h"
#include "parser/ast_utility.h"
#include "session/session_state.h"
#include "types/encoding.h"

namespace phantom::session {

void SessionState::BeginRequest(ResultSink& to, std::string_view query) {
  sink = &to;
  statement_start_us = NowUs();
  statement_number_ = control->BeginStatement();
  current_query = query;
  SetActivity("active");
  StartStatementTimer();
}

void SessionState::EndRequest() {
  if (statement_timer_ != 0) instance.timers().Cancel(statement_timer_);
  statement_timer_ = 0;
  control->EndStatement();
}

void SessionState::SetActivity(std::string_view state) {
  const int64_t now = NowUs();
  control->UpdateActivity([&](Activity& activity) {
    if (activity.state != state) activity.state_change = now;
    activity.state = state;
    const bool active = state[0] == 'a';
    if (active) {
      activity.query_start = now;
      // track_activity_query_size, without half a character at its end.
      size_t length = std::min<size_t>(current_query.size(), 1023);
      while (length < current_query.size() && length > 0 && (static_cast<unsigned char>(current_query[length]) & 0xc0) == 0x80) {
        --length;
      }
      activity.query.assign(current_query, 0, length);
    }
    // A statement outside a block is about to begin its own transaction.
    activity.transaction_start = block.active() ? block.start_us() : active ? now : 0;
  });
}

void SessionState::ConvertLocation(Status* status) const {
  ErrorFields& fields = status->mutable_error();
  if (fields.location < 0 || fields.position != 0) return;
  const bool cached = simple_.has_value() && simple_->cached != nullptr;
  const int32_t location = cached ? simple_cache_.Translate(*simple_->cached, fields.location) : fields.location;
  const size_t end = std::min(static_cast<size_t>(location), current_query.size());
  int32_t characters = 1;
  for (size_t i = 0; i < end; ++i) characters += (static_cast<unsigned char>(current_query[i]) & 0xc0) != 0x80;
  fields.position = characters;
}

void SessionState::Notice(const Status& notice) {
  Report(SqlStateText(notice.sqlstate()).starts_with("01") ? Severity::kWarning : Severity::kNotice, notice);
}

void SessionState::Report(Severity severity, Status status) {
  if (sink == nullptr) return;
  static const int kMinimum = FindSetting("client_min_messages");
  const std::string& minimum = settings.GetString(kMinimum);
  if (severity == Severity::kNotice && (minimum == "warning" || minimum == "error")) return;
  if (severity == Severity::kWarning && minimum == "error") return;
  if (severity == Severity::kDebug && !minimum.starts_with("debug")) return;
  if (severity == Severity::kLog && !(minimum.starts_with("debug") || minimum == "log")) return;
  ConvertLocation(&status);
  sink->Report(severity, status);
}

Portal* SessionState::running_portal() {
  if (simple_.has_value()) return simple_->portal.get();
  const auto found = portals.find(running_);
  return executing_ && found != portals.end() ? found->second.get() : nullptr;
}

Result<std::string_view> SessionState::FromClient(std::string_view text, std::string& kept) const {
  if (encoding == nullptr) return text;
  RETURN_IF_ERROR(encoding->ToUtf8(text, kept));
  return std::string_view(kept);
}

Progress SessionState::SimpleQuery(std::string text, ResultSink& to) {
  if (encoding != nullptr) {
    std::string converted;
    if (Status status = encoding->ToUtf8(text, converted); !status.ok()) {
      BeginRequest(to, "");
      simple_.emplace();
      return FailRequest(std::move(status));
    }
    text = std::move(converted);
  }
  BeginRequest(to, text);
  skip_to_sync = false;
  // A simple query replaces the unnamed statement and portal.
  RetireUnnamed();
  DropPortal("");
  simple_.emplace();
  if (const Result<bool> started = StartCached(text); !started.ok()) {
    return FailRequest(started.status());
  } else if (*started) {
    return Advance();
  }
  Result<std::shared_ptr<const QueryText>> source = ParseText(std::move(text));
  if (!source.ok()) return FailRequest(std::move(source).status());
  simple_->source = std::move(source).value();
  if (simple_->source->parsed.statements.empty()) {
    sink->EmptyQuery();
    return FinishSimple();
  }
  return Advance();
}

void SessionState::StartStatementTimer() {
  static const int kTimeout = FindSetting("statement_timeout");
  if (statement_timer_ != 0) instance.timers().Cancel(statement_timer_);
  statement_timer_ = 0;
  if (const int64_t timeout_ms = settings.GetInteger(kTimeout); timeout_ms > 0) {
    statement_timer_ = instance.timers().Schedule(
        timeout_ms, [control = control, number = statement_number_] { control->TimeOut(number); });
  }
}

SimpleCache::Entry* SessionState::TakeSimple(std::string_view text) {
  if (!shares_plans()) return nullptr;
  const PlanEnvironmentRef& environment = Environment();
  const SharedStatementRef shared = instance.plans().Find(PlanCache::KeyOf(simple_cache_.fingerprint(), *environment));
  if (shared == nullptr || shared->catalog_version != catalog.common_version() ||
      !IsSame(shared->environment, environment) || !simple_cache_.IsLike(text, *shared) || !SeesIndexes(*shared->plan)) {
    return nullptr;
  }
  auto statement = std::make_shared<Statement>();
  statement->source = shared->source;
  const parser::ParsedStatement& parsed = shared->source->parsed.statements[0];
  statement->node = parsed.node;
  statement->begin = parsed.begin;
  statement->length = parsed.length;
  statement->result_may_change = true;
  Adopt(*statement, shared);
  return simple_cache_.Add({shared, std::move(statement)});
}

Result<bool> SessionState::StartCached(std::string_view text) {
  static const int kConformingStrings = FindSetting("standard_conforming_strings");
  if (!simple_cache_.Look(text, settings.GetBool(kConformingStrings)) || block.failed()) return false;
  SimpleCache::Entry* entry = simple_cache_.Find(text, Environment());
  if (entry != nullptr && entry->statement != nullptr && !IsGood(*entry->statement)) {
    simple_cache_.Drop(*entry);
    entry = nullptr;
  }
  if (entry == nullptr) entry = TakeSimple(text);
  if (entry == nullptr) return false;
  simple_->source = entry->shared->source;
  if (entry->statement == nullptr) return true;  // Advance() starts it
  const std::shared_ptr<Statement> statement = entry->statement;
  RETURN_IF_ERROR(BeginStatement(statement->node));
  RETURN_IF_ERROR(EnsurePlan(*statement));
  // A plan made anew knows the old text's values.
  if (statement->plan != entry->shared->plan) {
    simple_cache_.Drop(*entry);
    simple_->source = nullptr;
    return false;
  }
  simple_->cached = entry;
  simple_->next = 1;
  simple_->portal = MakePortal(statement);
  Portal& portal = *simple_->portal;
  portal.parameters = simple_cache_.Values(*entry);
  portal.literals = &entry->shared->bindings;
  portal.started = true;
  RETURN_IF_ERROR(StartPlan(portal));
  if (statement->returns_rows) sink->RowDescription(portal.columns, portal.formats);
  task_.emplace(portal, 0);
  return true;
}

void SessionState::RememberSimple() {
  if (simple_->cached != nullptr || simple_->source->parsed.statements.size() != 1) return;
  const Portal& portal = *simple_->portal;
  const std::shared_ptr<Statement>& statement = portal.statement;
  if (statement->source != simple_->source) return;
  if (!simple_cache_.has_fingerprint()) return;
  if (const auto* transaction = parser::DynCast<parser::TransactionStmt>(statement->node); transaction != nullptr) {
    if (!simple_cache_.fingerprint().literals.empty() || simple_cache_.Find(simple_->source->text, Environment()) != nullptr) return;
    auto parsed = std::make_shared<SharedStatement>();
    parsed->environment = Environment();
    parsed->source = simple_->source;
    simple_cache_.Add({std::move(parsed), nullptr});
    return;
  }
  if (portal.idle_execution == nullptr || !portal.idle_execution->finds_by_key() || portal.plan != statement->plan ||
      statement->reads_now || catalog.has_uncommitted_changes()) {
    return;
  }
  const std::shared_ptr<SharedStatement> made = Shared(*statement, {});
  if (!simple_cache_.FindLiterals(portal.idle_execution->constants(), *made)) return;
  statement->plan = PlanOf(made);
  simple_cache_.Add({made, statement});
  if (MayShare(*statement)) instance.plans().Keep(PlanCache::KeyOf(simple_cache_.fingerprint(), *made->environment), made);
  // Its constants are this text's: the next run makes an execution that takes them from its own.
  simple_->portal->idle_execution.reset();
}

Status SessionState::StartNext() {
  // Each statement of a request has the whole time.
  if (simple_->next > 0) StartStatementTimer();
  const parser::ParsedStatement& parsed = simple_->source->parsed.statements[simple_->next++];
  RETURN_IF_ERROR(BeginStatement(parsed.node));
  auto statement = std::make_shared<Statement>();
  statement->source = simple_->source;
  statement->node = parsed.node;
  statement->begin = parsed.begin;
  statement->length = parsed.length;
  statement->result_may_change = true;
  RETURN_IF_ERROR(Analyze(*statement));
  simple_->portal = MakePortal(std::move(statement));
  Portal& portal = *simple_->portal;
  RETURN_IF_ERROR(StartPortal(portal));
  // The format of FETCH from a binary cursor is the cursor's.
  if (portal.statement->returns_rows && portal.task == nullptr) {
    if (portal.columns.empty()) portal.columns = portal.statement->columns;
    sink->RowDescription(portal.columns, portal.formats);
  }
  task_.emplace(portal, 0);
  return Status::Ok();
}

Status SessionState::FinishTask() {
  Portal* portal = running_portal();
  if (portal->execution != nullptr) RETURN_IF_ERROR(portal->execution->Close());
  const std::string tag = task_->Tag();
  RETURN_IF_ERROR(portal->CloseExecution());
  portal->finished = true;
  task_.reset();
  if (simple_.has_value()) {
    const bool last = simple_->next == simple_->source->parsed.statements.size();
    const bool empty = portal->statement->node == nullptr;
    RememberSimple();
    RetirePortal(std::move(simple_->portal));
    if (last) RETURN_IF_ERROR(block.FinishImplicit());
    if (!empty) sink->CommandComplete(tag);
    return Status::Ok();
  }
  executing_ = false;
  if (portal->statement->node == nullptr) {
    sink->EmptyQuery();
  } else {
    sink->CommandComplete(tag);
  }
  return Status::Ok();
}

Progress SessionState::Advance() {
  while (true) {
    if (!task_) {
      if (!simple_.has_value()) return Progress::kDone;
      if (simple_->next == simple_->source->parsed.statements.size()) return FinishSimple();
      if (Status status = StartNext(); !status.ok()) return FailRequest(std::move(status));
    }
    Result<TaskState> state = task_->Run(*sink);
    if (!state.ok()) return FailRequest(std::move(state).status());
    if (task_->gives_rows() && block.active()) block.ObserveReads();
    switch (*state) {
      case TaskState::kPaused:
        return Progress::kMore;
      case TaskState::kCopyIn:
        return Progress::kCopyIn;
      case TaskState::kSuspended:
        sink->PortalSuspended();
        task_.reset();
        executing_ = false;
        EndRequest();
        return Progress::kDone;
      case TaskState::kDone:
        if (Status status = FinishTask(); !status.ok()) return FailRequest(std::move(status));
        if (!simple_.has_value()) {
          EndRequest();
          return Progress::kDone;
        }
        break;
    }
  }
}

Progress SessionState::Continue(ResultSink& to) {
  sink = &to;
  return Advance();
}

Progress SessionState::FinishSimple() {
  if (Status status = block.FinishImplicit(); !status.ok()) return FailRequest(std::move(status));
  simple_.reset();
  EndRequest();
  Ready(*sink);
  return Progress::kDone;
}

Progress SessionState::FailRequest(Status status) {
  // A session that is to end says why, not that a statement was cancelled.
  if (const std::optional<Status> reason = control->TerminationReason(); !reason.has_value()) {
    ConvertLocation(&status);
    sink->Error(status);
  }
  if (Portal* portal = running_portal(); portal != nullptr) portal->failed = true;
  task_.reset();
  const bool simple = simple_.has_value();
  simple_.reset();
  if (executing_) DropPortal(running_);
  executing_ = false;
  block.Fail();
  EndRequest();
  if (simple) {
    Ready(*sink);
  } else {
    skip_to_sync = true;
  }
  return Progress::kDone;
}

void SessionState::Ready(ResultSink& to) {
  sink = &to;
  if (settings.has_reports()) {
    for (const auto& [name, value] : settings.TakeReports()) to.ParameterStatus(name, value);
  }
  if (!block.active() && !block.in_block() && control->has_notifications()) {
    for (const auto& notification : control->TakeNotifications()) {
      to.Notification(notification->sender_pid, notification->channel, notification->payload);
    }
  }
  if (!block.active() || !block.transaction().has_snapshot()) {
    control->snapshot_xmin.store(0, std::memory_order_relaxed);
  }
  SetActivity(block.status() == 'I'   ? "idle"
              : block.status() == 'T' ? "idle in transaction"
                                      : "idle in transaction (aborted)");
  to.ReadyForQuery(block.status());
}

Progress SessionState::CopyInput(std::string_view bytes, ResultSink& to) {
  sink = &to;
  Portal* portal = running_portal();
  if (portal == nullptr || portal->task == nullptr) return Progress::kDone;
  if (Status status = portal->task->Data(bytes); !status.ok()) return FailRequest(std::move(status));
  return Progress::kCopyIn;
}

Progress SessionState::CopyEnd(ResultSink& to) {
  sink = &to;
  Portal* portal = running_portal();
  if (portal == nullptr || portal->task == nullptr) return Progress::kDone;
  if (Status status = portal->task->DataEnd(); !status.ok()) return FailRequest(std::move(status));
  return Advance();
}

Progress SessionState::CopyAbort(Status error, ResultSink& to) {
  sink = &to;
  return FailRequest(std::move(error));
}

}  // namespace phantom::session
