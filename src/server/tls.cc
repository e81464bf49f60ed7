#include "server/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/ssl/context.hpp>

#include "session/settings.h"

namespace phantom::server {

namespace {

std::string OpenSslReason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  char text[256];
  ERR_error_string_n(code, text, sizeof(text));
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : text;
}

int ProtocolVersion(const std::string& name) {
  if (name == "TLSv1") return TLS1_VERSION;
  if (name == "TLSv1.1") return TLS1_1_VERSION;
  if (name == "TLSv1.2") return TLS1_2_VERSION;
  if (name == "TLSv1.3") return TLS1_3_VERSION;
  return 0;
}

// The hash of the certificate by its signature's own digest, or SHA-256 where that is MD5 or SHA-1 (RFC 5929,
// section 4.1).
std::string HashCertificate(X509* certificate) {
  int digest_id = NID_undef;
  const EVP_MD* digest = EVP_sha256();
  if (X509_get_signature_info(certificate, &digest_id, nullptr, nullptr, nullptr) == 1 && digest_id != NID_undef &&
      digest_id != NID_md5 && digest_id != NID_sha1) {
    if (const EVP_MD* own = EVP_get_digestbynid(digest_id); own != nullptr) digest = own;
  }
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (X509_digest(certificate, digest, hash, &length) != 1) return {};
  return {reinterpret_cast<const char*>(hash), length};
}

}  // namespace

TlsContext::TlsContext() = default;
TlsContext::~TlsContext() = default;

Result<std::unique_ptr<TlsContext>> TlsContext::Load(const session::ServerSettings& settings,
                                                     const std::string& directory) {
  const auto path = [&](const char* setting) {
    const std::string name = settings.GetString(setting);
    return name.starts_with('/') || name.empty() ? name : directory + "/" + name;
  };
  const auto error = [](const std::string& what) {
    return Error(sqlstate::kConfigFileError, what + ": " + OpenSslReason());
  };
  std::unique_ptr<TlsContext> tls(new TlsContext());
  tls->context_ = std::make_unique<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
  SSL_CTX* const context = tls->context_->native_handle();
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  const std::string certificate = path("ssl_cert_file");
  const std::string key = path("ssl_key_file");
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return error("could not load server certificate file \"" + certificate + "\"");
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return error("could not load private key file \"" + key + "\"");
  }
  if (SSL_CTX_check_private_key(context) != 1) return error("check of private key failed");
  if (const int least = ProtocolVersion(settings.GetString("ssl_min_protocol_version")); least != 0) {
    SSL_CTX_set_min_proto_version(context, least);
  }
  if (const int most = ProtocolVersion(settings.GetString("ssl_max_protocol_version")); most != 0) {
    SSL_CTX_set_max_proto_version(context, most);
  }
  if (SSL_CTX_set_cipher_list(context, settings.GetString("ssl_ciphers").c_str()) != 1) {
    return error("could not set the cipher list (no valid ciphers available)");
  }
  tls->certificate_hash_ = HashCertificate(SSL_CTX_get0_certificate(context));
  return tls;
}

}  // namespace phantom::server
