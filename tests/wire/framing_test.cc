#include "wire/framing.h"

#include <catch2/catch.hpp>

#include "wire/backend_messages.h"
#include "wire/frontend_messages.h"
#include "wire/message_writer.h"
#include "wire/startup.h"

namespace phantom::wire {
namespace {

std::string Message(char type, std::string_view body) {
  std::string out;
  MessageWriter message(out, type);
  message.AddBytes(body);
  message.End();
  return out;
}

std::string StartupBody(uint32_t code, std::string_view rest) {
  std::string body;
  AppendBE<uint32_t>(body, code);
  return body.append(rest);
}

TEST_CASE("messages are found however the bytes arrive") {
  const std::string stream = Message('Q', std::string_view("select 1\0", 9)) + Message('S', "") + Message('X', "");
  for (size_t step = 1; step <= stream.size(); ++step) {
    FrameReader reader;
    std::string types;
    for (size_t at = 0; at < stream.size(); at += step) {
      reader.Feed(std::string_view(stream).substr(at, step));
      while (true) {
        Result<std::optional<Frame>> frame = reader.Next(true);
        REQUIRE(frame.ok());
        if (!frame->has_value()) break;
        types += (*frame)->type;
      }
    }
    CHECK(types == "QSX");
    CHECK(reader.empty());
  }
}

TEST_CASE("impossible lengths and types end the connection") {
  const auto error = [](std::string_view bytes, bool authenticated = true) {
    FrameReader reader;
    reader.Feed(bytes);
    Result<std::optional<Frame>> frame = reader.Next(authenticated);
    return frame.ok() ? "OK" : frame.status().message();
  };
  CHECK(error(std::string_view("Q\0\0\0\3", 5)) == "invalid message length");
  CHECK(error(std::string_view("Q\xff\xff\xff\xff", 5)) == "invalid message length");
  CHECK(error(std::string_view("S\0\1\0\0", 5)) == "invalid message length");
  CHECK(error(std::string_view("Q\0\1\0\0", 5)) == "OK");
  CHECK(error(std::string_view("p\0\2\0\0", 5), false) == "invalid message length");
  CHECK(error("\xfe") == "invalid frontend message type 254");
}

TEST_CASE("startup packets") {
  Result<StartupPacket> packet = ParseStartup(
      StartupBody(196608, std::string_view("user\0ann\0database\0shop\0options\0-c a=b\0search_path\0x\0\0", 53)));
  REQUIRE(packet.ok());
  CHECK(packet->user == "ann");
  CHECK(packet->database == "shop");
  CHECK(packet->options == "-c a=b");
  REQUIRE(packet->settings.size() == 1);
  CHECK(packet->settings[0].first == "search_path");

  CHECK(ParseStartup(StartupBody(80877103, ""))->kind == StartupKind::kSslRequest);
  CHECK(ParseStartup(StartupBody(80877104, ""))->kind == StartupKind::kGssRequest);
  CHECK(ParseStartup(StartupBody(80877102, std::string_view("\0\0\0\1\0\0\0\2", 8)))->cancel_key == 2);
  CHECK(ParseStartup(StartupBody(131072, "")).status().message() ==
        "unsupported frontend protocol 2.0: server supports 3.0 to 3.0");
  CHECK(ParseStartup(StartupBody(196608, std::string_view("database\0x\0\0", 12))).status().message() ==
        "no PostgreSQL user name specified in startup packet");
  CHECK(ParseStartup(StartupBody(196608, std::string_view("user\0x", 6))).status().message() ==
        "invalid startup packet layout: expected terminator as last byte");
  packet = ParseStartup(StartupBody(196610, std::string_view("user\0x\0_pq_.new\0y\0\0", 19)));
  REQUIRE(packet.ok());
  CHECK(packet->database == "x");
  CHECK(packet->minor_version == 2);
  CHECK(packet->unknown_options == std::vector<std::string>{"_pq_.new"});
}

TEST_CASE("command-line options of the startup packet") {
  std::vector<std::pair<std::string, std::string>> settings;
  REQUIRE(ParseCommandLineOptions("-c work_mem=1MB --statement-timeout=5 -cDateStyle=ISO,\\ DMY", &settings).ok());
  REQUIRE(settings.size() == 3);
  CHECK(settings[1] == std::pair<std::string, std::string>("statement_timeout", "5"));
  CHECK(settings[2].second == "ISO, DMY");
  CHECK(!ParseCommandLineOptions("-z", &settings).ok());
}

TEST_CASE("bodies that are too short or too long are refused") {
  CHECK(ParseQuery("select 1").status().message() == "invalid string in message");
  CHECK(ParseQuery(std::string_view("a\0b", 3)).status().message() == "invalid message format");
  CHECK(ParseExecute(std::string_view("\0\0\0", 3)).status().message() == "insufficient data left in message");
  CHECK(ParseDescribe(std::string_view("X\0", 2)).status().message() == "invalid DESCRIBE message subtype 88");
  BindMessage bind;
  CHECK(ParseBind(std::string_view("\0\0\0\2\0\0\0\1\0\1", 10), &bind).message() ==
        "bind message has 2 parameter formats but 1 parameters");
  REQUIRE(ParseBind(std::string_view("p\0s\0\0\1\0\1\0\2\xff\xff\xff\xff\0\0\0\2ab\0\1\0\1", 24), &bind).ok());
  CHECK(bind.portal == "p");
  CHECK(!bind.values[0]);
  CHECK(bind.values[1] == "ab");
  CHECK(bind.result_formats == std::vector<int16_t>{1});
}

TEST_CASE("an error response carries all its fields") {
  Status status = Error(sqlstate::kUndefinedTable, "m").Detail("d").Hint("h").Context("w").Constraint("c");
  status.mutable_error().position = 15;
  std::string out;
  AppendReport(out, "ERROR", status.error());
  using namespace std::string_literals;
  CHECK(out.substr(5) == "SERROR\0VERROR\0C42P01\0Mm\0Dd\0Hh\0P15\0Ww\0nc\0\0"s);
  CHECK(out[0] == 'E');
  out.clear();
  AppendReport(out, "NOTICE", status.error());
  CHECK(out[0] == 'N');
}

}  // namespace
}  // namespace phantom::wire
