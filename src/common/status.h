// common/status.h
//
// The one way an operation reports failure: Status (or Result<T> when it returns a value).
// An error carries a SQLSTATE and the fields of PostgreSQL's ErrorResponse
// (PostgreSQL 15, chapter 55.8), so it reaches the client as it was raised.
//
// A Status is one pointer: null means OK, and the OK path allocates nothing.
// Thread safety: as for any value type.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/check.h"
#include "common/sqlstate.h"

namespace phantom {

// The fields of an error. Empty strings and a zero position are absent fields.
struct ErrorFields {
  SqlState sqlstate{};
  std::string message;
  std::string detail;
  std::string hint;
  std::string context;
  std::string internal_query;
  std::string schema;
  std::string table;
  std::string column;
  std::string data_type;
  std::string constraint;
  int32_t position = 0;           // in characters of the query text, from 1
  int32_t location = -1;          // byte offset in the query text, until the session turns it into a position
  int32_t internal_position = 0;  // in characters of internal_query, from 1
  bool fatal = false;             // the session ends after sending it (severity FATAL)
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(SqlState sqlstate, std::string message);
  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;

  static Status Ok() { return {}; }

  bool ok() const { return error_ == nullptr; }
  explicit operator bool() const = delete;

  // Require !ok().
  SqlState sqlstate() const { return error().sqlstate; }
  const std::string& message() const { return error().message; }
  const ErrorFields& error() const {
    PHANTOM_CHECK(error_ != nullptr);
    return *error_;
  }

  // Builders; each returns *this so that an error reads as one expression. Require !ok().
  Status&& Detail(std::string text) &&;
  Status&& Hint(std::string text) &&;
  Status&& Context(std::string text) &&;
  Status&& Schema(std::string_view name) &&;
  Status&& Table(std::string_view name) &&;
  Status&& Column(std::string_view name) &&;
  Status&& DataType(std::string_view name) &&;
  Status&& Constraint(std::string_view name) &&;
  Status&& At(int32_t location) &&;  // byte offset in the query text; negative: unknown; first wins
  Status&& Fatal() &&;

  ErrorFields& mutable_error() {
    PHANTOM_CHECK(error_ != nullptr);
    return *error_;
  }

  // "42P01: relation ..." for logs and test failures; "OK" when ok.
  std::string ToString() const;

 private:
  // Not inline: what is inline of the end of a Status that is OK is a test.
  struct Free {
    void operator()(ErrorFields* error) const noexcept;
  };
  std::unique_ptr<ErrorFields, Free> error_;
};

// Raises an error: return Error(sqlstate::kUndefinedTable, "...").Hint("...");
inline Status Error(SqlState sqlstate, std::string message) { return Status(sqlstate, std::move(message)); }

// printf-style form for messages with values.
[[gnu::format(printf, 2, 3)]] Status Errorf(SqlState sqlstate, const char* format, ...);

// printf into a std::string.
[[gnu::format(printf, 1, 2)]] std::string Format(const char* format, ...);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) : status_(std::move(status)) { PHANTOM_CHECK(!status_.ok()); }

  bool ok() const { return value_.has_value(); }
  const Status& status() const& { return status_; }
  Status&& status() && { return std::move(status_); }

  T& value() & {
    PHANTOM_CHECK(ok());
    return *value_;
  }
  const T& value() const& {
    PHANTOM_CHECK(ok());
    return *value_;
  }
  T&& value() && {
    PHANTOM_CHECK(ok());
    return std::move(*value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  Status status_;
  std::optional<T> value_;
};

#define PHANTOM_CONCAT_(a, b) a##b
#define PHANTOM_CONCAT(a, b) PHANTOM_CONCAT_(a, b)

#define RETURN_IF_ERROR(expr)                                    \
  do {                                                           \
    if (::phantom::Status status_ = (expr); !status_.ok()) [[unlikely]] \
      return status_;                                            \
  } while (0)

#define ASSIGN_OR_RETURN(lhs, expr) ASSIGN_OR_RETURN_(PHANTOM_CONCAT(result_, __COUNTER__), lhs, expr)
#define ASSIGN_OR_RETURN_(result, lhs, expr)             \
  auto result = (expr);                                  \
  if (!result.ok()) [[unlikely]]                         \
    return std::move(result).status();                   \
  lhs = std::move(result).value()

}  // namespace phantom
