// server/tls.h
//
// The server's certificate and key, as parameters name them.
#pragma once
#include <memory>
#include <string>

#include "common/status.h"

namespace boost::asio::ssl {
class context;
}
namespace phantom::session {
class ServerSettings;
}

namespace phantom::server {

class TlsContext {
 public:
  // Loads what ssl_cert_file, ssl_key_file and the other ssl_* parameters name; relative names are in `directory`.
  // F0000 with OpenSSL's reason.
  static Result<std::unique_ptr<TlsContext>> Load(const session::ServerSettings& settings,
                                                  const std::string& directory);
  ~TlsContext();

  boost::asio::ssl::context& context() { return *context_; }
  // For channel binding tls-server-end-point (RFC 5929).
  const std::string& certificate_hash() const { return certificate_hash_; }

 private:
  TlsContext();
  std::unique_ptr<boost::asio::ssl::context> context_;
  std::string certificate_hash_;
};

}  // namespace phantom::server
