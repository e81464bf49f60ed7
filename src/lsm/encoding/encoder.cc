#include "lsm/encoding/encoder.h"

#include "types/string_ref.h"

namespace phantom::lsm {

namespace {

// What a byte is worth in an encoding: those that are slower to read must save something first.
double WeightOf(Encoding encoding) {
  switch (encoding) {
    case Encoding::kDelta:
    case Encoding::kLz4:
      return 1.3;
    case Encoding::kFsst:
    case Encoding::kRunLength:
      return 1.1;
    default:
      return 1;
  }
}

}  // namespace

std::vector<int64_t> Input::Keys() const {
  std::vector<int64_t> keys(count);
  WithKey(*kind, [&]<typename Key>(Key key) {
    const auto* values = as<typename Key::Slot>();
    for (uint32_t i = 0; i < count; ++i) keys[i] = key(values[i]);
  });
  return keys;
}

std::vector<int64_t> EndsOf(const Input& input) {
  std::vector<int64_t> ends(input.count);
  int64_t end = 0;
  for (uint32_t i = 0; i < input.count; ++i) {
    if (input.cares(i)) end += input.as<types::StringRef>()[i].size();
    ends[i] = end;
  }
  return ends;
}

size_t TextBytes(const Input& input) {
  size_t bytes = 0;
  for (uint32_t i = 0; i < input.count; ++i) {
    if (input.cares(i)) bytes += input.as<types::StringRef>()[i].size();
  }
  return bytes;
}

void EncoderSet::AddBasic(const Kind& kind, SymbolTables* tables) {
  if (kind.is_integer()) {
    encoders_.push_back(MakeFrameEncoder());
    encoders_.push_back(MakeDeltaEncoder());
    return;
  }
  if (kind.is_numeric()) encoders_.push_back(MakeDecimalEncoder());
  if (kind.is_float()) encoders_.push_back(MakeAlpEncoder());
  if (kind.is_string()) {
    if (tables != nullptr) encoders_.push_back(MakeFsstEncoder(tables));
    encoders_.push_back(MakeLz4Encoder());
  }
  encoders_.push_back(MakePlainEncoder());
}

EncoderSet::EncoderSet(const Kind& kind, SymbolTables* tables) {
  encoders_.push_back(MakeConstantEncoder());
  encoders_.push_back(MakeRunLengthEncoder(kind, tables));
  AddBasic(kind, tables);
}

EncoderSet EncoderSet::ForRuns(const Kind& kind, SymbolTables* tables) {
  EncoderSet set;
  set.AddBasic(kind, tables);
  return set;
}

EncoderSet::Choice EncoderSet::Choose(const Input& input) {
  Choice best{nullptr, kCannot};
  double best_cost = 0;
  for (const auto& encoder : encoders_) {
    const size_t bytes = encoder->Cost(input);
    if (bytes == kCannot) continue;
    const double cost = static_cast<double>(bytes) * WeightOf(encoder->encoding());
    if (best.encoder == nullptr || cost < best_cost) {
      best = {encoder.get(), bytes};
      best_cost = cost;
    }
    if (encoder->encoding() == Encoding::kConstant) break;
  }
  return best;
}

Encoding EncoderSet::Encode(const Input& input, std::string& out) {
  Encoder& encoder = *Choose(input).encoder;
  AppendLE(out, static_cast<uint8_t>(encoder.encoding()));
  encoder.Encode(input, out);
  return encoder.encoding();
}

}  // namespace phantom::lsm
