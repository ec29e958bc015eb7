#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "load/histogram.h"
#include "load/mix.h"

namespace ara::load {

using Steady = std::chrono::steady_clock;

struct Target {
  std::string host;  ///< an IPv4 address
  std::uint16_t port = 0;
};

/// "http://127.0.0.1:8000" or "127.0.0.1:8000". TLS is not spoken.
Result<Target> parse_target(std::string text);

/// What became of the requests of one kind that were answered in one way.
struct Outcome {
  Histogram nanoseconds;  ///< from the moment a request was due
  std::uint64_t with_retry_after = 0;
};

struct ClientOptions {
  std::size_t connections = 1000;  ///< at most, over all targets
  std::chrono::milliseconds timeout{10'000};
};

/// Sends requests over kept connections, to each target in turn, from one thread. A request for
/// which no connection is free waits in line: its time goes on, since latency is counted from when
/// it was due, not from when it was sent (no coordinated omission). None is tried again.
class Client {
 public:
  Client(std::vector<Target> targets, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(Request request, Steady::time_point due);

  /// Sends what waits and reads what came; returns after at most `wait`.
  void turn(std::chrono::milliseconds wait);

  std::size_t open_requests() const { return busy_ + waiting_.size(); }

  /// By status, or by what went wrong: "refused", "closed", "timeout".
  using Outcomes = std::map<std::string, Outcome>;
  const Outcomes& outcomes(Kind kind) const { return outcomes_[static_cast<std::size_t>(kind)]; }

  /// How late requests were sent for which a connection was free: what this program itself added.
  const Histogram& own_delay() const { return own_delay_; }

  /// Ends with what is open counted as "timeout".
  void give_up();

 private:
  struct Waiting {
    Request request;
    Steady::time_point due;
  };
  struct Connection {
    int fd = -1;
    std::size_t target = 0;
    bool busy = false;
    Waiting current;
    std::size_t sent = 0;  ///< bytes of the request
    std::string received;
    std::size_t missing = 0;  ///< bytes of the body, once the header is there
    std::string status;
    bool closes = false;
    bool retry_after = false;
  };

  void pump();
  Connection* connection_to(std::size_t target);
  Connection* connect(std::size_t target);
  void write(Connection& connection);
  void read(Connection& connection);
  bool read_header(Connection& connection);
  void answered(Connection& connection);
  void fail(Connection& connection, const char* how);
  void close(Connection& connection);
  void record(const Waiting& one, const std::string& how, bool retry_after = false);
  void expire(Steady::time_point now);

  const std::vector<Target> targets_;
  const ClientOptions options_;
  const int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::vector<Connection*>> idle_;  ///< by target
  std::deque<Waiting> waiting_;
  std::array<Outcomes, kKinds> outcomes_;
  Histogram own_delay_;
  std::size_t busy_ = 0;
  std::size_t next_target_ = 0;
  Steady::time_point next_expiry_{};
};

}  // namespace ara::load
