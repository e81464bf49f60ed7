// lsm/footer.h
//
// What a segment knows about itself: columns, where their blocks are, bounds, sketches, which rows are there. Bytes:
// docs/formats/segment.md.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/status.h"
#include "lsm/block_ref.h"
#include "lsm/format.h"
#include "lsm/kind.h"
#include "lsm/row_set.h"
#include "lsm/sketch.h"
#include "types/vector.h"

namespace phantom::lsm {

struct VectorInfo {
  BlockRef block;  // size 0: no row has a value
  uint16_t nulls = 0;
  Encoding encoding = Encoding::kNone;
  bool has_bounds = false;
};

// Bounds of a column's vectors: slot v of each is that of vector v, where it has bounds.
struct Bounds {
  explicit Bounds(const Kind& kind)
      : low(kind.type, kind.layout, kVectorsMax), high(kind.type, kind.layout, kVectorsMax) {}

  // Sets vector v's from its least and greatest value. False when the kind of values has no bounds of at most
  // kBoundBytesMax.
  bool Set(const Kind& kind, uint32_t vector, const void* least, const void* greatest);

  types::Vector low, high;
};

struct ColumnInfo {
  explicit ColumnInfo(uint16_t attribute, const Kind& kind)
      : attribute(attribute), kind(std::make_unique<const Kind>(kind)), bounds(kind) {}

  uint16_t attribute;
  std::unique_ptr<const Kind> kind;  // stays where it is when this moves
  uint32_t dictionary_size = 0;
  std::vector<BlockRef> dictionary;
  std::vector<BlockRef> symbol_tables;
  std::vector<VectorInfo> vectors;
  Bounds bounds;
  Sketch sketch;

  uint64_t Bytes() const;
};

struct Footer {
  uint32_t tree = 0;
  uint32_t schema_version = 0;
  uint64_t base = 0;
  uint32_t rows = 0;
  std::vector<RowSet> present;  // one a vector
  std::vector<ColumnInfo> columns;

  uint32_t vector_count() const { return VectorsOf(rows); }

  std::string Encode() const;
  // XX001 for bytes that are no footer, or refer to blocks outside [kHeaderBytes, blocks_end) or not to all of it.
  static Result<std::unique_ptr<Footer>> Parse(phantom::Bytes bytes, uint64_t blocks_end);
};

// Rows of a dictionary's block.
constexpr uint32_t EntriesOfBlock(uint32_t dictionary_size, uint32_t block) {
  return RowsOfVector(dictionary_size, block);
}

}  // namespace phantom::lsm
