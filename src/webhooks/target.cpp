#include "webhooks/target.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/text.h"

namespace ara::webhooks {
namespace {

constexpr std::size_t kMaxUrl = 2048;

/// A block of addresses by its first `bits` bits.
struct Block4 {
  std::uint32_t first;
  int bits;
  std::string_view kind;
};

constexpr std::uint32_t four(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

/// The IANA special-purpose registry for IPv4 (RFC 6890), multicast and the reserved rest.
constexpr std::array kBlocks4{
    Block4{four(0, 0, 0, 0), 8, "unspecified"},
    Block4{four(10, 0, 0, 0), 8, "private"},
    Block4{four(100, 64, 0, 0), 10, "shared with carriers (RFC 6598)"},
    Block4{four(127, 0, 0, 0), 8, "loopback"},
    Block4{four(169, 254, 0, 0), 16, "link-local"},
    Block4{four(172, 16, 0, 0), 12, "private"},
    Block4{four(192, 0, 0, 0), 24, "reserved"},
    Block4{four(192, 0, 2, 0), 24, "for documentation"},
    Block4{four(192, 88, 99, 0), 24, "a 6to4 relay"},
    Block4{four(192, 168, 0, 0), 16, "private"},
    Block4{four(198, 18, 0, 0), 15, "for benchmarks"},
    Block4{four(198, 51, 100, 0), 24, "for documentation"},
    Block4{four(203, 0, 113, 0), 24, "for documentation"},
    Block4{four(224, 0, 0, 0), 4, "multicast"},
    Block4{four(240, 0, 0, 0), 4, "reserved"},
};

struct Block6 {
  std::array<std::uint8_t, 12> first;
  int bits;
  std::string_view kind;
};

/// Within 2000::/3, which alone holds public addresses, those that are not.
constexpr std::array kBlocks6{
    Block6{{0x20, 0x01, 0x00, 0x00}, 32, "a Teredo tunnel"},
    Block6{{0x20, 0x01, 0x00, 0x00}, 23, "reserved"},
    Block6{{0x20, 0x01, 0x0d, 0xb8}, 32, "for documentation"},
    Block6{{0x20, 0x02}, 16, "a 6to4 tunnel"},
    Block6{{0x3f, 0xff}, 20, "for documentation"},
};

std::optional<std::string_view> kind_of(const in_addr& address) {
  const std::uint32_t number = ntohl(address.s_addr);
  for (const Block4& block : kBlocks4) {
    if ((number ^ block.first) >> (32 - block.bits) == 0) return block.kind;
  }
  return std::nullopt;
}

bool within(const in6_addr& address, const Block6& block) {
  for (int bit = 0; bit < block.bits; bit += 8) {
    const auto at = static_cast<std::size_t>(bit / 8);
    const int left = block.bits - bit;
    const int mask = left >= 8 ? 0xff : 0xff << (8 - left) & 0xff;
    if (((address.s6_addr[at] ^ block.first[at]) & mask) != 0) return false;
  }
  return true;
}

std::optional<std::string_view> kind_of(const in6_addr& address) {
  if (IN6_IS_ADDR_UNSPECIFIED(&address)) return "unspecified";
  if (IN6_IS_ADDR_LOOPBACK(&address)) return "loopback";
  if (IN6_IS_ADDR_LINKLOCAL(&address)) return "link-local";
  if (IN6_IS_ADDR_MULTICAST(&address)) return "multicast";
  if (IN6_IS_ADDR_V4MAPPED(&address)) return "IPv4 within IPv6";
  if ((address.s6_addr[0] & 0xfe) == 0xfc) return "private";
  // The NAT64 prefixes (RFC 6052, RFC 8215) and all else outside of global unicast.
  if ((address.s6_addr[0] & 0xe0) != 0x20) return "not of the public Internet";
  for (const Block6& block : kBlocks6) {
    if (within(address, block)) return block.kind;
  }
  return std::nullopt;
}

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

/// One part of a URL; empty where it has none.
std::string part(const Url& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool any_of(std::string_view word, std::initializer_list<std::string_view> words) {
  for (const std::string_view one : words) {
    if (word == one) return true;
  }
  return false;
}

/// What is wrong with the host of a URL; empty if nothing is known to be.
std::string wrong_host(std::string host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  host = host.substr(0, host.find('%'));  // a zone
  in6_addr six{};
  in_addr four{};
  std::optional<std::string_view> kind;
  if (inet_pton(AF_INET6, host.c_str(), &six) == 1) {
    kind = kind_of(six);
  } else if (inet_pton(AF_INET, host.c_str(), &four) == 1) {
    kind = kind_of(four);
  } else {
    std::string name = to_lower(host);
    while (name.ends_with('.')) name.pop_back();
    const bool local = any_of(name, {"localhost", "local", "internal"}) ||
                       name.ends_with(".localhost") || name.ends_with(".local") ||
                       name.ends_with(".internal") || name.find('.') == std::string::npos;
    return local ? "the name '" + name + "' is not of the public Internet" : "";
  }
  return kind ? "its address is " + std::string(*kind) : "";
}

}  // namespace

std::optional<std::string_view> not_public(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    return kind_of(reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  }
  if (address.sa_family == AF_INET6) {
    return kind_of(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
  }
  return "of another kind";
}

Result<void> check_url(std::string_view text, const Policy& policy) {
  const bool http = policy.allow_http || policy.allow_private;
  const auto wrong = [&](std::string_view why) -> Result<void> {
    auto error = invalid("url", text,
                         http ? "a URL of http or https that leads to the public Internet"
                              : "a URL of https that leads to the public Internet");
    error.error().message.append(" (").append(why).append(")");
    return error;
  };
  if (text.empty() || text.size() > kMaxUrl) return wrong("1 to 2048 characters");
  for (const char c : text) {
    if (c <= ' ' || c > '~') return wrong("a space or a character that is not ASCII");
  }
  const Url url(curl_url());
  // Only what is written out: "//", missing schemes and the like are not guessed at.
  if (!url || curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK) {
    return wrong("it cannot be read");
  }
  const std::string scheme = part(url, CURLUPART_SCHEME);
  if (scheme != "https" && !(http && scheme == "http")) return wrong("the scheme " + scheme);
  if (!part(url, CURLUPART_USER).empty() || !part(url, CURLUPART_PASSWORD).empty()) {
    return wrong("a user name or password");
  }
  if (!part(url, CURLUPART_FRAGMENT).empty()) return wrong("a fragment");
  const std::string host = part(url, CURLUPART_HOST);
  if (host.empty()) return wrong("no host");
  if (policy.allow_private) return {};
  const std::string port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!any_of(port, {"80", "443", "8080", "8443"})) {
    return wrong("port " + port + "; 80, 443, 8080 and 8443 are allowed");
  }
  if (const std::string why = wrong_host(host); !why.empty()) return wrong(why);
  return {};
}

}  // namespace ara::webhooks
