// bench/ycsb/engine.h
//
// What the benchmark asks of a key-value store. Each implementation is linked with the driver to a program of its own.
//
// Thread safety: all methods but Open and Close are called by several threads at once.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ycsb {

struct EngineOptions {
  std::string directory;
  uint64_t memory_bytes = 0;
};

// Failures end the program.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string name() const = 0;
  // The options that are not defaults, for the report.
  virtual std::string settings() const = 0;

  virtual void Open(const EngineOptions& options) = 0;
  virtual void Close() = 0;
  // Whether every write is durable before it returns; at first none is. While no other method runs.
  virtual void SetSync(bool sync) = 0;

  virtual bool Get(std::string_view key, std::string* value) = 0;
  virtual void Put(std::string_view key, std::string_view value) = 0;
  // Reads the key, changes the value's beginning to `change`, writes it.
  virtual void ReadModifyWrite(std::string_view key, std::string_view change) = 0;
  // Reads up to `count` entries from the key on; returns how many.
  virtual uint64_t Scan(std::string_view key, uint64_t count) = 0;
  // Waits until what runs in the background after a load is done.
  virtual void Settle() = 0;
};

std::unique_ptr<Engine> MakeEngine();

[[noreturn]] void Fail(const std::string& what);

}  // namespace ycsb
