#include "lsm/encoding/symbol_table.h"

#include <algorithm>
#include <unordered_map>

#include "lsm/byte_cursor.h"

namespace phantom::lsm {

bool SymbolTable::Add(uint64_t word, size_t length) {
  if (size_ == kSymbolsMax) return false;
  if (length >= 3) {
    uint8_t& bucket = buckets_[BucketOf(word)];
    if (bucket != kEscape) return false;
    bucket = static_cast<uint8_t>(size_);
  } else {
    (length == 2 ? pairs_ : singles_)[word] = static_cast<uint8_t>(size_);
  }
  words_[size_] = word;
  lengths_[size_] = static_cast<uint8_t>(length);
  ++size_;
  return true;
}

void SymbolTable::Index() {
  buckets_.assign(kBuckets, kEscape);
  pairs_.assign(1 << 16, kEscape);
  singles_.assign(1 << 8, kEscape);
}

void SymbolTable::Encode(std::string_view text, std::string& codes) const {
  const char* from = text.data();
  for (size_t left = text.size(); left > 0;) {
    const uint64_t word = left >= 8 ? LoadLE<uint64_t>(from) : Load(from, left);
    const uint8_t code = Find(word, left);
    codes.push_back(static_cast<char>(code));
    if (code == kEscape) codes.push_back(*from);
    const size_t taken = code == kEscape ? 1 : lengths_[code];
    from += taken;
    left -= taken;
  }
}

void SymbolTable::Append(std::string& out) const {
  out.push_back(static_cast<char>(size_));
  for (uint32_t i = 0; i < size_; ++i) out.push_back(static_cast<char>(lengths_[i]));
  for (uint32_t i = 0; i < size_; ++i) out.append(reinterpret_cast<const char*>(&words_[i]), lengths_[i]);
}

std::unique_ptr<const SymbolTable> SymbolTable::Open(Bytes bytes) {
  ByteCursor in(bytes);
  auto table = std::make_unique<SymbolTable>();
  table->size_ = in.Take<uint8_t>();
  const Bytes lengths = in.TakeBytes(table->size_);
  for (uint32_t i = 0; i < lengths.size(); ++i) {
    const auto length = static_cast<size_t>(lengths[i]);
    if (length < 1 || length > kSymbolBytesMax) return nullptr;
    table->lengths_[i] = static_cast<uint8_t>(length);
    const Bytes symbol = in.TakeBytes(length);
    if (symbol.size() == length) std::memcpy(&table->words_[i], symbol.data(), length);
  }
  return in.done() ? std::move(table) : nullptr;
}

// Builds a table in a few generations: the sample is written with the present one, counting symbols and pairs of
// neighbours; those that would save most make the next.
class SymbolTrainer {
 public:
  explicit SymbolTrainer(std::span<const std::string_view> sample) : sample_(sample) { table_.Index(); }

  SymbolTable Train() {
    for (int generation = 0; generation < kGenerations; ++generation) {
      Count();
      Rebuild();
    }
    return std::move(table_);
  }

 private:
  static constexpr int kGenerations = 5;
  // Codes while training: those of the table, then the bytes that have none.
  static constexpr uint32_t kCodes = 512, kFirstByte = 256;

  struct Symbol {
    uint64_t word;
    size_t length;
  };
  struct Candidate {
    Symbol symbol;
    uint64_t gain;
  };

  Symbol SymbolOf(uint32_t code) const {
    if (code >= kFirstByte) return {code - kFirstByte, 1};
    return {table_.words_[code], table_.lengths_[code]};
  }

  void Count() {
    counts_.assign(kCodes, 0);
    pair_counts_.clear();
    for (std::string_view text : sample_) {
      uint32_t before = kCodes;
      for (size_t at = 0; at < text.size();) {
        const uint64_t word = SymbolTable::Load(text.data() + at, text.size() - at);
        uint32_t code = table_.Find(word, text.size() - at);
        if (code == SymbolTable::kEscape) code = kFirstByte + static_cast<uint32_t>(word & 0xff);
        ++counts_[code];
        // A byte of a symbol may deserve to be one itself.
        if (code < kFirstByte && table_.lengths_[code] > 1) ++counts_[kFirstByte + (word & 0xff)];
        if (before != kCodes) ++pair_counts_[before * kCodes + code];
        before = code;
        at += SymbolOf(code).length;
      }
    }
  }

  void Rebuild() {
    std::vector<Candidate> candidates;
    for (uint32_t code = 0; code < kCodes; ++code) {
      if (counts_[code] != 0) candidates.push_back(CandidateOf(SymbolOf(code), counts_[code]));
    }
    for (const auto& [pair, count] : pair_counts_) {
      const Symbol first = SymbolOf(pair / kCodes), second = SymbolOf(pair % kCodes);
      if (count < 2 || first.length == SymbolTable::kSymbolBytesMax) continue;
      const size_t length = std::min(first.length + second.length, SymbolTable::kSymbolBytesMax);
      const uint64_t word = (first.word | second.word << first.length * 8) & SymbolTable::Mask(length);
      candidates.push_back(CandidateOf({word, length}, count));
    }
    // The same symbol may come from several pairs.
    std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
      return a.symbol.length != b.symbol.length ? a.symbol.length < b.symbol.length : a.symbol.word < b.symbol.word;
    });
    size_t kept = 0;
    for (const Candidate& candidate : candidates) {
      if (kept > 0 && Same(candidates[kept - 1], candidate)) {
        candidates[kept - 1].gain += candidate.gain;
      } else {
        candidates[kept++] = candidate;
      }
    }
    candidates.resize(kept);
    std::ranges::stable_sort(candidates, [](const Candidate& a, const Candidate& b) { return a.gain > b.gain; });
    SymbolTable next;
    next.Index();
    for (const Candidate& candidate : candidates) {
      if (next.size() == SymbolTable::kSymbolsMax) break;
      next.Add(candidate.symbol.word, candidate.symbol.length);
    }
    table_ = std::move(next);
  }

  static bool Same(const Candidate& a, const Candidate& b) {
    return a.symbol.length == b.symbol.length && a.symbol.word == b.symbol.word;
  }

  // What a symbol saves: a single byte would take two as an escape.
  static Candidate CandidateOf(Symbol symbol, uint64_t count) { return {symbol, count * symbol.length}; }

  std::span<const std::string_view> sample_;
  SymbolTable table_;
  std::vector<uint64_t> counts_;
  std::unordered_map<uint32_t, uint64_t> pair_counts_;
};

SymbolTable SymbolTable::Train(std::span<const std::string_view> sample) { return SymbolTrainer(sample).Train(); }

}  // namespace phantom::lsm
