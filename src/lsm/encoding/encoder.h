// lsm/encoding/encoder.h
//
// The one interface for encoding the values of a vector. An encoder belongs to one column and may learn from what it
// has seen.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "lsm/byte_cursor.h"
#include "lsm/format.h"
#include "lsm/kind.h"

namespace phantom::lsm {

// Values to encode. Rows without a value have a bit of `care` cleared and any slot of the column's own values.
struct Input {
  const Kind* kind;
  const std::byte* slots;
  uint32_t count;        // 1 to kVectorRows
  const uint64_t* care;  // null: all have values

  const std::byte* slot(uint32_t i) const { return slots + i * kind->slot_bytes(); }
  bool cares(uint32_t i) const { return care == nullptr || (care[i >> 6] >> (i & 63) & 1) != 0; }
  template <typename T>
  const T* as() const {
    return reinterpret_cast<const T*>(slots);
  }
  // The keys. Requires kind->has_key().
  std::vector<int64_t> Keys() const;
};

inline constexpr size_t kCannot = SIZE_MAX;

class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual Encoding encoding() const = 0;
  // Bytes the values would take, about; kCannot when they cannot be had in this form or it is out of the question.
  virtual size_t Cost(const Input& input) = 0;
  // Appends the encoding's bytes (docs/formats/segment.md). Requires that the last Cost() was of the same input, and
  // not kCannot.
  virtual void Encode(const Input& input, std::string& out) = 0;
};

// Symbol tables an encoder has made, to be stored with the column.
using SymbolTables = std::vector<std::string>;

// Chooses among encoders by their costs.
class EncoderSet {
 public:
  // All that suit the kind, except dictionaries. New symbol tables are appended to `tables`; null: strings are not to
  // be compressed with tables.
  EncoderSet(const Kind& kind, SymbolTables* tables);
  // For values of a run: without constant and run-length.
  static EncoderSet ForRuns(const Kind& kind, SymbolTables* tables);

  struct Choice {
    Encoder* encoder;
    size_t bytes;
  };
  Choice Choose(const Input& input);
  // Appends the number of the encoding and its bytes.
  Encoding Encode(const Input& input, std::string& out);

 private:
  EncoderSet() = default;
  void AddBasic(const Kind& kind, SymbolTables* tables);

  std::vector<std::unique_ptr<Encoder>> encoders_;
};

std::unique_ptr<Encoder> MakeConstantEncoder();
std::unique_ptr<Encoder> MakeRunLengthEncoder(const Kind& kind, SymbolTables* tables);
std::unique_ptr<Encoder> MakeFrameEncoder();
std::unique_ptr<Encoder> MakeDeltaEncoder();
std::unique_ptr<Encoder> MakeDecimalEncoder();
std::unique_ptr<Encoder> MakeAlpEncoder();
std::unique_ptr<Encoder> MakeFsstEncoder(SymbolTables* tables);
std::unique_ptr<Encoder> MakeLz4Encoder();
std::unique_ptr<Encoder> MakePlainEncoder();

// The strings' ends one after another; a string without a value is empty.
std::vector<int64_t> EndsOf(const Input& input);
// Bytes of all strings that have a value.
size_t TextBytes(const Input& input);

}  // namespace phantom::lsm
