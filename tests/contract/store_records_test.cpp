// What every store promises about forecasts and jobs.
#include "contract/store_contract.h"

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

TEST_P(StoreRecords, AJobIsPutOnce) {
  EXPECT_TRUE(store_->put_job(job("a", 5), Call{}).value());
  EXPECT_FALSE(store_->put_job(job("a", 6), Call{}).value());
  reopen();
  const auto found = store_->find_job("a", Call{}).value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->kind, "train");
  EXPECT_EQ(found->payload, "{\"symbol\":\"AAPL\"}");
  EXPECT_EQ(found->state, JobState::queued);
  EXPECT_EQ(found->created, at(5));
  EXPECT_EQ(found->attempts, 0);
  EXPECT_FALSE(store_->find_job("b", Call{}).value().has_value());

  JobRow running = job("c", 1);
  running.state = JobState::running;
  expect_error(store_->put_job(running, Call{}), Code::invalid);
}

TEST_P(StoreRecords, LeasesTheOldestFreeJob) {
  EXPECT_FALSE(store_->lease_job(at(0), at(9), Call{}).value().has_value());
  ASSERT_TRUE(store_->put_job(job("young", 20), Call{}));
  ASSERT_TRUE(store_->put_job(job("old", 10), Call{}));
  auto first = store_->lease_job(at(100), at(200), Call{}).value();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->id, "old");
  EXPECT_EQ(first->state, JobState::running);
  EXPECT_EQ(first->leased_until, at(200));
  EXPECT_EQ(first->attempts, 1);
  EXPECT_EQ(store_->lease_job(at(100), at(200), Call{}).value()->id, "young");
  EXPECT_FALSE(store_->lease_job(at(199), at(300), Call{}).value().has_value());
}

TEST_P(StoreRecords, ALeaseThatEndedIsGivenToAnother) {
  ASSERT_TRUE(store_->put_job(job("a", 1), Call{}));
  auto first = store_->lease_job(at(100), at(200), Call{}).value().value();
  auto second = store_->lease_job(at(200), at(300), Call{}).value().value();
  EXPECT_EQ(second.id, "a");
  EXPECT_EQ(second.attempts, 2);
  first.state = JobState::done;
  first.result = "too late";
  expect_error(store_->finish_job(first, Call{}), Code::conflict);
  second.state = JobState::failed;
  second.result = "why";
  ASSERT_TRUE(store_->finish_job(second, Call{}));
  expect_error(store_->finish_job(second, Call{}), Code::conflict);
  reopen();
  const auto ended = store_->find_job("a", Call{}).value().value();
  EXPECT_EQ(ended.state, JobState::failed);
  EXPECT_EQ(ended.result, "why");
  EXPECT_FALSE(store_->lease_job(at(1000), at(1100), Call{}).value().has_value());
}

TEST_P(StoreRecords, OnlyALeasedJobCanEnd) {
  ASSERT_TRUE(store_->put_job(job("a", 1), Call{}));
  JobRow row = job("a", 1);
  row.state = JobState::done;
  expect_error(store_->finish_job(row, Call{}), Code::conflict);
  row.id = "unknown";
  expect_error(store_->finish_job(row, Call{}), Code::conflict);
  row.state = JobState::queued;
  expect_error(store_->finish_job(row, Call{}), Code::invalid);
  row.state = JobState::running;
  expect_error(store_->finish_job(row, Call{}), Code::invalid);
}

}  // namespace
}  // namespace ara::storage
