// types/jsonb.h
//
// The bytes of a jsonb value: what a string slot of jsonb holds, in memory and on disk (docs/formats/json.md). Object
// keys are unique and sorted as PostgreSQL stores them (by length, then bytes); numbers are exact numerics; any element
// or key is reached without parsing what lies before it.
//
// Text follows PostgreSQL: a space after ':' and ','. json (the text type) is only validated.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/status.h"
#include "types/numeric.h"

namespace phantom::types {

inline constexpr int kJsonDepthMax = 2000;

enum class JsonKind : uint8_t { kNull = 0, kFalse = 1, kTrue = 2, kNumber = 3, kString = 4, kArray = 5, kObject = 6 };

// Reads a jsonb value's bytes, which must outlive it.
class JsonbView {
 public:
  // Requires well-formed bytes (from this room, or checked with IsValid).
  explicit JsonbView(std::string_view bytes) : bytes_(bytes) {}
  static bool IsValid(std::string_view bytes);

  JsonKind kind() const { return static_cast<JsonKind>(bytes_[0]); }
  std::string_view bytes() const { return bytes_; }
  bool is_scalar() const { return kind() < JsonKind::kArray; }
  bool AsBool() const { return kind() == JsonKind::kTrue; }
  Numeric AsNumber() const;            // requires kNumber; may point into the bytes
  std::string_view AsString() const { return bytes_.substr(1); }  // requires kString

  // Elements of an array or pairs of an object.
  uint32_t size() const;
  JsonbView element(uint32_t i) const;        // of an array
  std::string_view key(uint32_t i) const;     // of an object
  JsonbView value(uint32_t i) const;          // of an object
  std::optional<JsonbView> Find(std::string_view key) const;  // in an object

 private:
  std::string_view Item(uint32_t i, uint32_t items) const;

  std::string_view bytes_;
};

// Parses JSON text to jsonb bytes. 22P02 with PostgreSQL's message, DETAIL and CONTEXT.
Status ParseJsonb(std::string_view text, std::string& out);
// Checks JSON text (type json).
Status ValidateJson(std::string_view text);
// Appends the text of a jsonb value; pretty: jsonb_pretty's form.
void AppendJsonb(const JsonbView& value, std::string& out, bool pretty = false);
// Appends a JSON string literal, escaped as PostgreSQL's escape_json does.
void AppendJsonString(std::string_view text, std::string& out);

// SQL order and hash.
int CompareJsonb(std::string_view a, std::string_view b);
uint64_t HashJsonb(std::string_view value, uint64_t seed);

// Builds jsonb bytes.
void AppendJsonbNull(std::string& out);
void AppendJsonbBool(bool value, std::string& out);
void AppendJsonbNumber(const Numeric& value, std::string& out);
void AppendJsonbString(std::string_view text, std::string& out);
// Elements are jsonb bytes.
void AppendJsonbArray(std::span<const std::string_view> elements, std::string& out);
// Pairs of key and jsonb bytes in any order; of equal keys the last wins.
void AppendJsonbObject(std::vector<std::pair<std::string_view, std::string_view>> pairs, std::string& out);

}  // namespace phantom::types
