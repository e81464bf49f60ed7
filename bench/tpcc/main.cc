// bench/tpcc/main.cc
//
// TPC-C's client. tools/bench tpcc builds and calls it, and checks the consistency conditions after.
//   tpcc_client load CONNINFO WAREHOUSES
//   tpcc_client run CONNINFO WAREHOUSES TERMINALS SECONDS SEED
// `run` prints tab-separated values: a line a kind of transaction and one for all of them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "bench/tpcc/load.h"
#include "bench/tpcc/terminal.h"

namespace {

using tpcc::Played;

constexpr const char* kNames[tpcc::kKinds] = {"new-order", "payment", "order-status", "delivery", "stock-level"};

void Add(Played& total, const Played& played) {
  total.latencies_us.insert(total.latencies_us.end(), played.latencies_us.begin(), played.latencies_us.end());
  total.rolled_back += played.rolled_back;
  total.retried += played.retried;
}

void Print(const char* name, Played& played, double seconds) {
  std::vector<uint32_t>& times = played.latencies_us;
  std::sort(times.begin(), times.end());
  const auto percentile_ms = [&](size_t percent) {
    return times.empty() ? 0.0 : times[std::min(times.size() - 1, times.size() * percent / 100)] / 1000.0;
  };
  std::printf("%s\t%zu\t%.2f\t%.3f\t%.3f\t%d\t%d\n", name, times.size(), static_cast<double>(times.size()) / seconds, percentile_ms(50),
              percentile_ms(99), played.rolled_back, played.retried);
}

int Run(const char* conninfo, int warehouses, int terminals, int seconds, uint64_t seed) {
  std::vector<std::unique_ptr<tpcc::Terminal>> all;
  for (int i = 0; i < terminals; ++i) {
    all.push_back(std::make_unique<tpcc::Terminal>(conninfo, i, warehouses, seed * 1000003 + static_cast<uint64_t>(i)));
  }
  const auto begun = std::chrono::steady_clock::now();
  const auto end = begun + std::chrono::seconds(seconds);
  std::vector<std::thread> threads;
  for (const auto& terminal : all) {
    threads.emplace_back([&terminal, end] {
      while (std::chrono::steady_clock::now() < end) terminal->PlayOne();
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  std::puts("transaction\tplayed\tper_second\tp50_ms\tp99_ms\trolled_back\tretried");
  Played total;
  for (int kind = 0; kind < tpcc::kKinds; ++kind) {
    Played played;
    for (const auto& terminal : all) Add(played, terminal->played()[static_cast<size_t>(kind)]);
    Add(total, played);
    Print(kNames[kind], played, elapsed);
  }
  Print("all", total, elapsed);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  if (count == 4 && std::strcmp(words[1], "load") == 0) {
    tpcc::Database database(words[2]);
    tpcc::Load(database, std::atoi(words[3]));
    return 0;
  }
  if (count == 7 && std::strcmp(words[1], "run") == 0) {
    return Run(words[2], std::atoi(words[3]), std::atoi(words[4]), std::atoi(words[5]), std::strtoull(words[6], nullptr, 10));
  }
  std::fprintf(stderr, "usage: tpcc_client load CONNINFO WAREHOUSES | run CONNINFO WAREHOUSES TERMINALS SECONDS SEED\n");
  return 2;
}
