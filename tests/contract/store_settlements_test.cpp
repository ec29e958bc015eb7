// What every store promises about settlements.
#include "contract/store_contract.h"

namespace ara::storage {
namespace {

class StoreSettlements : public StoreContract {
 protected:
  static WallTime at(std::int64_t count) { return WallTime{std::chrono::seconds{count}}; }
  static domain::Date date(int number) { return domain::Date{std::chrono::days{number}}; }

  /// What was said on day 100 of the day so many sessions ahead.
  static ExpectationRow expected(std::string_view name, int day, std::uint64_t forecast = 7) {
    return {.key = {symbol(name), date(100), "har-1", day},
            .forecast = {forecast, stable_hash64(name)},
            .asset_type = domain::AssetType::stock,
            .due = date(100 + day),
            .scale = domain::Scale::log,
            .price = 101.25,
            .change = domain::QuantileFunction::normal(0.001, 0.01 * day),
            .created = at(1000 + day)};
  }
  void put_bars(std::string_view name, int first, int count) {
    ASSERT_TRUE(store_->put_bars(symbol(name), domain::AssetType::stock, bars(first, count), {}));
  }
  /// Leased at that second, for a minute.
  std::vector<ExpectationRow> leased(std::int64_t now, std::size_t limit = 100, int today = 1000) {
    return store_->lease_settlements(at(now), at(now + 60), date(today), limit, {}).value();
  }
  static SettlementRow settlement(const ExpectationRow& row, std::int64_t when) {
    return {row.key, Outcome{0.01, -0.002, 0b1010, 0.003, 0.004}, at(when)};
  }
};
INSTANTIATE_TEST_SUITE_P(Every, StoreSettlements, testing::ValuesIn(store_factories()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(StoreSettlements, GivesBackWhatWasExpected) {
  put_bars("AAPL", 90, 30);
  const ExpectationRow row = expected("AAPL", 2);
  ASSERT_TRUE(store_->expect(std::vector{row}, {}));
  ASSERT_TRUE(store_->expect({}, {}));
  reopen();
  const auto found = leased(5000);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, row.key);
  EXPECT_EQ(found[0].forecast, row.forecast);
  EXPECT_EQ(found[0].asset_type, row.asset_type);
  EXPECT_EQ(found[0].due, row.due);
  EXPECT_EQ(found[0].scale, row.scale);
  EXPECT_EQ(found[0].price, row.price);
  EXPECT_EQ(found[0].change.values(), row.change.values());
  EXPECT_EQ(found[0].created, row.created);
}

TEST_P(StoreSettlements, TheFirstOfADayStays) {
  put_bars("AAPL", 90, 30);
  ASSERT_TRUE(store_->expect(std::vector{expected("AAPL", 1)}, {}));
  ExpectationRow same_day = expected("AAPL", 1, 8);
  same_day.price = 5;
  ExpectationRow same_forecast = expected("AAPL", 1);
  same_forecast.key.model_version = "other-1";
  ASSERT_TRUE(store_->expect(std::vector{same_day, same_forecast, expected("AAPL", 2, 8)}, {}));
  const auto found = leased(5000);
  ASSERT_EQ(found.size(), 2U);
  for (const ExpectationRow& row : found) EXPECT_EQ(row.price, 101.25);
}

TEST_P(StoreSettlements, OnlyWhatHasComeIsLeased) {
  EXPECT_TRUE(leased(5000).empty());
  ASSERT_TRUE(store_->expect(
      std::vector{expected("AAPL", 1), expected("AAPL", 2), expected("MSFT", 1)}, {}));
  EXPECT_TRUE(leased(5000).empty()) << "no bars at all";
  put_bars("AAPL", 90, 11);
  EXPECT_TRUE(leased(5000).empty()) << "bars up to the day of the forecast";
  put_bars("AAPL", 101, 1);
  EXPECT_TRUE(leased(5000, 100, 100).empty()) << "the day is not there yet";
  const auto found = leased(5000);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key.day, 1);
}

TEST_P(StoreSettlements, ALeaseIsOnesAloneAndLapses) {
  put_bars("AAPL", 90, 30);
  put_bars("MSFT", 90, 30);
  ASSERT_TRUE(store_->expect(
      std::vector{expected("MSFT", 1), expected("AAPL", 1), expected("AAPL", 2)}, {}));
  const auto first = leased(5000, 2);
  ASSERT_EQ(first.size(), 2U);
  const auto other = another()->lease_settlements(at(5001), at(5061), date(1000), 100, {}).value();
  ASSERT_EQ(other.size(), 1U);
  EXPECT_TRUE(leased(5002).empty());
  EXPECT_EQ(leased(5060).size(), 2U) << "the first lease is over";
  const auto all = leased(9000);
  ASSERT_EQ(all.size(), 3U);
  int changes = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    changes += all[i].key.symbol != all[i - 1].key.symbol;
  }
  EXPECT_EQ(changes, 1) << "each symbol's lie together";
}

TEST_P(StoreSettlements, SettlesOnce) {
  put_bars("AAPL", 90, 30);
  const std::vector rows{expected("AAPL", 1), expected("AAPL", 2)};
  ASSERT_TRUE(store_->expect(rows, {}));
  const std::vector ends{settlement(rows[0], 6000), settlement(rows[1], 6000),
                         settlement(expected("NONE", 1), 6000)};
  EXPECT_EQ(store_->settle(ends, {}).value(), 2U);
  EXPECT_EQ(store_->settle({}, {}).value(), 0U);
  std::vector later{settlement(rows[0], 7000)};
  later[0].outcome->crps = 99;
  EXPECT_EQ(store_->settle(later, {}).value(), 0U);
  EXPECT_TRUE(leased(9000).empty());
  reopen();
  const auto found = store_->settled(domain::AssetType::stock, 10, {}).value();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].key, rows[0].key);
  EXPECT_EQ(found[0].settled, at(6000));
  ASSERT_TRUE(found[0].outcome);
  EXPECT_EQ(found[0].outcome->change, 0.01);
  EXPECT_EQ(found[0].outcome->error, -0.002);
  EXPECT_EQ(found[0].outcome->inside, 0b1010U);
  EXPECT_EQ(found[0].outcome->crps, 0.003);
  EXPECT_EQ(found[0].outcome->walk_crps, 0.004);
  ASSERT_TRUE(store_->expect(rows, {})) << "said again after it has come";
  EXPECT_TRUE(leased(9000).empty());
}

TEST_P(StoreSettlements, WithoutAnOutcomeItIsDropped) {
  put_bars("AAPL", 90, 30);
  const std::vector rows{expected("AAPL", 1)};
  ASSERT_TRUE(store_->expect(rows, {}));
  EXPECT_EQ(
      store_->settle(std::vector{SettlementRow{rows[0].key, std::nullopt, at(1)}}, {}).value(), 1U);
  EXPECT_TRUE(leased(9000).empty());
  EXPECT_TRUE(store_->settled(domain::AssetType::stock, 10, {}).value().empty());
}

TEST_P(StoreSettlements, TheNewestOfATypeAreGiven) {
  std::vector<ExpectationRow> rows;
  std::vector<SettlementRow> ends;
  for (int i = 0; i < 40; ++i) {
    rows.push_back(expected("S" + std::to_string(i), 1));
    if (i == 7) rows.back().asset_type = domain::AssetType::crypto;
    ends.push_back(settlement(rows.back(), 6000 + i));
  }
  ASSERT_TRUE(store_->expect(rows, {}));
  EXPECT_EQ(store_->settle(ends, {}).value(), 40U);
  const auto newest = store_->settled(domain::AssetType::stock, 3, {}).value();
  ASSERT_EQ(newest.size(), 3U);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(newest[static_cast<std::size_t>(i)].settled, at(6039 - i));
  }
  EXPECT_EQ(store_->settled(domain::AssetType::stock, 100, {}).value().size(), 39U);
  EXPECT_EQ(store_->settled(domain::AssetType::crypto, 100, {}).value().size(), 1U);
  EXPECT_TRUE(store_->settled(domain::AssetType::forex, 100, {}).value().empty());
}

TEST_P(StoreSettlements, PrunesWhatIsOld) {
  std::vector<ExpectationRow> rows;
  for (int i = 0; i < 2500; ++i) {
    rows.push_back(expected("S" + std::to_string(i), 1));
    rows.back().created = at(i);
  }
  ASSERT_TRUE(store_->expect(rows, {}));
  EXPECT_EQ(store_->settle(std::vector{settlement(rows[5], 9000), settlement(rows[2400], 9000)}, {})
                .value(),
            2U);
  EXPECT_EQ(store_->prune_settlements(at(2300), {}).value(), 2300U);
  EXPECT_EQ(store_->prune_settlements(at(2300), {}).value(), 0U);
  EXPECT_EQ(store_->settled(domain::AssetType::stock, 100, {}).value().size(), 1U);
}

}  // namespace
}  // namespace ara::storage
