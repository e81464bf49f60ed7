#include "wire/data_row.h"

#include <array>
#include <vector>

#include "types/binary_format.h"
#include "types/chunk.h"
#include "types/encoding.h"
#include "types/text_format.h"
#include "wire/message_writer.h"

namespace phantom::wire {

namespace {

// How a column is written: the common types without a call per type's general path.
enum class Encoding { kText, kBinary, kBytes, kInt32Text, kInt64Text, kInt16Text };

Encoding EncodingOf(const types::Vector& column, int16_t format) {
  const Oid type = column.type().oid;
  switch (type) {
    case types::kTextOid:
    case types::kVarcharOid:
    case types::kBpcharOid:
    case types::kNameOid:
    case types::kJsonOid:
    case types::kUnknownOid:
      return Encoding::kBytes;
    case types::kInt4Oid:
      return format == 0 ? Encoding::kInt32Text : Encoding::kBinary;
    case types::kInt8Oid:
      return format == 0 ? Encoding::kInt64Text : Encoding::kBinary;
    case types::kInt2Oid:
      return format == 0 ? Encoding::kInt16Text : Encoding::kBinary;
    default:
      return format == 0 ? Encoding::kText : Encoding::kBinary;
  }
}

Status AppendField(std::string& out, const types::Vector& column, uint32_t row, Encoding encoding,
                   const types::FormatContext& context) {
  if (column.IsNull(row)) {
    AppendBE<uint32_t>(out, UINT32_MAX);
    return Status::Ok();
  }
  const size_t start = out.size();
  out.append(4, '\0');
  switch (encoding) {
    case Encoding::kBytes:
      out.append(column.Get<types::StringRef>(row).view());
      break;
    case Encoding::kInt16Text:
    case Encoding::kInt32Text:
    case Encoding::kInt64Text: {
      char digits[24];
      char* const end = encoding == Encoding::kInt64Text   ? types::FormatInt64(column.Get<int64_t>(row), digits)
                        : encoding == Encoding::kInt32Text ? types::FormatInt32(column.Get<int32_t>(row), digits)
                                                           : types::FormatInt32(column.Get<int16_t>(row), digits);
      out.append(digits, static_cast<size_t>(end - digits));
      break;
    }
    case Encoding::kText:
      RETURN_IF_ERROR(types::AppendText(column.type(), column.row_slot(row), context, out));
      break;
    case Encoding::kBinary:
      RETURN_IF_ERROR(types::AppendBinary(column.type(), column.row_slot(row), context, out));
      break;
  }
  StoreBE<uint32_t>(out.data() + start, static_cast<uint32_t>(out.size() - start - 4));
  return Status::Ok();
}

// The field that begins at `field` with its length, in the client's encoding.
Status ConvertField(std::string& out, size_t field, const types::ByteEncoding& encoding) {
  const size_t begin = field + sizeof(uint32_t);
  if (out.size() <= begin) return Status::Ok();
  std::string converted;
  RETURN_IF_ERROR(encoding.FromUtf8(std::string_view(out).substr(begin), converted));
  out.replace(begin, std::string::npos, converted);
  StoreBE<uint32_t>(out.data() + field, static_cast<uint32_t>(converted.size()));
  return Status::Ok();
}

}  // namespace

Status AppendDataRows(std::string& out, const types::Chunk& chunk, uint32_t first, uint32_t count,
                      uint32_t columns, std::span<const int16_t> formats, const types::FormatContext& context,
                      const types::ByteEncoding* encoding) {
  const size_t before = out.size();
  // Few columns' fit on the stack.
  std::array<Encoding, 32> some;
  std::vector<Encoding> many(columns > some.size() ? columns : 0);
  const std::span<Encoding> encodings(columns > some.size() ? many.data() : some.data(), columns);
  for (uint32_t i = 0; i < columns; ++i) {
    const int16_t format = formats.empty() ? 0 : formats.size() == 1 ? formats[0] : formats[i];
    encodings[i] = EncodingOf(chunk.column(i), format);
  }
  for (uint32_t row = first; row < first + count; ++row) {
    MessageWriter message(out, 'D');
    message.AddInt16(static_cast<int16_t>(columns));
    for (uint32_t i = 0; i < columns; ++i) {
      const size_t field = out.size();
      Status status = AppendField(out, chunk.column(i), row, encodings[i], context);
      if (encoding != nullptr && status.ok() && encodings[i] != Encoding::kBinary) {
        status = ConvertField(out, field, *encoding);
      }
      if (!status.ok()) {
        out.resize(before);
        return status;
      }
    }
    message.End();
  }
  return Status::Ok();
}

}  // namespace phantom::wire
