#include "common/check.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace phantom {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "PANIC:  check failed: %s (%s:%d)\n", condition, file, line);
  std::fflush(stderr);
  std::abort();
}

void Panic(const char* format, ...) {
  va_list args;
  va_start(args, format);
  std::fputs("PANIC:  ", stderr);
  std::vfprintf(stderr, format, args);
  std::fputc('\n', stderr);
  va_end(args);
  std::fflush(stderr);
  std::abort();
}

}  // namespace phantom
