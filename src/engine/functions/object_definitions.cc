// Definitions of objects as SQL: pg_get_expr, pg_get_constraintdef, pg_get_indexdef, pg_get_viewdef, functions' arguments
// (PostgreSQL 15, table 9.73).
#include <optional>
#include <string>

#include "catalog/builtin/columns.h"
#include "catalog/builtin_index.h"
#include "catalog/builtins.h"
#include "catalog/object_loader.h"
#include "catalog/seen_view.h"
#include "catalog/stored_sql.h"
#include "catalog/system_store.h"
#include "engine/functions/catalog_access.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "planner/definition.h"
#include "planner/planner.h"
#include "types/keywords.h"
#include "types/string_ref.h"
#include "types/text_format.h"

namespace phantom::engine {

namespace {

using catalog::Catalog;
using catalog::TableRef;
using types::StringRef;
using Args = std::span<const types::Vector* const>;
using Out = Writer<StringRef>;
using I = int32_t;

planner::PlannerContext PlannerOf(const KernelContext& context, Catalog& catalog) {
  planner::PlannerContext planner;
  planner.catalog = &catalog;
  planner.format = context.format;
  return planner;
}

// An expression of the catalog as clients are shown it.
Result<planner::ShownExpression> Show(const KernelContext& context, Catalog& catalog, std::string_view stored,
                                      const catalog::Table* table, bool pretty, types::Type value_type = {}) {
  ASSIGN_OR_RETURN(const std::string sql, catalog.ExpandStored(stored, table));
  return planner::ShowExpression(sql, table, {.pretty = pretty}, PlannerOf(context, catalog), value_type);
}

void AppendColumns(const catalog::Table& table, const std::vector<int16_t>& columns, std::string& out) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += ", ";
    out += types::QuoteIdentifier(table.column(columns[i]).name);
  }
}

// ---- Expressions --------------------------------------------------------------------------------

// pg_get_expr(text, relation [, pretty]).
Status ExpressionText(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    bool null = false;
    for (const types::Vector* arg : args) null = null || arg->IsNull(row);
    if (null) {
      result.SetNull(row);
      continue;
    }
    ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
    const auto relation = static_cast<Oid>(args[1]->Get<I>(row));
    TableRef table;
    if (relation != 0) {
      ASSIGN_OR_RETURN(table, catalog->TableByOid(relation));
      if (table == nullptr) {
        result.SetNull(row);
        continue;
      }
    }
    const bool pretty = args.size() > 2 && args[2]->Get<bool>(row);
    // The expressions of an index are one list.
    constexpr char kBetween = '\x1e';
    std::string_view rest = args[0]->Get<StringRef>(row).view();
    std::string text;
    for (size_t end = 0; end != std::string_view::npos; rest.remove_prefix(end == std::string_view::npos ? 0 : end + 1)) {
      end = rest.find(kBetween);
      ASSIGN_OR_RETURN(const planner::ShownExpression shown,
                       Show(context, *catalog, rest.substr(0, end), table.get(), pretty));
      text += (text.empty() ? "" : ", ") + shown.text;
    }
    result.SetString(row, text);
  }
  return Status::Ok();
}

// ---- Constraints --------------------------------------------------------------------------------

std::string_view ActionText(catalog::ForeignKeyAction action) {
  switch (action) {
    case catalog::ForeignKeyAction::kNone:
      return "";
    case catalog::ForeignKeyAction::kRestrict:
      return "RESTRICT";
    case catalog::ForeignKeyAction::kCascade:
      return "CASCADE";
    case catalog::ForeignKeyAction::kSetNull:
      return "SET NULL";
    case catalog::ForeignKeyAction::kSetDefault:
      return "SET DEFAULT";
  }
  return "";
}

Result<std::string> ForeignKeyText(Catalog& catalog, const catalog::Table& table, const catalog::Constraint& key) {
  ASSIGN_OR_RETURN(const TableRef referenced, catalog.TableByOid(key.referenced_table));
  if (referenced == nullptr) return Error(sqlstate::kInternalError, "cache lookup failed for relation");
  std::string text = "FOREIGN KEY (";
  AppendColumns(table, key.columns, text);
  ASSIGN_OR_RETURN(const std::string name, RelationName(catalog, *referenced));
  text += ") REFERENCES " + name + '(';
  AppendColumns(*referenced, key.referenced_columns, text);
  text += ')';
  if (key.match == 'f') text += " MATCH FULL";
  if (key.on_update != catalog::ForeignKeyAction::kNone) text += " ON UPDATE " + std::string(ActionText(key.on_update));
  if (key.on_delete != catalog::ForeignKeyAction::kNone) {
    text += " ON DELETE " + std::string(ActionText(key.on_delete));
    if (!key.delete_set_columns.empty()) {
      text += " (";
      AppendColumns(table, key.delete_set_columns, text);
      text += ')';
    }
  }
  return text;
}

Result<std::string> ConstraintText(const KernelContext& context, Catalog& catalog, const catalog::Constraint& constraint, bool pretty) {
  TableRef table;
  if (constraint.table != 0) {
    ASSIGN_OR_RETURN(table, catalog.TableByOid(constraint.table));
    if (table == nullptr) return Error(sqlstate::kInternalError, "cache lookup failed for relation");
  }
  std::string text;
  switch (constraint.kind) {
    case catalog::ConstraintKind::kCheck: {
      types::Type value_type;
      if (constraint.domain != 0) {
        const catalog::TypeRef domain = catalog.TypeByOid(constraint.domain);
        if (domain != nullptr) value_type = types::Type(domain->base_type, domain->typmod);
      }
      ASSIGN_OR_RETURN(const planner::ShownExpression check,
                       Show(context, catalog, constraint.check_sql, table.get(), pretty, value_type));
      text = "CHECK (" + check.text + ')';
      if (constraint.no_inherit) text += " NO INHERIT";
      break;
    }
    case catalog::ConstraintKind::kForeignKey: {
      ASSIGN_OR_RETURN(text, ForeignKeyText(catalog, *table, constraint));
      break;
    }
    case catalog::ConstraintKind::kPrimaryKey:
    case catalog::ConstraintKind::kUnique: {
      const catalog::Index* index = table->FindIndex(constraint.index);
      text = constraint.kind == catalog::ConstraintKind::kPrimaryKey ? "PRIMARY KEY " : "UNIQUE ";
      if (index != nullptr && index->nulls_not_distinct) text += "NULLS NOT DISTINCT ";
      text += '(';
      AppendColumns(*table, constraint.columns, text);
      text += ')';
      if (index != nullptr && !index->included.empty()) {
        text += " INCLUDE (";
        AppendColumns(*table, index->included, text);
        text += ')';
      }
      break;
    }
    case catalog::ConstraintKind::kExclusion:
      return Error(sqlstate::kFeatureNotSupported, "exclusion constraints are not supported");
  }
  if (constraint.deferrable) text += " DEFERRABLE";
  if (constraint.deferred) text += " INITIALLY DEFERRED";
  if (!constraint.validated) text += " NOT VALID";
  return text;
}

Status ConstraintDefinition(KernelContext& context, Oid oid, bool pretty, Out& out) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const std::optional<catalog::Row> row,
                   catalog->store().FindOne(catalog::oid::kPgConstraint, catalog::index_oid::kConstraintByOid, {oid}));
  if (!row) {
    out.SetNull();
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(const std::string text, ConstraintText(context, *catalog, catalog::MakeConstraint(*row), pretty));
  out.SetText(text);
  return Status::Ok();
}
Status ConstraintPlain(KernelContext& context, const I& oid, Out& out) {
  return ConstraintDefinition(context, static_cast<Oid>(oid), false, out);
}
Status ConstraintPretty(KernelContext& context, const I& oid, const bool& pretty, Out& out) {
  return ConstraintDefinition(context, static_cast<Oid>(oid), pretty, out);
}

// ---- Indexes ------------------------------------------------------------------------------------

Result<std::string> KeyText(const KernelContext& context, Catalog& catalog, const catalog::Table& table,
                            const catalog::IndexKey& key, bool alone, bool pretty) {
  std::string text;
  if (key.column != 0) {
    text = types::QuoteIdentifier(table.column(key.column).name);
  } else {
    ASSIGN_OR_RETURN(const planner::ShownExpression shown, Show(context, catalog, key.expression_sql, &table, pretty));
    text = shown.is_call ? shown.text : '(' + shown.text + ')';
  }
  if (alone) return text;
  const Oid own_collation = key.column != 0 ? table.column(key.column).collation : catalog::oid::kCollationDefault;
  if (key.collation != 0 && own_collation != 0 && key.collation != own_collation) {
    if (const catalog::CollationRow* collation = catalog.builtins().Collation(key.collation)) {
      text += " COLLATE " + types::QuoteIdentifier(collation->name);
    }
  }
  const catalog::OpclassRow* opclass = catalog.builtins().Opclass(key.opclass);
  if (opclass != nullptr && opclass != catalog.DefaultOpclass(key.type.oid, opclass->method)) {
    text += ' ' + types::QuoteIdentifier(opclass->name);
  }
  if (key.descending) {
    text += key.nulls_first ? " DESC" : " DESC NULLS LAST";
  } else if (key.nulls_first) {
    text += " NULLS FIRST";
  }
  return text;
}

// " WITH (fillfactor='70')"; nothing without options.
void AppendOptions(const std::vector<std::string>& options, std::string& text) {
  if (options.empty()) return;
  text += " WITH (";
  for (const std::string& option : options) {
    const size_t equals = option.find('=');
    const std::string name = types::QuoteIdentifier(option.substr(0, equals));
    const std::string value = equals == std::string::npos ? "" : option.substr(equals + 1);
    if (&option != &options.front()) text += ", ";
    text += name + '=' + (types::QuoteIdentifier(value) == value ? value : types::QuoteLiteral(value));
  }
  text += ')';
}

Status IndexDefinition(KernelContext& context, Oid oid, I column, bool pretty, Out& out) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const TableRef relation, catalog->TableByOid(oid));
  TableRef table;
  if (relation != nullptr && relation->indexed_table != 0) {
    ASSIGN_OR_RETURN(table, catalog->TableByOid(relation->indexed_table));
  }
  const catalog::Index* index = table == nullptr ? nullptr : table->FindIndex(oid);
  std::optional<catalog::Index> system_index;
  if (index == nullptr) {
    system_index = catalog::FindBuiltinIndex(static_cast<Oid>(oid));
    if (system_index.has_value()) {
      ASSIGN_OR_RETURN(table, catalog->TableByOid(system_index->table));
      if (table != nullptr) index = &*system_index;
    }
  }
  if (index == nullptr) {
    out.SetNull();
    return Status::Ok();
  }
  if (column != 0) {
    // One key's text alone; columns that are only included too.
    std::string text;
    const auto at = static_cast<size_t>(column) - 1;
    if (column > 0 && at < index->keys.size()) {
      ASSIGN_OR_RETURN(text, KeyText(context, *catalog, *table, index->keys[at], true, pretty));
    } else if (column > 0 && at - index->keys.size() < index->included.size()) {
      text = types::QuoteIdentifier(table->column(index->included[at - index->keys.size()]).name);
    }
    out.SetText(text);
    return Status::Ok();
  }
  const catalog::AccessMethodRow* method = catalog->builtins().AccessMethod(index->method);
  std::string text = index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ";
  ASSIGN_OR_RETURN(const std::string name, pretty ? RelationName(*catalog, *table) : QualifiedRelationName(*table));
  text += types::QuoteIdentifier(index->name) + " ON " + name + " USING ";
  text += method == nullptr ? "btree" : types::QuoteIdentifier(method->name);
  text += " (";
  for (size_t i = 0; i < index->keys.size(); ++i) {
    if (i > 0) text += ", ";
    ASSIGN_OR_RETURN(const std::string key, KeyText(context, *catalog, *table, index->keys[i], false, pretty));
    text += key;
  }
  text += ')';
  if (!index->included.empty()) {
    text += " INCLUDE (";
    AppendColumns(*table, index->included, text);
    text += ')';
  }
  if (index->nulls_not_distinct) text += " NULLS NOT DISTINCT";
  if (relation != nullptr) AppendOptions(relation->options, text);
  if (!index->predicate_sql.empty()) {
    ASSIGN_OR_RETURN(const planner::ShownExpression predicate,
                     Show(context, *catalog, index->predicate_sql, table.get(), pretty));
    text += " WHERE " + predicate.text;
  }
  out.SetText(text);
  return Status::Ok();
}
Status IndexPlain(KernelContext& context, const I& oid, Out& out) {
  return IndexDefinition(context, static_cast<Oid>(oid), 0, false, out);
}
Status IndexPretty(KernelContext& context, const I& oid, const I& column, const bool& pretty, Out& out) {
  return IndexDefinition(context, static_cast<Oid>(oid), column, pretty, out);
}

// ---- Views --------------------------------------------------------------------------------------

Status ViewDefinition(KernelContext& context, Oid oid, planner::DefinitionStyle style, Out& out) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const TableRef view, catalog::ViewAsSeen(*catalog, oid));
  if (view == nullptr) {
    out.SetNull();
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(const std::string query, planner::ShowView(*view, style, PlannerOf(context, *catalog)));
  out.SetText(query + ';');
  return Status::Ok();
}
Status ViewOfOid(KernelContext& context, const I& oid, Out& out) {
  return ViewDefinition(context, static_cast<Oid>(oid), {}, out);
}
Status ViewOfOidPretty(KernelContext& context, const I& oid, const bool& pretty, Out& out) {
  return ViewDefinition(context, static_cast<Oid>(oid), {.pretty = pretty}, out);
}
Status ViewOfOidWrapped(KernelContext& context, const I& oid, const I& column, Out& out) {
  return ViewDefinition(context, static_cast<Oid>(oid), {.pretty = true, .wrap_column = column}, out);
}
Status ViewOfName(KernelContext& context, const StringRef& name, Out& out) {
  ASSIGN_OR_RETURN(const Oid oid, ResolveObject(context, types::kRegclassOid, name.view()));
  return ViewDefinition(context, oid, {}, out);
}
Status ViewOfNamePretty(KernelContext& context, const StringRef& name, const bool& pretty, Out& out) {
  ASSIGN_OR_RETURN(const Oid oid, ResolveObject(context, types::kRegclassOid, name.view()));
  return ViewDefinition(context, oid, {.pretty = pretty}, out);
}

// ---- Sequences ----------------------------------------------------------------------------------

Status SerialSequence(KernelContext& context, const StringRef& name, const StringRef& column, Out& out) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const Oid oid, ResolveObject(context, types::kRegclassOid, name.view()));
  ASSIGN_OR_RETURN(const TableRef table, catalog->TableByOid(oid));
  const int number = table == nullptr ? 0 : table->FindColumn(column.view());
  if (number == 0) {
    return Error(sqlstate::kUndefinedColumn, "column \"" + std::string(column.view()) + "\" of relation \"" +
                                                 (table == nullptr ? std::string(name.view()) : table->name) +
                                                 "\" does not exist");
  }
  ASSIGN_OR_RETURN(const Oid sequence_oid, catalog->OwnedSequence(oid, number));
  TableRef sequence;
  if (sequence_oid != 0) {
    ASSIGN_OR_RETURN(sequence, catalog->TableByOid(sequence_oid));
  }
  if (sequence == nullptr) {
    out.SetNull();
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(const std::string text, QualifiedRelationName(*sequence));
  out.SetText(text);
  return Status::Ok();
}

// ---- Rules --------------------------------------------------------------------------------------

// The only rules are those that make views.
Status RuleDefinition(KernelContext& context, Oid oid, bool pretty, Out& out) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const auto rule, catalog->store().FindOne(catalog::oid::kPgRewrite, catalog::index_oid::kRewriteByOid,
                                                             {oid}));
  if (!rule) {
    out.SetNull();
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(const TableRef view, catalog->TableByOid(rule->GetOid(catalog::pg_rewrite::ev_class)));
  ASSIGN_OR_RETURN(const std::string name, pretty ? RelationName(*catalog, *view) : QualifiedRelationName(*view));
  ASSIGN_OR_RETURN(const std::string query,
                   planner::ShowView(*view, {.pretty = pretty}, PlannerOf(context, *catalog)));
  out.SetText("CREATE RULE \"_RETURN\" AS\n    ON SELECT TO " + name + " DO INSTEAD " + query + ';');
  return Status::Ok();
}
Status RuleOfOid(KernelContext& context, const I& oid, Out& out) {
  return RuleDefinition(context, static_cast<Oid>(oid), false, out);
}
Status RuleOfOidPretty(KernelContext& context, const I& oid, const bool& pretty, Out& out) {
  return RuleDefinition(context, static_cast<Oid>(oid), pretty, out);
}

// ---- Functions ----------------------------------------------------------------------------------

const catalog::FunctionRow* FunctionOf(const I& oid) {
  return catalog::Builtins::Get().Function(static_cast<Oid>(oid));
}

// Arguments with modes, names, types and defaults. Result columns (TABLE) on demand.
std::string ArgumentList(const catalog::FunctionRow& function, bool defaults, bool table_columns) {
  const bool all = !function.all_arguments.empty();
  const std::span<const Oid> arguments = all ? function.all_arguments : function.arguments;
  const catalog::AggregateRow* aggregate = catalog::Builtins::Get().Aggregate(function.oid);
  const bool ordered = aggregate != nullptr && aggregate->kind != 'n';
  const auto inputs = static_cast<int>(function.arguments.size());
  std::string text;
  int input = 0, shown = 0;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const catalog::ArgumentMode mode = function.modes.empty() ? catalog::ArgumentMode::kIn : function.modes[i];
    const bool is_input = mode == catalog::ArgumentMode::kIn || mode == catalog::ArgumentMode::kInOut ||
                          mode == catalog::ArgumentMode::kVariadic;
    if ((mode == catalog::ArgumentMode::kTable) != table_columns) continue;
    if (ordered && shown == aggregate->direct_arguments) {
      if (shown > 0) text += ' ';
      text += "ORDER BY ";
    } else if (shown > 0) {
      text += ", ";
    }
    ++shown;
    if (mode == catalog::ArgumentMode::kOut) text += "OUT ";
    if (mode == catalog::ArgumentMode::kInOut) text += "INOUT ";
    if (mode == catalog::ArgumentMode::kVariadic) text += "VARIADIC ";
    if (i < function.names.size() && !function.names[i].empty()) text += types::QuoteIdentifier(function.names[i]) + ' ';
    text += types::FormatTypeName(arguments[i]);
    if (is_input) {
      const int index = input - (inputs - function.default_count);
      if (defaults && index >= 0 && static_cast<size_t>(index) < function.defaults.size()) {
        text += " DEFAULT " + std::string(function.defaults[static_cast<size_t>(index)]);
      }
      ++input;
    }
  }
  // A hypothetical-set aggregate's one variadic argument stands on both sides.
  if (ordered && shown == aggregate->direct_arguments && !arguments.empty()) text += " ORDER BY " + text;
  return text;
}

template <bool kDefaults>
Status FunctionArguments(KernelContext&, const I& oid, Out& out) {
  const catalog::FunctionRow* function = FunctionOf(oid);
  function == nullptr ? out.SetNull() : out.SetText(ArgumentList(*function, kDefaults, false));
  return Status::Ok();
}
std::string ResultText(const catalog::FunctionRow& function) {
  const std::string columns = ArgumentList(function, false, true);
  if (!columns.empty()) return "TABLE(" + columns + ')';
  return (function.returns_set ? "SETOF " : "") + types::FormatTypeName(function.return_type);
}
Status FunctionResult(KernelContext&, const I& oid, Out& out) {
  const catalog::FunctionRow* function = FunctionOf(oid);
  if (function == nullptr || function->kind == catalog::FunctionKind::kProcedure) {
    out.SetNull();
  } else {
    out.SetText(ResultText(*function));
  }
  return Status::Ok();
}
// The words after LANGUAGE; what goes without saying is left out.
std::string FunctionProperties(const catalog::FunctionRow& function) {
  std::string words;
  if (function.kind == catalog::FunctionKind::kWindow) words += " WINDOW";
  if (function.volatility == catalog::Volatility::kImmutable) words += " IMMUTABLE";
  if (function.volatility == catalog::Volatility::kStable) words += " STABLE";
  if (function.parallel == 's') words += " PARALLEL SAFE";
  if (function.parallel == 'r') words += " PARALLEL RESTRICTED";
  if (function.strict) words += " STRICT";
  if (function.security_definer) words += " SECURITY DEFINER";
  if (function.leakproof) words += " LEAKPROOF";
  const float usual_cost = function.language == catalog::oid::kLanguageSql ? 100 : 1;
  if (function.cost != usual_cost) words += Format(" COST %g", static_cast<double>(function.cost));
  constexpr float kUsualRows = 1000;
  if (function.returns_set && function.rows != kUsualRows) {
    words += Format(" ROWS %g", static_cast<double>(function.rows));
  }
  const catalog::FunctionRow* support = catalog::Builtins::Get().Function(function.support);
  if (support != nullptr) words += " SUPPORT " + types::QuoteIdentifier(support->name);
  return words;
}
Status FunctionDefinition(KernelContext& context, const I& oid, Out& out) {
  const catalog::FunctionRow* function = FunctionOf(oid);
  if (function == nullptr) {
    out.SetNull();
    return Status::Ok();
  }
  if (function->kind == catalog::FunctionKind::kAggregate) {
    return Error(sqlstate::kWrongObjectType, '"' + std::string(function->name) + "\" is an aggregate function");
  }
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const auto schema, catalog->SchemaByOid(function->schema));
  std::string text = "CREATE OR REPLACE FUNCTION " + types::QuoteIdentifier(schema->name) + '.' +
                     types::QuoteIdentifier(function->name) + '(' + ArgumentList(*function, true, false) +
                     ")\n RETURNS " + ResultText(*function) + "\n LANGUAGE " +
                     (function->language == catalog::oid::kLanguageSql ? "sql" : "internal") + '\n';
  const std::string properties = FunctionProperties(*function);
  if (!properties.empty()) text += properties + '\n';
  if (!function->sql_body.empty()) {
    text += std::string(function->sql_body) + '\n';
  } else {
    text += "AS $function$" + std::string(function->source) + "$function$\n";
  }
  out.SetText(text);
  return Status::Ok();
}
Status ArgumentDefault(KernelContext&, const I& oid, const I& number, Out& out) {
  const catalog::FunctionRow* function = FunctionOf(oid);
  const int index = function == nullptr
                        ? -1
                        : number - 1 - (static_cast<int>(function->arguments.size()) - function->default_count);
  if (index < 0 || static_cast<size_t>(index) >= function->defaults.size()) {
    out.SetNull();
  } else {
    out.SetText(function->defaults[static_cast<size_t>(index)]);
  }
  return Status::Ok();
}
Status SqlBody(KernelContext&, const I& oid, Out& out) {
  const catalog::FunctionRow* function = FunctionOf(oid);
  function == nullptr || function->sql_body.empty() ? out.SetNull() : out.SetText(function->sql_body);
  return Status::Ok();
}

// Objects of kinds that cannot be made here: there is none with such an OID.
Status NoSuchObject(KernelContext&, const I&, Out& out) {
  out.SetNull();
  return Status::Ok();
}
Status NoSuchObjectPretty(KernelContext&, const I&, const bool&, Out& out) {
  out.SetNull();
  return Status::Ok();
}
constexpr ScalarKernel kNoSuchObject = Strict<NoSuchObject, StringRef, I>;
constexpr ScalarKernel kNoSuchObjectPretty = Strict<NoSuchObjectPretty, StringRef, I, bool>;

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("pg_get_expr", ExpressionText),
    KernelEntry::Scalar("pg_get_expr_ext", ExpressionText),
    KernelEntry::Scalar("pg_get_constraintdef", Strict<ConstraintPlain, StringRef, I>),
    KernelEntry::Scalar("pg_get_constraintdef_ext", Strict<ConstraintPretty, StringRef, I, bool>),
    KernelEntry::Scalar("pg_get_indexdef", Strict<IndexPlain, StringRef, I>),
    KernelEntry::Scalar("pg_get_indexdef_ext", Strict<IndexPretty, StringRef, I, I, bool>),
    KernelEntry::Scalar("pg_get_ruledef", Strict<RuleOfOid, StringRef, I>),
    KernelEntry::Scalar("pg_get_ruledef_ext", Strict<RuleOfOidPretty, StringRef, I, bool>),
    KernelEntry::Scalar("pg_get_viewdef", Strict<ViewOfOid, StringRef, I>),
    KernelEntry::Scalar("pg_get_viewdef_ext", Strict<ViewOfOidPretty, StringRef, I, bool>),
    KernelEntry::Scalar("pg_get_viewdef_wrap", Strict<ViewOfOidWrapped, StringRef, I, I>),
    KernelEntry::Scalar("pg_get_viewdef_name", Strict<ViewOfName, StringRef, StringRef>),
    KernelEntry::Scalar("pg_get_viewdef_name_ext", Strict<ViewOfNamePretty, StringRef, StringRef, bool>),
    KernelEntry::Scalar("pg_get_serial_sequence", Strict<SerialSequence, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("pg_get_functiondef", Strict<FunctionDefinition, StringRef, I>),
    KernelEntry::Scalar("pg_get_function_arguments", Strict<FunctionArguments<true>, StringRef, I>),
    KernelEntry::Scalar("pg_get_function_identity_arguments", Strict<FunctionArguments<false>, StringRef, I>),
    KernelEntry::Scalar("pg_get_function_result", Strict<FunctionResult, StringRef, I>),
    KernelEntry::Scalar("pg_get_function_arg_default", Strict<ArgumentDefault, StringRef, I, I>),
    KernelEntry::Scalar("pg_get_function_sqlbody", Strict<SqlBody, StringRef, I>),
    KernelEntry::Scalar("pg_get_triggerdef", kNoSuchObject),
    KernelEntry::Scalar("pg_get_triggerdef_ext", kNoSuchObjectPretty),
    KernelEntry::Scalar("pg_get_statisticsobjdef", kNoSuchObject),
    KernelEntry::Scalar("pg_get_statisticsobjdef_columns", kNoSuchObject),
    KernelEntry::Scalar("pg_get_partkeydef", kNoSuchObject),
    KernelEntry::Scalar("pg_get_partition_constraintdef", kNoSuchObject),
};

}  // namespace

std::span<const KernelEntry> ObjectDefinitionKernels() { return kTable; }

}  // namespace phantom::engine
