// engine/batch_codec.h
//
// Rows of a batch as bytes, for temporary files: row count, then per column a byte a row for validity and the values,
// fixed slots, or lengths and bytes. Never outlives the process and has no version.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "engine/runtime.h"

namespace phantom::engine {

void EncodeBatch(const Batch& batch, std::string& out);

// How many rows there are; they go to the vectors from row `first` on. The vectors are flat, of the columns' layouts, with
// room for them; they are not reset, and get copies of what values point to.
uint32_t DecodeBatch(std::string_view bytes, std::span<types::Vector> columns, uint32_t first = 0);

}  // namespace phantom::engine
