#include "bench/tpcc/database.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tpcc {
namespace {

constexpr size_t kCopyBytes = 1 << 18;

bool MayBeTriedAgain(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state != nullptr && (std::strcmp(state, "40001") == 0 || std::strcmp(state, "40P01") == 0);
}

}  // namespace

Database::Database(const std::string& conninfo) : connection_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(connection_) != CONNECTION_OK) Fail("connecting");
}

void Database::Fail(const std::string& what) const {
  std::fprintf(stderr, "%s: %s", what.c_str(), PQerrorMessage(connection_));
  std::exit(1);
}

void Database::Execute(const char* sql) {
  const Rows rows(PQexec(connection_, sql));
  if (*PQerrorMessage(connection_) != '\0') Fail(sql);
}

Rows Database::Query(const std::string& sql, const std::vector<std::string>& parameters) {
  const int count = static_cast<int>(parameters.size());
  const auto [found, is_new] = prepared_.try_emplace(sql, "s" + std::to_string(prepared_.size()));
  const char* name = found->second.c_str();
  if (is_new) {
    PGresult* prepared = PQprepare(connection_, name, sql.c_str(), count, nullptr);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK) Fail(sql);
    PQclear(prepared);
  }
  const char* values[24];
  if (parameters.size() > std::size(values)) std::abort();
  for (int i = 0; i < count; ++i) values[i] = parameters[static_cast<size_t>(i)].c_str();
  PGresult* result = PQexecPrepared(connection_, name, count, values, nullptr, nullptr, 0);
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return Rows(result);
  if (!MayBeTriedAgain(result)) Fail(sql);
  PQclear(result);
  throw TryAgain();
}

void Database::BeginCopy(const std::string& table) {
  const Rows rows(PQexec(connection_, ("COPY " + table + " FROM STDIN").c_str()));
  if (*PQerrorMessage(connection_) != '\0') Fail("COPY " + table);
}

void Database::Add(std::initializer_list<std::string> values) {
  for (const std::string& value : values) copied_.append(value).push_back('\t');
  copied_.back() = '\n';
  if (copied_.size() >= kCopyBytes) SendCopied();
}

void Database::SendCopied() {
  if (PQputCopyData(connection_, copied_.data(), static_cast<int>(copied_.size())) != 1) Fail("COPY");
  copied_.clear();
}

void Database::FinishCopy() {
  SendCopied();
  if (PQputCopyEnd(connection_, nullptr) != 1) Fail("COPY");
  while (PGresult* result = PQgetResult(connection_)) {
    if (PQresultStatus(result) != PGRES_COMMAND_OK) Fail("COPY");
    PQclear(result);
  }
}

}  // namespace tpcc
