// EXPLAIN and EXPLAIN ANALYZE.
#include "planner/explain.h"

#include <strings.h>

#include <chrono>

#include "engine/executor.h"
#include "parser/ast_table.h"
#include "parser/ast_utility.h"
#include "session/row_store.h"
#include "session/session_state.h"
#include "types/chunk.h"

namespace phantom::session {

namespace {

Result<bool> BoolOf(const parser::DefElem& option) {
  if (option.arg == nullptr) return true;
  const auto* constant = parser::DynCast<parser::Constant>(option.arg);
  const std::string text = constant == nullptr                                ? std::string()
                           : constant->type == parser::ConstantType::kInteger ? std::to_string(constant->integer)
                           : constant->type == parser::ConstantType::kBoolean ? (constant->boolean ? "true" : "false")
                                                                              : std::string(constant->text);
  const auto is = [&](const char* word) { return strcasecmp(text.c_str(), word) == 0; };
  if (is("1") || is("true") || is("on")) return true;
  if (is("0") || is("false") || is("off")) return false;
  return Errorf(sqlstate::kSyntaxError, "%s requires a Boolean value", std::string(option.name).c_str());
}

Result<planner::ExplainOptions> ReadOptions(parser::ListOf<parser::DefElem> list) {
  planner::ExplainOptions options;
  bool timing_set = false, summary_set = false, wal = false;
  for (const parser::DefElem* option : list) {
    if (option->name == "analyze") {
      ASSIGN_OR_RETURN(options.analyze, BoolOf(*option));
    } else if (option->name == "verbose") {
      ASSIGN_OR_RETURN(options.verbose, BoolOf(*option));
    } else if (option->name == "costs") {
      ASSIGN_OR_RETURN(options.costs, BoolOf(*option));
    } else if (option->name == "timing") {
      timing_set = true;
      ASSIGN_OR_RETURN(options.timing, BoolOf(*option));
    } else if (option->name == "summary") {
      summary_set = true;
      ASSIGN_OR_RETURN(options.summary, BoolOf(*option));
    } else if (option->name == "settings" || option->name == "buffers") {
      // Checked; the plan's nodes say nothing more with them.
      if (Result<bool> flag = BoolOf(*option); !flag.ok()) return std::move(flag).status();
    } else if (option->name == "wal") {
      ASSIGN_OR_RETURN(wal, BoolOf(*option));
    } else if (option->name == "format") {
      const auto* constant = parser::DynCast<parser::Constant>(option->arg);
      const std::string_view format = constant == nullptr ? std::string_view() : constant->text;
      if (format == "json") {
        options.format = planner::ExplainFormat::kJson;
      } else if (format == "xml") {
        options.format = planner::ExplainFormat::kXml;
      } else if (format == "yaml") {
        options.format = planner::ExplainFormat::kYaml;
      } else if (format != "text") {
        return Errorf(sqlstate::kInvalidParameterValue, "unrecognized value for EXPLAIN option \"format\": \"%s\"",
                      std::string(format).c_str())
            .At(option->location);
      }
    } else {
      return Errorf(sqlstate::kSyntaxError, "unrecognized EXPLAIN option \"%s\"", std::string(option->name).c_str())
          .At(option->location);
    }
  }
  if (wal && !options.analyze) {
    return Error(sqlstate::kInvalidParameterValue, "EXPLAIN option WAL requires ANALYZE");
  }
  if (timing_set && options.timing && !options.analyze) {
    return Error(sqlstate::kInvalidParameterValue, "EXPLAIN option TIMING requires ANALYZE");
  }
  options.timing = options.timing && options.analyze;
  if (!summary_set) options.summary = options.analyze;
  return options;
}

class Stopwatch {
 public:
  double milliseconds() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace

Result<UtilityResult> SessionState::RunExplain(const parser::Node& node, const Portal& outer) {
  const auto& explain = parser::Cast<parser::ExplainStmt>(node);
  ASSIGN_OR_RETURN(planner::ExplainOptions options, ReadOptions(explain.options));
  UtilityResult result{"EXPLAIN"};
  result.rows = std::make_unique<RowStore>();
  auto statement = std::make_shared<Statement>();
  statement->source = outer.statement->source;
  statement->node = explain.query;
  statement->begin = outer.statement->begin;
  statement->length = outer.statement->length;
  statement->given_types = outer.statement->param_types;
  std::vector<types::Value> parameters = outer.parameters;
  if (const auto* create = parser::DynCast<parser::CreateTableAsStmt>(explain.query)) {
    if (options.analyze) {
      return Error(sqlstate::kFeatureNotSupported, "EXPLAIN ANALYZE of CREATE TABLE AS is not supported");
    }
    statement->node = create->query;
  } else if (const auto* declare = parser::DynCast<parser::DeclareCursorStmt>(explain.query)) {
    statement->node = declare->query;
  }
  if (const auto* execute = parser::DynCast<parser::ExecuteStmt>(statement->node)) {
    ASSIGN_OR_RETURN(statement, PreparedFor(*execute));
    ASSIGN_OR_RETURN(parameters, ExecuteArguments(*statement, execute->params));
  }
  if (!IsPlannable(statement->node)) {
    const std::string lines[] = {"Utility statements have no plan structure"};
    result.rows->AppendTexts(lines);
    return result;
  }
  const Stopwatch planning;
  RETURN_IF_ERROR(EnsurePlan(*statement));
  options.planning_ms = planning.milliseconds();

  std::vector<planner::ExplainMetrics> metrics;
  const std::shared_ptr<const planner::PhysicalPlan> plan = statement->plan;
  if (options.analyze) {
    const Stopwatch execution;
    const auto portal = std::make_unique<Portal>();
    portal->statement = statement;
    portal->source = outer.source;
    portal->parameters = std::move(parameters);
    portal->plan = plan;
    RETURN_IF_ERROR(block.AwaitSnapshot());
    portal->snapshot = block.transaction().TakeSnapshot();
    FillContext(&portal->context, *portal);
    portal->context.instrument = true;
    ASSIGN_OR_RETURN(portal->execution, engine::PreparedExecution::Create(*plan, portal->context));
    RETURN_IF_ERROR(portal->execution->Open());
    do {
      RETURN_IF_ERROR(portal->execution->Next(portal->chunk));
    } while (portal->chunk.size() > 0);
    RETURN_IF_ERROR(portal->execution->Close());
    options.execution_ms = execution.milliseconds();
    for (const engine::OperatorMetrics& measured : portal->execution->metrics()) {
      metrics.push_back({measured.rows, measured.loops, measured.first_row_ms, measured.total_ms, measured.rows_removed,
                         measured.memory_bytes, measured.spilled_bytes, measured.cache_hits, measured.cache_misses,
                         measured.cache_evictions, measured.cache_overflows});
    }
  }
  const std::string text = planner::Explain(*plan, options, metrics, MakePlannerContext());
  if (options.format != planner::ExplainFormat::kText) {
    result.rows->AppendTexts({&text, 1});
    return result;
  }
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    result.rows->AppendTexts({&line, 1});
    begin = end + 1;
  }
  return result;
}

}  // namespace phantom::session
