#include "http/sockets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "base/hash.h"

namespace ara::http {
namespace {

using Address = sockaddr_storage;

/// More than this no server of ours has any use for.
constexpr rlim_t kDescriptors = 1'000'000;

std::uint16_t port_of(const Address& address) {
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

/// The local address of a TCP socket; nothing for any other descriptor.
std::optional<Address> local_address(int fd) {
  Address address{};
  socklen_t length = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return std::nullopt;
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return std::nullopt;
  return address;
}

std::optional<Peer> peer_at(int fd) {
  Address address{};
  socklen_t length = sizeof address;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return std::nullopt;
  return peer_of(reinterpret_cast<const sockaddr*>(&address));
}

bool accepts(int fd) {
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0;
}

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

/// Calls `look` with every open descriptor of this process that is bound to the port.
template <class Look>
void each_socket(std::uint16_t port, Look look) {
  const std::unique_ptr<DIR, CloseFolder> folder(opendir("/proc/self/fd"));
  if (!folder) return;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    int fd = -1;
    if (std::from_chars(name.data(), name.data() + name.size(), fd).ec != std::errc{}) continue;
    const auto local = local_address(fd);
    if (local && port_of(*local) == port) look(fd);
  }
}

/// Closes a descriptor when it goes out of sight.
struct Descriptor {
  int fd;
  explicit Descriptor(int given) : fd(given) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

/// The address in the system's form; its length is 0 where the text is none.
std::pair<Address, socklen_t> parse_address(const std::string& text, std::uint16_t port) {
  Address address{};
  auto& four = reinterpret_cast<sockaddr_in&>(address);
  if (inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    return {address, sizeof four};
  }
  address = {};
  auto& six = reinterpret_cast<sockaddr_in6&>(address);
  if (inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    return {address, sizeof six};
  }
  return {address, 0};
}

}  // namespace

Peer peer_of(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* four = reinterpret_cast<const sockaddr_in*>(address);
    return (Peer{four->sin_addr.s_addr} << 16) | four->sin_port;
  }
  const auto* six = reinterpret_cast<const sockaddr_in6*>(address);
  std::array<std::uint64_t, 2> halves;
  std::memcpy(halves.data(), &six->sin6_addr, sizeof halves);
  return mix64(halves[0] ^ mix64(halves[1])) ^ six->sin6_port;
}

std::vector<OpenSocket> accepted_sockets(std::uint16_t port) {
  std::vector<OpenSocket> found;
  each_socket(port, [&](int fd) {
    if (const auto peer = peer_at(fd)) found.push_back({fd, *peer});
  });
  return found;
}

bool is_listening(std::uint16_t port) {
  bool listening = false;
  each_socket(port, [&](int fd) { listening = listening || accepts(fd); });
  return listening;
}

void stop_accepting(std::uint16_t port) {
  const Descriptor nothing(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (nothing.fd < 0) return;
  each_socket(port, [&](int fd) {
    if (accepts(fd)) dup3(nothing.fd, fd, O_CLOEXEC);
  });
}

bool cut(const OpenSocket& socket) {
  // A copy of the descriptor keeps meaning this connection, whatever its owner does meanwhile.
  const Descriptor copy(fcntl(socket.fd, F_DUPFD_CLOEXEC, 0));
  if (copy.fd < 0 || peer_at(copy.fd) != socket.peer) return false;
  return shutdown(copy.fd, SHUT_RDWR) == 0;
}

void cut_overdue(ConnectionGuard& guard, std::uint16_t port, std::size_t open, SteadyTime now) {
  constexpr std::size_t kSlack = 1024;
  std::vector<Peer> late = guard.overdue(now);
  const bool crowded = guard.size() > 2 * open + kSlack;
  if (late.empty() && !crowded) return;
  std::ranges::sort(late);
  std::vector<Peer> live;
  for (const OpenSocket& socket : accepted_sockets(port)) {
    live.push_back(socket.peer);
    if (std::ranges::binary_search(late, socket.peer)) cut(socket);
  }
  guard.forget(late);
  if (crowded) {
    std::ranges::sort(live);
    guard.keep_only(live, now);
  }
}

std::optional<int> duplicate(std::uint16_t port, Peer peer) {
  // A young connection has one of the lowest numbers that were free; those of our own go well above
  // them, so that they are not in the way of the next search.
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const int own = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, kDescriptors) / 4);
  const auto is_it = [&](int fd) {
    if (peer_at(fd) != peer) return false;
    const auto local = local_address(fd);
    return local && port_of(*local) == port;
  };
  const Descriptor free(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
  int found = free.fd;
  while (found >= 0 && !is_it(found)) --found;
  if (found < 0) {
    for (const OpenSocket& socket : accepted_sockets(port)) {
      if (socket.peer == peer) found = socket.fd;
    }
  }
  if (found < 0) return std::nullopt;
  const int copy = fcntl(found, F_DUPFD_CLOEXEC, own);
  if (copy < 0) return std::nullopt;
  return copy;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, kDescriptors);
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

Result<std::string> check_listen_address(const std::string& host, std::uint16_t port) {
  const std::string plain = host == "localhost" ? "127.0.0.1" : host;
  const auto [address, length] = parse_address(plain, port);
  if (length == 0) {
    return invalid("API_HOST", host, "an IPv4 or IPv6 address of this machine, or localhost");
  }
  const Descriptor probe(socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (probe.fd < 0 || setsockopt(probe.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(probe.fd, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    const int error = errno;
    return fail(Code::io, "Cannot listen on " + plain + ", port " + std::to_string(port) + ": " +
                              std::strerror(error));
  }
  return plain;
}

}  // namespace ara::http
