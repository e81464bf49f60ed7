#include "session/auto_analyze.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>

#include "catalog/catalog.h"
#include "catalog/oids.h"
#include "catalog/shared_catalog.h"
#include "catalog/stored_sql.h"
#include "common/log.h"
#include "session/in_catalog.h"
#include "session/instance.h"
#include "session/quiet_sink.h"
#include "session/session.h"
#include "session/settings.h"
#include "txn/row_table.h"
#include "txn/transaction.h"

namespace phantom::session {

namespace {

constexpr Oid kBootstrapRole = 10;
// The size of a table nobody counted changes of must differ so much from what ANALYZE found for a new look.
constexpr double kSizeChange = 2;

// Logs errors.
class ErrorLog : public QuietSink {
 public:
  bool failed = false;

  void Report(Severity severity, const Status& status) override {
    if (severity < Severity::kError) return;
    failed = true;
    Log(LogLevel::kLog, "automatic analyze: %s", status.error().message.c_str());
  }
};

struct Work {
  std::string user;
  std::string database;
  std::vector<std::string> tables;  // quoted, with schema
};

Result<bool> IsStale(Instance& instance, const catalog::Table& table) {
  const double threshold = static_cast<double>(instance.settings().GetInteger("autovacuum_analyze_threshold"));
  const double scale = instance.settings().GetReal("autovacuum_analyze_scale_factor");
  ASSIGN_OR_RETURN(const txn::RowTable rows,
                   txn::RowTable::Open(instance.transactions(), table.space, table.tree, table.layout));
  const double counted = std::max(0.0, table.estimated_rows);
  if (static_cast<double>(rows.changes()) > threshold + scale * counted) return true;
  ASSIGN_OR_RETURN(const txn::RowTable::Size size, rows.EstimateSize());
  return size.rows > threshold && size.rows > counted * kSizeChange;
}

Result<Work> FindWork(Instance& instance, Oid database) {
  return InCatalog(instance, database, [&](catalog::Catalog& catalog) -> Result<Work> {
    Work work;
    ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Role> role, catalog.RoleByOid(kBootstrapRole));
    ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Database> row, catalog.DatabaseByOid(database));
    if (role == nullptr || row == nullptr) return work;  // dropped meanwhile
    work.user = role->name;
    work.database = row->name;
    ASSIGN_OR_RETURN(const std::vector<Oid> tables, catalog.ReachableTables());
    for (const Oid oid : tables) {
      ASSIGN_OR_RETURN(const catalog::TableRef table, catalog.TableByOid(oid));
      if (table == nullptr) continue;
      ASSIGN_OR_RETURN(const bool stale, IsStale(instance, *table));
      if (stale) work.tables.push_back(catalog::Quoted(table->schema_name) + '.' + catalog::Quoted(table->name));
    }
    return work;
  });
}

// `stopped` is asked between tables.
Result<int> AnalyzeAll(Instance& instance, const std::function<bool()>& stopped) {
  int analyzed = 0;
  ASSIGN_OR_RETURN(const std::vector<Oid> databases, InCatalog(instance, catalog::oid::kDatabaseTemplate1, [](catalog::Catalog& catalog) {
    return catalog.OpenDatabases();
  }));
  for (const Oid database : databases) {
    if (stopped()) break;
    ASSIGN_OR_RETURN(const Work work, FindWork(instance, database));
    if (work.tables.empty()) continue;
    ConnectionOptions options;
    options.user = work.user;
    options.database = work.database;
    options.settings.emplace_back("application_name", "autovacuum worker");
    ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Create(instance, options));
    for (const std::string& table : work.tables) {
      if (stopped() || session->TerminationReason().has_value()) break;
      ErrorLog sink;
      Progress progress = session->SimpleQuery("ANALYZE " + table, sink);
      while (progress == Progress::kMore) progress = session->Continue(sink);
      analyzed += !sink.failed;
    }
  }
  return analyzed;
}

}  // namespace

AutoAnalyze::AutoAnalyze(Instance& instance) : instance_(instance), thread_([this] { Run(); }) {}

AutoAnalyze::~AutoAnalyze() {
  RequestStop();
  thread_.join();
}

void AutoAnalyze::RequestStop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

void AutoAnalyze::Run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const auto nap = std::chrono::seconds(instance_.settings().GetInteger("autovacuum_naptime"));
      if (changed_.wait_for(lock, nap, [this] { return stopped_; })) return;
    }
    if (!instance_.settings().GetBool("autovacuum")) continue;
    const Result<int> analyzed = AnalyzeAll(instance_, [this] {
      const std::lock_guard lock(mutex_);
      return stopped_;
    });
    if (!analyzed.ok()) Log(LogLevel::kLog, "automatic analyze: %s", analyzed.status().error().message.c_str());
  }
}

Result<int> AutoAnalyze::RunOnce(Instance& instance) {
  return AnalyzeAll(instance, [] { return false; });
}

}  // namespace phantom::session
