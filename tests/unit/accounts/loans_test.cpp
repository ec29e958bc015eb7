#include "accounts/loans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "accounts/lending.h"
#include "base/format.h"
#include "base/rng.h"
#include "support/manual_clock.h"

namespace ara::accounts {
namespace {

using namespace std::chrono_literals;

const Tier kSixty{.name = "sixty", .per_minute = 60, .per_day = 1'000'000};

/// The servers of a fleet, one account, and a channel that hands on, loses, repeats and delays.
class LoansTest : public testing::Test {
 protected:
  struct Server {
    std::shared_ptr<Meter> meter;
    std::unique_ptr<Loans> loans;
    std::deque<std::string> heard;
  };

  void make(int count) {
    for (int i = 0; i < count; ++i) {
      auto& server = *servers_.emplace_back(std::make_unique<Server>());
      server.meter = std::make_shared<Meter>("acc", 60, Servers{count, true});
      server.meter->set_limit(60);
      server.meter->day().lent(0, 1'000'000, 1'000'000);
      server.loans = std::make_unique<Loans>(
          ara::format("n{}", i), [this](const std::string& text) { say(text); }, clock_);
      server.loans->know(server.meter);
    }
  }

  void say(const std::string& message) {
    ++said_;
    if (down_) return;
    for (auto& server : servers_) {
      if (rng_.uniform() < lost_) continue;
      server->heard.push_back(message);
      if (rng_.uniform() < repeated_) server->heard.push_back(message);
    }
  }
  /// All that was said is heard, in the order of the servers.
  void deliver() {
    for (bool some = true; some;) {
      some = false;
      for (auto& server : servers_) {
        while (!server->heard.empty()) {
          const std::string message = server->heard.front();
          server->heard.pop_front();
          server->loans->hear(message);
          some = true;
        }
      }
    }
  }
  bool ask(std::size_t number) {
    Server& server = *servers_[number];
    const Admission admission = server.meter->admit(kSixty, clock_.steady());
    if (admission.admitted()) admitted_.push_back(clock_.steady());
    if (admission.runs_short) server.loans->ask("acc");
    return admission.admitted();
  }
  void pass(std::chrono::milliseconds span) {
    clock_.advance(span);
    for (auto& server : servers_) server->loans->settle();
  }
  /// No 60 seconds hold more than the limit.
  void expect_kept() const {
    for (std::size_t i = 60; i < admitted_.size(); ++i) {
      ASSERT_GT(admitted_[i] - admitted_[i - 60], 60s) << i;
    }
  }
  void say_nothing_more() { down_ = true; }

  support::ManualClock clock_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<SteadyTime> admitted_;
  Rng rng_{11};
  double lost_ = 0;
  double repeated_ = 0;
  bool down_ = false;
  int said_ = 0;
};

TEST_F(LoansTest, OneServerAloneGetsTheWholeLimit) {
  make(3);
  int admitted = 0;
  for (int i = 0; i < 90; ++i) {
    admitted += ask(0) ? 1 : 0;
    pass(2ms);
    deliver();
  }
  EXPECT_EQ(admitted, 60);
  expect_kept();
}

TEST_F(LoansTest, WhoAsksAllGetsTheWholeLimitToo) {
  make(3);
  int admitted = 0;
  for (int i = 0; i < 90; ++i) {
    for (std::size_t server = 0; server < 3; ++server) admitted += ask(server) ? 1 : 0;
    pass(2ms);
    deliver();
  }
  EXPECT_LE(admitted, 60);
  EXPECT_GE(admitted, 57);
  expect_kept();
}

TEST_F(LoansTest, WithoutAWordEachHasItsPart) {
  make(3);
  say_nothing_more();
  for (std::size_t server = 0; server < 3; ++server) {
    int admitted = 0;
    for (int i = 0; i < 90; ++i) admitted += ask(server) ? 1 : 0;
    EXPECT_EQ(admitted, 20);
  }
}

TEST_F(LoansTest, WhereTheChannelGoesDownInMidMinuteItIsNeverMore) {
  for (int before = 0; before < 60; before += 3) {
    servers_.clear();
    admitted_.clear();
    down_ = false;
    make(3);
    for (int i = 0; i < before; ++i) {
      ask(0);
      pass(2ms);
      deliver();
    }
    say_nothing_more();
    for (int second = 0; second < 180; ++second) {
      for (std::size_t server = 0; server < 3; ++server) {
        for (int i = 0; i < 5; ++i) ask(server);
      }
      pass(1s);
    }
    expect_kept();
    // Each has its own part again, minute after minute.
    EXPECT_GE(admitted_.size(), 60u + 60u) << before;
  }
}

TEST_F(LoansTest, ASteadyClientOfOneServerIsHardlyEverRefused) {
  make(3);
  int admitted = 0;
  for (int ms = 0; ms < 300'000; ms += 50) {
    if (ms % 1050 == 0) admitted += ask(0) ? 1 : 0;
    pass(50ms);
    deliver();
  }
  EXPECT_GE(admitted, 280) << "of 286";
  expect_kept();
}

TEST_F(LoansTest, WhatComesBackUnusedIsHadAgainAtOnce) {
  make(2);
  for (int i = 0; i < 20; ++i) ask(0);
  deliver();
  EXPECT_GT(servers_[0]->meter->borrowed(), 0);
  EXPECT_LT(servers_[1]->meter->free(clock_.steady()), 30);
  for (int i = 0; i < 20; ++i) {
    pass(200ms);
    deliver();
  }
  EXPECT_EQ(servers_[0]->meter->borrowed(), 0);
  EXPECT_EQ(servers_[1]->meter->free(clock_.steady()), 30);
}

TEST_F(LoansTest, WhateverIsLostRepeatedOrLateNoMinuteHoldsMore) {
  lost_ = 0.2;
  repeated_ = 0.2;
  make(4);
  Rng rng(5);
  for (int step = 0; step < 60'000; ++step) {
    const int busy = step / 5000 % 4;
    const auto server = rng.below(3) == 0 ? rng.below(4) : static_cast<std::uint32_t>(busy);
    ask(server);
    pass(std::chrono::milliseconds(rng.below(40)));
    if (rng.below(4) == 0) deliver();
  }
  expect_kept();
  EXPECT_GT(admitted_.size(), 600u);
}

TEST_F(LoansTest, NonsenseIsNotHeard) {
  make(2);
  for (const char* text : {"", "want", "want acc n1 x 5", "want acc n1 1 -5", "want nobody n1 1 5",
                           "lend acc n0 1 n1 1 5", "used acc n0 1 1 5 0", "back acc n0 1 1 5",
                           "lend acc n0 1 n1 1 99999999999999999999"}) {
    for (auto& server : servers_) server->loans->hear(text);
  }
  EXPECT_EQ(said_, 0);
  for (auto& server : servers_) {
    EXPECT_EQ(server->meter->borrowed(), 0);
    EXPECT_EQ(server->meter->free(clock_.steady()), 30);
  }
}

TEST(MinuteWindow, WhatIsLentIsNotAdmittedHoweverManyAsk) {
  for (int round = 0; round < 200; ++round) {
    constexpr std::int64_t kLimit = 40;
    Window window(64);
    const SteadyTime now(1h);
    std::atomic<std::int64_t> admitted = 0;
    std::atomic<std::int64_t> lent = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
          for (int n = 0; n < 30; ++n) admitted += window.admit(kLimit, now).admitted ? 1 : 0;
        });
      }
      threads.emplace_back([&] {
        for (int n = 0; n < 4; ++n) lent += window.lend(5, kLimit, now);
      });
    }
    ASSERT_EQ(admitted + lent, kLimit) << "neither more nor less: all asked for more than there is";
  }
}

/// What is sent is heard by all at once, in the thread of who sends.
class RoomChannel final : public cache::Channel {
 public:
  explicit RoomChannel(std::vector<RoomChannel*>& room) : room_(room) { room_.push_back(this); }
  Result<void> send(std::string_view message, const Call&) override {
    for (RoomChannel* one : room_) {
      const std::lock_guard lock(one->mutex_);
      if (one->listener_) one->listener_(message);
    }
    return {};
  }
  void listen(Listener listener) override {
    const std::lock_guard lock(mutex_);
    listener_ = std::move(listener);
  }
  void stop() override {
    const std::lock_guard lock(mutex_);
    listener_ = nullptr;
  }

 private:
  std::vector<RoomChannel*>& room_;
  std::mutex mutex_;
  Listener listener_;
};

class LendingTest : public testing::Test {
 protected:
  LendingTest() {
    for (std::size_t i = 0; i < 3; ++i) {
      channels_.push_back(std::make_shared<RoomChannel>(room_));
      meters_.push_back(std::make_shared<Meter>("acc", 60, Servers{3, true}));
      meters_[i]->set_limit(60);
    }
    for (std::size_t i = 0; i < 3; ++i) {
      servers_.push_back(std::make_unique<Lending>(channels_[i], system_clock()));
      servers_[i]->know(meters_[i]);
    }
  }

  /// As a server does: refused only where nothing comes.
  bool admit(std::size_t server) {
    auto admission = meters_[server]->admit(kSixty, system_clock().steady());
    if (admission.runs_short) servers_[server]->ask("acc");
    if (admission.admitted() || !admission.may_come) return admission.admitted();
    std::promise<bool> answer;
    EXPECT_TRUE(servers_[server]->wait(meters_[server], kSixty, [&](const Admission& last) {
      answer.set_value(last.admitted());
    }));
    return answer.get_future().get();
  }

  std::vector<RoomChannel*> room_;
  std::vector<std::shared_ptr<RoomChannel>> channels_;
  std::vector<std::shared_ptr<Meter>> meters_;
  std::vector<std::unique_ptr<Lending>> servers_;
};

TEST_F(LendingTest, WhoAsksOneServerFastHasTheWholeLimit) {
  std::atomic<int> admitted = 0;
  {
    std::vector<std::jthread> loops;  // two threads at one server, as two event loops are
    for (int i = 0; i < 2; ++i) {
      loops.emplace_back([&] {
        for (int n = 0; n < 45; ++n) admitted += admit(0) ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(admitted, 60);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_FALSE(admit(i));
}

TEST_F(LendingTest, WhatIsNotThereIsNotWaitedForAgain) {
  for (int n = 0; n < 70; ++n) admit(0);
  const SteadyTime start = system_clock().steady();
  for (int n = 0; n < 200; ++n) EXPECT_FALSE(admit(0));
  EXPECT_LT(system_clock().steady() - start, 2s);
}

}  // namespace
}  // namespace ara::accounts
