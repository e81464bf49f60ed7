// Columns of made-up values, segments of them on a simulated disk, and what reading them must give.
#pragma once
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "io/sim_env.h"
#include "lsm/segment_reader.h"
#include "lsm/segment_writer.h"

namespace phantom::lsm {

// A generator whose numbers are the same everywhere, for ever.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed * 2 + 1) {}
  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15ull;
    uint64_t z = state_;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
  }
  uint64_t Below(uint64_t limit) { return Next() % limit; }

 private:
  uint64_t state_;
};

// Writes row i's slot; returns false for NULL.
using Generator = std::function<bool(Numbers& numbers, uint32_t i, types::Vector& to)>;

struct TestColumn {
  std::string name;
  SegmentColumn column;
  Generator generate;
};

// All layouts in many distributions.
std::vector<TestColumn> AllColumns();
// Those of these names, in the order of AllColumns().
std::vector<TestColumn> ColumnsNamed(std::initializer_list<std::string_view> names);

struct TestTable {
  std::vector<TestColumn> columns;
  std::vector<types::Vector> values;  // one a column, all rows
  std::vector<RowSet> present;
  uint32_t rows = 0;

  // `absent` in 1,000 rows are absent.
  TestTable(std::vector<TestColumn> columns, uint32_t rows, uint64_t seed, uint32_t absent = 0);
  bool IsPresent(uint32_t position) const { return present[position / kVectorRows].Has(position % kVectorRows); }
  SegmentSchema Schema() const;
  types::Chunk Rows(uint32_t vector) const;
  // Writes the segment; returns its bytes.
  std::string Write(io::Env& env, const std::string& path) const;
};

// As REQUIRE(status.ok()), without its cost where things are fine.
void RequireOk(const Status& status);
std::string ReadFile(io::Env& env, const std::string& path);
void WriteFile(io::Env& env, const std::string& path, std::string_view bytes);
Result<std::unique_ptr<SegmentReader>> OpenSegment(io::Env& env, const std::string& path, BlockCache& cache);

}  // namespace phantom::lsm
