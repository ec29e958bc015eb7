#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ara::support {

/// A proxy on loopback before a server that cuts the connection when a client sends a certain word.
class CuttingProxy {
 public:
  enum class When { before_sending, after_sending };

  explicit CuttingProxy(int server_port) : server_port_(server_port) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, 64) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("the proxy cannot listen");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~CuttingProxy() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
  }
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  int port() const { return port_; }
  int cuts() const { return cuts_; }

  /// The next `times` times that a client sends `word`, the connection is cut.
  void cut(std::string word, When when, int times) {
    const std::lock_guard lock(mutex_);
    word_ = std::move(word);
    when_ = when;
    left_ = times;
  }

 private:
  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
  }

  void accept_all() {
    while (!stopping_) {
      pollfd waiting{listener_, POLLIN, 0};
      if (poll(&waiting, 1, 20) <= 0) continue;
      const int client = accept(listener_, nullptr, nullptr);
      if (client >= 0) threads_.emplace_back([this, client] { relay(client); });
    }
  }

  void relay(int client) {
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(server_port_);
    bool open = connect(server, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    std::string bytes(1 << 16, '\0');
    while (open && !stopping_) {
      pollfd both[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (poll(both, 2, 20) <= 0) continue;
      for (const auto& [from, to] : {std::pair(client, server), std::pair(server, client)}) {
        if ((both[from == client ? 0 : 1].revents & (POLLIN | POLLHUP)) == 0) continue;
        const ssize_t got = read(from, bytes.data(), bytes.size());
        if (got <= 0) {
          open = false;
          break;
        }
        const std::string_view piece(bytes.data(), static_cast<std::size_t>(got));
        const bool cutting = from == client && is_due(piece);
        if (!cutting || when_ == When::after_sending) open = send_all(to, piece) && open;
        if (!cutting) continue;
        // The server has time to do what it was told; nobody hears of it.
        if (when_ == When::after_sending)
          std::this_thread::sleep_for(std::chrono::milliseconds{100});
        open = false;
        break;
      }
    }
    close(client);
    close(server);
  }

  bool is_due(std::string_view piece) {
    const std::lock_guard lock(mutex_);
    if (left_ == 0 || !piece.contains(word_)) return false;
    --left_;
    ++cuts_;
    return true;
  }

  static bool send_all(int to, std::string_view piece) {
    while (!piece.empty()) {
      const ssize_t sent = send(to, piece.data(), piece.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      piece.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> cuts_ = 0;
  std::mutex mutex_;
  std::string word_;
  std::atomic<When> when_ = When::after_sending;
  int left_ = 0;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace ara::support
