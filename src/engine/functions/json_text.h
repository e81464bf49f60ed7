// engine/functions/json_text.h
//
// Walks stored JSON text without parsing what is not asked for. The text was checked when it came in, so it is taken to be
// valid; the pieces found are views of it, spelled as they were.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/status.h"

namespace phantom::engine {

enum class JsonTextKind : uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

// Of a value without blanks around it.
JsonTextKind KindOfJson(std::string_view value);
std::string_view TrimJson(std::string_view text);

// The elements of an array or the members of an object, in the order they are written.
class JsonItems {
 public:
  // Requires an array's or an object's text.
  explicit JsonItems(std::string_view container);

  // Moves to the next; false at the end.
  bool Next();
  std::string_view value() const { return value_; }
  // Of a member, with its quotes.
  std::string_view key() const { return key_; }

 private:
  std::string_view rest_;
  bool object_;
  std::string_view key_, value_;
};

// The characters a JSON string means. 22P05 for \u0000, which text cannot hold.
Status UnescapeJson(std::string_view literal, std::string& out);

// Object's member (the last of that name), array's element (from the end when negative).
Result<std::optional<std::string_view>> JsonMember(std::string_view object, std::string_view key);
std::optional<std::string_view> JsonElement(std::string_view array, int64_t index);
uint32_t CountJsonItems(std::string_view container);

}  // namespace phantom::engine
