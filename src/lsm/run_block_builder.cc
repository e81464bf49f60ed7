#include <lz4.h>

#include <algorithm>
#include <array>
#include <bit>

#include "common/check.h"
#include "lsm/encoding/packed.h"
#include "lsm/run_block.h"

namespace phantom::lsm {

void RunBlockBuilder::Add(Bytes key, Bytes value) {
  bytes_.append(AsText(key));
  const auto key_end = static_cast<uint32_t>(bytes_.size());
  bytes_.append(AsText(value));
  value_bytes_ += value.size();
  ends_.push_back({key_end, static_cast<uint32_t>(bytes_.size())});
}

Bytes RunBlockBuilder::key(uint32_t i) const {
  const uint32_t begin = i == 0 ? 0 : ends_[i - 1].value;
  return AsBytes(std::string_view(bytes_).substr(begin, ends_[i].key - begin));
}

Bytes RunBlockBuilder::value(uint32_t i) const {
  return AsBytes(std::string_view(bytes_).substr(ends_[i].key, ends_[i].value - ends_[i].key));
}

Bytes RunBlockBuilder::last_key() const { return key(count() - 1); }

void RunBlockBuilder::Finish(std::string& out) {
  PHANTOM_CHECK(count() > 0);
  if (!FinishPacked(out)) FinishFrontCoded(out);
  bytes_.clear();
  value_bytes_ = 0;
  ends_.clear();
}

bool RunBlockBuilder::FinishPacked(std::string& out) const {
  const Bytes first = key(0);
  const size_t length = first.size();
  std::string mask(length, '\0');
  for (uint32_t i = 1; i < count(); ++i) {
    const Bytes other = key(i);
    if (other.size() != length || AsText(value(i)) != AsText(value(0))) return false;
    for (size_t b = 0; b < length; ++b) mask[b] = static_cast<char>(mask[b] | static_cast<char>(other[b] ^ first[b]));
  }
  uint32_t width = 0;
  for (char byte : mask) width += static_cast<uint32_t>(std::popcount(static_cast<uint8_t>(byte)));
  if (width > kPackedBitsMax) return false;

  std::vector<uint64_t> codes;
  codes.reserve(count());
  for (uint32_t i = 0; i < count(); ++i) {
    const Bytes bytes = key(i);
    uint64_t code = 0;
    for (size_t b = 0; b < length; ++b) {
      for (int bit = 7; mask[b] != 0 && bit >= 0; --bit) {
        if ((static_cast<uint8_t>(mask[b]) >> bit & 1) != 0) code = code << 1 | (static_cast<uint8_t>(bytes[b]) >> bit & 1);
      }
    }
    codes.push_back(code);
  }
  AppendLE(out, static_cast<uint8_t>(RunBlockKind::kPacked));
  AppendLE(out, uint8_t{0});
  AppendLE(out, static_cast<uint16_t>(count()));
  AppendLE(out, static_cast<uint16_t>(length));
  AppendLE(out, static_cast<uint16_t>(value(0).size()));
  out.append(AsText(value(0)));
  for (size_t b = 0; b < length; ++b) out.push_back(static_cast<char>(static_cast<char>(first[b]) & ~mask[b]));
  out.append(mask);
  AppendPacked(codes, static_cast<int>(width), out);
  return true;
}

void RunBlockBuilder::FinishFrontCoded(std::string& out) const {
  std::string plain;
  std::vector<uint16_t> restarts;
  bool wide = false;
  for (uint32_t i = 0; i < count(); ++i) wide = wide || key(i).size() > UINT8_MAX || value(i).size() > UINT8_MAX;
  auto append_length = [&](size_t length) {
    wide ? AppendLE(plain, static_cast<uint16_t>(length)) : AppendLE(plain, static_cast<uint8_t>(length));
  };
  for (uint32_t i = 0; i < count(); ++i) {
    const Bytes bytes = key(i);
    size_t shared = 0;
    if (i % kRestartInterval == 0) {
      restarts.push_back(static_cast<uint16_t>(plain.size()));
    } else {
      const Bytes before = key(i - 1);
      const size_t most = std::min(bytes.size(), before.size());
      while (shared < most && bytes[shared] == before[shared]) ++shared;
    }
    append_length(shared);
    append_length(bytes.size() - shared);
    append_length(value(i).size());
    plain.append(AsText(bytes.subspan(shared)));
    plain.append(AsText(value(i)));
  }
  for (uint16_t restart : restarts) AppendLE(plain, restart);

  // Worth unpacking when an eighth is saved.
  std::string packed(plain.size() - plain.size() / 8, '\0');
  const int size = LZ4_compress_default(plain.data(), packed.data(), static_cast<int>(plain.size()),
                                        static_cast<int>(packed.size()));
  AppendLE(out, static_cast<uint8_t>(RunBlockKind::kFrontCoded));
  AppendLE(out, static_cast<uint8_t>((size > 0 ? kRunBlockLz4 : 0) | (wide ? kRunBlockWide : 0)));
  AppendLE(out, static_cast<uint16_t>(count()));
  if (size > 0) AppendLE(out, static_cast<uint32_t>(plain.size()));
  out.append(size > 0 ? std::string_view(packed).substr(0, static_cast<size_t>(size)) : std::string_view(plain));
}

}  // namespace phantom::lsm
