// Long strings, each an LZ4 block of its own, so that one is read without the others.
#include <lz4.h>

#include "lsm/encoding/encoder.h"
#include "lsm/encoding/sequence.h"
#include "lsm/encoding/values.h"

namespace phantom::lsm {

namespace {

class Lz4Values final : public Values {
 public:
  explicit Lz4Values(const Source& source) : Values(source) {}

  bool Open(ByteCursor& in) {
    if (!kind().is_string() || !stored_.OpenEnds(in, count()) || !lengths_.Open(in, count())) return false;
    stored_.SetBytes(in.TakeBytes(stored_.total()));
    if (!in.ok()) return false;
    bool possible = true;
    stored_.ForEach([&](uint32_t i, std::string_view stored) {
      // LZ4 cannot do better than 1 : 255.
      const auto length = static_cast<uint64_t>(lengths_.Get(i));
      possible = possible && length >= stored.size() && length <= uint64_t{stored.size()} * 255 &&
                 length <= LZ4_MAX_INPUT_SIZE;
    });
    return possible;
  }

  Status Read(const uint64_t* validity, types::Vector& out) const override {
    PrepareFlat(out, count());
    Status status;
    stored_.ForEach([&](uint32_t i, std::string_view stored) {
      if (status.ok()) status = Put(i, stored, out.slot(i), out.heap());
    });
    SetValidity(validity, count(), out);
    return status;
  }

  Status ReadOne(uint32_t row, void* slot, types::StringHeap& heap) const override {
    return Put(row, stored_.Get(row), slot, heap);
  }

 private:
  Status Put(uint32_t row, std::string_view stored, void* slot, types::StringHeap& heap) const {
    auto& to = *static_cast<types::StringRef*>(slot);
    const auto length = static_cast<uint32_t>(lengths_.Get(row));
    if (length == stored.size()) {
      to = heap.Add(stored);
      return Status::Ok();
    }
    char* text = heap.Allocate(length);
    if (LZ4_decompress_safe(stored.data(), text, static_cast<int>(stored.size()), static_cast<int>(length)) !=
        static_cast<int>(length)) {
      to = types::StringRef();
      return DamagedValues("bad LZ4 block");
    }
    to = types::StringRef(text, length);
    return Status::Ok();
  }

  Ends stored_;
  Sequence lengths_;
};

class Lz4Encoder final : public Encoder {
 public:
  Encoding encoding() const override { return Encoding::kLz4; }

  size_t Cost(const Input& input) override {
    const size_t text_bytes = TextBytes(input);
    if (text_bytes / input.count < kLongBytes) return kCannot;
    std::string compressed;
    size_t sampled = 0;
    const uint32_t step = std::max(1u, input.count / kSampledStrings);
    for (uint32_t i = 0; i < input.count && sampled < kSampleBytes; i += step) {
      if (!input.cares(i)) continue;
      const std::string_view text = input.as<types::StringRef>()[i].view();
      sampled += text.size();
      Compress(text, compressed);
    }
    if (sampled == 0) return kCannot;
    const std::vector<int64_t> ends = EndsOf(input);
    const double ratio = static_cast<double>(compressed.size()) / static_cast<double>(sampled);
    return 2 * Sequence::BytesOf(ends) + static_cast<size_t>(static_cast<double>(text_bytes) * ratio);
  }

  void Encode(const Input& input, std::string& out) override {
    std::vector<int64_t> ends(input.count), lengths(input.count);
    std::string compressed;
    for (uint32_t i = 0; i < input.count; ++i) {
      if (input.cares(i)) {
        const std::string_view text = input.as<types::StringRef>()[i].view();
        lengths[i] = static_cast<int64_t>(text.size());
        Compress(text, compressed);
      }
      ends[i] = static_cast<int64_t>(compressed.size());
    }
    Sequence::Append(ends, out);
    Sequence::Append(lengths, out);
    out.append(compressed);
  }

 private:
  static constexpr size_t kLongBytes = 128;
  static constexpr uint32_t kSampledStrings = 32;
  static constexpr size_t kSampleBytes = 256 << 10;

  // Appends the LZ4 block, or the text when that is no shorter.
  static void Compress(std::string_view text, std::string& out) {
    const size_t begin = out.size();
    out.resize(begin + text.size());
    const int size = text.size() > LZ4_MAX_INPUT_SIZE || text.empty()
                         ? 0
                         : LZ4_compress_default(text.data(), out.data() + begin, static_cast<int>(text.size()),
                                                static_cast<int>(text.size()) - 1);
    if (size > 0) {
      out.resize(begin + static_cast<size_t>(size));
    } else {
      out.replace(begin, text.size(), text);
    }
  }
};

}  // namespace

Result<std::unique_ptr<Values>> OpenLz4(ByteCursor& in, const Source& source) {
  return OpenForm<Lz4Values>(in, source, "bad LZ4 strings");
}

std::unique_ptr<Encoder> MakeLz4Encoder() { return std::make_unique<Lz4Encoder>(); }

}  // namespace phantom::lsm
