// An HTTP load generator for one machine: sends GETs on a timetable (or back to back), over kept
// connections, from one thread, and prints one JSON object of what came back. Latency is counted
// from the moment a request was due, so a server that stalls cannot hide it (no coordinated
// omission).
//
//   open_loop PORT SECONDS RATE PATHS   RATE requests a second, paths taken in order, cyclic
//   open_loop PORT SECONDS closed:N PATHS   N connections, each sending as it is answered
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"

namespace {

using Steady = std::chrono::steady_clock;
constexpr std::size_t kMostConnections = 4000;
constexpr std::chrono::seconds kPatience{10};  ///< for answers after the last request was sent

struct Connection {
  int fd = -1;
  Steady::time_point due;
  bool busy = false;
  std::string received;
};

struct Outcome {
  std::vector<double> milliseconds;
  std::uint64_t with_retry_after = 0;
};

class Generator {
 public:
  Generator(std::uint16_t port, std::vector<std::string> paths)
      : port_(port), paths_(std::move(paths)), epoll_(epoll_create1(0)) {}

  /// One request on its timetable; waits in line where every connection is busy.
  void send(Steady::time_point due) {
    waiting_.push_back(due);
    pump();
  }

  /// Sends what waits, reads what came; returns after at most `wait`.
  void turn(std::chrono::milliseconds wait) {
    std::vector<epoll_event> events(256);
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(wait.count()));
    for (int i = 0; i < count; ++i)
      read(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
    pump();
  }

  std::size_t open_requests() const { return busy_ + waiting_.size(); }
  std::size_t busy() const { return busy_; }

  void print(double seconds) const {
    std::printf("{\"seconds\":%.3f,\"lost\":%zu", seconds, lost_ + open_requests());
    for (const auto& [status, outcome] : outcomes_) {
      auto sorted = outcome.milliseconds;
      std::ranges::sort(sorted);
      const auto at = [&](double p) {
        return sorted[static_cast<std::size_t>(p * static_cast<double>(sorted.size() - 1))];
      };
      std::printf(
          ",\"%s\":{\"count\":%zu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f,"
          "\"retry_after\":%llu}",
          status.c_str(), sorted.size(), at(0.5), at(0.99), sorted.back(),
          static_cast<unsigned long long>(outcome.with_retry_after));
    }
    std::printf("}\n");
  }

 private:
  void pump() {
    while (!waiting_.empty()) {
      Connection* connection = free_connection();
      if (connection == nullptr) return;
      connection->due = waiting_.front();
      waiting_.pop_front();
      connection->busy = true;
      ++busy_;
      const std::string request =
          "GET " + paths_[next_++ % paths_.size()] + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
      if (::send(connection->fd, request.data(), request.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(request.size())) {
        drop(*connection);
      }
    }
  }

  Connection* free_connection() {
    if (!idle_.empty()) {
      Connection* connection = idle_.back();
      idle_.pop_back();
      return connection;
    }
    if (connections_.size() >= kMostConnections) return nullptr;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      close(fd);
      return nullptr;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    connections_.push_back(std::make_unique<Connection>());
    Connection* connection = connections_.back().get();
    connection->fd = fd;
    epoll_event event{.events = EPOLLIN, .data = {.ptr = connection}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    return connection;
  }

  void read(Connection& connection) {
    char buffer[65536];
    const ssize_t got = recv(connection.fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      return drop(connection);
    }
    connection.received.append(buffer, static_cast<std::size_t>(got));
    const auto end = connection.received.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string head = ara::to_lower(connection.received.substr(0, end + 2));
    const auto length_at = head.find("content-length: ");
    const std::size_t length =
        length_at == std::string::npos ? 0 : std::stoul(head.substr(length_at + 16));
    if (connection.received.size() < end + 4 + length) return;
    Outcome& outcome = outcomes_[head.substr(9, 3)];
    outcome.milliseconds.push_back(
        std::chrono::duration<double, std::milli>(Steady::now() - connection.due).count());
    outcome.with_retry_after += head.find("\r\nretry-after: ") != std::string::npos;
    connection.received.clear();
    connection.busy = false;
    --busy_;
    idle_.push_back(&connection);
  }

  void drop(Connection& connection) {
    if (connection.busy) {
      --busy_;
      ++lost_;
    } else {
      std::erase(idle_, &connection);
    }
    close(connection.fd);
    std::erase_if(connections_, [&](const auto& held) { return held.get() == &connection; });
  }

  const std::uint16_t port_;
  const std::vector<std::string> paths_;
  const int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> idle_;
  std::deque<Steady::time_point> waiting_;
  std::map<std::string, Outcome> outcomes_;
  std::size_t next_ = 0;
  std::size_t busy_ = 0;
  std::size_t lost_ = 0;
};

void run_open(Generator& generator, double rate, Steady::time_point start, Steady::time_point end) {
  std::uint64_t sent = 0;
  while (true) {
    const auto due = start + std::chrono::nanoseconds(
                                 static_cast<std::int64_t>(1e9 * static_cast<double>(sent) / rate));
    if (due >= end) return;
    const auto now = Steady::now();
    if (due <= now) {
      generator.send(due);
      ++sent;
      if (sent % 64 == 0) generator.turn(std::chrono::milliseconds(0));
    } else {
      const auto wait = std::chrono::floor<std::chrono::milliseconds>(due - now);
      generator.turn(std::min(wait, std::chrono::milliseconds(10)));
    }
  }
}

void run_closed(Generator& generator, std::size_t connections, Steady::time_point end) {
  while (Steady::now() < end) {
    while (generator.open_requests() < connections) generator.send(Steady::now());
    generator.turn(std::chrono::milliseconds(10));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: open_loop PORT SECONDS RATE|closed:N PATHS\n");
    return 2;
  }
  std::vector<std::string> paths;
  std::ifstream file(argv[4]);
  for (std::string line; std::getline(file, line);) paths.push_back(line);
  if (paths.empty()) {
    std::fprintf(stderr, "no paths in %s\n", argv[4]);
    return 2;
  }
  Generator generator(static_cast<std::uint16_t>(std::stoul(argv[1])), std::move(paths));
  const std::string mode = argv[3];
  const auto start = Steady::now();
  const auto end = start + std::chrono::milliseconds(static_cast<int>(1000 * std::stod(argv[2])));
  if (mode.starts_with("closed:")) {
    run_closed(generator, std::stoul(mode.substr(7)), end);
  } else {
    run_open(generator, std::stod(mode), start, end);
  }
  const double seconds = std::chrono::duration<double>(Steady::now() - start).count();
  const auto patience = Steady::now() + kPatience;
  while (generator.open_requests() > 0 && Steady::now() < patience) {
    generator.turn(std::chrono::milliseconds(10));
  }
  generator.print(seconds);
  return 0;
}
