// What every store promises about forecasts, and of the time of its backups.
#include "contract/store_contract.h"
#include "storage/backup.h"

namespace ara::storage {
namespace {

using std::chrono::microseconds;

class StoreRecords : public StoreContract {
 protected:
  static WallTime at(std::int64_t count) { return WallTime{microseconds{count}}; }

  static ForecastRow forecast(std::uint64_t number, std::int64_t created) {
    return {{~number, number},
            symbol("^GSPC"),
            {number, ~0ull - number},
            domain::parse_iso_date("2020-04-17").value(),
            7,
            "2-mean",
            at(created),
            std::string("{\"bytes\":\0\xff}", 12)};
  }
  Result<void> put_forecasts(const std::vector<ForecastRow>& rows) {
    return store_->put_forecasts(rows, Call{});
  }
};
INSTANTIATE_TEST_SUITE_P(Every, StoreRecords, testing::ValuesIn(store_factories()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(StoreRecords, GivesBackForecasts) {
  const ForecastRow row = forecast(0x8000000000000001, 1'600'000'000'123'456);
  ASSERT_TRUE(put_forecasts({row, forecast(2, 5)}));
  ASSERT_TRUE(put_forecasts({}));
  reopen();
  const auto found = store_->find_forecast(row.id, Call{}).value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, row.id);
  EXPECT_EQ(found->symbol, row.symbol);
  EXPECT_EQ(found->revision, row.revision);
  EXPECT_EQ(found->as_of, row.as_of);
  EXPECT_EQ(found->horizon, row.horizon);
  EXPECT_EQ(found->model_version, row.model_version);
  EXPECT_EQ(found->created, row.created);
  EXPECT_EQ(found->bytes, row.bytes);
  EXPECT_FALSE(store_->find_forecast({1, 1}, Call{}).value().has_value());
}

TEST_P(StoreRecords, AForecastStoredIsLeftAsItIs) {
  ForecastRow row = forecast(1, 5);
  ASSERT_TRUE(put_forecasts({row}));
  row.created = at(99);
  ASSERT_TRUE(put_forecasts({row}));
  EXPECT_EQ(store_->find_forecast(row.id, Call{}).value()->created, at(5));
}

TEST_P(StoreRecords, PrunesOlderForecasts) {
  std::vector<ForecastRow> rows;
  for (std::uint64_t i = 0; i < 5000; ++i) rows.push_back(forecast(i, static_cast<int>(i)));
  ASSERT_TRUE(put_forecasts(rows));
  EXPECT_EQ(store_->prune_forecasts(at(4500), Call{}).value(), 4500u);
  EXPECT_EQ(store_->prune_forecasts(at(4500), Call{}).value(), 0u);
  EXPECT_FALSE(store_->find_forecast(rows[4499].id, Call{}).value().has_value());
  EXPECT_TRUE(store_->find_forecast(rows[4500].id, Call{}).value().has_value());
}

TEST_P(StoreRecords, KnowsItsNewestBackup) {
  const auto last = [&] { return store_->last_backup(Call{}.of_newest()).value(); };
  const WallTime made = last();
  EXPECT_LT(std::chrono::abs(system_clock().now() - made), std::chrono::minutes(5));
  const std::string place = GetParam().uri(place_).value();
  ASSERT_TRUE(note_backup(place, made + std::chrono::hours(2)));
  EXPECT_EQ(last(), made + std::chrono::hours(2));
  ASSERT_TRUE(note_backup(place, made + std::chrono::hours(1)));
  EXPECT_EQ(last(), made + std::chrono::hours(2));
}

}  // namespace
}  // namespace ara::storage
