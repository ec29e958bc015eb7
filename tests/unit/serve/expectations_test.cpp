// What the service keeps of its forecasts, to be compared with the bars that come.
#include <gtest/gtest.h>

#include <cmath>

#include "domain/calendar.h"
#include "serve/forecast_service.h"
#include "support/temporary_folder.h"

namespace ara::serve {
namespace {

TEST(Expectations, WhatWasSaidIsKeptToBeSettled) {
  const support::TemporaryFolder folder;
  const std::shared_ptr<storage::Store> store = storage::open(folder.file("ara.db")).value();
  const domain::Symbol symbol = domain::Symbol::parse("AAPL").value();
  std::vector<domain::Bar> bars;
  for (domain::Date day{std::chrono::year{2020} / 1 / 1}; bars.size() < 300;
       day += std::chrono::days{1}) {
    if (!domain::is_session(domain::Market::us_equities, day)) continue;
    domain::Bar bar{.time = day};
    bar.close = 100 * std::exp(0.05 * std::sin(static_cast<double>(bars.size())));
    bars.push_back(bar);
  }
  const auto put = [&](std::span<const domain::Bar> some) {
    return store->put_bars(symbol, domain::AssetType::stock, some, {});
  };
  ASSERT_TRUE(put(std::span(bars).first(299)));
  auto service = make_forecast_service(store, std::make_shared<telemetry::Metrics>(), {}).value();
  const auto made = service->compute_now({.symbol = symbol, .days = 3}, {});
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_TRUE(service->compute_now({.symbol = symbol, .days = 5}, {}));
  service.reset();  // writes what it had
  ASSERT_TRUE(put(std::span(bars).subspan(299)));
  const WallTime now = system_clock().now();
  const domain::Date day = domain::date_of(bars.back().time);
  const auto due = store->lease_settlements(now, now, day, 100, {});
  ASSERT_TRUE(due) << due.error().message;
  ASSERT_EQ(due->size(), 1U) << "the first of the two stays";
  const storage::ExpectationRow& row = due->front();
  EXPECT_EQ(row.forecast, made->id);
  EXPECT_EQ(row.key.as_of, domain::date_of(bars[298].time));
  EXPECT_EQ(row.key.day, 1);
  EXPECT_EQ(row.due, day);
  EXPECT_EQ(row.price, bars[298].close);
  EXPECT_GT(row.change.at(0.95), row.change.median());
}

}  // namespace
}  // namespace ara::serve
