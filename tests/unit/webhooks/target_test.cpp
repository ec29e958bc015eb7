#include "webhooks/target.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <initializer_list>

namespace ara::webhooks {
namespace {

bool is_public(const char* text) {
  sockaddr_in four{};
  if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    return !not_public(reinterpret_cast<const sockaddr&>(four));
  }
  sockaddr_in6 six{};
  EXPECT_EQ(inet_pton(AF_INET6, text, &six.sin6_addr), 1) << text;
  six.sin6_family = AF_INET6;
  return !not_public(reinterpret_cast<const sockaddr&>(six));
}

TEST(Target, AddressesThatAreNotPublic) {
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.1",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.127.255.254",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.1",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.1.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.7",
                           "203.0.113.9",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::7f00:1",
                           "::ffff:127.0.0.1",
                           "::ffff:8.8.8.8",
                           "64:ff9b::a00:1",
                           "64:ff9b::808:808",
                           "64:ff9b:1::1",
                           "100::1",
                           "2001::1",
                           "2001:1::1",
                           "2001:db8::1",
                           "2002:7f00:1::",
                           "3fff::1",
                           "fc00::1",
                           "fd12:3456::1",
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "ff02::1",
                           "5f00::1"}) {
    EXPECT_FALSE(is_public(text)) << text;
  }
}

TEST(Target, AddressesThatArePublic) {
  for (const char* text : {"1.1.1.1",         "8.8.8.8",         "9.255.255.255",
                           "11.0.0.1",        "100.63.255.255",  "100.128.0.1",
                           "126.255.255.255", "128.0.0.1",       "169.253.255.255",
                           "172.15.255.255",  "172.32.0.1",      "192.0.1.1",
                           "192.167.255.255", "192.169.0.1",     "198.17.255.255",
                           "198.20.0.1",      "223.255.255.255", "2001:4860:4860::8888",
                           "2606:4700::1111", "2a00:1450::1"}) {
    EXPECT_TRUE(is_public(text)) << text;
  }
}

TEST(Target, AnotherFamilyIsNotPublic) {
  sockaddr local{};
  local.sa_family = AF_UNIX;
  EXPECT_TRUE(not_public(local));
}

TEST(Target, UrlsThatAreAllowed) {
  for (const char* url :
       {"https://example.com/", "https://example.com:8443/a?b=c", "https://8.8.8.8/x",
        "https://[2606:4700::1111]/x", "https://EXAMPLE.com", "https://xn--bcher-kva.example/"}) {
    EXPECT_TRUE(check_url(url, {})) << url;
  }
}

TEST(Target, UrlsThatAreNot) {
  for (const char* url : {"",
                          "example.com",
                          "//example.com/",
                          "http://example.com/",
                          "ftp://example.com/",
                          "file:///etc/passwd",
                          "gopher://example.com/",
                          "https://",
                          "https:///path",
                          "https://user@example.com/",
                          "https://user:word@example.com/",
                          "https://example.com/#part",
                          "https://example.com:22/",
                          "https://example.com:6379/",
                          "https://localhost/",
                          "https://localhost./",
                          "https://a.localhost/",
                          "https://db.internal/",
                          "https://printer.local/",
                          "https://intranet/",
                          "https://127.0.0.1/",
                          "https://127.1/",
                          "https://2130706433/",
                          "https://0x7f000001/",
                          "https://0177.0.0.1/",
                          "https://0/",
                          "https://169.254.169.254/latest/meta-data",
                          "https://[::1]/",
                          "https://[::]/",
                          "https://[::ffff:127.0.0.1]/",
                          "https://[64:ff9b::7f00:1]/",
                          "https://[fe80::1%25eth0]/",
                          "https://exa mple.com/",
                          "https://example.com/\r\nx-evil: 1",
                          "https://ex\tample.com/",
                          "https://example.com\\@127.0.0.1/",
                          "https://b\xc3\xbc"
                          "cher.example/"}) {
    const auto checked = check_url(url, {});
    ASSERT_FALSE(checked) << url;
    EXPECT_EQ(checked.error().field, "url");
    EXPECT_FALSE(checked.error().allowed.empty());
  }
  EXPECT_FALSE(check_url("https://example.com/" + std::string(2048, 'a'), {}));
}

TEST(Target, SettingsOpenDoorsOneByOne) {
  EXPECT_TRUE(check_url("http://example.com:8080/", {.allow_http = true}));
  EXPECT_FALSE(check_url("http://127.0.0.1:8080/", {.allow_http = true}));
  EXPECT_FALSE(check_url("http://example.com:81/", {.allow_http = true}));
  EXPECT_TRUE(check_url("http://127.0.0.1:9999/", {.allow_private = true}));
  EXPECT_FALSE(check_url("ftp://127.0.0.1/", {.allow_private = true}));
}

}  // namespace
}  // namespace ara::webhooks
