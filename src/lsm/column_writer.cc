#include "lsm/column_writer.h"

#include <algorithm>

#include "common/bytes.h"
#include "common/checksum.h"
#include "types/oids.h"

namespace phantom::lsm {

namespace {

// Dictionaries let predicates and operators work on numbers, but cost all but strings a detour.
double DictionaryWeight(const Kind& kind) { return kind.is_string() ? 0.95 : 1.25; }

}  // namespace

ColumnWriter::ColumnWriter(uint16_t attribute, const Kind& kind, BlockSink& sink)
    : info_(attribute, kind),
      sink_(sink),
      encoders_(*info_.kind, &tables_),
      slots_(kVectorRows * kind.slot_bytes()),
      hashes_(kVectorRows) {
  dictionary_.emplace(*info_.kind);
}

namespace {

// The rows with the least and the greatest of the values, before(a, b) being their order.
template <typename Before>
std::pair<uint32_t, uint32_t> Extremes(const RowSet& care, Before before) {
  uint32_t least = UINT32_MAX, greatest = UINT32_MAX;
  care.ForEach([&](uint32_t i) {
    if (least == UINT32_MAX || before(i, least)) least = i;
    if (greatest == UINT32_MAX || before(greatest, i)) greatest = i;
  });
  return {least, greatest};
}

// Of strings by their first bytes as far as those tell. Where trailing blanks do not count a value's bytes are no less than what
// counts, and no greater with the blanks at their end taken away.
std::pair<uint32_t, uint32_t> ExtremesOfStrings(const Input& input, const RowSet& care) {
  const auto* values = input.as<types::StringRef>();
  auto head = [&](uint32_t i) {
    // Behind the length; zeros behind a short string.
    return LoadBE<uint32_t>(reinterpret_cast<const std::byte*>(&values[i]) + sizeof(uint32_t));
  };
  auto without_blanks = [](uint32_t bytes) {
    for (uint32_t mask = 0xff, blank = ' '; mask != 0 && (bytes & mask) == blank; mask <<= 8, blank <<= 8) bytes &= ~mask;
    return bytes;
  };
  uint32_t least = UINT32_MAX, greatest = UINT32_MAX;
  uint32_t above = 0, below = 0;
  care.ForEach([&](uint32_t i) {
    const uint32_t bytes = head(i);
    if (least != UINT32_MAX && bytes < below && without_blanks(bytes) > above) return;
    if (least == UINT32_MAX || input.kind->compare(input.slot(i), input.slot(least)) < 0) {
      least = i;
      above = bytes;
    }
    if (greatest == UINT32_MAX || input.kind->compare(input.slot(greatest), input.slot(i)) < 0) {
      greatest = i;
      below = without_blanks(bytes);
    }
  });
  return {least, greatest};
}

std::pair<uint32_t, uint32_t> ExtremesOf(const Input& input, const RowSet& care) {
  const Oid type = input.kind->type.oid;
  if (type == types::kTextOid || type == types::kVarcharOid || type == types::kBpcharOid) {
    return ExtremesOfStrings(input, care);
  }
  if (!input.kind->has_key()) {
    return Extremes(care,
                    [&](uint32_t a, uint32_t b) { return input.kind->compare(input.slot(a), input.slot(b)) < 0; });
  }
  return WithKey(*input.kind, [&]<typename Key>(Key key) {
    const auto* values = input.as<typename Key::Slot>();
    return Extremes(care, [=](uint32_t a, uint32_t b) { return key(values[a]) < key(values[b]); });
  });
}

}  // namespace

// Bounds, sketch and hashes of the rows with values.
void ColumnWriter::Observe(const Input& input, const RowSet& care, VectorInfo& vector) {
  care.ForEach([&](uint32_t i) {
    hashes_[i] = HashOfSlot(kind().layout, input.slot(i));
    info_.sketch.Add(hashes_[i]);
  });
  if (kind().compare == nullptr) return;
  const auto [least, greatest] = ExtremesOf(input, care);
  vector.has_bounds = info_.bounds.Set(kind(), static_cast<uint32_t>(info_.vectors.size() - 1), input.slot(least),
                                       input.slot(greatest));
}

Status ColumnWriter::Add(const types::Vector& values, uint32_t count, const RowSet& present) {
  VectorInfo& vector = info_.vectors.emplace_back();
  RowSet care;
  const size_t bytes = kind().slot_bytes();
  const std::byte* filler = nullptr;
  uint32_t filled = 0;
  const bool plain = values.form() == types::VectorForm::kFlat && values.all_valid() && present.Count() == count;
  if (plain) {
    std::memcpy(slots_.data(), values.slot(0), count * bytes);
    care = RowSet::First(count);
  }
  for (uint32_t i = 0; i < count && !plain; ++i) {
    if (present.Has(i) && !values.IsNull(i)) {
      care.Add(i);
      const std::byte* slot = values.row_slot(i);
      if (filler == nullptr) {
        for (; filled < i; ++filled) std::memcpy(slots_.data() + filled * bytes, slot, bytes);
      }
      filler = slot;
    }
    if (filler == nullptr) continue;
    std::memcpy(slots_.data() + i * bytes, filler, bytes);
    filled = i + 1;
  }
  const uint32_t with_value = care.Count();
  vector.nulls = static_cast<uint16_t>(present.Count() - with_value);
  if (with_value == 0) return Status::Ok();

  const uint64_t* care_bits = with_value == count ? nullptr : care.words.data();
  const uint64_t* valid = vector.nulls == 0 ? nullptr : care_bits;
  const Input input{&kind(), slots_.data(), count, care_bits};
  Observe(input, care, vector);
  if (dictionary_) {
    if (dictionary_->Add(input, hashes_, valid)) {
      held_back_.push_back(static_cast<uint32_t>(info_.vectors.size() - 1));
      const size_t other_bytes = encoders_.Choose(input).bytes;
      other_bytes_ += other_bytes;
      // What is short because of its runs is so by the numbers of entries too.
      least_bytes_ += std::min(other_bytes, dictionary_->NumberBytes(count));
      constexpr uint32_t kTrialVectors = 4;
      const bool hopeless = held_back_.size() >= kTrialVectors && !IsWorthIt(least_bytes_);
      return hopeless ? DropDictionary() : Status::Ok();
    }
    RETURN_IF_ERROR(DropDictionary());
  }
  return Write(input, valid, vector);
}

Status ColumnWriter::Write(const Input& input, const uint64_t* valid, VectorInfo& vector) {
  std::string block;
  vector.encoding = AppendBlock(encoders_, input, valid, block);
  ASSIGN_OR_RETURN(vector.block, sink_.Append(block));
  return Status::Ok();
}

bool ColumnWriter::IsWorthIt(size_t dictionary_bytes) const {
  return static_cast<double>(dictionary_bytes) * DictionaryWeight(kind()) <= static_cast<double>(other_bytes_);
}

Status ColumnWriter::DropDictionary() {
  if (!dictionary_) return Status::Ok();
  DictionaryBuilder::Restored restored;
  for (uint32_t i = 0; i < held_back_.size(); ++i) {
    dictionary_->Restore(i, &restored);
    RETURN_IF_ERROR(Write(restored.input, restored.valid_or_null(), info_.vectors[held_back_[i]]));
  }
  dictionary_.reset();
  return Status::Ok();
}

Status ColumnWriter::WriteDictionary(const DictionaryBuilder::Encoded& encoded) {
  info_.dictionary_size = dictionary_->entries();
  RETURN_IF_ERROR(AppendBlocks(encoded.entries, &info_.dictionary));
  for (uint32_t i = 0; i < held_back_.size(); ++i) {
    VectorInfo& vector = info_.vectors[held_back_[i]];
    ASSIGN_OR_RETURN(vector.block, sink_.Append(encoded.vectors[i]));
    vector.encoding = Encoding::kDictionary;
  }
  dictionary_.reset();
  return Status::Ok();
}

Status ColumnWriter::AppendBlocks(std::span<const std::string> blocks, std::vector<BlockRef>* refs) {
  for (const std::string& block : blocks) {
    ASSIGN_OR_RETURN(refs->emplace_back(), sink_.Append(block));
  }
  return Status::Ok();
}

Status ColumnWriter::Finish() {
  if (dictionary_ && dictionary_->entries() > 1) {
    // Its entries are encoded apart, so that a table learnt from them is not kept when the dictionary is not.
    SymbolTables tables;
    EncoderSet encoders = EncoderSet::ForRuns(kind(), &tables);
    const DictionaryBuilder::Encoded encoded = dictionary_->Encode(encoders);
    if (IsWorthIt(encoded.bytes)) {
      RETURN_IF_ERROR(WriteDictionary(encoded));
      tables_ = std::move(tables);
    }
  }
  RETURN_IF_ERROR(DropDictionary());
  return AppendBlocks(tables_, &info_.symbol_tables);
}

}  // namespace phantom::lsm
