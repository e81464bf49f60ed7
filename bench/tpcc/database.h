// bench/tpcc/database.h
//
// A connection through libpq: statements prepared when first used, and COPY. An error that another try may mend (a deadlock, a
// serialization failure) is told from one that ends the program.
#pragma once

#include <libpq-fe.h>

#include <cstdlib>
#include <initializer_list>
#include <string>
#include <unordered_map>
#include <vector>

namespace tpcc {

// Thrown when the server has given up the transaction in favour of another. The connection is still in the failed transaction.
struct TryAgain {};

class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result) {}
  Rows(Rows&& other) noexcept : result_(other.result_) { other.result_ = nullptr; }
  Rows& operator=(Rows&&) = delete;
  ~Rows() { PQclear(result_); }

  int count() const { return PQntuples(result_); }
  int changed() const { return std::atoi(PQcmdTuples(result_)); }
  std::string text(int row, int column) const { return PQgetvalue(result_, row, column); }
  int number(int row, int column) const { return std::atoi(PQgetvalue(result_, row, column)); }
  double decimal(int row, int column) const { return std::atof(PQgetvalue(result_, row, column)); }

 private:
  PGresult* result_;
};

class Database {
 public:
  explicit Database(const std::string& conninfo);
  Database(const Database&) = delete;
  ~Database() { PQfinish(connection_); }

  // Without parameters, by the simple protocol.
  void Execute(const char* sql);

  // Prepared when first asked. Throws TryAgain.
  Rows Query(const std::string& sql, const std::vector<std::string>& parameters);

  // COPY table FROM STDIN: rows as Add() is given them, a value a column. Finish() must be called.
  void BeginCopy(const std::string& table);
  void Add(std::initializer_list<std::string> values);
  void FinishCopy();

 private:
  [[noreturn]] void Fail(const std::string& what) const;
  void SendCopied();

  PGconn* connection_;
  std::unordered_map<std::string, std::string> prepared_;  // names, by text
  std::string copied_;  // rows not yet sent
};

}  // namespace tpcc
