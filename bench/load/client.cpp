#include "load/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.h"

namespace ara::load {
namespace {

constexpr std::chrono::milliseconds kExpiryStep{100};
constexpr std::size_t kEvents = 256;

}  // namespace

Result<Target> parse_target(std::string text) {
  const std::string given = text;
  if (text.starts_with("http://")) text.erase(0, 7);
  while (text.ends_with('/')) text.pop_back();
  const auto colon = text.rfind(':');
  Target target{.host = text.substr(0, colon)};
  if (target.host == "localhost") target.host = "127.0.0.1";
  const auto port = parse_integer(colon == std::string::npos ? "80" : text.substr(colon + 1));
  in_addr address{};
  if (!port || *port < 1 || *port > 65535 ||
      inet_pton(AF_INET, target.host.c_str(), &address) != 1) {
    return invalid("--target", given, "http://ADDRESS:PORT with an IPv4 address");
  }
  target.port = static_cast<std::uint16_t>(*port);
  return target;
}

Client::Client(std::vector<Target> targets, ClientOptions options)
    : targets_(std::move(targets)),
      options_(options),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      idle_(targets_.size()) {}

Client::~Client() {
  for (const auto& connection : connections_) ::close(connection->fd);
  ::close(epoll_);
}

void Client::send(Request request, Steady::time_point due) {
  const bool first = waiting_.empty();
  waiting_.push_back({std::move(request), due});
  pump();
  if (!first || !waiting_.empty()) return;  // late because none was free
  const auto late = Steady::now() - due;
  own_delay_.record(static_cast<std::uint64_t>(std::max<std::int64_t>(0, late.count())));
}

void Client::turn(std::chrono::milliseconds wait) {
  std::array<epoll_event, kEvents> events;
  const int count =
      epoll_wait(epoll_, events.data(), kEvents, static_cast<int>(std::max<long>(0, wait.count())));
  for (int i = 0; i < count; ++i) {
    auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
    if (connection.fd >= 0 && connection.busy) write(connection);
    read(connection);
  }
  const auto now = Steady::now();
  if (now >= next_expiry_) expire(now);
  // Only now: until here an event may still name a connection that another one has closed.
  std::erase_if(connections_, [](const auto& held) { return held->fd < 0; });
  pump();
}

void Client::pump() {
  while (!waiting_.empty()) {
    const std::size_t target = next_target_;
    Connection* connection = connection_to(target);
    if (connection == nullptr && connections_.size() >= options_.connections) return;
    next_target_ = (next_target_ + 1) % targets_.size();
    Waiting one = std::move(waiting_.front());
    waiting_.pop_front();
    if (connection == nullptr) {
      record(one, "refused");
      continue;
    }
    connection->current = std::move(one);
    connection->busy = true;
    connection->sent = 0;
    ++busy_;
    write(*connection);
  }
}

Client::Connection* Client::connection_to(std::size_t target) {
  auto& idle = idle_[target];
  if (!idle.empty()) {
    Connection* connection = idle.back();
    idle.pop_back();
    return connection;
  }
  return connections_.size() < options_.connections ? connect(target) : nullptr;
}

Client::Connection* Client::connect(std::size_t target) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return nullptr;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(targets_[target].port);
  inet_pton(AF_INET, targets_[target].host.c_str(), &address.sin_addr);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    ::close(fd);
    return nullptr;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connections_.push_back(std::make_unique<Connection>());
  Connection* connection = connections_.back().get();
  connection->fd = fd;
  connection->target = target;
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.ptr = connection}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  return connection;
}

void Client::write(Connection& connection) {
  const std::string& bytes = connection.current.request.bytes;
  while (connection.sent < bytes.size()) {
    const ssize_t sent = ::send(connection.fd, bytes.data() + connection.sent,
                                bytes.size() - connection.sent, MSG_NOSIGNAL);
    if (sent < 0) {
      // Not connected yet, or full: the next event goes on.
      if (errno == EAGAIN || errno == EINTR || errno == ENOTCONN) return;
      return fail(connection, errno == ECONNREFUSED ? "refused" : "closed");
    }
    connection.sent += static_cast<std::size_t>(sent);
  }
}

void Client::read(Connection& connection) {
  char buffer[65536];
  while (connection.fd >= 0) {
    const ssize_t got = recv(connection.fd, buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) return;
    if (got <= 0) return fail(connection, "closed");
    auto rest = static_cast<std::size_t>(got);
    if (connection.status.empty()) {
      connection.received.append(buffer, rest);
      if (!read_header(connection)) continue;
      rest = connection.received.size();
      connection.received.clear();
    }
    connection.missing -= std::min(rest, connection.missing);
    if (connection.missing == 0) answered(connection);
  }
}

/// Takes the header off what was received, once all of it is there.
bool Client::read_header(Connection& connection) {
  const auto end = connection.received.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  // "HTTP/1.1 200 …": what is shorter is no answer, and gets no status that anyone expects.
  const std::string head = to_lower(std::string_view(connection.received).substr(0, end + 2));
  constexpr std::string_view kLength = "\r\ncontent-length: ";
  const auto at = head.find(kLength);
  const auto line_end = at == std::string::npos ? at : head.find("\r\n", at + 2);
  const auto length =
      at == std::string::npos
          ? std::optional<long long>(0)
          : parse_integer(head.substr(at + kLength.size(), line_end - at - kLength.size()));
  connection.status = head.size() < 12 ? "malformed" : head.substr(9, 3);
  connection.missing =
      connection.status == "304" ? 0 : static_cast<std::size_t>(length.value_or(0));
  connection.closes = head.contains("\r\nconnection: close\r\n");
  connection.retry_after = head.contains("\r\nretry-after: ");
  connection.received.erase(0, end + 4);
  return true;
}

void Client::answered(Connection& connection) {
  record(connection.current, connection.status, connection.retry_after);
  connection.busy = false;
  connection.status.clear();
  --busy_;
  if (connection.closes) return close(connection);
  idle_[connection.target].push_back(&connection);
}

void Client::fail(Connection& connection, const char* how) {
  if (connection.busy) {
    record(connection.current, how);
    --busy_;
    connection.busy = false;
  } else {
    std::erase(idle_[connection.target], &connection);
  }
  close(connection);
}

void Client::close(Connection& connection) {
  ::close(connection.fd);
  connection.fd = -1;
}

void Client::record(const Waiting& one, const std::string& how, bool retry_after) {
  Outcome& outcome = outcomes_[static_cast<std::size_t>(one.request.kind)][how];
  outcome.nanoseconds.record(
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, (Steady::now() - one.due).count())));
  outcome.with_retry_after += retry_after;
}

void Client::expire(Steady::time_point now) {
  next_expiry_ = now + kExpiryStep;
  while (!waiting_.empty() && now - waiting_.front().due > options_.timeout) {
    record(waiting_.front(), "timeout");
    waiting_.pop_front();
  }
  for (const auto& connection : connections_) {
    if (connection->busy && now - connection->current.due > options_.timeout) {
      fail(*connection, "timeout");
    }
  }
}

void Client::give_up() {
  for (const Waiting& one : waiting_) record(one, "timeout");
  waiting_.clear();
  for (const auto& connection : connections_) {
    if (connection->busy) fail(*connection, "timeout");
  }
}

}  // namespace ara::load
