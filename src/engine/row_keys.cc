#include "engine/row_keys.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "types/compare.h"
#include "types/hash.h"
#include "types/key_codec.h"

namespace phantom::engine {

namespace {

uint64_t FloatWord(double value) {
  if (value == 0) value = 0;  // -0
  if (std::isnan(value)) return 0x7ff8000000000000u;
  return std::bit_cast<uint64_t>(value);
}

}  // namespace

RowKeys::RowKeys(const Runtime& runtime, std::span<const types::Type> types, bool nulls_equal)
    : nulls_equal_(nulls_equal) {
  for (types::Type declared : types) {
    const types::Type type = runtime.StorageType(declared);
    Form form;
    switch (types::LayoutOf(type)) {
      case types::Layout::kBool:
        form = Form::kBool;
        break;
      case types::Layout::kInt16:
        form = Form::kInt16;
        break;
      case types::Layout::kInt32:
        form = Form::kInt32;
        break;
      case types::Layout::kInt64:
        form = Form::kInt64;
        break;
      case types::Layout::kFloat32:
        form = Form::kFloat32;
        break;
      case types::Layout::kFloat64:
        form = Form::kFloat64;
        break;
      case types::Layout::kUuid:
        form = Form::kRaw16;
        break;
      case types::Layout::kString:
        form = type.oid == types::kBpcharOid                                   ? Form::kBlankPadded
               : types::IsTextLike(type.oid) || type.oid == types::kByteaOid ? Form::kText
                                                                               : Form::kKeyCodec;
        break;
      default:
        form = Form::kKeyCodec;
    }
    if (form >= Form::kText) fixed_ = false;
    columns_.push_back({type, form});
  }
  width_ = columns_.size() + (nulls_equal_ ? (columns_.size() + 63) / 64 : 0);
}

Status RowKeys::CheckHashable(const Runtime& runtime, std::span<const types::Type> types) {
  for (types::Type type : types) {
    const types::Type storage = runtime.StorageType(type);
    if (types::SizeOf(types::LayoutOf(storage)) <= 8 || types::IsTextLike(storage.oid) ||
        types::HasKeyEncoding(storage.oid)) {
      continue;
    }
    return Error(sqlstate::kUndefinedFunction,
                 "could not identify an equality operator for type " + types::FormatTypeName(type));
  }
  return Status::Ok();
}

void RowKeys::Encode(std::span<const types::Vector* const> columns, const Rows& rows) {
  nulls_.clear();
  hashes_.resize(rows.count);
  if (fixed_) {
    EncodeFixed(columns, rows);
  } else {
    EncodeBytes(columns, rows);
  }
}

void RowKeys::EncodeFixed(std::span<const types::Vector* const> columns, const Rows& rows) {
  words_.assign(rows.count * width_, 0);
  for (size_t c = 0; c < columns_.size(); ++c) {
    const types::UnifiedView view = columns[c]->View();
    uint64_t* out = words_.data() + c;
    const auto each = [&](auto value_of) {
      for (size_t i = 0; i < rows.count; ++i) {
        const uint32_t slot = view.index(rows[i]);
        if (view.slot_valid(slot)) {
          out[i * width_] = value_of(slot);
        } else if (nulls_equal_) {
          words_[i * width_ + columns_.size() + c / 64] |= uint64_t{1} << (c % 64);
        } else {
          if (nulls_.empty()) nulls_.assign(rows.count, 0);
          nulls_[i] = 1;
        }
      }
    };
    switch (columns_[c].form) {
      case Form::kBool:
        each([&](uint32_t s) { return static_cast<uint64_t>(view.slot<bool>(s)); });
        break;
      case Form::kInt16:
        each([&](uint32_t s) { return static_cast<uint64_t>(int64_t{view.slot<int16_t>(s)}); });
        break;
      case Form::kInt32:
        each([&](uint32_t s) { return static_cast<uint64_t>(int64_t{view.slot<int32_t>(s)}); });
        break;
      case Form::kInt64:
        each([&](uint32_t s) { return static_cast<uint64_t>(view.slot<int64_t>(s)); });
        break;
      case Form::kFloat32:
        each([&](uint32_t s) { return FloatWord(view.slot<float>(s)); });
        break;
      default:
        each([&](uint32_t s) { return FloatWord(view.slot<double>(s)); });
    }
  }
  for (size_t i = 0; i < rows.count; ++i) {
    uint64_t hash = 0;
    for (size_t w = 0; w < width_; ++w) hash = types::HashInt64(words_[i * width_ + w], hash);
    hashes_[i] = hash;
  }
}

void RowKeys::EncodeBytes(std::span<const types::Vector* const> columns, const Rows& rows) {
  bytes_.clear();
  ends_.assign(1, 0);
  const auto add_word = [this](uint64_t word) { bytes_.append(reinterpret_cast<const char*>(&word), 8); };
  for (size_t i = 0; i < rows.count; ++i) {
    const uint32_t row = rows[i];
    for (size_t c = 0; c < columns_.size(); ++c) {
      const types::Vector& vector = *columns[c];
      if (vector.IsNull(row)) {
        bytes_.push_back('\0');
        if (!nulls_equal_) {
          if (nulls_.empty()) nulls_.assign(rows.count, 0);
          nulls_[i] = 1;
        }
        continue;
      }
      bytes_.push_back('\1');
      const std::byte* slot = vector.row_slot(row);
      switch (columns_[c].form) {
        case Form::kBool:
          add_word(*reinterpret_cast<const bool*>(slot));
          break;
        case Form::kInt16:
          add_word(static_cast<uint64_t>(int64_t{*reinterpret_cast<const int16_t*>(slot)}));
          break;
        case Form::kInt32:
          add_word(static_cast<uint64_t>(int64_t{*reinterpret_cast<const int32_t*>(slot)}));
          break;
        case Form::kInt64:
          add_word(static_cast<uint64_t>(*reinterpret_cast<const int64_t*>(slot)));
          break;
        case Form::kFloat32:
          add_word(FloatWord(*reinterpret_cast<const float*>(slot)));
          break;
        case Form::kFloat64:
          add_word(FloatWord(*reinterpret_cast<const double*>(slot)));
          break;
        case Form::kText:
        case Form::kBlankPadded: {
          std::string_view text = reinterpret_cast<const types::StringRef*>(slot)->view();
          if (columns_[c].form == Form::kBlankPadded) text = types::TrimBlanks(text);
          const uint32_t size = static_cast<uint32_t>(text.size());
          bytes_.append(reinterpret_cast<const char*>(&size), 4);
          bytes_.append(text);
          break;
        }
        case Form::kRaw16:
          bytes_.append(reinterpret_cast<const char*>(slot), 16);
          break;
        case Form::kKeyCodec:
          types::AppendKeyValue(columns_[c].type.oid, slot, bytes_);
          break;
      }
    }
    hashes_[i] = types::HashBytes(std::string_view(bytes_).substr(ends_.back()), 0);
    ends_.push_back(bytes_.size());
  }
}

uint32_t KeyTable::Find(std::string_view key, uint64_t hash) const {
  if (slots_.empty()) return kNone;
  const size_t mask = slots_.size() - 1;
  const uint32_t tag = static_cast<uint32_t>(hash >> 32);
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.number == kNone) return kNone;
    if (slot.tag == tag && keys_[slot.number] == key) return slot.number;
  }
}

uint32_t KeyTable::FindOrAdd(std::string_view key, uint64_t hash, bool& added) {
  if ((keys_.size() + 1) * 2 > slots_.size()) Grow();
  const size_t mask = slots_.size() - 1;
  const uint32_t tag = static_cast<uint32_t>(hash >> 32);
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    Slot& slot = slots_[i];
    if (slot.number == kNone) {
      slot = {tag, static_cast<uint32_t>(keys_.size())};
      keys_.push_back(arena_.Copy(key));
      hashes_.push_back(hash);
      added = true;
      return slot.number;
    }
    if (slot.tag == tag && keys_[slot.number] == key) {
      added = false;
      return slot.number;
    }
  }
}

void KeyTable::Grow() {
  std::vector<Slot> slots(slots_.empty() ? 64 : slots_.size() * 2);
  const size_t mask = slots.size() - 1;
  for (uint32_t number = 0; number < keys_.size(); ++number) {
    size_t i = hashes_[number] & mask;
    while (slots[i].number != kNone) i = (i + 1) & mask;
    slots[i] = {static_cast<uint32_t>(hashes_[number] >> 32), number};
  }
  slots_ = std::move(slots);
}

void KeyTable::Clear() {
  slots_.clear();
  keys_.clear();
  hashes_.clear();
  arena_ = Arena();
}

}  // namespace phantom::engine
