#include "wire/startup.h"

#include <algorithm>
#include <cctype>

#include "common/bytes.h"

namespace phantom::wire {

namespace {

constexpr uint32_t kCancelCode = 80877102;
constexpr uint32_t kSslCode = 80877103;
constexpr uint32_t kGssCode = 80877104;

// Identifiers are cut to NAMEDATALEN - 1 bytes, as PostgreSQL cuts them.
constexpr size_t kNameBytesMax = 63;

}  // namespace

Result<StartupPacket> ParseStartup(std::string_view body) {
  StartupPacket packet;
  const uint32_t code = LoadBE<uint32_t>(body.data());
  body.remove_prefix(4);
  if (code == kSslCode || code == kGssCode) {
    packet.kind = code == kSslCode ? StartupKind::kSslRequest : StartupKind::kGssRequest;
    return packet;
  }
  if (code == kCancelCode) {
    if (body.size() != 8) {
      return Error(sqlstate::kProtocolViolation, "invalid length of query cancel packet").Fatal();
    }
    packet.kind = StartupKind::kCancel;
    packet.pid = static_cast<int32_t>(LoadBE<uint32_t>(body.data()));
    packet.cancel_key = static_cast<int32_t>(LoadBE<uint32_t>(body.data() + 4));
    return packet;
  }
  if (code >> 16 != 3) {
    return Errorf(sqlstate::kFeatureNotSupported, "unsupported frontend protocol %u.%u: server supports %u.0 to %u.%u",
                  code >> 16, code & 0xffff, 3u, 3u, 0u)
        .Fatal();
  }
  packet.minor_version = static_cast<int32_t>(code & 0xffff);

  while (!body.empty() && body.front() != '\0') {
    const size_t name_end = body.find('\0');
    const size_t value_end = name_end == std::string_view::npos ? name_end : body.find('\0', name_end + 1);
    if (value_end == std::string_view::npos) break;
    const std::string name(body.substr(0, name_end));
    const std::string value(body.substr(name_end + 1, value_end - name_end - 1));
    body.remove_prefix(value_end + 1);
    if (name == "user") {
      packet.user = value;
    } else if (name == "database") {
      packet.database = value;
    } else if (name == "options") {
      packet.options = value;
    } else if (name == "replication") {
      packet.replication = value == "database" || value == "1" || value == "on" || value == "true" || value == "yes";
    } else if (name.starts_with("_pq_.")) {
      packet.unknown_options.push_back(name);
    } else {
      packet.settings.emplace_back(name, value);
    }
  }
  if (body.size() != 1) {
    return Error(sqlstate::kProtocolViolation, "invalid startup packet layout: expected terminator as last byte")
        .Fatal();
  }
  if (packet.user.empty()) {
    return Error(sqlstate::kInvalidAuthorizationSpecification, "no PostgreSQL user name specified in startup packet")
        .Fatal();
  }
  if (packet.database.empty()) packet.database = packet.user;
  if (packet.user.size() > kNameBytesMax) packet.user.resize(kNameBytesMax);
  if (packet.database.size() > kNameBytesMax) packet.database.resize(kNameBytesMax);
  return packet;
}

Status ParseCommandLineOptions(std::string_view text, std::vector<std::pair<std::string, std::string>>* settings) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    if (std::isspace(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    std::string word;
    while (at < text.size() && !std::isspace(static_cast<unsigned char>(text[at]))) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      word += text[at++];
    }
    words.push_back(std::move(word));
  }
  for (size_t i = 0; i < words.size(); ++i) {
    std::string assignment;
    if (words[i] == "-c" && i + 1 < words.size()) {
      assignment = words[++i];
    } else if (words[i].starts_with("-c") && words[i].size() > 2) {
      assignment = words[i].substr(2);
    } else if (words[i].starts_with("--")) {
      assignment = words[i].substr(2);
    } else {
      return Errorf(sqlstate::kSyntaxError, "invalid command-line argument for server process: %s", words[i].c_str())
          .Fatal();
    }
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos) {
      return Errorf(sqlstate::kSyntaxError, "-c %s requires a value", assignment.c_str()).Fatal();
    }
    std::string name = assignment.substr(0, equals);
    std::replace(name.begin(), name.end(), '-', '_');
    settings->emplace_back(std::move(name), assignment.substr(equals + 1));
  }
  return Status::Ok();
}

}  // namespace phantom::wire
