#include "common/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <string>

namespace phantom {

static constexpr const char* kNames[] = {"DEBUG", "INFO", "NOTICE", "WARNING", "LOG", "ERROR", "FATAL", "PANIC"};
static std::atomic<LogLevel> log_level = LogLevel::kWarning;

static spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("phantomdb", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%d %H:%M:%S.%e UTC [%P] %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

void SetLogLevel(LogLevel level) { log_level = level; }

void Log(LogLevel level, const char* format, ...) {
  if (level < log_level.load(std::memory_order_relaxed)) return;
  char line[2048];
  va_list args;
  va_start(args, format);
  int size = std::vsnprintf(line, sizeof(line), format, args);
  va_end(args);
  if (size < 0) return;
  Logger().info("{}:  {}", kNames[static_cast<int>(level)], line);
}

}  // namespace phantom
