// Values as they are: the slots of fixed layouts; the bytes of strings and numerics with their ends.
#include <bit>

#include "lsm/encoding/encoder.h"
#include "lsm/encoding/sequence.h"
#include "lsm/encoding/values.h"
#include "types/slot_bytes.h"

namespace phantom::lsm {

namespace {

class PlainFixed final : public Values {
 public:
  explicit PlainFixed(const Source& source) : Values(source) {}

  bool Open(ByteCursor& in) {
    slots_ = in.TakeBytes(count() * kind().slot_bytes());
    if (!in.ok()) return false;
    if (kind().layout != types::Layout::kBool) return true;
    for (std::byte value : slots_) {
      if (value > std::byte{1}) return false;
    }
    return true;
  }

  Status Read(const uint64_t* validity, types::Vector& out) const override {
    PrepareFlat(out, count());
    std::memcpy(out.slot(0), slots_.data(), slots_.size());
    SetValidity(validity, count(), out);
    return Status::Ok();
  }

  Status ReadOne(uint32_t row, void* slot, types::StringHeap&) const override {
    std::memcpy(slot, slots_.data() + row * kind().slot_bytes(), kind().slot_bytes());
    return Status::Ok();
  }

 private:
  Bytes slots_;
};

class PlainBytes final : public Values {
 public:
  explicit PlainBytes(const Source& source) : Values(source) {}

  bool Open(ByteCursor& in) {
    if (!values_.Open(in, count())) return false;
    bool valid = true;
    if (kind().is_numeric()) {
      values_.ForEach([&](uint32_t, std::string_view bytes) { valid = valid && types::IsValidNumericBytes(bytes); });
    }
    return valid;
  }

  Status Read(const uint64_t* validity, types::Vector& out) const override {
    PrepareFlat(out, count());
    values_.ForEach([&](uint32_t i, std::string_view bytes) { Put(bytes, out.slot(i), out.heap()); });
    SetValidity(validity, count(), out);
    return Status::Ok();
  }

  Status ReadOne(uint32_t row, void* slot, types::StringHeap& heap) const override {
    Put(values_.Get(row), slot, heap);
    return Status::Ok();
  }

  Status Select(const Ranges& ranges, RowSet& rows) const override {
    Slot16 slot;
    values_.ForEach([&](uint32_t i, std::string_view bytes) {
      types::SlotFromBytes(kind().layout, bytes, &slot);
      if (ranges.Contains(&slot)) rows.Add(i);
    });
    return Status::Ok();
  }

 private:
  void Put(std::string_view bytes, void* to, types::StringHeap& heap) const {
    Slot16 slot;
    types::SlotFromBytes(kind().layout, bytes, &slot);
    CopySlot(kind().layout, &slot, to, heap);
  }

  Ends values_;
};

class PlainEncoder final : public Encoder {
 public:
  Encoding encoding() const override { return Encoding::kPlain; }

  size_t Cost(const Input& input) override {
    if (!types::MayPoint(input.kind->layout)) return input.count * input.kind->slot_bytes();
    if (input.kind->is_string()) return TextBytes(input) + Sequence::BytesOf(EndsOf(input));
    // Of numerics about: their ends take a byte each as a rule.
    size_t bytes = 0;
    for (uint32_t i = 0; i < input.count; ++i) bytes += 2 + MagnitudeBytes(input.as<types::Numeric>()[i]);
    return bytes;
  }

  void Encode(const Input& input, std::string& out) override {
    if (!types::MayPoint(input.kind->layout)) {
      out.append(reinterpret_cast<const char*>(input.slots), input.count * input.kind->slot_bytes());
      return;
    }
    std::string values;
    Sequence::Append(AppendValues(input, values), out);
    out.append(values);
  }

 private:
  static size_t MagnitudeBytes(const types::Numeric& value) {
    if (value.is_big()) return value.big_bytes().size();
    const types::uint128_t magnitude = value.magnitude();
    const auto high = static_cast<uint64_t>(magnitude >> 64), low = static_cast<uint64_t>(magnitude);
    return (high != 0 ? 64 + std::bit_width(high) : std::bit_width(low)) / 8 + 1;
  }

  static std::vector<int64_t> AppendValues(const Input& input, std::string& values) {
    std::vector<int64_t> ends(input.count);
    for (uint32_t i = 0; i < input.count; ++i) {
      // A string without a value is left out; a numeric must be one whatever it means.
      if (input.cares(i)) {
        types::AppendSlotBytes(input.kind->layout, input.slot(i), values);
      } else if (input.kind->is_numeric()) {
        types::AppendNumericBytes(types::Numeric(), values);
      }
      ends[i] = static_cast<int64_t>(values.size());
    }
    return ends;
  }
};

}  // namespace

Result<std::unique_ptr<Values>> OpenPlain(ByteCursor& in, const Source& source) {
  constexpr const char* kDamage = "bad plain values";
  return types::MayPoint(source.kind->layout) ? OpenForm<PlainBytes>(in, source, kDamage)
                                              : OpenForm<PlainFixed>(in, source, kDamage);
}

std::unique_ptr<Encoder> MakePlainEncoder() { return std::make_unique<PlainEncoder>(); }

}  // namespace phantom::lsm
