// session/services.h
//
// What functions and the planner may ask of the session that runs a statement.
//
// Thread safety: the session's thread.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/random.h"
#include "engine/context.h"
#include "planner/planner.h"
#include "txn/sequence.h"

namespace phantom::session {

class Instance;
class SessionState;

// pg_prepared_xact(), as engine/text_rows.h (two_phase.cc).
std::string PreparedTransactionRows(Instance& instance);

class Services : public engine::SessionServices, public planner::ExpressionService, public planner::StatisticsSource {
 public:
  explicit Services(SessionState& state) : state_(state) {}

  // ---- engine::SessionServices ----
  Result<std::string> GetSetting(std::string_view name) override;
  Status SetSetting(std::string_view name, std::string_view value, bool is_local) override;
  std::string CurrentUser() override;
  std::string SessionUser() override;
  std::string CurrentDatabase() override;
  Oid CurrentUserOid() override;
  Oid CurrentDatabaseOid() override;
  std::vector<std::string> SearchPath(bool include_implicit) override;
  int32_t BackendPid() override;
  std::string ClientAddress() override;
  int32_t ClientPort() override;
  void Notice(std::string_view severity, const Status& notice) override;
  Result<int64_t> NextValue(Oid sequence) override;
  Result<int64_t> CurrentValue(Oid sequence) override;
  Result<int64_t> LastValue() override;
  Status SetValue(Oid sequence, int64_t value, bool is_called) override;
  RandomGenerator& Random() override { return random_; }
  Result<std::optional<std::string>> Call(std::string_view function,
                                          std::span<const std::optional<std::string>> args) override;

  // ---- planner::ExpressionService: constant folding ----
  Result<types::Value> Evaluate(const planner::Expr& expr) override;

  // ---- planner::StatisticsSource ----
  double RowCount(const catalog::Table& table) override;
  std::shared_ptr<const planner::ColumnStatistics> Column(const catalog::Table& table, int attnum) override;

  // An expression without columns, evaluated in the current transaction under a fresh snapshot.
  Result<types::Value> EvaluateNow(const planner::Expr& expr);

  // DISCARD SEQUENCES: currval() knows nothing any more.
  void ForgetSequences();

 private:
  struct CachedSequence {
    int64_t last = 0;   // given by nextval
    int64_t limit = 0;  // last of the values fetched ahead
    bool has_last = false;
    // What the values fetched ahead were fetched from: they are no good once that has changed.
    TreeId tree;
    txn::SequenceOptions options;
  };

  // Functions that return sets: the answer is in the form of engine/text_rows.h.
  Result<std::optional<std::string>> CallRows(std::string_view function,
                                              std::span<const std::optional<std::string>> args);
  void FillContext(engine::ExecutionContext* context);

  SessionState& state_;
  RandomGenerator random_;
  std::map<Oid, CachedSequence> sequences_;
  Oid last_sequence_ = 0;
};

}  // namespace phantom::session
