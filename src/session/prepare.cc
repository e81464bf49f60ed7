// SQL PREPARE, EXECUTE and DEALLOCATE.
#include "parser/ast_utility.h"
#include "planner/planner.h"
#include "session/services.h"
#include "session/session_state.h"
#include "types/type.h"

namespace phantom::session {

using parser::Cast;

namespace {

Status NoSuchStatement(std::string_view name) {
  return Errorf(sqlstate::kUndefinedPstatement, "prepared statement \"%s\" does not exist", std::string(name).c_str());
}

// A parameter's type as PREPARE names it. Modifiers are ignored, as PostgreSQL ignores them.
Result<Oid> ParameterType(catalog::Catalog& catalog, const parser::TypeName& name) {
  const std::string_view type = name.names.back();
  const std::string_view schema = name.names.size() > 1 ? name.names[name.names.size() - 2] : std::string_view();
  ASSIGN_OR_RETURN(const catalog::TypeRef found, catalog.TypeOrError({schema, type, name.location}));
  if (name.array_bounds.empty()) return found->oid;
  if (found->array == 0) {
    return Errorf(sqlstate::kUndefinedObject, "could not find array type for data type %s",
                  catalog.FormatType(types::Type(found->oid)).c_str());
  }
  return found->array;
}

}  // namespace

Result<UtilityResult> SessionState::RunPrepare(const parser::Node& node, const Statement& outer) {
  const auto& prepare = Cast<parser::PrepareStmt>(node);
  auto statement = std::make_shared<Statement>();
  statement->name = prepare.name;
  statement->source = outer.source;
  statement->node = prepare.query;
  statement->begin = outer.begin;
  statement->length = outer.length;
  statement->from_sql = true;
  statement->prepared_us = statement_start_us;
  for (const parser::TypeName* type : prepare.arg_types) {
    ASSIGN_OR_RETURN(const Oid oid, ParameterType(catalog, *type));
    statement->given_types.push_back(oid);
  }
  RETURN_IF_ERROR(Analyze(*statement));
  if (const auto [entry, added] = statements.try_emplace(std::string(prepare.name), std::move(statement)); !added) {
    return Errorf(sqlstate::kDuplicatePstatement, "prepared statement \"%s\" already exists", entry->first.c_str());
  }
  return UtilityResult{"PREPARE"};
}

Result<std::vector<types::Value>> SessionState::ExecuteArguments(const Statement& statement,
                                                                 parser::NodeList arguments) {
  if (arguments.size() != statement.param_types.size()) {
    return Errorf(sqlstate::kSyntaxError, "wrong number of parameters for prepared statement \"%s\"",
                  statement.name.c_str())
        .Detail(Format("Expected %zu parameters but got %zu.", statement.param_types.size(), arguments.size()));
  }
  std::vector<types::Value> values;
  const planner::PlannerContext context = MakePlannerContext();
  for (size_t i = 0; i < arguments.size(); ++i) {
    ASSIGN_OR_RETURN(const planner::BoundExpression bound,
                     planner::BindExpression(*arguments[i], planner::ExpressionUse::kExecuteParam, nullptr,
                                             types::Type(statement.param_types[i]), Format("$%zu", i + 1), context));
    ASSIGN_OR_RETURN(types::Value value, services->EvaluateNow(*bound.expr));
    values.push_back(std::move(value));
  }
  return values;
}

Result<std::shared_ptr<Statement>> SessionState::PreparedFor(const parser::ExecuteStmt& execute) {
  const auto found = statements.find(execute.name);
  if (found == statements.end()) return NoSuchStatement(execute.name);
  RETURN_IF_ERROR(Analyze(*found->second));
  return found->second;
}

Result<UtilityResult> SessionState::RunExecute(const parser::Node& node, const Portal&) {
  const auto& execute = Cast<parser::ExecuteStmt>(node);
  ASSIGN_OR_RETURN(const std::shared_ptr<Statement> statement, PreparedFor(execute));
  UtilityResult result;
  result.portal = MakePortal(statement);
  ASSIGN_OR_RETURN(result.portal->parameters, ExecuteArguments(*statement, execute.params));
  return result;
}

Result<UtilityResult> SessionState::RunDeallocate(const parser::Node& node) {
  const std::string_view name = Cast<parser::DeallocateStmt>(node).name;
  if (parser::IsNull(name)) {
    std::erase_if(statements, [](const auto& entry) { return !entry.first.empty(); });
    return UtilityResult{"DEALLOCATE ALL"};
  }
  const auto found = statements.find(name);
  if (found == statements.end()) return NoSuchStatement(name);
  statements.erase(found);
  return UtilityResult{"DEALLOCATE"};
}

}  // namespace phantom::session
