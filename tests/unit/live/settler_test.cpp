#include "live/settler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <thread>

#include "support/faulty_store.h"
#include "support/temporary_folder.h"

namespace ara::live {
namespace {

using namespace std::chrono_literals;

const std::string kStock = R"({asset_type="stock"})";

/// The value of a series as it is exposed, NaN where it is not.
double value_in(const telemetry::Metrics& metrics, const std::string& series) {
  const std::string text = "\n" + metrics.exposition();
  const std::size_t at = text.find("\n" + series + " ");
  return at == std::string::npos ? std::nan("") : std::stod(text.substr(at + series.size() + 2));
}

class SettlerTest : public testing::Test {
 protected:
  void SetUp() override {
    inner_ = storage::open(folder_.file("ara.db")).value();
    store_ = std::make_shared<support::FaultyStore>(inner_);
  }

  static domain::Symbol symbol(int number) {
    return domain::Symbol::parse("S" + std::to_string(number)).value();
  }
  /// Days before today, so that they are of the past whenever this runs.
  static domain::Date day(int before) {
    return std::chrono::floor<std::chrono::days>(system_clock().now()) - std::chrono::days(before);
  }
  /// Bars from `first` to `last` days ago, whose logarithms move by 0.01 up and down.
  void put_bars(int number, int first, int last) {
    std::vector<domain::Bar> bars;
    for (int before = first; before >= last; --before) {
      domain::Bar bar{.time = domain::Time(day(before))};
      bar.close = before % 2 == 0 ? 100 : 100 * std::exp(0.01);
      bars.push_back(bar);
    }
    ASSERT_TRUE(inner_->put_bars(symbol(number), domain::AssetType::stock, bars, {}));
  }
  /// What was said ten days ago of the day after, when the change was 0.01.
  void expect(int number, double deviation) {
    const storage::ExpectationRow row{.key = {symbol(number), day(10), "har-1", 1},
                                      .forecast = {static_cast<std::uint64_t>(number), 1},
                                      .due = day(9),
                                      .price = 100,
                                      .change = domain::QuantileFunction::normal(0, deviation),
                                      .created = system_clock().now()};
    ASSERT_TRUE(inner_->expect(std::vector{row}, {}));
  }
  std::unique_ptr<Settler> start(SettlerOptions options = {}) {
    options.look = 5ms;
    options.show = 20ms;
    return std::make_unique<Settler>(store_, metrics_, options);
  }
  double shown(const std::string& family, const std::string& labels = kStock) const {
    return value_in(*metrics_, family + labels);
  }
  std::shared_ptr<storage::Store> another() {
    return storage::open(folder_.file("ara.db")).value();
  }
  /// Waits until so many settled days are shown.
  bool wait_for(double days) const {
    for (int i = 0; i < 2000; ++i) {
      if (shown("ara_forecast_settled_window") == days) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }

  support::TemporaryFolder folder_;
  std::shared_ptr<storage::Store> inner_;
  std::shared_ptr<support::FaultyStore> store_;
  std::shared_ptr<telemetry::Metrics> metrics_ = std::make_shared<telemetry::Metrics>();
};

TEST_F(SettlerTest, WhatHasComeBecomesMetrics) {
  for (int i = 0; i < 4; ++i) put_bars(i, 60, 10);
  expect(0, 0.02);   // within all intervals
  expect(1, 0.012);  // but the first
  expect(2, 0.004);  // within none
  expect(3, 0.02);
  const auto settler = start();
  EXPECT_TRUE(std::isnan(shown("ara_forecast_settled_window"))) << "nothing has come yet";
  for (int i = 0; i < 3; ++i) put_bars(i, 9, 9);
  ASSERT_TRUE(wait_for(3));
  EXPECT_EQ(shown("ara_forecasts_settled_total"), 3);
  const auto coverage = [&](const char* level) {
    return shown("ara_forecast_coverage",
                 R"({asset_type="stock",level=")" + std::string(level) + R"("})");
  };
  EXPECT_NEAR(coverage("50"), 1.0 / 3, 1e-9);
  EXPECT_NEAR(coverage("80"), 2.0 / 3, 1e-9);
  EXPECT_NEAR(coverage("95"), 2.0 / 3, 1e-9);
  EXPECT_NEAR(shown("ara_forecast_absolute_error"), std::exp(0.01) - 1, 1e-9);
  EXPECT_GT(shown("ara_forecast_crps_ratio"), 0.5);
  EXPECT_LT(shown("ara_forecast_crps_ratio"), 2);
  EXPECT_TRUE(std::isnan(shown("ara_forecast_settled_window", R"({asset_type="crypto"})")));
  put_bars(3, 9, 9);
  EXPECT_TRUE(wait_for(4)) << "a bar that comes later is seen";
}

TEST_F(SettlerTest, AnotherProcessShowsTheSame) {
  put_bars(0, 60, 5);
  expect(0, 0.02);
  {
    const auto settler = start();
    ASSERT_TRUE(wait_for(1));
  }
  metrics_ = std::make_shared<telemetry::Metrics>();
  const auto second = start();
  ASSERT_TRUE(wait_for(1));
  EXPECT_EQ(shown("ara_forecasts_settled_total"), 0) << "it has settled nothing itself";
}

TEST_F(SettlerTest, TwoAtOnceSettleEachDayOnce) {
  for (int i = 0; i < 120; ++i) {
    put_bars(i, 60, 5);
    expect(i, 0.02);
  }
  const auto first = start({.at_once = 7});
  const auto other_metrics = std::make_shared<telemetry::Metrics>();
  SettlerOptions options{.look = 5ms, .at_once = 7};
  const Settler second(another(), other_metrics, options);
  ASSERT_TRUE(wait_for(120));
  EXPECT_EQ(shown("ara_forecasts_settled_total") +
                value_in(*other_metrics, "ara_forecasts_settled_total" + kStock),
            120);
}

TEST_F(SettlerTest, TheWindowHoldsTheNewest) {
  for (int i = 0; i < 30; ++i) {
    put_bars(i, 60, 5);
    expect(i, 0.02);
  }
  const auto settler = start({.window = 20});
  EXPECT_TRUE(wait_for(20));
}

TEST_F(SettlerTest, AStoreThatFailsIsAskedAgain) {
  put_bars(0, 60, 5);
  expect(0, 0.02);
  store_->fail(support::StoreCall::bars, Code::unavailable, 2);
  const auto settler = start({.anyway = 10ms, .lease = 20ms});
  EXPECT_TRUE(wait_for(1));
  EXPECT_GE(store_->calls(support::StoreCall::bars), 3U);
}

TEST_F(SettlerTest, WhatIsOldIsDropped) {
  put_bars(0, 60, 10);
  expect(0, 0.02);
  const auto settler = start({.keep = 0s});
  std::this_thread::sleep_for(200ms);
  put_bars(0, 9, 5);
  const WallTime now = system_clock().now();
  EXPECT_TRUE(inner_->lease_settlements(now, now, day(0), 10, {}).value().empty());
}

}  // namespace
}  // namespace ara::live
