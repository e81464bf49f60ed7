// wire/data_row.h
//
// Rows of a chunk as DataRow messages, in text or binary format.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "common/status.h"

namespace phantom::types {
class ByteEncoding;
class Chunk;
struct FormatContext;
}  // namespace phantom::types

namespace phantom::wire {

// Appends the first `columns` columns of rows [first, first + count). `formats` holds one format (0 text, 1 binary) per column, or one for all, or
// none (text). Text is converted to `encoding`, unless that is null. On failure (42883: a type without binary output;
// 22P05) `out` is as before.
Status AppendDataRows(std::string& out, const types::Chunk& chunk, uint32_t first, uint32_t count,
                      uint32_t columns, std::span<const int16_t> formats, const types::FormatContext& context,
                      const types::ByteEncoding* encoding = nullptr);

}  // namespace phantom::wire
