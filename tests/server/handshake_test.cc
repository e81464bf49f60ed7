// What comes before a session, without a socket.
#include "server/handshake.h"

#include <catch2/catch.hpp>

#include "../session/instance_fixture.h"
#include "common/bytes.h"
#include "server/connection.h"

namespace phantom::server {
namespace {

using Step = Handshake::Step;

constexpr uint32_t kSslRequest = 80877103, kVersion3 = 3 << 16;

class HandshakeFixture : public session::InstanceFixture {
 public:
  // A packet without a type.
  void Send(uint32_t code, const std::string& body = {}) { input.Feed(Number(8 + body.size()) + Number(code) + body); }
  void Send(char type, const std::string& body) { input.Feed(type + Number(4 + body.size()) + body); }
  Step Advance() { return handshake.Advance(input, output); }
  void Expect(std::string_view state, std::string_view message) {
    REQUIRE(Advance() == Step::kRefuse);
    const Status refusal = handshake.TakeRefusal();
    CHECK(refusal.error().fatal);
    CHECK(SqlStateText(refusal.sqlstate()) == state);
    CHECK(refusal.message() == message);
  }

  ConnectionContext context{*instance, nullptr, true, 60000, 2};
  wire::FrameReader input;
  std::string output;
  Handshake handshake{context, true};

 private:
  static std::string Number(size_t value) {
    std::string bytes(4, '\0');
    StoreBE(bytes.data(), static_cast<uint32_t>(value));
    return bytes;
  }
};

constexpr char kUserPacket[] = "user\0ann\0application_name\0test\0options\0-c work_mem=1MB\0";
const std::string kUser(kUserPacket, sizeof(kUserPacket));  // with the literal's own end

TEST_CASE("a trusted client goes from its startup packet to a session") {
  HandshakeFixture f;
  CHECK(f.Advance() == Step::kRead);
  f.Send(kSslRequest);
  CHECK(f.Advance() == Step::kRead);
  CHECK(f.output == "N");
  f.Send(kVersion3, kUser);
  REQUIRE(f.Advance() == Step::kDone);
  const session::ConnectionOptions options = f.handshake.TakeOptions();
  CHECK(options.user == "ann");
  CHECK(options.database == "ann");
  using Settings = std::vector<std::pair<std::string, std::string>>;
  CHECK(options.settings == Settings{{"work_mem", "1MB"}, {"application_name", "test"}});
}

TEST_CASE("what follows a request for encryption unencrypted is refused") {
  HandshakeFixture f;
  f.Send(kSslRequest);
  f.Send(kVersion3, kUser);
  f.Expect("08P01", "received unencrypted data after SSL request");
  CHECK(f.output == "");
}

TEST_CASE("who is not served is told why") {
  HandshakeFixture f;
  f.Send(kVersion3, kUser);
  SECTION("a server that shuts down") {
    f.context.shutting_down = true;
    f.Expect("57P03", "the database system is shutting down");
  }
  SECTION("too many") {
    f.context.connections = 3;
    f.Expect("53300", "sorry, too many clients already");
  }
}

TEST_CASE("a client that is not trusted has to answer for its password") {
  HandshakeFixture f;
  Handshake handshake(f.context, false);
  f.Send(kVersion3, kUser);
  REQUIRE(handshake.Advance(f.input, f.output) == Step::kRead);
  CHECK(f.output.find("SCRAM-SHA-256") != std::string::npos);
  CHECK(f.output.find("SCRAM-SHA-256-PLUS") == std::string::npos);
  f.Send('Q', std::string("SELECT 1\0", 9));
  REQUIRE(handshake.Advance(f.input, f.output) == Step::kRefuse);
  CHECK(handshake.TakeRefusal().message() == "expected SASL response, got message type 81");
}

TEST_CASE("bytes that begin no connection get no answer") {
  HandshakeFixture f;
  f.input.Feed(std::string(8, '\xff'));
  CHECK(f.Advance() == Step::kClose);
  CHECK(f.output == "");
}

}  // namespace
}  // namespace phantom::server
