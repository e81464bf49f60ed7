// parser/fingerprint.h
//
// Recognises statements that differ in their literals only, without parsing them: scans the text by PostgreSQL's
// lexical rules, replaces number and string literals by parameters, and hashes what remains. The plan cache of the
// simple protocol looks statements up by it.
//
// Two texts with equal normalised texts consist of the same tokens up to the values of their literals; blanks, comments
// and the case of unquoted words do not count. But a literal can decide more than a value (ORDER BY 1, numeric(10),
// interval '1' day, date 'today'): so who caches a plan under a fingerprint plans the original
// text, binds those literals whose Constant became a plain value in the plan (found by location), and keeps the values
// of all others with the plan, to compare them at a look-up.
//
// Thread safety: pure functions; a Fingerprint is a value.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace phantom::parser {

enum class LiteralType : uint8_t {
  kInteger,    // digits that fit int32
  kNumber,     // any other number
  kString,     // '...', E'...', $tag$...$tag$; value has escapes resolved
  kBitString,  // B'...', X'...': value as Constant::text has it
};

struct FingerprintLiteral {
  LiteralType type;
  int32_t location;     // byte offset in the text
  int32_t length;       // bytes of the token
  int32_t minus;        // where a minus stands right before it, -1 if none: there the Constant of a negative number is
  int32_t value_begin;  // the value is values.substr(value_begin, value_length)
  int32_t value_length;
};

struct Fingerprint {
  uint64_t hash = 0;       // of normalized
  std::string normalized;  // tokens separated by single blanks, words folded to lower case, literals as ?i ?n ?s ?b
  std::string values;      // the literals' values one after another
  std::vector<FingerprintLiteral> literals;

  std::string_view ValueOf(const FingerprintLiteral& literal) const {
    return std::string_view(values).substr(literal.value_begin, literal.value_length);
  }
};

// Fingerprints one statement, replacing the content of *result (whose memory is reused). Returns false, leaving *result
// unspecified, when the text cannot be served by a fingerprint: it is not lexically valid, holds more than one
// statement or none, has parameters ($1), a string continued on another line, a Unicode-escaped token (U&), a word
// that would be truncated, or is longer than kFingerprintBytesMax. Assumes standard_conforming_strings = on and valid
// UTF-8.
bool ComputeFingerprint(std::string_view sql, Fingerprint* result);

inline constexpr size_t kFingerprintBytesMax = 64 << 10;

}  // namespace phantom::parser
