#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "streams/connection.h"

namespace ara::streams {

/// The hub's thread: waits for its sockets, and does what other threads leave in its inbox.
class HubLoop {
 public:
  /// Pieces of work that may wait; beyond it publications are dropped, and counted.
  static constexpr std::size_t kInbox = 10'000;

  HubLoop(const HubOptions& options, std::shared_ptr<telemetry::Metrics> metrics,
          const Clock& clock);
  ~HubLoop();

  void set_listener(Listener* listener);
  void adopt(int fd, Join join);
  void publish(const Topic& topic, const Encoded& update);
  void send(ConnectionId id, const Encoded& update);
  void subscribe(ConnectionId id, Topic topic, std::string then);
  bool has_subscribers(const Topic& topic) const;
  /// Ends all connections and the thread.
  void stop();

 private:
  enum Reason { kSlow, kSilent, kBroken, kPolicy, kReasons };
  using Work = std::move_only_function<void()>;

  /// False where the inbox is full; work that must be done is taken all the same.
  bool post(Work work, bool must);
  void run();
  void do_inbox();
  void look_at_clock(SteadyTime now);

  void add(int fd, Join join);
  void on_event(Connection& connection, std::uint32_t events);
  void read(Connection& connection);
  void handle(Connection& connection, WireMessage message);
  void deliver(Connection& connection, const Bytes& bytes);
  void join_topic(Connection& connection, Topic topic);
  void end(Connection& connection, CloseReason reason, Reason why);
  /// Waits for writing or not, as the queue needs; removes what is over.
  void settle(Connection& connection);
  void remove(Connection& connection);
  Connection* find(ConnectionId id);
  Bytes text(std::string_view json) const;

  const HubOptions& options_;
  const std::shared_ptr<telemetry::Metrics> metrics_;
  const Clock& clock_;
  const std::chrono::milliseconds tick_;
  std::vector<telemetry::Metrics::Counter> dropped_;
  telemetry::Metrics::Counter sent_, lost_;

  const int epoll_;
  const int wake_;
  std::string scratch_;
  std::unordered_map<ConnectionId, std::unique_ptr<Connection>> connections_;
  ConnectionId next_id_ = 1;
  SteadyTime next_look_{};
  bool stopping_ = false;
  SteadyTime stops_at_{};

  mutable std::mutex mutex_;  ///< guards what follows
  std::vector<Work> inbox_;
  bool closed_ = false;
  std::unordered_map<Topic, std::vector<ConnectionId>> listeners_;  ///< written by the loop alone

  std::mutex listener_mutex_;
  Listener* listener_ = nullptr;

  std::thread thread_;
};

}  // namespace ara::streams
