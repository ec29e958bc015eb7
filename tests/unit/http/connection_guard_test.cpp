#include "http/connection_guard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

namespace ara::http {
namespace {

using namespace std::chrono_literals;

class ConnectionGuardTest : public testing::Test {
 protected:
  static SteadyTime at(std::chrono::seconds time) { return SteadyTime{} + time; }
  bool overdue(Peer peer, std::chrono::seconds time) const {
    const auto late = guard_.overdue(at(time));
    return std::ranges::find(late, peer) != late.end();
  }

  ConnectionGuard guard_{10s, 70s};
};

TEST_F(ConnectionGuardTest, TheFirstRequestMustBeWholeInTime) {
  guard_.opened(1, at(0s));
  EXPECT_FALSE(overdue(1, 9s));
  EXPECT_TRUE(overdue(1, 10s));
}

TEST_F(ConnectionGuardTest, AWholeRequestGivesTheLongerTimeAnew) {
  guard_.opened(1, at(0s));
  guard_.completed(1, at(9s));
  EXPECT_FALSE(overdue(1, 78s));
  EXPECT_TRUE(overdue(1, 79s));
  guard_.completed(1, at(60s));
  EXPECT_FALSE(overdue(1, 129s));
}

TEST_F(ConnectionGuardTest, IsNotJudgedWhileARequestIsWorkedOn) {
  guard_.opened(1, at(0s));
  guard_.begun(1, at(1s));
  guard_.begun(1, at(2s));
  guard_.answered(1, at(500s));
  EXPECT_FALSE(overdue(1, 1000s));
  guard_.answered(1, at(1000s));
  EXPECT_FALSE(overdue(1, 1069s));
  EXPECT_TRUE(overdue(1, 1070s));
}

TEST_F(ConnectionGuardTest, APeerThatConnectsAgainStartsAnew) {
  guard_.opened(1, at(0s));
  guard_.begun(1, at(0s));
  guard_.opened(1, at(5s));
  guard_.answered(1, at(6s));  // of the connection before
  EXPECT_FALSE(overdue(1, 14s));
  EXPECT_TRUE(overdue(1, 15s) || overdue(1, 16s));
}

TEST_F(ConnectionGuardTest, ForgetsWhatItIsTold) {
  for (Peer peer = 1; peer <= 100; ++peer) guard_.opened(peer, at(0s));
  guard_.opened(101, at(5s));
  const std::array<Peer, 2> gone{1, 2};
  guard_.forget(gone);
  EXPECT_EQ(guard_.size(), 99U);
  const std::array<Peer, 2> live{50, 60};
  guard_.keep_only(live, at(5s));
  EXPECT_EQ(guard_.size(), 3U) << "the two that live and the one too young to judge";
}

TEST_F(ConnectionGuardTest, ManyThreadsMarkAtOnce) {
  std::vector<std::jthread> threads;
  for (Peer first = 0; first < 4; ++first) {
    threads.emplace_back([this, first] {
      for (Peer i = 0; i < 2000; ++i) {
        const Peer peer = first * 10'000 + i % 500;
        guard_.opened(peer, at(0s));
        guard_.begun(peer, at(1s));
        guard_.answered(peer, at(2s));
        guard_.completed(peer, at(3s));
        if (i % 500 == 0) (void)guard_.overdue(at(4s));
      }
    });
  }
  threads.clear();
  EXPECT_EQ(guard_.size(), 2000U);
  EXPECT_TRUE(guard_.overdue(at(72s)).empty());
  EXPECT_EQ(guard_.overdue(at(73s)).size(), 2000U);
}

TEST(ConnectionGuard, TheCondemnedAreSoUntilThePeerComesAnew) {
  ConnectionGuard guard(std::chrono::seconds(10), std::chrono::seconds(60));
  guard.opened(1, {});
  guard.opened(2, {});
  EXPECT_TRUE(guard.completed(1, {}));
  guard.condemn(1);
  EXPECT_TRUE(guard.condemned(1));
  EXPECT_FALSE(guard.completed(1, {}));
  EXPECT_FALSE(guard.condemned(2));
  EXPECT_TRUE(guard.completed(2, {}));
  guard.opened(1, {});
  EXPECT_FALSE(guard.condemned(1));
}

TEST_F(ConnectionGuardTest, TheCondemnedAreCutSoonWhateverElseTheySend) {
  guard_.opened(1, at(0s));
  guard_.completed(1, at(1s));
  guard_.condemn(1);
  EXPECT_TRUE(guard_.overdue(at(1s)).empty());
  guard_.completed(1, at(2s));
  EXPECT_EQ(guard_.overdue(at(2s)), std::vector<Peer>{1});
}

}  // namespace
}  // namespace ara::http
