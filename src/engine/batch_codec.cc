#include "engine/batch_codec.h"

#include <cstring>

#include "common/bytes.h"

namespace phantom::engine {

namespace {

void AppendWord(std::string& out, uint32_t word) { out.append(reinterpret_cast<const char*>(&word), 4); }

void EncodeNumeric(const types::Numeric& number, std::string& out) {
  if (number.is_big()) {
    AppendWord(out, static_cast<uint32_t>(number.big_bytes().size()));
    out.append(AsText(number.big_bytes()));
  } else {
    AppendWord(out, 0);
    out.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
}

const char* DecodeNumeric(const char* from, types::Vector& column, uint32_t row) {
  const uint32_t size = LoadLE<uint32_t>(from);
  from += 4;
  types::Numeric& number = column.data<types::Numeric>()[row];
  if (size == 0) {
    std::memcpy(static_cast<void*>(&number), from, sizeof(number));
    return from + sizeof(number);
  }
  number = types::Numeric::FromBig(AsBytes(column.heap().arena().Copy({from, size})));
  return from + size;
}

}  // namespace

void EncodeBatch(const Batch& batch, std::string& out) {
  AppendWord(out, static_cast<uint32_t>(batch.rows.count));
  for (const types::Vector* column : batch.columns) {
    for (size_t i = 0; i < batch.rows.count; ++i) out.push_back(column->IsNull(batch.rows[i]) ? '\0' : '\1');
    for (size_t i = 0; i < batch.rows.count; ++i) {
      const uint32_t row = batch.rows[i];
      if (column->IsNull(row)) continue;
      const std::byte* slot = column->row_slot(row);
      if (column->layout() == types::Layout::kString) {
        const types::StringRef& text = *reinterpret_cast<const types::StringRef*>(slot);
        AppendWord(out, text.size());
        out.append(text.view());
      } else if (column->layout() == types::Layout::kNumeric) {
        EncodeNumeric(*reinterpret_cast<const types::Numeric*>(slot), out);
      } else {
        out.append(reinterpret_cast<const char*>(slot), types::SizeOf(column->layout()));
      }
    }
  }
}

uint32_t DecodeBatch(std::string_view bytes, std::span<types::Vector> columns, uint32_t first) {
  const char* from = bytes.data();
  const uint32_t count = LoadLE<uint32_t>(from);
  from += 4;
  for (types::Vector& column : columns) {
    const char* valid = from;
    from += count;
    for (uint32_t row = first; row < first + count; ++row) {
      if (valid[row - first] == 0) {
        column.SetNull(row);
      } else if (column.layout() == types::Layout::kString) {
        const uint32_t size = LoadLE<uint32_t>(from);
        column.SetString(row, {from + 4, size});
        from += 4 + size;
      } else if (column.layout() == types::Layout::kNumeric) {
        from = DecodeNumeric(from, column, row);
      } else {
        const size_t size = types::SizeOf(column.layout());
        std::memcpy(column.slot(row), from, size);
        from += size;
      }
    }
  }
  return count;
}

}  // namespace phantom::engine
