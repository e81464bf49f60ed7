#include "common/status.h"

#include <catch2/catch.hpp>

using namespace phantom;

static Result<int> Half(int n) {
  if (n % 2 != 0) return Error(sqlstate::kInvalidParameterValue, "odd").Detail("n is odd").At(7);
  return n / 2;
}

static Status Quarter(int n, int* out) {
  ASSIGN_OR_RETURN(int half, Half(n));
  ASSIGN_OR_RETURN(*out, Half(half));
  return Status::Ok();
}

TEST_CASE("an error keeps its SQLSTATE and fields on its way up") {
  int out = 0;
  REQUIRE(Quarter(8, &out).ok());
  REQUIRE(out == 2);
  Status status = Quarter(6, &out);
  REQUIRE(!status.ok());
  REQUIRE(status.sqlstate() == sqlstate::kInvalidParameterValue);
  REQUIRE(SqlStateText(status.sqlstate()) == "22023");
  REQUIRE(status.error().detail == "n is odd");
  REQUIRE(status.error().location == 7);
}
