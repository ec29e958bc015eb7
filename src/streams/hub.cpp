#include "streams/hub.h"

#include "base/format.h"
#include "streams/hub_loop.h"

namespace ara::streams {

std::string to_text(ConnectionId id) {
  return ara::format("conn_{:016x}", id);
}

Seat::~Seat() {
  if (hub_ != nullptr) hub_->give_back(account_);
}

Hub::Hub(HubOptions options, std::shared_ptr<telemetry::Metrics> metrics, const Clock& clock)
    : options_(options), seats_(std::make_shared<std::atomic<std::size_t>>(0)) {
  metrics->gauge("ara_stream_connections", {},
                 [seats = seats_] { return static_cast<double>(seats->load()); });
  loop_ = std::make_unique<HubLoop>(options_, std::move(metrics), clock);
}

Hub::~Hub() {
  close();
}

void Hub::set_listener(Listener* listener) {
  loop_->set_listener(listener);
}

Result<Seat> Hub::take_seat(const std::string& account) {
  const std::lock_guard lock(mutex_);
  if (closed_) return fail(Code::overloaded, "The server is stopping");
  if (*seats_ >= options_.most_connections) {
    return fail(Code::overloaded, "The server has as many streams open as it may");
  }
  std::size_t& of_account = seats_of_[account];
  if (of_account >= options_.most_of_account) {
    return fail(Code::overloaded, "This account has " + std::to_string(of_account) +
                                      " streams open, as many as it may");
  }
  ++of_account;
  ++*seats_;
  return Seat(*this, account);
}

void Hub::give_back(const std::string& account) {
  const std::lock_guard lock(mutex_);
  --*seats_;
  const auto found = seats_of_.find(account);
  if (--found->second == 0) seats_of_.erase(found);
}

void Hub::adopt(int fd, Join join) {
  loop_->adopt(fd, std::move(join));
}

void Hub::publish(const Topic& topic, const Encoded& update) {
  loop_->publish(topic, update);
}

void Hub::send(ConnectionId id, const Encoded& update) {
  loop_->send(id, update);
}

void Hub::send_text(ConnectionId id, std::string_view text) {
  loop_->send(id, {std::make_shared<const std::string>(encode_frame(Opcode::text, text)), nullptr});
}

void Hub::subscribe(ConnectionId id, Topic topic, std::string then) {
  loop_->subscribe(id, std::move(topic), std::move(then));
}

bool Hub::has_subscribers(const Topic& topic) const {
  return loop_->has_subscribers(topic);
}

std::size_t Hub::connections() const {
  return *seats_;
}

void Hub::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  loop_->stop();
}

}  // namespace ara::streams
