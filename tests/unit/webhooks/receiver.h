#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ara::webhooks {

/// A real HTTP server on a free port of loopback: one request a connection, each answered with what
/// `answer` gives for the n-th.
class Receiver {
 public:
  using Answer = std::function<std::string(std::size_t number)>;

  explicit Receiver(Answer answer) : answer_(std::move(answer)) {
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(socket_, 64), 0);
    socklen_t length = sizeof address;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~Receiver() {
    stopping_ = true;
    thread_.join();
    close(socket_);
  }

  std::string port() const { return std::to_string(port_); }
  std::string url(const std::string& path = "/hook") const {
    return "http://127.0.0.1:" + port() + path;
  }
  /// What came, head and body.
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void run() {
    while (!stopping_) {
      pollfd ready{socket_, POLLIN, 0};
      if (poll(&ready, 1, 20) <= 0) continue;
      const int client = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      serve(client);
      close(client);
    }
  }

  static bool whole(const std::string& request) {
    const std::size_t head = request.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const std::size_t at = request.find("Content-Length: ");
    const std::size_t length = at == std::string::npos ? 0 : std::stoul(request.substr(at + 16));
    return request.size() >= head + 4 + length;
  }

  void serve(int client) {
    std::string request(65536, '\0');
    std::size_t size = 0;
    while (!whole(request.substr(0, size))) {
      const ssize_t got = recv(client, request.data() + size, request.size() - size, 0);
      if (got <= 0) return;
      size += static_cast<std::size_t>(got);
    }
    std::size_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = requests_.size();
      requests_.push_back(request.substr(0, size));
    }
    const std::string answer = answer_(number);
    (void)!::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
  }

  const Answer answer_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

inline std::string http_answer(int status, const std::string& body = "", std::string more = "") {
  return "HTTP/1.1 " + std::to_string(status) + " Word\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace ara::webhooks
