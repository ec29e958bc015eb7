#include <libpq-fe.h>

#include "base/format.h"
#include "storage/postgres_connection.h"

namespace ara::storage {
namespace {

/// "it's" -> "'it\'s'", as libpq's connection strings quote.
std::string quoted_value(std::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const auto comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

// A peer that has vanished without a word is noticed within these.
constexpr std::string_view kNetworkLimits =
    " tcp_user_timeout='3000' keepalives_idle='2' keepalives_interval='1' keepalives_count='3'"
    " application_name='ara' client_encoding='UTF8'";

}  // namespace

std::string first_line(std::string_view text) {
  std::string line(text.substr(0, text.find('\n')));
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

Result<PgPlace> PgPlace::parse(const std::string& uri) {
  char* why = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(uri.c_str(), &why), &PQconninfoFree);
  if (!options) {
    const std::string reason = why == nullptr ? "it cannot be parsed" : first_line(why);
    PQfreemem(why);
    return fail(Code::invalid, "store: the PostgreSQL address is not valid: " + reason);
  }
  PgPlace place;
  std::string rest;
  std::vector<std::string> hosts{"localhost"};
  std::vector<std::string> ports{"5432"};
  for (const PQconninfoOption* one = options.get(); one->keyword != nullptr; ++one) {
    if (one->val == nullptr) continue;
    const std::string_view name = one->keyword;
    if (name == "host") {
      hosts = split_list(one->val);
    } else if (name == "port") {
      ports = split_list(one->val);
    } else {
      if (name == "dbname") place.database = one->val;
      rest += ara::format(" {}={}", name, quoted_value(one->val));
    }
  }
  if (ports.size() != 1 && ports.size() != hosts.size()) {
    return fail(Code::invalid, "store: the PostgreSQL address has more ports than hosts");
  }
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const std::string& port = ports[ports.size() == 1 ? 0 : i];
    place.hosts.push_back(ara::format("host={} port={}{}{}", quoted_value(hosts[i]),
                                      quoted_value(port), kNetworkLimits, rest));
    place.servers.push_back(ara::format("{}:{}", hosts[i], port));
    place.shown += (i == 0 ? "" : ",") + place.servers.back();
  }
  return place;
}

}  // namespace ara::storage
