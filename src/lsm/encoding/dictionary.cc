// Numbers of entries of the column's dictionary. Entries ascend, so a range of values is a range of numbers.
//
// The encoder's half is lsm/dictionary_builder.h: it needs the whole segment.
#include <algorithm>

#include "lsm/encoding/values.h"

namespace phantom::lsm {

namespace {

class DictionaryValues final : public Values {
 public:
  explicit DictionaryValues(const Source& source) : Values(source), shared_(source.shared) {}

  Status Open(ByteCursor& in) {
    if (shared_ == nullptr) return DamagedValues("dictionary out of place");
    const auto encoding = in.Take<Encoding>();
    if (encoding < Encoding::kConstant || encoding > Encoding::kDelta)
      return DamagedValues("bad encoding of entry numbers");
    ASSIGN_OR_RETURN(numbers_, OpenValues(encoding, in, {&NumberKind(), count(), nullptr}));
    types::Vector numbers(NumberKind().type);
    RETURN_IF_ERROR(numbers_->Read(nullptr, numbers));
    uint32_t greatest = 0;
    for (uint32_t i = 0; i < count(); ++i) greatest = std::max(greatest, numbers.Get<uint32_t>(i));
    if (greatest >= shared_->dictionary_size()) return DamagedValues("entry beyond the dictionary");
    return Status::Ok();
  }

  Status Read(const uint64_t* validity, types::Vector& out) const override {
    ASSIGN_OR_RETURN(const std::shared_ptr<const Dictionary> dictionary, shared_->WholeDictionary());
    types::Vector numbers(NumberKind().type);
    RETURN_IF_ERROR(numbers_->Read(nullptr, numbers));
    types::SelectionVector indices(count());
    for (uint32_t i = 0; i < count(); ++i) indices[i] = numbers.Get<uint32_t>(i);
    SetDictionary(validity == nullptr ? dictionary->entries : dictionary->with_null, validity, dictionary->size,
                  indices, count(), out);
    return Status::Ok();
  }

  Status ReadOne(uint32_t row, void* slot, types::StringHeap& heap) const override {
    uint32_t number;
    RETURN_IF_ERROR(numbers_->ReadOne(row, &number, heap));
    return shared_->ReadEntry(number, slot, heap);
  }

  Status Select(const Ranges& ranges, RowSet& rows) const override {
    ASSIGN_OR_RETURN(const std::shared_ptr<const Dictionary> dictionary, shared_->WholeDictionary());
    std::vector<KeyRange> numbers;
    for (const SlotRange& range : ranges.slots) {
      const int64_t begin = range.low == nullptr ? 0 : FirstEntry(*dictionary, range.low, range.low_open);
      const int64_t end =
          range.high == nullptr ? dictionary->size : FirstEntry(*dictionary, range.high, !range.high_open);
      if (begin < end) numbers.push_back({begin, end - 1});
    }
    if (numbers.empty()) return Status::Ok();
    return numbers_->Select({&NumberKind(), {}, numbers}, rows);
  }

 private:
  // The first entry that is not below the value; with `behind`, that is above it.
  int64_t FirstEntry(const Dictionary& dictionary, const void* value, bool behind) const {
    uint32_t begin = 0, end = dictionary.size;
    while (begin < end) {
      const uint32_t middle = (begin + end) / 2;
      const int order = kind().compare(dictionary.entries.slot(middle), value);
      if (order < 0 || (behind && order == 0)) {
        begin = middle + 1;
      } else {
        end = middle;
      }
    }
    return begin;
  }

  const SharedBlocks* shared_;
  std::unique_ptr<Values> numbers_;
};

}  // namespace

Result<std::unique_ptr<Values>> OpenDictionary(ByteCursor& in, const Source& source) {
  auto values = std::make_unique<DictionaryValues>(source);
  RETURN_IF_ERROR(values->Open(in));
  return std::unique_ptr<Values>(std::move(values));
}

}  // namespace phantom::lsm
