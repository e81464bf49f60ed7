#include "wire/scram.h"

#include <catch2/catch.hpp>

namespace phantom::wire {
namespace {

// The example of RFC 7677, section 3.
constexpr const char* kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr const char* kClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr const char* kClientFinal =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

ScramSecret ExampleSecret() { return ScramSecret::Build("pencil", *Base64Decode("W22ZaJ0SNY7soEsUEjb6gQ==")); }

TEST_CASE("the exchange of RFC 7677 succeeds") {
  ScramExchange exchange("user", ExampleSecret(), "", kServerNonce);
  Result<std::string> first = exchange.First(kScramSha256, kClientFirst);
  REQUIRE(first.ok());
  CHECK(*first == "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  Result<std::string> final = exchange.Final(kClientFinal);
  REQUIRE(final.ok());
  CHECK(*final == "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST_CASE("a wrong password and a missing role fail alike") {
  ScramExchange wrong("user", ScramSecret::Build("pen", *Base64Decode("W22ZaJ0SNY7soEsUEjb6gQ==")), "", kServerNonce);
  REQUIRE(wrong.First(kScramSha256, kClientFirst).ok());
  const Status wrong_status = wrong.Final(kClientFinal).status();
  CHECK(SqlStateText(wrong_status.sqlstate()) == "28P01");
  CHECK(wrong_status.message() == "password authentication failed for user \"user\"");
  CHECK(wrong_status.error().fatal);

  ScramExchange nobody("nobody", std::nullopt, "", kServerNonce);
  REQUIRE(nobody.First(kScramSha256, kClientFirst).ok());
  CHECK(SqlStateText(nobody.Final(kClientFinal).status().sqlstate()) == "28P01");
}

TEST_CASE("malformed messages are protocol violations") {
  const auto first = [](std::string_view mechanism, std::string_view message, const std::string& certificate = "") {
    Result<std::string> result = ScramExchange("user", ExampleSecret(), certificate).First(mechanism, message);
    return result.ok() ? "OK" : result.status().message() + "|" + result.status().error().detail;
  };
  CHECK(first("MD5", kClientFirst) == "client selected an invalid SASL authentication mechanism|");
  CHECK(first(kScramSha256Plus, kClientFirst) == "client selected an invalid SASL authentication mechanism|");
  CHECK(first(kScramSha256, "") == "malformed SCRAM message|The message is empty.");
  CHECK(first(kScramSha256, "x,,") == "malformed SCRAM message|Unexpected channel-binding flag \"x\".");
  CHECK(first(kScramSha256, "n,,r=a") == "malformed SCRAM message|Expected attribute \"n\" but found \"r\".");
  CHECK(first(kScramSha256, "n,a=b,n=,r=a") == "client uses authorization identity, but it is not supported|");
  CHECK(first(kScramSha256, "y,,n=,r=a", "hash").starts_with("SCRAM channel binding negotiation error|"));
  CHECK(first(kScramSha256Plus, "p=tls-unique,,n=,r=a", "hash") ==
        "unsupported SCRAM channel-binding type \"tls-unique\"|");
  CHECK(first(kScramSha256Plus, "p=tls-server-end-point,,n=,r=a", "hash") == "OK");
}

TEST_CASE("a secret survives its text form") {
  const std::string text = ExampleSecret().ToText();
  const std::optional<ScramSecret> parsed = ScramSecret::Parse(text);
  REQUIRE(parsed.has_value());
  CHECK(parsed->ToText() == text);
  CHECK(!ScramSecret::Parse("secret").has_value());
  CHECK(!ScramSecret::Parse("SCRAM-SHA-256$0:aa$b:c").has_value());
  CHECK(MakePasswordVerifier(text) == text);
  CHECK(MakePasswordVerifier("x").starts_with("SCRAM-SHA-256$4096:"));
}

}  // namespace
}  // namespace phantom::wire
