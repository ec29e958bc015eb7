// What each kind makes of the bars in a store.
#include "jobs/kinds.h"

#include <gtest/gtest.h>
#include <yyjson.h>

#include <algorithm>
#include <set>

#include "jobs/payload.h"
#include "registry/version.h"
#include "serve/forecast_service.h"
#include "support/garch_bars.h"
#include "support/temporary_folder.h"

namespace ara::jobs {
namespace {

class KindsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      ASSERT_TRUE(store_->put_bars(symbol("S" + std::to_string(seed)), domain::AssetType::stock,
                                   support::garch_bars(700, seed), Call{}));
    }
  }
  static domain::Symbol symbol(std::string_view name) {
    return domain::Symbol::parse(name).value();
  }

  Context context() {
    return {.store = *store_,
            .shelf = shelf_,
            .clock = system_clock(),
            .progress = [this](double part, std::string_view) { told_.push_back(part); },
            .cancelled = [this] { return cancelled_; },
            .effects = {}};
  }
  Result<std::string> run(std::string_view kind, std::string_view payload, Context& with) {
    const Kind& row = *find_kind(kind).value();
    return row.prepare(payload, *shelf_).and_then([&](const Prepared& prepared) {
      return row.run(prepared.payload, with);
    });
  }
  static std::size_t count(const std::string& json, const char* name) {
    yyjson_doc* doc = yyjson_read(json.data(), json.size(), 0);
    const std::size_t size = yyjson_arr_size(yyjson_obj_get(yyjson_doc_get_root(doc), name));
    yyjson_doc_free(doc);
    return size;
  }

  support::TemporaryFolder folder_;
  std::shared_ptr<storage::Store> store_ = storage::open_sqlite(folder_.file("ara.db")).value();
  std::shared_ptr<const registry::Shelf> shelf_ = std::make_shared<registry::Shelf>();
  std::vector<double> told_;
  bool cancelled_ = false;
};

TEST_F(KindsTest, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Kind& kind : kinds()) {
    names.insert(kind.name);
    EXPECT_FALSE(kind.does.empty());
    EXPECT_GT(kind.max_attempts, 0);
    EXPECT_FALSE(kind.prepare("no JSON", *shelf_)) << kind.name;
  }
  EXPECT_EQ(names.size(), kinds().size());
  EXPECT_FALSE(find_kind("bake"));
}

TEST_F(KindsTest, BatchGivesWhatTheServerWouldGive) {
  auto with = context();
  const auto result =
      run("batch", R"({"symbols":["S1","NONE","S2"],"days":7,"analysis_level":"basic"})", with);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(count(*result, "predictions"), 2u);
  EXPECT_EQ(count(*result, "failed"), 1u);
  EXPECT_NE(result->find(R"("successful_count":2,"failed_count":1)"), std::string::npos);
  ASSERT_EQ(with.effects.forecasts.size(), 2u);
  auto service = serve::make_forecast_service(store_, std::make_shared<telemetry::Metrics>(), {});
  const auto served = (*service)->compute_now(
      {.symbol = symbol("S1"), .days = 7, .level = domain::AnalysisLevel::basic, .asset_type = {}},
      Call{});
  ASSERT_TRUE(served);
  EXPECT_EQ(with.effects.forecasts[0].id, served->id);
  EXPECT_EQ(with.effects.forecasts[0].bytes, *served->body);
  EXPECT_NE(result->find(*served->body), std::string::npos);
  // What the store has is not made again.
  ASSERT_TRUE(store_->put_forecasts(with.effects.forecasts, Call{}));
  auto again = context();
  EXPECT_EQ(
      run("batch", R"({"symbols":["S1","NONE","S2"],"days":7,"analysis_level":"basic"})", again),
      *result);
  EXPECT_TRUE(again.effects.forecasts.empty());
}

TEST_F(KindsTest, RefreshMakesOneForecastForEachBand) {
  auto with = context();
  const auto result = run("refresh", R"({"symbol":"S1"})", with);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(count(*result, "ids"), registry::bands().size());
  EXPECT_EQ(with.effects.forecasts.size(), registry::bands().size());
  EXPECT_EQ(find_kind("refresh").value()->prepare(R"({"symbol":"s1"})", *shelf_)->slot, "S1");
  auto none = context();
  EXPECT_EQ(run("refresh", R"({"symbol":"NONE"})", none).error().code, Code::not_found);
}

TEST_F(KindsTest, BacktestReports) {
  auto with = context();
  const std::string payload =
      R"({"symbol":"S1","start_date":"1999-01-01","end_date":"1999-06-30","initial_capital":5000})";
  const auto result = run("backtest", payload, with);
  ASSERT_TRUE(result) << result.error().message;
  const std::size_t days = count(*result, "days");
  EXPECT_GT(days, 100u);
  EXPECT_NE(result->find("\"total_predictions\":" + std::to_string(days)), std::string::npos);
  EXPECT_GT(count(*result, "assumptions"), 0u);
  EXPECT_TRUE(std::ranges::is_sorted(told_));
  EXPECT_FALSE(told_.empty());
  cancelled_ = true;
  auto stopped = context();
  EXPECT_EQ(run("backtest", payload, stopped).error().code, Code::unavailable);
  const auto field = [&](std::string_view bad) {
    return run("backtest", bad, stopped).error().field;
  };
  EXPECT_EQ(field(R"({"symbol":"S1","end_date":"1999-06-30"})"), "start_date");
  EXPECT_EQ(field(R"({"symbol":"S1","start_date":"1999-06-30","end_date":"1999-06-01"})"),
            "end_date");
  EXPECT_EQ(field(R"({"symbol":"S1","start_date":"1999-06-01","end_date":"1999-06-30",)"
                  R"("strategy":"hope"})"),
            "strategy");
  EXPECT_EQ(field(R"({"symbol":"S1","start_date":"1999-06-01","end_date":"1999-06-30",)"
                  R"("initial_capital":0})"),
            "initial_capital");
}

TEST_F(KindsTest, TrainLeavesItsWritesToTheEnd) {
  auto with = context();
  constexpr std::string_view kPayload =
      R"({"symbol":"S2","models":["drift","garch_fhs"],"horizon":5,"symbols":2,"origins":120})";
  const auto result = run("train", kPayload, with);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(with.effects.models.size(), 2u);
  ASSERT_EQ(with.effects.promoted.size(), 1u) << *result;
  EXPECT_EQ(store_->models({}, Call{})->size(), 0u);
  EXPECT_FALSE(told_.empty());
  EXPECT_TRUE(std::ranges::is_sorted(told_));
  ASSERT_TRUE(store_->put_models(with.effects.models, Call{}));
  ASSERT_TRUE(store_->promote_model(with.effects.promoted[0], {}, Call{}));
  // The same bars make the same versions, and the champion stays.
  auto again = context();
  ASSERT_TRUE(run("train", kPayload, again));
  EXPECT_TRUE(again.effects.promoted.empty());
  EXPECT_EQ(again.effects.models[0].id, with.effects.models[0].id);
}

TEST_F(KindsTest, ACancelledTrainingEnds) {
  cancelled_ = true;
  auto with = context();
  EXPECT_EQ(run("train", R"({"asset_type":"stock","origins":120})", with).error().code,
            Code::unavailable);
  EXPECT_TRUE(with.effects.models.empty());
}

}  // namespace
}  // namespace ara::jobs
