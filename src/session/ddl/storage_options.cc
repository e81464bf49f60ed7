// WITH (...) of relations and columns: which options there are, and what their values may be.
#include <cmath>
#include <limits>

#include "parser/ast_expr.h"
#include "session/ddl/runner.h"
#include "types/text_format.h"

namespace phantom::session {

using parser::DynCast;

namespace {

struct OptionRule {
  enum class Kind : uint8_t { kBool, kInteger, kReal, kCheckOption, kIndexCleanup } kind;
  std::string_view name;
  double low = 0, high = 0;
};

using Kind = OptionRule::Kind;
constexpr double kIntMax = 2147483647;

constexpr OptionRule kTableOptions[] = {
    {Kind::kInteger, "fillfactor", 10, 100},
    {Kind::kInteger, "toast_tuple_target", 128, 8160},
    {Kind::kInteger, "parallel_workers", 0, 1024},
    {Kind::kBool, "user_catalog_table"},
    {Kind::kBool, "autovacuum_enabled"},
    {Kind::kBool, "vacuum_truncate"},
    {Kind::kIndexCleanup, "vacuum_index_cleanup"},
    {Kind::kInteger, "autovacuum_vacuum_threshold", 0, kIntMax},
    {Kind::kInteger, "autovacuum_vacuum_insert_threshold", -1, kIntMax},
    {Kind::kInteger, "autovacuum_analyze_threshold", 0, kIntMax},
    {Kind::kInteger, "autovacuum_vacuum_cost_limit", 1, 10000},
    {Kind::kReal, "autovacuum_vacuum_cost_delay", 0, 100},
    {Kind::kReal, "autovacuum_vacuum_scale_factor", 0, 100},
    {Kind::kReal, "autovacuum_vacuum_insert_scale_factor", 0, 100},
    {Kind::kReal, "autovacuum_analyze_scale_factor", 0, 100},
    {Kind::kInteger, "autovacuum_freeze_min_age", 0, 1000000000},
    {Kind::kInteger, "autovacuum_freeze_max_age", 100000, 2000000000},
    {Kind::kInteger, "autovacuum_freeze_table_age", 0, 2000000000},
    {Kind::kInteger, "autovacuum_multixact_freeze_min_age", 0, 1000000000},
    {Kind::kInteger, "autovacuum_multixact_freeze_max_age", 10000, 2000000000},
    {Kind::kInteger, "autovacuum_multixact_freeze_table_age", 0, 2000000000},
    {Kind::kInteger, "log_autovacuum_min_duration", -1, kIntMax},
};
constexpr OptionRule kIndexOptions[] = {
    {Kind::kInteger, "fillfactor", 10, 100},
    {Kind::kBool, "deduplicate_items"},
};
constexpr OptionRule kViewOptions[] = {
    {Kind::kBool, "security_barrier"},
    {Kind::kBool, "security_invoker"},
    {Kind::kCheckOption, "check_option"},
};
constexpr OptionRule kColumnOptions[] = {
    {Kind::kReal, "n_distinct", -1, std::numeric_limits<double>::max()},
    {Kind::kReal, "n_distinct_inherited", -1, std::numeric_limits<double>::max()},
};

std::span<const OptionRule> RulesOf(OptionOwner owner) {
  switch (owner) {
    case OptionOwner::kTable: return kTableOptions;
    case OptionOwner::kIndex: return kIndexOptions;
    case OptionOwner::kView: return kViewOptions;
    case OptionOwner::kColumn: return kColumnOptions;
  }
  return {};
}

Status OutOfBounds(const OptionRule& rule, const std::string& text, const std::string& low, const std::string& high) {
  return Errorf(sqlstate::kInvalidParameterValue, "value %s out of bounds for option \"%s\"", text.c_str(),
                std::string(rule.name).c_str())
      .Detail("Valid values are between \"" + low + "\" and \"" + high + "\".");
}

Status CheckValue(const OptionRule& rule, const std::string& text) {
  const auto invalid = [&](const char* kind) {
    return Errorf(sqlstate::kInvalidParameterValue, "invalid value for %s option \"%s\": %s", kind,
                  std::string(rule.name).c_str(), text.c_str());
  };
  switch (rule.kind) {
    case Kind::kBool: {
      bool value = false;
      return types::TryParseBool(text, &value) ? Status::Ok() : invalid("boolean");
    }
    case Kind::kInteger: {
      const Result<int64_t> value = types::ParseInt64(text);
      if (!value.ok()) return invalid("integer");
      if (static_cast<double>(*value) >= rule.low && static_cast<double>(*value) <= rule.high) return Status::Ok();
      return OutOfBounds(rule, text, Format("%.0f", rule.low), Format("%.0f", rule.high));
    }
    case Kind::kReal: {
      char* end = nullptr;
      const double value = std::strtod(text.c_str(), &end);
      if (text.empty() || *end != '\0' || std::isnan(value)) return invalid("floating point");
      if (value >= rule.low && value <= rule.high) return Status::Ok();
      return OutOfBounds(rule, text, Format("%f", rule.low), Format("%f", rule.high));
    }
    case Kind::kCheckOption:
      if (text == "local" || text == "cascaded") return Status::Ok();
      return invalid("enum").Detail("Valid values are \"local\" and \"cascaded\".");
    case Kind::kIndexCleanup: {
      bool value = false;
      if (text == "auto" || types::TryParseBool(text, &value)) return Status::Ok();
      return invalid("enum").Detail("Valid values are \"on\", \"off\", and \"auto\".");
    }
  }
  return Status::Ok();
}

}  // namespace

std::string OptionValueText(const parser::DefElem& option) {
  if (option.arg == nullptr) return "true";
  if (const auto* constant = DynCast<parser::Constant>(option.arg)) {
    switch (constant->type) {
      case parser::ConstantType::kInteger: return std::to_string(constant->integer);
      case parser::ConstantType::kBoolean: return constant->boolean ? "true" : "false";
      default: return std::string(constant->text);
    }
  }
  if (const auto* type = DynCast<parser::TypeName>(option.arg)) return std::string(type->names.back());
  if (const auto* list = DynCast<parser::StringList>(option.arg)) return std::string(list->names.back());
  return "true";
}

Result<std::vector<std::string>> StorageOptions(OptionOwner owner, parser::ListOf<parser::DefElem> options) {
  std::vector<std::string> texts;
  for (const parser::DefElem* option : options) {
    const OptionRule* rule = nullptr;
    for (const OptionRule& each : RulesOf(owner)) {
      if (each.name == option->name) rule = &each;
    }
    const bool toast = owner == OptionOwner::kTable && option->name_space == "toast";
    if (!option->name_space.empty() && !toast) {
      return Errorf(sqlstate::kInvalidParameterValue, "unrecognized parameter namespace \"%s\"",
                    std::string(option->name_space).c_str());
    }
    if (rule == nullptr) {
      return Errorf(sqlstate::kInvalidParameterValue, "unrecognized parameter \"%s\"", std::string(option->name).c_str());
    }
    const std::string value = OptionValueText(*option);
    RETURN_IF_ERROR(CheckValue(*rule, value));
    // There are no toast tables to keep theirs.
    if (!toast) texts.push_back(std::string(option->name) + '=' + value);
  }
  return texts;
}

}  // namespace phantom::session
