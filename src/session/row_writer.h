// session/row_writer.h
//
// Rows of a set-returning function that the session answers, as text (engine/text_rows.h).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "engine/text_rows.h"
#include "types/format_context.h"
#include "types/oids.h"
#include "types/text_format.h"

namespace phantom::session {

using Field = std::optional<std::string>;

class RowWriter {
 public:
  RowWriter& Add(const Field& field) {
    engine::AppendRowField(field.has_value() ? std::optional<std::string_view>(*field) : std::nullopt, rows_);
    return *this;
  }
  RowWriter& Add(const char* text) { return Add(text == nullptr ? Field() : Field(text)); }
  RowWriter& Bool(bool value) { return Add(value ? "t" : "f"); }
  RowWriter& Number(int64_t value) { return Add(std::to_string(value)); }
  // A timestamptz; 0 is none.
  RowWriter& Time(int64_t us) {
    if (us == 0) return Null();
    std::string text;
    static_cast<void>(types::AppendText(types::Type(types::kTimestamptzOid), &us, types::FormatContext(), text).ok());
    return Add(text);
  }
  RowWriter& Null(int count = 1) {
    for (int i = 0; i < count; ++i) Add(Field());
    return *this;
  }
  void End() { engine::EndRow(rows_); }
  std::string Take() { return std::move(rows_); }

 private:
  std::string rows_;
};

}  // namespace phantom::session
