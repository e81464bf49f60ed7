// session/session_state.h
//
// What a session is made of, for the files of this room: identity, settings, transaction, statements, portals, pending
// notifications, and the request in progress. Session (session.h) is its face to the outside.
//
// Thread safety: the session's thread.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "engine/constraint_events.h"
#include "session/idle_portals.h"
#include "session/instance.h"
#include "session/notification_hub.h"
#include "session/plan_cache.h"
#include "session/portal.h"
#include "session/recent_statements.h"
#include "session/result_sink.h"
#include "session/session.h"
#include "session/session_registry.h"
#include "session/settings.h"
#include "session/simple_cache.h"
#include "session/statement.h"
#include "session/timer_queue.h"
#include "session/transaction_block.h"
#include "types/format_context.h"

namespace phantom::engine {
class SessionServices;
}
namespace phantom::parser {
struct ExecuteStmt;
struct VariableSetStmt;
}
namespace phantom::planner {
struct PlannerContext;
}
namespace phantom::types {
class ByteEncoding;
}

namespace phantom::session {

class Services;
class CatalogTypeHooks;

// What a utility statement leaves behind: a tag, rows, or a task that goes on delivering.
struct UtilityResult {
  std::string tag;
  std::unique_ptr<RowStore> rows;  // of the columns that UtilityColumns() gave
  std::unique_ptr<Task> task;
  std::unique_ptr<Portal> portal;  // EXECUTE: runs in place of the statement
  std::vector<int16_t> formats;    // FETCH: the cursor's, unless the client asked for others
};

enum class TieringMode : uint8_t;

class SessionState : public TransactionObserver, public catalog::NoticeSink {
 public:
  SessionState(Instance& instance, std::shared_ptr<SessionControl> control, Oid database);
  ~SessionState() override;

  // ---- Identity ----
  Instance& instance;
  const std::shared_ptr<SessionControl> control;
  ConnectionOptions options;
  Oid database_oid;
  std::string database_name;
  Oid login_user = 0;    // who connected
  Oid session_user = 0;  // SET SESSION AUTHORIZATION
  Oid current_user = 0;  // SET ROLE
  std::string session_role_name;
  // The roles this session has been, so that the identity can follow settings that end with their transaction.
  std::map<std::string, std::shared_ptr<const catalog::Role>, std::less<>> roles_taken;
  bool session_superuser = false;
  bool superuser = false;  // of current_user

  Settings settings;
  std::unique_ptr<txn::LockHolder> locks;
  catalog::Catalog catalog;
  TransactionBlock block;
  types::FormatContext format;
  const types::ByteEncoding* encoding = nullptr;  // the client's, unless it is UTF-8
  std::unique_ptr<Services> services;
  std::unique_ptr<CatalogTypeHooks> type_hooks;

  // ---- Statements and portals ----
  using Statements = std::map<std::string, std::shared_ptr<Statement>, std::less<>>;
  Statements statements;  // "" is the unnamed one
  void AddStatement(std::string_view name, std::shared_ptr<Statement> statement);  // which must not be there
  // There is no unnamed statement any more; it may be recalled.
  void RetireUnnamed();
  using Portals = std::map<std::string, std::unique_ptr<Portal>, std::less<>>;
  Portals portals;
  void AddPortal(std::string_view name, std::unique_ptr<Portal> portal);  // which must not be there
  // Takes a portal away; the entry's memory waits for the next.
  std::unique_ptr<Portal> TakePortal(Portals::iterator entry);

  // ---- LISTEN and NOTIFY ----
  struct ListenAction {
    enum class Kind { kListen, kUnlisten, kUnlistenAll } kind;
    std::string channel;
    size_t depth;  // savepoints there were
  };
  struct PendingNotification {
    std::string channel;
    std::string payload;
    size_t depth;
  };
  std::vector<ListenAction> listen_actions;
  std::vector<PendingNotification> pending_notifications;
  bool listening = false;

  // ---- Deferred constraints (constraints.cc) ----
  engine::DeferredConstraints deferred;
  Result<UtilityResult> RunSetConstraints(const parser::Node& node);
  // Decides what is not deferred any more, or everything.
  Status DecideDeferred(bool all);
  // 55006 when ALTER TABLE, DROP TABLE, TRUNCATE or CREATE INDEX concerns a table that an open cursor reads, or with events
  // still to be decided.
  Status CheckNotInUse(const parser::Node& statement);

  // ---- ON COMMIT of temporary tables ----
  struct OnCommit {
    Oid table;
    bool drop;     // else its rows are deleted
    size_t depth;  // savepoints there were
    bool fresh;    // made by the current transaction
  };
  std::vector<OnCommit> on_commit;
  void AddOnCommit(Oid table, bool drop);
  Status RunOnCommit();

  // ---- Snapshots this transaction has exported (exported_snapshots.cc) ----
  std::vector<std::string> exported_snapshots;
  Result<std::string> ExportSnapshot();
  Status ImportSnapshot(std::string_view id);
  void ForgetExportedSnapshots();

  // ---- The request in progress ----
  ResultSink* sink = nullptr;  // where notices go
  std::string current_query;
  int64_t statement_start_us = 0;
  bool skip_to_sync = false;
  std::optional<Status> failed_setup;

  // ---- Requests (session.cc, extended.cc) ----
  Progress SimpleQuery(std::string text, ResultSink& to);
  Progress Continue(ResultSink& to);
  void Parse(std::string_view name, std::string_view query, std::span<const Oid> types, ResultSink& to);
  void Bind(std::string portal, std::string_view statement, std::span<const int16_t> parameter_formats,
            std::span<const Session::BoundValue> values, std::span<const int16_t> result_formats, ResultSink& to);
  void DescribeStatement(std::string_view name, ResultSink& to);
  void DescribePortal(std::string_view name, ResultSink& to);
  Progress Execute(std::string_view portal, int32_t row_limit, ResultSink& to);
  Progress CallFunction(Oid function, std::span<const int16_t> argument_formats,
                        std::span<const Session::BoundValue> arguments, int16_t result_format, ResultSink& to);
  void Sync(ResultSink& to);
  Progress CopyInput(std::string_view bytes, ResultSink& to);
  // Text from the client, in UTF-8; `kept` holds it when it had to be converted.
  Result<std::string_view> FromClient(std::string_view text, std::string& kept) const;
  Progress CopyEnd(ResultSink& to);
  Progress CopyAbort(Status error, ResultSink& to);
  // Ends the current request with an error.
  Progress FailRequest(Status status);
  void Ready(ResultSink& to);
  // Turns a byte offset in the current query into a position in characters.
  void ConvertLocation(Status* status) const;

  // ---- Steps of a statement (execute.cc) ----
  Result<std::shared_ptr<const QueryText>> ParseText(std::string text);
  // Checks that a statement may run now and makes sure there is a transaction for it.
  Status BeginStatement(const parser::Node* node);
  // Finds parameter types and result columns, and a plan when the statement is planned.
  Status Analyze(Statement& statement);
  // A plan that is good now, with its tables locked and privileges checked.
  Status EnsurePlan(Statement& statement);

  // ---- Plans that are made once (shared_plans.cc) ----
  // What plans are made under now.
  const PlanEnvironmentRef& Environment();
  // Is the plan as it would be made now, but for the sizes of tables?
  bool IsGood(const Statement& statement);
  // Locks the tables of a plan that was good at a version of the catalog. False: it should be made anew.
  Result<bool> LockIfGood(const planner::PhysicalPlan& plan, std::span<const double> table_rows, uint64_t version);
  // What others have made of a text; null when there is nothing that may serve.
  SharedStatementRef FindShared(std::string_view text, std::span<const Oid> types);
  // Gives a shareable statement what others have made of its text. False: there is nothing that serves.
  Result<bool> TakeShared(Statement& statement, std::span<const Oid> types);
  // What others may have of a statement that was planned for these types.
  std::shared_ptr<SharedStatement> Shared(const Statement& statement, std::span<const Oid> types) const;
  // May they have it?
  bool MayShare(const Statement& statement) const;
  // The unnamed statement there was of this text, if it is as a new one would be.
  Result<std::shared_ptr<Statement>> Recall(std::string_view text, std::span<const Oid> types);
  // Plans of this session are made anew, or taken from others again.
  void ForgetPlans();

  // Values from the client for a statement's parameters.
  // Appends to `parameters`.
  Status ReadParameters(const Statement& statement, std::span<const int16_t> formats,
                        std::span<const Session::BoundValue> values, std::vector<types::Value>& parameters) const;
  // Starts a bound portal: sets the engine up, or runs the utility statement.
  Status StartPortal(Portal& portal);
  size_t WorkMemBytes() const;
  // Runs the plan of a bound portal's statement, which is good now.
  Status StartPlan(Portal& portal);
  // The engine's view of this session for one execution.
  void FillContext(engine::ExecutionContext* context, Portal& portal);
  planner::PlannerContext MakePlannerContext();
  std::unique_ptr<Portal> MakePortal(std::shared_ptr<Statement> statement);
  Status LockTables(const planner::PhysicalPlan& plan);
  void DropPortal(std::string_view name);
  // A portal's end: kept for the statement's next run if it is worth it.
  void RetirePortal(std::unique_ptr<Portal> portal);

  // ---- Utility statements (utility.cc and its kin) ----
  Result<UtilityResult> RunUtility(const Statement& statement, Portal& portal);
  // Columns of its result; nothing when it returns no rows.
  Result<std::optional<std::vector<ColumnDescription>>> UtilityColumns(const Statement& statement);
  // Types of the parameters of the query in it, when they come with Bind.
  Result<std::vector<Oid>> UtilityParameters(const Statement& statement);
  Result<UtilityResult> RunTransaction(const parser::Node& node);
  Result<UtilityResult> RunPrepareTransaction(std::string_view gid);
  Result<UtilityResult> RunFinishPrepared(std::string_view gid, bool commit);
  Result<UtilityResult> RunSet(const parser::Node& node);
  Result<UtilityResult> RunShow(const parser::Node& node);
  Result<UtilityResult> RunDiscard(const parser::Node& node);
  Result<UtilityResult> RunPrepare(const parser::Node& node, const Statement& outer);
  Result<UtilityResult> RunExecute(const parser::Node& node, const Portal& outer);
  Result<UtilityResult> RunDeallocate(const parser::Node& node);
  Result<UtilityResult> RunDeclareCursor(const parser::Node& node, const Portal& outer);
  // The prepared statement that EXECUTE names, analyzed: 26000.
  Result<std::shared_ptr<Statement>> PreparedFor(const parser::ExecuteStmt& execute);
  // The ctid of the table's row the cursor stands on: 34000, 24000 (current_of.cc).
  Result<int64_t> CurrentOf(std::string_view cursor, Oid table);
  Result<UtilityResult> RunFetch(const parser::Node& node);
  Result<UtilityResult> RunClosePortal(const parser::Node& node);
  Result<UtilityResult> RunListen(const parser::Node& node);
  Result<UtilityResult> RunLock(const parser::Node& node);
  Result<UtilityResult> RunExplain(const parser::Node& node, const Portal& outer);
  Result<UtilityResult> RunMaintenance(const parser::Node& node);
  Result<UtilityResult> RunCopy(const parser::Node& node, const Portal& outer);
  Status ApplyTransactionModes(parser::ListOf<parser::DefElem> modes);
  // EXECUTE's arguments, evaluated.
  Result<std::vector<types::Value>> ExecuteArguments(const Statement& statement, parser::NodeList arguments);
  Status Notify(std::string_view channel, std::string_view payload);
  void PublishNotifications();
  Status DropTemporaryTables();
  void DiscardSequences();
  // Is this one of several statements of a simple query?
  bool in_multi_statement() const;

  // ---- Settings ----
  // Brings what is derived from settings (formats, search path, timeouts) up to date.
  void ApplySettings();
  Status SetSetting(std::string_view name, std::string_view value, SettingScope scope);
  Status ResetSetting(std::string_view name, SettingScope scope);
  Result<std::string> ShowSetting(std::string_view name);
  // What ALTER ROLE and ALTER DATABASE ... SET keep.
  Result<std::string> SettingToKeep(const parser::VariableSetStmt& set);
  // SET ROLE and SET SESSION AUTHORIZATION.
  Status SetRole(std::string_view name, SettingScope scope);
  Status SetSessionAuthorization(std::string_view name, SettingScope scope);
  void DiscardAll();
  // The role settings were rolled back: the identity follows them.
  void RestoreRoles();

  // ---- Notices ----
  void Notice(const Status& notice) override;  // those of class 01 are warnings
  void Report(Severity severity, Status status);
  void Warning(SqlState sqlstate, std::string message) {
    Report(Severity::kWarning, Error(sqlstate, std::move(message)));
  }

  // ---- TransactionObserver ----
  void BeforeBegin() override;
  Status BeforeCommit() override;
  Status BeforePrepare() override;
  Status CheckPrepare() override;
  void BeforeAbort() override;
  void AfterCommit() override;
  void AfterAbort() override;
  void AfterSavepoint() override { deferred.Savepoint(); }
  void AfterSavepointRollback(size_t depth) override;
  void AfterSavepointRelease(size_t depth) override;

  // Commits the implicit transaction in the middle of a statement and begins another.
  Status NextTransaction();

  // Microseconds since 2000-01-01 UTC.
  int64_t NowUs() const;
  void SetActivity(std::string_view state);

 private:
  const TieringMode tiering_mode_;

  struct SimpleRequest {
    std::shared_ptr<const QueryText> source;
    size_t next = 0;
    std::unique_ptr<Portal> portal;
    const SimpleCache::Entry* cached = nullptr;  // what it is run by
  };
  // A statement of a text that is not a simple query.
  Result<std::shared_ptr<Statement>> NewStatement(std::string_view text, std::span<const Oid> types);
  // May plans be taken from others and given to them?
  bool shares_plans() const { return !catalog.has_uncommitted_changes() && catalog.temporary_schema() == 0; }
  // Are the indexes of the plan's tables complete for what the transaction sees?
  bool SeesIndexes(const planner::PhysicalPlan& plan);
  void Adopt(Statement& statement, const SharedStatementRef& shared);

  // Starts a simple query by the plan of one like it. False: there is none, nothing was done.
  Result<bool> StartCached(std::string_view text);
  // An entry of the simple cache for what others have made of a text; null when there is nothing that serves.
  SimpleCache::Entry* TakeSimple(std::string_view text);
  // Remembers the simple query that has just run to its end.
  void RememberSimple();

  void BeginRequest(ResultSink& to, std::string_view query);
  void StartStatementTimer();
  void EndRequest();
  Progress Advance();
  // Starts the simple request's next statement.
  Status StartNext();
  // The running task is done: closes it, commits what is to be committed, sends the tag.
  Status FinishTask();
  Progress FinishSimple();
  Portal* running_portal();
  void DropPortalsOfTransaction();

  PlanEnvironmentRef environment_;
  uint64_t environment_settings_ = 0;
  IdlePortals idle_portals_;
  RecentStatements recent_;
  Statements::node_type idle_unnamed_;
  SimpleCache simple_cache_;
  std::optional<SimpleRequest> simple_;
  std::string running_;  // name of the portal an Execute runs
  bool executing_ = false;
  std::optional<PortalTask> task_;
  Portals::node_type idle_entry_;
  uint64_t settings_applied_ = 0;
  TimerQueue::TimerId statement_timer_ = 0;
  uint64_t statement_number_ = 0;
};

}  // namespace phantom::session
