#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streams/hub.h"

namespace ara::streams {

/// One socket of the hub: what it still has to be sent, and what has come. Used by the hub's thread
/// alone. Idle it holds no buffer.
class Connection {
 public:
  Connection(int fd, Client client, Seat seat, const HubOptions& options, SteadyTime now);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  const Client& client() const { return client_; }
  bool is_websocket() const { return client_.wire == Wire::websocket; }

  /// Sends, or queues what the socket does not take now. False where the queue is full.
  bool send(Bytes bytes);
  /// Sends what is queued as far as the socket takes it.
  void flush();
  bool has_queued() const { return head_ < queue_.size(); }
  std::size_t queued_bytes() const { return queued_; }

  /// Begins to end it: of the queue only what is half sent still goes out, then `farewell`; then
  /// the other side has the rest of the time to close.
  void end(Bytes farewell, SteadyTime now);
  bool ending() const { return ends_at_.has_value(); }
  /// Whether nothing keeps it: broken, closed by the other side, or overdue.
  bool over(SteadyTime now) const;

  /// Reads what has come. Nothing where the connection goes on; else why it must end. A reason of
  /// CloseCode::normal: the client has left.
  std::optional<CloseReason> receive(std::string& scratch, SteadyTime now);
  /// The next whole message, as FrameReader::next.
  std::expected<std::optional<WireMessage>, CloseReason> next_message() { return reader_.next(); }
  /// Whether a message more is within the limit of messages a second.
  bool may_speak(SteadyTime now);

  std::vector<Topic> topics;
  SteadyTime heard;                ///< when something came last
  SteadyTime next_ping;            ///< when to say that we are there
  std::function<bool()> may_stay;  ///< as Join::may_stay
  SteadyTime next_check;           ///< when to ask it
  bool writing = false;            ///< whether the loop waits for the socket to take more

 private:
  const int fd_;
  const Client client_;
  const Seat seat_;
  const HubOptions& options_;
  FrameReader reader_;
  std::vector<Bytes> queue_;  ///< from head_ on
  std::size_t head_ = 0;
  std::size_t offset_ = 0;  ///< bytes of the first that are sent
  std::size_t queued_ = 0;  ///< bytes that are not
  std::optional<SteadyTime> ends_at_;
  bool broken_ = false;
  double credit_;
  SteadyTime credited_;
};

}  // namespace ara::streams
