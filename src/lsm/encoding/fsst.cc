// Strings as codes of a symbol table that several vectors share.
#include <algorithm>

#include "lsm/encoding/encoder.h"
#include "lsm/encoding/sequence.h"
#include "lsm/encoding/symbol_table.h"
#include "lsm/encoding/values.h"

namespace phantom::lsm {

namespace {

class FsstValues final : public Values {
 public:
  explicit FsstValues(const Source& source) : Values(source) {}

  Status Open(ByteCursor& in, const Source& source) {
    const auto table = in.Take<uint32_t>();
    if (source.shared == nullptr || !kind().is_string() || !codes_.Open(in, count()) ||
        SymbolTable::RoomFor(codes_.total()) > UINT32_MAX) {
      return DamagedValues("bad FSST strings");
    }
    ASSIGN_OR_RETURN(table_, source.shared->Symbols(table));
    return Status::Ok();
  }

  Status Read(const uint64_t* validity, types::Vector& out) const override {
    PrepareFlat(out, count());
    auto* to = out.data<types::StringRef>();
    types::StringHeap& heap = out.heap();
    // Decoded into pieces of the heap, each a good many strings long.
    char* piece = nullptr;
    size_t left = 0;
    codes_.ForEach([&](uint32_t i, std::string_view codes) {
      const size_t room = SymbolTable::RoomFor(codes.size());
      if (room > left) {
        left = std::max(room, kPieceBytes);
        piece = heap.Allocate(left);
      }
      const size_t length = table_->Decode(codes, piece);
      to[i] = types::StringRef(piece, static_cast<uint32_t>(length));
      if (length <= types::StringRef::kInlineBytes) return;
      piece += length;
      left -= length;
    });
    SetValidity(validity, count(), out);
    return Status::Ok();
  }

  Status ReadOne(uint32_t row, void* slot, types::StringHeap& heap) const override {
    const std::string_view codes = codes_.Get(row);
    const size_t room = SymbolTable::RoomFor(codes.size());
    char small[512];
    char* text = room <= sizeof(small) ? small : heap.Allocate(room);
    const auto length = static_cast<uint32_t>(table_->Decode(codes, text));
    auto& to = *static_cast<types::StringRef*>(slot);
    to = text == small ? heap.Add(std::string_view(text, length)) : types::StringRef(text, length);
    return Status::Ok();
  }

  Status Select(const Ranges& ranges, RowSet& rows) const override {
    std::string text;
    codes_.ForEach([&](uint32_t i, std::string_view codes) {
      if (text.size() < SymbolTable::RoomFor(codes.size())) text.resize(SymbolTable::RoomFor(codes.size()));
      const types::StringRef value(text.data(), static_cast<uint32_t>(table_->Decode(codes, text.data())));
      if (ranges.Contains(&value)) rows.Add(i);
    });
    return Status::Ok();
  }

 private:
  static constexpr size_t kPieceBytes = 16384;

  Ends codes_;
  std::shared_ptr<const SymbolTable> table_;
};

class FsstEncoder final : public Encoder {
 public:
  explicit FsstEncoder(SymbolTables* tables) : tables_(tables) {}

  Encoding encoding() const override { return Encoding::kFsst; }

  size_t Cost(const Input& input) override {
    const size_t text_bytes = TextBytes(input);
    if (text_bytes < kWorthwhileBytes || text_bytes > kTextBytesMax) return kCannot;
    if (table_ == nullptr || vectors_ == kVectorsPerTable) Train(input);
    // A sample tells the ratio.
    std::string codes;
    size_t sampled = 0;
    const uint32_t step = std::max(1u, input.count / kSampledStrings);
    for (uint32_t i = 0; i < input.count && sampled < kSampleBytes; i += step) {
      const std::string_view text = TextOf(input, i);
      sampled += text.size();
      table_->Encode(text, codes);
    }
    if (sampled == 0) return kCannot;
    std::vector<int64_t> ends = EndsOf(input);
    const double ratio = static_cast<double>(codes.size()) / static_cast<double>(sampled);
    for (int64_t& end : ends) end = static_cast<int64_t>(static_cast<double>(end) * ratio);
    return 4 + Sequence::BytesOf(ends) + static_cast<size_t>(ends.back());
  }

  void Encode(const Input& input, std::string& out) override {
    if (vectors_ == 0) {
      number_ = static_cast<uint32_t>(tables_->size());
      tables_->emplace_back();
      table_->Append(tables_->back());
    }
    ++vectors_;
    std::string codes;
    std::vector<int64_t> ends(input.count);
    for (uint32_t i = 0; i < input.count; ++i) {
      table_->Encode(TextOf(input, i), codes);
      ends[i] = static_cast<int64_t>(codes.size());
    }
    AppendLE(out, number_);
    Sequence::Append(ends, out);
    out.append(codes);
  }

 private:
  static constexpr size_t kWorthwhileBytes = 1024;  // less would not pay for a table
  static constexpr size_t kTextBytesMax = 128 << 20;
  static constexpr uint32_t kVectorsPerTable = 16;  // then a new one is learnt
  static constexpr size_t kTrainingBytes = 32 << 10, kSampleBytes = 8 << 10;
  static constexpr uint32_t kSampledStrings = 64;
  static constexpr size_t kPieceBytes = 256;  // of a long string

  static std::string_view TextOf(const Input& input, uint32_t i) {
    return input.cares(i) ? input.as<types::StringRef>()[i].view() : std::string_view();
  }

  void Train(const Input& input) {
    std::vector<std::string_view> sample;
    size_t bytes = 0;
    const size_t mean = TextBytes(input) / input.count + 1;
    const uint32_t strings = static_cast<uint32_t>(kTrainingBytes / std::min(mean, kPieceBytes)) + 1;
    const uint32_t step = std::max(1u, input.count / strings);
    for (uint32_t i = 0; i < input.count && bytes < kTrainingBytes; i += step) {
      for (std::string_view text = TextOf(input, i); !text.empty() && bytes < kTrainingBytes;) {
        sample.push_back(text.substr(0, kPieceBytes));
        bytes += sample.back().size();
        // Of a long string a piece here and there.
        text.remove_prefix(std::min(text.size(), kPieceBytes * 8));
      }
    }
    table_ = std::make_unique<SymbolTable>(SymbolTable::Train(sample));
    vectors_ = 0;
  }

  SymbolTables* tables_;
  std::unique_ptr<SymbolTable> table_;
  uint32_t number_ = 0;   // among tables_, once something was encoded with it
  uint32_t vectors_ = 0;  // encoded with it
};

}  // namespace

Result<std::unique_ptr<Values>> OpenFsst(ByteCursor& in, const Source& source) {
  auto values = std::make_unique<FsstValues>(source);
  RETURN_IF_ERROR(values->Open(in, source));
  return std::unique_ptr<Values>(std::move(values));
}

std::unique_ptr<Encoder> MakeFsstEncoder(SymbolTables* tables) { return std::make_unique<FsstEncoder>(tables); }

}  // namespace phantom::lsm
