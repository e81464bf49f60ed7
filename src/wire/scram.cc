#include "wire/scram.h"

#include <algorithm>

namespace phantom::wire {

namespace {

constexpr size_t kNonceBytes = 18;

Status Malformed(std::string detail) {
  return Error(sqlstate::kProtocolViolation, "malformed SCRAM message").Detail(std::move(detail)).Fatal();
}

std::string Printable(char c) {
  return c >= 0x21 && c <= 0x7e ? std::string(1, c) : Format("0x%02x", static_cast<unsigned char>(c));
}

// Takes "x=value" up to a comma or the end off the front of the message.
Result<std::string_view> TakeAttribute(std::string_view* message, char attribute) {
  if (message->empty()) return Malformed("Attribute expected, but found end of string.");
  if (message->front() != attribute) {
    return Malformed(
        Format("Expected attribute \"%c\" but found \"%s\".", attribute, Printable(message->front()).c_str()));
  }
  message->remove_prefix(1);
  if (!message->starts_with('=')) {
    return Malformed(Format("Expected character \"=\" for attribute \"%c\".", attribute));
  }
  message->remove_prefix(1);
  const size_t comma = message->find(',');
  const std::string_view value = message->substr(0, comma);
  message->remove_prefix(comma == std::string_view::npos ? message->size() : comma + 1);
  return value;
}

bool IsPrintableNonce(std::string_view nonce) {
  return !nonce.empty() &&
         std::all_of(nonce.begin(), nonce.end(), [](char c) { return c >= 0x21 && c <= 0x7e && c != ','; });
}

}  // namespace

std::string ScramExchange::MakeNonce() { return Base64Encode(RandomBytes(kNonceBytes)); }

ScramExchange::ScramExchange(std::string_view user, std::optional<ScramSecret> secret, std::string certificate_hash,
                             std::string server_nonce)
    : user_(user),
      doomed_(!secret.has_value()),
      certificate_hash_(std::move(certificate_hash)),
      server_nonce_(std::move(server_nonce)) {
  if (secret.has_value()) {
    secret_ = std::move(*secret);
  } else {
    secret_.salt = RandomBytes(ScramSecret::kSaltBytes);
  }
}

Result<std::string> ScramExchange::First(std::string_view mechanism, std::string_view client_first) {
  if (mechanism == kScramSha256Plus && !certificate_hash_.empty()) {
    channel_binding_ = true;
  } else if (mechanism != kScramSha256) {
    return Error(sqlstate::kProtocolViolation, "client selected an invalid SASL authentication mechanism").Fatal();
  }
  if (client_first.empty()) return Malformed("The message is empty.");
  std::string_view message = client_first;
  binding_flag_ = message.front();
  switch (binding_flag_) {
    case 'n':
    case 'y':
      if (channel_binding_) {
        return Malformed(
            "The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data.");
      }
      if (binding_flag_ == 'y' && !certificate_hash_.empty()) {
        return Error(sqlstate::kInvalidAuthorizationSpecification, "SCRAM channel binding negotiation error")
            .Detail(
                "The client supports SCRAM channel binding but thinks the server does not.  However, this server does "
                "support channel binding.")
            .Fatal();
      }
      message.remove_prefix(1);
      break;
    case 'p': {
      if (!channel_binding_) {
        return Malformed(
            "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel "
            "binding data.");
      }
      const size_t comma = message.find(',');
      const std::string_view flag = message.substr(0, comma);
      if (flag != "p=tls-server-end-point") {
        const std::string name(flag.starts_with("p=") ? flag.substr(2) : flag);
        return Errorf(sqlstate::kProtocolViolation, "unsupported SCRAM channel-binding type \"%s\"", name.c_str())
            .Fatal();
      }
      message.remove_prefix(flag.size());
      break;
    }
    default:
      return Malformed(Format("Unexpected channel-binding flag \"%s\".", Printable(binding_flag_).c_str()));
  }
  if (!message.starts_with(',')) {
    return Malformed(message.empty()
                         ? "Attribute expected, but found end of string."
                         : Format("Comma expected, but found character \"%s\".", Printable(message.front()).c_str()));
  }
  message.remove_prefix(1);
  if (message.starts_with('a')) {
    return Error(sqlstate::kFeatureNotSupported, "client uses authorization identity, but it is not supported").Fatal();
  }
  if (!message.starts_with(',')) {
    return Malformed(Format("Unexpected attribute \"%s\" in client-first-message.",
                            message.empty() ? "" : Printable(message.front()).c_str()));
  }
  message.remove_prefix(1);
  client_first_bare_ = message;
  if (message.starts_with('m')) {
    return Error(sqlstate::kFeatureNotSupported, "client requires an unsupported SCRAM extension").Fatal();
  }
  // The name in the message is ignored: the startup packet named the user.
  ASSIGN_OR_RETURN(const std::string_view name, TakeAttribute(&message, 'n'));
  static_cast<void>(name);
  ASSIGN_OR_RETURN(const std::string_view client_nonce, TakeAttribute(&message, 'r'));
  if (!IsPrintableNonce(client_nonce)) {
    return Error(sqlstate::kProtocolViolation, "non-printable characters in SCRAM nonce").Fatal();
  }
  nonce_ = std::string(client_nonce) + server_nonce_;
  server_first_ = "r=" + nonce_ + ",s=" + Base64Encode(secret_.salt) + ",i=" + std::to_string(secret_.iterations);
  return server_first_;
}

Result<std::string> ScramExchange::Final(std::string_view client_final) {
  if (client_final.empty()) return Malformed("The message is empty.");
  std::string_view message = client_final;
  ASSIGN_OR_RETURN(const std::string_view binding, TakeAttribute(&message, 'c'));
  const std::string header = channel_binding_ ? "p=tls-server-end-point,," : std::string(1, binding_flag_) + ",,";
  if (binding != Base64Encode(channel_binding_ ? header + certificate_hash_ : header)) {
    return channel_binding_
               ? Error(sqlstate::kInvalidAuthorizationSpecification, "SCRAM channel binding check failed").Fatal()
               : Error(sqlstate::kProtocolViolation,
                       "unexpected SCRAM channel-binding attribute in client-final-message")
                     .Fatal();
  }
  ASSIGN_OR_RETURN(const std::string_view nonce, TakeAttribute(&message, 'r'));
  if (nonce != nonce_) {
    return Error(sqlstate::kProtocolViolation, "invalid SCRAM response").Detail("Nonce does not match.").Fatal();
  }
  // Extensions may stand before the proof.
  size_t proof_at = client_final.size() - message.size();
  while (!message.empty() && message.front() != 'p') {
    const size_t comma = message.find(',');
    message.remove_prefix(comma == std::string_view::npos ? message.size() : comma + 1);
    proof_at = client_final.size() - message.size();
  }
  ASSIGN_OR_RETURN(const std::string_view proof_text, TakeAttribute(&message, 'p'));
  if (!message.empty()) return Malformed("Garbage found at the end of client-final-message.");
  const std::optional<std::string> proof = Base64Decode(proof_text);
  if (!proof.has_value() || proof->size() != secret_.stored_key.size()) {
    return Malformed("Malformed proof in client-final-message.");
  }

  const std::string auth_message =
      client_first_bare_ + "," + server_first_ + "," + std::string(client_final.substr(0, proof_at - 1));
  std::string client_key(*proof);
  const Sha256Digest signature = HmacSha256(AsText(secret_.stored_key), auth_message);
  for (size_t i = 0; i < signature.size(); ++i) client_key[i] = static_cast<char>(client_key[i] ^ signature[i]);
  if (!EqualInConstantTime(AsText(Sha256(client_key)), AsText(secret_.stored_key)) || doomed_) {
    return Errorf(sqlstate::kInvalidPassword, "password authentication failed for user \"%s\"", user_.c_str()).Fatal();
  }
  return "v=" + Base64Encode(AsText(HmacSha256(AsText(secret_.server_key), auth_message)));
}

}  // namespace phantom::wire
