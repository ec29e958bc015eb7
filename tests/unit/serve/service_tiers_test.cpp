// What a service does with the tiers that a fleet shares.
#include "support/faulty_store.h"
#include "unit/serve/service_fixture.h"

namespace ara::serve {
namespace {

/// A tier that is down.
struct DeadTier final : cache::Tier {
  Result<cache::Value> get(const cache::Key&, const Call&) override {
    return fail(Code::unavailable, "down");
  }
  Result<void> put(const cache::Key&, const cache::Value&, std::chrono::seconds,
                   const Call&) override {
    return fail(Code::unavailable, "down");
  }
  cache::TierStats stats() const override { return {}; }
};

/// Flights of a fleet in which another node has just made what is wanted.
struct MadeElsewhere final : cache::Flights {
  cache::Boarding board(const cache::Key&, const Call&) override {
    return {std::make_shared<const std::string>("made elsewhere"), nullptr};
  }
};

TEST_F(ForecastServiceTest, NodesShareWhatL2Holds) {
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 7};
  const std::shared_ptr<cache::Tier> l2 = cache::make_memory_tier(1 << 20);
  const auto one = *make_forecast_service(store_, metrics_, {.l2 = l2});
  const auto other = *make_forecast_service(store_, metrics_, {.l2 = l2});
  const auto computed = one->compute_now(request, {});
  ASSERT_TRUE(computed);
  const auto shared = other->compute_now(request, {});
  ASSERT_TRUE(shared);
  EXPECT_EQ(*shared->body, *computed->body);
  EXPECT_EQ(shared->id, computed->id);
  EXPECT_EQ(counted("ara_cache_requests_total{tier=\"l2\",result=\"hit\"}"), 1);
  EXPECT_EQ(counted("ara_cache_requests_total{tier=\"l2\",result=\"miss\"}"), 1);
  EXPECT_TRUE(other->cached(request));
}

TEST_F(ForecastServiceTest, WhatL2HoldsCostsNoLookAtTheStore) {
  using support::StoreCall;
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 7};
  const std::shared_ptr<cache::Tier> l2 = cache::make_memory_tier(1 << 20);
  const auto maker = *make_forecast_service(store_, metrics_, {.l2 = l2});
  const auto computed = maker->compute_now(request, {});
  ASSERT_TRUE(computed);
  const auto store = std::make_shared<support::FaultyStore>(store_);
  const auto asker = *make_forecast_service(store, metrics_, {.l2 = l2});
  for (const auto kind : {StoreCall::find_symbol, StoreCall::find_forecast, StoreCall::last_bars}) {
    store->fail(kind, Code::unavailable);
  }
  const auto shared = asker->compute_now(request, {});
  ASSERT_TRUE(shared) << shared.error().message;
  EXPECT_EQ(*shared->body, *computed->body);
  EXPECT_EQ(store->calls(StoreCall::find_symbol), 0);
  EXPECT_EQ(store->calls(StoreCall::find_forecast), 0);
}

TEST_F(ForecastServiceTest, WhoHasSeenAWriteIsNeverGivenAnOlderForecast) {
  // Heads that are not looked at again, though trusted: the token alone tells.
  const auto service = *make_forecast_service(store_, metrics_, {.head_refresh = 1h});
  const ForecastRequest before{.symbol = symbol("AAPL")};
  const auto older = service->compute_now(before, {});
  ASSERT_TRUE(older);
  const auto put = another_store()->put_bars(symbol("AAPL"), domain::AssetType::stock, bars_, {});
  ASSERT_TRUE(put);
  EXPECT_EQ(service->compute_now(before, {})->id, older->id);
  const ForecastRequest after{.symbol = symbol("AAPL"), .min_revision = put->revision};
  EXPECT_FALSE(service->cached(after));
  const auto newer = service->compute_now(after, {});
  ASSERT_TRUE(newer) << newer.error().message;
  EXPECT_NE(newer->id, older->id);
  EXPECT_EQ(member(*newer, "revision"), domain::to_string(put->revision));
}

TEST_F(ForecastServiceTest, AStandbyThatIsBehindDoesNotAnswerWhoHasSeenTheWrite) {
  const std::shared_ptr<storage::Store> behind =
      *storage::open_sqlite((folder_ / "behind.db").string());
  ASSERT_TRUE(behind->put_bars(symbol("AAPL"), domain::AssetType::stock, bars_, {}));
  const auto put = store_->put_bars(symbol("AAPL"), domain::AssetType::stock, bars_, {});
  ASSERT_TRUE(put);
  const auto store = std::make_shared<support::FaultyStore>(store_);
  const auto service = *make_forecast_service(store, metrics_, {.head_refresh = 1h});
  store->read_behind(behind);
  // More than any head in memory knows.
  const auto next = bars_.back();
  const domain::Bar later{.time = next.time + 24h, .open = 1, .high = 1, .low = 1, .close = 1};
  const auto last = store_->put_bars(symbol("AAPL"), domain::AssetType::stock, {&later, 1}, {});
  ASSERT_TRUE(last);
  const ForecastRequest request{.symbol = symbol("AAPL"), .min_revision = last->revision};
  const auto given = service->compute_now(request, {});
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(member(*given, "revision"), domain::to_string(last->revision));
  // Without a primary it is an error that passes, and not the client's.
  store->fail(support::StoreCall::find_symbol, Code::unavailable, UINT64_MAX, 1);
  const ForecastRequest again{
      .symbol = symbol("AAPL"), .days = 7, .min_revision = domain::Revision{99, {}}};
  EXPECT_EQ(service->compute_now(again, {}).error().code, Code::unavailable);
  store->release();
  EXPECT_EQ(service->compute_now(again, {}).error().field, "min_revision");
}

TEST_F(ForecastServiceTest, AnL2ThatIsDownIsPassedOver) {
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 7};
  const auto without = ask(request);
  const auto with = *make_forecast_service(store_, metrics_, {.l2 = std::make_shared<DeadTier>()});
  const auto computed = with->compute_now(request, {});
  ASSERT_TRUE(computed);
  EXPECT_EQ(*computed->body, *without->body);
  EXPECT_EQ(counted("ara_cache_requests_total{tier=\"l2\",result=\"error\"}"), 1);
}

TEST_F(ForecastServiceTest, WhatAnotherNodeHasMadeMeanwhileIsTaken) {
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 7};
  const auto service =
      *make_forecast_service(store_, metrics_, {.flights = std::make_shared<MadeElsewhere>()});
  const auto given = service->compute_now(request, {});
  ASSERT_TRUE(given);
  EXPECT_EQ(*given->body, "made elsewhere");
  EXPECT_EQ(*service->cached(request)->body, "made elsewhere");
  EXPECT_EQ(counted("ara_forecast_duration_seconds_count"), 0);
}

}  // namespace
}  // namespace ara::serve
