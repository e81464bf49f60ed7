// Single encodings: packed codes, symbol tables, sketches, and that each encoding is chosen where it should be.
#include <algorithm>
#include <catch2/catch.hpp>

#include "lsm/encoding/sequence.h"
#include "lsm/encoding/symbol_table.h"
#include "segment_fixture.h"

using namespace phantom;
using namespace phantom::lsm;

TEST_CASE("packed codes of every width") {
  Numbers numbers(1);
  for (int width = 0; width <= 64; ++width) {
    if (!IsWidth(width)) continue;
    for (uint32_t count : {1u, 63u, 64u, 200u}) {
      std::vector<uint64_t> codes(count);
      for (uint64_t& code : codes) code = width == 0 ? 0 : numbers.Next() >> (64 - width);
      std::string packed;
      AppendPacked(codes, width, packed);
      REQUIRE(packed.size() == PackedBytes(count, width));
      packed.append(kPackedSlack, '\xff');
      const auto* bytes = reinterpret_cast<const std::byte*>(packed.data());
      uint64_t group[kPackedGroup];
      uint32_t narrow[kPackedGroup];
      for (uint32_t first = 0; first < count; first += kPackedGroup) {
        const uint32_t some = std::min(kPackedGroup, count - first);
        Unpack(bytes, width, first, some, group);
        if (width <= 32) Unpack(bytes, width, first, some, narrow);
        for (uint32_t i = 0; i < some; ++i) {
          const uint64_t want = codes[first + i];
          if (group[i] != want || PackedGet(bytes, width, first + i) != want || (width <= 32 && narrow[i] != want)) {
            FAIL("width " << width << " code " << first + i);
          }
        }
      }
    }
  }
}

TEST_CASE("sequences of any numbers") {
  Numbers numbers(2);
  for (int round = 0; round < 100; ++round) {
    std::vector<int64_t> values(1 + numbers.Below(kVectorRows));
    const uint64_t shift = numbers.Below(64);
    uint64_t sum = 0;
    for (int64_t& value : values) {
      sum += numbers.Next() >> shift >> 1;
      value = round % 2 == 0 ? static_cast<int64_t>(sum) : static_cast<int64_t>(numbers.Next()) >> shift;
    }
    std::string bytes;
    Sequence::Append(values, bytes);
    REQUIRE(bytes.size() == Sequence::BytesOf(values));
    bytes.append(kPackedSlack, '\0');
    ByteCursor in(AsBytes(bytes));
    Sequence sequence;
    REQUIRE(sequence.Open(in, static_cast<uint32_t>(values.size())));
    REQUIRE(in.left() == kPackedSlack);
    std::vector<uint64_t> read(values.size());
    sequence.Read(0, read.data());
    for (uint32_t i = 0; i < values.size(); ++i) {
      if (sequence.Get(i) != values[i] || static_cast<int64_t>(read[i]) != values[i]) FAIL("number " << i);
      if (i > 0 && sequence.GetAfter(i, values[i - 1]) != values[i]) FAIL("number " << i << " after another");
    }
  }
}

TEST_CASE("symbol tables shorten what they have learnt and keep everything") {
  Numbers numbers(3);
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i)
    texts.push_back("http://www.example.org/page/" + std::to_string(numbers.Below(100000)) + "?q=" + std::to_string(i));
  std::vector<std::string_view> sample(texts.begin(), texts.end());
  const SymbolTable table = SymbolTable::Train(sample);
  std::string stored;
  table.Append(stored);
  const auto opened = SymbolTable::Open(AsBytes(stored));
  REQUIRE(opened != nullptr);
  REQUIRE(SymbolTable::Open(AsBytes(stored).first(stored.size() - 1)) == nullptr);
  texts.push_back("");
  texts.push_back(std::string("\0\0\0\xff\xfe nothing like the others", 30));
  size_t before = 0, after = 0;
  for (const std::string& text : texts) {
    std::string codes;
    table.Encode(text, codes);
    std::string back(SymbolTable::RoomFor(codes.size()), '\0');
    back.resize(opened->Decode(codes, back.data()));
    REQUIRE(back == text);
    before += text.size();
    after += codes.size();
  }
  REQUIRE(after * 3 < before);
  REQUIRE(SymbolTable::Train({}).size() == 0);
}

TEST_CASE("sketches count different values, and merge") {
  for (uint32_t distinct : {0u, 1u, 10u, 1000u, 100000u}) {
    Sketch left, right;
    for (uint32_t i = 0; i < distinct * 2; ++i) {
      const uint32_t value = i % distinct;
      (value % 2 == 0 ? left : right).Add(HashOfSlot(types::Layout::kInt32, &value));
    }
    left.Merge(right);
    std::string bytes;
    left.Append(bytes);
    ByteCursor in(AsBytes(bytes));
    Sketch read;
    REQUIRE(read.Open(in));
    REQUIRE(in.done());
    REQUIRE(read.Estimate() == Approx(distinct).epsilon(0.08).margin(0.5));
  }
}

TEST_CASE("each encoding is chosen where it should be") {
  const std::vector<std::pair<const char*, Encoding>> kWanted = {
      {"int4 constant", Encoding::kConstant}, {"int8 sequence", Encoding::kDelta},
      {"int8 gaps", Encoding::kDelta},        {"int4 small", Encoding::kFrame},
      {"int8 runs", Encoding::kRunLength},    {"int8 few", Encoding::kDictionary},
      {"numeric prices", Encoding::kDecimal}, {"numeric strays", Encoding::kDecimal},
      {"numeric wide", Encoding::kDecimal},   {"numeric big", Encoding::kDictionary},
      {"numeric few", Encoding::kDictionary}, {"float8 decimals", Encoding::kAlp},
      {"float4 decimals", Encoding::kAlp},    {"float8 any", Encoding::kPlain},
      {"text comments", Encoding::kFsst},     {"text flags", Encoding::kDictionary},
      {"text runs", Encoding::kRunLength},    {"uuid", Encoding::kPlain},
      {"interval", Encoding::kDictionary},    {"all null", Encoding::kNone}};
  io::SimEnv env(1);
  BlockCache cache(1 << 20);
  std::vector<TestColumn> columns = AllColumns();
  std::erase_if(columns, [&](const TestColumn& column) {
    return std::ranges::none_of(kWanted, [&](const auto& wanted) { return wanted.first == column.name; });
  });
  TestTable table(columns, kVectorRows * 4, 1);
  table.Write(env, "/d/segment");
  auto reader = std::move(OpenSegment(env, "/d/segment", cache)).value();
  for (const auto& [name, encoding] : kWanted) {
    for (uint32_t c = 0; c < table.columns.size(); ++c) {
      if (table.columns[c].name != name) continue;
      const ColumnStatistics statistics = reader->Statistics(c);
      std::string found;
      for (int e = 0; e < kEncodingCount; ++e) {
        if (statistics.vectors[static_cast<size_t>(e)] != 0) found += EncodingName(static_cast<Encoding>(e));
      }
      CHECK(std::string(name) + ": " + found == std::string(name) + ": " + std::string(EncodingName(encoding)));
    }
  }
}
