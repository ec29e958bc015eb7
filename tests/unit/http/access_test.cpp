#include "http/access.h"

#include <gtest/gtest.h>

#include <set>

#include "http/routes.h"

namespace ara::http {
namespace {

std::string client(std::string_view peer, std::string_view forwarded_for) {
  const std::vector trusted{IpRange::parse("10.0.0.0/8").value(), IpRange::parse("::1").value()};
  return client_address(peer, forwarded_for, trusted);
}

TEST(ClientAddress, IsThatOfTheConnectionUnlessItIsAProxys) {
  EXPECT_EQ(client("203.0.113.9", ""), "203.0.113.9");
  EXPECT_EQ(client("203.0.113.9", "198.51.100.1"), "203.0.113.9");
  EXPECT_EQ(client("10.0.0.1", ""), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", "198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(client("::1", "2001:db8::5"), "2001:db8::5");
}

TEST(ClientAddress, ClientsCannotMakeOneUp) {
  // What a client sends itself stands left of what the proxy adds.
  EXPECT_EQ(client("10.0.0.1", "1.1.1.1, 198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(client("10.0.0.1", "10.9.9.9, 198.51.100.1 , 10.0.0.2"), "198.51.100.1");
  EXPECT_EQ(client("10.0.0.1", "1.1.1.1, nonsense, 10.0.0.2"), "10.0.0.2");
  EXPECT_EQ(client("10.0.0.1", "nonsense"), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", ",,,"), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", "10.0.0.2, 10.0.0.3"), "10.0.0.2");
}

TEST(RouteAccess, OnlyTheseAreOpen) {
  std::set<std::string_view> open;
  for (const Route& route : routes()) {
    if (route.access == Access::open) open.insert(route.path);
  }
  EXPECT_EQ(open,
            (std::set<std::string_view>{"/", "/health", "/health/live", "/health/ready", "/metrics",
                                        "/openapi.json", "/docs", "/static/{file}",
                                        "/api/v1/market/sentiment", "/api/v1/auth/login"}));
}

TEST(RouteAccess, ReadersChangeNothing) {
  for (const Route& route : routes()) {
    if (route.access != Access::readonly || route.method == Method::get) continue;
    EXPECT_TRUE(route.path.starts_with("/api/v1/predict") ||
                route.path.starts_with("/api/v1/sentiment"))
        << route.path;
  }
}

}  // namespace
}  // namespace ara::http
