#include "streams/hub_loop.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace ara::streams {
namespace {

/// How often the clock is looked at, at least.
constexpr std::chrono::milliseconds kTick{500};
/// How often the right to stay is asked about, at most.
constexpr std::chrono::seconds kCheck{1};
constexpr std::size_t kEvents = 256;
constexpr std::size_t kScratch = 16 * 1024;
/// Of a connection that is ours the system keeps this much unsent, and no more.
constexpr int kSendBuffer = 128 * 1024;
constexpr std::uint64_t kWake = 0;  ///< no connection has this id

constexpr CloseReason kTooSlow{CloseCode::try_later, "too slow: too much is waiting to be read"};
constexpr CloseReason kTooSilent{CloseCode::policy, "no answer to pings"};
constexpr CloseReason kTooLoud{CloseCode::policy, "too many messages a second"};
constexpr CloseReason kUnwelcome{CloseCode::policy, "the credential is not valid any more"};
constexpr CloseReason kGoing{CloseCode::going_away, "the server is stopping"};
constexpr CloseReason kNoBinary{CloseCode::unacceptable, "messages are JSON texts"};

/// Asks whom it must, when it is time to.
bool may_stay(Connection& connection, SteadyTime now) {
  if (!connection.may_stay || connection.ending() || now < connection.next_check) return true;
  connection.next_check = now + kCheck;
  return connection.may_stay();
}

void prepare(int fd, std::chrono::milliseconds silence) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  const auto patience = static_cast<unsigned>(silence.count());
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
}

/// The last words on a stream of events, which has no close frame.
std::string farewell_event(const CloseReason& reason) {
  return "event: error\ndata: {\"type\":\"error\",\"message\":\"" + std::string(reason.text) +
         "\"}\n\n";
}

}  // namespace

HubLoop::HubLoop(const HubOptions& options, std::shared_ptr<telemetry::Metrics> metrics,
                 const Clock& clock)
    : options_(options),
      metrics_(std::move(metrics)),
      clock_(clock),
      tick_(std::min(kTick, options_.ping / 4)),
      sent_(metrics_->counter("ara_stream_messages_total", {{"result", "sent"}})),
      lost_(metrics_->counter("ara_stream_messages_total", {{"result", "lost"}})),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      scratch_(kScratch, '\0') {
  for (const char* reason : {"slow", "silent", "broken", "policy"}) {
    dropped_.push_back(metrics_->counter("ara_stream_drops_total", {{"reason", reason}}));
  }
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kWake}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  thread_ = std::thread([this] { run(); });
}

HubLoop::~HubLoop() {
  stop();
  close(epoll_);
  close(wake_);
}

void HubLoop::set_listener(Listener* listener) {
  const std::lock_guard lock(listener_mutex_);
  listener_ = listener;
}

bool HubLoop::post(Work work, bool must) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || (!must && inbox_.size() >= kInbox)) return false;
    inbox_.push_back(std::move(work));
    if (inbox_.size() > 1) return true;  // it has been woken already
  }
  const std::uint64_t one = 1;
  (void)!write(wake_, &one, sizeof one);
  return true;
}

void HubLoop::adopt(int fd, Join join) {
  if (!post([this, fd, given = std::move(join)]() mutable { add(fd, std::move(given)); }, true)) {
    ::close(fd);
  }
}

void HubLoop::publish(const Topic& topic, const Encoded& update) {
  const bool posted = post(
      [this, topic, update] {
        std::vector<ConnectionId> ids;
        {
          const std::lock_guard lock(mutex_);
          if (const auto found = listeners_.find(topic); found != listeners_.end()) {
            ids = found->second;
          }
        }
        for (const ConnectionId id : ids) {
          Connection* connection = find(id);
          if (connection == nullptr) continue;
          deliver(*connection, connection->is_websocket() ? update.frame : update.event);
        }
      },
      false);
  if (!posted) metrics_->add(lost_);
}

void HubLoop::send(ConnectionId id, const Encoded& update) {
  const bool posted = post(
      [this, id, update] {
        Connection* connection = find(id);
        if (connection == nullptr) return;
        const Bytes& bytes = connection->is_websocket() ? update.frame : update.event;
        if (bytes) deliver(*connection, bytes);
      },
      false);
  if (!posted) metrics_->add(lost_);
}

void HubLoop::subscribe(ConnectionId id, Topic topic, std::string then) {
  (void)post(
      [this, id, topic = std::move(topic), then = std::move(then)]() mutable {
        Connection* connection = find(id);
        if (connection == nullptr) return;
        const bool known = std::ranges::contains(connection->topics, topic);
        if (!known && connection->topics.size() >= options_.most_topics) {
          Error error{
              Code::too_large,
              "A connection may listen to " + std::to_string(options_.most_topics) + " symbols",
              "symbol",
              topic.name,
              {}};
          return deliver(*connection, text(error_text(error, clock_.now())));
        }
        if (!known) join_topic(*connection, std::move(topic));
        deliver(*connection, text(then));
      },
      false);
}

bool HubLoop::has_subscribers(const Topic& topic) const {
  const std::lock_guard lock(mutex_);
  return listeners_.contains(topic);
}

void HubLoop::stop() {
  if (!thread_.joinable()) return;
  post(
      [this] {
        stopping_ = true;
        stops_at_ = clock_.steady() + options_.farewell;
        std::vector<ConnectionId> ids;
        for (const auto& [id, connection] : connections_) ids.push_back(id);
        for (const ConnectionId id : ids) {
          if (Connection* connection = find(id)) end(*connection, kGoing, kReasons);
        }
      },
      true);
  thread_.join();
}

void HubLoop::run() {
  std::array<epoll_event, kEvents> events;
  for (;;) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(tick_.count()));
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.u64 == kWake) {
        do_inbox();
      } else if (Connection* connection = find(event.data.u64)) {
        on_event(*connection, event.events);
      }
    }
    const SteadyTime now = clock_.steady();
    if (now >= next_look_) look_at_clock(now);
    if (stopping_ && (connections_.empty() || now >= stops_at_)) break;
  }
  std::vector<Work> left;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    left.swap(inbox_);
    listeners_.clear();
  }
  // Sockets that came too late are adopted once more, to be closed.
  for (Work& work : left) work();
  connections_.clear();
}

void HubLoop::do_inbox() {
  std::uint64_t count = 0;
  (void)!::read(wake_, &count, sizeof count);
  std::vector<Work> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(inbox_);
  }
  for (Work& piece : work) piece();
}

void HubLoop::look_at_clock(SteadyTime now) {
  next_look_ = now + tick_;
  std::vector<Connection*> all;
  all.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) all.push_back(connection.get());
  Bytes ping, beat;
  for (Connection* connection : all) {
    if (connection->is_websocket() && !connection->ending() &&
        now - connection->heard >= options_.silence) {
      end(*connection, kTooSilent, kSilent);
      continue;
    }
    if (!may_stay(*connection, now)) {
      end(*connection, kUnwelcome, kPolicy);
      continue;
    }
    if (!connection->ending() && now >= connection->next_ping) {
      connection->next_ping = now + options_.ping;
      if (!ping) {
        // A client of the contract answers the text; a browser answers the frame by itself.
        ping = std::make_shared<const std::string>(
            encode_frame(Opcode::text, ping_text(clock_.now())) + encode_frame(Opcode::ping, ""));
        beat = std::make_shared<const std::string>(": ping\n\n");
      }
      deliver(*connection, connection->is_websocket() ? ping : beat);
      continue;
    }
    settle(*connection);
  }
}

void HubLoop::add(int fd, Join join) {
  prepare(fd, options_.silence);
  const ConnectionId id = next_id_++;
  const SteadyTime now = clock_.steady();
  const Client client{id, join.wire, join.seat.account(), join.topics.front(),
                      std::move(join.last_id)};
  auto made = std::make_unique<Connection>(fd, client, std::move(join.seat), options_, now);
  Connection& connection = *made;
  connection.may_stay = std::move(join.may_stay);
  // What a client of events sends is left to who still reads it; only its end matters here.
  const std::uint32_t wanted = connection.is_websocket() ? EPOLLIN | EPOLLRDHUP : EPOLLRDHUP;
  epoll_event event{.events = wanted, .data = {.u64 = id}};
  if (stopping_ || epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return;
  connections_.emplace(id, std::move(made));
  for (Topic& topic : join.topics) join_topic(connection, std::move(topic));
  if (!join.greeting.empty()) {
    deliver(connection, std::make_shared<const std::string>(std::move(join.greeting)));
  }
  if (find(id) == nullptr) return;
  if (client.wire == Wire::websocket) {
    const std::string_view symbol =
        client.topic.channel == Channel::alerts ? std::string_view{} : client.topic.name;
    deliver(connection,
            text(connected_text(client.topic.channel, symbol, to_text(id), clock_.now())));
  }
  const std::lock_guard lock(listener_mutex_);
  if (listener_ != nullptr) listener_->on_connected(client);
}

void HubLoop::join_topic(Connection& connection, Topic topic) {
  const std::lock_guard lock(mutex_);
  listeners_[topic].push_back(connection.client().id);
  connection.topics.push_back(std::move(topic));
}

void HubLoop::on_event(Connection& connection, std::uint32_t events) {
  const ConnectionId id = connection.client().id;
  if ((events & EPOLLOUT) != 0) {
    connection.flush();
    settle(connection);
    if (find(id) == nullptr) return;
  }
  if ((events & EPOLLIN) != 0 && connection.is_websocket()) return read(connection);
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) remove(connection);
}

void HubLoop::read(Connection& connection) {
  const ConnectionId id = connection.client().id;
  const SteadyTime now = clock_.steady();
  if (connection.receive(scratch_, now)) return remove(connection);
  while (!connection.ending()) {
    auto message = connection.next_message();
    if (!message) return end(connection, message.error(), kBroken);
    if (!*message) return;
    if (!connection.may_speak(now)) return end(connection, kTooLoud, kPolicy);
    handle(connection, std::move(**message));
    if (find(id) == nullptr) return;
  }
}

void HubLoop::handle(Connection& connection, WireMessage message) {
  switch (message.opcode) {
    case Opcode::ping:
      return deliver(connection, std::make_shared<const std::string>(
                                     encode_frame(Opcode::pong, message.payload)));
    case Opcode::close:
      return end(connection, CloseReason{}, kReasons);
    case Opcode::text:
      break;
    case Opcode::binary:
      return end(connection, kNoBinary, kPolicy);
    case Opcode::pong:
    case Opcode::continuation:
      return;
  }
  auto parsed = parse_message(message.payload);
  if (!parsed) return deliver(connection, text(error_text(parsed.error(), clock_.now())));
  if (std::holds_alternative<Pong>(*parsed)) return;
  const std::lock_guard lock(listener_mutex_);
  if (listener_ != nullptr) listener_->on_message(connection.client(), std::move(*parsed));
}

void HubLoop::deliver(Connection& connection, const Bytes& bytes) {
  if (connection.ending()) return;
  if (!connection.send(bytes)) return end(connection, kTooSlow, kSlow);
  metrics_->add(sent_);
  settle(connection);
}

void HubLoop::end(Connection& connection, CloseReason reason, Reason why) {
  if (why != kReasons) metrics_->add(dropped_[why]);
  const std::string last =
      connection.is_websocket() ? encode_close(reason) : farewell_event(reason);
  connection.end(std::make_shared<const std::string>(last), clock_.steady());
  settle(connection);
}

void HubLoop::settle(Connection& connection) {
  if (connection.over(clock_.steady())) return remove(connection);
  if (connection.writing == connection.has_queued()) return;
  connection.writing = connection.has_queued();
  std::uint32_t wanted = connection.is_websocket() ? EPOLLIN | EPOLLRDHUP : EPOLLRDHUP;
  if (connection.writing) wanted |= EPOLLOUT;
  epoll_event event{.events = wanted, .data = {.u64 = connection.client().id}};
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd(), &event);
}

void HubLoop::remove(Connection& connection) {
  {
    const std::lock_guard lock(mutex_);
    for (const Topic& topic : connection.topics) {
      const auto found = listeners_.find(topic);
      if (found == listeners_.end()) continue;
      std::erase(found->second, connection.client().id);
      if (found->second.empty()) listeners_.erase(found);
    }
  }
  // Told to the system by name: it forgets a socket by itself only when its last descriptor goes.
  epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd(), nullptr);
  connections_.erase(connection.client().id);
}

Connection* HubLoop::find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

Bytes HubLoop::text(std::string_view json) const {
  return std::make_shared<const std::string>(encode_frame(Opcode::text, json));
}

}  // namespace ara::streams
