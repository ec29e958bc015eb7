// Messages between the nodes of a fleet, through a real Redis Cluster.
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "cache/redis.h"
#include "support/redis_cluster.h"

namespace ara::cache {
namespace {

using namespace std::chrono_literals;

/// One node's way into the channel, and what it has heard.
class Ear {
 public:
  Ear(const support::RedisCluster& cluster, const std::string& prefix)
      : channel_(make_redis_channel(make_redis_client(cluster.options(prefix)).value(), "room")) {
    channel_->listen([this](std::string_view message) {
      {
        const std::lock_guard lock(mutex_);
        heard_.emplace_back(message);
      }
      changed_.notify_all();
    });
  }

  Channel& channel() { return *channel_; }
  bool hears(const std::string& message, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience,
                             [&] { return std::ranges::contains(heard_, message); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> heard_;
  std::unique_ptr<Channel> channel_;  // ends first: it calls back
};

class RedisChannelTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!support::RedisCluster::installed()) GTEST_SKIP() << support::RedisCluster::kMissing;
  }
  /// Says it until it is heard: whoever has just come is not there for the first word.
  static bool reaches(Ear& from, Ear& to, const std::string& message) {
    for (int tries = 0; tries < 100; ++tries) {
      (void)from.channel().send(message, Call{Deadline::after(5s)});
      if (to.hears(message, 100ms)) return true;
    }
    return false;
  }
};

TEST_F(RedisChannelTest, AllHearWhatOneSaysAndNobodyElseDoes) {
  const auto& cluster = support::RedisCluster::shared();
  Ear one(cluster, "fleet-a"), other(cluster, "fleet-a"), stranger(cluster, "fleet-b");
  ASSERT_TRUE(reaches(one, other, "hello"));
  EXPECT_TRUE(reaches(one, one, "hello")) << "who speaks hears itself";
  ASSERT_TRUE(reaches(stranger, stranger, "we are others"));
  EXPECT_FALSE(one.hears("we are others", 0ms));
  EXPECT_FALSE(stranger.hears("hello", 0ms));
  ASSERT_TRUE(one.channel().send("no prefix 1 2 {x} \r\n % %s", Call{Deadline::after(5s)}));
  EXPECT_TRUE(other.hears("no prefix 1 2 {x} \r\n % %s", 5s)) << "text as it is";
}

TEST_F(RedisChannelTest, NobodyIsCalledAfterTheEnd) {
  const auto& cluster = support::RedisCluster::shared();
  Ear one(cluster, "fleet-c"), other(cluster, "fleet-c");
  ASSERT_TRUE(reaches(one, other, "hello"));
  other.channel().stop();
  (void)one.channel().send("late", Call{Deadline::after(5s)});
  EXPECT_FALSE(other.hears("late", 200ms));
}

TEST_F(RedisChannelTest, WithoutAServerItFailsAndEnds) {
  RedisOptions options;
  options.place.nodes = {"127.0.0.1:1"};
  const auto channel = make_redis_channel(make_redis_client(options).value(), "room");
  channel->listen([](std::string_view) { FAIL() << "nobody speaks"; });
  EXPECT_FALSE(channel->send("anyone?", Call{Deadline::after(500ms)}));
}

}  // namespace
}  // namespace ara::cache
