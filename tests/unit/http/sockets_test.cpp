#include "http/sockets.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

namespace ara::http {
namespace {

/// A listener on a free loopback port with one connection accepted from it.
class SocketsTest : public testing::Test {
 protected:
  void SetUp() override {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(bind(listener_, generic(address_), sizeof address_), 0);
    socklen_t length = sizeof address_;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &length);
    port_ = ntohs(address_.sin_port);
  }
  void TearDown() override {
    for (const int fd : {listener_, client_, accepted_}) {
      if (fd >= 0) close(fd);
    }
  }

  static sockaddr* generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

  void connect_one() {
    ASSERT_EQ(listen(listener_, 4), 0);
    client_ = socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(connect(client_, generic(address_), sizeof address_), 0);
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    accepted_ = accept(listener_, generic(peer), &length);
    peer_ = peer_of(generic(peer));
  }

  sockaddr_in address_{};
  std::uint16_t port_ = 0;
  int listener_ = -1, client_ = -1, accepted_ = -1;
  Peer peer_ = 0;
};

TEST_F(SocketsTest, KnowsWhenAPortAccepts) {
  EXPECT_FALSE(is_listening(port_)) << "bound, but not listening yet";
  ASSERT_EQ(listen(listener_, 4), 0);
  EXPECT_TRUE(is_listening(port_));
}

TEST_F(SocketsTest, FindsAndCutsAConnection) {
  connect_one();
  const auto found = accepted_sockets(port_);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().peer, peer_);
  EXPECT_TRUE(cut(found.front()));
  char byte = 0;
  EXPECT_EQ(::read(client_, &byte, 1), 0) << "the client sees the end";
}

TEST_F(SocketsTest, LeavesAConnectionAloneThatIsNotTheOneMeant) {
  connect_one();
  EXPECT_FALSE(cut({accepted_, peer_ + 1}));
  EXPECT_EQ(::write(accepted_, "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(client_, &byte, 1), 1);
}

TEST_F(SocketsTest, APortInUseIsAnErrorThatNamesIt) {
  ASSERT_EQ(listen(listener_, 4), 0);
  const auto checked = check_listen_address("127.0.0.1", port_);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::io);
  EXPECT_NE(checked.error().message.find(std::to_string(port_)), std::string::npos);
}

TEST_F(SocketsTest, AFreePortCanBeListenedOn) {
  close(listener_);
  listener_ = -1;
  EXPECT_EQ(check_listen_address("localhost", port_).value(), "127.0.0.1");
}

TEST(ListenAddressTest, MustBeAnAddress) {
  for (const std::string host : {"", "example.org", "1.2.3", "::zz", "127.0.0.1:80"}) {
    const auto checked = check_listen_address(host, 1);
    ASSERT_FALSE(checked) << host;
    EXPECT_EQ(checked.error().code, Code::invalid);
    EXPECT_EQ(checked.error().field, "API_HOST");
  }
}

TEST(PeerTest, DiffersByAddressAndPort) {
  const auto peer = [](const char* ip, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, ip, &address.sin_addr);
    address.sin_port = htons(port);
    return peer_of(reinterpret_cast<sockaddr*>(&address));
  };
  EXPECT_NE(peer("10.0.0.1", 1000), peer("10.0.0.2", 1000));
  EXPECT_NE(peer("10.0.0.1", 1000), peer("10.0.0.1", 1001));
  EXPECT_EQ(peer("10.0.0.1", 1000), peer("10.0.0.1", 1000));
}

}  // namespace
}  // namespace ara::http
