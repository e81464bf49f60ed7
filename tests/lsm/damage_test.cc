// Damaged bytes are found wherever they are; bytes with right checksums that make no sense give errors or values, never
// a crash.
#include <catch2/catch.hpp>

#include "common/checksum.h"
#include "lsm/byte_cursor.h"
#include "segment_fixture.h"
#include "types/value.h"

using namespace phantom;
using namespace phantom::lsm;

namespace {

constexpr const char* kPath = "/d/segment";

// Reads all there is to read.
Status ReadAll(const SegmentReader& reader) {
  Status first;
  auto note = [&](Status status) {
    if (first.ok()) first = std::move(status);
  };
  for (uint32_t c = 0; c < reader.column_count(); ++c) {
    const Kind& kind = reader.kind(c);
    types::Vector out(kind.type, kind.layout, kVectorRows), single(kind.type, kind.layout, 1);
    for (uint32_t v = 0; v < reader.vector_count(); ++v) {
      note(reader.ReadVector(c, v, out));
      for (uint32_t row = 0; row < reader.rows_of(v); row += 61) {
        single.Reset();
        if (reader.IsPresent(v * kVectorRows + row)) note(reader.ReadValue(c, v * kVectorRows + row, single, 0));
      }
      for (Op op : {Op::kIsNull, Op::kLess, Op::kNotEqual}) {
        if (op != Op::kIsNull && kind.compare == nullptr) continue;
        std::vector<types::Value> values;
        static constexpr Slot16 kZero{};
        if (op != Op::kIsNull) values.push_back(types::Value::FromSlot(kind.type, kind.layout, &kZero));
        auto condition = Condition::Make(kind, op, std::move(values));
        const ColumnCondition on_column{c, &condition.value()};
        RowSet rows;
        note(reader.Select({&on_column, 1}, v, &rows));
      }
    }
  }
  note(reader.Check());
  return first;
}

Status OpenAndRead(io::Env& env, std::string_view bytes, bool check_only = false) {
  WriteFile(env, kPath, bytes);
  BlockCache cache(1 << 20);
  auto reader = OpenSegment(env, kPath, cache);
  if (!reader.ok()) return reader.status();
  return check_only ? reader.value()->Check() : ReadAll(*reader.value());
}

std::vector<TestColumn> SomeColumns() {
  return ColumnsNamed({"int4 small", "int8 gaps", "int8 runs", "numeric strays", "float8 decimals with strays",
                       "text comments", "text modes", "text nulls", "text long", "uuid", "text constant",
                       "bool nulls"});
}

// The file with other blocks and another footer, all checksums right.
std::string Signed(std::string file, Footer& footer, bool resign_blocks, std::string footer_bytes) {
  const auto old_footer = LoadLE<uint64_t>(file.data() + file.size() - kTrailerBytes);
  if (resign_blocks) {
    auto sign = [&](BlockRef& block) {
      block.checksum = block.size == 0 ? 0 : Checksum(AsBytes(file).subspan(block.offset, block.size));
    };
    for (ColumnInfo& column : footer.columns) {
      for (BlockRef& block : column.dictionary) sign(block);
      for (BlockRef& block : column.symbol_tables) sign(block);
      for (VectorInfo& vector : column.vectors) sign(vector.block);
    }
    footer_bytes = footer.Encode();
  }
  file.resize(file.size() - kTrailerBytes - old_footer);
  file.append(footer_bytes);
  std::string trailer;
  AppendLE(trailer, uint64_t{footer_bytes.size()});
  AppendLE(trailer, Checksum(AsBytes(footer_bytes)));
  trailer.append(kTrailerMagic);
  AppendLE(trailer, Checksum(AsBytes(trailer)));
  return file + trailer;
}

std::string_view FooterBytes(std::string_view file) {
  const auto size = LoadLE<uint64_t>(file.data() + file.size() - kTrailerBytes);
  return file.substr(file.size() - kTrailerBytes - size, size);
}

}  // namespace

TEST_CASE("every damaged byte is found, and named") {
  io::SimEnv env(1);
  TestTable table(SomeColumns(), 150, 3, 100);
  const std::string good = table.Write(env, "/d/good");
  REQUIRE(OpenAndRead(env, good).ToString() == "OK");
  Numbers numbers(1);
  for (size_t at = 0; at < good.size(); at += 1 + numbers.Below(13)) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1 << numbers.Below(8));
    const Status status = OpenAndRead(env, bad, at % 4 != 0);
    if (status.ok() || status.sqlstate() != sqlstate::kDataCorrupted ||
        status.message().find("segment file \"/d/segment\" is damaged: ") != 0) {
      FAIL("byte " << at << ": " << status.ToString());
    }
  }
  for (int i = 0; i < 100; ++i) {
    const size_t at = numbers.Below(good.size()), length = std::min<size_t>(good.size() - at, 1 + numbers.Below(600));
    std::string zeroed = good;
    zeroed.replace(at, length, length, '\0');
    if (zeroed != good) REQUIRE(OpenAndRead(env, zeroed).sqlstate() == sqlstate::kDataCorrupted);
    REQUIRE(OpenAndRead(env, good.substr(0, at)).sqlstate() == sqlstate::kDataCorrupted);
    REQUIRE(OpenAndRead(env, good + std::string(length, 'x')).sqlstate() == sqlstate::kDataCorrupted);
  }
}

TEST_CASE("an error says file, column and vector") {
  io::SimEnv env(1);
  std::vector<TestColumn> columns = ColumnsNamed({"int8 any"});
  TestTable table(columns, kVectorRows + 10, 3);
  std::string bytes = table.Write(env, "/d/good");
  bytes[kHeaderBytes + kVectorRows * 8 + 100] ^= 4;  // in the second vector
  WriteFile(env, kPath, bytes);
  BlockCache cache(1 << 20);
  auto reader = std::move(OpenSegment(env, kPath, cache)).value();
  types::Vector out(columns[0].column.type);
  REQUIRE(reader->ReadVector(0, 0, out).ok());
  REQUIRE(reader->ReadVector(0, 1, out).ToString() ==
          Format("XX001: segment file \"/d/segment\" is damaged: column %u, vector 1: wrong checksum",
                 columns[0].column.attribute));
}

TEST_CASE("no room on disk, and reads that fail, are errors") {
  io::SimEnv env(1);
  TestTable table(ColumnsNamed({"int8 any", "text comments", "name"}), 8 * kVectorRows, 3);
  const std::string good = table.Write(env, kPath);
  {
    env.SetCapacity(env.used() + good.size() / 2);
    auto file = std::move(env.Open("/d/full", io::OpenMode::kCreateNew)).value();
    SegmentWriter writer(*file, table.Schema());
    Status status;
    for (uint32_t v = 0; v < 8 && status.ok(); ++v) status = writer.Append(table.Rows(v), nullptr);
    if (status.ok()) status = writer.Finish().status();
    REQUIRE(status.sqlstate() == sqlstate::kDiskFull);
  }
  // Whichever read fails, what is read afterwards is right.
  BlockCache cache(1 << 20);
  for (uint64_t reads = 0; reads < 12; ++reads) {
    env.FailReadAfter(reads);
    auto reader = OpenSegment(env, kPath, cache);
    if (!reader.ok()) {
      REQUIRE(reader.status().sqlstate() == sqlstate::kIoError);
      continue;
    }
    for (uint32_t c = 0; c < 3; ++c) {
      types::Vector out(table.columns[c].column.type);
      Status status = reader.value()->ReadVector(c, 1, out);
      if (!status.ok()) REQUIRE(status.sqlstate() == sqlstate::kIoError);
      if (!status.ok()) RequireOk(reader.value()->ReadVector(c, 1, out));
      REQUIRE(SameSlot(out.layout(), out.row_slot(9), table.values[c].slot(kVectorRows + 9)));
    }
  }
}

TEST_CASE("hostile blocks with right checksums do no harm") {
  io::SimEnv env(1);
  TestTable table(SomeColumns(), 700, 4);
  const std::string good = table.Write(env, "/d/good");
  const std::string_view footer_bytes = FooterBytes(good);
  const uint64_t blocks_end = good.size() - kTrailerBytes - footer_bytes.size();
  Numbers numbers(7);
  for (int round = 0; round < 250; ++round) {
    auto footer = std::move(Footer::Parse(AsBytes(footer_bytes), blocks_end)).value();
    std::string bad = good;
    // Beginnings of blocks, where widths, counts and ends are, are hit most.
    const ColumnInfo& column = footer->columns[numbers.Below(footer->columns.size())];
    std::vector<BlockRef> blocks = column.dictionary;
    blocks.insert(blocks.end(), column.symbol_tables.begin(), column.symbol_tables.end());
    for (const VectorInfo& vector : column.vectors) blocks.push_back(vector.block);
    const BlockRef& block = blocks[numbers.Below(blocks.size())];
    for (uint64_t changes = 1 + numbers.Below(4); changes > 0; --changes) {
      const uint64_t within = numbers.Below(3) == 0 ? block.size : std::min<uint64_t>(block.size, 40);
      static constexpr uint8_t kNasty[] = {0, 1, 2, 7, 8, 0x7f, 0x80, 0xff};
      bad[block.offset + numbers.Below(within)] =
          static_cast<char>(numbers.Below(2) == 0 ? kNasty[numbers.Below(8)] : numbers.Next());
    }
    const Status status = OpenAndRead(env, Signed(bad, *footer, true, {}));
    REQUIRE((status.ok() || status.sqlstate() == sqlstate::kDataCorrupted));
  }
}

TEST_CASE("hostile footers with right checksums do no harm") {
  io::SimEnv env(1);
  TestTable table(SomeColumns(), 300, 5, 100);
  const std::string good = table.Write(env, "/d/good");
  Footer unused;
  Numbers numbers(8);
  for (int round = 0; round < 250; ++round) {
    std::string footer(FooterBytes(good));
    for (uint64_t changes = 1 + numbers.Below(3); changes > 0; --changes) {
      footer[numbers.Below(footer.size())] = static_cast<char>(numbers.Below(2) == 0 ? 0xff : numbers.Next());
    }
    if (numbers.Below(10) == 0) footer.resize(numbers.Below(footer.size()));
    const Status status = OpenAndRead(env, Signed(good, unused, false, footer));
    if (!status.ok() && status.sqlstate() != sqlstate::kDataCorrupted) FAIL(status.ToString());
  }
}
