// Runs of equal values: where each ends, and the values of the runs in an encoding of their own.
#include <algorithm>

#include "lsm/encoding/encoder.h"
#include "lsm/encoding/sequence.h"
#include "lsm/encoding/values.h"

namespace phantom::lsm {

namespace {

class RunLengthValues final : public Values {
 public:
  explicit RunLengthValues(const Source& source) : Values(source) {}

  Status Open(ByteCursor& in, const Source& source) {
    const auto runs = in.Take<uint16_t>();
    Sequence ends;
    if (runs == 0 || runs > count() || !ends.Open(in, runs)) return DamagedValues("bad runs");
    uint64_t numbers[kVectorRows];
    ends.Read(0, numbers);
    uint64_t last = 0;
    for (uint32_t i = 0; i < runs; ++i) {
      if (numbers[i] <= last || numbers[i] > count()) return DamagedValues("bad runs");
      last = numbers[i];
    }
    if (last != count()) return DamagedValues("bad runs");
    ends_.assign(numbers, numbers + runs);
    const auto encoding = in.Take<Encoding>();
    if (encoding == Encoding::kConstant || encoding == Encoding::kRunLength || encoding == Encoding::kDictionary) {
      return DamagedValues("bad encoding of runs");
    }
    ASSIGN_OR_RETURN(runs_, OpenValues(encoding, in, {source.kind, runs, source.shared}));
    return Status::Ok();
  }

  Status Read(const uint64_t* validity, types::Vector& out) const override {
    const auto runs = static_cast<uint32_t>(ends_.size());
    types::Vector slots(kind().type, kind().layout, runs + 1);
    RETURN_IF_ERROR(runs_->Read(nullptr, slots));
    // Slots of 16 bytes are shared, smaller ones repeated.
    if (kind().slot_bytes() == sizeof(Slot16)) {
      if (validity != nullptr) slots.SetNull(runs);
      types::SelectionVector indices(count());
      for (uint32_t run = 0, row = 0; run < runs; row = ends_[run++])
        std::fill_n(indices.data() + row, ends_[run] - row, run);
      SetDictionary(slots, validity, runs, indices, count(), out);
      return Status::Ok();
    }
    PrepareFlat(out, count());
    WithSlot(kind().layout, [&]<typename T>(T) {
      const T* from = slots.data<T>();
      T* to = out.data<T>();
      for (uint32_t run = 0, row = 0; run < runs; row = ends_[run++])
        std::fill_n(to + row, ends_[run] - row, from[run]);
    });
    SetValidity(validity, count(), out);
    return Status::Ok();
  }

  Status ReadOne(uint32_t row, void* slot, types::StringHeap& heap) const override {
    const auto run = std::ranges::upper_bound(ends_, row) - ends_.begin();
    return runs_->ReadOne(static_cast<uint32_t>(run), slot, heap);
  }

  Status Select(const Ranges& ranges, RowSet& rows) const override {
    RowSet runs;
    RETURN_IF_ERROR(runs_->Select(ranges, runs));
    runs.ForEach([&](uint32_t run) { rows.AddRange(run == 0 ? 0 : ends_[run - 1], ends_[run]); });
    return Status::Ok();
  }

 private:
  std::vector<uint16_t> ends_;
  std::unique_ptr<Values> runs_;
};

class RunLengthEncoder final : public Encoder {
 public:
  RunLengthEncoder(const Kind& kind, SymbolTables* tables) : inner_(EncoderSet::ForRuns(kind, tables)) {}

  Encoding encoding() const override { return Encoding::kRunLength; }

  size_t Cost(const Input& input) override {
    if (!FindRuns(input)) return kCannot;
    return 3 + Sequence::BytesOf(ends_) + inner_.Choose(RunsOf(input)).bytes;
  }

  void Encode(const Input& input, std::string& out) override {
    AppendLE(out, static_cast<uint16_t>(ends_.size()));
    Sequence::Append(ends_, out);
    inner_.Encode(RunsOf(input), out);
  }

 private:
  // False when runs are too short to be worth it. Otherwise fills ends_ and slots_.
  bool FindRuns(const Input& input) {
    ends_.clear();
    const types::Layout layout = input.kind->layout;
    auto find = [&](auto same) {
      for (uint32_t i = 0; i < input.count; ++i) {
        if (i + 1 < input.count && same(i, i + 1)) continue;
        ends_.push_back(i + 1);
        if (ends_.size() * 4 > input.count) return false;
      }
      return true;
    };
    const bool found =
        types::MayPoint(layout)
            ? find([&](uint32_t a, uint32_t b) { return SameSlot(layout, input.slot(a), input.slot(b)); })
            : WithSlot(layout, [&]<typename T>(T) {
                return find([values = input.as<T>()](uint32_t a, uint32_t b) {
                  return std::memcmp(&values[a], &values[b], sizeof(T)) == 0;
                });
              });
    if (!found) return false;
    const size_t bytes = input.kind->slot_bytes();
    slots_.resize(ends_.size() * bytes);
    for (size_t run = 0; run < ends_.size(); ++run) {
      std::memcpy(slots_.data() + run * bytes, input.slot(static_cast<uint32_t>(ends_[run] - 1)), bytes);
    }
    return true;
  }
  Input RunsOf(const Input& input) const {
    return {input.kind, slots_.data(), static_cast<uint32_t>(ends_.size()), nullptr};
  }

  EncoderSet inner_;
  std::vector<int64_t> ends_;
  std::vector<std::byte> slots_;
};

}  // namespace

Result<std::unique_ptr<Values>> OpenRunLength(ByteCursor& in, const Source& source) {
  auto values = std::make_unique<RunLengthValues>(source);
  RETURN_IF_ERROR(values->Open(in, source));
  return std::unique_ptr<Values>(std::move(values));
}

std::unique_ptr<Encoder> MakeRunLengthEncoder(const Kind& kind, SymbolTables* tables) {
  return std::make_unique<RunLengthEncoder>(kind, tables);
}

}  // namespace phantom::lsm
