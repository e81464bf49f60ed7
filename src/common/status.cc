#include "common/status.h"

#include <cstdarg>
#include <cstdio>

namespace phantom {

Status::Status(SqlState sqlstate, std::string message) : error_(new ErrorFields) {
  error_->sqlstate = sqlstate;
  error_->message = std::move(message);
}

Status::Status(const Status& other) : error_(other.error_ ? new ErrorFields(*other.error_) : nullptr) {}

Status& Status::operator=(const Status& other) {
  if (this != &other) error_.reset(other.error_ ? new ErrorFields(*other.error_) : nullptr);
  return *this;
}

void Status::Free::operator()(ErrorFields* error) const noexcept { delete error; }

Status&& Status::Detail(std::string text) && {
  mutable_error().detail = std::move(text);
  return std::move(*this);
}
Status&& Status::Hint(std::string text) && {
  mutable_error().hint = std::move(text);
  return std::move(*this);
}
Status&& Status::Context(std::string text) && {
  mutable_error().context = std::move(text);
  return std::move(*this);
}
Status&& Status::Schema(std::string_view name) && {
  mutable_error().schema = name;
  return std::move(*this);
}
Status&& Status::Table(std::string_view name) && {
  mutable_error().table = name;
  return std::move(*this);
}
Status&& Status::Column(std::string_view name) && {
  mutable_error().column = name;
  return std::move(*this);
}
Status&& Status::DataType(std::string_view name) && {
  mutable_error().data_type = name;
  return std::move(*this);
}
Status&& Status::Constraint(std::string_view name) && {
  mutable_error().constraint = name;
  return std::move(*this);
}
Status&& Status::At(int32_t location) && {
  if (mutable_error().location < 0) mutable_error().location = location;
  return std::move(*this);
}
Status&& Status::Fatal() && {
  mutable_error().fatal = true;
  return std::move(*this);
}

std::string Status::ToString() const {
  if (ok()) return "OK";
  std::string text = SqlStateText(error_->sqlstate) + ": " + error_->message;
  if (!error_->detail.empty()) text += " (" + error_->detail + ")";
  return text;
}

static std::string FormatList(const char* format, va_list args) {
  va_list copy;
  va_copy(copy, args);
  int size = std::vsnprintf(nullptr, 0, format, copy);
  va_end(copy);
  PHANTOM_CHECK(size >= 0);
  std::string text(static_cast<size_t>(size), '\0');
  std::vsnprintf(text.data(), text.size() + 1, format, args);
  return text;
}

Status Errorf(SqlState sqlstate, const char* format, ...) {
  va_list args;
  va_start(args, format);
  Status status(sqlstate, FormatList(format, args));
  va_end(args);
  return status;
}

std::string Format(const char* format, ...) {
  va_list args;
  va_start(args, format);
  std::string text = FormatList(format, args);
  va_end(args);
  return text;
}

}  // namespace phantom
