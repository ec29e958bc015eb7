#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "webhooks/target.h"

namespace ara::webhooks {

/// One POST of JSON.
struct Request {
  std::string id;  ///< by which its Outcome is known
  std::string url;
  std::string body;
  std::vector<std::string> headers;  ///< complete lines, e.g. "x-a: b", besides the usual ones
};

/// How it went.
struct Outcome {
  std::string id;
  int status = 0;     ///< of HTTP; 0 where there was no response
  std::string body;   ///< its first kKeptBody bytes, made printable
  std::string error;  ///< why there was no whole response; empty where there was

  bool success() const { return error.empty() && status >= 200 && status < 300; }
};

/// Sends several requests at once from one thread. Redirects are not followed, no proxy is used,
/// and no connection is made to an address that the policy forbids: the address that is checked is
/// the very one that is connected to, whatever a name meant before (DNS rebinding).
class Sender {
 public:
  static constexpr std::size_t kKeptBody = 1024;
  static constexpr std::size_t kReadBody = 64 * 1024;  ///< of a longer response no more is read

  struct Options {
    Policy policy;
    std::chrono::milliseconds timeout{30'000};  ///< of a whole request
    std::chrono::milliseconds connect_timeout{10'000};
    /// "HOST:PORT:ADDRESS", in the place of DNS; for tests.
    std::vector<std::string> resolve = {};
  };

  explicit Sender(Options options);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// Begins to send. What cannot even be begun has its Outcome come out of run() too.
  void start(Request request);
  std::size_t in_flight() const;

  /// Goes on sending until something has ended, `wait` has passed, or wake() was called; what has
  /// ended.
  std::vector<Outcome> run(std::chrono::milliseconds wait);
  /// From any thread: makes run() return.
  void wake();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ara::webhooks
