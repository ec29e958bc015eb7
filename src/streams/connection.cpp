#include "streams/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ara::streams {

Connection::Connection(int fd, Client client, Seat seat, const HubOptions& options, SteadyTime now)
    : heard(now),
      next_ping(now + options.ping),
      next_check(now),
      fd_(fd),
      client_(std::move(client)),
      seat_(std::move(seat)),
      options_(options),
      reader_(options.most_message),
      credit_(options.burst),
      credited_(now) {}

Connection::~Connection() {
  // Ended in both directions, whoever else holds a descriptor of it.
  shutdown(fd_, SHUT_RDWR);
  close(fd_);
}

bool Connection::send(Bytes bytes) {
  if (broken_ || ending()) return true;
  if (queued_ + bytes->size() > options_.most_queued) return false;
  queued_ += bytes->size();
  queue_.push_back(std::move(bytes));
  if (!writing) flush();
  return true;
}

void Connection::flush() {
  while (has_queued() && !broken_) {
    const std::string& bytes = *queue_[head_];
    const ssize_t sent =
        ::send(fd_, bytes.data() + offset_, bytes.size() - offset_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      broken_ = errno != EAGAIN && errno != EWOULDBLOCK;
      break;
    }
    queued_ -= static_cast<std::size_t>(sent);
    offset_ += static_cast<std::size_t>(sent);
    if (offset_ < bytes.size()) break;
    queue_[head_++].reset();
    offset_ = 0;
  }
  if (has_queued()) return;
  std::vector<Bytes>().swap(queue_);
  head_ = 0;
  // Closed with something unread it would be reset, and the last words lost: so first one half.
  if (ending()) shutdown(fd_, SHUT_WR);
}

void Connection::end(Bytes farewell, SteadyTime now) {
  if (ending()) return;
  const std::size_t keep = offset_ > 0 ? head_ + 1 : head_;
  queue_.resize(std::min(queue_.size(), keep));
  queued_ = offset_ > 0 ? queue_[head_]->size() - offset_ : 0;
  if (farewell) {
    queued_ += farewell->size();
    queue_.push_back(std::move(farewell));
  }
  ends_at_ = now + options_.farewell;
  if (!writing) flush();
}

bool Connection::over(SteadyTime now) const {
  return broken_ || (ends_at_ && now >= *ends_at_);
}

std::optional<CloseReason> Connection::receive(std::string& scratch, SteadyTime now) {
  const ssize_t size = recv(fd_, scratch.data(), scratch.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return std::nullopt;
  if (size <= 0) {
    broken_ = true;
    return CloseReason{};
  }
  heard = now;
  if (!ending()) reader_.feed({scratch.data(), static_cast<std::size_t>(size)});
  return std::nullopt;
}

bool Connection::may_speak(SteadyTime now) {
  const double seconds = std::chrono::duration<double>(now - credited_).count();
  credit_ = std::min(options_.burst, credit_ + seconds * options_.messages_per_second);
  credited_ = now;
  if (credit_ < 1) return false;
  credit_ -= 1;
  return true;
}

}  // namespace ara::streams
