// Plans that are made once: taken from other sessions and given to them, and kept for the same text (plan_cache.h).
#include <algorithm>

#include "planner/physical_plan.h"
#include "session/services.h"
#include "session/session_state.h"

namespace phantom::session {

namespace {

// Settings that only name the session.
constexpr std::string_view kNotPlannedBy[] = {"application_name"};

// A plan is made anew when one of its tables has grown or shrunk by more than this...
constexpr double kSizeChange = 2;
// ... to or from more rows than this.
constexpr double kSmallTableRows = 100;

bool IsOfSize(double rows, double then) {
  return std::max(rows, then) <= std::max(kSmallTableRows, kSizeChange * std::min(rows, then));
}

}  // namespace

const PlanEnvironmentRef& SessionState::Environment() {
  if (environment_ == nullptr || environment_settings_ != settings.version() || environment_->role != current_user) {
    PlanEnvironment now(database_oid, current_user, settings.Differences(kNotPlannedBy));
    if (environment_ == nullptr || *environment_ != now) {
      environment_ = std::make_shared<const PlanEnvironment>(std::move(now));
    }
    environment_settings_ = settings.version();
  }
  return environment_;
}

bool SessionState::IsGood(const Statement& statement) {
  return statement.plan != nullptr && statement.catalog_version == catalog.version() &&
         !catalog.has_uncommitted_changes() && IsSame(statement.environment, Environment());
}

bool SessionState::SeesIndexes(const planner::PhysicalPlan& plan) {
  return std::ranges::all_of(plan.tables, [&](const planner::UsedTable& used) {
    return std::ranges::all_of(used.table->indexes, [&](const catalog::Index& index) {
      return catalog.IsIndexComplete(*used.table, index);
    });
  });
}

Result<bool> SessionState::LockIfGood(const planner::PhysicalPlan& plan, std::span<const double> table_rows,
                                      uint64_t version) {
  RETURN_IF_ERROR(LockTables(plan));
  // DDL may have committed since the version was looked at, or while a lock was awaited.
  if (catalog.version() != version || !SeesIndexes(plan)) return false;
  for (size_t i = 0; i < table_rows.size(); ++i) {
    if (!IsOfSize(services->RowCount(*plan.tables[i].table), table_rows[i])) return false;
  }
  return true;
}

SharedStatementRef SessionState::FindShared(std::string_view text, std::span<const Oid> types) {
  if (!shares_plans()) return nullptr;
  const PlanEnvironmentRef& environment = Environment();
  SharedStatementRef shared = instance.plans().Find(PlanCache::KeyOf(text, types, *environment));
  if (shared != nullptr && !shared->Serves(text, types, environment, catalog.common_version())) shared = nullptr;
  return shared;
}

Result<bool> SessionState::TakeShared(Statement& statement, std::span<const Oid> types) {
  const SharedStatementRef shared = FindShared(statement.source->text, types);
  if (shared == nullptr) return false;
  const uint64_t version = shared->catalog_version + catalog.own_version();
  ASSIGN_OR_RETURN(const bool good, LockIfGood(*shared->plan, shared->table_rows, version));
  if (!good) return false;
  RETURN_IF_ERROR(CheckResult(statement, shared->columns));
  Adopt(statement, shared);
  return true;
}

void SessionState::Adopt(Statement& statement, const SharedStatementRef& shared) {
  statement.param_types = shared->param_types;
  statement.columns = shared->columns;
  statement.returns_rows = shared->returns_rows;
  statement.plan = PlanOf(shared);
  statement.catalog_version = shared->catalog_version + catalog.own_version();
  statement.environment = Environment();
  statement.reads_now = false;
  statement.table_rows = shared->table_rows;
  statement.analyzed = true;
}

std::shared_ptr<SharedStatement> SessionState::Shared(const Statement& statement, std::span<const Oid> types) const {
  auto shared = std::make_shared<SharedStatement>();
  shared->environment = statement.environment;
  shared->source = statement.source;
  shared->given_types.assign(types.begin(), types.end());
  shared->catalog_version = statement.catalog_version - catalog.own_version();
  shared->param_types = statement.param_types;
  shared->columns = statement.columns;
  shared->returns_rows = statement.returns_rows;
  shared->plan = statement.plan;
  shared->table_rows = statement.table_rows;
  return shared;
}

bool SessionState::MayShare(const Statement& statement) const {
  // A plan that is for this transaction alone has no version; what was found before DDL committed may not fit together.
  if (!shares_plans() || statement.reads_now || statement.catalog_version != catalog.version()) return false;
  // Notices of the text come with its parsing.
  if (!statement.source->parsed.notices.empty()) return false;
  return std::ranges::none_of(statement.plan->tables, [](const planner::UsedTable& used) {
    return used.table->persistence == catalog::Persistence::kTemporary;
  });
}

void SessionState::AddStatement(std::string_view name, std::shared_ptr<Statement> statement) {
  if (name.empty() && !idle_unnamed_.empty()) {
    idle_unnamed_.mapped() = std::move(statement);
    statements.insert(std::move(idle_unnamed_));
  } else {
    statements.emplace(name, std::move(statement));
  }
}

void SessionState::RetireUnnamed() {
  const auto unnamed = statements.find(std::string_view());
  if (unnamed == statements.end()) return;
  idle_unnamed_ = statements.extract(unnamed);
  recent_.Add(std::move(idle_unnamed_.mapped()));
}

Result<std::shared_ptr<Statement>> SessionState::Recall(std::string_view text, std::span<const Oid> types) {
  std::shared_ptr<Statement> statement = recent_.Take(text, types);
  if (statement == nullptr || !IsSame(statement->environment, Environment())) return std::shared_ptr<Statement>();
  RETURN_IF_ERROR(BeginStatement(statement->node));
  if (!IsPlannable(statement->node)) {
    if (!block.failed()) RETURN_IF_ERROR(Analyze(*statement));
    return statement;
  }
  if (statement->reads_now || !IsGood(*statement)) return std::shared_ptr<Statement>();
  ASSIGN_OR_RETURN(const bool good, LockIfGood(*statement->plan, statement->table_rows, statement->catalog_version));
  if (!good) return std::shared_ptr<Statement>();
  return statement;
}

void SessionState::ForgetPlans() {
  for (const auto& [name, statement] : statements) statement->catalog_version = 0;
  recent_.Clear();
  simple_cache_.Clear();
}

}  // namespace phantom::session
