#include "server/options.h"

#include <CLI/CLI.hpp>

namespace phantom::server {

std::optional<Options> ParseOptions(int argc, char** argv, int* exit_code) {
  Options options;
  std::vector<std::string> assignments;
  CLI::App app("PhantomDB, a database server that speaks PostgreSQL 15", "phantomdb");
  app.set_version_flag("--version,-V", std::string("phantomdb (PhantomDB) 0.1.0, compatible with PostgreSQL 15"));
  app.require_subcommand(1);

  CLI::App* const start =
      app.add_subcommand("start", "Run the server; a missing or empty data directory is initialised");
  start->add_option("--data,-D", options.data, "Data directory")->required();
  start->add_option("--host", options.host,
                    "Addresses to listen on, separated by commas; '*' is all (default localhost)");
  start->add_option("--port,-p", options.port, "Port (default 5432)")->check(CLI::Range(0, 65535));
  start
      ->add_option("--auth", options.authentication,
                   "How loopback clients show who they are (default trust); all others use scram-sha-256")
      ->check(CLI::IsMember({"trust", "scram-sha-256"}));
  start->add_option("--config", options.config, "Configuration file in the form of postgresql.conf");
  start->add_option("--set,-c", assignments, "Run-time parameter, name=value; may be repeated")->take_all();
  start->add_option("--ssl-cert", options.ssl_cert, "Certificate file; turns TLS on");
  start->add_option("--ssl-key", options.ssl_key, "Private key file of the certificate");

  CLI::App* const check = app.add_subcommand("check", "Verify a data directory that no server is using");
  check->add_option("--data,-D", options.data, "Data directory")->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    *exit_code = app.exit(error);
    return std::nullopt;
  }
  if (check->parsed()) options.command = Options::Command::kCheck;
  for (const std::string& assignment : assignments) {
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::fprintf(stderr, "phantomdb: --set wants name=value, not \"%s\"\n", assignment.c_str());
      *exit_code = 1;
      return std::nullopt;
    }
    options.settings.emplace_back(assignment.substr(0, equals), assignment.substr(equals + 1));
  }
  if (options.ssl_cert.empty() != options.ssl_key.empty()) {
    std::fprintf(stderr, "phantomdb: --ssl-cert and --ssl-key belong together\n");
    *exit_code = 1;
    return std::nullopt;
  }
  return options;
}

}  // namespace phantom::server
