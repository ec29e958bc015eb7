// What a server may be started with, beyond each setting being right by itself.
#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "config/config.h"
#include "config/elsewhere.h"

namespace ara::config {
namespace {

struct Pattern {
  std::string_view text;
  bool prefix;
  Elsewhere kind;
};

// SSL_CERT_FILE and SSL_CERT_DIR are OpenSSL's own and mean outgoing connections: whole names only.
constexpr std::array kPatterns{
    Pattern{"API_SSL_", true, Elsewhere::tls},
    Pattern{"API_TLS_", true, Elsewhere::tls},
    Pattern{"SSL_CERT", false, Elsewhere::tls},
    Pattern{"SSL_CERTFILE", false, Elsewhere::tls},
    Pattern{"SSL_KEY", false, Elsewhere::tls},
    Pattern{"SSL_KEYFILE", false, Elsewhere::tls},
    Pattern{"TLS_CERT", true, Elsewhere::tls},
    Pattern{"TLS_KEY", true, Elsewhere::tls},
    Pattern{"POSTGRES_", true, Elsewhere::unused},
    Pattern{"REDIS_", true, Elsewhere::unused},
    Pattern{"GPU_MEMORY_FRACTION", false, Elsewhere::unused},
    Pattern{"ENABLE_GPU", false, Elsewhere::unused},
};

bool loopback(const std::string& host) {
  in6_addr six{};
  if (inet_pton(AF_INET6, host.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six) != 0;
  in_addr four{};
  return inet_pton(AF_INET, host.c_str(), &four) == 1 && (ntohl(four.s_addr) >> 24) == 127;
}

}  // namespace

std::optional<Elsewhere> known_elsewhere(std::string_view name) {
  if (std::ranges::contains(settings(), name, &SettingRow::name)) return std::nullopt;
  const auto found = std::ranges::find_if(kPatterns, [&](const Pattern& pattern) {
    return pattern.prefix ? name.starts_with(pattern.text) : name == pattern.text;
  });
  if (found == kPatterns.end()) return std::nullopt;
  return found->kind;
}

Result<void> check_serving(const Config& config) {
  if (!config.tls.empty()) {
    return std::unexpected(Error{
        Code::unsupported,
        config.tls.front() + ": ARA itself does not speak TLS, and would not pretend to. Let "
                             "the proxy in front (nginx, an Ingress, a load balancer) end it, "
                             "and unset this",
        config.tls.front(),
        {},
        {}});
  }
  if (config.jwt_secret.empty() && config.environment != "development") {
    return std::unexpected(Error{
        Code::invalid,
        "JWT_SECRET_KEY: needed where ARA_ENV is " + config.environment +
            ", since there the API asks who calls it. Make one with `openssl rand -hex 32`, give "
            "it to every server, and make the first account with `ara admin create-user`",
        "JWT_SECRET_KEY",
        {},
        "32 to 1024 bytes"});
  }
  if (config.jwt_secret.empty() && !loopback(config.host) && !config.allow_public) {
    auto error = invalid("API_HOST", config.host, "a loopback address such as 127.0.0.1").error();
    error.message +=
        ". Without JWT_SECRET_KEY the API is open: anyone who reaches this server may do anything. "
        "Set JWT_SECRET_KEY to ask for accounts or, in a container of your own, ALLOW_PUBLIC=true";
    return std::unexpected(std::move(error));
  }
  if (config.cors && config.cors_origins.empty()) {
    return invalid("CORS_ORIGINS", "",
                   "origins such as https://app.example.com where ENABLE_CORS is on");
  }
  return {};
}

}  // namespace ara::config
