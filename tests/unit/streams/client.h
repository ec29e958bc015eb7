#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "streams/frame.h"

namespace ara::streams {

/// A frame as a client sends it.
inline std::string masked(Opcode opcode, std::string_view payload, bool last = true) {
  std::string frame = encode_frame(opcode, payload);
  const std::size_t header = frame.size() - payload.size();
  frame[1] = char(frame[1] | 0x80);
  if (!last) frame[0] = char(frame[0] & 0x7f);
  const std::string mask = "\x12\x34\x56\x78";
  for (std::size_t i = 0; i < payload.size(); ++i) {
    frame[header + i] = char(frame[header + i] ^ mask[i % 4]);
  }
  return frame.insert(header, mask);
}

/// Two connected TCP sockets on loopback: the server's and the client's.
inline std::pair<int, int> connected_pair(int client_buffer = 0) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(listen(listener, 1), 0);
  socklen_t length = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (client_buffer > 0) {
    setsockopt(client, SOL_SOCKET, SO_RCVBUF, &client_buffer, sizeof client_buffer);
  }
  EXPECT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), length), 0);
  const int server = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  EXPECT_GE(server, 0);
  close(listener);
  return {server, client};
}

/// The client's side of a connection of the hub.
class TestClient {
 public:
  explicit TestClient(int fd) : fd_(fd) {
    const timeval patience{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  TestClient(TestClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), bytes_(std::move(other.bytes_)) {}
  ~TestClient() { leave(); }

  void leave() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  void say(std::string_view text) { say_frame(Opcode::text, text); }
  void say_frame(Opcode opcode, std::string_view payload) { say_bytes(masked(opcode, payload)); }
  void say_bytes(std::string_view bytes) {
    (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  /// The next frame that is no ping of either kind; its opcode as first byte. Empty at the end.
  std::string hear() {
    for (;;) {
      std::string frame = hear_any();
      if (frame.empty()) return frame;
      if (frame[0] == char(Opcode::ping) || frame.contains("\"type\":\"ping\"")) continue;
      return frame;
    }
  }
  /// Pings included.
  std::string hear_any() {
    for (;;) {
      if (auto frame = take()) return *frame;
      if (!more()) return {};
    }
  }
  /// All bytes until the other side closes.
  std::string hear_all() {
    while (more()) {
    }
    return std::exchange(bytes_, {});
  }
  /// Bytes until they contain `mark`.
  std::string hear_until(std::string_view mark) {
    while (!bytes_.contains(mark) && more()) {
    }
    return bytes_;
  }

 private:
  bool more() {
    std::string buffer(65536, '\0');
    const ssize_t size = recv(fd_, buffer.data(), buffer.size(), 0);
    if (size <= 0) return false;
    bytes_.append(buffer, 0, static_cast<std::size_t>(size));
    return true;
  }

  std::optional<std::string> take() {
    if (bytes_.size() < 2) return std::nullopt;
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes_[i]); };
    std::size_t length = at(1), header = 2;
    if (length == 126) {
      if (bytes_.size() < 4) return std::nullopt;
      length = std::size_t{at(2)} << 8 | at(3);
      header = 4;
    }
    if (bytes_.size() < header + length) return std::nullopt;
    std::string frame(1, char(at(0) & 0x0f));
    frame += bytes_.substr(header, length);
    bytes_.erase(0, header + length);
    return frame;
  }

  int fd_;
  std::string bytes_;
};

}  // namespace ara::streams
