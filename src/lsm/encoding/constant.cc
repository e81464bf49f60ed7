// The same value in every row.
#include "lsm/encoding/encoder.h"
#include "lsm/encoding/values.h"
#include "types/slot_bytes.h"

namespace phantom::lsm {

namespace {

class ConstantValues final : public Values {
 public:
  explicit ConstantValues(const Source& source) : Values(source) {}

  bool Open(ByteCursor& in) { return SlotFromCheckedBytes(kind().layout, AsText(in.TakeRest()), &slot_); }

  Status Read(const uint64_t* validity, types::Vector& out) const override {
    PrepareFlat(out, 2);
    CopySlot(kind().layout, &slot_, out.slot(0), out.heap());
    if (validity == nullptr) {
      out.SetConstant();
      return Status::Ok();
    }
    out.SetNull(1);
    types::SelectionVector indices(count());
    std::fill_n(indices.data(), count(), 0);
    SetDictionary(out, validity, 1, indices, count(), out);
    return Status::Ok();
  }

  Status ReadOne(uint32_t, void* slot, types::StringHeap& heap) const override {
    CopySlot(kind().layout, &slot_, slot, heap);
    return Status::Ok();
  }

  Status Select(const Ranges& ranges, RowSet& rows) const override {
    if (ranges.Contains(&slot_)) rows.AddRange(0, count());
    return Status::Ok();
  }

 private:
  Slot16 slot_;
};

class ConstantEncoder final : public Encoder {
 public:
  Encoding encoding() const override { return Encoding::kConstant; }

  size_t Cost(const Input& input) override {
    for (uint32_t i = 1; i < input.count; ++i) {
      if (!SameSlot(input.kind->layout, input.slot(0), input.slot(i))) return kCannot;
    }
    return 0;
  }

  void Encode(const Input& input, std::string& out) override {
    types::AppendSlotBytes(input.kind->layout, input.slot(0), out);
  }
};

}  // namespace

Result<std::unique_ptr<Values>> OpenConstant(ByteCursor& in, const Source& source) {
  return OpenForm<ConstantValues>(in, source, "bad constant");
}

std::unique_ptr<Encoder> MakeConstantEncoder() { return std::make_unique<ConstantEncoder>(); }

}  // namespace phantom::lsm
