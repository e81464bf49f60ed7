// CREATE VIEW, CREATE TABLE AS.
#include <algorithm>
#include <set>

#include "catalog/shared_catalog.h"
#include "catalog/stored_sql.h"
#include "catalog/system_store.h"
#include "engine/context.h"
#include "engine/executor.h"
#include "parser/ast_select.h"
#include "parser/visit.h"
#include "planner/physical_plan.h"
#include "session/ddl/runner.h"
#include "txn/row_table.h"
#include "txn/transaction.h"

namespace phantom::session {

using parser::Cast;
using parser::DynCast;

namespace {

// The tokens of a statement, as far as finding its parts needs them.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // The next token, and how many parentheses are open before it; false at the end.
  bool Next(std::string_view& token, int& depth) {
    SkipBlanks();
    if (at_ >= text_.size()) return false;
    depth = depth_;
    size_t begin = at_;
    char c = text_[at_];
    if (c == '(' || c == ')') {
      depth_ += c == '(' ? 1 : -1;
      ++at_;
    } else if (c == '\'' || c == '"') {
      SkipQuoted(c);
    } else if (c == '$' && SkipDollarQuoted()) {
    } else if (IsWord(c)) {
      while (at_ < text_.size() && IsWord(text_[at_])) ++at_;
    } else {
      ++at_;
    }
    token = text_.substr(begin, at_ - begin);
    return true;
  }
  size_t position() const { return at_; }

 private:
  static bool IsWord(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           (static_cast<unsigned char>(c) & 0x80) != 0;
  }
  void SkipBlanks() {
    for (;;) {
      while (at_ < text_.size() && (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r'))) ++at_;
      if (text_.substr(at_, 2) == "--") {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (text_.substr(at_, 2) == "/*") {
        int level = 0;
        do {
          if (text_.substr(at_, 2) == "/*") ++level, at_ += 2;
          else if (text_.substr(at_, 2) == "*/") --level, at_ += 2;
          else ++at_;
        } while (level > 0 && at_ < text_.size());
      } else {
        return;
      }
    }
  }
  void SkipQuoted(char quote) {
    bool escapes = quote == '\'' && at_ > 0 && (text_[at_ - 1] == 'E' || text_[at_ - 1] == 'e');
    for (++at_; at_ < text_.size(); ++at_) {
      if (escapes && text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == quote) {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != quote) return;
      }
    }
  }
  bool SkipDollarQuoted() {
    size_t end = text_.find('$', at_ + 1);
    if (end == std::string_view::npos) return false;
    std::string_view tag = text_.substr(at_, end - at_ + 1);
    if (!std::all_of(tag.begin() + 1, tag.end() - 1, IsWord)) return false;
    size_t close = text_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

bool IsKeyword(std::string_view token, std::string_view lower) {
  if (token.size() != lower.size()) return false;
  for (size_t i = 0; i < token.size(); ++i) {
    char c = token[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c != lower[i]) return false;
  }
  return true;
}

// Where the view's query lies in the statement's text.
std::pair<size_t, size_t> QuerySpan(std::string_view statement, bool has_check_option) {
  Scanner scanner(statement);
  std::string_view token;
  int depth = 0;
  size_t begin = statement.size(), end = statement.size();
  bool found = false;
  while (scanner.Next(token, depth)) {
    if (depth != 0) continue;
    if (!found && IsKeyword(token, "as")) {
      begin = scanner.position();
      found = true;
    } else if (found && has_check_option && IsKeyword(token, "with") && begin != scanner.position() - token.size()) {
      end = scanner.position() - token.size();  // the last one stays
    }
  }
  return {begin, end};
}

// The relation's name as written: identifiers with dots between.
size_t NameEnd(std::string_view text, size_t at) {
  Scanner scanner(text.substr(at));
  std::string_view token;
  int depth = 0;
  size_t end = at;
  while (scanner.Next(token, depth)) {
    end = at + scanner.position();
    Scanner ahead(text.substr(end));
    if (!ahead.Next(token, depth) || token != ".") break;
    scanner = Scanner(text.substr(at = end + ahead.position()));
  }
  return end;
}

}  // namespace

// The query's text with relations by number, so that it survives renames and changes of the search path.
Result<std::string> DdlRunner::StoredQuery(const parser::Node& query, size_t begin, size_t end) {
  std::set<std::string_view> ctes;
  std::vector<const parser::RangeVar*> relations;
  parser::ForEachNode(&query, [&](const parser::Node& node) {
    if (const auto* cte = DynCast<parser::CommonTableExpr>(&node)) ctes.insert(cte->name);
    if (const auto* relation = DynCast<parser::RangeVar>(&node)) relations.push_back(relation);
  });
  std::sort(relations.begin(), relations.end(), [](const auto* a, const auto* b) { return a->location < b->location; });
  std::string stored;
  size_t at = begin;
  for (const parser::RangeVar* relation : relations) {
    size_t place = static_cast<size_t>(relation->location);
    if (relation->location < 0 || place < at || place >= end) continue;
    if (relation->schema.empty() && ctes.contains(relation->name)) continue;
    ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.FindTable(NameOf(*relation)));
    if (table == nullptr || table->is_system()) continue;
    size_t name_end = NameEnd(context_.query_text, place);
    stored += context_.query_text.substr(at, place - at);
    stored += '"' + catalog::RelationMarker(table->oid) + '"';
    if (relation->alias == nullptr) stored += " AS " + catalog::Quoted(relation->name);
    at = name_end;
  }
  stored += context_.query_text.substr(at, end - at);
  while (!stored.empty() && (stored.back() == ' ' || stored.back() == '\n' || stored.back() == '\t')) stored.pop_back();
  size_t first = stored.find_first_not_of(" \t\r\n");
  return first == std::string::npos ? std::string() : stored.substr(first);
}

Result<DdlResult> DdlRunner::CreateView(const parser::CreateViewStmt& statement) {
  const parser::RangeVar& range = *statement.view;
  const auto* select = DynCast<parser::SelectStmt>(statement.query);
  if (select != nullptr && select->into != nullptr) {
    return Error(sqlstate::kFeatureNotSupported, "views must not contain SELECT INTO");
  }
  if (range.persistence == 'u') return Error(sqlstate::kSyntaxError, "views cannot be unlogged because they do not have storage");
  ASSIGN_OR_RETURN(planner::QueryDescription described, planner::DescribeQuery(*statement.query, {}, context_.planner));
  if (!described.param_types.empty()) {
    return Error(sqlstate::kInvalidParameterValue, "views must not contain parameters");
  }
  catalog::ViewDefinition definition;
  definition.name = range.name;
  definition.replace = statement.replace;
  definition.persistence = range.persistence == 't' ? catalog::Persistence::kTemporary : catalog::Persistence::kPermanent;
  for (const planner::UsedTable& used : described.tables) {
    if (used.table->persistence != catalog::Persistence::kTemporary ||
        definition.persistence == catalog::Persistence::kTemporary) {
      continue;
    }
    definition.persistence = catalog::Persistence::kTemporary;
    catalog_.Notice(Errorf(sqlstate::kSuccessfulCompletion, "view \"%s\" will be a temporary view", definition.name.c_str()));
  }
  ASSIGN_OR_RETURN(definition.schema, catalog_.CreationSchema(range.schema, definition.persistence));
  if (statement.columns.size() > described.columns.size()) {
    return Error(sqlstate::kSyntaxError, "CREATE VIEW specifies more column names than columns");
  }
  for (size_t i = 0; i < described.columns.size(); ++i) {
    catalog::ColumnDefinition column;
    column.name = i < statement.columns.size() ? std::string(statement.columns[i]) : described.columns[i].name;
    column.type = described.columns[i].type;
    if (column.type.oid == types::kUnknownOid) column.type = {types::kTextOid};
    if (i < described.collations.size()) column.collation = described.collations[i];
    for (const catalog::ColumnDefinition& before : definition.columns) {
      if (before.name == column.name) {
        return Errorf(sqlstate::kDuplicateColumn, "column \"%s\" specified more than once", column.name.c_str());
      }
    }
    definition.columns.push_back(std::move(column));
  }
  std::set<Oid> whole;
  for (auto [table, column] : described.used_columns) {
    definition.uses.push_back({catalog::oid::kPgClass, table, column});
    whole.insert(table);
  }
  for (const planner::UsedTable& used : described.tables) {
    if (whole.insert(used.table->oid).second) definition.uses.push_back({catalog::oid::kPgClass, used.table->oid});
  }
  ASSIGN_OR_RETURN(definition.options, StorageOptions(OptionOwner::kView, statement.options));
  if (statement.check_option != parser::ViewCheckOption::kNone) {
    bool local = statement.check_option == parser::ViewCheckOption::kLocal;
    definition.check_option = local ? 'l' : 'c';
    definition.options.push_back(local ? "check_option=local" : "check_option=cascaded");
  }
  std::string_view text = context_.query_text.substr(static_cast<size_t>(context_.begin));
  if (context_.length > 0) text = text.substr(0, static_cast<size_t>(context_.length));
  auto [begin, end] = QuerySpan(text, statement.check_option != parser::ViewCheckOption::kNone);
  size_t offset = static_cast<size_t>(context_.begin);
  ASSIGN_OR_RETURN(definition.stored_sql, StoredQuery(*statement.query, offset + begin, offset + end));
  Scanner head(text);
  std::string_view token;
  int depth = 0;
  for (int i = 0; i < 5 && head.Next(token, depth); ++i) {
    if (IsKeyword(token, "view")) break;
    if (!IsKeyword(token, "recursive")) continue;
    std::string columns;
    for (std::string_view name : statement.columns) columns += (columns.empty() ? "" : ", ") + catalog::Quoted(name);
    std::string name = catalog::Quoted(range.name);
    definition.stored_sql = "WITH RECURSIVE " + name + "(" + columns + ") AS (" + definition.stored_sql + ") SELECT " +
                            columns + " FROM " + name;
    break;
  }
  ASSIGN_OR_RETURN(Oid oid, catalog_.CreateView(definition));
  (void)oid;
  return DdlResult{"CREATE VIEW"};
}

// ---- CREATE TABLE AS ----------------------------------------------------------------------------

Result<DdlResult> DdlRunner::CreateTableAs(const parser::CreateTableAsStmt& statement) {
  if (statement.object_type == parser::ObjectType::kMatview) {
    return Error(sqlstate::kFeatureNotSupported, "materialized views are not supported");
  }
  if (!Is<parser::SelectStmt>(statement.query)) {
    return Error(sqlstate::kFeatureNotSupported, "CREATE TABLE ... AS EXECUTE is not supported");
  }
  return CreateTableFrom(*statement.query, *statement.into, statement.if_not_exists);
}

Result<DdlResult> DdlRunner::CreateTableFrom(const parser::Node& query, const parser::IntoClause& into,
                                             bool if_not_exists) {
  const parser::RangeVar& range = *into.relation;
  Definition definition;
  definition.name = range.name;
  definition.persistence = range.persistence == 't'   ? catalog::Persistence::kTemporary
                           : range.persistence == 'u' ? catalog::Persistence::kUnlogged
                                                      : catalog::Persistence::kPermanent;
  ASSIGN_OR_RETURN(definition.options, StorageOptions(OptionOwner::kTable, into.options));
  ASSIGN_OR_RETURN(definition.schema, catalog_.CreationSchema(range.schema, definition.persistence));
  ASSIGN_OR_RETURN(catalog::TableRef taken, catalog_.FindTableIn(definition.schema, definition.name));
  if (taken != nullptr) {
    Status exists = Errorf(sqlstate::kDuplicateTable, "relation \"%s\" already exists%s", definition.name.c_str(),
                           if_not_exists ? ", skipping" : "");
    if (!if_not_exists) return exists;
    catalog_.Notice(std::move(exists));
    return DdlResult{"CREATE TABLE AS"};
  }
  ASSIGN_OR_RETURN(planner::QueryDescription described, planner::DescribeQuery(query, {}, context_.planner));
  if (into.columns.size() > described.columns.size()) {
    return Error(sqlstate::kSyntaxError, "too many column names were specified");
  }
  for (size_t i = 0; i < described.columns.size(); ++i) {
    catalog::ColumnDefinition column;
    column.name = i < into.columns.size() ? std::string(into.columns[i]) : described.columns[i].name;
    column.type = described.columns[i].type;
    if (column.type.oid == types::kUnknownOid) column.type = {types::kTextOid};
    if (i < described.collations.size()) column.collation = described.collations[i];
    catalog::TypeRef type = catalog_.TypeByOid(column.type.oid);
    if (type != nullptr && type->kind == catalog::TypeKind::kPseudo) {
      return Errorf(sqlstate::kInvalidTableDefinition, "column \"%s\" has pseudo-type %s", column.name.c_str(),
                    catalog_.FormatType(column.type).c_str());
    }
    for (const catalog::ColumnDefinition& before : definition.columns) {
      if (before.name == column.name) {
        return Errorf(sqlstate::kDuplicateColumn, "column \"%s\" specified more than once", column.name.c_str());
      }
    }
    definition.columns.push_back(std::move(column));
  }
  ASSIGN_OR_RETURN(Oid oid, catalog_.CreateTable(definition));
  if (into.on_commit != parser::OnCommitAction::kNoop && into.on_commit != parser::OnCommitAction::kPreserveRows &&
      context_.on_commit) {
    context_.on_commit(oid, into.on_commit == parser::OnCommitAction::kDrop);
  }
  if (into.skip_data) return DdlResult{"CREATE TABLE AS"};
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.TableByOid(oid));
  ASSIGN_OR_RETURN(int64_t rows, FillTable(*table, query));
  return DdlResult{"SELECT " + std::to_string(rows)};
}

Result<int64_t> DdlRunner::FillTable(const catalog::Table& table, const parser::Node& query) {
  txn::Transaction& transaction = *catalog_.store().transaction();
  ASSIGN_OR_RETURN(txn::RowTable rows,
                   txn::RowTable::Open(catalog_.shared().manager(), table.space, table.tree, table.layout));
  types::RowEncoder encoder(table.layout);
  int64_t count = 0;
  RETURN_IF_ERROR(RunQuery(query, {}, [&](const types::Chunk& chunk) -> Status {
    for (uint32_t row = 0; row < chunk.size(); ++row) {
      ASSIGN_OR_RETURN(RowId id, rows.Insert(transaction, encoder.EncodeRow(chunk, row)));
      (void)id;
    }
    count += chunk.size();
    return Status::Ok();
  }));
  return count;
}

}  // namespace phantom::session
