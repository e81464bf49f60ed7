#include "lsm/encoding/sequence.h"

namespace phantom::lsm {

size_t Sequence::BytesOf(std::span<const int64_t> numbers) {
  const size_t frame = Frame::BytesOf(numbers), delta = Delta::BytesOf(numbers);
  return 1 + (DeltaIsWorthIt(delta, frame) ? delta : frame);
}

void Sequence::Append(std::span<const int64_t> numbers, std::string& out) {
  const bool is_delta = DeltaIsWorthIt(Delta::BytesOf(numbers), Frame::BytesOf(numbers));
  out.push_back(is_delta ? 1 : 0);
  is_delta ? Delta::Append(numbers, out) : Frame::Append(numbers, out);
}

bool Sequence::Open(ByteCursor& in, uint32_t count) {
  const auto form = in.Take<uint8_t>();
  is_delta_ = form == 1;
  return form <= 1 && (is_delta_ ? delta_.Open(in, count) : frame_.Open(in, count));
}

bool Ends::OpenEnds(ByteCursor& in, uint32_t count) {
  if (count > kVectorRows || !ends_.Open(in, count)) return false;
  uint64_t ends[kVectorRows];
  ends_.Read(0, ends);
  total_ = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (ends[i] < total_) return false;
    total_ = ends[i];
  }
  return total_ <= kBlockBytesMax;
}

bool Ends::Open(ByteCursor& in, uint32_t count) {
  if (!OpenEnds(in, count)) return false;
  SetBytes(in.TakeBytes(total_));
  return in.ok();
}

}  // namespace phantom::lsm
