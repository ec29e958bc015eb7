#pragma once

#include <atomic>
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "streams/frame.h"
#include "streams/message.h"
#include "telemetry/metrics.h"

namespace ara::streams {

/// What is heard of: a channel of a symbol, or the alerts of an account.
struct Topic {
  Channel channel = Channel::predictions;
  std::string name;

  friend bool operator==(const Topic&, const Topic&) = default;
};

/// How a connection is spoken to.
enum class Wire : std::uint8_t { websocket, events };

/// Names a connection; never given twice by one hub.
using ConnectionId = std::uint64_t;
/// As a client is told of it, e.g. "conn_00000000000000a1".
std::string to_text(ConnectionId id);

/// One who listens, as others may know of them.
struct Client {
  ConnectionId id = 0;
  Wire wire = Wire::websocket;
  std::string account;
  Topic topic;          ///< what they came for
  std::string last_id;  ///< of the event they saw last (Last-Event-ID), where they said so
};

struct HubOptions {
  std::size_t most_connections = 20'000;
  std::size_t most_of_account = 1'000;
  std::size_t most_queued = 256 * 1024;  ///< bytes that one connection may be behind by
  std::size_t most_message = 16 * 1024;  ///< bytes of a client's message
  std::size_t most_topics = 50;          ///< that one connection listens to
  double messages_per_second = 5;        ///< of a client, after the first `burst`
  double burst = 20;
  std::chrono::milliseconds ping{30'000};
  std::chrono::milliseconds silence{60'000};  ///< of a WebSocket, after which it is dropped
  std::chrono::milliseconds farewell{2'000};  ///< for the last words of a connection that ends
};

/// What clients' doings come to. Called on the hub's thread: must not block.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_connected(const Client& client) = 0;
  /// All messages but pong.
  virtual void on_message(const Client& client, ClientMessage message) = 0;
};

class HubLoop;
class Hub;

/// The right to one connection more, within the limits. Given back when it goes.
class Seat {
 public:
  Seat() = default;
  Seat(Hub& hub, std::string account) : hub_(&hub), account_(std::move(account)) {}
  Seat(Seat&& other) noexcept
      : hub_(std::exchange(other.hub_, nullptr)), account_(std::move(other.account_)) {}
  Seat& operator=(Seat&& other) noexcept {
    std::swap(hub_, other.hub_);
    std::swap(account_, other.account_);
    return *this;
  }
  ~Seat();
  const std::string& account() const { return account_; }

 private:
  Hub* hub_ = nullptr;
  std::string account_;
};

/// Who comes to listen.
struct Join {
  Seat seat;
  Wire wire = Wire::websocket;
  std::vector<Topic> topics;  ///< one or more; the first is what they came for
  std::string last_id;
  std::string greeting;  ///< sent before anything else, as it is
  /// Asked each second or so, on the hub's thread: must not block. Once it says no, the connection
  /// is ended. Empty: they may stay as long as they like.
  std::function<bool()> may_stay = {};
};

/// All connections that are listened on, WebSockets and Server-Sent Events alike, with an event
/// loop of their own. What is published is encoded once and shared; a connection whose queue is
/// full is told so and dropped, so nobody's slowness costs memory or holds up another. Every method
/// may be called from any thread.
class Hub {
 public:
  Hub(HubOptions options, std::shared_ptr<telemetry::Metrics> metrics,
      const Clock& clock = system_clock());
  /// As close().
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// Who is told of clients from now on; null for nobody. Returns when nobody is any more who was
  /// told before.
  void set_listener(Listener* listener);

  /// Code::overloaded where the hub, or the account, has as many as it may.
  Result<Seat> take_seat(const std::string& account);
  /// Takes over a connected TCP socket; closes it in the end, whatever happens. A WebSocket's
  /// handshake, or the head of a response of events, has been sent or is in `greeting`.
  void adopt(int fd, Join join);

  void publish(const Topic& topic, const Encoded& update);
  /// To one connection, if it is still there: an update, or a text of its own (WebSocket only).
  void send(ConnectionId id, const Encoded& update);
  void send_text(ConnectionId id, std::string_view text);
  /// Adds a topic; one too many is answered with an error, else `then` is.
  void subscribe(ConnectionId id, Topic topic, std::string then);

  bool has_subscribers(const Topic& topic) const;
  std::size_t connections() const;

  /// Says goodbye to all and takes nobody any more. Blocks, for HubOptions::farewell at most.
  void close();

 private:
  friend class Seat;
  void give_back(const std::string& account);

  const HubOptions options_;
  const std::shared_ptr<std::atomic<std::size_t>> seats_;  ///< the metrics may outlive the hub
  std::mutex mutex_;                                       ///< guards what follows
  std::unordered_map<std::string, std::size_t> seats_of_;
  bool closed_ = false;

  std::unique_ptr<HubLoop> loop_;
};

}  // namespace ara::streams

template <>
struct std::hash<ara::streams::Topic> {
  std::size_t operator()(const ara::streams::Topic& topic) const noexcept {
    return std::hash<std::string>{}(topic.name) * 31 + static_cast<std::size_t>(topic.channel);
  }
};
