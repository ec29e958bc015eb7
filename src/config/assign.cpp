#include "config/assign.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>

namespace ara::config {
namespace {

constexpr std::size_t kLeastSecret = 32;
constexpr std::size_t kMostSecret = 1024;

std::string home_folder() {
  if (const char* home = std::getenv("HOME"); home && *home) return home;
  const passwd* user = getpwuid(geteuid());
  return user && user->pw_dir ? user->pw_dir : "";
}

/// The pieces between commas, trimmed; none of an empty text.
std::vector<std::string_view> pieces_of(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!trim(text).empty()) {
    const auto comma = std::min(text.find(','), text.size());
    pieces.push_back(trim(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return pieces;
}

/// An origin as browsers send it (RFC 6454, section 6.2): scheme, host and maybe port, no path.
bool is_origin(std::string_view text) {
  const auto mark = text.find("://");
  const std::string_view scheme = text.substr(0, mark);
  if (mark == std::string_view::npos || (scheme != "http" && scheme != "https")) return false;
  const std::string_view host = text.substr(mark + 3);
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view(".-:[]").find(c) != std::string_view::npos;
  });
}

}  // namespace

bool is_database_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_$-.@").contains(c);
  });
}

std::optional<std::vector<HostPort>> hosts_of(std::string_view text) {
  std::vector<HostPort> hosts;
  for (const std::string_view piece : pieces_of(text)) {
    auto host = HostPort::parse(piece);
    if (!host) return std::nullopt;
    hosts.push_back(std::move(*host));
  }
  return hosts;
}

std::string default_home(const Limits&, const Config&) {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data && *data == '/') return std::string(data) + "/ara";  // the XDG rule: absolute or ignored
  const std::string home = home_folder();
  return home.empty() ? "" : home + "/.local/share/ara";
}

bool assign_home(std::string_view text, Config& config) {
  if (text.empty() || text.contains('\0')) return false;
  // Files have no shell to expand the tilde for them.
  const bool tilde = text == "~" || text.starts_with("~/");
  config.home = tilde ? home_folder() + std::string(text.substr(1)) : std::string(text);
  return !config.home.empty();
}

bool assign_host(std::string_view text, Config& config) {
  const std::string host = text == "localhost" ? "127.0.0.1" : std::string(text);
  std::array<unsigned char, sizeof(in6_addr)> address;
  if (inet_pton(AF_INET, host.c_str(), address.data()) != 1 &&
      inet_pton(AF_INET6, host.c_str(), address.data()) != 1) {
    return false;
  }
  config.host = host;
  return true;
}

bool assign_secret(std::string_view text, Config& config) {
  if (!text.empty() && (text.size() < kLeastSecret || text.size() > kMostSecret)) return false;
  config.jwt_secret = text;
  return true;
}

bool assign_previous_secrets(std::string_view text, Config& config) {
  config.jwt_previous_secrets.clear();
  for (const std::string_view secret : pieces_of(text)) {
    if (secret.size() < kLeastSecret || secret.size() > kMostSecret) return false;
    config.jwt_previous_secrets.emplace_back(secret);
  }
  return true;
}

bool assign_tiers(std::string_view text, Config& config) {
  auto tiers = accounts::Tiers::parse(text);
  if (tiers) config.tiers = std::move(*tiers);
  return tiers.has_value();
}

bool assign_origins(std::string_view text, Config& config) {
  config.cors_origins.clear();
  for (const std::string_view origin : pieces_of(text)) {
    if (!is_origin(origin) && trim(text) != "*") return false;
    config.cors_origins.emplace_back(origin);
  }
  return true;
}

bool assign_proxies(std::string_view text, Config& config) {
  config.trusted_proxies.clear();
  for (const std::string_view piece : pieces_of(text)) {
    const auto range = IpRange::parse(piece);
    if (!range) return false;
    config.trusted_proxies.push_back(*range);
  }
  return true;
}

/// As OpenTelemetry reads OTEL_EXPORTER_OTLP_ENDPOINT: where only a server is named, traces go to
/// the path that the protocol gives them.
bool assign_otlp_endpoint(std::string_view text, Config& config) {
  config.otlp_endpoint.clear();
  if (text.empty()) return true;
  const bool https = text.starts_with("https://");
  if (!https && !text.starts_with("http://")) return false;
  const auto fits = [](char c) {
    return c > ' ' && c < 0x7F && !std::string_view("@#?\"<>").contains(c);
  };
  const std::string_view rest = text.substr(https ? 8 : 7);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  if (text.size() > 1024 || slash == 0 || !std::ranges::all_of(text, fits)) return false;
  config.otlp_endpoint = text;
  if (slash == rest.size()) config.otlp_endpoint += '/';
  if (config.otlp_endpoint.ends_with('/') && slash + 1 >= rest.size()) {
    config.otlp_endpoint += "v1/traces";
  }
  return true;
}

/// A whole number of cores' worth; an event loop for a part of a core too, a worker only for whole
/// ones.
std::string default_loops(const Limits& limits, const Config&) {
  return std::to_string(static_cast<int>(std::clamp(std::ceil(limits.cores), 1.0, 64.0)));
}
std::string default_workers(const Limits& limits, const Config&) {
  return std::to_string(static_cast<int>(std::clamp(std::floor(limits.cores), 1.0, 256.0)));
}
/// A sixteenth of the memory, at most 64 MB: the default must never be what ends a small container.
std::string default_cache(const Limits& limits, const Config&) {
  const std::uint64_t sixteenth = (limits.memory_bytes >> 20) / 16;
  return std::to_string(limits.memory_bytes == 0 ? 64
                                                 : std::clamp<std::uint64_t>(sixteenth, 1, 64));
}
std::string default_docs(const Limits&, const Config& earlier) {
  return earlier.environment == "production" ? "false" : "true";
}

}  // namespace ara::config
