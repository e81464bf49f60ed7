// tests/rows_text.h
//
// Rows as tests compare them.
#pragma once
#include <cstddef>
#include <string>

#include "common/status.h"
#include "types/chunk.h"
#include "types/format_context.h"
#include "types/text_format.h"

namespace phantom {

// Appends rows [first, first + count) as "a|b;c|d" to those already there; NULL is empty.
inline Status AppendRows(const types::Chunk& chunk, size_t first, size_t count, const types::FormatContext& format,
                         std::string* text) {
  for (size_t row = first; row < first + count; ++row) {
    if (!text->empty()) *text += ";";
    for (uint32_t c = 0; c < chunk.column_count(); ++c) {
      if (c > 0) *text += "|";
      const types::Vector& column = chunk.column(c);
      const auto r = static_cast<uint32_t>(row);
      if (!column.IsNull(r)) RETURN_IF_ERROR(types::AppendText(column.type(), column.row_slot(r), format, *text));
    }
  }
  return Status::Ok();
}

}  // namespace phantom
