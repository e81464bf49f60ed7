// tests/must.h
//
// What has to succeed for a test to go on.
#pragma once
#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "common/status.h"

namespace phantom {

// REQUIREs success and gives the value.
template <typename T>
T Must(Result<T> result) {
  INFO((result.ok() ? std::string() : result.status().ToString()));
  REQUIRE(result.ok());
  return std::move(result).value();
}
inline void Must(const Status& status) {
  INFO(status.ToString());
  REQUIRE(status.ok());
}

}  // namespace phantom
