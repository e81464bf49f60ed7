// COPY: what the statement names, and which way the data goes.
#include <algorithm>

#include "catalog/catalog.h"
#include "parser/ast_select.h"
#include "parser/ast_utility.h"
#include "session/copy/copy_in.h"
#include "session/copy/copy_out.h"
#include "session/session_state.h"
#include "types/encoding.h"
#include "types/keywords.h"

namespace phantom::session {

using parser::CopyStmt;

namespace {

Status CheckServerFile(const SessionState& state, const CopyStmt& copy) {
  if (parser::IsNull(copy.filename)) return Status::Ok();
  if (copy.is_program) {
    return Error(sqlstate::kFeatureNotSupported, "COPY to or from an external program is not supported");
  }
  if (state.superuser) return Status::Ok();
  return Error(sqlstate::kInsufficientPrivilege,
               copy.is_from
                   ? "must be superuser or have privileges of the pg_read_server_files role to COPY from a file"
                   : "must be superuser or have privileges of the pg_write_server_files role to COPY to a file")
      .Hint("Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.");
}

Status CheckRelation(const catalog::Table& table, bool is_from) {
  const char* direction = is_from ? "to" : "from";
  switch (table.kind) {
    case catalog::RelationKind::kTable:
      return Status::Ok();
    case catalog::RelationKind::kView: {
      Status status = Errorf(sqlstate::kWrongObjectType, "cannot copy %s view \"%s\"", direction, table.name.c_str());
      return is_from ? std::move(status).Hint("To enable copying to a view, provide an INSTEAD OF INSERT trigger.")
                     : std::move(status).Hint("Try the COPY (SELECT ...) TO variant.");
    }
    case catalog::RelationKind::kSequence:
      return Errorf(sqlstate::kWrongObjectType, "cannot copy %s sequence \"%s\"", direction, table.name.c_str());
    default:
      return Errorf(sqlstate::kWrongObjectType, "cannot copy %s non-table relation \"%s\"", direction,
                    table.name.c_str());
  }
}

// Attribute numbers of the columns named, or of all that are not generated.
Result<std::vector<int>> Columns(const catalog::Table& table, parser::NameList names) {
  std::vector<int> columns;
  if (names.empty()) {
    for (size_t i = 0; i < table.columns.size(); ++i) {
      if (!table.columns[i].dropped && table.columns[i].generated == 0) columns.push_back(static_cast<int>(i) + 1);
    }
    return columns;
  }
  for (const std::string_view name : names) {
    const int column = table.FindColumn(name);
    if (column == 0) {
      return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" of relation \"%s\" does not exist",
                    std::string(name).c_str(), table.name.c_str());
    }
    if (table.column(column).generated != 0) {
      return Errorf(sqlstate::kInvalidColumnReference, "column \"%s\" is a generated column", std::string(name).c_str())
          .Detail("Generated columns cannot be used in COPY.");
    }
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      return Errorf(sqlstate::kDuplicateColumn, "column \"%s\" specified more than once", std::string(name).c_str());
    }
    columns.push_back(column);
  }
  return columns;
}

// Every column a FORCE_ option names must be copied.
Status CheckForced(const catalog::Table* table, const std::vector<std::string>& all,
                   const std::vector<std::string>& forced, const char* option) {
  for (const std::string& name : forced) {
    if (table != nullptr && table->FindColumn(name) == 0) {
      return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name.c_str(),
                    table->name.c_str());
    }
    if (table == nullptr && std::find(all.begin(), all.end(), name) == all.end()) {
      return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" does not exist", name.c_str());
    }
    if (std::find(all.begin(), all.end(), name) == all.end()) {
      return Errorf(sqlstate::kInvalidColumnReference, "%s column \"%s\" not referenced by COPY", option, name.c_str());
    }
  }
  return Status::Ok();
}

std::vector<std::string> NamesOf(const catalog::Table& table, const std::vector<int>& columns) {
  std::vector<std::string> names;
  for (const int column : columns) names.push_back(table.column(column).name);
  return names;
}

std::string SelectText(const catalog::Table& table, const std::vector<int>& columns) {
  std::string text = "SELECT ";
  for (size_t i = 0; i < columns.size(); ++i) {
    text += (i > 0 ? ", " : "") + types::QuoteIdentifier(table.column(columns[i]).name);
  }
  return text + " FROM ONLY " + types::QuoteIdentifier(table.schema_name) + "." + types::QuoteIdentifier(table.name);
}

Result<UtilityResult> CopyFrom(SessionState& state, const CopyStmt& copy, CopyOptions options) {
  CopyInPlan plan;
  ASSIGN_OR_RETURN(plan.table, state.catalog.OpenTable({copy.relation->schema, copy.relation->name},
                                                       txn::LockMode::kRowExclusive));
  ASSIGN_OR_RETURN(plan.columns, Columns(*plan.table, copy.columns));
  if (state.block.modes().read_only && plan.table->persistence != catalog::Persistence::kTemporary) {
    return Error(sqlstate::kReadOnlySqlTransaction, "cannot execute COPY FROM in a read-only transaction");
  }
  RETURN_IF_ERROR(CheckRelation(*plan.table, true));
  const std::vector<std::string> names = NamesOf(*plan.table, plan.columns);
  RETURN_IF_ERROR(CheckForced(plan.table.get(), names, options.force_not_null, "FORCE_NOT_NULL"));
  RETURN_IF_ERROR(CheckForced(plan.table.get(), names, options.force_null, "FORCE_NULL"));
  plan.options = std::move(options);
  plan.where = copy.where;
  if (!parser::IsNull(copy.filename)) plan.file = copy.filename;
  UtilityResult result;
  ASSIGN_OR_RETURN(result.task, CopyInTask::Make(state, std::move(plan)));
  return result;
}

Result<UtilityResult> CopyTo(SessionState& state, const CopyStmt& copy, CopyOptions options, const Portal& outer) {
  auto statement = std::make_shared<Statement>();
  catalog::TableRef table;
  if (copy.relation != nullptr) {
    ASSIGN_OR_RETURN(table, state.catalog.OpenTable({copy.relation->schema, copy.relation->name},
                                                    txn::LockMode::kAccessShare));
    ASSIGN_OR_RETURN(const std::vector<int> columns, Columns(*table, copy.columns));
    RETURN_IF_ERROR(CheckRelation(*table, false));
    ASSIGN_OR_RETURN(statement->source, state.ParseText(SelectText(*table, columns)));
    statement->node = statement->source->parsed.statements[0].node;
  } else {
    statement->source = outer.statement->source;
    statement->node = copy.query;
    if (const auto* select = parser::DynCast<parser::SelectStmt>(copy.query);
        select != nullptr && select->into != nullptr) {
      return Error(sqlstate::kFeatureNotSupported, "COPY (SELECT INTO) is not supported");
    }
  }
  RETURN_IF_ERROR(state.Analyze(*statement));
  if (!statement->returns_rows) {
    return Error(sqlstate::kFeatureNotSupported, "COPY query must have a RETURNING clause");
  }
  std::vector<std::string> names;
  for (const ColumnDescription& column : statement->columns) names.push_back(column.name);
  RETURN_IF_ERROR(CheckForced(table.get(), names, options.force_quote, "FORCE_QUOTE"));
  std::vector<bool> force_quote;
  for (const std::string& name : names) {
    force_quote.push_back(options.force_quote_all || std::find(options.force_quote.begin(), options.force_quote.end(),
                                                               name) != options.force_quote.end());
  }
  std::unique_ptr<Portal> portal = state.MakePortal(std::move(statement));
  RETURN_IF_ERROR(state.StartPortal(*portal));
  auto task = std::make_unique<CopyOutTask>(std::move(portal), std::move(options),
                                            parser::IsNull(copy.filename) ? "" : std::string(copy.filename),
                                            std::move(force_quote));
  RETURN_IF_ERROR(task->Open());
  UtilityResult result;
  result.task = std::move(task);
  return result;
}

}  // namespace

Result<UtilityResult> SessionState::RunCopy(const parser::Node& node, const Portal& outer) {
  const auto& copy = parser::Cast<CopyStmt>(node);
  RETURN_IF_ERROR(CheckServerFile(*this, copy));
  ASSIGN_OR_RETURN(CopyOptions options, ParseCopyOptions(copy));
  options.encoding = options.encoding_number ? types::ByteEncoding::Get(*options.encoding_number) : encoding;
  return copy.is_from ? CopyFrom(*this, copy, std::move(options)) : CopyTo(*this, copy, std::move(options), outer);
}

}  // namespace phantom::session
