// session/copy/byte_scan.h
//
// Finds the next of a few bytes, sixteen at a time where the machine can.
#pragma once
#include <array>
#include <bit>
#include <cstddef>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace phantom::session {

class ByteScan {
 public:
  // Looks for these four; the same one may be given several times.
  ByteScan(char a, char b, char c, char d) : wanted_{a, b, c, d} {}

  // The position of the first at or after `at`, below `size`; `size` when there is none.
  size_t Find(const char* bytes, size_t at, size_t size) const {
#ifdef __SSE2__
    const __m128i a = _mm_set1_epi8(wanted_[0]), b = _mm_set1_epi8(wanted_[1]);
    const __m128i c = _mm_set1_epi8(wanted_[2]), d = _mm_set1_epi8(wanted_[3]);
    for (; at + 16 <= size; at += 16) {
      const __m128i word = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at));
      const __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(word, a), _mm_cmpeq_epi8(word, b)),
                                         _mm_or_si128(_mm_cmpeq_epi8(word, c), _mm_cmpeq_epi8(word, d)));
      const auto places = static_cast<unsigned>(_mm_movemask_epi8(found));
      if (places != 0) return at + static_cast<size_t>(std::countr_zero(places));
    }
#endif
    while (at < size && !Wants(bytes[at])) ++at;
    return at;
  }

 private:
  bool Wants(char c) const { return c == wanted_[0] || c == wanted_[1] || c == wanted_[2] || c == wanted_[3]; }

  std::array<char, 4> wanted_;
};

}  // namespace phantom::session
