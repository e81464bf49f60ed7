#include "lsm/block.h"

namespace phantom::lsm {

namespace {
constexpr uint8_t kHasValidity = 1;
}

void AppendBlockHeader(Encoding encoding, uint32_t rows, const uint64_t* valid, std::string& out) {
  AppendLE(out, static_cast<uint8_t>(encoding));
  AppendLE(out, valid == nullptr ? uint8_t{0} : kHasValidity);
  AppendLE(out, static_cast<uint16_t>(rows));
  if (valid != nullptr) out.append(reinterpret_cast<const char*>(valid), BitmapBytes(rows));
}

Encoding AppendBlock(EncoderSet& encoders, const Input& input, const uint64_t* valid, std::string& out) {
  Encoder& encoder = *encoders.Choose(input).encoder;
  AppendBlockHeader(encoder.encoding(), input.count, valid, out);
  encoder.Encode(input, out);
  return encoder.encoding();
}

Result<std::unique_ptr<Block>> Block::Open(std::unique_ptr<std::byte[]> bytes, size_t size, const Source& source) {
  ByteCursor in(Bytes(bytes.get(), size));
  std::unique_ptr<Block> block(new Block());
  block->encoding_ = in.Take<Encoding>();
  const auto flags = in.Take<uint8_t>();
  if (in.Take<uint16_t>() != source.count || (flags & ~kHasValidity) != 0) return DamagedValues("bad block header");
  if ((flags & kHasValidity) != 0) {
    const Bytes bitmap = in.TakeBytes(BitmapBytes(source.count));
    if (!in.ok()) return DamagedValues("bad block header");
    // A vector's bitmap is written whole.
    block->validity_ = std::make_unique<uint64_t[]>(kVectorRows / 64);
    std::memcpy(block->validity_.get(), bitmap.data(), bitmap.size());
  }
  ASSIGN_OR_RETURN(block->values_, OpenValues(block->encoding_, in, source));
  block->bytes_ = std::move(bytes);
  block->size_ = size;
  return block;
}

size_t Block::memory_bytes() const {
  constexpr size_t kObjects = 512;  // this, the values, their small vectors
  return size_ + kObjects + (validity_ != nullptr ? kVectorRows / 8 : 0);
}

}  // namespace phantom::lsm
