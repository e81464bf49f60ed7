// bench/tpcc/random.h
//
// TPC-C's random values (clauses 2.1.6 and 4.3.2). One a thread.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace tpcc {

constexpr int kDistricts = 10;           // a warehouse
constexpr int kCustomers = 3000;         // a district, and its orders at first
constexpr int kItems = 100000;           // and a warehouse's stock
constexpr int kFirstUndelivered = 2101;  // of the orders loaded

// The constants C of NURand: the run's for last names differs from the load's by 65 to 119, but not 96 and 112.
constexpr int kLastNameLoad = 157;
constexpr int kLastNameRun = 223;

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // Evenly in [low, high].
  int Uniform(int low, int high) { return low + static_cast<int>(engine_() % static_cast<uint64_t>(high - low + 1)); }
  bool Percent(int share) { return Uniform(1, 100) <= share; }

  int Customer() { return NonUniform(1023, 259, 1, kCustomers); }
  int Item() { return NonUniform(8191, 7911, 1, kItems); }
  int LastName(int constant) { return NonUniform(255, constant, 0, 999); }

  std::string Letters(int low, int high) { return Text(low, high, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"); }
  std::string Digits(int count) { return Text(count, count, "0123456789"); }
  std::string Zip() { return Digits(4) + "11111"; }

 private:
  int NonUniform(int mask, int constant, int low, int high) {
    return ((Uniform(0, mask) | Uniform(low, high)) + constant) % (high - low + 1) + low;
  }
  std::string Text(int low, int high, std::string_view alphabet) {
    std::string text(static_cast<size_t>(Uniform(low, high)), ' ');
    for (char& letter : text) letter = alphabet[engine_() % alphabet.size()];
    return text;
  }

  std::mt19937_64 engine_;
};

// Three syllables for three digits (4.3.2.3).
inline std::string LastName(int number) {
  static constexpr const char* kSyllables[] = {"BAR", "OUGHT", "ABLE", "PRI", "PRES", "ESE", "ANTI", "CALLY", "ATION", "EING"};
  return std::string(kSyllables[number / 100]) + kSyllables[number / 10 % 10] + kSyllables[number % 10];
}

}  // namespace tpcc
