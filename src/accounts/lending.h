#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "accounts/loans.h"
#include "cache/channel.h"

namespace ara::accounts {

/// Loans between the servers of a fleet, over a channel: a thread that does what is asked for and
/// hears what others say. Without a word from them each server has its own part of a limit.
class Lending {
 public:
  Lending(std::shared_ptr<cache::Channel> channel, const Clock& clock);
  ~Lending();
  Lending(const Lending&) = delete;
  Lending& operator=(const Lending&) = delete;

  // All cost a short lock, and are called seldom.
  void know(std::shared_ptr<Meter> meter);
  /// For an account that runs short of its minute here.
  void ask(const std::string& account);

  /// For a request that was refused while there is hope: counted again as soon as something is
  /// lent. `then` is called once, from the thread, with what came of it, or never where this ends
  /// before. False where too many wait already.
  using Then = std::function<void(const Admission&)>;
  bool wait(std::shared_ptr<Meter> meter, const Tier& tier, Then then);

 private:
  struct Waiting {
    std::shared_ptr<Meter> meter;
    Tier tier;
    Then then;
  };

  /// What others leave for the thread.
  struct Inbox {
    std::vector<std::shared_ptr<Meter>> meters;
    std::vector<std::string> asking;
    std::vector<std::string> heard;
    std::vector<Waiting> waiting;
    bool empty() const {
      return meters.empty() && asking.empty() && heard.empty() && waiting.empty();
    }
  };

  void run();
  void send(const std::string& message);
  Inbox next_inbox();
  void serve_waiting();

  const std::shared_ptr<cache::Channel> channel_;
  const Clock& clock_;
  Loans loans_;  ///< this and the next are touched by the thread alone
  std::vector<Waiting> waiting_;
  std::atomic<std::size_t> waiters_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  Inbox inbox_;
  std::thread thread_;
};

}  // namespace ara::accounts
