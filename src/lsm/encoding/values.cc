#include "lsm/encoding/values.h"

#include "types/value.h"

namespace phantom::lsm {

namespace {

struct EncodingInfo {
  std::string_view name;
  OpenFunction open;
};
constexpr EncodingInfo kEncodings[kEncodingCount] = {
    {"none", nullptr},        {"constant", OpenConstant}, {"run-length", OpenRunLength},
    {"frame", OpenFrame},     {"delta", OpenDelta},       {"dictionary", OpenDictionary},
    {"decimal", OpenDecimal}, {"alp", OpenAlp},           {"fsst", OpenFsst},
    {"lz4", OpenLz4},         {"plain", OpenPlain},
};

}  // namespace

std::string_view EncodingName(Encoding encoding) { return kEncodings[static_cast<int>(encoding)].name; }

Status DamagedValues(const char* what) { return Errorf(sqlstate::kDataCorrupted, "%s", what); }

Result<std::unique_ptr<Values>> OpenValues(Encoding encoding, ByteCursor& in, const Source& source) {
  const auto number = static_cast<size_t>(encoding);
  if (number >= kEncodingCount || kEncodings[number].open == nullptr) return DamagedValues("unknown encoding");
  auto values = kEncodings[number].open(in, source);
  if (values.ok() && !in.done()) return DamagedValues("bytes left over or missing");
  return values;
}

// Reads all and looks at them one by one: right for every encoding.
Status Values::Select(const Ranges& ranges, RowSet& rows) const {
  types::Vector values(kind().type, kind().layout, count());
  RETURN_IF_ERROR(Read(nullptr, values));
  if (kind().has_key()) {
    values.Flatten(count());
    int64_t keys[kVectorRows];
    WithKey(kind(), [&]<typename Key>(Key key) {
      const auto* slots = values.data<typename Key::Slot>();
      for (uint32_t i = 0; i < count(); ++i) keys[i] = key(slots[i]);
    });
    SelectNumbers({keys, count()}, ranges.keys, 0, rows);
    return Status::Ok();
  }
  for (uint32_t i = 0; i < count(); ++i) {
    if (ranges.Contains(values.row_slot(i))) rows.Add(i);
  }
  return Status::Ok();
}

void PrepareFlat(types::Vector& out, uint32_t count) {
  if (!out.is_flat()) out = types::Vector(out.type(), out.layout(), kVectorRows);
  out.Reset();
  out.Reserve(count);
}

void SetValidity(const uint64_t* validity, uint32_t count, types::Vector& out) {
  if (validity != nullptr) std::memcpy(out.mutable_validity(), validity, BitmapBytes(count));
}

void SetDictionary(const types::Vector& slots, const uint64_t* validity, uint32_t null_slot,
                   types::SelectionVector& indices, uint32_t count, types::Vector& out) {
  if (validity != nullptr) {
    for (uint32_t i = 0; i < count; ++i) {
      if ((validity[i >> 6] >> (i & 63) & 1) == 0) indices[i] = null_slot;
    }
  }
  out.Slice(slots, indices, count);
}

}  // namespace phantom::lsm
