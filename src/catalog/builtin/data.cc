#include "catalog/builtin/data.h"

#include <charconv>
#include <cstring>

// Each file becomes bytes in the read-only section between two symbols.
#define PHANTOM_SYSTEM_TABLE(oid, name)                                  \
  __asm__(".section .rodata\n"                                           \
          "phantom_builtin_" #name ":\n"                                 \
          ".incbin \"" PHANTOM_BUILTIN_DIRECTORY "/" #name ".tsv\"\n"    \
          "phantom_builtin_" #name "_end:\n"                             \
          ".text\n");                                                    \
  extern "C" const char phantom_builtin_##name[];                        \
  extern "C" const char phantom_builtin_##name##_end[];
#include "catalog/builtin/tables.inc"
#undef PHANTOM_SYSTEM_TABLE

namespace phantom::catalog {
namespace {

std::string_view WithoutHeader(const char* begin, const char* end) {
  std::string_view text(begin, static_cast<size_t>(end - begin));
  return text.substr(text.find('\n') + 1);
}

}  // namespace

std::string_view BuiltinRows(Oid system_table) {
  switch (system_table) {
#define PHANTOM_SYSTEM_TABLE(oid, name) \
  case oid:                             \
    return WithoutHeader(phantom_builtin_##name, phantom_builtin_##name##_end);
#include "catalog/builtin/tables.inc"
#undef PHANTOM_SYSTEM_TABLE
  }
  return {};
}

bool TsvReader::Next(std::string_view& field) {
  size_t length = 0;
  bool escaped = false;
  while (length < rest_.size() && rest_[length] != '\t' && rest_[length] != '\n') {
    escaped |= rest_[length] == '\\';
    ++length;
  }
  std::string_view raw = rest_.substr(0, length);
  rest_.remove_prefix(length == rest_.size() ? length : length + 1);
  if (!escaped) {
    field = raw;
    return true;
  }
  if (raw == "\\N") {
    field = {};
    return false;
  }
  char* to = static_cast<char*>(arena_->Allocate(raw.size(), 1));
  size_t size = 0;
  for (size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '\\' && i + 1 < raw.size()) {
      c = raw[++i];
      if (c == 'n') c = '\n';
      if (c == 't') c = '\t';
      if (c == 'r') c = '\r';
    }
    to[size++] = c;
  }
  field = {to, size};
  return true;
}

char TsvReader::Char() {
  std::string_view field = Text();
  return field.empty() ? '\0' : field[0];
}

int64_t TsvReader::Int() {
  std::string_view field = Text();
  int64_t value = 0;
  std::from_chars(field.data(), field.data() + field.size(), value);
  return value;
}

float TsvReader::Float() {
  std::string_view field = Text();
  float value = 0;
  std::from_chars(field.data(), field.data() + field.size(), value);
  return value;
}

void TsvReader::Skip(int fields) {
  std::string_view ignored;
  for (int i = 0; i < fields; ++i) Next(ignored);
}

ListReader::ListReader(std::string_view list) : rest_(list), separator_(' ') {
  if (!list.empty() && list.front() == '{') {
    rest_ = list.substr(1, list.size() - 2);
    separator_ = ',';
  }
}

bool ListReader::Next(std::string_view& element) {
  if (rest_.empty()) return false;
  size_t end = rest_.find(separator_);
  element = rest_.substr(0, end);
  rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
  return true;
}

}  // namespace phantom::catalog
