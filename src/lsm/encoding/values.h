// lsm/encoding/values.h
//
// The one interface for reading encoded values, whatever the encoding: those of one vector, or of one block of a
// dictionary.
//
// OpenValues checks what it must so that reading stays inside the bytes, whatever they are: hostile bytes give wrong
// values or XX001, never more. Values point into the bytes, which must outlive them and be followed by kPackedSlack
// more.
//
// Thread safety: may be read from any thread.
#pragma once
#include <memory>

#include "common/status.h"
#include "lsm/byte_cursor.h"
#include "lsm/condition.h"
#include "lsm/format.h"
#include "lsm/kind.h"
#include "lsm/row_set.h"
#include "types/vector.h"

namespace phantom::lsm {

class SymbolTable;

// A decoded dictionary: slot i is entry i; in `with_null` slot `size` is NULL besides.
struct Dictionary {
  types::Vector entries;
  types::Vector with_null;
  uint32_t size;
};

// What blocks of a column have in common.
class SharedBlocks {
 public:
  virtual ~SharedBlocks() = default;
  virtual Result<std::shared_ptr<const SymbolTable>> Symbols(uint32_t table) const = 0;
  virtual uint32_t dictionary_size() const = 0;
  virtual Result<std::shared_ptr<const Dictionary>> WholeDictionary() const = 0;
  // As Values::ReadOne. Requires entry < dictionary_size().
  virtual Status ReadEntry(uint32_t entry, void* slot, types::StringHeap& heap) const = 0;
};

// Where values come from. Kind and shared blocks must outlive the values.
struct Source {
  const Kind* kind;
  uint32_t count;              // at most kVectorRows
  const SharedBlocks* shared;  // null: none, so that encodings that need them are refused
};

class Values {
 public:
  explicit Values(const Source& source) : kind_(source.kind), count_(source.count) {}
  virtual ~Values() = default;

  uint32_t count() const { return count_; }
  const Kind& kind() const { return *kind_; }

  // Makes `out` all the rows, in the form that suits, NULL where a bit of validity (null: all valid) is clear. `out`
  // has the column's layout; what it points to it owns or shares.
  virtual Status Read(const uint64_t* validity, types::Vector& out) const = 0;
  // Writes one slot (aligned as the layout wants); bytes it points to go into the heap.
  virtual Status ReadOne(uint32_t row, void* slot, types::StringHeap& heap) const = 0;
  // Adds the rows with a value in the ranges. Those of rows without a value mean nothing.
  virtual Status Select(const Ranges& ranges, RowSet& rows) const;

 private:
  const Kind* kind_;
  const uint32_t count_;
};

// Takes all of the cursor. XX001 for bytes that are none of the encoding.
Result<std::unique_ptr<Values>> OpenValues(Encoding encoding, ByteCursor& in, const Source& source);

// Helpers of the encodings
// ---------------------------------------------------------------------------------------------

// A flat vector of the same type with room for count rows, fresh memory where the old is shared.
void PrepareFlat(types::Vector& out, uint32_t count);
// Clears the bits of a written flat vector.
void SetValidity(const uint64_t* validity, uint32_t count, types::Vector& out);
// Makes `out` rows of slots: row i is slot indices[i], or null_slot where it is NULL.
void SetDictionary(const types::Vector& slots, const uint64_t* validity, uint32_t null_slot,
                   types::SelectionVector& indices, uint32_t count, types::Vector& out);
Status DamagedValues(const char* what);
// A Form made of the source, opened; XX001 when its Open(in) says no.
template <typename Form>
Result<std::unique_ptr<Values>> OpenForm(ByteCursor& in, const Source& source, const char* damage) {
  auto values = std::make_unique<Form>(source);
  if (!values->Open(in)) return DamagedValues(damage);
  return std::unique_ptr<Values>(std::move(values));
}

// Each encoding's own.
using OpenFunction = Result<std::unique_ptr<Values>> (*)(ByteCursor& in, const Source& source);
Result<std::unique_ptr<Values>> OpenConstant(ByteCursor& in, const Source& source);
Result<std::unique_ptr<Values>> OpenRunLength(ByteCursor& in, const Source& source);
Result<std::unique_ptr<Values>> OpenFrame(ByteCursor& in, const Source& source);
Result<std::unique_ptr<Values>> OpenDelta(ByteCursor& in, const Source& source);
Result<std::unique_ptr<Values>> OpenDictionary(ByteCursor& in, const Source& source);
Result<std::unique_ptr<Values>> OpenDecimal(ByteCursor& in, const Source& source);
Result<std::unique_ptr<Values>> OpenAlp(ByteCursor& in, const Source& source);
Result<std::unique_ptr<Values>> OpenFsst(ByteCursor& in, const Source& source);
Result<std::unique_ptr<Values>> OpenLz4(ByteCursor& in, const Source& source);
Result<std::unique_ptr<Values>> OpenPlain(ByteCursor& in, const Source& source);

}  // namespace phantom::lsm
