// WHERE CURRENT OF: the session knows where its cursors stand.
#include <charconv>

#include "engine/evaluator_internal.h"

namespace phantom::engine::internal {

namespace {

class CurrentOfEvaluator final : public OwningEvaluator {
 public:
  CurrentOfEvaluator(const planner::CurrentOfExpr& expr, Runtime& runtime)
      : OwningEvaluator(expr.type, runtime), cursor_(expr.cursor), table_(std::to_string(expr.table)) {}

 protected:
  Status Compute(const Batch&, const types::Vector*& result) override {
    if (epoch_ != runtime_.run_epoch) {
      SessionServices* session = runtime_.context.session;
      if (session == nullptr) return Error(sqlstate::kFeatureNotSupported, "this expression needs a session");
      const std::optional<std::string> args[] = {cursor_, table_};
      ASSIGN_OR_RETURN(const std::optional<std::string> place, session->Call("current_of", args));
      result_.Reset();
      int64_t ctid = 0;
      std::from_chars(place->data(), place->data() + place->size(), ctid);
      result_.data<int64_t>()[0] = ctid;
      result_.SetConstant();
      epoch_ = runtime_.run_epoch;
    }
    result = &result_;
    return Status::Ok();
  }

 private:
  const std::string cursor_;
  const std::string table_;
  uint64_t epoch_ = 0;
};

}  // namespace

Result<EvaluatorPtr> CompileCurrentOf(const planner::CurrentOfExpr& current, Runtime& runtime) {
  return EvaluatorPtr(std::make_unique<CurrentOfEvaluator>(current, runtime));
}

}  // namespace phantom::engine::internal
