#include "lsm/run_block.h"

#include <lz4.h>

#include <algorithm>
#include <bit>

#include "common/check.h"
#include "lsm/encoding/packed.h"

namespace phantom::lsm {

namespace {

Status Damaged(const char* what) { return Error(sqlstate::kDataCorrupted, what); }

// The first eight bytes as a big-endian number, zero-padded.
uint64_t LoadWord(const std::byte* from, size_t bytes) {
  if (bytes >= 8) return LoadBE<uint64_t>(from);
  uint64_t word = 0;
  for (size_t i = 0; i < bytes; ++i) word |= static_cast<uint64_t>(from[i]) << (56 - 8 * i);
  return word;
}

int Compare(Bytes a, Bytes b) {
  const size_t common = std::min(a.size(), b.size());
  const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  return order != 0 ? order : a.size() < b.size() ? -1 : a.size() > b.size();
}

}  // namespace

Result<std::unique_ptr<RunBlock>> RunBlock::Open(std::unique_ptr<std::byte[]> bytes, size_t size) {
  ByteCursor in(Bytes(bytes.get(), size));
  std::unique_ptr<RunBlock> block(new RunBlock());
  block->kind_ = in.Take<RunBlockKind>();
  const auto flags = in.Take<uint8_t>();
  block->count_ = in.Take<uint16_t>();
  block->wide_ = (flags & kRunBlockWide) != 0;
  if (!in.ok() || block->count_ == 0 || block->count_ > kRunBlockEntriesMax) return Damaged("bad block header");
  switch (block->kind_) {
    case RunBlockKind::kPacked:
      block->bytes_ = std::move(bytes);
      block->size_ = size;
      RETURN_IF_ERROR(flags == 0 ? block->OpenPacked(in.TakeRest()) : Damaged("bad block header"));
      return block;
    case RunBlockKind::kFrontCoded: {
      if ((flags & ~(kRunBlockLz4 | kRunBlockWide)) != 0) return Damaged("bad block header");
      if ((flags & kRunBlockLz4) != 0) {
        const auto plain_bytes = in.Take<uint32_t>();
        const Bytes packed = in.TakeRest();
        // LZ4 cannot do better than 1 : 255.
        if (!in.ok() || plain_bytes > packed.size() * 255) return Damaged("bad block header");
        auto plain = std::make_unique_for_overwrite<std::byte[]>(plain_bytes);
        const int got = LZ4_decompress_safe(reinterpret_cast<const char*>(packed.data()),
                                            reinterpret_cast<char*>(plain.get()), static_cast<int>(packed.size()),
                                            static_cast<int>(plain_bytes));
        if (got < 0 || static_cast<uint32_t>(got) != plain_bytes) return Damaged("bad compressed block");
        block->bytes_ = std::move(plain);
        block->size_ = plain_bytes;
        RETURN_IF_ERROR(block->OpenFrontCoded({block->bytes_.get(), plain_bytes}));
        return block;
      }
      const Bytes rest = in.TakeRest();
      block->bytes_ = std::move(bytes);
      block->size_ = size;
      RETURN_IF_ERROR(block->OpenFrontCoded(rest));
      return block;
    }
  }
  return Damaged("unknown kind of block");
}

size_t RunBlock::memory_bytes() const {
  return sizeof(*this) + size_ + kPackedSlack + words_.size() * sizeof(Word) + runs_.size() * sizeof(BitRun);
}

uint32_t RunBlock::LowerBound(Bytes key, bool* equal, Reading& reading) const {
  *equal = false;
  return kind_ == RunBlockKind::kPacked ? LowerBoundPacked(key, equal) : LowerBoundFrontCoded(key, equal, reading);
}

void RunBlock::MoveTo(uint32_t position, Reading& reading) const {
  PHANTOM_DCHECK(position < count_);
  if (reading.position == position) return;
  if (kind_ == RunBlockKind::kPacked) return CopyPackedKey(position, reading);
  uint32_t i = position / kRestartInterval * kRestartInterval;
  const std::byte* at = Restart(position / kRestartInterval);
  if (reading.position != Reading::kNone && reading.position >= i && reading.position < position) {
    i = reading.position + 1;
    at = reading.next;
  }
  for (; i <= position; ++i) {
    Take(EntryAt(at), i, reading);
    at = reading.next;
  }
}

Bytes RunBlock::ValueAt(uint32_t position, Reading& reading) const {
  if (kind_ == RunBlockKind::kPacked) return value_;
  MoveTo(position, reading);
  return reading.value;
}

// ---- Packed ----------------------------------------------------------------------------------------------------------

Status RunBlock::OpenPacked(Bytes rest) {
  ByteCursor in(rest);
  key_bytes_ = in.Take<uint16_t>();
  const auto value_bytes = in.Take<uint16_t>();
  value_ = in.TakeBytes(value_bytes);
  const Bytes base = in.TakeBytes(key_bytes_);
  const Bytes mask = in.TakeBytes(key_bytes_);
  if (!in.ok() || key_bytes_ > kRunItemBytesMax || value_bytes > kRunItemBytesMax) return Damaged("bad packed block");
  for (uint32_t at = 0; at < key_bytes_; at += 8) {
    const size_t bytes = std::min<size_t>(8, key_bytes_ - at);
    Word word{LoadWord(base.data() + at, bytes), LoadWord(mask.data() + at, bytes), 0, 0, 0};
    if ((word.base & word.mask) != 0) return Damaged("bad packed block");
    word.first_run = static_cast<uint32_t>(runs_.size());
    word.bits = static_cast<uint32_t>(std::popcount(word.mask));
    // From the highest bit down.
    for (uint64_t left = word.mask; left != 0;) {
      const int lead = std::countl_zero(left);
      const int bits = std::countl_one(left << lead);
      const int shift = 64 - lead - bits;
      runs_.push_back({static_cast<uint8_t>(shift), static_cast<uint8_t>(bits)});
      left &= lead + bits == 64 ? 0 : (uint64_t{1} << shift) - 1;
    }
    word.end_run = static_cast<uint32_t>(runs_.size());
    width_ += word.bits;
    words_.push_back(word);
  }
  if (width_ > kPackedBitsMax || in.left() != PackedBytes(count_, static_cast<int>(width_))) {
    return Damaged("bad packed block");
  }
  codes_ = TakePacked(in, count_, static_cast<int>(width_));
  return Status::Ok();
}

uint64_t RunBlock::Code(uint32_t position) const { return PackedGet(codes_, static_cast<int>(width_), position); }

uint32_t RunBlock::LowerBoundOfCode(uint64_t code) const {
  uint32_t low = 0;
  for (uint32_t length = count_; length > 0;) {
    const uint32_t half = length / 2;
    const bool below = Code(low + half) < code;
    low = below ? low + half + 1 : low;
    length = below ? length - half - 1 : half;
  }
  return low;
}

// Keys agree where their bits do not differ, so their codes are ordered as they are. A key asked for may leave the path
// they have in common: then all that agree with it so far are above it, or below.
uint32_t RunBlock::LowerBoundPacked(Bytes key, bool* equal) const {
  uint64_t code = 0;
  uint32_t left = width_;
  for (size_t i = 0; i < words_.size(); ++i) {
    const Word& word = words_[i];
    const size_t at = i * 8;
    const uint64_t asked = at < key.size() ? LoadWord(key.data() + at, std::min(key.size() - at, key_bytes_ - at)) : 0;
    const uint64_t departure = (asked ^ word.base) & ~word.mask;
    for (uint32_t r = word.first_run; r < word.end_run; ++r) {
      const BitRun run = runs_[r];
      // Bits below the place where the key leaves do not count.
      if (departure != 0 && 63 - std::countl_zero(departure) > run.shift) break;
      code = code << run.bits | (asked >> run.shift & (~uint64_t{0} >> (64 - run.bits)));
      left -= run.bits;
    }
    if (departure == 0) continue;
    const bool above = (asked >> (63 - std::countl_zero(departure)) & 1) != 0;
    if (above) ++code;
    // All codes may be below.
    if (code >> (width_ - left) != 0) return count_;
    return LowerBoundOfCode(code << left);
  }
  const uint32_t position = LowerBoundOfCode(code);
  if (position == count_ || Code(position) != code || key.size() < key_bytes_) return position;
  if (key.size() > key_bytes_) return position + 1;
  *equal = true;
  return position;
}

void RunBlock::CopyPackedKey(uint32_t position, Reading& reading) const {
  const uint64_t code = Code(position);
  uint32_t left = width_;
  for (size_t i = 0; i < words_.size(); ++i) {
    const Word& word = words_[i];
    uint64_t bytes = word.base;
    for (uint32_t r = word.first_run; r < word.end_run; ++r) {
      const BitRun run = runs_[r];
      left -= run.bits;
      bytes |= (code >> left & (~uint64_t{0} >> (64 - run.bits))) << run.shift;
    }
    // May write past the key's end: the buffer has room.
    StoreBE(reading.key + i * 8, bytes);
  }
  reading.position = position;
  reading.key_size = key_bytes_;
  reading.value = value_;
}

// ---- Front-coded -----------------------------------------------------------------------------------------------------

Status RunBlock::OpenFrontCoded(Bytes rest) {
  const uint32_t restarts = (count_ + kRestartInterval - 1) / kRestartInterval;
  if (rest.size() < restarts * sizeof(uint16_t)) return Damaged("bad front-coded block");
  const Bytes entries = rest.first(rest.size() - restarts * sizeof(uint16_t));
  entries_ = entries.data();
  restarts_ = entries.data() + entries.size();
  ByteCursor in(entries);
  size_t key_size = 0;
  auto take_length = [&] { return wide_ ? in.Take<uint16_t>() : in.Take<uint8_t>(); };
  for (uint32_t i = 0; i < count_; ++i) {
    const size_t begin = entries.size() - in.left();
    const size_t shared = take_length(), other = take_length(), value = take_length();
    in.TakeBytes(other);
    in.TakeBytes(value);
    const bool is_restart = i % kRestartInterval == 0;
    if (!in.ok() || shared > (is_restart ? 0 : key_size) || shared + other > kRunItemBytesMax || value > kRunItemBytesMax ||
        (is_restart && LoadLE<uint16_t>(restarts_ + i / kRestartInterval * 2) != begin)) {
      return Damaged("bad front-coded block");
    }
    key_size = shared + other;
  }
  return in.done() ? Status::Ok() : Damaged("bad front-coded block");
}

const std::byte* RunBlock::Restart(uint32_t i) const { return entries_ + LoadLE<uint16_t>(restarts_ + i * 2); }

RunBlock::Entry RunBlock::EntryAt(const std::byte* at) const {
  size_t lengths[3];
  for (size_t i = 0; i < 3; ++i) {
    lengths[i] = wide_ ? LoadLE<uint16_t>(at + 2 * i) : static_cast<uint8_t>(at[i]);
  }
  at += wide_ ? 6 : 3;
  return {static_cast<uint32_t>(lengths[0]), {at, lengths[1]}, {at + lengths[1], lengths[2]}};
}

void RunBlock::Take(const Entry& entry, uint32_t position, Reading& reading) {
  if (!entry.rest.empty()) std::memcpy(reading.key + entry.shared, entry.rest.data(), entry.rest.size());
  reading.key_size = entry.shared + entry.rest.size();
  reading.value = entry.value;
  reading.next = entry.next();
  reading.position = position;
}

uint32_t RunBlock::LowerBoundFrontCoded(Bytes key, bool* equal, Reading& reading) const {
  // The last restart point at or below the key.
  uint32_t low = 0, high = (count_ + kRestartInterval - 1) / kRestartInterval;
  while (high - low > 1) {
    const uint32_t middle = (low + high) / 2;
    (Compare(EntryAt(Restart(middle)).rest, key) <= 0 ? low : high) = middle;
  }
  reading.Forget();
  const std::byte* at = Restart(low);
  for (uint32_t i = low * kRestartInterval; i < count_; ++i) {
    Take(EntryAt(at), i, reading);
    const int order = Compare({reading.key, reading.key_size}, key);
    if (order >= 0) {
      *equal = order == 0;
      return i;
    }
    at = reading.next;
  }
  return count_;
}

}  // namespace phantom::lsm
