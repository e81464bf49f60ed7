// common/log.h
//
// The server's log: lines on standard error in PostgreSQL's form,
// "2026-01-31 12:00:00.000 UTC [pid] LOG:  message". spdlog writes them.
//
// Thread safety: all functions may be called from any thread.
#pragma once

namespace phantom {

enum class LogLevel { kDebug, kInfo, kNotice, kWarning, kLog, kError, kFatal, kPanic };

// Lines below the level are dropped; the order is that of LogLevel. Starts at kWarning.
void SetLogLevel(LogLevel level);

[[gnu::format(printf, 2, 3)]] void Log(LogLevel level, const char* format, ...);

}  // namespace phantom
