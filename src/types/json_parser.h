// types/json_parser.h
//
// Reads JSON text as PostgreSQL does (RFC 8259, no duplicates check), calling a handler at every value. Errors carry
// PostgreSQL's message, DETAIL and CONTEXT: 22P02, 22P05 for escapes that text cannot hold, 54001 when too deep.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/status.h"

namespace phantom::types {

// Called in the order of the text. Views into the text live as long as it; `text` of String and Key only for the call.
class JsonHandler {
 public:
  virtual ~JsonHandler() = default;
  virtual Status Null() { return Status::Ok(); }
  virtual Status Bool(bool value) { return Status::Ok(); }
  virtual Status Number(std::string_view token) { return Status::Ok(); }
  virtual Status String(std::string_view text) { return Status::Ok(); }
  virtual Status StartObject() { return Status::Ok(); }
  virtual Status Key(std::string_view text) { return Status::Ok(); }
  virtual Status EndObject() { return Status::Ok(); }
  virtual Status StartArray() { return Status::Ok(); }
  virtual Status EndArray() { return Status::Ok(); }
  // Byte offsets in the text of the value that was just begun or ended, for handlers that cut pieces out of it.
  virtual void At(size_t begin, size_t end) {}
};

// With decode, strings are unescaped for the handler (and escapes that are no character are errors); without, strings
// are checked only and String and Key get nothing but the raw token.
Status ParseJson(std::string_view text, bool decode, JsonHandler& handler);

}  // namespace phantom::types
