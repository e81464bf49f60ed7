// common/check.h
//
// Invariant checks. PHANTOM_CHECK stays on in production: a broken invariant stops the process
// before it can write a falsehood. PHANTOM_DCHECK is for checks too costly on hot paths and is
// compiled out of release builds. Neither is for client bytes or disk bytes: those are errors.
#pragma once

namespace phantom {

// Logs the failed condition with its place and aborts.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

// Logs the reason and aborts: for failures past the point of no return (an fsync error).
[[noreturn, gnu::format(printf, 1, 2)]] void Panic(const char* format, ...);

}  // namespace phantom

#define PHANTOM_CHECK(condition)                                              \
  do {                                                                        \
    if (!(condition)) [[unlikely]]                                            \
      ::phantom::CheckFailed(#condition, __FILE__, __LINE__);                 \
  } while (0)

#ifdef NDEBUG
#define PHANTOM_DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define PHANTOM_DCHECK(condition) PHANTOM_CHECK(condition)
#endif
