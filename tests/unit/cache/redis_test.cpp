// The tier and the flights on a real cluster.
#include "cache/redis.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <set>
#include <thread>

#include "base/text.h"
#include "cache/envelope.h"
#include "support/redis_cluster.h"

namespace ara::cache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::RedisCluster;

Value text(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

class RedisTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!RedisCluster::installed()) GTEST_SKIP() << RedisCluster::kMissing;
    client_ = RedisCluster::shared().client();
    tier_ = make_redis_tier(client_);
  }

  std::string name_of(const Key& key) const {
    return client_->options().prefix + ":{" + std::string(key.tag) + "}:" + to_hex(key.id);
  }
  RedisReply run(const std::string& key, std::vector<std::string_view> words) {
    return client_->write(key, words, {}).value();
  }
  /// A way to this test's keys that another node has.
  std::shared_ptr<RedisClient> another_client() {
    return make_redis_client(client_->options()).value();
  }

  std::shared_ptr<RedisClient> client_;
  std::shared_ptr<Tier> tier_;
};

const Key kAapl{{1, 2}, "AAPL"};

TEST_F(RedisTest, KeysLieInTheSlotOfTheirSymbol) {
  ASSERT_TRUE(tier_->put(kAapl, text("x"), seconds{10}, {}));
  EXPECT_EQ(run(name_of(kAapl), {"EXISTS", name_of(kAapl)}), "1");
  EXPECT_EQ(redis_slot(name_of(kAapl)), redis_slot("AAPL"));
  EXPECT_EQ(redis_slot("123456789"), 0x31C3U);  // the check value of the cluster specification
}

TEST_F(RedisTest, ManySymbolsFindTheirNodes) {
  for (std::uint64_t i = 0; i < 300; ++i) {
    const std::string symbol = "S" + std::to_string(i);
    ASSERT_TRUE(tier_->put({{i, i}, symbol}, text(symbol), seconds{10}, {}));
  }
  const auto other = make_redis_tier(another_client());
  for (std::uint64_t i = 0; i < 300; ++i) {
    const std::string symbol = "S" + std::to_string(i);
    const Value value = other->get({{i, i}, symbol}, {}).value();
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(*value, symbol);
  }
  EXPECT_EQ(client_->stats().failures, 0U);
}

TEST_F(RedisTest, WhatIsDamagedOrNotOursIsAMiss) {
  const std::string name = name_of(kAapl);
  std::string envelope = *seal(kAapl.id, "value");
  envelope.back() ^= 1;
  for (const std::string& foreign : {std::string("{}"), std::string(), envelope}) {
    run(name, {"SET", name, foreign});
    const auto value = tier_->get(kAapl, {});
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, nullptr);
  }
  run(name, {"DEL", name});
  run(name, {"LPUSH", name, "a list"});
  EXPECT_EQ(tier_->get(kAapl, {}).value(), nullptr);
  ASSERT_TRUE(tier_->put(kAapl, text("value"), seconds{10}, {}));
  EXPECT_EQ(*tier_->get(kAapl, {}).value(), "value");
  EXPECT_EQ(client_->stats().failures, 0U);
}

TEST_F(RedisTest, TimesToLiveAreSpreadOverATenth) {
  std::set<long long> times;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const Key key{{i, i}, "AAPL"};
    ASSERT_TRUE(tier_->put(key, text("x"), seconds{100}, {}));
    const auto left = parse_integer(*run(name_of(key), {"PTTL", name_of(key)}));
    ASSERT_TRUE(left);
    EXPECT_GT(*left, 85'000);
    EXPECT_LE(*left, 100'000);
    times.insert(*left / 1000);
  }
  EXPECT_GE(times.size(), 5U);
}

TEST_F(RedisTest, AnAnswerTakesNoLongerThanTheCallMay) {
  const Call call{Deadline::after(milliseconds{-1})};
  const auto value = tier_->get(kAapl, call);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Code::deadline);
}

TEST_F(RedisTest, AWrongPasswordIsAFailureAndNothingElse) {
  RedisOptions options = client_->options();
  options.place.password = "wrong";
  const auto tier = make_redis_tier(make_redis_client(options).value());
  const auto value = tier->get(kAapl, {});
  ASSERT_FALSE(value);
  EXPECT_NE(value.error().message.find("WRONGPASS"), std::string::npos) << value.error().message;
  EXPECT_EQ(value.error().message.find("wrong"), std::string::npos);
}

TEST_F(RedisTest, OneOfTheStartNodesIsEnough) {
  RedisOptions options = client_->options();
  options.place.nodes = {"127.0.0.1:1", options.place.nodes[4]};
  const auto tier = make_redis_tier(make_redis_client(options).value());
  EXPECT_TRUE(tier->put(kAapl, text("x"), seconds{10}, {}));
}

// ---- flights --------------------------------------------------------------------------------

TEST_F(RedisTest, OfManyNodesOneMakesTheValue) {
  constexpr int kNodes = 6;
  std::atomic<int> made = 0;
  std::atomic<int> right = 0;
  std::vector<std::thread> nodes;
  for (int i = 0; i < kNodes; ++i) {
    nodes.emplace_back([&] {
      const auto client = another_client();
      const std::shared_ptr<Tier> tier = make_redis_tier(client);
      const auto flights = make_redis_flights(client, tier);
      for (std::uint64_t k = 0; k < 20; ++k) {
        const Key key{{k, 9}, "AAPL"};
        const Call call{Deadline::after(seconds{20})};
        const std::string expected = "value " + std::to_string(k);
        Boarding boarding = flights->board(key, call);
        if (boarding.value != nullptr) {
          right += *boarding.value == expected ? 1 : 0;
          continue;
        }
        ++made;
        client->pause(milliseconds{5});
        (void)tier->put(key, text(expected), seconds{10}, call);
        ++right;
      }
    });
  }
  for (std::thread& each : nodes) each.join();
  EXPECT_EQ(made, 20);
  EXPECT_EQ(right, kNodes * 20);
}

TEST_F(RedisTest, AClaimGivenBackWithoutAValueIsTheNextOnes) {
  const auto flights = make_redis_flights(client_, tier_);
  Boarding first = flights->board(kAapl, {});
  ASSERT_NE(first.claim, nullptr);
  std::thread other([&] {
    const Boarding second = flights->board(kAapl, Call{Deadline::after(seconds{10})});
    EXPECT_NE(second.claim, nullptr);
    EXPECT_EQ(second.value, nullptr);
  });
  client_->pause(milliseconds{30});
  first.claim.reset();
  other.join();
}

TEST_F(RedisTest, AClaimWhoseHolderIsGoneLapses) {
  const auto flights = make_redis_flights(client_, tier_, {.lease = milliseconds{150}});
  const std::string name = name_of(kAapl) + ":flight";
  run(name, {"SET", name, "a node that was killed", "PX", "150"});
  const auto start = std::chrono::steady_clock::now();
  const Boarding boarding = flights->board(kAapl, Call{Deadline::after(seconds{10})});
  EXPECT_NE(boarding.claim, nullptr);
  EXPECT_GT(std::chrono::steady_clock::now() - start, milliseconds{100});
}

TEST_F(RedisTest, WhoCannotWaitMakesItWithoutAClaim) {
  const auto flights = make_redis_flights(client_, tier_);
  const std::string name = name_of(kAapl) + ":flight";
  run(name, {"SET", name, "another node", "PX", "10000"});
  const auto start = std::chrono::steady_clock::now();
  const Boarding boarding = flights->board(kAapl, Call{Deadline::after(seconds{1})});
  EXPECT_EQ(boarding.claim, nullptr);
  EXPECT_EQ(boarding.value, nullptr);
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds{950});
}

TEST_F(RedisTest, AClaimThatLapsedDoesNotEndTheNextOne) {
  const auto flights = make_redis_flights(client_, tier_, {.lease = milliseconds{50}});
  Boarding first = flights->board(kAapl, {});
  ASSERT_NE(first.claim, nullptr);
  client_->pause(milliseconds{60});
  const std::string name = name_of(kAapl) + ":flight";
  run(name, {"SET", name, "the next", "PX", "10000"});
  first.claim.reset();
  EXPECT_EQ(run(name, {"GET", name}), "the next");
}

}  // namespace
}  // namespace ara::cache
