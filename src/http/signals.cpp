#include "http/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace ara::http {
namespace {

// A signal handler can only reach what is static. The descriptor is never closed: a handler may be
// about to write to it on another thread.
std::atomic<int> event_fd = -1;
std::atomic<int> received = 0;
struct sigaction former_term;
struct sigaction former_int;

void on_signal(int number) {
  const int error = errno;
  if (received.fetch_add(1) > 0) _exit(128 + number);
  const std::uint64_t one = 1;
  // It cannot fail: the counter of the eventfd is far from full.
  [[maybe_unused]] const auto written = write(event_fd.load(), &one, sizeof one);
  errno = error;
}

}  // namespace

StopSignal::StopSignal() {
  if (event_fd < 0) event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::uint64_t former = 0;
  [[maybe_unused]] const auto drained = read(event_fd, &former, sizeof former);
  received = 0;
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, &former_term);
  sigaction(SIGINT, &action, &former_int);
}

StopSignal::~StopSignal() {
  sigaction(SIGTERM, &former_term, nullptr);
  sigaction(SIGINT, &former_int, nullptr);
}

bool StopSignal::wait_for(std::chrono::milliseconds time) const {
  if (received.load() > 0) return true;
  pollfd waiting{.fd = event_fd.load(), .events = POLLIN, .revents = 0};
  poll(&waiting, 1, static_cast<int>(time.count()));
  return received.load() > 0;
}

}  // namespace ara::http
