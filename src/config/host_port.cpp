#include "config/host_port.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "config/config.h"

namespace ara::config {

std::optional<HostPort> HostPort::parse(std::string_view text) {
  const bool bracket = text.starts_with('[');
  const auto end = bracket ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view host = bracket ? text.substr(1, end - 1) : text.substr(0, end);
  std::string_view rest = text.substr(bracket ? end + 1 : end);
  const bool name = !host.empty() && std::ranges::all_of(host, [bracket](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || (bracket && c == ':');
  });
  if (!name) return std::nullopt;
  HostPort parsed{std::string(host), std::nullopt};
  if (rest.empty()) return parsed;
  const auto port = rest.front() == ':' ? parse_integer(rest.substr(1)) : std::nullopt;
  if (!port || *port < 1 || *port > 65535) return std::nullopt;
  parsed.port = static_cast<std::uint16_t>(*port);
  return parsed;
}

std::vector<std::string> Config::redis_nodes() const {
  std::vector<std::string> nodes;
  for (const HostPort& each : redis_hosts) {
    nodes.push_back(each.host + ":" + std::to_string(each.port.value_or(redis_port)));
  }
  return nodes;
}

std::string Config::own_url() const {
  const std::string reached = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host;
  return ara::format("http://{}:{}", reached.contains(':') ? "[" + reached + "]" : reached, port);
}

std::string Config::store_place() const {
  if (postgres_hosts.empty()) return database_path();
  std::string hosts;
  for (const HostPort& one : postgres_hosts) {
    if (!hosts.empty()) hosts += ",";
    hosts += (one.host.contains(':') ? "[" + one.host + "]" : one.host) + ":" +
             std::to_string(one.port.value_or(postgres_port));
  }
  const std::string password =
      postgres_password.empty() ? "" : ":" + percent_encode(postgres_password);
  return "postgresql://" + percent_encode(postgres_user) + password + "@" + hosts + "/" +
         percent_encode(postgres_database);
}

}  // namespace ara::config
