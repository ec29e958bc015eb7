// How the client goes about failures, with links that do as they are told and a clock that stands.
#include "cache/redis_client.h"

#include <gtest/gtest.h>

#include <array>

#include "cache/redis_watch.h"
#include "support/manual_clock.h"

namespace ara::cache {
namespace {

using std::chrono::milliseconds;

/// What the nodes behind all links do, and what they have been asked.
struct Nodes {
  bool master_lives = true;
  bool replica_lives = true;
  bool moved = false;  ///< the slot has a new master, which a refresh finds
  Code master_says = Code::unavailable;
  int master_asked = 0;
  int replica_asked = 0;
  int refreshes = 0;
};

class FakeLink final : public RedisLink {
 public:
  explicit FakeLink(Nodes& nodes) : nodes_(nodes) {}

  Result<RedisReply> run(std::span<const std::string_view>, const std::string&, Node node,
                         Deadline) override {
    if (node == Node::replica) {
      ++nodes_.replica_asked;
      if (nodes_.replica_lives) return "replica";
      return fail(Code::unavailable, "replica");
    }
    ++nodes_.master_asked;
    if (nodes_.master_lives) return "master";
    return fail(nodes_.master_says, "master");
  }
  Result<void> refresh(Deadline) override {
    ++nodes_.refreshes;
    if (nodes_.moved) nodes_.master_lives = true;
    return {};
  }
  Result<std::uint64_t> slots_covered(Deadline) override {
    if (!nodes_.master_lives) return fail(Code::unavailable, "master");
    return 16384;
  }

 private:
  Nodes& nodes_;
};

class RedisClientTest : public testing::Test {
 protected:
  Result<RedisReply> read() { return client_.read("ara:{A}:1", kWords, {}); }
  Result<RedisReply> write() { return client_.write("ara:{A}:1", kWords, {}); }

  static constexpr std::array<std::string_view, 1> kWords{"ANY"};
  Nodes nodes_;
  support::ManualClock clock_;
  RedisClient client_{{.place = {}, .breaker = {.failures = 5, .rest = milliseconds{500}}},
                      [this](std::size_t) { return std::make_unique<FakeLink>(nodes_); },
                      clock_};
};

TEST_F(RedisClientTest, ReadsAtAReplicaWhereTheMasterIsSilent) {
  nodes_.master_lives = false;
  EXPECT_EQ(*read().value(), "replica");
  EXPECT_EQ(client_.stats().replica_reads, 1U);
  EXPECT_EQ(client_.stats().failures, 0U);
}

TEST_F(RedisClientTest, TellsHowManySlotsAreServed) {
  EXPECT_EQ(client_.slots_covered({}).value(), 16384U);
  nodes_.master_lives = false;
  EXPECT_EQ(client_.slots_covered({}).error().code, Code::unavailable);
  EXPECT_EQ(client_.stats().operations, 0U);
}

TEST_F(RedisClientTest, AsksASilentMasterNoMoreOnceTheBreakerIsOpen) {
  nodes_.master_lives = false;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(*read().value(), "replica");
  EXPECT_EQ(nodes_.master_asked, 5);
  EXPECT_EQ(client_.stats().open, 1U);
  nodes_.master_lives = true;
  clock_.advance(milliseconds{500});
  EXPECT_EQ(*read().value(), "master");
  EXPECT_EQ(*read().value(), "master");
  EXPECT_EQ(client_.stats().open, 0U);
}

TEST_F(RedisClientTest, FindsTheNewMasterWithinOneCall) {
  nodes_.master_lives = false;
  nodes_.moved = true;
  EXPECT_EQ(*write().value(), "master");
  EXPECT_EQ(client_.stats().retries, 1U);
  EXPECT_EQ(client_.stats().failures, 0U);
}

TEST_F(RedisClientTest, AProbeLooksForTheMasterFirst) {
  nodes_.master_lives = false;
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(write());
  ASSERT_GT(client_.stats().open, 0U);
  nodes_.moved = true;
  clock_.advance(milliseconds{500});
  nodes_.refreshes = 0;
  EXPECT_EQ(*write().value(), "master");
  EXPECT_EQ(nodes_.refreshes, 1);
}

TEST_F(RedisClientTest, WritesAreNotSentToReplicas) {
  nodes_.master_lives = false;
  EXPECT_EQ(write().error().code, Code::unavailable);
  EXPECT_EQ(nodes_.replica_asked, 0);
  EXPECT_EQ(client_.stats().failures, 1U);
}

TEST_F(RedisClientTest, WhatIsDeadIsNotAsked) {
  nodes_.master_lives = nodes_.replica_lives = false;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(read().error().code, Code::unavailable);
  const int asked = nodes_.master_asked + nodes_.replica_asked;
  const auto refused = client_.stats().refused;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(read().error().code, Code::unavailable);
  EXPECT_EQ(nodes_.master_asked + nodes_.replica_asked, asked);
  EXPECT_EQ(client_.stats().refused, refused + 1000);
}

TEST_F(RedisClientTest, AClusterThatIsGoneIsLeftAloneWhateverTheKey) {
  nodes_.master_lives = nodes_.replica_lives = false;
  for (int i = 0; i < 200; ++i) {
    EXPECT_FALSE(client_.read("ara:{" + std::to_string(i) + "}:1", kWords, {}));
  }
  EXPECT_LE(nodes_.master_asked, 20);
}

TEST_F(RedisClientTest, ProbesCloseWhatNobodyAsks) {
  nodes_.master_lives = nodes_.replica_lives = false;
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(read());
  EXPECT_EQ(client_.stats().open, 2U);  // the masters and the replicas of one part
  nodes_.master_lives = nodes_.replica_lives = true;
  clock_.advance(milliseconds{500});
  EXPECT_EQ(*read().value(), "master");
  EXPECT_EQ(client_.stats().open, 1U) << "no replica is asked while its master answers";
  client_.probe();
  EXPECT_EQ(client_.stats().open, 0U);
  EXPECT_EQ(nodes_.replica_asked, 6);
  client_.probe();
  EXPECT_EQ(nodes_.replica_asked, 6);
}

TEST_F(RedisClientTest, ProbesCloseAllWithoutAnybodyElse) {
  nodes_.master_lives = nodes_.replica_lives = false;
  for (int i = 0; i < 200; ++i) {
    clock_.advance(milliseconds{500});
    EXPECT_FALSE(client_.read("ara:{" + std::to_string(i) + "}:1", kWords, {}));
  }
  EXPECT_GT(client_.stats().open, 16U);
  nodes_.master_lives = nodes_.replica_lives = true;
  client_.probe();
  clock_.advance(milliseconds{500});
  client_.probe();
  EXPECT_EQ(client_.stats().open, 0U);
}

TEST_F(RedisClientTest, TheWatchProbes) {
  nodes_.master_lives = nodes_.replica_lives = false;
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(read());
  ASSERT_GT(client_.stats().open, 0U);
  nodes_.master_lives = nodes_.replica_lives = true;
  clock_.advance(milliseconds{500});
  const RedisWatch watch(std::shared_ptr<RedisClient>(std::shared_ptr<void>(), &client_),
                         milliseconds{1});
  const SteadyTime give_up = system_clock().steady() + std::chrono::seconds(20);
  while (client_.stats().open > 0 && system_clock().steady() < give_up) {
    std::this_thread::sleep_for(milliseconds{1});
  }
  EXPECT_EQ(client_.stats().open, 0U);
}

TEST_F(RedisClientTest, ARoundOfProbesCostsOneFailureAtMost) {
  nodes_.master_lives = nodes_.replica_lives = false;
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(read());
  clock_.advance(milliseconds{500});
  const int asked = nodes_.master_asked + nodes_.replica_asked;
  client_.probe();
  EXPECT_EQ(nodes_.master_asked + nodes_.replica_asked, asked + 1);
  nodes_.replica_lives = true;  // the other one
  client_.probe();
  clock_.advance(milliseconds{500});
  client_.probe();
  client_.probe();
  EXPECT_EQ(*read().value(), "replica");
}

TEST_F(RedisClientTest, OutOfMemoryIsAnAnswerAndNoFailure) {
  nodes_.master_lives = false;
  nodes_.master_says = Code::overloaded;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(write().error().code, Code::overloaded);
  EXPECT_EQ(nodes_.master_asked, 20);
  EXPECT_EQ(client_.stats().open, 0U);
}

TEST_F(RedisClientTest, ADeadlineThatHasPassedAsksNobody) {
  const Call call{Deadline{clock_.steady()}};
  EXPECT_EQ(client_.write("ara:{A}:1", kWords, call).error().code, Code::deadline);
  EXPECT_EQ(nodes_.master_asked, 0);
}

TEST_F(RedisClientTest, ACallerInHasteOpensNoBreaker) {
  nodes_.master_lives = nodes_.replica_lives = false;
  const Call call{Deadline{clock_.steady() + milliseconds{5}}};
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(client_.read("ara:{A}:1", kWords, call));
  EXPECT_EQ(client_.stats().open, 0U);
}

}  // namespace
}  // namespace ara::cache
