// lsm/encoding/symbol_table.h
//
// Up to 255 symbols of 1 to 8 bytes that often occur in a column's strings, and strings written as their one-byte
// codes: Boncz, Neumann, Leis, "FSST: Fast Random Access String Compression", VLDB 2020. Every string can be decoded
// alone.
//
// Bytes: docs/formats/segment.md. Thread safety: immutable once made.
#pragma once
#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"

namespace phantom::lsm {

class SymbolTable {
 public:
  static constexpr uint32_t kSymbolsMax = 255;
  static constexpr uint8_t kEscape = 255;  // the next byte stands for itself
  static constexpr size_t kSymbolBytesMax = 8;

  // Learns from some tens of kilobytes of the strings.
  static SymbolTable Train(std::span<const std::string_view> sample);
  void Append(std::string& out) const;
  // Null for bytes that are no table.
  static std::unique_ptr<const SymbolTable> Open(Bytes bytes);

  void Encode(std::string_view text, std::string& codes) const;
  // Room the decoded text needs at most, with what decoding may write behind it.
  static size_t RoomFor(size_t codes) { return (codes + 1) * kSymbolBytesMax; }
  // Writes the text and up to 8 bytes behind it; returns its length. Any codes are safe.
  size_t Decode(std::string_view codes, char* to) const {
    char* const begin = to;
    size_t i = 0;
    // Four at a time while there is no escape among them, that is, no byte of ones.
    while (i + 4 <= codes.size()) {
      const auto four = LoadLE<uint32_t>(codes.data() + i);
      if (((~four - 0x01010101u) & four & 0x80808080u) != 0) {
        to = DecodeOne(codes, &i, to);
        continue;
      }
      for (int k = 0; k < 4; ++k) {
        const uint8_t code = four >> k * 8 & 0xff;
        StoreLE(to, words_[code]);
        to += lengths_[code];
      }
      i += 4;
    }
    while (i < codes.size()) to = DecodeOne(codes, &i, to);
    return static_cast<size_t>(to - begin);
  }

  uint32_t size() const { return size_; }

 private:
  friend class SymbolTrainer;

  // Decodes one symbol or escape at codes[*i]; returns where the next goes.
  char* DecodeOne(std::string_view codes, size_t* i, char* to) const {
    const auto code = static_cast<uint8_t>(codes[(*i)++]);
    if (code != kEscape) {
      StoreLE(to, words_[code]);
      return to + lengths_[code];
    }
    if (*i < codes.size()) *to++ = codes[(*i)++];
    return to;
  }

  // Symbols of three bytes and more are found by their first three.
  static constexpr uint32_t kBuckets = 2048;
  static uint32_t BucketOf(uint64_t word) {
    return static_cast<uint32_t>((word & 0xffffff) * 0x9e3779b97f4a7c15ull >> 53);
  }
  static uint64_t Mask(size_t length) { return length == 8 ? ~uint64_t{0} : (uint64_t{1} << length * 8) - 1; }
  static uint64_t Load(const char* from, size_t left) {
    uint64_t word = 0;
    std::memcpy(&word, from, left < 8 ? left : 8);
    return word;
  }

  // False when there is no room for it: a longer one with the same beginning is there, or the table is full.
  bool Add(uint64_t word, size_t length);
  void Index();
  // The code of the longest symbol the word begins with, or kEscape.
  uint8_t Find(uint64_t word, size_t left) const {
    const uint8_t code = buckets_[BucketOf(word)];
    if (code != kEscape && lengths_[code] <= left && (word & Mask(lengths_[code])) == words_[code]) return code;
    const uint8_t pair = pairs_[word & 0xffff];
    if (pair != kEscape && left >= 2) return pair;
    return singles_[word & 0xff];
  }

  uint32_t size_ = 0;
  std::array<uint64_t, 256> words_{};
  std::array<uint8_t, 256> lengths_{};
  // Only where strings are encoded.
  std::vector<uint8_t> buckets_, pairs_, singles_;
};

}  // namespace phantom::lsm
