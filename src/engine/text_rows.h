// engine/text_rows.h
//
// Rows of texts in one string: how SessionServices::Call answers for functions that return sets. A field is its length,
// a colon and its bytes, or "-" for NULL; a row ends with ";".
#pragma once
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace phantom::engine {

inline void AppendRowField(std::optional<std::string_view> field, std::string& out) {
  if (!field.has_value()) {
    out += '-';
    return;
  }
  out += std::to_string(field->size());
  out += ':';
  out += *field;
}
inline void EndRow(std::string& out) { out += ';'; }

// Reads what the functions above wrote.
class TextRowReader {
 public:
  explicit TextRowReader(std::string_view rows) : rest_(rows) {}

  bool at_end() const { return rest_.empty(); }
  // Is there another field in this row? Steps over the row's end when there is none.
  bool NextField(std::optional<std::string_view>* field) {
    if (rest_.empty()) return false;
    if (rest_.front() == ';') {
      rest_.remove_prefix(1);
      return false;
    }
    if (rest_.front() == '-') {
      rest_.remove_prefix(1);
      field->reset();
      return true;
    }
    size_t length = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), length);
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()) + 1);
    *field = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return true;
  }

 private:
  std::string_view rest_;
};

}  // namespace phantom::engine
