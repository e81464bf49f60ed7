#include "player.h"

#include <libpq-fe.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <regex>
#include <utility>

namespace sqllogictest {
namespace {

using ResultPtr = std::unique_ptr<PGresult, decltype(&PQclear)>;

// How often what only reads is executed by one prepared statement.
constexpr int kExecutions = 3;

// A value as the corpus prints it for a column of type I, R or T.
std::string Render(const char* text, char type) {
  char buffer[512];
  switch (type) {
    case 'I': {
      if (text[0] == 't' && text[1] == 0) return "1";
      if (text[0] == 'f' && text[1] == 0) return "0";
      char* end;
      long long integer = std::strtoll(text, &end, 10);
      if (*end != 0) integer = static_cast<long long>(std::strtod(text, nullptr));
      std::snprintf(buffer, sizeof buffer, "%lld", integer);
      return buffer;
    }
    case 'R':
      std::snprintf(buffer, sizeof buffer, "%.3f", std::strtod(text, nullptr));
      return buffer;
    default: {
      if (*text == 0) return "(empty)";
      std::string shown = text;
      for (char& c : shown) {
        if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) == 127) c = '@';
      }
      return shown;
    }
  }
}

std::vector<std::string> Values(PGresult* result, const Record& record) {
  const int rows = PQntuples(result);
  const int columns = PQnfields(result);
  std::vector<std::string> values;
  values.reserve(static_cast<size_t>(rows) * static_cast<size_t>(columns));
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      values.push_back(PQgetisnull(result, row, column)
                           ? "NULL"
                           : Render(PQgetvalue(result, row, column), record.types[static_cast<size_t>(column)]));
    }
  }
  if (record.sort == SortMode::kValue) {
    std::sort(values.begin(), values.end());
  } else if (record.sort == SortMode::kRow && columns > 0) {
    std::vector<std::vector<std::string>> sorted;
    for (size_t i = 0; i < values.size(); i += static_cast<size_t>(columns)) {
      sorted.emplace_back(values.begin() + static_cast<long>(i), values.begin() + static_cast<long>(i) + columns);
    }
    std::sort(sorted.begin(), sorted.end());
    values.clear();
    for (auto& row : sorted) values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

std::string Hash(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += value + '\n';
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02x", digest[i]);
    hex += pair;
  }
  return hex;
}

std::string Trimmed(const char* text) {
  std::string trimmed = text;
  while (!trimmed.empty() && std::isspace(static_cast<unsigned char>(trimmed.back()))) trimmed.pop_back();
  return trimmed;
}

bool Failed(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY;
}

// Not what may be several statements, nor what means the moment when it is parsed.
bool MayBePrepared(const std::string& sql) {
  const size_t semicolon = sql.find(';');
  if (semicolon != std::string::npos && sql.find_first_not_of("; \t\n", semicolon) != std::string::npos) return false;
  return sql.find("'now'") == std::string::npos && sql.find("'today'") == std::string::npos;
}

// Does the query certainly leave everything as it is, so that another run gives the same?
bool OnlyReads(const std::string& sql) {
  static const std::regex kReads(R"(\s*\(*\s*(select|values|table|with)\b)", std::regex::icase);
  static const std::regex kChanges(
      R"(\b(insert|update|delete|merge|into|share|nextval|setval|set_config|setseed|random|gen_random_uuid|clock_timestamp)"
      R"(|timeofday|\w*advisory\w*|pg_\w+_backend|pg_notify|pg_stat\w*|pg_export_snapshot|phantom_\w+)\b)",
      std::regex::icase);
  return std::regex_search(sql, kReads, std::regex_constants::match_continuous) && !std::regex_search(sql, kChanges);
}

// Is the statement to be prepared anew: because it has gone, or because its result has other columns by now?
bool IsOutdated(const PGresult* result) {
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (sqlstate == nullptr || message == nullptr) return false;
  return std::strcmp(sqlstate, "26000") == 0 || std::strcmp(message, "cached plan must not change result type") == 0;
}

}  // namespace

Player::Player(std::string conninfo, std::string maintenance, std::string database, Protocol protocol)
    : conninfo_(std::move(conninfo)),
      maintenance_(std::move(maintenance)),
      database_(std::move(database)),
      protocol_(protocol) {}

Player::~Player() {
  if (connection_) PQfinish(connection_);
}

bool Player::Connect(const std::string& database, std::string* error) {
  if (connection_) PQfinish(connection_);
  prepared_.clear();
  connection_ = PQconnectdb((conninfo_ + " dbname=" + database).c_str());
  if (PQstatus(connection_) != CONNECTION_OK) {
    *error = Trimmed(PQerrorMessage(connection_));
    return false;
  }
  PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
  return true;
}

bool Player::Run(const std::string& sql, std::string* error) {
  ResultPtr result(PQexec(connection_, sql.c_str()), PQclear);
  if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return true;
  *error = Trimmed(PQerrorMessage(connection_));
  return false;
}

bool Player::MakeDatabase(std::string* error) {
  return Connect(maintenance_, error) && Run("DROP DATABASE IF EXISTS " + database_, error) &&
         Run("CREATE DATABASE " + database_, error) && Connect(database_, error);
}

void Player::DropDatabase() {
  std::string ignored;
  if (Connect(maintenance_, &ignored)) Run("DROP DATABASE " + database_, &ignored);
}

Outcome Player::Play(const Script& script, const std::function<void()>& progress) {
  Outcome outcome;
  if (!MakeDatabase(&outcome.broken)) return outcome;
  for (const Record& record : script.records) {
    if (record.kind == Record::Kind::kHalt) break;
    ++outcome.played;
    std::string reason = Judge(record);
    progress();
    if (!reason.empty()) outcome.failures.push_back({record.line, record.sql, reason});
    if (PQstatus(connection_) != CONNECTION_OK) {
      outcome.broken = "the connection was lost at line " + std::to_string(record.line);
      return outcome;
    }
  }
  DropDatabase();
  return outcome;
}

PGresult* Player::Send(const std::string& sql) {
  return protocol_ == Protocol::kPrepared && MayBePrepared(sql) ? SendPrepared(sql) : PQexec(connection_, sql.c_str());
}

PGresult* Player::SendPrepared(const std::string& sql) {
  // A block does not survive the error of an outdated statement.
  const bool in_block = PQtransactionStatus(connection_) != PQTRANS_IDLE;
  PGresult* result = nullptr;
  if (const auto known = prepared_.find(sql); known != prepared_.end()) {
    result = PQexecPrepared(connection_, known->second.c_str(), 0, nullptr, nullptr, nullptr, 0);
    if (!in_block && IsOutdated(result)) {
      PQclear(std::exchange(result, nullptr));
      prepared_.erase(known);
    }
  }
  if (result == nullptr) {
    const std::string name = "slt_" + std::to_string(++prepared_count_);
    result = PQprepare(connection_, name.c_str(), sql.c_str(), 0, nullptr);
    if (Failed(result)) return result;
    PQclear(result);
    prepared_[sql] = name;
    result = PQexecPrepared(connection_, name.c_str(), 0, nullptr, nullptr, nullptr, 0);
  }
  const std::string tag = PQcmdStatus(result);
  const auto is = [&tag](const char* word) { return tag.rfind(word, 0) == 0; };
  const bool defines = is("CREATE") || is("ALTER") || is("DROP");
  if ((in_block && defines) || is("DEALLOCATE") || is("DISCARD")) prepared_.clear();
  return result;
}

// Empty when the server did as the record says, else what differs.
std::string Player::Judge(const Record& record) {
  const int times = protocol_ == Protocol::kPrepared && OnlyReads(record.sql) ? kExecutions : 1;
  for (int i = 1; i <= times; ++i) {
    const std::string reason = JudgeResult(record, ResultPtr(Send(record.sql), PQclear).get());
    if (!reason.empty()) return i == 1 ? reason : reason + ", when executed again";
    if (PQtransactionStatus(connection_) == PQTRANS_INERROR) break;
  }
  return "";
}

std::string Player::JudgeResult(const Record& record, PGresult* result) {
  const bool failed = Failed(result);
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (record.expect_error) {
    if (!failed) return "an error was expected";
    if (!record.sqlstate.empty() && (!sqlstate || record.sqlstate != sqlstate)) {
      return "SQLSTATE " + record.sqlstate + " was expected, not " + Trimmed(PQresultErrorMessage(result)) + " (" +
             (sqlstate ? sqlstate : "none") + ")";
    }
    return "";
  }
  if (failed) return Trimmed(PQresultErrorMessage(result)) + " (" + (sqlstate ? sqlstate : "none") + ")";
  if (record.kind == Record::Kind::kStatement) return "";
  if (PQnfields(result) != static_cast<int>(record.types.size())) {
    return std::to_string(record.types.size()) + " columns were expected, not " + std::to_string(PQnfields(result));
  }
  std::vector<std::string> values = Values(result, record);
  std::string hash;
  if (!record.label.empty() || record.hashed) hash = Hash(values);
  if (!record.label.empty()) {
    auto known = std::find_if(labels_.begin(), labels_.end(), [&](auto& entry) { return entry.first == record.label; });
    if (known == labels_.end()) {
      labels_.emplace_back(record.label, hash);
    } else if (known->second != hash) {
      return "the result differs from an earlier one labelled " + record.label;
    }
  }
  if (record.hashed) {
    std::string line = std::to_string(values.size()) + " values hashing to " + hash;
    return line == record.expected[0] ? "" : "expected " + record.expected[0] + ", got " + line;
  }
  if (values == record.expected) return "";
  auto [got, want] = std::mismatch(values.begin(), values.end(), record.expected.begin(), record.expected.end());
  return "value " + std::to_string(got - values.begin() + 1) + " of " + std::to_string(values.size()) + " (expected " +
         std::to_string(record.expected.size()) + "): expected " +
         (want == record.expected.end() ? "none" : "\"" + *want + "\"") + ", got " +
         (got == values.end() ? "none" : "\"" + *got + "\"");
}

}  // namespace sqllogictest
