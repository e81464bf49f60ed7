// bool and integers by their keys: as a frame, or as a delta where they ascend.
#include "lsm/encoding/encoder.h"
#include "lsm/encoding/sequence.h"
#include "lsm/encoding/values.h"

namespace phantom::lsm {

namespace {

// Form is Frame or Delta.
template <typename Form>
class IntegerValues final : public Values {
 public:
  explicit IntegerValues(const Source& source) : Values(source) {}

  bool Open(ByteCursor& in) {
    if (!kind().is_integer() || !form_.Open(in, count())) return false;
    if (kind().layout != types::Layout::kBool) return true;
    uint8_t bits = 0, values[kVectorRows];
    form_.Read(0, values);
    for (uint32_t i = 0; i < count(); ++i) bits |= values[i];
    return bits <= 1;
  }

  Status Read(const uint64_t* validity, types::Vector& out) const override {
    PrepareFlat(out, count());
    WithSlot(kind().layout, [&]<typename T>(T) {
      if constexpr (!std::is_same_v<T, Slot16>) form_.Read(kind().key_bias(), out.data<T>());
    });
    SetValidity(validity, count(), out);
    return Status::Ok();
  }

  Status ReadOne(uint32_t row, void* slot, types::StringHeap&) const override {
    // Little-endian: the low bytes are the narrower number.
    const uint64_t bits = static_cast<uint64_t>(form_.Get(row)) + kind().key_bias();
    std::memcpy(slot, &bits, kind().slot_bytes());
    return Status::Ok();
  }

  Status Select(const Ranges& ranges, RowSet& rows) const override {
    form_.Select(ranges.keys, rows);
    return Status::Ok();
  }

 private:
  Form form_;
};

template <typename Form, Encoding kEncoding>
class IntegerEncoder final : public Encoder {
 public:
  Encoding encoding() const override { return kEncoding; }
  size_t Cost(const Input& input) override { return Form::BytesOf(input.Keys()); }
  void Encode(const Input& input, std::string& out) override { Form::Append(input.Keys(), out); }
};

}  // namespace

Result<std::unique_ptr<Values>> OpenFrame(ByteCursor& in, const Source& source) {
  return OpenForm<IntegerValues<Frame>>(in, source, "bad frame");
}
Result<std::unique_ptr<Values>> OpenDelta(ByteCursor& in, const Source& source) {
  return OpenForm<IntegerValues<Delta>>(in, source, "bad delta");
}

std::unique_ptr<Encoder> MakeFrameEncoder() { return std::make_unique<IntegerEncoder<Frame, Encoding::kFrame>>(); }
std::unique_ptr<Encoder> MakeDeltaEncoder() { return std::make_unique<IntegerEncoder<Delta, Encoding::kDelta>>(); }

}  // namespace phantom::lsm
