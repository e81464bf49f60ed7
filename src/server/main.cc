// The server's program: flags, settings, data directory, listening.
#include <cstdio>
#include <memory>
#include <string>

#include "common/log.h"
#include "io/posix_env.h"
#include "server/options.h"
#include "server/server.h"
#include "session/instance.h"
#include "session/settings.h"

namespace phantom::server {

namespace {

int Fail(const Status& status) {
  Log(LogLevel::kFatal, "%s", status.message().c_str());
  const ErrorFields& fields = status.error();
  if (!fields.detail.empty()) Log(LogLevel::kLog, "DETAIL:  %s", fields.detail.c_str());
  if (!fields.hint.empty()) Log(LogLevel::kLog, "HINT:  %s", fields.hint.c_str());
  if (!fields.context.empty()) Log(LogLevel::kLog, "CONTEXT:  %s", fields.context.c_str());
  return 1;
}

Result<std::string> ReadWholeFile(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr)
    return Errorf(sqlstate::kConfigFileError, "could not open configuration file \"%s\"", path.c_str());
  std::string text;
  char buffer[4096];
  size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof(buffer), file)) > 0) text.append(buffer, count);
  std::fclose(file);
  return text;
}

Status ApplyOptions(const Options& options, session::ServerSettings* settings) {
  if (!options.config.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(options.config));
    RETURN_IF_ERROR(settings->LoadFileText(text, options.config));
    settings->SetInternal("config_file", options.config);
  }
  const auto set = [settings](std::string_view name, std::string_view value) {
    return settings->Set(name, value, session::SettingSource::kCommandLine);
  };
  for (const auto& [name, value] : options.settings) RETURN_IF_ERROR(set(name, value));
  if (!options.host.empty()) RETURN_IF_ERROR(set("listen_addresses", options.host));
  if (options.port > 0) RETURN_IF_ERROR(set("port", std::to_string(options.port)));
  if (!options.ssl_cert.empty()) {
    RETURN_IF_ERROR(set("ssl", "on"));
    RETURN_IF_ERROR(set("ssl_cert_file", options.ssl_cert));
    RETURN_IF_ERROR(set("ssl_key_file", options.ssl_key));
  }
  settings->SetInternal("data_directory", options.data);
  return Status::Ok();
}

std::vector<std::string> SplitAddresses(const std::string& list) {
  std::vector<std::string> addresses;
  size_t at = 0;
  while (at < list.size()) {
    size_t end = list.find(',', at);
    if (end == std::string::npos) end = list.size();
    size_t first = list.find_first_not_of(" \t", at);
    size_t last = list.find_last_not_of(" \t", end - 1);
    if (first < end) addresses.push_back(list.substr(first, last - first + 1));
    at = end + 1;
  }
  return addresses;
}

Status Start(const Options& options) {
  auto settings = std::make_unique<session::ServerSettings>();
  RETURN_IF_ERROR(ApplyOptions(options, settings.get()));
  Log(LogLevel::kLog, "starting PhantomDB 0.1.0");
  const std::unique_ptr<io::Env> env = io::MakePosixEnv();
  ASSIGN_OR_RETURN(const std::unique_ptr<session::Instance> instance,
                   session::Instance::Open(*env, options.data, std::move(settings)));
  ListenOptions listen;
  listen.addresses = SplitAddresses(instance->settings().GetString("listen_addresses"));
  listen.port = options.port == 0 ? 0 : static_cast<uint16_t>(instance->settings().GetInteger("port"));
  listen.authentication = options.authentication == "scram-sha-256" ? Authentication::kScram : Authentication::kTrust;
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Create(*instance, listen));
    server->Run();
  }
  Log(LogLevel::kLog, "shutting down");
  return instance->Close();
}

Status Check(const Options& options) {
  const std::unique_ptr<io::Env> env = io::MakePosixEnv();
  ASSIGN_OR_RETURN(const int64_t faults, session::Instance::Check(*env, options.data, [](const std::string& line) {
                     std::printf("%s\n", line.c_str());
                   }));
  if (faults > 0) {
    return Errorf(sqlstate::kDataCorrupted, "%lld faults found in data directory \"%s\"",
                  static_cast<long long>(faults), options.data.c_str());
  }
  std::printf("no faults found\n");
  return Status::Ok();
}

int Main(int argc, char** argv) {
  int exit_code = 0;
  const std::optional<Options> options = ParseOptions(argc, argv, &exit_code);
  if (!options.has_value()) return exit_code;
  const Status status = options->command == Options::Command::kCheck ? Check(*options) : Start(*options);
  if (!status.ok()) return Fail(status);
  if (options->command == Options::Command::kStart) Log(LogLevel::kLog, "database system is shut down");
  return 0;
}

}  // namespace

}  // namespace phantom::server

int main(int argc, char** argv) { return phantom::server::Main(argc, argv); }
