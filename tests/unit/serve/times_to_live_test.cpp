// How long what a forecast needs is kept: the rows CACHE_TTL_SECONDS and
// CACHE_TTL_HISTORICAL_DATA_SECONDS. That of models is in registry/shelf_test.cpp.
#include <atomic>

#include "support/faulty_store.h"
#include "unit/serve/service_fixture.h"

namespace ara::serve {
namespace {

using support::StoreCall;

/// A clock that runs, since threads of the service wait by it, and can be put forward.
class JumpingClock final : public Clock {
 public:
  WallTime now() const override { return system_clock().now() + ahead_.load(); }
  SteadyTime steady() const override { return system_clock().steady() + ahead_.load(); }
  void advance(std::chrono::seconds by) { ahead_ = ahead_.load() + by; }

 private:
  std::atomic<std::chrono::seconds> ahead_ = 0s;
};

/// Notes for how long it is asked to keep things, and has nothing.
struct NotingTier final : cache::Tier {
  std::vector<std::chrono::seconds> asked;

  Result<cache::Value> get(const cache::Key&, const Call&) override { return nullptr; }
  Result<void> put(const cache::Key&, const cache::Value&, std::chrono::seconds ttl,
                   const Call&) override {
    asked.push_back(ttl);
    return {};
  }
  cache::TierStats stats() const override { return {}; }
};

class TimesToLive : public ForecastServiceTest {
 protected:
  double computed() { return counted("ara_forecast_duration_seconds_count"); }

  JumpingClock clock_;
  std::shared_ptr<NotingTier> l2_ = std::make_shared<NotingTier>();
  std::shared_ptr<support::FaultyStore> faulty_;

  std::unique_ptr<ForecastService> on_clock() {
    faulty_ = std::make_shared<support::FaultyStore>(store_);
    return *make_forecast_service(
        faulty_, metrics_, {.prediction_ttl = 300s, .history_ttl = 3600s, .l2 = l2_}, clock_);
  }
};

TEST_F(TimesToLive, APredictionIsKeptInMemoryAndInTheStore) {
  const auto service = on_clock();
  const ForecastRequest request{.symbol = symbol("AAPL")};
  ASSERT_TRUE(service->compute_now(request, {}));
  clock_.advance(299s);
  ASSERT_TRUE(service->compute_now(request, {}));
  EXPECT_EQ(computed(), 1);
  clock_.advance(2s);
  ASSERT_TRUE(service->compute_now(request, {}));
  EXPECT_EQ(computed(), 2);
  for (const auto ttl : l2_->asked) EXPECT_EQ(ttl, 300s);
  EXPECT_FALSE(l2_->asked.empty());
}

TEST_F(TimesToLive, BarsServeOtherHorizonsAndLevelsForAnHour) {
  const auto service = on_clock();
  const auto ask = [&](int days) {
    return service->compute_now({.symbol = symbol("AAPL"), .days = days}, {}).has_value();
  };
  ASSERT_TRUE(ask(1));
  ASSERT_TRUE(ask(2));
  clock_.advance(3599s);
  ASSERT_TRUE(ask(3));
  EXPECT_EQ(computed(), 3);
  EXPECT_EQ(faulty_->calls(StoreCall::last_bars), 1);
  EXPECT_EQ(counted("ara_cache_requests_total{tier=\"bars\",result=\"hit\"}"), 2);
  clock_.advance(2s);
  ASSERT_TRUE(ask(4));
  EXPECT_EQ(faulty_->calls(StoreCall::last_bars), 2);
}

TEST_F(TimesToLive, NewBarsAreReadAtOnceAndGiveWhatBarsFromTheStoreGive) {
  const auto service = on_clock();
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 5};
  ASSERT_TRUE(service->compute_now({.symbol = symbol("AAPL")}, {}));
  const auto put = store_->put_bars(symbol("AAPL"), domain::AssetType::stock, bars_, {});
  ASSERT_TRUE(put);
  clock_.advance(2s);  // heads of before are not trusted any more
  const auto read = service->compute_now(request, {});
  ASSERT_TRUE(read);
  EXPECT_EQ(member(*read, "revision"), domain::to_string(put->revision));
  const auto held = service->compute_now({.symbol = symbol("AAPL"), .days = 6}, {});
  const auto fresh = start()->compute_now({.symbol = symbol("AAPL"), .days = 6}, {});
  ASSERT_TRUE(held && fresh);
  EXPECT_EQ(held->id, fresh->id);
  EXPECT_EQ(*held->body, *fresh->body);
}

}  // namespace
}  // namespace ara::serve
